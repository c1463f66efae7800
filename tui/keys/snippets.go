package keys

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/snippet"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// snippets lists the code that fits a key.
type snippets struct {
	f     *family
	sum   core.KeySummary
	kinds []snippet.Kind
	list  widget.List
}

func newSnippets(f *family, s core.KeySummary) *snippets {
	return &snippets{f: f, sum: s, kinds: snippet.For(s.Kind)}
}

// Title names the screen.
func (s *snippets) Title(e screen.Env) string { return e.T("keys.snippets.title") }

// Init has nothing to read.
func (s *snippets) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Update chooses.
func (s *snippets) Update(msg tea.Msg) screen.Step {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok || len(s.kinds) == 0 {
		return screen.Step{}
	}
	switch k.String() {
	case "enter":
		return screen.Step{Open: s.f.code(s.sum, s.kinds[s.list.Selected])}
	case "y":
		return s.f.code(s.sum, s.kinds[s.list.Selected]).copy()
	}
	s.list.Update(k, len(s.kinds))
	return screen.Step{}
}

// Draw lists the kinds with the beginning of the selected one below.
func (s *snippets) Draw(e screen.Env) screen.Frame {
	lines := []string{e.Theme.Title.Render(widget.Cut(e.T("keys.snippets.head", locale.Params{"name": s.sum.Name}), e.Width, e.Theme.Glyphs.Cut)), ""}
	if e.Height >= 16 {
		lines = append(lines, widget.Wrap(e.T("keys.snippets.what"), widget.Readable(e.Width))...)
		lines = append(lines, "")
	}
	wide := 0
	for _, k := range s.kinds {
		wide = max(wide, ansi.StringWidth(e.T("snippet.kind."+string(k))))
	}
	from, to := s.list.Window(len(s.kinds), max(1, e.Height-len(lines)))
	for i := from; i < to; i++ {
		sign := "  "
		if i == s.list.Selected {
			sign = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		line := sign + widget.Pad(e.T("snippet.kind."+string(s.kinds[i])), wide)
		if name := s.kinds[i].FileName(); wide+len(name)+4 <= e.Width {
			line += "  " + e.Theme.Muted.Render(name)
		}
		lines = append(lines, widget.CutStyled(line, e.Width, e.Theme.Glyphs.Cut))
	}
	return widget.Frame(lines)
}

// Keys of the list.
func (s *snippets) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "keys.key.show-code", "enter"),
		screen.NewKey("y", "keys.key.copy", "y"),
	}
}

// code shows one snippet.
type code struct {
	f     *family
	sum   core.KeySummary
	kind  snippet.Kind
	pager widget.Pager
}

func (f *family) code(s core.KeySummary, k snippet.Kind) *code { return &code{f: f, sum: s, kind: k} }

// Title is the file's name.
func (c *code) Title(screen.Env) string { return c.kind.FileName() }

// Init has nothing to read: the code is part of the program.
func (c *code) Init(*screen.Scope) screen.Step { return screen.Step{} }

func (c *code) text(p *locale.Printer) (string, error) {
	return snippet.Render(c.f.Snippets, c.kind, snippet.Values{Key: c.sum, Endpoint: c.f.Endpoint, Say: p})
}

// copy copies the code whole, in the language of the moment.
func (c *code) copy() screen.Step {
	return screen.Step{Copy: screen.Copy{What: "keys.snippets.code", Words: func(e screen.Env) string {
		text, err := c.text(e.Text)
		if err != nil {
			return "" // it says so where it is shown
		}
		return text
	}}}
}

// Update scrolls and copies.
func (c *code) Update(msg tea.Msg) screen.Step {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return screen.Step{}
	}
	switch k.String() {
	case "y":
		return c.copy()
	case "v":
		text, err := c.text(c.f.Say())
		if err != nil {
			return screen.Fail(err)
		}
		return screen.Step{Plain: text}
	}
	c.pager.Key(k.String())
	return screen.Step{}
}

// Draw shows the code, its long lines cut: copied they are whole.
func (c *code) Draw(e screen.Env) screen.Frame {
	text, err := c.text(e.Text)
	if err != nil {
		return widget.Frame(widget.Problem(e, err, widget.Readable(e.Width)))
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = widget.Cut(strings.ReplaceAll(l, "\t", "    "), e.Width, e.Theme.Glyphs.Cut)
	}
	from, to := c.pager.Window(len(lines), e.Height, -1)
	out := lines[from:to]
	if to < len(lines) && len(out) > 2 {
		out = append(out[:len(out)-1:len(out)-1], e.Theme.Muted.Render(e.T("keys.more-below", locale.Params{"n": len(lines) - to + 1})))
	}
	return widget.Frame(out)
}

// Keys of the code.
func (c *code) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("y", "keys.key.copy-whole", "y"),
		screen.NewKey("v", "keys.key.unwrapped", "v"),
		screen.NewKey("j/k", "keys.key.scroll", "j", "k", "up", "down"),
	}
}
