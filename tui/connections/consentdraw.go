package connections

import (
	"net/url"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows the address, the ways back side by side, and the countdown. On a
// small terminal the explanations go, the ways and their keys stay.
func (a *ask) Draw(e screen.Env) screen.Frame {
	if a.ended.over {
		return widget.Frame(a.ended.lines(e, a.f, a.who))
	}
	if a.attempt.ID == "" {
		return widget.Frame([]string{e.T("connections.consent.head", a.params(e)), "", e.Theme.Muted.Render(e.T("connections.consent.starting"))})
	}
	for _, roomy := range []int{2, 1, 0} {
		lines, cur := a.lines(e, roomy)
		if len(lines) <= e.Height || roomy == 0 {
			return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
		}
	}
	return screen.Frame{}
}

func (a *ask) params(e screen.Env) locale.Params {
	return locale.Params{"platform": a.f.platformName(a.who.platform), "name": a.who.name, "port": a.attempt.Port, "address": a.address(), "time": widget.Clock(a.attempt.Expires.Sub(e.Now))}
}

// address is where the browser goes, as its address bar shows it: some vendors
// take localhost only.
func (a *ask) address() string {
	u, err := url.Parse(a.attempt.Redirect)
	if err != nil {
		return ""
	}
	return u.Host
}

// page collects the lines of a screen and where its cursor is.
type page struct {
	e     screen.Env
	width int
	lines []string
	cur   *tea.Cursor
}

func (p *page) text(indent, key string, params locale.Params) {
	for _, l := range widget.Wrap(p.e.T(key, params), p.width-len(indent)) {
		p.lines = append(p.lines, indent+l)
	}
}

func (p *page) line(styled string) {
	p.lines = append(p.lines, widget.CutStyled(styled, p.e.Width, p.e.Theme.Glyphs.Cut))
}

func (p *page) gap() { p.lines = append(p.lines, "") }

// lines draws the race. roomy 2 has white space and explanations, 1 has
// explanations, 0 only what is needed to act.
func (a *ask) lines(e screen.Env, roomy int) ([]string, *tea.Cursor) {
	p := &page{e: e, width: widget.Readable(e.Width)}
	space := func() {
		if roomy == 2 {
			p.gap()
		}
	}
	if roomy > 0 {
		p.line(e.Theme.Title.Render(widget.Cut(e.T("connections.consent.head", a.params(e)), max(e.Width-16, 20), e.Theme.Glyphs.Cut)) + "   " + a.clock(e))
		if a.resumed && roomy == 2 {
			p.line(e.Theme.Muted.Render(e.T("connections.consent.resumed")))
		}
		space()
		p.text("", "connections.consent.open", nil)
		p.line("   " + e.Theme.Plain.Render(widget.Cut(a.attempt.URL, e.Width-3, e.Theme.Glyphs.Cut)))
		p.line("   " + a.addressKeys(e))
		space()
		p.text("", "connections.consent.then", a.params(e))
		space()
		a.drawTunnel(p)
		p.line("   " + e.Theme.Muted.Render(e.T("connections.consent.or")))
		p.lines = append(p.lines, widget.Indent(widget.Marked(e.Theme.Accent.Render(e.Theme.Glyphs.Bullet)+" ", e.T("connections.consent.error-page"), p.width-3), "   ")...)
		a.drawInput(p)
		if roomy == 2 {
			p.gap()
			a.drawNotes(p)
		}
		return p.lines, p.cur
	}
	p.line(a.clock(e) + "  " + e.T("connections.consent.short-open"))
	p.line("  " + a.addressKeys(e))
	p.text("", "connections.consent.short-back", a.params(e))
	a.drawInput(p)
	return p.lines, p.cur
}

func (a *ask) clock(e screen.Env) string {
	if a.taking {
		return e.Theme.Accent.Render(e.T("connections.consent.taking"))
	}
	return e.Theme.Accent.Render(e.T("connections.consent.waiting", a.params(e)))
}

func keyWords(e screen.Env, k, text string) string {
	return e.Theme.Key.Render(k) + " " + e.T("connections.key."+text)
}

func (a *ask) addressKeys(e screen.Env) string {
	parts := []string{keyWords(e, "y", "copy-url"), keyWords(e, "w", "write"), keyWords(e, "v", "plain")}
	if a.f.Browser != nil {
		parts = append([]string{keyWords(e, "o", "browser")}, parts...)
	}
	if a.f.Sandbox != nil {
		parts = append([]string{keyWords(e, "g", "grant-here")}, parts...)
	}
	return strings.Join(parts, "   ")
}

// drawTunnel is the way by which the answer arrives by itself: from a browser
// on this machine, or through a tunnel.
func (a *ask) drawTunnel(p *page) {
	e := p.e
	dot := "   " + e.Theme.Accent.Render(e.Theme.Glyphs.Bullet) + "  "
	switch {
	case a.deaf != nil:
		p.lines = append(p.lines, widget.Indent(widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn)+" ", e.Explain(widget.Untried(a.deaf)).Headline, p.width-3), "   ")...)
		key := "connections.consent.deaf"
		if a.resumed {
			key = "connections.consent.deaf-resumed"
		}
		p.text("      ", key, a.params(e))
		return
	case !e.SSH:
		p.line(dot + e.T("connections.consent.local"))
		return
	}
	p.line(dot + e.T("connections.consent.tunnel"))
	p.line("      " + a.tunnel() + "   " + keyWords(e, "t", "copy-tunnel"))
}

func (a *ask) drawInput(p *page) {
	e := p.e
	prompt := "   " + e.Theme.Accent.Render(e.Theme.Glyphs.Prompt) + " "
	text, col := a.input.Draw(e, e.Width-6)
	p.lines = append(p.lines, prompt+text)
	if col >= 0 && !a.taking {
		p.cur = tea.NewCursor(5+col, len(p.lines)-1)
	}
	if a.pasteErr != nil {
		p.lines = append(p.lines, widget.Indent(widget.Marked(e.Theme.Bad.Render(e.Theme.Glyphs.Bad), widget.Reason(a.pasteErr)(e), p.width-3), "   ")...)
	}
}

// drawNotes are the facts that explain the screen: ports that were passed
// over, why no browser opens, what is asked.
func (a *ask) drawNotes(p *page) {
	e := p.e
	for _, err := range a.busy {
		p.lines = append(p.lines, widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.Explain(widget.Untried(err)).Headline, p.width)...)
	}
	if len(a.busy) > 0 {
		p.text("  ", "connections.consent.next-port", a.params(e))
	}
	if e.SSH {
		p.text("", "connections.consent.ssh", nil)
	}
	if a.file != "" {
		p.line(e.Theme.Muted.Render(e.T("connections.consent.file", locale.Params{"path": a.file})))
	}
	if len(a.attempt.Scopes) > 0 {
		p.line(e.Theme.Muted.Render(e.T("connections.consent.asked", locale.Params{"scopes": strings.Join(a.attempt.Scopes, "  ")})))
	}
}

// scopeParts is the list of scopes with words for each, for results.
func scopeParts(e screen.Env, who subject, scopes []string) []string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = s
		if words := scopeWords(e, who.platform, s); words != "" {
			out[i] += "  " + e.Theme.Muted.Render(words)
		}
	}
	return out
}
