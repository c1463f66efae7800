package connections

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// facts are the connection's lines, and where in them the chosen secret is.
type facts struct {
	*widget.Facts
	e  screen.Env
	at int // -1: none
}

func (c *card) newFacts(e screen.Env, width int) *facts {
	return &facts{e: e, at: -1, Facts: widget.NewFacts(e, width, "connections.fact.",
		"account", "region", "grant", "scopes", "health", "form", "token", "checked", "stored", "secrets", "log", "replaced", "expect")}
}

// lines draws the connection: the verdict and what to do, then the facts.
// chosen is the line of the chosen secret, or -1.
func (c *card) lines(e screen.Env, width int) (lines []string, chosen int) {
	f := c.newFacts(e, width)
	f.Lines = append(f.Lines, e.Theme.Title.Render(widget.Cut(c.sum.Name, width, e.Theme.Glyphs.Cut)))
	f.Lines = append(f.Lines, e.Theme.Muted.Render(widget.Cut(strings.Join(nonEmpty(c.f.platformName(c.sum.Platform), c.sum.Account, c.sum.Region), " "+e.Theme.Glyphs.Dot+" "), width, e.Theme.Glyphs.Cut)), "")
	f.Lines = append(f.Lines, c.verdict(e, width)...)
	f.Gap()
	if c.err != nil {
		f.Lines = append(f.Lines, widget.Problem(e, c.err, width)...)
	}
	f.Add("grant", e.T("grant."+string(c.sum.Grant)))
	if !c.loaded {
		return f.Lines, -1
	}
	if c.heir != "" {
		f.Add("replaced", e.T("connections.replaced", locale.Params{"name": core.CleanLine(c.heir)}))
	}
	if c.conn.Expect != "" {
		f.Add("expect", c.conn.Expect)
	}
	c.drawScopes(f)
	c.drawToken(f)
	f.Gap()
	c.drawHealth(f)
	c.drawSheet(f)
	c.drawCheck(f)
	stored := widget.Stamp(c.conn.CreatedAt)
	if f.Narrow() {
		stored = c.conn.CreatedAt.UTC().Format(time.DateOnly)
	}
	f.Add("stored", e.T("connections.stored", locale.Params{"at": stored, "by": c.conn.CreatedBy}))
	f.Gap()
	c.drawSecrets(f)
	f.Gap()
	c.drawEvents(f)
	return f.Lines, f.at
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// verdict is the state in a sentence, what it means, and the next step.
func (c *card) verdict(e screen.Env, width int) []string {
	st := c.sum.State(e.Now)
	sign, style := mark(e, st.Health)
	lines := widget.Marked(style.Render(sign), e.T("connections.is."+st.Code, stateParams(e, c.sum, st)), width)
	pad := strings.Repeat(" ", ansi.StringWidth(sign)+1)
	w := width - len(pad)
	if st.Code == "refused" && c.sum.CheckCode != "" {
		err := core.Connection{Name: c.sum.Name, Check: core.Check{Code: c.sum.CheckCode, Tried: c.conn.Check.Tried, Params: c.conn.Check.Params}}.Refusal()
		x := e.Explain(err)
		lines = append(lines, widget.Indent(widget.Paragraph(x.Means, w), pad)...)
		if x.Next != "" {
			lines = append(lines, widget.Indent(widget.Marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), x.Next, w), pad)...)
		}
		return append(lines, pad+e.Theme.Muted.Render(widget.Cut(c.sum.CheckCode, w, e.Theme.Glyphs.Cut)))
	}
	if key := "connections.means." + st.Code; e.Text.Has(key) {
		lines = append(lines, widget.Indent(widget.Wrap(e.T(key, stateParams(e, c.sum, st)), w), pad)...)
	}
	if end, known := c.f.end(c.sum); known && c.f.Migrate != nil && st.Code != "legacy" {
		lines = append(lines, c.ending(e, end, width)...)
	}
	if key := nextStep(st.Code); key != "" {
		lines = append(lines, widget.Indent(widget.Marked(e.Theme.Key.Render(key), e.T("connections.next."+st.Code), w), pad)...)
	}
	return lines
}

// ending says when what the connection has comes to its end, and the key that
// leads out of it.
func (c *card) ending(e screen.Env, end core.End, width int) []string {
	key := "deadline." + end.Code
	if !e.Now.Before(end.At) {
		key += ".past"
	}
	p := locale.Params{"name": c.sum.Name, "span": widget.Until(e, end.At), "at": end.At.UTC().Format(time.DateOnly)}
	words := e.T(key, p)
	if e.Now.Before(end.At) {
		words = widget.Sentences(words, e.T("connections.ending.when", p))
	}
	lines := widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), words, width)
	return append(lines, widget.Indent(widget.Marked(e.Theme.Key.Render("m"), e.T("connections.next.legacy"), width-2), "  ")...)
}

// nextStep is the key that does what a state asks for; "" when nothing is to
// be done.
func nextStep(state string) string {
	switch state {
	case "consent-missing", "expired", "ended", "ends", "expires":
		return "o"
	case "legacy":
		return "m"
	case "unchecked", "unproven":
		return "c"
	case "secret-ends", "secret-ended":
		return "E"
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
	f.Add("scopes", e.T(key, locale.Params{"asked": len(c.conn.Scopes), "granted": len(c.conn.Granted)}))
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
		if words := scopeWords(e, c.sum.Platform, scope); words != "" && !f.Narrow() {
			line += "  " + e.Theme.Muted.Render(words)
		}
		f.More(line)
	}
}

func (c *card) drawToken(f *facts) {
	e, s := f.e, c.sum
	when := func(key string, t time.Time) string {
		return f.Dated("connections.token."+key, locale.Params{"span": widget.Until(e, t), "ago": widget.Ago(e, t)}, t)
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
	if s.HasRefresh || s.Grant.Unattended() {
		values = append(values, e.T("connections.token.renews"))
	}
	if !s.EndsAt.IsZero() {
		values = append(values, when("whole-ends", s.EndsAt))
	}
	switch {
	case s.SecretEndsAt.IsZero():
	case e.Now.Before(s.SecretEndsAt):
		values = append(values, when("secret-ends", s.SecretEndsAt))
	default:
		values = append(values, when("secret-ended", s.SecretEndsAt))
	}
	f.Add("token", values...)
}

// drawHealth lists what the connection depends on, and what is known of it.
func (c *card) drawHealth(f *facts) {
	e := f.e
	for i, one := range c.sheet.Findings {
		sign, style := findingMark(e, one.Level)
		if one.Level == platform.Notes {
			sign = e.Theme.Glyphs.Dot // nothing is awaited
		}
		params := locale.Params{}
		for k, v := range one.Params {
			params[k] = core.CleanLine(v)
		}
		key := "finding." + one.Code
		lines := widget.Marked(style.Render(sign), e.T(key, params), f.Room())
		if one.Level >= platform.Warns {
			for _, l := range widget.Wrap(e.T(key+".fix", params), f.Room()-2) {
				lines = append(lines, "  "+e.Theme.Muted.Render(l))
			}
		}
		for j, l := range lines {
			if i+j == 0 {
				f.Put("health", l)
			} else {
				f.More(l)
			}
		}
	}
	if len(c.sheet.Findings) > 0 {
		f.Gap()
	}
}

// drawSheet lists the values that belong into a form of the vendor's, in its
// order. The copy menu has each of them.
func (c *card) drawSheet(f *facts) {
	e, wide := f.e, 0
	label := func(name string) string { return e.T("setup." + string(c.sum.Platform) + "." + name) }
	for _, one := range c.sheet.Facts {
		wide = max(wide, ansi.StringWidth(label(one.Name)))
	}
	row := func(label, value string) string { return e.Theme.Muted.Render(widget.Pad(label, wide)) + "  " + value }
	for i, one := range c.sheet.Facts {
		line := row(label(one.Name), core.CleanLine(one.Value))
		if i == 0 {
			f.Put("form", line)
		} else {
			f.More(line)
		}
		if secret := c.conn.Secrets[c.sheet.Secret]; one.Name == c.sheet.SecretAfter && !secret.Empty() {
			f.More(row(label(c.sheet.Secret), widget.Dots(e, secret)))
		}
	}
	if len(c.sheet.Facts) > 0 {
		f.Gap()
	}
}

func (c *card) drawCheck(f *facts) {
	e, k := f.e, c.conn.Check
	if k.At.IsZero() {
		f.Add("checked", e.T("connections.never-checked"))
		return
	}
	key := "connections.check.ok"
	if !k.OK {
		key = "connections.check.refused"
	}
	f.Add("checked", f.Dated(key, locale.Params{"ago": widget.Ago(e, k.At)}, k.At))
	if k.Note != "" {
		f.More(e.Theme.Plain.Render(core.CleanLine(k.Note)))
	}
	for _, call := range k.Calls {
		f.More(e.Theme.Muted.Render(callLine(call)))
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
		f.Add("secrets", e.T("connections.no-secrets"))
		return
	}
	wide := 0
	for _, n := range names {
		wide = max(wide, ansi.StringWidth(secretName(e, n)))
	}
	for i, n := range names {
		sign := "  "
		if c.active && i == c.chosen {
			sign = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
			f.at = len(f.Lines)
		}
		line := sign + widget.Pad(secretName(e, n), wide) + "  " + widget.Dots(e, c.conn.Secrets[n])
		if c.active && i == c.chosen && !c.shown.On() {
			line += "  " + e.Theme.Muted.Render(e.T("secret.hint"))
		}
		if i == 0 {
			f.Put("secrets", line)
		} else {
			f.More(line)
		}
		if c.active && c.shown.Name == n {
			for _, l := range c.shown.Lines(e, c.conn.Secrets[n], f.Room()-2) {
				f.More("  " + l)
			}
		}
	}
}

// secretName is what a stored secret is called.
func secretName(e screen.Env, name string) string {
	return widget.Named(e, name, "connections.secret.name."+name)
}

func (c *card) drawEvents(f *facts) {
	e := f.e
	for i, ev := range c.events {
		when := ev.At.UTC().Format("2006-01-02 15:04")
		if ev.At.UTC().Format(time.DateOnly) == e.Now.UTC().Format(time.DateOnly) {
			when = ev.At.UTC().Format("15:04")
		}
		line := when + "  " + widget.Named(e, string(ev.Verb), "connections.verb."+string(ev.Verb))
		if ev.Code != "" {
			line += "  " + ev.Code
		}
		line = core.CleanLine(line + "  " + ev.Actor.String())
		if i == 0 {
			f.Add("log", widget.Cut(line, f.Room(), e.Theme.Glyphs.Cut))
		} else {
			f.More(line)
		}
	}
}
