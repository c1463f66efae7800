package zendesk_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/platform/zendesk"
	"deskward/core/transport"
)

const (
	someApp = "5e2f1d0c9b8a7f6e5d4c3b2a"
	someKey = "app_7b5c1e2f4d906abac8e2fb04"
)

// stub answers every call with one body, and remembers the calls.
type stub struct {
	*httptest.Server
	calls []*http.Request
}

func newStub(t *testing.T, body string) *stub {
	t.Helper()
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls = append(s.calls, r)
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(body)) //nolint:errcheck // the test sees what is missing
	}))
	t.Cleanup(s.Close)
	return s
}

// dial returns a client of a connection whose API is the stub.
func (s *stub) dial(t *testing.T, settings map[string]string) any {
	t.Helper()
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := core.Connection{
		Name: "Acme", Platform: zendesk.ID, Grant: core.GrantAppKey, Region: "zendesk", Account: "acme",
		Settings: map[string]string{"app_id": someApp, "key_id": someKey}, Secrets: core.Secrets{core.SecretAPIToken: core.NewSecret("the-secret")},
	}
	for k, v := range settings {
		c.Settings[k] = v
	}
	return zendesk.Platform().Dial(c, platform.Env{HTTP: client, Endpoints: transport.Endpoints{zendesk.ID: {"conversations": s.URL}}, Clock: core.SystemClock{}})
}

func (s *stub) find(t *testing.T, settings map[string]string, id string) ([]core.Visitor, error) {
	t.Helper()
	return s.dial(t, settings).(lookup.Finder).Find(t.Context(), lookup.ByExternalID, id)
}

func TestAKeyAsksByATokenThatItSigned(t *testing.T) {
	t.Parallel()
	for key, scope := range map[string]string{
		someKey: "app", "act_8c6d2f305ea17bcbd9f30c15": "account", "svc_8c6d2f305ea17bcbd9f30c15": "account",
	} {
		s := newStub(t, `{"app":{"id":"`+someApp+`","displayName":"Acme"},"apps":[]}`)
		if _, err := s.dial(t, map[string]string{"key_id": key, "auth": "jwt"}).(platform.Checker).Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		raw, ok := strings.CutPrefix(s.calls[0].Header.Get("Authorization"), "Bearer ")
		claims := jwt.MapClaims{}
		token, err := jwt.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return []byte("the-secret"), nil }, jwt.WithValidMethods([]string{"HS256"}))
		if !ok || err != nil || token.Header["kid"] != key || token.Header["typ"] != "JWT" || claims["scope"] != scope || len(claims) != 1 {
			t.Errorf("%s: %v %v, %v", key, token, claims, err)
		}
		if strings.Contains(raw, "the-secret") {
			t.Error("the secret goes along")
		}
	}
}

func TestTheDoubleTakesBothWaysToSendAKey(t *testing.T) {
	t.Parallel()
	for _, auth := range []string{"", "basic", "jwt"} {
		b := newBench(t)
		c := b.add(func(c *core.Connection) { c.Settings["auth"] = auth })
		if c, err := b.service.Check(t.Context(), c.ID); err != nil || !c.Check.OK {
			t.Errorf("%q: %v, %v", auth, c.Check, err)
		}
	}
}

func TestAnIDNeverLeavesItsPlaceInThePath(t *testing.T) {
	t.Parallel()
	const place = "/v2/apps/" + someApp + "/users/"
	for id, want := range map[string]string{
		"auth0|12/3@x": place + "auth0%7C12%2F3@x", "../../apps": place + "..%2F..%2Fapps", "50% #1?": place + "50%25%20%231%3F", "山田": place + "%E5%B1%B1%E7%94%B0",
	} {
		s := newStub(t, `{"user":{"id":"6f1d0c2b3a4e5f60718293a4"}}`)
		if _, err := s.find(t, nil, id); err != nil || len(s.calls) != 1 || s.calls[0].URL.EscapedPath() != want {
			t.Errorf("%q: asked %v, %v", id, s.calls[0].URL, err)
		}
	}
	for _, id := range []string{".", "..", " .. "} {
		s := newStub(t, `{"app":{"id":"`+someApp+`"}}`)
		if found, err := s.find(t, nil, id); err != nil || found != nil || s.calls != nil {
			t.Errorf("%q: %v, %v after %d calls", id, found, err, len(s.calls))
		}
		err := s.dial(t, map[string]string{"key_id": "act_8c6d2f305ea17bcbd9f30c15"}).(platform.KeyManager).DeleteVendorKey(t.Context(), id)
		if core.CodeOf(err) != "key.kid" || s.calls != nil {
			t.Errorf("deleted %q: %v after %d calls", id, err, len(s.calls))
		}
	}
}

func TestAnExternalIDIsAskedForWithinTheConnectionsBrand(t *testing.T) {
	t.Parallel()
	s := newStub(t, `{"user":{"id":"6f1d0c2b3a4e5f60718293a4","brandId":360001}}`)
	found, err := s.find(t, map[string]string{"brand_id": "360001"}, "usr_1")
	if err != nil || len(found) != 1 || found[0].Brand != "360001" || s.calls[0].URL.Query().Get("brandId") != "360001" {
		t.Errorf("found %v, asked %v, %v", found, s.calls[0].URL, err)
	}
}

func TestAUserIsReadWhateverShapeItsMembersHave(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"numbers":      `{"user":{"id":6718,"externalId":12345,"zendeskId":900123450001,"authenticated":true,"profile":{"givenName":5}}}`,
		"other shapes": `{"user":{"id":"6718","externalId":"12345","zendeskId":"900123450001","authenticated":true,"profile":[1],"identities":{},"signedUpAt":{}}}`,
		"nothing else": `{"user":{"id":"6718","externalId":"12345","zendeskId":900123450001,"authenticated":true,"profile":null,"identities":null,"signedUpAt":null}}`,
	} {
		found, err := newStub(t, body).find(t, nil, "12345")
		if err != nil || len(found) != 1 {
			t.Errorf("%s: %v, %v", name, found, err)
			continue
		}
		v := found[0]
		if v.ID != "6718" || v.ExternalID != "12345" || v.SupportID != "900123450001" || v.Authenticated == nil || !*v.Authenticated {
			t.Errorf("%s: %+v", name, v)
		}
	}
	found, err := newStub(t, `{"user":{"id":{"a":1}}}`).find(t, nil, "x")
	if core.CodeOf(err) != "vendor.malformed" {
		t.Errorf("without an id: %v, %v", found, err)
	}
}

func TestAKeyGoesToTheAccountsOwnHostOnly(t *testing.T) {
	t.Parallel()
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range []string{"", "stranger.example#", "stranger.example/x?", "acme@stranger.example", "stranger.example:443/", "a.b"} {
		var rec core.CallRecorder
		api := zendesk.NewConversations(client, nil, core.Connection{Name: "Acme", Account: account, Settings: map[string]string{"app_id": someApp, "key_id": someKey}})
		_, err := api.App(core.WithCallRecorder(t.Context(), &rec))
		wantCode(t, err, "zendesk.no-subdomain", core.Usage)
		if calls := rec.Calls(); calls != nil {
			t.Errorf("%q: %v", account, calls)
		}
	}
}

func TestALookAlikeIsToldWhenItIsTyped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plain map[string]string
		code  string
	}{
		"an app's key":           {nil, ""},
		"a service account's":    {map[string]string{"key_id": "svc_8c6d2f305ea17bcbd9f30c15"}, ""},
		"an integration's":       {map[string]string{"key_id": "int_8c6d2f305ea17bcbd9f30c15"}, "zendesk.integration-key"},
		"the app's ID as a key":  {map[string]string{"key_id": someApp}, "zendesk.key-id-is-app"},
		"a key's ID as the app":  {map[string]string{"app_id": someKey}, "zendesk.app-id-is-key"},
		"a secret as the key":    {map[string]string{"key_id": "Zk3vW9pQ2xR7tB5nM8cL1dF4gH6jS0aYeU"}, "key.kid"},
		"a brand's name":         {map[string]string{"brand_id": "Acme Shop"}, "zendesk.bad-brand"},
		"another way to send it": {map[string]string{"auth": "digest"}, "zendesk.bad-auth"},
	} {
		plain := map[string]string{"account": "acme", "app_id": someApp, "key_id": someKey}
		for k, v := range c.plain {
			plain[k] = v
		}
		_, err := zendesk.Platform().NewConnection(platform.Answers{
			Name: "x", Grant: core.GrantAppKey, Plain: plain, Secret: core.Secrets{core.SecretAPIToken: core.NewSecret("s")},
		})
		if core.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}
