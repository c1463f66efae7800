// Package activity is the log: who did what, when, newest first, and whether
// the chain of its lines is whole.
package activity

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Deps are what the screen needs; core.EventLog has both.
type Deps struct {
	// Before returns at most limit events, newest first, numbered below seq;
	// 0 starts at the newest.
	Before func(ctx context.Context, seq uint64, limit int) ([]core.Event, error)
	// Verify walks the chain and returns its length and its last hash.
	Verify func(ctx context.Context) (n uint64, last string, err error)
}

const (
	// page is how many events are read at once: a screen's worth many times
	// over, in well under a frame's time.
	page = 500
	// ahead is how near to the end of what was read the cursor may come before
	// the next page is fetched.
	ahead = 100
)

// log is the section's root.
type log struct {
	d     Deps
	scope *screen.Scope

	events  []core.Event // newest first, without a gap
	hay     []string     // what the filter looks at, for each event
	all     bool         // events goes back to the first one
	reading bool
	started bool // a first page was read, or could not be
	err     error

	cursor    widget.List
	filter    widget.Input
	filtering bool // the filter takes the keys
	shown     matches

	verifying bool
	verdict   verdict
}

// verdict is what Verify found.
type verdict struct {
	known bool
	n     uint64
	last  string
	err   error
}

// New makes the screen.
func New(d Deps) screen.Screen { return &log{d: d, filter: widget.NewInput(false)} }

type (
	// read is a page. fresh ones are those that were written since.
	read struct {
		events []core.Event
		fresh  bool
		err    error
	}
	verified struct{ verdict }
)

// Title names the screen.
func (l *log) Title(e screen.Env) string { return e.T("section.log") }

// Init reads the newest page.
func (l *log) Init(s *screen.Scope) screen.Step {
	l.scope = s
	return l.readMore()
}

// Resume reads what was written since.
func (l *log) Resume() screen.Step { return l.readNew() }

// Capturing keeps letters for the filter.
func (l *log) Capturing() bool { return l.filtering }

// Trouble is the error that the selected event tells of.
func (l *log) Trouble() error {
	ev, _ := l.selected()
	return trouble(ev)
}

// readMore fetches the page before the oldest event read.
func (l *log) readMore() screen.Step {
	if l.reading || l.all {
		return screen.Step{}
	}
	l.reading = true
	var below uint64
	if n := len(l.events); n > 0 {
		below = l.events[n-1].Seq
	}
	return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
		events, err := l.d.Before(ctx, below, page)
		return read{events: events, err: err}
	})}
}

// readNew fetches what was written since the newest event read. More than a
// page of it means starting over.
func (l *log) readNew() screen.Step {
	if l.reading {
		return screen.Step{}
	}
	l.reading = true
	return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
		events, err := l.d.Before(ctx, 0, page)
		return read{events: events, fresh: true, err: err}
	})}
}

// Update takes keys and what was read.
func (l *log) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case read:
		return l.take(msg)
	case verified:
		l.verifying, l.verdict = false, msg.verdict
		l.verdict.known = true
	case tea.PasteMsg:
		if l.filtering {
			l.filter.Update(msg)
			return l.refiltered()
		}
	case tea.KeyPressMsg:
		if l.filtering {
			return l.filterKey(msg)
		}
		return l.key(msg)
	}
	return screen.Step{}
}

func (l *log) key(msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "enter":
		if e, ok := l.selected(); ok {
			return screen.Step{Open: &detail{event: e}}
		}
	case "/":
		l.filtering = true
		l.filter.Focus()
	case "v":
		return l.verify()
	case "r":
		return l.readNew()
	case "esc", "backspace":
		if l.filter.Value() != "" {
			l.filter.SetValue("")
			return l.refiltered()
		}
	default:
		l.cursor.Update(msg, l.rows())
		return l.ensure()
	}
	return screen.Step{}
}

func (l *log) filterKey(msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "enter":
		l.filtering = false
		l.filter.Blur()
		return screen.Step{}
	case "esc":
		l.filtering = false
		l.filter.Blur()
		l.filter.SetValue("")
		return l.refiltered()
	case "up", "down", "pgup", "pgdown":
		l.cursor.Update(msg, l.rows())
		return l.ensure()
	}
	l.filter.Update(msg)
	return l.refiltered()
}

// refiltered goes to the newest match and reads on: a filter is for the whole
// log, not for what happens to be read.
func (l *log) refiltered() screen.Step {
	l.cursor.Selected = 0
	return l.ensure()
}

// ensure fetches the next page when the cursor comes near the end, or while
// a filter has not looked at everything.
func (l *log) ensure() screen.Step {
	if l.filter.Value() != "" || l.cursor.Selected+ahead >= l.rows() {
		return l.readMore()
	}
	return screen.Step{}
}

func (l *log) take(msg read) screen.Step {
	l.reading, l.started = false, true
	if msg.err != nil {
		l.err = msg.err
		if len(l.events) > 0 {
			return screen.Fail(msg.err)
		}
		return screen.Step{}
	}
	l.err = nil
	if msg.fresh {
		l.takeNew(msg.events)
		return screen.Step{}
	}
	l.add(msg.events)
	l.all = len(msg.events) < page
	if l.filter.Value() != "" {
		return l.readMore()
	}
	return screen.Step{}
}

func (l *log) add(events []core.Event) {
	for _, e := range events {
		l.events = append(l.events, e)
		l.hay = append(l.hay, haystack(e))
	}
}

// takeNew puts what is new before the rest and keeps the cursor on its event.
func (l *log) takeNew(events []core.Event) {
	var newest uint64
	if len(l.events) > 0 {
		newest = l.events[0].Seq
	}
	n := 0
	for n < len(events) && events[n].Seq > newest {
		n++
	}
	if n == 0 {
		return
	}
	if l.verdict.err == nil {
		l.verdict = verdict{} // it did not count these
	}
	was, rest, hay := l.cursor.Selected, l.events, l.hay
	l.events, l.hay, l.shown = nil, nil, matches{}
	l.add(events[:n])
	if n == len(events) && newest > 0 && events[n-1].Seq != newest+1 {
		l.all, l.cursor.Selected = false, 0 // a gap: the older ones are read again when needed
		return
	}
	if newest == 0 {
		l.all = n < page
	}
	l.events, l.hay = append(l.events, rest...), append(l.hay, hay...)
	if was > 0 && l.filter.Value() == "" {
		l.cursor.Selected = was + n
	}
}

func (l *log) selected() (core.Event, bool) {
	if l.cursor.Selected >= l.rows() {
		return core.Event{}, false
	}
	return l.row(l.cursor.Selected), true
}

func (l *log) verify() screen.Step {
	if l.verifying {
		return screen.Step{}
	}
	l.verifying = true
	return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
		n, last, err := l.d.Verify(ctx)
		return verified{verdict{n: n, last: last, err: err}}
	})}
}

// Keys of the log.
func (l *log) Keys() []screen.Key {
	if l.filtering {
		return []screen.Key{
			screen.NewKey("enter", "log.key.keep", "enter"),
			screen.NewKey("esc", "log.key.clear", "esc"),
		}
	}
	_, some := l.selected()
	keys := []screen.Key{
		screen.NewKey("enter", "log.key.open", "enter").If(some, "log.nothing-selected"),
		screen.NewKey("/", "log.key.filter", "/"),
		screen.NewKey("v", "log.key.verify", "v").If(!l.verifying, "log.verifying"),
		screen.NewKey("r", "log.key.read", "r"),
		screen.NewKey("j/k", "log.key.move", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
	if l.filter.Value() != "" {
		keys = append(keys, screen.NewKey("esc", "log.key.clear", "esc"))
	}
	return keys
}
