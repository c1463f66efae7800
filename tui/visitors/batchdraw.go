package visitors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows how far the batch is, its rows and, beside or below them, what is
// to be said of the selected one.
func (b *batchRun) Draw(e screen.Env) screen.Frame {
	switch {
	case b.err != nil && !b.loaded:
		return widget.Frame(widget.Problem(e, b.err, widget.Readable(e.Width)))
	case !b.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("visitors.batch.opening"))})
	}
	var lines []string
	for _, l := range widget.Wrap(b.state(e), e.Width) {
		lines = append(lines, e.Theme.Title.Render(l))
	}
	if s := b.sums(e); s != "" {
		lines = append(lines, widget.CutStyled(s, e.Width, e.Theme.Glyphs.Cut))
	}
	for _, name := range b.resting(e) {
		p := locale.Params{"source": short(name), "time": widget.Clock(b.progress.Resting[name].Sub(e.Now))}
		lines = append(lines, widget.Marked(e.Theme.Warn.Render(widget.Pad(e.Theme.Glyphs.Wait, 2)), e.T("visitors.batch.resting", p), e.Width)...)
	}
	if e.Height >= 14 {
		lines = append(lines, "")
	}
	room := e.Height - len(lines)
	if len(b.shown) == 0 {
		key := "visitors.batch.no-rows"
		if b.trouble && len(b.rows) > 0 {
			key = "visitors.batch.no-trouble"
		}
		return widget.Frame(append(lines, widget.Wrap(e.T(key), widget.Readable(e.Width))...))
	}
	return widget.Frame(append(lines, widget.Beside(e, listShare, len(b.shown), room, b.table, b.detail)...))
}

// resting are the connections that are not asked now because the vendor limits.
func (b *batchRun) resting(e screen.Env) []string {
	if b.run == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(b.progress.Resting)), func(name string) bool { return !b.progress.Resting[name].After(e.Now) })
}

// state says how far the batch is, and how long it still takes.
func (b *batchRun) state(e screen.Env) string {
	p := locale.Params{"done": b.batch.Done, "rows": b.batch.Rows, "rate": fmt.Sprintf("%.1f", b.progress.Rate), "left": widget.Duration(e, b.progress.Left.Round(time.Second))}
	switch {
	case b.run != nil && (b.progress.Rate == 0 || len(b.resting(e)) > 0): // a rate says nothing while it waits
		return e.T("visitors.batch.begins", p)
	case b.run != nil:
		return e.T("visitors.batch.running", p)
	case !b.batch.Complete():
		return e.T("visitors.batch.stopped", p)
	case b.batch.Unseen > 0:
		return e.Text.N("visitors.batch.done-unseen", b.batch.Unseen, p)
	}
	return e.T("visitors.batch.done", p)
}

// sums are how many rows have which verdict.
func (b *batchRun) sums(e screen.Env) string {
	var out []string
	for _, o := range lookup.Outcomes() {
		if n := b.batch.Counts[o]; n > 0 {
			_, style := outcomeMark(e, o)
			out = append(out, style.Render(fmt.Sprintf("%s %d", e.T("visitors.outcome."+string(o)), n)))
		}
	}
	return strings.Join(out, "  "+e.Theme.Glyphs.Dot+"  ")
}

// outcomeMark is the sign of a verdict.
func outcomeMark(e screen.Env, o lookup.Outcome) (string, lipgloss.Style) {
	g := e.Theme.Glyphs
	switch o {
	case lookup.Linked:
		return g.OK, e.Theme.Good
	case lookup.WillFail, lookup.Elsewhere:
		return g.Bad, e.Theme.Bad
	case lookup.NotLinked, lookup.Several, lookup.CantTell:
		return g.Warn, e.Theme.Warn
	}
	return g.Dot, e.Theme.Muted
}

func (b *batchRun) table(e screen.Env, width, height int) []string {
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("visitors.batch.col.query"), Min: 12, Want: 30},
			{Title: widget.Key("visitors.batch.col.outcome"), Min: 21, Want: 26},
			{Title: widget.Key("visitors.batch.col.person"), Min: 10, Want: 26, Drop: 1},
			{Title: widget.Key("visitors.batch.col.line"), Min: 4, Want: 5, Drop: 2},
		},
		Rows: len(b.shown), List: &b.cursor,
		Row: func(i int) []widget.Cell {
			r := b.shown[i]
			mark, style := outcomeMark(e, r.Verdict.Outcome)
			p := r.Person()
			return []widget.Cell{
				{Text: r.Query.Text},
				{Text: widget.Pad(mark, 2) + " " + e.T("visitors.outcome."+string(r.Verdict.Outcome)), Style: style},
				{Text: strings.TrimSpace(p.Name + " " + p.Email()), Style: e.Theme.Plain},
				{Text: fmt.Sprint(r.Line), Style: e.Theme.Muted},
			}
		},
	}
	return t.Draw(e, width, height)
}

// detail is the selected row's verdict with what is wrong, and whom could not
// be asked.
func (b *batchRun) detail(e screen.Env, width int) []string {
	r, ok := b.selected()
	if !ok {
		return nil
	}
	var lines []string
	for _, l := range widget.Wrap(verdictWords(e, r.Verdict), width) {
		lines = append(lines, e.Theme.Title.Render(l))
	}
	for _, a := range r.Answers {
		if a.State != lookup.Failed && a.State != lookup.Limited {
			continue
		}
		text := e.T("visitors.batch.unseen", locale.Params{"source": short(a.Source), "code": a.Code})
		lines = append(lines, widget.Marked(e.Theme.Warn.Render(widget.Pad(e.Theme.Glyphs.Warn, 2)), text, width)...)
	}
	for _, f := range r.Verdict.Findings {
		if f.Level == lookup.Bad {
			lines = append(lines, drawFinding(e, f, width)...)
		}
	}
	return lines
}
