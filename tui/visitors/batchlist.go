package visitors

import (
	"context"
	"fmt"
	"strings"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
	"deskward/tui/worklist"
)

// Batches looks lists of people up; lookup.Batches is one.
type Batches interface {
	Begin(ctx context.Context, name string, list lookup.List, o lookup.BeginOptions) (lookup.Batch, error)
	List(context.Context) ([]lookup.Batch, error)
	Rows(ctx context.Context, id string) (lookup.Batch, []lookup.Row, []lookup.Line, error)
	Run(ctx context.Context, id string, sources []lookup.Source, o lookup.RunOptions, emit func(lookup.Progress)) (lookup.Batch, error)
	Remove(ctx context.Context, id string) error
}

// newBatchList lists the batches that are kept, and says for how long.
func newBatchList(f *family) screen.Screen {
	return &worklist.Shelf[lookup.Batch]{
		List:   f.Batches.List,
		Forget: func(ctx context.Context, b lookup.Batch) error { return f.Batches.Remove(ctx, b.ID) },
		ID:     func(b lookup.Batch) string { return b.ID },
		Open:   func(b lookup.Batch) screen.Screen { return newBatchRun(f, b.ID, false) },
		New:    func() worklist.Taker { return newBatch(f) },
		Words: worklist.Words{
			Title: "visitors.batches.title", Reading: "visitors.batches.reading", Sure: "visitors.batches.sure",
			Open: "visitors.key.open", New: "visitors.key.new-batch", Forget: "visitors.key.remove", Read: "visitors.key.read", Move: "visitors.key.move",
			No: "visitors.off.no-batch",
		},
		Columns: []widget.Column{
			{Title: widget.Key("visitors.batches.col.name"), Min: 12, Want: 18},
			{Title: widget.Key("visitors.batches.col.done"), Min: 9, Want: 9},
			{Title: widget.Key("visitors.batches.col.state"), Min: 10, Want: 18},
			{Title: widget.Key("visitors.batches.col.kept"), Min: 8, Want: 8, Drop: 1},
			{Title: widget.Key("visitors.batches.col.asks"), Min: 10, Want: 20, Drop: 2},
		},
		Row: batchCells,
		None: func(e screen.Env, w int) []string {
			lines := []string{e.Theme.Title.Render(widget.Cut(e.T("visitors.batches.none"), w, e.Theme.Glyphs.Cut)), ""}
			lines = append(append(lines, widget.Wrap(e.T("visitors.batches.none.text"), w)...), "")
			return append(lines, widget.Wrap(keptWords(e), w)...)
		},
		Foot: func(e screen.Env, w int) []string { return widget.Wrap(keptWords(e), w) },
	}
}

func batchCells(e screen.Env, b lookup.Batch) []widget.Cell {
	state, style := e.T("visitors.batches.complete"), e.Theme.Good
	switch {
	case !b.Complete():
		state, style = e.T("visitors.batches.stopped"), e.Theme.Warn
	case b.Unseen > 0:
		state, style = e.Text.N("visitors.batches.unseen", b.Unseen), e.Theme.Warn
	}
	return []widget.Cell{
		{Text: titleOf(e, b)},
		{Text: fmt.Sprintf("%d / %d", b.Done, b.Rows)},
		{Text: state, Style: style},
		{Text: widget.Until(e, b.KeptUntil()), Style: e.Theme.Muted},
		{Text: asksShort(e, b), Style: e.Theme.Muted},
	}
}

// asksShort says whom a batch asks, in a cell.
func asksShort(e screen.Env, b lookup.Batch) string {
	text := e.T("visitors.batches.asks-all")
	if b.Only != nil {
		text = strings.Join(b.Asks, ", ")
	}
	if b.Tickets {
		text = e.T("visitors.batches.asks-tickets", locale.Params{"sources": core.CleanLine(text)})
	}
	return text
}

// titleOf names a batch.
func titleOf(e screen.Env, b lookup.Batch) string {
	if b.Name == "" {
		return e.T("visitors.batch.pasted")
	}
	return short(b.Name)
}

// keptWords say for how long whom the admin looked up is kept.
func keptWords(e screen.Env) string {
	return e.T("visitors.batches.kept", locale.Params{"days": int(lookup.BatchKeep / day)})
}
