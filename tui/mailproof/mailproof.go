// Package mailproof is the screen that proves a connection at its mail
// servers: each step as it comes, and where one refuses, what it said, what
// that means and what to do.
package mailproof

import (
	"context"
	"encoding/json"
	"slices"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	proof "deskward/core/mailproof"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Deps are what the screen needs.
type Deps struct {
	// Name is the connection's.
	Name string
	// Requests returns what is to be proved, with a token that works now.
	Requests func(context.Context) ([]proof.Request, error)
	// Prove proves one, and tells its steps to the request's OnStep.
	Prove func(context.Context, proof.Request) (proof.Report, error)
}

// try is one server.
type try struct {
	server proof.Server
	user   string
	to     string // who gets the test mail; "": nothing is sent
	steps  []proof.Step
	ended  bool
	report proof.Report
	err    error
}

// view is the screen of the proof. It begins by itself: nothing is sent.
type view struct {
	d       Deps
	scope   *screen.Scope
	smtp    bool   // there is a server to send a test mail by
	to      string // who gets one in this round
	round   int    // which attempt: what comes of an older one is dropped
	running bool
	stop    context.CancelFunc
	tries   []try
	err     error // why nothing could be tried
	pager   widget.Pager
	menu    *widget.Menu // what to copy; nil: not now
}

// What comes of a round while it runs, and at its end.
type (
	planned struct {
		round int
		tries []try
		smtp  bool
	}
	stepped struct {
		round, at int
		step      proof.Step
	}
	proved struct {
		round, at int
		report    proof.Report
		err       error
	}
	ended struct {
		round int
		err   error
	}
)

// New makes the screen.
func New(d Deps) screen.Screen { return &view{d: d, stop: func() {}} }

// Title names the screen.
func (v *view) Title(e screen.Env) string { return e.T("mailproof.title") }

// Init begins.
func (v *view) Init(s *screen.Scope) screen.Step {
	v.scope = s
	return v.begin("")
}

// Leave breaks off what runs: nothing waits for it. A mail that is being sent
// is not left in the middle.
func (v *view) Leave() screen.Step {
	if v.running && v.to != "" {
		return screen.Say("mailproof.goes-on", locale.Params{"to": v.to})
	}
	v.stop()
	return screen.Step{}
}

// Capturing keeps esc for the menu.
func (v *view) Capturing() bool { return v.menu != nil }

// begin asks every server or, with a recipient, sends one test mail.
func (v *view) begin(to string) screen.Step {
	v.round++
	v.running, v.to, v.tries, v.err, v.pager = true, to, nil, nil, widget.Pager{}
	stopped, stop := context.WithCancel(context.Background())
	v.stop = stop
	round := v.round
	return screen.Step{Cmd: v.scope.Stream(func(ctx context.Context, emit func(tea.Msg)) tea.Msg {
		defer stop()
		if to != "" {
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(stopped, cancel)()
		return ended{round, v.prove(ctx, round, to, emit)}
	})}
}

// prove asks one server after the other. One that refuses does not keep the
// next from being asked; that the admin breaks off does. A test mail is sent
// by the first one that takes mail.
func (v *view) prove(ctx context.Context, round int, to string, emit func(tea.Msg)) error {
	requests, err := v.d.Requests(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(requests, func(r proof.Request) bool { return r.Server.Protocol == proof.SMTP })
	if to != "" && at >= 0 {
		requests = []proof.Request{requests[at]}
		requests[0].SendTo = to
	}
	tries := make([]try, len(requests))
	for i, r := range requests {
		tries[i] = try{server: r.Server, user: core.CleanLine(r.User), to: core.CleanLine(r.SendTo)}
	}
	emit(planned{round, tries, at >= 0})
	for i, r := range requests {
		r.OnStep = func(s proof.Step) { emit(stepped{round, i, s}) }
		report, err := v.d.Prove(ctx, r)
		emit(proved{round, i, report, err})
		if ctx.Err() != nil {
			break
		}
	}
	return nil
}

// Trouble is why nothing could be tried, or the first server's refusal.
func (v *view) Trouble() error {
	if v.err != nil {
		return v.err
	}
	for _, t := range v.tries {
		if t.err != nil {
			return t.err
		}
	}
	return nil
}

// Update handles keys and what comes of the proof.
func (v *view) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case planned:
		if msg.round == v.round {
			v.tries, v.smtp, v.pager.Follow = msg.tries, msg.smtp, true // until the admin scrolls
		}
	case stepped:
		if msg.round == v.round && msg.at < len(v.tries) && !v.tries[msg.at].ended {
			v.tries[msg.at].steps = append(v.tries[msg.at].steps, msg.step)
		}
	case proved:
		if msg.round == v.round && msg.at < len(v.tries) {
			t := &v.tries[msg.at]
			t.ended, t.report, t.err, t.steps = true, msg.report, msg.err, msg.report.Steps
		}
	case ended:
		if msg.round == v.round {
			v.running, v.err = false, msg.err
			if v.pager.Follow {
				v.pager = widget.Pager{} // the outcome stands first
			}
			return screen.Step{Changed: true} // the token may have been renewed
		}
	case tea.KeyPressMsg:
		return v.key(msg)
	}
	return screen.Step{}
}

func (v *view) key(msg tea.KeyPressMsg) screen.Step {
	switch k := msg.String(); {
	case v.menu != nil:
		return v.menuKey(msg)
	case k == "c" && v.running:
		v.stop()
	case k == "r" && !v.running:
		return v.begin("")
	case k == "s" && v.canSend():
		return screen.Step{Open: newSend(v)}
	case k == "y" && v.ready():
		v.menu = &widget.Menu{Items: v.copyables()}
	default:
		v.pager.Key(k)
	}
	return screen.Step{}
}

// canSend reports whether a test mail can be sent now.
func (v *view) canSend() bool { return !v.running && v.smtp }

// ready reports whether there is a report to copy.
func (v *view) ready() bool { return !v.running && len(v.tries) > 0 }

// The texts that can be copied, by the locale key of their name.
const (
	copyText = "mailproof.copy.text"
	copyJSON = "mailproof.copy.json"
	copyCode = "mailproof.copy.code"
	copyMark = "mailproof.copy.mark"
)

// copyables are the report in its forms, what a mail is found by, and each
// reason's code once.
func (v *view) copyables() []widget.MenuItem {
	items := []widget.MenuItem{{What: copyText, Text: "…"}, {What: copyJSON, Text: "…"}}
	seen := map[string]bool{"": true}
	for _, t := range v.tries {
		if t.report.Nonce != "" {
			items = append(items, widget.MenuItem{What: copyMark, Text: t.report.Nonce})
		}
		if code := core.CodeOf(t.err); !seen[code] {
			seen[code] = true
			items = append(items, widget.MenuItem{What: copyCode, Text: code})
		}
	}
	return items
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
	switch it.What {
	case copyText:
		tries := v.tries
		return screen.Step{Copy: screen.Copy{What: it.What, Words: func(e screen.Env) string { return plain(e, v.d.Name, tries) }}}
	case copyJSON:
		reports := []proof.Report{}
		for _, t := range v.tries {
			if t.ended {
				reports = append(reports, t.report)
			}
		}
		raw, err := json.MarshalIndent(reports, "", "  ")
		if err != nil {
			return screen.Fail(err)
		}
		return screen.Step{Copy: screen.Copy{Text: string(raw), What: it.What}}
	}
	return screen.Step{Copy: screen.Copy{Text: it.Text, What: it.What}}
}

// Keys that work now.
func (v *view) Keys() []screen.Key {
	if v.menu != nil {
		return []screen.Key{screen.NewKey("enter", "mailproof.key.choose", "enter"), screen.NewKey("esc", "mailproof.key.back", "esc")}
	}
	return []screen.Key{
		screen.NewKey("r", "mailproof.key.again", "r").If(!v.running, "mailproof.off.running"),
		screen.NewKey("s", "mailproof.key.send", "s").If(v.smtp, "mailproof.off.no-smtp").If(!v.running, "mailproof.off.running"),
		screen.NewKey("c", "mailproof.key.cancel", "c").If(v.running, "mailproof.off.ended"),
		screen.NewKey("y", "mailproof.key.copy", "y").If(len(v.tries) > 0, "mailproof.off.nothing").If(!v.running, "mailproof.off.running"),
		screen.NewKey("j/k", "mailproof.key.scroll", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
}
