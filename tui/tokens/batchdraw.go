package tokens

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
	"deskward/tui/worklist"
)

// Draw shows how far the batch is, its rows and, beside or below them, what is
// to be said of the selected one.
func (b *batch) Draw(e screen.Env) screen.Frame {
	if f, ok := worklist.Unread(e, b.err, b.loaded, "tokens.reading"); ok {
		return f
	}
	if b.asking != nil {
		return b.drawQuestion(e)
	}
	return worklist.Page{Head: b.head(e), Rows: b.rows.Len(), Empty: e.T("tokens.no-trouble"), Share: listShare, Table: b.table, Detail: b.detail}.Draw(e)
}

// listShare is how much of a wide screen the rows have, in percent.
const listShare = 56

// head says how far the batch is and what holds it up.
func (b *batch) head(e screen.Env) []string {
	lines := append(worklist.State(e, b.state(e)), worklist.Sums(e, b.sums(e))...)
	if b.work != nil {
		for _, id := range slices.Sorted(maps.Keys(b.progress.Resting)) {
			p := locale.Params{"client": cut(id), "time": widget.Clock(b.progress.Resting[id].Sub(e.Now))}
			lines = append(lines, worklist.Waits(e, e.T("tokens.resting", p))...)
		}
		if b.work.job.Stopped() {
			lines = append(lines, worklist.Waits(e, e.T("tokens.stopping"))...)
		}
	}
	for _, s := range b.stopped {
		x := e.Explain(widget.Untried(s.Err))
		text := e.T("tokens.client-stopped", locale.Params{"client": cut(s.ID), "why": widget.Sentences(x.Headline, x.Next)})
		lines = append(lines, widget.Marked(e.Theme.Bad.Render(widget.Pad(e.Theme.Glyphs.Bad, 2)), text, e.Width)...)
	}
	return lines
}

// state says how far the batch is, and what comes next.
func (b *batch) state(e screen.Env) string {
	n := b.batch.Counts
	p := locale.Params{
		"done": n[tokenbatch.Done], "rows": b.batch.Rows, "left": b.batch.Open(), "unproven": b.unproven(),
		"rate": fmt.Sprintf("%.1f", b.progress.Rate), "time": widget.Duration(e, b.progress.Left.Round(time.Second)),
	}
	if w := b.work; w != nil {
		p["seen"], p["of"] = w.seen, w.of
		switch {
		case w.kind != exchanging:
			return e.T("tokens.now."+w.kind, p)
		case b.progress.Next.After(e.Now):
			p["next"] = widget.Clock(b.progress.Next.Sub(e.Now))
			return e.T("tokens.now.waits", p)
		case b.progress.Rate == 0:
			return e.T("tokens.now.begins", p)
		}
		return e.T("tokens.now.exchange", p)
	}
	switch unseen := n[tokenbatch.Unknown]; {
	case b.batch.Busy != "":
		return e.T("tokens.now.elsewhere", locale.Params{"who": core.CleanLine(b.batch.Busy)})
	case b.batch.WaitsForSupport():
		return e.Text.N("tokens.now.support", b.batch.Open(), p)
	case unseen > 0:
		return e.Text.N("tokens.now.unseen", unseen, p)
	case b.batch.Open() > 0 && n[tokenbatch.Done] == 0:
		return e.Text.N("tokens.now.ready", b.batch.Open(), p)
	case b.batch.Open() > 0:
		return e.Text.N("tokens.now.stopped", b.batch.Open(), p)
	case b.unproven() > 0:
		return e.Text.N("tokens.now.unproven", b.unproven(), p)
	}
	return e.T("tokens.now.proven", p)
}

// sums are how many rows are in which state.
func (b *batch) sums(e screen.Env) []worklist.Sum {
	var out []worklist.Sum
	for _, s := range tokenbatch.States() {
		_, style := markOf(e, s)
		out = append(out, worklist.Sum{Text: e.T("tokenbatch.state." + string(s)), Count: b.batch.Counts[s], Style: style})
	}
	return out
}

// markOf is the sign of a state.
func markOf(e screen.Env, s tokenbatch.State) (string, lipgloss.Style) {
	g := e.Theme.Glyphs
	switch s {
	case tokenbatch.Done:
		return g.OK, e.Theme.Good
	case tokenbatch.Refused, tokenbatch.Lost, tokenbatch.Unknown:
		return g.Bad, e.Theme.Bad
	case tokenbatch.Failed, tokenbatch.Held:
		return g.Warn, e.Theme.Warn
	case tokenbatch.Begun:
		return g.Wait, e.Theme.Accent
	}
	return g.Dot, e.Theme.Muted
}

func (b *batch) table(e screen.Env, width, height int) []string {
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("tokens.col.name"), Min: 10, Want: 22},
			{Title: widget.Key("tokens.col.state"), Min: 12, Want: 21},
			{Title: widget.Key("tokens.col.old"), Min: 12, Want: 13, Drop: 1},
			{Title: widget.Key("tokens.col.line"), Min: 4, Want: 5, Drop: 2},
		},
		Rows: b.rows.Len(), List: &b.rows.Cursor,
		Row: func(i int) []widget.Cell {
			r := b.rows.At(i)
			mark, style := markOf(e, r.State)
			return []widget.Cell{
				{Text: r.Name},
				{Text: widget.Pad(mark, 2) + " " + e.T("tokenbatch.state."+string(r.State)), Style: style},
				{Text: oldShort(e, r), Style: e.Theme.Muted},
				{Text: fmt.Sprint(r.Line), Style: e.Theme.Muted},
			}
		},
	}
	return t.Draw(e, width, height)
}

// oldShort says of a row's old token whether it still works.
func oldShort(e screen.Env, r tokenbatch.Row) string {
	switch {
	case !r.DeadAt.IsZero():
		return e.T("tokens.old.dead")
	case r.OldEnds.IsZero():
		return ""
	case r.OldEnds.After(e.Now):
		return e.T("tokens.old.ends", locale.Params{"time": widget.Until(e, r.OldEnds)})
	}
	return e.T("tokens.old.over")
}

// detail says of the selected row what happened, what it means and what is to
// be done.
func (b *batch) detail(e screen.Env, width int) []string {
	r, ok := b.rows.Selected()
	if !ok {
		return nil
	}
	lines := []string{e.Theme.Title.Render(widget.Cut(core.CleanLine(r.Name), width, e.Theme.Glyphs.Cut))}
	var facts []string
	for _, s := range []string{r.OrgID, r.Region, r.Owner} {
		if s != "" {
			facts = append(facts, core.CleanLine(s))
		}
	}
	if r.TokenEnd != "" {
		facts = append(facts, e.T("tokens.token-end", locale.Params{"end": r.TokenEnd}))
	}
	if len(facts) > 0 {
		lines = append(lines, e.Theme.Muted.Render(widget.Cut(strings.Join(facts, " "+e.Theme.Glyphs.Dot+" "), width, e.Theme.Glyphs.Cut)))
	}
	if err := r.Err(); err != nil {
		lines = append(lines, widget.Problem(e, err, width)...)
	}
	switch {
	case r.State == tokenbatch.Unknown:
		return append(lines, widget.Wrap(e.T("tokens.unknown", locale.Params{"when": widget.Stamp(r.AskAgain())}), width)...)
	case r.State == tokenbatch.Waiting && r.Code == "":
		return append(lines, widget.Wrap(e.T("tokens.waiting"), width)...)
	case !r.DeadAt.IsZero():
		return append(lines, widget.Wrap(e.T("tokens.dead", locale.Params{"at": widget.Stamp(r.DeadAt)}), width)...)
	case r.State == tokenbatch.Done && r.OldEnds.After(e.Now):
		return append(lines, widget.Wrap(e.T("tokens.done", locale.Params{"at": widget.Stamp(r.OldEnds), "time": widget.Until(e, r.OldEnds)}), width)...)
	case r.State == tokenbatch.Done:
		return append(lines, widget.Wrap(e.T("tokens.done-over"), width)...)
	}
	return lines
}

// drawQuestion shows what is asked, and what follows from the answer.
func (b *batch) drawQuestion(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	p := locale.Params{"rows": b.batch.Open(), "name": nameOf(e, b.batch)}
	if r, ok := b.rows.Selected(); ok && b.what == askSettle {
		p["name"] = core.CleanLine(r.Name)
	}
	key := map[question]string{askExchange: "tokens.sure.exchange", askConfirm: "tokens.sure.confirm", askSettle: "tokens.sure.settle"}[b.what]
	lines := append(widget.Wrap(e.T(key, p), w), "")
	form, cursor := b.asking.Draw(e, w, max(3, e.Height-len(lines)))
	if cursor != nil {
		cursor.Y += len(lines)
	}
	f := widget.Frame(append(lines, form...))
	f.Cursor = cursor
	return f
}
