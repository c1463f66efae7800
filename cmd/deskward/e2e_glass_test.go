//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"
)

// glass is a terminal that a test looks at: a program on a pseudo terminal, an
// emulator that draws what it prints and answers what it asks.
type glass struct {
	t      testing.TB
	cmd    *exec.Cmd
	tty    *os.File      // the terminal's own end
	line   *os.File      // the program's end, kept open to look at its mode after the program
	before *term.State   // of line
	ended  chan struct{} // closed when the program has ended and all it printed is drawn

	mu   sync.Mutex
	emu  *vt.Emulator
	lag  time.Duration // how long an answer of the terminal is on its way
	raw  bytes.Buffer  // every byte that was printed
	more chan struct{}
}

// lost is the lag of a terminal whose answers never come.
const lost = -1

// glassPatience is how long a test waits for what must be seen.
const glassPatience = 30 * time.Second

// onGlass starts a program. The test fails when the program prints one of the
// secrets: they are typed, and may be seen by nobody.
func onGlass(t testing.TB, width, height int, cmd *exec.Cmd, secrets ...string) *glass {
	t.Helper()
	return onFarGlass(t, 0, width, height, cmd, secrets...)
}

// onFarGlass is onGlass with a terminal whose answers take their time.
func onFarGlass(t testing.TB, lag time.Duration, width, height int, cmd *exec.Cmd, secrets ...string) *glass {
	t.Helper()
	g := &glass{t: t, cmd: cmd, lag: lag, ended: make(chan struct{}), emu: vt.NewEmulator(width, height), more: make(chan struct{}, 1)}
	var err error
	if g.tty, g.line, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(g.tty, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		t.Fatal(err)
	}
	if g.before, err = term.GetState(int(g.line.Fd())); err != nil {
		t.Fatal(err)
	}
	// While line is open here, the terminal's own end never comes to an end:
	// a mark tells the reader.
	printed := make(chan struct{})
	go g.draw(printed)
	go g.answer()
	g.start()
	go func() {
		_ = g.cmd.Wait() // its exit code is looked at by end
		_, _ = io.WriteString(g.line, endMark)
		<-printed
		close(g.ended)
	}()
	t.Cleanup(func() {
		_ = g.cmd.Process.Kill() // it may have ended
		<-g.ended
		if c, ok := g.emu.InputPipe().(io.Closer); ok {
			c.Close()
		}
		g.line.Close()
		g.tty.Close()
		if t.Failed() {
			t.Logf("the screen is:\n%s", g.screen())
		}
		for _, s := range secrets {
			if bytes.Contains(g.raw.Bytes(), []byte(s)) {
				t.Errorf("the secret %q was printed", s)
			}
		}
	})
	return g
}

// endMark is printed by the test itself behind what the program printed. It is
// an operating system command that terminals ignore.
const endMark = "\x1b]7777;end\x07"

func (g *glass) start() {
	g.t.Helper()
	g.cmd.Stdin, g.cmd.Stdout, g.cmd.Stderr = g.line, g.line, g.line
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := g.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
}

// answer brings the emulator's answers to the program, each after its time on
// the way. The emulator itself waits for nobody.
func (g *glass) answer() {
	type sent struct {
		at   time.Time
		text []byte
	}
	way := make(chan sent, 1024)
	defer close(way)
	go func() {
		for s := range way {
			time.Sleep(time.Until(s.at.Add(g.lag)))
			if _, err := g.tty.Write(s.text); err != nil {
				return
			}
		}
	}()
	for {
		buf := make([]byte, 4<<10)
		n, err := g.emu.Read(buf)
		if err != nil {
			return
		}
		if g.lag != lost {
			way <- sent{time.Now(), buf[:n]}
		}
	}
}

// draw gives the emulator what is printed, until the end mark.
func (g *glass) draw(done chan<- struct{}) {
	defer close(done)
	buf := make([]byte, 32<<10)
	for {
		n, err := g.tty.Read(buf)
		g.mu.Lock()
		g.raw.Write(buf[:n])
		_, _ = g.emu.Write(buf[:n]) // it draws into memory
		over := err != nil || bytes.HasSuffix(g.raw.Bytes(), []byte(endMark))
		g.mu.Unlock()
		select {
		case g.more <- struct{}{}:
		default:
		}
		if over {
			return
		}
	}
}

// screen is what a person sees, without colours and blanks at line ends.
func (g *glass) screen() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	lines := strings.Split(ansi.Strip(g.emu.Render()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.Join(lines, "\n")
}

// printed is every byte so far.
func (g *glass) printed() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.raw.String()
}

// until waits for what the screen must come to.
func (g *glass) until(what string, ok func(screen string) bool) {
	g.t.Helper()
	limit := time.After(glassPatience)
	for !ok(g.screen()) {
		select {
		case <-g.more:
		case <-time.After(50 * time.Millisecond): // ok may look elsewhere too
		case <-limit:
			g.t.Fatalf("never saw %s", what)
		}
	}
}

// see waits until all the texts are on the screen at once.
func (g *glass) see(texts ...string) {
	g.t.Helper()
	g.until(fmt.Sprintf("%q", texts), func(screen string) bool {
		for _, s := range texts {
			if !strings.Contains(screen, s) {
				return false
			}
		}
		return true
	})
}

// gone waits until a text is on the screen no more.
func (g *glass) gone(text string) {
	g.t.Helper()
	g.until("the end of "+text, func(screen string) bool { return !strings.Contains(screen, text) })
}

// The keys that have no letter.
const (
	enter = "\r"
	tab   = "\t"
	right = "\x1b[C"
	left  = "\x1b[D" // in a choice: the last, OAuth 2.0
	esc   = "\x1b"
	ctrlC = "\x03"
	ctrlG = "\x07"
	ctrlS = "\x13"
)

// press sends keys as a keyboard does.
func (g *glass) press(keys ...string) {
	g.t.Helper()
	for _, k := range keys {
		if _, err := io.WriteString(g.tty, k); err != nil {
			g.t.Fatal(err)
		}
	}
}

// fill types one answer after the other into a form.
func (g *glass) fill(answers ...string) {
	g.t.Helper()
	for _, a := range answers {
		g.press(a, enter)
	}
}

// paste does what a terminal does with a paste: in brackets where the program
// asked for them.
func (g *glass) paste(text string) {
	g.t.Helper()
	if on := "\x1b[?2004h"; !strings.Contains(g.printed(), on) {
		g.t.Error("the program did not ask for bracketed paste")
	}
	g.press("\x1b[200~" + text + "\x1b[201~")
}

// resize changes the terminal's size.
func (g *glass) resize(width, height int) {
	g.t.Helper()
	g.mu.Lock()
	g.emu.Resize(width, height)
	g.mu.Unlock()
	if err := pty.Setsize(g.tty, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		g.t.Fatal(err)
	}
}

// end waits for the program's end and wants that exit code.
func (g *glass) end(code int) {
	g.t.Helper()
	select {
	case <-g.ended:
	case <-time.After(glassPatience):
		g.t.Fatal("the program does not end")
	}
	if got := g.cmd.ProcessState.ExitCode(); got != code {
		g.t.Errorf("exit code %d, want %d", got, code)
	}
}

// deskwardPath is this test binary under the name deskward, as TestMain and
// testscript have put it on the PATH.
func deskwardPath(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("deskward")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// surroundings is the environment of a deskward that a test starts: a home of
// its own, and programs on its PATH that would open a browser and must not.
type surroundings struct {
	home   string
	opened string // written by whoever is told to open a page
	vars   []string
}

func newSurroundings(t testing.TB, more ...string) surroundings {
	t.Helper()
	s := surroundings{home: t.TempDir()}
	s.opened = filepath.Join(s.home, "opened")
	bin := filepath.Join(s.home, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"xdg-open", "x-www-browser", "www-browser", "lynx", "w3m", "links", "sensible-browser", "wslview"} {
		script := "#!/bin/sh\necho \"$0 $*\" >>'" + s.opened + "'\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.vars = append([]string{
		"HOME=" + s.home, "PATH=" + bin + ":" + os.Getenv("PATH"), "XDG_DATA_HOME=" + s.home + "/data", "TMPDIR=" + s.home,
		"LANG=en_US.UTF-8", "TERM=xterm-256color", "DISPLAY=:0", "NO_PROXY=*", "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
	}, more...)
	t.Cleanup(func() {
		if raw, err := os.ReadFile(s.opened); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a page was opened on this machine: %s (%v)", raw, err)
		}
	})
	return s
}

// deskward is a command in the surroundings.
func (s surroundings) deskward(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(deskwardPath(t), args...)
	cmd.Env, cmd.Dir = s.vars, s.home
	return cmd
}
