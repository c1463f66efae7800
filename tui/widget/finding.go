package widget

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
)

// Finding is one rule of a visitor token that is not kept, or of which it can't
// be told: what it is with its stable code at the right, where it stands, what
// it means, what to do.
func Finding(e screen.Env, f visitortoken.Finding, width int) []string {
	sign, style := FindingMark(e, f.Outcome)
	params := findingParams(e, f)
	key := "finding." + f.Code
	head := f.Code
	if e.Text.Has(key) {
		head = e.T(key, params)
	}
	code := e.Theme.Muted.Render(Cut(f.Code, width-2, e.Theme.Glyphs.Cut))
	lines := Marked(style.Render(sign), head, width)
	beside := len(lines) == 1 && ansi.StringWidth(lines[0])+2+ansi.StringWidth(f.Code) <= width
	if beside {
		lines[0] = Pad(lines[0], width-ansi.StringWidth(f.Code)) + code
	}
	if e.Text.Has(key + ".means") {
		for _, l := range Wrap(e.T(key+".means", params), width-2) {
			lines = append(lines, "  "+e.Theme.Muted.Render(l))
		}
	}
	if f.Where != "" && f.Value != "" {
		lines = append(lines, "  "+Cut(f.Where+" = "+f.Value, width-2, e.Theme.Glyphs.Cut))
	}
	if e.Text.Has(key + ".fix") {
		lines = append(lines, Indent(Marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), e.T(key+".fix", params), width-2), "  ")...)
	}
	if !beside {
		lines = append(lines, "  "+code)
	}
	return lines
}

// FindingHead is the finding in one line, without its mark.
func FindingHead(e screen.Env, f visitortoken.Finding) string {
	if key := "finding." + f.Code; e.Text.Has(key) {
		return e.T(key, findingParams(e, f))
	}
	return f.Code
}

// FindingMark is the mark of an outcome and its style.
func FindingMark(e screen.Env, o visitortoken.Outcome) (sign string, style lipgloss.Style) {
	switch o {
	case visitortoken.Failed:
		return e.Theme.Glyphs.Bad, e.Theme.Bad
	case visitortoken.Passed:
		return e.Theme.Glyphs.OK, e.Theme.Good
	}
	return e.Theme.Glyphs.Warn, e.Theme.Warn
}

func findingParams(e screen.Env, f visitortoken.Finding) locale.Params {
	params := locale.Params{"value": f.Value}
	for k, v := range f.Params {
		params[k] = e.Text.SpanOr(k, core.CleanLine(v))
	}
	return params
}

// WrapJSON breaks compact JSON behind its commas, and a member that is longer
// than a line anywhere.
func WrapJSON(text string, width int) []string {
	var out []string
	line := ""
	for _, member := range strings.SplitAfter(core.CleanLine(text), `,"`) {
		member = strings.TrimSuffix(member, `"`)
		if out != nil || line != "" {
			member = `"` + member
		}
		if line != "" && ansi.StringWidth(line+member) > width {
			out, line = append(out, line), ""
		}
		line += member
		if ansi.StringWidth(line) > width {
			parts := Wrap(line, width)
			out, line = append(out, parts[:len(parts)-1]...), parts[len(parts)-1]
		}
	}
	return append(out, line)
}
