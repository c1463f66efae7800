package unlock

import (
	"context"
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Protection is how a new store is to be protected: one of the two.
type Protection struct {
	Passphrase core.Secret
	Recipient  string // an SSH public key line or an age recipient
}

// PublicKey is an SSH public key found on this machine.
type PublicKey struct {
	Path string
	Line string // as in authorized_keys
}

// SetupDeps are what the first run needs.
type SetupDeps struct {
	Path    string
	Keys    []PublicKey
	Check   func(core.Secret) error // whether a passphrase is strong enough
	Create  func(context.Context, Protection) error
	Restore string // command that restores a backup instead, to be shown
}

// Setup makes the store on the first run.
type Setup struct {
	d       SetupDeps
	scope   *screen.Scope
	form    *widget.Form
	working bool
	err     error
}

// NewSetup makes the first-run screen.
func NewSetup(d SetupDeps) *Setup {
	s := &Setup{d: d}
	s.form = widget.NewForm(s.fields(withPassphrase)...)
	return s
}

const withRecipient = "recipient"

func (s *Setup) fields(with string) []widget.Field {
	ways := []widget.Option{{Value: withPassphrase, Label: widget.Key("setup.by.passphrase")}}
	for _, k := range s.d.Keys {
		ways = append(ways, widget.Option{Value: k.Path, Label: widget.Key("setup.by.ssh", map[string]any{"path": k.Path})})
	}
	ways = append(ways, widget.Option{Value: withRecipient, Label: widget.Key("setup.by.recipient")})
	fields := []widget.Field{{Name: "by", Label: widget.Key("setup.by"), Options: ways, Value: with, Hint: widget.Key("setup.by.hint")}}
	switch with {
	case withPassphrase:
		fields = append(fields,
			widget.Field{Name: "passphrase", Label: widget.Key("setup.passphrase"), Secret: true, Hint: widget.Key("setup.passphrase.hint"), Check: s.strong},
			widget.Field{Name: "again", Label: widget.Key("setup.again"), Secret: true, Check: s.same})
	case withRecipient:
		fields = append(fields, widget.Field{Name: "recipient", Label: widget.Key("setup.recipient"), Hint: widget.Key("setup.recipient.hint")})
	}
	return fields
}

func (s *Setup) strong(v string) widget.Words {
	if err := s.d.Check(core.NewSecret(v)); err != nil {
		return func(e screen.Env) string {
			if known, ok := errors.AsType[*core.Error](err); ok {
				plain := *known
				plain.Tried = "" // the field says what was tried
				err = &plain
			}
			x := e.Explain(err)
			return widget.Sentences(x.Headline, x.Next)
		}
	}
	return nil
}

func (s *Setup) same(v string) widget.Words {
	if v != s.form.Value("passphrase") {
		return widget.Key("setup.differs")
	}
	return nil
}

type created struct{ err error }

// Title names the screen.
func (s *Setup) Title(e screen.Env) string { return e.T("setup.title") }

// Init begins.
func (s *Setup) Init(sc *screen.Scope) screen.Step {
	s.scope = sc
	return screen.Step{}
}

// Capturing keeps letters for the form.
func (s *Setup) Capturing() bool { return true }

// Update takes keys and the outcome.
func (s *Setup) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case created:
		s.working = false
		if msg.err == nil {
			return screen.Step{Unlock: true}.Then(screen.Say("setup.done"))
		}
		s.err = msg.err
	case tea.KeyPressMsg, tea.PasteMsg:
		if s.working {
			return screen.Step{}
		}
		changed, submit := s.form.Update(msg)
		if changed {
			s.form.SetFields(s.fields(s.form.Value("by"))...)
		}
		if submit {
			return s.create()
		}
	}
	return screen.Step{}
}

func (s *Setup) create() screen.Step {
	p := Protection{}
	switch by := s.form.Value("by"); by {
	case withPassphrase:
		p.Passphrase = s.form.Secret("passphrase")
	case withRecipient:
		p.Recipient = s.form.Value("recipient")
	default:
		for _, k := range s.d.Keys {
			if k.Path == by {
				p.Recipient = k.Line
			}
		}
	}
	s.working, s.err = true, nil
	return screen.Step{Cmd: s.scope.Run(func(ctx context.Context) tea.Msg { return created{s.d.Create(ctx, p)} })}
}

// Draw says what the store is and asks how to protect it.
func (s *Setup) Draw(e screen.Env) screen.Frame {
	var lines []string
	for _, l := range widget.Wrap(e.T("setup.head"), e.Width) {
		lines = append(lines, e.Theme.Title.Render(l))
	}
	lines = append(lines, "")
	if e.Height > 12 {
		lines = append(lines, widget.Wrap(e.T("setup.what"), min(e.Width, 90))...)
		lines = append(lines, e.Theme.Muted.Render(widget.Cut(s.d.Path, e.Width, e.Theme.Glyphs.Cut)), "")
	}
	form, cur := s.form.Draw(e, e.Width, max(e.Height-len(lines)-5, 4))
	if cur != nil {
		cur.Y += len(lines)
	}
	lines = append(lines, form...)
	lines = append(lines, "")
	switch {
	case s.working:
		lines = append(lines, e.Theme.Muted.Render(e.T("setup.working")))
		cur = nil
	case s.err != nil:
		lines = append(lines, widget.Problem(e, s.err, e.Width)...)
	default:
		for _, l := range widget.Wrap(e.T("setup.no-way-back"), min(e.Width, 90)) {
			lines = append(lines, e.Theme.Warn.Render(l))
		}
		if e.Height > 16 {
			lines = append(lines, "")
			lines = append(lines, widget.Wrap(e.T("setup.restore", map[string]any{"command": s.d.Restore}), min(e.Width, 90))...)
		}
	}
	return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
}

// Keys of the form.
func (s *Setup) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "setup.key.next", "enter"),
		screen.NewKey("tab", "unlock.key.next", "tab"),
		screen.NewKey("ctrl+c", "key.quit", "ctrl+c"),
	}
}
