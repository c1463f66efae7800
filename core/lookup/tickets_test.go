package lookup_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
)

// archive is a Support whose tickets name Chat visitors.
type archive struct {
	*crowd
	leadErr func(call int) error

	leadMu sync.Mutex
	led    []string // ids of the people whose tickets were read
}

func (a *archive) Leads(_ context.Context, v core.Visitor) ([]lookup.Lead, error) {
	a.leadMu.Lock()
	defer a.leadMu.Unlock()
	a.led = append(a.led, v.ExternalID)
	if a.leadErr != nil {
		if err := a.leadErr(len(a.led)); err != nil {
			return nil, err
		}
	}
	return a.leads[v.ID], nil
}

// archived is a Support of n people and a Chat in which every one with a number
// that is divisible by three has a visitor, to whom only a ticket leads.
func archived(n int) (*archive, *people) {
	support := &archive{crowd: supportOf(n)}
	support.leads = map[string][]lookup.Lead{}
	chat := &people{kind: core.VisitorChat, takes: []lookup.QueryKind{lookup.ByChatID}}
	for i := 0; i < n; i += 3 {
		id := fmt.Sprintf("9855790.visitor%04d", i)
		support.leads[support.all[i].ID] = []lookup.Lead{{Kind: lookup.ByChatID, Text: id}}
		chat.all = append(chat.all, core.Visitor{Kind: core.VisitorChat, ID: id, ExternalID: support.all[i].ExternalID})
	}
	return support, chat
}

// finder is a platform without tickets.
type finder struct{ lookup.Finder }

func both(support *archive, chat *people) []lookup.Source {
	return []lookup.Source{sourceOf("Support", support), sourceOf("Chat", finder{chat})}
}

func overTickets(t testing.TB, s *lookup.Batches, l lookup.List) lookup.Batch {
	t.Helper()
	b, err := s.Begin(t.Context(), "who.csv", l, lookup.BeginOptions{Tickets: true})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAThousandExternalIDsAreTenCallsBesideAChatToo(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, chat := archived(1000)
	b := begin(t, s, list(t, ids(0, 1000)...))
	b, err := s.Run(t.Context(), b.ID, both(support, chat), lookup.RunOptions{}, nil)
	if err != nil || len(support.lots) != 10 || len(support.calls)+len(chat.calls)+len(support.led) != 0 {
		t.Fatalf("%d lots, %d and %d single calls, %d over tickets, %v", len(support.lots), len(support.calls), len(chat.calls), len(support.led), err)
	}
	if b.Untraced != 1000 || b.Unseen != 0 || !slices.Equal(b.Asks, []string{"Support", "Chat"}) {
		t.Errorf("%+v", b)
	}
}

func TestWithoutTicketsNoVerdictIsStrongerThanWhatWasSeen(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, chat := archived(2)
	login := loginOf(1)
	sources := append([]lookup.Source{sourceOf("Login", finder{login})}, both(support, chat)...)
	b := begin(t, s, list(t, "usr_0000", "usr_0001", "usr_none"))
	b, err := s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil)
	if err != nil || b.Untraced != 2 {
		t.Fatalf("%+v %v", b, err)
	}
	got, rows := outcomes(t, s, b.ID)
	// Somebody alone in Support may have a Chat visitor; who is nowhere has none.
	if want := map[int]lookup.Outcome{1: lookup.Linked, 2: lookup.CantTell, 3: lookup.NoOne}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	for i, want := range [][]string{{"Support"}, {"Support"}, nil} {
		v := rows[i].Verdict
		said := slices.ContainsFunc(v.Findings, func(f lookup.Finding) bool { return f.Code == "tickets-off" && f.Source == "Support" })
		if !slices.Equal(v.Untraced, want) || said != (want != nil) || len(v.Unseen) != 0 {
			t.Errorf("line %d: %+v", i+1, v)
		}
	}
}

func TestOverTicketsABatchSeesWhatTheOrdinaryLookupSees(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, chat := archived(40)
	chat.all[1].ExternalID = "usr_other" // of usr_0003: the ticket leads to somebody else's record
	lines := append(ids(0, 41), "p6@example.com", chat.all[3].ID)
	b := overTickets(t, s, list(t, lines...))
	sources := both(support, chat)
	b, err := s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil)
	if err != nil || b.Untraced != 0 || b.Unseen != 0 || !b.Tickets {
		t.Fatalf("%+v %v", b, err)
	}
	if n := len(support.led); n != 42 { // of everybody found, once a line
		t.Errorf("the tickets of %d were read", n)
	}
	got, rows := outcomes(t, s, b.ID)
	for line, want := range map[int]lookup.Outcome{1: lookup.Linked, 2: lookup.NotLinked, 4: lookup.Elsewhere, 41: lookup.NoOne, 42: lookup.Linked, 43: lookup.Linked} {
		if got[line] != want {
			t.Errorf("line %d: %s, want %s", line, got[line], want)
		}
	}
	for _, r := range rows {
		one := (&lookup.Service{Clock: fixedClock{}}).Find(t.Context(), r.Query, sources, nil)
		if one.Verdict.Outcome != r.Verdict.Outcome || one.Verdict.ExternalID != r.Verdict.ExternalID || codes(one) != codes(r.Result) {
			t.Errorf("%s: %s by the batch (%s), %s alone (%s)", r.Query.Text, r.Verdict.Outcome, codes(r.Result), one.Verdict.Outcome, codes(one))
		}
	}
}

func TestTicketsCanBeGoneOverLaterForThoseOfWhomItWasNotDone(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, chat := archived(30)
	sources := both(support, chat)
	b := begin(t, s, list(t, append(ids(0, 30), "usr_none")...))
	if _, err := s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	support.lots = nil
	ctx, stop := context.WithCancel(t.Context())
	_, err := s.Run(ctx, b.ID, sources, lookup.RunOptions{Tickets: true}, func(lookup.Progress) { stop() })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	// Broken off, it is gone on with without being told so again.
	b, err = s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil)
	if err != nil || b.Untraced != 0 || b.Counts[lookup.Linked] != 10 || b.Counts[lookup.NotLinked] != 20 || b.Counts[lookup.NoOne] != 1 {
		t.Fatalf("%+v %v", b, err)
	}
	if slices.Contains(slices.Concat(support.lots...), "usr_none") {
		t.Error("nobody was asked for again")
	}
	slices.Sort(support.led)
	if len(support.led) != 30 || len(slices.Compact(support.led)) != 30 {
		t.Errorf("the tickets of %d people were read, of 30", len(support.led))
	}
}

func TestAStoppedWayOverTicketsGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, chat := archived(200)
	sources := both(support, chat)
	b := overTickets(t, s, list(t, ids(0, 200)...))
	ctx, stop := context.WithCancel(t.Context())
	done := 0
	_, err := s.Run(ctx, b.ID, sources, lookup.RunOptions{}, func(p lookup.Progress) {
		if done = p.Batch.Done; done >= 64 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || done != 64 {
		t.Fatalf("%d done, %v", done, err)
	}
	_, rows, _, err := s.Rows(t.Context(), b.ID)
	if err != nil || len(rows) != 64 {
		t.Fatal(len(rows), err)
	}
	support.led = nil
	if b, err = s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil); err != nil || !b.Complete() || b.Counts[lookup.Linked] != 67 || b.Untraced != 0 {
		t.Fatalf("%+v %v", b, err)
	}
	if len(support.led) != 136 {
		t.Errorf("the tickets of %d were read for the 136 left", len(support.led))
	}
}

func TestALimitOnTheWayOverTicketsIsWaitedFor(t *testing.T) {
	t.Parallel()
	s, clock := batches(t)
	var waited time.Duration
	s.Wait = func(_ context.Context, d time.Duration) error {
		waited += d
		clock.at = clock.at.Add(d)
		return nil
	}
	s.Concurrency = 1
	support, chat := archived(30)
	support.leadErr = func(call int) error {
		if call == 5 {
			return &core.Error{Code: "x.limited", Params: map[string]string{"seconds": "7"}}
		}
		return nil
	}
	b := overTickets(t, s, list(t, ids(0, 30)...))
	rested := false
	b, err := s.Run(t.Context(), b.ID, both(support, chat), lookup.RunOptions{}, func(p lookup.Progress) { rested = rested || !p.Resting["Support"].IsZero() })
	if err != nil || b.Unseen != 0 || b.Counts[lookup.Linked] != 10 || waited != 7*time.Second || len(support.led) != 31 || !rested {
		t.Errorf("%+v, waited %s, %d calls, told %v, %v", b, waited, len(support.led), rested, err)
	}
}

func TestARefusedWayOverTicketsTakesNothingElseWithItAndIsAskedAgain(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, chat := archived(250)
	support.leadErr = func(int) error { return &core.Error{Code: "zendesk.support-scope", Class: core.Refused} }
	sources := both(support, chat)
	b := overTickets(t, s, list(t, ids(0, 250)...))
	b, err := s.Run(t.Context(), b.ID, sources, lookup.RunOptions{}, nil)
	if err != nil || b.Unseen != 250 || b.Counts[lookup.CantTell] != 250 || len(support.lots) != 3 {
		t.Fatalf("%+v, %d lots, %v", b, len(support.lots), err)
	}
	if n := len(support.led); n < 5 || n > 5+4 {
		t.Errorf("asked %d times though it is refused", n)
	}
	_, rows := outcomes(t, s, b.ID)
	for _, r := range rows {
		if a := r.Answers[0]; a.State != lookup.Found || a.BridgeCode != "zendesk.support-scope" || !slices.Equal(r.Verdict.Untraced, []string{"Support"}) {
			t.Fatalf("%+v", r)
		}
	}
	support.leadErr = nil
	if b, err = s.Run(t.Context(), b.ID, sources, lookup.RunOptions{Again: true}, nil); err != nil || b.Unseen != 0 || b.Counts[lookup.Linked] != 84 {
		t.Errorf("%+v %v", b, err)
	}
}

func TestALongLimitOnTheWayOverTicketsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	s.Wait = func(context.Context, time.Duration) error { return errors.New("waited") }
	support, chat := archived(40)
	support.leadErr = func(int) error {
		return &core.Error{Code: "x.limited", Params: map[string]string{"seconds": "3600"}}
	}
	b := overTickets(t, s, list(t, ids(0, 40)...))
	b, err := s.Run(t.Context(), b.ID, both(support, chat), lookup.RunOptions{}, nil)
	if err != nil || b.Unseen != 40 || len(support.led) > 4 {
		t.Errorf("%+v, %d calls, %v", b, len(support.led), err)
	}
}

func TestSeveralOfOneNameLeadNowhereOverTickets(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, chat := archived(30)
	b := overTickets(t, s, list(t, "text:Person 1")) // ten and more have that in the name
	b, err := s.Run(t.Context(), b.ID, both(support, chat), lookup.RunOptions{}, nil)
	if err != nil || b.Counts[lookup.Several] != 1 || len(support.led) != 0 || len(chat.calls) != 0 || len(support.calls) != 1 {
		t.Errorf("%+v, %v over tickets, %v %v", b, support.led, support.calls, err)
	}
}

func TestWhatTicketsCostIsSaidBeforeAndOnlyWhereTheyLeadSomewhere(t *testing.T) {
	t.Parallel()
	support, chat := archived(1)
	login := sourceOf("Login", finder{loginOf(1)})
	for name, one := range map[string]struct {
		sources []lookup.Source
		want    string
	}{
		"Support and Chat":     {append(both(support, chat), login), "{1000 6000} true"},
		"two Supports, a Chat": {append(both(support, chat), sourceOf("Second", support)), "{2000 12000} true"},
		"no Chat":              {[]lookup.Source{sourceOf("Support", support), login}, "{0 0} false"},
		"no Support":           {[]lookup.Source{login, sourceOf("Chat", finder{chat})}, "{0 0} false"},
	} {
		c, ok := lookup.TicketCalls(1000, one.sources)
		if got := fmt.Sprint(c, ok); got != one.want {
			t.Errorf("%s: %s, want %s", name, got, one.want)
		}
	}
}

func TestInABatchTooWhoIsOnlyReachedThroughASourceThatFailedIsNotSeen(t *testing.T) {
	t.Parallel()
	s, _ := batches(t)
	support, chat := archived(3)
	support.fail = func(int) error { return &core.Error{Code: "vendor.html"} }
	b := begin(t, s, list(t, "usr_0000"))
	b, err := s.Run(t.Context(), b.ID, both(support, chat), lookup.RunOptions{}, nil)
	if err != nil || b.Unseen != 1 {
		t.Fatalf("%+v %v", b, err)
	}
	if _, rows := outcomes(t, s, b.ID); rows[0].Answers[1].Behind != "Support" || !slices.Equal(rows[0].Verdict.Unseen, []string{"Support", "Chat"}) {
		t.Errorf("%+v", rows[0])
	}
}
