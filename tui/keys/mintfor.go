package keys

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// mintFor asks with which key a token is signed for a person who is known
// already; where there is one key only, it is that.
type mintFor struct {
	f       *family
	visitor visitortoken.Visitor
	keys    []core.KeySummary
	loaded  bool
	err     error
	cursor  widget.List
}

// MintFor is the screen that signs a token for a person, for other sections to
// open.
func MintFor(d Deps, v visitortoken.Visitor) screen.Screen {
	return &mintFor{f: newFamily(d), visitor: v}
}

// Title names the screen.
func (m *mintFor) Title(e screen.Env) string { return e.T("keys.mint.title") }

// Init reads which keys can sign.
func (m *mintFor) Init(s *screen.Scope) screen.Step {
	return screen.Step{Cmd: s.Run(func(ctx context.Context) tea.Msg {
		all, err := m.f.Keys.List(ctx)
		return signersListed{all, err}
	})}
}

// Update takes the keys and the choice.
func (m *mintFor) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case signersListed:
		if m.err = msg.err; msg.err == nil {
			m.keys, m.loaded = signers(msg.keys), true
			if len(m.keys) == 1 {
				return m.choose(m.keys[0])
			}
		}
	case tea.KeyPressMsg:
		switch i := m.cursor.Selected; {
		case msg.String() == "enter" && i < len(m.keys):
			return m.choose(m.keys[i])
		case msg.String() == "c" && m.loaded && len(m.keys) == 0:
			return screen.Step{Back: true, Section: "keys"}
		default:
			m.cursor.Update(msg, len(m.keys))
		}
	}
	return screen.Step{}
}

// choose opens the form of a key, filled with who the person is.
func (m *mintFor) choose(k core.KeySummary) screen.Step {
	form := m.f.mintScreen(k)
	form.form.Set(fieldExternalID, m.visitor.ExternalID)
	form.form.Set(fieldUser, m.visitor.Name)
	form.form.Set(fieldEmail, m.visitor.Email)
	if m.visitor.EmailVerified && k.Kind == core.KeyMessaging {
		form.form.Set(fieldVerified, yes)
	}
	return screen.Step{Replace: form}
}

// Draw lists the keys.
func (m *mintFor) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	switch {
	case m.err != nil:
		return widget.Frame(widget.Problem(e, m.err, w))
	case !m.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("keys.loading"))})
	case len(m.keys) == 0:
		return widget.Frame(widget.Wrap(e.T("keys.mint.no-signer"), w))
	}
	lines := append(widget.Wrap(e.T("keys.mint.choose"), w), "")
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("keys.col.name"), Min: 12, Want: 24},
			{Title: widget.Key("keys.col.kind"), Min: 9, Want: 14},
		},
		Rows: len(m.keys), List: &m.cursor,
		Row: func(i int) []widget.Cell {
			return []widget.Cell{{Text: m.keys[i].Name}, {Text: e.T("keys.kind." + string(m.keys[i].Kind)), Style: e.Theme.Muted}}
		},
	}
	return widget.Frame(append(lines, t.Draw(e, e.Width, max(2, e.Height-len(lines)))...))
}

// Keys of the screen.
func (m *mintFor) Keys() []screen.Key {
	if m.loaded && len(m.keys) == 0 {
		return []screen.Key{screen.NewKey("c", "keys.key.section", "c")}
	}
	return []screen.Key{screen.NewKey("enter", "keys.key.mint", "enter").If(len(m.keys) > 0, "keys.off.loading")}
}
