package visitors

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/worklist"
)

// batchRun is one batch: how far it is, and what came of each line.
type batchRun struct {
	f     *family
	scope *screen.Scope
	id    string
	start bool // it is gone on with at once

	batch    lookup.Batch
	left     []lookup.Line
	loaded   bool
	err      error
	job      *screen.Job // nil: nobody is asked
	progress lookup.Progress
	rows     worklist.Rows[lookup.Row]
	sources  []lookup.Source // that there are now
	sure     bool            // t was pressed: once more goes over tickets
}

type (
	batchRead struct {
		batch   lookup.Batch
		rows    []lookup.Row
		left    []lookup.Line
		sources []lookup.Source
		err     error
	}
	batchWent struct {
		progress lookup.Progress
	}
	batchEnded struct {
		err     error
		stopped bool
	}
	batchExported struct {
		path string
		err  error
	}
)

func newBatchRun(f *family, id string, start bool) *batchRun {
	return &batchRun{f: f, id: id, start: start, rows: worklist.Rows[lookup.Row]{
		Line: func(r lookup.Row) int { return r.Line },
		Look: func(r lookup.Row) bool { return r.Verdict.Outcome != lookup.Linked },
	}}
}

// Title names the batch.
func (b *batchRun) Title(e screen.Env) string { return titleOf(e, b.batch) }

// Init reads what was done.
func (b *batchRun) Init(s *screen.Scope) screen.Step {
	b.scope = s
	return b.read()
}

func (b *batchRun) read() screen.Step {
	f, id := b.f, b.id
	return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
		batch, rows, left, err := f.Batches.Rows(ctx, id)
		if err != nil {
			return batchRead{err: err}
		}
		sources, err := f.Sources(ctx)
		return batchRead{batch, rows, left, sources, err}
	})}
}

// Leave says that what was begun can be taken up again.
func (b *batchRun) Leave() screen.Step {
	if b.job == nil {
		return screen.Step{}
	}
	return screen.Say("visitors.batch.left")
}

// Update takes keys and what the batch tells.
func (b *batchRun) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case batchRead:
		return b.take(msg)
	case batchWent:
		if b.job != nil {
			b.went(msg.progress)
		}
	case batchEnded:
		b.job = nil
		if msg.stopped {
			return b.read()
		}
		return b.read().Then(screen.Fail(msg.err))
	case batchExported:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return screen.Say("visitors.batch.exported", locale.Params{"path": msg.path})
	case tea.KeyPressMsg:
		return b.key(msg)
	}
	return screen.Step{}
}

func (b *batchRun) take(msg batchRead) screen.Step {
	if msg.err != nil && b.loaded {
		return screen.Fail(msg.err)
	}
	if b.err = msg.err; msg.err != nil {
		return screen.Step{}
	}
	b.batch, b.left, b.sources, b.loaded = msg.batch, msg.left, msg.sources, true
	b.rows.Set(msg.rows)
	if b.start {
		b.start = false
		return b.goOn(lookup.RunOptions{})
	}
	return screen.Step{}
}

// went puts the rows that are done where they belong.
func (b *batchRun) went(p lookup.Progress) {
	b.progress, b.batch = p, p.Batch
	done := map[int]bool{}
	for _, r := range p.Rows {
		done[r.Line] = true
	}
	b.rows.Put(p.Rows...)
	b.left = slices.DeleteFunc(b.left, func(l lookup.Line) bool { return done[l.Number] })
}

// open is how many rows the batch has still to ask about: those not asked yet,
// and those that it is to ask over tickets and did not.
func (b *batchRun) open() int {
	if b.batch.Tickets {
		return len(b.left) + b.batch.Untraced
	}
	return len(b.left)
}

// goOn asks about what is left, and what o says besides.
func (b *batchRun) goOn(o lookup.RunOptions) screen.Step {
	if b.job != nil {
		return screen.Step{}
	}
	b.progress = lookup.Progress{Of: len(b.left)}
	f, id := b.f, b.id
	job, cmd := b.scope.Job(func(ctx context.Context, emit func(tea.Msg)) tea.Msg {
		sources, err := f.Sources(ctx)
		if err == nil {
			_, err = f.Batches.Run(ctx, id, sources, o, func(p lookup.Progress) { emit(batchWent{p}) })
		}
		return batchEnded{err: err, stopped: errors.Is(err, context.Canceled)}
	})
	b.job = job
	return screen.Step{Cmd: cmd}
}

// ticketCalls is what it costs to go over the tickets of those of whom that was
// not done. ok is false where there are none, or the way leads nowhere.
func (b *batchRun) ticketCalls() (c lookup.Calls, ok bool) {
	if b.batch.Untraced == 0 || b.batch.Tickets {
		return c, false
	}
	return lookup.TicketCalls(b.batch.Untraced, b.batch.Of(b.sources))
}

func (b *batchRun) key(msg tea.KeyPressMsg) screen.Step {
	r, some := b.rows.Selected()
	sure := b.sure
	b.sure = false
	switch msg.String() {
	case "s":
		b.job.Stop()
	case "enter":
		if some {
			return screen.Step{Open: newFound(b.f, r.Result)}
		}
	case "r":
		if b.job == nil && b.loaded && (b.open() > 0 || b.batch.Unseen > 0) {
			return b.goOn(lookup.RunOptions{Again: b.open() == 0})
		}
		if !b.loaded {
			return b.read()
		}
	case "t":
		return b.overTickets(sure)
	case "f":
		b.rows.Turn()
	case "w":
		if len(b.rows.All()) > 0 && b.f.Export != nil {
			return b.export()
		}
	default:
		b.rows.Cursor.Update(msg, b.rows.Len())
	}
	return screen.Step{}
}

// overTickets says what it costs, and does it when asked once more.
func (b *batchRun) overTickets(sure bool) screen.Step {
	c, ok := b.ticketCalls()
	switch {
	case b.job != nil || !ok:
		return screen.Step{}
	case !sure:
		b.sure = true
		return screen.Say("visitors.batch.tickets-sure", locale.Params{"least": c.Least, "most": c.Most})
	}
	return b.goOn(lookup.RunOptions{Tickets: true})
}

func (b *batchRun) export() screen.Step {
	f, batch, rows, left := b.f, b.batch, slices.Clone(b.rows.All()), b.left
	return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
		path, err := f.Export(context.WithoutCancel(ctx), batch, rows, left)
		return batchExported{path, err}
	})}
}

// Keys of the batch.
func (b *batchRun) Keys() []screen.Key {
	var keys []screen.Key
	if b.job != nil {
		keys = append(keys, screen.NewKey("s", "visitors.key.stop-batch", "s"))
	}
	keys = append(keys, screen.NewKey("enter", "visitors.key.open", "enter").If(b.rows.Len() > 0, "visitors.off.no-row"))
	switch {
	case b.job != nil:
	case b.open() > 0:
		keys = append(keys, screen.NewKey("r", "visitors.key.go-on", "r"))
	default:
		keys = append(keys, screen.NewKey("r", "visitors.key.ask-again", "r").If(b.batch.Unseen > 0, "visitors.off.all-seen"))
	}
	if _, ok := b.ticketCalls(); ok && b.job == nil {
		keys = append(keys, screen.NewKey("t", "visitors.key.tickets", "t"))
	}
	return append(keys, b.rows.Filter("visitors.key.trouble", "visitors.key.every-row"),
		screen.NewKey("w", "visitors.key.export", "w").If(len(b.rows.All()) > 0, "visitors.off.no-row").If(b.f.Export != nil, "visitors.off.no-export"),
		worklist.Move("visitors.key.move"),
	)
}
