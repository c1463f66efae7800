// Package unlock is what a locked console shows: the prompt that opens the
// store, and on the first run the one that makes it. Nothing of the store's
// contents is known here.
package unlock

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Key is what a person opens the store with: a passphrase, or an identity
// file (with the passphrase of that file where it has one).
type Key struct {
	Passphrase   core.Secret
	IdentityFile string
}

// Deps are what the prompt needs.
type Deps struct {
	Path       string                           // of the store file
	Protection func(screen.Env) string          // in words, from the clear header
	Identities []string                         // identity files that may open it; empty: passphrase only
	Passphrase bool                             // a passphrase opens it
	Unlock     func(context.Context, Key) error //
	Wait       func() time.Duration             // how long until a further try is allowed
}

// Unlock asks for the key.
type Unlock struct {
	d       Deps
	scope   *screen.Scope
	form    *widget.Form
	working bool
	err     error
	waiting time.Time // no try before
}

// New makes the prompt.
func New(d Deps) *Unlock {
	u := &Unlock{d: d}
	u.form = widget.NewForm(u.fields("")...)
	return u
}

const withPassphrase = "passphrase"

func (u *Unlock) fields(with string) []widget.Field {
	var fields []widget.Field
	var ways []widget.Option
	if u.d.Passphrase || len(u.d.Identities) == 0 {
		ways = append(ways, widget.Option{Value: withPassphrase, Label: widget.Key("unlock.with.passphrase")})
	}
	for _, f := range u.d.Identities {
		ways = append(ways, widget.Option{Value: f, Label: widget.Text(f)})
	}
	if len(ways) > 1 {
		fields = append(fields, widget.Field{Name: "with", Label: widget.Key("unlock.with"), Options: ways, Value: with})
	}
	if with == "" && len(ways) > 0 {
		with = ways[0].Value
	}
	label, optional := "unlock.passphrase", false
	if with != withPassphrase {
		label, optional = "unlock.key-passphrase", true
	}
	return append(fields, widget.Field{Name: "passphrase", Label: widget.Key(label), Secret: true, Optional: optional})
}

type (
	opened struct{ err error }
	again  struct{}
)

// Title names the screen.
func (u *Unlock) Title(e screen.Env) string { return e.T("unlock.title") }

// Init puts the cursor where the passphrase is typed.
func (u *Unlock) Init(s *screen.Scope) screen.Step {
	u.scope = s
	u.form.FocusOn("passphrase", nil)
	return screen.Step{}
}

// Capturing keeps letters for the passphrase.
func (u *Unlock) Capturing() bool { return true }

// Ticking keeps the countdown before the next try going.
func (u *Unlock) Ticking() bool { return !u.waiting.IsZero() }

// Update takes keys and the outcome of a try.
func (u *Unlock) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case opened:
		return u.opened(msg)
	case again:
		u.waiting = time.Time{}
		return screen.Step{}
	case tea.KeyPressMsg, tea.PasteMsg:
		if u.working {
			return screen.Step{}
		}
		changed, submit := u.form.Update(msg)
		if changed {
			u.form.SetFields(u.fields(u.form.Value("with"))...)
		}
		if submit && u.waiting.IsZero() {
			return u.open()
		}
	}
	return screen.Step{}
}

func (u *Unlock) open() screen.Step {
	key := Key{Passphrase: u.form.Secret("passphrase")}
	switch with := u.form.Value("with"); {
	case with != "" && with != withPassphrase:
		key.IdentityFile = with
	case with == "" && !u.d.Passphrase && len(u.d.Identities) == 1:
		key.IdentityFile = u.d.Identities[0]
	}
	u.working, u.err = true, nil
	return screen.Step{Cmd: u.scope.Run(func(ctx context.Context) tea.Msg {
		return opened{u.d.Unlock(ctx, key)}
	})}
}

func (u *Unlock) opened(msg opened) screen.Step {
	u.working = false
	with := u.form.Value("with")
	u.form = widget.NewForm(u.fields(with)...)
	u.form.FocusOn("passphrase", nil)
	if msg.err == nil {
		return screen.Step{Unlock: true}
	}
	u.err = msg.err
	if wait := u.d.Wait(); wait > 0 {
		u.waiting = time.Now().Add(wait)
		return screen.Step{Cmd: u.scope.After(wait, again{})}
	}
	return screen.Step{}
}

// Draw shows where the store is, how it is protected, and the prompt.
func (u *Unlock) Draw(e screen.Env) screen.Frame {
	var lines []string
	if e.Height > 12 {
		lines = append(lines, "")
	}
	lines = append(lines, e.Theme.Title.Render(e.T("unlock.head")), "")
	lines = append(lines, widget.Cut(u.d.Path, e.Width, e.Theme.Glyphs.Cut), e.Theme.Muted.Render(u.d.Protection(e)), "")
	form, cur := u.form.Draw(e, e.Width, 6)
	if cur != nil {
		cur.Y += len(lines)
	}
	lines = append(lines, form...)
	lines = append(lines, "")
	switch {
	case u.working:
		lines = append(lines, e.Theme.Muted.Render(e.T("unlock.working")))
		cur = nil
	case u.err != nil:
		lines = append(lines, widget.Problem(e, u.err, e.Width)...)
		if !u.waiting.IsZero() {
			left := max(0, int(time.Until(u.waiting).Seconds()+0.999))
			lines = append(lines, "  "+e.Theme.Warn.Render(e.T("unlock.wait", locale.Params{"n": left})))
		}
	}
	return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
}

// Keys of the prompt.
func (u *Unlock) Keys() []screen.Key {
	keys := []screen.Key{screen.NewKey("enter", "unlock.key.open", "enter")}
	if len(u.d.Identities) > 0 {
		keys = append(keys, screen.NewKey("tab", "unlock.key.next", "tab"))
	}
	return append(keys, screen.NewKey("ctrl+c", "key.quit", "ctrl+c"))
}
