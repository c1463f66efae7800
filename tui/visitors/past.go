package visitors

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

const day = 24 * time.Hour

// past lists the look-ups that are remembered, and says for how long.
type past struct {
	f      *family
	scope  *screen.Scope
	memory lookup.Memory
	loaded bool
	err    error
	cursor widget.List
	sure   bool // x was pressed: once more forgets all
}

type remembered struct {
	memory lookup.Memory
	err    error
}

// Title names the screen.
func (p *past) Title(e screen.Env) string { return e.T("visitors.past.title") }

// Init reads what is remembered.
func (p *past) Init(s *screen.Scope) screen.Step {
	p.scope = s
	return screen.Step{Cmd: s.Run(p.read)}
}

func (p *past) read(ctx context.Context) tea.Msg {
	m, err := p.f.History.Read(ctx)
	return remembered{m, err}
}

// keep changes for how long look-ups are remembered.
func (p *past) keep(d time.Duration) screen.Step {
	return screen.Step{Cmd: p.scope.Run(func(ctx context.Context) tea.Msg {
		if err := p.f.History.Keep(context.WithoutCancel(ctx), d); err != nil {
			return remembered{err: err}
		}
		return p.read(ctx)
	})}
}

// Update takes keys and what was read.
func (p *past) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case remembered:
		if msg.err != nil && p.loaded {
			return screen.Fail(msg.err)
		}
		if p.err = msg.err; msg.err == nil {
			p.memory, p.loaded = msg.memory, true
			p.cursor.Clamp(len(p.memory.Past))
		}
	case tea.KeyPressMsg:
		return p.key(msg)
	}
	return screen.Step{}
}

func (p *past) key(msg tea.KeyPressMsg) screen.Step {
	sure := p.sure
	p.sure = false
	if !p.loaded {
		return screen.Step{}
	}
	switch msg.String() {
	case "d":
		return p.keep(day)
	case "w":
		return p.keep(7 * day)
	case "m":
		return p.keep(30 * day)
	case "x":
		if !sure && len(p.memory.Past) > 0 {
			p.sure = true
			return screen.Say("visitors.past.sure")
		}
		return p.keep(0)
	case "enter":
		if i := p.cursor.Selected; i < len(p.memory.Past) {
			p.f.next = typed(p.memory.Past[i].Query)
			return screen.Step{Back: true}
		}
	default:
		p.cursor.Update(msg, len(p.memory.Past))
	}
	return screen.Step{}
}

// typed is the text that is taken for the query again.
func typed(q lookup.Query) string {
	if len(q.Kinds) == 1 && !slices.Equal(lookup.Parse(q.Text).Kinds, q.Kinds) {
		return string(q.Kinds[0]) + ":" + q.Text
	}
	return q.Text
}

// Draw shows what is remembered.
func (p *past) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	switch {
	case p.err != nil:
		return widget.Frame(widget.Problem(e, p.err, w))
	case !p.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("visitors.past.reading"))})
	case p.memory.Keep <= 0:
		return widget.Frame(append([]string{e.Theme.Title.Render(e.T("visitors.past.off")), ""}, widget.Wrap(e.T("visitors.past.off.text"), w)...))
	}
	lines := widget.Wrap(e.T("visitors.past.on", locale.Params{"days": int(p.memory.Keep / day)}), w)
	if len(p.memory.Past) == 0 {
		return widget.Frame(append(append(lines, ""), widget.Wrap(e.T("visitors.past.none"), w)...))
	}
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("visitors.past.col.query"), Min: 14, Want: 40},
			{Title: widget.Key("visitors.past.col.when"), Min: 9, Want: 10},
			{Title: widget.Key("visitors.past.col.outcome"), Min: 12, Want: 20, Drop: 1},
		},
		Rows: len(p.memory.Past), List: &p.cursor,
		Row: func(i int) []widget.Cell {
			one := p.memory.Past[i]
			return []widget.Cell{
				{Text: typed(one.Query)},
				{Text: widget.Age(e, one.At), Style: e.Theme.Muted},
				{Text: e.T("visitors.outcome." + string(one.Outcome))},
			}
		},
	}
	return widget.Frame(append(append(lines, ""), t.Draw(e, e.Width, max(2, e.Height-len(lines)-1))...))
}

// Keys of the list.
func (p *past) Keys() []screen.Key {
	on := p.memory.Keep > 0
	return []screen.Key{
		screen.NewKey("enter", "visitors.key.again", "enter").If(len(p.memory.Past) > 0, "visitors.off.past-none"),
		screen.NewKey("d", "visitors.key.day", "d"),
		screen.NewKey("w", "visitors.key.week", "w"),
		screen.NewKey("m", "visitors.key.month", "m"),
		screen.NewKey("x", "visitors.key.forget", "x").If(on, "visitors.past.off"),
	}
}
