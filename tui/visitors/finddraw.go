package visitors

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// listShare is the part of the width, in percent, that the result takes beside
// the record.
const listShare = 60

// Draw shows the search line, the verdict, the rows and what to do; with room
// beside them, the selected record.
func (s *find) Draw(e screen.Env) screen.Frame {
	switch {
	case s.err != nil && !s.loaded:
		return widget.Frame(widget.Problem(e, s.err, widget.Readable(e.Width)))
	case !s.loaded:
		return widget.Frame([]string{"", e.Theme.Muted.Render(e.T("visitors.reading"))})
	case len(s.sources) == 0 && !s.some:
		return widget.Frame(s.drawEmpty(e))
	}
	first, cur := s.drawLine(e)
	lines := []string{first}
	if e.Height >= 14 {
		lines = append(lines, "")
	}
	room := e.Height - len(lines)
	switch r, ok := s.selected(); {
	case !s.some:
		lines = append(lines, s.drawHints(e, room)...)
	case e.Wide() && ok:
		left := e.Width * listShare / 100
		lines = append(lines, widget.Columns(e, s.drawResult(e, left, room), left, record(e, r, s.result, e.Width-left-3), room)...)
	default:
		lines = append(lines, s.drawResult(e, e.Width, room)...)
	}
	return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
}

// drawEmpty teaches which connections can find people, and how to get them.
func (s *find) drawEmpty(e screen.Env) []string {
	w := widget.Readable(e.Width)
	var lines []string
	for _, l := range widget.Wrap(e.T("visitors.empty.head"), w) {
		lines = append(lines, e.Theme.Title.Render(l))
	}
	lines = append(lines, "")
	add := widget.Marked(e.Theme.Key.Render("c"), e.T("visitors.empty.add"), w)
	if e.Height >= 16 {
		lines = append(append(lines, widget.Wrap(e.T("visitors.empty.what"), w)...), "")
	}
	lines = append(append(lines, add...), "")
	for _, k := range core.VisitorKinds() {
		text := e.T("visitor.kind." + string(k))
		lines = append(lines, widget.Marked("  "+e.Theme.Accent.Render(e.Theme.Glyphs.Bullet), text+e.T("visitors.empty.colon")+e.T("visitors.empty."+string(k)), w)...)
	}
	return lines[:min(len(lines), e.Height)]
}

// drawHints says what can be typed.
func (s *find) drawHints(e screen.Env, room int) []string {
	w := widget.Readable(e.Width)
	var lines []string
	if e.Height >= 14 {
		lines = append(widget.Wrap(e.T("visitors.hint"), w), "")
	}
	wide := 0
	kinds := s.takes()
	for _, k := range kinds {
		wide = max(wide, ansi.StringWidth(string(k))+2)
	}
	for _, k := range kinds {
		lines = append(lines, "  "+widget.CutStyled(e.Theme.Key.Render(widget.Pad(string(k)+":", wide))+" "+e.T("query.kind."+string(k)), w-2, e.Theme.Glyphs.Cut))
	}
	lines = append(lines, "")
	lines = append(lines, widget.Wrap(e.Text.N("visitors.sources", len(s.sources)), w)...)
	if len(s.f.Samples) > 0 {
		lines = append(lines, "")
		lines = append(lines, widget.Marked(e.Theme.Key.Render("ctrl+g"), e.T("visitors.samples"), w)...)
	}
	return lines[:max(0, min(len(lines), room))]
}

// takes are the kinds of query that some source can answer.
func (s *find) takes() []lookup.QueryKind {
	can := map[lookup.QueryKind]bool{}
	for _, src := range s.sources {
		for _, k := range src.Finder.Takes() {
			can[k] = true
		}
	}
	var out []lookup.QueryKind
	for _, k := range lookup.QueryKinds() {
		if can[k] {
			out = append(out, k)
		}
	}
	return out
}

// drawLine is the search line: what is looked up, and what it is taken for.
func (s *find) drawLine(e screen.Env) (string, *tea.Cursor) {
	right := ""
	if q := s.query(); q.Text != "" {
		key := "visitors.as"
		if s.only != "" {
			key = "visitors.only"
		}
		right = e.T(key, locale.Params{"kinds": kindsText(e, q.Kinds)})
	}
	right = widget.CutStyled(e.Theme.Muted.Render(right), e.Width*2/5, e.Theme.Glyphs.Cut)
	room := max(e.Width-ansi.StringWidth(right)-5, 8)
	left := " " + e.Theme.Accent.Render("/") + " "
	if !s.typing {
		text := e.Theme.Muted.Render(e.T("visitors.prompt"))
		if s.input.Value() != "" {
			text = widget.Cut(s.input.Value(), room, e.Theme.Glyphs.Cut)
		}
		return widget.Pad(left+widget.CutStyled(text, room, e.Theme.Glyphs.Cut), e.Width-ansi.StringWidth(right)) + right, nil
	}
	text, col := s.input.Draw(e, room)
	var cur *tea.Cursor
	if col >= 0 {
		cur = tea.NewCursor(3+col, 0)
	}
	return widget.Pad(left+text, e.Width-ansi.StringWidth(right)) + right, cur
}

// drawResult is the verdict, the rows and the findings.
func (s *find) drawResult(e screen.Env, width, height int) []string {
	var lines []string
	for _, l := range widget.Wrap(s.verdict(e), widget.Readable(width)-1) {
		lines = append(lines, " "+e.Theme.Title.Render(l))
	}
	if height >= 12 {
		lines = append(lines, "")
	}
	verdict := s.result.Verdict
	if s.run != nil { // who has not answered yet is plain from the rows
		verdict.Findings = slices.DeleteFunc(slices.Clone(verdict.Findings), func(f lookup.Finding) bool { return f.Code == "unseen" && f.Params["code"] == "" })
	}
	findings := drawFindings(e, verdict, width)
	if key := lookup.NextKey(s.result); key != "" && s.run == nil {
		if len(findings) > 0 {
			findings = append(findings, "")
		}
		findings = append(findings, widget.Indent(widget.Marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), e.T(key), widget.Readable(width)-3), "   ")...)
	}
	room := height - len(lines)
	rows := min(len(s.rows), max(3, room-len(findings)-1))
	if room-rows < 3 { // no finding would be in sight
		rows = room
	}
	lines = append(lines, s.drawRows(e, width, rows)...)
	if room = height - len(lines) - 1; room < 2 || len(findings) == 0 {
		return lines
	}
	from, to := s.pager.Window(len(findings), room, -1)
	return append(append(lines, ""), findings[from:to]...)
}

// verdict says in a sentence what the platforms make of the person, so far.
func (s *find) verdict(e screen.Env) string {
	verdict := s.result.Verdict
	if s.run != nil {
		verdict.Unseen = nil // who has not answered yet is plain from the rows
	}
	said := verdictWords(e, verdict)
	switch {
	case s.run != nil:
		left, found := 0, 0
		for _, a := range s.result.Answers {
			if a.State == lookup.Asking || a.State == lookup.Limited {
				left++
			}
			found += len(a.Visitors)
		}
		asking := e.Text.N("visitors.asking", left)
		if found == 0 {
			return asking
		}
		return widget.Sentences(asking, e.T("visitors.so-far"), said)
	case s.broken:
		return widget.Sentences(e.T("visitors.stopped"), said)
	}
	return said
}

// verdictWords is the sentence of a verdict, and who could not be asked for it.
func verdictWords(e screen.Env, v lookup.Verdict) string {
	p := locale.Params{"id": short(v.ExternalID), "count": ""}
	for _, f := range v.Findings {
		if f.Code == "several" {
			p["count"] = f.Params["count"]
		}
	}
	outcome := v.Outcome
	if outcome == "" {
		outcome = lookup.CantTell
	}
	said := e.T("lookup.outcome."+string(outcome), p)
	if len(v.Unseen) > 0 {
		said = widget.Sentences(said, e.T("lookup.outcome.not-seen", locale.Params{"sources": namesText(v.Unseen)}))
	}
	if len(v.Untraced) > 0 {
		said = widget.Sentences(said, e.T("lookup.outcome.untraced", locale.Params{"sources": namesText(v.Untraced)}))
	}
	return said
}

// namesText names connections.
func namesText(all []string) string {
	names := make([]string, len(all))
	for i, name := range all {
		names[i] = short(name)
	}
	return strings.Join(names, ", ")
}

// drawRows draws the rows in sight.
func (s *find) drawRows(e screen.Env, width, height int) []string {
	// Measures of the columns: source, then who, then what ties them.
	source := max(10, min(22, width/4))
	rest := max(width-10-source, 6)
	name := rest * 2 / 5
	if rest < 34 {
		name = 0 // what ties them stays
	}
	var out []string
	from, to := s.cursor.Window(len(s.rows), height)
	for i := from; i < to; i++ {
		r := s.rows[i]
		sign, style := mark(e, r)
		b := "   "
		plain := e.Theme.Plain
		if i == s.cursor.Selected {
			b = " " + e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
			plain = e.Theme.Title
		}
		cell := func(text string, w int) string { return widget.Cut(text, w, e.Theme.Glyphs.Cut) }
		b += style.Render(widget.Pad(sign, 2)) + " " + e.Theme.Accent.Render(tie(e, s.rows, i)) + " " + widget.Pad(plain.Render(cell(r.answer.Source, source)), source) + "  "
		switch {
		case r.visitor.ID == "":
			words := e.Theme.Muted
			if r.answer.State == lookup.Failed {
				words = e.Theme.Plain
			}
			b += words.Render(cell(s.state(e, r), rest))
		case name == 0:
			b += cell(link(e, r, s.result.Verdict), rest)
		default:
			b += widget.Pad(cell(who(r), name), name) + "  " + cell(link(e, r, s.result.Verdict), rest-name-2)
		}
		out = append(out, strings.TrimRight(b, " "))
	}
	return out
}

// drawFindings are what is wrong, with what it means and what to do, and below
// that what is worth knowing. What is as it should be shows in the rows.
func drawFindings(e screen.Env, v lookup.Verdict, width int) []string {
	w := widget.Readable(width) - 3
	var out []string
	for _, f := range v.Findings {
		if f.Level == lookup.Good {
			continue
		}
		if len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, "")
		}
		out = append(out, widget.Indent(drawFinding(e, f, w), "   ")...)
	}
	return out
}

func drawFinding(e screen.Env, f lookup.Finding, w int) []string {
	sign := e.Theme.Muted.Render(e.Theme.Glyphs.Dot)
	if f.Level == lookup.Bad {
		sign = e.Theme.Warn.Render(e.Theme.Glyphs.Warn)
	}
	p, key := params(f), "lookup."+f.Code
	out := widget.Marked(sign, e.T(key, p), w)
	// The code stands at the right, muted, where the sentence leaves room for it.
	if last := out[len(out)-1]; ansi.StringWidth(last)+len(f.Code)+3 <= w {
		out[len(out)-1] = widget.Pad(last, w-len(f.Code)) + e.Theme.Muted.Render(f.Code)
	}
	if f.Level == lookup.Bad {
		out = append(out, widget.Indent(widget.Wrap(e.T(key+".means", p), w-2), "  ")...)
	}
	return append(out, widget.Indent(widget.Marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), e.T(key+".fix", p), w-2), "  ")...)
}
