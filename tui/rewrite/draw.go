package rewrite

import (
	"fmt"
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
		lines = append(lines, e.Theme.Muted.Render(widget.Cut(v.scopes(e), e.Width, e.Theme.Glyphs.Cut)), "")
	}
	room := e.Height - len(lines)
	list := v.list(e, min(len(v.rows), max(room/3, 3)))
	lines = append(lines, list...)
	lines = append(lines, v.reason(e, min(room/4, 3))...)
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

// scopes says what the connection must be allowed to.
func (v *view) scopes(e screen.Env) string {
	var all [][]deluge.Need
	for _, f := range v.files {
		all = append(all, f.Result.Scopes)
	}
	var names []string
	for _, n := range deluge.Merge(all...) {
		if n.Scope != "" {
			names = append(names, n.Scope)
		}
	}
	if len(names) == 0 {
		return e.T("rewrite.no-scopes", locale.Params{"link": v.link})
	}
	return e.T("rewrite.scopes", locale.Params{"link": v.link, "scopes": strings.Join(names, " ")})
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
			line, text = fmt.Sprintf(":%d", x.Line), say(e, x)
		}
		select1 := "  "
		if i == v.cursor.Selected {
			select1 = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		name := widget.Pad(widget.Cut(core.CleanLine(f.Name)+line, max(e.Width/3, 12), e.Theme.Glyphs.Cut), max(e.Width/3, 12))
		out = append(out, select1+style.Render(sign)+" "+name+" "+widget.Cut(text, max(e.Width-6-max(e.Width/3, 12), 4), e.Theme.Glyphs.Cut))
	}
	return out
}

func say(e screen.Env, x deluge.Finding) string {
	return e.T("deluge."+x.Code, locale.Params{"subject": core.CleanLine(x.Subject), "host": core.CleanLine(x.Host)})
}

// reason is why the finding under the cursor is not rewritten, or what to
// look at.
func (v *view) reason(e screen.Env, height int) []string {
	f, x, ok := v.selected()
	var text string
	switch {
	case !ok && f.Err != nil:
		text = widget.Sentences(e.Explain(f.Err).Headline, e.Explain(f.Err).Next)
	case x.Reason != "":
		text = e.T("deluge.reason."+x.Reason, locale.Params{"subject": core.CleanLine(x.Subject), "host": core.CleanLine(x.Host)})
	case x.Outcome == deluge.Offered:
		text = e.T("rewrite.offered")
	}
	if text == "" || height < 1 {
		return nil
	}
	lines := widget.Wrap(text, max(e.Width-5, 10))
	return widget.Indent(styled(lines[:min(len(lines), height)], e.Theme.Muted), "     ")
}

// diff is the difference of the file under the cursor, and the line of it at
// which the finding stands.
func (v *view) diff(e screen.Env) (out []string, line int) {
	f, x, _ := v.selected()
	lines := diffLines(f)
	if len(lines) == 0 {
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

func diffLines(f folder.File) []diffLine {
	var out []diffLine
	old := 0
	for i, l := range strings.Split(strings.TrimSuffix(f.Diff(f.After(), true), "\n"), "\n") {
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
