package widget

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/tui/screen"
)

// Input is one line of text. It draws the terminal's own cursor, which input
// methods for Japanese need, and takes pastes of any length whole; line breaks
// in a paste are dropped, since long secrets and URLs arrive wrapped.
type Input struct {
	model  textinput.Model
	secret bool
	lines  bool // a line break in a paste becomes a blank, instead of nothing
}

// NewInput makes an empty input. A secret one shows dots.
func NewInput(secret bool) Input {
	m := textinput.New()
	m.Prompt = ""
	m.SetVirtualCursor(false)
	m.CharLimit = 0
	if secret {
		m.EchoMode = textinput.EchoPassword
		m.EchoCharacter = '•'
	}
	return Input{model: m, secret: secret}
}

// Focus makes the input take keys and show its cursor.
func (i *Input) Focus() { i.model.Focus() }

// Blur is Focus's opposite.
func (i *Input) Blur() { i.model.Blur() }

// Focused reports whether the input takes keys.
func (i *Input) Focused() bool { return i.model.Focused() }

// Value returns the text as typed.
func (i *Input) Value() string { return i.model.Value() }

// SetValue replaces the text and puts the cursor behind it.
func (i *Input) SetValue(s string) {
	i.model.SetValue(s)
	i.model.CursorEnd()
}

// Update takes a key or a paste.
func (i *Input) Update(msg tea.Msg) {
	if p, ok := msg.(tea.PasteMsg); ok {
		if i.lines {
			p.Content = strings.Join(strings.Fields(p.Content), " ")
		} else {
			p.Content = joinLines(p.Content)
		}
		msg = p
	}
	if k, ok := msg.(tea.KeyPressMsg); ok && (k.String() == "ctrl+v" || k.String() == "tab") {
		return // ctrl+v would read the clipboard of the machine deskward runs on, not the admin's
	}
	i.model, _ = i.model.Update(msg)
}

// joinLines undoes the wrapping of pasted text: a line break with the blanks
// around it goes; a text of one line keeps its blanks.
func joinLines(s string) string {
	s = strings.Trim(s, "\r\n\t ")
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	var b strings.Builder
	for _, line := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}

// Draw returns the line, at most width cells, and the cursor's column, or -1.
// What cannot be seen in a text, or turns the others round, is shown as a
// question mark: it came with a paste, and is mostly what is wrong with it.
func (i *Input) Draw(e screen.Env, width int) (line string, column int) {
	m := i.model // a copy: drawing changes nothing
	if seen := core.CleanLine(m.Value()); !i.secret && seen != m.Value() {
		at := m.Position()
		m.SetValue(strings.ReplaceAll(seen, "\uFFFD", "?")) // of as many characters; the model itself drops U+FFFD
		m.SetCursor(at)
	}
	m.SetWidth(max(width-1, 1))
	s := m.Styles()
	s.Focused.Text, s.Blurred.Text = e.Theme.Plain, e.Theme.Plain
	s.Focused.Placeholder, s.Blurred.Placeholder = e.Theme.Muted, e.Theme.Muted
	m.SetStyles(s)
	if e.Theme.Glyphs.Bullet == "-" {
		m.EchoCharacter = '*'
	}
	m.SetCursor(m.Position())
	column = -1
	if c := m.Cursor(); c != nil {
		column = c.X
	}
	return strings.TrimRight(ansi.Truncate(m.View(), width, ""), " "), column
}
