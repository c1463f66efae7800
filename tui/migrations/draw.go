package migrations

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// The list of steps stands at the left from this width on.
const (
	besideWidth = 72
	listWidth   = 28
	listWide    = 38 // where there is room for whole titles
)

// listCells is how wide the list of steps is.
func listCells(e screen.Env) int {
	if e.Wide() {
		return listWide
	}
	return listWidth
}

// Draw shows the steps and the evidence at the left, the current step at the
// right; in a narrow terminal the steps fold to a line.
func (s *step) Draw(e screen.Env) screen.Frame {
	p, ok := s.prompt(e.Text.Lang())
	switch {
	case s.err != nil:
		return widget.Frame(widget.Problem(e, s.err, e.Width))
	case !ok:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("migrations.reading"))})
	}
	if e.Width < besideWidth {
		lines, cur := s.pane(e, p, e.Width, e.Height-1)
		if cur != nil {
			cur.Y++
		}
		f := widget.Frame(append([]string{s.folded(e, p)}, lines...))
		f.Cursor = cur
		return f
	}
	left := listCells(e)
	lines, cur := s.pane(e, p, e.Width-left-3, e.Height)
	if cur != nil {
		cur.X += left + 3
	}
	f := widget.Frame(widget.Columns(e, s.side(e, left, e.Height), left, lines, e.Height))
	f.Cursor = cur
	return f
}

// folded is the list of steps in one line.
func (s *step) folded(e screen.Env, p guide.Prompt) string {
	number, of, title := p.Number, p.Of, p.Title
	if v, ok := s.provenView(e.Text.Lang()); ok {
		number, title = v.Number, v.Title
	}
	text := fmt.Sprintf("%d/%d %s %s", number, of, e.Theme.Glyphs.Dot, title)
	return e.Theme.Title.Render(widget.Cut(text, e.Width, e.Theme.Glyphs.Cut))
}

// side is the list of steps, as much of it as leaves room for the last
// evidence below.
func (s *step) side(e screen.Env, width, height int) []string {
	views := s.run.View(e.Text.Lang())
	current, _ := s.run.Current()
	evidence := s.evidence(e, views, width)
	room := height
	if n := len(evidence); n > 0 && height >= 14 {
		room = max(height-n-1, min(len(views), height/2))
	} else {
		evidence = nil
	}
	at := 0
	var lines []string
	for i, v := range views {
		if v.Step.ID == current.ID {
			at = i
		}
		lines = append(lines, stepLine(e, v, v.Step.ID == current.ID, width))
	}
	top := max(0, min(at-room/2, len(lines)-room))
	lines = lines[top:min(len(lines), top+room)]
	if len(evidence) > 0 {
		lines = append(append(lines, ""), evidence...)
	}
	return lines
}

func stepLine(e screen.Env, v guide.StepView, current bool, width int) string {
	title := widget.Cut(fmt.Sprintf("%2d %s", v.Number, v.Title), width-3, e.Theme.Glyphs.Cut)
	switch {
	case current:
		title = e.Theme.Title.Render(title)
	case v.State == guide.GaveWay || v.State == guide.PassedOver:
		title = e.Theme.Muted.Render(title)
	}
	return stepMark(e, v.State, current) + " " + title
}

// evidence is what the last step proved that proved anything.
func (s *step) evidence(e screen.Env, views []guide.StepView, width int) []string {
	last := -1
	for i, v := range views {
		if v.State == guide.Done && v.Shown != "" {
			last = i
		}
	}
	if last < 0 {
		return nil
	}
	v := views[last]
	lines := []string{e.Theme.Muted.Render(e.T("migrations.evidence", locale.Params{"n": v.Number}))}
	lines = append(lines, widget.Head(widget.Wrap(v.Shown, width), evidenceLines, width, e.Theme.Glyphs.Cut)...)
	if n := len(v.Calls); n > 0 {
		lines = append(lines, callLines(e, v.Calls[n-1:], width)...)
	}
	return lines
}

// evidenceLines is how much of what a step proved stands below the list.
const evidenceLines = 5

// pane is the current step: what is to be read in the middle, which scrolls,
// and below it what is to be done, which always stays in sight.
func (s *step) pane(e screen.Env, p guide.Prompt, width, height int) ([]string, *tea.Cursor) {
	var lines []string
	if e.Width >= besideWidth {
		lines = append(lines, s.heading(e, p, width), "")
	}
	foot, cur := s.foot(e, p, width, height-len(lines))
	middle := s.middle(e, p, width)
	room := height - len(lines) - len(foot) - 1
	part, below := s.scroll.window(middle, room)
	if below > 0 && room > 2 {
		part, below = s.scroll.window(middle, room-1)
		part = append(part[:len(part):len(part)], e.Theme.Muted.Render(e.T("migrations.more-below", locale.Params{"n": below})))
	}
	lines = append(lines, part...)
	if len(part) > 0 {
		lines = append(lines, "")
	}
	if cur != nil {
		cur.Y += len(lines)
	}
	return append(lines, foot...), cur
}

func (s *step) heading(e screen.Env, p guide.Prompt, width int) string {
	number, title := p.Number, p.Title
	if v, ok := s.provenView(e.Text.Lang()); ok {
		number, title = v.Number, v.Title
	}
	return e.Theme.Title.Render(widget.Cut(fmt.Sprintf("%d  %s", number, title), width, e.Theme.Glyphs.Cut))
}

// provenView is the step whose outcome is on the screen.
func (s *step) provenView(lang locale.Lang) (guide.StepView, bool) {
	if s.proven == "" {
		return guide.StepView{}, false
	}
	for _, v := range s.run.View(lang) {
		if v.Step.ID == s.proven {
			return v, true
		}
	}
	return guide.StepView{}, false
}

// middle is what is to be read.
func (s *step) middle(e screen.Env, p guide.Prompt, width int) []string {
	if v, ok := s.provenView(e.Text.Lang()); ok {
		return outcome(e, v, width)
	}
	switch p.State {
	case guide.Unknown:
		return s.unknownWords(e, p, width)
	case guide.Lost:
		return append(s.lostWords(e, p, width), s.task(e, p, width)...)
	case guide.Failed:
		if s.work.step == "" {
			return append(append(s.failedWords(e, p, width), ""), s.task(e, p, width)...)
		}
	}
	return s.task(e, p, width)
}

// task is the step's own text, its link and what its action is called with.
func (s *step) task(e screen.Env, p guide.Prompt, width int) []string {
	lines := prose(e, p.Text, width)
	gap := func() {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
	}
	if p.Link != "" {
		gap()
		keys := e.T("migrations.link-keys")
		if s.typing { // letters go into the form
			keys = e.T("migrations.link-keys.typing")
		}
		lines = append(lines, e.Theme.Accent.Render(widget.Cut(p.Link, width, e.Theme.Glyphs.Cut)),
			e.Theme.Muted.Render(widget.Cut(keys, width, e.Theme.Glyphs.Cut)))
	}
	if len(p.Inputs) > 0 && (p.Step.Irreversible() || p.Confirm != nil || ansi.StringWidth(p.Text) < 240) {
		gap()
		lines = append(lines, inputLines(e, p.Inputs, width)...)
	}
	return lines
}

// inputLines are the values an action is called with, secrets as dots.
func inputLines(e screen.Env, inputs []guide.Input, width int) []string {
	label := 0
	for _, in := range inputs {
		label = max(label, ansi.StringWidth(in.Label))
	}
	label = min(label, widget.LabelWidth(width))
	var out []string
	for _, in := range inputs {
		if in.Value == "" {
			continue
		}
		name := "  " + widget.Pad(e.Theme.Muted.Render(widget.Cut(in.Label, label, e.Theme.Glyphs.Cut)), label)
		for i, l := range widget.Wrap(in.Words, max(width-label-5, 8)) {
			if i > 0 {
				name = strings.Repeat(" ", label+2)
			}
			out = append(out, name+"  "+l)
		}
	}
	return out
}

// outcome is what a step proved or did.
func outcome(e screen.Env, v guide.StepView, width int) []string {
	said := v.Shown
	if said == "" {
		said = e.T("migrations.step-done")
	}
	var lines []string
	for i, l := range widget.Wrap(said, width-3) {
		lead := "   "
		if i == 0 {
			lead = widget.Pad(e.Theme.Good.Render(e.Theme.Glyphs.OK), 2) + " "
		}
		lines = append(lines, lead+l)
	}
	if v.Word != "" {
		lines = append(lines, "")
		lines = append(lines, widget.Indent(widget.Wrap(e.T("guide.report.word."+v.Word, locale.Params{"by": v.By}), width-3), "   ")...)
	}
	if len(v.Calls) > 0 {
		lines = append(lines, "")
		lines = append(lines, widget.Indent(callLines(e, v.Calls, width-3), "   ")...)
	}
	return lines
}
