package rewrite

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/deluge"
	"deskward/core/deluge/folder"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows the form, or the verdict, the findings and the difference of the
// file under the cursor: side by side where there is room.
func (v *view) Draw(e screen.Env) screen.Frame {
	switch {
	case v.busy:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("rewrite.busy"))})
	case !v.scanned:
		return v.drawForm(e)
	case len(v.rows) == 0:
		return widget.Frame(widget.Wrap(e.T("rewrite.none"), widget.Readable(e.Width)))
	}
	lines := []string{e.Theme.Title.Render(widget.Cut(v.verdict(e), e.Width, e.Theme.Glyphs.Cut))}
	if v.asking {
		lines = append(lines, styled(widget.Wrap(e.T("rewrite.ask", locale.Params{"n": v.changes()}), e.Width), e.Theme.Warn)...)
	} else if e.Height >= 14 {
		lines = append(append(lines, v.scopes(e)...), "")
	}
	room := e.Height - len(lines)
	list := v.list(e, min(len(v.rows), max(room/3, 3)))
	lines = append(lines, list...)
	lines = append(lines, v.detail(e, min(room/4, 3))...)
	room = e.Height - len(lines) - 1
	if room < 3 {
		return widget.Frame(lines[:min(len(lines), e.Height)])
	}
	diff, line := v.diff(e)
	from, to := v.pager.Window(len(diff), room, line)
	return widget.Frame(append(append(lines, ""), diff[from:to]...))
}

func styled(lines []string, s lipgloss.Style) []string {
	for i := range lines {
		lines[i] = s.Render(lines[i])
	}
	return lines
}

func (v *view) drawForm(e screen.Env) screen.Frame {
	lines := []string{e.Theme.Title.Render(widget.Cut(e.T("rewrite.head"), e.Width, e.Theme.Glyphs.Cut)), ""}
	if e.Height >= 14 {
		lines = append(append(lines, widget.Wrap(e.T("rewrite.about"), widget.Readable(e.Width))...), "")
	}
	form, cursor := v.form.Draw(e, e.Width, e.Height-len(lines))
	if cursor != nil {
		cursor.Y += len(lines)
	}
	f := widget.Frame(append(lines, form...))
	f.Cursor = cursor
	return f
}

func (v *view) verdict(e screen.Env) string {
	count := map[deluge.Outcome]int{}
	for _, f := range v.files {
		for _, x := range f.Result.Findings {
			count[x.Outcome]++
		}
	}
	key := "rewrite.verdict"
	if v.written != nil {
		key = "rewrite.verdict.written"
	}
	return e.T(key, locale.Params{"rewritten": count[deluge.Rewritten], "unsafe": count[deluge.Unsafe], "offered": count[deluge.Offered], "files": v.changes()})
}

// needs are the scopes that the connection must have, and the calls whose
// scope is not known.
func (v *view) needs() (scopes, calls []string) {
	var all [][]deluge.Need
	for _, f := range v.files {
		all = append(all, f.Result.Scopes)
	}
	for _, n := range deluge.Merge(all...) {
		if n.Scope != "" {
			scopes = append(scopes, n.Scope)
		} else {
			calls = append(calls, core.CleanLine(n.Call))
		}
	}
	return scopes, calls
}

// scopes says what the connection must be allowed to.
func (v *view) scopes(e screen.Env) []string {
	scopes, calls := v.needs()
	var lines []string
	if len(scopes) > 0 {
		lines = widget.Wrap(e.T("rewrite.scopes", locale.Params{"link": v.link, "scopes": strings.Join(scopes, " ")}), e.Width)
		if most := max(1, e.Height/8); len(lines) > most {
			lines = append(lines[:most-1], widget.Cut(strings.Join(lines[most-1:], " "), e.Width, e.Theme.Glyphs.Cut))
		}
	}
	if len(calls) > 0 {
		lines = append(lines, widget.Cut(e.T("rewrite.no-scopes", locale.Params{"n": len(calls), "calls": strings.Join(calls, ", ")}), e.Width, e.Theme.Glyphs.Cut))
	}
	return styled(lines, e.Theme.Muted)
}

// mark is a finding's sign and its style.
func mark(e screen.Env, x deluge.Finding) (string, lipgloss.Style) {
	switch x.Outcome {
	case deluge.Rewritten:
		return "ok", e.Theme.Good
	case deluge.Unsafe:
		if x.Reason == "declined" {
			return "- ", e.Theme.Muted
		}
		return "x ", e.Theme.Bad
	case deluge.Offered:
		return "? ", e.Theme.Accent
	}
	return "! ", e.Theme.Warn
}

func (v *view) list(e screen.Env, height int) []string {
	from, to := v.cursor.Window(len(v.rows), height)
	var out []string
	for i := from; i < to; i++ {
		r := v.rows[i]
		f := v.files[r.file]
		sign, style, line, text := "x ", e.Theme.Bad, "", core.CodeOf(f.Err)
		if r.finding >= 0 {
			x := f.Result.Findings[r.finding]
			sign, style = mark(e, x)
			line = fmt.Sprintf(":%d", x.Line)
			text, _ = say(e, x)
		}
		select1 := "  "
		if i == v.cursor.Selected {
			select1 = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		name := widget.Pad(widget.Cut(core.CleanLine(f.Name)+line, max(e.Width/3, 12), e.Theme.Glyphs.Cut), max(e.Width/3, 12))
		out = append(out, select1+style.Render(sign)+" "+name+" "+widget.Cut(text, v.sayWidth(e), e.Theme.Glyphs.Cut))
	}
	return out
}

func (v *view) detailWidth(e screen.Env) int { return max(e.Width-5, 10) }

// sayWidth is the room for a finding's text in its row.
func (v *view) sayWidth(e screen.Env) int { return max(e.Width-6-max(e.Width/3, 12), 4) }

// say is what a finding is, and why it is not rewritten or what to do about
// it.
func say(e screen.Env, x deluge.Finding) (what, why string) {
	var texts []string
	for _, key := range x.Texts() {
		texts = append(texts, e.T(key, locale.Params{"subject": core.CleanLine(x.Subject), "host": core.CleanLine(x.Host), "with": x.With}))
	}
	if x.Outcome == deluge.Offered {
		texts = append(texts, e.T("rewrite.offered"))
	}
	return texts[0], widget.Sentences(texts[1:]...)
}

// detail is what the row of the finding under the cursor has no room for.
func (v *view) detail(e screen.Env, height int) []string {
	f, x, ok := v.selected()
	var text string
	switch {
	case !ok && f.Err != nil:
		text = widget.Sentences(e.Explain(f.Err).Headline, e.Explain(f.Err).Next)
	case ok && x.Outcome != deluge.Rewritten:
		what, why := say(e, x)
		text = why
		if whole := widget.Sentences(what, why); lipgloss.Width(what) > v.sayWidth(e) && (why == "" || len(widget.Wrap(whole, v.detailWidth(e))) <= height) {
			text = whole
		}
	}
	if text == "" || height < 1 {
		return nil
	}
	lines := widget.Wrap(text, v.detailWidth(e))
	return widget.Indent(styled(lines[:min(len(lines), height)], e.Theme.Muted), "     ")
}

// diff is the difference of the file under the cursor, and the line of it at
// which the finding stands.
func (v *view) diff(e screen.Env) (out []string, line int) {
	f, x, ok := v.selected()
	lines := diffLines(f, f.After())
	if !slices.ContainsFunc(lines, func(l diffLine) bool { return l.old == x.Line && l.sign != "@" && l.sign != "+" }) {
		if ok {
			return source(e, f, x.Line)
		}
		return []string{e.Theme.Muted.Render(e.T("rewrite.unchanged"))}, -1
	}
	for line < len(lines)-1 && lines[line].old < x.Line {
		line++
	}
	if e.Wide() {
		// What goes and what comes share rows: the line lies as far down as the
		// rows before it reach.
		return sideBySide(e, lines), len(sideBySide(e, lines[:line]))
	}
	for _, l := range lines {
		out = append(out, l.style(e).Render(widget.Cut(l.sign+l.text, e.Width, e.Theme.Glyphs.Cut)))
	}
	return out, line
}

// source is the file as it is, and where in it a line stands that no change
// touches.
func source(e screen.Env, f folder.File, at int) (out []string, line int) {
	for i, text := range strings.Split(strings.TrimRight(f.Result.Hide(f.Source), "\r\n"), "\n") {
		text = strings.TrimRight(text, "\r")
		text = core.CleanLine(strings.ReplaceAll(text, "\t", "    "))
		style, sign := lipgloss.NewStyle(), " "
		if i+1 == at {
			style, sign = e.Theme.Accent, e.Theme.Glyphs.Selected
		}
		out = append(out, e.Theme.Muted.Render(fmt.Sprintf("%4d ", i+1))+style.Render(sign+" ")+style.Render(widget.Cut(text, max(e.Width-7, 4), e.Theme.Glyphs.Cut)))
	}
	return out, at - 1
}

// diffLine is one line of a unified diff: sign " ", "-", "+", or "@" for the
// head of a part. old is the line of the file as it is, at or before it.
type diffLine struct {
	sign, text string
	old        int
}

func (l diffLine) style(e screen.Env) lipgloss.Style {
	switch l.sign {
	case "-":
		return e.Theme.Bad
	case "+":
		return e.Theme.Good
	case "@":
		return e.Theme.Muted
	}
	return lipgloss.NewStyle()
}

// diffLines are what changes from a file to the text that it is to be.
func diffLines(f folder.File, after string) []diffLine {
	var out []diffLine
	old := 0
	for i, l := range strings.Split(strings.TrimSuffix(f.Diff(after, true), "\n"), "\n") {
		if i < 2 || l == "" { // the names of the files
			continue
		}
		text := core.CleanLine(strings.ReplaceAll(strings.TrimRight(l[1:], "\r"), "\t", "    "))
		if l[0] == '@' {
			text = " " + strings.Trim(text, "@ ")
			_, _ = fmt.Sscanf(text, " -%d", &old) // its form is ours
			old--
		}
		if l[0] == ' ' || l[0] == '-' {
			old++
		}
		out = append(out, diffLine{l[:1], text, old})
	}
	return out
}

// sideBySide puts what goes at the left and what comes at the right.
func sideBySide(e screen.Env, lines []diffLine) []string {
	width := (e.Width - 3) / 2
	cell := func(l diffLine) string {
		return widget.Pad(l.style(e).Render(widget.Cut(l.sign+l.text, width, e.Theme.Glyphs.Cut)), width)
	}
	var out, minus, plus []string
	empty := strings.Repeat(" ", width)
	flush := func() {
		for i := range max(len(minus), len(plus)) {
			left, right := empty, ""
			if i < len(minus) {
				left = minus[i]
			}
			if i < len(plus) {
				right = plus[i]
			}
			out = append(out, strings.TrimRight(left+"   "+right, " "))
		}
		minus, plus = nil, nil
	}
	for _, l := range lines {
		switch l.sign {
		case "-":
			minus = append(minus, cell(l))
		case "+":
			plus = append(plus, cell(l))
		default:
			flush()
			if l.sign == "@" {
				out = append(out, cell(l))
			} else {
				out = append(out, strings.TrimRight(cell(l)+"   "+cell(l), " "))
			}
		}
	}
	flush()
	return out
}
