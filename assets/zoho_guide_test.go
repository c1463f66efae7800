package assets_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/platform/zoho"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// rehearsal is a runner of the shipped guides on a sandbox of its own.
type rehearsal struct {
	t      *testing.T
	sb     *sandbox.Sandbox
	store  core.Store
	runner *guide.Runner
}

func newRehearsal(t *testing.T) *rehearsal {
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
	connections := &core.Connections{Store: store, Events: events}
	all := &platform.Service{Platforms: []platform.Platform{zoho.Platform()}, Connections: connections, HTTP: client, Endpoints: sb.Endpoints(), Clock: clock}
	tokens := &consent.Service{
		Store: store, Connections: connections, Events: events, Clock: clock, HTTP: client, Config: all.Config, Check: all.Check,
		Leases: &core.Leases{Store: store, Clock: clock, Actor: actor},
	}
	all.Tokens = tokens
	actions := zoho.Platform().Actions(platform.Services{
		Connections: connections, Store: store, Events: events, Clock: clock, HTTP: client,
		Endpoints: sb.Endpoints(), Tokens: tokens, Checks: all.Check,
	})
	data, err := os.ReadFile("guides/zoho-authtoken-self.yaml")
	if err != nil {
		t.Fatal(err)
	}
	g, err := guide.Parse("zoho-authtoken-self.yaml", data, actions)
	if err != nil {
		t.Fatal(err)
	}
	return &rehearsal{t, sb, store, &guide.Runner{
		Store: store, Events: events, Clock: clock, Actions: actions, Guides: []guide.Guide{*g}, Sandbox: true,
	}}
}

// options type what the sandbox knows.
func (r *rehearsal) options() guide.DriveOptions {
	r.t.Helper()
	f := r.sb.Fixtures().Zoho
	code, err := r.sb.ZohoSelfClientCode([]string{"AaaServer.profile.READ"}, 10, f.OrgID)
	if err != nil {
		r.t.Fatal(err)
	}
	fresh, err := r.sb.ZohoSelfClientCode(f.Scopes, 10, f.OrgID)
	if err != nil {
		r.t.Fatal(err)
	}
	return guide.DriveOptions{
		Confirm: true, Instead: true,
		Answers: guide.Answers{
			"account.name": "Acme Europe", "account.region": f.Region, "account.org_id": f.OrgID, "account.authtoken": f.Authtoken,
			"client.client_id": f.SelfClientID, "client.client_secret": f.SelfClientSecret, "client.owner_email": f.OwnerEmail, "client.code": code,
			"use.uses": "read-tickets", "fresh_code.code": fresh,
		},
		Wait: func(_ context.Context, until time.Time) error {
			r.sb.Clock().Advance(until.Sub(r.sb.Clock().Now()) + time.Minute)
			return nil
		},
	}
}

func TestZohoGuideRunsToItsEndInTheSandbox(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t)
	run, err := r.runner.Rehearse(t.Context(), "zoho-authtoken-self", "", r.options())
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if run.Name != "Acme Europe" || run.StateOf("exchange") != guide.Done || run.StateOf("fresh") != guide.PassedOver {
		t.Errorf("%q, exchange %s, fresh %s", run.Name, run.StateOf("exchange"), run.StateOf("fresh"))
	}
	if proven := run.Steps["owner"].Out["proven"]; proven != "both" {
		t.Errorf("owner proven: %s", proven)
	}
	r.noSecretIn(run)
	if waited := run.Steps["dead"].Ended.Sub(run.Steps["exchange"].Ended); waited < 24*time.Hour {
		t.Errorf("the old token was proven dead after %s", waited)
	}
}

func TestZohoGuideLeadsOnWithAFreshGrantWhenTheExchangeIsRetired(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t)
	if err := r.sb.Set(sandbox.ZohoRetired, true); err != nil {
		t.Fatal(err)
	}
	run, err := r.runner.Start(t.Context(), "zoho-authtoken-self", "")
	if err != nil {
		t.Fatal(err)
	}
	run, err = r.runner.Drive(t.Context(), run, r.options())
	// The old token was not exchanged, so nothing ends it: the last step says so.
	if core.CodeOf(err) != "zoho.old-token-alive" {
		t.Fatalf("at %v: %v", firstOpen(run), err)
	}
	if got := run.StateOf("exchange"); got != guide.GaveWay {
		t.Errorf("the exchange is %s", got)
	}
	for _, step := range []string{"fresh", "proof", "service"} {
		if got := run.StateOf(step); got != guide.Done {
			t.Errorf("%s is %s", step, got)
		}
	}
	p, err := locale.Load(os.DirFS("locales"), locale.English)
	if err != nil {
		t.Fatal(err)
	}
	if report := run.Report(p); !strings.Contains(report, "zoho.authtooauth.retired") {
		t.Errorf("the report does not say why:\n%s", report)
	}
	r.noSecretIn(run)
}

func firstOpen(run guide.Run) string {
	s, _ := run.Current()
	return s.ID
}

// noSecretIn looks for everything secret in the reports and the log.
func (r *rehearsal) noSecretIn(run guide.Run) {
	r.t.Helper()
	f := r.sb.Fixtures().Zoho
	for _, l := range locale.Langs() {
		p, err := locale.Load(os.DirFS("locales"), l)
		if err != nil {
			r.t.Fatal(err)
		}
		report := run.Report(p)
		for _, secret := range []string{f.Authtoken, f.SelfClientSecret} {
			if strings.Contains(report, secret) {
				r.t.Errorf("a secret is in the report:\n%s", report)
			}
		}
		if strings.Contains(report, "[guide.") || strings.Contains(report, "${") {
			r.t.Errorf("the report has a text missing:\n%s", report)
		}
	}
}
