package connections

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// setup reads at the vendor how that is set up which a connection serves, and
// shows what was found: what the command connections setup does. Nothing is
// changed there.
type setup struct {
	f     *family
	scope *screen.Scope
	conn  core.Connection
	asks  []platform.SetupAsk

	form    *widget.Form       // asks for what is to be read of; nil: nothing is asked
	sure    *platform.SetupAsk // what is asked about before it is done; nil: nothing
	of      string
	round   int
	calls   *core.CallRecorder // those of the last reading, while it goes on, too
	reading bool
	stop    context.CancelFunc
	result  platform.Setup
	read    bool // result is there
	err     error
	pager   widget.Pager
}

func newSetup(f *family, c core.Connection) *setup {
	return &setup{f: f, conn: c, asks: f.platforms[c.Platform].SetupOf, stop: func() {}}
}

// setupRead is what a reading came to.
type setupRead struct {
	round  int
	result platform.Setup
	err    error
}

// fieldOf is what the reading is of.
const fieldOf = "of"

// Title names the screen.
func (v *setup) Title(e screen.Env) string { return e.T("connections.setup.title") }

// Init reads at once what needs no answer first.
func (v *setup) Init(s *screen.Scope) screen.Step {
	v.scope = s
	if _, ok := v.typed(); ok {
		v.ask()
		return screen.Step{}
	}
	return v.begin("")
}

// typed is what the admin has to name before anything can be read.
func (v *setup) typed() (platform.SetupAsk, bool) {
	i := slices.IndexFunc(v.asks, func(a platform.SetupAsk) bool { return a.Typed })
	if i < 0 {
		return platform.SetupAsk{}, false
	}
	return v.asks[i], true
}

// further is what is worth asking after the vendor refused.
func (v *setup) further() (platform.SetupAsk, bool) {
	i := slices.IndexFunc(v.asks, func(a platform.SetupAsk) bool { return a.AfterRefusal })
	if i < 0 || v.reading || core.ClassOf(v.err) != core.Refused || v.of != "" {
		return platform.SetupAsk{}, false
	}
	return v.asks[i], true
}

// ask asks what the reading is of.
func (v *setup) ask() {
	a, _ := v.typed()
	key := "setup." + string(v.conn.Platform) + ".of." + a.Name
	field := widget.Field{Name: fieldOf, Label: widget.Key(key), Hint: widget.Key(key + ".hint"), Value: v.f.typed["setup "+v.conn.ID]}
	if a.Check != nil {
		field.Check = inWords(a.Check)
	}
	v.form = widget.NewForm(field)
}

// begin reads. What was read before stays until the answer is there.
func (v *setup) begin(of string) screen.Step {
	v.round++
	v.form, v.sure, v.reading, v.of = nil, nil, true, of
	v.calls = &core.CallRecorder{}
	stopped, stop := context.WithCancel(context.Background())
	v.stop = stop
	round, calls, conn := v.round, v.calls, v.conn
	return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg {
		defer stop()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(stopped, cancel)()
		result, err := v.f.readSetup(core.WithCallRecorder(ctx, calls), conn.ID, of)
		if err != nil && ctx.Err() != nil {
			// The admin broke off, whatever it was doing.
			err = &core.Error{Code: "net.cancelled", Class: core.Failed}
		}
		return setupRead{round, result, err}
	})}
}

// readSetup reads for the connection as it is stored now: what was counted of
// its tokens changes.
func (f *family) readSetup(ctx context.Context, id, of string) (platform.Setup, error) {
	c, err := f.Connections.Get(ctx, id)
	if err != nil {
		return platform.Setup{}, err
	}
	return f.Service.ReadSetup(ctx, c, of)
}

// Leave breaks off what runs: nothing waits for it.
func (v *setup) Leave() screen.Step {
	v.stop()
	return screen.Step{Changed: v.read || v.reading} // a token may have been renewed
}

// Capturing keeps letters for the address, and esc for a question.
func (v *setup) Capturing() bool { return v.form != nil || v.sure != nil }

// Ticking shows how many calls were made.
func (v *setup) Ticking() bool { return v.reading }

// Trouble is why nothing could be read, or the first thing found that stops it.
func (v *setup) Trouble() error {
	if v.reading || v.form != nil || v.sure != nil {
		return nil
	}
	if v.err != nil {
		return v.err
	}
	for _, f := range v.result.Findings {
		if f.Stops {
			return f.Err(v.conn.Name)
		}
	}
	return nil
}

// Update handles keys and what was read.
func (v *setup) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case setupRead:
		if msg.round != v.round {
			return screen.Step{}
		}
		v.reading, v.result, v.err, v.pager = false, msg.result, msg.err, widget.Pager{}
		v.read = msg.err == nil
		return screen.Step{Changed: true}
	case tea.PasteMsg:
		if v.form != nil {
			v.form.Update(msg)
		}
	case tea.KeyPressMsg:
		switch {
		case v.form != nil:
			return v.formKey(msg)
		case v.sure != nil:
			return v.sureKey(msg.String())
		}
		return v.key(msg.String())
	}
	return screen.Step{}
}

func (v *setup) formKey(msg tea.KeyPressMsg) screen.Step {
	if msg.String() == "esc" {
		if !v.read && v.err == nil { // there is nothing behind the form
			return screen.Step{Back: true}
		}
		v.form = nil
		return screen.Step{}
	}
	_, submit := v.form.Update(msg)
	v.f.typed["setup "+v.conn.ID] = v.form.Value(fieldOf)
	if !submit {
		return screen.Step{}
	}
	return v.begin(v.form.Value(fieldOf))
}

func (v *setup) sureKey(k string) screen.Step {
	switch k {
	case "enter":
		return v.begin(v.sure.Name)
	case "esc":
		v.sure = nil
	}
	return screen.Step{}
}

func (v *setup) key(k string) screen.Step {
	further, more := v.further()
	_, typed := v.typed()
	switch {
	case v.reading && k == "c":
		v.stop()
	case v.reading:
	case k == "r":
		return v.begin(v.of)
	case k == "a" && typed:
		v.ask()
	case k == "d" && more:
		v.sure = &further
	case k == "y" && v.read:
		return screen.Step{Copy: screen.Copy{What: "connections.setup.title", Words: v.plain}}
	default:
		v.pager.Key(k)
	}
	return screen.Step{}
}

// Keys that work now.
func (v *setup) Keys() []screen.Key {
	switch {
	case v.form != nil:
		return []screen.Key{screen.NewKey("enter", "connections.key.setup-now", "enter"), screen.NewKey("esc", "key.back", "esc")}
	case v.sure != nil:
		return []screen.Key{screen.NewKey("enter", "connections.key.setup-further", "enter"), screen.NewKey("esc", "connections.key.not-now", "esc")}
	case v.reading:
		return []screen.Key{screen.NewKey("c", "connections.key.stop", "c")}
	}
	keys := []screen.Key{screen.NewKey("r", "connections.key.reload", "r")}
	if a, ok := v.further(); ok {
		keys = append(keys, screen.NewKey("d", "setup."+string(v.conn.Platform)+".of."+a.Name, "d"))
	}
	if _, ok := v.typed(); ok {
		keys = append(keys, screen.NewKey("a", "connections.key.setup-other", "a"))
	}
	return append(keys,
		screen.NewKey("y", "connections.key.copy", "y").If(v.read, "connections.off.nothing-read"),
		screen.NewKey("j/k", "log.key.scroll", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	)
}
