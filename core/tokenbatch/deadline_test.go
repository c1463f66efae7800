package tokenbatch_test

import (
	"strconv"
	"testing"

	"deskward/core"
	"deskward/core/sandbox"
	"deskward/core/tokenbatch"
)

// unseen is a batch with one row whose end nobody saw, and the deadline of it.
func unseen(t *testing.T) (*desk, tokenbatch.Batch, *core.Deadlines) {
	t.Helper()
	d := newDesk(t)
	_, list := d.made(3, 1)
	b := d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{RateOff: true})
	d.fault(sandbox.Fault{Times: 1, Status: 503})
	out := d.run(b, tokenbatch.RunOptions{Concurrency: 1})
	d.wantCounts(out.Batch, map[tokenbatch.State]int{tokenbatch.Done: 2, tokenbatch.Unknown: 1})
	return d, out.Batch, &core.Deadlines{Store: d.store, Events: d.service.Events}
}

// mayEnd are the deadlines of tokens that may have been exchanged.
func (d *desk) mayEnd(of []core.Deadline, err error) []core.Deadline {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
	var out []core.Deadline
	for _, one := range of {
		if one.Code == "tokenbatch.old-token-may-end" {
			out = append(out, one)
		}
	}
	return out
}

func TestADeadlineOfAnUnseenCallNamesItsListAndLine(t *testing.T) {
	t.Parallel()
	d, b, deadlines := unseen(t)
	all := d.mayEnd(deadlines.List(t.Context()))
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	for _, r := range d.rows(b) {
		if r.State != tokenbatch.Unknown {
			continue
		}
		got := all[0]
		if got.Subject.Kind != core.KindTokenRow || got.Subject.Name != r.Name || !got.At.Equal(r.OldEnds) {
			t.Errorf("%+v of %+v", got, r)
		}
		for name, want := range map[string]string{
			tokenbatch.DetailBatch: b.ID, tokenbatch.DetailList: "list.csv", tokenbatch.DetailLine: strconv.Itoa(r.Line), tokenbatch.DetailToken: r.TokenEnd,
		} {
			if got.Detail[name] != want {
				t.Errorf("%s is %q, not %q", name, got.Detail[name], want)
			}
		}
	}
}

func TestADismissedDeadlineOfAnUnseenCallIsLeftOutAndGoneOnceItIsSettled(t *testing.T) {
	t.Parallel()
	d, b, deadlines := unseen(t)
	one := d.mayEnd(deadlines.List(t.Context()))[0]
	if _, err := deadlines.Dismiss(t.Context(), one.ID, "asked the owner"); err != nil {
		t.Fatal(err)
	}
	if left := d.mayEnd(deadlines.List(t.Context())); len(left) != 0 {
		t.Errorf("still listed: %+v", left)
	}
	if all := d.mayEnd(deadlines.All(t.Context())); len(all) != 1 || all[0].Dismissed == nil {
		t.Errorf("%+v", all)
	}
	line, _ := strconv.Atoi(one.Detail[tokenbatch.DetailLine])
	if _, err := d.service.Settle(t.Context(), b.ID, line, false); err != nil {
		t.Fatal(err)
	}
	if all := d.mayEnd(deadlines.All(t.Context())); len(all) != 0 {
		t.Errorf("settled, and there: %+v", all)
	}
}

func TestAListThatIsRemovedTakesTheDeadlineThatNobodyCouldSettle(t *testing.T) {
	t.Parallel()
	d, b, deadlines := unseen(t)
	one := d.mayEnd(deadlines.List(t.Context()))[0]
	if _, err := deadlines.Dismiss(t.Context(), one.ID, ""); err != nil {
		t.Fatal(err)
	}
	if err := d.service.Remove(t.Context(), b.ID, true); err != nil {
		t.Fatal(err)
	}
	all, err := deadlines.All(t.Context())
	if left := d.mayEnd(all, err); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	if len(all) != 2 { // those of the exchanged tokens stay with their connections
		t.Errorf("%d deadlines", len(all))
	}
	if err := d.store.View(t.Context(), func(r core.Reader) error {
		n, err := r.Count(core.KindDismissal)
		if n != 0 {
			t.Errorf("%d dismissals are left", n)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
