package core_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"deskward/core"
	"deskward/store/mem"
)

type movingClock struct{ at time.Time }

func (m *movingClock) Now() time.Time { return m.at }

func deadlinesOf(t *testing.T, known func(core.Summary) []core.End) (*core.Deadlines, *core.Connections, *movingClock) {
	t.Helper()
	st, clock := mem.New(), &movingClock{time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)}
	events := &core.EventLog{Store: st, Clock: clock, Actor: core.Actor{User: "mina", Host: "jump01"}}
	return &core.Deadlines{Store: st, Events: events, Known: known}, &core.Connections{Store: st, Events: events}, clock
}

func codes(all []core.Deadline) (out []string) {
	for _, d := range all {
		out = append(out, d.Code)
	}
	return out
}

func TestAPlatformsOwnWordsTakeThePlaceOfTheSameEndAndAddOthers(t *testing.T) {
	t.Parallel()
	d, conns, clock := deadlinesOf(t, func(s core.Summary) []core.End {
		return []core.End{{Code: "vendor.same", At: s.EndsAt, Source: "https://vendor.example/same"}, {Code: "vendor.later", At: s.EndsAt.Add(time.Hour)}}
	})
	if _, err := conns.Add(t.Context(), core.Connection{Name: "Acme", EndsAt: clock.at.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	all, err := d.List(t.Context())
	if err != nil || len(all) != 2 || all[0].Code != "vendor.same" || all[1].Code != "vendor.later" || all[0].Source == "" || all[0].ID == "" {
		t.Errorf("%v %v", codes(all), err)
	}
}

func TestADismissedDeadlineIsGoneUntilItsDateChangesAndTheReasonIsInTheLog(t *testing.T) {
	t.Parallel()
	d, conns, clock := deadlinesOf(t, nil)
	c, err := conns.Add(t.Context(), core.Connection{Name: "Acme", EndsAt: clock.at.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	list := func(fn func(context.Context) ([]core.Deadline, error)) []core.Deadline {
		t.Helper()
		all, err := fn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	id := list(d.List)[0].ID
	if _, err := d.Dismiss(t.Context(), id, "  the job is \x1b[31mgone  "); err != nil {
		t.Fatal(err)
	}
	all := list(d.All)
	if len(list(d.List)) != 0 || len(all) != 1 || all[0].Dismissed == nil || all[0].Dismissed.Reason != "the job is ␛[31mgone" || all[0].Dismissed.By != "mina@jump01" {
		t.Fatalf("%+v", all)
	}
	events, err := d.Events.Recent(t.Context(), 1, c.ID)
	if err != nil || events[0].Verb != core.VerbDismissed || events[0].Detail["reason"] != "the job is ␛[31mgone" || events[0].Detail["deadline"] != "connection.ends" {
		t.Errorf("%+v %v", events, err)
	}
	move := func(by time.Duration) {
		t.Helper()
		if _, err := conns.Change(t.Context(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
			c.EndsAt = clock.at.Add(by)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	move(2 * time.Hour)
	if all := list(d.List); len(all) != 1 || all[0].Dismissed != nil {
		t.Fatalf("its date changed: %+v", all)
	}
	if _, err := d.Dismiss(t.Context(), id, "again"); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Restore(t.Context(), id); err != nil || got.Dismissed != nil {
		t.Fatalf("%+v %v", got, err)
	}
	if len(list(d.List)) != 1 {
		t.Error("restored, and not listed")
	}
	events, _ = d.Events.Recent(t.Context(), 1, c.ID)
	if events[0].Verb != core.VerbUndismissed {
		t.Errorf("%+v", events[0])
	}
	if _, err := d.Restore(t.Context(), id); err != nil {
		t.Errorf("twice: %v", err)
	}
	if after, _ := d.Events.Recent(t.Context(), 1, c.ID); after[0].Seq != events[0].Seq {
		t.Error("restoring what counts already was recorded")
	}
	if _, err := d.Dismiss(t.Context(), "0000", ""); core.CodeOf(err) != "deadline.not-found" {
		t.Error(err)
	}
}

func TestRemovingAConnectionRemovesWhatWasSaidOfItsDeadlines(t *testing.T) {
	t.Parallel()
	d, conns, clock := deadlinesOf(t, nil)
	c, err := conns.Add(t.Context(), core.Connection{Name: "Acme", EndsAt: clock.at.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	all, _ := d.List(t.Context())
	if _, err := d.Dismiss(t.Context(), all[0].ID, "private reason"); err != nil {
		t.Fatal(err)
	}
	if err := conns.Remove(t.Context(), c.ID, c.Rev); err != nil {
		t.Fatal(err)
	}
	if err := d.Store.View(t.Context(), func(r core.Reader) error {
		if n, err := r.Count(core.KindDismissal); err != nil || n != 0 {
			t.Errorf("%d are left, %v", n, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestTheEndOfAClientSecretIsADeadlineBesideThatOfTheCredential(t *testing.T) {
	t.Parallel()
	d, conns, clock := deadlinesOf(t, nil)
	if _, err := conns.Add(t.Context(), core.Connection{Name: "Acme", EndsAt: clock.at.Add(2 * time.Hour), SecretEndsAt: clock.at.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	all, err := d.List(t.Context())
	if err != nil || !slices.Equal(codes(all), []string{"client-secret.ends", "connection.ends"}) {
		t.Errorf("%v %v", codes(all), err)
	}
}

func TestAClientSecretsEndIsAWarningBeforeAndAfterIt(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	s := core.Summary{Grant: core.GrantCode, HasRefresh: true, CheckedAt: end.Add(-90 * 24 * time.Hour), CheckOK: true, SecretEndsAt: end}
	for at, want := range map[time.Duration]string{-8 * 24 * time.Hour: "renews-on-use", -time.Hour: "secret-ends", 0: "secret-ended", time.Hour: "secret-ended"} {
		if got := s.State(end.Add(at)); got.Code != want {
			t.Errorf("%v after the end: %s, want %s", at, got.Code, want)
		}
	}
}
