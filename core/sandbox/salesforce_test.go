package sandbox_test

import (
	"net/url"
	"strings"
	"testing"

	"deskward/core/sandbox"
)

// salesforceToken asks the token endpoint of one host, by the app.
func (u *user) salesforceToken(host string, form url.Values) (int, map[string]any) {
	u.Helper()
	s := u.sb.Fixtures().Salesforce
	form.Set("client_id", s.ClientID)
	form.Set("client_secret", s.ClientSecret)
	return u.post(u.sb.Endpoints()["salesforce"][host]+"/services/oauth2/token", form)
}

// salesforceCode trades a fresh code, with some of the form changed.
func (u *user) salesforceCode(with url.Values) (int, map[string]any) {
	u.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {u.grant(u.salesforceAuth("login.production", nil)).Get("code")},
		"redirect_uri": {u.sb.Fixtures().Salesforce.Redirects[0]}, "code_verifier": {verifier},
	}
	for name, v := range with {
		form[name] = v
	}
	return u.salesforceToken("login.production", form)
}

func TestSalesforceCodesKeepTheirRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with url.Values
		code string
	}{
		"another verifier": {url.Values{"code_verifier": {"a-verifier-that-was-never-hashed-into-a-challenge"}}, "invalid_grant"},
		"no verifier":      {url.Values{"code_verifier": nil}, "invalid_grant"},
		"another port":     {url.Values{"redirect_uri": {"http://localhost:48106/callback/salesforce"}}, "redirect_uri_mismatch"},
		"made up":          {url.Values{"code": {"aPrxnothing"}}, "invalid_grant"},
		"another flow":     {url.Values{"grant_type": {"password"}}, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := start(t)
			status, body := u.salesforceCode(c.with)
			if u.wantError(name, body, c.code); status != 400 {
				t.Errorf("status %d", status)
			}
		})
	}
}

func TestSalesforceAnswersSayNoLifetime(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, body := u.salesforceCode(nil)
	if body["expires_in"] != nil || body["instance_url"] != u.sb.Fixtures().Salesforce.Instance || body["refresh_token"] == nil {
		t.Errorf("%v", body)
	}
}

// A rotated token that comes again is in two hands: the grant ends.
func TestSalesforceEndsAGrantWhoseOldTokenComesAgain(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, first := u.salesforceCode(nil)
	renew := func(token any) map[string]any {
		_, body := u.salesforceToken("login.production", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}})
		return body
	}
	second := renew(first["refresh_token"])
	if second["refresh_token"] == nil || second["refresh_token"] == first["refresh_token"] {
		t.Fatalf("not rotated: %v", second)
	}
	u.wantError("the old one", renew(first["refresh_token"]), "invalid_grant")
	u.wantError("the new one after it", renew(second["refresh_token"]), "invalid_grant")
}

func TestSalesforceWithoutRotationKeepsTheToken(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.sb.SetSalesforceApp(func(a *sandbox.SalesforceApp) { a.Rotates = false })
	_, first := u.salesforceCode(nil)
	for range 2 {
		_, body := u.salesforceToken("login.production", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}})
		if body["access_token"] == nil || body["refresh_token"] != nil {
			t.Fatalf("%v", body)
		}
	}
}

func TestSalesforceWantsTheCallbackToTheLetter(t *testing.T) {
	t.Parallel()
	u := start(t)
	for _, uri := range []string{"http://127.0.0.1:48105/callback/salesforce", "http://localhost:48105/callback/salesforce/", "https://localhost:48105/callback/salesforce", "http://localhost/callback/salesforce"} {
		status, _, body := u.get(u.salesforceAuth("login.production", url.Values{"redirect_uri": {uri}}))
		if page, _ := body["page"].(string); status != 400 || !strings.Contains(page, "redirect_uri_mismatch") {
			t.Errorf("%s: %d", uri, status)
		}
	}
	status, _, body := u.get(u.salesforceAuth("login.sandbox", nil))
	if page, _ := body["page"].(string); status != 400 || !strings.Contains(page, "invalid_client_id") {
		t.Errorf("at the sandboxes' host: %d", status)
	}
	for name, with := range map[string]url.Values{"none": {"code_challenge": nil}, "plain": {"code_challenge_method": {"plain"}}, "short": {"code_challenge": {"x"}}} {
		_, header, _ := u.get(u.salesforceAuth("login.production", with))
		if to := header.Get("Location"); !strings.Contains(to, "error=invalid_request") || !strings.Contains(to, "state=the-state") {
			t.Errorf("challenge %s: %s", name, to)
		}
	}
}

func TestSalesforceIntrospectsAndRevokes(t *testing.T) {
	t.Parallel()
	u := start(t)
	s := u.sb.Fixtures().Salesforce
	at := u.sb.Endpoints()["salesforce"]["login.production"] + "/services/oauth2/"
	_, tokens := u.salesforceCode(nil)
	active := func() any {
		_, body := u.post(at+"introspect", url.Values{
			"token": {tokens["access_token"].(string)}, "token_type_hint": {"access_token"}, "client_id": {s.ClientID}, "client_secret": {s.ClientSecret},
		})
		return body["active"]
	}
	if active() != true {
		t.Error("a fresh token is not active")
	}
	if status, body := u.post(at+"revoke", url.Values{"token": {tokens["refresh_token"].(string)}}); status != 200 {
		t.Errorf("revoke: %d %v", status, body)
	}
	if active() != false {
		t.Error("the refresh token was revoked, and its session lives")
	}
}
