package google_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/platform/google"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// bench is a session of deskward beside Google's double.
type bench struct {
	*testing.T
	sb          *sandbox.Sandbox
	fix         sandbox.GoogleFixtures
	connections *core.Connections
	service     *platform.Service
	consent     *consent.Service
	deadlines   *core.Deadlines
}

func newBench(t *testing.T) *bench {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	clock, store := sb.Clock(), mem.New()
	client, err := transport.New(transport.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	actor := core.Actor{User: "mina", Host: "jump01", Session: "test"}
	events := &core.EventLog{Store: store, Clock: clock, Actor: actor}
	b := &bench{T: t, sb: sb, fix: sb.Fixtures().Google, connections: &core.Connections{Store: store, Events: events}}
	b.service = &platform.Service{
		Platforms: []platform.Platform{google.Platform()}, Connections: b.connections, HTTP: client, Endpoints: sb.Endpoints(), Clock: clock,
	}
	b.consent = &consent.Service{
		Store: store, Connections: b.connections, Events: events, Clock: clock, HTTP: client, Config: b.service.Config, Check: b.service.Check,
		Leases: &core.Leases{Store: store, Clock: clock, Actor: actor},
	}
	b.service.Tokens = b.consent
	b.deadlines = &core.Deadlines{Store: store, Events: events, Known: b.service.Ends}
	return b
}

// add adds a connection from the file that the console offers for a client.
func (b *bench) add(clientID, expect, audience string, scopes ...string) core.Connection {
	b.Helper()
	file, err := b.sb.GoogleClientFile(clientID)
	if err != nil {
		b.Fatal(err)
	}
	return b.store(platform.Answers{
		Name: "Support mailbox", Grant: core.GrantCode, Expect: expect, Plain: map[string]string{"audience": audience, "scopes": strings.Join(scopes, " ")},
		Secret: core.Secrets{"client_json": core.NewSecret(string(file))},
	})
}

func (b *bench) store(a platform.Answers) core.Connection {
	b.Helper()
	c, err := google.Platform().NewConnection(a)
	if err != nil {
		b.Fatal(err)
	}
	if c, err = b.connections.Add(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	return c
}

// agree consents as an account with some boxes (nil: all).
func (b *bench) agree(c core.Connection, account string, boxes []string) (consent.Result, error) {
	b.Helper()
	attempt, err := b.consent.Begin(b.Context(), c.ID, consent.BeginOptions{})
	if err != nil {
		b.Fatal(err)
	}
	to, err := b.sb.GrantAs(b.Context(), attempt.URL, account, boxes)
	if err != nil {
		b.Fatal(err)
	}
	return b.consent.Answer(b.Context(), attempt.ID, to)
}

func (b *bench) want(what string, err error, code string) {
	b.Helper()
	if core.CodeOf(err) != code {
		b.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestConsentWithTheConsolesFileIsProvedByTheGmailAPI(t *testing.T) {
	t.Parallel()
	for _, client := range []string{"desktop", "web"} {
		b := newBench(t)
		id := map[string]string{"desktop": b.fix.DesktopClientID, "web": b.fix.WebClientID}[client]
		c := b.add(id, b.fix.Mailbox, "testing")
		if _, kept := c.Secrets["client_json"]; kept {
			t.Error("the file itself is kept")
		}
		res, err := b.agree(c, b.fix.Mailbox, nil)
		if err != nil || !res.Proved() || len(res.Missing) > 0 {
			t.Fatalf("%s: %+v, %v", client, res, err)
		}
		got := res.Connection
		if got.Check.Note != b.fix.Mailbox || len(got.Check.Calls) < 2 || got.Secrets[core.SecretRefreshToken].Empty() {
			t.Errorf("%s: check %+v", client, got.Check)
		}
		if got.EndsAt.Sub(got.GrantedAt) != 7*24*time.Hour {
			t.Errorf("%s ends after %s", client, got.EndsAt.Sub(got.GrantedAt))
		}
	}
}

func TestConsentOfAnotherAccountIsToldAndReplacesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.add(b.fix.ProductionClientID, b.fix.Mailbox, "production")
	if res, err := b.agree(c, b.fix.Mailbox, nil); err != nil || !res.Proved() {
		t.Fatal(res, err)
	}
	_, err := b.agree(c, b.fix.Other, nil)
	b.want("another account", err, "consent.wrong-account-kept")
	now, err := b.service.Check(b.Context(), c.ID)
	if err != nil || !now.Check.OK || now.Check.Note != b.fix.Mailbox {
		t.Errorf("afterwards: %+v, %v", now.Check, err)
	}
}

// "email" is asked for and answered in two spellings; a box that is left
// unticked is missing.
func TestGrantedScopesAreComparedWithTheAskedOnes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const email = "https://www.googleapis.com/auth/userinfo.email"
	c := b.add(b.fix.ProductionClientID, "", "production", google.MailScope, "email")
	if res, err := b.agree(c, b.fix.Mailbox, nil); err != nil || len(res.Missing) > 0 {
		t.Errorf("all boxes: missing %v, %v", res.Missing, err)
	}
	res, err := b.agree(c, b.fix.Mailbox, []string{email})
	if err != nil || !slices.Equal(res.Missing, []string{google.MailScope}) {
		t.Fatalf("one box: missing %v, %v", res.Missing, err)
	}
	if got := res.Connection.Check; got.OK || got.Code != "google.insufficientPermissions" {
		t.Errorf("check %+v", got)
	}
	_, err = b.agree(c, b.fix.Mailbox, []string{})
	b.want("no box", err, "google.access_denied")
}

func TestSeventhDayIsADeadlineAndThenTheCause(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.add(b.fix.DesktopClientID, "", "testing")
	res, err := b.agree(c, b.fix.Mailbox, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := b.deadlines.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Code != "google.testing-ends" || list[0].At.Unix() != res.Connection.EndsAt.Unix() {
		t.Fatalf("deadlines %+v, %v", list, err)
	}
	b.sb.Clock().Advance(7*24*time.Hour + time.Minute)
	_, err = b.consent.Access(t.Context(), c.ID)
	b.want("on the eighth day", err, "google.ended.testing")
}

func TestRefusedRefreshNamesTheProbableCause(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		client   func(sandbox.GoogleFixtures) string
		audience string
		happens  func(*bench)
		code     string
	}{
		"audience not said, after a week": {func(f sandbox.GoogleFixtures) string { return f.DesktopClientID }, "unknown", func(b *bench) { b.sb.Clock().Advance(8 * day) }, "google.ended.week"},
		"unused for six months":           {func(f sandbox.GoogleFixtures) string { return f.ProductionClientID }, "production", func(b *bench) { b.sb.Clock().Advance(200 * day) }, "google.ended.unused"},
		"password changed":                {func(f sandbox.GoogleFixtures) string { return f.ProductionClientID }, "production", func(b *bench) { b.sb.GooglePassword(b.fix.Mailbox) }, "google.ended"},
		"password changed while testing":  {func(f sandbox.GoogleFixtures) string { return f.DesktopClientID }, "testing", func(b *bench) { b.sb.GooglePassword(b.fix.Mailbox) }, "google.ended"},
		"account suspended":               {func(f sandbox.GoogleFixtures) string { return f.ProductionClientID }, "production", func(b *bench) { b.sb.GoogleSuspend(b.fix.Mailbox, true) }, "google.account-gone"},
		"app blocked":                     {func(f sandbox.GoogleFixtures) string { return f.ProductionClientID }, "production", func(b *bench) { b.sb.GoogleControl(b.fix.ProductionClientID, "blocked") }, "google.admin_policy_enforced"},
		"session control":                 {func(f sandbox.GoogleFixtures) string { return f.ProductionClientID }, "production", func(b *bench) { b.set(sandbox.GoogleSessionControl) }, "google.invalid_rapt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			c := b.add(tc.client(b.fix), "", tc.audience)
			if _, err := b.agree(c, b.fix.Mailbox, nil); err != nil {
				t.Fatal(err)
			}
			tc.happens(b)
			_, err := b.consent.Refresh(t.Context(), c.ID)
			b.want(name, err, tc.code)
		})
	}
}

func (b *bench) set(s sandbox.Switch) {
	b.Helper()
	if err := b.sb.Set(s, true); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) robot(mailbox string, scopes ...string) core.Connection {
	b.Helper()
	file, err := b.sb.GoogleServiceAccountFile()
	if err != nil {
		b.Fatal(err)
	}
	return b.store(platform.Answers{
		Name: "Robot", Grant: core.GrantServiceAccount, Plain: map[string]string{"account": mailbox, "scopes": strings.Join(scopes, " ")},
		Secret: core.Secrets{"client_json": core.NewSecret(string(file))},
	})
}

func TestServiceAccountActsForItsMailboxAndGoogleSaysWhyNot(t *testing.T) {
	t.Parallel()
	const send = "https://www.googleapis.com/auth/gmail.send"
	for name, tc := range map[string]struct {
		mailbox  string
		scopes   []string
		delegate map[string][]string
		also     func(*bench)
		code     string // of the token; "": it works
		check    string // of the check after it
	}{
		"delegated":             {"support@acme.example", nil, map[string][]string{"id": {google.MailScope}}, nil, "", ""},
		"not delegated":         {"support@acme.example", nil, nil, nil, "google.not-delegated", ""},
		"by its address":        {"support@acme.example", nil, map[string][]string{"mail": {google.MailScope}}, nil, "google.delegation-entry", ""},
		"for another scope":     {"support@acme.example", nil, map[string][]string{"id": {send}}, nil, "google.delegation-entry", ""},
		"for one scope of two":  {"support@acme.example", []string{google.MailScope, send}, map[string][]string{"id": {send}}, nil, "google.delegation-scopes", ""},
		"nobody's mailbox":      {"nobody@acme.example", nil, map[string][]string{"id": {google.MailScope}}, nil, "google.subject-unknown", ""},
		"no such scope":         {"support@acme.example", []string{"https://mail.google.com/x"}, map[string][]string{"id": {google.MailScope}}, nil, "google.invalid_scope", ""},
		"disabled":              {"support@acme.example", nil, map[string][]string{"id": {google.MailScope}}, func(b *bench) { b.sb.GoogleDisableServiceAccount(true) }, "google.disabled_client", ""},
		"app blocked":           {"support@acme.example", nil, map[string][]string{"id": {google.MailScope}}, func(b *bench) { b.sb.GoogleControl(b.fix.ServiceAccountID, "blocked") }, "google.admin_policy_enforced", ""},
		"account without Gmail": {"robot@acme.example", nil, map[string][]string{"id": {google.MailScope}}, nil, "", "google.failedPrecondition"},
		"Gmail switched off":    {"robot@acme.example", nil, map[string][]string{"id": {google.MailScope}}, func(b *bench) { b.set(sandbox.GoogleMailOff) }, "", "google.mail-off"},
		"as itself":             {"", nil, nil, nil, "", "google.no-subject"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for which, scopes := range tc.delegate {
				b.sb.GoogleDelegate(map[string]string{"id": b.fix.ServiceAccountID, "mail": b.fix.ServiceAccount}[which], scopes...)
			}
			if tc.also != nil {
				tc.also(b)
			}
			mailbox := tc.mailbox
			if mailbox == "" {
				mailbox = b.fix.Mailbox
			}
			c := b.robot(mailbox, tc.scopes...)
			if tc.mailbox == "" { // as the sample of the seed does; the form would not let it
				var err error
				c, err = b.connections.Change(t.Context(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error { c.Account = ""; return nil })
				if err != nil {
					t.Fatal(err)
				}
			}
			res, err := b.consent.Unattended(t.Context(), c.ID)
			b.want(name, err, tc.code)
			if tc.code == "" && (res.Connection.Check.Code != tc.check || res.Connection.Check.OK != (tc.check == "")) {
				t.Errorf("check %+v", res.Connection.Check)
			}
		})
	}
}

func TestClockThatIsWrongIsSaidToBe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sb.GoogleDelegate(b.fix.ServiceAccountID, b.fix.Scopes...)
	c := b.robot(b.fix.Mailbox)
	b.consent.Clock = late{b.sb.Clock()}
	_, err := b.consent.Unattended(t.Context(), c.ID)
	b.want("two hours late", err, "google.clock")
}

type late struct{ core.Clock }

func (l late) Now() time.Time { return l.Clock.Now().Add(-2 * time.Hour) }

func TestGmailsRefusalsAreToldByEitherOfTheirForms(t *testing.T) {
	t.Parallel()
	for _, form := range []sandbox.Switch{"", sandbox.GoogleDetailsOnly, sandbox.GoogleErrorsOnly} {
		b := newBench(t)
		c := b.add(b.fix.OffClientID, "", "production")
		if form != "" {
			b.set(form)
		}
		res, err := b.agree(c, b.fix.Mailbox, nil)
		if err != nil {
			t.Fatal(err)
		}
		check := res.Connection.Check
		if check.Code != "google.api-disabled" || !strings.HasPrefix(check.Params["link"], "https://console.cloud.google.com/apis/library/gmail.googleapis.com?project=") {
			t.Errorf("%q: %+v", form, check)
		}
	}
	for s, code := range map[sandbox.Switch]string{sandbox.GoogleBusy: "google.rateLimitExceeded", sandbox.GoogleBusy403: "google.rateLimitExceeded"} {
		b := newBench(t)
		c := b.add(b.fix.ProductionClientID, "", "production")
		b.set(s)
		res, err := b.agree(c, b.fix.Mailbox, nil)
		if err != nil || core.CodeOf(res.CheckErr) != code || core.ClassOf(res.CheckErr) != core.Failed {
			t.Errorf("%s: %v, %v", s, res.CheckErr, err)
		}
	}
}

// A revocation would end what every client of the project was granted.
func TestNothingIsEverRevokedAtGoogle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.add(b.fix.ProductionClientID, "", "production")
	res, err := b.agree(c, b.fix.Mailbox, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := b.service.Dial(res.Connection)
	if err != nil {
		t.Fatal(err)
	}
	if _, can := client.(platform.Revoker); can {
		t.Error("the client revokes")
	}
	_, err = b.service.Revoke(t.Context(), c.ID)
	b.want("revoke", err, "google.never-revoked")
	if err := b.connections.Remove(t.Context(), c.ID, res.Connection.Rev); err != nil {
		t.Fatal(err)
	}
	for _, call := range b.sb.Calls() {
		if call.Path == "/revoke" {
			t.Errorf("%+v", call)
		}
	}
}

func TestWebClientIsAnsweredWhereItIsRegistered(t *testing.T) {
	t.Parallel()
	for registered, want := range map[string]string{
		"https://acme.example/cb http://127.0.0.1:48105/callback/google": "http://127.0.0.1:48105/callback/google",
		"http://localhost:8080/":                                  "http://localhost:8080/",
		"http://localhost:8080/oauth http://localhost:8081/oauth": "http://localhost:8080/oauth http://localhost:8081/oauth",
		"http://127.0.0.1/no-port":                                "http://127.0.0.1:48105/callback/google",
		"http://127.0.0.1:80/privileged":                          "http://127.0.0.1:48105/callback/google",
		"":                                                        "http://127.0.0.1:48105/callback/google",
	} {
		web := map[string]any{"client_id": goodID, "client_secret": "s", "redirect_uris": strings.Fields(registered)}
		file, err := json.Marshal(map[string]any{"web": web})
		if err != nil {
			t.Fatal(err)
		}
		c, err := google.Platform().NewConnection(platform.Answers{Name: "Web", Grant: core.GrantCode, Secret: core.Secrets{"client_json": core.NewSecret(string(file))}})
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := google.Platform().OAuth(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(cfg.Redirects(), " "); got != want {
			t.Errorf("registered %q: %s, want %s", registered, got, want)
		}
	}
}

func TestFileAndTypedClientMustAgree(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	file, err := b.sb.GoogleClientFile(b.fix.DesktopClientID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = google.Platform().NewConnection(platform.Answers{
		Name: "Two", Grant: core.GrantCode, Plain: map[string]string{"client_id": goodID}, Secret: core.Secrets{"client_json": core.NewSecret(string(file))},
	})
	b.want("two clients", err, "google.two-clients")
}
