package connections

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// facts collects lines of the form "Label    value", values wrapped and
// aligned.
type facts struct {
	e      screen.Env
	width  int
	indent int
	lines  []string
	at     int // line of the chosen secret; -1: none
}

func (c *card) newFacts(e screen.Env, width int) *facts {
	f := &facts{e: e, width: width, at: -1}
	for _, k := range []string{"account", "region", "grant", "scopes", "token", "checked", "stored", "secrets", "log", "replaced", "expect"} {
		f.indent = max(f.indent, ansi.StringWidth(e.T("connections.fact."+k)))
	}
	f.indent = min(f.indent, 14) + 2
	return f
}

// narrow reports that values have too little room for an absolute time beside
// the relative one: at the side of the list. The connection's own screen has it.
func (f *facts) narrow() bool { return f.width-f.indent < 40 }

// dated is a text with the absolute time t, or the shorter one without it.
func (f *facts) dated(key string, p locale.Params, t time.Time) string {
	if f.narrow() {
		return f.e.T(key+".short", p)
	}
	p["at"] = widget.Stamp(t)
	return f.e.T(key, p)
}

func (f *facts) gap() {
	if n := len(f.lines); n > 0 && f.lines[n-1] != "" {
		f.lines = append(f.lines, "")
	}
}

// add puts a fact; the first value stands beside its label.
func (f *facts) add(key string, values ...string) {
	label := f.e.Theme.Muted.Render(widget.Cut(f.e.T("connections.fact."+key), f.indent-1, f.e.Theme.Glyphs.Cut))
	for _, v := range values {
		for _, l := range widget.Wrap(v, max(f.width-f.indent, 10)) {
			f.lines = append(f.lines, widget.Pad(label, f.indent)+l)
			label = ""
		}
	}
}

// more puts a styled line below the last value; it is cut, not wrapped.
func (f *facts) more(styled string) {
	f.lines = append(f.lines, strings.Repeat(" ", f.indent)+widget.CutStyled(styled, f.width-f.indent, f.e.Theme.Glyphs.Cut))
}

// lines draws the connection: the verdict and what to do, then the facts.
// chosen is the line of the chosen secret, or -1.
func (c *card) lines(e screen.Env, width int) (lines []string, chosen int) {
	f := c.newFacts(e, width)
	f.lines = append(f.lines, e.Theme.Title.Render(widget.Cut(c.sum.Name, width, e.Theme.Glyphs.Cut)))
	f.lines = append(f.lines, e.Theme.Muted.Render(widget.Cut(strings.Join(nonEmpty(c.f.platformName(c.sum.Platform), c.sum.Account, c.sum.Region), " "+e.Theme.Glyphs.Dot+" "), width, e.Theme.Glyphs.Cut)), "")
	f.lines = append(f.lines, c.verdict(e, width)...)
	f.gap()
	if c.err != nil {
		f.lines = append(f.lines, explained(e, c.err, width)...)
	}
	f.add("grant", e.T("grant."+string(c.sum.Grant)))
	if !c.loaded {
		return f.lines, -1
	}
	if c.heir != "" {
		f.add("replaced", e.T("connections.replaced", locale.Params{"name": core.CleanLine(c.heir)}))
	}
	if c.conn.Expect != "" {
		f.add("expect", c.conn.Expect)
	}
	c.drawScopes(f)
	c.drawToken(f)
	f.gap()
	c.drawCheck(f)
	stored := widget.Stamp(c.conn.CreatedAt)
	if f.narrow() {
		stored = c.conn.CreatedAt.UTC().Format(time.DateOnly)
	}
	f.add("stored", e.T("connections.stored", locale.Params{"at": stored, "by": c.conn.CreatedBy}))
	f.gap()
	c.drawSecrets(f)
	f.gap()
	c.drawEvents(f)
	return f.lines, f.at
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// verdict is the state in a sentence, what it means, and the next step.
func (c *card) verdict(e screen.Env, width int) []string {
	st := c.sum.State(e.Now)
	sign, style := mark(e, st.Health)
	lines := marked(style.Render(sign), e.T("connections.is."+st.Code, stateParams(e, c.sum, st)), width)
	pad := strings.Repeat(" ", ansi.StringWidth(sign)+1)
	w := width - len(pad)
	if st.Code == "refused" && c.sum.CheckCode != "" {
		err := core.Connection{Name: c.sum.Name, Check: core.Check{Code: c.sum.CheckCode, Tried: c.conn.Check.Tried, Params: c.conn.Check.Params}}.Refusal()
		x := e.Explain(err)
		lines = append(lines, widget.Indent(paragraph(x.Means, w), pad)...)
		if x.Next != "" {
			lines = append(lines, widget.Indent(marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), x.Next, w), pad)...)
		}
		return append(lines, pad+e.Theme.Muted.Render(widget.Cut(c.sum.CheckCode, w, e.Theme.Glyphs.Cut)))
	}
	if key := "connections.means." + st.Code; e.Text.Has(key) {
		lines = append(lines, widget.Indent(widget.Wrap(e.T(key, stateParams(e, c.sum, st)), w), pad)...)
	}
	if key := nextStep(st.Code); key != "" {
		lines = append(lines, widget.Indent(marked(e.Theme.Key.Render(key), e.T("connections.next."+st.Code), w), pad)...)
	}
	return lines
}

// nextStep is the key that does what a state asks for; "" when nothing is to
// be done.
func nextStep(state string) string {
	switch state {
	case "consent-missing", "expired", "ended", "ends", "expires":
		return "o"
	case "legacy":
		return "m"
	case "unchecked":
		return "c"
	case "refresh-unknown":
		return "F"
	}
	return ""
}

func (c *card) drawScopes(f *facts) {
	e := f.e
	if len(c.conn.Scopes) == 0 && len(c.conn.Granted) == 0 {
		return
	}
	key := "connections.scopes"
	if len(c.conn.Granted) == 0 {
		key = "connections.scopes-asked"
	}
	f.add("scopes", e.T(key, locale.Params{"asked": len(c.conn.Scopes), "granted": len(c.conn.Granted)}))
	missing := c.missing()
	all := slices.Clone(c.conn.Scopes)
	for _, s := range c.conn.Granted {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	wide := 0
	for _, scope := range all {
		wide = max(wide, ansi.StringWidth(scope))
	}
	for _, scope := range all {
		sign, style, note := e.Theme.Glyphs.OK, e.Theme.Good, ""
		switch p, probed := c.probe(scope); {
		case slices.Contains(missing, scope):
			sign, style, note = e.Theme.Glyphs.Bad, e.Theme.Bad, e.T("connections.scope.missing")
		case probed && p.Allowed:
			note = e.T("connections.scope.probed")
		case probed && p.Unsure:
			sign, style, note = e.Theme.Glyphs.Wait, e.Theme.Muted, e.T("connections.scope.unsure")
		case probed:
			sign, style, note = e.Theme.Glyphs.Bad, e.Theme.Bad, e.T("connections.scope.refused", locale.Params{"code": p.Code})
		case len(c.conn.Granted) == 0:
			sign, style = e.Theme.Glyphs.Wait, e.Theme.Muted
		}
		line := widget.Pad(style.Render(sign), 3) + widget.Pad(core.CleanLine(scope), min(wide, 30))
		if note != "" {
			line += "  " + style.Render(note)
		}
		if words := scopeWords(e, c.sum.Platform, scope); words != "" && !f.narrow() {
			line += "  " + e.Theme.Muted.Render(words)
		}
		f.more(line)
	}
}

func (c *card) drawToken(f *facts) {
	e, s := f.e, c.sum
	when := func(key string, t time.Time) string {
		return f.dated("connections.token."+key, locale.Params{"span": widget.Until(e, t), "ago": widget.Ago(e, t)}, t)
	}
	var values []string
	switch {
	case !s.HasAccess:
	case s.AccessExpires.IsZero():
		values = append(values, e.T("connections.token.no-end"))
	case e.Now.Before(s.AccessExpires):
		values = append(values, when("ends", s.AccessExpires))
	default:
		values = append(values, when("ended", s.AccessExpires))
	}
	if s.HasRefresh || s.Grant == core.GrantClientCredentials {
		values = append(values, e.T("connections.token.renews"))
	}
	if !s.EndsAt.IsZero() {
		values = append(values, when("whole-ends", s.EndsAt))
	}
	f.add("token", values...)
}

func (c *card) drawCheck(f *facts) {
	e, k := f.e, c.conn.Check
	if k.At.IsZero() {
		f.add("checked", e.T("connections.never-checked"))
		return
	}
	key := "connections.check.ok"
	if !k.OK {
		key = "connections.check.refused"
	}
	f.add("checked", f.dated(key, locale.Params{"ago": widget.Ago(e, k.At)}, k.At))
	if k.Note != "" {
		f.more(e.Theme.Plain.Render(core.CleanLine(k.Note)))
	}
	for _, call := range k.Calls {
		f.more(e.Theme.Muted.Render(callLine(call)))
	}
}

// callLine is one vendor call as evidence.
func callLine(c core.Call) string {
	status := "-"
	if c.Status != 0 {
		status = strconv.Itoa(c.Status)
	}
	return core.CleanLine(c.Method + " " + status + "  " + strings.TrimPrefix(c.URL, "https://") + "  " + strconv.FormatInt(c.Took.Milliseconds(), 10) + " ms")
}

func (c *card) drawSecrets(f *facts) {
	e := f.e
	names := c.secretNames()
	if len(names) == 0 {
		f.add("secrets", e.T("connections.no-secrets"))
		return
	}
	wide := 0
	for _, n := range names {
		wide = max(wide, ansi.StringWidth(secretName(e, n)))
	}
	for i, n := range names {
		text := c.conn.Secrets[n].String()
		if e.Theme.Glyphs.Bullet == "-" {
			text = "********"
		}
		sign := "  "
		if c.active && i == c.chosen {
			sign = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
			f.at = len(f.lines)
		}
		line := sign + widget.Pad(secretName(e, n), wide) + "  " + text
		if c.active && i == c.chosen && c.shown.name == "" {
			line += "  " + e.Theme.Muted.Render(e.T("connections.secret.hint"))
		}
		if i == 0 {
			label := e.Theme.Muted.Render(widget.Cut(e.T("connections.fact.secrets"), f.indent-1, e.Theme.Glyphs.Cut))
			f.lines = append(f.lines, widget.Pad(label, f.indent)+widget.CutStyled(line, f.width-f.indent, e.Theme.Glyphs.Cut))
		} else {
			f.more(line)
		}
		if left := c.shown.left(e.Now); c.active && c.shown.name == n && left > 0 {
			for _, l := range widget.Wrap(c.conn.Secrets[n].Reveal(), f.width-f.indent-2) {
				f.more("  " + e.Theme.Warn.Render(l))
			}
			f.more("  " + e.Theme.Muted.Render(e.T("connections.secret.left", locale.Params{"n": int((left + time.Second - 1) / time.Second)})))
		}
	}
}

// secretName is what a stored secret is called.
func secretName(e screen.Env, name string) string {
	return named(e, name, "connections.secret.name."+name)
}

func (c *card) drawEvents(f *facts) {
	e := f.e
	for i, ev := range c.events {
		when := ev.At.UTC().Format("2006-01-02 15:04")
		if ev.At.UTC().Format(time.DateOnly) == e.Now.UTC().Format(time.DateOnly) {
			when = ev.At.UTC().Format("15:04")
		}
		line := when + "  " + named(e, string(ev.Verb), "connections.verb."+string(ev.Verb))
		if ev.Code != "" {
			line += "  " + ev.Code
		}
		line = core.CleanLine(line + "  " + ev.Actor.String())
		if i == 0 {
			f.add("log", widget.Cut(line, f.width-f.indent, e.Theme.Glyphs.Cut))
		} else {
			f.more(line)
		}
	}
}
