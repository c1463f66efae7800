package connections

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// ask is the screen of an authorization code consent: one address to open,
// and three ways at once for its answer to come back.
type ask struct {
	f     *family
	who   subject
	scope *screen.Scope
	fresh bool // begin anew instead of taking up what waits

	attempt consent.Attempt // its ID is "" until it has begun
	resumed bool            // it was begun before, here or by another session
	deaf    error           // why no port could be opened; nil: listening
	busy    []error         // ports that were passed over
	taking  bool            // an answer is being exchanged

	input    widget.Input
	pasteErr error
	file     string        // where the address was written; "" nowhere
	over     chan struct{} // closed when the consent has ended
	ended    ending
}

func newConsent(f *family, who subject) *ask { return &ask{f: f, who: who} }

type (
	// asked: the attempt stands, and its port is open unless deaf says why not.
	asked struct {
		attempt consent.Attempt
		resumed bool
		deaf    error
		busy    []error
	}
	// settledConsent: an answer was taken, the time is up, or it failed.
	settledConsent struct {
		attempt string // id; "" when it never began
		res     consent.Result
		err     error
	}
	// pastedAnswer: what came of an answer that the person brought.
	pastedAnswer struct {
		res consent.Result
		err error
	}
	written struct {
		path string
		err  error
	}
	opened struct{ err error }
)

// Title names the screen.
func (a *ask) Title(e screen.Env) string { return a.who.title(e) }

// Init takes up the attempt that still waits, or begins one.
func (a *ask) Init(s *screen.Scope) screen.Step {
	a.scope = s
	a.input = widget.NewInput(false)
	a.input.SetValue(a.f.typed["paste "+a.who.id])
	a.input.Focus()
	return a.begin()
}

// begin starts the work that lasts as long as the screen: begin or resume,
// open the port, wait.
func (a *ask) begin() screen.Step {
	a.over = make(chan struct{})
	race := race{f: a.f, who: a.who, anew: a.fresh, over: a.over}
	return screen.Step{Cmd: a.scope.Stream(race.run)}
}

// Capturing keeps letters for the pasted answer once there is a first one:
// before that, letters are keys. A paste always is an answer.
func (a *ask) Capturing() bool { return a.input.Value() != "" && !a.ended.over }

// Ticking keeps the countdown going.
func (a *ask) Ticking() bool { return a.attempt.ID != "" && !a.ended.over }

// Update handles keys, pastes and outcomes.
func (a *ask) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case asked:
		a.attempt, a.resumed, a.deaf, a.busy = msg.attempt, msg.resumed, msg.deaf, msg.busy
	case settledConsent:
		if msg.attempt == a.attempt.ID && !(a.taking && msg.res.Elsewhere) { // our own paste tells more
			return a.settle(msg.res, msg.err)
		}
	case pastedAnswer:
		return a.answered(msg)
	case written:
		if a.file = msg.path; msg.err != nil {
			return screen.Fail(msg.err)
		}
		if msg.path != "" {
			return screen.Say("connections.consent.written", locale.Params{"path": msg.path})
		}
	case opened:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return screen.Say("connections.consent.opened")
	case tea.PasteMsg:
		return a.paste(msg)
	case tea.KeyPressMsg:
		return a.key(msg)
	}
	return screen.Step{}
}

// settle shows the result, once.
func (a *ask) settle(res consent.Result, err error) screen.Step {
	if a.ended.over {
		return screen.Step{}
	}
	a.taking = false
	a.ended = ending{over: true, res: res, err: err}
	delete(a.f.typed, "paste "+a.who.id)
	a.input.SetValue("")
	close(a.over)
	return screen.Step{Changed: true}
}

// paste takes a whole answer at once: what a terminal pastes is complete. A
// paste after a bad one replaces it.
func (a *ask) paste(msg tea.PasteMsg) screen.Step {
	if a.ended.over || a.taking {
		return screen.Step{}
	}
	fresh := a.input.Value() == "" || a.pasteErr != nil
	if fresh {
		a.input.SetValue("")
	}
	a.input.Update(msg)
	if fresh {
		return a.answer()
	}
	return screen.Step{}
}

func (a *ask) answer() screen.Step {
	text := a.input.Value()
	if text == "" || a.attempt.ID == "" || a.taking {
		return screen.Step{}
	}
	a.taking, a.pasteErr = true, nil
	id := a.attempt.ID
	return screen.Step{Cmd: a.scope.Run(func(ctx context.Context) tea.Msg {
		res, err := a.f.Consent.Answer(ctx, id, text)
		return pastedAnswer{res, err}
	})}
}

// answered: a bad paste gives its reason and the race goes on.
func (a *ask) answered(msg pastedAnswer) screen.Step {
	a.taking = false
	if strings.HasPrefix(core.CodeOf(msg.err), "consent.paste-") {
		a.pasteErr = msg.err
		return screen.Step{}
	}
	return a.settle(msg.res, msg.err)
}

func (a *ask) key(msg tea.KeyPressMsg) screen.Step {
	k := msg.String()
	switch {
	case a.ended.over:
		return a.endedKey(k)
	case k == "esc":
		return screen.Step{Back: true}
	case k == "enter" && a.input.Value() != "":
		return a.answer()
	case a.input.Value() != "":
		a.input.Update(msg)
		return screen.Step{}
	case a.attempt.ID == "":
		return screen.Step{}
	}
	return a.command(msg, k)
}

// Leave says how long the attempt goes on waiting for who takes it up again.
func (a *ask) Leave() screen.Step {
	left := a.attempt.Expires.Sub(a.f.Clock.Now())
	if a.ended.over || a.attempt.ID == "" || left <= 0 {
		return screen.Step{}
	}
	a.f.typed["paste "+a.who.id] = a.input.Value()
	return screen.Say("connections.consent.left", locale.Params{"time": widget.Clock(left)})
}

// command does what a letter stands for while nothing is typed.
func (a *ask) command(msg tea.KeyPressMsg, k string) screen.Step {
	switch k {
	case "y":
		return screen.Step{Copy: screen.Copy{Text: a.attempt.URL, What: "connections.copy.auth-url"}}
	case "w":
		return a.write()
	case "v":
		return screen.Step{Plain: a.attempt.URL}
	case "t":
		return screen.Step{Copy: screen.Copy{Text: a.tunnel(), What: "connections.copy.tunnel"}}
	case "o", "enter":
		return a.openBrowser()
	case "g":
		return a.grantHere()
	case "n":
		return a.anew()
	}
	if len([]rune(msg.Text)) == 1 {
		a.input.Update(msg) // somebody types what cannot be pasted
	}
	return screen.Step{}
}

func (a *ask) endedKey(k string) screen.Step {
	switch {
	case k == "enter" && a.ended.err == nil:
		return a.ended.onward(a.f, a.who)
	case k == "n":
		return a.anew()
	case k == "esc":
		return screen.Step{Back: true}
	}
	return screen.Step{}
}

// anew begins again: the screen is replaced, so that the port of this attempt
// is closed before.
func (a *ask) anew() screen.Step {
	next := newConsent(a.f, a.who)
	next.fresh = true
	return screen.Step{Replace: next}
}

func (a *ask) tunnel() string {
	return consent.TunnelLine(a.attempt.Port, a.f.User, a.f.Host)
}

func (a *ask) openBrowser() screen.Step {
	if a.f.Browser == nil {
		return screen.Step{}
	}
	url := a.attempt.URL
	return screen.Step{Cmd: a.scope.Run(func(ctx context.Context) tea.Msg { return opened{a.f.Browser.Open(ctx, url)} })}
}

// write puts the address into a file that only this user reads, and that goes
// when the consent ends or the screen is left: it holds the attempt's state.
func (a *ask) write() screen.Step {
	if a.file != "" {
		return screen.Say("connections.consent.written", locale.Params{"path": a.file})
	}
	url, folder, over := a.attempt.URL, a.f.Folder, a.over
	return screen.Step{Cmd: a.scope.Stream(func(ctx context.Context, emit func(tea.Msg)) tea.Msg {
		path, err := writePrivate(folder, url+"\n")
		if err != nil {
			return written{err: &core.Error{Tried: "write-file", On: folder, Code: "connections.file", Err: err}}
		}
		emit(written{path: path})
		select {
		case <-over:
		case <-ctx.Done():
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return written{path: path, err: &core.Error{Tried: "remove-file", On: path, Code: "connections.file-left", Err: err}}
		}
		return written{}
	})}
}

// writePrivate writes a file of mode 0600 with a name of its own.
func writePrivate(folder, text string) (string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(folder, "consent-*.txt") // mode 0600, os.CreateTemp
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(f.Name()) //nolint:errcheck // the write failed already
	}
	return f.Name(), err
}

// grantHere agrees in the terminal: sandbox only.
func (a *ask) grantHere() screen.Step {
	if a.f.Sandbox == nil || a.taking {
		return screen.Step{}
	}
	a.taking = true
	at := a.attempt
	return screen.Step{Cmd: a.scope.Run(func(ctx context.Context) tea.Msg {
		redirect, err := a.f.Sandbox.Agree(ctx, at.URL)
		if err != nil {
			return pastedAnswer{err: err}
		}
		res, err := a.f.Consent.Answer(ctx, at.ID, redirect)
		return pastedAnswer{res, err}
	})}
}

// Trouble is why it did not work.
func (a *ask) Trouble() error { return a.ended.trouble() }

// Keys are those that work while nothing is typed.
func (a *ask) Keys() []screen.Key {
	switch {
	case a.ended.over:
		return a.ended.keys()
	case a.Capturing():
		return []screen.Key{screen.NewKey("enter", "connections.key.paste", "enter"), screen.NewKey("esc", "connections.key.leave-consent", "esc")}
	}
	ready := a.attempt.ID != ""
	key := func(k, text string) screen.Key {
		return screen.NewKey(k, "connections.key."+text, k).If(ready, "connections.off.starting")
	}
	var keys []screen.Key
	if a.f.Sandbox != nil {
		keys = append(keys, key("g", "grant-here").If(!a.taking, "connections.off.busy"))
	}
	if a.f.Browser != nil {
		keys = append(keys, key("o", "browser"))
	} else {
		keys = append(keys, screen.NewKey("o", "connections.key.browser", "o").If(false, "connections.off.no-browser"))
	}
	return append(keys,
		key("y", "copy-url"), key("t", "tunnel"), key("w", "write"), key("v", "plain"),
		key("n", "anew").Hide(),
	)
}
