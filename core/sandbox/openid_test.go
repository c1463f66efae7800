package sandbox_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/sandbox"
)

const openidRedirect = "http://127.0.0.1:48105/callback/oauth2"

func (u *user) openidAuth(with url.Values) string {
	q := url.Values{
		"client_id": {u.oidc.ClientID}, "redirect_uri": {openidRedirect}, "response_type": {"code"}, "scope": {strings.Join(u.oidc.Scopes, " ")},
		"state": {"the-state"}, "nonce": {"the-nonce"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
	for name, v := range with {
		q[name] = v
	}
	return u.oidc.Issuer + "/authorize?" + q.Encode()
}

func (u *user) openidRedeem(code string, with url.Values) (int, map[string]any) {
	u.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {u.oidc.ClientID}, "client_secret": {u.oidc.ClientSecret},
		"redirect_uri": {openidRedirect}, "code": {code}, "code_verifier": {verifier},
	}
	for name, v := range with {
		form[name] = v
	}
	return u.post(u.oidc.Issuer+"/token", form)
}

func (u *user) openidRefresh(token any) (int, map[string]any) {
	u.Helper()
	return u.post(u.oidc.Issuer+"/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {u.oidc.ClientID}, "client_secret": {u.oidc.ClientSecret}, "refresh_token": {token.(string)},
	})
}

func TestOpenIDConsent(t *testing.T) {
	t.Parallel()
	u := start(t)
	answer := u.grant(u.openidAuth(nil))
	if answer.Get("iss") != u.oidc.Issuer || answer.Get("state") != "the-state" {
		t.Errorf("answer: %v", answer)
	}
	_, body := u.openidRedeem(answer.Get("code"), nil)
	access, _ := body["access_token"].(string)
	if access == "" || body["refresh_token"] == nil || body["scope"] != "openid email offline_access" {
		t.Fatalf("tokens: %v", body)
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(body["id_token"].(string), claims); err != nil || claims["nonce"] != "the-nonce" || claims["iss"] != u.oidc.Issuer {
		t.Errorf("id token: %v, %v", claims, err)
	}
	if status, _, info := u.get(u.oidc.Issuer+"/userinfo", "Authorization", "Bearer "+access); status != 200 || info["email"] != u.oidc.AccountEmail {
		t.Errorf("userinfo: %d %v", status, info)
	}
	// The code again: somebody else has it too (RFC 6749 §4.1.2).
	if status, body := u.openidRedeem(answer.Get("code"), nil); status != 400 || body["error"] != "invalid_grant" {
		t.Errorf("code used twice: %d %v", status, body)
	}
	if status, _, _ := u.get(u.oidc.Issuer+"/userinfo", "Authorization", "Bearer "+access); status != 401 {
		t.Errorf("what the code gave lives on: %d", status)
	}
}

func TestOpenIDRefusals(t *testing.T) {
	t.Parallel()
	u := start(t)
	for name, with := range map[string]url.Values{
		"invalid_request":           {"code_challenge": {""}},
		"invalid_scope":             {"scope": {"openid nothing"}},
		"unsupported_response_type": {"response_type": {"token"}},
	} {
		if answer := u.grant(u.openidAuth(with)); answer.Get("error") != name || answer.Get("iss") != u.oidc.Issuer || answer.Get("state") != "the-state" {
			t.Errorf("%s: %v", name, answer)
		}
	}
	for name, with := range map[string]url.Values{
		"path": {"redirect_uri": {"http://127.0.0.1:48105/callback/other"}}, "host": {"redirect_uri": {"http://localhost.example/callback/oauth2"}},
		"client": {"client_id": {"nobody"}}, "machine": {"client_id": {u.oidc.MachineClientID}},
	} {
		if _, err := u.sb.GrantInTerminal(t.Context(), u.openidAuth(with)); core.CodeOf(err) != "sandbox.no-consent" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, with := range map[string]url.Values{
		"verifier": {"code_verifier": {"another-verifier-of-forty-three-characters-----"}}, "redirect": {"redirect_uri": {"http://127.0.0.1:1/callback/oauth2"}},
		"client": {"client_id": {u.oidc.PublicClientID}, "client_secret": {""}},
	} {
		if status, body := u.openidRedeem(u.grant(u.openidAuth(nil)).Get("code"), with); status != 400 || body["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	if status, body := u.openidRedeem("x", url.Values{"client_secret": {"canary"}}); status != 401 || body["error"] != "invalid_client" {
		t.Errorf("secret: %d %v", status, body)
	}
	code := u.grant(u.openidAuth(nil)).Get("code")
	u.sb.Clock().Advance(time.Minute)
	if _, body := u.openidRedeem(code, nil); body["error"] != "invalid_grant" {
		t.Errorf("late: %v", body)
	}
}

func TestOpenIDRefreshTokenUsedTwiceEndsTheFamily(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, first := u.openidRedeem(u.grant(u.openidAuth(nil)).Get("code"), nil)
	_, second := u.openidRefresh(first["refresh_token"])
	if second["refresh_token"] == nil || second["refresh_token"] == first["refresh_token"] {
		t.Fatalf("not rotated: %v", second)
	}
	if _, body := u.openidRefresh(first["refresh_token"]); body["error"] != "invalid_grant" {
		t.Errorf("the old one: %v", body)
	}
	if _, body := u.openidRefresh(second["refresh_token"]); body["error"] != "invalid_grant" {
		t.Errorf("the new one survives: %v", body)
	}
	u.set(sandbox.OpenIDNoRotation)
	_, first = u.openidRedeem(u.grant(u.openidAuth(nil)).Get("code"), nil)
	for range 2 {
		if _, body := u.openidRefresh(first["refresh_token"]); body["access_token"] == nil || body["refresh_token"] != nil {
			t.Errorf("without rotation: %v", body)
		}
	}
}

func TestOpenIDRevokeAndIntrospect(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, tokens := u.openidRedeem(u.grant(u.openidAuth(nil)).Get("code"), nil)
	call := func(path string, token any) map[string]any {
		_, body := u.post(u.oidc.Issuer+path, url.Values{"client_id": {u.oidc.ClientID}, "client_secret": {u.oidc.ClientSecret}, "token": {token.(string)}})
		return body
	}
	if got := call("/introspect", tokens["access_token"]); got["active"] != true || got["scope"] != "openid email offline_access" {
		t.Errorf("introspect: %v", got)
	}
	call("/revoke", tokens["refresh_token"])
	for _, name := range []string{"access_token", "refresh_token"} {
		if got := call("/introspect", tokens[name]); got["active"] != false {
			t.Errorf("%s after revocation: %v", name, got)
		}
	}
}

func TestOpenIDDeviceGrant(t *testing.T) {
	t.Parallel()
	u := start(t)
	client := url.Values{"client_id": {u.oidc.PublicClientID}, "scope": {"openid offline_access"}}
	_, begun := u.post(u.oidc.Issuer+"/device_authorization", client)
	poll := func() map[string]any {
		_, body := u.post(u.oidc.Issuer+"/token", url.Values{
			"client_id": {u.oidc.PublicClientID}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {begun["device_code"].(string)},
		})
		return body
	}
	u.wantError("first", poll(), "authorization_pending")
	u.wantError("at once", poll(), "slow_down")
	u.grant(begun["verification_uri_complete"].(string))
	u.sb.Clock().Advance(5 * time.Second)
	u.wantError("the interval grew by five seconds", poll(), "slow_down")
	u.sb.Clock().Advance(20 * time.Second)
	if body := poll(); body["access_token"] == nil || body["refresh_token"] == nil {
		t.Errorf("tokens: %v", body)
	}
	u.wantError("second use", poll(), "invalid_grant")
}

func TestOpenIDMachineClient(t *testing.T) {
	t.Parallel()
	u := start(t)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {u.oidc.MachineClientID}, "client_secret": {u.oidc.MachineClientSecret}, "scope": {"tickets.read"}}
	if _, body := u.post(u.oidc.Issuer+"/token", form); body["access_token"] == nil || body["refresh_token"] != nil {
		t.Errorf("tokens: %v", body)
	}
	form.Set("client_id", u.oidc.ClientID)
	form.Set("client_secret", u.oidc.ClientSecret)
	if _, body := u.post(u.oidc.Issuer+"/token", form); body["error"] != "unauthorized_client" {
		t.Errorf("another client: %v", body)
	}
}

func TestOpenIDDiscoveryFollowsTheSwitch(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, _, meta := u.get(u.oidc.Issuer + "/.well-known/openid-configuration")
	if meta["issuer"] != u.oidc.Issuer || meta["authorization_response_iss_parameter_supported"] != true {
		t.Errorf("metadata: %v", meta)
	}
	u.set(sandbox.OpenIDNoIss)
	if _, _, meta = u.get(u.oidc.Issuer + "/.well-known/oauth-authorization-server"); meta["authorization_response_iss_parameter_supported"] != false {
		t.Errorf("metadata: %v", meta)
	}
	if answer := u.grant(u.openidAuth(nil)); answer.Has("iss") {
		t.Errorf("answer: %v", answer)
	}
	if _, _, keys := u.get(u.oidc.Issuer + "/jwks"); keys["keys"] == nil {
		t.Errorf("jwks: %v", keys)
	}
}
