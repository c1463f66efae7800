package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
)

// The test binary runs itself as another process of deskward: with childRole
// set it does not test but works on the store named by childStore.
const (
	childRole  = "STORE_TEST_ROLE"
	childStore = "STORE_TEST_STORE"
)

func TestMain(m *testing.M) {
	var err error
	switch role := os.Getenv(childRole); role {
	case "":
		os.Exit(m.Run())
	case "count":
		err = childCount(context.Background(), 60)
	case "append":
		err = childAppend(context.Background())
	case "hold":
		err = childHold(context.Background())
	default:
		err = fmt.Errorf("no such role: %s", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func childOpen(ctx context.Context) (*File, error) {
	f, err := Open(ctx, os.Getenv(childStore), weak())
	if err != nil {
		return nil, err
	}
	_, err = f.Unlock(ctx, Passphrase(secret(pass)))
	return f, err
}

// childCount adds n to a counter, by ones.
func childCount(ctx context.Context, n int) error {
	f, err := childOpen(ctx)
	if err != nil {
		return err
	}
	for done := 0; done < n; {
		r, err := read(ctx, f, core.KindPreference, "counter")
		if err != nil {
			return err
		}
		now, err := strconv.Atoi(string(r.Head))
		if err != nil {
			return err
		}
		r.Head = []byte(strconv.Itoa(now + 1))
		err = f.Update(ctx, func(w core.Writer) error { _, err := w.Put(r); return err })
		if err == nil {
			done++
		} else if !errors.Is(err, core.ErrConflict) {
			return err
		}
	}
	return nil
}

// childAppend writes records until it is killed, and says each after its
// commit.
func childAppend(ctx context.Context) error {
	f, err := childOpen(ctx)
	if err != nil {
		return err
	}
	for {
		var n int
		err := f.Update(ctx, func(w core.Writer) (err error) {
			if n, err = w.Count(core.KindEvent); err != nil {
				return err
			}
			_, err = w.Put(core.Record{Kind: core.KindEvent, ID: fmt.Sprintf("%08d", n), Head: make([]byte, 500), Body: make([]byte, 3000)})
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// childHold holds the store until its standard input ends.
func childHold(ctx context.Context) error {
	f, err := childOpen(ctx)
	if err != nil {
		return err
	}
	return f.Update(ctx, func(core.Writer) error {
		fmt.Println("holding")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	})
}

func child(t testing.TB, role, path string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childRole+"="+role, childStore+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestProcessesOnOneFileLoseNothing(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	mustPut(t, f, core.Record{Kind: core.KindPreference, ID: "counter", Head: []byte("0")})
	var wg sync.WaitGroup
	for range 3 {
		cmd := child(t, "count", f.Path())
		wg.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Error(err)
			}
		})
	}
	for range 5 { // rewrites in between: the others must follow the rename
		if err := f.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	r, err := read(t.Context(), f, core.KindPreference, "counter")
	if err != nil || string(r.Head) != "180" || r.Rev != 181 {
		t.Errorf("counted to %s at revision %d, %v; want 180 at 181", r.Head, r.Rev, err)
	}
}

func TestKilledWriterLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	rounds := 15
	if testing.Short() {
		rounds = 4
	}
	acked := 0
	for round := range rounds {
		cmd := child(t, "append", f.Path())
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			last, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			acked = last + 1
			if n == 1+round%5 {
				cmd.Process.Kill() //nolint:errcheck // it may be gone
			}
		}
		cmd.Wait() //nolint:errcheck // killed
		ids, err := listHeads(t.Context(), f, core.KindEvent)
		if err != nil || len(ids) < acked || len(ids) > acked+1 {
			t.Fatalf("round %d: %d records, %d acknowledged, %v", round, len(ids), acked, err)
		}
		report, err := f.Verify(t.Context())
		if err != nil || len(report.Problems) > 0 {
			t.Fatalf("round %d: %+v, %v", round, report, err)
		}
	}
}

func TestBusyStoreSaysWhoHoldsIt(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	cmd := child(t, "hold", f.Path())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	_, err = read(t.Context(), f, core.KindConnection, "a")
	wantCode(t, err, "store.busy")
	e, _ := errors.AsType[*core.Error](err)
	if _, err := os.Stat("/proc/locks"); err == nil {
		if e.Params["pid"] != strconv.Itoa(cmd.Process.Pid) || !strings.HasPrefix(filepath.Base(os.Args[0]), e.Params["command"]) {
			t.Errorf("params %v, want process %d", e.Params, cmd.Process.Pid)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := read(ctx, f, core.KindConnection, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting does not end with its context: %v", err)
	}
	in.Close() //nolint:errcheck // the child ends
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := read(t.Context(), f, core.KindConnection, "a"); !errors.Is(err, core.ErrNotFound) {
		t.Error(err)
	}
}

func TestHolderIsReadFromProc(t *testing.T) {
	t.Parallel()
	const locks = `1: POSIX  ADVISORY  WRITE 700 08:02:131 0 EOF
2: FLOCK  ADVISORY  READ  711 08:03:131 0 EOF
3: -> FLOCK  ADVISORY  WRITE 712 08:02:131 0 EOF
4: FLOCK  ADVISORY  WRITE 0 08:02:131 0 EOF
5: FLOCK  ADVISORY  WRITE 713 08:02:131 0 EOF
`
	if pid, ok := findLock([]byte(locks), 8<<8|2, 131); !ok || pid != 713 {
		t.Errorf("found %d, %t", pid, ok)
	}
	if _, ok := findLock([]byte(locks), 8<<8|2, 132); ok {
		t.Error("found a lock on another file")
	}
	for stat, want := range map[string][2]string{
		"713 (deskward) S 1 713 713 34819 713 4194304": {"deskward", "pts/3"},
		"713 (a) b (c)) S 1 713 713 1025 713 4194304":  {"a) b (c)", "tty1"},
		"713 (sshd) S 1 713 713 0 -1 4194304":          {"sshd", ""},
		"713 (x) S 1 2 3 not-a-number":                 {"x", ""},
		"713 (x)":                                      {"x", ""},
		"":                                             {"?", ""},
		"713 (far) S 1 713 713 " + strconv.Itoa(137<<8|1):     {"far", "pts/257"},
		"713 (far) S 1 713 713 " + strconv.Itoa(1<<20|136<<8): {"far", "pts/256"},
	} {
		if command, tty := parseStat(stat); command != want[0] || tty != want[1] {
			t.Errorf("%q: %q on %q, want %q", stat, command, tty, want)
		}
	}
}
