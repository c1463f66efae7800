package consent_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"syscall"

	"deskward/core"
)

// fileStore is a store that processes share: one JSON file, locked as a whole
// for every transaction. It is the smallest thing that can show what two
// processes do to each other.
type fileStore struct{ path string }

type fileTx map[core.Kind]map[string]core.Record

func (s fileStore) View(ctx context.Context, fn func(core.Reader) error) error {
	return s.locked(func() error {
		tx, err := s.load()
		if err != nil {
			return err
		}
		return fn(tx)
	})
}

func (s fileStore) Update(ctx context.Context, fn func(core.Writer) error) error {
	return s.locked(func() error {
		tx, err := s.load()
		if err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		raw, err := json.Marshal(tx)
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.path+".new", raw, 0o600); err != nil {
			return err
		}
		return os.Rename(s.path+".new", s.path)
	})
}

func (s fileStore) locked(fn func() error) error {
	f, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // gives the lock back, as the end of the process does
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return fn()
}

func (s fileStore) load() (fileTx, error) {
	tx := fileTx{}
	raw, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return tx, nil
	} else if err != nil {
		return nil, err
	}
	return tx, json.Unmarshal(raw, &tx)
}

func (tx fileTx) Get(kind core.Kind, id string) (core.Record, error) {
	if r, ok := tx[kind][id]; ok {
		return r, nil
	}
	return core.Record{}, core.ErrNotFound
}

func (tx fileTx) Heads(kind core.Kind, o core.ListOptions) iter.Seq2[core.Record, error] {
	var all []core.Record
	for _, r := range tx[kind] {
		r.Body = nil
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b core.Record) int {
		if o.Newest {
			a, b = b, a
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return func(yield func(core.Record, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (tx fileTx) Count(kind core.Kind) (int, error) { return len(tx[kind]), nil }

func (tx fileTx) Put(r core.Record) (uint64, error) {
	if tx[r.Kind][r.ID].Rev != r.Rev {
		return 0, core.ErrConflict
	}
	if tx[r.Kind] == nil {
		tx[r.Kind] = map[string]core.Record{}
	}
	r.Rev++
	tx[r.Kind][r.ID] = r
	return r.Rev, nil
}

func (tx fileTx) Delete(kind core.Kind, id string, rev uint64) error {
	r, ok := tx[kind][id]
	switch {
	case !ok:
		return core.ErrNotFound
	case r.Rev != rev:
		return core.ErrConflict
	}
	delete(tx[kind], id)
	return nil
}
