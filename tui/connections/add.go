package connections

import (
	"context"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// add asks for a new connection. What it asks follows from platform and
// grant; leaving it keeps what was typed.
type add struct {
	f        *family
	scope    *screen.Scope
	form     *widget.Form
	proposed string // the name that stands in the form unless the admin typed one
	working  bool
	err      error
	kept     bool // reopened with what was typed before

	findings []platform.Finding // what is wrong with what was typed, worst first
	seen     string             // the answers that they are of: saving those again accepts them
	pager    widget.Pager       // over the findings
}

// addScreen opens the form, with what was typed before if it was left.
func (f *family) addScreen() *add {
	if f.draft != nil {
		f.draft.kept = true
		return f.draft
	}
	return newAdd(f)
}

func newAdd(f *family) *add {
	a := &add{f: f}
	p := f.Platforms[0]
	a.form = widget.NewForm(a.fields(p, p.Grants[0])...)
	a.propose()
	return a
}

type added struct {
	conn core.Connection
	err  error

	findings []platform.Finding // it was not saved: these come first
}

// Title names the form.
func (a *add) Title(e screen.Env) string { return e.T("connections.add.title") }

// Init begins.
func (a *add) Init(s *screen.Scope) screen.Step {
	a.scope, a.working = s, false
	return screen.Step{}
}

// Capturing keeps letters for the form.
func (a *add) Capturing() bool { return true }

// Trouble is why it could not be saved.
func (a *add) Trouble() error {
	if a.working || len(a.findings) > 0 {
		return nil
	}
	return a.err
}

// Update handles keys and the outcome of saving.
func (a *add) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case added:
		return a.added(msg)
	case tea.PasteMsg:
		if !a.working && len(a.findings) == 0 {
			a.form.Update(msg)
		}
	case tea.KeyPressMsg:
		return a.key(msg)
	}
	return screen.Step{}
}

func (a *add) key(msg tea.KeyPressMsg) screen.Step {
	if len(a.findings) > 0 {
		return a.findingsKey(msg.String())
	}
	switch msg.String() {
	case "esc":
		return screen.Step{Back: true}
	case "ctrl+y":
		if items := a.copyables(); len(items) > 0 {
			return screen.Step{Open: newTextMenu(a.f, items)}
		}
		return screen.Step{}
	case "ctrl+g":
		a.fillIn()
		return screen.Step{}
	case "ctrl+x":
		a.f.draft = nil
		return screen.Step{Replace: newAdd(a.f)}
	}
	if a.working {
		return screen.Step{}
	}
	was := a.form.Focused()
	changed, submit := a.form.Update(msg)
	if p := a.platform(); changed && (was == fieldPlatform || was == fieldGrant || strings.HasSuffix(was, ".region") || decides(p, was)) {
		a.form.SetFields(a.fields(p, a.grant(p))...)
		a.propose()
	}
	if submit {
		return a.save()
	}
	return screen.Step{}
}

// fillIn types what exists in the sandbox.
func (a *add) fillIn() {
	if a.f.Sandbox == nil || a.working {
		return
	}
	p := a.platform()
	grant := a.grant(p)
	values := a.f.Sandbox.Answers(p.ID, grant, a.typed(p))
	fill := func() {
		for _, ask := range p.AsksFor(grant, values) {
			if v, ok := values[ask.Name]; ok {
				a.form.Set(askField(p, ask.Name), v)
			}
		}
	}
	fill()
	a.form.SetFields(a.fields(p, grant)...) // other answers may ask other things
	fill()
	a.propose()
}

// Leave keeps what was typed.
func (a *add) Leave() screen.Step {
	if !a.form.Touched() {
		a.f.draft = nil
		return screen.Step{}
	}
	a.f.draft = a
	return screen.Say("connections.add.left")
}

// platform is the one that is chosen.
func (a *add) platform() platform.Platform {
	return a.f.platforms[core.PlatformID(a.form.Value(fieldPlatform))]
}

// grant is the chosen one, or the platform's first when the platform has just
// been changed to one that does not know it.
func (a *add) grant(p platform.Platform) core.Grant {
	if g := core.Grant(a.form.Value(fieldGrant)); p.Accepts(g) {
		return g
	}
	return p.Grants[0]
}

// decides reports whether the answer in a field decides what else is asked.
func decides(p platform.Platform, field string) bool {
	for _, ask := range p.Asks {
		for name := range ask.When {
			if askField(p, name) == field {
				return true
			}
		}
	}
	return false
}

// typed are the answers that other asks may depend on, as they stand in the
// form.
func (a *add) typed(p platform.Platform) map[string]string {
	out := map[string]string{}
	if a.form == nil {
		return out
	}
	for _, ask := range p.Asks {
		if len(ask.Options) > 0 {
			out[ask.Name] = a.form.Value(askField(p, ask.Name))
		}
	}
	return out
}

// propose puts a free name into the form, unless the admin typed another.
func (a *add) propose() {
	if v := a.form.Value(fieldName); v != "" && v != a.proposed {
		return
	}
	p := a.platform()
	base := p.Name
	for _, r := range p.Regions {
		// A data centre of its own, with its own clients, tells connections apart.
		if r.ID == a.form.Value(askField(p, "region")) && r.Console != "" {
			base += " " + strings.ToUpper(r.ID)
		}
	}
	name := base
	for n := 2; a.f.taken[strings.ToLower(name)]; n++ {
		name = base + " " + strconv.Itoa(n)
	}
	a.proposed = name
	a.form.Set(fieldName, name)
}

// answers are what was typed, by ask.
func (a *add) answers() (platform.Platform, platform.Answers) {
	p := a.platform()
	out := platform.Answers{
		Name: a.form.Value(fieldName), Grant: a.grant(p), Expect: a.form.Value(fieldExpect),
		Plain: map[string]string{}, Secret: core.Secrets{},
	}
	for _, ask := range p.AsksFor(out.Grant, a.typed(p)) {
		field := askField(p, ask.Name)
		switch {
		case ask.Secret:
			out.Secret[ask.Name] = a.form.Secret(field)
		case ask.Name == "scopes":
			out.Plain[ask.Name] = strings.TrimSpace(a.form.Value(field) + " " + a.form.Value(field+ownSuffix))
		default:
			out.Plain[ask.Name] = a.form.Value(field)
		}
	}
	return p, out
}

// save reads a file that was named by its path, makes the connection, and has
// it linted. What cannot work is not saved; what is doubtful is, when the same
// is saved once more.
func (a *add) save() screen.Step {
	p, answers := a.answers()
	now := fingerprint(answers)
	accepted := a.seen == now && !stops(a.findings)
	a.working, a.err, a.findings, a.seen = true, nil, nil, now
	a.pager = widget.Pager{}
	return screen.Step{Cmd: a.scope.Run(func(ctx context.Context) tea.Msg {
		answers, err := a.f.readFiles(p, answers)
		if err != nil {
			return added{err: err}
		}
		c, err := p.NewConnection(answers)
		if err != nil {
			return added{err: err}
		}
		if list := p.Findings(c); stops(list) || !accepted && warns(list) {
			return added{conn: c, findings: list}
		}
		c, err = a.f.Connections.Add(context.WithoutCancel(ctx), c)
		return added{conn: c, err: err}
	})}
}

func (a *add) added(msg added) screen.Step {
	a.working = false
	if len(msg.findings) > 0 {
		a.findings = msg.findings
		return screen.Step{}
	}
	if msg.err != nil {
		a.err = msg.err
		if core.CodeOf(msg.err) == "connection.name-taken" {
			a.form.FocusOn(fieldName, widget.Key("connections.name.taken"))
			a.err = nil
		}
		return screen.Step{}
	}
	a.f.draft = nil
	step := screen.Say("connections.added", locale.Params{"name": msg.conn.Name}).Then(screen.Step{Changed: true})
	if consentable(msg.conn.Grant) {
		step.Replace = a.f.grantScreen(subjectOf(msg.conn.Summary(), false))
		return step
	}
	d := newDetail(a.f, msg.conn.Summary())
	d.checkFirst = msg.conn.Grant != core.GrantRecord // it may have nothing yet by which it is proven, which its health says
	step.Replace = d
	return step
}

// register is what the admin needs at the vendor before the form can be
// filled in: where clients are registered, and the redirect URI to enter.
func (a *add) register() (console, redirect string) {
	p, answers := a.answers()
	region := answers.Plain["region"]
	for _, r := range p.Regions {
		if r.ID == region {
			console = r.Console
		}
	}
	switch answers.Grant {
	case core.GrantCode:
	case core.GrantAuthtoken, core.GrantAPIToken, core.GrantAppKey, core.GrantRecord:
		return "", "" // a token that is there needs no client
	default:
		return console, ""
	}
	// Before the form is complete a platform may refuse to say; then the
	// redirect URI is the one that holds for all.
	cfg, err := a.f.Service.Config(core.Connection{
		Platform: p.ID, Grant: answers.Grant, Region: region, Issuer: answers.Plain["issuer"], Account: answers.Plain["account"], Settings: answers.Plain,
	})
	if err != nil && cfg.Platform == "" {
		cfg = consent.Config{Platform: p.ID}
	}
	if cfg.AnyRedirect {
		return console, ""
	}
	return console, cfg.Redirects()[0]
}

func (a *add) copyables() []widget.MenuItem {
	console, redirect := a.register()
	var out []widget.MenuItem
	if redirect != "" {
		out = append(out, widget.MenuItem{What: "connections.copy.redirect", Text: redirect})
	}
	if console != "" {
		out = append(out, widget.MenuItem{What: "connections.copy.console", Text: console})
	}
	return out
}

// Draw shows the form and, below it, what to enter at the vendor.
func (a *add) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	var head, foot []string
	if e.Height >= 14 {
		head = append(head, e.Theme.Title.Render(e.T("connections.add.head")))
		if a.kept {
			head = append(head, e.Theme.Muted.Render(e.T("connections.add.kept")))
		}
		head = append(head, "")
	}
	switch {
	case len(a.findings) > 0:
		return a.drawFindings(e, w)
	case a.working:
		foot = append(foot, "", e.Theme.Muted.Render(e.T("connections.add.working")))
	case a.err != nil:
		foot = append(append(foot, ""), widget.Problem(e, a.err, w)...)
	default:
		foot = a.drawRegister(e, w)
	}
	room := max(e.Height-len(head)-len(foot), 5)
	form, cur := a.form.Draw(e, e.Width, room)
	if cur != nil {
		cur.Y += len(head)
	}
	return screen.Frame{Text: strings.Join(append(append(head, form...), foot...), "\n"), Cursor: cur}
}

func (a *add) drawRegister(e screen.Env, w int) []string {
	console, redirect := a.register()
	if console == "" && redirect == "" {
		return nil
	}
	lines := []string{""}
	if e.Height >= 14 {
		key := "connections.add.register"
		if redirect == "" {
			key = "connections.add.register-self"
		}
		lines = append(lines, widget.Wrap(e.T(key), w)...)
	}
	label := max(ansi.StringWidth(e.T("connections.add.redirect")), ansi.StringWidth(e.T("connections.add.console")))
	for _, one := range [][2]string{{"redirect", redirect}, {"console", console}} {
		if one[1] != "" {
			line := "  " + e.Theme.Muted.Render(widget.Pad(e.T("connections.add."+one[0]), label)) + "  " + core.CleanLine(one[1])
			if ansi.StringWidth(line) > e.Width {
				line = "  " + widget.Cut(one[1], e.Width-2, e.Theme.Glyphs.Cut) // whole before explained
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// Keys of the form.
func (a *add) Keys() []screen.Key {
	if len(a.findings) > 0 {
		return []screen.Key{
			screen.NewKey("ctrl+s", "connections.key.save-anyway", "ctrl+s").If(!stops(a.findings), "connections.off.lint-stops"),
			screen.NewKey("esc", "connections.key.back-to-form", "esc"),
			screen.NewKey("↑↓", "log.key.scroll", "up", "down", "pgup", "pgdown", "home", "end").Hide(),
		}
	}
	keys := []screen.Key{screen.NewKey("enter", "connections.key.next", "enter")}
	if a.f.Sandbox != nil {
		keys = append(keys, screen.NewKey("ctrl+g", "connections.key.fill", "ctrl+g"))
	}
	return append(keys,
		screen.NewKey("ctrl+s", "connections.key.save", "ctrl+s").If(!a.working, "connections.off.busy"),
		screen.NewKey("ctrl+y", "connections.key.copy", "ctrl+y"),
		screen.NewKey("esc", "connections.key.leave-form", "esc"),
		screen.NewKey("ctrl+x", "connections.key.clear", "ctrl+x"),
	)
}
