package lookup

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"deskward/core"
)

// BatchKeep is how long a batch is kept after it was worked on last. Whom a
// company looks up is personal data: it is kept to go on after an
// interruption, and no longer.
const BatchKeep = 7 * 24 * time.Hour

// Batch is a list of people that is looked up, and how far that is.
type Batch struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"` // the file's, or what the admin calls it
	By      string          `json:"by"`
	Begun   time.Time       `json:"begun"`
	Changed time.Time       `json:"changed"` // when it was worked on last
	Rows    int             `json:"rows"`
	Done    int             `json:"done"`
	Counts  map[Outcome]int `json:"counts,omitempty"` // of those done
	Unseen  int             `json:"unseen,omitempty"` // rows of which some source could not be asked, or not to the end
	Only    []string        `json:"only,omitempty"`   // ids of the connections that are asked; nil: all
	Asks    []string        `json:"asks,omitempty"`   // names of those, as they were when it was worked on last; nil: it was not yet
	Lots    int             `json:"lots"`             // records its rows are in
	// Tickets: from people found, the way over their tickets to Chat is gone. It
	// is some calls a person.
	Tickets  bool `json:"tickets,omitempty"`
	Untraced int  `json:"untraced,omitempty"` // rows of which that way is there and was not gone

	rev uint64
}

// Complete reports whether every row was asked about.
func (b Batch) Complete() bool { return b.Done >= b.Rows }

// KeptUntil is when the batch is forgotten.
func (b Batch) KeptUntil() time.Time { return b.Changed.Add(BatchKeep) }

// Row is what came of one line. Its answers are without the vendors' own JSON
// and without the calls.
type Row struct {
	Line int `json:"line"`
	Result
}

// batchBody is what a batch holds besides its head.
type batchBody struct {
	Lines []Line `json:"lines"`
}

// Batches looks lists of people up, and remembers how far each is: sealed, for
// BatchKeep, or until it is removed.
type Batches struct {
	Store  core.Store
	Events *core.EventLog
	Clock  core.Clock
	// Wait waits for a limited vendor; nil: really.
	Wait func(ctx context.Context, d time.Duration) error
	// Concurrency is how many calls one source gets at once where it answers
	// about one person a call; 0: 4.
	Concurrency int
}

// BeginOptions choose how a list is looked up.
type BeginOptions struct {
	Ask     []Source // the connections to ask; nil: all that there are whenever it is gone on with
	Tickets bool     // go over tickets to Chat
}

// Begin writes a list down, so that it can be gone on with. Nobody is asked
// yet.
func (s *Batches) Begin(ctx context.Context, name string, list List, o BeginOptions) (Batch, error) {
	now := s.Clock.Now().UTC()
	b := Batch{
		ID: core.NewID(), Name: strings.TrimSpace(core.CleanLine(name)), By: s.Events.Actor.String(), Begun: now, Changed: now,
		Rows: len(list.Lines), Counts: map[Outcome]int{}, Tickets: o.Tickets,
	}
	for _, src := range o.Ask {
		b.Only, b.Asks = append(b.Only, src.ID), append(b.Asks, src.Name)
	}
	body, err := core.EncodeBody(batchBody{list.Lines}, nil)
	if err != nil {
		return b, err
	}
	err = s.Store.Update(ctx, func(w core.Writer) error {
		if err := s.forget(w); err != nil {
			return err
		}
		head, err := json.Marshal(b)
		if err != nil {
			return err
		}
		if b.rev, err = w.Put(core.Record{Kind: core.KindBatch, ID: b.ID, Head: head, Body: body}); err != nil {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbLookedUp, Subject: b.subject(), Detail: map[string]string{"rows": fmt.Sprint(b.Rows)}})
	})
	return b, err
}

// subject names the batch in the log without its name: a file's may be a
// person's.
func (b Batch) subject() core.Subject {
	return core.Subject{Kind: core.KindBatch, ID: b.ID, Name: b.ID[:8]}
}

// List returns the batches that are kept, the one worked on last first. Those
// that were kept long enough are forgotten.
func (s *Batches) List(ctx context.Context) ([]Batch, error) {
	var out []Batch
	old := false
	err := s.Store.View(ctx, func(r core.Reader) error {
		out, old = nil, false
		return s.each(r, func(b Batch) error {
			if s.expired(b) {
				old = true
			} else {
				out = append(out, b)
			}
			return nil
		})
	})
	if err == nil && old {
		err = s.Store.Update(ctx, s.forget)
	}
	slices.SortStableFunc(out, func(a, b Batch) int { return b.Changed.Compare(a.Changed) })
	return out, err
}

func (s *Batches) expired(b Batch) bool { return s.Clock.Now().After(b.KeptUntil()) }

func (s *Batches) each(r core.Reader, fn func(Batch) error) error {
	for rec, err := range r.Heads(core.KindBatch, core.ListOptions{}) {
		if err != nil {
			return err
		}
		b, err := batchOf(rec)
		if err != nil {
			return err
		}
		if err := fn(b); err != nil {
			return err
		}
	}
	return nil
}

func batchOf(rec core.Record) (Batch, error) {
	var b Batch
	if err := json.Unmarshal(rec.Head, &b); err != nil {
		return b, fmt.Errorf("read batch: %w", err)
	}
	b.rev = rec.Rev
	if b.Counts == nil {
		b.Counts = map[Outcome]int{}
	}
	return b, nil
}

// forget deletes what was kept long enough.
func (s *Batches) forget(w core.Writer) error {
	var old []Batch
	if err := s.each(w, func(b Batch) error {
		if s.expired(b) {
			old = append(old, b)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, b := range old {
		if err := deleteBatch(w, b); err != nil {
			return err
		}
	}
	return nil
}

func deleteBatch(w core.Writer, b Batch) error {
	for n := range b.Lots {
		rec, err := w.Get(core.KindBatchRow, lotID(b.ID, n))
		if core.CodeOf(err) == core.ErrNotFound.Code {
			continue
		}
		if err != nil {
			return err
		}
		if err := w.Delete(core.KindBatchRow, rec.ID, rec.Rev); err != nil {
			return err
		}
	}
	return w.Delete(core.KindBatch, b.ID, b.rev)
}

// Remove forgets a batch and erases it where the store can.
func (s *Batches) Remove(ctx context.Context, id string) error {
	err := s.Store.Update(ctx, func(w core.Writer) error {
		b, err := getBatch(w, id)
		if err != nil {
			return err
		}
		if err := deleteBatch(w, b); err != nil {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbRemoved, Subject: b.subject()})
	})
	if err != nil {
		return err
	}
	if e, ok := s.Store.(core.Eraser); ok {
		return e.Compact(ctx)
	}
	return nil
}

// Find returns the batch whose id begins so, or an error with code
// batch.not-found or batch.several.
func (s *Batches) Find(ctx context.Context, id string) (Batch, error) {
	all, err := s.List(ctx)
	if err != nil {
		return Batch{}, err
	}
	switch all = core.WithID(all, func(b Batch) string { return b.ID }, id); len(all) {
	case 0:
		return Batch{}, notFound(id)
	case 1:
		return all[0], nil
	}
	return Batch{}, &core.Error{Tried: "find-batch", On: core.CleanLine(id), Code: "batch.several", Class: core.Usage}
}

func notFound(id string) error {
	return &core.Error{Tried: "find-batch", On: core.CleanLine(id), Code: "batch.not-found", Class: core.Usage, Err: core.ErrNotFound}
}

func getBatch(r core.Reader, id string) (Batch, error) {
	rec, err := r.Get(core.KindBatch, id)
	if core.CodeOf(err) == core.ErrNotFound.Code {
		return Batch{}, notFound(id)
	}
	if err != nil {
		return Batch{}, err
	}
	return batchOf(rec)
}

// lotID is the key of the n-th record of rows.
func lotID(batch string, n int) string { return fmt.Sprintf("%s-%06d", batch, n) }

// Rows returns the batch with the rows that were asked about, in the order of
// the list, and the lines that were not yet.
func (s *Batches) Rows(ctx context.Context, id string) (b Batch, rows []Row, left []Line, err error) {
	err = s.Store.View(ctx, func(r core.Reader) error {
		var err error
		b, rows, left, err = readBatch(r, id)
		return err
	})
	return b, rows, left, err
}

func readBatch(r core.Reader, id string) (b Batch, rows []Row, left []Line, err error) {
	rec, err := r.Get(core.KindBatch, id)
	if core.CodeOf(err) == core.ErrNotFound.Code {
		return b, nil, nil, notFound(id)
	}
	if err != nil {
		return b, nil, nil, err
	}
	if b, err = batchOf(rec); err != nil {
		return b, nil, nil, err
	}
	var body batchBody
	if _, err = core.DecodeBody(rec.Body, &body); err != nil {
		return b, nil, nil, err
	}
	by := map[int]Row{}
	for n := range b.Lots {
		lot, err := r.Get(core.KindBatchRow, lotID(id, n))
		if err != nil {
			return b, nil, nil, fmt.Errorf("read rows of a batch: %w", err)
		}
		var some []Row
		if _, err := core.DecodeBody(lot.Body, &some); err != nil {
			return b, nil, nil, err
		}
		for _, row := range some { // a later lot has what was asked again
			by[row.Line] = row
		}
	}
	for _, l := range body.Lines {
		if row, ok := by[l.Number]; ok {
			rows = append(rows, row)
		} else {
			left = append(left, l)
		}
	}
	return b, rows, left, nil
}

// write puts rows that were asked about behind the others, and takes the batch
// on. It fails with code batch.taken when another session has gone on with it.
func (s *Batches) write(ctx context.Context, b Batch, rows []Row) (Batch, error) {
	body, err := core.EncodeBody(rows, nil)
	if err != nil {
		return b, err
	}
	next := b
	next.Changed = s.Clock.Now().UTC()
	next.Lots++
	head, err := json.Marshal(next)
	if err != nil {
		return b, err
	}
	err = s.Store.Update(ctx, func(w core.Writer) error {
		rec, err := w.Get(core.KindBatch, b.ID)
		if err != nil {
			return err
		}
		rec.Rev, rec.Head = b.rev, head
		if next.rev, err = w.Put(rec); err != nil {
			return err
		}
		_, err = w.Put(core.Record{Kind: core.KindBatchRow, ID: lotID(b.ID, b.Lots), Head: []byte("{}"), Body: body})
		return err
	})
	switch core.CodeOf(err) {
	case core.ErrConflict.Code:
		return b, &core.Error{Tried: "look-up-batch", On: b.Name, Code: "batch.taken", Class: core.Conflict, Err: err}
	case core.ErrNotFound.Code:
		return b, notFound(b.ID)
	}
	if err != nil {
		return b, err
	}
	return next, nil
}

// take makes the batch this session's: another one that still works on it
// notices at its next write. With tickets it goes over tickets from now on.
func (s *Batches) take(ctx context.Context, id string, tickets bool) (b Batch, rows []Row, left []Line, err error) {
	err = s.Store.Update(ctx, func(w core.Writer) error {
		var err error
		if b, rows, left, err = readBatch(w, id); err != nil {
			return err
		}
		rec, err := w.Get(core.KindBatch, id)
		if err != nil {
			return err
		}
		if tickets && !b.Tickets {
			b.Tickets = true
			if rec.Head, err = json.Marshal(b); err != nil {
				return err
			}
		}
		b.rev, err = w.Put(rec)
		return err
	})
	return b, rows, left, err
}
