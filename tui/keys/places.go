package keys

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// places lists where a key is in service, notes a new place, and takes one off.
type places struct {
	f       *family
	scope   *screen.Scope
	sum     core.KeySummary
	all     []core.Deployment
	list    widget.List
	input   widget.Input
	loaded  bool
	working bool
	err     error
}

func newPlaces(f *family, s core.KeySummary) *places {
	p := &places{f: f, sum: s, input: widget.NewInput(false)}
	p.input.SetValue(f.typed["place "+s.ID])
	p.input.Focus()
	return p
}

type placed struct {
	key  core.SigningKey
	said screen.Step
	err  error
}

// Title names the screen.
func (p *places) Title(e screen.Env) string { return e.T("keys.places.title") }

// Init reads the key.
func (p *places) Init(s *screen.Scope) screen.Step {
	p.scope = s
	return screen.Step{Cmd: p.f.load(s, p.sum.ID)}
}

// Capturing keeps letters for the new place.
func (p *places) Capturing() bool { return true }

// Leave keeps what was half typed.
func (p *places) Leave() screen.Step {
	p.f.typed["place "+p.sum.ID] = p.input.Value()
	return screen.Step{}
}

// Update handles keys and outcomes.
func (p *places) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case keyLoaded:
		if step, ok := p.f.gone(msg.id, msg.err); ok {
			return step
		}
		if p.err = msg.err; msg.err == nil {
			p.all, p.loaded = msg.key.Deployments, true
		}
	case placed:
		p.working = false
		if step, ok := p.f.gone(p.sum.ID, msg.err); ok {
			return step
		}
		if p.err = msg.err; msg.err != nil {
			return screen.Step{}
		}
		p.all = msg.key.Deployments
		p.list.Clamp(len(p.all))
		return msg.said
	case tea.PasteMsg:
		p.input.Update(msg)
	case tea.KeyPressMsg:
		return p.key(msg)
	}
	return screen.Step{}
}

func (p *places) key(msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "esc":
		return screen.Step{Back: true}
	case "up", "down", "pgup", "pgdown":
		p.list.Update(msg, len(p.all))
	case "enter":
		return p.add()
	case "ctrl+x":
		return p.takeOff()
	default:
		p.input.Update(msg)
		p.err = nil
	}
	return screen.Step{}
}

func (p *places) add() screen.Step {
	where := strings.TrimSpace(p.input.Value())
	if where == "" || p.working || !p.loaded {
		return screen.Step{}
	}
	return p.change("keys.places.noted", where, func(ctx context.Context) (core.SigningKey, error) {
		return p.f.Keys.Deploy(ctx, p.sum.ID, where)
	})
}

func (p *places) takeOff() screen.Step {
	if p.list.Selected >= len(p.all) || p.working {
		return screen.Step{}
	}
	where := p.all[p.list.Selected].Where
	return p.change("keys.places.off", where, func(ctx context.Context) (core.SigningKey, error) {
		return p.f.Keys.Undeploy(ctx, p.sum.ID, where)
	})
}

func (p *places) change(said, where string, do func(context.Context) (core.SigningKey, error)) screen.Step {
	p.working, p.err = true, nil
	if said == "keys.places.noted" {
		p.input.SetValue("")
	}
	return screen.Step{Cmd: p.scope.Run(func(ctx context.Context) tea.Msg {
		k, err := do(context.WithoutCancel(ctx))
		k.Secrets = nil
		return placed{k, screen.Say(said, locale.Params{"where": core.CleanLine(where)}).Then(screen.Step{Changed: true}), err}
	})}
}

// Draw lists the places and takes another.
func (p *places) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	lines := []string{e.Theme.Title.Render(widget.Cut(e.T("keys.places.head", locale.Params{"name": p.sum.Name}), w, e.Theme.Glyphs.Cut))}
	if e.Height >= 14 {
		lines = append(append(lines, ""), widget.Wrap(e.T("keys.places.what"), w)...)
	}
	lines = append(lines, "")
	var foot []string
	if p.err != nil {
		foot = append([]string{""}, widget.Problem(e, p.err, w)...)
	}
	switch {
	case !p.loaded && p.err == nil:
		return widget.Frame(append(lines, e.Theme.Muted.Render(e.T("keys.loading-one"))))
	case p.loaded && len(p.all) == 0:
		lines = append(lines, e.Theme.Muted.Render(e.T("keys.deployed.nowhere")))
	}
	from, to := p.list.Window(len(p.all), max(1, e.Height-len(lines)-len(foot)-3))
	for i := from; i < to; i++ {
		sign := "  "
		if i == p.list.Selected {
			sign = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		d := p.all[i]
		when := "  " + e.Theme.Muted.Render(core.CleanLine(widget.Stamp(d.At)+"  "+d.By))
		lines = append(lines, widget.CutStyled(sign+core.CleanLine(d.Where)+when, e.Width, e.Theme.Glyphs.Cut))
	}
	ask := e.T("keys.places.new") + "  "
	text, col := p.input.Draw(e, max(8, e.Width-ansi.StringWidth(ask)-2))
	lines = append(lines, "", e.Theme.Accent.Render(e.Theme.Glyphs.Current)+" "+ask+text)
	f := screen.Frame{}
	if col >= 0 {
		f.Cursor = tea.NewCursor(2+ansi.StringWidth(ask)+col, len(lines)-1)
	}
	f.Text = strings.Join(append(lines, foot...), "\n")
	return f
}

// Keys of the places.
func (p *places) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "keys.key.place-add", "enter").If(!p.working, "keys.off.busy"),
		screen.NewKey("ctrl+x", "keys.key.place-off", "ctrl+x").If(len(p.all) > 0, "keys.off.no-place").If(!p.working, "keys.off.busy"),
		screen.NewKey("esc", "key.back", "esc"),
	}
}
