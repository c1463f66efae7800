package rewrite

import (
	"fmt"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw lists the connections with the places of the selected one, asks for the
// new name, or shows what that changes.
func (v *links) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	switch {
	case v.err != nil && !v.loaded:
		return widget.Frame(widget.Problem(e, v.err, w))
	case v.busy && !v.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("rewrite.busy"))})
	case v.form != nil:
		return v.drawForm(e, w)
	case v.to != "":
		return widget.Frame(v.drawChange(e))
	case len(v.all) == 0:
		return widget.Frame(widget.Wrap(e.T("rewrite.links.none"), w))
	}
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("rewrite.links.column.link"), Min: 14, Want: 34},
			{Title: widget.Key("rewrite.links.column.places"), Min: 7, Want: 10},
			{Title: widget.Key("rewrite.links.column.files"), Min: 7, Want: 10},
		},
		Rows: len(v.all), List: &v.cursor,
		Row: func(i int) []widget.Cell {
			l := v.all[i]
			return []widget.Cell{{Text: l.name}, {Text: fmt.Sprint(len(l.places))}, {Text: fmt.Sprint(l.files)}}
		},
	}
	return widget.Frame(widget.Beside(e, 50, len(v.all), e.Height, func(e screen.Env, width, height int) []string { return t.Draw(e, width, height) }, v.places))
}

// places is where the selected connection is named.
func (v *links) places(e screen.Env, width int) []string {
	l, ok := v.selected()
	if !ok {
		return nil
	}
	lines := []string{e.Theme.Title.Render(widget.Cut(l.name, width, e.Theme.Glyphs.Cut))}
	for _, p := range l.places {
		text := fmt.Sprintf("%s:%d", core.CleanLine(p.file), p.line)
		if p.task != "" {
			text += "  " + core.CleanLine(p.task)
		}
		lines = append(lines, widget.Cut(text, width, e.Theme.Glyphs.Cut))
	}
	return lines
}

func (v *links) params() locale.Params {
	l, _ := v.selected()
	return locale.Params{"from": l.name, "to": v.to, "places": len(l.places), "files": l.files}
}

func (v *links) drawForm(e screen.Env, w int) screen.Frame {
	lines := append(styled(widget.Wrap(e.T("rewrite.links.head", v.params()), w), e.Theme.Title), "")
	if e.Height >= 14 {
		lines = append(append(lines, widget.Wrap(e.T("rewrite.links.about"), w)...), "")
	}
	form, cursor := v.form.Draw(e, e.Width, max(3, e.Height-len(lines)))
	if cursor != nil {
		cursor.Y += len(lines)
	}
	f := widget.Frame(append(lines, form...))
	f.Cursor = cursor
	return f
}

// drawChange is what the new name changes, file by file.
func (v *links) drawChange(e screen.Env) []string {
	head := styled(widget.Wrap(e.T("rewrite.links.ask", v.params()), e.Width), e.Theme.Warn)
	if v.taken() {
		head = append(head, widget.Marked(e.Theme.Bad.Render(e.Theme.Glyphs.Bad), e.T("rewrite.links.taken", v.params()), e.Width)...)
	}
	head = append(head, "")
	var lines []string
	for _, c := range v.changes {
		lines = append(lines, e.Theme.Title.Render(widget.Cut(core.CleanLine(v.files[c.at].Name), e.Width, e.Theme.Glyphs.Cut)))
		for _, l := range c.lines {
			lines = append(lines, l.style(e).Render(widget.Cut(l.sign+l.text, e.Width, e.Theme.Glyphs.Cut)))
		}
	}
	from, to := v.pager.Window(len(lines), max(e.Height-len(head), 3), -1)
	return append(head, lines[from:to]...)
}
