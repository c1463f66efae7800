package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"deskward/core"
	"deskward/store"
)

// benchPassphrase opens the stores that benchmarks make.
const benchPassphrase = "four words in a row"

// build builds a command of this module as README says to install it, and
// returns its path.
func build(b testing.TB, pkg, name string) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), name)
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return bin
}

// storeOf makes a store of n connections and returns its path and that of a
// file with its passphrase.
func storeOf(b testing.TB, n int) (path, passphraseFile string) {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "data")
	path = filepath.Join(dir, "deskward.db")
	passphraseFile = filepath.Join(b.TempDir(), "passphrase")
	if err := os.WriteFile(passphraseFile, []byte(benchPassphrase+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := store.Create(context.Background(), path, store.Options{}, store.Member{Label: "bench", Passphrase: core.NewSecret(benchPassphrase)})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now().UTC()
	err = f.Update(context.Background(), func(w core.Writer) error {
		for i := range n {
			c := core.Connection{
				ID: core.NewID(), Name: fmt.Sprintf("Customer %05d", i), Platform: "zoho", Grant: core.GrantCode, Region: "eu", Account: fmt.Sprintf("600%08d", i),
				Scopes: []string{"Desk.basic.READ", "Desk.tickets.READ"}, AccessExpires: now.Add(time.Hour), GrantedAt: now,
				Check:   core.Check{At: now, OK: true},
				Secrets: core.Secrets{core.SecretRefreshToken: core.NewSecret("canary-refresh-token"), core.SecretAccessToken: core.NewSecret("canary-access-token"), core.SecretClientSecret: core.NewSecret("canary-client-secret")},
			}
			if _, err := core.PutConnection(w, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return path, passphraseFile
}

// terminal is a program on a pseudo terminal, with what it wrote.
type terminal struct {
	b    testing.TB
	cmd  *exec.Cmd
	tty  *os.File
	mu   sync.Mutex
	out  bytes.Buffer
	more chan struct{}
}

func onTerminal(b testing.TB, width, height int, bin string, args ...string) *terminal {
	b.Helper()
	t := &terminal{b: b, cmd: exec.Command(bin, args...), more: make(chan struct{}, 1)}
	t.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=en_US.UTF-8", "SSH_CONNECTION=192.0.2.1 50000 192.0.2.2 22", "SSH_TTY=/dev/pts/9", "COLORTERM=truecolor")
	var err error
	if t.tty, err = pty.StartWithSize(t.cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}); err != nil {
		b.Fatal(err)
	}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := t.tty.Read(buf)
			t.mu.Lock()
			t.out.Write(buf[:n])
			t.mu.Unlock()
			select {
			case t.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return t
}

func (t *terminal) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.Len()
}

// see waits until the output, from its beginning, holds text.
func (t *terminal) see(text string) {
	t.b.Helper()
	limit := time.After(60 * time.Second)
	for {
		t.mu.Lock()
		ok := bytes.Contains(t.out.Bytes(), []byte(text))
		t.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-t.more:
		case <-limit:
			t.mu.Lock()
			defer t.mu.Unlock()
			t.b.Fatalf("never saw %q in %q", text, t.out.String())
		}
	}
}

// settled returns how many bytes came until nothing more did for a while.
func (t *terminal) settled(quiet time.Duration) int {
	n := t.len()
	start := n
	for {
		time.Sleep(quiet)
		if m := t.len(); m == n {
			return n - start
		} else {
			n = m
		}
	}
}

// press sends keys and returns how many bytes the answer took.
func (t *terminal) press(keys string, quiet time.Duration) int {
	n := t.len()
	if _, err := t.tty.WriteString(keys); err != nil {
		t.b.Fatal(err)
	}
	t.settled(quiet)
	return t.len() - n
}

func (t *terminal) stop() {
	t.cmd.Process.Kill()
	t.cmd.Wait()
	t.tty.Close()
}

// residentMiB is how much of the program is in memory, in MiB.
func (t *terminal) residentMiB() float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.cmd.Process.Pid))
	if err != nil {
		return 0 // not Linux
	}
	for line := range strings.Lines(string(raw)) {
		if kib, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var n float64
			fmt.Sscan(kib, &n)
			return n / 1024
		}
	}
	return 0
}

// BenchmarkTenThousandConnections lists what the Connections screen opens
// with, from the sealed file, beside only unsealing as many heads. Reach:
// ≤ 40 ms.
func BenchmarkTenThousandConnections(b *testing.B) {
	path, _ := storeOf(b, 10_000)
	ctx := context.Background()
	f, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := f.Unlock(ctx, store.Passphrase(core.NewSecret(benchPassphrase))); err != nil {
		b.Fatal(err)
	}
	conns := core.Connections{Store: f}
	var list, heads time.Duration
	for b.Loop() {
		start := time.Now()
		all, err := conns.List(ctx)
		if err != nil || len(all) != 10_000 {
			b.Fatal(len(all), err)
		}
		list += time.Since(start)
		start = time.Now()
		err = f.View(ctx, func(r core.Reader) error {
			for _, err := range r.Heads(core.KindConnection, core.ListOptions{}) {
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		heads += time.Since(start)
	}
	b.ReportMetric(float64(list.Microseconds())/1000/float64(b.N), "ms/list")
	b.ReportMetric(float64(list)/float64(heads), "×heads-alone")
}

func median(v []int) int {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkFirstFrame compares the time to the first frame of a console with
// a locked store of 10,000 connections to that of the smallest Bubble Tea
// program, run in turns. Reach: ≤ 1.3 ×.
func BenchmarkFirstFrame(b *testing.B) {
	floor, console := build(b, "./testdata/floor", "floor"), build(b, ".", "deskward")
	path, _ := storeOf(b, 10_000)
	first := func(text, bin string, args ...string) int {
		start := time.Now()
		t := onTerminal(b, 120, 40, bin, args...)
		defer t.stop()
		t.see(text)
		return int(time.Since(start))
	}
	var floors, ours []int
	for b.Loop() {
		for range 5 {
			floors = append(floors, first("floor is ready", floor))
			ours = append(ours, first("This store is locked", console, "--store", path))
		}
	}
	b.ReportMetric(float64(median(ours))/1e6, "ms/first-frame")
	b.ReportMetric(float64(median(floors))/1e6, "ms/floor")
	b.ReportMetric(float64(median(ours))/float64(median(floors)), "×floor")
}

// BenchmarkBytesAMove counts what goes over an SSH link: a cursor move, a
// scroll, a change of screen and a second of idleness at 120×40 with 10,000
// rows. Reach: ≤ 170 B median, ≤ 300 B, ≤ 2 KB, 0 B.
func BenchmarkBytesAMove(b *testing.B) {
	bin := build(b, ".", "deskward")
	path, pass := storeOf(b, 10_000)
	t := onTerminal(b, 120, 40, bin, "--store", path, "--passphrase-file", pass)
	defer t.stop()
	t.see("Customer 00000")
	const quiet = 120 * time.Millisecond
	t.settled(600 * time.Millisecond)
	var moves, scrolls, screens []int
	for b.Loop() {
		moves = append(moves, t.press("j", quiet))
		if len(moves)%20 == 0 { // stay on the first page
			t.press("g", quiet)
		}
	}
	t.press("\x06", quiet) // a page down: from its last row on, every move scrolls
	for range 20 {
		scrolls = append(scrolls, t.press("j", quiet))
	}
	for range 4 {
		screens = append(screens, t.press("2", quiet), t.press("1", quiet))
	}
	t.settled(2 * time.Second) // the row that rests is read whole after a second
	before := t.len()
	time.Sleep(3 * time.Second)
	idle := t.len() - before
	b.ReportMetric(t.residentMiB(), "MiB/resident")
	b.ReportMetric(float64(median(moves)), "B/move")
	b.ReportMetric(float64(median(scrolls)), "B/scroll")
	b.ReportMetric(float64(median(screens)), "B/screen")
	b.ReportMetric(float64(idle)/3, "B/idle-second")
	b.ReportMetric(float64(median(moves))/138, "×floor138B")
}
