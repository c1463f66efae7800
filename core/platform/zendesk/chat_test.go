package zendesk_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/platform/zendesk"
	"deskward/core/sandbox"
	"deskward/core/transport"
)

// chat is a stored connection to Chat by a token that was pasted.
func (b *bench) chat(token string) core.Connection {
	b.t.Helper()
	return b.add(func(c *core.Connection) {
		c.Name, c.Grant, c.Region = "Acme chat", core.GrantAPIToken, ""
		c.Settings = map[string]string{"product": "chat"}
		c.Secrets = core.Secrets{core.SecretAPIToken: core.NewSecret(token)}
	})
}

func (b *bench) set(switches ...sandbox.Switch) {
	b.t.Helper()
	for _, s := range switches {
		if err := b.sb.Set(s, true); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) check(c core.Connection) core.Connection {
	b.t.Helper()
	c, err := b.service.Check(b.t.Context(), c.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) find(c core.Connection, id string) []core.Visitor {
	b.t.Helper()
	client, err := b.service.Dial(c)
	if err != nil {
		b.t.Fatal(err)
	}
	found, err := client.(lookup.Finder).Find(b.t.Context(), lookup.ByChatID, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

func TestAChatConnectionRemembersTheHostThatAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set(sandbox.ZendeskChatZopimOnly)
	c := b.check(b.chat(b.fix.ChatToken))
	if !c.Check.OK || c.Settings["host"] != "zopim" || c.Settings["product"] != "chat" {
		t.Fatalf("%+v %v", c.Check, c.Settings)
	}
	ends := zendesk.Platform().Ends(c.Summary())
	if len(ends) != 1 || ends[0].Code != "zendesk.zopim-ends" || ends[0].At.Format(time.DateOnly) != "2025-05-12" {
		t.Errorf("ends: %+v", ends)
	}
	// It is stored with what a listing knows.
	listed, err := b.conns.List(t.Context())
	if err != nil || len(listed) != 1 || listed[0].Host != "zopim" || listed[0].Product != "chat" {
		t.Errorf("listed: %+v, %v", listed, err)
	}
	if found := b.find(c, b.fix.Cast.Linked.ChatID); len(found) != 1 {
		t.Errorf("there: %v", found)
	}
	if err := b.sb.Set(sandbox.ZendeskChatZopimOnly, false); err != nil {
		t.Fatal(err)
	}
	b.set(sandbox.ZendeskZopimAnswers)
	c = b.check(c)
	if c.Settings["host"] != "subdomain" || len(zendesk.Platform().Ends(c.Summary())) != 0 {
		t.Errorf("it does not move: %v", c.Settings)
	}
}

func TestAHostThatIsOnlyBusyIsNotLeft(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"zendesk.unavailable":  {Service: "zendesk.chat", Status: http.StatusBadGateway},
		"zendesk.rate-limited": {Service: "zendesk.chat", Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second},
	} {
		b := newBench(t)
		b.set(sandbox.ZendeskZopimAnswers)
		b.sb.SetFault(fault)
		c := b.chat(b.fix.ChatToken)
		_, err := b.service.Check(t.Context(), c.ID)
		wantCode(t, err, name, core.Failed)
		if wait, ok := core.RetryAfter(err); fault.RetryAfter > 0 && (!ok || wait != fault.RetryAfter) {
			t.Errorf("%s: wait %v", name, wait)
		}
		if now, err := b.conns.Get(t.Context(), c.ID); err != nil || now.Settings["host"] != "" {
			t.Errorf("%s: it went elsewhere: %v, %v", name, now.Settings, err)
		}
	}
}

func TestACheckTellsSupportsTokenFromChats(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	supports := b.supportToken("users:read")
	scopeless := b.supportToken("tickets:read")
	for name, one := range map[string]struct{ token, code string }{
		"Chat's": {b.fix.ChatToken, ""}, "Support's": {supports, "zendesk.chat-support-token"},
		"Support's without the scope for users": {scopeless, "zendesk.chat-support-token"}, "nobody's": {"nonsense", "zendesk.chat-unauthorized"},
	} {
		c := b.chat(one.token)
		c = b.check(c)
		if c.Check.OK != (one.code == "") || c.Check.Code != one.code {
			t.Errorf("%s: %+v", name, c.Check)
		}
		if err := b.conns.Remove(t.Context(), c.ID, c.Rev); err != nil {
			t.Fatal(err)
		}
	}
	// Support answers the anonymous too: that is no proof.
	b.set(sandbox.ZendeskWrongIsAnonymous)
	if c := b.check(b.chat("nonsense")); c.Check.Code != "zendesk.chat-unauthorized" {
		t.Errorf("the anonymous counts: %+v", c.Check)
	}
}

func (b *bench) supportToken(scope string) string {
	b.t.Helper()
	form := strings.NewReader("grant_type=client_credentials&client_id=" + b.fix.OAuthClientID + "&client_secret=" + b.fix.OAuthClientSecret + "&scope=" + scope)
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.fix.SupportURL+"/oauth/tokens", form)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := transport.Do(http.DefaultClient, req)
	if err != nil {
		b.t.Fatal(err)
	}
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := a.Decode("", &out); err != nil || out.AccessToken == "" {
		b.t.Fatalf("%s, %v", a.Body, err)
	}
	return out.AccessToken
}

func TestAChatVisitorIsFoundByDotOrDashInEveryShape(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.check(b.chat(b.fix.ChatToken))
	linked, numbered := b.fix.Cast.Linked, b.fix.Cast.Numbered
	look := func(what string) {
		t.Helper()
		for _, id := range []string{linked.ChatID, strings.Replace(linked.ChatID, ".", "-", 1), " " + linked.ChatID + " "} {
			found := b.find(c, id)
			if len(found) != 1 || found[0].ExternalID != linked.ExternalID || found[0].Email() != linked.Email || found[0].Emails[0].Verified || found[0].CreatedAt.IsZero() {
				t.Errorf("%s, %q: %+v", what, id, found)
			}
		}
		if found := b.find(c, numbered.ChatID); len(found) != 1 || found[0].ID != numbered.ChatID {
			t.Errorf("%s: %+v", what, found)
		}
	}
	look("as the documents have it")
	b.set(sandbox.ZendeskChatNumbers, sandbox.ZendeskChatUnixTimes)
	look("as an answer had it")
	b.set(sandbox.ZendeskChatDashIDs)
	look("with dashes")
	for _, id := range []string{"1.nobody", "..", "", "9855790.xjj3u5xPWhW101/../../agents"} {
		if found := b.find(c, id); len(found) != 0 {
			t.Errorf("%q: %+v", id, found)
		}
	}
	if found := b.find(c, b.fix.Cast.Banned.ChatID); len(found) != 1 || !found[0].Blocked {
		t.Errorf("the banned: %+v", found)
	}
	hostile := b.find(c, b.fix.Cast.Hostile.ChatID)
	if len(hostile) != 1 || strings.ContainsAny(hostile[0].Name, "\x1b\x07\r\n\u202e") || !strings.Contains(hostile[0].Name, "山田") {
		t.Errorf("the hostile: %+v", hostile)
	}
}

// The request and the answer are those of a document of 2020, made by nobody of
// this project: dash in, dot out, seconds since 1970.
func TestAnAnswerAsADocumentOf2020HasItIsRead(t *testing.T) {
	t.Parallel()
	var asked []string
	zopim := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		if r.URL.Path != "/api/v2/visitors/9855790-xjj3u5xPWhW1Fv" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{
  "banned": false,
  "notes": "",
  "id": "9855790.xjj3ukxyIhn6j3",
  "email": "email@email.com",
  "phone": "",
  "created": 1586950554,
  "name": "email@email.com",
  "external_id": "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f"
}`))
	}))
	defer zopim.Close()
	b := newBench(t)
	chat := zendesk.NewChat(core.Connection{
		Name: "Acme chat", Grant: core.GrantAPIToken, Account: "acme", Settings: map[string]string{"product": "chat", "host": "zopim"},
		Secrets: core.Secrets{core.SecretAPIToken: core.NewSecret("a token")},
	}, platform.Env{HTTP: b.http, Endpoints: transport.Endpoints{zendesk.ID: {"zopim": zopim.URL, "chat": zopim.URL}}, Clock: b.sb.Clock()})
	found, err := chat.Find(t.Context(), lookup.ByChatID, "9855790-xjj3u5xPWhW1Fv")
	if err != nil || len(found) != 1 || strings.Join(asked, "; ") != "GET /api/v2/visitors/9855790.xjj3u5xPWhW1Fv Bearer a token; GET /api/v2/visitors/9855790-xjj3u5xPWhW1Fv Bearer a token" {
		t.Fatalf("%+v, %v, asked %v", found, err, asked)
	}
	v := found[0]
	if v.ID != "9855790.xjj3ukxyIhn6j3" || v.ExternalID != "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f" || v.Email() != "email@email.com" || v.Blocked ||
		!v.CreatedAt.Equal(time.Date(2020, 4, 15, 11, 35, 54, 0, time.UTC)) {
		t.Errorf("%+v", v)
	}
}

func TestNobodyIsNotFoundAtTheWrongHost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set(sandbox.ZendeskChatZopimOnly)
	c := b.chat(b.fix.ChatToken) // never checked: the host is not known
	if found := b.find(c, b.fix.Cast.Linked.ChatID); len(found) != 1 {
		t.Errorf("found %v", found)
	}
}

func TestChatThatIsNowhereIsSaid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sb.SetFault(sandbox.Fault{Service: "zendesk.chat", HTML: true})
	if c := b.check(b.chat(b.fix.ChatToken)); c.Check.Code != "zendesk.chat-nowhere" {
		t.Errorf("%+v", c.Check)
	}
}

func TestTheVendorsOwnIDOfAChatVisitorIsNotTheCompanys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.check(b.chat(b.fix.ChatToken))
	client, err := b.service.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	messaging := b.add(nil)
	other, err := b.service.Dial(messaging)
	if err != nil {
		t.Fatal(err)
	}
	sources := []lookup.Source{
		{ID: c.ID, Name: c.Name, Kind: core.VisitorChat, Finder: client.(lookup.Finder)},
		{ID: messaging.ID, Name: messaging.Name, Kind: core.VisitorMessaging, Finder: other.(lookup.Finder)},
	}
	r := (&lookup.Service{Clock: b.sb.Clock()}).Find(t.Context(), lookup.Parse(b.fix.MessagingVisitorID), sources, nil)
	if r.Answers[0].State != lookup.Found || r.Answers[1].State != lookup.Found || r.Answers[1].Visitors[0].ID != b.fix.Cast.Linked.MessagingID {
		t.Fatalf("%+v", r.Answers)
	}
	for _, f := range r.Verdict.Findings {
		if strings.Contains(string(f.Code), "differ") {
			t.Errorf("the ids are compared: %+v", f)
		}
	}
}

func TestChatsTokensAreRefreshedOnceWhereOneIsNoLongerTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	renewed := 0
	chat := zendesk.NewChat(core.Connection{
		Name: "Acme chat", Grant: core.GrantCode, Account: "acme", Settings: map[string]string{"product": "chat"},
		Secrets: core.Secrets{core.SecretRefreshToken: core.NewSecret("there is one")},
	}, platform.Env{
		HTTP: b.http, Endpoints: b.sb.Endpoints(), Clock: b.sb.Clock(),
		Token: func(context.Context) (core.Secret, error) { return core.NewSecret("no longer taken"), nil },
		Renew: func(context.Context) (core.Secret, error) { renewed++; return core.NewSecret(b.fix.ChatToken), nil },
	})
	if check, err := chat.Check(t.Context()); err != nil || !check.OK || renewed != 1 || check.Note != b.fix.AdminEmail {
		t.Errorf("%+v, %v, renewed %d times", check, err, renewed)
	}
}

func TestChatsTokenGoesToItsOwnHostsOnly(t *testing.T) {
	t.Parallel()
	elsewhere := 0
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer stranger.Close()
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, stranger.URL+r.URL.Path, http.StatusFound)
	}))
	defer here.Close()
	b := newBench(t)
	chat := zendesk.NewChat(core.Connection{
		Name: "Acme chat", Grant: core.GrantAPIToken, Account: "acme", Secrets: core.Secrets{core.SecretAPIToken: core.NewSecret("a token")},
	}, platform.Env{HTTP: b.http, Endpoints: transport.Endpoints{zendesk.ID: {"chat": here.URL, "zopim": here.URL, "support": here.URL}}, Clock: b.sb.Clock()})
	if check, err := chat.Check(t.Context()); err == nil || check.OK || elsewhere != 0 {
		t.Errorf("%+v, %v, %d calls elsewhere", check, err, elsewhere)
	}
	for _, account := range []string{"", "stranger.example#"} {
		c := core.Connection{Name: "Acme chat", Account: account, Settings: map[string]string{"product": "chat"}}
		_, err := zendesk.NewChat(c, platform.Env{HTTP: b.http}).Check(t.Context())
		wantCode(t, err, "zendesk.no-subdomain", core.Usage)
	}
}
