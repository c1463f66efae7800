// Package storetest is the conformance suite of core.Store: every store runs
// it, so that all of them mean the same.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"deskward/core"
)

// kind is a kind of record that the suite writes; other is one it must not
// touch by doing so.
const (
	kind  core.Kind = "storetest"
	other core.Kind = "storetest-other"
)

// Run tests the stores that open returns: each an empty, unlocked one, whose
// clean-up open registers with its t.
func Run(t *testing.T, open func(t *testing.T) core.Store) {
	for name, test := range map[string]func(*testing.T, core.Store){
		"GetReturnsWhatPutWrote":             getReturnsWhatPutWrote,
		"RevisionsCountFromOne":              revisionsCountFromOne,
		"StaleRevisionConflicts":             staleRevisionConflicts,
		"ErrorUndoesTheWholeUpdate":          errorUndoesTheWholeUpdate,
		"PanicUndoesTheWholeUpdate":          panicUndoesTheWholeUpdate,
		"UpdateSeesItsOwnWrites":             updateSeesItsOwnWrites,
		"HeadsAreInOrderOfIDs":               headsAreInOrder,
		"HeadsToleratesWritesInItsLoop":      headsToleratesWrites,
		"KindsAreApart":                      kindsAreApart,
		"DeletedRecordIsGone":                deletedRecordIsGone,
		"ValuesAreNotAliased":                valuesAreNotAliased,
		"EmptyBodyReadsAsNone":               emptyBodyReadsAsNone,
		"ViewIsOneSnapshot":                  viewIsOneSnapshot,
		"BadKeysAreRefused":                  badKeysAreRefused,
		"EndedContextIsNotServed":            endedContext,
		"WaitingEndsWithItsContext":          waitingEndsWithItsContext,
		"ConcurrentIncrementsAreNotLost":     concurrentIncrements,
		"RandomOperationsMatchAModel":        randomOperations,
		"TransactionIsOfNoUseAfterItsReturn": endedTransaction,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t *testing.T, s core.Store, r core.Record) uint64 {
	t.Helper()
	var rev uint64
	update(t, s, func(w core.Writer) (err error) { rev, err = w.Put(r); return err })
	return rev
}

func update(t *testing.T, s core.Store, fn func(core.Writer) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal("update:", err)
	}
}

func view(t *testing.T, s core.Store, fn func(core.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatal("view:", err)
	}
}

func get(t *testing.T, s core.Store, k core.Kind, id string) (r core.Record, err error) {
	t.Helper()
	view(t, s, func(rd core.Reader) error { r, err = rd.Get(k, id); return nil })
	return r, err
}

// ids lists the ids of a kind.
func ids(r core.Reader, k core.Kind, o core.ListOptions) ([]string, error) {
	var out []string
	for rec, err := range r.Heads(k, o) {
		if err != nil {
			return nil, err
		}
		if rec.Body != nil {
			return nil, fmt.Errorf("%s: Heads yields a body", rec.ID)
		}
		out = append(out, rec.ID)
	}
	return out, nil
}

func listed(t *testing.T, s core.Store, k core.Kind, o core.ListOptions) string {
	t.Helper()
	var out []string
	view(t, s, func(r core.Reader) (err error) { out, err = ids(r, k, o); return err })
	return strings.Join(out, " ")
}

func wantCode(t *testing.T, err error, want *core.Error) {
	t.Helper()
	if !errors.Is(err, want) || core.CodeOf(err) != want.Code || core.ClassOf(err) != want.Class {
		t.Fatalf("got error %v, want code %s", err, want.Code)
	}
}

func getReturnsWhatPutWrote(t *testing.T, s core.Store) {
	put(t, s, core.Record{Kind: kind, ID: "a", Head: []byte("head"), Body: []byte("body")})
	r, err := get(t, s, kind, "a")
	if err != nil || r.Kind != kind || r.ID != "a" || r.Rev != 1 || string(r.Head) != "head" || string(r.Body) != "body" {
		t.Fatalf("got %+v, %v", r, err)
	}
	_, err = get(t, s, kind, "b")
	wantCode(t, err, core.ErrNotFound)
	_, err = get(t, s, other, "a")
	wantCode(t, err, core.ErrNotFound)
}

func revisionsCountFromOne(t *testing.T, s core.Store) {
	for i := range uint64(5) {
		if rev := put(t, s, core.Record{Kind: kind, ID: "a", Rev: i}); rev != i+1 {
			t.Fatalf("put at revision %d returned %d", i, rev)
		}
	}
	if r, err := get(t, s, kind, "a"); err != nil || r.Rev != 5 {
		t.Fatalf("got revision %d, %v", r.Rev, err)
	}
	view(t, s, func(r core.Reader) error {
		for rec, err := range r.Heads(kind, core.ListOptions{}) {
			if err != nil || rec.Rev != 5 {
				t.Errorf("heads: revision %d, %v", rec.Rev, err)
			}
		}
		return nil
	})
}

func staleRevisionConflicts(t *testing.T, s core.Store) {
	put(t, s, core.Record{Kind: kind, ID: "a"})
	put(t, s, core.Record{Kind: kind, ID: "a", Rev: 1, Head: []byte("kept")})
	for _, r := range []core.Record{
		{Kind: kind, ID: "a"}, {Kind: kind, ID: "a", Rev: 1}, {Kind: kind, ID: "a", Rev: 3}, {Kind: kind, ID: "new", Rev: 1},
	} {
		err := s.Update(t.Context(), func(w core.Writer) error { _, err := w.Put(r); return err })
		wantCode(t, err, core.ErrConflict)
	}
	for _, rev := range []uint64{0, 1, 3} {
		err := s.Update(t.Context(), func(w core.Writer) error { return w.Delete(kind, "a", rev) })
		wantCode(t, err, core.ErrConflict)
	}
	if r, err := get(t, s, kind, "a"); err != nil || r.Rev != 2 || string(r.Head) != "kept" {
		t.Fatalf("got %+v, %v", r, err)
	}
}

func errorUndoesTheWholeUpdate(t *testing.T, s core.Store) {
	put(t, s, core.Record{Kind: kind, ID: "a", Head: []byte("before")})
	cause := errors.New("changed my mind")
	err := s.Update(t.Context(), func(w core.Writer) error {
		_, err := w.Put(core.Record{Kind: kind, ID: "a", Rev: 1, Head: []byte("after")})
		_, err2 := w.Put(core.Record{Kind: other, ID: "b"})
		return errors.Join(err, err2, cause)
	})
	if !errors.Is(err, cause) {
		t.Fatalf("got %v, want the callback's own error", err)
	}
	if r, err := get(t, s, kind, "a"); err != nil || r.Rev != 1 || string(r.Head) != "before" {
		t.Fatalf("got %+v, %v", r, err)
	}
	_, err = get(t, s, other, "b")
	wantCode(t, err, core.ErrNotFound)
}

func panicUndoesTheWholeUpdate(t *testing.T, s core.Store) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the callback's panic was swallowed")
			}
		}()
		s.Update(t.Context(), func(w core.Writer) error { //nolint:errcheck // it panics
			w.Put(core.Record{Kind: kind, ID: "a"}) //nolint:errcheck // undone
			panic("a mistake of the caller")
		})
	}()
	_, err := get(t, s, kind, "a")
	wantCode(t, err, core.ErrNotFound)
	put(t, s, core.Record{Kind: kind, ID: "a"}) // nothing is held any more
}

func updateSeesItsOwnWrites(t *testing.T, s core.Store) {
	update(t, s, func(w core.Writer) error {
		for _, id := range []string{"b", "a"} {
			if _, err := w.Put(core.Record{Kind: kind, ID: id, Head: []byte(id)}); err != nil {
				return err
			}
		}
		r, err := w.Get(kind, "a")
		if err != nil || string(r.Head) != "a" {
			return fmt.Errorf("get: %+v, %w", r, err)
		}
		if err := w.Delete(kind, "b", 1); err != nil {
			return err
		}
		got, err := ids(w, kind, core.ListOptions{})
		n, countErr := w.Count(kind)
		if err != nil || countErr != nil || len(got) != 1 || got[0] != "a" || n != 1 {
			return fmt.Errorf("got %v (%w), count %d (%w)", got, err, n, countErr)
		}
		return nil
	})
}

func headsAreInOrder(t *testing.T, s core.Store) {
	for _, id := range []string{"c", "a", "e", "b", "d"} {
		put(t, s, core.Record{Kind: kind, ID: id})
	}
	for _, test := range []struct {
		o    core.ListOptions
		want string
	}{
		{core.ListOptions{}, "a b c d e"},
		{core.ListOptions{Newest: true}, "e d c b a"},
		{core.ListOptions{Limit: 2}, "a b"},
		{core.ListOptions{Limit: 9}, "a b c d e"},
		{core.ListOptions{Newest: true, Limit: 2}, "e d"},
		{core.ListOptions{After: "b"}, "c d e"},
		{core.ListOptions{After: "bb", Limit: 1}, "c"},
		{core.ListOptions{After: "e"}, ""},
		{core.ListOptions{After: "A"}, "a b c d e"},
		{core.ListOptions{Newest: true, After: "c"}, "b a"},
		{core.ListOptions{Newest: true, After: "cc", Limit: 2}, "c b"},
		{core.ListOptions{Newest: true, After: "z"}, "e d c b a"},
		{core.ListOptions{Newest: true, After: "a"}, ""},
	} {
		if got := listed(t, s, kind, test.o); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.o, got, test.want)
		}
	}
	view(t, s, func(r core.Reader) error {
		for range r.Heads(kind, core.ListOptions{}) {
			break // leaving early is allowed, and the reader still works
		}
		_, err := r.Get(kind, "e")
		return err
	})
}

func headsToleratesWrites(t *testing.T, s core.Store) {
	for i := range 200 {
		put(t, s, core.Record{Kind: kind, ID: fmt.Sprintf("%03d", i)})
	}
	for _, newest := range []bool{false, true} {
		seen := map[string]int{}
		update(t, s, func(w core.Writer) error {
			for r, err := range w.Heads(kind, core.ListOptions{Newest: newest}) {
				if err != nil {
					return err
				}
				seen[r.ID]++
				if r.ID[2] == '7' {
					if err := w.Delete(kind, r.ID, r.Rev); err != nil {
						return err
					}
					continue
				}
				if _, err := w.Put(r); err != nil {
					return err
				}
			}
			return nil
		})
		want := 200
		if newest {
			want = 180
		}
		if len(seen) != want {
			t.Fatalf("saw %d records, want %d", len(seen), want)
		}
		for id, n := range seen {
			if n != 1 {
				t.Fatalf("saw %s %d times", id, n)
			}
		}
	}
}

func kindsAreApart(t *testing.T, s core.Store) {
	put(t, s, core.Record{Kind: kind, ID: "a", Head: []byte("one")})
	put(t, s, core.Record{Kind: other, ID: "a", Head: []byte("two")})
	put(t, s, core.Record{Kind: other, ID: "b"})
	view(t, s, func(r core.Reader) error {
		for k, want := range map[core.Kind]int{kind: 1, other: 2, "never-written": 0} {
			if n, err := r.Count(k); err != nil || n != want {
				t.Errorf("count of %s: %d, %v; want %d", k, n, err, want)
			}
		}
		return nil
	})
	if got := listed(t, s, "never-written", core.ListOptions{}); got != "" {
		t.Errorf("listing of nothing: %q", got)
	}
	if r, err := get(t, s, kind, "a"); err != nil || string(r.Head) != "one" {
		t.Errorf("got %+v, %v", r, err)
	}
}

func deletedRecordIsGone(t *testing.T, s core.Store) {
	put(t, s, core.Record{Kind: kind, ID: "a"})
	update(t, s, func(w core.Writer) error { return w.Delete(kind, "a", 1) })
	_, err := get(t, s, kind, "a")
	wantCode(t, err, core.ErrNotFound)
	err = s.Update(t.Context(), func(w core.Writer) error { return w.Delete(kind, "a", 1) })
	wantCode(t, err, core.ErrNotFound)
	if got := listed(t, s, kind, core.ListOptions{}); got != "" {
		t.Errorf("still listed: %q", got)
	}
	if rev := put(t, s, core.Record{Kind: kind, ID: "a"}); rev != 1 {
		t.Errorf("written again: revision %d", rev)
	}
}

func valuesAreNotAliased(t *testing.T, s core.Store) {
	head, body := []byte("head"), []byte("body")
	put(t, s, core.Record{Kind: kind, ID: "a", Head: head, Body: body})
	put(t, s, core.Record{Kind: kind, ID: "b", Head: []byte("next")})
	head[0], body[0] = 'X', 'X'
	r, err := get(t, s, kind, "a")
	if err != nil || string(r.Head) != "head" || string(r.Body) != "body" {
		t.Fatalf("got %s %s, %v", r.Head, r.Body, err)
	}
	r.Head[0], r.Body[0] = 'X', 'X'
	_ = append(r.Head, "more"...)
	var kept []core.Record
	view(t, s, func(r core.Reader) error {
		for rec, err := range r.Heads(kind, core.ListOptions{}) {
			if err != nil {
				return err
			}
			_ = append(rec.Head, "overrun"...)
			kept = append(kept, rec)
		}
		return nil
	})
	if len(kept) != 2 || string(kept[0].Head) != "head" || string(kept[1].Head) != "next" {
		t.Fatalf("after the transaction: %+v", kept)
	}
	if r, err := get(t, s, kind, "a"); err != nil || string(r.Head) != "head" || string(r.Body) != "body" {
		t.Fatalf("got %s %s, %v", r.Head, r.Body, err)
	}
}

func emptyBodyReadsAsNone(t *testing.T, s core.Store) {
	put(t, s, core.Record{Kind: kind, ID: "a", Body: []byte{}})
	if r, err := get(t, s, kind, "a"); err != nil || r.Body != nil || len(r.Head) != 0 {
		t.Fatalf("got %#v, %v", r, err)
	}
}

func badKeysAreRefused(t *testing.T, s core.Store) {
	bad := &core.Error{Code: "store.bad-key"}
	for _, r := range []core.Record{
		{Kind: kind},
		{ID: "a"},
		{Kind: kind, ID: "mina@example.com"},
		{Kind: kind, ID: "a b"},
		{Kind: kind, ID: "a\x00"},
		{Kind: kind, ID: "é"},
		{Kind: kind, ID: strings.Repeat("a", core.MaxKey+1)},
		{Kind: "a b", ID: "a"},
	} {
		err := s.Update(t.Context(), func(w core.Writer) error { _, err := w.Put(r); return err })
		wantCode(t, err, bad)
		_, err = get(t, s, r.Kind, r.ID)
		wantCode(t, err, bad)
	}
	put(t, s, core.Record{Kind: kind, ID: strings.Repeat("a", core.MaxKey)})
}

func endedContext(t *testing.T, s core.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(w core.Writer) error {
		_, err := w.Put(core.Record{Kind: kind, ID: "a"})
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("update cancelled before its commit: %v", err)
	}
	_, err = get(t, s, kind, "a")
	wantCode(t, err, core.ErrNotFound)
	called := false
	for _, err := range []error{
		s.View(ctx, func(core.Reader) error { called = true; return nil }),
		s.Update(ctx, func(core.Writer) error { called = true; return nil }),
	} {
		if !errors.Is(err, context.Canceled) || called {
			t.Errorf("got %v, called %t", err, called)
		}
	}
}

func endedTransaction(t *testing.T, s core.Store) {
	put(t, s, core.Record{Kind: kind, ID: "a"})
	var leaked core.Writer
	update(t, s, func(w core.Writer) error { leaked = w; return nil })
	_, getErr := leaked.Get(kind, "a")
	_, putErr := leaked.Put(core.Record{Kind: kind, ID: "b"})
	if getErr == nil || putErr == nil || leaked.Delete(kind, "a", 1) == nil {
		t.Errorf("a transaction was used after its end: %v, %v", getErr, putErr)
	}
	if got := listed(t, s, kind, core.ListOptions{}); got != "a" {
		t.Errorf("the store holds %q", got)
	}
}
