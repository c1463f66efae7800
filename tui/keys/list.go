package keys

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// list is the section's root: all keys by account, a filter, and beside the
// table (or below it) what is known of the selected one.
type list struct {
	f     *family
	scope *screen.Scope

	all       []core.KeySummary
	shown     []int // indexes of all
	loaded    bool
	loading   bool
	stale     bool // something changed while it was being read
	err       error
	cursor    widget.List
	input     widget.Input // the filter
	filtering bool         // letters go into the filter

	pane   card // of the selected one; loaded when the cursor rests
	rested int  // counts the cursor's moves, so that only the last one loads
}

func newList(f *family) *list { return &list{f: f, input: widget.NewInput(false)} }

// rest is how long the cursor stays before the selected key is read whole.
const rest = time.Second

type (
	listed struct {
		all []core.KeySummary
		err error
	}
	restedMsg struct{ move int }
)

// Title names the screen.
func (l *list) Title(e screen.Env) string { return e.T("section.keys") }

// Init reads the list.
func (l *list) Init(s *screen.Scope) screen.Step {
	l.scope = s
	return l.reload()
}

// Resume reads the list again: a screen above may have changed it.
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
		all, err := l.f.Keys.List(ctx)
		return listed{all, err}
	})}
}

// Capturing keeps letters for the filter.
func (l *list) Capturing() bool { return l.filtering }

// Update handles keys and what was read.
func (l *list) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case listed:
		return l.listed(msg)
	case restedMsg:
		if s, ok := l.selected(); ok && msg.move == l.rested {
			return screen.Step{Cmd: l.f.load(l.scope, s.ID)}
		}
	case keyLoaded:
		if s, ok := l.selected(); ok && s.ID == msg.id {
			l.pane.take(msg)
		}
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
	l.all, l.loaded = msg.all, true
	clear(l.f.taken)
	for _, k := range msg.all {
		l.f.taken[strings.ToLower(k.Name)] = true
	}
	step := l.narrow(was.ID)
	if l.stale {
		return step.Then(l.reload())
	}
	return step
}

// narrow applies the filter and keeps the cursor on a key if it is in sight.
func (l *list) narrow(id string) screen.Step {
	terms := parseFilter(l.input.Value())
	l.shown = l.shown[:0]
	for i, k := range l.all {
		if matches(k, terms) {
			if k.ID == id {
				l.cursor.Selected = len(l.shown)
			}
			l.shown = append(l.shown, i)
		}
	}
	l.cursor.Clamp(len(l.shown))
	return l.moved()
}

func (l *list) refilter() screen.Step {
	was, _ := l.selected()
	return l.narrow(was.ID)
}

func (l *list) selected() (core.KeySummary, bool) {
	if l.cursor.Selected < 0 || l.cursor.Selected >= len(l.shown) {
		return core.KeySummary{}, false
	}
	return l.all[l.shown[l.cursor.Selected]], true
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
		l.pane = card{}
	}
	l.pane.sum = s
	l.rested++
	return screen.Step{Cmd: l.scope.After(rest, restedMsg{l.rested})}
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
		l.cursor.Update(msg, len(l.shown))
		return l.moved()
	}
	l.input.Update(msg)
	return l.refilter()
}

func (l *list) stopFiltering() {
	l.filtering = false
	l.input.Blur()
}

func (l *list) key(msg tea.KeyPressMsg) screen.Step {
	s, some := l.selected()
	switch k := msg.String(); k {
	case "/":
		l.filtering = true
		l.input.Focus()
	case "esc":
		if l.input.Value() != "" {
			l.input.SetValue("")
			return l.refilter()
		}
	case "a":
		return screen.Step{Open: l.f.addScreen()}
	case "enter":
		if some {
			return screen.Step{Open: newDetail(l.f, s)}
		}
	case "i":
		if l.f.Inspect != nil { // with whichever key signed it: which one is meant is often the question
			return screen.Step{Open: l.f.Inspect("")}
		}
	case "e":
		if l.f.Serve != nil {
			return screen.Step{Open: l.f.Serve()}
		}
	case "w":
		if l.f.Walk != nil {
			return screen.Step{Open: l.f.Walk()}
		}
	case "u":
		return l.reload()
	default:
		if some {
			if step, ok := l.f.open(k, s); ok {
				return step
			}
		}
		if l.cursor.Update(msg, len(l.shown)) {
			return l.moved()
		}
	}
	return screen.Step{}
}

// Keys are those of the list and of the selected key.
func (l *list) Keys() []screen.Key {
	if l.filtering {
		return []screen.Key{
			screen.NewKey("enter", "keys.key.filter-done", "enter"),
			screen.NewKey("esc", "keys.key.filter-off", "esc"),
		}
	}
	s, some := l.selected()
	on := l.f.rowKeys(s, some)
	keys := []screen.Key{
		screen.NewKey("enter", "keys.key.open", "enter").If(some, "keys.off.none"),
		screen.NewKey("a", "keys.key.add", "a"),
		on["mint"],
		screen.NewKey("i", "keys.key.inspect", "i").If(l.f.Inspect != nil, "keys.off.no-inspect"),
	}
	if l.input.Value() != "" {
		keys = append(keys, screen.NewKey("esc", "keys.key.filter-off", "esc"))
	}
	return append(keys,
		screen.NewKey("/", "keys.key.filter", "/").If(len(l.all) > 0, "keys.off.none"),
		screen.NewKey("e", "keys.key.serve", "e").If(l.f.Serve != nil, "keys.off.no-serve"),
		on["share"], on["copy"], on["snippet"].Hide(), on["deploy"].Hide(), on["retire"].Hide(), on["rename"].Hide(), on["replace"].Hide(), on["hide"].Hide(), on["remove"].Hide(),
		screen.NewKey("w", "keys.key.walk", "w").If(l.f.Walk != nil, "keys.off.no-walk").Hide(),
		screen.NewKey("u", "keys.key.reload", "u").Hide(),
	)
}
