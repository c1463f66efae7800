package widget

import "deskward/tui/screen"

// Problem draws an error: what happened, what it means, what the vendor said,
// what to do next, and at last the stable code.
func Problem(e screen.Env, err error, width int) []string {
	return explained(e, err, e.Theme.Bad.Render(e.Theme.Glyphs.Bad), width)
}

// Warning is Problem for what stops nothing yet.
func Warning(e screen.Env, err error, width int) []string {
	return explained(e, err, e.Theme.Warn.Render(e.Theme.Glyphs.Warn), width)
}

func explained(e screen.Env, err error, sign string, width int) []string {
	x := e.Explain(err)
	out := Marked(sign, x.Headline, width)
	for _, s := range []string{x.Means, x.Said} {
		out = append(out, Indent(Paragraph(s, width-2), "  ")...)
	}
	if x.Next != "" {
		out = append(out, Indent(Marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), x.Next, width-2), "  ")...)
	}
	if x.Code != "" {
		out = append(out, "  "+e.Theme.Muted.Render(Cut(x.Code, width-2, e.Theme.Glyphs.Cut)))
	}
	return out
}
