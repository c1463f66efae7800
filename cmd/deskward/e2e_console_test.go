//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/term"

	"deskward/core/sandbox"
)

// What the tests type where a secret is asked.
const (
	typedPassphrase   = "canary passphrase of seven unrelated words"
	typedClientSecret = "canary-client-secret-typed"
	typedAuthtoken    = "canarycanarycanarycanary00000001"
)

func TestASignalEndsTheConsoleAndRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*glass){
		"SIGTERM": func(g *glass) { g.signal(syscall.SIGTERM) },
		"SIGHUP":  func(g *glass) { g.signal(syscall.SIGHUP) },
		"q":       func(g *glass) { g.press("q") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := onGlass(t, 80, 24, newSurroundings(t).deskward(t, "--sandbox"))
			g.see("SANDBOX", "No connections yet")
			end(g)
			g.end(0)
			g.restored()
		})
	}
}

func (g *glass) signal(s os.Signal) {
	g.t.Helper()
	if err := g.cmd.Process.Signal(s); err != nil {
		g.t.Fatal(err)
	}
}

// restored wants the terminal as the program found it.
func (g *glass) restored() {
	g.t.Helper()
	got, err := term.GetState(int(g.line.Fd()))
	if err != nil {
		g.t.Fatal(err)
	}
	if !reflect.DeepEqual(got, g.before) {
		g.t.Errorf("the terminal's mode is %+v, it was %+v", got, g.before)
	}
	if g.emu.IsAltScreen() {
		g.t.Error("the full screen is still on")
	}
	printed := g.printed()
	for mode, last := range map[string]string{"?25": "h", "?2004": "l", "?1049": "l", "?1000": "l", "?1002": "l", "?1003": "l", "?1004": "l"} {
		all := regexp.MustCompile(`\x1b\[`+regexp.QuoteMeta(mode)+`([hl])`).FindAllStringSubmatch(printed, -1)
		if len(all) > 0 && all[len(all)-1][1] != last {
			g.t.Errorf("mode %s is left at %s", mode, all[len(all)-1][1])
		}
	}
	if on, off := strings.Count(printed, "\x1b[>1u"), strings.Count(printed, "\x1b[<1u"); on > off {
		g.t.Errorf("key reports were asked for %d times and given up %d times", on, off)
	}
}

// TestLateAnswersOfTheTerminalAreNotLeftForTheShell is about a terminal at
// the other end of a long line: who quits at once must not find its answers
// typed at the prompt.
func TestLateAnswersOfTheTerminalAreNotLeftForTheShell(t *testing.T) {
	t.Parallel()
	g := onFarGlass(t, 150*time.Millisecond, 80, 24, newSurroundings(t).deskward(t, "--sandbox"))
	g.see("SANDBOX")
	g.press("q")
	g.end(0)
	if stray := g.unread(); stray != "" {
		t.Errorf("the shell would read %q", stray)
	}
	g.restored()
}

// TestATerminalThatAnswersNothingIsQuitToo is about those that do not know
// the question by which quitting waits for the answers.
func TestATerminalThatAnswersNothingIsQuitToo(t *testing.T) {
	t.Parallel()
	g := onFarGlass(t, lost, 80, 24, newSurroundings(t).deskward(t, "--sandbox"))
	g.see("SANDBOX")
	g.press("q")
	g.end(0)
	g.restored()
}

// unread is what the terminal sent and the program did not read.
func (g *glass) unread() string {
	g.t.Helper()
	if _, err := term.MakeRaw(int(g.line.Fd())); err != nil {
		g.t.Fatal(err)
	}
	defer term.Restore(int(g.line.Fd()), g.before) //nolint:errcheck // the terminal goes with the test
	const ask, answer = "\x1b[5n", "\x1b[?0n"      // comes behind all other answers
	g.mu.Lock()
	_, _ = g.emu.Write([]byte(ask))
	g.mu.Unlock()
	var got []byte
	for buf := make([]byte, 256); !bytes.HasSuffix(got, []byte(answer)); {
		n, err := g.line.Read(buf)
		if err != nil {
			g.t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	return strings.TrimSuffix(string(got), answer)
}

func TestResizingNeverLosesWhatIsTypedIntoAForm(t *testing.T) {
	t.Parallel()
	g := onGlass(t, 80, 24, newSurroundings(t).deskward(t, "--sandbox"))
	g.see("No connections yet")
	g.press("a")
	g.see("Add a connection")
	g.press(left, tab, tab)
	g.see("Issuer")
	g.press("https://login.typed.example", tab, tab, tab, "typed-client-id")
	for _, size := range [][2]int{{40, 12}, {120, 40}, {20, 5}, {40, 12}, {80, 24}} {
		g.resize(size[0], size[1])
		if size[1] >= 12 {
			g.see("typed-client-id") // has the focus, so it is on the smallest screen too
		}
	}
	g.see("https://login.typed.example", "typed-client-id")
	g.press("-and-more")
	g.see("typed-client-id-and-more")
}

func TestNoColourWhereTheAdminWantsNone(t *testing.T) {
	t.Parallel()
	g := onGlass(t, 80, 24, newSurroundings(t, "NO_COLOR=yes", "COLORTERM=truecolor").deskward(t, "--sandbox"))
	g.see("No connections yet")
	g.press("3")
	g.see("CAN BE STARTED")
	g.press("1", "a")
	g.see("Add a connection")
	g.press(esc)
	g.see("a adds the first one")
	g.press("q")
	g.end(0)
	for _, m := range regexp.MustCompile(`\x1b\[([0-9;:]*)m`).FindAllStringSubmatch(g.printed(), -1) {
		for _, code := range strings.FieldsFunc(m[1], func(r rune) bool { return r == ';' || r == ':' }) {
			n, _ := strconv.Atoi(code)
			if n >= 30 && n <= 49 || n >= 90 && n <= 107 {
				t.Fatalf("a colour was sent: %q", m[0])
			}
		}
	}
}

// TestSecretsTypedIntoFormsAreSeenByNobody types a passphrase, a client
// secret and an auth token. That the terminal never shows them is what onGlass
// looks at.
func TestSecretsTypedIntoFormsAreSeenByNobody(t *testing.T) {
	t.Parallel()
	sb, endpoints := startSandbox(t)
	secrets := []string{typedPassphrase, typedClientSecret, typedAuthtoken}
	s := newSurroundings(t, "DESKWARD_ENDPOINTS="+endpoints)
	g := onGlass(t, 80, 24, s.deskward(t), secrets...)
	g.setUp()
	g.press("a")
	g.see("Add a connection")
	g.press(left, tab, tab)
	g.fill(sb.Fixtures().OpenID.Issuer, "", "", sb.Fixtures().OpenID.ClientID)
	g.press(typedClientSecret)
	g.see(strings.Repeat("•", len(typedClientSecret)))
	g.press(esc)
	g.see("What you typed is kept")
	g.press("3")
	g.see("CAN BE STARTED")
	g.press("/", "your own", enter)
	g.see("▌ Zoho Desk auth token to OAuth")
	g.press(enter)
	g.see("Name of this run")
	g.fill("Canary")
	g.see("Do this, then press enter")
	g.press(enter)
	g.gone("Do this, then press enter")
	g.see("Old auth token")
	g.fill("Canary", "", "")
	g.paste(typedAuthtoken)
	g.see(strings.Repeat("•", 20)) // as much as fits
	g.press(enter)
	g.see("3  Does the old token work?")
	nothingOf(t, secrets, g.cmd.Process.Pid)
	noFileOf(t, secrets, s.home)
}

// setUp makes the store on the first run.
func (g *glass) setUp() {
	g.t.Helper()
	g.see("Welcome")
	g.fill("", typedPassphrase, typedPassphrase)
	g.see("No connections yet")
}

// startSandbox runs the rehearsal services in this process and writes their
// endpoints file.
func startSandbox(t testing.TB) (sb *sandbox.Sandbox, endpoints string) {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() }) //nolint:errcheck // the test is over
	var out strings.Builder
	for platform, hosts := range sb.Endpoints() {
		fmt.Fprintf(&out, "%s:\n", platform)
		for name, url := range hosts {
			fmt.Fprintf(&out, "  %s: %s\n", name, url)
		}
	}
	endpoints = filepath.Join(t.TempDir(), "endpoints.yaml")
	if err := os.WriteFile(endpoints, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return sb, endpoints
}

// nothingOf wants none of the secrets in the arguments and the environment of
// a process and of those below it.
func nothingOf(t testing.TB, secrets []string, pid int) {
	t.Helper()
	seen := false
	for _, p := range family(t, pid) {
		for _, part := range []string{"cmdline", "environ"} {
			raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p, part))
			if err != nil {
				continue // it has ended, or not even its own user may look
			}
			seen = seen || bytes.Contains(raw, []byte(deskwardArg))
			for _, s := range secrets {
				if bytes.Contains(raw, []byte(s)) {
					t.Errorf("%s of process %d holds the secret %q", part, p, s)
				}
			}
		}
	}
	if !seen {
		t.Error("deskward was not among the processes that were looked at")
	}
}

// deskwardArg is in the arguments of a deskward process.
const deskwardArg = "/deskward\x00"

// family is a process and all below it.
func family(t testing.TB, pid int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		t.Skip("there is no /proc here")
	}
	out := []int{pid}
	for grown := true; grown; {
		grown = false
		for _, stat := range stats {
			child, parent := parentage(stat)
			if slices.Contains(out, parent) && !slices.Contains(out, child) {
				out, grown = append(out, child), true
			}
		}
	}
	return out
}

// parentage reads a process and its parent from /proc/PID/stat (proc(5)).
func parentage(stat string) (pid, parent int) {
	raw, err := os.ReadFile(stat)
	if err != nil {
		return 0, 0
	}
	behind := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(stat)))
	parent, _ = strconv.Atoi(behind[1])
	return pid, parent
}

// noFileOf wants none of the secrets in any file below dir.
func noFileOf(t testing.TB, secrets []string, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, s := range secrets {
			if bytes.Contains(raw, []byte(s)) {
				t.Errorf("%s holds the secret %q", path, s)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
