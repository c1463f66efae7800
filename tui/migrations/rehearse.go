package migrations

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// rehearsal runs a guide in a sandbox and shows its steps as they pass.
// Leaving the screen stops it.
type rehearsal struct {
	d     Deps
	guide guide.Guide
	scope *screen.Scope
	since time.Time
	run   guide.Run // as far as it came
	seen  bool      // run is one
	ended bool
	err   error
}

func newRehearsal(d Deps, g guide.Guide) *rehearsal { return &rehearsal{d: d, guide: g} }

type (
	passedStep struct{ run guide.Run }
	rehearsed  struct {
		run guide.Run
		err error
	}
)

// Title names the screen.
func (r *rehearsal) Title(e screen.Env) string { return e.T("migrations.rehearsal") }

// Init begins the rehearsal.
func (r *rehearsal) Init(s *screen.Scope) screen.Step {
	r.scope = s
	return r.begin()
}

func (r *rehearsal) begin() screen.Step {
	r.since, r.seen, r.ended, r.err = r.d.Clock.Now(), false, false, nil
	return screen.Step{Cmd: r.scope.Stream(func(ctx context.Context, emit func(tea.Msg)) tea.Msg {
		run, err := r.d.Rehearse(ctx, r.guide.ID, func(run guide.Run, _ guide.Step) { emit(passedStep{run}) })
		return rehearsed{run, err}
	})}
}

// Update takes the steps as they pass.
func (r *rehearsal) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case passedStep:
		r.run, r.seen = msg.run, true
	case rehearsed:
		r.ended, r.err = true, msg.err
		if msg.run.Guide() != nil {
			r.run, r.seen = msg.run, true
		}
		return screen.Step{Changed: true}
	case tea.KeyPressMsg:
		switch {
		case msg.String() == "r" && r.ended:
			return r.begin()
		case msg.String() == "o" && r.ended && r.seen:
			return screen.Step{Open: newReport(r.d, r.run)}
		}
	}
	return screen.Step{}
}

// Draw shows the verdict or the progress, and the steps.
func (r *rehearsal) Draw(e screen.Env) screen.Frame {
	lines := []string{e.Theme.Title.Render(widget.Cut(r.guide.Title.In(e.Text.Lang()), e.Width, e.Theme.Glyphs.Cut)), ""}
	lines = append(lines, r.verdict(e)...)
	lines = append(lines, "")
	var list []string
	at := 0
	if r.seen {
		current, _ := r.run.Current()
		for _, v := range r.run.View(e.Text.Lang()) {
			if v.Step.ID == current.ID {
				at = len(list)
			}
			list = append(list, stepLine(e, v, v.Step.ID == current.ID && !r.ended, e.Width))
		}
		if current.ID == "" {
			at = len(list)
		}
	} else {
		for _, s := range r.guide.Steps {
			if s.InsteadOf == "" {
				list = append(list, "   "+widget.Cut(fmt.Sprintf("%2d %s", len(list)+1, s.Title.In(e.Text.Lang())), e.Width-3, e.Theme.Glyphs.Cut))
			}
		}
	}
	room := max(0, e.Height-len(lines))
	top := max(0, min(at-room/2, len(list)-room))
	return widget.Frame(append(lines, list[top:min(len(list), top+room)]...))
}

// verdict is how it stands: what runs, or how it ended.
func (r *rehearsal) verdict(e screen.Env) []string {
	switch {
	case !r.ended:
		words := e.T("migrations.rehearsing", locale.Params{"time": widget.Duration(e, max(e.Now.Sub(r.since), 0))})
		return styledLines(widget.Wrap(e.Theme.Glyphs.Wait+" "+words, e.Width), e.Theme.Accent)
	case r.err != nil:
		return widget.Problem(e, r.err, e.Width)
	}
	return []string{e.Theme.Good.Render(e.Theme.Glyphs.OK) + " " + widget.Cut(e.T("migrations.rehearsal.passed"), e.Width-3, e.Theme.Glyphs.Cut)}
}

// Trouble is why the rehearsal failed.
func (r *rehearsal) Trouble() error { return r.err }

// Keys of the screen.
func (r *rehearsal) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("r", "migrations.key.again", "r").If(r.ended, "migrations.rehearsing-now"),
		screen.NewKey("o", "migrations.key.report", "o").If(r.ended && r.seen, "migrations.rehearsing-now"),
	}
}
