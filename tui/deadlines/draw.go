package deadlines

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// soon is how long before its end a deadline is marked.
const soon = 7 * 24 * time.Hour

// Draw shows the verdict, the list and, below or beside it, the selected one.
func (l *list) Draw(e screen.Env) screen.Frame {
	var lines []string
	switch {
	case l.err != nil && !l.loaded:
		lines = widget.Problem(e, l.err, e.Width)
	case !l.loaded:
		lines = []string{e.Theme.Muted.Render(e.T("deadlines.reading"))}
	case len(l.all) == 0:
		lines = l.drawEmpty(e)
	default:
		lines = l.drawAll(e)
	}
	return screen.Frame{Text: strings.Join(lines, "\n")}
}

func (l *list) drawEmpty(e screen.Env) []string {
	lines := []string{e.Theme.Title.Render(widget.Cut(e.T("deadlines.none"), e.Width, e.Theme.Glyphs.Cut)), ""}
	if l.hidden > 0 {
		lines = append(lines, widget.Wrap(e.Text.N("deadlines.hidden", l.hidden), min(e.Width, 76))...)
		lines = append(lines, "")
	}
	return append(lines, widget.Wrap(e.T("deadlines.none.text"), min(e.Width, 76))...)
}

func (l *list) drawAll(e screen.Env) []string {
	verdict := widget.Wrap(l.verdict(e), e.Width)
	for i := range verdict {
		verdict[i] = e.Theme.Title.Render(verdict[i])
	}
	lines := append(verdict, "")
	height := e.Height - len(lines)
	if e.Wide() {
		left := e.Width * 3 / 5
		return append(lines, widget.Columns(e, l.table(e, left, height), left, l.detail(e, e.Width-left-3), height)...)
	}
	detail := l.detail(e, e.Width)
	if height < 10 { // what the row says already goes first
		detail = detail[2:]
	}
	rows := max(height-len(detail)-1, min(len(l.all)+1, 4))
	rows = min(rows, len(l.all)+1)
	lines = append(lines, l.table(e, e.Width, rows)...)
	if room := e.Height - len(lines) - 1; room > 0 {
		lines = append(append(lines, ""), detail[:min(room, len(detail))]...)
	}
	return lines
}

// verdict says how things stand in one sentence.
func (l *list) verdict(e screen.Env) string {
	past, next := 0, -1
	for i, d := range l.all {
		switch {
		case d.Dismissed != nil:
		case !d.At.After(e.Now):
			past++
		case next < 0:
			next = i
		}
	}
	switch {
	case past > 0:
		return e.Text.N("deadlines.past", past)
	case next < 0:
		return e.T("deadlines.all-dismissed")
	}
	d := l.all[next]
	return e.T("deadlines.next", locale.Params{"time": widget.Until(e, d.At), "name": d.Subject.Name})
}

func (l *list) table(e screen.Env, width, height int) []string {
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("deadlines.column.name"), Min: 10, Want: 22},
			{Title: widget.Key("deadlines.column.when"), Min: 15, Want: 16},
			{Title: widget.Key("deadlines.column.what"), Min: 12, Want: 40, Drop: 1},
		},
		Rows: len(l.all), List: &l.cursor,
		Row: func(i int) []widget.Cell {
			d := l.all[i]
			mark, style := urgency(e, d)
			return []widget.Cell{
				{Text: d.Subject.Name},
				{Text: mark + " " + when(e, d), Style: style},
				{Text: sentence(e, d)},
			}
		},
	}
	return t.Draw(e, width, height)
}

// urgency is the mark and the style of a deadline.
func urgency(e screen.Env, d core.Deadline) (mark string, style lipgloss.Style) {
	switch left := d.At.Sub(e.Now); {
	case d.Dismissed != nil:
		return widget.Pad(e.Theme.Glyphs.Dot, 2), e.Theme.Muted
	case left <= 0:
		return widget.Pad(e.Theme.Glyphs.Bad, 2), e.Theme.Bad
	case left < soon:
		return widget.Pad(e.Theme.Glyphs.Warn, 2), e.Theme.Warn
	}
	return "  ", e.Theme.Plain
}

func when(e screen.Env, d core.Deadline) string {
	key := "deadlines.in"
	if !d.At.After(e.Now) {
		key = "deadlines.ago"
		if e.Now.Sub(d.At) < time.Minute {
			key = "deadlines.now"
		}
	}
	return e.T(key, locale.Params{"time": widget.Until(e, d.At)})
}

// sentence says what stops working, or what stopped: the texts
// deadline.<Code> and deadline.<Code>.past.
func sentence(e screen.Env, d core.Deadline) string {
	key := textKey(e, d, "")
	if !d.At.After(e.Now) {
		key = textKey(e, d, ".past")
	}
	return e.T(key, params(d))
}

// textKey falls back to the text for any code.
func textKey(e screen.Env, d core.Deadline, tail string) string {
	if key := "deadline." + d.Code + tail; e.Text.Has(key) {
		return key
	}
	return "deadline.other" + tail
}

func params(d core.Deadline) locale.Params {
	p := locale.Params{"name": core.CleanLine(d.Subject.Name), "code": core.CleanLine(d.Code), "replaced_by": ""}
	for k, v := range d.Detail {
		p[k] = core.CleanLine(v)
	}
	return p
}

// ofList says of which line of which list of old tokens a deadline is; "": of
// none, or it was written down before that was kept.
func ofList(e screen.Env, d core.Deadline) string {
	if d.Detail[tokenbatch.DetailBatch] == "" {
		return ""
	}
	key := "deadlines.of-list"
	if d.Detail[tokenbatch.DetailList] == "" {
		key = "deadlines.of-pasted"
	}
	return e.T(key, params(d))
}

func (l *list) detail(e screen.Env, width int) []string {
	d, ok := l.selected()
	if !ok {
		return nil
	}
	mark, style := urgency(e, d)
	head := strings.TrimSpace(mark+" "+when(e, d)) + "  " + e.Theme.Muted.Render(widget.Stamp(d.At))
	lines := []string{e.Theme.Title.Render(widget.Cut(d.Subject.Name, width, e.Theme.Glyphs.Cut))}
	lines = append(lines, widget.CutStyled(style.Render(head), width, e.Theme.Glyphs.Cut))
	lines = append(lines, widget.Wrap(sentence(e, d), width)...)
	if of := ofList(e, d); of != "" {
		lines = append(lines, widget.Wrap(of, width)...)
	}
	if by := d.Detail["replaced_by"]; by != "" {
		lines = append(lines, widget.Wrap(e.T("deadlines.replaced-by", locale.Params{"name": by}), width)...)
	}
	for i, s := range widget.Wrap(e.T(textKey(e, d, ".next"), params(d)), width-2) {
		lead := "  "
		if i == 0 {
			lead = e.Theme.Accent.Render(e.Theme.Glyphs.Current) + " "
		}
		lines = append(lines, lead+s)
	}
	if d.Source != "" {
		lines = append(lines, e.Theme.Muted.Render(widget.Cut(d.Source, width, e.Theme.Glyphs.Cut)))
	}
	if g := d.Dismissed; g != nil {
		p := locale.Params{"by": core.CleanLine(g.By), "time": widget.Ago(e, g.On), "reason": core.CleanLine(g.Reason)}
		key := "deadlines.dismissed-by"
		if g.Reason != "" {
			key = "deadlines.dismissed-because"
		}
		lines = append(lines, widget.Wrap(e.T(key, p), width)...)
	}
	return lines
}
