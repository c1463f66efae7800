package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"deskward/core"
)

func viewIsOneSnapshot(t *testing.T, s core.Store) {
	put(t, s, core.Record{Kind: kind, ID: "a", Head: []byte("1")})
	put(t, s, core.Record{Kind: kind, ID: "b", Head: []byte("1")})
	var writer sync.WaitGroup
	view(t, s, func(r core.Reader) error {
		a, err := r.Get(kind, "a")
		if err != nil {
			return err
		}
		begun := make(chan struct{})
		writer.Go(func() {
			close(begun)
			err := s.Update(t.Context(), func(w core.Writer) error {
				_, err := w.Put(core.Record{Kind: kind, ID: "a", Rev: 1, Head: []byte("2")})
				_, err2 := w.Put(core.Record{Kind: kind, ID: "b", Rev: 1, Head: []byte("2")})
				return errors.Join(err, err2)
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-begun
		b, err := r.Get(kind, "b")
		if string(a.Head) != string(b.Head) {
			t.Errorf("a is %s and b is %s", a.Head, b.Head)
		}
		return err
	})
	writer.Wait()
}

func waitingEndsWithItsContext(t *testing.T, s core.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	holding, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := s.Update(t.Context(), func(w core.Writer) error {
			close(holding)
			<-release
			_, err := w.Put(core.Record{Kind: kind, ID: "a"})
			return err
		})
		if err != nil {
			t.Error("the one who holds:", err)
		}
	})
	<-holding
	waited := make(chan error)
	go func() { waited <- s.Update(ctx, func(core.Writer) error { return errors.New("ran") }) }()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who waits: %v", err)
	}
	close(release)
	wg.Wait()
	if _, err := get(t, s, kind, "a"); err != nil {
		t.Error(err)
	}
}

// concurrentIncrements lets goroutines add to one counter by revision: each
// that is too late reads again.
func concurrentIncrements(t *testing.T, s core.Store) {
	const workers, each = 8, 10
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for n := 0; n < each; {
				switch err := increment(t, s); {
				case err == nil:
					n++
				case !errors.Is(err, core.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	r, err := get(t, s, kind, "counter")
	if err != nil || string(r.Head) != strconv.Itoa(workers*each) || r.Rev != workers*each {
		t.Fatalf("got %s at revision %d, %v", r.Head, r.Rev, err)
	}
}

// increment reads in one transaction and writes in another.
func increment(t *testing.T, s core.Store) error {
	r, err := get(t, s, kind, "counter")
	if errors.Is(err, core.ErrNotFound) {
		r, err = core.Record{Kind: kind, ID: "counter", Head: []byte("0")}, nil
	}
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(r.Head))
	if err != nil {
		return err
	}
	r.Head = strconv.AppendInt(nil, int64(n+1), 10)
	return s.Update(t.Context(), func(w core.Writer) error { _, err := w.Put(r); return err })
}
