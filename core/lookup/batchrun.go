package lookup

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"deskward/core"
)

const (
	// lotSize is how many rows are taken together where a source answers about
	// several at once; the vendors' own most.
	lotSize = 100
	// blockSize is how many rows are asked about singly before what came of
	// them is written down: what a killed process asks again.
	blockSize = 16
	// concurrency is the default of Batches.Concurrency.
	concurrency = 4
)

// Progress is how far a batch is.
type Progress struct {
	Batch   Batch
	Asked   int                  // rows of this run that are done
	Of      int                  // rows that this run has to do
	Rate    float64              // rows a second; 0: not known yet
	Left    time.Duration        // until the end at that rate; 0: not known yet
	Rows    []Row                // those done since the last progress
	Resting map[string]time.Time // connections that the vendor limits, and until when
}

// RunOptions choose what Run does.
type RunOptions struct {
	// Again asks once more about the rows of which some source could not be
	// asked, too.
	Again bool
}

// Run asks the sources about the rows that were not asked about, in lots where
// a source takes several, and writes down what came of them as it goes. emit
// is told after each lot, and when a vendor begins to limit. A source that fails or is limited is so in its rows,
// and hides no other. When ctx ends Run returns its cause: Run again goes on.
func (s *Batches) Run(ctx context.Context, id string, sources []Source, o RunOptions, emit func(Progress)) (Batch, error) {
	b, rows, todo, err := s.take(ctx, id)
	if err != nil {
		return b, err
	}
	if sources, err = only(b, sources); err != nil {
		return b, err
	}
	t := &tour{service: s, batch: b, emit: emit, began: s.Clock.Now(), state: map[int]Row{}}
	for _, r := range rows {
		t.state[r.Line] = r
		if o.Again && len(r.Verdict.Unseen) > 0 {
			todo = append(todo, Line{Number: r.Line, Query: r.Query})
		}
	}
	for _, src := range sources {
		t.askers = append(t.askers, newAsker(src, s, t.tell))
	}
	t.of = len(todo)
	for _, lot := range lotsOf(todo) {
		if err := t.lot(ctx, lot); err != nil {
			return t.batch, err
		}
	}
	return t.batch, nil
}

// only are the sources that the batch is for.
func only(b Batch, sources []Source) ([]Source, error) {
	if b.Only == nil {
		return sources, nil
	}
	var out []Source
	for _, id := range b.Only {
		i := slices.IndexFunc(sources, func(s Source) bool { return s.ID == id })
		if i < 0 {
			return nil, &core.Error{Tried: "look-up-batch", On: b.Name, Code: "batch.source-gone", Class: core.Usage}
		}
		out = append(out, sources[i])
	}
	return out, nil
}

// lotsOf parts the lines into lots that can be asked about together: those of
// one lot may be the same kinds of thing, so that a list of mixed ones makes
// few more calls than a sorted list.
func lotsOf(lines []Line) [][]Line {
	kinds := func(l Line) string {
		var b strings.Builder
		for _, k := range l.Query.Kinds {
			b.WriteString(string(k) + " ")
		}
		return b.String()
	}
	sorted := slices.Clone(lines)
	slices.SortStableFunc(sorted, func(a, b Line) int { return cmp.Or(strings.Compare(kinds(a), kinds(b)), a.Number-b.Number) })
	var out [][]Line
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && n < lotSize && kinds(sorted[n]) == kinds(sorted[0]) {
			n++
		}
		out, sorted = append(out, sorted[:n]), sorted[n:]
	}
	return out
}

// tour is one Run.
type tour struct {
	service *Batches
	batch   Batch
	askers  []*asker
	emit    func(Progress)
	began   time.Time
	asked   int
	of      int
	state   map[int]Row // by line, all that is known

	telling sync.Mutex
}

// work is a row that is being asked about.
type work struct {
	line    Line
	mu      sync.Mutex
	answers []Answer
	asked   []map[Lead]bool // per source, without From
}

// lot asks about some rows: first every source that takes them together, then
// the others, block by block.
func (t *tour) lot(ctx context.Context, lines []Line) error {
	all := make([]*work, len(lines))
	for i, l := range lines {
		all[i] = &work{line: l}
		for _, a := range t.askers {
			all[i].answers = append(all[i].answers, Answer{Source: a.source.Name, SourceID: a.source.ID, Kind: a.source.Kind, State: Skipped})
			all[i].asked = append(all[i].asked, map[Lead]bool{})
		}
	}
	first := func(w *work) []Lead { return leadsOf(w.line.Query) }
	t.together(ctx, all, first)
	size := len(all)
	if t.anySingle(all, first) {
		size = blockSize
	}
	for block := range slices.Chunk(all, size) {
		t.singly(ctx, block, first)
		if len(t.askers) > 1 {
			led := map[*work][]Lead{} // as they are now, whatever the round brings
			for _, w := range block {
				led[w] = w.follow()
			}
			next := func(w *work) []Lead { return led[w] }
			t.together(ctx, block, next)
			t.singly(ctx, block, next)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := t.settle(ctx, block); err != nil {
			return err
		}
	}
	return nil
}

// leadsOf is by what a line is looked up. A batch is of ids and addresses: a
// vendor's search, which takes one text a call, is only made where the line is
// likeliest to be for it.
func leadsOf(q Query) []Lead {
	var out []Lead
	for i, k := range q.Kinds {
		switch {
		case k == ByText && len(q.Kinds) > 1, k == ByPhone && i > 0:
		default:
			out = append(out, Lead{Kind: k, Text: q.Text})
		}
	}
	return out
}

// together asks the sources that take several texts of a kind in one call.
func (t *tour) together(ctx context.Context, rows []*work, leads func(*work) []Lead) {
	var wg sync.WaitGroup
	for i, a := range t.askers {
		if a.batch == nil {
			continue
		}
		wg.Go(func() {
			for _, k := range QueryKinds() {
				size := a.batch.BatchSize(k)
				if size <= 1 {
					continue
				}
				by := map[string][]*work{} // whom a text is about
				for _, w := range rows {
					for _, l := range leads(w) {
						if l.Kind == k && w.takes(i, l) {
							by[l.Text] = append(by[l.Text], w)
							w.note(i, l)
						}
					}
				}
				for texts := range slices.Chunk(slices.Sorted(maps.Keys(by)), size) {
					a.lot(ctx, k, texts, func(text string, found []core.Visitor, err error) {
						for _, w := range by[text] {
							w.put(i, found, err, t.service.Clock.Now(), a.resting())
						}
					})
				}
			}
		})
	}
	wg.Wait()
}

// anySingle reports whether some source has to be asked about the rows one by
// one.
func (t *tour) anySingle(rows []*work, leads func(*work) []Lead) bool {
	for i, a := range t.askers {
		for _, w := range rows {
			for _, l := range leads(w) {
				if a.takes(l.Kind) && w.takes(i, l) {
					return true
				}
			}
		}
	}
	return false
}

// singly asks what is left, one person a call and some calls at once.
func (t *tour) singly(ctx context.Context, rows []*work, leads func(*work) []Lead) {
	var wg sync.WaitGroup
	for i, a := range t.askers {
		gate := make(chan struct{}, cmp.Or(t.service.Concurrency, concurrency))
		for _, w := range rows {
			var ask []Lead
			for _, l := range leads(w) {
				if a.takes(l.Kind) && w.takes(i, l) {
					ask = append(ask, l)
				}
			}
			if len(ask) == 0 {
				continue
			}
			wg.Go(func() {
				gate <- struct{}{}
				defer func() { <-gate }()
				for _, l := range ask {
					if !w.takes(i, l) { // what came before it is enough
						continue
					}
					w.note(i, l)
					found, err := a.one(ctx, l)
					w.put(i, found, err, t.service.Clock.Now(), a.resting())
				}
			})
		}
	}
	wg.Wait()
}

// settle draws the conclusions, writes them down and tells them.
func (t *tour) settle(ctx context.Context, rows []*work) error {
	var done []Row
	for _, w := range rows {
		r := Row{Line: w.line.Number, Result: Result{Query: w.line.Query, Answers: w.answers}}
		r.Verdict = Judge(r.Result)
		done = append(done, r)
		t.state[r.Line] = r
	}
	b := t.batch
	b.Counts, b.Done, b.Unseen = map[Outcome]int{}, len(t.state), 0
	for _, r := range t.state {
		b.Counts[r.Verdict.Outcome]++
		if len(r.Verdict.Unseen) > 0 {
			b.Unseen++
		}
	}
	b, err := t.service.write(context.WithoutCancel(ctx), b, done)
	if err != nil {
		return err
	}
	t.batch = b
	t.asked += len(done)
	t.tellOf(done)
	return nil
}

// tell tells how far it is, while calls are under way.
func (t *tour) tell() { t.tellOf(nil) }

// tellOf tells how far it is, with the rows that are done. Only settle changes
// that, and not while calls are under way.
func (t *tour) tellOf(done []Row) {
	if t.emit == nil {
		return
	}
	t.telling.Lock()
	defer t.telling.Unlock()
	p := Progress{Batch: t.batch, Asked: t.asked, Of: t.of, Rows: done, Resting: map[string]time.Time{}}
	if took := t.service.Clock.Now().Sub(t.began).Seconds(); took > 0 {
		p.Rate = float64(t.asked) / took
		p.Left = time.Duration(float64(t.of-t.asked) / p.Rate * float64(time.Second))
	}
	for _, a := range t.askers {
		if until := a.resting(); !until.IsZero() {
			p.Resting[a.source.Name] = until
		}
	}
	t.emit(p)
}

// takes reports whether a source has still to be asked by a lead: not where it
// was, where it failed, or where it has shown somebody who has that already.
func (w *work) takes(i int, l Lead) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.answers[i]
	if w.asked[i][Lead{Kind: l.Kind, Text: l.Text}] || len(w.asked[i]) >= maxLeads || a.State == Failed || a.State == Limited {
		return false
	}
	if l.From == "" {
		return a.State != Found || l.Kind == w.line.Query.Kinds[0] // the likeliest kind, and the first other that fits
	}
	return l.From != a.Source && !slices.ContainsFunc(a.Visitors, func(v core.Visitor) bool {
		switch l.Kind {
		case ByEmail:
			return hasEmail(v, l.Text)
		case ByExternalID:
			return sameID(v.Kind, v.ExternalID, l.Text) == same
		}
		return v.ID == l.Text
	})
}

// note writes down that a source is asked.
func (w *work) note(i int, l Lead) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[i][Lead{Kind: l.Kind, Text: l.Text}] = true
	w.answers[i].By = append(w.answers[i].By, l)
}

// put notes what a source answered. The vendor's own JSON is left out.
func (w *work) put(i int, found []core.Visitor, err error, now, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &w.answers[i]
	for _, v := range found {
		if v.Raw = nil; !known(a.Visitors, v) {
			a.Visitors = append(a.Visitors, v)
		}
	}
	switch _, limited := core.RetryAfter(err); {
	case err != nil && limited && until.After(now):
		a.State, a.Err, a.Code, a.Until = Limited, err, core.CodeOf(err), until
	case err != nil:
		a.State, a.Err, a.Code = Failed, err, core.CodeOf(err)
	case len(a.Visitors) > 0:
		a.State = Found
	default:
		a.State = Nobody
	}
}

// follow returns what the people found lead to, at other sources. The way over
// tickets and audits is not taken for a whole list.
func (w *work) follow() []Lead {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Lead
	for _, a := range w.answers {
		for _, v := range a.Visitors {
			out = append(out, leadsFrom(a.Source, v)...)
		}
	}
	return out
}
