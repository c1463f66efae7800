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
	"deskward/tui/worklist"
)

// Draw shows how far the batch is, its rows and, beside or below them, what is
// to be said of the selected one.
func (b *batchRun) Draw(e screen.Env) screen.Frame {
	if f, ok := worklist.Unread(e, b.err, b.loaded, "visitors.batch.opening"); ok {
		return f
	}
	head := append(worklist.State(e, b.state(e)), worklist.Sums(e, b.sums(e))...)
	for _, name := range b.resting(e) {
		p := locale.Params{"source": short(name), "time": widget.Clock(b.progress.Resting[name].Sub(e.Now))}
		head = append(head, worklist.Waits(e, e.T("visitors.batch.resting", p))...)
	}
	if e.Height >= roomForAsks {
		for _, l := range widget.Wrap(asksWords(e, b.batch), e.Width) {
			head = append(head, e.Theme.Muted.Render(l))
		}
	}
	empty := e.T("visitors.batch.no-rows")
	if b.rows.Few() && len(b.rows.All()) > 0 {
		empty = e.T("visitors.batch.no-trouble")
	}
	return worklist.Page{Head: head, Rows: b.rows.Len(), Empty: empty, Share: listShare, Table: b.table, Detail: b.detail}.Draw(e)
}

// roomForAsks is from how many lines on it is said whom a batch asks.
const roomForAsks = 16

// asksWords say whom a batch asks.
func asksWords(e screen.Env, b lookup.Batch) string {
	names := e.T("visitors.batch.asks-all")
	if len(b.Asks) > 0 {
		names = namesText(b.Asks)
	}
	key := "visitors.batch.asks"
	switch {
	case b.Tickets:
		key = "visitors.batch.asks-tickets"
	case b.Untraced > 0:
		key = "visitors.batch.asks-no-tickets"
	}
	return e.T(key, locale.Params{"sources": names})
}

// resting are the connections that are not asked now because the vendor limits.
func (b *batchRun) resting(e screen.Env) []string {
	if b.job == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(b.progress.Resting)), func(name string) bool { return !b.progress.Resting[name].After(e.Now) })
}

// state says how far the batch is, and how long it still takes.
func (b *batchRun) state(e screen.Env) string {
	p := locale.Params{"done": b.batch.Done, "rows": b.batch.Rows, "rate": fmt.Sprintf("%.1f", b.progress.Rate), "left": widget.Duration(e, b.progress.Left.Round(time.Second))}
	switch {
	case b.job != nil && (b.progress.Rate == 0 || len(b.resting(e)) > 0): // a rate says nothing while it waits
		return e.T("visitors.batch.begins", p)
	case b.job != nil:
		return e.T("visitors.batch.running", p)
	case !b.batch.Complete():
		return e.T("visitors.batch.stopped", p)
	case b.open() > 0: // over tickets alone
		return e.Text.N("visitors.batch.tickets-left", b.open(), p)
	case b.batch.Unseen > 0:
		return e.Text.N("visitors.batch.done-unseen", b.batch.Unseen, p)
	}
	return e.T("visitors.batch.done", p)
}

// sums are how many rows have which verdict.
func (b *batchRun) sums(e screen.Env) []worklist.Sum {
	var out []worklist.Sum
	for _, o := range lookup.Outcomes() {
		_, style := outcomeMark(e, o)
		out = append(out, worklist.Sum{Text: e.T("visitors.outcome." + string(o)), Count: b.batch.Counts[o], Style: style})
	}
	return out
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
			{Title: widget.Key("visitors.batch.col.query"), Min: 12, Want: 24},
			{Title: widget.Key("visitors.batch.col.outcome"), Min: 21, Want: 26},
			{Title: widget.Key("visitors.batch.col.person"), Min: 10, Want: 26, Drop: 1},
			{Title: widget.Key("visitors.batch.col.line"), Min: 4, Want: 5, Drop: 2},
		},
		Rows: b.rows.Len(), List: &b.rows.Cursor,
		Row: func(i int) []widget.Cell {
			r := b.rows.At(i)
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
	r, ok := b.rows.Selected()
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
		if f.Level == lookup.Bad || f.Code == "tickets-off" && r.Verdict.Outcome == lookup.CantTell {
			lines = append(lines, drawFinding(e, f, width)...)
		}
	}
	return lines
}
