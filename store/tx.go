package store

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"

	"go.etcd.io/bbolt"

	"deskward/core"
)

// maxRecord is the greatest size of a record, head and body. It bounds what a
// damaged file can make us allocate.
const maxRecord = 16 << 20

var errEnded = errors.New("the transaction has ended")

// tx implements core.Reader and core.Writer on one session. It is for one
// goroutine.
type tx struct {
	f       *File
	s       *session
	k       *keyring
	tried   string // what errors say was tried; "": the caller will
	records *bbolt.Bucket
	root    root
	stamp   string             // the root's seal as read: names the state this transaction started from
	sound   map[core.Kind]bool // kinds whose records were found to fit the root
	changes int                // writes so far, which invalidate cursors
	ended   bool
	scratch []byte // associated data
}

// newTx reads the root and makes sure that it is of our key.
func (f *File) newTx(s *session, k *keyring) (*tx, error) {
	t := &tx{f: f, s: s, k: k, sound: map[core.Kind]bool{}}
	err := s.guard(func() error {
		raw := s.tx.Bucket([]byte(bucketHeader)).Get([]byte(keyRoot))
		var err error
		if t.root, err = k.openRoot(raw); err != nil {
			return err
		}
		t.stamp = string(raw)
		if t.records = s.tx.Bucket([]byte(bucketRecords)); t.records == nil {
			return errors.New("no records")
		}
		return nil
	})
	if err != nil {
		return nil, boltError(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.soundStamp == t.stamp {
		for kind := range f.sound {
			t.sound[kind] = true
		}
	}
	return t, nil
}

// remember keeps which kinds were found sound, in the state stamp names.
func (t *tx) remember(stamp string) {
	t.f.mu.Lock()
	defer t.f.mu.Unlock()
	t.f.soundStamp, t.f.sound = stamp, t.sound
}

// do runs fn, one call on the transaction, unless that has ended.
func (t *tx) do(fn func() error) error {
	if t.ended {
		return errEnded
	}
	if t.s.broken {
		return t.named(damaged(errors.New("bbolt has failed before")))
	}
	// What bbolt itself says is about the file: arguments were checked before.
	return t.named(boltErrorOrNil(t.s.guard(fn)))
}

// named says what was tried in errors that are the store's own. It is done
// here because View and Update hand on their callback's errors as they are.
func (t *tx) named(err error) error {
	code := core.CodeOf(err)
	if err == nil || t.tried == "" || code != "" && !strings.HasPrefix(code, "store.") {
		return err
	}
	return fail(t.tried, t.f.path, err)
}

// Get implements core.Reader.
func (t *tx) Get(kind core.Kind, id string) (core.Record, error) {
	if err := core.CheckKey(kind, id); err != nil {
		return core.Record{}, err
	}
	var r core.Record
	err := t.do(func() error {
		if err := t.fit(kind); err != nil {
			return err
		}
		raw, err := t.find(kind, id)
		if err != nil {
			return err
		}
		r, err = t.k.openRecord(kind, id, raw, &t.scratch)
		return err
	})
	if err != nil {
		return core.Record{}, err
	}
	return r, nil
}

// find returns a record as it lies in mapped memory.
func (t *tx) find(kind core.Kind, id string) ([]byte, error) {
	b := t.records.Bucket([]byte(kind))
	if b == nil {
		return nil, notFound(kind, id)
	}
	raw := b.Get([]byte(id))
	if raw == nil {
		return nil, notFound(kind, id)
	}
	return raw, nil
}

// openRecord opens a record as it lies in the file.
func (k *keyring) openRecord(kind core.Kind, id string, raw []byte, scratch *[]byte) (core.Record, error) {
	e, err := parseEnvelope(raw)
	if err != nil {
		return core.Record{}, recordError(kind, id, err)
	}
	r := core.Record{Kind: kind, ID: id, Rev: e.rev}
	if r.Head, err = k.open(nil, e.head, e.headPlace(kind, id), scratch); err != nil {
		return core.Record{}, recordError(kind, id, err)
	}
	if e.body == nil {
		return r, nil
	}
	if r.Body, err = k.open(nil, e.body, e.bodyPlace(kind, id), scratch); err != nil {
		return core.Record{}, recordError(kind, id, err)
	}
	return r, nil
}

// Count implements core.Reader.
func (t *tx) Count(kind core.Kind) (int, error) {
	if err := core.CheckKey(kind, "id"); err != nil {
		return 0, err
	}
	if t.ended {
		return 0, errEnded
	}
	n := t.root.kinds[kind].count
	if n > math.MaxInt32 {
		return 0, damaged(errRoot)
	}
	return int(n), nil
}

// fit makes sure that the kind's records are, as a set, the ones last
// written, by adding up their tags. It does so once for each state of the
// store: steady reading costs nothing.
func (t *tx) fit(kind core.Kind) error {
	if t.sound[kind] {
		return nil
	}
	var sum tally
	if b := t.records.Bucket([]byte(kind)); b != nil {
		c := b.Cursor()
		for id, raw := c.First(); id != nil; id, raw = c.Next() {
			e, err := parseEnvelope(raw)
			if err != nil {
				return recordError(kind, string(id), err)
			}
			sum.add(t.k, e.tag())
		}
	}
	return t.settle(kind, sum)
}

// settle compares what was added up with what the root says.
func (t *tx) settle(kind core.Kind, sum tally) error {
	if sum != t.root.kinds[kind] {
		return &core.Error{
			Code: "store.rolled-back", Class: core.Locked, Params: map[string]string{"kind": core.CleanLine(string(kind))},
			Err: errors.New("records do not fit the store's root"),
		}
	}
	t.sound[kind] = true
	return nil
}

// Heads implements core.Reader. A listing of the whole kind checks its
// records against the root on the way, so its last item may be an error.
func (t *tx) Heads(kind core.Kind, o core.ListOptions) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		if err := core.CheckKey(kind, "id"); err != nil {
			yield(core.Record{}, err)
			return
		}
		l := &listing{t: t, kind: kind, o: o, last: o.After, changes: t.changes}
		if err := t.do(l.start); err != nil {
			yield(core.Record{}, err)
			return
		}
		var r core.Record
		var ok bool
		next := func() (err error) { r, ok, err = l.next(); return err }
		for {
			if err := t.do(next); err != nil {
				yield(core.Record{}, err)
				return
			}
			if !ok || !yield(r, nil) {
				return
			}
		}
	}
}

// Put implements core.Writer.
func (t *tx) Put(r core.Record) (uint64, error) {
	if err := core.CheckKey(r.Kind, r.ID); err != nil {
		return 0, err
	}
	if len(r.Head)+len(r.Body) > maxRecord/2 {
		return 0, &core.Error{Code: "store.too-large", Class: core.Usage}
	}
	rev := r.Rev + 1
	return rev, t.do(func() error {
		old, err := t.current(r.Kind, r.ID, r.Rev)
		if err != nil {
			return err
		}
		raw := t.k.sealRecord(r, rev, &t.scratch)
		e, err := parseEnvelope(raw)
		if err != nil {
			return err
		}
		sum := t.root.kinds[r.Kind]
		if old.head != nil {
			sum.remove(t.k, old.tag())
		}
		sum.add(t.k, e.tag())
		b, err := t.records.CreateBucketIfNotExists([]byte(r.Kind))
		if err != nil {
			return err
		}
		if err := b.Put([]byte(r.ID), raw); err != nil {
			return err
		}
		t.root.kinds[r.Kind] = sum
		t.changes++
		return nil
	})
}

// current returns the record's envelope, zero when there is none, if its
// revision is rev. It opens the head: a revision is to be believed only then.
// A new record needs no look at the others, so that appending to a long log
// stays cheap.
func (t *tx) current(kind core.Kind, id string, rev uint64) (envelope, error) {
	raw, err := t.find(kind, id)
	if core.CodeOf(err) == core.ErrNotFound.Code && rev == 0 {
		return envelope{}, nil
	}
	if err := t.fit(kind); err != nil {
		return envelope{}, err
	}
	if core.CodeOf(err) == core.ErrNotFound.Code {
		return envelope{}, conflict(kind, id)
	}
	e, err := parseEnvelope(raw)
	if err != nil {
		return envelope{}, recordError(kind, id, err)
	}
	if _, err := t.k.open(nil, e.head, e.headPlace(kind, id), &t.scratch); err != nil {
		return envelope{}, recordError(kind, id, err)
	}
	if e.rev != rev {
		return envelope{}, conflict(kind, id)
	}
	return e, nil
}

// Delete implements core.Writer.
func (t *tx) Delete(kind core.Kind, id string, rev uint64) error {
	if err := core.CheckKey(kind, id); err != nil {
		return err
	}
	return t.do(func() error {
		if _, err := t.find(kind, id); err != nil {
			return err
		}
		e, err := t.current(kind, id, rev)
		if err != nil {
			return err
		}
		if e.head == nil { // revision 0 of a record that exists can't be
			return conflict(kind, id)
		}
		if err := t.records.Bucket([]byte(kind)).Delete([]byte(id)); err != nil {
			return err
		}
		sum := t.root.kinds[kind]
		sum.remove(t.k, e.tag())
		if sum == (tally{}) {
			delete(t.root.kinds, kind)
		} else {
			t.root.kinds[kind] = sum
		}
		t.changes++
		return nil
	})
}

func notFound(kind core.Kind, id string) error {
	return fmt.Errorf("%s %s: %w", kind, id, core.ErrNotFound)
}

func conflict(kind core.Kind, id string) error {
	return fmt.Errorf("%s %s: %w", kind, id, core.ErrConflict)
}

func recordError(kind core.Kind, id string, err error) error {
	return &core.Error{
		Code: "store.record-damaged", Class: core.Locked,
		Params: map[string]string{"kind": core.CleanLine(string(kind)), "id": core.CleanLine(id)}, Err: err,
	}
}

// listing is the state of one Heads.
type listing struct {
	t       *tx
	kind    core.Kind
	o       core.ListOptions
	cursor  *bbolt.Cursor
	last    string // id yielded last, or that to start behind; "": start at the end
	changes int    // of the transaction, when cursor was placed
	placed  bool
	yielded int
	sum     *tally // of what was yielded, in a listing of the whole kind
	slab    []byte // memory that heads are opened into, many to a piece
}

// slabSize is the size of a piece of memory shared by the heads of a
// listing: one allocation for some two hundred heads.
const slabSize = 32 << 10

func (l *listing) start() error {
	if l.o.After == "" && l.o.Limit == 0 {
		l.sum = new(tally)
	} else if err := l.t.fit(l.kind); err != nil {
		return err
	}
	if b := l.t.records.Bucket([]byte(l.kind)); b != nil {
		l.cursor = b.Cursor()
	}
	return nil
}

// next returns the next record, or false at the end.
func (l *listing) next() (core.Record, bool, error) {
	if l.o.Limit > 0 && l.yielded == l.o.Limit {
		return core.Record{}, false, nil
	}
	id, raw := l.step()
	if id == nil {
		if l.sum != nil {
			return core.Record{}, false, l.t.settle(l.kind, *l.sum)
		}
		return core.Record{}, false, nil
	}
	r := core.Record{Kind: l.kind, ID: string(id)}
	e, err := parseEnvelope(raw)
	if err != nil {
		return r, false, recordError(l.kind, r.ID, err)
	}
	if cap(l.slab)-len(l.slab) < len(e.head) {
		l.slab = make([]byte, 0, max(slabSize, len(e.head)))
	}
	start := len(l.slab)
	l.slab, err = l.t.k.open(l.slab, e.head, e.headPlace(l.kind, r.ID), &l.t.scratch)
	if err != nil {
		return r, false, recordError(l.kind, r.ID, err)
	}
	r.Rev, r.Head = e.rev, l.slab[start:len(l.slab):len(l.slab)]
	if l.sum != nil {
		l.sum.add(l.t.k, e.tag())
	}
	l.last = r.ID
	l.yielded++
	return r, true, nil
}

// step moves the cursor. After a write by the caller's loop the cursor is
// placed anew behind the record yielded last; what is then seen may be no
// whole set, so it is not added up.
func (l *listing) step() (id, raw []byte) {
	if l.changes != l.t.changes {
		l.changes, l.placed, l.sum, l.cursor = l.t.changes, false, nil, nil
		if b := l.t.records.Bucket([]byte(l.kind)); b != nil {
			l.cursor = b.Cursor()
		}
	}
	switch {
	case l.cursor == nil:
		return nil, nil
	case l.placed && l.o.Newest:
		return l.cursor.Prev()
	case l.placed:
		return l.cursor.Next()
	}
	l.placed = true
	switch {
	case l.last == "" && l.o.Newest:
		return l.cursor.Last()
	case l.last == "":
		return l.cursor.First()
	}
	id, raw = l.cursor.Seek([]byte(l.last))
	switch {
	case l.o.Newest && id == nil: // all ids are before it
		return l.cursor.Last()
	case l.o.Newest:
		return l.cursor.Prev()
	case bytes.Equal(id, []byte(l.last)):
		return l.cursor.Next()
	}
	return id, raw
}
