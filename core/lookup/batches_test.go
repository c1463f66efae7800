package lookup_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/store/mem"
)

// crowd is a platform that answers about size people of the kinds in a call.
type crowd struct {
	people
	size  int
	kinds []lookup.QueryKind
	bad   string // a text that makes the vendor refuse the whole call

	lots [][]string
}

func (c *crowd) BatchSize(k lookup.QueryKind) int {
	if slices.Contains(c.kinds, k) {
		return c.size
	}
	return 0
}

func (c *crowd) FindBatch(ctx context.Context, k lookup.QueryKind, texts []string) (map[string][]core.Visitor, error) {
	c.mu.Lock()
	c.lots = append(c.lots, texts)
	n := len(c.lots)
	c.mu.Unlock()
	if len(texts) > c.size {
		return nil, fmt.Errorf("%d at once", len(texts))
	}
	if c.bad != "" && slices.Contains(texts, c.bad) {
		return nil, &core.Error{Code: "x.bad", Class: core.Refused, Params: map[string]string{"status": "400"}}
	}
	if c.fail != nil {
		if err := c.fail(n); err != nil {
			return nil, err
		}
	}
	out := map[string][]core.Visitor{}
	for _, v := range c.all {
		for _, t := range texts {
			if k == lookup.ByExternalID && v.ExternalID == t || k == lookup.BySupportID && v.ID == t {
				out[t] = append(out[t], v)
			}
		}
	}
	return out, nil
}

func supportOf(n int) *crowd {
	c := &crowd{
		people: people{kind: core.VisitorSupport, takes: []lookup.QueryKind{lookup.BySupportID, lookup.ByExternalID, lookup.ByEmail, lookup.ByText}},
		size:   100, kinds: []lookup.QueryKind{lookup.ByExternalID, lookup.BySupportID},
	}
	for i := range n {
		c.all = append(c.all, core.Visitor{
			Kind: core.VisitorSupport, ID: fmt.Sprint(100000 + i), ExternalID: fmt.Sprintf("usr_%04d", i), Name: fmt.Sprint("Person ", i),
			Emails: mail(fmt.Sprintf("p%d@example.com", i), true), Raw: []byte(`{"secret":"notes"}`),
		})
	}
	return c
}

func loginOf(n int) *people {
	p := &people{kind: core.VisitorLogin, takes: []lookup.QueryKind{lookup.ByLoginID, lookup.ByEmail, lookup.ByUsername, lookup.ByExternalID}}
	for i := range n {
		id := fmt.Sprintf("usr_%04d", i)
		p.all = append(p.all, core.Visitor{Kind: core.VisitorLogin, ID: id, ExternalID: id, Emails: mail(fmt.Sprintf("p%d@example.com", i), true)})
	}
	return p
}

func sourceOf(name string, f lookup.Finder) lookup.Source {
	return lookup.Source{ID: "id-" + name, Name: name, Kind: lookup.Finds(f), Finder: f}
}

func batches(t testing.TB) (*lookup.Batches, *moving) {
	t.Helper()
	clock := &moving{time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)}
	st := mem.New()
	return &lookup.Batches{
		Store: st, Clock: clock, Events: &core.EventLog{Store: st, Clock: clock, Actor: core.Actor{User: "mina", Host: "jump01"}},
		Wait: func(context.Context, time.Duration) error { return nil },
	}, clock
}

func list(t testing.TB, texts ...string) lookup.List {
	t.Helper()
	l, err := lookup.ReadList([]byte(strings.Join(texts, "\n")), "")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ids(from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("usr_%04d", i))
	}
	return out
}

func begin(t testing.TB, s *lookup.Batches, l lookup.List, only ...lookup.Source) lookup.Batch {
	t.Helper()
	b, err := s.Begin(t.Context(), "who.csv", l, lookup.BeginOptions{Ask: only})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func outcomes(t testing.TB, s *lookup.Batches, id string) (out map[int]lookup.Outcome, rows []lookup.Row) {
	t.Helper()
	_, rows, _, err := s.Rows(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	out = map[int]lookup.Outcome{}
	for _, r := range rows {
		out[r.Line] = r.Verdict.Outcome
	}
	return out, rows
}

func TestAThousandExternalIDsAreTenCallsAndNoneSingly(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support := supportOf(1000)
	b := begin(t, s, list(t, ids(0, 1000)...))
	var last lookup.Progress
	b, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Support", support)}, lookup.RunOptions{}, func(p lookup.Progress) { last = p })
	if err != nil || len(support.lots) != 10 || len(support.calls) != 0 {
		t.Fatalf("%d lots and %d single calls, %v", len(support.lots), len(support.calls), err)
	}
	if !b.Complete() || b.Counts[lookup.NotLinked] != 1000 || last.Asked != 1000 || last.Of != 1000 {
		t.Errorf("%+v", b)
	}
	_, rows := outcomes(t, s, b.ID)
	if rows[7].Answers[0].Visitors[0].Raw != nil {
		t.Error("the vendor's notes are kept")
	}
}

func TestMixedIDsAndAddressesAreSortedIntoLots(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support := supportOf(200)
	var all []string
	for i := range 200 {
		all = append(all, fmt.Sprintf("usr_%04d", i), fmt.Sprint(100000+i))
	}
	b := begin(t, s, list(t, all...))
	if _, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Support", support)}, lookup.RunOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	// usr_… in 2 lots; numbers, which may be either, in 2 by each kind.
	if len(support.lots) != 6 || len(support.calls) != 0 {
		t.Errorf("%d lots, %d calls", len(support.lots), len(support.calls))
	}
}

func TestOthersAreAskedSinglyAndTheVerdictIsThatOfTheOrdinaryLookup(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, login := supportOf(40), loginOf(41)
	support.all[3].Emails = mail("other@example.com", true)
	// Somebody else has the address of usr_0003.
	support.all = append(support.all, core.Visitor{Kind: core.VisitorSupport, ID: "9", ExternalID: "usr_old", Emails: mail("p3@example.com", true)})
	b := begin(t, s, list(t, slices.Concat(ids(0, 42), []string{"p5@example.com"})...))
	sources := []lookup.Source{sourceOf("Login", login), sourceOf("Support", support)}
	if _, err := s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	got, rows := outcomes(t, s, b.ID)
	want := map[int]lookup.Outcome{1: lookup.Linked, 4: lookup.WillFail, 41: lookup.NotLinked, 42: lookup.NoOne, 43: lookup.Linked}
	for line, o := range want {
		if got[line] != o {
			t.Errorf("line %d: %s, want %s", line, got[line], o)
		}
	}
	for _, r := range rows {
		one := (&lookup.Service{Clock: fixedClock{}}).Find(t.Context(), r.Query, sources, nil)
		if one.Verdict.Outcome != r.Verdict.Outcome || one.Verdict.ExternalID != r.Verdict.ExternalID {
			t.Errorf("%s: %s by the batch, %s alone", r.Query.Text, r.Verdict.Outcome, one.Verdict.Outcome)
		}
	}
	if len(support.lots) > 10 {
		t.Errorf("%d lots for one", len(support.lots))
	}
}

type fixedClock struct{}

func (fixedClock) Now() time.Time { return time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC) }

func TestALimitedSourceIsLeftAloneForAsLongAsItSaysAndThenAnswers(t *testing.T) {
	t.Parallel()
	s, clock := batches(t)
	var waits []time.Duration
	s.Wait = func(_ context.Context, d time.Duration) error {
		waits = append(waits, d)
		clock.at = clock.at.Add(d)
		return nil
	}
	support := supportOf(300)
	support.fail = func(call int) error {
		if call == 2 {
			return &core.Error{Code: "x.limited", Params: map[string]string{"seconds": "7"}}
		}
		return nil
	}
	b := begin(t, s, list(t, ids(0, 300)...))
	var told []string
	b, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Support", support)}, lookup.RunOptions{}, func(p lookup.Progress) {
		told = append(told, fmt.Sprint(p.Asked, " ", len(p.Rows), " ", !p.Resting["Support"].IsZero()))
	})
	// That it is limited is told at once, not with the rows that wait for it.
	if want := []string{"100 100 false", "100 0 true", "200 100 false", "300 100 false"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if err != nil || len(support.lots) != 4 || !slices.Equal(waits, []time.Duration{7 * time.Second}) || b.Unseen != 0 {
		t.Errorf("%d lots, waited %v, %+v, %v", len(support.lots), waits, b, err)
	}
}

func TestAFailingSourceIsNamedPerRowHidesNoOtherAndIsGivenUp(t *testing.T) {
	t.Parallel()
	s, clock := batches(t)
	support, login := supportOf(200), loginOf(200)
	login.fail = func(int) error { return &core.Error{Code: "net.timeout"} }
	b := begin(t, s, list(t, ids(0, 200)...))
	sources := []lookup.Source{sourceOf("Login", login), sourceOf("Support", support)}
	b, err := s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil)
	if err != nil || b.Unseen != 200 {
		t.Fatalf("%+v %v", b, err)
	}
	if n := len(login.calls); n < 5 || n > 5+4 {
		t.Errorf("asked %d times though it is down", n)
	}
	_, rows := outcomes(t, s, b.ID)
	for _, r := range rows {
		if r.Verdict.Outcome != lookup.CantTell || !slices.Equal(r.Verdict.Unseen, []string{"Login"}) || r.Answers[0].Code != "net.timeout" || len(r.Answers[1].Visitors) != 1 {
			t.Fatalf("%+v", r)
		}
	}
	// Once it works again, only what could not be seen is asked again.
	login.fail, login.calls = nil, nil
	clock.at = clock.at.Add(time.Minute)
	if b, err = s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil); err != nil || len(login.calls) != 0 {
		t.Errorf("a complete batch asked %d times, %v", len(login.calls), err)
	}
	if b, err = s.Run(t.Context(), b.ID, sources, lookup.RunOptions{Again: true}, nil); err != nil || b.Unseen != 0 || b.Counts[lookup.Linked] != 200 || b.Done != 200 {
		t.Errorf("%+v %v", b, err)
	}
}

func TestALongLimitIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s, clock := batches(t)
	s.Wait = func(context.Context, time.Duration) error { return errors.New("waited") }
	support, login := supportOf(200), loginOf(200)
	support.fail = func(int) error {
		return &core.Error{Code: "x.limited", Params: map[string]string{"seconds": "3600"}}
	}
	b := begin(t, s, list(t, ids(0, 200)...))
	var resting map[string]time.Time
	b, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Login", login), sourceOf("Support", support)}, lookup.RunOptions{}, func(p lookup.Progress) { resting = p.Resting })
	if err != nil || len(support.lots) != 1 || b.Unseen != 200 || !resting["Support"].Equal(clock.at.Add(time.Hour)) {
		t.Errorf("%d lots, %+v, %v, %v", len(support.lots), b, resting, err)
	}
	_, rows := outcomes(t, s, b.ID)
	if a := rows[150].Answers[1]; a.State != lookup.Limited || a.Code != "x.limited" || a.Until.IsZero() {
		t.Errorf("%+v", a)
	}
}

func TestOneTextThatTheVendorRefusesDoesNotTakeItsLotWithIt(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support := supportOf(100)
	support.bad = "usr_0042"
	b := begin(t, s, list(t, ids(0, 100)...))
	b, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Support", support)}, lookup.RunOptions{}, nil)
	if err != nil || b.Unseen != 1 || len(support.lots) > 2*8 {
		t.Errorf("%+v, %d lots, %v", b, len(support.lots), err)
	}
}

func TestAStoppedBatchGoesOnWhereItWasAndAsksNobodyTwice(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, login := supportOf(500), loginOf(500)
	sources := []lookup.Source{sourceOf("Login", login), sourceOf("Support", support)}
	b := begin(t, s, list(t, ids(0, 500)...))
	ctx, stop := context.WithCancel(t.Context())
	done := 0
	_, err := s.Run(ctx, b.ID, sources, lookup.RunOptions{}, func(p lookup.Progress) {
		if done = p.Batch.Done; done >= 250 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || done < 250 || done == 500 {
		t.Fatalf("%d done, %v", done, err)
	}
	kept, rows, left, err := s.Rows(t.Context(), b.ID)
	if err != nil || kept.Done != done || len(rows) != done || len(left) != 500-done || kept.Complete() {
		t.Fatalf("%+v %d %d %v", kept, len(rows), len(left), err)
	}
	asked := map[string]bool{}
	for _, r := range rows {
		asked[r.Query.Text] = true
	}
	login.calls, support.lots = nil, nil
	var first lookup.Progress
	again := &lookup.Batches{Store: s.Store, Clock: s.Clock, Events: s.Events, Wait: s.Wait} // another process
	b, err = again.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, func(p lookup.Progress) {
		if first.Of == 0 {
			first = p
		}
	})
	if err != nil || !b.Complete() || b.Counts[lookup.Linked] != 500 || first.Of != 500-done {
		t.Fatalf("%+v %v, first %+v", b, err, first)
	}
	for _, c := range login.calls {
		if asked[c.Text] {
			t.Errorf("%s was asked twice", c.Text)
		}
	}
	for _, c := range slices.Concat(support.lots...) {
		if asked[c] {
			t.Errorf("%s was asked twice", c)
		}
	}
}

func TestABatchThatAnotherSessionGoesOnWithStopsHere(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support := supportOf(300)
	b := begin(t, s, list(t, ids(0, 300)...))
	sources := []lookup.Source{sourceOf("Support", support)}
	var once sync.Once
	_, err := s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, func(lookup.Progress) {
		once.Do(func() {
			if _, err := s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil); err != nil {
				t.Error(err)
			}
		})
	})
	if core.CodeOf(err) != "batch.taken" || core.ClassOf(err) != core.Conflict {
		t.Error(err)
	}
	if _, rows := outcomes(t, s, b.ID); len(rows) != 300 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestABatchIsForOneSetOfConnectionsAndSaysWhenOneIsGone(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, login := supportOf(10), loginOf(10)
	b := begin(t, s, list(t, ids(0, 10)...), sourceOf("Support", support))
	if !slices.Equal(b.Asks, []string{"Support"}) {
		t.Error(b.Asks)
	}
	if _, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Login", login)}, lookup.RunOptions{}, nil); core.CodeOf(err) != "batch.source-gone" {
		t.Error(err)
	}
	if _, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Login", login), sourceOf("Support", support)}, lookup.RunOptions{}, nil); err != nil || len(login.calls) != 0 {
		t.Error(err, login.calls)
	}
}

func TestBatchesAreForgottenAfterTheirTimeOrAtOnce(t *testing.T) {
	t.Parallel()
	s, clock := batches(t)
	support := supportOf(300)
	run := func() lookup.Batch {
		b := begin(t, s, list(t, ids(0, 300)...))
		b, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Support", support)}, lookup.RunOptions{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := run()
	clock.at = clock.at.Add(6 * 24 * time.Hour)
	second := run()
	if got, err := s.Find(t.Context(), first.ID[:8]); err != nil || got.ID != first.ID {
		t.Fatal(got, err)
	}
	if !first.KeptUntil().Equal(first.Changed.Add(7 * 24 * time.Hour)) {
		t.Error(first.KeptUntil())
	}
	clock.at = clock.at.Add(2 * 24 * time.Hour)
	all, err := s.List(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != second.ID {
		t.Fatalf("%+v %v", all, err)
	}
	if err := s.Remove(t.Context(), second.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.View(t.Context(), func(r core.Reader) error {
		for _, k := range []core.Kind{core.KindBatch, core.KindBatchRow} {
			if n, err := r.Count(k); err != nil || n != 0 {
				t.Errorf("%d of %s are left, %v", n, k, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(t.Context(), second.ID); core.CodeOf(err) != "batch.not-found" {
		t.Error(err)
	}
	events, err := s.Events.Recent(t.Context(), 0, "")
	for _, e := range events {
		if strings.Contains(fmt.Sprint(e), "who.csv") || strings.Contains(fmt.Sprint(e), "usr_") {
			t.Errorf("the log tells whom: %+v", e)
		}
	}
	if err != nil || len(events) != 3 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// BenchmarkBatchLookup looks a thousand external ids up where the vendor
// answers about 100 a call, and prints how many calls that makes.
func BenchmarkBatchLookup(b *testing.B) {
	support := supportOf(1000)
	l := list(b, ids(0, 1000)...)
	for b.Loop() {
		s, _ := batches(b)
		support.lots = nil
		batch, err := s.Begin(b.Context(), "", l, lookup.BeginOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Run(b.Context(), batch.ID, []lookup.Source{sourceOf("Support", support)}, lookup.RunOptions{}, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(support.lots)+len(support.calls)), "calls/1000-ids")
}

func TestABatchThatIsLimitedBeforeItsFirstRowKnowsNoTimeYet(t *testing.T) {
	t.Parallel()
	s, clock := batches(t)
	s.Wait = func(_ context.Context, d time.Duration) error {
		clock.at = clock.at.Add(d)
		return nil
	}
	support := supportOf(10)
	support.fail = func(call int) error {
		clock.at = clock.at.Add(time.Second) // a call takes its time
		if call == 1 {
			return &core.Error{Code: "x.limited", Params: map[string]string{"seconds": "7"}}
		}
		return nil
	}
	b := begin(t, s, list(t, ids(0, 10)...))
	limited := false
	_, err := s.Run(t.Context(), b.ID, []lookup.Source{sourceOf("Support", support)}, lookup.RunOptions{}, func(p lookup.Progress) {
		if p.Asked == 0 {
			limited = true
			if p.Rate != 0 || p.Left != 0 {
				t.Errorf("rate %v, left %v of nothing asked", p.Rate, p.Left)
			}
		}
	})
	if err != nil || !limited {
		t.Errorf("limited %v, %v", limited, err)
	}
}
