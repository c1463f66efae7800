// Package tui is the console: the shell around the screens. It is the one
// tea.Model of the program. It keeps a stack of screens for each section,
// draws header, rail, notices and footer, generates help and palette from the
// screens' keys, locks the store when nobody types, and owns the clipboard,
// the one ticker and quitting. Screens are in the packages below; what they
// call is wired in cmd.
package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/theme"
)

// Section is one place of the rail.
type Section struct {
	ID    string // "connections"
	Title string // locale key
	Open  func() screen.Screen
}

// Count is a section's number in the rail.
type Count struct {
	N    int
	Warn bool // something in there wants attention
}

// Guard locks and unlocks what the console shows.
type Guard struct {
	After  time.Duration // without a key; 0: never
	Finish func()        // optional: ends, before Lock, what runs besides the screens; may take a while
	Lock   func()
	Locked func() bool
	Screen func() screen.Screen // the unlock or first-run screen
}

// Action is something that can be begun from anywhere by the palette.
type Action struct {
	Label string // locale key
	Open  func() screen.Screen
}

// Options are what the shell needs from outside.
type Options struct {
	Sections []Section
	Actions  []Action // in the palette, whatever screen is in front
	Counts   func(ctx context.Context) (map[string]Count, error)
	Printer  func(locale.Lang) (*locale.Printer, error)
	Lang     locale.Lang
	Explain  func(error, *locale.Printer) screen.Explanation
	// About, optional, opens a screen that says more of an error than fits
	// beside what it befell.
	About      func(error) screen.Screen
	Protection func(screen.Env) string // how the store is protected, for the header
	// Serving, optional, says what runs on while its screen is left; "": nothing.
	Serving func(screen.Env) string
	Guard   Guard
	Clock   core.Clock       // of the lock
	Now     func() time.Time // what screens call now, where the sandbox moves it; nil: Clock's
	Sandbox bool
	SSH     bool
	ASCII   bool
	Getenv  func(string) string
	// Native puts a text on this machine's clipboard and returns a function
	// that clears it if it is still there. nil: there is none, or the admin
	// sits elsewhere.
	Native func(text string) (clear func(), err error)
}

// Console is the program's model.
type Console struct {
	o       Options
	ctx     context.Context
	work    *screen.Work
	send    func(tea.Msg)
	printer *locale.Printer

	width, height int
	dark, ascii   bool

	section int
	stacks  [][]entry
	locked  []entry // the unlock screen, while there is no key
	counts  map[string]Count

	notice  screen.Notice
	overlay overlay // help or palette; nil: none

	lastInput time.Time
	idleArmed bool
	ticking   bool
	quitAsked bool
	clearing  func() // clears this machine's clipboard if what was copied is still there
	broken    *screen.Broken
}

// Broken tells where the program broke down, nil when it did not.
func (c *Console) Broken() *screen.Broken { return c.broken }

type entry struct {
	screen screen.Screen
	scope  *screen.Scope
}

// overlay is what lies over the screen and takes all keys.
type overlay interface {
	update(c *Console, msg tea.Msg) tea.Cmd
	draw(e screen.Env) screen.Frame
	keys() []screen.Key // what the footer shows
}

// New makes the console. Send must be set before work with progress starts:
// give it the program's Send.
func New(ctx context.Context, o Options) (*Console, error) {
	p, err := o.Printer(o.Lang)
	if err != nil {
		return nil, err
	}
	return &Console{
		o: o, ctx: ctx, work: &screen.Work{}, send: func(tea.Msg) {}, printer: p,
		width: 80, height: 24, dark: true, ascii: o.ASCII,
		stacks: make([][]entry, len(o.Sections)), counts: map[string]Count{},
		lastInput: o.Clock.Now(),
	}, nil
}

// SetSend gives the console the program's Send.
func (c *Console) SetSend(send func(tea.Msg)) { c.send = send }

// Tell shows a notice of what happened besides the screens. It may be called
// from any goroutine while the program runs.
func (c *Console) Tell(n screen.Notice) { c.send(toldMsg{n}) }

// Wait waits for work that must finish after the program ended, at most for
// the given time. It reports whether all of it finished.
func (c *Console) Wait(limit time.Duration) bool {
	for _, s := range c.stacks {
		closeAll(s)
	}
	closeAll(c.locked)
	if c.clearing != nil {
		c.clearing()
		c.clearing = nil
	}
	return c.work.Wait(limit)
}

// The shell's own messages.
type (
	tickMsg   struct{}
	toldMsg   struct{ notice screen.Notice }
	idleMsg   struct{}
	wipeMsg   struct{}
	countsMsg struct {
		counts map[string]Count
		err    error
	}
	copiedMsg struct {
		what   string
		native bool
		clear  func()
		err    error
	}
	clearMsg struct{ clear func() }
)

// clearAfter is how long a copied text stays on this machine's clipboard.
const clearAfter = 45 * time.Second

// Init opens the first screen.
func (c *Console) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, c.start())
}

// start shows the unlock screen while the store is locked, else the section.
func (c *Console) start() tea.Cmd {
	if c.o.Guard.Locked != nil && c.o.Guard.Locked() {
		return c.lockScreen()
	}
	return tea.Batch(c.goTo(c.section), c.armIdle())
}

// Update handles one message.
func (c *Console) Update(msg tea.Msg) (m tea.Model, cmd tea.Cmd) {
	// Bubble Tea would print a panic's value and the arguments on the stack.
	defer func() {
		if p := recover(); p != nil {
			b := screen.Broke(p)
			c.broken = &b
			m, cmd = c, tea.Quit
		}
	}()
	if b, ok := msg.(screen.Broken); ok {
		c.broken = &b
		return c, tea.Quit
	}
	cmd = c.handle(msg)
	return c, tea.Batch(cmd, c.armTick())
}

func (c *Console) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if msg.Width > 0 && msg.Height > 0 && msg.Width < 10_000 && msg.Height < 10_000 {
			c.width, c.height = msg.Width, msg.Height
		}
	case tea.BackgroundColorMsg:
		c.dark = msg.IsDark()
	case tea.KeyPressMsg:
		c.lastInput = c.o.Clock.Now()
		return c.key(msg)
	case tea.PasteMsg:
		c.lastInput = c.o.Clock.Now()
		if c.overlay != nil {
			return c.overlay.update(c, msg)
		}
		return c.toTop(msg)
	case screen.Result:
		return c.result(msg)
	case tickMsg:
		c.ticking = false
		return c.toTop(screen.TickMsg{})
	case idleMsg:
		c.idleArmed = false
		return c.idle()
	case wipeMsg:
		c.wipe()
	case toldMsg:
		if c.locked == nil {
			c.notice = msg.notice
		}
	case countsMsg:
		if msg.err == nil {
			c.counts = msg.counts
		}
	case copiedMsg:
		return c.copied(msg)
	case clearMsg:
		c.clearing = nil
		return func() tea.Msg { msg.clear(); return nil }
	}
	return nil
}

// stack is the stack in front: the lock's while locked, else the section's.
func (c *Console) stack() *[]entry {
	if c.locked != nil {
		return &c.locked
	}
	return &c.stacks[c.section]
}

func (c *Console) top() (entry, bool) {
	s := *c.stack()
	if len(s) == 0 {
		return entry{}, false
	}
	return s[len(s)-1], true
}

func (c *Console) toTop(msg tea.Msg) tea.Cmd {
	t, ok := c.top()
	if !ok {
		return nil
	}
	return c.apply(t.screen.Update(msg))
}

// result brings the outcome of work to the screen whose scope it is; one that
// was left meanwhile gets nothing.
func (c *Console) result(r screen.Result) tea.Cmd {
	for i := range c.stacks {
		for depth, en := range c.stacks[i] {
			if en.scope == r.To {
				step := en.screen.Update(r.Msg)
				if c.locked == nil && i == c.section && depth == len(c.stacks[i])-1 {
					return c.apply(step)
				}
				return c.applyBehind(step)
			}
		}
	}
	for _, en := range c.locked {
		if en.scope == r.To {
			return c.apply(en.screen.Update(r.Msg))
		}
	}
	return nil
}

// applyBehind does what a screen that is not in front may do: go on working,
// say something, tell of a change. It cannot move the admin elsewhere.
func (c *Console) applyBehind(s screen.Step) tea.Cmd {
	return c.apply(screen.Step{Cmd: s.Cmd, Say: s.Say, Changed: s.Changed})
}

// apply does a step at once, so that the next key meets the new screen.
func (c *Console) apply(s screen.Step) tea.Cmd {
	cmds := []tea.Cmd{s.Cmd}
	if s.Say.Text != "" || s.Say.Err != nil {
		c.notice = s.Say
	}
	switch {
	case s.Unlock:
		closeAll(c.locked)
		c.locked = nil
		cmds = append(cmds, c.start())
	case s.Replace != nil:
		c.pop()
		cmds = append(cmds, c.open(s.Replace))
	case s.Open != nil:
		cmds = append(cmds, c.open(s.Open))
	case s.Back:
		cmds = append(cmds, c.back())
	}
	if s.Section != "" {
		for i, sec := range c.o.Sections {
			if sec.ID == s.Section {
				cmds = append(cmds, c.goTo(i))
			}
		}
	}
	if s.Copy.Words != nil {
		s.Copy.Text = s.Copy.Words(c.env(c.width, c.height))
	}
	if s.Copy.Text != "" {
		cmds = append(cmds, c.copy(s.Copy))
	}
	if s.Plain != "" {
		cmds = append(cmds, showPlain(s.Plain, c.printer.T("plain.return")))
	}
	if s.Changed {
		cmds = append(cmds, c.loadCounts())
	}
	if s.Quit {
		cmds = append(cmds, tea.Quit)
	}
	return tea.Batch(cmds...)
}

func (c *Console) open(s screen.Screen) tea.Cmd {
	en := entry{s, screen.NewScope(c.ctx, c.work, func(m tea.Msg) { c.send(m) })}
	st := c.stack()
	*st = append(*st, en)
	return c.apply(s.Init(en.scope))
}

func (c *Console) pop() {
	st := c.stack()
	n := len(*st)
	if n == 0 {
		return
	}
	(*st)[n-1].scope.Close()
	*st = (*st)[:n-1]
}

// back leaves the top screen unless it is the section's root.
func (c *Console) back() tea.Cmd {
	if len(*c.stack()) <= 1 {
		return nil
	}
	step := c.leave()
	t, _ := c.top()
	if r, ok := t.screen.(screen.Resumer); ok {
		step = r.Resume().Then(step)
	}
	return c.apply(step)
}

// leave takes the top screen away and returns what it says on its way out.
func (c *Console) leave() screen.Step {
	var left screen.Step
	t, _ := c.top()
	if l, ok := t.screen.(screen.Leaver); ok {
		left = l.Leave()
	}
	c.pop()
	return screen.Step{Say: left.Say, Changed: left.Changed}
}

// goTo shows a section, as it was left. Going to the section one is in goes
// back to its root. The rail is counted anew: other sessions work on the store.
func (c *Console) goTo(i int) tea.Cmd {
	var step screen.Step
	for i == c.section && len(c.stacks[i]) > 1 {
		step = step.Then(c.leave())
	}
	c.section = i
	if len(c.stacks[i]) == 0 {
		return tea.Batch(c.open(c.o.Sections[i].Open()), c.loadCounts())
	}
	t, _ := c.top()
	if r, ok := t.screen.(screen.Resumer); ok {
		step = r.Resume().Then(step)
	}
	step.Changed = true
	return c.apply(step)
}

func closeAll(s []entry) {
	for _, en := range s {
		en.scope.Close()
	}
}

func (c *Console) loadCounts() tea.Cmd {
	if c.o.Counts == nil {
		return nil
	}
	ctx := c.ctx
	return func() tea.Msg {
		n, err := c.o.Counts(ctx)
		return countsMsg{n, err}
	}
}

// armTick keeps the one ticker going only while something runs or counts down.
func (c *Console) armTick() tea.Cmd {
	if c.ticking || !c.wantsTick() {
		return nil
	}
	c.ticking = true
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg{} })
}

func (c *Console) wantsTick() bool {
	if c.work.Running() > 0 || c.lockIn() < lastMinute {
		return true
	}
	t, ok := c.top()
	if !ok {
		return false
	}
	k, ok := t.screen.(screen.Ticker)
	return ok && k.Ticking()
}

func (c *Console) theme() theme.Theme {
	g := theme.Unicode()
	if c.ascii {
		g = theme.ASCII()
	}
	return theme.New(c.dark, g)
}
