package lookup

import (
	"context"
	"errors"
	"slices"
	"time"

	"deskward/core"
)

// Past is a look-up that is remembered: what was asked and what came of it,
// and nothing of the person besides.
type Past struct {
	At      time.Time `json:"at"`
	Query   Query     `json:"query"`
	Outcome Outcome   `json:"outcome"`
}

// Memory is what is remembered of look-ups, newest first. Off is its zero
// value: without a time to keep them, none is kept.
type Memory struct {
	Keep time.Duration `json:"keep_ns"`
	Past []Past        `json:"past"`
}

// mostPast is how many look-ups are remembered.
const mostPast = 200

// historyID is the one record of its kind.
const historyID = "history"

// History remembers look-ups, sealed, where that was switched on.
type History struct {
	Store core.Store
	Clock core.Clock
}

// Read returns what is remembered and not too old.
func (h *History) Read(ctx context.Context) (Memory, error) {
	var m Memory
	err := h.Store.View(ctx, func(r core.Reader) error {
		var err error
		m, _, err = readMemory(r)
		return err
	})
	return h.fresh(m), err
}

// Add remembers a look-up; it does nothing where that is off. What was asked
// for again moves up.
func (h *History) Add(ctx context.Context, q Query, o Outcome) error {
	return h.change(ctx, func(m *Memory) {
		m.Past = slices.DeleteFunc(m.Past, func(p Past) bool { return p.Query.Text == q.Text && slices.Equal(p.Query.Kinds, q.Kinds) })
		m.Past = slices.Insert(m.Past, 0, Past{At: h.Clock.Now(), Query: q, Outcome: o})
		m.Past = m.Past[:min(len(m.Past), mostPast)]
	}, false)
}

// Keep sets for how long look-ups are remembered, and forgets what is older at
// once; 0 forgets all and remembers none.
func (h *History) Keep(ctx context.Context, d time.Duration) error {
	return h.change(ctx, func(m *Memory) { m.Keep = d }, true)
}

// change reads, changes and writes; where it is off, only to switch it on.
func (h *History) change(ctx context.Context, fn func(*Memory), even bool) error {
	return h.Store.Update(ctx, func(w core.Writer) error {
		m, rev, err := readMemory(w)
		if err != nil || m.Keep <= 0 && !even {
			return err
		}
		fn(&m)
		if m.Keep <= 0 {
			if rev == 0 {
				return nil
			}
			return w.Delete(core.KindLookup, historyID, rev)
		}
		body, err := core.EncodeBody(h.fresh(m), nil)
		if err != nil {
			return err
		}
		_, err = w.Put(core.Record{Kind: core.KindLookup, ID: historyID, Rev: rev, Body: body})
		return err
	})
}

// fresh leaves out what has been kept long enough.
func (h *History) fresh(m Memory) Memory {
	since := h.Clock.Now().Add(-m.Keep)
	m.Past = slices.DeleteFunc(slices.Clone(m.Past), func(p Past) bool { return p.At.Before(since) })
	return m
}

func readMemory(r core.Reader) (m Memory, rev uint64, err error) {
	rec, err := r.Get(core.KindLookup, historyID)
	if errors.Is(err, core.ErrNotFound) {
		return Memory{}, 0, nil
	}
	if err != nil {
		return Memory{}, 0, err
	}
	_, err = core.DecodeBody(rec.Body, &m)
	return m, rec.Rev, err
}
