package sandbox_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/sandbox"
)

// user plays a program and a person against the doubles, by plain HTTP: it
// knows nothing of deskward's clients.
type user struct {
	*testing.T
	sb   *sandbox.Sandbox
	zoho sandbox.ZohoFixtures
	oidc sandbox.OpenIDFixtures
	xs   sandbox.XsollaFixtures
}

func start(t *testing.T) *user {
	t.Helper()
	return startOn(t, core.SystemClock{})
}

func startOn(t *testing.T, clock core.Clock) *user {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	f := sb.Fixtures()
	return &user{T: t, sb: sb, zoho: f.Zoho, oidc: f.OpenID, xs: f.Xsolla}
}

func (u *user) set(s sandbox.Switch) {
	u.Helper()
	if err := u.sb.Set(s, true); err != nil {
		u.Fatal(err)
	}
}

func (u *user) at(name string) string { return u.sb.Endpoints()["zoho"][name] }

// do sends a request and returns status and JSON, without following redirects.
func (u *user) do(req *http.Request) (int, http.Header, map[string]any) {
	u.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		u.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		u.Fatal(err)
	}
	var body map[string]any
	if json.Unmarshal(raw, &body) != nil {
		body = map[string]any{"page": string(raw)}
	}
	return resp.StatusCode, resp.Header, body
}

func (u *user) post(target string, form url.Values) (int, map[string]any) {
	u.Helper()
	req, err := http.NewRequestWithContext(u.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		u.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, _, body := u.do(req)
	return status, body
}

func (u *user) get(target string, header ...string) (int, http.Header, map[string]any) {
	u.Helper()
	req, err := http.NewRequestWithContext(u.Context(), http.MethodGet, target, nil)
	if err != nil {
		u.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return u.do(req)
}

func (u *user) control(method, path string, body any) (int, map[string]any) {
	u.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		u.Fatal(err)
	}
	req, err := http.NewRequestWithContext(u.Context(), method, u.sb.ControlURL()+path, bytes.NewReader(raw))
	if err != nil {
		u.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	status, _, answer := u.do(req)
	return status, answer
}

const verifier = "a-code-verifier-of-at-least-forty-three-characters"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// zohoAuth is an authorization request of the web client at a data centre.
func (u *user) zohoAuth(location string, with url.Values) string {
	q := url.Values{
		"client_id": {u.zoho.WebClientID}, "redirect_uri": {u.zoho.Redirects[0]}, "response_type": {"code"},
		"scope": {strings.Join(u.zoho.Scopes, ",")}, "access_type": {"offline"}, "prompt": {"consent"}, "state": {"the-state"},
	}
	for name, v := range with {
		q[name] = v
	}
	return u.at("accounts."+location) + "/oauth/v2/auth?" + q.Encode()
}

// grant consents in the terminal and returns the answer's parameters.
func (u *user) grant(authURL string) url.Values {
	u.Helper()
	to, err := u.sb.GrantInTerminal(u.Context(), authURL)
	if err != nil {
		u.Fatal(err)
	}
	back, err := url.Parse(to)
	if err != nil {
		u.Fatal(err)
	}
	return back.Query()
}

// redeem trades a code of the web client.
func (u *user) redeem(answer url.Values, with url.Values) (int, map[string]any) {
	u.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {u.zoho.WebClientID}, "client_secret": {u.zoho.WebClientSecret},
		"redirect_uri": {u.zoho.Redirects[0]}, "code": {answer.Get("code")},
	}
	for name, v := range with {
		form[name] = v
	}
	return u.post(answer.Get("accounts-server")+"/oauth/v2/token", form)
}

// tokens consents and redeems.
func (u *user) tokens(scopes ...string) map[string]any {
	u.Helper()
	with := url.Values{}
	if len(scopes) > 0 {
		with.Set("scope", strings.Join(scopes, ","))
	}
	_, body := u.redeem(u.grant(u.zohoAuth("eu", with)), nil)
	if body["access_token"] == nil {
		u.Fatalf("no tokens: %v", body)
	}
	return body
}

func (u *user) refresh(token any) (int, map[string]any) {
	u.Helper()
	return u.post(u.at("accounts.eu")+"/oauth/v2/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {u.zoho.WebClientID}, "client_secret": {u.zoho.WebClientSecret}, "refresh_token": {token.(string)},
	})
}

// desk asks Desk and returns status and errorCode, or the whole body.
func (u *user) desk(path, authorization, org string) (int, map[string]any) {
	u.Helper()
	header := []string{"Authorization", authorization}
	if org != "" {
		header = append(header, "orgId", org)
	}
	status, _, body := u.get(u.at("desk.eu")+"/api/v1"+path, header...)
	return status, body
}

func (u *user) exchange(variant string, with url.Values) (int, map[string]any) {
	u.Helper()
	form := url.Values{
		"client_id": {u.zoho.SelfClientID}, "client_secret": {u.zoho.SelfClientSecret}, "grant_type": {"authtooauth"},
		"authtoken": {u.zoho.Authtoken}, "scope": {strings.Join(u.zoho.Scopes, ",")}, "soid": {"ZohoSupport." + u.zoho.OrgID},
	}
	for name, v := range with {
		form[name] = v
	}
	return u.post(u.at("accounts.eu")+"/oauth/v2/token/"+variant+"/authtooauth", form)
}

func (u *user) wantError(what string, body map[string]any, code string) {
	u.Helper()
	if body["error"] != code && body["errorCode"] != code {
		u.Errorf("%s: %v, want %s", what, body, code)
	}
}
