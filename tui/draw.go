package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// The smallest terminal the console works in.
const (
	minWidth  = 40
	minHeight = 12
)

// railWidth is the rail's width where it stands at the side.
const railWidth = 19

// layout says where things stand for a size and a depth of the stack.
type layout struct {
	sideRail, lineRail bool
	bodyX, bodyY       int
	bodyW, bodyH       int
}

func (c *Console) layout() layout {
	l := layout{bodyX: 1, bodyY: 2, bodyW: c.width - 2, bodyH: c.height - 4}
	root := c.locked == nil && len(*c.stack()) <= 1
	switch {
	case root && c.width >= 110:
		l.sideRail = true
		l.bodyX, l.bodyW = railWidth+3, c.width-railWidth-4
	case root && c.height >= 16:
		l.lineRail = true
		l.bodyY, l.bodyH = 3, c.height-5
	}
	if c.height < 16 {
		l.bodyY, l.bodyH = l.bodyY-1, l.bodyH+1
	}
	return l
}

func (c *Console) env(w, h int) screen.Env {
	now := c.o.Clock.Now
	if c.o.Now != nil {
		now = c.o.Now
	}
	return screen.Env{
		Width: w, Height: h, Theme: c.theme(), Text: c.printer, Now: now(), SSH: c.o.SSH,
		Explain: func(err error) screen.Explanation { return c.o.Explain(err, c.printer) },
	}
}

// View draws the whole terminal.
func (c *Console) View() (v tea.View) {
	if c.broken != nil {
		return tea.NewView("")
	}
	defer func() {
		if p := recover(); p != nil { // the next Update, which Quit's message brings, ends the program
			b := screen.Broke(p)
			c.broken = &b
			v = tea.NewView("")
			go c.send(b)
		}
	}()
	f := c.frame()
	v = tea.NewView(f.Text)
	v.AltScreen = true
	v.WindowTitle = "deskward"
	v.Cursor = f.Cursor
	return v
}

func (c *Console) frame() screen.Frame {
	if c.width < minWidth || c.height < minHeight {
		e := c.env(c.width, c.height)
		return fit(e, widget.Wrap(e.T("too-small", locale.Params{"w": minWidth, "h": minHeight}), c.width), nil)
	}
	l := c.layout()
	e := c.env(l.bodyW, l.bodyH)
	whole := c.env(c.width, c.height)
	var body screen.Frame
	var keys []screen.Key
	if t, ok := c.top(); ok {
		body, keys = t.screen.Draw(e), t.screen.Keys()
	}
	if c.overlay != nil {
		body, keys = c.overlay.draw(e), nil
	}
	lines := []string{c.header(whole)}
	if l.lineRail {
		lines = append(lines, " "+widget.CutStyled(c.railLine(whole, c.width-2), c.width-2, whole.Theme.Glyphs.Cut))
	}
	for len(lines) < l.bodyY {
		lines = append(lines, "")
	}
	lines = append(lines, c.body(e, l, body)...)
	lines = c.withNotice(whole, lines)
	lines = append(lines, " "+c.footer(whole, keys))
	if body.Cursor != nil {
		cur := *body.Cursor
		cur.X, cur.Y = cur.X+l.bodyX, cur.Y+l.bodyY
		body.Cursor = &cur
	}
	return fit(whole, lines, body.Cursor)
}

// body sets the screen's lines between the rail and the right margin.
func (c *Console) body(e screen.Env, l layout, f screen.Frame) []string {
	text := strings.Split(f.Text, "\n")
	var rail []string
	if l.sideRail {
		rail = c.rail(e)
	}
	out := make([]string, l.bodyH)
	for i := range out {
		line := ""
		if i < len(text) {
			line = widget.CutStyled(text[i], l.bodyW, e.Theme.Glyphs.Cut)
		}
		if !l.sideRail {
			out[i] = " " + line
			continue
		}
		side := ""
		if i < len(rail) {
			side = rail[i]
		}
		out[i] = " " + widget.Pad(side, railWidth+2) + line
	}
	return out
}

// fit makes the frame exactly as large as the terminal.
func fit(e screen.Env, lines []string, cur *tea.Cursor) screen.Frame {
	out := make([]string, e.Height)
	for i := range min(len(lines), e.Height) {
		out[i] = strings.TrimRight(ansi.Truncate(lines[i], e.Width, ""), " ")
	}
	if cur != nil && (cur.X < 0 || cur.Y < 0 || cur.X >= e.Width || cur.Y >= e.Height) {
		cur = nil
	}
	return screen.Frame{Text: strings.Join(out, "\n"), Cursor: cur}
}

func (c *Console) header(e screen.Env) string {
	crumbs := []string{e.Theme.Title.Render("deskward")}
	if c.locked == nil && len(*c.stack()) > 1 {
		crumbs = append(crumbs, e.T(c.o.Sections[c.section].Title))
	}
	for i, en := range *c.stack() {
		if c.locked == nil && i == 0 && len(*c.stack()) > 1 {
			continue
		}
		crumbs = append(crumbs, widget.Cut(en.screen.Title(e), 44, e.Theme.Glyphs.Cut))
	}
	left := " " + strings.Join(crumbs, e.Theme.Muted.Render(" "+e.Theme.Glyphs.Crumb+" "))
	var right []string
	if c.o.Sandbox {
		right = append(right, e.Theme.Warn.Render("SANDBOX"))
	}
	if s := c.o.Protection(e); s != "" && c.locked == nil { // the locked screens say it themselves
		right = append(right, e.Theme.Muted.Render(s))
	}
	if c.o.Serving != nil && c.locked == nil {
		if s := c.o.Serving(e); s != "" {
			right = append(right, e.Theme.Accent.Render(s))
		}
	}
	if s := c.lockWords(e); s != "" {
		right = append(right, s)
	}
	// What does not fit goes from the middle: how the store is protected
	// first; the word SANDBOX never.
	keep := 0
	if c.o.Sandbox {
		keep = 1
	}
	for {
		r := strings.Join(right, "   ")
		free := e.Width - ansi.StringWidth(r) - 1
		if ansi.StringWidth(left)+2 <= free || len(right) <= keep {
			cut := e.Theme.Glyphs.Cut
			room := max(free-2, 10)
			left := widget.CutStyled(left, room, cut)
			if strings.HasSuffix(ansi.Strip(left), cut+cut) { // right behind a title that was cut itself
				left = widget.CutStyled(left, room-1, cut)
			}
			return widget.Pad(left, free) + r
		}
		right = append(right[:keep:keep], right[keep+1:]...)
	}
}

func (c *Console) lockWords(e screen.Env) string {
	in := c.lockIn()
	switch {
	case in == never:
		return ""
	case in < lastMinute:
		return e.Theme.Warn.Render(e.T("lock.soon", locale.Params{"n": max(0, int((in+time.Second-1)/time.Second))}))
	}
	return e.Theme.Muted.Render(e.T("lock.after", locale.Params{"time": widget.Duration(e, c.o.Guard.After)}))
}

func (c *Console) railItem(e screen.Env, i int) (label, count string) {
	sec := c.o.Sections[i]
	label = e.Theme.Key.Render(string(rune('1'+i))) + " "
	title := e.T(sec.Title)
	if i == c.section {
		title = e.Theme.Title.Render(title)
	}
	n := c.counts[sec.ID]
	if n.N > 0 {
		count = e.T("rail.count", locale.Params{"n": n.N})
		if n.Warn {
			count = e.Theme.Warn.Render(count + e.Theme.Glyphs.Warn)
		} else {
			count = e.Theme.Muted.Render(count)
		}
	}
	return label + title, count
}

// railLine names the sections on one line. Where they do not all fit, they
// go without the counts that warn of nothing, and then stand closer: a section
// that is cut off is one that nobody finds.
func (c *Console) railLine(e screen.Env, room int) string {
	line := ""
	for _, by := range []struct {
		gap  string
		warn bool
	}{{"  ", false}, {"  ", true}, {" ", true}} {
		parts := make([]string, len(c.o.Sections))
		for i, sec := range c.o.Sections {
			label, count := c.railItem(e, i)
			if count != "" && (c.counts[sec.ID].Warn || !by.warn) {
				label += e.Theme.Muted.Render(e.Theme.Glyphs.Dot) + count
			}
			parts[i] = label
		}
		if line = strings.Join(parts, by.gap); ansi.StringWidth(line) <= room {
			break
		}
	}
	return line
}

func (c *Console) rail(e screen.Env) []string {
	out := make([]string, 0, len(c.o.Sections))
	for i := range c.o.Sections {
		label, count := c.railItem(e, i)
		out = append(out, widget.Pad(label, railWidth-2-ansi.StringWidth(count))+count)
	}
	return out
}

// withNotice puts the notice line below the body; an error and a long notice
// take as many of the body's last lines as they need.
func (c *Console) withNotice(e screen.Env, lines []string) []string {
	n := c.notice
	var block []string
	switch {
	case n.Err != nil:
		block = widget.Problem(e, n.Err, c.width-4)
		block = append([]string{e.Theme.Muted.Render(strings.Repeat("-", c.width-2))}, block...)
	case n.Text != "":
		block = widget.Wrap(e.T(n.Text, n.Params), c.width-5)
		for i, l := range block {
			mark := " "
			if i == 0 {
				mark = e.Theme.Accent.Render(e.Theme.Glyphs.Bullet)
			}
			block[i] = mark + " " + l
		}
	default:
		return append(lines, "")
	}
	keep := max(1, len(lines)+1-len(block))
	return append(lines[:keep:keep], widget.Indent(block, " ")...)
}

func (c *Console) footer(e screen.Env, keys []screen.Key) string {
	help, palette, back, quit, _, _ := shellKeys()
	if c.overlay != nil {
		return widget.KeyLine(e, nil, c.overlay.keys(), c.width-2)
	}
	always := []screen.Key{help, palette}
	about := aboutKey()
	if t, ok := c.top(); ok && capturing(t.screen) {
		always, about = nil, aboutTyping()
	} else if c.locked != nil {
		always = []screen.Key{quit}
	} else if len(*c.stack()) > 1 {
		always = []screen.Key{back, help}
	}
	if c.trouble() != nil {
		always = append([]screen.Key{about}, always...)
	}
	return widget.KeyLine(e, keys, always, c.width-2)
}
