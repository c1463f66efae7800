package tui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/tui/screen"
	"deskward/tui/widget"
)

// help lists the keys of the screen in front, those that cannot work now with
// the reason, and the shell's.
type help struct {
	screen []screen.Key
	shell  []screen.Key
	scroll widget.List // its row is the first line in sight
	tops   int         // how many lines can be that
}

func (c *Console) newHelp() overlay {
	h := &help{}
	if t, ok := c.top(); ok {
		h.screen = t.screen.Keys()
	}
	hp, palette, back, quit, lock, lang := shellKeys()
	if c.locked != nil {
		h.shell = []screen.Key{hp, lang, quit}
		return h
	}
	if c.o.About != nil {
		about := aboutKey().If(c.trouble() != nil, "key.about.none")
		h.shell = append(h.shell, about)
	}
	h.shell = append(h.shell, hp, palette, back, screen.NewKey("1-6", "key.sections", "1"), lang, lock, quit)
	return h
}

func (h *help) update(c *Console, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	if !h.scroll.Update(k, h.tops) || k.String() == "g" {
		c.overlay = nil
	}
	return nil
}

func (h *help) keys() []screen.Key {
	esc := screen.NewKey("esc", "key.close", "esc")
	if h.tops <= 1 {
		return []screen.Key{esc}
	}
	return []screen.Key{screen.NewKey("j/k", "key.scroll", "j"), esc}
}

// helpIndent is where the words of a key begin.
const helpIndent = 14

func (h *help) draw(e screen.Env) screen.Frame {
	var lines []string
	add := func(title string, keys []screen.Key) {
		if len(keys) == 0 {
			return
		}
		lines = append(lines, e.Theme.Title.Render(e.T(title)))
		for _, k := range keys {
			lines = append(lines, helpLines(e, k)...)
		}
		lines = append(lines, "")
	}
	add("help.screen", h.screen)
	add("help.everywhere", h.shell)
	lines = lines[:len(lines)-1]
	h.tops = max(1, len(lines)-e.Height+1)
	h.scroll.Clamp(h.tops)
	h.scroll.Window(h.tops, e.Height) // a page is what is in sight
	from := h.scroll.Selected
	to := min(len(lines), from+e.Height)
	return screen.Frame{Text: strings.Join(lines[from:to], "\n")}
}

// helpLines say what a key does and, where it can't work now, why.
func helpLines(e screen.Env, k screen.Key) []string {
	what := e.T(k.Help().Desc)
	lines := []string{"  " + widget.Pad(e.Theme.Key.Render(widget.Shown(e, k)), helpIndent-2) + what}
	if k.Reason == "" {
		return lines
	}
	if room := e.Width - helpIndent - ansi.StringWidth(what) - 2; ansi.StringWidth(e.T(k.Reason)) <= room {
		lines[0] += "  " + e.Theme.Muted.Render(e.T(k.Reason))
		return lines
	}
	for _, l := range widget.Wrap(e.T(k.Reason), max(e.Width-helpIndent-2, 10)) {
		lines = append(lines, strings.Repeat(" ", helpIndent+2)+e.Theme.Muted.Render(l))
	}
	return lines
}

// palette finds every action by name.
type palette struct {
	input widget.Input
	list  widget.List
	items []paletteItem
}

type paletteItem struct {
	label  widget.Words
	shown  string
	reason string
	run    func(*Console) tea.Cmd
}

func (c *Console) newPalette() overlay {
	p := &palette{input: widget.NewInput(false)}
	p.input.Focus()
	if t, ok := c.top(); ok {
		for _, k := range t.screen.Keys() {
			p.items = append(p.items, pressItem(k))
		}
	}
	slices.SortStableFunc(p.items, func(a, b paletteItem) int { // what can work now comes first
		return cmp.Compare(min(len(a.reason), 1), min(len(b.reason), 1))
	})
	if c.trouble() != nil {
		p.items = append([]paletteItem{pressItem(aboutKey())}, p.items...)
	}
	if c.locked == nil {
		for _, a := range c.o.Actions {
			p.items = append(p.items, paletteItem{label: widget.Key(a.Label), run: func(c *Console) tea.Cmd { return c.open(a.Open()) }})
		}
		for i, sec := range c.o.Sections {
			p.items = append(p.items, paletteItem{label: widget.Key("palette.go", nil), shown: string(rune('1' + i)), run: func(c *Console) tea.Cmd { return c.goTo(i) }})
			title := sec.Title
			p.items[len(p.items)-1].label = func(e screen.Env) string { return e.T("palette.go", map[string]any{"section": e.T(title)}) }
		}
	}
	hp, _, back, quit, lock, lang := shellKeys()
	for _, k := range []screen.Key{hp, back, lang, lock, quit} {
		p.items = append(p.items, pressItem(k))
	}
	return p
}

// pressItem presses a key when chosen: palette and keyboard cannot disagree.
func pressItem(k screen.Key) paletteItem {
	return paletteItem{
		label: widget.Key(k.Help().Desc), shown: k.Help().Key, reason: k.Reason,
		run: func(c *Console) tea.Cmd {
			if keys := k.Keys(); len(keys) > 0 {
				return c.key(Press(keys[0]))
			}
			return nil
		},
	}
}

func (p *palette) keys() []screen.Key {
	return []screen.Key{screen.NewKey("enter", "key.run", "enter"), screen.NewKey("esc", "key.close", "esc")}
}

func (p *palette) matches(e screen.Env) []paletteItem {
	want := strings.Fields(strings.ToLower(p.input.Value()))
	var out []paletteItem
	for _, it := range p.items {
		label := strings.ToLower(it.label(e))
		ok := true
		for _, w := range want {
			ok = ok && strings.Contains(label, w)
		}
		if ok {
			out = append(out, it)
		}
	}
	return out
}

func (p *palette) update(c *Console, msg tea.Msg) tea.Cmd {
	e := c.env(c.width, c.height)
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		p.input.Update(msg)
		return nil
	}
	found := p.matches(e)
	switch k.String() {
	case "esc":
		c.overlay = nil
		return nil
	case "enter":
		c.overlay = nil
		if len(found) == 0 {
			return nil
		}
		return found[min(p.list.Selected, len(found)-1)].run(c)
	case "up", "down", "pgup", "pgdown":
		p.list.Update(k, len(found))
		return nil
	}
	p.input.Update(msg)
	p.list.Selected = 0
	return nil
}

func (p *palette) draw(e screen.Env) screen.Frame {
	text, col := p.input.Draw(e, e.Width-4)
	lines := []string{e.Theme.Accent.Render(":") + " " + text, ""}
	found := p.matches(e)
	p.list.Clamp(len(found))
	from, to := p.list.Window(len(found), e.Height-2)
	for i := from; i < to; i++ {
		it := found[i]
		mark := "  "
		if i == p.list.Selected {
			mark = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		l := mark + widget.Pad(e.Theme.Key.Render(it.shown), 9) + it.label(e)
		if it.reason != "" {
			l += "  " + e.Theme.Muted.Render(e.T(it.reason))
		}
		lines = append(lines, l)
	}
	if len(found) == 0 {
		lines = append(lines, e.Theme.Muted.Render(e.T("palette.none")))
	}
	f := screen.Frame{Text: strings.Join(lines, "\n")}
	if col >= 0 {
		f.Cursor = tea.NewCursor(col+ansi.StringWidth(": "), 0)
	}
	return f
}
