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
	// Tickets goes over tickets from now on, and asks once more about the rows of
	// which that was not done.
	Tickets bool
}

// Run asks the sources about the rows that were not asked about, in lots where
// a source takes several, and writes down what came of them as it goes. emit
// is told after each lot, and when a vendor begins to limit. A source that fails or is limited is so in its rows,
// and hides no other. When ctx ends Run returns its cause: Run again goes on.
func (s *Batches) Run(ctx context.Context, id string, sources []Source, o RunOptions, emit func(Progress)) (Batch, error) {
	b, rows, todo, err := s.take(ctx, id, o.Tickets)
	if err != nil {
		return b, err
	}
	if sources = b.Of(sources); b.Only != nil && len(sources) < len(b.Only) {
		return b, &core.Error{Tried: "look-up-batch", On: b.Name, Code: "batch.source-gone", Class: core.Usage}
	}
	t := &tour{service: s, batch: b, emit: emit, began: s.Clock.Now(), state: map[int]Row{}}
	for _, r := range rows {
		t.state[r.Line] = r
		if o.Again && r.unseen() || b.Tickets && r.untraced() {
			todo = append(todo, Line{Number: r.Line, Query: r.Query})
		}
	}
	t.batch.Asks = nil
	for _, src := range sources {
		t.askers = append(t.askers, newAsker(src, s, t.tell))
		t.batch.Asks = append(t.batch.Asks, src.Name)
	}
	t.of = len(todo)
	for _, lot := range lotsOf(todo) {
		if err := t.lot(ctx, lot); err != nil {
			return t.batch, err
		}
	}
	return t.batch, nil
}

// Of returns those of all that the batch asks.
func (b Batch) Of(all []Source) []Source {
	if b.Only == nil {
		return all
	}
	var out []Source
	for _, src := range all {
		if slices.Contains(b.Only, src.ID) {
			out = append(out, src)
		}
	}
	return out
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
	apart   map[string]bool // ids of people whom a name or number gave together: they lead to nobody
	went    map[string]bool // source and id of people from whom the way over tickets was gone
	over    []Lead          // to which it led
}

func (t *tour) work(l Line) *work {
	w := &work{line: l, apart: map[string]bool{}, went: map[string]bool{}}
	for _, a := range t.askers {
		w.answers = append(w.answers, Answer{Source: a.source.Name, SourceID: a.source.ID, Kind: a.source.Kind, State: Skipped})
		w.asked = append(w.asked, map[Lead]bool{})
	}
	return w
}

// lot asks about some rows: first every source that takes them together, then
// the others, block by block.
func (t *tour) lot(ctx context.Context, lines []Line) error {
	all := make([]*work, len(lines))
	for i, l := range lines {
		all[i] = t.work(l)
	}
	first := func(w *work) []Lead { return leadsOf(w.line.Query) }
	t.together(ctx, all, first)
	size := len(all)
	if t.batch.Tickets && t.bridged() || t.anything(all, first) {
		size = blockSize
	}
	for block := range slices.Chunk(all, size) {
		t.singly(ctx, block, first)
		t.follow(ctx, block)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := t.settle(ctx, block); err != nil {
			return err
		}
	}
	return nil
}

// follow asks by what the people found lead to, and by what the answers to
// that do.
func (t *tour) follow(ctx context.Context, block []*work) {
	for range rounds - 1 {
		t.overTickets(ctx, block)
		led := map[*work][]Lead{} // as they are now, whatever the round brings
		for _, w := range block {
			led[w] = w.follow()
		}
		next := func(w *work) []Lead { return led[w] }
		if ctx.Err() != nil || !t.anything(block, next) {
			break
		}
		t.together(ctx, block, next)
		t.singly(ctx, block, next)
	}
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
							w.put(i, Lead{Kind: k, Text: text}, found, err, t.service.Clock.Now(), a.resting())
						}
					})
				}
			}
		})
	}
	wg.Wait()
}

// anything reports whether some source has still to be asked about the rows.
func (t *tour) anything(rows []*work, leads func(*work) []Lead) bool {
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
					w.put(i, l, found, err, t.service.Clock.Now(), a.resting())
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
		t.markTickets(w)
		behind(w.answers)
		r := Row{Line: w.line.Number, Result: Result{Query: w.line.Query, Answers: w.answers}}
		r.Verdict = Judge(r.Result)
		done = append(done, r)
		t.state[r.Line] = r
	}
	b := t.batch
	b.count(t.state)
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
	if took := t.service.Clock.Now().Sub(t.began).Seconds(); took > 0 && t.asked > 0 {
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
