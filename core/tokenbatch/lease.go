package tokenbatch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"deskward/core"
)

// leaseTime is the default of Service.Lease.
const leaseTime = 10 * time.Second

func (s *Service) leases() *core.Leases {
	return &core.Leases{Store: s.Store, Clock: core.SystemClock{}, Actor: s.Events.Actor, Time: cmp.Or(s.Lease, leaseTime)}
}

func leaseOfBatch(id string) string { return "tokenbatch-" + id }

// leaseOfClient is one for all batches of a client: its limits are the
// vendor's, whichever list a call is of.
func leaseOfClient(id string) string { return "tokenbatch-client-" + printOf(core.NewSecret(id)) }

// busy is who is at work on a batch; "": nobody.
func (s *Service) busy(r core.Reader, id string) string {
	rec, err := r.Get(core.KindLease, leaseOfBatch(id))
	if err != nil {
		return ""
	}
	var held core.Lease
	leases := s.leases()
	if json.Unmarshal(rec.Head, &held) != nil || !leases.Holds(held, leases.Clock.Now()) {
		return ""
	}
	return held.Owner
}

// take makes the batch this session's and finds out what there is to do.
func (t *tour) take(ctx context.Context, rows []Row) error {
	t.leases = t.service.leases()
	want := map[string]bool{leaseOfBatch(t.batch.ID): true}
	for _, r := range rows {
		want[leaseOfClient(r.ClientID)] = true
	}
	ids := make([]string, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		l, err := t.takeOne(ctx, id)
		if err != nil {
			t.release()
			return err
		}
		t.held = append(t.held, l)
	}
	if err := t.read(ctx); err != nil {
		t.release()
		return err
	}
	return nil
}

// takeOne takes a lease. One whose session was killed runs out soon: that is
// waited for, once.
func (t *tour) takeOne(ctx context.Context, id string) (core.Lease, error) {
	l, err := t.leases.Take(ctx, id)
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != "lease.held" {
		return l, err
	}
	until, parseErr := time.Parse(time.RFC3339Nano, e.Params["until"])
	if parseErr != nil {
		return l, err
	}
	wait := time.NewTimer(time.Until(until) + time.Millisecond)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return l, context.Cause(ctx)
	}
	return t.leases.Take(ctx, id)
}

// renew prolongs the leases within a transaction of the journal.
func (t *tour) renew(w core.Writer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, l := range t.held {
		l, err := t.leases.Renew(w, l)
		if err != nil {
			return err
		}
		t.held[i] = l
	}
	return nil
}

// keep renews the leases while nothing else is written. What it returns ends
// that.
func (t *tour) keep(ctx context.Context) func() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(t.leases.Time / 4)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				// One that is lost shows when the next call is to be begun.
				_ = t.journal.put(&entry{fenced: true, write: func(core.Writer, nameSet) error { return nil }})
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-over }
}

// release gives the leases back. One that was lost is no loss: what it guarded
// is over.
func (t *tour) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.held {
		ctx, cancel := context.WithTimeout(context.Background(), core.SaveTime)
		_ = t.service.Store.Update(ctx, func(w core.Writer) error {
			now, err := t.leases.Renew(w, l)
			if err != nil {
				return err
			}
			return t.leases.Release(w, now)
		})
		cancel()
	}
	t.held = nil
}

// read finds the rows that this run has to do, under the leases. Calls whose
// session is gone become unknown.
func (t *tour) read(ctx context.Context) error {
	s := t.service
	return s.Store.Update(ctx, func(w core.Writer) error {
		t.queue, t.counts, t.clients = nil, map[State]int{}, map[string]*client{}
		if err := t.renew(w); err != nil {
			return err
		}
		all, err := rowsOf(w, "")
		if err != nil {
			return err
		}
		spent := map[string]Row{} // tokens that other batches may have exchanged
		begun := map[string][]time.Time{}
		for _, r := range all {
			if !r.BegunAt.IsZero() {
				begun[r.ClientID] = append(begun[r.ClientID], r.BegunAt)
			}
			if !strings.HasPrefix(r.id, t.batch.ID+"-") && !r.State.open() && r.State != Refused && r.State != Held {
				spent[r.Print] = r
			}
		}
		for _, r := range all {
			if !strings.HasPrefix(r.id, t.batch.ID+"-") {
				continue
			}
			if r, err = t.pickUp(w, r, spent); err != nil {
				return err
			}
			if t.clients[r.ClientID] == nil {
				c := &client{id: r.ClientID, limit: limiter{windows: s.windows(t.batch)}}
				c.limit.recall(begun[r.ClientID], s.Clock.Now())
				t.clients[r.ClientID] = c
			}
			t.counts[r.State]++
			if r.State.open() || r.State == Refused && t.options.Again || r.State == Held && t.options.OverLimit {
				t.queue = append(t.queue, &job{row: r})
				t.clients[r.ClientID].left++
			}
		}
		return nil
	})
}

// pickUp judges a row as another session left it.
func (t *tour) pickUp(w core.Writer, r Row, spent map[string]Row) (Row, error) {
	other, twice := spent[r.Print]
	switch {
	case r.State == Begun:
		return t.service.interrupted(w, r)
	case !twice || r.State == Done || r.State == Unknown || r.State == Lost:
		return r, nil
	}
	batch, _, _ := strings.Cut(other.id, "-")
	r.State, r.Code, r.Tried, r.Params = Refused, "tokenbatch.line.in-batch", "authtooauth", map[string]string{"batch": short(batch), "state": string(other.State)}
	r.EndedAt = t.service.Clock.Now().UTC()
	return putRow(w, r, nil)
}

// windows is the rate in force for a batch.
func (s *Service) windows(b Batch) []Window {
	switch {
	case b.RateOff:
		return nil
	case b.Rate != nil:
		return b.Rate
	}
	return s.Vendor.Limits().Windows
}
