package migrations

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// steps shows the steps of a run that are behind: what was answered, done and
// proven. From here an earlier answer is opened again.
type steps struct {
	d      Deps
	run    guide.Run
	cursor widget.List
	scroll scroll
	menu   bool  // what can be copied was asked for
	copied place // last
}

// newSteps shows a run's steps, beginning with the one of that id.
func newSteps(d Deps, run guide.Run, id string) *steps {
	s := &steps{d: d, run: run}
	for i, v := range run.View(locale.English) {
		if v.Step.ID == id {
			s.cursor.Selected = i
		}
	}
	return s
}

// before is the id of the step before the current one; "" when there is none.
func (s *step) before(p guide.Prompt) string {
	id := ""
	for _, v := range s.run.View(locale.English) {
		if v.Step.ID == p.Step.ID {
			break
		}
		id = v.Step.ID
	}
	return id
}

// lastEvidence is the id of the last step that proved or did something.
func (s *step) lastEvidence() string {
	id := ""
	for _, v := range s.run.View(locale.English) {
		if v.State == guide.Done && (v.Shown != "" || len(v.Calls) > 0) {
			id = v.Step.ID
		}
	}
	return id
}

// Title names the screen.
func (s *steps) Title(e screen.Env) string { return e.T("migrations.steps-title") }

// Init has nothing to read.
func (s *steps) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Resume goes back to the run: it was changed from here, or the question was
// left.
func (s *steps) Resume() screen.Step {
	if s.menu {
		s.menu = false
		return screen.Step{}
	}
	return screen.Step{Back: true}
}

// Update moves among the steps.
func (s *steps) Update(msg tea.Msg) screen.Step {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return screen.Step{}
	}
	views := s.run.View(locale.English)
	switch k.String() {
	case "b":
		if v := views[s.cursor.Selected]; s.canReopen(v) {
			return screen.Step{Open: reopening(s.d, s.run, v)}
		}
	case "y":
		return s.copy(views[s.cursor.Selected])
	case "pgdown", "pgup":
		s.scroll.key(k.String())
	default:
		if s.cursor.Update(k, len(views)) {
			s.scroll = scroll{}
		}
	}
	return screen.Step{}
}

// copy copies a step's evidence, or asks which of the values of its text: a form
// elsewhere may still be open when its step has been said to be done.
func (s *steps) copy(v guide.StepView) screen.Step {
	var all []copyable
	if v.Step.Kind == guide.Tell && v.State == guide.Done {
		all = codesOf(v.Text, v.Secrets)
	}
	if len(all) == 0 {
		return screen.Step{Copy: screen.Copy{Words: s.evidence(s.cursor.Selected), What: "migrations.copy.evidence"}}
	}
	s.menu = true
	return screen.Step{Open: newCopyMenu(s.d, s.run, all, v.Step.ID, &s.copied)}
}

func (s *steps) canReopen(v guide.StepView) bool {
	return s.run.Ended.IsZero() && (v.State == guide.Done || v.State == guide.GaveWay) && !v.Step.Irreversible()
}

// Draw shows the list at the left, the selected step at the right; in a
// narrow terminal one after the other.
func (s *steps) Draw(e screen.Env) screen.Frame {
	views := s.run.View(e.Text.Lang())
	current, _ := s.run.Current()
	v := views[min(s.cursor.Selected, len(views)-1)]
	if e.Width < besideWidth {
		rows := max(3, e.Height/3)
		lines := s.list(e, views, current.ID, e.Width, rows)
		part, _ := s.scroll.window(s.detail(e, v, e.Width), e.Height-len(lines)-1)
		return widget.Frame(append(append(lines, ""), part...))
	}
	w := listCells(e) + 3
	part, _ := s.scroll.window(s.detail(e, v, e.Width-w-3), e.Height)
	return widget.Frame(widget.Columns(e, s.list(e, views, current.ID, w, e.Height), w, part, e.Height))
}

func (s *steps) list(e screen.Env, views []guide.StepView, current string, width, height int) []string {
	var out []string
	from, to := s.cursor.Window(len(views), height)
	for i := from; i < to; i++ {
		mark := "  "
		if i == s.cursor.Selected {
			mark = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		out = append(out, mark+stepLine(e, views[i], views[i].Step.ID == current, width-2))
	}
	return out
}

// detail is everything the journal has of a step.
func (s *steps) detail(e screen.Env, v guide.StepView, width int) []string {
	lines := styledLines(widget.Wrap(fmt.Sprintf("%d  %s", v.Number, v.Title), width), e.Theme.Title)
	state := e.T("step.state." + string(v.State))
	if !v.At.IsZero() {
		state += "  " + e.Theme.Glyphs.Dot + "  " + v.At.UTC().Format("2006-01-02 15:04:05Z") + "  " + v.By
	}
	lines = append(lines, styledLines(widget.Wrap(state, width), e.Theme.Muted)...)
	if v.Shown != "" || len(v.Calls) > 0 || v.Word != "" {
		lines = append(append(lines, ""), outcome(e, v, width)...)
	}
	if len(v.Answers) > 0 {
		lines = append(lines, "")
	}
	for _, a := range v.Answers {
		value := a.Value
		if value == "" {
			value = "–"
		}
		lines = append(lines, styledLines(widget.Wrap(a.Name, width), e.Theme.Muted)...)
		lines = append(lines, widget.Indent(widget.Wrap(value, width-2), "  ")...)
	}
	for i := len(v.Failed) - 1; i >= 0; i-- {
		f := v.Failed[i]
		head := e.T("migrations.tried", locale.Params{"at": widget.Stamp(f.At), "by": f.By.String()})
		lines = append(append(lines, ""), widget.Wrap(head, width)...)
		lines = append(lines, "  "+e.Theme.Bad.Render(e.Theme.Glyphs.Bad)+"  "+widget.Cut(f.Code, width-6, e.Theme.Glyphs.Cut))
		lines = append(lines, widget.Indent(callLines(e, f.Calls, width-5), "     ")...)
	}
	if v.Step.Kind == guide.Tell {
		lines = append(append(lines, ""), prose(e, v.Text, width)...)
	}
	return lines
}

// evidence is the evidence of the i-th step, in the language in use.
func (s *steps) evidence(i int) func(screen.Env) string {
	return func(e screen.Env) string { return plainEvidence(s.run.View(e.Text.Lang())[i]) }
}

// plainEvidence is a step's evidence for a ticket.
func plainEvidence(v guide.StepView) string {
	out := fmt.Sprintf("%d. %s", v.Number, v.Title)
	if v.Shown != "" {
		out += "\n" + v.Shown
	}
	for _, c := range v.Calls {
		out += fmt.Sprintf("\n%s %s %d %s", c.Method, c.URL, c.Status, c.At.UTC().Format("2006-01-02 15:04:05Z"))
	}
	return out
}

// Keys of the screen.
func (s *steps) Keys() []screen.Key {
	views := s.run.View(locale.English)
	v := views[min(s.cursor.Selected, len(views)-1)]
	return []screen.Key{
		screen.NewKey("b", "migrations.key.reopen", "b").If(s.canReopen(v), "migrations.cannot-reopen"),
		screen.NewKey("y", "migrations.key.copy", "y"),
		screen.NewKey("j/k", "migrations.key.move", "j", "k", "up", "down", "g", "G").Hide(),
		screen.NewKey("pgdn", "migrations.key.scroll", "pgdown", "pgup").Hide(),
	}
}
