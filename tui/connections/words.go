package connections

import (
	"strings"

	"charm.land/lipgloss/v2"

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

// scopeWords says what a scope allows; "" when nobody has put it into words.
func scopeWords(e screen.Env, p core.PlatformID, scope string) string {
	return widget.Named(e, "", "scope."+string(p)+"."+scope)
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
