package connections

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// obtain asks the vendor for a token without a person agreeing: client
// credentials.
type obtain struct {
	f     *family
	who   subject
	ended ending
}

func newObtain(f *family, who subject) *obtain { return &obtain{f: f, who: who} }

// Title names the screen.
func (o *obtain) Title(e screen.Env) string { return o.who.title(e) }

// Init asks at once.
func (o *obtain) Init(s *screen.Scope) screen.Step {
	f, id := o.f, o.who.id
	return screen.Step{Cmd: s.Run(func(ctx context.Context) tea.Msg {
		res, err := f.Consent.Unattended(ctx, id)
		return obtained{res, err}
	})}
}

// Update handles the outcome.
func (o *obtain) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case obtained:
		o.ended = ending{true, msg.res, msg.err}
		return screen.Step{Changed: true}
	case tea.KeyPressMsg:
		switch k := msg.String(); {
		case k == "n" && o.ended.over:
			return screen.Step{Replace: newObtain(o.f, o.who)}
		case k == "enter" && o.ended.over && o.ended.err == nil:
			return o.ended.onward(o.f, o.who)
		}
	}
	return screen.Step{}
}

// Draw says what is awaited, then what came of it.
func (o *obtain) Draw(e screen.Env) screen.Frame {
	if o.ended.over {
		return widget.Frame(o.ended.lines(e, o.f, o.who))
	}
	params := locale.Params{"platform": o.f.platformName(o.who.platform), "name": o.who.name}
	return widget.Frame(append([]string{e.Theme.Title.Render(e.T("connections.obtain.head", params)), ""}, widget.Wrap(e.T("connections.obtain.what", params), widget.Readable(e.Width))...))
}

// Trouble is why it did not work.
func (o *obtain) Trouble() error { return o.ended.trouble() }

// Keys of the result.
func (o *obtain) Keys() []screen.Key {
	if o.ended.over {
		return o.ended.keys()
	}
	return nil
}

// byCode is the screen of a code that the admin makes in the vendor's console
// and pastes: Zoho's self client.
type byCode struct {
	f     *family
	who   subject
	scope *screen.Scope

	conn     core.Connection // for its scopes and region; ID "" until read
	input    widget.Input
	working  bool
	pasteErr error
	ended    ending
}

func newPasted(f *family, who subject) *byCode { return &byCode{f: f, who: who} }

// Title names the screen.
func (b *byCode) Title(e screen.Env) string { return b.who.title(e) }

// Init reads which scopes the code is to be made for.
func (b *byCode) Init(s *screen.Scope) screen.Step {
	b.scope = s
	b.input = widget.NewInput(false)
	b.input.SetValue(b.f.typed["code "+b.who.id])
	b.input.Focus()
	return screen.Step{Cmd: loadCard(b.f, s, b.who.id)}
}

// Capturing keeps letters for the code once there is a first one.
func (b *byCode) Capturing() bool { return b.input.Value() != "" && !b.ended.over }

// Update handles keys, the pasted code and the outcome.
func (b *byCode) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case cardLoaded:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		b.conn = msg.conn
	case obtained:
		b.working = false
		if strings.HasPrefix(core.CodeOf(msg.err), "consent.paste-") {
			b.pasteErr = msg.err
			return screen.Step{}
		}
		delete(b.f.typed, "code "+b.who.id)
		b.input.SetValue("")
		b.ended = ending{true, msg.res, msg.err}
		return screen.Step{Changed: true}
	case tea.PasteMsg:
		return b.paste(msg)
	case tea.KeyPressMsg:
		return b.key(msg)
	}
	return screen.Step{}
}

// paste takes a pasted code at once; one after a bad one replaces it.
func (b *byCode) paste(msg tea.PasteMsg) screen.Step {
	if b.ended.over || b.working {
		return screen.Step{}
	}
	fresh := b.input.Value() == "" || b.pasteErr != nil
	if fresh {
		b.input.SetValue("")
	}
	b.input.Update(msg)
	if fresh {
		return b.exchange()
	}
	return screen.Step{}
}

func (b *byCode) exchange() screen.Step {
	b.working, b.pasteErr = true, nil
	f, id, code := b.f, b.who.id, b.input.Value()
	return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
		res, err := f.Consent.PastedCode(ctx, id, code)
		return obtained{res, err}
	})}
}

func (b *byCode) key(msg tea.KeyPressMsg) screen.Step {
	k := msg.String()
	switch {
	case b.ended.over && k == "n":
		return screen.Step{Replace: newPasted(b.f, b.who)}
	case b.ended.over && k == "enter" && b.ended.err == nil:
		return b.ended.onward(b.f, b.who)
	case b.ended.over || b.working:
	case k == "esc":
		return screen.Step{Back: true}
	case k == "enter" && b.input.Value() != "":
		return b.exchange()
	case k == "g" && b.input.Value() == "" && b.f.Sandbox != nil:
		return b.codeHere()
	case k == "y" && b.input.Value() == "":
		return screen.Step{Open: newTextMenu(b.f, b.copyables())}
	default:
		b.input.Update(msg)
	}
	return screen.Step{}
}

// codeHere makes the code as the vendor's console would: sandbox only.
func (b *byCode) codeHere() screen.Step {
	code, err := b.f.Sandbox.Code(b.conn.Scopes)
	if err != nil {
		return screen.Fail(err)
	}
	b.input.SetValue(code)
	return screen.Step{}
}

// Leave keeps what was typed.
func (b *byCode) Leave() screen.Step {
	b.f.typed["code "+b.who.id] = b.input.Value()
	return screen.Step{}
}

func (b *byCode) console() string {
	for _, r := range b.f.platforms[b.who.platform].Regions {
		if r.ID == b.conn.Region {
			return r.Console
		}
	}
	return ""
}

// separator is how the vendor wants scopes joined.
func (b *byCode) separator() string {
	if cfg, err := b.f.Service.Config(b.conn); err == nil && cfg.ScopeSeparator != "" {
		return cfg.ScopeSeparator
	}
	return " "
}

func (b *byCode) copyables() []widget.MenuItem {
	var out []widget.MenuItem
	if len(b.conn.Scopes) > 0 {
		out = append(out, widget.MenuItem{What: "connections.copy.scopes", Text: strings.Join(b.conn.Scopes, b.separator())})
	}
	if c := b.console(); c != "" {
		out = append(out, widget.MenuItem{What: "connections.copy.console", Text: c})
	}
	return out
}

// Draw says how the code is made and takes it.
func (b *byCode) Draw(e screen.Env) screen.Frame {
	if b.ended.over {
		return widget.Frame(b.ended.lines(e, b.f, b.who))
	}
	p := &page{e: e, width: widget.Readable(e.Width)}
	space := func() {
		if e.Height >= 16 {
			p.gap()
		}
	}
	params := locale.Params{"platform": b.f.platformName(b.who.platform), "name": b.who.name}
	if e.Height >= 12 {
		p.text("", "connections.code.head", params)
	}
	space()
	if c := b.console(); c != "" {
		p.text("", "connections.code.console", params)
		p.line("   " + widget.Cut(c, e.Width-3, e.Theme.Glyphs.Cut))
		space()
	}
	p.text("", "connections.code.scopes", params)
	p.line("   " + widget.Cut(strings.Join(b.conn.Scopes, b.separator()), e.Width-24, e.Theme.Glyphs.Cut) + "   " + keyWords(e, "y", "copy"))
	space()
	p.text("", "connections.code.paste", params)
	text, col := b.input.Draw(e, e.Width-6)
	p.lines = append(p.lines, "   "+e.Theme.Accent.Render(e.Theme.Glyphs.Prompt)+" "+text)
	if col >= 0 && !b.working {
		p.cur = tea.NewCursor(5+col, len(p.lines)-1)
	}
	switch {
	case b.working:
		p.line(e.Theme.Accent.Render(e.T("connections.consent.taking")))
	case b.pasteErr != nil:
		p.lines = append(p.lines, widget.Indent(widget.Marked(e.Theme.Bad.Render(e.Theme.Glyphs.Bad), widget.Reason(b.pasteErr)(e), p.width-3), "   ")...)
	}
	return screen.Frame{Text: strings.Join(p.lines, "\n"), Cursor: p.cur}
}

// Trouble is why it did not work.
func (b *byCode) Trouble() error { return b.ended.trouble() }

// Keys while nothing is typed, and of the result.
func (b *byCode) Keys() []screen.Key {
	if b.ended.over {
		return b.ended.keys()
	}
	if b.Capturing() {
		return []screen.Key{screen.NewKey("enter", "connections.key.paste", "enter"), screen.NewKey("esc", "connections.key.leave-consent", "esc")}
	}
	keys := []screen.Key{screen.NewKey("y", "connections.key.copy", "y").If(b.conn.ID != "", "connections.off.starting")}
	if b.f.Sandbox != nil {
		keys = append(keys, screen.NewKey("g", "connections.key.code-here", "g").If(b.conn.ID != "", "connections.off.starting"))
	}
	return keys
}
