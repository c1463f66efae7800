package oauth2_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/consent"
)

// TestPagesAtAWellKnownAddressArePassedOver: many servers answer every address
// with their own page, and some with JSON that is cut.
func TestPagesAtAWellKnownAddressArePassedOver(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{"a page": "<!doctype html><title>Sign in</title>", "no JSON": "ok", "cut": `{"issuer": "htt`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.page, s.at = page, "/.well-known/openid-configuration/tenant" // the last address
			p, c := services(t, nil)
			conn := add(t, p, map[string]string{"issuer": s.issuer})
			if _, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestIssuerThatHasPagesOnlyIsTold(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.page, s.at = "<!doctype html>", "/nowhere"
	p, c := services(t, nil)
	conn := add(t, p, map[string]string{"issuer": s.issuer})
	_, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{})
	wantCode(t, err, "vendor.html")
}

// TestEndpointThatMovesToAnotherHostIsRefused: also when the document does not
// name it for a while.
func TestEndpointThatMovesToAnotherHostIsRefused(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"authorization_endpoint", "token_endpoint"} {
		t.Run(endpoint, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			elsewhere := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(elsewhere.Close)
			p, c := services(t, nil)
			conn := add(t, p, map[string]string{"issuer": s.issuer})
			begin := func() error {
				_, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{})
				return err
			}
			if err := begin(); err != nil {
				t.Fatal(err)
			}
			s.metadata[endpoint] = s.URL + "/another-path"
			if err := begin(); err != nil {
				t.Errorf("another path of the same host: %v", err)
			}
			s.metadata[endpoint] = ""
			if err := begin(); err == nil {
				t.Error("begun without the endpoint")
			}
			s.metadata[endpoint] = elsewhere.URL + "/token"
			for range 2 {
				wantCode(t, begin(), "oauth2.host-moved")
			}
			saved, err := p.Connections.Get(context.Background(), conn.ID)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range saved.Settings {
				if strings.HasPrefix(value, elsewhere.URL) {
					t.Errorf("%s moved to %s", name, value)
				}
			}
			// Added anew, the admin has confirmed it.
			again, err := p.Connections.Add(context.Background(), core.Connection{
				Name: "Acme again", Platform: conn.Platform, Grant: conn.Grant, Issuer: conn.Issuer, ClientID: conn.ClientID,
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Begin(context.Background(), again.ID, consent.BeginOptions{}); err != nil {
				t.Errorf("added anew: %v", err)
			}
		})
	}
}

func TestCodeAloneIsTakenOnlyWhereTheServerAnnouncesS256(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		methods []string
		code    string
	}{
		"announced":     {[]string{"plain", "S256"}, ""},
		"plain only":    {[]string{"plain"}, "consent.paste-whole"},
		"not announced": {nil, "consent.paste-whole"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			if tc.methods != nil {
				s.metadata["code_challenge_methods_supported"] = tc.methods
			}
			p, c := services(t, nil)
			conn := add(t, p, map[string]string{"issuer": s.issuer})
			a, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Answer(context.Background(), a.ID, "canary-code")
			wantCode(t, err, tc.code)
			if tc.code != "" {
				if _, err := c.Answer(context.Background(), a.ID, answerTo(t, a)); err != nil {
					t.Errorf("the whole address: %v", err)
				}
			}
		})
	}
}

func TestAccessTokenThatIsNoLongerTakenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	asked := 0
	s.userinfo = func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write([]byte(`{"sub":"1","email":"mina@acme.example"}`)) //nolint:errcheck // a test server.
	}
	s.metadata["userinfo_endpoint"] = s.URL + "/userinfo"
	p, c := services(t, nil)
	conn := granted(t, c, add(t, p, map[string]string{"issuer": s.issuer, "scopes": "openid"}).ID)
	if !conn.Check.OK || asked != 2 {
		t.Errorf("check %+v after %d calls", conn.Check, asked)
	}
	if last := s.forms[len(s.forms)-1]; last.Get("grant_type") != "refresh_token" {
		t.Errorf("last token request %v", last)
	}
}
