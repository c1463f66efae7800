package visitors

import (
	"cmp"
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// batchRun is one batch: how far it is, and what came of each line.
type batchRun struct {
	f     *family
	scope *screen.Scope
	id    string
	start bool // it is gone on with at once

	batch    lookup.Batch
	rows     []lookup.Row // in the order of the list
	left     []lookup.Line
	loaded   bool
	err      error
	run      *running // nil: nobody is asked
	progress lookup.Progress
	trouble  bool // only rows that somebody has to look at are shown
	shown    []lookup.Row
	cursor   widget.List
}

type (
	batchRead struct {
		batch lookup.Batch
		rows  []lookup.Row
		left  []lookup.Line
		err   error
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
	return &batchRun{f: f, id: id, start: start}
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
		return batchRead{batch, rows, left, err}
	})}
}

// Leave says that what was begun can be taken up again.
func (b *batchRun) Leave() screen.Step {
	if b.run == nil {
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
		if b.run != nil {
			b.went(msg.progress)
		}
	case batchEnded:
		b.run = nil
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
	b.batch, b.rows, b.left, b.loaded = msg.batch, msg.rows, msg.left, true
	b.arrange()
	if b.start {
		b.start = false
		return b.goOn(false)
	}
	return screen.Step{}
}

// went puts the rows that are done where they belong.
func (b *batchRun) went(p lookup.Progress) {
	b.progress, b.batch = p, p.Batch
	done := map[int]bool{}
	for _, r := range p.Rows {
		done[r.Line] = true
		i, was := slices.BinarySearchFunc(b.rows, r, func(a, o lookup.Row) int { return cmp.Compare(a.Line, o.Line) })
		if was {
			b.rows[i] = r
		} else {
			b.rows = slices.Insert(b.rows, i, r)
		}
	}
	b.left = slices.DeleteFunc(b.left, func(l lookup.Line) bool { return done[l.Number] })
	b.arrange()
}

// arrange chooses the rows that are shown. The cursor stays on its line.
func (b *batchRun) arrange() {
	was, had := b.selected()
	b.shown = b.rows
	if b.trouble {
		b.shown = nil
		for _, r := range b.rows {
			if r.Verdict.Outcome != lookup.Linked {
				b.shown = append(b.shown, r)
			}
		}
	}
	for i, r := range b.shown {
		if had && r.Line == was.Line && b.cursor.Selected > 0 {
			b.cursor.Selected = i
		}
	}
	b.cursor.Clamp(len(b.shown))
}

func (b *batchRun) selected() (lookup.Row, bool) {
	if b.cursor.Selected >= len(b.shown) {
		return lookup.Row{}, false
	}
	return b.shown[b.cursor.Selected], true
}

// goOn asks about what is left; with again, also about the rows of which some
// connection could not be asked.
func (b *batchRun) goOn(again bool) screen.Step {
	if b.run != nil {
		return screen.Step{}
	}
	b.run, b.progress = &running{quit: make(chan struct{})}, lookup.Progress{Of: len(b.left)}
	quit, f, id := b.run.quit, b.f, b.id
	return screen.Step{Cmd: b.scope.Stream(func(ctx context.Context, emit func(tea.Msg)) tea.Msg {
		asking, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-quit:
				cancel()
			case <-asking.Done():
			}
		}()
		sources, err := f.Sources(asking)
		if err == nil {
			_, err = f.Batches.Run(asking, id, sources, lookup.RunOptions{Again: again}, func(p lookup.Progress) { emit(batchWent{p}) })
		}
		return batchEnded{err: err, stopped: errors.Is(err, context.Canceled)}
	})}
}

func (b *batchRun) key(msg tea.KeyPressMsg) screen.Step {
	r, some := b.selected()
	switch msg.String() {
	case "s":
		b.run.stop()
	case "enter":
		if some {
			return screen.Step{Open: newFound(b.f, r.Result)}
		}
	case "r":
		if b.run == nil && b.loaded && (len(b.left) > 0 || b.batch.Unseen > 0) {
			return b.goOn(len(b.left) == 0)
		}
		if !b.loaded {
			return b.read()
		}
	case "f":
		b.trouble = !b.trouble
		b.arrange()
	case "w":
		if len(b.rows) > 0 && b.f.Export != nil {
			return b.export()
		}
	default:
		b.cursor.Update(msg, len(b.shown))
	}
	return screen.Step{}
}

func (b *batchRun) export() screen.Step {
	f, batch, rows, left := b.f, b.batch, slices.Clone(b.rows), b.left
	return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
		path, err := f.Export(context.WithoutCancel(ctx), batch, rows, left)
		return batchExported{path, err}
	})}
}

// Keys of the batch.
func (b *batchRun) Keys() []screen.Key {
	var keys []screen.Key
	if b.run != nil {
		keys = append(keys, screen.NewKey("s", "visitors.key.stop-batch", "s"))
	}
	keys = append(keys, screen.NewKey("enter", "visitors.key.open", "enter").If(len(b.shown) > 0, "visitors.off.no-row"))
	switch {
	case b.run != nil:
	case len(b.left) > 0:
		keys = append(keys, screen.NewKey("r", "visitors.key.go-on", "r"))
	default:
		keys = append(keys, screen.NewKey("r", "visitors.key.ask-again", "r").If(b.batch.Unseen > 0, "visitors.off.all-seen"))
	}
	filter := screen.NewKey("f", "visitors.key.trouble", "f")
	if b.trouble {
		filter = screen.NewKey("f", "visitors.key.every-row", "f")
	}
	return append(keys, filter,
		screen.NewKey("w", "visitors.key.export", "w").If(len(b.rows) > 0, "visitors.off.no-row").If(b.f.Export != nil, "visitors.off.no-export"),
		screen.NewKey("j/k", "visitors.key.move", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	)
}
