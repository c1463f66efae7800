package tokenbatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/sandbox"
	"deskward/core/tokenbatch"
)

const exchangePath = "/oauth/v2/token/self/authtooauth"

func (d *desk) fault(f sandbox.Fault) {
	f.Service, f.Path = "zoho.accounts", exchangePath
	d.sb.SetFault(f)
}

func (d *desk) calls() int {
	n := 0
	for _, c := range d.sb.Calls() {
		if strings.HasSuffix(c.Path, "/authtooauth") {
			n++
		}
	}
	return n
}

func (d *desk) wantStopped(out tokenbatch.Outcome, code string) {
	d.Helper()
	if len(out.Stopped) != 1 || core.CodeOf(out.Stopped[0].Err) != code {
		d.Errorf("stopped: %+v, want %s", out.Stopped, code)
	}
}

func TestAClientThatZohoDoesNotKnowIsTriedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, list := d.made(6, 1)
	b := d.begun(strings.ReplaceAll(list, "sandbox-batch-secret", "wrong"), tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	out := d.run(b, tokenbatch.RunOptions{Concurrency: 1})
	d.wantStopped(out, "zoho.authtooauth.invalid_client")
	d.wantCounts(out.Batch, map[tokenbatch.State]int{tokenbatch.Refused: 2 - 1, tokenbatch.Waiting: 5})
	if n := d.calls(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestTokensOfAnotherOwnerStopTheirClientBeforeAllAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all, _ := d.made(8, 1)
	for i := range all {
		all[i].ClientID, all[i].ClientSecret = d.fix.StrangerClientID, d.fix.StrangerClientSecret
	}
	b := d.begun(listOf(all), tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	out := d.run(b, tokenbatch.RunOptions{Concurrency: 1})
	d.wantStopped(out, "tokenbatch.doubtful")
	if n := out.Batch.Counts[tokenbatch.Refused]; n < 3 || n > 4 || out.Batch.Counts[tokenbatch.Waiting] != 8-n {
		t.Errorf("%v", out.Batch.Counts)
	}
}

func TestADeadTokenIsNeverSentAndTakesNoneOfTheRate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all, _ := d.made(12, 1)
	for i := range 10 {
		all[i].Authtoken = strings.Repeat("0", 31) + string(rune('a'+i))
	}
	b := d.begun(listOf(all), tokenbatch.Self, tokenbatch.PlanOptions{})
	before := d.sb.Clock().Now()
	out := d.run(b, tokenbatch.RunOptions{})
	d.wantCounts(out.Batch, map[tokenbatch.State]int{tokenbatch.Refused: 10, tokenbatch.Done: 2})
	if n := d.calls(); n != 2 {
		t.Errorf("%d calls", n)
	}
	if took := d.sb.Clock().Now().Sub(before); took > 2*time.Minute {
		t.Errorf("took %s", took)
	}
	if r := d.rows(b)[0]; r.Code != "tokenbatch.dead-before" {
		t.Errorf("%+v", r)
	}
}

func TestWrongTokensStopTheirClientLongBeforeZohoBlocksIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all, _ := d.made(12, 1)
	for i := range all {
		all[i].Authtoken = strings.Repeat("0", 31) + string(rune('a'+i))
	}
	b := d.begun(listOf(all), tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	out := d.run(b, tokenbatch.RunOptions{Concurrency: 1, Unasked: true})
	d.wantStopped(out, "tokenbatch.wrong-tokens")
	if n := d.calls(); n > 3 {
		t.Errorf("%d wrong tokens were sent", n)
	}
}

func TestAZohoOutOfOrderDoesNotMakeEveryTokenUnknown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, list := d.made(15, 1)
	b := d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	d.fault(sandbox.Fault{Status: 503})
	out := d.run(b, tokenbatch.RunOptions{Concurrency: 2})
	d.wantStopped(out, "tokenbatch.unsure")
	if n := out.Batch.Counts[tokenbatch.Unknown]; n < 3 || n > 6 || out.Batch.Counts[tokenbatch.Waiting] != 15-n {
		t.Errorf("%v", out.Batch.Counts)
	}
	if code := core.CodeOf(out.Batch.Err()); code != "tokenbatch.some-unknown" || core.ClassOf(out.Batch.Err()) != core.Unknown {
		t.Errorf("%v", out.Batch.Err())
	}
}

func TestAThrottledClientIsLeftAloneAndNothingIsLost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, list := d.made(6, 1)
	b := d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	d.fault(sandbox.Fault{Times: 1, Answer: `{"error":"Access Denied","error_description":"You have made too many requests continuously."}`})
	before := d.sb.Clock().Now()
	out := d.run(b, tokenbatch.RunOptions{Concurrency: 1})
	d.wantCounts(out.Batch, map[tokenbatch.State]int{tokenbatch.Done: 6})
	if took := d.sb.Clock().Now().Sub(before); took < 10*time.Minute {
		t.Errorf("went on after %s", took)
	}
}

func TestTheTwentyFirstRefreshTokenIsHeldBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, list := d.made(23, 1)
	read, err := d.service.Read([]byte(list), tokenbatch.ReadOptions{Variant: tokenbatch.Self})
	if err != nil {
		t.Fatal(err)
	}
	plan, _, err := d.service.Plan(t.Context(), "list.csv", tokenbatch.Self, read, tokenbatch.PlanOptions{RateOff: true})
	if err != nil || len(plan.Lines) != 20 || len(plan.Held) != 3 || plan.Clients[0].Held != 3 {
		t.Fatalf("%+v, %v", plan.Clients, err)
	}
	b, _, err := d.service.Begin(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	out := d.run(b, tokenbatch.RunOptions{})
	d.wantCounts(out.Batch, map[tokenbatch.State]int{tokenbatch.Done: 20, tokenbatch.Held: 3})
	// The store's own count now: a further list of that client is held back whole.
	more, err := d.service.Read([]byte(strings.Replace(list, "System", "Other", 1)), tokenbatch.ReadOptions{Variant: tokenbatch.Self})
	if err != nil {
		t.Fatal(err)
	}
	more.Lines = more.Lines[20:]
	if plan, _, err = d.service.Plan(t.Context(), "more.csv", tokenbatch.Self, more, tokenbatch.PlanOptions{}); err != nil || len(plan.Lines) != 0 || plan.Clients[0].Stored != 20 {
		t.Errorf("%+v, %v", plan.Clients, err)
	}
	out = d.run(b, tokenbatch.RunOptions{OverLimit: true})
	d.wantCounts(out.Batch, map[tokenbatch.State]int{tokenbatch.Done: 23})
}

func TestNobodyExchangesATokenThatIsInAnotherBatchOrWasExchanged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all, list := d.made(2, 1)
	old, err := d.conns.Add(t.Context(), core.Connection{
		Name: "legacy", Platform: "zoho", Grant: core.GrantAuthtoken, Region: "eu", Account: d.fix.OrgID,
		Secrets: core.Secrets{core.SecretAuthtoken: core.NewSecret(all[0].Authtoken)},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	d.run(b, tokenbatch.RunOptions{})
	if old, err = d.conns.Get(t.Context(), old.ID); err != nil || old.ReplacedBy != d.rows(b)[0].Connection || old.EndsAt.IsZero() || len(old.Settings) != 0 {
		t.Errorf("the stored connection of the old token: %+v, %v", old, err)
	}
	read, err := d.service.Read([]byte(list), tokenbatch.ReadOptions{Variant: tokenbatch.Self})
	if err != nil {
		t.Fatal(err)
	}
	plan, bad, err := d.service.Plan(t.Context(), "again.csv", tokenbatch.Self, read, tokenbatch.PlanOptions{})
	if err != nil || len(plan.Lines) != 0 || len(bad) != 2 || core.CodeOf(bad[1].Err) != "tokenbatch.line.in-batch" {
		t.Errorf("%+v, %v, %v", plan, bad, err)
	}
	if err := d.service.Remove(t.Context(), b.ID, false); core.CodeOf(err) != "tokenbatch.needed" {
		t.Errorf("removed while the old tokens live: %v", err)
	}
	if err := d.service.Remove(t.Context(), b.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, bad, err = d.service.Plan(t.Context(), "again.csv", tokenbatch.Self, read, tokenbatch.PlanOptions{}); err != nil || len(bad) != 1 || core.CodeOf(bad[0].Err) != "tokenbatch.line.exchanged" {
		t.Errorf("%v, %v", bad, err)
	}
}

// A guide's exchange of the same stored token is under way: the batch keeps off.
func TestATokenThatAGuideExchangesIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all, list := d.made(1, 1)
	if _, err := d.conns.Add(t.Context(), core.Connection{
		Name: "legacy", Platform: "zoho", Grant: core.GrantAuthtoken, Settings: map[string]string{"exchange_into": "another"},
		Secrets: core.Secrets{core.SecretAuthtoken: core.NewSecret(all[0].Authtoken)},
	}); err != nil {
		t.Fatal(err)
	}
	out := d.run(d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true}), tokenbatch.RunOptions{})
	if n := d.calls(); n != 0 || out.Batch.Counts[tokenbatch.Done] != 0 {
		t.Errorf("%d calls, %v", n, out.Batch.Counts)
	}
}

func TestTwoSessionsDoNotWorkOnOneBatchOrOneClient(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all, _ := d.made(4, 1)
	one := d.begun(listOf(all[:2]), tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	two := d.begun(listOf(all[2:]), tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	d.fault(sandbox.Fault{Times: 1, Latency: 3 * time.Second})
	inside, over := make(chan struct{}), make(chan error, 1)
	go func() {
		told := false
		_, err := d.service.Run(d.Context(), one.ID, tokenbatch.RunOptions{Concurrency: 1}, func(p tokenbatch.Progress) {
			if !told {
				told = true
				close(inside)
			}
		})
		over <- err
	}()
	<-inside
	for _, b := range []tokenbatch.Batch{one, two} {
		if _, err := d.service.Run(t.Context(), b.ID, tokenbatch.RunOptions{}, nil); core.CodeOf(err) != "lease.held" || core.ClassOf(err) != core.Conflict {
			t.Errorf("%v", err)
		}
	}
	if b, _, err := d.service.Rows(t.Context(), one.ID); err != nil || b.Busy == "" {
		t.Errorf("nobody is said to be at work: %v", err)
	}
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	d.run(two, tokenbatch.RunOptions{})
	d.noneTwice()
}

func TestARunThatIsStoppedWaitsForItsCallsAndGoesOnLater(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, list := d.made(20, 1)
	b := d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	d.fault(sandbox.Fault{Latency: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	out, err := d.service.Run(ctx, b.ID, tokenbatch.RunOptions{Concurrency: 2}, func(p tokenbatch.Progress) {
		if p.Ended == 5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	n := out.Batch.Counts
	if n[tokenbatch.Done] < 5 || n[tokenbatch.Done] > 12 || n[tokenbatch.Done]+n[tokenbatch.Waiting] != 20 {
		t.Errorf("%v", n)
	}
	d.wantCounts(d.run(b, tokenbatch.RunOptions{}).Batch, map[tokenbatch.State]int{tokenbatch.Done: 20})
	d.noneTwice()
}

func TestAnExternalBatchWaitsForSupport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, list := d.made(2, 1)
	b := d.begun(list, tokenbatch.External, tokenbatch.PlanOptions{})
	if _, err := d.service.Run(t.Context(), b.ID, tokenbatch.RunOptions{}, nil); core.CodeOf(err) != "tokenbatch.unconfirmed" || d.calls() != 0 {
		t.Errorf("%v, %d calls", err, d.calls())
	}
	sheet := tokenbatch.Sheet(d.rows(b))
	var text strings.Builder
	if err := tokenbatch.WriteSheet(&text, sheet); err != nil || len(sheet) != 1 || sheet[0].Tokens != 2 || strings.Contains(text.String(), "sandbox-batch-secret") {
		t.Errorf("%+v, %v", sheet, err)
	}
	b, err := d.service.Confirm(t.Context(), b.ID, "Ticket 4711\n")
	if err != nil || b.WaitsForSupport() || b.Reference != "Ticket 4711" {
		t.Fatalf("%+v, %v", b, err)
	}
	d.wantCounts(d.run(b, tokenbatch.RunOptions{}).Batch, map[tokenbatch.State]int{tokenbatch.Done: 2})
}

// The rate is the vendor's, not a session's: who goes on with a batch does not
// begin with a fresh allowance.
func TestTheRateOutlastsARestart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all, _ := d.made(9, 1)
	d.run(d.begun(listOf(all[:4]), tokenbatch.Self, tokenbatch.PlanOptions{}), tokenbatch.RunOptions{})
	before := d.sb.Clock().Now()
	d.run(d.begun(listOf(all[4:5]), tokenbatch.Self, tokenbatch.PlanOptions{}), tokenbatch.RunOptions{})
	if took := d.sb.Clock().Now().Sub(before); took < 50*time.Second {
		t.Errorf("the fifth call of a minute was made after %s", took)
	}
}
