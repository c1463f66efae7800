package assets_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/platform/zoho"
	"deskward/core/sandbox"
)

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
	r := newRehearsal(t, "zoho-authtoken-self", zoho.Platform())
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
	r.noSecretIn(run, r.sb.Fixtures().Zoho.Authtoken, r.sb.Fixtures().Zoho.SelfClientSecret)
	if waited := run.Steps["dead"].Ended.Sub(run.Steps["exchange"].Ended); waited < 24*time.Hour {
		t.Errorf("the old token was proven dead after %s", waited)
	}
}

func TestZohoGuideLeadsOnWithAFreshGrantWhenTheExchangeIsRetired(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, "zoho-authtoken-self", zoho.Platform())
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
	r.noSecretIn(run, r.sb.Fixtures().Zoho.Authtoken, r.sb.Fixtures().Zoho.SelfClientSecret)
}
