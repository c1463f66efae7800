package sandbox_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/platform/all"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// desk is deskward's own consent and checks on the sandbox, as the program
// puts them together.
type desk struct {
	*user
	conns     *core.Connections
	platforms *platform.Service
	consent   *consent.Service
}

func startDesk(t *testing.T) *desk {
	t.Helper()
	u := start(t)
	client, err := transport.New(transport.Options{Clock: u.sb.Clock()})
	if err != nil {
		t.Fatal(err)
	}
	store := mem.New()
	actor := core.Actor{User: "admin", Host: "test"}
	events := &core.EventLog{Store: store, Clock: u.sb.Clock(), Actor: actor}
	d := &desk{user: u, conns: &core.Connections{Store: store, Events: events}}
	d.platforms = &platform.Service{
		Platforms: all.Platforms(), Connections: d.conns, HTTP: client, Endpoints: u.sb.Endpoints(), Clock: u.sb.Clock(),
	}
	d.consent = &consent.Service{
		Store: store, Connections: d.conns, Events: events, Leases: &core.Leases{Store: store, Clock: u.sb.Clock(), Actor: actor},
		Clock: u.sb.Clock(), HTTP: client, Config: d.platforms.Config, Discover: d.platforms.Discover, Check: d.platforms.Check,
	}
	d.platforms.Tokens = d.consent
	return d
}

func (d *desk) add(c core.Connection, secret string) core.Connection {
	d.Helper()
	c.Name, c.Secrets = "Under test", core.Secrets{}.With(core.SecretClientSecret, core.NewSecret(secret))
	c, err := d.conns.Add(d.Context(), c)
	if err != nil {
		d.Fatal(err)
	}
	return c
}

// agree begins a consent and answers it by the sandbox's key.
func (d *desk) agree(id string) (consent.Result, error) {
	d.Helper()
	a, err := d.consent.Begin(d.Context(), id, consent.BeginOptions{})
	if err != nil {
		d.Fatal(err)
	}
	back, err := d.sb.GrantInTerminal(d.Context(), a.URL)
	if err != nil {
		d.Fatal(err)
	}
	return d.consent.Answer(d.Context(), a.ID, back)
}

func (d *desk) wantProved(what string, res consent.Result, err error) {
	d.Helper()
	if err != nil || !res.Proved() || len(res.Missing) > 0 {
		d.Fatalf("%s: %+v, %v", what, res, err)
	}
}

func TestDeskwardConsentsToZohoFromAnyDataCentre(t *testing.T) {
	t.Parallel()
	for _, ms := range []bool{false, true} {
		d := startDesk(t)
		if err := d.sb.Set(sandbox.ZohoMilliseconds, ms); err != nil {
			t.Fatal(err)
		}
		c := d.add(core.Connection{Platform: "zoho", Grant: core.GrantCode, Region: "us", ClientID: d.zoho.WebClientID, Scopes: d.zoho.Scopes, Account: d.zoho.OrgID}, d.zoho.WebClientSecret)
		res, err := d.agree(c.ID)
		d.wantProved("consent", res, err)
		if got := res.Connection; got.Region != "eu" || got.Check.Note != d.zoho.OrgName {
			t.Errorf("connection: %+v", got)
		}
		if life := res.Connection.AccessExpires.Sub(res.Connection.GrantedAt); life < 59*time.Minute || life > 61*time.Minute {
			t.Errorf("in milliseconds %v: the access token lives %s", ms, life)
		}
		d.sb.Clock().Advance(2 * time.Hour)
		after, err := d.platforms.Check(t.Context(), c.ID)
		if err != nil || !after.Check.OK || !after.Secrets[core.SecretRefreshToken].Equal(res.Connection.Secrets[core.SecretRefreshToken]) {
			t.Errorf("after a refresh: %+v, %v", after.Check, err)
		}
		if _, err := d.platforms.Revoke(t.Context(), c.ID); err != nil {
			t.Errorf("revoke: %v", err)
		}
	}
}

func TestDeskwardTakesZohosOtherGrants(t *testing.T) {
	t.Parallel()
	d := startDesk(t)
	self := d.add(core.Connection{Platform: "zoho", Grant: core.GrantPastedCode, Region: "eu", ClientID: d.zoho.SelfClientID, Scopes: d.zoho.Scopes}, d.zoho.SelfClientSecret)
	code, err := d.sb.ZohoSelfClientCode(d.zoho.Scopes, 3, "")
	if err != nil {
		t.Fatal(err)
	}
	res, err := d.consent.PastedCode(t.Context(), self.ID, code)
	d.wantProved("pasted code", res, err)

	d = startDesk(t)
	machine := d.add(core.Connection{Platform: "zoho", Grant: core.GrantClientCredentials, Region: "eu", ClientID: d.zoho.SelfClientID, Scopes: d.zoho.Scopes, Account: d.zoho.OrgID}, d.zoho.SelfClientSecret)
	res, err = d.consent.Unattended(t.Context(), machine.ID)
	d.wantProved("client credentials", res, err)
}

func TestDeskwardConnectsADevice(t *testing.T) {
	t.Parallel()
	d := startDesk(t)
	c := d.add(core.Connection{Platform: "zoho", Grant: core.GrantDevice, Region: "eu", ClientID: d.zoho.DeviceClientID, Scopes: d.zoho.Scopes}, d.zoho.DeviceClientSecret)
	begun, err := d.consent.DeviceBegin(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.sb.GrantDevice(t.Context(), begun.URL, begun.UserCode); err != nil {
		t.Fatal(err)
	}
	if err := d.sb.GrantDevice(t.Context(), begun.URL, begun.UserCode); core.CodeOf(err) != "sandbox.no-consent" {
		t.Errorf("the code works twice: %v", err)
	}
	if begun.Interval < 30*time.Second {
		t.Errorf("polls every %s, Zoho wants 30 s", begun.Interval)
	}
	begun.Interval = 0 // the double has seen no poll yet, and the test need not wait
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	res, err := d.consent.DeviceWait(ctx, begun, nil)
	d.wantProved("device", res, err)
}

func TestDeskwardReadsZohosRefusals(t *testing.T) {
	t.Parallel()
	d := startDesk(t)
	c := d.add(core.Connection{Platform: "zoho", Grant: core.GrantCode, Region: "eu", ClientID: d.zoho.WebClientID, Scopes: d.zoho.Scopes}, "canary-wrong-secret")
	_, err := d.agree(c.ID)
	if core.CodeOf(err) != "zoho.invalid_client_secret" {
		t.Errorf("wrong secret: %v", err)
	}
	a, err := d.consent.Begin(t.Context(), c.ID, consent.BeginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	back, err := d.sb.GrantInTerminal(t.Context(), a.URL)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("accounts-server", "https://accounts.zoho.example")
	u.RawQuery = q.Encode()
	calls := len(d.sb.Calls())
	if _, err = d.consent.Answer(t.Context(), a.ID, u.String()); core.CodeOf(err) != "zoho.foreign-accounts-server" {
		t.Errorf("forged accounts-server: %v", err)
	}
	if len(d.sb.Calls()) != calls {
		t.Error("something was sent all the same")
	}
}

func TestDeskwardConsentsToAStandardServer(t *testing.T) {
	t.Parallel()
	d := startDesk(t)
	c := d.add(core.Connection{Platform: "oauth2", Grant: core.GrantCode, Issuer: d.oidc.Issuer, ClientID: d.oidc.ClientID, Scopes: d.oidc.Scopes}, d.oidc.ClientSecret)
	res, err := d.agree(c.ID)
	d.wantProved("consent", res, err)
	if !strings.Contains(res.Connection.Check.Note, d.oidc.AccountEmail) {
		t.Errorf("check: %+v", res.Connection.Check)
	}
	first := res.Connection.Secrets[core.SecretRefreshToken]
	d.sb.Clock().Advance(time.Hour)
	after, err := d.platforms.Check(t.Context(), c.ID)
	if err != nil || !after.Check.OK || after.Secrets[core.SecretRefreshToken].Equal(first) {
		t.Errorf("after a refresh that rotates: %+v, %v", after.Check, err)
	}
	if _, err := d.platforms.Revoke(t.Context(), c.ID); err != nil {
		t.Errorf("revoke: %v", err)
	}
}

// The throttle is no verdict on the credential: the last check stands.
func TestDeskwardTakesZohosThrottleForWhatItIs(t *testing.T) {
	t.Parallel()
	d := startDesk(t)
	c := d.add(core.Connection{Platform: "zoho", Grant: core.GrantCode, Region: "eu", ClientID: d.zoho.WebClientID, Scopes: d.zoho.Scopes}, d.zoho.WebClientSecret)
	res, err := d.agree(c.ID)
	d.wantProved("consent", res, err)
	token := res.Connection.Secrets[core.SecretRefreshToken].Reveal()
	d.sb.Clock().Advance(2 * time.Hour)
	for range 10 { // somebody else uses the refresh token too
		if _, body := d.refresh(token); body["access_token"] == nil {
			t.Fatalf("refresh: %v", body)
		}
	}
	_, err = d.platforms.Check(t.Context(), c.ID)
	if core.CodeOf(err) != "zoho.throttled" || core.ClassOf(err) != core.Failed {
		t.Errorf("throttled: %v", err)
	}
	if now, err := d.conns.Get(t.Context(), c.ID); err != nil || !now.Check.OK {
		t.Errorf("the check of before is gone: %+v, %v", now.Check, err)
	}
}
