package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"deskward/core/sandbox"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// supportUsers plays programs of a company against Support and Chat.
type supportUsers struct {
	*user
	fix  sandbox.ZendeskFixtures
	base string
}

// stopped is a clock at a day between the ends that Zendesk announced: whatever
// the day of the test, they are where they were.
type stopped struct{}

func (stopped) Now() time.Time { return time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC) }

func supportPeople(t *testing.T) *supportUsers {
	t.Helper()
	u := startOn(t, stopped{})
	return &supportUsers{user: u, fix: u.sb.Fixtures().Zendesk, base: u.sb.Endpoints()["zendesk"]["support"]}
}

func pairs(with ...string) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(with); i += 2 {
		out[with[i]] = with[i+1]
	}
	return out
}

func (u *supportUsers) confidential(grant string, with ...string) map[string]any {
	return pairs(append([]string{"grant_type", grant, "client_id", u.fix.OAuthClientID, "client_secret", u.fix.OAuthClientSecret}, with...)...)
}

// oauth asks Support's token endpoint in JSON.
func (u *supportUsers) oauth(in map[string]any) (int, map[string]any) {
	u.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		u.Fatal(err)
	}
	req, err := http.NewRequestWithContext(u.Context(), http.MethodPost, u.base+"/oauth/tokens", strings.NewReader(string(raw)))
	if err != nil {
		u.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	status, _, body := u.do(req)
	return status, body
}

func (u *supportUsers) authURL(client string, with ...string) string {
	q := url.Values{"response_type": {"code"}, "client_id": {client}, "redirect_uri": {u.fix.OAuthRedirects[0]}, "scope": {"users:read tickets:read"}, "state": {"the-state"}}
	for i := 0; i+1 < len(with); i += 2 {
		q.Set(with[i], with[i+1])
	}
	return u.base + "/oauth/authorizations/new?" + q.Encode()
}

// api asks the API with a bearer token, or "email/token secret" for Basic.
func (u *supportUsers) api(path, credential string) (int, http.Header, map[string]any) {
	u.Helper()
	req, err := http.NewRequestWithContext(u.Context(), http.MethodGet, u.base+"/api/v2"+path, nil)
	if err != nil {
		u.Fatal(err)
	}
	if name, secret, basic := strings.Cut(credential, " "); basic {
		req.SetBasicAuth(name, secret)
	} else if credential != "" {
		req.Header.Set("Authorization", "Bearer "+credential)
	}
	return u.do(req)
}

func (u *supportUsers) wants(what string, status, want int, body map[string]any, part string) {
	u.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		u.Fatal(err)
	}
	if status != want || !contains(string(raw), part) {
		u.Errorf("%s: %d %s, want %d with %s", what, status, raw, want, part)
	}
}

func (u *supportUsers) text(body map[string]any, name string) string {
	u.Helper()
	s, ok := body[name].(string)
	if !ok || s == "" {
		u.Fatalf("no %s: %v", name, body)
	}
	return s
}

func TestSupportsCodeIsGoodOnceForTwoMinutesWithItsVerifier(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	challenged := []string{"code_challenge", challenge(), "code_challenge_method", "S256"}
	redeem := func(code string, with ...string) (int, map[string]any) {
		in := pairs("grant_type", "authorization_code", "client_id", u.fix.OAuthPublicID, "redirect_uri", u.fix.OAuthRedirects[0], "code", code, "code_verifier", verifier)
		for k, v := range pairs(with...) {
			in[k] = v
		}
		return u.oauth(in)
	}
	fresh := func() string { return u.grant(u.authURL(u.fix.OAuthPublicID, challenged...)).Get("code") }

	if got := u.grant(u.authURL(u.fix.OAuthPublicID)); got.Get("error") != "invalid_request" || got.Get("state") != "the-state" {
		t.Errorf("a public client without a challenge: %v", got)
	}
	code := fresh()
	status, body := redeem(code)
	u.wants("the code", status, 200, body, `"refresh_token_expires_in":2592000`)
	u.wants("the code", status, 200, body, `"expires_in":1800`)
	status, body = redeem(code)
	u.wants("the same code again", status, 400, body, `"error":"invalid_grant"`)
	status, body = redeem(fresh(), "code_verifier", strings.Repeat("x", 50))
	u.wants("another verifier", status, 400, body, `"error":"invalid_grant"`)
	status, body = redeem(fresh(), "redirect_uri", u.fix.OAuthRedirects[1])
	u.wants("another redirect", status, 400, body, `"error":"invalid_grant"`)
	code = fresh()
	u.sb.Clock().Advance(121 * time.Second)
	status, body = redeem(code)
	u.wants("a late code", status, 400, body, `"error":"invalid_grant"`)

	for what, with := range map[string][]string{
		"unsupported_response_type": {"response_type", "token"}, "invalid_scope": {"scope", "users:read everything"},
		"invalid_request": {"code_challenge", "abc", "code_challenge_method", "plain"},
	} {
		if got := u.grant(u.authURL(u.fix.OAuthClientID, with...)); got.Get("error") != what {
			t.Errorf("%v: %v, want %s", with, got, what)
		}
	}
	for _, target := range []string{u.authURL("nobody"), u.authURL(u.fix.OAuthClientID, "redirect_uri", "https://elsewhere.example/")} {
		if _, err := u.sb.GrantInTerminal(t.Context(), target); err == nil {
			t.Errorf("%s: a stranger's address was answered", target)
		}
	}
}

func TestARefreshEndsBothTokensOfBefore(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	code := u.grant(u.authURL(u.fix.OAuthClientID)).Get("code")
	_, first := u.oauth(u.confidential("authorization_code", "code", code, "redirect_uri", u.fix.OAuthRedirects[0]))
	access, refresh := u.text(first, "access_token"), u.text(first, "refresh_token")
	status, _, body := u.api("/users/me.json", access)
	u.wants("before", status, 200, body, `"role":"admin"`)
	status, second := u.oauth(u.confidential("refresh_token", "refresh_token", refresh))
	u.wants("the refresh", status, 200, second, `"scope":"users:read tickets:read"`)
	status, _, body = u.api("/users/me.json", access)
	u.wants("the old access token", status, 401, body, `"error":"invalid_token"`)
	status, body = u.oauth(u.confidential("refresh_token", "refresh_token", refresh))
	u.wants("the old refresh token", status, 400, body, `"error":"invalid_grant"`)
	status, _, body = u.api("/users/me.json", u.text(second, "access_token"))
	u.wants("the new one", status, 200, body, `"role":"admin"`)
	u.sb.Clock().Advance(31 * time.Minute)
	status, _, body = u.api("/users/me.json", u.text(second, "access_token"))
	u.wants("after its half hour", status, 401, body, `"error":"invalid_token"`)
	u.sb.Clock().Advance(30 * 24 * time.Hour)
	status, body = u.oauth(u.confidential("refresh_token", "refresh_token", u.text(second, "refresh_token")))
	u.wants("after its 30 days", status, 400, body, `"error":"invalid_grant"`)
}

func TestSupportsTokenRequestsAreBounded(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	for expires, want := range map[string]int{"300": 400, "301": 200, "172799": 200, "172800": 400, "soon": 400} {
		status, body := u.oauth(u.confidential("client_credentials", "scope", "users:read", "expires_in", expires))
		u.wants("expires_in "+expires, status, want, body, "")
	}
	few := u.confidential("client_credentials", "scope", "users:read", "refresh_token_expires_in", "60")
	status, body := u.oauth(few)
	u.wants("a refresh token of a minute", status, 400, body, `"error":"invalid_request"`)
	u.set(sandbox.ZendeskRefreshAnyLife)
	status, body = u.oauth(few)
	u.wants("the same where it may", status, 200, body, "access_token")
	if body["refresh_token"] != nil {
		t.Errorf("a refresh token for no person: %v", body)
	}

	status, body = u.oauth(pairs("grant_type", "client_credentials", "client_id", u.fix.OAuthPublicID, "scope", "read"))
	u.wants("a public client", status, 400, body, `"error":"unauthorized_client"`)
	status, body = u.oauth(u.confidential("client_credentials", "scope", "read", "client_secret", "wrong"))
	u.wants("a wrong secret", status, 401, body, `"error":"invalid_client"`)
	status, body = u.oauth(u.confidential("password"))
	u.wants("the password grant", status, 400, body, `"error":"unsupported_grant_type"`)

	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {u.fix.OAuthClientID}, "client_secret": {u.fix.OAuthClientSecret}, "scope": {"read"}}
	status, body = u.post(u.base+"/oauth/tokens", form)
	u.wants("a form", status, 200, body, "access_token")
	u.set(sandbox.ZendeskTokensJSONOnly)
	status, body = u.post(u.base+"/oauth/tokens", form)
	u.wants("a form where only JSON is read", status, 400, body, `"error":"invalid_request"`)
}

func TestATokenOfAnOldClientHasNoEndUntilTheDayForAll(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	old := pairs("grant_type", "client_credentials", "client_id", u.fix.OAuthOldID, "client_secret", u.fix.OAuthOldSecret, "scope", "read")
	status, body := u.oauth(old)
	u.wants("before", status, 200, body, `"expires_in":null`)
	token := u.text(body, "access_token")
	u.sb.Clock().Advance(time.Date(2027, 4, 1, 1, 0, 0, 0, time.UTC).Sub(u.sb.Clock().Now()))
	status, _, body = u.api("/users/me", token)
	u.wants("after the day", status, 401, body, `"error":"invalid_token"`)
	status, body = u.oauth(old)
	u.wants("a new one", status, 200, body, `"expires_in":1800`)
}

func TestAPITokensEndByDisuseAndByDate(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	in := func(token string) string { return u.fix.AdminEmail + "/token " + token }
	try := func(what, credential string, want int, part string) {
		t.Helper()
		status, _, body := u.api("/users/me.json", credential)
		u.wants(what, status, want, body, part)
	}
	try("in use", in(u.fix.APIToken), 200, `"role":"admin"`)
	try("forgotten", in(u.fix.IdleAPIToken), 401, "Couldn't authenticate you")
	try("a password", u.fix.AdminEmail+" secret", 401, "Couldn't authenticate you")
	try("an end user's address", u.fix.EndUserEmail+"/token "+u.fix.APIToken, 401, "Couldn't authenticate you")
	try("nobody", "", 200, `"name":"Anonymous user"`)
	u.sb.Clock().Advance(29 * 24 * time.Hour)
	try("used within 30 days", in(u.fix.APIToken), 200, `"role":"admin"`)
	u.sb.Clock().Advance(30 * 24 * time.Hour)
	try("not used for 30 days", in(u.fix.APIToken), 401, "Couldn't authenticate you")
	u.set(sandbox.ZendeskWrongIsAnonymous)
	try("taken for nobody", in(u.fix.APIToken), 200, `"name":"Anonymous user"`)

	v := supportPeople(t)
	for _, day := range []int{20, 40, 60, 80, 100, 120, 140, 154} {
		v.sb.Clock().Advance(stopped{}.Now().AddDate(0, 0, day).Sub(v.sb.Clock().Now()))
		if status, _, _ := v.api("/users/me.json", in(v.fix.APIToken)); status != 200 {
			t.Errorf("ended before its day, on %s: %d", v.sb.Clock().Now().Format(time.DateOnly), status)
		}
	}
	v.sb.Clock().Advance(time.Date(2027, 4, 30, 0, 0, 1, 0, time.UTC).Sub(v.sb.Clock().Now()))
	status, _, body := v.api("/users/me.json", in(v.fix.APIToken))
	v.wants("on the last day", status, 401, body, "Couldn't authenticate you")
}

func TestTheAdminCenterMakesNoAPITokenAfterTheDay(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	_, body := u.post(u.fix.APIsURL, url.Values{"add": {"token"}})
	if page, _ := body["page"].(string); !contains(page, "can no longer be created") {
		t.Errorf("it makes one: %v", body)
	}
	id, secret, err := u.sb.ZendeskOAuthClient("export", true, "https://export.acme.example/callback")
	if err != nil || id == "" || secret == "" {
		t.Fatalf("%q, %v", id, err)
	}
	status, got := u.oauth(pairs("grant_type", "client_credentials", "client_id", id, "client_secret", secret, "scope", "users:read"))
	u.wants("the new client", status, 200, got, "access_token")
	if _, _, err := u.sb.ZendeskOAuthClient("plain", false, "http://export.acme.example/"); err == nil {
		t.Error("it takes an http address of another host")
	}
	if err := u.sb.ZendeskEndAPIToken(u.fix.APIToken); err != nil {
		t.Fatal(err)
	}
	status, _, got = u.api("/users/me.json", u.fix.AdminEmail+"/token "+u.fix.APIToken)
	u.wants("the ended token", status, 401, got, "")
}

func TestSupportErrsInFourShapes(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	_, body := u.oauth(u.confidential("client_credentials", "scope", "users:read"))
	token := u.text(body, "access_token")
	status, _, body := u.api("/users/show_many.json?external_ids="+strings.Repeat("a,", 101), token)
	u.wants("too many", status, 422, body, `"details":{"external_ids":[{`)
	status, _, body = u.api("/nothing.json", token)
	u.wants("no endpoint", status, 404, body, `"error":"InvalidEndpoint"`)
	status, _, body = u.api("/tickets/"+u.fix.Cast.Linked.TicketID+"/audits.json", token)
	u.wants("a scope too few", status, 403, body, `"error":{"message":"You are missing`)
	u.set(sandbox.ZendeskFlatForbidden)
	status, _, body = u.api("/tickets/"+u.fix.Cast.Linked.TicketID+"/audits.json", token)
	u.wants("the same, flat", status, 403, body, `"error":"Forbidden"`)
	u.set(sandbox.ZendeskSupportBroken)
	status, _, body = u.api("/users/me.json", token)
	u.wants("broken", status, 500, body, `{"error":"Internal Server Error","status":500}`)
}

func TestSupportTellsHowMuchIsLeftAndThenStops(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	credential := u.fix.AgentEmail + "/token " + u.fix.APIToken
	var header http.Header
	var status int
	for range 400 {
		status, header, _ = u.api("/users/"+u.fix.Cast.Linked.SupportID+"/tickets/requested.json", credential)
	}
	if status != 200 || header.Get("X-Rate-Limit-Remaining") != "0" || header.Get("Ratelimit-Remaining") != "0" || !contains(header.Get("Zendesk-Ratelimit-Tickets-Index"), "remaining=0; resets=") {
		t.Errorf("the last one: %d %v", status, header)
	}
	status, header, body := u.api("/users/me.json", credential)
	u.wants("one too many", status, 429, body, "")
	if header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After: %v", header)
	}
	u.sb.Clock().Advance(time.Minute)
	status, _, body = u.api("/users/me.json", credential)
	u.wants("a minute later", status, 200, body, `"role":"agent"`)
}

func TestThePeopleOfTheDoublesAreTheSame(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	admin := u.fix.AdminEmail + "/token " + u.fix.APIToken
	for _, p := range []sandbox.Person{u.fix.Cast.Linked, u.fix.Cast.Hostile, u.fix.Cast.Numbered} {
		_, _, body := u.api("/users/search.json?external_id="+url.QueryEscape(p.ExternalID), admin)
		users, _ := body["users"].([]any)
		if len(users) != 1 || users[0].(map[string]any)["email"] != p.Email {
			t.Errorf("%s in Support: %v", p.Story, body)
		}
		status, _, body := u.api("/tickets/"+p.TicketID+"/audits.json", admin)
		u.wants(p.Story+"'s chat", status, 200, body, `"visitor_id":"`+p.ChatID+`"`)
		status, body = u.chat(u.base+"/api/v2/chat/visitors/"+p.ChatID, u.fix.ChatToken)
		u.wants(p.Story+" in Chat", status, 200, body, `"email":"`+p.Email+`"`)
		status, _, body = u.get(u.sb.Endpoints()["zendesk"]["conversations"]+"/v2/apps/"+u.fix.AppID+"/users/"+url.PathEscape(p.ExternalID), "Authorization", basic(u.fix.AppKeyID, u.fix.AppKeySecret))
		u.wants(p.Story+" in messaging", status, 200, body, `"zendeskId":"`+p.SupportID+`"`)
	}
	status, _, body := u.api("/users/search.json?external_id="+strings.ToUpper(u.fix.Cast.Linked.ExternalID), admin)
	u.wants("an external id in capitals", status, 200, body, `"external_id":"`+u.fix.Cast.Linked.ExternalID+`"`)
	status, _, body = u.api("/users/show_many.json?external_ids="+strings.ToUpper(u.fix.Cast.Linked.ExternalID), admin)
	u.wants("many of them in capitals", status, 200, body, `"external_id":"`+u.fix.Cast.Linked.ExternalID+`"`)
	status, _, body = u.api("/users/show_many.json?external_ids="+u.fix.Cast.Gone.ExternalID+"&include_deleted=true", admin)
	u.wants("the deleted", status, 200, body, `"active":false`)
	if n := len(u.fix.Cast.Long.ExternalID); n <= 255 {
		t.Errorf("the long id has %d characters", n)
	}
}
