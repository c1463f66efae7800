// Package inspect is the screen that says of a pasted visitor token which one
// it is and why the vendor would refuse it.
//
// The token may be a live one: it is kept in memory while the screen is open,
// is drawn cut, and is never copied.
package inspect

import (
	"context"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Deps are what the screen needs.
type Deps struct {
	// List names the keys that a token may be meant for.
	List func(context.Context) ([]core.KeySummary, error)
	// Inspect judges a token with all kept keys: visitortoken.Inspect, o.Keys
	// filled in.
	Inspect func(ctx context.Context, pasted core.Secret, o visitortoken.Options) (visitortoken.Report, error)
	Clock   core.Clock
	// Mint, optional, opens the form that signs a right token with a key.
	Mint func(core.KeySummary) screen.Screen
	// Example, optional, gives a token to try with in the sandbox.
	Example func(context.Context) (core.Secret, error)
}

// view is the one screen: it waits for a token, then shows the verdict.
type view struct {
	d      Deps
	scope  *screen.Scope
	input  widget.Input // where a terminal without bracketed paste types the token
	pasted core.Secret

	keys []core.KeySummary
	only string // id of the key that it is meant for; "": any
	as   int    // index of judged()
	at   time.Time

	judging bool
	round   int // counts the judgements asked for: only the last one counts
	report  visitortoken.Report
	judged  bool
	err     error
	all     bool // kept rules one by one
	pager   widget.Pager
	moment  *widget.Form // asks for the time; nil: not now
	menu    *widget.Menu // what to copy; nil: not now
}

// New makes the screen. keyID is the key that the token is meant to be signed
// with; "": any.
func New(d Deps, keyID string) screen.Screen {
	v := &view{d: d, only: keyID, input: widget.NewInput(true)}
	v.input.Focus()
	return v
}

type (
	reported struct {
		round  int
		keys   []core.KeySummary
		report visitortoken.Report
		err    error
	}
	exampled struct {
		token core.Secret
		err   error
	}
)

// kindsToTry are what a token can be judged as; "" is what it looks like.
func kindsToTry() []visitortoken.Kind {
	return []visitortoken.Kind{"", visitortoken.KindMessaging, visitortoken.KindChat, visitortoken.KindXsollaUser}
}

// Title names the screen.
func (v *view) Title(e screen.Env) string { return e.T("inspect.title") }

// Init does nothing: there is no token yet.
func (v *view) Init(s *screen.Scope) screen.Step {
	v.scope = s
	return screen.Step{}
}

// Resume judges again: time has passed, and keys may have changed.
func (v *view) Resume() screen.Step { return v.judge() }

// Leave forgets the token.
func (v *view) Leave() screen.Step {
	v.forget()
	return screen.Step{}
}

func (v *view) forget() {
	v.pasted, v.report, v.judged, v.judging, v.err = core.Secret{}, visitortoken.Report{}, false, false, nil
	v.round++
	v.pager, v.all = widget.Pager{}, false
	v.input.SetValue("")
	v.input.Focus()
}

// waiting reports whether the screen waits for a token.
func (v *view) waiting() bool { return v.pasted.Empty() }

// Capturing keeps letters while a token or a time is typed, and esc for what
// lies over the report.
func (v *view) Capturing() bool { return v.waiting() || v.moment != nil || v.menu != nil }

// Update handles keys, pastes and what was found out.
func (v *view) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case reported:
		if msg.round == v.round {
			v.judging, v.judged, v.report, v.err, v.keys = false, msg.err == nil, msg.report, msg.err, msg.keys
		}
	case exampled:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return v.take(msg.token.Reveal())
	case tea.PasteMsg:
		if v.moment != nil {
			v.moment.Update(msg)
			return screen.Step{}
		}
		return v.take(msg.Content)
	case tea.KeyPressMsg:
		return v.key(msg)
	}
	return screen.Step{}
}

// take judges what was pasted. One byte more than is read is kept, so that it
// is seen that there was more.
func (v *view) take(pasted string) screen.Step {
	if strings.TrimSpace(pasted) == "" {
		return screen.Step{}
	}
	v.forget()
	v.input.Blur()
	v.pasted = core.NewSecret(pasted[:min(len(pasted), visitortoken.MaxToken+1)])
	return v.judge()
}

// judge judges the token as chosen; what was found before stays in sight
// meanwhile.
func (v *view) judge() screen.Step {
	if v.waiting() {
		return screen.Step{}
	}
	v.round++
	v.judging = true
	round, pasted, o := v.round, v.pasted, v.options()
	return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg {
		out := reported{round: round}
		if out.keys, out.err = v.d.List(ctx); out.err == nil {
			out.report, out.err = v.d.Inspect(ctx, pasted, o)
		}
		return out
	})}
}

func (v *view) options() visitortoken.Options {
	o := visitortoken.Options{Only: v.only, As: kindsToTry()[v.as], Now: v.at}
	if o.Now.IsZero() {
		o.Now = v.d.Clock.Now()
	}
	return o
}

func (v *view) key(msg tea.KeyPressMsg) screen.Step {
	k := msg.String()
	switch {
	case v.menu != nil:
		return v.menuKey(msg)
	case v.moment != nil:
		return v.momentKey(msg)
	case v.waiting():
		return v.waitingKey(msg)
	}
	switch k {
	case "tab":
		v.only = v.nextKey()
		return v.judge()
	case "a":
		v.as = (v.as + 1) % len(kindsToTry())
		return v.judge()
	case "n":
		v.moment = widget.NewForm(widget.Field{
			Name: fieldMoment, Label: widget.Key("inspect.moment"), Hint: widget.Key("inspect.moment.hint"), Optional: true,
			Check: func(typed string) widget.Words {
				if _, ok := v.momentOf(typed); !ok {
					return widget.Key("inspect.moment.wrong")
				}
				return nil
			},
		})
	case "m":
		if k, ok := v.signer(); ok && v.d.Mint != nil {
			return screen.Step{Open: v.d.Mint(k)}
		}
	case "s":
		v.all = !v.all
	case "p":
		v.forget()
	case "y":
		if v.judged {
			v.menu = &widget.Menu{Items: v.copyables()}
		}
	default:
		v.pager.Key(k)
	}
	return screen.Step{}
}

func (v *view) waitingKey(msg tea.KeyPressMsg) screen.Step {
	switch k := msg.String(); {
	case k == "esc":
		return screen.Step{Back: true}
	case k == "enter":
		return v.take(v.input.Value())
	case k == "ctrl+g" && v.d.Example != nil:
		return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg {
			token, err := v.d.Example(ctx)
			return exampled{token, err}
		})}
	}
	v.input.Update(msg)
	return screen.Step{}
}

const fieldMoment = "moment"

func (v *view) momentKey(msg tea.KeyPressMsg) screen.Step {
	if msg.String() == "esc" {
		v.moment = nil
		return screen.Step{}
	}
	if _, submit := v.moment.Update(msg); !submit {
		return screen.Step{}
	}
	v.at, _ = v.momentOf(v.moment.Value(fieldMoment)) // its check has been asked
	v.moment = nil
	return v.judge()
}

// momentOf reads a time as people have it: RFC 3339, Unix seconds, or so long
// from now. Nothing is now, which is the zero time.
func (v *view) momentOf(typed string) (time.Time, bool) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return time.Time{}, true
	}
	if t, err := time.Parse(time.RFC3339, typed); err == nil {
		return t, true
	}
	if strings.HasPrefix(typed, "+") || strings.HasPrefix(typed, "-") {
		d, err := time.ParseDuration(typed)
		return v.d.Clock.Now().Add(d), err == nil
	}
	const year9999 = 253402300799 // what RFC 3339 can still write
	n, err := strconv.ParseInt(typed, 10, 64)
	return time.Unix(n, 0).UTC(), err == nil && n > 0 && n <= year9999
}

// nextKey is the key behind the chosen one; behind the last, any.
func (v *view) nextKey() string {
	for i, k := range v.keys {
		if v.only == "" {
			return k.ID
		}
		if k.ID == v.only && i+1 < len(v.keys) {
			return v.keys[i+1].ID
		}
	}
	return ""
}

// signer is the key with which a right token would be signed: the chosen one,
// else the one that signed this.
func (v *view) signer() (core.KeySummary, bool) {
	for _, id := range []string{v.only, v.report.KeyID} {
		for _, k := range v.keys {
			if id == k.ID {
				return k, true
			}
		}
	}
	return core.KeySummary{}, false
}

func (v *view) menuKey(msg tea.KeyPressMsg) screen.Step {
	if msg.String() == "esc" {
		v.menu = nil
		return screen.Step{}
	}
	it, ok := v.menu.Update(msg)
	if !ok {
		return screen.Step{}
	}
	v.menu = nil
	if it.What == copyReport {
		r := v.report
		return screen.Step{Copy: screen.Copy{What: it.What, Words: func(e screen.Env) string { return reportText(e, r) }}}
	}
	return screen.Step{Copy: screen.Copy{Text: it.Text, What: it.What}}
}

// Keys that work now.
func (v *view) Keys() []screen.Key {
	switch {
	case v.menu != nil:
		return []screen.Key{screen.NewKey("enter", "inspect.key.choose", "enter"), screen.NewKey("esc", "inspect.key.cancel", "esc")}
	case v.moment != nil:
		return []screen.Key{screen.NewKey("enter", "inspect.key.set", "enter"), screen.NewKey("esc", "inspect.key.cancel", "esc")}
	case v.waiting():
		keys := []screen.Key{screen.NewKey("enter", "inspect.key.judge", "enter")}
		if v.d.Example != nil {
			keys = append(keys, screen.NewKey("ctrl+g", "inspect.key.example", "ctrl+g"))
		}
		return append(keys, screen.NewKey("esc", "inspect.key.leave", "esc"))
	}
	_, signs := v.signer()
	return []screen.Key{
		screen.NewKey("tab", "inspect.key.key", "tab").If(len(v.keys) > 0 || !v.judged, "inspect.off.no-keys"),
		screen.NewKey("n", "inspect.key.time", "n"),
		screen.NewKey("a", "inspect.key.as", "a"),
		screen.NewKey("m", "inspect.key.mint", "m").If(v.d.Mint != nil && signs, "inspect.off.no-signer"),
		screen.NewKey("s", "inspect.key.all", "s"),
		screen.NewKey("p", "inspect.key.another", "p"),
		screen.NewKey("y", "inspect.key.copy", "y").If(v.judged, "inspect.off.not-judged"),
		screen.NewKey("j/k", "inspect.key.scroll", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
}
