package connections

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core/consent"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// device is the screen of a device consent: a code to type at a page of the
// vendor, on any machine, while deskward asks the vendor now and then.
type device struct {
	f     *family
	who   subject
	scope *screen.Scope
	fresh bool // ask for a new code instead of using the one that is still good

	code  consent.DeviceCode // its UserCode is "" until there is one
	poll  consent.DevicePoll
	ended ending
}

func newDevice(f *family, who subject) *device { return &device{f: f, who: who} }

type (
	deviceCode struct{ code consent.DeviceCode }
	devicePoll struct{ poll consent.DevicePoll }
	agreed     struct{ err error } // in the sandbox, by its key
	// obtained is the outcome of a consent that has no attempt.
	obtained struct {
		res consent.Result
		err error
	}
)

// Title names the screen.
func (d *device) Title(e screen.Env) string { return d.who.title(e) }

// Init goes on with the code of before while it is good, else asks for one.
func (d *device) Init(s *screen.Scope) screen.Step {
	d.scope = s
	code, ok := d.f.devices[d.who.id]
	ok = ok && !d.fresh && d.f.Clock.Now().Before(code.Expires)
	if ok {
		d.code = code
	}
	f, id := d.f, d.who.id
	return screen.Step{Cmd: s.Stream(func(ctx context.Context, emit func(tea.Msg)) tea.Msg {
		if !ok {
			var err error
			if code, err = f.Consent.DeviceBegin(ctx, id); err != nil {
				return obtained{err: err}
			}
			emit(deviceCode{code})
		}
		res, err := f.Consent.DeviceWait(ctx, code, func(p consent.DevicePoll) { emit(devicePoll{p}) })
		return obtained{res, err}
	})}
}

// Ticking keeps the countdowns going.
func (d *device) Ticking() bool { return d.code.UserCode != "" && !d.ended.over }

// Update handles keys and how it stands.
func (d *device) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case deviceCode:
		d.code = msg.code
		d.f.devices[d.who.id] = msg.code
	case devicePoll:
		d.poll = msg.poll
	case opened:
		return screen.Fail(msg.err)
	case agreed:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return screen.Say("connections.device.agreed")
	case obtained:
		d.ended = ending{true, msg.res, msg.err}
		delete(d.f.devices, d.who.id)
		return screen.Step{Changed: true}
	case tea.KeyPressMsg:
		return d.key(msg.String())
	}
	return screen.Step{}
}

func (d *device) key(k string) screen.Step {
	switch {
	case k == "n" && (d.ended.over || d.code.UserCode != ""):
		next := newDevice(d.f, d.who)
		next.fresh = true
		return screen.Step{Replace: next}
	case d.ended.over && d.ended.err == nil && k == "enter":
		return d.ended.onward(d.f, d.who)
	case d.ended.over || d.code.UserCode == "":
	case k == "y":
		items := []widget.MenuItem{{What: "connections.copy.device-code", Text: d.code.UserCode}, {What: "connections.copy.device-url", Text: d.code.URL}}
		if d.code.CompleteURL != "" {
			items = append(items, widget.MenuItem{What: "connections.copy.device-complete", Text: d.code.CompleteURL})
		}
		return screen.Step{Open: newTextMenu(d.f, items)}
	case k == "g" && d.f.Sandbox != nil:
		code := d.code
		return screen.Step{Cmd: d.scope.Run(func(ctx context.Context) tea.Msg {
			return agreed{d.f.Sandbox.AgreeDevice(ctx, code.URL, code.UserCode)}
		})}
	case k == "o" && d.f.Browser != nil:
		url := d.code.CompleteURL
		if url == "" {
			url = d.code.URL
		}
		return screen.Step{Cmd: d.scope.Run(func(ctx context.Context) tea.Msg { return opened{d.f.Browser.Open(ctx, url)} })}
	}
	return screen.Step{}
}

// Draw shows the code, where to type it, and when it is asked again.
func (d *device) Draw(e screen.Env) screen.Frame {
	if d.ended.over {
		return widget.Frame(d.ended.lines(e, d.f, d.who))
	}
	p := &page{e: e, width: widget.Readable(e.Width)}
	space := func() {
		if e.Height >= 14 {
			p.gap()
		}
	}
	params := locale.Params{"platform": d.f.platformName(d.who.platform), "name": d.who.name, "time": widget.Clock(d.code.Expires.Sub(e.Now))}
	p.text("", "connections.consent.head", params)
	if d.code.UserCode == "" {
		p.gap()
		p.line(e.Theme.Muted.Render(e.T("connections.device.starting")))
		return widget.Frame(p.lines)
	}
	space()
	p.text("", "connections.device.open", params)
	p.line("   " + widget.Cut(d.code.URL, e.Width-3, e.Theme.Glyphs.Cut))
	space()
	p.text("", "connections.device.type", params)
	p.line("   " + e.Theme.Title.Render(widget.Cut(d.code.UserCode, e.Width-3, e.Theme.Glyphs.Cut)))
	space()
	p.text("", "connections.device.waiting", params)
	if !d.poll.Next.IsZero() {
		line := e.Text.N("connections.device.polls", d.poll.Polls, locale.Params{"time": widget.Clock(d.poll.Next.Sub(e.Now))})
		if d.poll.Region != "" {
			line += "  " + e.T("connections.device.region", locale.Params{"region": strings.ToUpper(d.poll.Region)})
		}
		p.line("   " + e.Theme.Muted.Render(line))
	}
	if e.Height >= 16 {
		p.gap()
		p.text("", "connections.device.warning", params)
	}
	return widget.Frame(p.lines)
}

// Trouble is why it did not work.
func (d *device) Trouble() error { return d.ended.trouble() }

// Keys of the wait and of the result.
func (d *device) Keys() []screen.Key {
	if d.ended.over {
		return d.ended.keys()
	}
	ready := d.code.UserCode != ""
	var keys []screen.Key
	if d.f.Sandbox != nil {
		keys = append(keys, screen.NewKey("g", "connections.key.grant-here", "g").If(ready, "connections.off.starting"))
	}
	return append(keys,
		screen.NewKey("y", "connections.key.copy", "y").If(ready, "connections.off.starting"),
		screen.NewKey("o", "connections.key.browser", "o").If(d.f.Browser != nil, "connections.off.no-browser").If(ready, "connections.off.starting"),
		screen.NewKey("n", "connections.key.new-code", "n").If(ready, "connections.off.starting"),
	)
}
