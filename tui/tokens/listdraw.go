package tokens

import (
	"fmt"
	"strings"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows the form and, beside or below it, what was read.
func (n *list) Draw(e screen.Env) screen.Frame {
	if e.Wide() {
		left := e.Width * formShare / 100
		lines, cursor := n.form.Draw(e, left-1, e.Height)
		right := n.paged(e, n.told(e, e.Width-left-3), e.Height)
		f := widget.Frame(widget.Columns(e, lines, left, right, e.Height))
		f.Cursor = cursor
		return f
	}
	w := widget.Readable(e.Width)
	below := n.told(e, w)
	room := e.Height
	if len(below) > 0 {
		room = max(4, e.Height-1-min(len(below), e.Height*3/5))
	}
	lines, cursor := n.form.Draw(e, w, room)
	if left := e.Height - len(lines) - 1; len(below) > 0 && left > 0 {
		lines = append(append(lines, ""), n.paged(e, below, left)...)
	}
	f := widget.Frame(lines)
	f.Cursor = cursor
	return f
}

// formShare is how much of a wide screen the form has, in percent.
const formShare = 52

// paged shows height lines of text, the last of which says how many are more.
func (n *list) paged(e screen.Env, lines []string, height int) []string {
	if len(lines) <= height {
		return lines
	}
	from, to := n.pager.Window(len(lines), height-1, 0)
	out := append([]string{}, lines[from:to]...)
	return append(out, e.Theme.Muted.Render(e.Text.N("tokens.more", len(lines)-to)))
}

// told says what was read, what it comes to, and what of it can't be used.
func (n *list) told(e screen.Env, w int) []string {
	switch {
	case n.err != nil:
		return widget.Problem(e, n.err, w)
	case n.busy:
		return []string{e.Theme.Muted.Render(e.T("tokens.list.reading"))}
	case n.read == nil && n.raw != nil:
		return widget.Wrap(e.T("tokens.list.have"), w)
	case n.read == nil:
		if e.Height < 16 {
			return nil
		}
		return widget.Wrap(e.T("tokens.none.table"), w)
	}
	var out []string
	for _, s := range widget.Wrap(e.Text.N("tokens.plan.good", len(n.plan.Lines)), w) {
		out = append(out, e.Theme.Title.Render(s))
	}
	if len(n.bad) > 0 {
		out = append(out, widget.Marked(warn(e), e.Text.N("tokens.plan.bad", len(n.bad)), w)...)
	}
	for _, c := range n.plan.Clients {
		out = append(out, clientWords(e, c, w)...)
	}
	if len(n.plan.Lines) > 0 {
		out = append(out, widget.Wrap(n.timeWords(e), w)...)
	}
	if n.plan.Variant == tokenbatch.External {
		out = append(out, widget.Wrap(e.T("tokens.plan.external"), w)...)
	}
	out = append(append(out, ""), widget.Wrap(columnWords(e, *n.read), w)...)
	return append(out, badLines(e, n.bad, w)...)
}

// badLines name the lines that can't be used, those with the same reason
// together: what is missing everywhere is one line, and not two hundred.
func badLines(e screen.Env, bad []tokenbatch.BadLine, w int) []string {
	var reasons []string
	numbers := map[string][]string{}
	for _, b := range bad {
		x := e.Explain(widget.Untried(b.Err))
		why := widget.Sentences(x.Headline, x.Next)
		if numbers[why] == nil {
			reasons = append(reasons, why)
		}
		numbers[why] = append(numbers[why], fmt.Sprint(b.Number))
	}
	var out []string
	for _, why := range reasons {
		all := numbers[why]
		p := locale.Params{"lines": strings.Join(all[:min(len(all), mostNamed)], e.T("tokens.plan.comma")), "why": why, "more": len(all) - mostNamed}
		text := e.Text.N("tokens.plan.line", len(all), p)
		if len(all) > mostNamed {
			text = e.T("tokens.plan.lines-more", p)
		}
		out = append(out, widget.Marked(warn(e), text, w)...)
	}
	return out
}

// mostNamed is how many lines with the same reason are named.
const mostNamed = 8

func warn(e screen.Env) string {
	return e.Theme.Warn.Render(widget.Pad(e.Theme.Glyphs.Warn, 2))
}

// clientWords say what the plan comes to for one client where that is near the
// limit, or over it.
func clientWords(e screen.Env, c tokenbatch.Client, w int) []string {
	p := locale.Params{"client": cut(c.ID), "rows": c.Rows, "stored": c.Stored, "most": c.Most, "owner": core.CleanLine(c.Owner)}
	switch {
	case c.Held > 0:
		return widget.Marked(warn(e), e.Text.N("tokens.plan.held", c.Held, p), w)
	case c.Most > 0 && c.Rows+c.Stored > c.Most/2:
		return widget.Wrap(e.T("tokens.plan.near", p), w)
	}
	return nil
}

// cut is the beginning of a client id, which tells it from others.
func cut(id string) string {
	const shown = 14
	if r := []rune(core.CleanLine(id)); len(r) > shown {
		return string(r[:shown]) + "…"
	}
	return core.CleanLine(id)
}

// timeWords say how long the calls take at the rate, and what follows.
func (n *list) timeWords(e screen.Env) string {
	if n.plan.Rate == nil {
		return e.T("tokens.plan.no-rate")
	}
	return e.T("tokens.plan.time", locale.Params{"time": widget.Duration(e, n.plan.Took)})
}

// columnWords say which column was taken for what.
func columnWords(e screen.Env, l tokenbatch.List) string {
	var used, unused []string
	for _, c := range l.Columns {
		if c.Field == "" || c.Field == tokenbatch.FieldIgnore {
			unused = append(unused, c.Header)
			continue
		}
		used = append(used, e.T("tokens.plan.column", locale.Params{"header": c.Header, "field": e.T("tokens.field." + string(c.Field))}))
	}
	text := e.T("tokens.plan.columns", locale.Params{"encoding": string(l.Encoding), "columns": strings.Join(used, e.T("tokens.plan.comma"))})
	if len(unused) > 0 {
		text = widget.Sentences(text, e.T("tokens.plan.unused", locale.Params{"columns": strings.Join(unused, e.T("tokens.plan.comma"))}))
	}
	return text
}
