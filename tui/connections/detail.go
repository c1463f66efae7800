package connections

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// detail is one connection on the whole screen.
type detail struct {
	f     *family
	scope *screen.Scope
	card  card
	busy  work
	pager widget.Pager

	checkFirst bool // it has just been added: prove it as soon as it is read
}

func newDetail(f *family, s core.Summary) *detail {
	return &detail{f: f, card: card{f: f, sum: s, active: true}}
}

type (
	recorded struct { // that a secret is about to be shown stands in the log
		name string
		err  error
	}
	hide   struct{ until time.Time }
	probed struct {
		probes []platform.ScopeProbe
		err    error
	}
)

// Title is the connection's name.
func (d *detail) Title(screen.Env) string { return d.card.sum.Name }

// Init reads the connection.
func (d *detail) Init(s *screen.Scope) screen.Step {
	d.scope = s
	return d.Resume()
}

// Resume reads the connection again: a screen above may have changed it.
func (d *detail) Resume() screen.Step {
	return screen.Step{Cmd: loadCard(d.f, d.scope, d.card.sum.ID)}
}

// Trouble is why the connection was refused.
func (d *detail) Trouble() error { return d.card.trouble() }

// Ticking counts down while a secret is shown.
func (d *detail) Ticking() bool { return d.card.shown.On() }

// Update handles keys and outcomes.
func (d *detail) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case cardLoaded:
		if core.CodeOf(msg.err) == core.ErrNotFound.Code {
			if d.f.removed[msg.id] {
				return screen.Step{Back: true}
			}
			return screen.Say("connections.gone").Then(screen.Step{Back: true})
		}
		d.card.take(msg)
		if first := d.checkFirst; first && d.card.can.check {
			d.checkFirst, d.busy = false, checking
			return screen.Step{Cmd: d.f.check(d.scope, d.card.sum)}
		}
	case done:
		d.busy = ""
		return msg.say().Then(d.Resume()).Then(screen.Step{Changed: true})
	case probed:
		d.busy, d.card.probes = "", msg.probes
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return screen.Say("connections.probed")
	case recorded:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		until := d.f.Clock.Now().Add(widget.RevealTime)
		d.card.shown = widget.Reveal{Name: msg.name, Until: until}
		return d.Resume().Then(screen.Step{Cmd: d.scope.After(widget.RevealTime, hide{until})}) // its event is in the log now
	case hide:
		if d.card.shown.Until.Equal(msg.until) {
			d.card.shown = widget.Reveal{}
		}
	case tea.KeyPressMsg:
		return d.key(msg)
	}
	return screen.Step{}
}

func (d *detail) key(msg tea.KeyPressMsg) screen.Step {
	switch k := msg.String(); k {
	case "space":
		return d.toggleSecret()
	case "tab", "shift+tab":
		if n := len(d.card.secretNames()); n > 0 {
			by := 1
			if k == "shift+tab" {
				by = n - 1
			}
			d.card.chosen = (d.card.chosen + by) % n
			d.card.shown = widget.Reveal{}
			d.pager.Follow = true
		}
	case "c":
		d.busy = checking
		return screen.Step{Cmd: d.f.check(d.scope, d.card.sum)}
	case "r":
		d.busy = refreshing
		return screen.Step{Cmd: d.f.refresh(d.scope, d.card.sum)}
	case "p":
		return d.probe()
	case "F":
		return screen.Step{Open: newForce(d.f, d.card.sum)}
	case "s":
		if d.card.can.setup {
			return screen.Step{Open: newSetup(d.f, d.card.conn)}
		}
	default:
		if step, ok := d.f.open(k, d.card.sum, true); ok {
			return step
		}
		d.pager.Key(k)
	}
	return screen.Step{}
}

// toggleSecret shows the chosen secret, after the log has it that it was
// shown, or hides it.
func (d *detail) toggleSecret() screen.Step {
	if d.card.shown.On() {
		d.card.shown = widget.Reveal{}
		return screen.Step{}
	}
	names := d.card.secretNames()
	if len(names) == 0 {
		return screen.Step{}
	}
	name := names[d.card.chosen]
	ev := core.Event{Verb: core.VerbRevealed, Subject: d.card.conn.Subject(), Detail: map[string]string{"secret": name}}
	return screen.Step{Cmd: d.scope.Run(func(ctx context.Context) tea.Msg {
		return recorded{name, d.f.Events.Record(ctx, ev)}
	})}
}

func (d *detail) probe() screen.Step {
	d.busy = probing
	c := d.card.conn
	return screen.Step{Cmd: d.scope.Run(func(ctx context.Context) tea.Msg {
		p, err := d.f.Service.ProbeScopes(ctx, c)
		return probed{p, err}
	})}
}

// Draw shows the card, as much of it as fits.
func (d *detail) Draw(e screen.Env) screen.Frame {
	lines, chosen := d.card.lines(e, readableCard(e.Width))
	if d.busy != "" {
		lines[0] += "   " + e.Theme.Accent.Render(e.T("connections.doing."+string(d.busy)))
	}
	from, to := d.pager.Window(len(lines), e.Height, chosen)
	out := lines[from:to]
	if to < len(lines) && len(out) > 2 {
		out = append(out[:len(out)-1:len(out)-1], e.Theme.Muted.Render(e.T("connections.more-below", map[string]any{"n": len(lines) - to + 1})))
	}
	return screen.Frame{Text: strings.Join(out, "\n")}
}

// readableCard leaves long calls whole on a wide screen and sentences short.
func readableCard(width int) int { return min(width, 110) }

// Keys of the connection.
func (d *detail) Keys() []screen.Key {
	s := d.card.sum
	on := d.f.rowKeys(s, true, d.busy)
	secrets := len(d.card.conn.Secrets)
	if d.card.loaded {
		why := "connections.off.cannot-revoke"
		if code := d.f.platforms[s.Platform].NoRevoke; code != "" {
			why = "error." + code
		}
		on["revoke"] = on["revoke"].If(d.card.can.revoke, why)
		on["check"] = on["check"].If(d.card.can.check, "connections.off.cannot-check")
	}
	keys := []screen.Key{on["check"]}
	if d.card.can.setup {
		keys = append(keys, screen.NewKey("s", "connections.key.setup", "s").If(s.HasAccess || s.HasRefresh || s.HasCredential || s.Grant.Unattended(), "connections.off.no-token"))
	}
	keys = append(keys, on["consent"]) // a reason why it can't be is told to who presses it
	if on["migrate"].Reason != "" && d.f.Mail != nil && s.Grant != core.GrantAuthtoken {
		keys = append(keys, d.f.mailKey(d.card.conn, s))
	} else {
		keys = append(keys, on["migrate"])
	}
	if !s.RefreshBegun.IsZero() {
		keys = append(keys, screen.NewKey("F", "connections.key.force", "F"))
	}
	keys = append(keys,
		screen.NewKey("p", "connections.key.probe", "p").
			If(d.busy == "", "connections.off.busy").
			If(s.HasAccess || s.HasRefresh, "connections.off.no-token").
			If(d.card.can.probe, "connections.off.cannot-probe"),
		on["refresh"],
		screen.NewKey("space", "connections.key.reveal", "space").If(secrets > 0, "connections.off.no-secret"),
		screen.NewKey("tab", "connections.key.next-secret", "tab").If(secrets > 1, "connections.off.one-secret").Hide(),
		on["copy"], on["edit"], on["rename"], on["revoke"].Hide(), on["remove"].Hide(),
	)
	for i := range keys {
		keys[i] = keys[i].If(d.card.loaded, "connections.off.starting")
	}
	return keys
}
