package sandbox_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"deskward/core/sandbox"
)

func basic(name, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
}

func (u *supportUsers) chat(target, token string) (int, map[string]any) {
	u.Helper()
	status, _, body := u.get(target, "Authorization", "Bearer "+token)
	return status, body
}

func (u *supportUsers) chatToken(with ...string) (int, map[string]any) {
	u.Helper()
	form := url.Values{"client_id": {u.fix.ChatClientID}, "client_secret": {u.fix.ChatClientSecret}, "redirect_uri": {u.fix.ChatRedirects[0]}}
	for i := 0; i+1 < len(with); i += 2 {
		form.Set(with[i], with[i+1])
	}
	return u.post(u.base+"/oauth2/chat/token", form)
}

func (u *supportUsers) chatURL(with ...string) string {
	q := url.Values{"response_type": {"code"}, "client_id": {u.fix.ChatClientID}, "redirect_uri": {u.fix.ChatRedirects[0]}, "scope": {"read write"}, "state": {"s"}}
	for i := 0; i+1 < len(with); i += 2 {
		q.Set(with[i], with[i+1])
	}
	return u.base + "/oauth2/chat/authorizations/new?" + q.Encode()
}

func TestChatRefusesWhatIsSupports(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	_, body := u.oauth(u.confidential("client_credentials", "scope", "read write"))
	status, body := u.chat(u.base+"/api/v2/chat/agents", u.text(body, "access_token"))
	u.wants("a Support token", status, 401, body, `"error":"Unauthorized"`)
	status, body = u.chatToken("grant_type", "client_credentials", "client_id", u.fix.OAuthClientID, "client_secret", u.fix.OAuthClientSecret, "scope", "read")
	u.wants("a Support client", status, 401, body, `"error":"invalid_client"`)
	status, _, body = u.api("/users/search.json?query=lin", u.fix.ChatToken)
	u.wants("a Chat token at Support", status, 401, body, `"error":"invalid_token"`)
	status, body = u.chat(u.base+"/api/v2/chat/agents", u.fix.ChatToken)
	if list, _ := body["page"].(string); status != 200 || !contains(list, `"administrator":true`) {
		t.Errorf("Chat's own: %d %v", status, body)
	}
}

func TestChatsTokensComeByCodeAndAtOnceAndByAConfidentialClient(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	visitor := u.base + "/api/v2/chat/visitors/" + u.fix.Cast.Linked.ChatID
	code := u.grant(u.chatURL()).Get("code")
	status, first := u.chatToken("grant_type", "authorization_code", "code", code)
	u.wants("the code", status, 200, first, "refresh_token")
	status, body := u.chat(visitor, u.text(first, "access_token"))
	u.wants("its token", status, 200, body, `"name":"Lin Linked"`)
	status, body = u.chatToken("grant_type", "authorization_code", "code", code)
	u.wants("the code again", status, 400, body, `"error":"invalid_grant"`)
	status, body = u.chatToken("grant_type", "refresh_token", "refresh_token", u.text(first, "refresh_token"))
	u.wants("the refresh", status, 200, body, "refresh_token")
	status, body = u.chatToken("grant_type", "refresh_token", "refresh_token", u.text(first, "refresh_token"))
	u.wants("the refresh again", status, 400, body, `"error":"invalid_grant"`)

	to, err := u.sb.GrantInTerminal(t.Context(), u.chatURL("response_type", "token"))
	if err != nil {
		t.Fatal(err)
	}
	_, fragment, _ := strings.Cut(to, "#")
	at, err := url.ParseQuery(fragment)
	if err != nil || at.Get("access_token") == "" || at.Get("state") != "s" {
		t.Fatalf("at once: %s", to)
	}
	status, body = u.chat(visitor, at.Get("access_token"))
	u.wants("its token", status, 200, body, `"name":"Lin Linked"`)

	status, body = u.chatToken("grant_type", "client_credentials", "scope", "read")
	u.wants("a public client", status, 400, body, `"error":"unauthorized_client"`)
	status, body = u.chatToken("grant_type", "client_credentials", "client_id", u.fix.ChatServerID, "client_secret", u.fix.ChatServerSecret, "scope", "chat")
	u.wants("a confidential one", status, 200, body, "access_token")
	status, body = u.chat(visitor, u.text(body, "access_token"))
	u.wants("without the scope read", status, 403, body, `"error":"Forbidden"`)
	if status, _ := u.control(http.MethodPost, "/sandbox/switches", map[string]any{"name": sandbox.ZendeskChatPKCE, "on": true}); status != 200 {
		t.Fatal(status)
	}
	code = u.grant(u.chatURL("code_challenge", challenge(), "code_challenge_method", "S256")).Get("code")
	status, body = u.chatToken("grant_type", "authorization_code", "code", code)
	u.wants("without the verifier", status, 400, body, `"error":"invalid_grant"`)
}

func TestChatIsAtOneHostOrTheOther(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	at := func() (int, int) {
		here, _ := u.chat(u.base+"/api/v2/chat/agents", u.fix.ChatToken)
		there, _ := u.chat(u.fix.ZopimURL+"/api/v2/agents", u.fix.ChatToken)
		return here, there
	}
	if here, there := at(); here != 200 || there != 410 {
		t.Errorf("today: %d, %d", here, there)
	}
	u.set(sandbox.ZendeskZopimAnswers)
	if here, there := at(); here != 200 || there != 200 {
		t.Errorf("as it was: %d, %d", here, there)
	}
	u.set(sandbox.ZendeskChatZopimOnly)
	if here, there := at(); here != 404 || there != 200 {
		t.Errorf("of Chat alone: %d, %d", here, there)
	}
}

func TestChatsVisitorsAreShownInEitherShape(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	show := func(id string) (int, map[string]any) {
		return u.chat(u.base+"/api/v2/chat/visitors/"+id, u.fix.ChatToken)
	}
	dotted, numbered := u.fix.Cast.Linked.ChatID, u.fix.Cast.Numbered.ChatID
	dashed := strings.Replace(dotted, ".", "-", 1)
	if status, body := show(dashed); status != 404 || body["error"] != "Not Found" {
		t.Errorf("a dash: %d %v", status, body)
	}
	if _, body := show(numbered); body["id"] != numbered {
		t.Errorf("a text: %v", body["id"])
	}
	u.set(sandbox.ZendeskChatNumbers)
	u.set(sandbox.ZendeskChatUnixTimes)
	_, body := show(numbered)
	if _, ok := body["id"].(float64); !ok {
		t.Errorf("no number: %v", body["id"])
	}
	if _, ok := body["created"].(float64); !ok {
		t.Errorf("no number: %v", body["created"])
	}
	u.set(sandbox.ZendeskChatDashIDs)
	if status, _ := show(dotted); status != 404 {
		t.Errorf("a dot: %d", status)
	}
	if status, body := show(dashed); status != 200 || body["id"] != dashed {
		t.Errorf("a dash: %d %v", status, body)
	}
	status, body := u.chat(u.base+"/api/v2/chat/bans?limit=1", u.fix.ChatToken)
	u.wants("bans", status, 200, body, `"visitor_name":"Ben Banned"`)
}

func TestChatAndSupportFailApartThoughTheyAreAtOneHost(t *testing.T) {
	t.Parallel()
	u := supportPeople(t)
	u.sb.SetFault(sandbox.Fault{Service: "zendesk.chat", Status: http.StatusBadGateway})
	u.sb.SetFault(sandbox.Fault{Service: "zendesk.support", Path: "/api/v2/users/search", HTML: true})
	admin := u.fix.AdminEmail + "/token " + u.fix.APIToken
	if status, _ := u.chat(u.base+"/api/v2/chat/agents", u.fix.ChatToken); status != http.StatusBadGateway {
		t.Errorf("Chat: %d", status)
	}
	status, _, body := u.api("/users/me.json", admin)
	u.wants("Support", status, 200, body, `"role":"admin"`)
	if _, header, body := u.api("/users/search.json?query=lin", admin); !contains(header.Get("Content-Type"), "text/html") || body["users"] != nil {
		t.Errorf("Support's search: %v %v", header, body)
	}
	var services []string
	for _, c := range u.sb.Calls() {
		services = append(services, c.Service)
	}
	if got := strings.Join(services, " "); got != "zendesk.chat zendesk.support zendesk.support" {
		t.Errorf("the calls are of %s", got)
	}
}
