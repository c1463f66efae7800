package salesforce_test

import (
	"context"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/platform/salesforce"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// bench is a deskward that works on the double of an org.
type bench struct {
	t           *testing.T
	sb          *sandbox.Sandbox
	fix         sandbox.SalesforceFixtures
	connections *core.Connections
	platforms   *platform.Service
	consent     *consent.Service
	services    platform.Services
	actions     map[string]action.Action
}

func start(t *testing.T) *bench {
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
	b := &bench{t: t, sb: sb, fix: sb.Fixtures().Salesforce, connections: &core.Connections{Store: store, Events: events}}
	b.platforms = &platform.Service{
		Platforms: []platform.Platform{salesforce.Platform()}, Connections: b.connections, HTTP: client, Endpoints: sb.Endpoints(), Clock: clock,
	}
	b.consent = &consent.Service{
		Store: store, Connections: b.connections, Events: events, Clock: clock, HTTP: client, Config: b.platforms.Config, Check: b.platforms.Check,
		Leases: &core.Leases{Store: store, Clock: clock, Actor: actor},
	}
	b.platforms.Tokens = b.consent
	b.services = platform.Services{
		Connections: b.connections, Store: store, Events: events, Clock: clock, HTTP: client, Endpoints: sb.Endpoints(),
		Tokens: b.consent, Checks: b.platforms.Check,
	}
	b.act()
	return b
}

// act makes the actions of the services.
func (b *bench) act() {
	b.actions = map[string]action.Action{}
	for _, a := range salesforce.Platform().Actions(b.services) {
		b.actions[a.Name] = a
	}
}

// add stores a connection of a grant, as an admin answers for it.
func (b *bench) add(g core.Grant, change func(*platform.Answers)) core.Connection {
	b.t.Helper()
	a := platform.Answers{
		Name: "Acme", Grant: g, Plain: map[string]string{"client_id": b.fix.ClientID}, Secret: core.Secrets{},
	}
	switch g {
	case core.GrantJWTBearer:
		a.Plain["username"] = b.fix.Username
		a.Secret[core.SecretPrivateKey] = core.NewSecret(b.fix.PrivateKey)
	case core.GrantClientCredentials:
		a.Plain["my_domain"] = b.fix.MyDomain
		a.Secret[core.SecretClientSecret] = core.NewSecret(b.fix.ClientSecret)
	default:
		a.Secret[core.SecretClientSecret] = core.NewSecret(b.fix.ClientSecret)
	}
	if change != nil {
		change(&a)
	}
	c, err := salesforce.Platform().NewConnection(a)
	if err != nil {
		b.t.Fatal(err)
	}
	if c, err = b.connections.Add(b.t.Context(), c); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// signIn consents in the terminal.
func (b *bench) signIn(c core.Connection) (core.Connection, error) {
	b.t.Helper()
	a, err := b.consent.Begin(b.t.Context(), c.ID, consent.BeginOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	to, err := b.sb.GrantInTerminal(b.t.Context(), a.URL)
	if err != nil {
		return c, err
	}
	res, err := b.consent.Answer(b.t.Context(), a.ID, to)
	return res.Connection, err
}

func (b *bench) run(name string, in map[string]string) (map[string]string, error) {
	b.t.Helper()
	return b.runUnder(b.t.Context(), name, in)
}

func (b *bench) runUnder(ctx context.Context, name string, in map[string]string) (map[string]string, error) {
	b.t.Helper()
	secret := core.Secrets{}
	if s := in["client_secret"]; s != "" {
		secret["client_secret"] = core.NewSecret(s)
	}
	out, err := b.actions[name].Run(ctx, action.Values{Plain: in, Secret: secret})
	return out.Plain, err
}

func (b *bench) want(err error, code string, class core.Class) {
	b.t.Helper()
	if core.CodeOf(err) != code || core.ClassOf(err) != class {
		b.t.Errorf("error %v (code %q, class %d), want %q, class %d", err, core.CodeOf(err), core.ClassOf(err), code, class)
	}
}

// route changes the routing address of the mailbox.
func (b *bench) route(fn func(*sandbox.SalesforceRoute)) {
	b.sb.SetSalesforce(func(s *sandbox.SalesforceSetup) { fn(&s.Routes[0]) })
}

const soon = 7 * time.Second // after which a mail is a case in the double
