// Package screen is the contract between the shell and its screens.
//
// A screen is a value that changes only in Update and shows itself in Draw.
// It does no I/O in either: work that waits goes through Scope.Run and comes
// back as a message. A screen's moves (open, back, say, copy) are returned in
// a Step and made before the next key is read, so keys typed ahead never
// reach the screen that was left. It stores no width, no text in a language
// and no style: Env brings them at every Draw.
//
// To add a screen: make a package below tui with a type that implements
// Screen, give its constructor the calls of core it needs (small interfaces or
// functions, declared in that package), and wire it in cmd. Its texts are keys
// of assets/locales; its keys are data, from which footer, help and palette
// are made.
package screen

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/tui/theme"
)

// Screen is one place of the console.
type Screen interface {
	// Title is the screen's part of the header line, already in words.
	Title(Env) string
	// Init is called once, when the screen is opened.
	Init(*Scope) Step
	// Update handles a key, a paste or the result of the screen's own work.
	Update(tea.Msg) Step
	// Draw returns at most Env.Height lines of at most Env.Width cells.
	Draw(Env) Frame
	// Keys are the keys that have a meaning now; one that cannot work carries
	// the reason.
	Keys() []Key
}

// Capturer is a screen that may be taking text: then letters, digits and esc
// are its own and not the shell's.
type Capturer interface{ Capturing() bool }

// Resumer is a screen that wants to know that the one above it was left.
type Resumer interface{ Resume() Step }

// Leaver is a screen that has something to keep or to say when it is left for
// the one below: a draft, how long a question stays open. Of its step only Say
// and Changed count.
type Leaver interface{ Leave() Step }

// Troubled is a screen that may be showing an error: then the shell offers to
// explain it, by a key that is no letter while text is taken. nil: it shows
// none.
type Troubled interface{ Trouble() error }

// Env is what a screen draws with.
type Env struct {
	Width, Height int
	Theme         theme.Theme
	Text          *locale.Printer
	Now           time.Time
	SSH           bool // the console runs over SSH
	// Explain puts an error into words: what happened, what it means, what
	// to do next.
	Explain func(error) Explanation
}

// Explanation is an error in words.
type Explanation struct {
	Headline string // what was tried, on what, and what came of it
	Means    string // "" when there is nothing to add
	Next     string // what to do
	Code     string // stable
	Said     string // what the vendor said, cleaned; "" nothing
	Unsure   bool   // the meaning is not documented by the vendor
	More     bool   // it is a vendor's, of which a screen of its own can say more
}

// T is Env.Text.T.
func (e Env) T(key string, params ...locale.Params) string { return e.Text.T(key, params...) }

// Wide reports whether list and detail fit side by side.
func (e Env) Wide() bool { return e.Width >= 96 }

// Frame is what a screen shows. Cursor is where the terminal's own cursor
// stands, relative to the frame; nil hides it.
type Frame struct {
	Text   string
	Cursor *tea.Cursor
}

// Step is what a screen wants done after Init or Update.
type Step struct {
	Cmd     tea.Cmd
	Open    Screen // open above this one
	Replace Screen // open instead of this one
	Back    bool   // leave this screen
	Section string // go to this section's root ("connections"); "" stays
	Say     Notice
	Copy    Copy
	Plain   string // show this text outside the full screen, unwrapped, until enter
	Changed bool   // stored things changed: the counts in the rail are read anew
	Quit    bool
	Unlock  bool // the store has just been unlocked
}

// Then returns s with what t has set besides.
func (s Step) Then(t Step) Step {
	switch {
	case s.Cmd == nil:
		s.Cmd = t.Cmd
	case t.Cmd != nil:
		s.Cmd = tea.Batch(s.Cmd, t.Cmd)
	}
	if t.Open != nil {
		s.Open = t.Open
	}
	if t.Replace != nil {
		s.Replace = t.Replace
	}
	if t.Say.Text != "" || t.Say.Err != nil {
		s.Say = t.Say
	}
	if t.Copy.Text != "" {
		s.Copy = t.Copy
	}
	if t.Plain != "" {
		s.Plain = t.Plain
	}
	if t.Section != "" {
		s.Section = t.Section
	}
	s.Back, s.Changed, s.Quit, s.Unlock = s.Back || t.Back, s.Changed || t.Changed, s.Quit || t.Quit, s.Unlock || t.Unlock
	return s
}

// Notice is one line at the foot of the screen: a sentence by key, or an error,
// which the shell explains by core/advice.
type Notice struct {
	Text   string // locale key
	Params locale.Params
	Err    error
}

// Say returns a step with a notice.
func Say(key string, params ...locale.Params) Step {
	n := Notice{Text: key}
	if len(params) > 0 {
		n.Params = params[0]
	}
	return Step{Say: n}
}

// Fail returns a step that shows an error; nil gives an empty step.
func Fail(err error) Step {
	if err == nil {
		return Step{}
	}
	return Step{Say: Notice{Err: err}}
}

// Copy is a text for the clipboard. What names it for the notice (locale key).
type Copy struct {
	Text  string
	Words func(Env) string // instead of Text, for what depends on the language
	What  string
}

// Key is a key with its help. Help's description is a locale key.
type Key struct {
	key.Binding
	Reason string // locale key of why it cannot work now; "": it works
	Hidden bool   // in help and palette, not in the footer
}

// NewKey makes a key: the first of keys is shown as shown.
func NewKey(shown, text string, keys ...string) Key {
	return Key{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, text))}
}

// If returns k with the reason why it cannot work unless ok.
func (k Key) If(ok bool, reason string) Key {
	if !ok {
		k.Reason = reason
	}
	return k
}

// Hide returns k, left out of the footer.
func (k Key) Hide() Key {
	k.Hidden = true
	return k
}

// Result carries the outcome of a scope's work to the screen it belongs to.
type Result struct {
	To  *Scope
	Msg tea.Msg
}

// TickMsg reaches the top screen once a second while anything runs or the
// screen is Ticking.
type TickMsg struct{}

// Ticker is a screen that shows a countdown and so wants TickMsg even while
// none of its work runs.
type Ticker interface{ Ticking() bool }

// Scope lives as long as its screen is on the stack: its context ends when the
// screen is left, and what comes back later is dropped.
type Scope struct {
	ctx    context.Context
	cancel context.CancelFunc
	send   func(tea.Msg)
	work   *Work
}

// Work counts what runs in all scopes, so that locking and quitting can wait
// for it.
type Work struct {
	mu     sync.Mutex
	unseen int           // scheduled or running
	begun  int           // really running: a command may never be run once the program ends
	quiet  chan struct{} // closed when nothing runs any more; nil: nobody waits
}

// Running reports how many pieces of work run or are about to.
func (w *Work) Running() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unseen
}

// Wait waits until nothing runs, at most for the given time, and reports
// whether that was reached.
func (w *Work) Wait(limit time.Duration) bool {
	w.mu.Lock()
	if w.begun == 0 {
		w.mu.Unlock()
		return true
	}
	if w.quiet == nil {
		w.quiet = make(chan struct{})
	}
	quiet := w.quiet
	w.mu.Unlock()
	select {
	case <-quiet:
		return true
	case <-time.After(limit):
		return false
	}
}

func (w *Work) schedule() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unseen++
}

func (w *Work) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun++
}

func (w *Work) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unseen--
	w.begun--
	if w.begun == 0 && w.quiet != nil {
		close(w.quiet)
		w.quiet = nil
	}
}

// NewScope makes the scope of a screen that is being opened. send is the
// program's Send, for progress.
func NewScope(parent context.Context, work *Work, send func(tea.Msg)) *Scope {
	ctx, cancel := context.WithCancel(parent)
	return &Scope{ctx: ctx, cancel: cancel, send: send, work: work}
}

// Close ends the scope's context.
func (s *Scope) Close() { s.cancel() }

// Run does work in the background and brings its message to the screen. The
// context ends when the screen is left; the part of work that must not be
// broken off uses context.WithoutCancel, and quitting waits for it, bounded.
func (s *Scope) Run(work func(ctx context.Context) tea.Msg) tea.Cmd {
	s.work.schedule()
	return func() tea.Msg {
		s.work.begin()
		defer s.work.end()
		// Left before it began: then it must not begin, since Wait may have been
		// over already.
		if s.ctx.Err() != nil {
			return nil
		}
		return s.result(work)
	}
}

// result does the work; one that breaks down tells where, and not with what.
func (s *Scope) result(work func(ctx context.Context) tea.Msg) (msg tea.Msg) {
	defer func() {
		if p := recover(); p != nil {
			msg = Broke(p)
		}
	}()
	return Result{To: s, Msg: work(s.ctx)}
}

// Broken tells of a panic without its value, which may hold a secret.
type Broken struct {
	Kind string   // the value's type
	At   []string // file:line, innermost first
}

// Broke describes a recovered panic. Call it in the deferred function.
func Broke(p any) Broken {
	b := Broken{Kind: fmt.Sprintf("%T", p)}
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		b.At = append(b.At, fmt.Sprintf("%s:%d", f.File, f.Line))
		if !more {
			return b
		}
	}
}

// Watch is Run for waiting until something happens elsewhere. That is no work:
// nothing ticks meanwhile, and locking and quitting do not wait for it.
func (s *Scope) Watch(wait func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		if s.ctx.Err() != nil {
			return nil
		}
		return s.result(wait)
	}
}

// Stream is Run for work that tells its progress: emit brings a message to
// the screen while the work goes on.
func (s *Scope) Stream(work func(ctx context.Context, emit func(tea.Msg)) tea.Msg) tea.Cmd {
	return s.Run(func(ctx context.Context) tea.Msg {
		return work(ctx, func(m tea.Msg) {
			if ctx.Err() == nil {
				s.send(Result{To: s, Msg: m})
			}
		})
	})
}

// Job is work that a key stops before its screen is left.
type Job struct {
	quit    chan struct{}
	stopped bool
}

// Stop ends the context of the work, which then tells what it came to. A
// second time, and of no job, it does nothing.
func (j *Job) Stop() {
	if j != nil && !j.stopped {
		j.stopped = true
		close(j.quit)
	}
}

// Stopped reports whether the work was told to stop.
func (j *Job) Stopped() bool { return j != nil && j.stopped }

// Job is Stream for work that can be stopped.
func (s *Scope) Job(work func(ctx context.Context, emit func(tea.Msg)) tea.Msg) (*Job, tea.Cmd) {
	j := &Job{quit: make(chan struct{})}
	quit := j.quit
	return j, s.Stream(func(ctx context.Context, emit func(tea.Msg)) tea.Msg {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-quit:
				cancel()
			case <-ctx.Done():
			}
		}()
		return work(ctx, emit)
	})
}

// After brings msg to the screen after a while.
func (s *Scope) After(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return Result{To: s, Msg: msg} })
}
