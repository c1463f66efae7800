package assets_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/platform/salesforce"
	"deskward/core/sandbox"
)

const salesforceGuide = "salesforce-email-to-case-gmail"

// salesforceOptions type what the sandbox knows, and let the admin act in the
// double's Setup where the guide waits for it. forget leaves out what an admin
// may forget, by step.
func (r *rehearsal) salesforceOptions(with guide.Answers, forget map[string]bool) guide.DriveOptions {
	f := r.sb.Fixtures().Salesforce
	const customer = "ken@customer.example"
	r.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { *s = sandbox.SalesforceSetup{} })
	answers := guide.Answers{
		"org.connection": "Acme org", "org.my_domain": f.MyDomain, "org.client_id": f.ClientID, "org.client_secret": f.ClientSecret,
		"box.address": f.Mailbox, "box.sender": customer,
	}
	maps.Copy(answers, with)
	route := r.sb.SalesforceRoute() // outside of SetSalesforce, which holds the double
	act := map[string]func(guide.Run, *sandbox.SalesforceSetup){
		"switch":   func(_ guide.Run, s *sandbox.SalesforceSetup) { s.Enabled, s.OnDemand = true, true },
		"address":  func(_ guide.Run, s *sandbox.SalesforceSetup) { s.Routes = []sandbox.SalesforceRoute{route} },
		"link":     func(_ guide.Run, s *sandbox.SalesforceSetup) { s.Routes[0].Verified = true },
		"external": func(_ guide.Run, s *sandbox.SalesforceSetup) { s.ExternalServer, s.WideVerified = true, true },
	}
	return guide.DriveOptions{
		Confirm: true, Instead: true, Answers: answers,
		Ask: func(_ context.Context, run guide.Run) (guide.Answers, error) {
			step, _ := run.Current()
			if do := act[step.ID]; do != nil && !forget[step.ID] {
				r.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { do(run, s) })
			}
			if step.ID == "send" && !forget["send"] {
				if err := r.sb.SalesforceMail(customer, run.Steps["addressed"].Out["services_address"], run.Steps["mark"].Out["subject"]); err != nil {
					return nil, err
				}
				r.sb.Clock().Advance(10 * time.Second)
			}
			return guide.Answers{step.ID + ".done": "yes", "link.clicked": "yes"}, nil
		},
	}
}

func TestSalesforceGuideLeadsPastAnUnconfirmedAddressToACase(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, salesforceGuide, salesforce.Platform())
	run, err := r.runner.Rehearse(t.Context(), salesforceGuide, "", r.salesforceOptions(nil, nil))
	if err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %v: %v", run.State, firstOpen(run), err)
	}
	if got := run.Steps["owned"].Failed; len(got) != 1 || got[0].Code != "salesforce.not-verified" {
		t.Errorf("the unconfirmed address: %+v", got)
	}
	if run.Steps["arrived"].Out["case_number"] == "" || len(run.Steps["arrived"].Calls) < 2 {
		t.Errorf("the case: %+v", run.Steps["arrived"])
	}
	r.noSecretIn(run, r.sb.Fixtures().Salesforce.ClientSecret)
}

// What an admin forgets stops the guide at the check that looks for it, and the
// guide goes on once it is done.
func TestSalesforceGuideStopsAtWhatWasForgottenAndGoesOn(t *testing.T) {
	t.Parallel()
	for step, c := range map[string]struct{ at, code string }{
		"switch":   {"switched", "salesforce.e2c-off"},
		"address":  {"addressed", "salesforce.no-routing-address"},
		"external": {"replies", "salesforce.external-service-off"},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			r := newRehearsal(t, salesforceGuide, salesforce.Platform())
			run, err := r.runner.Start(t.Context(), salesforceGuide, "")
			if err != nil {
				t.Fatal(err)
			}
			o := r.salesforceOptions(nil, map[string]bool{step: true})
			run, err = r.runner.Drive(t.Context(), run, o)
			if core.CodeOf(err) != c.code || firstOpen(run) != c.at {
				t.Fatalf("at %s: %v", firstOpen(run), err)
			}
			route := r.sb.SalesforceRoute()
			r.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) {
				switch step {
				case "switch":
					s.Enabled, s.OnDemand = true, true
				case "address":
					s.Routes = []sandbox.SalesforceRoute{route}
				case "external":
					s.ExternalServer = true
				}
			})
			if run, err = r.runner.Drive(t.Context(), run, o); err != nil || run.State != guide.Complete {
				t.Errorf("%s at %s: %v", run.State, firstOpen(run), err)
			}
		})
	}
}
