package xsolla_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/platform/xsolla"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// bench is everything the client and the actions need, on a sandbox.
type bench struct {
	*testing.T
	sb       *sandbox.Sandbox
	fix      sandbox.XsollaFixtures
	client   *transport.Client
	services platform.Services
	service  *platform.Service
	consent  *consent.Service
}

func newBench(t *testing.T) *bench {
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
	conns := &core.Connections{Store: store, Events: events}
	b := &bench{T: t, sb: sb, fix: sb.Fixtures().Xsolla, client: client}
	b.service = &platform.Service{
		Platforms: []platform.Platform{xsolla.Platform()}, Connections: conns, HTTP: client, Endpoints: sb.Endpoints(), Clock: clock,
	}
	b.consent = &consent.Service{
		Store: store, Connections: conns, Events: events, Clock: clock, HTTP: client, Config: b.service.Config, Check: b.service.Check,
		Leases: &core.Leases{Store: store, Clock: clock, Actor: actor},
	}
	b.service.Tokens = b.consent
	b.services = platform.Services{
		Connections: conns, Keys: &core.SigningKeys{Store: store, Events: events}, Store: store, Events: events, Clock: clock, HTTP: client,
		Endpoints: sb.Endpoints(), Tokens: b.consent, Checks: b.service.Check,
	}
	return b
}

func (b *bench) login() *xsolla.Login {
	return xsolla.NewLogin(b.client, b.sb.Endpoints(), "Acme shop")
}

func (b *bench) set(s sandbox.Switch) {
	b.Helper()
	if err := b.sb.Set(s, true); err != nil {
		b.Fatal(err)
	}
}

// jwt is a sign-in of the JWT variant, oauth one of the other.
func (b *bench) jwt() xsolla.SignIn {
	return xsolla.SignIn{Variant: xsolla.VariantJWT, ProjectID: b.fix.ProjectID, Callback: b.fix.Callbacks[0]}
}

func (b *bench) oauth(v xsolla.Variant) xsolla.SignIn {
	return xsolla.SignIn{
		Variant: v, ClientID: b.fix.ClientID, ClientSecret: core.NewSecret(b.fix.ClientSecret), Callback: b.fix.Redirects[0],
		State: xsolla.NewState(), Offline: true,
	}
}

func (b *bench) password() core.Secret { return core.NewSecret(b.fix.Password) }

// agree signs in on a page of the sandbox and returns where that leads.
func (b *bench) agree(link string) core.Secret {
	b.Helper()
	to, err := b.sb.GrantInTerminal(b.Context(), link)
	if err != nil {
		b.Fatal(err)
	}
	return core.NewSecret(to)
}

// run calls an action; inputs that begin with "!" are secret.
func (b *bench) run(name string, in map[string]string) (action.Values, error) {
	b.Helper()
	v := action.Values{Plain: map[string]string{}, Secret: core.Secrets{}}
	for k, text := range in {
		if secret, ok := strings.CutPrefix(k, "!"); ok {
			v.Secret[secret] = core.NewSecret(text)
		} else {
			v.Plain[k] = text
		}
	}
	for _, a := range xsolla.Platform().Actions(b.services) {
		if a.Name == name {
			return a.Run(b.Context(), v)
		}
	}
	b.Fatalf("no action %s", name)
	return v, nil
}

func (b *bench) must(name string, in map[string]string) action.Values {
	b.Helper()
	out, err := b.run(name, in)
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return out
}

func (b *bench) wantCode(what string, err error, code string, class core.Class) {
	b.Helper()
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != code || e.Class != class {
		b.Errorf("%s: %v, want %s of class %v", what, err, code, class)
	}
}

// noSecret reports a secret of the sandbox in any text of an error.
func (b *bench) noSecret(what string, err error) {
	b.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		texts := []string{err.Error()}
		if e, ok := err.(*core.Error); ok {
			for _, v := range e.Params {
				texts = append(texts, v)
			}
		}
		for _, secret := range []string{b.fix.Password, b.fix.Secret, b.fix.ClientSecret, b.fix.ServerClientSecret} {
			if strings.Contains(strings.Join(texts, "\n"), secret) || strings.Contains(strings.Join(texts, "\n"), url.QueryEscape(secret)) {
				b.Errorf("%s: the error tells a secret: %q", what, texts)
			}
		}
	}
}
