package tui_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
	"deskward/tui/unlock"
	"deskward/tui/widget"
)

type movable struct{ now atomic.Int64 }

func newMovable() *movable {
	m := &movable{}
	m.now.Store(time.Date(2026, 11, 22, 10, 41, 0, 0, time.UTC).UnixNano())
	return m
}
func (m *movable) Now() time.Time          { return time.Unix(0, m.now.Load()).UTC() }
func (m *movable) Advance(d time.Duration) { m.now.Add(int64(d)) }

// lister is a toy screen: a line of what it received, and a row to open.
type lister struct {
	name  string
	got   []string
	scope *screen.Scope
	began atomic.Bool
	ended atomic.Bool
	open  func() screen.Screen
	text  bool
	work  func(context.Context)
}

type late struct{ text string }

func (l *lister) Title(screen.Env) string { return l.name }
func (l *lister) Init(s *screen.Scope) screen.Step {
	l.scope = s
	return screen.Step{}
}

func (l *lister) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case late:
		l.got = append(l.got, "result:"+msg.text)
	case tea.KeyPressMsg:
		l.got = append(l.got, msg.String())
		switch msg.String() {
		case "enter":
			if l.open != nil {
				return screen.Step{Open: l.open()}
			}
		case "w":
			return screen.Step{Cmd: l.scope.Run(func(ctx context.Context) tea.Msg {
				l.began.Store(true)
				if l.work != nil {
					l.work(ctx)
				}
				<-ctx.Done()
				l.ended.Store(true)
				return late{"too late"}
			})}
		case "f":
			return screen.Fail(&core.Error{Tried: "refresh", On: "Acme", Code: "zoho.invalid_code", Class: core.Refused})
		case "y":
			return screen.Step{Copy: screen.Copy{Text: "https://example.test/" + strings.Repeat("x", 2000), What: "key.help"}}
		}
	}
	return screen.Step{}
}

func (l *lister) Draw(screen.Env) screen.Frame {
	return screen.Frame{Text: l.name + " got " + strings.Join(l.got, " ")}
}

func (l *lister) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "key.close", "enter"),
		screen.NewKey("d", "key.lock", "d").If(false, "palette.none"),
	}
}
func (l *lister) Capturing() bool { return l.text }

// place is a section with nothing in it.
type place struct{ title string }

func (p place) Title(e screen.Env) string    { return e.T(p.title) }
func (place) Init(*screen.Scope) screen.Step { return screen.Step{} }
func (place) Update(tea.Msg) screen.Step     { return screen.Step{} }
func (place) Draw(e screen.Env) screen.Frame { return screen.Frame{Text: e.T("copy.head")} }
func (place) Keys() []screen.Key             { return nil }

type console struct {
	*tuitest.Driver
	clock  *movable
	model  *tui.Console
	locked atomic.Bool
}

func start(t testing.TB, width, height int, change func(*tui.Options, *console)) *console {
	t.Helper()
	c := &console{clock: newMovable()}
	o := tui.Options{
		Sections: []tui.Section{
			{ID: "connections", Title: "section.connections", Open: func() screen.Screen { return &lister{name: "first"} }},
			{ID: "keys", Title: "section.keys", Open: func() screen.Screen { return place{"section.keys"} }},
			{ID: "migrations", Title: "section.migrations", Open: func() screen.Screen { return &lister{name: "third"} }},
			{ID: "visitors", Title: "section.visitors", Open: func() screen.Screen { return place{"section.visitors"} }},
			{ID: "deadlines", Title: "section.deadlines", Open: func() screen.Screen { return &lister{name: "fifth"} }},
			{ID: "log", Title: "section.log", Open: func() screen.Screen { return &lister{name: "sixth"} }},
		},
		Counts: func(context.Context) (map[string]tui.Count, error) {
			return map[string]tui.Count{"connections": {N: 12}, "deadlines": {N: 3, Warn: true}}, nil
		},
		Printer: func(l locale.Lang) (*locale.Printer, error) { return locale.Load(os.DirFS("../assets/locales"), l) },
		Lang:    locale.English,
		Explain: func(err error, _ *locale.Printer) screen.Explanation {
			return screen.Explanation{Headline: "Could not renew the access token of Acme.", Means: "The code was used or is too old.", Next: "Connect again.", Code: core.CodeOf(err)}
		},
		Protection: func(screen.Env) string { return "protected by passphrase" },
		Clock:      c.clock,
		Getenv:     func(string) string { return "" },
	}
	if change != nil {
		change(&o, c)
	}
	m, err := tui.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	c.model = m
	c.Driver = tuitest.Drive(t, m, width, height)
	m.SetSend(c.Post)
	return c
}

func (c *console) press(names ...string) { c.Key(tui.Press, names...) }

func withLock(o *tui.Options, c *console) {
	c.locked.Store(true)
	o.Guard = tui.Guard{
		After: 10 * time.Minute, Lock: func() { c.locked.Store(true) }, Locked: c.locked.Load,
		Screen: func() screen.Screen {
			return unlock.New(unlock.Deps{
				Path: "/home/mina/.local/share/deskward/deskward.db", Passphrase: true,
				Protection: func(screen.Env) string { return "protected by passphrase" },
				Wait:       func() time.Duration { return 0 },
				Unlock: func(_ context.Context, k unlock.Key) error {
					if k.Passphrase.Reveal() != "correct horse battery" {
						return &core.Error{Tried: "unlock", Code: "store.wrong-passphrase", Class: core.Locked}
					}
					c.locked.Store(false)
					return nil
				},
			})
		},
	}
}

func TestEveryFrameFitsItsTerminal(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {60, 20}, {80, 24}, {109, 30}, {120, 40}, {200, 60}, {20, 5}} {
			c := start(t, size[0], size[1], func(o *tui.Options, _ *console) { o.Lang, o.Sandbox = lang, true })
			for _, keys := range []string{"1", "2", "4", "?", "esc", ":", "esc", "f"} {
				c.press(keys)
				c.Fits(size[0], size[1])
			}
			if strings.Contains(c.Text(), "[") && strings.Contains(c.Text(), "]") {
				t.Errorf("%s %v: a text is missing:\n%s", lang, size, c.Text())
			}
		}
	}
}

func TestFramesLookAsAgreed(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			c := start(t, size[0], size[1], func(o *tui.Options, _ *console) { o.Lang = lang })
			c.press("2")
			if size[1] > 12 {
				c.See("3!") // the counts are there
			}
			tuitest.Golden(t, fmt.Sprintf("place-%s-%dx%d", lang, size[0], size[1]), c.Text())
			c = start(t, size[0], size[1], func(o *tui.Options, c *console) { withLock(o, c); o.Lang = lang })
			tuitest.Golden(t, fmt.Sprintf("unlock-%s-%dx%d", lang, size[0], size[1]), c.Text())
			c.Type("wrong")
			c.press("enter")
			c.See("Could not renew")
		}
	}
}

func TestATitleIsCutOnceInTheHeader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("name", 20)
	c := start(t, 60, 24, func(o *tui.Options, _ *console) {
		o.Protection = func(screen.Env) string { return "" }
		o.Sections[0].Open = func() screen.Screen {
			return &lister{name: "first", open: func() screen.Screen {
				return &lister{name: long, open: func() screen.Screen { return &lister{name: "rehearsal"} }}
			}}
		}
	})
	c.press("enter", "enter")
	for width := 50; width < 110; width++ {
		c.Resize(width, 24)
		head, _, _ := strings.Cut(c.Text(), "\n")
		if !strings.Contains(head, "…") || strings.Contains(head, "……") {
			t.Errorf("at %d: %q", width, head)
		}
	}
}

func TestKeysTypedAheadReachTheScreenThatWasOpened(t *testing.T) {
	t.Parallel()
	second := &lister{name: "second", text: true}
	c := start(t, 80, 24, func(o *tui.Options, _ *console) {
		o.Sections[0].Open = func() screen.Screen {
			return &lister{name: "first", open: func() screen.Screen { return second }}
		}
	})
	c.press("enter", "h", "e", "l", "l", "o")
	if got := strings.Join(second.got, ""); got != "hello" {
		t.Errorf("the opened screen got %q, want \"hello\"", got)
	}
}

func TestLeavingAScreenCancelsItsWorkAndDropsItsResult(t *testing.T) {
	t.Parallel()
	second := &lister{name: "second"}
	c := start(t, 80, 24, func(o *tui.Options, _ *console) {
		o.Sections[0].Open = func() screen.Screen {
			return &lister{name: "first", open: func() screen.Screen { return second }}
		}
	})
	c.press("enter", "w")
	c.Until("the work to begin", second.began.Load)
	c.press("esc")
	c.Until("the end of the work", second.ended.Load)
	c.See("first got")
	if len(second.got) != 1 {
		t.Errorf("the closed screen got %v after it was left", second.got)
	}
}

// parting is a screen that says something when it is left.
type parting struct{ lister }

func (*parting) Leave() screen.Step { return screen.Say("palette.none") }

func TestGoingToTheRootByItsKeyLeavesScreensAsEscDoes(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, func(o *tui.Options, _ *console) {
		o.Sections[0].Open = func() screen.Screen {
			return &lister{name: "first", open: func() screen.Screen { return &parting{lister{name: "second"}} }}
		}
	})
	c.press("enter", "1")
	c.See("first got", "No action has these words.")
}

func TestTheRailCountsWhatOtherSessionsDid(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	n.Store(1)
	c := start(t, 80, 24, func(o *tui.Options, _ *console) {
		o.Counts = func(context.Context) (map[string]tui.Count, error) {
			return map[string]tui.Count{"connections": {N: int(n.Load())}}, nil
		}
	})
	c.See("Connections·1")
	n.Store(3)
	c.press("6")
	c.See("sixth", "Connections·3")
	n.Store(4)
	c.press("1")
	c.See("first", "Connections·4")
}

func TestEverySectionIsInSightHoweverManyThingsItCounts(t *testing.T) {
	t.Parallel()
	for _, n := range []int{4, 12, 12345} {
		c := start(t, 80, 24, func(o *tui.Options, _ *console) {
			o.Counts = func(context.Context) (map[string]tui.Count, error) {
				return map[string]tui.Count{"connections": {N: n}, "keys": {N: n}, "deadlines": {N: 2, Warn: true}}, nil
			}
		})
		c.See("6 Log", "5 Deadlines·2", "2 Signing keys")
		if strings.Contains(strings.Split(c.Text(), "\n")[1], "…") {
			t.Errorf("%d:\n%s", n, c.Text())
		}
	}
}

func TestADisabledKeySaysWhy(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, nil)
	c.press("d")
	c.See("No action has these words.")
	if strings.Contains(c.Text(), "got d") {
		t.Error("the screen got a key that cannot work")
	}
}

func TestAnErrorStaysUntilItIsDismissed(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, nil)
	c.press("f")
	c.See("Could not renew the access token of Acme.", "The code was used or is too old.", "Connect again.", "zoho.invalid_code")
	c.press("j")
	c.See("zoho.invalid_code")
	c.press("esc")
	c.Gone("zoho.invalid_code")
}

func TestThePaletteFindsAndRunsAKey(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, nil)
	c.press(":")
	c.Type("migra")
	c.See("go to Migrations")
	c.press("enter")
	c.See("third got")
}

func TestThePaletteBeginsWithWhatWorksNow(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, func(o *tui.Options, _ *console) {
		o.Sections[0].Open = func() screen.Screen { return &unready{lister{name: "first"}} }
	})
	c.press(":", "enter")
	c.See("first got enter")
}

// unready is a screen whose first key can't work now.
type unready struct{ lister }

func (u *unready) Keys() []screen.Key {
	keys := u.lister.Keys()
	return []screen.Key{keys[1], keys[0]}
}

func TestTheLanguageSwitchesWhileTheConsoleRuns(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, nil)
	c.See("1 Connections")
	c.press("L")
	c.See("1 連携")
	c.press("L")
	c.See("1 Connections")
}

func TestTheStoreLocksWhenNobodyTypesThoughWorkGoesOn(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, withLock)
	c.Type("correct horse battery")
	c.press("enter")
	c.See("first got")
	c.press("w")
	c.clock.Advance(9*time.Minute + 30*time.Second)
	c.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
	c.See("locks in 30 s")
	c.clock.Advance(31 * time.Second)
	c.Send(tui.IdleForTest())
	c.See("This store is locked.")
	c.Until("the key to be wiped", c.locked.Load)
}

func TestTheKeyStaysUntilWhatMustFinishHasFinished(t *testing.T) {
	t.Parallel()
	saved, finish := make(chan bool, 1), make(chan struct{})
	var first *lister
	c := start(t, 80, 24, func(o *tui.Options, c *console) {
		withLock(o, c)
		o.Sections[0].Open = func() screen.Screen {
			first = &lister{name: "first", work: func(ctx context.Context) {
				<-ctx.Done() // the screen was left; the answer is still to come
				<-finish
				saved <- !c.locked.Load()
			}}
			return first
		}
	})
	c.Type("correct horse battery")
	c.press("enter")
	c.See("first got")
	c.press("w")
	c.Until("the work to begin", first.began.Load)
	c.press("ctrl+l")
	c.See("This store is locked.")
	close(finish)
	c.Until("the key to be wiped", c.locked.Load)
	if !<-saved {
		t.Error("the key was gone before the answer was saved")
	}
}

func TestAKeyPressPutsLockingOff(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, withLock)
	c.Type("correct horse battery")
	c.press("enter")
	c.See("first got")
	c.clock.Advance(9 * time.Minute)
	c.press("j")
	c.clock.Advance(9 * time.Minute)
	c.Send(tui.IdleForTest())
	c.See("first got j")
}

func TestAWrongPassphraseLeavesThePromptReady(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, withLock)
	c.Type("wrong")
	c.press("enter")
	c.See("Could not renew")
	if strings.Contains(c.Text(), "wrong ") {
		t.Error("the passphrase is on the screen")
	}
	c.Type("correct horse battery")
	c.press("enter")
	c.See("first got")
}

func TestCopyGoesThroughTmuxAndScreenWholeAndRefusesWhatIsTooLong(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		env    map[string]string
		prefix string
	}{
		"bare":   {nil, "\x1b]52;c;"},
		"tmux":   {map[string]string{"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "screen-256color"}, "\x1bPtmux;\x1b\x1b]52;c;"},
		"screen": {map[string]string{"TERM": "screen.xterm-256color"}, "\x1bP\x1b]52;c;"},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, 80, 24, func(o *tui.Options, _ *console) {
				o.Getenv = func(k string) string { return want.env[k] }
			})
			c.press("y")
			c.See("sent to the terminal")
			c.Until("the clipboard sequence", func() bool { return len(c.Raw) == 1 })
			if !strings.HasPrefix(c.Raw[0], want.prefix) {
				t.Errorf("sent %.60q, want it to begin with %q", c.Raw, want.prefix)
			}
		})
	}
}

func TestQuittingAsksOnceWhileSomethingRuns(t *testing.T) {
	t.Parallel()
	c := start(t, 80, 24, nil)
	c.press("w", "ctrl+c")
	c.See("Press ctrl+c again to quit.")
	if c.Quit {
		t.Fatal("quit without asking")
	}
	c.press("ctrl+c")
	c.Until("quit", func() bool { return c.Quit })
	if !c.model.Wait(5 * time.Second) {
		t.Error("work did not end after its context did")
	}
}

func TestFirstRunRefusesAWeakOrMistypedPassphrase(t *testing.T) {
	t.Parallel()
	var made unlock.Protection
	c := start(t, 80, 24, func(o *tui.Options, c *console) {
		c.locked.Store(true)
		o.Guard = tui.Guard{Locked: c.locked.Load, Lock: func() {}, Screen: func() screen.Screen {
			return unlock.NewSetup(unlock.SetupDeps{
				Path: "/home/mina/deskward.db", Restore: "deskward store restore FILE",
				Check: func(s core.Secret) error {
					if len(s.Reveal()) < 10 {
						return &core.Error{Code: "store.weak-passphrase", Class: core.Usage}
					}
					return nil
				},
				Create: func(_ context.Context, p unlock.Protection) error {
					made = p
					c.locked.Store(false)
					return nil
				},
			})
		}}
	})
	tuitest.Golden(t, "setup-en-80x24", c.Text())
	c.press("enter")
	c.Type("short")
	c.press("enter")
	c.See("Connect again.") // what this test's Explain says of any error
	c.Type(" but now long enough")
	c.press("enter")
	c.Type("something else entirely")
	c.press("enter")
	c.See("The two are not the same.")
	for range len("something else entirely") {
		c.press("backspace")
	}
	c.Type("short but now long enough")
	c.press("enter")
	c.See("The store is made and open.")
	if made.Passphrase.Reveal() != "short but now long enough" {
		t.Error("another passphrase was set than typed")
	}
}

func TestAPasteOf16KArrivesWholeAndUnwrapped(t *testing.T) {
	t.Parallel()
	in := widget.NewInput(false)
	in.Focus()
	want := strings.Repeat("https://127.0.0.1/?code=abcdefghij&", 500)
	var wrapped strings.Builder
	for i := 0; i < len(want); i += 80 {
		wrapped.WriteString(want[i:min(i+80, len(want))] + "\r\n")
	}
	in.Update(tea.PasteMsg{Content: wrapped.String()})
	if in.Value() != want {
		t.Errorf("%d bytes arrived of %d", len(in.Value()), len(want))
	}
}

func TestASecretInTheShellsErrorsIsDots(t *testing.T) {
	t.Parallel()
	s := core.NewSecret("canary-passphrase")
	if got := fmt.Sprintf("%v %s %q %x %#v %+v", s, s, s, s, s, struct{ S core.Secret }{s}); strings.Contains(got, "canary") {
		t.Error(got)
	}
	if err := fmt.Errorf("unlock: %w", errors.New(s.String())); strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
}
