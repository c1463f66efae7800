package widget

import "deskward/tui/screen"

// Problem draws an error: what happened, what it means, what to do next,
// and at last the stable code.
func Problem(e screen.Env, err error, width int) []string {
	x := e.Explain(err)
	first := Wrap(x.Headline, width-2)
	for i, l := range first {
		if i == 0 {
			first[i] = e.Theme.Bad.Render(e.Theme.Glyphs.Bad) + " " + l
		} else {
			first[i] = "  " + l
		}
	}
	out := first
	for _, s := range []string{x.Means, x.Said} {
		if s != "" {
			out = append(out, Indent(Wrap(s, width-2), "  ")...)
		}
	}
	if x.Next != "" {
		for i, l := range Wrap(x.Next, width-4) {
			if i == 0 {
				out = append(out, "  "+e.Theme.Accent.Render(e.Theme.Glyphs.Current)+" "+l)
			} else {
				out = append(out, "    "+l)
			}
		}
	}
	if x.Code != "" {
		out = append(out, "  "+e.Theme.Muted.Render(x.Code))
	}
	return out
}
