package keys

import (
	"strconv"
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
const listShare = 53

// Draw shows the table with the selected key beside it where there is room,
// else below it.
func (l *list) Draw(e screen.Env) screen.Frame {
	switch {
	case !l.loaded && l.err != nil:
		return widget.Frame(widget.Problem(e, l.err, widget.Readable(e.Width)))
	case !l.loaded:
		return widget.Frame([]string{"", e.Theme.Muted.Render(e.T("keys.loading"))})
	case len(l.all) == 0:
		return widget.Frame(l.drawEmpty(e))
	}
	if !e.Wide() {
		lines, cur := l.drawTable(e, e.Width, e.Height, true)
		return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
	}
	left := e.Width * listShare / 100
	lines, cur := l.drawTable(e, left-1, e.Height, false)
	pane := l.drawPane(e, e.Width-left-3)
	out := widget.Columns(e, lines[:min(len(pane), len(lines))], left, pane, len(pane))
	return screen.Frame{Text: strings.Join(append(out, lines[min(len(pane), len(lines)):]...), "\n"), Cursor: cur}
}

// drawEmpty teaches what a signing key is here, what it is taken for, and how
// the first one is added.
func (l *list) drawEmpty(e screen.Env) []string {
	w := widget.Readable(e.Width)
	lines := []string{e.Theme.Title.Render(e.T("keys.empty.head")), ""}
	add := widget.Marked(e.Theme.Key.Render("a"), e.T("keys.empty.add"), w)
	if l.f.Sandbox != nil && e.Height >= 12 {
		add = append(append(add, ""), widget.Wrap(e.T("keys.empty.sandbox"), w)...)
	}
	if e.Height < 14 { // the first thing to do is in sight before all that explains it
		what := widget.Wrap(e.T("keys.empty.what"), w)
		return append(append(lines, add...), append([]string{""}, what...)...)[:min(e.Height, len(lines)+len(add)+1+len(what))]
	}
	lines = append(lines, widget.Wrap(e.T("keys.empty.what"), w)...)
	lines = append(append(lines, ""), add...)
	alike := append([]string{""}, widget.Wrap(e.T("keys.empty.alike"), w)...)
	wide := 0
	for _, k := range alikes() {
		wide = max(wide, ansi.StringWidth(e.T("keys.alike."+k)))
	}
	for _, k := range alikes() {
		sign := " "
		if k == "messaging" || k == "chat" {
			sign = e.Theme.Glyphs.Current
		}
		head := widget.Pad(e.Theme.Accent.Render(sign)+" "+e.T("keys.alike."+k), wide+4)
		for _, s := range widget.Wrap(e.T("keys.alike."+k+".is"), w-wide-4) {
			alike = append(alike, head+e.Theme.Muted.Render(s))
			head = strings.Repeat(" ", wide+4)
		}
	}
	if room := e.Height - len(lines); len(alike) <= room {
		lines = append(lines, alike...)
	}
	return lines
}

// alikes are the five secrets of Zendesk that are taken for one another; only
// the first two are kept here.
func alikes() []string { return []string{"messaging", "chat", "help-center", "sso", "support-sdk"} }

// drawTable draws filter line, table and, when it stands alone, the summary
// of the selected row.
func (l *list) drawTable(e screen.Env, width, height int, alone bool) ([]string, *tea.Cursor) {
	first, cur := l.drawFilter(e, width)
	lines := []string{first}
	if height >= 16 {
		lines = append(lines, "")
	}
	var foot []string
	if alone {
		foot = l.drawFoot(e, width, height)
	}
	room := height - len(lines) - len(foot)
	if len(l.shown) == 0 {
		return append(lines, widget.Indent(widget.Wrap(e.T("keys.none-match"), width-3), "   ")...), cur
	}
	lines = append(lines, l.table(e).Draw(e, width, room)...)
	for len(lines) < height-len(foot) {
		lines = append(lines, "")
	}
	return append(lines, foot...), cur
}

// drawFilter is the line above the table: what is filtered, and how many rows
// that leaves.
func (l *list) drawFilter(e screen.Env, width int) (string, *tea.Cursor) {
	right := e.Text.N("keys.count", len(l.all))
	if l.input.Value() != "" {
		right = e.T("keys.count-of", locale.Params{"n": len(l.shown), "of": len(l.all)})
	}
	right = e.Theme.Muted.Render(right)
	room := width - ansi.StringWidth(right) - 6
	left := ""
	var cur *tea.Cursor
	switch {
	case l.filtering:
		text, col := l.input.Draw(e, room)
		left = " " + e.Theme.Accent.Render("/") + " " + text
		if l.input.Value() == "" {
			left += widget.CutStyled(" "+e.Theme.Muted.Render(e.T("keys.filter.hint")), room, e.Theme.Glyphs.Cut)
		}
		if col >= 0 {
			cur = tea.NewCursor(3+col, 0)
		}
	case l.input.Value() != "":
		left = " " + e.Theme.Muted.Render("/") + " " + widget.Cut(l.input.Value(), room, e.Theme.Glyphs.Cut)
	}
	return widget.Pad(left, width-ansi.StringWidth(right)) + right, cur
}

func (l *list) table(e screen.Env) widget.Table {
	return widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("keys.col.name"), Min: 12, Want: 18},
			{Title: widget.Key("keys.col.kind"), Min: 9, Want: 9, Drop: 1},
			{Title: widget.Key("keys.col.kid"), Min: 9, Want: 12, Drop: 4},
			{Title: widget.Key("keys.col.begins"), Min: 7, Want: 7, Drop: 2},
			{Title: widget.Key("keys.col.used"), Min: 8, Want: 8, Drop: 5},
			{Title: widget.Key("keys.col.deployed"), Min: 8, Want: 8, Drop: 6},
			{Title: widget.Text(""), Min: 2, Want: 2},
			{Title: widget.Key("keys.col.state"), Min: 18, Want: 26},
		},
		Rows: len(l.shown), List: &l.cursor,
		Group: func(i int) string { return accountName(e, l.all[l.shown[i]]) },
		Row:   func(i int) []widget.Cell { return cells(e, l.all[l.shown[i]]) },
	}
}

func cells(e screen.Env, s core.KeySummary) []widget.Cell {
	sign, style := stateMark(e, s)
	if state := stateOf(s); state == core.KeyInUse || state == verifies {
		style = e.Theme.Plain // colour is for where the eye must go
	}
	words := e.Theme.Plain
	if s.State() == core.KeyUnused {
		words = e.Theme.Muted
	}
	used, deployed := "", ""
	if !s.LastUsed.IsZero() {
		used = widget.Age(e, s.LastUsed)
	}
	if s.Deployed > 0 {
		deployed = strconv.Itoa(s.Deployed)
	}
	return []widget.Cell{
		{Text: s.Name, Style: e.Theme.Plain},
		{Text: e.T("keys.kind." + string(s.Kind)), Style: e.Theme.Plain},
		{Text: s.KID, Style: e.Theme.Muted},
		{Text: begins(e, s.Prefix), Style: e.Theme.Muted},
		{Text: used, Style: e.Theme.Muted},
		{Text: deployed, Style: e.Theme.Muted},
		{Text: sign, Style: style},
		{Text: stateWords(e, s), Style: words},
	}
}

// drawFoot says in a few lines what the selected row is.
func (l *list) drawFoot(e screen.Env, width, height int) []string {
	s, ok := l.selected()
	if !ok || height < 9 {
		return nil
	}
	_, style := stateMark(e, s)
	dot := " " + e.Theme.Glyphs.Dot + " "
	cut := func(text string) string { return "   " + widget.CutStyled(text, width-3, e.Theme.Glyphs.Cut) }
	foot := []string{cut(e.Theme.Title.Render(widget.Cut(s.Name, width/3, e.Theme.Glyphs.Cut)) + "  " + style.Render(verdictWords(e, s)))}
	var facts []string
	for _, one := range []string{e.T("key.kind." + string(s.Kind)), s.Brand, s.KID, begins(e, s.Prefix)} {
		if one != "" {
			facts = append(facts, core.CleanLine(one))
		}
	}
	foot = append(foot, cut(e.Theme.Muted.Render(strings.Join(facts, dot))))
	if height < 16 {
		return foot
	}
	facts = []string{e.T("keys.added.on", locale.Params{"at": s.AddedAt.UTC().Format("2006-01-02")})}
	if s.LastUsed.IsZero() {
		facts = append(facts, e.T("keys.used.never"))
	} else {
		facts = append(facts, e.T("keys.used.last.short", locale.Params{"ago": widget.Ago(e, s.LastUsed)}))
	}
	return append([]string{""}, append(append(foot, cut(e.Theme.Muted.Render(strings.Join(facts, dot)))), cut(e.Theme.Muted.Render(l.placesLine(e, s))))...)
}

// placesLine names the places where the selected key is used, once it is read.
func (l *list) placesLine(e screen.Env, s core.KeySummary) string {
	if !l.pane.loaded || l.pane.sum.ID != s.ID || len(l.pane.key.Deployments) == 0 {
		return ""
	}
	names := make([]string, len(l.pane.key.Deployments))
	for i, d := range l.pane.key.Deployments {
		names[i] = core.CleanLine(d.Where)
	}
	return e.T("keys.deployed.at", locale.Params{"where": strings.Join(names, " "+e.Theme.Glyphs.Dot+" ")})
}

// drawPane is the selected key at the side.
func (l *list) drawPane(e screen.Env, width int) []string {
	if l.pane.sum.ID == "" {
		return nil
	}
	lines, _ := l.pane.lines(e, width)
	if len(lines) > e.Height {
		lines = append(lines[:e.Height-1:e.Height-1], e.Theme.Muted.Render(e.T("keys.more-inside")))
	}
	return lines
}
