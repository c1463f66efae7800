package tokenbatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/sandbox"
	"deskward/core/tokenbatch"
	"deskward/core/transport"
	"deskward/store"
)

// The test binary runs itself as another process of deskward, to be killed.
const childVariable = "DESKWARD_TOKENBATCH_TEST_CHILD"

type childJob struct {
	Store, Batch string
	Endpoints    transport.Endpoints
	Concurrency  int
}

func TestMain(m *testing.M) {
	raw := os.Getenv(childVariable)
	if raw == "" {
		os.Exit(m.Run())
	}
	if err := child(raw); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func weak() store.Options { return store.Options{WorkFactor: 1, AllowWeak: true} }

func passphrase() core.Secret { return core.NewSecret("correct horse battery staple") }

// hasty is Zoho, whose throttle ends at once: the processes have no clock that
// could be moved.
type hasty struct{ tokenbatch.Vendor }

func (h hasty) Limits() tokenbatch.Limits {
	l := h.Vendor.Limits()
	l.Rest = 50 * time.Millisecond
	return l
}

func child(raw string) error {
	var job childJob
	if err := json.Unmarshal([]byte(raw), &job); err != nil {
		return err
	}
	ctx := context.Background()
	file, err := store.Open(ctx, job.Store, weak())
	if err != nil {
		return err
	}
	if _, err := file.Unlock(ctx, store.Passphrase(passphrase())); err != nil {
		return err
	}
	s, err := serviceFor(file, core.SystemClock{}, job.Endpoints)
	if err != nil {
		return err
	}
	s.Vendor, s.Lease = hasty{s.Vendor}, killedLease
	_, err = s.Run(ctx, job.Batch, tokenbatch.RunOptions{Concurrency: job.Concurrency}, nil)
	return err
}

const killedLease = 400 * time.Millisecond

// everyFault has each of the ways in which Zoho, or the way to it, fails, for
// five of a hundred calls each.
func everyFault() []sandbox.Fault {
	const percent = 5
	var out []sandbox.Fault
	for _, service := range []string{"zoho.accounts", "zoho.desk"} {
		for _, f := range []sandbox.Fault{
			{Latency: 30 * time.Millisecond},
			{Status: 429, RetryAfter: time.Second},
			{Status: 503},
			{Status: 502, After: true},
			{Reset: true},
			{Reset: true, After: true},
			{Cut: true},
			{HTML: true, After: true},
			{Answer: `{"error":"Access Denied","error_description":"You have made too many requests continuously. Please try again after some time.","status":"failure"}`},
		} {
			f.Service, f.Percent = service, percent
			out = append(out, f)
		}
	}
	return out
}

// This is the judgement of the batch: a thousand tokens, every fault, ten times
// killed with -9. At the end every token is done, refused with a reason, or
// unknown with a way to find out, and none was sent after it had been exchanged.
func TestAThousandTokensSurviveEveryFaultAndTenKills(t *testing.T) {
	t.Parallel()
	count, concurrency := 1000, 16
	if testing.Short() {
		count, concurrency = 200, 4
	}
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "deskward.db")
	file, err := store.Create(t.Context(), path, weak(), store.Member{Label: "test", Passphrase: passphrase()})
	if err != nil {
		t.Fatal(err)
	}
	d.over(file)
	all, list := d.made(count, count/20)
	b := d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	for _, f := range everyFault() {
		d.sb.SetFault(f)
	}
	job := childJob{Store: path, Batch: b.ID, Endpoints: d.sb.Endpoints(), Concurrency: concurrency}
	kills := 0
	for round := 0; ; round++ {
		if round > 100 {
			t.Fatalf("it comes to no end: %v", d.counts(b))
		}
		killed := d.killAfter(job, kills, (kills+1)*count/14)
		if killed {
			kills++
		}
		if n := d.counts(b); kills >= 10 && n[tokenbatch.Waiting]+n[tokenbatch.Failed]+n[tokenbatch.Begun] == 0 {
			break
		}
	}
	t.Logf("after %d kills: %v", kills, d.counts(b))
	d.noneTwice()
	d.sb.ClearFaults()

	// The next day, asking tells of each: exchanged and lost, or not exchanged.
	d.sb.Clock().Advance(26 * time.Hour)
	if _, err := d.service.Ask(t.Context(), b.ID, tokenbatch.RunOptions{Concurrency: 16}, nil); err != nil {
		t.Fatal(err)
	}
	out := d.run(b, tokenbatch.RunOptions{Concurrency: 16, Again: true})
	t.Logf("at the end: %v", out.Batch.Counts)
	d.wantCounts(out.Batch, map[tokenbatch.State]int{
		tokenbatch.Done: out.Batch.Counts[tokenbatch.Done], tokenbatch.Lost: out.Batch.Counts[tokenbatch.Lost],
		tokenbatch.Refused: out.Batch.Counts[tokenbatch.Refused],
	})
	d.noneTwice()
	d.agrees(b, all)
}

// over puts the service over another store.
func (d *desk) over(st core.Store) {
	s, err := serviceFor(st, d.sb.Clock(), d.sb.Endpoints())
	if err != nil {
		d.Fatal(err)
	}
	s.Wait, s.Lease = d.service.Wait, killedLease
	d.service, d.store = s, st
	d.conns = &core.Connections{Store: st, Events: s.Events}
}

// counts reads how far a batch is while other processes are at work.
func (d *desk) counts(b tokenbatch.Batch) map[tokenbatch.State]int {
	d.Helper()
	b, _, err := d.service.Rows(d.Context(), b.ID)
	if err != nil {
		d.Fatal(err)
	}
	return b.Counts
}

// killAfter runs a batch in a process of its own, and kills it with -9 once so
// many exchanges took effect, if it has not ended before.
func (d *desk) killAfter(job childJob, kills, exchanges int) (killed bool) {
	d.Helper()
	raw, err := json.Marshal(job)
	if err != nil {
		d.Fatal(err)
	}
	cmd := exec.CommandContext(d.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(raw))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
				d.Fatal(err)
			}
			return false
		case <-time.After(5 * time.Millisecond):
		}
		if kills >= 10 || d.exchanged() < exchanges {
			continue
		}
		if err := cmd.Process.Kill(); err != nil {
			continue // it ended just now
		}
		<-ended
		return true
	}
}

func (d *desk) exchanged() int {
	n := 0
	for _, e := range d.sb.ZohoExchanges() {
		n += e.Done
	}
	return n
}

// agrees compares what the store says of every token with what the double
// knows, and the tokens of every connection with each other.
func (d *desk) agrees(b tokenbatch.Batch, all []sandbox.ZohoLegacy) {
	d.Helper()
	seen := d.sb.ZohoExchanges()
	refresh := map[string]string{}
	for i, r := range d.rows(b) {
		e := seen[all[i].Authtoken]
		switch r.State {
		case tokenbatch.Done:
			c, err := d.conns.Get(d.Context(), r.Connection)
			if err != nil {
				d.Fatalf("line %d: %v", r.Line, err)
			}
			token := c.Secrets[core.SecretRefreshToken].Reveal()
			if other := refresh[token]; other != "" || token == "" || e.Done != 1 {
				d.Errorf("line %d: done %d times, its refresh token is %q's too", r.Line, e.Done, other)
			}
			refresh[token] = r.Name
		case tokenbatch.Lost:
			if e.Done != 1 {
				d.Errorf("line %d is said to be lost, and was exchanged %d times", r.Line, e.Done)
			}
		default:
			if e.Done != 0 || r.Code == "" {
				d.Errorf("line %d is %s [%s], and was exchanged %d times", r.Line, r.State, r.Code, e.Done)
			}
		}
	}
}
