package assets_test

import (
	"context"
	"html/template"
	"os"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/mailproof"
	"deskward/core/platform"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
)

// rehearsal is a runner of a shipped guide on a sandbox of its own.
type rehearsal struct {
	t      *testing.T
	sb     *sandbox.Sandbox
	store  core.Store
	runner *guide.Runner
	checks func(ctx context.Context, id string) (core.Connection, error)

	connections *core.Connections
	consent     *consent.Service
}

func newRehearsal(t *testing.T, id string, p platform.Platform, more ...platform.Platform) *rehearsal {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() })
	clock, store := sb.Clock(), mem.New()
	client, err := transport.New(transport.Options{Clock: clock, CA: sb.CA()})
	if err != nil {
		t.Fatal(err)
	}
	actor := core.Actor{User: "mina", Host: "jump01", Session: "test"}
	events := &core.EventLog{Store: store, Clock: clock, Actor: actor}
	connections := &core.Connections{Store: store, Events: events}
	all := &platform.Service{Platforms: append(more, p), Connections: connections, HTTP: client, Endpoints: sb.Endpoints(), Clock: clock}
	tokens := &consent.Service{
		Store: store, Connections: connections, Events: events, Clock: clock, HTTP: client, Config: all.Config, Check: all.Check,
		Leases: &core.Leases{Store: store, Clock: clock, Actor: actor},
		Page:   template.Must(template.New("page").Parse(`{{.Heading}}`)), Text: func(key string) string { return key },
	}
	all.Tokens = tokens
	services := platform.Services{
		Connections: connections, Keys: &core.SigningKeys{Store: store, Events: events}, Store: store, Events: events, Clock: clock, HTTP: client,
		Endpoints: sb.Endpoints(), Tokens: tokens, Checks: all.Check,
	}
	terms := guide.Terms{Actions: mailproof.Actions(services), Text: sentence}
	for _, used := range append(more, p) {
		if used.Actions != nil {
			terms.Actions = append(terms.Actions, used.Actions(services)...)
		}
		terms.Lists = append(terms.Lists, used.Lists...)
	}
	data, err := os.ReadFile("guides/" + id + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	g, err := guide.Parse(id+".yaml", data, terms)
	if err != nil {
		t.Fatal(err)
	}
	return &rehearsal{t, sb, store, &guide.Runner{
		Store: store, Events: events, Clock: clock, Terms: terms, Guides: guide.Only(*g), Sandbox: true,
	}, all.Check, connections, tokens}
}

// only is the guide that is rehearsed.
func (r *rehearsal) only() guide.Guide {
	r.t.Helper()
	guides, err := r.runner.Guides()
	if err != nil || len(guides) != 1 {
		r.t.Fatal(len(guides), err)
	}
	return guides[0]
}

func firstOpen(run guide.Run) string {
	s, _ := run.Current()
	return s.ID
}

// noSecretIn looks for secrets in the reports.
func (r *rehearsal) noSecretIn(run guide.Run, secrets ...string) {
	r.t.Helper()
	for _, l := range locale.Langs() {
		p, err := locale.Load(os.DirFS("locales"), l)
		if err != nil {
			r.t.Fatal(err)
		}
		report := run.Report(p)
		for _, secret := range secrets {
			if strings.Contains(report, secret) {
				r.t.Errorf("a secret is in the report:\n%s", report)
			}
		}
		if strings.Contains(report, "[guide.") || strings.Contains(report, "${") {
			r.t.Errorf("the report has a text missing:\n%s", report)
		}
	}
}
