package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"deskward/core"
	"deskward/core/deluge/folder"
	"deskward/core/guide"
	"deskward/core/sandbox"
	"deskward/store"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/activity"
	"deskward/tui/connections"
	"deskward/tui/deadlines"
	"deskward/tui/keys"
	"deskward/tui/migrations"
	"deskward/tui/rewrite"
	"deskward/tui/screen"
	"deskward/tui/tokens"
	"deskward/tui/unlock"
	"deskward/tui/visitors"
)

// desk is what one console works on: the store's file, locked or not, and
// the session over it; or a sandbox.
type desk struct {
	app     *app
	path    string
	file    atomic.Pointer[store.File] // nil: there is none yet
	session atomic.Pointer[session]    // nil while locked
	sandbox *sandbox.Sandbox           // nil: this is real
	folder  string                     // of files written in the sandbox; "" outside it
	tokens  *tokenHost                 // the token endpoint that runs, if any
	tell    func(screen.Notice)        // shows what happened besides the screens
}

func newDesk(a *app) *desk {
	d := &desk{app: a, tell: func(screen.Notice) {}}
	d.tokens = &tokenHost{desk: d}
	return d
}

// openStore finds the store. That there is none yet is not an error: the
// console's first screen makes it. With an identity or a passphrase file the
// store is unlocked at once.
func (d *desk) openStore(ctx context.Context) error {
	path, err := d.app.storePath()
	if err != nil {
		return err
	}
	d.path = path
	file, err := d.app.openStore(ctx)
	if core.CodeOf(err) == "store.missing" {
		return nil
	}
	if err != nil {
		return err
	}
	d.file.Store(file)
	with, err := d.app.unlockers(ctx)
	if err != nil || len(with) == 0 {
		return err
	}
	if err := d.app.unlockWith(ctx, file, with...); err != nil {
		return err
	}
	return d.begin(file)
}

// begin puts the services on the unlocked store.
func (d *desk) begin(file *store.File) error {
	w, err := d.app.realWorld()
	if err != nil {
		return err
	}
	s, err := d.app.assemble(file, w)
	if err != nil {
		return err
	}
	s.file = file
	d.session.Store(s)
	return nil
}

func (d *desk) sandboxSession() error {
	s, err := d.app.assemble(mem.New(), sandboxWorld(d.sandbox))
	if err != nil {
		return err
	}
	d.session.Store(s)
	return nil
}

func (d *desk) close() {
	d.lock()
	if d.sandbox != nil {
		_ = d.sandbox.Close()   // the program ends here either way
		_ = os.Remove(d.folder) // only if nothing was written there
	}
}

func (d *desk) locked() bool { return d.session.Load() == nil }

// lock wipes the data key. The console calls it when no work runs any more.
func (d *desk) lock() {
	d.tokens.lock()
	if f := d.file.Load(); f != nil {
		f.Lock()
		d.session.Store(nil)
	}
}

func (d *desk) protection(e screen.Env) string {
	if d.sandbox != nil {
		return e.T("console.throw-away")
	}
	f := d.file.Load()
	if f == nil {
		return ""
	}
	return e.T("console.protected", map[string]any{"by": protectionIn(e.Text, f.Protection())})
}

// lockScreen is the unlock prompt, or the first run's where there is no store.
func (d *desk) lockScreen() screen.Screen {
	f := d.file.Load()
	if f == nil {
		return unlock.NewSetup(unlock.SetupDeps{
			Path: d.path, Keys: d.publicKeys(), Check: checkPassphrase, Create: d.create, Restore: "deskward store restore FILE",
		})
	}
	p := f.Protection()
	deps := unlock.Deps{
		Path: d.path, Passphrase: p.Passphrases > 0, Protection: d.protection, Unlock: d.unlock,
		Wait: func() time.Duration {
			tries, err := f.Attempts(context.Background())
			if err != nil {
				return 0
			}
			return tries.Wait
		},
	}
	if p.SSHKeys > 0 {
		deps.Identities = d.sshFiles("id_ed25519", "id_rsa")
	}
	return unlock.New(deps)
}

// unlock opens the store with what was typed at the prompt.
func (d *desk) unlock(ctx context.Context, k unlock.Key) error {
	with := store.Passphrase(k.Passphrase)
	if k.IdentityFile != "" {
		raw, err := readFile(k.IdentityFile)
		if err != nil {
			return inputError("read-identity", k.IdentityFile, err)
		}
		with = store.SSHKey(core.NewSecret(string(raw)), k.Passphrase)
	}
	f := d.file.Load()
	if err := d.app.unlockWith(ctx, f, with); err != nil {
		return err
	}
	return d.begin(f)
}

// create makes the store as the first run asked.
func (d *desk) create(ctx context.Context, p unlock.Protection) error {
	f, err := d.app.createStore(ctx, d.path, []store.Member{{
		AddedBy: d.app.actor.String(), Passphrase: p.Passphrase, Recipient: p.Recipient,
	}})
	if err != nil {
		return err
	}
	d.file.Store(f)
	return d.begin(f)
}

// sshFiles are those of the person's SSH files that exist.
func (d *desk) sshFiles(names ...string) []string {
	var out []string
	for _, n := range names {
		name := filepath.Join(d.app.env.Getenv("HOME"), ".ssh", n)
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			out = append(out, name)
		}
	}
	return out
}

func (d *desk) publicKeys() []unlock.PublicKey {
	var out []unlock.PublicKey
	for _, name := range d.sshFiles("id_ed25519.pub", "id_rsa.pub") {
		if raw, err := readFile(name); err == nil {
			out = append(out, unlock.PublicKey{Path: name, Line: string(raw)})
		}
	}
	return out
}

// sections are the places of the rail. Each opens on the session of its time:
// after a lock and an unlock there is a new one.
func (d *desk) sections() []tui.Section {
	return []tui.Section{
		{ID: "connections", Title: "section.connections", Open: func() screen.Screen { return connections.New(d.connectionDeps()) }},
		{ID: "keys", Title: "section.keys", Open: func() screen.Screen { return keys.New(d.keyDeps()) }},
		{ID: "migrations", Title: "section.migrations", Open: func() screen.Screen { return migrations.New(d.migrationDeps()) }},
		{ID: "visitors", Title: "section.visitors", Open: func() screen.Screen { return visitors.New(d.visitorDeps()) }},
		{ID: "deadlines", Title: "section.deadlines", Open: func() screen.Screen {
			s := d.session.Load()
			return deadlines.New(deadlines.Deps{
				All: s.deadlines.All, Dismiss: s.deadlines.Dismiss, Restore: s.deadlines.Restore,
				Open:   func(id string) screen.Screen { return connections.Detail(d.connectionDeps(), id) },
				Tokens: func(batchID string, line int) screen.Screen { return tokens.Batch(d.tokenDeps(), batchID, line) },
				Guide:  d.beginGuide,
			})
		}},
		{ID: "log", Title: "section.log", Open: func() screen.Screen {
			s := d.session.Load()
			return activity.New(activity.Deps{Before: s.events.Before, Verify: s.events.Verify})
		}},
	}
}

// counts are the rail's numbers.
func (d *desk) counts(ctx context.Context) (map[string]tui.Count, error) {
	s := d.session.Load()
	if s == nil {
		return nil, core.ErrLocked
	}
	out := map[string]tui.Count{}
	err := s.store.View(ctx, func(r core.Reader) error {
		for section, kind := range map[string]core.Kind{"connections": core.KindConnection, "keys": core.KindSigningKey} {
			n, err := r.Count(kind)
			if err != nil {
				return err
			}
			out[section] = tui.Count{N: n}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	ends, err := s.deadlines.List(ctx)
	if err != nil {
		return nil, err
	}
	out["deadlines"] = tui.Count{N: len(ends), Warn: len(ends) > 0 && ends[0].At.Sub(s.clock.Now()) < 48*time.Hour}
	runs, err := s.runner.Runs(ctx)
	if err != nil {
		return nil, err
	}
	open := tui.Count{}
	for _, r := range runs {
		if r.State != guide.Complete && r.State != guide.Abandoned {
			open.N++
		}
	}
	out["migrations"] = open
	return out, nil
}

func (d *desk) connectionDeps() connections.Deps {
	s := d.session.Load()
	deps := connections.Deps{
		Connections: s.connections, Events: s.events, Platforms: s.platforms.Platforms, Service: s.platforms, Consent: s.consent,
		Clock: s.clock, User: d.app.actor.User, Host: d.app.actor.Host, Folder: d.privateFolder(),
		Migrate: d.migrate, Mail: d.proveMail,
	}
	if b := (desktop{d.app.env}); b.has() {
		deps.Browser = b
	}
	deps.ReadFile = readVendorFile
	if d.sandbox != nil {
		deps.Sandbox = &connections.Sandbox{
			Agree: d.sandbox.GrantInTerminal, AgreeDevice: d.sandbox.GrantDevice,
			Code: func(scopes []string) (string, error) {
				return d.sandbox.ZohoSelfClientCode(scopes, zohoCodeMinutes, "")
			},
			Answers: func(p core.PlatformID, g core.Grant, chosen map[string]string) map[string]string {
				return sandboxValues(d.sandbox, p, g, chosen)
			},
		}
	}
	return deps
}

// migrate opens the guide of that id, or else the first of the platform, its
// run named after the connection; the list of guides where there is none.
func (d *desk) migrate(c core.Summary, guide string) screen.Screen {
	if s := d.beginGuide(guide, c.Name); s != nil {
		return s
	}
	deps := d.migrationDeps()
	for _, g := range deps.Guides {
		if g.Platform == c.Platform {
			return migrations.Begin(deps, g.ID, c.Name)
		}
	}
	return migrations.New(deps)
}

// beginGuide opens a guide, its run named after what it is for; nil where this
// version has no such guide.
func (d *desk) beginGuide(id, name string) screen.Screen {
	deps := d.migrationDeps()
	for _, g := range deps.Guides {
		if g.ID == id {
			return migrations.Begin(deps, g.ID, name)
		}
	}
	return nil
}

func (d *desk) migrationDeps() migrations.Deps {
	s := d.session.Load()
	guides, broken := s.runner.Guides()
	deps := migrations.Deps{
		Runner: s.runner, Guides: guides, Broken: broken, Clock: s.clock, Folder: d.privateFolder(), Rehearse: d.rehearse,
		Functions: func() screen.Screen { return rewrite.New(rewrite.Deps{Scan: folder.Scan}) },
		Tokens:    func() screen.Screen { return tokens.New(d.tokenDeps()) },
	}
	if d.sandbox != nil {
		deps.AdvanceClock = func(by time.Duration) { d.sandbox.Clock().Advance(by) }
		deps.Examples = func(ctx context.Context, run guide.Run) (guide.Answers, error) {
			return rehearsalAnswers(ctx, d.sandbox, s, run)
		}
	}
	return deps
}

// rehearse runs a guide in a sandbox of its own and notes in the store how
// it went.
func (d *desk) rehearse(ctx context.Context, guideID string, seen func(guide.Run, guide.Step)) (guide.Run, error) {
	s := d.session.Load()
	if s == nil {
		return guide.Run{}, core.ErrLocked
	}
	g, err := s.runner.Guide(guideID)
	if err != nil {
		return guide.Run{}, err
	}
	run, err := d.app.rehearseGuide(ctx, g, seen)
	if ctx.Err() != nil {
		return run, err
	}
	if noteErr := s.runner.NoteRehearsal(ctx, guideID, err == nil); noteErr != nil && err == nil {
		err = noteErr
	}
	return run, err
}
