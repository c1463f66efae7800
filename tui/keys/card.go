package keys

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// card is what is known of one key. It begins with the summary and is
// completed when the record has been read.
type card struct {
	sum     core.KeySummary
	key     core.SigningKey // without its secret
	quality core.Quality
	events  []core.Event
	loaded  bool
	err     error

	shown  widget.Reveal // in the detail screen only
	secret core.Secret   // what is shown, and only as long
	active bool          // the secret can be shown here
}

func (c *card) take(msg keyLoaded) {
	if c.err = msg.err; msg.err != nil {
		return
	}
	if msg.sum.Hidden || c.loaded && msg.sum.Prefix != c.sum.Prefix {
		c.conceal() // what is on the screen is not the secret any more, or may not be shown
	}
	c.key, c.sum, c.quality, c.events, c.loaded = msg.key, msg.sum, msg.secret, msg.events, true
}

// conceal drops the secret that is shown.
func (c *card) conceal() { c.shown, c.secret = widget.Reveal{}, core.Secret{} }

// stateMark is the sign of a key's state and its look.
func stateMark(e screen.Env, s core.KeySummary) (string, lipgloss.Style) {
	g := e.Theme.Glyphs
	switch stateOf(s) {
	case core.KeyInUse, verifies:
		return g.OK, e.Theme.Good
	case core.KeyWeak:
		return g.Warn, e.Theme.Warn
	case core.KeyRetired:
		return g.Bad, e.Theme.Bad
	}
	return g.Wait, e.Theme.Muted
}

// verifies is the state of a key of Xsolla Login: it does what it is for
// without being in service anywhere else.
const verifies = "verifies"

// stateOf is core's state of a key, apart from those of Xsolla Login.
func stateOf(s core.KeySummary) string {
	if state := s.State(); s.Kind != core.KeyXsolla || state != core.KeyUnused {
		return state
	}
	return verifies
}

// stateWords are a key's state in a few words.
func stateWords(e screen.Env, s core.KeySummary) string {
	var words []string
	if s.Hidden { // first, since what is behind may be cut
		words = append(words, e.T("key.state.hidden"))
	}
	words = append(words, e.T("key.state."+stateOf(s)))
	if s.Weak && s.State() != core.KeyWeak {
		words = append(words, e.T("key.state."+core.KeyWeak))
	}
	return strings.Join(words, e.T("keys.and"))
}

// verdictWords say in a sentence how the key stands.
func verdictWords(e screen.Env, s core.KeySummary) string {
	p := locale.Params{"n": s.Deployed, "ago": widget.Ago(e, s.LastUsed), "at": widget.Stamp(s.RetiredAt)}
	verdict := "keys.is." + stateOf(s)
	switch {
	case s.State() == core.KeyInUse && s.Deployed == 0:
		verdict += ".here"
	case s.State() == core.KeyInUse:
		return e.Text.N(verdict, s.Deployed)
	}
	return e.T(verdict, p)
}

// verdict is the state in a sentence, what it means, and the next step.
func (c *card) verdict(e screen.Env, width int) []string {
	state := stateOf(c.sum)
	sign, style := stateMark(e, c.sum)
	lines := widget.Marked(style.Render(sign), verdictWords(e, c.sum), width)
	pad := strings.Repeat(" ", lipgloss.Width(sign)+1)
	w := width - len(pad)
	means := "keys.means." + state
	if e.Text.Has(means) {
		p := locale.Params{"n": c.quality.Bytes}
		if !c.loaded {
			p["n"] = e.Theme.Glyphs.Wait
		}
		lines = append(lines, widget.Indent(widget.Wrap(e.T(means, p), w), pad)...)
	}
	if state == core.KeyUnused {
		lines = append(lines, widget.Indent(widget.Marked(e.Theme.Key.Render("d"), e.T("keys.next.unused"), w), pad)...)
	}
	return lines
}

// place is the account as the vendor's address has it, and the brand.
func place(e screen.Env, s core.KeySummary) string {
	out := accountName(e, s)
	if s.Brand != "" {
		out += " " + e.Theme.Glyphs.Dot + " " + s.Brand
	}
	return out
}

// accountName is the heading of an account's keys.
func accountName(e screen.Env, s core.KeySummary) string {
	switch {
	case s.Account == "" && s.Kind == core.KeyXsolla:
		return e.T("keys.account.no-project")
	case s.Account == "":
		return e.T("keys.account.none")
	case s.Kind == core.KeyXsolla:
		return e.T("keys.account.project", locale.Params{"id": s.Account})
	}
	return s.Account + ".zendesk.com"
}

// begins is how a secret is listed by its first characters.
func begins(e screen.Env, prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix + e.Theme.Glyphs.Cut
}

// lines draws the key: the verdict and what to do, then the facts. secretAt is
// the line of the secret, or -1.
func (c *card) lines(e screen.Env, width int) (lines []string, secretAt int) {
	f := widget.NewFacts(e, width, "keys.fact.", "kind", "kid", "begins", "alg", "list", "made", "added", "used", "hidden", "retired", "secret", "deployed", "log")
	cut := func(s string) string { return widget.Cut(s, width, e.Theme.Glyphs.Cut) }
	f.Lines = append(f.Lines, e.Theme.Title.Render(cut(c.sum.Name)), e.Theme.Muted.Render(cut(place(e, c.sum))), "")
	f.Lines = append(f.Lines, c.verdict(e, width)...)
	f.Gap()
	if c.err != nil {
		f.Lines = append(f.Lines, widget.Problem(e, c.err, width)...)
		f.Gap()
	}
	f.Add("kind", e.T("key.kind."+string(c.sum.Kind)))
	if c.sum.KID != "" {
		f.Add("kid", c.sum.KID)
	}
	if c.sum.Prefix != "" {
		f.Add("begins", begins(e, c.sum.Prefix))
	}
	f.Add("alg", c.sum.Alg)
	if !c.loaded {
		return f.Lines, -1
	}
	c.drawList(e, f)
	f.Gap()
	at := c.drawSecret(e, f)
	f.Gap()
	c.drawPlaces(e, f)
	f.Gap()
	c.drawTimes(e, f)
	f.Gap()
	for i, ev := range c.events {
		line := widget.Cut(eventLine(e, ev), f.Room(), e.Theme.Glyphs.Cut)
		if i == 0 {
			f.Put("log", line)
		} else {
			f.More(line)
		}
	}
	return f.Lines, at
}

// drawList says which public keys an RS256 project has.
func (c *card) drawList(e screen.Env, f *widget.Facts) {
	if c.sum.Alg != core.AlgRS256 {
		return
	}
	keys, err := visitortoken.ParseKeyList([]byte(c.key.KeyList))
	if err != nil {
		f.Add("list", widget.Reason(err)(e))
		return
	}
	f.Add("list", f.Dated("keys.list.read", locale.Params{"n": len(keys), "ago": widget.Ago(e, c.key.KeyListAt)}, c.key.KeyListAt))
	for _, k := range keys {
		f.More(e.Theme.Muted.Render(core.CleanLine(k.KID + "  " + k.Alg)))
	}
}

// drawSecret shows dots, or the secret while it is revealed.
func (c *card) drawSecret(e screen.Env, f *widget.Facts) (at int) {
	if c.sum.Alg == core.AlgRS256 {
		f.Add("secret", e.T("keys.secret.none"))
		return -1
	}
	if c.sum.Hidden {
		f.Add("secret", e.T("keys.secret.hidden"))
		return -1
	}
	at = len(f.Lines)
	line := widget.Dots(e, core.NewSecret("x")) // as many whatever it is
	if c.active && !c.shown.On() {
		line += "  " + e.Theme.Muted.Render(e.T("secret.hint"))
	}
	f.Put("secret", line)
	if c.active {
		for _, l := range c.shown.Lines(e, c.secret, f.Room()) {
			f.More(l)
		}
	}
	return at
}

func (c *card) drawPlaces(e screen.Env, f *widget.Facts) {
	if c.sum.Alg == core.AlgRS256 {
		return // anybody may have the public keys
	}
	if len(c.key.Deployments) == 0 {
		f.Add("deployed", e.T("keys.deployed.nowhere"))
		return
	}
	for i, d := range c.key.Deployments {
		if i == 0 {
			f.Add("deployed", core.CleanLine(d.Where))
		} else {
			f.More(core.CleanLine(d.Where))
		}
		f.More(e.Theme.Muted.Render(core.CleanLine(widget.Stamp(d.At) + "  " + d.By)))
	}
}

func (c *card) drawTimes(e screen.Env, f *widget.Facts) {
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	if !c.key.MadeAt.IsZero() {
		f.Add("made", day(c.key.MadeAt))
	}
	added := widget.Stamp(c.key.AddedAt)
	if f.Narrow() {
		added = day(c.key.AddedAt)
	}
	f.Add("added", e.T("keys.added.by", locale.Params{"at": added, "by": c.key.AddedBy}))
	if c.key.LastUsed.IsZero() {
		f.Add("used", e.T("keys.used.not"))
	} else {
		f.Add("used", f.Dated("keys.used.last", locale.Params{"ago": widget.Ago(e, c.key.LastUsed)}, c.key.LastUsed))
	}
	if c.sum.Hidden {
		f.Add("hidden", day(c.key.HiddenAt))
	}
	if !c.sum.RetiredAt.IsZero() {
		f.Add("retired", day(c.sum.RetiredAt))
	}
}

// eventLine is an event of the key's own log, where its name need not stand.
func eventLine(e screen.Env, ev core.Event) string {
	when := ev.At.UTC().Format("2006-01-02 15:04")
	if ev.At.UTC().Format(time.DateOnly) == e.Now.UTC().Format(time.DateOnly) {
		when = ev.At.UTC().Format("15:04")
	}
	return core.CleanLine(when + "  " + eventWords(e, ev) + "  " + ev.Actor.String())
}

func eventWords(e screen.Env, ev core.Event) string {
	base := "keys.log." + string(ev.Verb)
	for _, detail := range []string{"what", "deployed", "undeployed", "visitor", "with"} {
		v, ok := ev.Detail[detail]
		if !ok {
			continue
		}
		if k := base + "." + v; detail == "what" && e.Text.Has(k) {
			return e.T(k)
		}
		if k := base + "." + detail; e.Text.Has(k) {
			return e.T(k, locale.Params{"value": core.CleanLine(v)})
		}
	}
	return widget.Named(e, string(ev.Verb), base)
}
