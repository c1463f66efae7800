package salesforce_test

import (
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/sandbox"
)

func TestEveryGrantGivesAConnectionThatWorksAndRenews(t *testing.T) {
	t.Parallel()
	for _, g := range []core.Grant{core.GrantCode, core.GrantClientCredentials, core.GrantJWTBearer} {
		t.Run(string(g), func(t *testing.T) {
			t.Parallel()
			b := start(t)
			c := b.add(g, nil)
			var err error
			if g == core.GrantCode {
				c, err = b.signIn(c)
			} else {
				var res consent.Result
				res, err = b.consent.Unattended(t.Context(), c.ID)
				c = res.Connection
			}
			if err != nil || !c.Check.OK || c.Check.Note != b.fix.Username || c.Settings["instance"] != b.fix.Instance {
				t.Fatalf("%+v, %v", c, err)
			}
			// A session ends when the org says so; no answer announces it.
			b.sb.EndSalesforceSessions()
			again, err := b.platforms.Check(t.Context(), c.ID)
			if err != nil || !again.Check.OK {
				t.Fatalf("after the session ended: %+v, %v", again.Check, err)
			}
			if again.Secrets[core.SecretAccessToken].Equal(c.Secrets[core.SecretAccessToken]) {
				t.Error("the token is the old one")
			}
			if rotated := !again.Secrets[core.SecretRefreshToken].Equal(c.Secrets[core.SecretRefreshToken]); rotated != (g == core.GrantCode) {
				t.Errorf("refresh token rotated: %v", rotated)
			}
		})
	}
}

func TestRedirectsAreLocalhostOnRegisteredPorts(t *testing.T) {
	t.Parallel()
	b := start(t)
	cfg, err := b.platforms.Config(b.add(core.GrantCode, nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Redirects(); strings.Join(got, " ") != strings.Join(b.fix.Redirects, " ") {
		t.Errorf("redirects %v", got)
	}
}

func TestWhatAnAppRefusesIsToldWithItsAdvice(t *testing.T) {
	t.Parallel()
	for code, c := range map[string]struct {
		app    func(*sandbox.SalesforceApp)
		answer func(*platform.Answers)
		grant  core.Grant
	}{
		"salesforce.invalid_client":             {grant: core.GrantClientCredentials, answer: func(a *platform.Answers) { a.Secret["client_secret"] = core.NewSecret("another-secret") }},
		"salesforce.invalid_client_id":          {grant: core.GrantClientCredentials, answer: func(a *platform.Answers) { a.Plain["client_id"] = "3MVG9.other" }},
		"salesforce.invalid_grant.wrong-domain": {grant: core.GrantClientCredentials, answer: func(a *platform.Answers) { a.Plain["my_domain"] = "" }},
		"salesforce.oauth_flow_disabled":        {grant: core.GrantClientCredentials, app: func(s *sandbox.SalesforceApp) { s.ClientFlowOff = true }},
		"salesforce.invalid_grant":              {grant: core.GrantClientCredentials, app: func(s *sandbox.SalesforceApp) { s.NoRunAs = true }},
		"salesforce.invalid_grant.not-approved": {grant: core.GrantJWTBearer, app: func(s *sandbox.SalesforceApp) { s.PreAuthorized = false }},
		"salesforce.bad-key":                    {grant: core.GrantJWTBearer, answer: func(a *platform.Answers) { a.Secret["private_key"] = core.NewSecret("-----BEGIN CERTIFICATE-----") }},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			if c.app != nil {
				b.sb.SetSalesforceApp(c.app)
			}
			_, err := b.consent.Unattended(t.Context(), b.add(c.grant, c.answer).ID)
			class := core.Refused
			if code == "salesforce.bad-key" {
				class = core.Usage
			}
			b.want(err, code, class)
		})
	}
}

func TestWhatTheSignInRefusesIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app    func(*sandbox.SalesforceApp)
		answer func(*platform.Answers)
		code   string // "": a page, which the person sees
	}{
		"flow off":          {app: func(s *sandbox.SalesforceApp) { s.CodeFlowOff = true }, code: "salesforce.oauth_flow_disabled"},
		"scope not on app":  {app: func(s *sandbox.SalesforceApp) { s.Scopes = []string{"api"} }},
		"not approved":      {app: func(s *sandbox.SalesforceApp) { s.AdminApproved, s.PreAuthorized = true, false }},
		"api-only licence":  {app: func(s *sandbox.SalesforceApp) { s.APIOnlyLicence = true }},
		"blocked":           {app: func(s *sandbox.SalesforceApp) { s.Blocked = true }},
		"another org's key": {answer: func(a *platform.Answers) { a.Plain["region"] = "sandbox" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			if c.app != nil {
				b.sb.SetSalesforceApp(c.app)
			}
			_, err := b.signIn(b.add(core.GrantCode, c.answer))
			want := c.code
			if want == "" {
				want = "sandbox.no-consent"
			}
			if core.CodeOf(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// The sixth sign-in of one user ends the first: five grants live at once.
func TestTheSixthSignInEndsTheFirst(t *testing.T) {
	t.Parallel()
	b := start(t)
	first, err := b.signIn(b.add(core.GrantCode, nil))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		c := b.add(core.GrantCode, func(a *platform.Answers) { a.Name = core.NewID() })
		if _, err := b.signIn(c); err != nil {
			t.Fatal(err)
		}
	}
	_, err = b.consent.Refresh(t.Context(), first.ID)
	b.want(err, "salesforce.invalid_grant.expired-token", core.Refused)
}

func TestAnInstanceThatIsNotSalesforcesIsNeverCalled(t *testing.T) {
	t.Parallel()
	b := start(t)
	if err := b.sb.Set(sandbox.SalesforceForeignInstance, true); err != nil {
		t.Fatal(err)
	}
	c, err := b.signIn(b.add(core.GrantCode, nil))
	if err != nil || c.Check.OK || c.Check.Code != "salesforce.foreign-instance" || c.Settings["instance"] != "" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, call := range c.Check.Calls {
		if strings.Contains(call.URL, "stranger") {
			t.Errorf("called %s", call.URL)
		}
	}
}

func TestTheExpectedAccountMayBeUserNameOrAddress(t *testing.T) {
	t.Parallel()
	for expect, ok := range map[string]bool{"MINA@acme.example.crm": true, "mina@acme.example": true, "ken@acme.example": false} {
		b := start(t)
		c, err := b.signIn(b.add(core.GrantCode, func(a *platform.Answers) { a.Expect = expect }))
		if err != nil || c.Check.OK != ok {
			t.Errorf("%s: %+v, %v", expect, c.Check, err)
		}
	}
}

func TestRevokingEndsRefreshAndSession(t *testing.T) {
	t.Parallel()
	b := start(t)
	c, err := b.signIn(b.add(core.GrantCode, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.platforms.Revoke(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	_, err = b.connections.Change(t.Context(), c.ID, core.Event{Verb: core.VerbChanged}, func(now *core.Connection) error {
		now.Secrets = c.Secrets // as if somebody had kept them
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.consent.Refresh(t.Context(), c.ID)
	b.want(err, "salesforce.invalid_grant.expired-token", core.Refused)
}

func TestAUsedUpDayIsNoRefusalOfTheCredential(t *testing.T) {
	t.Parallel()
	b := start(t)
	c, err := b.signIn(b.add(core.GrantCode, nil))
	if err != nil {
		t.Fatal(err)
	}
	b.sb.SetSalesforceLimit(0)
	_, err = b.platforms.Check(t.Context(), c.ID)
	b.want(err, "salesforce.REQUEST_LIMIT_EXCEEDED", core.Failed)
}

func TestAnAssertionIsRefusedAfterItsTime(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.add(core.GrantJWTBearer, nil)
	cfg, err := b.platforms.Config(c)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := cfg.Assertion(b.sb.Clock().Now().Add(-10 * time.Minute))
	if err != nil || signed.Empty() {
		t.Fatal(err)
	}
	later, err := cfg.Assertion(b.sb.Clock().Now())
	if err != nil || later.Equal(signed) {
		t.Errorf("an assertion is not made anew: %v", err)
	}
}
