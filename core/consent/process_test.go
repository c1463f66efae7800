package consent_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
)

// childJob is what a second process is told to do, by its environment.
type childJob struct {
	Do     string // "access", "refresh" or "answer"
	Store  string
	Vendor string
	ID     string // of the connection or the attempt
	Text   string // of the answer
	// HangAt is the store's writing transaction, counted from 1, before
	// which the process says "there" and waits to be killed. 0: none.
	HangAt int
}

const childVariable = "DESKWARD_CONSENT_TEST_CHILD"

// TestChildProcess is no test of its own: it is what the others start.
func TestChildProcess(t *testing.T) {
	raw := os.Getenv(childVariable)
	if raw == "" {
		t.Skip("started by other tests")
	}
	var job childJob
	if err := json.Unmarshal([]byte(raw), &job); err != nil {
		t.Fatal(err)
	}
	v := newVendor(t) // only for the fixture: the parent's is the one that is asked
	v.Server.URL = job.Vendor
	b := newBench(t, &hangingStore{Store: fileStore{job.Store}, at: job.HangAt}, v)
	b.cfg.RefreshRotates = true
	ctx := context.Background()
	var err error
	switch job.Do {
	case "access":
		var s core.Secret
		s, err = b.Access(ctx, job.ID)
		fmt.Println("token", s.Reveal())
	case "refresh":
		_, err = b.Refresh(ctx, job.ID)
	case "answer":
		_, err = b.Answer(ctx, job.ID, job.Text)
	}
	fmt.Println("error", core.CodeOf(err))
}

type hangingStore struct {
	core.Store
	mu    sync.Mutex
	n, at int
}

func (s *hangingStore) Update(ctx context.Context, fn func(core.Writer) error) error {
	s.mu.Lock()
	s.n++
	here := s.n == s.at
	s.mu.Unlock()
	if here {
		fmt.Println("there")
		select {}
	}
	return s.Store.Update(ctx, fn)
}

func child(t *testing.T, job childJob) *exec.Cmd {
	t.Helper()
	raw, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestChildProcess$")
	cmd.Env = append(os.Environ(), childVariable+"="+string(raw))
	cmd.Stderr = os.Stderr
	return cmd
}

// killThere runs a job until it says that it is there, and kills it with SIGKILL.
func killThere(t *testing.T, job childJob) {
	t.Helper()
	cmd := child(t, job)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "there" {
			break
		}
	}
	cmd.Process.Kill() //nolint:errcheck // Wait tells.
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended by itself")
	}
}

func shared(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, fileStore{filepath.Join(t.TempDir(), "store.json")}, newVendor(t))
	b.vendor.rotates, b.cfg.RefreshRotates = true, true
	return b
}

func (b *bench) job(do, id string) childJob {
	return childJob{Do: do, Store: b.Store.(fileStore).path, Vendor: b.vendor.URL, ID: id}
}

// end makes the stored access token end now, for every process.
func (b *bench) end(c core.Connection) {
	b.t.Helper()
	_, err := b.Connections.Change(context.Background(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		c.AccessExpires = time.Now().Add(-time.Minute)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestTwoProcessesRefreshOnce(t *testing.T) {
	t.Parallel()
	b := shared(t)
	c := b.granted()
	b.end(c)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			out, err := child(t, b.job("access", c.ID)).Output()
			if err != nil || !strings.Contains(string(out), "token canary-access-2\n") {
				t.Errorf("a process got: %s %v", out, err)
			}
		})
	}
	if got := access(t, b, c.ID); got != "canary-access-2" {
		t.Errorf("this process got %s", got)
	}
	wg.Wait()
	if _, n := b.vendor.counts(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// TestKillBetweenAnswerAndSaveOfARefreshIsUnknown: the vendor has rotated, and
// the only process that knew the new token is gone.
func TestKillBetweenAnswerAndSaveOfARefreshIsUnknown(t *testing.T) {
	t.Parallel()
	b := shared(t)
	c := b.granted()
	b.end(c)
	job := b.job("refresh", c.ID)
	job.HangAt = 3 // lease, journal, then the save
	killThere(t, job)
	if b.get(c.ID).RefreshBegun.IsZero() {
		t.Fatal("no journal line")
	}
	b.clock.forward(core.LeaseTime)
	_, err := b.Access(context.Background(), c.ID)
	want(t, err, "consent.refresh-unknown", core.Unknown)
	if _, n := b.vendor.counts(); n != 1 {
		t.Fatalf("%d refreshes", n)
	}
	_, err = b.ForceRefresh(context.Background(), c.ID)
	want(t, err, "oauth.invalid_grant", core.Refused) // it had rotated
}

func TestKillBeforeARefreshIsSentCostsNothing(t *testing.T) {
	t.Parallel()
	b := shared(t)
	c := b.granted()
	b.end(c)
	job := b.job("refresh", c.ID)
	job.HangAt = 2 // the lease is taken, the journal not written
	killThere(t, job)
	b.clock.forward(core.LeaseTime)
	if got := access(t, b, c.ID); got != "canary-access-2" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestKillBetweenAnswerAndSaveOfAConsentIsUnknown(t *testing.T) {
	t.Parallel()
	b := shared(t)
	c := b.connection()
	a := b.begin(c)
	job := b.job("answer", a.ID)
	job.Text, job.HangAt = b.vendor.agree(t, a.URL).String(), 2 // claim, then the save
	killThere(t, job)
	_, err := b.Begin(context.Background(), c.ID, consent.BeginOptions{})
	want(t, err, "consent.exchanging", core.Conflict) // it might still be alive
	b.clock.forward(core.LeaseTime)
	_, err = b.Answer(context.Background(), a.ID, job.Text)
	want(t, err, "consent.exchange-unknown", core.Unknown)
	if n, _ := b.vendor.counts(); n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
	a = b.begin(c)
	if _, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String()); err != nil {
		t.Errorf("a new consent: %v", err)
	}
}
