package assets_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/consent"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/platform/google"
	"deskward/core/platform/salesforce"
	"deskward/core/sandbox"
)

const salesforceGuide = "salesforce-email-to-case-gmail"

// salesforceOptions type what the sandbox knows, and let the admin act in the
// double's Setup where the guide waits for it. forget leaves out what an admin
// may forget, by step.
func (r *rehearsal) salesforceOptions(with guide.Answers, forget map[string]bool) guide.DriveOptions {
	f, sender := r.sb.Fixtures().Salesforce, r.sb.Fixtures().Google.Consumer
	r.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { *s = sandbox.SalesforceSetup{} })
	answers := guide.Answers{
		"org.connection": "Acme org", "org.my_domain": f.MyDomain, "org.client_id": f.ClientID, "org.client_secret": f.ClientSecret,
		"box.address": f.Mailbox, "box.sender": sender, "by.connection": r.sender(sender),
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
			switch {
			case forget[step.ID]:
			case step.ID == "forward":
				r.sb.GoogleForward(f.Mailbox, run.Steps["addressed"].Out["services_address"])
			case step.ID == "by_hand":
				if err := r.sb.SalesforceMail(sender, run.Steps["addressed"].Out["services_address"], run.Steps["mark"].Out["subject"]); err != nil {
					return nil, err
				}
			}
			return guide.Answers{step.ID + ".done": "yes", "link.clicked": "yes"}, nil
		},
	}
}

// sender keeps a connection to a mailbox at Gmail and returns its name.
func (r *rehearsal) sender(mailbox string) string {
	r.t.Helper()
	const name = "Outside"
	if _, err := r.connections.ByName(r.t.Context(), name); err == nil {
		return name
	}
	f := r.sb.Fixtures().Google
	file, err := r.sb.GoogleClientFile(f.ProductionClientID)
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := google.Platform().NewConnection(platform.Answers{
		Name: name, Grant: core.GrantCode, Expect: mailbox, Plain: map[string]string{"scopes": f.Scopes[0], "audience": "production"},
		Secret: core.Secrets{"client_json": core.NewSecret(string(file))},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.connections.Add(r.t.Context(), c); err != nil {
		r.t.Fatal(err)
	}
	r.agree(name, mailbox)
	return name
}

// agree lets the owner of a mailbox consent to a connection, once more where
// that has ended.
func (r *rehearsal) agree(name, mailbox string) {
	r.t.Helper()
	c, err := r.connections.ByName(r.t.Context(), name)
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := r.consent.Begin(r.t.Context(), c.ID, consent.BeginOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	back, err := r.sb.GrantAs(r.t.Context(), a.URL, mailbox, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.consent.Answer(r.t.Context(), a.ID, back); err != nil {
		r.t.Fatal(err)
	}
}

func TestSalesforceGuideLeadsPastAnUnconfirmedAddressToACase(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, salesforceGuide, salesforce.Platform(), google.Platform())
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
	mails := r.sb.GoogleMails()
	if len(mails) != 1 || !strings.Contains(mails[0].Text, "\nSubject: "+run.Steps["mark"].Out["subject"]+"\n") || mails[0].To[0] != r.sb.Fixtures().Salesforce.Mailbox {
		t.Errorf("the mails that were sent: %+v", mails)
	}
	r.noSecretIn(run, r.sb.Fixtures().Salesforce.ClientSecret)
}

// Nothing is sent before the word is typed, and who has no connection to send
// by sends the mail by hand.
func TestSalesforceGuideSendsOnlyOnItsWordOrLeavesItToTheAdmin(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, salesforceGuide, salesforce.Platform(), google.Platform())
	run, err := r.runner.Start(t.Context(), salesforceGuide, "")
	if err != nil {
		t.Fatal(err)
	}
	o := r.salesforceOptions(nil, nil)
	o.Confirm = false
	for _, tell := range []string{"need", "older", "app", "blocked", "know"} {
		o.Answers[tell+".done"] = "true"
	}
	if run, err = r.runner.Drive(t.Context(), run, o); err != nil || firstOpen(run) != "send" {
		t.Fatalf("at %s: %v", firstOpen(run), err)
	}
	if _, err := r.runner.Do(t.Context(), run, "send"); core.CodeOf(err) != "run.not-confirmed" {
		t.Errorf("another word: %v", err)
	}
	if p, _ := r.runner.Prompt(run, locale.English); p.Confirm.Word != "SEND" || !p.CanInstead {
		t.Errorf("%+v", p)
	}
	if run, err = r.runner.Instead(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	o.Seen = func(run guide.Run, _ guide.Step) {
		p, _ := r.runner.Prompt(run, locale.English)
		for _, in := range p.Inputs { // by its name, not by its id
			if in.Name == "connection" && in.Value != "Acme org" {
				t.Errorf("step %s works with the connection %q", p.Step.ID, in.Value)
			}
		}
	}
	if run, err = r.runner.Drive(t.Context(), run, o); err != nil || run.State != guide.Complete {
		t.Fatalf("%s at %s: %v", run.State, firstOpen(run), err)
	}
	if mails := r.sb.GoogleMails(); len(mails) != 0 {
		t.Errorf("sent: %+v", mails)
	}
}

// What keeps the test mail from becoming a case is said where it shows, and
// mended; then the mail is sent again.
func TestSalesforceGuideMailIsSentAgainOnceItCanGetThrough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forget      string
		spoil, mend func(*rehearsal, guide.Run)
		at, code    string
		mails       int
	}{
		"nothing is forwarded": {
			forget: "forward", at: "arrived", code: "salesforce.no-case", mails: 2,
			mend: func(r *rehearsal, run guide.Run) {
				r.sb.GoogleForward(r.sb.Fixtures().Salesforce.Mailbox, run.Steps["addressed"].Out["services_address"])
			},
		},
		"the address is confirmed no longer": {
			spoil: func(r *rehearsal, _ guide.Run) {
				r.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { s.Routes[0].Verified = false })
			},
			mend: func(r *rehearsal, _ guide.Run) {
				r.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { s.Routes[0].Verified = true })
			},
			at: "arrived", code: "salesforce.no-case", mails: 2,
		},
		"the sender's grant has ended": {
			spoil: func(r *rehearsal, _ guide.Run) {
				r.sb.GooglePassword(r.sb.Fixtures().Google.Consumer)
				r.sb.Clock().Advance(2 * time.Hour)
			},
			mend: func(r *rehearsal, _ guide.Run) { r.agree("Outside", r.sb.Fixtures().Google.Consumer) },
			at:   "send", code: "google.ended", mails: 1,
		},
		"the mail server is busy": {
			spoil: func(r *rehearsal, _ guide.Run) {
				r.sb.SetFault(sandbox.Fault{Service: "google.smtp", Path: "RCPT", Status: 451})
			},
			mend: func(r *rehearsal, _ guide.Run) { r.sb.ClearFaults() },
			at:   "send", code: "mail.not-sent", mails: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRehearsal(t, salesforceGuide, salesforce.Platform(), google.Platform())
			run, err := r.runner.Start(t.Context(), salesforceGuide, "")
			if err != nil {
				t.Fatal(err)
			}
			o := r.salesforceOptions(nil, map[string]bool{c.forget: true})
			o.Instead = false
			ask := o.Ask
			o.Ask = func(ctx context.Context, run guide.Run) (guide.Answers, error) {
				if step, _ := run.Current(); step.ID == "by" && c.spoil != nil {
					c.spoil(r, run)
				}
				return ask(ctx, run)
			}
			run, err = r.runner.Drive(t.Context(), run, o)
			if firstOpen(run) == "owned" { // the link that is always forgotten
				if run, err = r.runner.Instead(t.Context(), run); err != nil {
					t.Fatal(err)
				}
				run, err = r.runner.Drive(t.Context(), run, o)
			}
			if core.CodeOf(err) != c.code || firstOpen(run) != c.at {
				t.Fatalf("at %s: %v", firstOpen(run), err)
			}
			c.mend(r, run)
			if c.at == "arrived" {
				if run, err = r.runner.Back(t.Context(), run, "send"); err != nil {
					t.Fatal(err)
				}
			}
			if run, err = r.runner.Drive(t.Context(), run, o); err != nil || run.State != guide.Complete {
				t.Fatalf("%s at %s: %v", run.State, firstOpen(run), err)
			}
			if got := len(r.sb.GoogleMails()); got != c.mails {
				t.Errorf("%d mails were sent", got)
			}
		})
	}
}

// A mail whose answer was lost may have left: it is not sent again by itself,
// and where the admin has seen that it left, its case is found.
func TestSalesforceGuideDoesNotRepeatAMailWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	r := newRehearsal(t, salesforceGuide, salesforce.Platform(), google.Platform())
	run, err := r.runner.Start(t.Context(), salesforceGuide, "")
	if err != nil {
		t.Fatal(err)
	}
	r.sb.SetFault(sandbox.Fault{Service: "google.smtp", Path: "TAKEN", Cut: true, Times: 1})
	o := r.salesforceOptions(nil, nil)
	o.Instead = false
	run, err = r.runner.Drive(t.Context(), run, o)
	if firstOpen(run) == "owned" { // the link that is always forgotten
		if run, err = r.runner.Instead(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		run, err = r.runner.Drive(t.Context(), run, o)
	}
	if core.CodeOf(err) != "mail.sent-unknown" || run.StateOf("send") != guide.Unknown || len(r.sb.GoogleMails()) != 1 {
		t.Fatalf("at %s, %s: %v", firstOpen(run), run.StateOf("send"), err)
	}
	r.sb.Clock().Advance(10 * time.Minute) // when no other session can be at it any more
	if run, err = r.runner.Resolve(t.Context(), run, action.DidHappen); err != nil || run.Steps["send"].Out["from"] != r.sb.Fixtures().Google.Consumer {
		t.Fatalf("%v, %v", run.Steps["send"], err)
	}
	if run, err = r.runner.Drive(t.Context(), run, o); err != nil || run.State != guide.Complete || len(r.sb.GoogleMails()) != 1 {
		t.Fatalf("%s at %s: %v", run.State, firstOpen(run), err)
	}
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
			r := newRehearsal(t, salesforceGuide, salesforce.Platform(), google.Platform())
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
