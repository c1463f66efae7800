package connections

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// list is the section's root: all connections, a filter, and beside the table
// (or below it) what is known of the selected one.
type list struct {
	f     *family
	scope *screen.Scope

	rows      filtered
	loaded    bool
	loading   bool
	stale     bool // something changed while it was being read
	err       error
	cursor    widget.List
	input     widget.Input // the filter
	filtering bool         // letters go into the filter

	busy   map[string]work // by connection id
	checks *checks         // a check of many that runs; nil: none

	pane   card // of the selected one; loaded when the cursor rests
	rested int  // counts the cursor's moves, so that only the last one loads
}

func newList(f *family) *list {
	return &list{f: f, input: widget.NewInput(false), busy: map[string]work{}}
}

// rest is how long the cursor stays before the selected connection is read
// whole: moving through ten thousand must neither decrypt nor draw ten
// thousand. What the list itself knows is beside the table at once.
const rest = time.Second

type (
	listed struct {
		rows  []row
		names map[string]bool // in use, lower case
		err   error
	}
	restedMsg struct{ move int }
)

// Title names the screen.
func (l *list) Title(e screen.Env) string { return e.T("section.connections") }

// Init reads the list.
func (l *list) Init(s *screen.Scope) screen.Step {
	l.scope = s
	return l.reload()
}

// Resume reads the list again: a screen above may have changed it, or written
// to the log.
func (l *list) Resume() screen.Step {
	l.pane.sum.Rev = 0
	return l.reload()
}

func (l *list) reload() screen.Step {
	if l.loading {
		l.stale = true
		return screen.Step{}
	}
	l.loading, l.stale = true, false
	return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
		sums, err := l.f.Connections.List(ctx)
		out := listed{rows: make([]row, len(sums)), names: make(map[string]bool, len(sums)), err: err}
		for i, s := range sums {
			out.rows[i] = l.f.row(s)
			out.names[strings.ToLower(s.Name)] = true
		}
		return out
	})}
}

// Trouble is why the selected connection was refused.
func (l *list) Trouble() error { return l.pane.trouble() }

// Capturing keeps letters for the filter.
func (l *list) Capturing() bool { return l.filtering }

// Update handles keys and the outcomes of work.
func (l *list) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case listed:
		return l.listed(msg)
	case restedMsg:
		if msg.move == l.rested {
			return l.loadPane()
		}
	case cardLoaded:
		if s, ok := l.selected(); ok && s.ID == msg.id {
			l.pane.take(msg)
		}
	case done:
		delete(l.busy, msg.sum.ID)
		return msg.say().Then(l.settled(msg))
	case checkBegun, checkDone, checksEnded:
		return l.checksMsg(msg)
	case tea.PasteMsg:
		if l.filtering {
			l.input.Update(msg)
			return l.refilter()
		}
	case tea.KeyPressMsg:
		if l.filtering {
			return l.filterKey(msg)
		}
		return l.key(msg)
	}
	return screen.Step{}
}

func (l *list) listed(msg listed) screen.Step {
	l.loading, l.err = false, msg.err
	if msg.err != nil && l.loaded {
		return screen.Fail(msg.err) // what was read before stays in sight
	} else if msg.err != nil {
		return screen.Step{}
	}
	was, _ := l.selected()
	l.f.taken = msg.names
	l.rows.set(msg.rows, l.f.Clock.Now())
	l.loaded = true
	l.keep(was.ID)
	if l.stale {
		return l.moved().Then(l.reload())
	}
	return l.moved()
}

// keep puts the cursor on a connection if it is in sight.
func (l *list) keep(id string) {
	if i := l.rows.place(id); i >= 0 {
		l.cursor.Selected = i
	}
	l.cursor.Clamp(len(l.rows.shown))
}

func (l *list) selected() (core.Summary, bool) {
	if l.cursor.Selected < 0 || l.cursor.Selected >= len(l.rows.shown) {
		return core.Summary{}, false
	}
	return l.rows.rows[l.rows.shown[l.cursor.Selected]].Summary, true
}

// moved makes the pane follow the cursor once it rests.
func (l *list) moved() screen.Step {
	s, ok := l.selected()
	if !ok {
		l.pane = card{}
		return screen.Step{}
	}
	if l.pane.sum.ID == s.ID && l.pane.sum.Rev == s.Rev {
		return screen.Step{}
	}
	if l.pane.sum.ID != s.ID {
		l.pane = card{f: l.f}
	}
	l.pane.sum = s
	l.rested++
	return screen.Step{Cmd: l.scope.After(rest, restedMsg{l.rested})}
}

func (l *list) loadPane() screen.Step {
	s, ok := l.selected()
	if !ok {
		return screen.Step{}
	}
	return screen.Step{Cmd: loadCard(l.f, l.scope, s.ID)}
}

// settled puts what a check or refresh saved into its row.
func (l *list) settled(d done) screen.Step {
	if d.err != nil {
		return screen.Step{}
	}
	l.rows.update(l.f.row(d.conn.Summary()))
	return l.moved().Then(screen.Step{Changed: true})
}

func (l *list) filterKey(msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "esc":
		l.input.SetValue("")
		l.stopFiltering()
		return l.refilter()
	case "enter":
		l.stopFiltering()
		return screen.Step{}
	case "up", "down", "pgup", "pgdown":
		l.cursor.Update(msg, len(l.rows.shown))
		return l.moved()
	}
	l.input.Update(msg)
	return l.refilter()
}

func (l *list) stopFiltering() {
	l.filtering = false
	l.input.Blur()
}

func (l *list) refilter() screen.Step {
	was, _ := l.selected()
	l.rows.apply(l.input.Value(), l.f.Clock.Now())
	l.keep(was.ID)
	return l.moved()
}

func (l *list) key(msg tea.KeyPressMsg) screen.Step {
	s, some := l.selected()
	switch k := msg.String(); k {
	case "/":
		l.filtering = true
		l.input.Focus()
	case "esc":
		return l.escape()
	case "a":
		return screen.Step{Open: l.f.addScreen()}
	case "enter":
		if some {
			return screen.Step{Open: newDetail(l.f, s)}
		}
	case "c", "r":
		if !some || l.busy[s.ID] != "" {
			return screen.Step{}
		}
		if k == "c" {
			l.busy[s.ID] = checking
			return screen.Step{Cmd: l.f.check(l.scope, s)}
		}
		l.busy[s.ID] = refreshing
		return screen.Step{Cmd: l.f.refresh(l.scope, s)}
	case "C":
		return l.checkAll()
	case "u":
		return l.reload()
	default:
		if some {
			if step, ok := l.f.open(k, s, false); ok {
				return step
			}
		}
		if l.cursor.Update(msg, len(l.rows.shown)) {
			return l.moved()
		}
	}
	return screen.Step{}
}

// escape stops the checks that run, else drops the filter.
func (l *list) escape() screen.Step {
	if l.checks != nil {
		l.checks.stop()
		return screen.Say("connections.checks.stopping")
	}
	if l.input.Value() != "" {
		l.input.SetValue("")
		return l.refilter()
	}
	return screen.Step{}
}

// Keys are those of the list and of the selected connection.
func (l *list) Keys() []screen.Key {
	if l.filtering {
		return []screen.Key{
			screen.NewKey("enter", "connections.key.filter-done", "enter"),
			screen.NewKey("esc", "connections.key.filter-off", "esc"),
		}
	}
	s, some := l.selected()
	on := l.f.rowKeys(s, some, l.busy[s.ID])
	keys := []screen.Key{
		screen.NewKey("enter", "connections.key.open", "enter").If(some, "connections.off.none"),
		screen.NewKey("a", "connections.key.add", "a"),
		on["check"],
		screen.NewKey("C", "connections.key.check-all", "C").If(l.checks == nil, "connections.off.checking").If(some, "connections.off.none"),
	}
	if on["migrate"].Reason == "" {
		keys = append(keys, on["migrate"])
	}
	if l.checks != nil {
		keys = append(keys, screen.NewKey("esc", "connections.key.stop", "esc"))
	} else if l.input.Value() != "" {
		keys = append(keys, screen.NewKey("esc", "connections.key.filter-off", "esc"))
	}
	keys = append(keys,
		screen.NewKey("/", "connections.key.filter", "/").If(len(l.rows.rows) > 0, "connections.off.none"),
		on["copy"], on["remove"].Hide(), on["consent"].Hide(), on["refresh"].Hide(), on["rename"].Hide(), on["edit"].Hide(), on["revoke"].Hide(),
		screen.NewKey("u", "connections.key.reload", "u").Hide(),
	)
	if on["migrate"].Reason != "" {
		keys = append(keys, on["migrate"].Hide())
	}
	return keys
}
