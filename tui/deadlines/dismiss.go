package deadlines

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// dismiss asks for the reason why a deadline shall not be shown, and says for
// how long that holds.
type dismiss struct {
	list     *list
	scope    *screen.Scope
	deadline core.Deadline
	reason   widget.Input
	busy     bool
}

type dismissed struct{ err error }

func newDismiss(l *list, d core.Deadline) *dismiss {
	s := &dismiss{list: l, deadline: d, reason: widget.NewInput(false)}
	s.reason.Focus()
	return s
}

// Title names the question.
func (s *dismiss) Title(e screen.Env) string { return e.T("deadlines.dismiss.title") }

// Init begins.
func (s *dismiss) Init(scope *screen.Scope) screen.Step {
	s.scope = scope
	return screen.Step{}
}

// Capturing keeps letters for the reason.
func (s *dismiss) Capturing() bool { return true }

// Update takes the reason.
func (s *dismiss) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case dismissed:
		s.busy = false
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		s.list.last = s.deadline.ID
		step := screen.Say("deadlines.dismissed", locale.Params{"name": core.CleanLine(s.deadline.Subject.Name)})
		step.Back, step.Changed = true, true
		return step
	case tea.PasteMsg:
		s.reason.Update(msg)
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc":
			return screen.Step{Back: true}
		case "enter":
			return s.save()
		default:
			s.reason.Update(msg)
		}
	}
	return screen.Step{}
}

func (s *dismiss) save() screen.Step {
	if s.busy {
		return screen.Step{}
	}
	s.busy = true
	id, reason, do := s.deadline.ID, s.reason.Value(), s.list.d.Dismiss
	return screen.Step{Cmd: s.scope.Run(func(ctx context.Context) tea.Msg {
		_, err := do(context.WithoutCancel(ctx), id, reason)
		return dismissed{err}
	})}
}

// Draw shows what is dismissed, the question and what follows.
func (s *dismiss) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	lines := []string{e.Theme.Title.Render(widget.Cut(s.deadline.Subject.Name, w, e.Theme.Glyphs.Cut))}
	lines = append(lines, widget.Wrap(sentence(e, s.deadline), w)...)
	lines = append(lines, e.Theme.Muted.Render(widget.Stamp(s.deadline.At)), "")
	lines = append(lines, widget.Wrap(e.T("deadlines.dismiss.reason"), w)...)
	text, column := s.reason.Draw(e, w-2)
	lines = append(lines, e.Theme.Accent.Render(">")+" "+text)
	f := widget.Frame(nil)
	if column >= 0 {
		f.Cursor = tea.NewCursor(2+column, len(lines)-1)
	}
	if room := e.Height - len(lines) - 1; room > 0 {
		more := widget.Wrap(e.T("deadlines.dismiss.text"), w)
		lines = append(append(lines, ""), widget.Head(more, room, w, e.Theme.Glyphs.Cut)...)
	}
	f.Text = widget.Frame(lines).Text
	return f
}

// Keys of the question.
func (s *dismiss) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "deadlines.key.dismiss-now", "enter"),
		screen.NewKey("esc", "deadlines.key.keep", "esc"),
	}
}
