// Package keys are the screens of signing keys: the list with its detail,
// adding one, and what can be done with one afterwards (sign a visitor token,
// share it with a developer, show a snippet, note where it is used, hide it
// for ever, replace its secret, retire and remove it).
//
// A key's secret is with the screens only for as long as it is shown: what
// they load has none, and each time it leaves core.SigningKeys records it.
package keys

import (
	"context"
	"io/fs"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/keyshare"
	"deskward/core/locale"
	"deskward/tui/screen"
)

// Deps are what the screens need. Fields marked optional may be nil.
type Deps struct {
	Keys   *core.SigningKeys
	Events *core.EventLog
	Clock  core.Clock
	// Folder is where files for developers are written: a private folder, made
	// when it is missing.
	Folder string

	// FetchKeyList, optional, reads the public keys of an Xsolla Login project.
	// Without it the admin pastes them.
	FetchKeyList func(ctx context.Context, projectID string) (string, error)
	// Inspect, optional, opens the screen that says why a token is refused, with
	// the key it is meant to be signed with; "" is any.
	Inspect func(keyID string) screen.Screen
	// Serve, optional, opens the screen of the token endpoint.
	Serve func() screen.Screen
	// Walk, optional, opens the screen that plays what signing in changes.
	Walk func() screen.Screen
	// Share, optional, seals a key for a developer: keyshare.Sharer.Share.
	Share func(context.Context, keyshare.Request) (keyshare.Sealed, error)
	// Recipients are the public keys that lie on this machine.
	Recipients []Recipient
	// Endpoint, optional, is the address that code for pages calls.
	Endpoint string
	// Snippets holds the code that snippet.Render fills in.
	Snippets fs.FS
	// Say returns the texts in the language of the moment, for files that are
	// written and code that is shown.
	Say func() *locale.Printer
	// Visitor, optional, is a visitor who exists in the sandbox, by the name of
	// the form's field.
	Visitor map[string]string
	// Sandbox, optional, are the values that exist in the sandbox for a kind
	// and, of Xsolla Login, an algorithm, by the name of the form's field. nil
	// outside the sandbox.
	Sandbox func(k core.KeyKind, alg string) map[string]string
}

// Recipient is a public key that lies on this machine.
type Recipient struct {
	Path string // of its file
	Line string // as it stands there
}

// family is what the screens share.
type family struct {
	Deps
	draft   *add              // a half-filled form; nil: none
	typed   map[string]string // half-typed answers, by what for and key id
	taken   map[string]bool   // names in use, lower case, as last listed
	mints   map[string]*mint  // half-filled tokens, by key id
	removed map[string]bool   // keys removed here, so that nobody is told they vanished
}

// New makes the list, the root of the section.
func New(d Deps) screen.Screen { return newList(newFamily(d)) }

// Detail is the screen of one key, for other sections to open.
func Detail(d Deps, id string) screen.Screen {
	return newDetail(newFamily(d), core.KeySummary{ID: id})
}

// Mint is the form that signs a visitor token with a key, for other screens to
// open.
func Mint(d Deps, s core.KeySummary) screen.Screen { return newFamily(d).mintScreen(s) }

// Snippets lists the code that fits a key, for other screens to open.
func Snippets(d Deps, s core.KeySummary) screen.Screen { return newSnippets(newFamily(d), s) }

func newFamily(d Deps) *family {
	return &family{Deps: d, typed: map[string]string{}, mints: map[string]*mint{}, taken: map[string]bool{}, removed: map[string]bool{}}
}

// freeName returns base, with a number behind it where the name is taken.
func (f *family) freeName(base string) string {
	name := base
	for n := 2; f.taken[strings.ToLower(name)]; n++ {
		name = base + " " + strconv.Itoa(n)
	}
	return name
}

// cardEvents is how many events of a key are shown.
const cardEvents = 8

type keyLoaded struct {
	id     string
	key    core.SigningKey // without its secret
	sum    core.KeySummary
	secret core.Quality // of its secret; zero: it has none
	events []core.Event
	err    error
}

// load reads a key and its events.
func (f *family) load(s *screen.Scope, id string) tea.Cmd {
	return s.Run(func(ctx context.Context) tea.Msg {
		msg := keyLoaded{id: id}
		if msg.key, msg.err = f.Keys.Get(ctx, id); msg.err != nil {
			return msg
		}
		msg.sum = msg.key.Summary()
		if secret := msg.key.Secret(); !secret.Empty() {
			msg.secret = core.Judge(secret)
		}
		msg.key.Secrets = nil
		msg.events, msg.err = f.Events.Recent(ctx, cardEvents, id)
		return msg
	})
}

// gone is what a screen does whose key is not there any more; ok: it is not.
func (f *family) gone(id string, err error) (step screen.Step, ok bool) {
	if core.CodeOf(err) != core.ErrNotFound.Code {
		return screen.Step{}, false
	}
	if f.removed[id] {
		return screen.Step{Back: true}, true
	}
	return screen.Say("keys.gone").Then(screen.Step{Back: true}), true
}
