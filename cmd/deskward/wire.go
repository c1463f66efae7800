package main

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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
	"deskward/core/transport"
	"deskward/store"
)

// options are the global flags and those that several commands share.
type options struct {
	store, endpoints, lang, ca, identity, passphraseFile string

	plain, sandbox, json bool
	lockAfter            time.Duration
}

// app is one start of the program. Nothing in it is opened before a command
// needs it.
type app struct {
	io    streams
	env   environment
	opt   options
	say   *locale.Printer
	clock core.Clock
	actor core.Actor

	lines  *lineSource
	opened []*store.File
	advice func() (*advice.Catalogue, error) // what vendors' errors mean; read once, when first needed

	// texts reads the sentences of a language, once.
	texts map[locale.Lang]func() (*locale.Printer, error)

	// spoken is the console's language once it was switched; goroutines of the
	// consent listener read it.
	spoken atomic.Pointer[locale.Printer]
}

// printer speaks the language in use.
func (a *app) printer() *locale.Printer {
	if p := a.spoken.Load(); p != nil {
		return p
	}
	return a.say
}

// close forgets the keys of every store that was opened.
func (a *app) close() {
	for _, file := range a.opened {
		file.Lock()
	}
}

func newApp(args []string, io streams, env environment) (*app, error) {
	a := &app{io: io, env: env, clock: env.Clock, actor: whoAmI(io, env), advice: sync.OnceValues(loadAdvice)}
	a.texts = map[locale.Lang]func() (*locale.Printer, error){}
	for _, lang := range locale.Langs() {
		a.texts[lang] = sync.OnceValues(func() (*locale.Printer, error) { return loadTexts(lang) })
	}
	var err error
	a.say, err = a.texts[languageOf(args, env)]()
	return a, err
}

// text is a sentence in the language asked for, whichever is spoken.
func (a *app) text(lang locale.Lang, key string) string {
	p, err := a.texts[lang]()
	if err != nil {
		p = a.say
	}
	return p.T(key)
}

func loadTexts(lang locale.Lang) (*locale.Printer, error) {
	texts, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		return nil, err
	}
	return locale.Load(texts, lang)
}

func loadAdvice() (*advice.Catalogue, error) {
	files, err := fs.Sub(assets.Advice, "advice")
	if err != nil {
		return nil, err
	}
	return advice.Load(files)
}

// languageOf looks for --lang before cobra reads the flags, since the flags'
// own help is already in that language.
func languageOf(args []string, env environment) locale.Lang {
	chosen := env.Getenv("DESKWARD_LANG")
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if v, ok := strings.CutPrefix(arg, "--lang="); ok {
			chosen = v
		} else if arg == "--lang" && i+1 < len(args) {
			chosen = args[i+1]
		}
	}
	if lang, ok := locale.Parse(chosen); ok {
		return lang
	}
	return locale.FromEnv(env.Getenv)
}

func whoAmI(io streams, env environment) core.Actor {
	actor := core.Actor{User: cmp.Or(env.Getenv("LOGNAME"), env.Getenv("USER")), Session: core.NewID()[:8]}
	if u, err := user.Current(); err == nil {
		actor.User = u.Username
	}
	// On a jump host people become root; who they were is the better name.
	if su := env.Getenv("SUDO_USER"); su != "" && actor.User == "root" {
		actor.User = su + " (root)"
	}
	if host, err := os.Hostname(); err == nil {
		actor.Host = host
	}
	if isTerminal(io.In) {
		if tty, err := os.Readlink("/proc/self/fd/0"); err == nil {
			actor.TTY = strings.TrimPrefix(tty, "/dev/")
		}
	}
	return actor
}

// or returns a flag's value, else its variable's.
func (a *app) or(flag, variable string) string {
	return cmp.Or(flag, a.env.Getenv(variable))
}

// plainly reports whether output is to be linear: --plain, DESKWARD_PLAIN or
// ACCESSIBLE.
func (a *app) plainly() bool {
	return a.opt.plain || truthy(a.env.Getenv("DESKWARD_PLAIN")) || truthy(a.env.Getenv("ACCESSIBLE"))
}

func truthy(v string) bool { return v != "" && v != "0" && v != "false" }

// storePath is where the store's file is.
func (a *app) storePath() (string, error) {
	if p := a.or(a.opt.store, "DESKWARD_STORE"); p != "" {
		return filepath.Abs(p)
	}
	base := a.env.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(base) { // the XDG specification has relative ones ignored
		home := a.env.Getenv("HOME")
		if home == "" {
			var err error
			if home, err = os.UserHomeDir(); err != nil {
				return "", &core.Error{Tried: "find-store", Code: "store.no-home", Class: core.Usage, Err: err}
			}
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "deskward", "deskward.db"), nil
}

// session is an unlocked store with everything that works on it.
type session struct {
	store       core.Store
	file        *store.File // nil where the store is in memory
	clock       core.Clock
	http        *transport.Client
	endpoints   transport.Endpoints
	events      *core.EventLog
	connections *core.Connections
	keys        *core.SigningKeys
	deadlines   *core.Deadlines
	platforms   *platform.Service
	consent     *consent.Service
	runner      *guide.Runner
}

// world is where a session works: the real one, or a sandbox.
type world struct {
	clock     core.Clock
	endpoints transport.Endpoints
	sandbox   bool
	ca        []byte // of the sandbox's servers with TLS; nil: none
}

// realWorld is the vendors' own hosts, or those of the endpoints file.
func (a *app) realWorld() (world, error) {
	endpoints, err := a.readEndpoints()
	return world{clock: a.clock, endpoints: endpoints}, err
}

// assemble puts the services together over a store. It is the one place that
// knows how they depend on each other.
func (a *app) assemble(st core.Store, w world) (*session, error) {
	client, err := a.httpClient(w)
	if err != nil {
		return nil, err
	}
	page, err := template.ParseFS(assets.Pages, "pages/consent.html")
	if err != nil {
		return nil, fmt.Errorf("read the landing page: %w", err)
	}
	s := &session{store: st, clock: w.clock, http: client, endpoints: w.endpoints}
	s.events = &core.EventLog{Store: st, Clock: w.clock, Actor: a.actor}
	s.connections = &core.Connections{Store: st, Events: s.events}
	s.keys = &core.SigningKeys{Store: st, Events: s.events}
	s.platforms = &platform.Service{
		Platforms: all.Platforms(), Connections: s.connections, Keys: s.keys,
		HTTP: client, Endpoints: w.endpoints, Clock: w.clock,
	}
	s.deadlines = &core.Deadlines{Store: st, Events: s.events, Known: s.platforms.Ends}
	s.consent = &consent.Service{
		Store: st, Connections: s.connections, Events: s.events, Clock: w.clock, HTTP: client,
		Leases: &core.Leases{Store: st, Clock: w.clock, Actor: a.actor},
		Config: s.platforms.Config, Discover: s.platforms.Discover, Check: s.platforms.Check,
		Page: page, Text: func(key string) string { return a.printer().T(key) }, Explain: a.explain,
	}
	s.platforms.Tokens = s.consent
	terms := a.terms(s.services())
	s.runner = &guide.Runner{
		Store: st, Events: s.events, Clock: w.clock, Terms: terms, Sandbox: w.sandbox,
		Guides: sync.OnceValues(func() ([]guide.Guide, error) { return loadGuides(terms) }),
	}
	return s, nil
}

func (s *session) services() platform.Services {
	return platform.Services{
		Connections: s.connections, Keys: s.keys, Store: s.store, Events: s.events, Clock: s.clock, HTTP: s.http,
		Endpoints: s.endpoints, Tokens: s.consent, Checks: s.platforms.Check,
	}
}

// terms are the actions and lists of all platforms, which guides may name.
// With zero services the actions cannot run, but the guides can be read.
func (a *app) terms(s platform.Services) guide.Terms {
	terms := guide.Terms{Actions: mailproof.Actions(s), Text: a.text}
	for _, p := range all.Platforms() {
		if p.Actions != nil {
			terms.Actions = append(terms.Actions, p.Actions(s)...)
		}
		terms.Lists = append(terms.Lists, p.Lists...)
	}
	return terms
}

// loadGuides reads the guides that are part of the program.
func loadGuides(terms guide.Terms) ([]guide.Guide, error) {
	files, err := fs.Sub(assets.Guides, "guides")
	if err != nil {
		return nil, err
	}
	return guide.Load(files, terms)
}

// readGuides reads the guides where nothing is carried out.
func (a *app) readGuides() ([]guide.Guide, error) {
	return loadGuides(a.terms(platform.Services{}))
}

func (a *app) httpClient(w world) (*transport.Client, error) {
	ca, err := a.caFile()
	if err != nil {
		return nil, err
	}
	if w.ca != nil {
		ca = append(append(ca, '\n'), w.ca...)
	}
	return transport.New(transport.Options{CA: ca, Clock: w.clock})
}

// session opens and unlocks the store and puts the services on it.
func (a *app) session(ctx context.Context) (*session, error) {
	w, err := a.realWorld()
	if err != nil {
		return nil, err
	}
	file, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.unlock(ctx, file); err != nil {
		return nil, err
	}
	s, err := a.assemble(file, w)
	if err != nil {
		return nil, err
	}
	s.file = file
	return s, nil
}

// openStore opens the store's file; it stays locked.
func (a *app) openStore(ctx context.Context) (*store.File, error) {
	path, err := a.storePath()
	if err != nil {
		return nil, err
	}
	file, err := store.Open(ctx, path, a.storeOptions())
	if err != nil {
		return nil, err
	}
	a.opened = append(a.opened, file)
	return file, nil
}

func (a *app) storeOptions() store.Options { return store.Options{Clock: a.clock} }
