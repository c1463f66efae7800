package mailproof

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/tui/screen"
	"deskward/tui/widget"
)

// The questions before a test mail is sent, and the word that sends it.
const (
	fieldTo   = "to"
	fieldWord = "word"
	sendWord  = "SEND"
)

// send asks for whom the one test mail is, and for the word.
type send struct {
	proof *view
	form  *widget.Form
}

func newSend(v *view) *send {
	return &send{proof: v, form: widget.NewForm(
		widget.Field{
			Name: fieldTo, Label: widget.Key("mailproof.field.to"), Hint: widget.Key("mailproof.hint.to"), Value: v.to,
			Check: func(value string) widget.Words {
				if local, domain, ok := strings.Cut(value, "@"); !ok || local == "" || domain == "" || strings.ContainsAny(value, " <>") {
					return widget.Key("mailproof.wrong.to")
				}
				return nil
			},
		},
		widget.Field{
			Name: fieldWord, Label: widget.Key("mailproof.field.word"), Hint: widget.Key("mailproof.hint.word"),
			Check: func(value string) widget.Words {
				if value != sendWord {
					return widget.Key("mailproof.wrong.word")
				}
				return nil
			},
		},
	)}
}

// Title names the question.
func (s *send) Title(e screen.Env) string { return e.T("mailproof.send.title") }

// Init has nothing to read.
func (s *send) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Capturing keeps letters for the form.
func (s *send) Capturing() bool { return true }

// Update takes the answers. The mail is sent by the screen below, which shows
// what comes of it.
func (s *send) Update(msg tea.Msg) screen.Step {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "esc" {
		return screen.Step{Back: true}
	}
	if _, submit := s.form.Update(msg); !submit {
		return screen.Step{}
	}
	return s.proof.begin(s.form.Value(fieldTo)).Then(screen.Step{Back: true})
}

// Draw says what will happen, and asks.
func (s *send) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	lines := widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T("mailproof.send.text"), w)
	if room := e.Height - 6; len(lines) > room { // the questions must be in sight
		lines = widget.Head(lines, max(room, 1), w, e.Theme.Glyphs.Cut)
	}
	lines = append(lines, "")
	form, cur := s.form.Draw(e, e.Width, max(3, e.Height-len(lines)))
	if cur != nil {
		cur.Y += len(lines)
	}
	return screen.Frame{Text: strings.Join(append(lines, form...), "\n"), Cursor: cur}
}

// Keys of the question.
func (s *send) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "mailproof.key.next", "enter"),
		screen.NewKey("tab", "mailproof.key.field", "tab", "shift+tab"),
		screen.NewKey("esc", "mailproof.key.back", "esc"),
	}
}
