package zoho_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
	"deskward/core/platform/zoho"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// bench is everything the actions need, on a sandbox.
type bench struct {
	*testing.T
	sb       *sandbox.Sandbox
	fix      sandbox.ZohoFixtures
	services platform.Services
	service  *platform.Service
}

func newBench(t *testing.T) *bench {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	client, err := transport.New(transport.Options{Clock: sb.Clock()})
	if err != nil {
		t.Fatal(err)
	}
	store := mem.New()
	events := &core.EventLog{Store: store, Clock: sb.Clock(), Actor: core.Actor{User: "admin", Host: "test"}}
	conns := &core.Connections{Store: store, Events: events}
	b := &bench{T: t, sb: sb, fix: sb.Fixtures().Zoho}
	tokens := &storedTokens{b}
	b.service = &platform.Service{
		Platforms: []platform.Platform{zoho.Platform()}, Connections: conns, HTTP: client,
		Endpoints: sb.Endpoints(), Clock: sb.Clock(), Tokens: tokens,
	}
	b.services = platform.Services{
		Connections: conns, Store: store, Events: events, Clock: sb.Clock(), HTTP: client,
		Endpoints: sb.Endpoints(), Tokens: tokens, Checks: b.service.Check,
	}
	return b
}

// storedTokens gives the stored access token, and refreshes when asked to.
type storedTokens struct{ b *bench }

func (s *storedTokens) Access(ctx context.Context, id string) (core.Secret, error) {
	c, err := s.b.services.Connections.Get(ctx, id)
	return c.Secrets[core.SecretAccessToken], err
}

func (s *storedTokens) Refresh(ctx context.Context, id string) (core.Connection, error) {
	c, err := s.b.services.Connections.Get(ctx, id)
	if err != nil {
		return c, err
	}
	body := s.b.post(s.b.sb.Endpoints()["zoho"]["accounts."+c.Region]+"/oauth/v2/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {c.ClientID}, "client_secret": {c.Secrets[core.SecretClientSecret].Reveal()},
		"refresh_token": {c.Secrets[core.SecretRefreshToken].Reveal()},
	})
	token, _ := body["access_token"].(string)
	if token == "" {
		return c, &core.Error{Tried: "refresh", Code: "zoho.invalid_code", Class: core.Refused}
	}
	return s.b.services.Connections.Change(ctx, id, core.Event{Verb: core.VerbRefreshed}, func(c *core.Connection) error {
		c.Secrets = c.Secrets.With(core.SecretAccessToken, core.NewSecret(token))
		return nil
	})
}

func (b *bench) post(target string, form url.Values) map[string]any {
	b.Helper()
	resp, err := http.PostForm(target, form)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		b.Fatal(err)
	}
	return body
}

// run runs an action by name with inputs as a guide gives them; those whose
// name begins with "!" are secret.
func (b *bench) run(name string, inputs map[string]string) (action.Values, error) {
	b.Helper()
	return b.action(name).Run(b.Context(), values(inputs))
}

func (b *bench) must(name string, inputs map[string]string) map[string]string {
	b.Helper()
	out, err := b.run(name, inputs)
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return out.Plain
}

func (b *bench) action(name string) action.Action {
	b.Helper()
	for _, a := range zoho.Platform().Actions(b.services) {
		if a.Name == name {
			return a
		}
	}
	b.Fatalf("no action %s", name)
	return action.Action{}
}

func values(inputs map[string]string) action.Values {
	v := action.Values{Plain: map[string]string{}, Secret: core.Secrets{}}
	for name, text := range inputs {
		if secret, ok := strings.CutPrefix(name, "!"); ok {
			v.Secret[secret] = core.NewSecret(text)
		} else {
			v.Plain[name] = text
		}
	}
	return v
}

// begin stores the two connections of a migration.
func (b *bench) begin() map[string]string {
	b.Helper()
	return b.must("zoho.begin_connection", map[string]string{
		"name": "Acme Europe", "region": b.fix.Region, "org_id": b.fix.OrgID, "client_id": b.fix.SelfClientID,
		"!client_secret": b.fix.SelfClientSecret, "!authtoken": b.fix.Authtoken, "owner_email": b.fix.OwnerEmail,
	})
}

func (b *bench) exchanged() map[string]string {
	b.Helper()
	ids := b.begin()
	b.must("zoho.authtooauth", map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]})
	return ids
}

func (b *bench) exchangesSeen() int {
	n := 0
	for _, c := range b.sb.Calls() {
		if strings.HasSuffix(c.Path, "/authtooauth") {
			n++
		}
	}
	return n
}

func (b *bench) conn(id string) core.Connection {
	b.Helper()
	c, err := b.services.Connections.Get(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (b *bench) wantCode(err error, code string, class core.Class) {
	b.Helper()
	if core.CodeOf(err) != code || core.ClassOf(err) != class {
		b.Errorf("got %v (class %d), want code %s, class %d", err, core.ClassOf(err), code, class)
	}
}
