package keys_test

import (
	"io/fs"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/keys"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

// movable is a clock that stands still until it is moved.
type movable struct{ ns atomic.Int64 }

func newMovable() *movable {
	m := &movable{}
	m.ns.Store(time.Date(2026, 11, 25, 10, 41, 0, 0, time.UTC).UnixNano())
	return m
}

func (m *movable) Now() time.Time          { return time.Unix(0, m.ns.Load()).UTC() }
func (m *movable) Advance(d time.Duration) { m.ns.Add(int64(d)) }

// Secrets and ids of these tests.
const (
	webSecret  = "canaryZk3vW9pQ2xR7tB5nM8cL1dF4gH6jS0aYeU-web"
	oldSecret  = "canaryqW7zR2mK9xT4vB6nL1pD8c"
	chatSecret = "canaryChat5vN8wE2rT6yU9iO3pA7sD1fG4hJ0kL"
	webKID     = "app_5f3a9c0d2b7e41f8a6c0d9e2"
	oldKID     = "app_1c2d3e4f5a6b7c8d9e0f1a2b"
	project    = "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f"
)

// rig is a console with the section of keys only, over the real services.
type rig struct {
	*tuitest.Driver
	t             testing.TB
	clock         *movable
	store         core.Store
	events        *core.EventLog
	keys          *core.SigningKeys
	deps          keys.Deps
	opts          tui.Options
	locked        atomic.Bool
	width, height int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, clock: newMovable(), store: mem.New()}
	r.events = &core.EventLog{Store: r.store, Clock: r.clock, Actor: core.Actor{User: "mina", Host: "jump01"}}
	r.keys = &core.SigningKeys{Store: r.store, Events: r.events}
	r.deps = keys.Deps{Keys: r.keys, Events: r.events, Clock: r.clock, Folder: t.TempDir(), Snippets: assets.Snippets, Say: r.say}
	catalogue := loadAdvice(t)
	r.opts = tui.Options{
		Sections: []tui.Section{
			{ID: "keys", Title: "section.keys", Open: func() screen.Screen { return keys.New(r.deps) }},
		},
		Printer: func(l locale.Lang) (*locale.Printer, error) {
			files, err := fs.Sub(assets.Locales, "locales")
			if err != nil {
				return nil, err
			}
			return locale.Load(files, l)
		},
		Lang: locale.English, Protection: func(screen.Env) string { return "protected by passphrase" },
		Explain: func(err error, p *locale.Printer) screen.Explanation {
			x := catalogue.Explain(err, p)
			return screen.Explanation{Headline: x.Headline, Means: x.Means, Next: x.Next, Code: x.Code, Said: x.Vendor, Unsure: !x.Sure}
		},
		Clock: r.clock, SSH: true, Getenv: func(string) string { return "" },
	}
	return r
}

func loadAdvice(t testing.TB) *advice.Catalogue {
	t.Helper()
	files, err := fs.Sub(assets.Advice, "advice")
	if err != nil {
		t.Fatal(err)
	}
	c, err := advice.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start shows the console.
func (r *rig) start(width, height int) *rig {
	r.t.Helper()
	m, err := tui.New(r.t.Context(), r.opts)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Driver, r.width, r.height = tuitest.Drive(r.t, m, width, height), width, height
	m.SetSend(r.Post)
	r.t.Cleanup(func() {
		if !m.Wait(10 * time.Second) {
			r.t.Error("work of the screens did not end")
		}
	})
	return r
}

func (r *rig) press(names ...string) { r.t.Helper(); r.Key(tui.Press, names...) }

// say is what writes in the console's language.
func (r *rig) say() *locale.Printer {
	r.t.Helper()
	p, err := r.opts.Printer(r.opts.Lang)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// seeKey waits for the beginning of a text, in the console's language.
func (r *rig) seeKey(key string) {
	r.t.Helper()
	words := []rune(r.say().T(key))
	r.See(string(words[:min(len(words), 8)]))
}

func secrets(text string) core.Secrets { return core.Secrets{core.SecretSigning: core.NewSecret(text)} }

// add keeps a key.
func (r *rig) add(k core.SigningKey) core.SigningKey {
	r.t.Helper()
	k, err := r.keys.Add(r.t.Context(), core.NewKey{SigningKey: k})
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

func web() core.SigningKey {
	return core.SigningKey{Name: "web 2026", Kind: core.KeyMessaging, Account: "acme", Brand: "Acme Games", KID: webKID, Secrets: secrets(webSecret), MadeAt: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)}
}

func chat() core.SigningKey {
	return core.SigningKey{Name: "chat", Kind: core.KeyChat, Account: "acme", Secrets: secrets(chatSecret)}
}

// some keeps keys in every state that matters.
func (r *rig) some() {
	r.t.Helper()
	ctx := r.t.Context()
	did := func(_ core.SigningKey, err error) {
		if err != nil {
			r.t.Fatal(err)
		}
	}
	w := r.add(web())
	did(r.keys.Deploy(ctx, w.ID, "shop backend, production"))
	did(r.keys.Deploy(ctx, w.ID, "shop backend, staging"))
	old := web()
	old.Name, old.KID, old.Secrets, old.Brand = "web 2024", oldKID, secrets(oldSecret), ""
	did(r.add(old), nil)
	c := r.add(chat())
	did(r.keys.Hide(ctx, c.ID))
	if err := r.keys.Used(ctx, c.ID); err != nil {
		r.t.Fatal(err)
	}
	gone := web()
	gone.Name, gone.Account, gone.KID, gone.Secrets = "outlet", "acme-outlet", oldKID+"9", secrets("canary9"+webSecret)
	did(r.keys.Retire(ctx, r.add(gone).ID))
	did(r.add(core.SigningKey{Name: "login", Kind: core.KeyXsolla, Account: project, Secrets: secrets("canaryX" + webSecret)}), nil)
	r.clock.Advance(3 * time.Hour)
}

func (r *rig) byName(name string) core.SigningKey {
	r.t.Helper()
	k, err := r.keys.ByName(r.t.Context(), name)
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

// lastEvent is the newest of a key's own log.
func (r *rig) lastEvent(id string) core.Event {
	r.t.Helper()
	events, err := r.events.Recent(r.t.Context(), 1, id)
	if err != nil || len(events) == 0 {
		r.t.Fatal(events, err)
	}
	return events[0]
}

// golden compares the screen with the agreed one, in which no secret may be.
func (r *rig) golden(name string) {
	r.t.Helper()
	text := r.Text()
	if m := regexp.MustCompile(`\[[a-z]+\.[a-z.-]+\]`).FindString(text); m != "" {
		r.t.Errorf("%s: the text %s is missing", name, m)
	}
	for _, secret := range []string{webSecret, oldSecret, chatSecret} {
		if regexp.MustCompile(regexp.QuoteMeta(secret[:12])).MatchString(text) {
			r.t.Errorf("%s: a secret is on the screen", name)
		}
	}
	text = regexp.MustCompile(`[a-z2-7]{26}`).ReplaceAllString(text, "iiiiiiiiiiiiiiiiiiiiiiiiii")
	tuitest.Golden(r.t, name, text)
}

// lockedScreen is what is shown while there is no key to the store.
type lockedScreen struct{}

func (lockedScreen) Title(screen.Env) string { return "Locked" }

func (lockedScreen) Init(*screen.Scope) screen.Step { return screen.Step{} }

func (lockedScreen) Update(msg tea.Msg) screen.Step {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "u" {
		return screen.Step{Unlock: true}
	}
	return screen.Step{}
}

func (lockedScreen) Draw(screen.Env) screen.Frame { return screen.Frame{Text: "locked now"} }

func (lockedScreen) Keys() []screen.Key { return nil }
