package lookup

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"deskward/core"
)

// Calls is how many calls something makes, at least and at most.
type Calls struct{ Least, Most int }

// TicketCalls is how many calls it makes to go over the tickets of so many
// people, if all of them are found where the tickets are, besides one or two to
// Chat for each chat in them. ok is false where that way leads nowhere: no
// source has tickets, or none can find who is named in them.
func TicketCalls(people int, sources []Source) (c Calls, ok bool) {
	for i, src := range sources {
		b, isBridge := src.Finder.(Bridge)
		if !isBridge || !bridgedTo(sources, i) {
			continue
		}
		least, most := b.LeadCalls()
		c.Least, c.Most, ok = c.Least+people*least, c.Most+people*most, true
	}
	return c, ok
}

// bridgedTo reports whether another source than the i-th finds the people to
// whom tickets lead.
func bridgedTo(sources []Source, i int) bool {
	for n, src := range sources {
		if n != i && slices.Contains(src.Finder.Takes(), ByChatID) {
			return true
		}
	}
	return false
}

// unseen reports a row of which some source could not be asked, or not to the
// end.
func (r Row) unseen() bool {
	return len(r.Verdict.Unseen) > 0 || slices.ContainsFunc(r.Answers, func(a Answer) bool { return a.BridgeCode != "" || a.BridgeErr != nil })
}

// untraced reports a row of which nobody went over the tickets.
func (r Row) untraced() bool {
	return slices.ContainsFunc(r.Answers, func(a Answer) bool { return a.TicketsOff })
}

// count counts what is known of the rows.
func (b *Batch) count(rows map[int]Row) {
	b.Counts, b.Done, b.Unseen, b.Untraced = map[Outcome]int{}, len(rows), 0, 0
	for _, r := range rows {
		b.Counts[r.Verdict.Outcome]++
		if r.unseen() {
			b.Unseen++
		}
		if r.untraced() {
			b.Untraced++
		}
	}
}

// sources are whom the tour asks.
func (t *tour) sources() []Source {
	out := make([]Source, len(t.askers))
	for i, a := range t.askers {
		out[i] = a.source
	}
	return out
}

// bridged reports whether the way over tickets is there.
func (t *tour) bridged() bool {
	_, ok := TicketCalls(0, t.sources())
	return ok
}

// overTickets goes from the people found over their tickets, where that was
// asked for: each person once, and some at once.
func (t *tour) overTickets(ctx context.Context, rows []*work) {
	if !t.batch.Tickets {
		return
	}
	sources := t.sources()
	var wg sync.WaitGroup
	for i, a := range t.askers {
		if a.bridge == nil || !bridgedTo(sources, i) {
			continue
		}
		gate := make(chan struct{}, cmp.Or(t.service.Concurrency, concurrency))
		for _, w := range rows {
			people := w.toTrace(i)
			if len(people) == 0 {
				continue
			}
			wg.Go(func() {
				gate <- struct{}{}
				defer func() { <-gate }()
				for _, v := range people {
					leads, err := a.over(ctx, v)
					w.led(i, leads, err)
				}
			})
		}
	}
	wg.Wait()
}

// markTickets says in a row's answers where the way over tickets was not gone.
func (t *tour) markTickets(w *work) {
	if t.batch.Tickets {
		return
	}
	sources := t.sources()
	for i, a := range t.askers {
		if a.bridge != nil && bridgedTo(sources, i) && len(w.toTrace(i)) > 0 {
			w.answers[i].TicketsOff = true
		}
	}
}

// toTrace are the people whom a source found and from whom the way was not gone
// yet. It counts as gone then.
func (w *work) toTrace(i int) []core.Visitor {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []core.Visitor
	for _, v := range w.answers[i].Visitors {
		if key := w.answers[i].SourceID + " " + v.ID; !w.apart[v.ID] && !w.went[key] {
			w.went[key] = true
			out = append(out, v)
		}
	}
	return out
}

// led notes where the way from a person of a source led.
func (w *work) led(i int, leads []Lead, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &w.answers[i]
	for _, l := range leads {
		l.From = cmp.Or(l.From, a.Source)
		w.over = append(w.over, l)
	}
	if err != nil {
		a.BridgeErr, a.BridgeCode = err, core.CodeOf(err)
	}
}
