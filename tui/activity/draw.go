package activity

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows the filter, the result of verifying, and the events in sight.
func (l *log) Draw(e screen.Env) screen.Frame {
	l.shown.update(e.Text, l.filter.Value(), l.events, l.hay)
	head, cursor := l.drawHead(e)
	lines := append(head, l.drawVerdict(e)...)
	lines = append(lines, "")
	switch height := e.Height - len(lines); {
	case l.err != nil && len(l.events) == 0:
		lines = append(lines, widget.Problem(e, l.err, e.Width)...)
	case !l.started:
		lines = append(lines, e.Theme.Muted.Render(e.T("log.reading")))
	case len(l.events) == 0:
		lines = append(lines, widget.Wrap(e.T("log.none"), min(e.Width, 76))...)
	case l.rows() == 0 && l.all:
		lines = append(lines, widget.Wrap(e.T("log.no-match"), e.Width)...)
	case l.rows() == 0:
		lines = append(lines, e.Theme.Muted.Render(e.T("log.searching", locale.Params{"n": len(l.events)})))
	case e.Wide():
		left := e.Width * 3 / 5
		lines = append(lines, widget.Columns(e, l.table(e, left, height), left, l.beside(e, e.Width-left-3), height)...)
	default:
		lines = append(lines, l.table(e, e.Width, height)...)
	}
	return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cursor}
}

// drawHead is the filter line: what is typed, and how many events it finds.
func (l *log) drawHead(e screen.Env) ([]string, *tea.Cursor) {
	count := ""
	if n := len(l.events); n > 0 {
		p := locale.Params{"n": l.rows(), "of": l.events[0].Seq}
		switch {
		case l.filter.Value() == "":
			count = e.T("log.count", p)
		case l.all:
			count = e.T("log.found", p)
		default:
			p["seen"] = n
			count = e.T("log.found-so-far", p)
		}
	}
	count = e.Theme.Muted.Render(count)
	room := e.Width - ansi.StringWidth(count) - 3
	if !l.filtering && l.filter.Value() == "" {
		return []string{widget.Pad(e.Theme.Title.Render(widget.Cut(e.T("log.head"), room, e.Theme.Glyphs.Cut)), room+2) + count}, nil
	}
	text, col := l.filter.Draw(e, room-2)
	line := widget.Pad(e.Theme.Accent.Render("/")+" "+text, room+2) + count
	if !l.filtering || col < 0 {
		return []string{line}, nil
	}
	return []string{line}, tea.NewCursor(col+2, 0)
}

func (l *log) drawVerdict(e screen.Env) []string {
	v := l.verdict
	switch {
	case l.verifying:
		return []string{e.Theme.Muted.Render(e.T("log.verifying"))}
	case !v.known:
		return nil
	case v.err != nil:
		return widget.Problem(e, v.err, e.Width)
	}
	said := e.T("log.verified", locale.Params{"n": v.n})
	lines := []string{e.Theme.Good.Render(e.Theme.Glyphs.OK) + " " + widget.Cut(said, e.Width-3, e.Theme.Glyphs.Cut)}
	if v.last != "" && e.Height > 12 {
		hash := e.T("log.last-hash", locale.Params{"hash": v.last})
		lines = append(lines, widget.Indent(styled(widget.Wrap(hash, e.Width-3), e.Theme.Muted), "   ")...)
	}
	return lines
}

// table has the mark of an event in the column of its words, which the head of
// that column stands off for.
func (l *log) table(e screen.Env, width, height int) []string {
	columns := []widget.Column{
		{Title: widget.Key("log.column.when"), Min: 8, Want: 9},
		{Title: func(e screen.Env) string { return "   " + e.T("log.column.what") }, Min: 20, Want: max(20, width-36)},
		{Title: widget.Key("log.column.who"), Min: 8, Want: 20, Drop: 1},
	}
	if e.Wide() { // who it was stands beside the list
		columns = columns[:2]
	}
	t := widget.Table{
		Columns: columns,
		Rows:    l.rows(), List: &l.cursor,
		Row: func(i int) []widget.Cell {
			ev := l.row(i)
			mark, style := tone(e, ev)
			cells := []widget.Cell{
				{Text: widget.Age(e, ev.At), Style: e.Theme.Muted},
				{Text: mark + " " + e.Text.Event(ev), Style: style},
				{Text: ev.Actor.String(), Style: e.Theme.Muted},
			}
			return cells[:len(columns)]
		},
	}
	return t.Draw(e, width, height)
}

// tone is the mark and the style of an event: most are plain, so that the few
// that are not stand out.
func tone(e screen.Env, ev core.Event) (mark string, style lipgloss.Style) {
	switch ev.Verb {
	case core.VerbUnlockFailed, core.VerbConsentRefused, core.VerbRefreshRefused, core.VerbStepFailed:
		return widget.Pad(e.Theme.Glyphs.Bad, 2), e.Theme.Bad
	case core.VerbRevealed, core.VerbCopied, core.VerbExported, core.VerbRemoved, core.VerbMemberRemoved, core.VerbRevoked, core.VerbStepUnknown:
		return widget.Pad(e.Theme.Glyphs.Warn, 2), e.Theme.Warn
	}
	if ev.Code != "" {
		return widget.Pad(e.Theme.Glyphs.Bad, 2), e.Theme.Bad
	}
	return "  ", e.Theme.Plain
}

func (l *log) beside(e screen.Env, width int) []string {
	if ev, ok := l.selected(); ok {
		return detailLines(e, ev, width)
	}
	return nil
}

func styled(lines []string, s lipgloss.Style) []string {
	for i := range lines {
		lines[i] = s.Render(lines[i])
	}
	return lines
}
