package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/atotto/clipboard"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/sandbox"
	"deskward/tui"
	"deskward/tui/screen"
)

const (
	// lockAfter is how long nobody may type before the store locks, unless
	// --lock-after says otherwise.
	lockAfter = 10 * time.Minute
	// finishTime is how long quitting waits for what must not be broken off:
	// one vendor call and the saving of its answer.
	finishTime = core.FinishTime
	// finishSoon is how long it waits before it says so.
	finishSoon = 300 * time.Millisecond
)

// console opens the full screen. Where there is no terminal for one, or none
// is wanted (--plain, ACCESSIBLE), it says in one line what works instead.
func (a *app) console(ctx context.Context) error {
	why := ""
	switch {
	case a.plainly():
		why = "cmd.console.plain"
	case !isTerminal(a.io.In) || !isTerminal(a.io.Out):
		why = "cmd.console.no-terminal"
	}
	if why != "" {
		a.note(why)
		return said{&core.Error{Tried: "console", Code: "console.no-terminal", Class: core.Usage}}
	}
	go measureEarly()
	d := newDesk(a)
	defer d.close()
	if a.opt.sandbox {
		if err := d.openSandbox(ctx); err != nil {
			return err
		}
	} else if err := d.openStore(ctx); err != nil {
		return err
	}
	model, err := tui.New(ctx, d.options())
	if err != nil {
		return err
	}
	d.tell = model.Tell
	return a.show(ctx, model)
}

// measureEarly measures a sign beyond ASCII, beside what else is done before the
// first frame: for the first such sign go-runewidth fills a table of 2 MB, which
// the frame would wait for.
func measureEarly() { ansi.WcWidth.StringWidth("›") }

// show runs the full screen and, after it, waits for what must finish.
func (a *app) show(ctx context.Context, model *tui.Console) error {
	last := &fence{clock: a.clock, began: a.clock.Now()}
	opts := []tea.ProgramOption{tea.WithoutSignalHandler(), tea.WithInput(a.io.In), tea.WithOutput(a.io.Out), tea.WithFilter(last.filter)}
	if a.env.Getenv("NO_COLOR") != "" { // any value: no-color.org
		opts = append(opts, tea.WithColorProfile(colorprofile.Ascii))
	}
	p := tea.NewProgram(model, opts...)
	model.SetSend(p.Send)
	last.send = p.Send
	// Not tea.WithContext: its end would close the terminal's reader while it reads.
	defer context.AfterFunc(ctx, func() { p.Send(stopped{}) })()
	_, err := p.Run()
	if !model.Wait(finishSoon) {
		a.note("cmd.console.finishing")
		if !model.Wait(finishTime) {
			a.note("cmd.console.unfinished")
		}
	}
	if b := model.Broken(); b != nil {
		fmt.Fprintf(a.io.Err, "deskward: broke down (%s). This is a mistake in deskward. What was saved before is intact.\n\t%s\n", b.Kind, strings.Join(b.At, "\n\t"))
		return said{&core.Error{Tried: "console", Code: "console.broken"}}
	}
	if ctx.Err() != nil { // a signal ended it: nothing went wrong
		return nil
	}
	return err
}

// options are the console's, over the desk's session.
func (d *desk) options() tui.Options {
	a := d.app
	after := a.opt.lockAfter
	if d.sandbox != nil {
		after = 0
	}
	o := tui.Options{
		Sections: d.sections(), Actions: d.actions(), Counts: d.counts,
		Printer: func(l locale.Lang) (*locale.Printer, error) {
			if l == a.say.Lang() {
				a.spoken.Store(a.say)
				return a.say, nil
			}
			p, err := a.texts[l]()
			if err == nil {
				a.spoken.Store(p)
			}
			return p, err
		},
		Lang: a.say.Lang(), Explain: a.explainTo, About: d.about, Protection: d.protection,
		Serving: d.tokens.serving,
		Guard:   tui.Guard{After: after, Finish: d.tokens.lock, Lock: d.lock, Locked: d.locked, Screen: d.lockScreen},
		Clock:   a.clock, // the lock counts real time, also in the sandbox
		Sandbox: d.sandbox != nil, SSH: a.env.overSSH(), ASCII: a.asciiOnly(), Getenv: a.env.Getenv,
	}
	if d.sandbox != nil {
		o.Guard.Lock = nil // there is no key to forget, and no store to unlock
		o.Now = d.sandbox.Clock().Now
	}
	if !a.env.overSSH() && !clipboard.Unsupported {
		o.Native = copyNative
	}
	return o
}

// copyNative puts a text on this machine's clipboard.
func copyNative(text string) (clear func(), err error) {
	if err := clipboard.WriteAll(text); err != nil {
		return nil, err
	}
	return func() {
		if now, err := clipboard.ReadAll(); err == nil && now == text {
			_ = clipboard.WriteAll("") // clearing is a courtesy
		}
	}, nil
}

// asciiOnly reports whether the terminal is to get no characters beyond
// ASCII for marks and rules: asked for, or the locale's charset is not UTF-8.
func (a *app) asciiOnly() bool {
	if truthy(a.env.Getenv("DESKWARD_ASCII")) {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		v := strings.ToLower(a.env.Getenv(name))
		if v == "" {
			continue
		}
		_, charset, named := strings.Cut(v, ".")
		return named && !strings.HasPrefix(charset, "utf")
	}
	return false
}

// explainTo puts an error into words for the screens.
func (a *app) explainTo(err error, p *locale.Printer) screen.Explanation {
	catalogue, loadErr := a.advice()
	if loadErr != nil {
		return screen.Explanation{Headline: err.Error(), Code: core.CodeOf(err)}
	}
	x := catalogue.Explain(err, p)
	return screen.Explanation{Headline: x.Headline, Means: x.Means, Next: x.Next, Code: x.Code, Said: x.Vendor, Unsure: !x.Sure, More: x.Foreign || x.Vendor != ""}
}

// openSandbox starts the rehearsal services and a store in memory.
func (d *desk) openSandbox(ctx context.Context) error {
	sb, err := sandbox.Start(ctx, sandbox.Options{Clock: d.app.clock})
	if err != nil {
		return err
	}
	d.sandbox = sb
	// A name nobody can have taken before: what is written there is private.
	if d.folder, err = os.MkdirTemp("", "deskward-sandbox-"); err != nil {
		return &core.Error{Tried: "write-file", On: os.TempDir(), Code: "file.unwritable", Err: err}
	}
	return d.sandboxSession()
}

// privateFolder is where the console writes what an admin asks to have as a
// file: beside the store, or a folder of its own in the sandbox.
func (d *desk) privateFolder() string {
	if d.folder != "" {
		return d.folder
	}
	return filepath.Dir(d.path)
}
