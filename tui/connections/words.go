package connections

import (
	"errors"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// mark is the sign of a health and its look.
func mark(e screen.Env, h core.Health) (string, lipgloss.Style) {
	g := e.Theme.Glyphs
	switch h {
	case core.HealthGood:
		return g.OK, e.Theme.Good
	case core.HealthWarn:
		return g.Warn, e.Theme.Warn
	case core.HealthBad:
		return g.Bad, e.Theme.Bad
	}
	return g.Wait, e.Theme.Muted
}

// stateParams are the values of a state's texts.
func stateParams(e screen.Env, s core.Summary, st core.State) locale.Params {
	p := locale.Params{"code": s.CheckCode, "at": "", "span": "", "ago": ""}
	if !st.At.IsZero() {
		p["at"], p["span"], p["ago"] = widget.Stamp(st.At), widget.Until(e, st.At), widget.Ago(e, st.At)
	}
	return p
}

// stateWords is a state in a few words: "renews in 47 min". A refusal's code
// stands without its vendor, which the row names already.
func stateWords(e screen.Env, s core.Summary, st core.State) string {
	if _, short, ok := strings.Cut(s.CheckCode, "."); ok {
		s.CheckCode = short
	}
	return e.T("state."+st.Code, stateParams(e, s, st))
}

// named returns the text of the first key that has one, else the fallback.
func named(e screen.Env, fallback string, keys ...string) string {
	for _, k := range keys {
		if e.Text.Has(k) {
			return e.T(k)
		}
	}
	return fallback
}

// firstNamed is named for words that are wanted later.
func firstNamed(fallback string, keys ...string) widget.Words {
	return func(e screen.Env) string { return named(e, fallback, keys...) }
}

// scopeWords says what a scope allows; "" when nobody has put it into words.
func scopeWords(e screen.Env, p core.PlatformID, scope string) string {
	return named(e, "", "scope."+string(p)+"."+scope)
}

// place is account and region in one.
func place(e screen.Env, account, region string) string {
	switch {
	case account == "":
		return region
	case region == "":
		return account
	}
	return account + " " + e.Theme.Glyphs.Dot + " " + region
}

// explained draws an error: what happened, what it means, what the vendor
// said, what to do next, and the stable code.
func explained(e screen.Env, err error, width int) []string {
	x := e.Explain(err)
	out := marked(e.Theme.Bad.Render(e.Theme.Glyphs.Bad), x.Headline, width)
	for _, s := range []string{x.Means, x.Said} {
		out = append(out, widget.Indent(paragraph(s, width-2), "  ")...)
	}
	if x.Next != "" {
		out = append(out, widget.Indent(marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), x.Next, width-2), "  ")...)
	}
	if x.Code != "" {
		out = append(out, "  "+e.Theme.Muted.Render(widget.Cut(x.Code, width-2, e.Theme.Glyphs.Cut)))
	}
	return out
}

// reason is why something did not work, without what was tried: where that is
// plain to see, on the field or line it is about.
func reason(e screen.Env, err error) string {
	x := e.Explain(untried(err))
	return widget.Sentences(x.Headline, x.Next)
}

// untried is err without what was tried.
func untried(err error) error {
	known, ok := errors.AsType[*core.Error](err)
	if !ok {
		return err
	}
	short := *known
	short.Tried = ""
	return &short
}

// marked wraps a text behind a (styled) mark.
func marked(sign, text string, width int) []string {
	pad := ansi.StringWidth(sign) + 1
	lines := widget.Wrap(text, max(width-pad, 8))
	for i, l := range lines {
		if i == 0 {
			lines[i] = sign + " " + l
		} else {
			lines[i] = strings.Repeat(" ", pad) + l
		}
	}
	return lines
}

// paragraph wraps a text; "" gives no line.
func paragraph(text string, width int) []string {
	if text == "" {
		return nil
	}
	return widget.Wrap(text, width)
}

// readable is a width that the eye can follow from line to line.
func readable(width int) int { return min(width, 84) }
