package tokenbatch_test

import (
	"testing"
	"time"

	"deskward/core"
	"deskward/core/tokenbatch"
)

func TestABatchIsExchangedStoredAndProvenDead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, list := d.made(30, 3)
	b := d.begun(list, tokenbatch.Self, tokenbatch.PlanOptions{})
	before := d.sb.Clock().Now()
	var last tokenbatch.Progress
	out, err := d.service.Run(t.Context(), b.ID, tokenbatch.RunOptions{}, func(p tokenbatch.Progress) { last = p })
	if err != nil || len(out.Stopped) > 0 {
		t.Fatalf("%v, %v", err, out.Stopped)
	}
	d.wantCounts(out.Batch, map[tokenbatch.State]int{tokenbatch.Done: 30})
	if last.Ended != 30 || last.Of != 30 || last.Left != 0 || last.Batch.Counts[tokenbatch.Done] != 30 {
		t.Errorf("last progress: %+v", last)
	}
	if took := d.sb.Clock().Now().Sub(before); took < 10*time.Minute || took > 15*time.Minute {
		t.Errorf("ten tokens a client at nine in ten minutes took %s", took)
	}
	d.noneTwice()
	sums, err := d.conns.List(t.Context())
	if err != nil || len(sums) != 30 {
		t.Fatalf("%d connections, %v", len(sums), err)
	}
	for i, r := range d.rows(b) {
		c, err := d.conns.Get(t.Context(), r.Connection)
		if err != nil || c.Name != r.Name || c.Grant != core.GrantMigrated || c.Secrets[core.SecretRefreshToken].Empty() || c.Secrets[core.SecretClientSecret].Empty() {
			t.Fatalf("row %d: %+v, %v", i, c, err)
		}
	}
	deadlines, err := (&core.Deadlines{Store: d.store}).List(t.Context())
	if err != nil || len(deadlines) != 30 || deadlines[0].Code != "zoho.old-token-ends" {
		t.Fatalf("%d deadlines, %v", len(deadlines), err)
	}

	alive := 0
	if _, err := d.service.Prove(t.Context(), b.ID, tokenbatch.RunOptions{}, func(a tokenbatch.Asked) {
		if a.Pulse == tokenbatch.Alive {
			alive++
		}
	}); err != nil || alive != 30 {
		t.Fatalf("%d alive, %v", alive, err)
	}
	d.sb.Clock().Advance(25 * time.Hour)
	b, err = d.service.Prove(t.Context(), b.ID, tokenbatch.RunOptions{}, nil)
	if err != nil || b.Dead != 30 {
		t.Fatalf("%d dead, %v", b.Dead, err)
	}
	if deadlines, err = (&core.Deadlines{Store: d.store}).List(t.Context()); err != nil || len(deadlines) != 0 {
		t.Errorf("%d deadlines after the end, %v", len(deadlines), err)
	}
	if err := d.service.Remove(t.Context(), b.ID, false); err != nil {
		t.Error(err)
	}
}
