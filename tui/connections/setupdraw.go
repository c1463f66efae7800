package connections

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows the question, how far the reading is, or first what stops it,
// then what was read.
func (v *setup) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	switch {
	case v.form != nil:
		return v.drawForm(e, w)
	case v.sure != nil:
		return widget.Frame(v.drawSure(e, w))
	}
	var lines []string
	if v.reading {
		lines = v.progress(e, w)
	} else {
		lines = v.outcome(e, w)
	}
	from, to := v.pager.Window(len(lines), e.Height, -1)
	out := append([]string{}, lines[from:to]...)
	if to < len(lines) && len(out) > 2 {
		out[len(out)-1] = e.Theme.Muted.Render(e.T("connections.more-below", locale.Params{"n": len(lines) - to + 1}))
	}
	return widget.Frame(out)
}

func (v *setup) params() locale.Params {
	return locale.Params{"name": core.CleanLine(v.conn.Name), "platform": v.f.platformName(v.conn.Platform), "of": core.CleanLine(v.of)}
}

// titled is a text as a title of as many lines as it needs.
func titled(e screen.Env, text string, w int) []string {
	lines := widget.Wrap(text, w)
	for i := range lines {
		lines[i] = e.Theme.Title.Render(lines[i])
	}
	return lines
}

func (v *setup) drawForm(e screen.Env, w int) screen.Frame {
	lines := append(titled(e, e.T("connections.setup.head", v.params()), w), "")
	if e.Height >= 14 {
		lines = append(append(lines, widget.Wrap(e.T("connections.setup.what", v.params()), w)...), "")
	}
	form, cursor := v.form.Draw(e, e.Width, max(3, e.Height-len(lines)))
	if cursor != nil {
		cursor.Y += len(lines)
	}
	f := widget.Frame(append(lines, form...))
	f.Cursor = cursor
	return f
}

// drawSure says what asking further means before it is done.
func (v *setup) drawSure(e screen.Env, w int) []string {
	key := "setup." + string(v.conn.Platform) + ".of." + v.sure.Name
	lines := append(titled(e, e.T(key), w), "")
	return append(lines, widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T(key+".hint", v.params()), w)...)
}

// progress says what is waited for, and the calls that were answered.
func (v *setup) progress(e screen.Env, w int) []string {
	calls := v.calls.Calls()
	lines := titled(e, e.T("connections.setup.head", v.params()), w)
	lines = append(lines, e.Theme.Accent.Render(widget.Cut(e.Text.N("connections.setup.reading", len(calls)), w, e.Theme.Glyphs.Cut)), "")
	for _, c := range calls {
		lines = append(lines, "  "+e.Theme.Muted.Render(widget.Cut(callLine(c), w-2, e.Theme.Glyphs.Cut)))
	}
	return lines
}

// outcome is what came of the last reading: the verdict, what was found, what
// was read, and the calls.
func (v *setup) outcome(e screen.Env, w int) []string {
	if v.err != nil {
		lines := widget.Problem(e, v.err, w)
		if _, ok := v.further(); ok {
			key := "setup." + string(v.conn.Platform) + ".of.further"
			lines = append(append(lines, ""), widget.Marked(e.Theme.Key.Render("d"), e.T(key), w)...)
		}
		return append(lines, v.callLines(e, w)...)
	}
	lines := titled(e, v.verdict(e), w)
	for _, f := range v.result.Findings {
		lines = append(lines, "")
		if err := f.Err(v.conn.Name); f.Stops {
			lines = append(lines, widget.Problem(e, err, w)...)
		} else {
			lines = append(lines, widget.Warning(e, err, w)...)
		}
	}
	lines = append(append(lines, ""), v.factLines(e, w)...)
	return append(lines, v.callLines(e, w)...)
}

// verdict says in a sentence how it stands.
func (v *setup) verdict(e screen.Env) string {
	stop := 0
	for _, f := range v.result.Findings {
		if f.Stops {
			stop++
		}
	}
	switch all := len(v.result.Findings); {
	case stop > 0:
		return e.Text.N("connections.setup.stops", stop, v.params())
	case all > 0:
		return e.Text.N("connections.setup.warns", all, v.params())
	}
	return e.T("connections.setup.sound", v.params())
}

func (v *setup) factLines(e screen.Env, w int) []string {
	label := func(name string) string { return e.T("setup." + string(v.conn.Platform) + "." + name) }
	wide := 0
	for _, f := range v.result.Facts {
		wide = max(wide, ansi.StringWidth(label(f.Name)))
	}
	wide = min(wide, w*3/5)
	var lines []string
	for _, f := range v.result.Facts {
		head := e.Theme.Muted.Render(widget.Pad(widget.Cut(label(f.Name), wide, e.Theme.Glyphs.Cut), wide))
		for _, l := range widget.Wrap(value(e, f.Value), max(w-wide-2, 10)) {
			lines = append(lines, head+"  "+l)
			head = strings.Repeat(" ", wide)
		}
	}
	return lines
}

// value is a fact in words.
func value(e screen.Env, text string) string {
	switch text {
	case "true":
		return e.T("connections.setup.yes")
	case "false":
		return e.T("connections.setup.no")
	}
	return core.CleanLine(text)
}

func (v *setup) callLines(e screen.Env, w int) []string {
	calls := v.calls.Calls()
	if len(calls) == 0 {
		return nil
	}
	lines := []string{""}
	for _, c := range calls {
		lines = append(lines, e.Theme.Muted.Render(widget.Cut(callLine(c), w, e.Theme.Glyphs.Cut)))
	}
	return lines
}

// plain is the outcome as text for a ticket.
func (v *setup) plain(e screen.Env) string {
	return ansi.Strip(strings.Join(append(titled(e, e.T("connections.setup.head", v.params()), 100), append([]string{""}, v.outcome(e, 100)...)...), "\n"))
}
