package migrations

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// copyables are the texts of the current step that are needed elsewhere: its
// link, and what its text sets apart as code.
func (s *step) copyables() []string {
	p, ok := s.prompt(locale.English)
	if !ok || s.proven != "" {
		return nil
	}
	var out []string
	add := func(text string) {
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	add(p.Link)
	for _, m := range codeSpan().FindAllStringSubmatch(p.Text, -1) {
		add(m[1])
	}
	for _, in := range p.Inputs {
		if !in.Secret {
			add(in.Value)
		}
	}
	return out
}

// copy copies the one thing there is, or asks which.
func (s *step) copy() screen.Step {
	switch all := s.copyables(); len(all) {
	case 0:
		return screen.Step{}
	case 1:
		return screen.Step{Copy: screen.Copy{Text: all[0], What: "migrations.copy.value"}}
	default:
		return screen.Step{Open: &copyMenu{texts: all}}
	}
}

// unwrapped shows the same outside the full screen.
func (s *step) unwrapped() screen.Step {
	return screen.Step{Plain: strings.Join(s.copyables(), "\n\n")}
}

// copyMenu lists what can be copied.
type copyMenu struct {
	texts  []string
	cursor widget.List
}

// Title names the menu.
func (c *copyMenu) Title(e screen.Env) string { return e.T("migrations.copy") }

// Init has nothing to read.
func (c *copyMenu) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Update chooses and copies.
func (c *copyMenu) Update(msg tea.Msg) screen.Step {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return screen.Step{}
	}
	switch k.String() {
	case "enter", "y":
		return screen.Step{Back: true, Copy: screen.Copy{Text: c.texts[c.cursor.Selected], What: "migrations.copy.value"}}
	case "v":
		return screen.Step{Plain: c.texts[c.cursor.Selected]}
	}
	c.cursor.Update(k, len(c.texts))
	return screen.Step{}
}

// Draw shows the texts, each cut to a line, and the selected one whole.
func (c *copyMenu) Draw(e screen.Env) screen.Frame {
	lines := []string{e.Theme.Title.Render(e.T("migrations.copy.which")), ""}
	from, to := c.cursor.Window(len(c.texts), max(1, e.Height-8))
	for i := from; i < to; i++ {
		mark := "   "
		if i == c.cursor.Selected {
			mark = " " + e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		lines = append(lines, mark+widget.Cut(c.texts[i], e.Width-3, e.Theme.Glyphs.Cut))
	}
	whole := widget.Wrap(c.texts[c.cursor.Selected], e.Width)
	return widget.Frame(append(append(lines, ""), styledLines(first(whole, 5), e.Theme.Muted)...))
}

// Keys of the menu.
func (c *copyMenu) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "migrations.key.copy", "enter", "y"),
		screen.NewKey("v", "migrations.key.unwrapped", "v"),
		screen.NewKey("j/k", "migrations.key.move", "j", "k", "up", "down").Hide(),
	}
}
