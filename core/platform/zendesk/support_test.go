package zendesk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/platform/zendesk"
	"deskward/core/sandbox"
	"deskward/core/transport"
)

// support is a stored connection to Support by an API token.
func (b *bench) support(email, token string) core.Connection {
	b.t.Helper()
	return b.add(func(c *core.Connection) {
		c.Name, c.Grant, c.Region = "Acme support", core.GrantAPIToken, ""
		c.Settings = map[string]string{"product": "support", "email": email}
		c.Secrets = core.Secrets{core.SecretAPIToken: core.NewSecret(token)}
	})
}

// bearer is a client of Support with an access token, renewed by renew.
func (b *bench) bearer(token string, renew func(context.Context) (core.Secret, error), scopes ...string) *zendesk.Support {
	return zendesk.NewSupport(core.Connection{
		Name: "Acme support", Grant: core.GrantCode, Account: b.fix.Subdomain, Scopes: scopes, Settings: map[string]string{"product": "support"},
		Secrets: core.Secrets{core.SecretRefreshToken: core.NewSecret("there is one")},
	}, platform.Env{
		HTTP: b.http, Endpoints: b.sb.Endpoints(), Clock: b.sb.Clock(), Renew: renew,
		Token: func(context.Context) (core.Secret, error) { return core.NewSecret(token), nil },
	})
}

// faked is a client of Support by API token whose server is h.
func faked(t *testing.T, b *bench, h http.HandlerFunc) *zendesk.Support {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return zendesk.NewSupport(core.Connection{
		Name: "Acme support", Grant: core.GrantAPIToken, Account: "acme", Settings: map[string]string{"product": "support", "email": "agnes@acme.example"},
		Secrets: core.Secrets{core.SecretAPIToken: core.NewSecret("a token")},
	}, platform.Env{HTTP: b.http, Endpoints: transport.Endpoints{zendesk.ID: {"support": srv.URL}}, Clock: b.sb.Clock()})
}

func (b *bench) who(c core.Connection, k lookup.QueryKind, text string) []core.Visitor {
	b.t.Helper()
	client, err := b.service.Dial(c)
	if err != nil {
		b.t.Fatal(err)
	}
	found, err := client.(lookup.Finder).Find(b.t.Context(), k, text)
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

func TestACheckOfSupportTellsTheRightCredentialFromItsLookAlikes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, one := range map[string]struct{ email, token, code string }{
		"an admin's":          {b.fix.AdminEmail, b.fix.APIToken, ""},
		"an agent's":          {b.fix.AgentEmail, b.fix.APIToken, ""},
		"an end user's":       {b.fix.EndUserEmail, b.fix.APIToken, "zendesk.support-api-token"},
		"unused for 30 days":  {b.fix.AdminEmail, b.fix.IdleAPIToken, "zendesk.support-api-token"},
		"nobody's":            {b.fix.AdminEmail, "nonsense", "zendesk.support-api-token"},
		"an OAuth token":      {b.fix.AdminEmail, b.supportToken("users:read"), "zendesk.support-oauth-token"},
		"an OAuth token, few": {b.fix.AdminEmail, b.supportToken("tickets:read"), "zendesk.support-oauth-token"},
		"a token of Chat":     {b.fix.AdminEmail, b.fix.ChatToken, "zendesk.support-chat-token"},
	} {
		c := b.check(b.support(one.email, one.token))
		if c.Check.OK != (one.code == "") || c.Check.Code != one.code || one.code == "" && c.Check.Note != one.email {
			t.Errorf("%s: %+v", name, c.Check)
		}
		if err := b.conns.Remove(t.Context(), c.ID, c.Rev); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheAnonymousAndEndUsersAreNoProof(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.set(sandbox.ZendeskWrongIsAnonymous)
	if c := b.check(b.support(b.fix.AdminEmail, "nonsense")); c.Check.Code != "zendesk.support-anonymous" {
		t.Errorf("the anonymous counts: %+v", c.Check)
	}
	endUser := faked(t, b, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"user":{"id":35436,"name":"Eve","email":"eve@acme.example","role":"end-user"}}`))
	})
	_, err := endUser.Check(t.Context())
	wantCode(t, err, "zendesk.support-end-user", core.Refused)
}

func TestAWrongSubdomainIsSaid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, h := range map[string]http.HandlerFunc{
		"a page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte("<html>There is no help desk here</html>"))
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://www.zendesk.com/app/help-center-closed/", http.StatusFound)
		},
	} {
		_, err := faked(t, b, h).Check(t.Context())
		if core.CodeOf(err) != "zendesk.not-api" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, account := range []string{"", "stranger.example#"} {
		_, err := zendesk.NewSupport(core.Connection{Name: "x", Account: account}, platform.Env{HTTP: b.http}).Check(t.Context())
		wantCode(t, err, "zendesk.no-subdomain", core.Usage)
	}
}

func TestSupportsShapesOfErrorsAreRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for body, want := range map[string]struct {
		status     int
		code, word string
		class      core.Class
	}{
		`{"error":"RecordInvalid","description":"Record validation errors","details":{"external_ids":[{"description":"x","error":"TooMany"}]}}`: {422, "zendesk.support-question", "RecordInvalid", core.Refused},
		`{"error":"InvalidEndpoint","description":"Not found"}`:                                                                                 {404, "zendesk.no-code", "", core.Refused},
		`{"error":{"title":"Forbidden","message":"You do not have access to this page."}}`:                                                      {403, "zendesk.support-forbidden", "Forbidden", core.Refused},
		`{"error":{"title":"Forbidden","message":"You are missing the following required scopes: read, users:read"}}`:                           {403, "zendesk.support-scope", "Forbidden", core.Refused},
		`{"error":"Forbidden","description":"You are missing the following required scopes: read, users:read"}`:                                 {403, "zendesk.support-scope", "Forbidden", core.Refused},
		`{"status":500,"error":"Internal Server Error"}`:                                                                                        {500, "zendesk.unavailable", "", core.Failed},
		`{"error":"Couldn't authenticate you"}`:                                                                                                 {401, "zendesk.support-api-token", "", core.Refused},
		`{"error":"invalid_token","error_description":"The access token provided is expired, revoked, malformed or invalid."}`:                  {401, "zendesk.support-api-token", "invalid_token", core.Refused},
		`{"error":"APIRateLimitExceeded","description":"Number of allowed API requests per minute exceeded"}`:                                   {429, "zendesk.rate-limited", "", core.Failed},
		`{"error":["what was sent, a token"],"description":{"x":1}}`:                                                                            {400, "zendesk.support-question", "", core.Refused},
		`{"error":"a token","description":"a token"}`:                                                                                           {400, "zendesk.support-question", "", core.Refused},
	} {
		s := faked(t, b, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(want.status)
			_, _ = w.Write([]byte(body))
		})
		_, err := s.Find(t.Context(), lookup.ByExternalID, "usr_1")
		wantCode(t, err, want.code, want.class)
		var e *core.Error
		if e, _ = err.(*core.Error); e == nil || want.word != "" && e.Params["code"] != want.word || strings.Contains(fmt.Sprint(e.Params), "a token") {
			t.Errorf("%s: %+v", body, e)
		}
	}
}

func TestSupportIsAskedAgainWhenItSays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, one := range map[string]struct {
		status int
		header [2]string
		wait   time.Duration
		again  bool
	}{
		"429 with Retry-After":  {429, [2]string{"Retry-After", "17"}, 17 * time.Second, true},
		"429 of a list":         {429, [2]string{"Ratelimit-Reset", "23"}, 23 * time.Second, true},
		"429 that says nothing": {429, [2]string{"X", "y"}, time.Second, true},
		"502":                   {502, [2]string{"X", "y"}, 2 * time.Second, true},
		"502 with Retry-After":  {502, [2]string{"Retry-After", "9"}, 9 * time.Second, true},
		"500":                   {500, [2]string{"X", "y"}, 0, false},
	} {
		s := faked(t, b, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(one.header[0], one.header[1])
			w.WriteHeader(one.status)
		})
		_, err := s.Find(t.Context(), lookup.ByExternalID, "usr_1")
		if wait, ok := core.RetryAfter(err); ok != one.again || wait != one.wait || core.ClassOf(err) != core.Failed {
			t.Errorf("%s: %v, %v, %v", name, wait, ok, err)
		}
	}
}

func TestSupportFindsPeopleByWhateverIsKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.check(b.support(b.fix.AgentEmail, b.fix.APIToken))
	cast := b.fix.Cast
	for _, q := range []struct {
		kind lookup.QueryKind
		text string
		want string
	}{
		{lookup.ByExternalID, cast.Linked.ExternalID, cast.Linked.SupportID},
		{lookup.ByExternalID, " " + cast.Linked.ExternalID + " ", cast.Linked.SupportID},
		{lookup.ByExternalID, cast.Hostile.ExternalID, cast.Hostile.SupportID}, // | / ü ? & # %
		{lookup.ByExternalID, cast.Long.ExternalID, cast.Long.SupportID},
		{lookup.ByEmail, cast.Linked.Email, cast.Linked.SupportID},
		{lookup.ByEmail, "lin@home.example", cast.Linked.SupportID}, // not the primary one
		{lookup.BySupportID, cast.Linked.SupportID, cast.Linked.SupportID},
		{lookup.ByText, "Una Apart", cast.Apart.SupportID},
		{lookup.ByPhone, "+81 3-5555-0100", cast.Linked.SupportID},
		{lookup.ByPhone, "(03) 5555-0100", cast.Linked.SupportID}, // as the record does not have it
		{lookup.ByPhone, "+81 (0)3 5555 0100", cast.Linked.SupportID},
		{lookup.ByPhone, "+81 3-5555-0101", ""},
		{lookup.ByPhone, "-0100 OR name:Lin", ""}, // no number: nothing is asked
		{lookup.ByExternalID, "nobody", ""},
		{lookup.BySupportID, "900999999999", ""},
		{lookup.BySupportID, "../oauth/clients", ""},
		{lookup.ByEmail, `a"b@acme.example`, ""},
		{lookup.ByText, "", ""},
	} {
		found := b.who(c, q.kind, q.text)
		if q.want == "" && len(found) == 0 {
			continue
		}
		if len(found) != 1 || found[0].ID != q.want || found[0].Kind != core.VisitorSupport {
			t.Errorf("%s %q: %+v", q.kind, q.text, found)
		}
	}
	lin := b.who(c, lookup.ByExternalID, cast.Linked.ExternalID)[0]
	if len(lin.Emails) != 2 || !lin.Emails[0].Primary || !lin.Emails[0].Verified || lin.Emails[1].Verified || lin.Role != "end-user" || lin.CreatedAt.IsZero() ||
		lin.Link != "https://"+b.fix.Subdomain+".zendesk.com/agent/users/"+lin.ID {
		t.Errorf("%+v", lin)
	}
	for _, blocked := range []string{cast.Banned.SupportID, cast.Gone.SupportID} {
		if found := b.who(c, lookup.BySupportID, blocked); len(found) != 1 || !found[0].Blocked {
			t.Errorf("%s: %+v", blocked, found)
		}
	}
	hostile := b.who(c, lookup.BySupportID, cast.Hostile.SupportID)[0]
	if strings.ContainsAny(hostile.Name, "\x1b\x07\r\n\u202e") || !strings.Contains(hostile.Name, "山田") {
		t.Errorf("%q", hostile.Name)
	}
}

// many serves show_many of users whose external id is usr_<n>, and counts.
type many struct {
	mu    sync.Mutex
	calls [][]string
	long  int
}

func (m *many) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ids := strings.Split(r.URL.Query().Get("external_ids"), ",")
	m.mu.Lock()
	defer m.mu.Unlock()
	m.long = max(m.long, len(r.URL.RawQuery))
	if r.URL.Path != "/api/v2/users/show_many.json" || len(ids) > 100 {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	m.calls = append(m.calls, ids)
	users := []map[string]any{}
	for _, id := range ids {
		if !strings.HasPrefix(id, "none") {
			users = append(users, map[string]any{"id": len(m.calls)*1000 + len(users), "external_id": strings.ToUpper(id), "name": id})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"users": users})
}

func TestAThousandExternalIDsAreTenCalls(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), &many{}
	s := faked(t, b, m.ServeHTTP)
	var all []string
	for i := range 1000 {
		all = append(all, "usr_"+strconv.Itoa(i))
	}
	found := map[string]int{}
	for lot := range slices.Chunk(all, s.BatchSize(lookup.ByExternalID)) {
		answer, err := s.FindBatch(t.Context(), lookup.ByExternalID, lot)
		if err != nil {
			t.Fatal(err)
		}
		for text, people := range answer {
			found[text] = len(people)
		}
	}
	if len(m.calls) != 10 || len(found) != 1000 || found["usr_7"] != 1 {
		t.Errorf("%d calls, %d found", len(m.calls), len(found))
	}
	if s.BatchSize(lookup.ByEmail) != 0 || s.BatchSize(lookup.BySupportID) != 100 {
		t.Error("other kinds")
	}
}

func TestLongIDsArePartedSoThatAnAddressIsNotTooLong(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), &many{}
	s := faked(t, b, m.ServeHTTP)
	var all []string
	for i := range 100 {
		all = append(all, strings.Repeat("山", 200)+strconv.Itoa(i))
	}
	all = append(all, "none_1", "")
	answer, err := s.FindBatch(t.Context(), lookup.ByExternalID, all)
	if err != nil || len(answer) != 100 || len(answer["none_1"]) != 0 {
		t.Errorf("%d of 100 found, %v", len(answer), err)
	}
	if m.long > 6100 {
		t.Errorf("a query of %d bytes", m.long)
	}
}

func TestABatchOfTheDoubleFindsEachItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	client, err := b.service.Dial(b.support(b.fix.AgentEmail, b.fix.APIToken))
	if err != nil {
		t.Fatal(err)
	}
	batch, cast := client.(lookup.BatchFinder), b.fix.Cast
	answer, err := batch.FindBatch(t.Context(), lookup.ByExternalID, []string{cast.Linked.ExternalID, cast.Hostile.ExternalID, "nobody", "a,b"})
	if err != nil || len(answer[cast.Linked.ExternalID]) != 1 || len(answer[cast.Hostile.ExternalID]) != 1 || len(answer["nobody"])+len(answer["a,b"]) != 0 {
		t.Errorf("%+v, %v", answer, err)
	}
	answer, err = batch.FindBatch(t.Context(), lookup.BySupportID, []string{cast.Linked.SupportID, "x/../y"})
	if err != nil || len(answer) != 1 || answer[cast.Linked.SupportID][0].ExternalID != cast.Linked.ExternalID {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestTicketsLeadFromAnExternalIDToTheChatVisitor(t *testing.T) {
	t.Parallel()
	for _, dashes := range []bool{false, true} {
		b := newBench(t)
		if dashes {
			b.set(sandbox.ZendeskAuditDashIDs)
		}
		support, chat := b.support(b.fix.AgentEmail, b.fix.APIToken), b.chat(b.fix.ChatToken)
		var sources []lookup.Source
		for _, c := range []core.Connection{support, chat} {
			client, err := b.service.Dial(b.check(c))
			if err != nil {
				t.Fatal(err)
			}
			f := client.(lookup.Finder)
			sources = append(sources, lookup.Source{ID: c.ID, Name: c.Name, Kind: lookup.Finds(f), Finder: f})
		}
		if sources[0].Kind != core.VisitorSupport || sources[1].Kind != core.VisitorChat {
			t.Fatalf("%v, %v", sources[0].Kind, sources[1].Kind)
		}
		r := (&lookup.Service{Clock: b.sb.Clock()}).Find(t.Context(), lookup.Parse("external:"+b.fix.Cast.Linked.ExternalID), sources, nil)
		if len(r.Answers[1].Visitors) != 1 || r.Answers[1].Visitors[0].ID != b.fix.Cast.Linked.ChatID || r.Verdict.Outcome != lookup.Linked {
			t.Errorf("dashes %v: %+v", dashes, r)
		}
	}
}

// desk serves tickets of user 7 and their audits, and counts the audits read.
func desk(tickets string, audit func(http.ResponseWriter), read *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/v2/users/7/tickets/requested.json":
			_, _ = w.Write([]byte(`{"tickets":` + tickets + `}`))
		case strings.HasSuffix(r.URL.Path, "/audits.json"):
			*read = append(*read, strings.Split(r.URL.Path, "/")[4])
			audit(w)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}
}

func TestFewAuditsAreReadTheNewestChatsFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var tickets []string
	for i := range 9 {
		channel := []string{"chat", "email", "native_messaging"}[i%3]
		tickets = append(tickets, fmt.Sprintf(`{"id":%d,"via":{"channel":%q},"created_at":"2026-11-%02dT10:00:00Z"}`, 100+i, channel, i+1))
	}
	var read []string
	s := faked(t, b, desk("["+strings.Join(tickets, ",")+"]", func(w http.ResponseWriter) {
		_, _ = w.Write([]byte(`{"audits":[{"events":[{"type":"Create","value":"x"},{"type":"ChatStartedEvent","value":{"visitor_id":"1.abcdefgh"}},{"type":"ChatStartedEvent","value":"?"},{"type":"ChatStartedEvent","value":{"visitor_id":null}}]}]}`))
	}, &read))
	leads, err := s.Leads(t.Context(), core.Visitor{Kind: core.VisitorSupport, ID: "7"})
	if err != nil || len(leads) != 1 || leads[0].Kind != lookup.ByChatID || leads[0].Text != "1.abcdefgh" {
		t.Errorf("%+v, %v", leads, err)
	}
	if got := strings.Join(read, " "); got != "106 103 100 108 105" {
		t.Errorf("read %s", got)
	}
	for _, v := range []core.Visitor{{Kind: core.VisitorChat, ID: "7"}, {Kind: core.VisitorSupport, ID: "7/../8"}} {
		if leads, err := s.Leads(t.Context(), v); leads != nil || err != nil {
			t.Errorf("%+v leads to %v, %v", v, leads, err)
		}
	}
}

func TestAuditsThatAreRefusedAreSaidAndHideNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var read []string
	s := faked(t, b, desk(`[{"id":1,"via":{"channel":"chat"}}]`, func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"error":{"title":"Forbidden","message":"You are missing the following required scopes: read"}}`))
	}, &read))
	_, err := s.Leads(t.Context(), core.Visitor{Kind: core.VisitorSupport, ID: "7"})
	wantCode(t, err, "zendesk.support-scope", core.Refused)
}

func TestScopesOfSupportAreProbedOneByOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for granted, want := range map[string]string{
		"users:read tickets:read": "users:read yes; tickets:read yes; tickets:write ?",
		"users:read":              "users:read yes; tickets:read no; tickets:write ?",
		"tickets:read":            "users:read no; tickets:read yes; tickets:write ?",
		"read":                    "users:read yes; tickets:read yes; tickets:write ?",
	} {
		s := b.bearer(b.supportToken(strings.ReplaceAll(granted, " ", "+")), nil, "users:read", "tickets:read", "tickets:write")
		probes, err := s.ProbeScopes(t.Context())
		var got []string
		for _, p := range probes {
			word := map[bool]string{true: "yes", false: "no"}[p.Allowed]
			if p.Unsure {
				word = "?"
			} else if p.Call.Status == 0 {
				t.Errorf("%s: no call for %s", granted, p.Scope)
			}
			got = append(got, p.Scope+" "+word)
		}
		if err != nil || strings.Join(got, "; ") != want {
			t.Errorf("%s: %v, %v", granted, got, err)
		}
	}
}

func TestRevokingIsProvedByTryingTheTokenOnceMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	renewed := 0
	renew := func(context.Context) (core.Secret, error) { renewed++; return core.NewSecret("another"), nil }
	token := b.supportToken("users:read")
	if err := b.bearer(token, renew).Revoke(t.Context()); err != nil || renewed != 0 {
		t.Errorf("%v, renewed %d times", err, renewed)
	}
	_, err := b.bearer(token, nil).Check(t.Context())
	wantCode(t, err, "zendesk.support-unauthorized", core.Refused)

	deaf := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, _ = w.Write([]byte(`{"user":{"id":1,"role":"agent"}}`))
	}))
	defer deaf.Close()
	s := zendesk.NewSupport(core.Connection{Name: "Acme", Grant: core.GrantCode, Account: "acme"}, platform.Env{
		HTTP: b.http, Endpoints: transport.Endpoints{zendesk.ID: {"support": deaf.URL}}, Renew: renew,
		Token: func(context.Context) (core.Secret, error) { return core.NewSecret("a token"), nil },
	})
	wantCode(t, s.Revoke(t.Context()), "zendesk.support-still-live", core.Failed)

	c := b.support(b.fix.AdminEmail, b.fix.APIToken)
	_, err = b.service.Revoke(t.Context(), c.ID)
	wantCode(t, err, "zendesk.api-token-by-hand", core.Usage)
}

func TestSupportsTokenIsRenewedOnceWhereItIsNoLongerTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	renewed := 0
	s := b.bearer("no longer taken", func(context.Context) (core.Secret, error) {
		renewed++
		return core.NewSecret(b.supportToken("users:read")), nil
	})
	if check, err := s.Check(t.Context()); err != nil || !check.OK || renewed != 1 || check.Note != b.fix.AdminEmail {
		t.Errorf("%+v, %v, renewed %d times", check, err, renewed)
	}
}

func TestSupportsCredentialGoesToItsOwnHostOnly(t *testing.T) {
	t.Parallel()
	b, elsewhere := newBench(t), 0
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer stranger.Close()
	s := faked(t, b, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, stranger.URL+r.URL.Path, http.StatusFound)
	})
	if check, err := s.Check(t.Context()); err == nil || check.OK || elsewhere != 0 {
		t.Errorf("%+v, %v, %d calls elsewhere", check, err, elsewhere)
	}
}

func TestANewConnectionIsAskedForWhatItsProductNeeds(t *testing.T) {
	t.Parallel()
	p := zendesk.Platform()
	names := func(g core.Grant, product string) string {
		var out []string
		for _, ask := range p.AsksFor(g, map[string]string{"product": product}) {
			name := ask.Name
			if ask.Optional {
				name += "?"
			}
			out = append(out, name)
		}
		return strings.Join(out, " ")
	}
	for _, one := range []struct {
		grant         core.Grant
		product, want string
	}{
		{core.GrantAPIToken, "", "product account email api_token"}, // support is the default
		{core.GrantAPIToken, "support", "product account email api_token"},
		{core.GrantAPIToken, "chat", "product account api_token"},
		{core.GrantCode, "support", "product account client_id client_secret? scopes?"},
		{core.GrantClientCredentials, "support", "product account client_id client_secret scopes?"},
	} {
		if got := names(one.grant, one.product); got != one.want {
			t.Errorf("%s, %s: %s", one.grant, one.product, got)
		}
	}
	answers := platform.Answers{Name: "x", Grant: core.GrantAPIToken, Plain: map[string]string{"account": "acme"}, Secret: core.Secrets{core.SecretAPIToken: core.NewSecret("t")}}
	_, err := p.NewConnection(answers)
	wantCode(t, err, "platform.ask-missing", core.Usage)
	for email, code := range map[string]string{"agnes@acme.example": "", "agnes@acme.example/token": "zendesk.bad-email", "agnes@acme.example:t": "zendesk.bad-email"} {
		answers.Plain["email"] = email
		if _, err := p.NewConnection(answers); core.CodeOf(err) != code {
			t.Errorf("%s: %v", email, err)
		}
	}
	answers.Plain["email"], answers.Plain["product"] = "", "voice"
	_, err = p.NewConnection(answers)
	wantCode(t, err, "platform.ask-option", core.Usage)
}

func TestWhatCannotWorkIsSaidBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	secret := core.Secrets{core.SecretClientSecret: core.NewSecret("s")}
	for name, one := range map[string]struct {
		c    core.Connection
		want string
	}{
		"least scopes":             {core.Connection{Grant: core.GrantCode}, "audit-scope"},
		"read":                     {core.Connection{Grant: core.GrantCode, Scopes: []string{"read"}}, ""},
		"a scope of Chat":          {core.Connection{Grant: core.GrantCode, Scopes: []string{"read", "chat"}}, "scope!"},
		"a scope of Support":       {core.Connection{Grant: core.GrantCode, Secrets: secret, Scopes: []string{"users:read"}, Settings: map[string]string{"product": "chat"}}, "scope!"},
		"Chat without a secret":    {core.Connection{Grant: core.GrantCode, Settings: map[string]string{"product": "chat"}}, "no-secret!"},
		"Chat":                     {core.Connection{Grant: core.GrantCode, Secrets: secret, Settings: map[string]string{"product": "chat"}}, ""},
		"an API token":             {core.Connection{Grant: core.GrantAPIToken}, "api-token-ends"},
		"a token of Chat":          {core.Connection{Grant: core.GrantAPIToken, Settings: map[string]string{"product": "chat"}}, ""},
		"more than anybody should": {core.Connection{Grant: core.GrantCode, Scopes: []string{"read", "impersonate"}}, "impersonates"},
		"Conversations":            {core.Connection{Grant: core.GrantAppKey}, ""},
	} {
		var got []string
		for _, f := range zendesk.Platform().Findings(one.c) {
			word := strings.TrimPrefix(f.Code, "zendesk.")
			if f.Level == platform.Stops {
				word += "!"
			}
			if got = append(got, word); !slices.Contains(zendesk.Findings(), f.Code) {
				t.Errorf("%s is not listed", f.Code)
			}
		}
		if strings.Join(got, " ") != one.want {
			t.Errorf("%s: %v, want %s", name, got, one.want)
		}
	}
}
