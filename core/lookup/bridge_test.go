package lookup_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
)

// closed is a source whose way to other platforms ends in an error.
type closed struct {
	*people
	err   func(call int) error
	calls int
}

func (c *closed) Leads(ctx context.Context, v core.Visitor) ([]lookup.Lead, error) {
	c.calls++
	if err := c.err(c.calls); err != nil {
		return []lookup.Lead{{Kind: lookup.ByEmail, Text: "other@example.com"}}, err
	}
	return c.people.Leads(ctx, v)
}

func TestAWayThatIsClosedIsSaidAndHidesNothing(t *testing.T) {
	t.Parallel()
	w := linked()
	refusal := &core.Error{Tried: "follow", Code: "zendesk.support-scope", Class: core.Refused}
	sources := w.sources()
	sources[1].Finder = &closed{people: w.support, err: func(int) error { return refusal }}
	r := (&lookup.Service{Clock: fixed{}}).Find(t.Context(), lookup.Parse("external:"+sub), sources, nil)
	a := r.Answers[1]
	if a.State != lookup.Found || len(a.Visitors) != 1 || a.BridgeCode != "zendesk.support-scope" || a.BridgeErr == nil {
		t.Errorf("%+v", a)
	}
	i := slices.IndexFunc(r.Verdict.Findings, func(f lookup.Finding) bool { return f.Code == "bridge" })
	if i < 0 || r.Verdict.Findings[i].Source != "support" || r.Verdict.Findings[i].Params["code"] != "zendesk.support-scope" {
		t.Errorf("%+v", r.Verdict.Findings)
	}
	// What was found on the way counts, and the source was asked.
	if !slices.ContainsFunc(w.messaging.calls, func(l lookup.Lead) bool { return l.Text == "other@example.com" }) {
		t.Errorf("%v", w.messaging.calls)
	}
	if len(r.Verdict.Unseen) != 0 {
		t.Errorf("unseen: %v", r.Verdict.Unseen)
	}
}

func TestAWayIsTriedAgainWhenTheVendorSaysSo(t *testing.T) {
	t.Parallel()
	w := linked()
	busy := &core.Error{Tried: "follow", Code: "zendesk.rate-limited", Params: map[string]string{"seconds": "3"}}
	support := &closed{people: w.support, err: func(call int) error {
		if call == 1 {
			return busy
		}
		return nil
	}}
	sources := w.sources()
	sources[1].Finder = support
	var waited []time.Duration
	s := &lookup.Service{Clock: fixed{}, Wait: func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil }}
	r := s.Find(t.Context(), lookup.Parse("external:"+sub), sources, nil)
	if r.Answers[1].BridgeCode != "" || len(r.Answers[3].Visitors) != 1 || len(waited) != 1 || waited[0] != 3*time.Second {
		t.Errorf("waited %v: %+v", waited, r.Answers)
	}
}

func TestWhoIsOnlyReachedThroughASourceThatFailedIsNotSeen(t *testing.T) {
	t.Parallel()
	w := linked()
	w.support.fail = func(int) error { return &core.Error{Tried: "find", Code: "vendor.html"} }
	r := find(t, w, "external:"+sub)
	if a := r.Answers[3]; a.State != lookup.Skipped || a.Behind != "support" {
		t.Errorf("Chat: %+v", a)
	}
	if !slices.Equal(r.Verdict.Unseen, []string{"support", "chat"}) || strings.Count(codes(r), "unseen") != 1 {
		t.Errorf("unseen: %v, findings %s", r.Verdict.Unseen, codes(r))
	}
	// Where everything answers, who knows nobody by this is behind nothing.
	w = linked()
	w.support.leads = nil
	if r := find(t, w, "external:"+sub); r.Answers[3].Behind != "" || len(r.Verdict.Unseen) != 0 {
		t.Errorf("Chat: %+v, unseen %v", r.Answers[3], r.Verdict.Unseen)
	}
}

func TestOneConnectionAloneIsSaidToHaveNothingToCompareWith(t *testing.T) {
	t.Parallel()
	w := linked()
	s := &lookup.Service{Clock: fixed{}}
	alone := s.Find(t.Context(), lookup.Parse("external:"+sub), w.sources()[1:2], nil)
	if alone.Verdict.Outcome != lookup.NotLinked || lookup.NextKey(alone) != "lookup.one-source.next" {
		t.Errorf("%s, next %q", alone.Verdict.Outcome, lookup.NextKey(alone))
	}
	for query, want := range map[string]string{"external:" + sub: "", "external:nobody": "lookup.nobody.next"} {
		if got := lookup.NextKey(find(t, linked(), query)); got != want {
			t.Errorf("%s: next %q, want %q", query, got, want)
		}
	}
}

func TestARecordThatTwoConnectionsLeadToLinksNobody(t *testing.T) {
	t.Parallel()
	w := linked()
	one := lookup.Source{ID: "1", Name: "by OAuth", Kind: core.VisitorSupport, Finder: w.support}
	other := lookup.Source{ID: "2", Name: "by token", Kind: core.VisitorSupport, Finder: linked().support}
	r := (&lookup.Service{Clock: fixed{}}).Find(t.Context(), lookup.Parse("external:"+sub), []lookup.Source{one, other}, nil)
	if r.Verdict.Outcome != lookup.NotLinked || strings.Count(codes(r), "external-id.same") != 1 || strings.Contains(codes(r), "duplicate") {
		t.Errorf("%s: %s", r.Verdict.Outcome, codes(r))
	}
	if len(r.Answers[0].Visitors) != 1 || len(r.Answers[1].Visitors) != 1 {
		t.Errorf("%+v", r.Answers)
	}
}
