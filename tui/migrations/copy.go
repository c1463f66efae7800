package migrations

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// copyable is a text that is needed elsewhere; a secret shows as dots.
type copyable struct {
	text   string
	name   string // of a secret
	secret core.Secret
}

// words are the text, and of a secret what it is called.
func (c copyable) words(e screen.Env) string {
	if c.secret.Empty() {
		return c.text
	}
	_, name, _ := strings.Cut(c.name, ".")
	return c.text + "  " + widget.Named(e, name, "connections.secret.name."+name)
}

// copyables are the texts of the current step that are needed elsewhere: its
// link, and what its text sets apart as code.
func (s *step) copyables() []copyable {
	p, ok := s.prompt(locale.English)
	if !ok || s.proven != "" {
		return nil
	}
	out := codesOf(p.Text, p.Secrets)
	add := func(at int, text string) {
		if text != "" && !slices.ContainsFunc(out, func(c copyable) bool { return c.text == text && c.secret.Empty() }) {
			out = slices.Insert(out, at, copyable{text: text})
		}
	}
	add(0, p.Link)
	for _, in := range p.Inputs {
		if !in.Secret {
			add(len(out), in.Value)
		}
	}
	return out
}

// codesOf is what a text sets apart as code, each once; secrets as often as
// they stand there.
func codesOf(text string, secrets []guide.SecretPrompt) []copyable {
	var out []copyable
	for _, m := range codeSpan().FindAllStringSubmatch(text, -1) {
		switch {
		case len(secrets) > 0 && m[1] == secrets[0].Value.String():
			out = append(out, copyable{m[1], secrets[0].Name, secrets[0].Value})
			secrets = secrets[1:]
		case m[1] != "" && !slices.ContainsFunc(out, func(c copyable) bool { return c.text == m[1] && c.secret.Empty() }):
			out = append(out, copyable{text: m[1]})
		}
	}
	return out
}

// copy copies the one thing there is, or asks which.
func (s *step) copy() screen.Step {
	all := s.copyables()
	current, _ := s.run.Current()
	at := current.ID
	if len(all) == 0 {
		return screen.Step{}
	}
	if len(all) == 1 && all[0].secret.Empty() {
		return screen.Step{Copy: screen.Copy{Text: all[0].text, What: "migrations.copy.value"}}
	}
	return screen.Step{Open: newCopyMenu(s.d, s.run, all, at, &s.copied)}
}

// unwrapped shows the same outside the full screen; secrets stay dots.
func (s *step) unwrapped() screen.Step {
	var texts []string
	for _, c := range s.copyables() {
		texts = append(texts, c.text)
	}
	return screen.Step{Plain: strings.Join(texts, "\n\n")}
}

// copyMenu lists what can be copied.
type copyMenu struct {
	d      Deps
	run    guide.Run
	scope  *screen.Scope
	all    []copyable
	cursor widget.List
	copied func(item int)
}

// newCopyMenu offers the texts of a step. A form is filled in value after
// value: the one behind the last is offered.
func newCopyMenu(d Deps, run guide.Run, all []copyable, step string, last *place) *copyMenu {
	m := &copyMenu{d: d, run: run, all: all, copied: func(i int) { *last = place{step, i} }}
	if last.step == step {
		m.cursor.Selected = (last.item + 1) % len(all)
	}
	return m
}

// place is one of what a step has to be copied.
type place struct {
	step string
	item int
}

// leaving is a secret whose copying stands in the log, or could not be written
// there.
type leaving struct {
	secret core.Secret
	err    error
}

// Title names the menu.
func (c *copyMenu) Title(e screen.Env) string { return e.T("migrations.copy") }

// Init has nothing to read.
func (c *copyMenu) Init(s *screen.Scope) screen.Step {
	c.scope = s
	return screen.Step{}
}

// Update chooses and copies.
func (c *copyMenu) Update(msg tea.Msg) screen.Step {
	if l, ok := msg.(leaving); ok {
		if l.err != nil {
			return screen.Fail(l.err)
		}
		return screen.Step{Back: true, Copy: screen.Copy{Text: l.secret.Reveal(), What: "migrations.copy.secret"}}
	}
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return screen.Step{}
	}
	chosen := c.all[c.cursor.Selected]
	switch k.String() {
	case "enter", "y":
		c.copied(c.cursor.Selected)
		if chosen.secret.Empty() {
			return screen.Step{Back: true, Copy: screen.Copy{Text: chosen.text, What: "migrations.copy.value"}}
		}
		return screen.Step{Cmd: c.scope.Run(func(ctx context.Context) tea.Msg {
			return leaving{chosen.secret, c.d.Runner.Copying(ctx, c.run, chosen.name)}
		})}
	case "v":
		return screen.Step{Plain: chosen.text}
	}
	c.cursor.Update(k, len(c.all))
	return screen.Step{}
}

// Draw shows the texts, each cut to a line, and the selected one whole.
func (c *copyMenu) Draw(e screen.Env) screen.Frame {
	lines := []string{e.Theme.Title.Render(e.T("migrations.copy.which")), ""}
	from, to := c.cursor.Window(len(c.all), max(1, e.Height-8))
	for i := from; i < to; i++ {
		mark := "   "
		if i == c.cursor.Selected {
			mark = " " + e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		lines = append(lines, mark+widget.Cut(c.all[i].words(e), e.Width-3, e.Theme.Glyphs.Cut))
	}
	whole := widget.Wrap(c.all[c.cursor.Selected].text, e.Width)
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
