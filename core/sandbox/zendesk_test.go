package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core/sandbox"
)

// acme is the double of a Zendesk account, called by hand.
type acme struct {
	t   *testing.T
	sb  *sandbox.Sandbox
	fix sandbox.ZendeskFixtures
	api string
}

func newAcme(t *testing.T) *acme {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() }) //nolint:errcheck // the test ends
	return &acme{t, sb, sb.Fixtures().Zendesk, sb.Endpoints()["zendesk"]["conversations"]}
}

// ask calls the Conversations API with a key; keyID "" is nobody.
func (a *acme) ask(method, path, keyID, secret string, body any) (int, map[string]any) {
	a.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.api+path, bytes.NewReader(raw))
	if err != nil {
		a.t.Fatal(err)
	}
	if keyID != "" {
		req.SetBasicAuth(keyID, secret)
	}
	return a.send(req)
}

func (a *acme) send(req *http.Request) (int, map[string]any) {
	a.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(data, &out); err != nil {
		a.t.Fatalf("%s: %v", data, err)
	}
	return resp.StatusCode, out
}

func (a *acme) app(method, path string) (int, map[string]any) {
	a.t.Helper()
	return a.ask(method, "/v2/apps/"+a.fix.AppID+path, a.fix.AppKeyID, a.fix.AppKeySecret, nil)
}

func (a *acme) account(method, path string, body any) (int, map[string]any) {
	a.t.Helper()
	return a.ask(method, "/v2/apps/"+a.fix.AppID+path, a.fix.AccountKeyID, a.fix.AccountKeySecret, body)
}

func (a *acme) token(header, claims map[string]any, secret string) string {
	a.t.Helper()
	tok := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims))
	for k, v := range header {
		tok.Header[k] = v
	}
	s, err := tok.SignedString([]byte(secret))
	if err != nil {
		a.t.Fatal(err)
	}
	return s
}

func code(out map[string]any) string {
	list, _ := out["errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	first, _ := list[0].(map[string]any)
	c, _ := first["code"].(string)
	return c
}

func TestOnlyAnAccountsKeyManagesAppKeys(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	if status, out := a.ask("GET", "/v2/apps/"+a.fix.AppID, "", "", nil); status != 401 || code(out) != "unauthorized" {
		t.Errorf("nobody: %d %v", status, out)
	}
	if status, out := a.app("GET", ""); status != 200 || out["app"] == nil {
		t.Errorf("an app's key: %d %v", status, out)
	}
	if status, out := a.app("GET", "/keys"); status != 403 || code(out) != "forbidden" {
		t.Errorf("an app's key at the keys: %d %v", status, out)
	}
	var made map[string]any
	for i := range 9 {
		status, out := a.account("POST", "/keys", map[string]string{"displayName": "web"})
		if status != 201 {
			t.Fatalf("key %d: %d %v", i, status, out)
		}
		made, _ = out["key"].(map[string]any)
	}
	if status, out := a.account("POST", "/keys", map[string]string{"displayName": "one too many"}); status != 400 || code(out) != "limit_exceeded" {
		t.Errorf("the eleventh: %d %v", status, out)
	}
	id, _ := made["id"].(string)
	if secret, _ := made["secret"].(string); secret == "" || !strings.HasPrefix(id, "app_") {
		t.Errorf("made: %v", made)
	}
	if status, _ := a.account("DELETE", "/keys/"+id, nil); status != 200 {
		t.Errorf("delete: %d", status)
	}
	if status, out := a.account("DELETE", "/keys/"+id, nil); status != 404 || code(out) != "app_key_not_found" {
		t.Errorf("delete again: %d %v", status, out)
	}
	if status, out := a.account("POST", "/keys", map[string]string{}); status != 400 {
		t.Errorf("without a name: %d %v", status, out)
	}
}

func TestATokenSignedWithAnAppKeyCallsToo(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	for scope, want := range map[string]int{"app": 200, "account": 401, "user": 401} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", a.api+"/v2/apps/"+a.fix.AppID, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+a.token(map[string]any{"kid": a.fix.AppKeyID}, map[string]any{"scope": scope}, a.fix.AppKeySecret))
		if status, _ := a.send(req); status != want {
			t.Errorf("scope %s: %d", scope, status)
		}
	}
}

func TestASignInMakesOrFindsTheUserAndIsSeenByTheAPI(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	id := "auth0|1/2 3"
	path := "/users/" + url.PathEscape(id)
	if status, out := a.app("GET", path); status != 404 || code(out) != "user_not_found" {
		t.Errorf("before: %d %v", status, out)
	}
	claims := map[string]any{"scope": "user", "external_id": id, "email": a.fix.Email, "email_verified": true, "exp": time.Now().Add(time.Minute).Unix()}
	if why := a.sb.ZendeskSignIn(a.token(map[string]any{"kid": a.fix.KID}, claims, a.fix.Secret)); why != "" {
		t.Fatal(why)
	}
	status, out := a.app("GET", path)
	user, _ := out["user"].(map[string]any)
	if status != 200 || user["authenticated"] != true || user["externalId"] != id || user["zendeskId"] == nil {
		t.Errorf("after: %d %v", status, out)
	}
	if status, out := a.app("GET", "/users?"+url.Values{"filter[identities.email]": {a.fix.Email}}.Encode()); status != 200 || len(out["users"].([]any)) != 1 {
		t.Errorf("by address: %d %v", status, out)
	}
	if status, _ := a.app("GET", "/users"); status != 400 {
		t.Errorf("without a filter: %d", status)
	}
}

func TestMessagingTokensAreTakenByTheVendorsRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(header, claims map[string]any)
		want string
	}{
		"right":                  {func(_, _ map[string]any) {}, ""},
		"without exp":            {func(_, c map[string]any) { delete(c, "exp") }, ""},
		"no kid":                 {func(h, _ map[string]any) { delete(h, "kid") }, "Missing key id"},
		"kid in the payload":     {func(h, c map[string]any) { c["kid"] = h["kid"]; delete(h, "kid") }, "Missing key id"},
		"unknown kid":            {func(h, _ map[string]any) { h["kid"] = "app_000000000000000000000000" }, "Invalid JWT"},
		"another scope":          {func(_, c map[string]any) { c["scope"] = "account" }, "account scope"},
		"a number as id":         {func(_, c map[string]any) { c["external_id"] = 12345 }, "Invalid JWT"},
		"an id of 256":           {func(_, c map[string]any) { c["external_id"] = strings.Repeat("x", 256) }, "Invalid JWT"},
		"exp as a text":          {func(_, c map[string]any) { c["exp"] = "9999999999" }, "Invalid JWT"},
		"exp in the past":        {func(_, c map[string]any) { c["exp"] = 1 }, "Invalid JWT"},
		"another's address":      {func(_, c map[string]any) { c["email"], c["email_verified"] = "taro@acme.example", true }, "Invalid JWT"},
		"another's, unverified":  {func(_, c map[string]any) { c["email"] = "taro@acme.example" }, ""},
		"an app's scope":         {func(_, c map[string]any) { c["scope"] = "app" }, "Invalid JWT"},
		"unverified, a new user": {func(_, c map[string]any) { c["email"] = "new@acme.example" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAcme(t)
			header := map[string]any{"kid": a.fix.KID}
			claims := map[string]any{"scope": "user", "external_id": "usr_1", "exp": time.Now().Add(time.Minute).Unix()}
			c.edit(header, claims)
			why := a.sb.ZendeskSignIn(a.token(header, claims, a.fix.Secret))
			if (why == "") != (c.want == "") || !strings.Contains(why, c.want) {
				t.Errorf("got %q", why)
			}
		})
	}
	a := newAcme(t)
	if why := a.sb.ZendeskSignIn(a.token(map[string]any{"kid": a.fix.KID}, map[string]any{"scope": "user", "external_id": "a"}, a.fix.NewSecret)); why == "" {
		t.Error("another key's secret is taken")
	}
}

func TestChatTokensAreTakenByTheVendorsRules(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	now := time.Now()
	take := func(edit func(map[string]any)) bool {
		claims := map[string]any{"name": "A", "email": "a@acme.example", "external_id": "usr_1", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
		edit(claims)
		raw, err := json.Marshal(map[string]string{"account_key": "k", "token": a.token(nil, claims, a.fix.ChatSecret)})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), "POST", a.fix.WidgetURL+"/authenticated/web/jwt", bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		_, out := a.send(req)
		return out["success"] == true
	}
	for name, c := range map[string]struct {
		edit func(map[string]any)
		want bool
	}{
		"right":             {func(map[string]any) {}, true},
		"without exp":       {func(c map[string]any) { delete(c, "exp") }, true},
		"eight minutes":     {func(c map[string]any) { c["exp"] = now.Add(8 * time.Minute).Unix() }, false},
		"milliseconds":      {func(c map[string]any) { c["iat"] = now.UnixMilli() }, false},
		"three minutes on":  {func(c map[string]any) { c["iat"] = now.Add(3 * time.Minute).Unix() }, false},
		"an accent":         {func(c map[string]any) { c["email"] = "é@acme.example" }, false},
		"a number as id":    {func(c map[string]any) { c["external_id"] = 1 }, false},
		"without an e-mail": {func(c map[string]any) { delete(c, "email") }, false},
	} {
		if got := take(c.edit); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if err := a.sb.Set(sandbox.ZendeskChatWantsExp, true); err != nil {
		t.Fatal(err)
	}
	if take(func(c map[string]any) { delete(c, "exp") }) {
		t.Error("with the switch on, a token without exp is taken")
	}
}
