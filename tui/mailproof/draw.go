package mailproof

import (
	"cmp"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	proof "deskward/core/mailproof"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows the outcome first, then each server with its steps.
func (v *view) Draw(e screen.Env) screen.Frame {
	if v.menu != nil {
		return widget.Frame(v.menu.Draw(e))
	}
	w := widget.Readable(e.Width)
	var lines []string
	now := -1
	switch {
	case v.err != nil:
		lines = widget.Problem(e, v.err, w)
	case len(v.tries) == 0:
		lines = []string{e.Theme.Muted.Render(e.T("mailproof.preparing"))}
	default:
		lines, now = body(e, v.tries, v.running, w)
	}
	from, to := v.pager.Window(len(lines), max(e.Height, 1), now)
	shown := append([]string{}, lines[from:to]...)
	if to < len(lines) && to-from > 3 {
		more := e.T("mailproof.more", locale.Params{"n": len(lines) - to + 1})
		shown[len(shown)-1] = e.Theme.Muted.Render(widget.Cut(more, e.Width, e.Theme.Glyphs.Cut))
	}
	return widget.Frame(shown)
}

// body is the outcome and the servers, and the line where it goes on; -1: nowhere.
func body(e screen.Env, tries []try, running bool, width int) (lines []string, now int) {
	now = -1
	lines = append(outcome(e, tries, running, width), "")
	for i, t := range tries {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, drawTry(e, t, running, width)...)
		if running && !t.ended && now < 0 {
			now = len(lines) - 1
		}
	}
	return lines, now
}

// outcome is the whole in one sentence, and what a proof is while it runs.
func outcome(e screen.Env, tries []try, running bool, width int) []string {
	asked, in := 0, 0
	for _, t := range tries {
		if t.ended {
			asked++
		}
		if t.ended && t.err == nil {
			in++
		}
	}
	if len(tries) == 1 && tries[0].to != "" {
		return sending(e, tries[0], running, width)
	}
	counts := locale.Params{"in": in, "of": len(tries)}
	switch {
	case running:
		return widget.Wrap(e.T("mailproof.running"), width)
	case in == len(tries):
		return widget.Marked(e.Theme.Good.Render(e.Theme.Glyphs.OK), e.T("mailproof.all-in"), width)
	case asked < len(tries):
		return widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T("mailproof.broken-off"), width)
	}
	return widget.Marked(e.Theme.Bad.Render(e.Theme.Glyphs.Bad), e.T("mailproof.some-in", counts), width)
}

// sending is what became of the test mail.
func sending(e screen.Env, t try, running bool, width int) []string {
	params := locale.Params{"to": t.to, "nonce": core.CleanLine(t.report.Nonce)}
	switch {
	case running:
		return widget.Wrap(e.T("mailproof.sending", params), width)
	case t.ended && t.err == nil:
		return widget.Marked(e.Theme.Good.Render(e.Theme.Glyphs.OK), e.T("mailproof.sent", params), width)
	case core.ClassOf(t.err) == core.Unknown:
		return widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T("mailproof.maybe-sent", params), width)
	}
	return widget.Marked(e.Theme.Bad.Render(e.Theme.Glyphs.Bad), e.T("mailproof.not-sent", params), width)
}

func drawTry(e screen.Env, t try, running bool, width int) []string {
	head := widget.Cut(t.server.String()+"  "+t.user, width, e.Theme.Glyphs.Cut)
	lines := []string{e.Theme.Title.Render(head)}
	if t.server.Corrected != 0 {
		text := e.T("cmd.mail.corrected", locale.Params{"port": t.server.Corrected})
		lines = append(lines, widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), text, width)...)
	}
	for _, s := range t.steps {
		lines = append(lines, widget.Indent(drawStep(e, s, width-2), "  ")...)
	}
	switch {
	case t.err != nil:
		lines = append(lines, widget.Indent(widget.Problem(e, t.err, width-2), "  ")...)
	case t.ended:
	case running && len(t.steps) > 0:
		lines = append(lines, "  "+e.Theme.Muted.Render(e.T("mailproof.waiting")))
	case running:
		lines = append(lines, "  "+e.Theme.Muted.Render(e.T("mailproof.not-yet")))
	default:
		lines = append(lines, "  "+e.Theme.Muted.Render(e.T("mailproof.not-asked")))
	}
	return lines
}

func drawStep(e screen.Env, s proof.Step, width int) []string {
	values := locale.Params{}
	for k, value := range s.Values {
		values[k] = core.CleanLine(cmp.Or(value, "-"))
	}
	sign := e.Theme.Good.Render(e.Theme.Glyphs.OK)
	if s.Name == proof.StepRetry || s.Name == proof.StepChallenge {
		sign = e.Theme.Warn.Render(e.Theme.Glyphs.Warn)
	}
	return widget.Marked(sign, e.T("mailproof.step."+s.Name, values), width)
}

// plain is the report as text, for a ticket.
func plain(e screen.Env, name string, tries []try) string {
	lines, _ := body(e, tries, false, 100)
	head := e.T("mailproof.of", locale.Params{"name": core.CleanLine(name)})
	return ansi.Strip(strings.Join(append([]string{head, ""}, lines...), "\n"))
}
