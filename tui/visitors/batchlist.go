package visitors

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Batches looks lists of people up; lookup.Batches is one.
type Batches interface {
	Begin(ctx context.Context, name string, list lookup.List, o lookup.BeginOptions) (lookup.Batch, error)
	List(context.Context) ([]lookup.Batch, error)
	Rows(ctx context.Context, id string) (lookup.Batch, []lookup.Row, []lookup.Line, error)
	Run(ctx context.Context, id string, sources []lookup.Source, o lookup.RunOptions, emit func(lookup.Progress)) (lookup.Batch, error)
	Remove(ctx context.Context, id string) error
}

// batchList are the batches that are kept, and for how long.
type batchList struct {
	f      *family
	scope  *screen.Scope
	all    []lookup.Batch
	loaded bool
	err    error
	cursor widget.List
	sure   string // id of the batch that x was pressed on: once more removes it
}

type batchesRead struct {
	all []lookup.Batch
	err error
}

// Title names the screen.
func (l *batchList) Title(e screen.Env) string { return e.T("visitors.batches.title") }

// Init reads what is kept.
func (l *batchList) Init(s *screen.Scope) screen.Step {
	l.scope = s
	return l.Resume()
}

// Resume reads it again.
func (l *batchList) Resume() screen.Step { return screen.Step{Cmd: l.scope.Run(l.read)} }

func (l *batchList) read(ctx context.Context) tea.Msg {
	all, err := l.f.Batches.List(ctx)
	return batchesRead{all, err}
}

// Update takes keys and what was read.
func (l *batchList) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case batchesRead:
		if msg.err != nil && l.loaded {
			return screen.Fail(msg.err)
		}
		if l.err = msg.err; msg.err == nil {
			l.all, l.loaded = msg.all, true
			l.cursor.Clamp(len(l.all))
		}
	case tea.PasteMsg:
		n := newBatch(l.f)
		step := n.paste(msg)
		step.Open = n
		return step
	case tea.KeyPressMsg:
		return l.key(msg)
	}
	return screen.Step{}
}

func (l *batchList) key(msg tea.KeyPressMsg) screen.Step {
	sure := l.sure
	l.sure = ""
	b, some := l.selected()
	switch msg.String() {
	case "a":
		return screen.Step{Open: newBatch(l.f)}
	case "enter":
		if some {
			return screen.Step{Open: newBatchRun(l.f, b.ID, false)}
		}
	case "x":
		if !some {
			return screen.Step{}
		}
		if sure != b.ID {
			l.sure = b.ID
			return screen.Say("visitors.batches.sure")
		}
		return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
			if err := l.f.Batches.Remove(context.WithoutCancel(ctx), b.ID); err != nil {
				return batchesRead{err: err}
			}
			return l.read(ctx)
		})}
	case "r":
		return l.Resume()
	default:
		l.cursor.Update(msg, len(l.all))
	}
	return screen.Step{}
}

func (l *batchList) selected() (lookup.Batch, bool) {
	if l.cursor.Selected >= len(l.all) {
		return lookup.Batch{}, false
	}
	return l.all[l.cursor.Selected], true
}

// Draw lists the batches, or says what one is.
func (l *batchList) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	switch {
	case l.err != nil && !l.loaded:
		return widget.Frame(widget.Problem(e, l.err, w))
	case !l.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("visitors.batches.reading"))})
	case len(l.all) == 0:
		lines := []string{e.Theme.Title.Render(widget.Cut(e.T("visitors.batches.none"), w, e.Theme.Glyphs.Cut)), ""}
		lines = append(append(lines, widget.Wrap(e.T("visitors.batches.none.text"), w)...), "")
		return widget.Frame(widget.Head(append(lines, widget.Wrap(keptWords(e), w)...), e.Height, w, e.Theme.Glyphs.Cut))
	}
	kept := widget.Wrap(keptWords(e), w)
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("visitors.batches.col.name"), Min: 12, Want: 28},
			{Title: widget.Key("visitors.batches.col.done"), Min: 9, Want: 13},
			{Title: widget.Key("visitors.batches.col.state"), Min: 10, Want: 24},
			{Title: widget.Key("visitors.batches.col.kept"), Min: 8, Want: 10, Drop: 1},
		},
		Rows: len(l.all), List: &l.cursor,
		Row: func(i int) []widget.Cell {
			b := l.all[i]
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
			}
		},
	}
	lines := t.Draw(e, e.Width, max(2, min(len(l.all)+1, e.Height-len(kept)-1)))
	if e.Height > len(lines)+len(kept) {
		lines = append(append(lines, ""), kept...)
	}
	return widget.Frame(lines)
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

// Keys of the list.
func (l *batchList) Keys() []screen.Key {
	some := len(l.all) > 0
	return []screen.Key{
		screen.NewKey("enter", "visitors.key.open", "enter").If(some, "visitors.off.no-batch"),
		screen.NewKey("a", "visitors.key.new-batch", "a"),
		screen.NewKey("x", "visitors.key.remove", "x").If(some, "visitors.off.no-batch"),
		screen.NewKey("r", "visitors.key.read", "r").Hide(),
		screen.NewKey("j/k", "visitors.key.move", "j", "k", "up", "down", "pgup", "pgdown").Hide(),
	}
}
