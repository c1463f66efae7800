package tokens

import (
	"context"
	"fmt"

	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
	"deskward/tui/worklist"
)

// newBatches lists the batches that are kept.
func newBatches(d Deps) screen.Screen {
	return &worklist.Shelf[tokenbatch.Batch]{
		List: d.Batches.List,
		// What is still needed to prove or to find out is refused by core, and its
		// words say so.
		Forget:  func(ctx context.Context, b tokenbatch.Batch) error { return d.Batches.Remove(ctx, b.ID, false) },
		ID:      func(b tokenbatch.Batch) string { return b.ID },
		Open:    func(b tokenbatch.Batch) screen.Screen { return newBatch(d, b.ID) },
		New:     func() worklist.Taker { return newList(d) },
		Counted: true,
		Words: worklist.Words{
			Title: "tokens.title", Reading: "tokens.reading", Sure: "tokens.sure",
			Open: "tokens.key.open", New: "tokens.key.new", Forget: "tokens.key.remove", Read: "tokens.key.read-again", Move: "tokens.key.move",
			No: "tokens.off.no-batch",
		},
		Columns: []widget.Column{
			{Title: widget.Key("tokens.col.list"), Min: 12, Want: 26},
			{Title: widget.Key("tokens.col.done"), Min: 9, Want: 13},
			{Title: widget.Key("tokens.col.state"), Min: 12, Want: 34},
			{Title: widget.Key("tokens.col.made"), Min: 8, Want: 10, Drop: 1},
		},
		Row: func(e screen.Env, b tokenbatch.Batch) []widget.Cell {
			words, style := stateOf(e, b)
			return []widget.Cell{
				{Text: nameOf(e, b)},
				{Text: fmt.Sprintf("%d / %d", b.Counts[tokenbatch.Done], b.Rows)},
				{Text: words, Style: style},
				{Text: widget.Ago(e, b.Made), Style: e.Theme.Muted},
			}
		},
		None: none,
	}
}

// none teaches what a list is while there is none.
func none(e screen.Env, w int) []string {
	lines := []string{e.Theme.Title.Render(widget.Cut(e.T("tokens.none"), w, e.Theme.Glyphs.Cut)), ""}
	for _, k := range []string{"tokens.none.what", "tokens.none.table", "tokens.none.safe"} {
		lines = append(append(lines, widget.Wrap(e.T(k), w)...), "")
	}
	return lines
}

// stateOf says where a batch stands: what is most urgent first.
func stateOf(e screen.Env, b tokenbatch.Batch) (string, lipgloss.Style) {
	n := func(key string, count int) string { return e.Text.N(key, count) }
	look := b.Counts[tokenbatch.Refused] + b.Counts[tokenbatch.Held]
	switch unseen := b.Counts[tokenbatch.Unknown] + b.Counts[tokenbatch.Lost]; {
	case b.Busy != "":
		return e.T("tokens.state.busy", locale.Params{"who": core.CleanLine(b.Busy)}), e.Theme.Accent
	case b.WaitsForSupport():
		return e.T("tokens.state.support"), e.Theme.Warn
	case unseen > 0:
		return n("tokens.state.unseen", unseen), e.Theme.Bad
	case b.Open() == b.Rows:
		return e.T("tokens.state.ready"), e.Theme.Accent
	case b.Open() > 0:
		return n("tokens.state.left", b.Open()), e.Theme.Warn
	case b.Dead < b.Counts[tokenbatch.Done]:
		return n("tokens.state.unproven", b.Counts[tokenbatch.Done]-b.Dead), e.Theme.Warn
	case look > 0:
		return n("tokens.state.refused", look), e.Theme.Warn
	}
	return e.T("tokens.state.proven"), e.Theme.Good
}

// nameOf names a batch.
func nameOf(e screen.Env, b tokenbatch.Batch) string {
	if b.Name == "" {
		return e.T("tokens.pasted")
	}
	return core.CleanLine(b.Name)
}
