package migrations

import (
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// foot is what is to be done now: the form, the word, the wait. It takes at
// most height lines.
func (s *step) foot(e screen.Env, p guide.Prompt, width, height int) ([]string, *tea.Cursor) {
	hint := func(key string, params ...locale.Params) ([]string, *tea.Cursor) {
		return first(widget.Wrap(e.T(key, params...), width), height), nil
	}
	switch {
	case s.work.step != "":
		return first(s.working(e, p, width), height), nil
	case s.proven != "":
		return hint("migrations.next", locale.Params{"n": p.Number, "title": p.Title})
	case p.NotBefore.After(e.Now):
		return first(s.waiting(e, p, width), height), nil
	case p.State == guide.Running:
		begun := s.run.Steps[p.Step.ID]
		return hint("migrations.elsewhere", locale.Params{"by": begun.By.String(), "ago": widget.Ago(e, begun.Begun)})
	case p.State == guide.Unknown, p.State == guide.Lost:
		return nil, nil
	case p.Blocked != nil:
		return first(widget.Problem(e, p.Blocked, width), height), nil
	case s.form != nil:
		lines, cur := s.form.Draw(e, width, max(3, height*2/3))
		if !s.typing {
			cur = nil
		}
		return lines, cur
	case p.State == guide.Failed && !s.typing: // what can be done stands above
		return nil, nil
	case p.Confirm != nil:
		return s.askWord(e, p, width, height)
	case p.Step.Kind == guide.Tell:
		return hint("migrations.tell")
	case p.Step.Kind == guide.Prove:
		return hint("migrations.prove")
	}
	return hint("migrations.do")
}

func first(lines []string, n int) []string { return lines[:min(len(lines), n)] }

// askWord says what can't be undone and whether it was rehearsed, and asks for
// the word that confirms. The cursor stands there also while the screen's keys
// work: the word's first letter begins it.
func (s *step) askWord(e screen.Env, p guide.Prompt, width, height int) ([]string, *tea.Cursor) {
	var lines []string
	for i, l := range widget.Wrap(p.Confirm.Text, width-3) {
		lead := "   "
		if i == 0 {
			lead = e.Theme.Warn.Render(widget.Pad(e.Theme.Glyphs.Warn, 3))
		}
		lines = append(lines, lead+e.Theme.Warn.Render(l))
	}
	said := rehearsedWords(e, s.rehearsal, s.rehearsal.GuideID != "")
	if s.run.Sandbox {
		said = e.T("migrations.in-sandbox")
	}
	if len(lines)+4 < height {
		lines = append(lines, "")
	}
	lines = append(lines, widget.Indent(styledLines(widget.Wrap(said, width-3), e.Theme.Muted), "   ")...)
	if len(lines)+2 < height {
		lines = append(lines, "")
	}
	lines = first(lines, height-1)
	ask := widget.Cut(e.T("migrations.type-word", locale.Params{"word": p.Confirm.Word}), width-12, e.Theme.Glyphs.Cut) + " "
	text, col := s.word.Draw(e, max(width-ansi.StringWidth(ask), 4))
	lines = append(lines, e.Theme.Accent.Render(ask)+text)
	if col < 0 {
		return lines, nil
	}
	return lines, tea.NewCursor(ansi.StringWidth(ask)+col, len(lines)-1)
}

// working says what is awaited, for how long, and that it can be left.
func (s *step) working(e screen.Env, p guide.Prompt, width int) []string {
	key := "migrations.working"
	if p.Step.Action.Name == "" {
		key = "migrations.saving"
	}
	words := e.T(key, locale.Params{
		"vendor": vendor(e, s.run.Guide().Platform), "action": p.Step.Action.Name,
		"time": widget.Duration(e, max(e.Now.Sub(s.work.since), 0)),
	})
	lines := styledLines(widget.Wrap(e.Theme.Glyphs.Wait+" "+words, width), e.Theme.Accent)
	if p.Step.Action.Name == "" {
		return lines
	}
	return append(lines, styledLines(widget.Wrap(e.T("migrations.can-leave"), width), e.Theme.Muted)...)
}

// vendor is a platform's name.
func vendor(e screen.Env, id core.PlatformID) string {
	if key := "platform.name." + string(id); e.Text.Has(key) {
		return e.T(key)
	}
	return string(id)
}

// waiting says when the step can be done and that nobody needs to stay.
func (s *step) waiting(e screen.Env, p guide.Prompt, width int) []string {
	in := widget.Until(e, p.NotBefore)
	if left := p.NotBefore.Sub(e.Now); left < nearly {
		in = widget.Clock(left.Round(time.Second))
	}
	head := e.T("migrations.wait", locale.Params{"time": in, "at": widget.Stamp(p.NotBefore)})
	lines := styledLines(widget.Wrap(e.Theme.Glyphs.Wait+" "+head, width), e.Theme.Accent)
	lines = append(lines, widget.Wrap(e.T("migrations.wait.leave"), width)...)
	if s.d.AdvanceClock != nil {
		lines = append(lines, styledLines(widget.Wrap(e.T("migrations.wait.advance"), width), e.Theme.Muted)...)
	}
	return lines
}

// failedWords is why the last try failed and what can be done about it.
func (s *step) failedWords(e screen.Env, p guide.Prompt, width int) []string {
	lines := widget.Problem(e, s.why(p), width)
	lines = append(lines, "")
	option := func(key, text string) {
		lead := "  " + e.Theme.Key.Render(key) + "  "
		hang := ansi.StringWidth(lead)
		for i, l := range widget.Wrap(e.T(text), width-hang) {
			if i > 0 {
				lead = widget.Pad("", hang)
			}
			lines = append(lines, lead+l)
		}
	}
	if p.Blocked == nil {
		option(e.Theme.Glyphs.Enter, "migrations.can.again")
	}
	if s.before(p) != "" {
		option("p", "migrations.can.back")
	}
	if p.CanInstead {
		option("f", "migrations.can.instead")
	}
	if p.Failure != nil && s.failed == nil {
		when := e.T("migrations.failed-at", locale.Params{"ago": widget.Ago(e, p.Failure.At), "by": p.Failure.By.String()})
		lines = append(append(lines, ""), styledLines(widget.Wrap(when, width-2), e.Theme.Muted)...)
	}
	return lines
}

// why is the error of the last try: as it came where this screen saw it, else
// what the journal kept.
func (s *step) why(p guide.Prompt) error {
	if s.failed != nil {
		return s.failed
	}
	code := "run.failed"
	if p.Failure != nil {
		if code = p.Failure.Code; p.Failure.Tried != "" { // since it is kept
			return p.Failure.Err()
		}
	}
	return &core.Error{Tried: "do-step", On: s.run.Name, Code: code, Class: core.Refused, Params: map[string]string{"step": p.Step.ID}}
}

// unknownWords says what is known of a step whose end nobody saw, and how to
// find out.
func (s *step) unknownWords(e screen.Env, p guide.Prompt, width int) []string {
	rec := s.run.Steps[p.Step.ID]
	lines := alert(e, e.T("migrations.unknown"), width)
	par := func(text string) { lines = append(append(lines, ""), prose(e, text, width)...) }
	par(e.T("migrations.unknown.known", locale.Params{
		"by": rec.By.String(), "ago": widget.Ago(e, rec.Begun), "at": widget.Stamp(rec.Begun), "vendor": vendor(e, s.run.Guide().Platform),
	}))
	switch {
	case p.Until.After(e.Now):
		par(e.T("migrations.unknown.until", locale.Params{"time": widget.Until(e, p.Until)}))
	case p.CanInquire:
		par(e.T("migrations.unknown.inquire"))
	default:
		par(e.T("migrations.unknown.look"))
	}
	par(e.T("migrations.unknown.answers"))
	if s.failed != nil {
		lines = append(append(lines, ""), widget.Problem(e, s.failed, width)...)
	}
	return append(append(lines, ""), inputLines(e, p.Inputs, width)...)
}

// lostWords says that a step took effect and its answer is gone.
func (s *step) lostWords(e screen.Env, p guide.Prompt, width int) []string {
	lines := alert(e, e.T("migrations.lost"), width)
	if p.CanInstead {
		lines = append(append(lines, ""), prose(e, e.T("migrations.lost.instead"), width)...)
	} else {
		lines = append(append(lines, ""), prose(e, e.T("migrations.lost.end"), width)...)
	}
	return append(lines, "")
}
