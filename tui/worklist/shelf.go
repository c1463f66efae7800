package worklist

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Shelf is the screen of the batches that are kept.
type Shelf[B any] struct {
	List   func(context.Context) ([]B, error)
	Forget func(context.Context, B) error
	ID     func(B) string
	Open   func(B) screen.Screen // one batch
	New    func() Taker          // takes a new list
	Words  Words
	// Counted: how many there are shows elsewhere, too.
	Counted bool

	Columns []widget.Column
	Row     func(screen.Env, B) []widget.Cell
	None    func(e screen.Env, width int) []string // teaches what a batch is while there is none
	Foot    func(e screen.Env, width int) []string // below the batches; nil: nothing

	scope  *screen.Scope
	all    []B
	loaded bool
	err    error
	cursor widget.List
	sure   string // id of the batch that x was pressed on: once more forgets it
}

// Words are the locale keys of a shelf.
type Words struct {
	Title, Reading, Sure              string
	Open, New, Forget, Read, Move, No string // of its keys; No: why there is nothing to open
}

// Taker is a screen that takes a list, which may be pasted before it is open.
type Taker interface {
	screen.Screen
	Paste(tea.PasteMsg) screen.Step
}

type shelfRead[B any] struct {
	all []B
	err error
}

// Title names the screen.
func (s *Shelf[B]) Title(e screen.Env) string { return e.T(s.Words.Title) }

// Init reads what is kept.
func (s *Shelf[B]) Init(scope *screen.Scope) screen.Step {
	s.scope = scope
	return s.Resume()
}

// Resume reads it again.
func (s *Shelf[B]) Resume() screen.Step { return screen.Step{Cmd: s.scope.Run(s.read)} }

func (s *Shelf[B]) read(ctx context.Context) tea.Msg {
	all, err := s.List(ctx)
	return shelfRead[B]{all, err}
}

// Trouble is why nothing is shown.
func (s *Shelf[B]) Trouble() error {
	if s.loaded {
		return nil
	}
	return s.err
}

// Update takes keys, a pasted list and what was read.
func (s *Shelf[B]) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case shelfRead[B]:
		if msg.err != nil && s.loaded {
			return screen.Fail(msg.err)
		}
		if s.err = msg.err; msg.err == nil {
			s.all, s.loaded = msg.all, true
			s.cursor.Clamp(len(s.all))
		}
	case tea.PasteMsg:
		n := s.New()
		step := n.Paste(msg)
		step.Open = n
		return step
	case tea.KeyPressMsg:
		return s.key(msg)
	}
	return screen.Step{}
}

func (s *Shelf[B]) key(msg tea.KeyPressMsg) screen.Step {
	sure := s.sure
	s.sure = ""
	b, some := s.selected()
	switch msg.String() {
	case "a":
		return screen.Step{Open: s.New()}
	case "enter":
		if some {
			return screen.Step{Open: s.Open(b)}
		}
	case "x":
		if some {
			return s.forget(b, sure == s.ID(b))
		}
	case "r":
		return s.Resume()
	default:
		s.cursor.Update(msg, len(s.all))
	}
	return screen.Step{}
}

// forget asks once, and then forgets the batch.
func (s *Shelf[B]) forget(b B, sure bool) screen.Step {
	if !sure {
		s.sure = s.ID(b)
		return screen.Say(s.Words.Sure)
	}
	return screen.Step{Changed: s.Counted, Cmd: s.scope.Run(func(ctx context.Context) tea.Msg {
		if err := s.Forget(context.WithoutCancel(ctx), b); err != nil {
			return shelfRead[B]{err: err}
		}
		return s.read(ctx)
	})}
}

func (s *Shelf[B]) selected() (b B, ok bool) {
	if s.cursor.Selected >= len(s.all) {
		return b, false
	}
	return s.all[s.cursor.Selected], true
}

// Draw lists the batches, or says what one is.
func (s *Shelf[B]) Draw(e screen.Env) screen.Frame {
	if f, ok := Unread(e, s.err, s.loaded, s.Words.Reading); ok {
		return f
	}
	w := widget.Readable(e.Width)
	if len(s.all) == 0 {
		return widget.Frame(widget.Head(s.None(e, w), e.Height, w, e.Theme.Glyphs.Cut))
	}
	var foot []string
	if s.Foot != nil {
		foot = append([]string{""}, s.Foot(e, w)...)
	}
	t := widget.Table{Columns: s.Columns, Rows: len(s.all), List: &s.cursor, Row: func(i int) []widget.Cell { return s.Row(e, s.all[i]) }}
	lines := t.Draw(e, e.Width, max(2, min(len(s.all)+1, e.Height-len(foot))))
	if e.Height >= len(lines)+len(foot) {
		lines = append(lines, foot...)
	}
	return widget.Frame(lines)
}

// Keys of the shelf.
func (s *Shelf[B]) Keys() []screen.Key {
	some := len(s.all) > 0
	return []screen.Key{
		screen.NewKey("enter", s.Words.Open, "enter").If(some, s.Words.No),
		screen.NewKey("a", s.Words.New, "a"),
		screen.NewKey("x", s.Words.Forget, "x").If(some, s.Words.No),
		screen.NewKey("r", s.Words.Read, "r").Hide(),
		Move(s.Words.Move),
	}
}
