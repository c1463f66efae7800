// Package mem is a store in memory: the ports of core without a file, a key
// or a passphrase, for the sandbox and for tests.
package mem

import (
	"context"
	"maps"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"deskward/core"
)

// Store keeps records in memory. Its zero value is not ready: use New.
type Store struct {
	writer *semaphore.Weighted // one Update at a time, waited for under its context
	state  atomic.Pointer[state]
}

// state is a committed state. It is never changed: an Update copies the
// kinds that it writes, so a View keeps its snapshot for free.
type state map[core.Kind]map[string]core.Record

var _ core.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	s := &Store{writer: semaphore.NewWeighted(1)}
	s.state.Store(&state{})
	return s
}

// View implements core.Store.
func (s *Store) View(ctx context.Context, fn func(core.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{state: *s.state.Load()}
	defer func() { t.ended = true }()
	return fn(t)
}

// Update implements core.Store.
func (s *Store) Update(ctx context.Context, fn func(core.Writer) error) error {
	if err := s.writer.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.writer.Release(1)
	t := &tx{state: maps.Clone(*s.state.Load()), own: map[core.Kind]bool{}}
	defer func() { t.ended = true }()
	if err := fn(t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.state.Store(&t.state)
	return nil
}

// tx is one transaction.
type tx struct {
	state state
	own   map[core.Kind]bool // kinds copied by this Update
	ended bool
}
