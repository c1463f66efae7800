package store

import (
	"bytes"
	"context"
	"os"

	"go.etcd.io/bbolt"

	"deskward/core"
)

// Compact implements core.Eraser: it copies what is alive into a new file and
// puts that in the old one's place, so the sealed bytes of what was deleted
// or replaced are no longer in the store. (The file system may still have them
// on its free blocks.) It needs no key.
func (f *File) Compact(ctx context.Context) error {
	return fail("store-compact", f.path, f.rewrite(ctx, func(s *session) (string, func(), error) {
		temp, err := compactCopy(s, f.path)
		return temp, func() {}, err
	}))
}

// compactCopy writes a copy of the store without free pages beside path.
func compactCopy(s *session, path string) (temp string, err error) {
	err = s.guard(func() error {
		temp, err = build(path, func(b *builder) error { return bbolt.Compact(b.db, s.db, batchSize) })
		return err
	})
	return temp, boltErrorOrNil(err)
}

func boltErrorOrNil(err error) error {
	if err == nil {
		return nil
	}
	return boltError(err)
}

// rewrite puts the file that fn makes in the store's place. It holds the old
// file's lock until then; done is called right after.
func (f *File) rewrite(ctx context.Context, fn func(s *session) (temp string, done func(), err error)) error {
	return f.write(ctx, func(s *session) error {
		sweep(f.path)
		temp, done, err := fn(s)
		if err != nil {
			return err
		}
		defer os.Remove(temp) //nolint:errcheck // gone already when all went well
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := placeFile(temp, f.path, true); err != nil {
			return err
		}
		f.mu.Lock()
		f.checked = pageState{}
		f.mu.Unlock()
		done()
		return nil
	})
}

// rekey changes the roster and reseals everything under a new data key.
func (f *File) rekey(ctx context.Context, tried string, change func(*roster) error) error {
	if f.Locked() {
		return fail(tried, f.path, core.ErrLocked)
	}
	return fail(tried, f.path, f.rewrite(ctx, func(s *session) (string, func(), error) {
		t, err := f.authentic(s)
		if err != nil {
			return "", nil, err
		}
		r, err := readRoster(s.head, t.k)
		if err != nil {
			return "", nil, err
		}
		if err := change(&r); err != nil {
			return "", nil, err
		}
		fresh, err := newKeyring(s.head.Store, newDataKey())
		if err != nil {
			return "", nil, err
		}
		fresh.member = t.k.member
		for i := range r.slots {
			if err := r.wrapSlot(i, fresh.data); err != nil {
				return "", nil, err
			}
		}
		h := s.head
		if err := r.write(&h, fresh); err != nil {
			return "", nil, err
		}
		temp, err := t.reseal(h, fresh)
		return temp, func() { f.changeKeyring(t.k, fresh) }, err
	}))
}

// reseal writes a copy of the store, with header h, under the key fresh. It
// refuses a store whose records do not all open and fit its root: resealing
// would make what was tampered with look right.
func (t *tx) reseal(h header, fresh *keyring) (temp string, err error) {
	err = t.do(func() error {
		temp, err = build(t.f.path, func(b *builder) error {
			sums := root{seq: t.root.seq + 1, changed: t.f.o.now(), kinds: map[core.Kind]tally{}}
			for kind := range t.root.kinds {
				sum, err := t.resealKind(b, kind, fresh)
				if err != nil {
					return err
				}
				sums.kinds[kind] = sum
			}
			var tries []byte
			if a, err := t.s.attempts(); err == nil {
				tries = a.encode()
			}
			return b.header(h, fresh.sealRoot(sums), tries)
		})
		return err
	})
	return temp, boltErrorOrNil(err)
}

func (t *tx) resealKind(b *builder, kind core.Kind, fresh *keyring) (tally, error) {
	if err := t.fit(kind); err != nil {
		return tally{}, err
	}
	in := t.records.Bucket([]byte(kind))
	if in == nil {
		return tally{}, damaged(errRoot)
	}
	var sum tally
	c := in.Cursor()
	for id, raw := c.First(); id != nil; id, raw = c.Next() {
		r, err := t.k.openRecord(kind, string(id), raw, &t.scratch)
		if err != nil {
			return tally{}, err
		}
		sealed := fresh.sealRecord(r, r.Rev, &t.scratch)
		e, err := parseEnvelope(sealed)
		if err != nil {
			return tally{}, err
		}
		sum.add(fresh, e.tag())
		if err := b.record(kind, bytes.Clone(id), sealed); err != nil {
			return tally{}, err
		}
	}
	return sum, nil
}
