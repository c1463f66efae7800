package keys

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// detail is one key on the whole screen.
type detail struct {
	f     *family
	scope *screen.Scope
	card  card
	busy  bool // the key list is being read
	pager widget.Pager
}

func newDetail(f *family, s core.KeySummary) *detail {
	return &detail{f: f, card: card{sum: s, active: true}}
}

type (
	revealed struct { // that a secret is about to be shown stands in the log
		secret core.Secret
		err    error
	}
	concealed struct{ until time.Time }
	listRead  struct{ err error }
)

// Title is the key's name.
func (d *detail) Title(screen.Env) string { return d.card.sum.Name }

// Init reads the key.
func (d *detail) Init(s *screen.Scope) screen.Step {
	d.scope = s
	return d.Resume()
}

// Resume reads the key again: a screen above may have changed it.
func (d *detail) Resume() screen.Step {
	return screen.Step{Cmd: d.f.load(d.scope, d.card.sum.ID)}
}

// Ticking counts down while the secret is shown.
func (d *detail) Ticking() bool { return d.card.shown.On() }

// Update handles keys and outcomes.
func (d *detail) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case keyLoaded:
		if step, ok := d.f.gone(msg.id, msg.err); ok {
			return step
		}
		d.card.take(msg)
	case revealed:
		if msg.err != nil {
			return screen.Fail(msg.err).Then(d.Resume())
		}
		until := d.f.Clock.Now().Add(widget.RevealTime)
		d.card.shown, d.card.secret = widget.Reveal{Name: core.SecretSigning, Until: until}, msg.secret
		d.pager.Follow = true
		return d.Resume().Then(screen.Step{Cmd: d.scope.After(widget.RevealTime, concealed{until})}) // its event is in the log now
	case concealed:
		if d.card.shown.Until.Equal(msg.until) {
			d.card.conceal()
		}
	case listRead:
		d.busy = false
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return screen.Say("keys.list.again").Then(d.Resume()).Then(screen.Step{Changed: true})
	case tea.KeyPressMsg:
		return d.key(msg)
	}
	return screen.Step{}
}

func (d *detail) key(msg tea.KeyPressMsg) screen.Step {
	switch k := msg.String(); k {
	case "space":
		return d.toggleSecret()
	case "u":
		return d.readList()
	default:
		if step, ok := d.f.open(k, d.card.sum); ok {
			d.card.conceal()
			return step
		}
		d.pager.Key(k)
	}
	return screen.Step{}
}

// toggleSecret shows the secret, after the log has it that it was shown, or
// hides it.
func (d *detail) toggleSecret() screen.Step {
	if d.card.shown.On() {
		d.card.conceal()
		return screen.Step{}
	}
	id := d.card.sum.ID
	return screen.Step{Cmd: d.scope.Run(func(ctx context.Context) tea.Msg {
		s, err := d.f.Keys.Reveal(ctx, id, core.VerbRevealed, nil)
		return revealed{s, err}
	})}
}

// readList reads the public keys of an RS256 project again.
func (d *detail) readList() screen.Step {
	d.busy = true
	f, id, project := d.f, d.card.sum.ID, d.card.sum.Account
	return screen.Step{Cmd: d.scope.Run(func(ctx context.Context) tea.Msg {
		list, err := f.FetchKeyList(ctx, project)
		if err == nil {
			_, err = visitortoken.ParseKeyList([]byte(list))
		}
		if err != nil {
			return listRead{err}
		}
		ev := core.Event{Verb: core.VerbChanged, Detail: map[string]string{"what": "key-list"}}
		_, err = f.Keys.Change(context.WithoutCancel(ctx), id, ev, func(k *core.SigningKey) error {
			k.KeyList, k.KeyListAt = list, f.Clock.Now()
			return nil
		})
		return listRead{err}
	})}
}

// Draw shows the card, as much of it as fits.
func (d *detail) Draw(e screen.Env) screen.Frame {
	lines, at := d.card.lines(e, min(e.Width, 110))
	if d.busy {
		lines[0] += "   " + e.Theme.Accent.Render(e.T("keys.list.reading"))
	}
	from, to := d.pager.Window(len(lines), e.Height, at)
	out := lines[from:to]
	if to < len(lines) && len(out) > 2 {
		out = append(out[:len(out)-1:len(out)-1], e.Theme.Muted.Render(e.T("keys.more-below", map[string]any{"n": len(lines) - to + 1})))
	}
	return widget.Frame(out)
}

// Keys of the key.
func (d *detail) Keys() []screen.Key {
	s := d.card.sum
	on := d.f.rowKeys(s, true)
	public := s.Alg == core.AlgRS256
	keys := []screen.Key{
		on["mint"], on["inspect"], on["share"], on["snippet"],
		screen.NewKey("space", "keys.key.reveal", "space").If(!s.Hidden, "keys.off.hidden").If(!public, "keys.off.public"),
		on["deploy"], on["copy"],
	}
	if public {
		keys = append(keys, screen.NewKey("u", "keys.key.read-list", "u").If(!d.busy, "keys.off.busy").If(d.f.FetchKeyList != nil, "keys.off.no-fetch"))
	}
	keys = append(keys, on["retire"], on["rename"], on["replace"].Hide(), on["hide"].Hide(), on["remove"].Hide())
	for i := range keys {
		keys[i] = keys[i].If(d.card.loaded, "keys.off.loading")
	}
	return keys
}
