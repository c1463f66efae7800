package activity

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// detail shows one event whole.
type detail struct {
	event core.Event
	top   int
}

// Title names the event by its number.
func (d *detail) Title(e screen.Env) string {
	return e.T("log.event", locale.Params{"n": d.event.Seq})
}

// Init has nothing to read.
func (d *detail) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Update copies, or scrolls where the window is small.
func (d *detail) Update(msg tea.Msg) screen.Step {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return screen.Step{}
	}
	switch k.String() {
	case "y":
		return screen.Step{Copy: screen.Copy{Text: d.event.Hash, What: "log.copy.hash"}}
	case "down", "j":
		d.top++
	case "up", "k":
		d.top = max(0, d.top-1)
	}
	return screen.Step{}
}

// Trouble is the error that the event tells of.
func (d *detail) Trouble() error { return trouble(d.event) }

func trouble(ev core.Event) error {
	if ev.Code == "" {
		return nil
	}
	return &core.Error{On: ev.Subject.Name, Code: ev.Code, Class: core.Refused, Params: ev.Detail}
}

// Draw shows the event.
func (d *detail) Draw(e screen.Env) screen.Frame {
	lines := detailLines(e, d.event, e.Width)
	top := max(0, min(d.top, len(lines)-e.Height))
	return screen.Frame{Text: strings.Join(lines[top:min(len(lines), top+e.Height)], "\n")}
}

// Keys of the detail.
func (d *detail) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("y", "log.key.copy-hash", "y"),
		screen.NewKey("j/k", "log.key.scroll", "j", "k", "up", "down").Hide(),
	}
}

// detailLines are all facts of an event: what, when, who, why, and its place
// in the chain.
func detailLines(e screen.Env, ev core.Event, width int) []string {
	mark, style := tone(e, ev)
	var lines []string
	for i, s := range widget.Wrap(e.Text.Event(ev), width-3) {
		lead := "   "
		if i == 0 {
			lead = style.Render(mark) + " "
		}
		lines = append(lines, lead+e.Theme.Title.Render(s))
	}
	lines = append(lines, "")
	label := func(key, value string) {
		if value == "" {
			return
		}
		name := widget.Pad(e.Theme.Muted.Render(e.T("log.label."+key)), 12)
		for i, s := range widget.Wrap(value, max(width-13, 10)) {
			if i > 0 {
				name = strings.Repeat(" ", 12)
			}
			lines = append(lines, name+" "+s)
		}
	}
	label("when", widget.Ago(e, ev.At)+" "+e.Theme.Glyphs.Dot+" "+ev.At.UTC().Format("2006-01-02 15:04:05.000Z"))
	label("who", ev.Actor.String())
	label("terminal", ev.Actor.TTY)
	label("session", ev.Actor.Session)
	label("subject", ev.Subject.Name)
	label("id", strings.Trim(string(ev.Subject.Kind)+" "+ev.Subject.ID, " "))
	label("code", ev.Code)
	for _, k := range slices.Sorted(maps.Keys(ev.Detail)) {
		label("detail", k+" = "+ev.Detail[k])
	}
	lines = append(lines, "")
	label("number", strconv.FormatUint(ev.Seq, 10))
	label("hash", ev.Hash)
	label("prev", ev.Prev)
	return lines
}
