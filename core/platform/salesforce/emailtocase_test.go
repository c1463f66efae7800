package salesforce_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/sandbox"
)

// org makes the connection that a guide works with.
func (b *bench) org() map[string]string {
	b.t.Helper()
	out, err := b.run("salesforce.org", map[string]string{
		"connection": "Acme org", "my_domain": b.fix.MyDomain, "client_id": b.fix.ClientID, "client_secret": b.fix.ClientSecret,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) mailbox(check, sender string) (map[string]string, error) {
	b.t.Helper()
	return b.run("salesforce."+check, map[string]string{"connection": "Acme org", "mailbox": b.fix.Mailbox, "sender": sender})
}

func TestOrgIsMadeOnceAndTakenUpAgain(t *testing.T) {
	t.Parallel()
	b := start(t)
	first := b.org()
	if first["username"] != b.fix.Username || first["instance"] != b.fix.Instance || !strings.HasPrefix(first["email_to_case_url"], b.fix.Instance+"/lightning/setup/") {
		t.Errorf("%v", first)
	}
	if again := b.org(); again["connection"] != first["connection"] {
		t.Errorf("a second connection: %v", again)
	}
	_, err := b.run("salesforce.org", map[string]string{"connection": "Nobody's"})
	b.want(err, "connection.not-found", core.Usage)
}

func TestASoundMailboxPassesEveryStage(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.org()
	for _, check := range []string{"switches_on", "routing_address", "address_verified", "address_ready", "replies_ready"} {
		out, err := b.mailbox(check, "anybody@customer.example")
		if err != nil || out["warnings"] != "" || out["type"] != "GmailOAuth" || !strings.Contains(out["services_address"], "@") {
			t.Errorf("%s: %v, %v", check, out, err)
		}
	}
}

// Each thing that can be wrong stops its own stage and those after it, and no
// stage before it.
func TestWhatIsWrongStopsItsStage(t *testing.T) {
	t.Parallel()
	stages := []string{"switches_on", "routing_address", "address_verified", "address_ready"}
	setup := func(fn func(*sandbox.SalesforceSetup)) func(*bench) { return func(b *bench) { b.sb.SetSalesforce(fn) } }
	route := func(fn func(*sandbox.SalesforceRoute)) func(*bench) { return func(b *bench) { b.route(fn) } }
	for code, c := range map[string]struct {
		break_ func(*bench)
		at     string
	}{
		"e2c-off":                  {setup(func(s *sandbox.SalesforceSetup) { s.Enabled = false }), "switches_on"},
		"on-demand-off":            {setup(func(s *sandbox.SalesforceSetup) { s.OnDemand = false }), "switches_on"},
		"no-routing-address":       {setup(func(s *sandbox.SalesforceSetup) { s.Routes = nil }), "routing_address"},
		"not-verified":             {route(func(r *sandbox.SalesforceRoute) { r.Verified = false }), "address_verified"},
		"service-address-inactive": {route(func(r *sandbox.SalesforceRoute) { r.Inactive = true }), "address_ready"},
		"service-inactive":         {route(func(r *sandbox.SalesforceRoute) { r.FunctionInactive = true }), "address_ready"},
		"sender-barred":            {route(func(r *sandbox.SalesforceRoute) { r.Senders = "partner.example, boss@acme.example" }), "address_ready"},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.org()
			c.break_(b)
			for i, check := range stages {
				_, err := b.mailbox(check, "anybody@customer.example")
				if i < slices.Index(stages, c.at) {
					if err != nil {
						t.Errorf("%s is stopped already: %v", check, err)
					}
					continue
				}
				b.want(err, "salesforce."+code, core.Refused)
			}
		})
	}
}

func TestRepliesNeedTheExternalServiceSwitch(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.org()
	b.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { s.ExternalServer, s.WideVerified = false, false })
	_, err := b.mailbox("replies_ready", "")
	b.want(err, "salesforce.external-service-off", core.Refused)
	if out, err := b.mailbox("address_ready", ""); err != nil || out["warnings"] != "salesforce.no-org-wide-address" || out["external_service"] != "false" {
		t.Errorf("incoming mail is stopped by it: %v, %v", out, err)
	}
}

func TestWhatMaySurpriseIsAWarning(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.org()
	b.route(func(r *sandbox.SalesforceRoute) {
		r.Senders, r.DKIM, r.Checked = "customer.example", "customer.example", true
	})
	out, err := b.mailbox("address_ready", "anybody@customer.example")
	if err != nil || out["warnings"] != "salesforce.senders-limited salesforce.dkim-required salesforce.sender-authentication" {
		t.Errorf("%v, %v", out, err)
	}
}

func TestSettingsThatMayNotBeReadSaySo(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.org()
	b.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { s.NoMetadata = true })
	_, err := b.mailbox("switches_on", "")
	b.want(err, "salesforce.INSUFFICIENT_ACCESS", core.Refused)
}

// The double gives two records a page.
func TestFurtherPagesOfAnAnswerAreRead(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.org()
	b.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) {
		mine := s.Routes[0]
		s.Routes = nil
		for _, name := range []string{"a", "b", "c", "d"} {
			other := mine
			other.Address, other.Local = name+"@acme.example", name
			s.Routes = append(s.Routes, other)
		}
		mine.Inactive = true
		s.Routes = append(s.Routes, mine)
	})
	_, err := b.mailbox("address_ready", "")
	b.want(err, "salesforce.service-address-inactive", core.Refused)
}

func (b *bench) mailTo(t *testing.T, subject string) {
	t.Helper()
	out, err := b.mailbox("routing_address", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.sb.SalesforceMail("anybody@customer.example", out["services_address"], subject); err != nil {
		t.Fatal(err)
	}
}

func TestACaseIsFoundByTheNonceOfItsMail(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.org()
	mark, err := b.run("salesforce.new_nonce", map[string]string{"words": "test of deskward"})
	if err != nil || !strings.HasPrefix(mark["subject"], mark["nonce"]) {
		t.Fatalf("%v, %v", mark, err)
	}
	b.mailTo(t, "another mail")
	b.mailTo(t, "Re: "+mark["subject"])
	b.sb.Clock().Advance(soon)
	out, err := b.run("salesforce.case_arrived", map[string]string{"connection": "Acme org", "nonce": mark["nonce"]})
	if err != nil || out["case_number"] != "00001002" || out["from"] != "anybody@customer.example" || !strings.HasPrefix(out["url"], b.fix.Instance) {
		t.Errorf("%v, %v", out, err)
	}
}

func TestACaseThatDoesNotComeIsWaitedForNoLongerThanAsked(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.org()
	began := time.Now()
	_, err := b.run("salesforce.case_arrived", map[string]string{"connection": "Acme org", "nonce": "deskward-nobody-sent-this", "seconds": "1"})
	b.want(err, "salesforce.no-case", core.Refused)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	_, err = b.run("salesforce.case_arrived", map[string]string{"connection": "Acme org", "nonce": "x' OR Id != '"})
	b.want(err, "salesforce.bad-nonce", core.Usage)
}

func TestWaitingForACaseEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.org()
	b.services.Clock = struct{ core.Clock }{b.services.Clock} // by which nobody can let time pass
	b.act()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("left"))
	defer cancel()
	_, err := b.runUnder(ctx, "salesforce.case_arrived", map[string]string{"connection": "Acme org", "nonce": "deskward-nobody-sent-this"})
	b.want(err, "net.cancelled", core.Failed)
}
