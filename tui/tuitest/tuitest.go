// Package tuitest drives screens in tests: it presses keys, pastes, moves the
// clock, runs the commands a model returns, and reads the screen as text. It
// needs no terminal. Waiting is for what is to be seen, never for a time.
package tuitest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

// patience is how long Drive waits for something to be seen before the test
// fails: long, since machines are slow at times, and never waited out when all
// is well.
const patience = 20 * time.Second

// Driver runs a model without a terminal.
type Driver struct {
	t    testing.TB
	m    tea.Model
	msgs chan tea.Msg
	Quit bool
	// Raw collects what was sent to the terminal besides frames (clipboard).
	Raw []string
}

// Drive starts a model at a size.
func Drive(t testing.TB, m tea.Model, width, height int) *Driver {
	t.Helper()
	d := &Driver{t: t, m: m, msgs: make(chan tea.Msg, 1024)}
	d.run(m.Init())
	d.Send(tea.WindowSizeMsg{Width: width, Height: height})
	return d
}

// Send gives a message to the model and runs what it returns.
func (d *Driver) Send(msg tea.Msg) {
	var cmd tea.Cmd
	d.m, cmd = d.m.Update(msg)
	d.run(cmd)
	d.drain()
}

// Post brings a message from another goroutine, as a program's Send does.
func (d *Driver) Post(msg tea.Msg) { d.msgs <- msg }

func (d *Driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		if msg := cmd(); msg != nil {
			d.msgs <- msg
		}
	}()
}

func (d *Driver) handle(msg tea.Msg) {
	switch m := msg.(type) {
	case tea.BatchMsg:
		for _, c := range m {
			d.run(c)
		}
	case tea.QuitMsg:
		d.Quit = true
	case tea.RawMsg:
		if s, ok := m.Msg.(string); ok {
			d.Raw = append(d.Raw, s)
		}
	default:
		var cmd tea.Cmd
		d.m, cmd = d.m.Update(msg)
		d.run(cmd)
	}
}

func (d *Driver) drain() {
	for {
		select {
		case msg := <-d.msgs:
			d.handle(msg)
		default:
			return
		}
	}
}

// Until handles messages until ok is true; the test fails when it never is.
func (d *Driver) Until(what string, ok func() bool) {
	d.t.Helper()
	limit := time.After(patience)
	for {
		d.drain()
		if ok() {
			return
		}
		select {
		case msg := <-d.msgs:
			d.handle(msg)
		case <-time.After(5 * time.Millisecond): // what ok looks at may change without a message
		case <-limit:
			d.t.Fatalf("never saw %s; the screen is:\n%s", what, d.Text())
		}
	}
}

// Text is the screen as plain text, right-trimmed.
func (d *Driver) Text() string { return Plain(d.m.View().Content) }

// Plain strips styles and blanks at line ends.
func Plain(s string) string {
	lines := strings.Split(ansi.Strip(s), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// See waits until all the texts are on the screen.
func (d *Driver) See(texts ...string) {
	d.t.Helper()
	for _, want := range texts {
		d.Until("\""+want+"\"", func() bool { return strings.Contains(d.Text(), want) })
	}
}

// Gone waits until the text is not on the screen.
func (d *Driver) Gone(text string) {
	d.t.Helper()
	d.Until("the end of \""+text+"\"", func() bool { return !strings.Contains(d.Text(), text) })
}

// Key presses keys, written as tui.Press takes them. The function that makes
// the messages is passed in, since this package does not import the shell.
func (d *Driver) Key(press func(string) tea.KeyPressMsg, names ...string) {
	for _, n := range names {
		d.Send(press(n))
	}
}

// Type types a text, letter by letter.
func (d *Driver) Type(text string) {
	for _, r := range text {
		k := tea.Key{Code: r, Text: string(r)}
		if r == ' ' {
			k.Code = tea.KeySpace
		}
		d.Send(tea.KeyPressMsg(k))
	}
}

// Paste pastes a text.
func (d *Driver) Paste(text string) { d.Send(tea.PasteMsg{Content: text}) }

// Resize changes the size.
func (d *Driver) Resize(width, height int) {
	d.Send(tea.WindowSizeMsg{Width: width, Height: height})
}

// Fits fails the test unless the frame has exactly height lines of at most
// width cells.
func (d *Driver) Fits(width, height int) {
	d.t.Helper()
	lines := strings.Split(d.m.View().Content, "\n")
	if len(lines) != height {
		d.t.Errorf("frame has %d lines, want %d", len(lines), height)
	}
	for i, l := range lines {
		if w := ansi.StringWidth(l); w > width {
			d.t.Errorf("line %d is %d cells wide, want at most %d: %q", i+1, w, width, ansi.Strip(l))
		}
	}
}

var update = flag.Bool("update", false, "rewrite golden files")

// Golden compares text with testdata/<name>.golden of the calling package;
// -update rewrites it.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", filepath.FromSlash(name)+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	if diff := cmp.Diff(strings.TrimSuffix(string(want), "\n"), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}
