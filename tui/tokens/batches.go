package tokens

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// batches are the batches that are kept.
type batches struct {
	d      Deps
	scope  *screen.Scope
	all    []tokenbatch.Batch
	loaded bool
	err    error
	cursor widget.List
	sure   string // id of the batch that x was pressed on: once more removes it
}

type batchesRead struct {
	all []tokenbatch.Batch
	err error
}

// Title names the screen.
func (l *batches) Title(e screen.Env) string { return e.T("tokens.title") }

// Init reads what is kept.
func (l *batches) Init(s *screen.Scope) screen.Step {
	l.scope = s
	return l.Resume()
}

// Resume reads it again.
func (l *batches) Resume() screen.Step { return screen.Step{Cmd: l.scope.Run(l.read)} }

func (l *batches) read(ctx context.Context) tea.Msg {
	all, err := l.d.Batches.List(ctx)
	return batchesRead{all, err}
}

// Trouble is why nothing is shown.
func (l *batches) Trouble() error {
	if l.loaded {
		return nil
	}
	return l.err
}

// Update takes keys and what was read.
func (l *batches) Update(msg tea.Msg) screen.Step {
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
		n := newList(l.d)
		step := n.paste(msg)
		step.Open = n
		return step
	case tea.KeyPressMsg:
		return l.key(msg)
	}
	return screen.Step{}
}

func (l *batches) key(msg tea.KeyPressMsg) screen.Step {
	sure := l.sure
	l.sure = ""
	b, some := l.selected()
	switch msg.String() {
	case "a":
		return screen.Step{Open: newList(l.d)}
	case "enter":
		if some {
			return screen.Step{Open: newBatch(l.d, b.ID)}
		}
	case "x":
		if some {
			return l.remove(b, sure == b.ID)
		}
	case "r":
		return l.Resume()
	default:
		l.cursor.Update(msg, len(l.all))
	}
	return screen.Step{}
}

// remove asks once, and then forgets the batch. What is still needed to prove
// or to find out is refused by core, and its words say so.
func (l *batches) remove(b tokenbatch.Batch, sure bool) screen.Step {
	if !sure {
		l.sure = b.ID
		return screen.Say("tokens.sure")
	}
	return screen.Step{Changed: true, Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
		if err := l.d.Batches.Remove(context.WithoutCancel(ctx), b.ID, false); err != nil {
			return batchesRead{err: err}
		}
		return l.read(ctx)
	})}
}

func (l *batches) selected() (tokenbatch.Batch, bool) {
	if l.cursor.Selected >= len(l.all) {
		return tokenbatch.Batch{}, false
	}
	return l.all[l.cursor.Selected], true
}

// Draw lists the batches, or says what one is for.
func (l *batches) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	switch {
	case l.err != nil && !l.loaded:
		return widget.Frame(widget.Problem(e, l.err, w))
	case !l.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("tokens.reading"))})
	case len(l.all) == 0:
		return widget.Frame(widget.Head(none(e, w), e.Height, w, e.Theme.Glyphs.Cut))
	}
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("tokens.col.list"), Min: 12, Want: 26},
			{Title: widget.Key("tokens.col.done"), Min: 9, Want: 13},
			{Title: widget.Key("tokens.col.state"), Min: 12, Want: 34},
			{Title: widget.Key("tokens.col.made"), Min: 8, Want: 10, Drop: 1},
		},
		Rows: len(l.all), List: &l.cursor,
		Row: func(i int) []widget.Cell {
			b := l.all[i]
			words, style := stateOf(e, b)
			return []widget.Cell{
				{Text: nameOf(e, b)},
				{Text: fmt.Sprintf("%d / %d", b.Counts[tokenbatch.Done], b.Rows)},
				{Text: words, Style: style},
				{Text: widget.Ago(e, b.Made), Style: e.Theme.Muted},
			}
		},
	}
	return widget.Frame(t.Draw(e, e.Width, max(2, min(len(l.all)+1, e.Height))))
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

// Keys of the list.
func (l *batches) Keys() []screen.Key {
	some := len(l.all) > 0
	return []screen.Key{
		screen.NewKey("enter", "tokens.key.open", "enter").If(some, "tokens.off.no-batch"),
		screen.NewKey("a", "tokens.key.new", "a"),
		screen.NewKey("x", "tokens.key.remove", "x").If(some, "tokens.off.no-batch"),
		screen.NewKey("r", "tokens.key.read-again", "r").Hide(),
		screen.NewKey("j/k", "tokens.key.move", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
}
