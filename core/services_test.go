package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/store/mem"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func services() (core.Store, *core.Connections, *core.EventLog, *clock) {
	store := mem.New()
	ck := &clock{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	log := &core.EventLog{Store: store, Clock: ck, Actor: core.Actor{User: "mina", Host: "jump01"}}
	return store, &core.Connections{Store: store, Events: log}, log, ck
}

func TestNamesAreUniqueWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	_, conns, _, _ := services()
	ctx := t.Context()
	a, err := conns.Add(ctx, core.Connection{Name: " Acme ", Platform: "zoho"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conns.Add(ctx, core.Connection{Name: "ACME", Platform: "zoho"}); core.CodeOf(err) != "connection.name-taken" {
		t.Errorf("a second ACME: %v", err)
	}
	if b, err := conns.Add(ctx, core.Connection{Name: "x\x1b]8;;https://evil.test\x1b\\"}); err != nil || strings.Contains(b.Name, "\x1b") {
		t.Errorf("a name with an escape sequence: %q %v", b.Name, err)
	}
	if _, err := conns.Add(ctx, core.Connection{Name: "  "}); core.CodeOf(err) != "connection.name-empty" {
		t.Errorf("an empty name: %v", err)
	}
	if got, err := conns.ByName(ctx, "acme"); err != nil || got.ID != a.ID {
		t.Errorf("by name: %v %v", got.ID, err)
	}
	if got, err := conns.ByName(ctx, a.ID); err != nil || got.ID != a.ID {
		t.Errorf("by id: %v %v", got.ID, err)
	}
	if _, err := conns.ByName(ctx, "nobody"); core.CodeOf(err) != "connection.not-found" || !errors.Is(err, core.ErrNotFound) {
		t.Errorf("an unknown name: %v", err)
	}
	if _, err := conns.Rename(ctx, a.ID, a.Rev, "acme"); err != nil {
		t.Errorf("renaming to itself in another case: %v", err)
	}
}

func TestAnEditThatWasOvertakenIsAConflict(t *testing.T) {
	t.Parallel()
	_, conns, _, _ := services()
	ctx := t.Context()
	a, err := conns.Add(ctx, core.Connection{Name: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conns.Rename(ctx, a.ID, a.Rev, "Acme 2"); err != nil {
		t.Fatal(err)
	}
	if _, err := conns.Rename(ctx, a.ID, a.Rev, "Acme 3"); !errors.Is(err, core.ErrConflict) || core.ClassOf(err) != core.Conflict {
		t.Errorf("the second rename of one revision: %v", err)
	}
	if err := conns.Remove(ctx, a.ID, a.Rev); !errors.Is(err, core.ErrConflict) {
		t.Errorf("removing an old revision: %v", err)
	}
}

func TestEachChangeAndItsEventStandOrFallTogether(t *testing.T) {
	t.Parallel()
	store, conns, log, _ := services()
	ctx := t.Context()
	a, err := conns.Add(ctx, core.Connection{Name: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	err = store.Update(ctx, func(w core.Writer) error {
		a.Account = "changed"
		if _, err := core.PutConnection(w, a); err != nil {
			return err
		}
		if err := log.Append(w, core.Event{Verb: core.VerbChanged, Subject: a.Subject()}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	events, err := log.Recent(ctx, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := conns.Get(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 || got.Account != "" {
		t.Errorf("%d events, account %q; want the one of adding and no change", len(events), got.Account)
	}
}

func TestTheLogShowsTampering(t *testing.T) {
	t.Parallel()
	build := func() (core.Store, *core.EventLog) {
		store, _, log, ck := services()
		for i := range 5 {
			ck.advance(time.Second)
			if err := log.Record(context.Background(), core.Event{Verb: core.VerbChecked, Subject: core.Subject{Name: fmt.Sprint(i)}}); err != nil {
				t.Fatal(err)
			}
		}
		return store, log
	}
	edit := func(store core.Store, fn func(w core.Writer, recs []core.Record) error) {
		err := store.Update(t.Context(), func(w core.Writer) error {
			var recs []core.Record
			for r, err := range w.Heads(core.KindEvent, core.ListOptions{}) {
				if err != nil {
					return err
				}
				recs = append(recs, r)
			}
			return fn(w, recs)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	store, log := build()
	n, last, err := log.Verify(t.Context())
	if err != nil || n != 5 || len(last) != 64 {
		t.Fatalf("an honest log: %d %q %v", n, last, err)
	}
	edit(store, func(w core.Writer, recs []core.Record) error {
		var e core.Event
		if err := json.Unmarshal(recs[2].Head, &e); err != nil {
			return err
		}
		e.Subject.Name = "somebody else"
		recs[2].Head, _ = json.Marshal(e)
		_, err := w.Put(recs[2])
		return err
	})
	assertBroken(t, log, "3")
	store, log = build()
	edit(store, func(w core.Writer, recs []core.Record) error {
		return w.Delete(core.KindEvent, recs[1].ID, recs[1].Rev)
	})
	assertBroken(t, log, "2")
	store, log = build()
	edit(store, func(w core.Writer, recs []core.Record) error {
		return w.Delete(core.KindEvent, recs[4].ID, recs[4].Rev)
	})
	assertBroken(t, log, "5")
}

func assertBroken(t *testing.T, log *core.EventLog, seq string) {
	t.Helper()
	_, _, err := log.Verify(t.Context())
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != "events.broken" || e.Params["seq"] != seq {
		t.Errorf("got %v, want events.broken at %s", err, seq)
	}
}

func TestOneSessionAtATimeHoldsALease(t *testing.T) {
	t.Parallel()
	store, _, _, ck := services()
	a := &core.Leases{Store: store, Clock: ck, Actor: core.Actor{User: "mina", Host: "jump01"}}
	b := &core.Leases{Store: store, Clock: ck, Actor: core.Actor{User: "ken", Host: "jump01"}}
	ctx := t.Context()
	held, err := a.Take(ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Take(ctx, "c1")
	if e, ok := errors.AsType[*core.Error](err); !ok || e.Code != "lease.held" || !strings.Contains(e.Params["owner"], "mina") {
		t.Fatalf("the second taker: %v", err)
	}
	release := func(l *core.Leases, lease core.Lease) error {
		return store.Update(ctx, func(w core.Writer) error { return l.Release(w, lease) })
	}
	if err := release(a, held); err != nil {
		t.Fatal(err)
	}
	held, err = a.Take(ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	ck.advance(core.LeaseTime + time.Second)
	later, err := b.Take(ctx, "c1")
	if err != nil {
		t.Fatalf("taking over one that ran out: %v", err)
	}
	if err := release(a, held); core.CodeOf(err) != "lease.lost" {
		t.Errorf("releasing a lost lease: %v", err)
	}
	if err := release(b, later); err != nil {
		t.Error(err)
	}
}

func TestDeadlinesComeSoonestFirstAndOnce(t *testing.T) {
	t.Parallel()
	store, conns, _, ck := services()
	ctx := t.Context()
	old, err := conns.Add(ctx, core.Connection{Name: "old", Grant: core.GrantAuthtoken, EndsAt: ck.Now().Add(24 * time.Hour), Secrets: core.Secrets{core.SecretAuthtoken: core.NewSecret("canary-authtoken")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conns.Add(ctx, core.Connection{Name: "short", AccessExpires: ck.Now().Add(time.Hour), Secrets: core.Secrets{core.SecretAccessToken: core.NewSecret("canary-access")}}); err != nil {
		t.Fatal(err)
	}
	deadlines := &core.Deadlines{Store: store}
	for range 2 {
		if err := store.Update(ctx, func(w core.Writer) error {
			return core.PutDeadline(w, core.Deadline{Subject: old.Subject(), Code: "zoho.old-token-ends", At: old.EndsAt})
		}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := deadlines.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Code != "access.expires" || got[1].Code != "zoho.old-token-ends" {
		t.Errorf("got %+v", got)
	}
	if err := conns.Remove(ctx, old.ID, old.Rev); err != nil {
		t.Fatal(err)
	}
	if got, err = deadlines.List(ctx); err != nil || len(got) != 1 {
		t.Errorf("after the connection was removed: %+v %v", got, err)
	}
}
