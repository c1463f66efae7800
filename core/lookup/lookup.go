// Package lookup finds one person on every platform at once, by whatever an
// admin has of them, and says whether the platforms mean the same person.
//
// Each connection that can find people is a Source. All are asked at the same
// time and each has its own state, so that one that is down, slow or limited
// hides nobody. What one source tells of the person (an external id, an
// address, the id of a Chat visitor) is a lead, by which the others are asked
// again. Judge then draws the conclusions.
package lookup

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"deskward/core"
)

// Finder finds people on one platform. It is a capability of a platform's
// client.
type Finder interface {
	// Takes lists the kinds of query that the platform can answer.
	Takes() []QueryKind
	// Find returns everybody the query's text may mean, read as kind k: with an
	// error those who were found before it. Nobody is no error.
	Find(ctx context.Context, k QueryKind, text string) ([]core.Visitor, error)
}

// Bridge leads from a person on one platform to their ids on another, where
// only the records between them tell: external id, user, tickets, audits, Chat
// visitor.
type Bridge interface {
	// Leads returns further queries about the same person: with an error those
	// that were found before it.
	Leads(ctx context.Context, v core.Visitor) ([]Lead, error)
	// LeadCalls returns how many calls Leads makes for one person, at least and
	// at most.
	LeadCalls() (least, most int)
}

// Lead is a query that follows from what was found.
type Lead struct {
	Kind QueryKind `json:"kind"`
	Text string    `json:"text"`
	From string    `json:"from"` // name of the source that told it
}

// Finds says whom a finder finds: each platform can be asked by its own id of
// a person, and by that it is known.
func Finds(f Finder) core.VisitorKind {
	takes := f.Takes()
	for _, own := range []struct {
		id   QueryKind
		kind core.VisitorKind
	}{{ByLoginID, core.VisitorLogin}, {ByChatID, core.VisitorChat}, {ByMessaging, core.VisitorMessaging}} {
		if slices.Contains(takes, own.id) {
			return own.kind
		}
	}
	return core.VisitorSupport
}

// Source is a connection that can find people.
type Source struct {
	ID     string // of the connection
	Name   string
	Kind   core.VisitorKind // whom it finds
	Finder Finder
}

// State is how far a source is.
type State string

// The states.
const (
	Asking  State = "asking"
	Limited State = "limited" // the vendor wants to be left alone until Until
	Found   State = "found"
	Nobody  State = "nobody"
	Failed  State = "failed"
	Skipped State = "skipped" // it knows nobody by what is known
)

// Answer is what came of one source so far.
type Answer struct {
	Source   string           `json:"source"` // the connection's name
	SourceID string           `json:"source_id"`
	Kind     core.VisitorKind `json:"kind"`
	State    State            `json:"state"`
	Visitors []core.Visitor   `json:"visitors,omitempty"`
	By       []Lead           `json:"by,omitempty"` // by what it was asked
	Calls    []core.Call      `json:"calls,omitempty"`
	Took     time.Duration    `json:"took_ns"`
	Until    time.Time        `json:"until,omitzero"` // of a limited source
	// Behind is the connection that may lead to a skipped source and could not
	// be asked: that nothing was known to search by is then no "nobody".
	Behind string `json:"behind,omitempty"`
	Err    error  `json:"-"`
	Code   string `json:"code,omitempty"` // of Err
	// BridgeErr is why the way from a person found here to other platforms
	// could not be gone to its end; what was found stands.
	BridgeErr  error  `json:"-"`
	BridgeCode string `json:"bridge_code,omitempty"`
	// TicketsOff: the way over tickets from a person found here was not gone,
	// for nobody asked for it, though somebody may be at its end.
	TicketsOff bool `json:"tickets_off,omitempty"`
}

// Result is everything about one query.
type Result struct {
	Query   Query    `json:"query"`
	Answers []Answer `json:"answers"` // in the order of the sources
	Verdict Verdict  `json:"verdict"`
}

// Service asks the sources.
type Service struct {
	Clock core.Clock
	// Wait waits for a limited vendor; nil: really.
	Wait func(ctx context.Context, d time.Duration) error
}

const (
	// rounds is how often leads are followed: what the first answers tell, and
	// what the answers to that tell.
	rounds = 3
	// maxLeads is how many queries one source is asked: a name may mean many.
	maxLeads = 12
	// tries is how often a limited source is asked again, and longestWait what
	// it is waited for at most: beyond that the admin decides.
	tries       = 3
	longestWait = time.Minute
)

// Find asks all sources and follows the leads. emit is told each change of a
// source's answer, from several goroutines, one after the other. It returns
// what was found when all have answered or ctx ends; that it ended is no error:
// the sources that were still asked have failed.
func (s *Service) Find(ctx context.Context, q Query, sources []Source, emit func(Answer)) Result {
	if emit == nil {
		emit = func(Answer) {}
	}
	t := &trail{service: s, emit: emit, sources: sources, answers: make([]Answer, len(sources)), asked: make([]map[Lead]bool, len(sources)), known: map[Lead]bool{}}
	for i, src := range sources {
		t.answers[i] = Answer{Source: src.Name, SourceID: src.ID, Kind: src.Kind, State: Skipped}
		t.asked[i] = map[Lead]bool{}
	}
	var leads []Lead
	for _, k := range q.Kinds {
		leads = append(leads, Lead{Kind: k, Text: q.Text})
	}
	for range rounds {
		leads = t.round(ctx, leads)
		if len(leads) == 0 || ctx.Err() != nil {
			break
		}
	}
	r := Result{Query: q, Answers: t.answers}
	behind(r.Answers)
	r.Verdict = Judge(r)
	return r
}

// behind says of the sources that were not asked, because nothing was known to
// search them by, which other source could have told it and did not.
func behind(all []Answer) {
	i := slices.IndexFunc(all, func(a Answer) bool { return a.State == Failed || a.State == Limited || a.BridgeErr != nil })
	if i < 0 {
		return
	}
	for n := range all {
		if all[n].State == Skipped {
			all[n].Behind = all[i].Source
		}
	}
}

// trail is one lookup under way.
type trail struct {
	service *Service
	sources []Source

	mu      sync.Mutex
	emit    func(Answer)
	answers []Answer
	asked   []map[Lead]bool // per source, without From
	known   map[Lead]bool   // leads seen, without From
}

// round asks every source by the leads that are new to it, and returns the
// leads that follow.
func (t *trail) round(ctx context.Context, leads []Lead) []Lead {
	var wg sync.WaitGroup
	next := make([][]Lead, len(t.sources))
	for i, src := range t.sources {
		ask := t.forSource(i, src, leads)
		if len(ask) == 0 {
			continue
		}
		wg.Go(func() { next[i] = t.ask(ctx, i, ask) })
	}
	wg.Wait()
	var out []Lead
	for _, l := range slices.Concat(next...) {
		if bare := (Lead{Kind: l.Kind, Text: l.Text}); l.Text != "" && !t.known[bare] {
			t.known[bare] = true
			out = append(out, l)
		}
	}
	return out
}

// forSource chooses what a source is asked, and notes it.
func (t *trail) forSource(i int, src Source, leads []Lead) []Lead {
	var out []Lead
	takes := src.Finder.Takes()
	for _, l := range leads {
		bare := Lead{Kind: l.Kind, Text: l.Text}
		t.known[bare] = true
		if !slices.Contains(takes, l.Kind) || t.asked[i][bare] || len(t.asked[i]) >= maxLeads {
			continue
		}
		t.asked[i][bare] = true
		out = append(out, l)
	}
	return out
}

// ask asks one source by several leads, one after the other, and returns what
// its answers lead to.
func (t *trail) ask(ctx context.Context, i int, leads []Lead) []Lead {
	began := t.service.Clock.Now()
	a := t.change(i, func(a *Answer) { a.State, a.By = Asking, append(a.By, leads...) })
	var rec core.CallRecorder
	callCtx := core.WithCallRecorder(ctx, &rec)
	var next []Lead
	var failed error
	for _, l := range leads {
		found, err := t.find(callCtx, i, l)
		for _, v := range found {
			if known(a.Visitors, v) {
				continue
			}
			a.Visitors = append(a.Visitors, v)
			t.change(i, func(now *Answer) { now.Visitors = slices.Clone(a.Visitors) })
			if !l.Kind.many() || len(found) == 1 { // a name that several have leads to none of them
				next = append(next, t.follow(callCtx, i, v)...)
			}
		}
		if err != nil { // who was found before it stays
			failed = err
			break
		}
	}
	t.change(i, func(now *Answer) {
		now.Calls, now.Took = append(now.Calls, rec.Calls()...), now.Took+t.service.Clock.Now().Sub(began)
		now.Until = time.Time{}
		switch {
		case failed != nil:
			now.State, now.Err, now.Code = Failed, failed, core.CodeOf(failed)
		case len(now.Visitors) > 0:
			now.State = Found
		default:
			now.State = Nobody
		}
	})
	return next
}

func (t *trail) find(ctx context.Context, i int, l Lead) ([]core.Visitor, error) {
	return patiently(ctx, t, i, func() ([]core.Visitor, error) { return t.sources[i].Finder.Find(ctx, l.Kind, l.Text) })
}

func (t *trail) leads(ctx context.Context, i int, b Bridge, v core.Visitor) ([]Lead, error) {
	return patiently(ctx, t, i, func() ([]Lead, error) { return b.Leads(ctx, v) })
}

// patiently asks once, and again when the vendor says how long to wait.
func patiently[T any](ctx context.Context, t *trail, i int, ask func() ([]T, error)) ([]T, error) {
	for try := 1; ; try++ {
		found, err := ask()
		wait, limited := core.RetryAfter(err)
		if err == nil || !limited || try == tries || wait > longestWait {
			return found, err
		}
		t.change(i, func(a *Answer) { a.State, a.Until = Limited, t.service.Clock.Now().Add(wait) })
		if waitErr := t.service.wait(ctx, wait); waitErr != nil {
			return found, err
		}
		t.change(i, func(a *Answer) { a.State, a.Until = Asking, time.Time{} })
	}
}

func (s *Service) wait(ctx context.Context, d time.Duration) error {
	if s.Wait != nil {
		return s.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// change changes a source's answer and tells it.
func (t *trail) change(i int, fn func(*Answer)) Answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	fn(&t.answers[i])
	a := t.answers[i]
	a.Visitors, a.By = slices.Clone(a.Visitors), slices.Clone(a.By)
	t.emit(a)
	return a
}

func known(list []core.Visitor, v core.Visitor) bool {
	return slices.ContainsFunc(list, func(o core.Visitor) bool { return o.Kind == v.Kind && o.ID == v.ID })
}

// follow returns what a found person leads to.
func (t *trail) follow(ctx context.Context, i int, v core.Visitor) []Lead {
	from := t.sources[i].Name
	out := leadsFrom(from, v)
	if b, ok := t.sources[i].Finder.(Bridge); ok {
		// That a way is closed is no failure of the source: it found somebody.
		// It is said, for behind it may be more.
		more, err := t.leads(ctx, i, b, v)
		if err != nil {
			t.change(i, func(a *Answer) { a.BridgeErr, a.BridgeCode = err, core.CodeOf(err) })
		}
		for _, l := range more {
			l.From = cmp.Or(l.From, from)
			out = append(out, l)
		}
	}
	return out
}

// leadsFrom returns what a person's record leads to by itself.
func leadsFrom(from string, v core.Visitor) []Lead {
	var out []Lead
	add := func(k QueryKind, text string) {
		if text != "" {
			out = append(out, Lead{k, text, from})
		}
	}
	if m := conversationShape().FindStringSubmatch(v.ExternalID); m != nil {
		add(ByMessaging, m[1]) // not the company's id: the vendor's, of app, user and conversation
	} else {
		add(ByExternalID, v.ExternalID)
	}
	if v.Kind == core.VisitorLogin {
		add(ByLoginID, v.ID)
	} else if uuidShape().MatchString(v.ExternalID) {
		add(ByLoginID, v.ExternalID)
	}
	add(BySupportID, v.SupportID)
	add(ByChatID, v.ChatID)
	for _, e := range v.Emails {
		add(ByEmail, strings.ToLower(e.Address))
	}
	return out
}
