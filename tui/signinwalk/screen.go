// Package signinwalk is the screen on which events are played and it is seen
// what Zendesk messaging makes of them: the story so far, and beside it the
// users, their tickets and the devices.
//
// Nothing is sent and nothing is kept: the machine is core/signinwalk.
package signinwalk

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"deskward/core/signinwalk"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// view is the one screen.
type view struct {
	rules  signinwalk.Rules
	events []signinwalk.Event
	steps  []signinwalk.Step // fewer than events where err is set
	err    error             // why the story can't go on by these rules
	other  *signinwalk.World // the same story by the rules that are compared; nil: it can't be
	pager  widget.Pager

	form    *widget.Form // asks for what an event needs; nil: not now
	asks    signinwalk.Kind
	stories *widget.List // a ready-made story is chosen; nil: not now
}

// New makes the screen, with nothing happened yet.
func New() screen.Screen {
	v := &view{rules: signinwalk.RulesCurrent}
	v.play(nil)
	return v
}

// Title names the screen.
func (v *view) Title(e screen.Env) string { return e.T("walk.title") }

// Init does nothing: all is worked out at once.
func (v *view) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Capturing keeps letters while something is asked.
func (v *view) Capturing() bool { return v.form != nil || v.stories != nil }

// against are the rules by which differences are shown: those of the other
// time.
func (v *view) against() signinwalk.Rules {
	if v.rules == signinwalk.RulesCurrent {
		return signinwalk.Rules2022
	}
	return signinwalk.RulesCurrent
}

// play works the story out anew. An event that can't happen by these rules,
// since a token was rejected for example, stays in the story: by other rules it
// can.
func (v *view) play(events []signinwalk.Event) {
	v.events = events
	v.steps, v.err = signinwalk.Walk(v.rules, events)
	v.other = nil
	if v.err == nil {
		if steps, err := signinwalk.Walk(v.against(), events); err == nil {
			w := signinwalk.After(steps)
			v.other = &w
		}
	}
	v.pager = widget.Pager{Follow: true}
}

// add lets one more thing happen, if it can.
func (v *view) add(e signinwalk.Event) screen.Step {
	if v.err != nil {
		return screen.Fail(v.err)
	}
	events := append(v.events[:len(v.events):len(v.events)], e)
	if _, err := signinwalk.Walk(v.rules, events); err != nil {
		return screen.Fail(err)
	}
	v.play(events)
	return screen.Step{}
}

func (v *view) world() signinwalk.World { return signinwalk.After(v.steps) }

func (v *view) signedIn() bool {
	w := v.world()
	return w.Devices[w.Device-1].SignedIn
}

// open are the tickets that can still be solved, or closed.
func (v *view) open(k signinwalk.Kind) []int {
	var out []int
	for _, t := range v.world().Tickets {
		if t.Status == signinwalk.Active || k == signinwalk.Closes && t.Status == signinwalk.Solved {
			out = append(out, t.Number)
		}
	}
	return out
}

// Update handles keys and, while something is asked, pastes.
func (v *view) Update(msg tea.Msg) screen.Step {
	key, ok := msg.(tea.KeyPressMsg)
	switch {
	case v.form != nil:
		return v.formKey(msg)
	case !ok:
		return screen.Step{}
	case v.stories != nil:
		return v.storiesKey(key)
	}
	switch k := key.String(); k {
	case "w":
		return v.add(signinwalk.Event{Kind: signinwalk.Writes})
	case "i":
		if !v.signedIn() && v.err == nil {
			v.askWho()
		}
	case "o":
		return v.add(signinwalk.Event{Kind: signinwalk.SignsOut})
	case "s":
		return v.finish(signinwalk.Solves)
	case "c":
		return v.finish(signinwalk.Closes)
	case "d":
		return v.add(signinwalk.Event{Kind: signinwalk.Device})
	case "n":
		if w := v.world(); len(w.Devices) > 1 {
			return v.add(signinwalk.Event{Kind: signinwalk.Device, Number: w.Device%len(w.Devices) + 1})
		}
	case "u":
		if n := len(v.events); n > 0 {
			v.play(v.events[:n-1])
		}
	case "x":
		v.play(nil)
	case "r":
		v.rules = v.next()
		v.play(v.events)
	case "t":
		v.stories = &widget.List{}
	default:
		v.pager.Key(k)
	}
	return screen.Step{}
}

// next are the rules behind those in use.
func (v *view) next() signinwalk.Rules {
	all := signinwalk.AllRules()
	for i, r := range all {
		if r == v.rules {
			return all[(i+1)%len(all)]
		}
	}
	return all[0]
}

const (
	fieldID     = "id"
	fieldEmail  = "email"
	fieldTicket = "ticket"
)

// askWho asks who signs in: first offered is who did last.
func (v *view) askWho() {
	last := signinwalk.Event{ID: "user-a"}
	for _, e := range v.events {
		if e.Kind == signinwalk.SignsIn {
			last = e
		}
	}
	wrong := func(key string, read func(string) signinwalk.Event) func(string) widget.Words {
		return func(typed string) widget.Words {
			if _, err := signinwalk.Parse(read(typed).String()); err != nil {
				return widget.Key(key)
			}
			return nil
		}
	}
	v.asks = signinwalk.SignsIn
	v.form = widget.NewForm(
		widget.Field{
			Name: fieldID, Label: widget.Key("walk.ask.id"), Value: last.ID,
			Check: wrong("walk.ask.wrong-id", func(s string) signinwalk.Event { return signinwalk.Event{Kind: signinwalk.SignsIn, ID: s} }),
		},
		widget.Field{
			Name: fieldEmail, Label: widget.Key("walk.ask.email"), Hint: widget.Key("walk.ask.email.hint"), Value: last.Email, Optional: true,
			Check: wrong("walk.ask.wrong-email", func(s string) signinwalk.Event {
				return signinwalk.Event{Kind: signinwalk.SignsIn, ID: "a", Email: s}
			}),
		},
	)
}

// finish solves or closes the one ticket that can be, or asks which.
func (v *view) finish(k signinwalk.Kind) screen.Step {
	open := v.open(k)
	switch len(open) {
	case 0:
		return screen.Step{}
	case 1:
		return v.add(signinwalk.Event{Kind: k, Number: open[0]})
	}
	options := make([]widget.Option, len(open))
	for i, n := range open {
		options[i] = widget.Option{Value: strconv.Itoa(n), Label: widget.Text(strconv.Itoa(n))}
	}
	v.asks = k
	v.form = widget.NewForm(widget.Field{Name: fieldTicket, Label: widget.Key("walk.ask.number"), Options: options})
	return screen.Step{}
}

func (v *view) formKey(msg tea.Msg) screen.Step {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "esc" {
		v.form = nil
		return screen.Step{}
	}
	if _, submit := v.form.Update(msg); !submit {
		return screen.Step{}
	}
	typed := string(v.asks) + ":"
	if v.asks == signinwalk.SignsIn {
		typed += v.form.Value(fieldID)
		if mail := v.form.Value(fieldEmail); mail != "" {
			typed += "," + mail
		}
	} else {
		typed += v.form.Value(fieldTicket)
	}
	e, err := signinwalk.Parse(typed)
	if err != nil {
		return screen.Fail(err)
	}
	v.form = nil
	return v.add(e)
}

func (v *view) storiesKey(key tea.KeyPressMsg) screen.Step {
	all := signinwalk.Stories()
	switch key.String() {
	case "esc":
		v.stories = nil
	case "enter":
		events := all[v.stories.Selected].Events
		v.stories = nil
		v.play(events)
	default:
		v.stories.Update(key, len(all))
	}
	return screen.Step{}
}

// Keys that work now.
func (v *view) Keys() []screen.Key {
	switch {
	case v.form != nil:
		return []screen.Key{screen.NewKey("enter", "walk.key.go", "enter"), screen.NewKey("esc", "walk.key.cancel", "esc")}
	case v.stories != nil:
		return []screen.Key{screen.NewKey("enter", "walk.key.choose", "enter"), screen.NewKey("esc", "walk.key.cancel", "esc")}
	}
	in, some, more := v.signedIn(), len(v.events) > 0, v.err == nil && len(v.events) < signinwalk.MaxEvents
	act := func(k screen.Key) screen.Key { return k.If(more, "walk.off.full") }
	return []screen.Key{
		act(screen.NewKey("w", "walk.key.write", "w")),
		act(screen.NewKey("i", "walk.key.sign-in", "i").If(!in, "walk.off.signed-in")),
		act(screen.NewKey("o", "walk.key.sign-out", "o").If(in, "walk.off.not-signed-in")),
		screen.NewKey("r", "walk.key.rules", "r"),
		screen.NewKey("t", "walk.key.stories", "t"),
		screen.NewKey("u", "walk.key.undo", "u").If(some, "walk.off.nothing"),
		act(screen.NewKey("s", "walk.key.solve", "s").If(len(v.open(signinwalk.Solves)) > 0, "walk.off.no-ticket")),
		act(screen.NewKey("d", "walk.key.device", "d")),
		act(screen.NewKey("c", "walk.key.close", "c").If(len(v.open(signinwalk.Closes)) > 0, "walk.off.no-ticket")),
		act(screen.NewKey("n", "walk.key.next-device", "n").If(len(v.world().Devices) > 1, "walk.off.one-device")),
		screen.NewKey("x", "walk.key.reset", "x").If(some, "walk.off.nothing"),
		screen.NewKey("j/k", "walk.key.scroll", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
}
