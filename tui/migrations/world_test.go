package migrations_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/consent"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/core/mailproof"
	"deskward/core/platform"
	"deskward/core/platform/all"
	"deskward/core/sandbox"
	"deskward/core/transport"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/migrations"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

// began is when every test begins.
var began = time.Date(2026, 11, 22, 10, 41, 0, 0, time.UTC)

type fixed struct{}

func (fixed) Now() time.Time { return began }

var mina = core.Actor{User: "mina", Host: "jump01", Session: "test"}

// world is a sandbox with the product's own services on a store in memory.
type world struct {
	sandbox *sandbox.Sandbox
	store   core.Store
	events  *core.EventLog
	conns   *core.Connections
	runner  *guide.Runner
}

func newWorld(t testing.TB) *world {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Clock: fixed{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() }) //nolint:errcheck // the test is over
	w := &world{sandbox: sb, store: mem.New()}
	w.events = &core.EventLog{Store: w.store, Clock: sb.Clock(), Actor: mina}
	w.conns = &core.Connections{Store: w.store, Events: w.events}
	w.runner = w.newRunner(t)
	return w
}

// newRunner is a runner on the same store, as another process has it.
func (w *world) newRunner(t testing.TB) *guide.Runner {
	t.Helper()
	clock := w.sandbox.Clock()
	client, err := transport.New(transport.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	platforms := &platform.Service{Platforms: all.Platforms(), Connections: w.conns, HTTP: client, Endpoints: w.sandbox.Endpoints(), Clock: clock}
	tokens := &consent.Service{
		Store: w.store, Connections: w.conns, Events: w.events, Clock: clock, HTTP: client,
		Leases: &core.Leases{Store: w.store, Clock: clock, Actor: mina}, Config: platforms.Config, Check: platforms.Check,
	}
	platforms.Tokens = tokens
	services := platform.Services{
		Connections: w.conns, Store: w.store, Events: w.events, Clock: clock, HTTP: client,
		Endpoints: w.sandbox.Endpoints(), Tokens: tokens, Checks: platforms.Check,
	}
	terms := guide.Terms{Actions: mailproof.Actions(services), Text: func(l locale.Lang, key string) string { return printer(t, l).T(key) }}
	for _, p := range all.Platforms() {
		if p.Actions != nil {
			terms.Actions = append(terms.Actions, p.Actions(services)...)
		}
		terms.Lists = append(terms.Lists, p.Lists...)
	}
	files, err := fs.Sub(assets.Guides, "guides")
	if err != nil {
		t.Fatal(err)
	}
	guides, err := guide.Load(files, terms)
	if err != nil {
		t.Fatal(err)
	}
	return &guide.Runner{Store: w.store, Events: w.events, Clock: clock, Terms: terms, Guides: guide.Only(guides...), Sandbox: true}
}

func guidesOf(t testing.TB, r *guide.Runner) []guide.Guide {
	t.Helper()
	guides, err := r.Guides()
	if err != nil {
		t.Fatal(err)
	}
	return guides
}

func (w *world) deps(t testing.TB) migrations.Deps {
	return migrations.Deps{
		Runner: w.runner, Guides: guidesOf(t, w.runner), Clock: w.sandbox.Clock(), Folder: filepath.Join(t.TempDir(), "not-there-yet"),
		AdvanceClock: func(d time.Duration) { w.sandbox.Clock().Advance(d) },
	}
}

func printer(t testing.TB, lang locale.Lang) *locale.Printer {
	t.Helper()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	p, err := locale.Load(files, lang)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func explainer(t testing.TB) func(error, *locale.Printer) screen.Explanation {
	t.Helper()
	files, err := fs.Sub(assets.Advice, "advice")
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := advice.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return func(err error, p *locale.Printer) screen.Explanation {
		x := catalogue.Explain(err, p)
		return screen.Explanation{Headline: x.Headline, Means: x.Means, Next: x.Next, Code: x.Code, Said: x.Vendor, Unsure: !x.Sure}
	}
}

// console is the shell with the section of the migrations only.
type console struct{ *tuitest.Driver }

func (c console) press(names ...string) { c.Key(tui.Press, names...) }

func open(t testing.TB, d migrations.Deps, lang locale.Lang, width, height int) console {
	t.Helper()
	clock := d.Clock
	m, err := tui.New(t.Context(), tui.Options{
		Sections:   []tui.Section{{ID: "migrations", Title: "section.migrations", Open: func() screen.Screen { return migrations.New(d) }}},
		Printer:    func(l locale.Lang) (*locale.Printer, error) { return printer(t, l), nil },
		Lang:       lang,
		Explain:    explainer(t),
		Protection: func(screen.Env) string { return "" },
		Clock:      clock,
		Sandbox:    true,
		Getenv:     func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	c := console{tuitest.Drive(t, m, width, height)}
	m.SetSend(c.Post)
	t.Cleanup(func() {
		m.Wait(time.Minute)
		if t.Failed() {
			t.Logf("the screen is:\n%s", c.Text())
		}
	})
	return c
}

// noKeysMissing fails when a text of the screen has no sentence.
func noKeysMissing(t testing.TB, text string) {
	t.Helper()
	for _, prefix := range []string{"[migrations.", "[guide.", "[step.", "[run.", "[key.", "[error.", "[tried.", "<no value>"} {
		if strings.Contains(text, prefix) {
			t.Errorf("a text is missing (%s):\n%s", prefix, text)
		}
	}
}

// answers are what exists in the sandbox.
func (w *world) answers(t testing.TB) guide.Answers {
	t.Helper()
	fix := w.sandbox.Fixtures().Zoho
	code, err := w.sandbox.ZohoSelfClientCode([]string{"AaaServer.profile.READ"}, 10, "")
	if err != nil {
		t.Fatal(err)
	}
	return guide.Answers{
		"account.name": "Acme Europe", "account.region": fix.Region, "account.org_id": fix.OrgID, "account.authtoken": fix.Authtoken,
		"client.client_id": fix.SelfClientID, "client.client_secret": fix.SelfClientSecret, "client.owner_email": fix.OwnerEmail, "client.code": code,
		"use.uses": "read-tickets",
	}
}
