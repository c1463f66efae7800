package assets_test

import (
	"context"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/zoho"
)

const externalGuide = "zoho-authtoken-external"

// externalOptions answer with the web application that support knows of.
func (r *rehearsal) externalOptions() guide.DriveOptions {
	f := r.sb.Fixtures().Zoho
	return guide.DriveOptions{
		Confirm: true, Instead: true,
		Answers: guide.Answers{
			"account.name": "Acme portal", "account.region": f.Region, "account.org_id": f.OrgID, "account.authtoken": f.ExternalAuthtoken,
			"client.client_id": f.WebClientID, "client.client_secret": f.WebClientSecret, "client.owner_email": f.OwnerEmail,
			"use.uses": "read-tickets", "confirmed.reference": "#1042",
		},
		Ask: func(ctx context.Context, run guide.Run) (guide.Answers, error) {
			if step, _ := run.Current(); step.ID != "fresh_answer" {
				return nil, nil
			}
			back, err := r.sb.GrantInTerminal(ctx, run.Steps["fresh_ask"].Out["url"])
			return guide.Answers{"fresh_answer.answer": back}, err
		},
		Wait: func(_ context.Context, until time.Time) error {
			r.sb.Clock().Advance(until.Sub(r.sb.Clock().Now()) + time.Minute)
			return nil
		},
	}
}

func TestExternalGuideExchangesWhatSupportConfirmedAndSeesTheOldTokenEnd(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, externalGuide, zoho.Platform())
	run, err := r.runner.Rehearse(t.Context(), externalGuide, "", r.externalOptions())
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if run.StateOf("exchange") != guide.Done || run.StateOf("fresh") != guide.PassedOver {
		t.Errorf("exchange %s, fresh %s", run.StateOf("exchange"), run.StateOf("fresh"))
	}
	c, err := r.connections.ByName(t.Context(), "Acme portal")
	if err != nil || c.Grant != core.GrantMigrated || c.ClientID != r.sb.Fixtures().Zoho.WebClientID {
		t.Errorf("%v %s, %v", c.Grant, c.ClientID, err)
	}
	f := r.sb.Fixtures().Zoho
	r.noSecretIn(run, f.ExternalAuthtoken, f.WebClientSecret)
}

func TestExternalGuideLeadsOnByConsentWhereSupportHasNotMappedTheClient(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, externalGuide, zoho.Platform())
	r.sb.ZohoSupportMaps(false)
	run, err := r.runner.Start(t.Context(), externalGuide, "")
	if err != nil {
		t.Fatal(err)
	}
	run, err = r.runner.Drive(t.Context(), run, r.externalOptions())
	// The old token was not exchanged, so nothing ends it: the last step says so.
	if core.CodeOf(err) != "zoho.old-token-alive" {
		t.Fatalf("at %v: %v", firstOpen(run), err)
	}
	for _, step := range []string{"fresh_ask", "fresh", "proof", "service"} {
		if got := run.StateOf(step); got != guide.Done {
			t.Errorf("%s is %s", step, got)
		}
	}
	c, err := r.connections.ByName(t.Context(), "Acme portal")
	if err != nil || c.Grant != core.GrantCode || c.Secrets[core.SecretRefreshToken].Empty() {
		t.Errorf("%v, %v", c.Grant, err)
	}
	r.noSecretIn(run, r.sb.Fixtures().Zoho.ExternalAuthtoken, "code=")
}

func TestExternalGuideTriesAgainOnceSupportHasMappedTheClient(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, externalGuide, zoho.Platform())
	r.sb.ZohoSupportMaps(false)
	o := r.externalOptions()
	o.Instead = false
	run, err := r.runner.Start(t.Context(), externalGuide, "")
	if err != nil {
		t.Fatal(err)
	}
	run, err = r.runner.Drive(t.Context(), run, o)
	if core.CodeOf(err) != "zoho.authtooauth.invalid_client" || firstOpen(run) != "exchange" {
		t.Fatalf("at %s: %v", firstOpen(run), err)
	}
	r.sb.ZohoSupportMaps(true)
	if run, err = r.runner.Drive(t.Context(), run, o); err != nil || run.State != guide.Complete {
		t.Errorf("%s at %v: %v", run.State, firstOpen(run), err)
	}
}
