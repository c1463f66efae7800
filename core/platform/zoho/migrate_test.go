package zoho_test

import (
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/sandbox"
	"deskward/core/transport"
)

func TestMigrationFromAuthTokenToItsEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	link := b.must("zoho.self_client_link", map[string]string{"region": "eu"})
	if link["console_url"] != b.sb.Endpoints()["zoho"]["console"] {
		t.Errorf("console: %s", link["console_url"])
	}
	seen := b.must("zoho.check_authtoken", map[string]string{"!authtoken": b.fix.Authtoken, "region": "eu"})
	if seen["org_id"] != b.fix.OrgID || seen["org_name"] != b.fix.OrgName || seen["token_end"] != "acme" {
		t.Errorf("auth token: %v", seen)
	}
	ids := b.begin()
	before := b.sb.Clock().Now()
	out := b.must("zoho.authtooauth", map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]})
	ends, err := time.Parse(time.RFC3339, out["old_token_ends"])
	if err != nil || ends.Sub(before) < 24*time.Hour-time.Minute || ends.Sub(before) > 24*time.Hour+time.Minute {
		t.Errorf("old token ends %s, exchanged about %s", out["old_token_ends"], before)
	}
	c, old := b.conn(ids["connection"]), b.conn(ids["legacy"])
	if c.Grant != core.GrantMigrated || c.Secrets[core.SecretRefreshToken].Empty() || c.Secrets[core.SecretAccessToken].Empty() {
		t.Errorf("connection: %+v", c)
	}
	if life := c.AccessExpires.Sub(c.GrantedAt); life != time.Hour {
		t.Errorf("access token lives %s: expires_in was read in the wrong unit", life)
	}
	if old.ReplacedBy != c.ID || !old.EndsAt.Equal(c.GrantedAt.Add(24*time.Hour)) || len(old.Settings) != 0 {
		t.Errorf("auth token's connection: %+v", old)
	}

	proof := b.must("zoho.prove_connection", map[string]string{"connection": c.ID})
	if proof["org_name"] != b.fix.OrgName || proof["scopes_proven"] != "Desk.basic.READ Desk.tickets.READ" || proof["credits_left"] == "" {
		t.Errorf("proof: %v", proof)
	}
	b.must("zoho.put_into_service", map[string]string{"connection": c.ID, "legacy": old.ID})
	deadlines, err := (&core.Deadlines{Store: b.services.Store}).List(t.Context())
	if err != nil || len(deadlines) != 1 || deadlines[0].Code != "zoho.old-token-ends" || deadlines[0].Subject.ID != old.ID {
		t.Errorf("deadlines: %+v, %v", deadlines, err)
	}

	_, err = b.run("zoho.prove_old_token_dead", map[string]string{"legacy": old.ID})
	b.wantCode(err, "zoho.old-token-alive", core.Failed)
	b.sb.Clock().Advance(24*time.Hour + time.Minute)
	dead := b.must("zoho.prove_old_token_dead", map[string]string{"legacy": old.ID})
	if dead["answer"] != "zoho.invalid_authtoken" {
		t.Errorf("dead: %v", dead)
	}
	if deadlines, err = (&core.Deadlines{Store: b.services.Store}).List(t.Context()); err != nil || len(deadlines) != 0 {
		t.Errorf("deadlines after the end: %+v, %v", deadlines, err)
	}
	// The access token has expired too: proving renews it.
	b.must("zoho.prove_connection", map[string]string{"connection": c.ID})
	if n := b.exchangesSeen(); n != 1 {
		t.Errorf("%d exchanges were sent", n)
	}
}

func TestExchangeStripsWhatPeoplePaste(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.must("zoho.begin_connection", map[string]string{
		"name": "Acme", "region": " EU ", "org_id": "6000987 6543\n", "client_id": " 1000.SANDBOX SELFCLIENT",
		"!client_secret": "sandbox-self-\u200bclient-secret\r\n", "!authtoken": " sandbox-legacy-\u00a0authtoken-of-acme",
		"scopes": "Desk.basic.READ, Desk.tickets.READ",
	})
	b.must("zoho.authtooauth", map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]})
}

func TestExchangeIsNotSentTwiceForSavedTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.exchanged()
	in := map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}
	first := b.conn(ids["connection"])
	b.must("zoho.authtooauth", in)
	if again := b.conn(ids["connection"]); again.Rev != first.Rev || b.exchangesSeen() != 1 {
		t.Errorf("a second run changed the connection or was sent: %d calls", b.exchangesSeen())
	}
	effect, err := b.action("zoho.authtooauth").Ask(t.Context(), values(in))
	if effect != action.DidHappen || err != nil {
		t.Errorf("asked: %v, %v", effect, err)
	}
	out, err := b.action("zoho.authtooauth").Recall(t.Context(), values(in))
	if err != nil || out.Plain["connection"] != first.ID || out.Plain["old_token_ends"] == "" {
		t.Errorf("recalled: %v, %v", out.Plain, err)
	}
}

func TestAuthTokenOfAnotherExchangeIsNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.exchanged()
	second := b.must("zoho.begin_connection", map[string]string{
		"name": "Second", "region": "eu", "org_id": b.fix.OrgID, "client_id": b.fix.SelfClientID,
		"!client_secret": b.fix.SelfClientSecret, "legacy": ids["legacy"],
	})
	_, err := b.run("zoho.authtooauth", map[string]string{"connection": second["connection"], "legacy": ids["legacy"]})
	b.wantCode(err, "zoho.already-exchanged", core.Usage)
	if b.exchangesSeen() != 1 {
		t.Error("it was sent")
	}
}

// What is known after a failure decides whether the call may be repeated.
func TestExchangeFailures(t *testing.T) {
	t.Parallel()
	const path = "/oauth/v2/token/self"
	tests := []struct {
		name    string
		fault   *sandbox.Fault
		on      sandbox.Switch
		with    map[string]string // over the inputs of begin_connection
		code    string
		class   core.Class
		effect  action.Effect
		settled bool // the mark is gone
	}{
		{"auth token used before", nil, "", map[string]string{"!authtoken": "sandbox-spent-authtoken-of-acme"}, "zoho.authtooauth.access_denied", core.Refused, action.DidNotHappen, true},
		{"auth token unknown", nil, "", map[string]string{"!authtoken": "canary-not-a-token"}, "zoho.authtooauth.invalid_authtoken", core.Refused, action.DidNotHappen, true},
		{"client of another person", nil, "", map[string]string{"client_id": "1000.SANDBOXSTRANGER", "!client_secret": "sandbox-stranger-secret"}, "zoho.authtooauth.access_denied", core.Refused, action.DidNotHappen, true},
		{"wrong secret", nil, "", map[string]string{"!client_secret": "canary-wrong-secret"}, "zoho.authtooauth.invalid_client", core.Refused, action.DidNotHappen, true},
		{"wrong data centre", nil, "", map[string]string{"region": "jp"}, "zoho.authtooauth.invalid_client", core.Refused, action.DidNotHappen, true},
		{"scope that is none", nil, "", map[string]string{"scopes": "Desk.nothing.READ"}, "zoho.authtooauth.invalid_scope", core.Refused, action.DidNotHappen, true},
		{"gone", nil, sandbox.ZohoRetired, nil, "zoho.authtooauth.retired", core.Refused, action.DidNotHappen, true},
		{"too many", &sandbox.Fault{Path: path, Status: 429, RetryAfter: time.Minute}, "", nil, "zoho.throttled", core.Failed, action.DidNotHappen, true},
		{"out of order", &sandbox.Fault{Path: path, Status: 503}, "", nil, "zoho.authtooauth.unknown", core.Unknown, action.CannotTell, false},
		{"done, then 502", &sandbox.Fault{Path: path, Status: 502, After: true}, "", nil, "zoho.authtooauth.unknown", core.Unknown, action.CannotTell, false},
		{"done, then reset", &sandbox.Fault{Path: path, Reset: true, After: true}, "", nil, "zoho.authtooauth.unknown", core.Unknown, action.CannotTell, false},
		{"done, then cut", &sandbox.Fault{Path: path, Cut: true}, "", nil, "zoho.authtooauth.unknown", core.Unknown, action.CannotTell, false},
		{"a page with 200", &sandbox.Fault{Path: path, HTML: true}, "", nil, "zoho.authtooauth.unknown", core.Unknown, action.CannotTell, false},
		{"nothing with 200", &sandbox.Fault{Path: path, Status: 200}, "", nil, "zoho.authtooauth.unknown", core.Unknown, action.CannotTell, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if tt.on != "" {
				if err := b.sb.Set(tt.on, true); err != nil {
					t.Fatal(err)
				}
			}
			in := map[string]string{
				"name": "Acme Europe", "region": "eu", "org_id": b.fix.OrgID, "client_id": b.fix.SelfClientID,
				"!client_secret": b.fix.SelfClientSecret, "!authtoken": b.fix.Authtoken,
			}
			for name, v := range tt.with {
				in[name] = v
			}
			ids := b.must("zoho.begin_connection", in)
			if tt.fault != nil {
				b.sb.SetFault(*tt.fault)
			}
			step := map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}
			_, err := b.run("zoho.authtooauth", step)
			b.wantCode(err, tt.code, tt.class)
			for _, secret := range []string{in["!client_secret"], in["!authtoken"]} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells a secret: %v", err)
				}
			}
			b.sb.ClearFaults()
			effect, err := b.action("zoho.authtooauth").Ask(t.Context(), values(step))
			if effect != tt.effect || err != nil {
				t.Errorf("asked: %v, %v; want %v", effect, err, tt.effect)
			}
			if marked := b.conn(ids["legacy"]).Settings["exchange_into"] != ""; marked == tt.settled {
				t.Errorf("marked %v, settled %v", marked, tt.settled)
			}
			if b.exchangesSeen() > 1 {
				t.Error("it was sent again")
			}
		})
	}
}

// Twenty invalid auth tokens block the client at Zoho.
func TestInvalidAuthTokenIsSentTwiceAtMost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := map[string]string{
		"name": "Acme Europe", "region": "eu", "org_id": b.fix.OrgID, "client_id": b.fix.SelfClientID,
		"!client_secret": b.fix.SelfClientSecret, "!authtoken": "canary-not-a-token",
	}
	ids := b.must("zoho.begin_connection", in)
	step := map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}
	for range 2 {
		_, err := b.run("zoho.authtooauth", step)
		b.wantCode(err, "zoho.authtooauth.invalid_authtoken", core.Refused)
	}
	_, err := b.run("zoho.authtooauth", step)
	b.wantCode(err, "zoho.exchange-stopped", core.Usage)
	if n := b.exchangesSeen(); n != 2 {
		t.Errorf("sent %d times", n)
	}
	in["!authtoken"] = b.fix.Authtoken // another one may be tried
	b.must("zoho.begin_connection", in)
	b.must("zoho.authtooauth", step)
}

func TestUnsentExchangeMayBeRepeated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	step := map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}
	real := b.services.Endpoints
	b.services.Endpoints = transport.Endpoints{"zoho": {"accounts": "http://127.0.0.1:1", "desk": real["zoho"]["desk"]}}
	_, err := b.run("zoho.authtooauth", step)
	b.wantCode(err, "net.refused", core.Failed)
	b.services.Endpoints = real
	b.must("zoho.authtooauth", step)
}

func TestUnknownExchangeIsKnownWhenTheAuthTokenIsDead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	step := map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}
	b.sb.SetFault(sandbox.Fault{Path: "/oauth/v2/token/self", Reset: true, After: true, Times: 1})
	_, err := b.run("zoho.authtooauth", step)
	b.wantCode(err, "zoho.authtooauth.unknown", core.Unknown)

	other := b.must("zoho.begin_connection", map[string]string{
		"name": "Other", "region": "eu", "org_id": b.fix.OrgID, "client_id": b.fix.SelfClientID, "!client_secret": b.fix.SelfClientSecret, "legacy": ids["legacy"],
	})
	_, err = b.run("zoho.authtooauth", map[string]string{"connection": other["connection"], "legacy": ids["legacy"]})
	b.wantCode(err, "zoho.exchange-elsewhere", core.Unknown)

	b.sb.Clock().Advance(25 * time.Hour)
	effect, err := b.action("zoho.authtooauth").Ask(t.Context(), values(step))
	if effect != action.DidHappen || err != nil {
		t.Errorf("asked: %v, %v", effect, err)
	}
	_, err = b.action("zoho.authtooauth").Recall(t.Context(), values(step))
	b.wantCode(err, "zoho.exchange-lost", core.Unknown)
}

func TestExchangeBothWaysOfSending(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.sb.Set(sandbox.ZohoQueryOnly, true); err != nil {
		t.Fatal(err)
	}
	ids := b.begin()
	step := map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}
	_, err := b.run("zoho.authtooauth", step)
	b.wantCode(err, "zoho.authtooauth.invalid_client", core.Refused)
	step["send_as"] = "query"
	b.must("zoho.authtooauth", step)
}

func TestExternalVariantNeedsTheMappingOfSupport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.must("zoho.begin_connection", map[string]string{
		"name": "Web", "region": "eu", "org_id": b.fix.OrgID, "client_id": b.fix.WebClientID,
		"!client_secret": b.fix.WebClientSecret, "!authtoken": b.fix.ExternalAuthtoken,
	})
	b.must("zoho.authtooauth", map[string]string{"connection": ids["connection"], "legacy": ids["legacy"], "variant": "external"})
	b.must("zoho.prove_connection", map[string]string{"connection": ids["connection"]})
}

func TestFreshGrantTakesOverWhenTheExchangeIsGone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	code, err := b.sb.ZohoSelfClientCode(b.fix.Scopes, 3, "")
	if err != nil {
		t.Fatal(err)
	}
	out := b.must("zoho.exchange_code", map[string]string{"connection": ids["connection"], "!code": " " + code + "\n"})
	if out["granted"] != "Desk.basic.READ Desk.tickets.READ" {
		t.Errorf("granted: %v", out)
	}
	b.must("zoho.prove_connection", map[string]string{"connection": ids["connection"]})
	served := b.must("zoho.put_into_service", map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]})
	if end, ok := served["old_token_ends"]; ok {
		t.Errorf("nothing ends the old token, yet it ends %s", end)
	}
	if old := b.conn(ids["legacy"]); old.ReplacedBy != ids["connection"] || !old.EndsAt.IsZero() {
		t.Errorf("old: %+v", old)
	}
	_, err = b.run("zoho.exchange_code", map[string]string{"connection": ids["connection"], "!code": code})
	b.wantCode(err, "zoho.invalid_code", core.Refused)
}

func TestOwnersAreComparedAsFarAsZohoTells(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	code := func() string {
		c, err := b.sb.ZohoSelfClientCode([]string{"AaaServer.profile.READ"}, 3, "")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	in := map[string]string{
		"!authtoken": b.fix.Authtoken, "region": "eu", "org_id": b.fix.OrgID, "owner_email": "Admin@acme.example",
		"client_id": b.fix.SelfClientID, "!client_secret": b.fix.SelfClientSecret, "!code": code(),
	}
	if out := b.must("zoho.owner", in); out["proven"] != "both" || out["client_owner"] != b.fix.OwnerEmail {
		t.Errorf("with a code: %v", out)
	}
	delete(in, "!code")
	if out := b.must("zoho.owner", in); out["proven"] != "token" {
		t.Errorf("without a code: %v", out)
	}
	if err := b.sb.Set(sandbox.ZohoNoMyInfo, true); err != nil {
		t.Fatal(err)
	}
	if out := b.must("zoho.owner", in); out["proven"] != "nothing" || out["token_owner"] != "" {
		t.Errorf("when Desk does not tell: %v", out)
	}
	in["!code"], in["owner_email"] = code(), "somebody@else.example"
	_, err := b.run("zoho.owner", in)
	b.wantCode(err, "zoho.owner-differs", core.Refused)
}

func TestBeginMayBeRunAgainUntilThereAreTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, again := b.begin(), b.begin()
	if first["connection"] != again["connection"] || first["legacy"] != again["legacy"] {
		t.Errorf("%v, then %v", first, again)
	}
	b.must("zoho.authtooauth", map[string]string{"connection": first["connection"], "legacy": first["legacy"]})
	_, err := b.run("zoho.begin_connection", map[string]string{
		"name": "acme europe", "org_id": b.fix.OrgID, "client_id": "x", "!client_secret": "canary-secret",
	})
	b.wantCode(err, "connection.name-taken", core.Usage)
}

func TestProofNamesTheScopeThatIsMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.exchanged()
	if _, err := b.services.Connections.Change(t.Context(), ids["connection"], core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		c.Granted = append(c.Granted, "Desk.contacts.READ", "Desk.tickets.CREATE")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, err := b.run("zoho.prove_connection", map[string]string{"connection": ids["connection"]})
	b.wantCode(err, "zoho.SCOPE_MISMATCH", core.Refused)
	if e, ok := err.(*core.Error); !ok || e.Params["scope"] != "Desk.contacts.READ" {
		t.Errorf("scope not named: %#v", err)
	}
	_, err = b.run("zoho.prove_connection", map[string]string{"connection": ids["legacy"]})
	b.wantCode(err, "zoho.not-oauth", core.Usage)
}
