package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/sandbox"
)

func TestZohoConsentEndsAtThePersonsDataCentre(t *testing.T) {
	t.Parallel()
	u := start(t)
	answer := u.grant(u.zohoAuth("us", nil))
	if answer.Get("location") != "eu" || answer.Get("accounts-server") != u.at("accounts.eu") || answer.Get("state") != "the-state" {
		t.Errorf("answer: %v", answer)
	}
	elsewhere := url.Values{"accounts-server": {u.at("accounts.us")}, "code": answer["code"]}
	status, body := u.redeem(elsewhere, nil)
	if u.wantError("at another data centre", body, "invalid_code"); status != 200 {
		t.Errorf("status %d: Zoho's errors come with 200", status)
	}
	_, body = u.redeem(answer, nil)
	if body["refresh_token"] == nil || body["expires_in"] != 3600.0 || body["token_type"] != "Bearer" {
		t.Errorf("tokens: %v", body)
	}
	_, body = u.redeem(answer, nil)
	u.wantError("second use", body, "invalid_code")
}

func TestZohoRefusesOnAPage(t *testing.T) {
	t.Parallel()
	u := start(t)
	for name, with := range map[string]url.Values{
		"Invalid client":        {"client_id": {"1000.NOBODY"}},
		"Invalid Redirect Uri":  {"redirect_uri": {u.zoho.Redirects[0] + "/"}},
		"Invalid response type": {"response_type": {"token"}},
		"Invalid OAuth Scope":   {"scope": {"Desk.tickets.read"}},
	} {
		_, err := u.sb.GrantInTerminal(t.Context(), u.zohoAuth("eu", with))
		e, ok := err.(*core.Error)
		if !ok || e.Code != "sandbox.no-consent" || e.Params["page"] != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := u.sb.GrantInTerminal(t.Context(), u.zohoAuth("cn", nil)); core.CodeOf(err) != "sandbox.no-consent" {
		t.Errorf("China knows a client of the others: %v", err)
	}
	to, err := u.sb.DenyInTerminal(t.Context(), u.zohoAuth("eu", nil))
	if err != nil || !strings.Contains(to, "error=access_denied") || strings.Contains(to, "code=") {
		t.Errorf("denied: %s, %v", to, err)
	}
}

func TestZohoCodesHaveTheirLifetimes(t *testing.T) {
	t.Parallel()
	u := start(t)
	answer := u.grant(u.zohoAuth("eu", nil))
	u.sb.Clock().Advance(2 * time.Minute)
	_, body := u.redeem(answer, nil)
	u.wantError("after two minutes", body, "invalid_code")

	self := func(code string, with url.Values) map[string]any {
		form := url.Values{"grant_type": {"authorization_code"}, "client_id": {u.zoho.SelfClientID}, "client_secret": {u.zoho.SelfClientSecret}, "code": {code}}
		for name, v := range with {
			form[name] = v
		}
		_, body := u.post(u.at("accounts.eu")+"/oauth/v2/token", form)
		return body
	}
	code := func(minutes int) string {
		c, err := u.sb.ZohoSelfClientCode(u.zoho.Scopes, minutes, "")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	fresh, stale := code(0), code(0)
	if body := self(fresh, nil); body["refresh_token"] == nil {
		t.Errorf("self client: %v", body)
	}
	u.wantError("with a redirect", self(code(0), url.Values{"redirect_uri": {"http://127.0.0.1/"}}), "invalid_redirect_uri")
	u.sb.Clock().Advance(3 * time.Minute)
	u.wantError("after three minutes", self(stale, nil), "invalid_code")
	if _, err := u.sb.ZohoSelfClientCode([]string{"Desk.nothing.READ"}, 3, ""); core.CodeOf(err) != "sandbox.bad-request" {
		t.Errorf("unknown scope: %v", err)
	}
}

func TestZohoChecksTheVerifierUnlessItIgnoresPKCE(t *testing.T) {
	t.Parallel()
	u := start(t)
	pkce := url.Values{"code_challenge": {challenge()}, "code_challenge_method": {"S256"}}
	_, body := u.redeem(u.grant(u.zohoAuth("eu", pkce)), nil)
	u.wantError("without a verifier", body, "invalid_code")
	if _, body = u.redeem(u.grant(u.zohoAuth("eu", pkce)), url.Values{"code_verifier": {verifier}}); body["access_token"] == nil {
		t.Errorf("with it: %v", body)
	}
	u.set(sandbox.ZohoIgnoresPKCE)
	if _, body = u.redeem(u.grant(u.zohoAuth("eu", pkce)), nil); body["access_token"] == nil {
		t.Errorf("ignored: %v", body)
	}
}

func TestZohoGivesARefreshTokenOnlyWhenAskedTo(t *testing.T) {
	t.Parallel()
	u := start(t)
	online := url.Values{"access_type": {"online"}}
	if _, body := u.redeem(u.grant(u.zohoAuth("eu", online)), nil); body["refresh_token"] != nil {
		t.Errorf("online: %v", body)
	}
	quiet := url.Values{"prompt": {"none"}}
	if _, body := u.redeem(u.grant(u.zohoAuth("eu", quiet)), nil); body["refresh_token"] == nil {
		t.Errorf("first consent: %v", body)
	}
	if _, body := u.redeem(u.grant(u.zohoAuth("eu", quiet)), nil); body["refresh_token"] != nil {
		t.Errorf("second consent without prompt: %v", body)
	}
}

func TestZohoThrottleInBothShapes(t *testing.T) {
	t.Parallel()
	u := start(t)
	tokens := u.tokens()
	for i := range 9 { // the first came with the code
		if _, body := u.refresh(tokens["refresh_token"]); body["access_token"] == nil {
			t.Fatalf("refresh %d: %v", i, body)
		}
	}
	status, body := u.refresh(tokens["refresh_token"])
	if u.wantError("eleventh", body, "Access Denied"); status != http.StatusOK || !strings.Contains(body["error_description"].(string), "too many requests continuously") {
		t.Errorf("%d %v", status, body)
	}
	u.set(sandbox.ZohoThrottle400)
	if status, _ = u.refresh(tokens["refresh_token"]); status != http.StatusBadRequest {
		t.Errorf("status %d", status)
	}
	u.sb.Clock().Advance(10 * time.Minute)
	if _, body = u.refresh(tokens["refresh_token"]); body["access_token"] == nil || body["refresh_token"] != nil {
		t.Errorf("after the window: %v", body)
	}
}

func TestZohoTwentyFirstRefreshTokenEndsTheFirst(t *testing.T) {
	t.Parallel()
	u := start(t)
	first := u.tokens()
	var second map[string]any
	for i := range 20 {
		if i == 9 || i == 18 {
			u.sb.Clock().Advance(10 * time.Minute) // ten codes in ten minutes are the most
		}
		if last := u.tokens(); i == 0 {
			second = last
		}
	}
	_, body := u.refresh(first["refresh_token"])
	u.wantError("the first", body, "invalid_code")
	if _, body = u.refresh(second["refresh_token"]); body["access_token"] == nil {
		t.Errorf("the second: %v", body)
	}
}

func TestZohoLifetimeInBothUnits(t *testing.T) {
	t.Parallel()
	u := start(t)
	if body := u.tokens(); body["expires_in"] != 3600.0 || body["expires_in_sec"] != nil {
		t.Errorf("seconds: %v", body)
	}
	u.set(sandbox.ZohoMilliseconds)
	if body := u.tokens(); body["expires_in"] != 3600000.0 || body["expires_in_sec"] != 3600.0 {
		t.Errorf("milliseconds: %v", body)
	}
}

func TestZohoRevokesInBothForms(t *testing.T) {
	t.Parallel()
	u := start(t)
	tokens := u.tokens()
	access := "Zoho-oauthtoken " + tokens["access_token"].(string)
	if status, _ := u.desk("/tickets", access, u.zoho.OrgID); status != 200 {
		t.Fatalf("before: %d", status)
	}
	old := u.at("accounts.eu") + "/oauth/v2/token/revoke"
	if status, body := u.post(old+"?token="+tokens["refresh_token"].(string), nil); status != 200 || body["status"] != "success" {
		t.Errorf("%d %v", status, body)
	}
	if status, body := u.desk("/tickets", access, u.zoho.OrgID); status != 401 || body["errorCode"] != "INVALID_OAUTH" {
		t.Errorf("its access token lives: %d %v", status, body)
	}
	if status, _ := u.post(old, url.Values{"token": {"canary-unknown"}}); status != 400 {
		t.Errorf("unknown token: %d", status)
	}
	newer := url.Values{"token": {u.tokens()["refresh_token"].(string)}, "token_type": {"refresh_token"}}
	if _, body := u.post(u.at("accounts.eu")+"/oauth/v2/revoke/token", newer); body["error"] != "invalid_client" {
		t.Errorf("without the client: %v", body)
	}
	newer.Set("client_id", u.zoho.WebClientID)
	newer.Set("client_secret", u.zoho.WebClientSecret)
	if _, body := u.post(u.at("accounts.eu")+"/oauth/v2/revoke/token", newer); body["status"] != "success" {
		t.Errorf("newer form: %v", body)
	}
}

func TestZohoDeviceGrant(t *testing.T) {
	t.Parallel()
	u := start(t)
	begin := func(location string) (code, page string) {
		_, body := u.post(u.at("accounts."+location)+"/oauth/v3/device/code", url.Values{
			"client_id": {u.zoho.DeviceClientID}, "grant_type": {"device_request"}, "scope": {strings.Join(u.zoho.Scopes, ",")}, "access_type": {"offline"},
		})
		if body["device_code"] == nil {
			t.Fatalf("begin: %v", body)
		}
		return body["device_code"].(string), body["verification_url"].(string) + "?user_code=" + body["user_code"].(string)
	}
	poll := func(location, code string) map[string]any {
		_, body := u.post(u.at("accounts."+location)+"/oauth/v3/device/token", url.Values{
			"client_id": {u.zoho.DeviceClientID}, "client_secret": {u.zoho.DeviceClientSecret}, "grant_type": {"device_token"}, "code": {code},
		})
		return body
	}
	code, page := begin("us")
	u.wantError("first poll", poll("us", code), "authorization_pending")
	u.wantError("at once again", poll("us", code), "slow_down")
	u.grant(page)
	u.sb.Clock().Advance(30 * time.Second)
	body := poll("us", code)
	if u.wantError("person of another centre", body, "other_dc"); body["user_location"] != "eu" {
		t.Errorf("location: %v", body)
	}
	if body = poll("eu", code); body["access_token"] == nil || body["refresh_token"] == nil {
		t.Errorf("tokens: %v", body)
	}
	u.sb.Clock().Advance(30 * time.Second)
	u.wantError("second use", poll("eu", code), "invalid_code")

	code, page = begin("eu")
	if _, err := u.sb.DenyInTerminal(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	u.wantError("denied", poll("eu", code), "access_denied")
	code, _ = begin("eu")
	u.sb.Clock().Advance(6 * time.Minute)
	u.wantError("late", poll("eu", code), "expired")
}

func TestZohoMachineTokenNeedsItsOrganization(t *testing.T) {
	t.Parallel()
	u := start(t)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {u.zoho.SelfClientID}, "client_secret": {u.zoho.SelfClientSecret}, "scope": {"Desk.tickets.READ"}}
	_, body := u.post(u.at("accounts.eu")+"/oauth/v2/token", form)
	u.wantError("without soid", body, "missing_org_info")
	form.Set("soid", "ZohoSupport."+u.zoho.OrgID)
	if _, body = u.post(u.at("accounts.eu")+"/oauth/v2/token", form); body["access_token"] == nil || body["refresh_token"] != nil {
		t.Errorf("with it: %v", body)
	}
	form.Set("client_secret", "canary-wrong")
	_, body = u.post(u.at("accounts.eu")+"/oauth/v2/token", form)
	u.wantError("wrong secret", body, "invalid_client_secret")
}

func TestZohoExchangeWorksOnceAndEndsTheAuthToken(t *testing.T) {
	t.Parallel()
	u := start(t)
	legacy := "Zoho-authtoken " + u.zoho.Authtoken
	_, body := u.exchange("self", nil)
	if body["access_token"] == nil || body["refresh_token"] == nil || body["expires_in_sec"] != 3600.0 || body["expires_in"] != 3600000.0 || body["api_domain"] != nil {
		t.Fatalf("answer: %v", body)
	}
	if status, got := u.desk("/tickets", "Zoho-oauthtoken "+body["access_token"].(string), u.zoho.OrgID); status != 200 {
		t.Errorf("the new token: %d %v", status, got)
	}
	_, body = u.exchange("self", nil)
	u.wantError("second time", body, "access_denied")
	u.sb.Clock().Advance(24*time.Hour - time.Minute)
	if status, _ := u.desk("/organizations", legacy, ""); status != 200 {
		t.Errorf("within the day: %d", status)
	}
	u.sb.Clock().Advance(time.Minute)
	status, body := u.desk("/organizations", legacy, "")
	if u.wantError("after the day", body, "UNAUTHORIZED"); status != 401 {
		t.Errorf("status %d", status)
	}
	_, body = u.exchange("self", nil)
	u.wantError("exchange after its end", body, "invalid_authtoken")
}

func TestZohoExchangeRefusals(t *testing.T) {
	t.Parallel()
	u := start(t)
	for _, tt := range []struct {
		name, variant string
		with          url.Values
		want          string
	}{
		{"grant type", "self", url.Values{"grant_type": {"authorization_code"}}, "invalid_grant"},
		{"no organization", "self", url.Values{"soid": {""}}, "invalid_request"},
		{"organization of another", "self", url.Values{"soid": {"ZohoSupport.1"}}, "access_denied"},
		{"another service", "self", url.Values{"soid": {"ZohoCRM." + u.zoho.OrgID}}, "access_denied"},
		{"scope of another service", "self", url.Values{"scope": {"AaaServer.profile.READ"}}, "access_denied"},
		{"no such scope", "self", url.Values{"scope": {"Desk.tickets. ALL"}}, "invalid_scope"},
		{"no such client", "self", url.Values{"client_id": {"1000.NOBODY"}}, "invalid_client"},
		{"client of another person", "self", url.Values{"client_id": {u.zoho.StrangerClientID}, "client_secret": {u.zoho.StrangerClientSecret}}, "access_denied"},
		{"used", "self", url.Values{"authtoken": {u.zoho.SpentAuthtoken}}, "access_denied"},
		{"no mapping", "external", nil, "invalid_client"},
	} {
		status, body := u.exchange(tt.variant, tt.with)
		if u.wantError(tt.name, body, tt.want); status != 200 {
			t.Errorf("%s: status %d", tt.name, status)
		}
	}
	for range 20 {
		_, body := u.exchange("self", url.Values{"authtoken": {"canary-unknown"}})
		u.wantError("unknown", body, "invalid_authtoken")
	}
	_, body := u.exchange("self", nil)
	u.wantError("blocked after twenty", body, "access_denied")
	u.set(sandbox.ZohoRetired)
	if status, body := u.exchange("self", nil); status != 404 || body["page"] == nil {
		t.Errorf("retired: %d %v", status, body)
	}
}

func TestDeskEnforcesScopeAndOrganization(t *testing.T) {
	t.Parallel()
	u := start(t)
	token := "Zoho-oauthtoken " + u.tokens("Desk.basic.READ", "Desk.tickets.READ", "Desk.articles.READ")["access_token"].(string)
	for _, tt := range []struct {
		name, path, auth, org string
		status                int
		code                  string
	}{
		{"organizations need no orgId", "/organizations", token, "", 200, ""},
		{"bearer", "/tickets", strings.Replace(token, "Zoho-oauthtoken", "Bearer", 1), u.zoho.OrgID, 200, ""},
		{"empty list", "/articles", token, u.zoho.OrgID, 204, ""},
		{"one record", "/tickets/1892000000143237", token, u.zoho.OrgID, 200, ""},
		{"no such record", "/tickets/1", token, u.zoho.OrgID, 404, "URL_NOT_FOUND"},
		{"no orgId", "/tickets", token, "", 403, "OAUTH_ORG_MISMATCH"},
		{"portal not chosen at consent", "/tickets", token, u.zoho.OtherOrgID, 403, "OAUTH_ORG_MISMATCH"},
		{"scope not granted", "/contacts", token, u.zoho.OrgID, 403, "SCOPE_MISMATCH"},
		{"search needs its own scope", "/tickets/search", token, u.zoho.OrgID, 403, "SCOPE_MISMATCH"},
		{"agents need settings too", "/agents", token, u.zoho.OrgID, 403, "SCOPE_MISMATCH"},
		{"unknown path", "/nothing", token, u.zoho.OrgID, 404, "URL_NOT_FOUND"},
		{"no header", "/tickets", "", u.zoho.OrgID, 401, "UNAUTHORIZED"},
		{"no token", "/tickets", "Zoho-oauthtoken canary", u.zoho.OrgID, 401, "INVALID_OAUTH"},
	} {
		status, body := u.desk(tt.path, tt.auth, tt.org)
		code, _ := body["errorCode"].(string)
		if status != tt.status || code != tt.code {
			t.Errorf("%s: %d %v, want %d %s", tt.name, status, body, tt.status, tt.code)
		}
	}
	status, header, _ := u.get(u.at("desk.eu")+"/api/v1/tickets?limit=1", "Authorization", token, "orgId", u.zoho.OrgID)
	if status != 200 || header.Get("X-Rate-Limit-Remaining-v3") == "" || header.Get("X-Rate-Limit-Request-Weight-v3") == "" {
		t.Errorf("%d, headers %v", status, header)
	}
	if status, body := u.desk("/organizations", token, ""); status != 200 || !strings.Contains(strings.ToLower(string(mustJSON(t, body))), u.zoho.OrgID) {
		t.Errorf("%v", body)
	}
	u.sb.Clock().Advance(time.Hour)
	if status, body := u.desk("/tickets", token, u.zoho.OrgID); status != 401 || body["errorCode"] != "INVALID_OAUTH" {
		t.Errorf("after an hour: %d %v", status, body)
	}
}

func TestZohoSaysWhoseTokenItIs(t *testing.T) {
	t.Parallel()
	u := start(t)
	ask := func(token any) (int, map[string]any) {
		status, _, body := u.get(u.at("accounts.eu")+"/oauth/user/info", "Authorization", "Zoho-oauthtoken "+token.(string))
		return status, body
	}
	if status, body := ask(u.tokens("AaaServer.profile.READ")["access_token"]); status != 200 || body["Email"] != u.zoho.OwnerEmail {
		t.Errorf("%d %v", status, body)
	}
	if status, _ := ask(u.tokens()["access_token"]); status != 401 {
		t.Errorf("without the scope: %d", status)
	}
	_, _, info := u.get(u.at("accounts.us") + "/oauth/serverinfo")
	if locations, _ := info["locations"].(map[string]any); locations["jp"] != u.at("accounts.jp") || locations["cn"] != nil {
		t.Errorf("serverinfo: %v", info)
	}
}
