// Package deadlines shows what stops working when: of which connection, how
// soon, and what to do about it.
package deadlines

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Deps are what the screen needs.
type Deps struct {
	// List returns what has an end, soonest first: core.Deadlines.List.
	List func(context.Context) ([]core.Deadline, error)
	// Open makes the screen of a connection. nil: there is none.
	Open func(connectionID string) screen.Screen
}

// list is the section's root.
type list struct {
	d      Deps
	scope  *screen.Scope
	all    []core.Deadline
	loaded bool
	err    error
	cursor widget.List
}

// New makes the screen.
func New(d Deps) screen.Screen { return &list{d: d} }

type loaded struct {
	all []core.Deadline
	err error
}

// Title names the screen.
func (l *list) Title(e screen.Env) string { return e.T("section.deadlines") }

// Init reads the deadlines.
func (l *list) Init(s *screen.Scope) screen.Step {
	l.scope = s
	return l.read()
}

// Resume reads them again: the screen above may have settled one.
func (l *list) Resume() screen.Step { return l.read() }

func (l *list) read() screen.Step {
	return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
		all, err := l.d.List(ctx)
		return loaded{all, err}
	})}
}

// Update takes keys and what was read.
func (l *list) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case loaded:
		return l.take(msg)
	case tea.KeyPressMsg:
		switch msg.String() {
		case "enter":
			return l.open()
		case "r":
			return l.read()
		default:
			l.cursor.Update(msg, len(l.all))
		}
	}
	return screen.Step{}
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
	was, had := l.selected()
	l.all, l.loaded = msg.all, true
	for i, d := range l.all {
		if had && d.Subject == was.Subject && d.Code == was.Code {
			l.cursor.Selected = i
		}
	}
	l.cursor.Clamp(len(l.all))
	return screen.Step{}
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

func (l *list) open() screen.Step {
	if d, _ := l.selected(); l.canOpen() {
		return screen.Step{Open: l.d.Open(d.Subject.ID)}
	}
	return screen.Step{}
}

// Keys of the list.
func (l *list) Keys() []screen.Key {
	if len(l.all) == 0 {
		return []screen.Key{screen.NewKey("r", "deadlines.key.read", "r")}
	}
	return []screen.Key{
		screen.NewKey("enter", "deadlines.key.open", "enter").If(l.canOpen(), "deadlines.no-connection"),
		screen.NewKey("j/k", "deadlines.key.move", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
		screen.NewKey("r", "deadlines.key.read", "r"),
	}
}
