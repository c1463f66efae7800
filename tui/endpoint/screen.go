// Package endpoint is the screen of the token endpoint: it asks what to serve,
// starts it, and shows each request as it comes, with the reason where one is
// refused. The endpoint itself belongs to whoever holds Host: leaving the
// screen does not end it.
package endpoint

import (
	"context"
	"net/url"
	"slices"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	service "deskward/core/visitortoken/endpoint"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Host runs the console's one endpoint, which outlives its screen.
type Host interface {
	// Running returns the endpoint that runs, or nil.
	Running() *service.Server
	// Options are those it was started with; when none runs, those to offer.
	Options() service.Options
	// Keep remembers options that were typed and not started with.
	Keep(service.Options)
	// Start starts it: service.Service.Start.
	Start(context.Context, service.Options) (*service.Server, error)
	// Stop ends it; its error is Server.Close's.
	Stop() error
}

// Deps are what the screen needs.
type Deps struct {
	Host Host
	// List names the keys that can be served with: core.SigningKeys.List.
	List func(context.Context) ([]core.KeySummary, error)
	// Code, optional, opens the code for pages that call the endpoint, by the
	// name of the key that signs.
	Code func(core.KeySummary) screen.Screen
	// Browser, optional, opens a page in front of the person.
	Browser core.Browser
	// Ask, in the sandbox, signs a user in and asks the endpoint as the user's page
	// does. nil outside it.
	Ask func(ctx context.Context, url string, o service.Options) error
	// Tunnel, optional, is the line that brings a port of this machine to the
	// person's own. nil: the person sits at this machine.
	Tunnel func(port string) string
}

// kept is how many requests the screen keeps; the endpoint's log keeps as many.
const kept = 1000

// view is the one screen: a form while nothing runs, else the requests.
type view struct {
	d     Deps
	scope *screen.Scope

	keys     []core.KeySummary
	loaded   bool
	err      error // of reading the keys, or of starting
	form     *widget.Form
	starting bool

	srv      *service.Server   // nil: none runs
	seen     []service.Request // oldest first
	sums     sums
	cursor   widget.List // 0 is the newest
	reasons  bool        // why requests were refused, in place of the requests
	pager    widget.Pager
	stopping bool
	menu     *widget.Menu // what to copy; nil: not now

	ended *outcome // of the endpoint that ran before
}

// outcome is what an endpoint has done by its end.
type outcome struct {
	requests, tokens uint64
	broke            bool // it ended by itself
}

// sums count what was asked since the endpoint began.
type sums struct {
	requests, tokens uint64
	refused          map[string]uint64 // by the reason
}

func sumsOf(l *service.Log) sums {
	s := sums{refused: l.Refused()}
	s.requests, s.tokens = l.Total()
	return s
}

// New makes the screen.
func New(d Deps) screen.Screen { return &view{d: d} }

type (
	listed struct {
		keys []core.KeySummary
		err  error
	}
	started struct {
		srv *service.Server
		err error
	}
	// came are requests; none: the endpoint has ended.
	came struct {
		srv  *service.Server
		next []service.Request
		sums sums
	}
	stopped struct{ err error }
	opened  struct{ err error }
	asked   struct{ err error }
)

// Title names the screen.
func (v *view) Title(e screen.Env) string { return e.T("endpoint.title") }

// Init shows what runs, or asks what to start.
func (v *view) Init(s *screen.Scope) screen.Step {
	v.scope = s
	step := v.list()
	if srv := v.d.Host.Running(); srv != nil {
		return step.Then(v.attach(srv))
	}
	return step
}

// Resume reads the keys anew: one may have been added.
func (v *view) Resume() screen.Step { return v.list() }

// Leave keeps what was typed, or says that the endpoint goes on.
func (v *view) Leave() screen.Step {
	if v.srv != nil {
		return screen.Say("endpoint.goes-on", locale.Params{"url": v.srv.URL()})
	}
	if v.form != nil {
		v.d.Host.Keep(v.answers())
	}
	return screen.Step{}
}

func (v *view) list() screen.Step {
	return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg {
		keys, err := v.d.List(ctx)
		return listed{keys, err}
	})}
}

// attach shows the requests of a running endpoint, those that came before too.
func (v *view) attach(srv *service.Server) screen.Step {
	v.srv, v.seen, v.sums, v.cursor = srv, nil, sumsOf(srv.Log()), widget.List{}
	v.reasons, v.ended, v.err = false, nil, nil
	return v.watch()
}

// watch waits for the next requests. Between them nothing is drawn.
func (v *view) watch() screen.Step {
	srv, after := v.srv, uint64(0)
	if n := len(v.seen); n > 0 {
		after = v.seen[n-1].Seq
	}
	return screen.Step{Cmd: v.scope.Watch(func(ctx context.Context) tea.Msg {
		next, _ := srv.Log().Next(ctx, after)
		if len(next) == 0 {
			select { // the log ends a moment before the server knows why
			case <-srv.Done():
			case <-ctx.Done():
			}
		}
		return came{srv, next, sumsOf(srv.Log())}
	})}
}

// Capturing keeps letters for the form, and esc for the menu.
func (v *view) Capturing() bool {
	return v.menu != nil || v.srv == nil && v.form != nil && v.form.Typing()
}

// Update handles keys, pastes, requests and what was started or ended.
func (v *view) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case listed:
		return v.listed(msg)
	case started:
		return v.started(msg)
	case came:
		return v.came(msg)
	case stopped:
		v.stopping = false
		return screen.Fail(msg.err)
	case opened:
		return screen.Fail(msg.err)
	case asked: // what came of it is among the requests
		return screen.Fail(msg.err)
	case tea.PasteMsg:
		if v.srv == nil && v.form != nil {
			v.form.Update(msg)
		}
	case tea.KeyPressMsg:
		switch {
		case v.menu != nil:
			return v.menuKey(msg)
		case v.srv != nil:
			return v.liveKey(msg)
		}
		return v.formKey(msg)
	}
	return screen.Step{}
}

func (v *view) listed(msg listed) screen.Step {
	if msg.err != nil {
		if v.loaded {
			return screen.Fail(msg.err)
		}
		v.err = msg.err
		return screen.Step{}
	}
	v.keys, v.loaded, v.err = msg.keys, true, nil
	v.ask()
	return screen.Step{}
}

func (v *view) started(msg started) screen.Step {
	v.starting = false
	if msg.err != nil {
		v.refused(msg.err)
		return screen.Step{}
	}
	return v.attach(msg.srv)
}

// came takes requests in. The cursor stays on its request, unless it is on the
// newest: then it follows.
func (v *view) came(msg came) screen.Step {
	if msg.srv != v.srv {
		return screen.Step{}
	}
	v.sums = msg.sums
	if len(msg.next) == 0 {
		return v.over()
	}
	if v.cursor.Selected > 0 {
		v.cursor.Selected += len(msg.next)
	}
	v.seen = append(v.seen, msg.next...)
	if n := len(v.seen) - kept; n > 0 {
		v.seen = append([]service.Request(nil), v.seen[n:]...)
	}
	v.cursor.Clamp(len(v.seen))
	return v.watch()
}

// over goes back to the form; what was served with before is in it.
func (v *view) over() screen.Step {
	v.ended = &outcome{v.sums.requests, v.sums.tokens, v.srv.Err() != nil}
	v.srv, v.seen, v.menu, v.form = nil, nil, nil, nil
	v.ask()
	return v.list()
}

func (v *view) liveKey(msg tea.KeyPressMsg) screen.Step {
	switch k := msg.String(); k {
	case "x":
		v.stopping = true
		return screen.Step{Cmd: v.scope.Run(func(context.Context) tea.Msg { return stopped{v.d.Host.Stop()} })}
	case "t":
		if page := v.srv.TryURL(); page != "" && v.d.Browser != nil {
			return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg { return opened{v.d.Browser.Open(ctx, page)} })}
		}
	case "n":
		if k, ok := v.named(v.d.Host.Options().ChatKey); ok && v.d.Code != nil {
			return screen.Step{Open: v.d.Code(k)}
		}
	case "g":
		if v.d.Ask != nil {
			to, o := v.srv.URL(), v.d.Host.Options()
			return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg { return asked{v.d.Ask(ctx, to, o)} })}
		}
	case "w":
		v.reasons, v.pager = !v.reasons, widget.Pager{}
	case "y":
		v.menu = &widget.Menu{Items: v.copyables()}
	default:
		if v.reasons {
			v.pager.Key(k)
		} else {
			v.cursor.Update(msg, len(v.seen))
		}
	}
	return screen.Step{}
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
	return screen.Step{Copy: screen.Copy{Text: it.Text, What: it.What}}
}

// request is the nth newest.
func (v *view) request(n int) (service.Request, bool) {
	if i := len(v.seen) - 1 - n; i >= 0 && n >= 0 {
		return v.seen[i], true
	}
	return service.Request{}, false
}

func (v *view) named(name string) (core.KeySummary, bool) {
	for _, k := range v.keys {
		if k.Name == name {
			return k, true
		}
	}
	return core.KeySummary{}, false
}

// tunnel is the line to run on the person's own machine; "" none is needed.
func (v *view) tunnel() string {
	u, err := url.Parse(v.srv.URL())
	if err != nil || v.d.Tunnel == nil {
		return ""
	}
	return v.d.Tunnel(u.Port())
}

// Keys that work now.
func (v *view) Keys() []screen.Key {
	switch {
	case v.menu != nil:
		return []screen.Key{screen.NewKey("enter", "endpoint.key.choose", "enter"), screen.NewKey("esc", "key.back", "esc")}
	case v.srv == nil:
		return v.formKeys()
	}
	keys := []screen.Key{
		screen.NewKey("x", "endpoint.key.stop", "x").If(!v.stopping, "endpoint.off.stopping"),
		screen.NewKey("w", "endpoint.key.why", "w"),
		screen.NewKey("y", "endpoint.key.copy", "y"),
		screen.NewKey("n", "endpoint.key.code", "n").If(v.d.Code != nil, "endpoint.off.no-code"),
		screen.NewKey("t", "endpoint.key.try", "t").If(v.srv.TryURL() != "" && v.d.Browser != nil, "endpoint.off.no-browser"),
		screen.NewKey("j/k", "endpoint.key.move", "j", "k", "up", "down", "pgup", "pgdown", "home", "end", "G").Hide(),
	}
	if v.d.Ask != nil {
		keys = slices.Insert(keys, 1, screen.NewKey("g", "endpoint.key.ask", "g"))
	}
	return keys
}
