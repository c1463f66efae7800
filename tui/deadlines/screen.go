// Package deadlines shows what stops working when: of which connection, how
// soon, and what to do about it.
package deadlines

import (
	"context"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Deps are what the screen needs.
type Deps struct {
	// All returns what has an end, soonest first, with what was dismissed:
	// core.Deadlines.All.
	All func(context.Context) ([]core.Deadline, error)
	// Dismiss leaves one out until its date changes, Restore undoes that:
	// core.Deadlines.
	Dismiss func(ctx context.Context, id, reason string) (core.Deadline, error)
	Restore func(ctx context.Context, id string) (core.Deadline, error)
	// Open makes the screen of a connection. nil: there is none.
	Open func(connectionID string) screen.Screen
	// Tokens makes the screen of a list of old tokens, at one of its lines. nil:
	// there is none.
	Tokens func(batchID string, line int) screen.Screen
	// Guide makes the screen that begins a guide, nil where there is none of
	// that id. nil: there are no guides.
	Guide func(id, name string) screen.Screen
}

// list is the section's root.
type list struct {
	d      Deps
	scope  *screen.Scope
	read   []core.Deadline // all of them
	all    []core.Deadline // those shown
	hidden int             // how many are dismissed
	every  bool            // dismissed ones are shown, too
	last   string          // id of the one dismissed last: u undoes that
	loaded bool
	err    error
	cursor widget.List
}

// New makes the screen.
func New(d Deps) screen.Screen { return &list{d: d} }

type (
	loaded struct {
		all []core.Deadline
		err error
	}
	restored struct {
		deadline core.Deadline
		err      error
	}
)

// Title names the screen.
func (l *list) Title(e screen.Env) string { return e.T("section.deadlines") }

// Init reads the deadlines.
func (l *list) Init(s *screen.Scope) screen.Step {
	l.scope = s
	return l.again()
}

// Resume reads them again: the screen above may have settled one.
func (l *list) Resume() screen.Step { return l.again() }

func (l *list) again() screen.Step {
	return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
		all, err := l.d.All(ctx)
		return loaded{all, err}
	})}
}

// Update takes keys and what was read.
func (l *list) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case loaded:
		return l.take(msg)
	case restored:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		step := l.again().Then(screen.Say("deadlines.restored", locale.Params{"name": core.CleanLine(msg.deadline.Subject.Name)}))
		step.Changed = true
		return step
	case tea.KeyPressMsg:
		return l.key(msg)
	}
	return screen.Step{}
}

func (l *list) key(msg tea.KeyPressMsg) screen.Step {
	d, some := l.selected()
	switch msg.String() {
	case "enter":
		switch {
		case l.canOpen():
			return screen.Step{Open: l.d.Open(d.Subject.ID)}
		case l.hasList():
			line, _ := strconv.Atoi(d.Detail[tokenbatch.DetailLine]) // 0: at the top
			return screen.Step{Open: l.d.Tokens(d.Detail[tokenbatch.DetailBatch], line)}
		}
	case "m":
		if l.hasGuide() {
			if s := l.d.Guide(d.Guide, d.Subject.Name); s != nil {
				return screen.Step{Open: s}
			}
		}
	case "x":
		if some && d.Dismissed == nil && l.d.Dismiss != nil {
			return screen.Step{Open: newDismiss(l, d)}
		}
	case "u":
		if id := l.undoes(); id != "" {
			l.last = ""
			return l.restore(id)
		}
	case "a":
		if l.every || l.hidden > 0 {
			l.every = !l.every
			l.arrange()
		}
	case "r":
		return l.again()
	default:
		l.cursor.Update(msg, len(l.all))
	}
	return screen.Step{}
}

// undoes is the id of the deadline that u lets count again: the selected one,
// else the one dismissed last.
func (l *list) undoes() string {
	if d, _ := l.selected(); d.Dismissed != nil {
		return d.ID
	}
	return l.last
}

func (l *list) restore(id string) screen.Step {
	return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
		d, err := l.d.Restore(context.WithoutCancel(ctx), id)
		return restored{d, err}
	})}
}

// take keeps the cursor on the deadline it was on. What was read before stays
// on the screen when reading fails.
func (l *list) take(msg loaded) screen.Step {
	l.err = msg.err
	if msg.err != nil {
		if l.loaded {
			return screen.Fail(msg.err)
		}
		return screen.Step{}
	}
	l.read, l.loaded = msg.all, true
	l.arrange()
	return screen.Step{}
}

// arrange chooses what is shown.
func (l *list) arrange() {
	was, had := l.selected()
	l.all, l.hidden = nil, 0
	for _, d := range l.read {
		if d.Dismissed != nil {
			l.hidden++
		}
		if d.Dismissed == nil || l.every {
			l.all = append(l.all, d)
		}
	}
	l.every = l.every && l.hidden > 0
	for i, d := range l.all {
		if had && d.ID == was.ID {
			l.cursor.Selected = i
		}
	}
	l.cursor.Clamp(len(l.all))
}

func (l *list) selected() (core.Deadline, bool) {
	if l.cursor.Selected >= len(l.all) {
		return core.Deadline{}, false
	}
	return l.all[l.cursor.Selected], true
}

func (l *list) canOpen() bool {
	d, ok := l.selected()
	return ok && l.d.Open != nil && d.Subject.Kind == core.KindConnection
}

// hasList reports whether the selected one is of a line of a list of old tokens.
func (l *list) hasList() bool {
	d, ok := l.selected()
	return ok && l.d.Tokens != nil && d.Subject.Kind == core.KindTokenRow && d.Detail[tokenbatch.DetailBatch] != ""
}

func (l *list) hasGuide() bool {
	d, ok := l.selected()
	return ok && l.d.Guide != nil && d.Guide != ""
}

// Keys of the list.
func (l *list) Keys() []screen.Key {
	dismissed := screen.NewKey("a", "deadlines.key.all", "a").If(l.hidden > 0, "deadlines.none-dismissed")
	if l.every {
		dismissed = screen.NewKey("a", "deadlines.key.counting", "a")
	}
	undo := screen.NewKey("u", "deadlines.key.undo", "u").If(l.undoes() != "", "deadlines.nothing-to-undo")
	read := screen.NewKey("r", "deadlines.key.read", "r")
	d, some := l.selected()
	if !some {
		return []screen.Key{undo, dismissed, read}
	}
	open := screen.NewKey("enter", "deadlines.key.open", "enter").If(l.canOpen(), "deadlines.no-connection")
	if l.hasList() {
		open = screen.NewKey("enter", "deadlines.key.open-list", "enter")
	}
	return []screen.Key{
		open,
		screen.NewKey("m", "deadlines.key.guide", "m").If(l.hasGuide(), "deadlines.no-guide"),
		screen.NewKey("x", "deadlines.key.dismiss", "x").If(d.Dismissed == nil, "deadlines.dismissed-already").If(l.d.Dismiss != nil, "deadlines.no-dismissing"),
		undo, dismissed, read,
		screen.NewKey("j/k", "deadlines.key.move", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
}
