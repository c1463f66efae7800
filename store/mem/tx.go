package mem

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"deskward/core"
)

var errEnded = errors.New("the transaction has ended")

// check refuses bad keys, and calls after the transaction's end.
func (t *tx) check(kind core.Kind, id string) error {
	if t.ended {
		return errEnded
	}
	return core.CheckKey(kind, id)
}

// Get implements core.Reader.
func (t *tx) Get(kind core.Kind, id string) (core.Record, error) {
	if err := t.check(kind, id); err != nil {
		return core.Record{}, err
	}
	r, ok := t.state[kind][id]
	if !ok {
		return core.Record{}, notFound(kind, id)
	}
	return clone(r), nil
}

// Heads implements core.Reader.
func (t *tx) Heads(kind core.Kind, o core.ListOptions) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		if err := t.check(kind, "id"); err != nil {
			yield(core.Record{}, err)
			return
		}
		ids := slices.Sorted(maps.Keys(t.state[kind]))
		if o.Newest {
			slices.Reverse(ids)
		}
		n := 0
		for _, id := range ids {
			if o.After != "" && (o.Newest && id >= o.After || !o.Newest && id <= o.After) {
				continue
			}
			r, ok := t.state[kind][id]
			if !ok { // deleted by the loop's own body
				continue
			}
			if n++; o.Limit > 0 && n > o.Limit {
				return
			}
			r.Body = nil
			if !yield(clone(r), nil) {
				return
			}
		}
	}
}

// Count implements core.Reader.
func (t *tx) Count(kind core.Kind) (int, error) {
	if err := t.check(kind, "id"); err != nil {
		return 0, err
	}
	return len(t.state[kind]), nil
}

// Put implements core.Writer.
func (t *tx) Put(r core.Record) (uint64, error) {
	if err := t.check(r.Kind, r.ID); err != nil {
		return 0, err
	}
	if t.state[r.Kind][r.ID].Rev != r.Rev {
		return 0, conflict(r.Kind, r.ID)
	}
	r = clone(r)
	r.Rev++
	t.writable(r.Kind)[r.ID] = r
	return r.Rev, nil
}

// Delete implements core.Writer.
func (t *tx) Delete(kind core.Kind, id string, rev uint64) error {
	if err := t.check(kind, id); err != nil {
		return err
	}
	r, ok := t.state[kind][id]
	switch {
	case !ok:
		return notFound(kind, id)
	case r.Rev != rev:
		return conflict(kind, id)
	}
	delete(t.writable(kind), id)
	return nil
}

// writable returns the kind's records as this Update's own copy.
func (t *tx) writable(kind core.Kind) map[string]core.Record {
	if !t.own[kind] {
		m := maps.Clone(t.state[kind])
		if m == nil {
			m = map[string]core.Record{}
		}
		t.state[kind], t.own[kind] = m, true
	}
	return t.state[kind]
}

// clone copies a record; an empty body is none.
func clone(r core.Record) core.Record {
	r.Head, r.Body = bytes.Clone(r.Head), bytes.Clone(r.Body)
	if len(r.Body) == 0 {
		r.Body = nil
	}
	return r
}

func notFound(kind core.Kind, id string) error {
	return fmt.Errorf("%s %s: %w", kind, id, core.ErrNotFound)
}

func conflict(kind core.Kind, id string) error {
	return fmt.Errorf("%s %s: %w", kind, id, core.ErrConflict)
}
