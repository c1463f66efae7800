package zoho_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/platform/zoho"
	"deskward/core/sandbox"
)

// connected stores a connection that a self client's code filled.
func (b *bench) connected(scopes ...string) core.Connection {
	b.Helper()
	out := b.must("zoho.begin_connection", map[string]string{
		"name": "Self", "region": "eu", "org_id": b.fix.OrgID, "client_id": b.fix.SelfClientID, "!client_secret": b.fix.SelfClientSecret,
		"scopes": strings.Join(scopes, ","),
	})
	code, err := b.sb.ZohoSelfClientCode(scopes, 0, "")
	if err != nil {
		b.Fatal(err)
	}
	b.must("zoho.exchange_code", map[string]string{"connection": out["connection"], "!code": code})
	return b.conn(out["connection"])
}

func (b *bench) check(id string) core.Check {
	b.Helper()
	c, err := b.service.Check(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return c.Check
}

func (b *bench) change(id string, fn func(*core.Connection)) {
	b.Helper()
	_, err := b.services.Connections.Change(b.Context(), id, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		fn(c)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func TestCheckProvesTokenCentreAndOrganization(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	if got := b.check(c.ID); !got.OK || got.Note != b.fix.OrgName || len(got.Calls) != 1 || got.Calls[0].Status != 200 {
		t.Errorf("check: %+v", got)
	}
	b.change(c.ID, func(c *core.Connection) { c.Account = b.fix.OtherOrgID })
	got := b.check(c.ID)
	if got.OK || got.Code != "zoho.OAUTH_ORG_MISMATCH" || !strings.Contains(got.Params["organizations"], b.fix.OrgID) {
		t.Errorf("other organization: %+v", got)
	}
}

func TestCheckNamesTheScopeItNeeds(t *testing.T) {
	t.Parallel()
	for _, swap := range []bool{false, true} {
		b := newBench(t)
		if err := b.sb.Set(sandbox.ZohoSwap401, swap); err != nil {
			t.Fatal(err)
		}
		c := b.connected("Desk.tickets.READ")
		if got := b.check(c.ID); got.Code != "zoho.SCOPE_MISMATCH" || got.Params["scope"] != "Desk.basic.READ" {
			t.Errorf("swapped %v: %+v", swap, got)
		}
	}
}

func TestCheckRenewsATokenThatExpired(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	b.sb.Clock().Advance(2 * time.Hour)
	if got := b.check(c.ID); !got.OK || len(got.Calls) != 2 || got.Calls[0].Status != 401 {
		t.Errorf("check: %+v", got)
	}
}

// A token of one data centre means nothing at another's Desk.
func TestCheckSaysThatTheDataCentreIsWrong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	e := b.sb.Endpoints()
	e["zoho"]["desk.eu"] = e["zoho"]["desk.jp"]
	b.service.Endpoints = e
	if got := b.check(c.ID); got.OK || got.Code != "zoho.wrong-dc" {
		t.Errorf("check: %+v", got)
	}
	b.sb.SetFault(sandbox.Fault{Service: "zoho.desk", HTML: true, Status: 401})
	if got := b.check(c.ID); got.OK || got.Code != "zoho.wrong-dc" {
		t.Errorf("page: %+v", got)
	}
}

// What says nothing of the credential must not mark it as bad.
func TestOutageIsNoVerdict(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	for _, tt := range []struct {
		fault sandbox.Fault
		code  string
	}{
		{sandbox.Fault{Status: 429, RetryAfter: 90 * time.Second}, "zoho.TOO_MANY_REQUESTS"},
		{sandbox.Fault{Status: 503}, "zoho.unavailable"},
		{sandbox.Fault{Status: 502, HTML: true}, "zoho.unavailable"},
		{sandbox.Fault{Cut: true}, "net.cut"},
	} {
		tt.fault.Service = "zoho.desk"
		b.sb.ClearFaults()
		b.sb.SetFault(tt.fault)
		_, err := b.service.Check(t.Context(), c.ID)
		b.wantCode(err, tt.code, core.Failed)
		if e, ok := err.(*core.Error); ok && tt.fault.Status == 429 && e.Params["seconds"] != "90" {
			t.Errorf("Retry-After is lost: %v", e.Params)
		}
	}
	if got := b.conn(c.ID).Check; !got.At.IsZero() {
		t.Errorf("saved: %+v", got)
	}
}

func TestScopesAreProbedOneByOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected("Desk.basic.READ", "Desk.tickets.ALL", "Desk.search.READ", "Desk.articles.READ", "Desk.contacts.CREATE", "AaaServer.profile.READ")
	b.change(c.ID, func(c *core.Connection) { c.Granted = append(c.Granted, "Desk.tasks.READ") })
	probes, err := b.service.ProbeScopes(t.Context(), b.conn(c.ID))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range probes {
		switch {
		case p.Unsure:
			got[p.Scope] = "unsure"
		case p.Allowed:
			got[p.Scope] = "allowed"
		default:
			got[p.Scope] = p.Code
		}
	}
	want := map[string]string{
		"Desk.basic.READ": "allowed", "Desk.tickets.ALL": "allowed", "Desk.search.READ": "allowed",
		"Desk.articles.READ":     "allowed", // an empty list, status 204
		"Desk.contacts.CREATE":   "unsure",
		"AaaServer.profile.READ": "allowed",
		"Desk.tasks.READ":        "zoho.SCOPE_MISMATCH",
	}
	for scope, w := range want {
		if got[scope] != w {
			t.Errorf("%s: %s, want %s", scope, got[scope], w)
		}
	}
}

func TestOwnerNeedsItsScope(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tt := range []struct {
		scopes []string
		email  string
	}{{[]string{"AaaServer.profile.READ"}, b.fix.OwnerEmail}, {b.fix.Scopes, ""}} {
		b := newBench(t)
		client, err := b.service.Dial(b.connected(tt.scopes...))
		if err != nil {
			t.Fatal(err)
		}
		email, err := client.(platform.Owner).Owner(t.Context())
		if email != tt.email || (err == nil) != (tt.email != "") {
			t.Errorf("%v: %q, %v", tt.scopes, email, err)
		}
	}
}

func TestRevokeEndsTheToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	token := c.Secrets[core.SecretAccessToken]
	dropped, err := b.service.Revoke(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if s := dropped.Summary(); s.HasAccess || s.HasRefresh || !s.GrantedAt.IsZero() || !s.AccessExpires.IsZero() {
		t.Errorf("left of the grant: %+v", s)
	}
	desk, ok := zoho.Platform().Dial(c, platform.Env{
		HTTP: b.services.HTTP, Endpoints: b.services.Endpoints, Clock: b.sb.Clock(),
		Token: func(context.Context) (core.Secret, error) { return token, nil },
	}).(*zoho.Desk)
	if !ok {
		t.Fatal("not a Desk client")
	}
	_, err = desk.Organizations(t.Context())
	b.wantCode(err, "zoho.INVALID_OAUTH", core.Refused)
	b.wantCode(desk.Revoke(t.Context()), "zoho.invalid_token", core.Refused)
}

func TestAuthTokenConnectionIsCheckedByItsOwnScheme(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, err := b.services.Connections.Add(t.Context(), core.Connection{
		Name: "Legacy", Platform: zoho.ID, Grant: core.GrantAuthtoken, Region: "eu", Account: b.fix.OrgID,
		Secrets: core.Secrets{core.SecretAuthtoken: core.NewSecret(b.fix.Authtoken)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.check(c.ID); !got.OK || got.Note != b.fix.OrgName {
		t.Errorf("check: %+v", got)
	}
	b.change(c.ID, func(c *core.Connection) {
		c.Secrets = c.Secrets.With(core.SecretAuthtoken, core.NewSecret("canary-dead-token"))
	})
	if got := b.check(c.ID); got.OK || got.Code != "zoho.invalid_authtoken" {
		t.Errorf("dead: %+v", got)
	}
}

// Zoho says invalid_code to a dead refresh token and to a dead code; what to
// do differs.
func TestCheckTellsARefusedRefreshFromARefusedCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	b.change(c.ID, func(c *core.Connection) {
		c.Secrets = c.Secrets.With(core.SecretRefreshToken, core.NewSecret("canary-dead-refresh-token"))
	})
	b.sb.Clock().Advance(2 * time.Hour)
	got := b.check(c.ID)
	if got.OK || got.Code != "zoho.invalid_code" || got.Tried != "refresh" {
		t.Errorf("check: %+v", got)
	}
}

func (b *bench) setup(id, of string) (map[string]string, []string) {
	b.Helper()
	setup, err := b.service.ReadSetup(b.Context(), b.conn(id), of)
	if err != nil {
		b.Fatal(err)
	}
	facts, codes := map[string]string{}, []string{}
	for _, f := range setup.Facts {
		facts[f.Name] = f.Value
	}
	for _, f := range setup.Findings {
		codes = append(codes, f.Code)
	}
	return facts, codes
}

func TestSetupTellsOrganizationPermissionsCreditsAndLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	facts, codes := b.setup(c.ID, "")
	if len(codes) > 0 || facts["bound-to"] != b.fix.OrgID || facts["may"] != "Desk.basic.READ Desk.tickets.READ" || facts["credits-left"] == "" || facts["tokens-made"] != "0 / 10" || facts["refresh-tokens"] != "1 / 20" {
		t.Errorf("%v, %v", facts, codes)
	}
	b.change(c.ID, func(c *core.Connection) {
		c.Account = b.fix.OtherOrgID
		for range 10 {
			c.Refreshes = append(c.Refreshes, b.sb.Clock().Now())
		}
	})
	facts, codes = b.setup(c.ID, "")
	for _, want := range []string{"zoho.OAUTH_ORG_MISMATCH", "zoho.care.tokens-used"} {
		if !strings.Contains(strings.Join(codes, " "), want) {
			t.Errorf("no %s in %v (%v)", want, codes, facts)
		}
	}
}

func TestSetupFindsTheDataCentreThatTakesACredential(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	b.change(c.ID, func(c *core.Connection) { c.Region = "jp" })
	// The credential goes nowhere else unless that is asked for.
	var calls core.CallRecorder
	if _, err := b.service.ReadSetup(core.WithCallRecorder(b.Context(), &calls), b.conn(c.ID), ""); core.ClassOf(err) != core.Refused {
		t.Errorf("%v", err)
	}
	for _, call := range calls.Calls() {
		if strings.Contains(call.URL, "/organizations") && call.Status == 200 {
			t.Errorf("another data centre was asked: %+v", call)
		}
	}
	facts, codes := b.setup(c.ID, "data-centre")
	if facts["taken-by"] != "eu" || len(codes) != 1 || codes[0] != "zoho.care.other-centre" {
		t.Errorf("%v, %v", facts, codes)
	}
}

func TestSetupCountsTheRefreshTokensOfAClient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	for i := range 18 {
		other := c
		other.ID, other.Name = "", "Other "+string(rune('a'+i))
		other.Secrets = core.Secrets{core.SecretRefreshToken: core.NewSecret("canary"), core.SecretClientSecret: core.NewSecret("canary")}
		if _, err := b.services.Connections.Add(b.Context(), other); err != nil {
			t.Fatal(err)
		}
	}
	if facts, codes := b.setup(c.ID, ""); facts["refresh-tokens"] != "19 / 20" || len(codes) != 1 || codes[0] != "zoho.care.grants-near" {
		t.Errorf("%v, %v", facts, codes)
	}
}

// A data centre that did not answer may be the one: that is not the same as
// being refused everywhere.
func TestSetupNamesTheDataCentresThatDidNotAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.connected(b.fix.Scopes...)
	b.change(c.ID, func(c *core.Connection) {
		c.Region = "jp"
		c.Secrets = c.Secrets.With(core.SecretAccessToken, core.NewSecret("canary"))
	})
	b.service.Endpoints["zoho"]["desk.in"] = "http://127.0.0.1:1"
	facts, codes := b.setup(c.ID, "data-centre")
	if facts["not-reached"] != "in" || facts["taken-by"] != "" || len(codes) != 1 {
		t.Errorf("%v, %v", facts, codes)
	}
}
