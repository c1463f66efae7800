package connections

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// listShare is the part of the width, in percent, that the table takes beside
// the pane.
const listShare = 57

// Draw shows the table with the selected connection beside it where there is
// room, else in two lines below it.
func (l *list) Draw(e screen.Env) screen.Frame {
	switch {
	case !l.loaded && l.err != nil:
		return widget.Frame(widget.Problem(e, l.err, widget.Readable(e.Width)))
	case !l.loaded:
		return widget.Frame([]string{"", e.Theme.Muted.Render(e.T("connections.loading"))})
	case len(l.rows.rows) == 0:
		return widget.Frame(l.drawEmpty(e))
	}
	if !e.Wide() {
		lines, cur := l.drawTable(e, e.Width, e.Height, true)
		return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
	}
	left := e.Width * listShare / 100
	lines, cur := l.drawTable(e, left-1, e.Height, false)
	pane := l.drawPane(e, e.Width-left-3)
	// The rule stands beside the pane's lines only: a rule down the whole
	// screen would be a quarter of what a change of screen sends.
	out := widget.Columns(e, lines[:min(len(pane), len(lines))], left, pane, len(pane))
	return screen.Frame{Text: strings.Join(append(out, lines[min(len(pane), len(lines)):]...), "\n"), Cursor: cur}
}

// drawEmpty teaches what a connection is and how the first one is made.
func (l *list) drawEmpty(e screen.Env) []string {
	w := widget.Readable(e.Width)
	lines := []string{e.Theme.Title.Render(e.T("connections.empty.head")), ""}
	if e.Height >= 14 {
		lines = append([]string{""}, lines...)
	}
	add := widget.Marked(e.Theme.Key.Render("a"), e.T("connections.empty.add"), w)
	what := widget.Wrap(e.T("connections.empty.what"), w)
	what = what[:max(0, min(len(what), e.Height-len(lines)-len(add)-1))]
	lines = append(append(lines, what...), "")
	lines = append(lines, add...)
	if l.f.Sandbox != nil && e.Height >= 12 {
		lines = append(lines, "")
		lines = append(lines, widget.Wrap(e.T("connections.empty.sandbox"), w)...)
	}
	return lines
}

// drawTable draws filter line, table and, when it stands alone, the summary
// of the selected row.
func (l *list) drawTable(e screen.Env, width, height int, alone bool) ([]string, *tea.Cursor) {
	first, cur := l.drawFilter(e, width)
	lines := []string{first}
	if height >= 12 {
		lines = append(lines, "")
	}
	var foot []string
	if alone {
		foot = l.drawFoot(e, width, height)
	}
	room := height - len(lines) - len(foot)
	if len(l.rows.shown) == 0 {
		lines = append(lines, widget.Indent(widget.Wrap(e.T("connections.none-match"), width-3), "   ")...)
		return lines, cur
	}
	lines = append(lines, l.table(e).Draw(e, width, room)...)
	for len(lines) < height-len(foot) {
		lines = append(lines, "")
	}
	return append(lines, foot...), cur
}

// drawFilter is the line above the table: what is filtered, how many rows
// that leaves, or how far the checks are.
func (l *list) drawFilter(e screen.Env, width int) (string, *tea.Cursor) {
	right := e.Text.N("connections.count", len(l.rows.rows))
	if l.input.Value() != "" {
		right = e.T("connections.count-of", locale.Params{"n": len(l.rows.shown), "of": len(l.rows.rows)})
	}
	style := e.Theme.Muted
	if c := l.checks; c != nil {
		right, style = e.T("connections.checks.progress", locale.Params{"n": c.answered, "of": c.of}), e.Theme.Accent
	}
	right = style.Render(right)
	left := " " + e.Theme.Muted.Render("/")
	var cur *tea.Cursor
	room := width - ansi.StringWidth(right) - 6
	switch {
	case l.filtering:
		text, col := l.input.Draw(e, room)
		left = " " + e.Theme.Accent.Render("/") + " " + text
		if l.input.Value() == "" {
			left += widget.CutStyled(" "+e.Theme.Muted.Render(e.T("connections.filter.hint")), room, e.Theme.Glyphs.Cut)
		}
		if col >= 0 {
			cur = tea.NewCursor(3+col, 0)
		}
	case l.input.Value() != "":
		left += " " + widget.Cut(l.input.Value(), room, e.Theme.Glyphs.Cut)
	default:
		left = ""
	}
	return widget.Pad(left, width-ansi.StringWidth(right)) + right, cur
}

// table has the account as a column of its own only where no pane shows it.
func (l *list) table(e screen.Env) widget.Table {
	columns := []widget.Column{
		{Title: widget.Key("connections.col.name"), Min: 12, Want: 18},
		{Title: widget.Key("connections.col.platform"), Min: 9, Want: 10, Drop: 1},
	}
	if !e.Wide() {
		columns = append(columns, widget.Column{Title: widget.Key("connections.col.account"), Min: 10, Want: 16, Drop: 2})
	}
	columns = append(columns,
		widget.Column{Title: widget.Text(""), Min: 2, Want: 2},
		widget.Column{Title: widget.Key("connections.col.state"), Min: 18, Want: 26})
	return widget.Table{
		Columns: columns, Rows: len(l.rows.shown), List: &l.cursor,
		Row: func(i int) []widget.Cell { return l.cells(e, &l.rows.rows[l.rows.shown[i]]) },
	}
}

func (l *list) cells(e screen.Env, r *row) []widget.Cell {
	st := r.State(e.Now)
	sign, style := mark(e, st.Health)
	if st.Health == core.HealthGood {
		style = e.Theme.Plain // colour is for where the eye must go
	}
	words, wordStyle := stateWords(e, r.Summary, st), e.Theme.Plain
	if st.Health == core.HealthUnknown || st.Health == core.HealthWaiting {
		wordStyle = e.Theme.Muted
	}
	if doing := l.busy[r.ID]; doing != "" {
		sign, style = e.Theme.Glyphs.Wait, e.Theme.Accent
		words, wordStyle = e.T("connections.doing."+string(doing)), e.Theme.Accent
	}
	cells := []widget.Cell{{Text: r.Name, Style: e.Theme.Plain}, {Text: r.name, Style: e.Theme.Plain}}
	if !e.Wide() {
		cells = append(cells, widget.Cell{Text: place(e, r.Account, r.Region), Style: e.Theme.Muted})
	}
	return append(cells, widget.Cell{Text: sign, Style: style}, widget.Cell{Text: words, Style: wordStyle})
}

// drawFoot says in two lines what the selected row is.
func (l *list) drawFoot(e screen.Env, width, height int) []string {
	s, ok := l.selected()
	if !ok || height < 9 {
		return nil
	}
	st := s.State(e.Now)
	_, style := mark(e, st.Health)
	name := widget.Cut(s.Name, width/3, e.Theme.Glyphs.Cut)
	verdict := e.Theme.Title.Render(name) + "  " + style.Render(e.T("connections.is."+st.Code, stateParams(e, s, st)))
	facts := []string{e.T("grant." + string(s.Grant))}
	if !s.GrantedAt.IsZero() {
		facts = append(facts, e.T("connections.since", locale.Params{"at": s.GrantedAt.UTC().Format("2006-01-02")}))
	}
	if !s.CheckedAt.IsZero() {
		facts = append(facts, e.T("connections.last-check", locale.Params{"ago": widget.Ago(e, s.CheckedAt)}))
	}
	foot := []string{
		"   " + widget.CutStyled(verdict, width-3, e.Theme.Glyphs.Cut),
		"   " + widget.CutStyled(e.Theme.Muted.Render(strings.Join(facts, " "+e.Theme.Glyphs.Dot+" ")), width-3, e.Theme.Glyphs.Cut),
	}
	if height >= 12 {
		foot = append([]string{""}, append(foot, "")...)
	}
	return foot
}

// drawPane is the selected connection at the side.
func (l *list) drawPane(e screen.Env, width int) []string {
	if l.pane.f == nil {
		return nil
	}
	lines, _ := l.pane.lines(e, width)
	if len(lines) > e.Height {
		lines = append(lines[:e.Height-1:e.Height-1], e.Theme.Muted.Render(e.T("connections.more-inside")))
	}
	return lines
}
