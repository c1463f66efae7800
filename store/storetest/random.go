package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"deskward/core"
)

// model is what the store should hold.
type model map[core.Kind]map[string]core.Record

func (m model) clone() model {
	out := model{}
	for k, records := range m {
		out[k] = maps.Clone(records)
	}
	return out
}

// randomOperations plays transactions of random operations, some of which are
// undone, on the store and on a map, and compares every answer.
func randomOperations(t *testing.T, s core.Store) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	truth := model{kind: {}, other: {}}
	undo := errors.New("undone")
	for range 150 {
		next := truth.clone()
		keep := rng.IntN(4) > 0
		err := s.Update(t.Context(), func(w core.Writer) error {
			for range 1 + rng.IntN(12) {
				if err := step(rng, w, next); err != nil {
					return err
				}
			}
			if !keep {
				return undo
			}
			return nil
		})
		switch {
		case keep && err == nil:
			truth = next
		case keep || !errors.Is(err, undo):
			t.Fatalf("seed %d: %v", seed, err)
		}
		view(t, s, func(r core.Reader) error {
			if err := compare(rng, r, truth); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			return nil
		})
	}
}

// step does one random operation on both.
func step(rng *rand.Rand, w core.Writer, m model) error {
	k := []core.Kind{kind, other}[rng.IntN(2)]
	id := fmt.Sprintf("id%02d", rng.IntN(30))
	old, exists := m[k][id]
	rev := old.Rev
	if rng.IntN(5) == 0 {
		rev = uint64(rng.IntN(4)) // often the wrong one
	}
	if rng.IntN(3) == 0 {
		err := w.Delete(k, id, rev)
		switch {
		case !exists && errors.Is(err, core.ErrNotFound), exists && rev != old.Rev && errors.Is(err, core.ErrConflict):
			return nil
		case exists && rev == old.Rev && err == nil:
			delete(m[k], id)
			return nil
		}
		return fmt.Errorf("delete %s %s at %d of %d: %w", k, id, rev, old.Rev, err)
	}
	r := core.Record{Kind: k, ID: id, Rev: rev, Head: noise(rng, 300), Body: noise(rng, 9000)}
	got, err := w.Put(r)
	switch {
	case rev != old.Rev && errors.Is(err, core.ErrConflict):
		return nil
	case rev == old.Rev && err == nil && got == rev+1:
		r.Rev = got
		m[k][id] = r
		return nil
	}
	return fmt.Errorf("put %s %s at %d of %d: %d, %w", k, id, rev, old.Rev, got, err)
}

// noise is up to n-1 random bytes; half the time nothing.
func noise(rng *rand.Rand, n int) []byte {
	if rng.IntN(2) == 0 {
		return nil
	}
	b := make([]byte, rng.IntN(n))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// compare checks counts, a random listing of each kind and some records.
func compare(rng *rand.Rand, r core.Reader, m model) error {
	for k, records := range m {
		if n, err := r.Count(k); err != nil || n != len(records) {
			return fmt.Errorf("count of %s: %d, want %d: %w", k, n, len(records), err)
		}
		o := core.ListOptions{Newest: rng.IntN(2) == 0, Limit: rng.IntN(8)}
		if rng.IntN(2) == 0 {
			o.After = fmt.Sprintf("id%02d", rng.IntN(30))
		}
		got, err := ids(r, k, o)
		if want := expected(records, o); err != nil || !slices.Equal(got, want) {
			return fmt.Errorf("heads of %s, %+v: %v, want %v: %w", k, o, got, want, err)
		}
		for id, want := range records {
			if rng.IntN(4) > 0 {
				continue
			}
			got, err := r.Get(k, id)
			if err != nil || got.Rev != want.Rev || !bytes.Equal(got.Head, want.Head) || !bytes.Equal(got.Body, want.Body) {
				return fmt.Errorf("get %s %s: revision %d, want %d: %w", k, id, got.Rev, want.Rev, err)
			}
		}
	}
	return nil
}

// expected is what a listing should yield.
func expected(records map[string]core.Record, o core.ListOptions) []string {
	all := slices.Sorted(maps.Keys(records))
	if o.Newest {
		slices.Reverse(all)
	}
	var out []string
	for _, id := range all {
		if o.After != "" && (o.Newest && id >= o.After || !o.Newest && id <= o.After) {
			continue
		}
		if out = append(out, id); o.Limit > 0 && len(out) == o.Limit {
			break
		}
	}
	return out
}
