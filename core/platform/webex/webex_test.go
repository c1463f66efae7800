package webex_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/platform/google"
	"deskward/core/platform/webex"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// bench is a store with the services that a record is proven by, over the
// sandbox.
type bench struct {
	t           *testing.T
	sb          *sandbox.Sandbox
	fix         sandbox.Fixtures
	connections *core.Connections
	service     *platform.Service
	consent     *consent.Service
}

func newBench(t *testing.T) *bench {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	clock, store := sb.Clock(), mem.New()
	client, err := transport.New(transport.Options{Clock: clock, CA: sb.CA()})
	if err != nil {
		t.Fatal(err)
	}
	actor := core.Actor{User: "mina", Host: "jump01", Session: "test"}
	events := &core.EventLog{Store: store, Clock: clock, Actor: actor}
	b := &bench{t: t, sb: sb, fix: sb.Fixtures(), connections: &core.Connections{Store: store, Events: events}}
	b.service = &platform.Service{
		Platforms: []platform.Platform{google.Platform(), webex.Platform()}, Connections: b.connections, HTTP: client, Endpoints: sb.Endpoints(), Clock: clock,
	}
	b.consent = &consent.Service{
		Store: store, Connections: b.connections, Events: events, Clock: clock, HTTP: client, Config: b.service.Config, Check: b.service.Check,
		Leases: &core.Leases{Store: store, Clock: clock, Actor: actor},
	}
	b.service.Tokens = b.consent
	return b
}

// google connects a mailbox, as its owner would.
func (b *bench) google(name, mailbox string) core.Connection {
	b.t.Helper()
	file, err := b.sb.GoogleClientFile(b.fix.Google.ProductionClientID)
	if err != nil {
		b.t.Fatal(err)
	}
	c, err := google.Platform().NewConnection(platform.Answers{
		Name: name, Grant: core.GrantCode, Plain: map[string]string{"audience": "production", "scopes": google.MailScope},
		Secret: core.Secrets{"client_json": core.NewSecret(string(file))},
	})
	if err == nil {
		c, err = b.connections.Add(b.t.Context(), c)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	a, err := b.consent.Begin(b.t.Context(), c.ID, consent.BeginOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	back, err := b.sb.GrantAs(b.t.Context(), a.URL, mailbox, nil)
	if err == nil {
		_, err = b.consent.Answer(b.t.Context(), a.ID, back)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) asset(g core.Grant, plain map[string]string, token string) core.Connection {
	b.t.Helper()
	all := map[string]string{"account": b.fix.Google.Mailbox, "client_id": b.fix.Webex.ClientID, "callback": b.fix.Webex.Callback}
	for k, v := range plain {
		all[k] = v
	}
	secrets := core.Secrets{core.SecretClientSecret: core.NewSecret(b.fix.Webex.ClientSecret)}
	if token != "" {
		secrets[core.SecretAPIToken] = core.NewSecret(token)
	}
	c, err := webex.Platform().NewConnection(platform.Answers{Name: "Acme e-mail", Grant: g, Plain: all, Secret: secrets})
	if err == nil {
		c, err = b.connections.Add(b.t.Context(), c)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func TestAnAssetIsProvenByTheConnectionThatItNames(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.google("Support mailbox", b.fix.Google.Mailbox)
	c := b.asset(core.GrantRecord, map[string]string{"proof": "Support mailbox"}, "")
	if s := c.Summary().State(b.sb.Clock().Now()); s.Code != "unproven" {
		t.Errorf("before the check: %v", s)
	}
	c, err := b.service.Check(t.Context(), c.ID)
	if err != nil || !c.Check.OK || c.Check.Note != b.fix.Google.Mailbox || len(c.Check.Calls) != 2 {
		t.Fatalf("%+v: %v", c.Check, err)
	}
	if s := c.Summary().State(b.sb.Clock().Now()); s.Code != "proven" || s.Health != core.HealthGood {
		t.Errorf("after the check: %v", s)
	}
	// It is found under another name, too.
	proof, err := b.connections.ByName(t.Context(), "Support mailbox")
	if err == nil {
		_, err = b.connections.Rename(t.Context(), proof.ID, proof.Rev, "Mailbox of support")
	}
	if err != nil {
		t.Fatal(err)
	}
	if c, err = b.service.Check(t.Context(), c.ID); err != nil || !c.Check.OK || c.Settings["proof_name"] != "Mailbox of support" {
		t.Errorf("after a new name: %+v, %v: %v", c.Check, c.Settings, err)
	}
}

func TestAnAssetIsNotProvenByAnotherMailboxNorByItself(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.google("Somebody", b.fix.Google.Other)
	c := b.asset(core.GrantRecord, map[string]string{"proof": "Somebody"}, "")
	c, err := b.service.Check(t.Context(), c.ID)
	if err != nil || c.Check.OK || c.Check.Code != "webex.other-mailbox" || c.Check.Params["proven"] != b.fix.Google.Other {
		t.Errorf("by another mailbox: %+v: %v", c.Check, err)
	}
	for proof, code := range map[string]string{"": "webex.unproven", "Acme e-mail": "platform.no-proof", "Nobody": "connection.not-found"} {
		changed, err := b.service.Edit(t.Context(), c, platform.Answers{Plain: map[string]string{"account": c.Account, "proof": proof}})
		if err != nil {
			t.Fatal(err)
		}
		if c, err = b.service.Check(t.Context(), changed.ID); core.CodeOf(err) != code || c.Check.OK || !c.Check.At.IsZero() {
			t.Errorf("by %q: %+v: %v, want %s", proof, c.Check, err, code)
		}
	}
}

// A login of its own (a shared mailbox) is what the proof must open then.
func TestAnAssetWithALoginIsProvenByThatLogin(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.google("Delegate", b.fix.Google.Other)
	c := b.asset(core.GrantRecord, map[string]string{"proof": "Delegate", "login": b.fix.Google.Other}, "")
	if c, err := b.service.Check(t.Context(), c.ID); err != nil || !c.Check.OK {
		t.Errorf("%+v: %v", c.Check, err)
	}
}

func TestThePersonalAccessTokenCanOnlyBeRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		token, org string
		noRead     bool
		after      time.Duration
		code       string
		status     string // that is kept
	}{
		"taken":                      {status: "200"},
		"taken where GET is unknown": {noRead: true, status: "405"},
		"no token of Webex's":        {token: "canary", code: "webex.token-refused"},
		"a day later":                {after: 24 * time.Hour, code: "webex.token-refused"},
		"without the scope":          {token: "weak", code: "webex.forbidden"},
		"of another organization's":  {org: "other", code: "webex.forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.google("Support mailbox", b.fix.Google.Mailbox)
			token, org := b.fix.Webex.Token, b.fix.Webex.Organization
			switch {
			case tc.token == "weak":
				token = b.fix.Webex.WeakToken
			case tc.token != "":
				token = tc.token
			}
			if tc.org != "" {
				org = tc.org
			}
			if err := b.sb.Set(sandbox.WebexNoRead, tc.noRead); err != nil {
				t.Fatal(err)
			}
			c := b.asset(core.GrantAPIToken, map[string]string{"proof": "Support mailbox", "region": "eu", "organization": org}, token)
			b.sb.Clock().Advance(tc.after)
			c, err := b.service.Check(t.Context(), c.ID)
			if err != nil || c.Check.OK != (tc.code == "") || c.Check.Code != tc.code || c.Settings["api_status"] != tc.status {
				t.Errorf("%+v, status %q: %v", c.Check, c.Settings["api_status"], err)
			}
			for _, call := range b.sb.Calls() {
				if call.Service == "webex.assets" && call.Method != "GET" {
					t.Errorf("it sent %s %s", call.Method, call.Path)
				}
			}
		})
	}
}

// What is not known is said to be not known; what was said carries its date.
func TestHealthSaysWhatIsKnownAndWhatIsNot(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	codes := func(c core.Connection) []string {
		var out []string
		for _, f := range webex.Platform().Sheet(c, now).Findings {
			out = append(out, strings.TrimPrefix(f.Code, "webex."))
		}
		return out
	}
	empty := core.Connection{Name: "Acme", Account: "support@acme.example"}
	if got, want := codes(empty), []string{
		"no-proof", "generated-unknown", "token-unseen", "audience-unknown", "forwarding-unknown", "owner-unknown", "secret-missing",
	}; !slices.Equal(got, want) {
		t.Errorf("an empty record: %v", got)
	}
	full := core.Connection{
		Name: "Acme", Account: "support@acme.example", Check: core.Check{OK: true, At: now}, Secrets: core.Secrets{core.SecretClientSecret: core.NewSecret("x")},
		Settings: map[string]string{
			"proof": "id", "proof_name": "Mailbox", "generated": "2026-11-20", "audience": "production", "forwarding_confirmed": "2026-11-21", "owner": "owner@acme.example", "api_status": "200",
		},
	}
	if got, want := codes(full), []string{"token-proven", "generated", "token-unseen", "forwarding-confirmed", "owner", "api-unread"}; !slices.Equal(got, want) {
		t.Errorf("a full record: %v", got)
	}
	full.Settings["forwarding_confirmed"] = "2026-12-24"
	if !slices.Contains(codes(full), "forwarding-unknown") {
		t.Error("a date to come counts as seen")
	}
}

func TestAnAppInTestingEndsTheAssetsTokenSevenDaysAfterGenerateToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.asset(core.GrantRecord, map[string]string{"audience": "testing", "generated": "2026-11-20T10:00:00Z"}, "")
	end := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	if got := b.service.Ends(c.Summary()); len(got) != 1 || !got[0].At.Equal(end) || got[0].Code != "webex.testing-ends" {
		t.Errorf("ends: %+v", got)
	}
	c, err := b.service.Edit(t.Context(), c, platform.Answers{Plain: map[string]string{"account": c.Account, "audience": "production"}})
	if got := b.service.Ends(c.Summary()); err != nil || len(got) > 0 {
		t.Errorf("once published: %+v, %v", got, err)
	}
	if c.Settings["generated"] == "" || c.Secrets[core.SecretClientSecret].Empty() {
		t.Error("what was not said anew is gone")
	}
}

func TestTheFormHasNoPortThatDoesNotWork(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings map[string]string
		want     []string
	}{
		"gmail":     {nil, []string{"smtp.gmail.com 587 STARTTLS", "https://oauth2.googleapis.com/token"}},
		"465":       {map[string]string{"port": "465"}, []string{"smtp.gmail.com 465 SSL"}},
		"microsoft": {map[string]string{"provider": "microsoft365", "tenant": "acme.example", "port": "465"}, []string{"smtp.office365.com 587 STARTTLS", "https://login.microsoftonline.com/acme.example/oauth2/v2.0/token"}},
	} {
		facts := map[string]string{}
		for _, f := range webex.Platform().Sheet(core.Connection{Name: "x", Settings: tc.settings}, time.Now()).Facts {
			facts[f.Name] = f.Value
		}
		all := facts["smtp_server"] + " " + facts["port"] + " " + facts["security"] + "\n" + facts["token_url"] + "\n" + facts["refresh_url"]
		for _, want := range tc.want {
			if !strings.Contains(all, want) {
				t.Errorf("%s: %s lacks %s", name, all, want)
			}
		}
		if facts["token_url"] != facts["refresh_url"] {
			t.Errorf("%s: the refresh token URL is another", name)
		}
	}
	for ask, bad := range map[string]string{"port": "487", "callback": "acme.example/callback", "account": "support", "generated": "yesterday", "owner": "the owner", "audience": "public"} {
		plain := map[string]string{"account": "support@acme.example", ask: bad}
		if _, err := webex.Platform().NewConnection(platform.Answers{Name: "x", Grant: core.GrantRecord, Plain: plain}); core.ClassOf(err) != core.Usage {
			t.Errorf("%s %q is taken: %v", ask, bad, err)
		}
	}
}

// What somebody noted is no knowledge of the token: no state claims that it works.
func TestTheStateOfARecordClaimsNoMoreThanWasNoted(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	base := core.Summary{Grant: core.GrantRecord}
	for want, change := range map[string]func(*core.Summary){
		"unproven":     func(*core.Summary) {},
		"proven":       func(s *core.Summary) { s.CheckedAt, s.CheckOK = now, true },
		"refused":      func(s *core.Summary) { s.CheckedAt, s.CheckCode = now, "webex.other-mailbox" },
		"record-ends":  func(s *core.Summary) { s.CheckedAt, s.CheckOK, s.EndsAt = now, true, now.Add(time.Hour) },
		"record-ended": func(s *core.Summary) { s.CheckedAt, s.CheckOK, s.EndsAt = now, true, now.Add(-time.Hour) },
		"secret-ended": func(s *core.Summary) { s.SecretEndsAt = now.Add(-time.Hour) },
	} {
		s := base
		if change(&s); s.State(now).Code != want {
			t.Errorf("%+v is %s, want %s", s, s.State(now).Code, want)
		}
	}
}
