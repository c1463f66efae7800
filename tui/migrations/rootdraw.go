package migrations

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows the verdict, the groups, and what is selected in detail.
func (r *root) Draw(e screen.Env) screen.Frame {
	if r.loaded && r.rows() > 0 && (r.filtering || r.input.Value() != "") {
		lines, cur := r.drawFilter(e)
		e.Height -= len(lines)
		f := r.drawLists(e)
		return screen.Frame{Text: strings.Join(append(lines, f.Text), "\n"), Cursor: cur}
	}
	return r.drawLists(e)
}

// drawFilter is the line of the filter, with the cursor while it is typed.
func (r *root) drawFilter(e screen.Env) ([]string, *tea.Cursor) {
	text, column := r.input.Draw(e, max(e.Width-4, 4))
	var cur *tea.Cursor
	if r.filtering && column >= 0 {
		cur = tea.NewCursor(3+column, 0)
	}
	return []string{" " + e.Theme.Accent.Render("/") + " " + text}, cur
}

func (r *root) drawLists(e screen.Env) screen.Frame {
	switch {
	case r.err != nil && !r.loaded:
		return widget.Frame(widget.Problem(e, r.err, e.Width))
	case !r.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("migrations.reading"))})
	case r.rows() == 0 && r.input.Value() != "":
		lines, cur := r.drawFilter(e)
		f := widget.Frame(append(lines, widget.Wrap(e.T("migrations.filter.none"), e.Width)...))
		f.Cursor = cur
		return f
	case r.rows() == 0:
		return widget.Frame(widget.Wrap(e.T("migrations.no-guides"), e.Width))
	}
	lines := styledLines(widget.Wrap(r.verdict(e), e.Width), e.Theme.Title)
	if len(r.underway) == 0 && e.Height >= 16 {
		lines = append(lines, widget.Wrap(e.T("migrations.none.text"), min(e.Width, 76))...)
	}
	if e.Height >= 12 {
		lines = append(lines, "")
	}
	height := e.Height - len(lines)
	if e.Wide() {
		left := e.Width * 3 / 5
		return widget.Frame(append(lines, widget.Columns(e, r.list(e, left, height), left, r.detail(e, e.Width-left-3), height)...))
	}
	detail := r.detail(e, e.Width)
	detail = detail[:min(len(detail), max(0, height-5))]
	if len(detail) == 0 {
		return widget.Frame(append(lines, r.list(e, e.Width, height)...))
	}
	lines = append(lines, r.list(e, e.Width, height-len(detail)-1)...)
	return widget.Frame(append(append(lines, ""), detail...))
}

// verdict says in one sentence whether anything waits for the admin.
func (r *root) verdict(e screen.Env) string {
	waits := 0
	for _, u := range r.underway {
		if !u.notBefore.After(e.Now) && u.state != guide.Running {
			waits++
		}
	}
	switch n := len(r.underway); {
	case n == 0:
		return e.T("migrations.none")
	case waits == 0:
		return e.Text.N("migrations.underway", n)
	default:
		return e.Text.N("migrations.underway-yours", n, locale.Params{"yours": waits})
	}
}

// list draws the groups with the selected row in sight.
func (r *root) list(e screen.Env, width, height int) []string {
	var lines []string
	selected := 0
	row := func(i int, text string) {
		mark := "   "
		if i == r.cursor.Selected {
			mark, selected = " "+e.Theme.Accent.Render(e.Theme.Glyphs.Selected)+" ", len(lines)
		}
		lines = append(lines, strings.TrimRight(widget.CutStyled(mark+text, width, e.Theme.Glyphs.Cut), " "))
	}
	head := func(key string) {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, "   "+e.Theme.Muted.Render(e.T(key)))
	}
	i := 0
	if len(r.underway) > 0 {
		head("migrations.group.underway")
	}
	for _, u := range r.underway {
		row(i, r.runRow(e, u, width-3))
		i++
	}
	if len(r.guides) > 0 {
		head("migrations.group.guides")
	}
	for _, g := range r.guides {
		row(i, r.guideRow(e, g, width-3))
		i++
	}
	if len(r.over) > 0 {
		head("migrations.group.over")
	}
	for _, s := range r.over {
		row(i, r.overRow(e, s, width-3))
		i++
	}
	top := max(0, min(selected-height/2, len(lines)-height))
	return lines[top:min(len(lines), top+max(height, 0))]
}

func (r *root) runRow(e screen.Env, u underway, width int) string {
	state := stateWords(e, u)
	count := fmt.Sprintf("%d/%d", u.Step, u.Of)
	name := max(12, width*2/7)
	cut := func(s string, w int) string { return widget.Pad(widget.Cut(s, w, e.Theme.Glyphs.Cut), w) }
	if width < 60 {
		return cut(runName(e, u.Name), name) + "  " + cut(count, 5) + "  " + state
	}
	title := max(10, width-name-7-22-4)
	return cut(runName(e, u.Name), name) + "  " + cut(r.titleOf(e, u.GuideID), title) + "  " + cut(count, 5) + "  " + state
}

// runName is what a run is called; it may have no name yet.
func runName(e screen.Env, name string) string {
	if name == "" {
		return e.T("migrations.unnamed")
	}
	return name
}

// stateWords says where a run stands: a mark, a word, and a time where one
// matters.
func stateWords(e screen.Env, u underway) string {
	g := e.Theme.Glyphs
	switch {
	case u.notBefore.After(e.Now):
		return e.Theme.Muted.Render(g.Wait + "  " + e.T("migrations.state.waits", locale.Params{"time": widget.Until(e, u.notBefore)}))
	case u.state == guide.Unknown:
		return e.Theme.Warn.Render(g.Warn + "  " + e.T("migrations.state.unknown"))
	case u.state == guide.Lost:
		return e.Theme.Warn.Render(g.Warn + "  " + e.T("migrations.state.lost"))
	case u.state == guide.Failed:
		return e.Theme.Bad.Render(g.Bad + "  " + e.T("migrations.state.failed"))
	case u.state == guide.Running:
		return e.Theme.Muted.Render(g.Wait + "  " + e.T("migrations.state.running"))
	case u.kind == guide.Do || u.kind == guide.Prove:
		return e.Theme.Accent.Render(g.Current) + "  " + e.T("migrations.state.ready")
	}
	return e.Theme.Accent.Render(g.Current) + "  " + e.T("migrations.state.yours")
}

func (r *root) titleOf(e screen.Env, guideID string) string {
	for _, g := range r.d.Guides {
		if g.ID == guideID {
			return g.Title.In(e.Text.Lang())
		}
	}
	return guideID
}

func (r *root) guideRow(e screen.Env, g guide.Guide, width int) string {
	title := g.Title.In(e.Text.Lang())
	if width < 60 {
		return widget.Cut(title, width, e.Theme.Glyphs.Cut)
	}
	note := e.T("migrations.never-rehearsed")
	if n, ok := r.rehearsals[g.ID]; ok {
		note = e.T("migrations.rehearsed."+passed(n), locale.Params{"ago": widget.Ago(e, n.At)})
	}
	w := width - 26
	return widget.Pad(widget.Cut(title, w, e.Theme.Glyphs.Cut), w) + "  " + e.Theme.Muted.Render(note)
}

func passed(n guide.Rehearsal) string {
	if n.Passed {
		return "passed"
	}
	return "failed"
}

func (r *root) overRow(e screen.Env, s guide.Summary, width int) string {
	mark := e.Theme.Good.Render(widget.Pad(e.Theme.Glyphs.OK, 2))
	if s.State == guide.Abandoned {
		mark = e.Theme.Muted.Render(widget.Pad(e.Theme.Glyphs.Bad, 2))
	}
	name := max(12, width*2/7)
	w := max(8, width-name-24)
	return mark + " " + widget.Pad(widget.Cut(runName(e, s.Name), name, e.Theme.Glyphs.Cut), name) + "  " +
		widget.Pad(widget.Cut(r.titleOf(e, s.GuideID), w, e.Theme.Glyphs.Cut), w) + "  " +
		e.Theme.Muted.Render(widget.Ago(e, s.Ended))
}

// detail says more about what is selected.
func (r *root) detail(e screen.Env, width int) []string {
	i := r.cursor.Selected
	if i < len(r.underway) {
		return r.runDetail(e, r.underway[i], width)
	}
	if g, ok := r.guideAt(); ok {
		return r.guideDetail(e, g, width)
	}
	s := r.over[i-len(r.underway)-len(r.guides)]
	lines := []string{e.Theme.Title.Render(widget.Cut(runName(e, s.Name), width, e.Theme.Glyphs.Cut))}
	lines = append(lines, widget.Wrap(r.titleOf(e, s.GuideID), width)...)
	lines = append(lines, widget.Wrap(e.T("migrations.ended."+string(s.State), locale.Params{"at": widget.Stamp(s.Ended), "by": s.By}), width)...)
	return append(lines, widget.Wrap(e.T("migrations.open-for-report"), width)...)
}

func (r *root) runDetail(e screen.Env, u underway, width int) []string {
	lines := []string{e.Theme.Title.Render(widget.Cut(r.titleOf(e, u.GuideID), width, e.Theme.Glyphs.Cut))}
	if t := u.title.In(e.Text.Lang()); t != "" {
		lines = append(lines, widget.Wrap(e.T("migrations.at-step", locale.Params{"n": u.Summary.Step, "title": t}), width)...)
	}
	if u.notBefore.After(e.Now) {
		lines = append(lines, widget.Wrap(e.T("migrations.not-before", locale.Params{"at": widget.Stamp(u.notBefore)}), width)...)
	}
	if u.code != "" {
		lines = append(lines, e.Theme.Muted.Render(widget.Cut(u.code, width, e.Theme.Glyphs.Cut)))
	}
	begun := e.T("migrations.begun", locale.Params{"ago": widget.Ago(e, u.Begun), "at": widget.Stamp(u.Begun), "by": u.By})
	return append(lines, styledLines(widget.Wrap(begun, width), e.Theme.Muted)...)
}

func (r *root) guideDetail(e screen.Env, g guide.Guide, width int) []string {
	title := e.Theme.Title.Render(widget.Cut(g.Title.In(e.Text.Lang()), width, e.Theme.Glyphs.Cut))
	lines := append([]string{title}, widget.Wrap(g.Summary.In(e.Text.Lang()), width)...)
	facts := stepFacts(e, g)
	if n, ok := r.rehearsals[g.ID]; ok && width < 60 {
		facts += " " + e.Theme.Glyphs.Dot + " " + e.T("migrations.rehearsed."+passed(n), locale.Params{"ago": widget.Ago(e, n.At)})
	}
	return append(lines, styledLines(widget.Wrap(facts, width), e.Theme.Muted)...)
}

// stepFacts says how many steps a guide has and how many of them work once.
func stepFacts(e screen.Env, g guide.Guide) string {
	once := 0
	for _, s := range g.Steps {
		if s.Irreversible() {
			once++
		}
	}
	facts := e.Text.N("migrations.steps", g.MainSteps())
	if once > 0 {
		facts += " " + e.Theme.Glyphs.Dot + " " + e.Text.N("migrations.once", once)
	}
	return facts
}
