// Package store keeps deskward's records sealed in one bbolt file, shared by
// the sessions of several admins on one machine.
//
// # Keys and members
//
// Everything is sealed under one random data key. Each member has a slot in
// the file's clear header that leads to it:
//
//   - For a public key (SSH or age) the slot is the data key, encrypted to
//     the key as an age file.
//   - For a passphrase deskward makes an age identity that belongs to this
//     member alone. The slot is that identity encrypted to the passphrase (an
//     age file of its own, as scrypt demands) and the data key encrypted to
//     the identity's recipient. So the data key can be replaced without
//     asking anybody for a passphrase, and unlocking costs one scrypt.
//
// The list of members with labels and recipients is sealed under the data
// key. A new data key is wrapped to the recipients of this list, never to
// something that stands in clear, so who can write the file but not open it
// can't slip in a recipient. The slots in clear tell how many members of
// which kind there are, and age's hint at each SSH key.
//
// Removing a member or changing a passphrase makes a new data key and reseals
// everything into a new file: an old copy of the file together with the old
// passphrase opens the old copy only. What a removed member has seen, it has
// seen.
//
// # Records
//
// Head and body of a record are sealed apart with XChaCha20-Poly1305 under
// random nonces. Authenticated with each are the version of the sealing, the
// store, the key, kind, id, revision and part; a body is bound to just its
// own head. So no record can be moved, swapped or mixed with another or an
// earlier one.
//
// A whole record put back to an earlier state of its own would still open.
// The root (see type root) finds it: sealed anew with every commit, it holds
// a keyed sum over all current seals of each kind. It is compared whenever a
// kind is listed, and before single records are read or changed once for each
// state of the store that this process has not itself written. Not found is an
// older copy of the whole file: compare the last event's hash with one noted
// elsewhere. With members that are public keys, somebody who can write the
// file can also put a wholly new store in its place, encrypted to the same
// keys; the admin's records are then missing from it.
//
// # Files and locks
//
// The file is opened, locked (flock: shared to read, exclusive to write) and
// closed with each transaction. A rewrite (Compact, RemoveMember, …) renames a
// new file into place while it holds the lock on the old one; whoever waited
// for that lock notices and opens the new one. Before bbolt maps a state of
// the file that this process has not seen, checkPages makes sure that nothing
// in it leads bbolt astray.
package store

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"deskward/core"
)

// File is a store in a file. It is safe for concurrent use, also by several
// processes on one file. Transactions must not be nested. It implements
// core.Store and core.Eraser.
type File struct {
	path string
	o    Options
	// turns lets this process's transactions go one writer or many readers at
	// a time, and in order; between processes the lock on the file decides.
	turns *semaphore.Weighted

	mu         sync.Mutex
	keys       *keyring // nil: locked
	rawHead    string   // the header as last read, and parsed
	head       header
	checked    pageState          // of the file, as last checked or written
	soundStamp string             // the state of the store in which
	sound      map[core.Kind]bool // these kinds were found to fit the root
}

var (
	_ core.Store  = (*File)(nil)
	_ core.Eraser = (*File)(nil)
)

// readers is how many transactions of one process may read at once.
const readers = 1 << 10

func newFile(path string, o Options) *File {
	return &File{path: path, o: o, turns: semaphore.NewWeighted(readers)}
}

// Open checks a store's file and folder and reads its clear header, at a cost
// of well under a millisecond. The store stays locked.
//
// Codes: store.missing; store.symlink, store.owner, store.mode, store.folder
// when others could read or replace the file; store.foreign, store.damaged,
// store.newer when it can't be read; store.busy; store.no-access.
func Open(ctx context.Context, path string, o Options) (*File, error) {
	if err := o.check(); err != nil {
		return nil, fail("store-open", path, err)
	}
	f := newFile(path, o)
	if _, err := f.peek(ctx); err != nil {
		return nil, fail("store-open", path, err)
	}
	return f, nil
}

// peek reads what is readable without a key.
func (f *File) peek(ctx context.Context) (attempts, error) {
	if err := f.turns.Acquire(ctx, 1); err != nil {
		return attempts{}, err
	}
	defer f.turns.Release(1)
	s, err := f.begin(ctx, false, true)
	if err != nil {
		return attempts{}, err
	}
	defer s.end()
	return s.attempts()
}

// attempts reads the count of failed unlocks.
func (s *session) attempts() (a attempts, err error) {
	err = s.guard(func() error {
		a = parseAttempts(s.tx.Bucket([]byte(bucketHeader)).Get([]byte(keyAttempts)))
		return nil
	})
	return a, err
}

func (o Options) check() error {
	switch {
	case o.WorkFactor != 0 && o.WorkFactor < MinWorkFactor && !o.AllowWeak, o.WorkFactor < 0, o.WorkFactor > maxWorkFactor:
		return &core.Error{Code: "store.work-factor", Class: core.Usage}
	}
	return nil
}

func (o Options) now() time.Time {
	if o.Clock != nil {
		return o.Clock.Now()
	}
	return core.SystemClock{}.Now()
}

// Path returns where the store's file is.
func (f *File) Path() string { return f.path }

// Protection says how the store is protected, as of the last transaction.
func (f *File) Protection() Protection {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head.prot
}

// Locked reports whether there is no key.
func (f *File) Locked() bool { return f.keyring() == nil }

func (f *File) keyring() *keyring {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.keys
}

// Lock overwrites and forgets the data key. Transactions that are under way
// end as they would have; later ones fail with core.ErrLocked.
func (f *File) Lock() { f.setKeyring(nil) }

// lockIf is Lock while the key is still k.
func (f *File) lockIf(k *keyring) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys == k {
		f.replaceKeyring(nil)
	}
}

func (f *File) setKeyring(k *keyring) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replaceKeyring(k)
}

// changeKeyring puts fresh in the place of old, unless the store was locked
// in the meantime: then it stays locked.
func (f *File) changeKeyring(old, fresh *keyring) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys == old {
		f.replaceKeyring(fresh)
	}
}

// replaceKeyring is called with f.mu held.
func (f *File) replaceKeyring(k *keyring) {
	if f.keys != nil {
		f.keys.wipe()
	}
	f.keys, f.sound, f.soundStamp = k, nil, ""
}

// View implements core.Store. Besides its codes: store.key-changed (class
// Locked) when the data key was replaced since the unlock, which locks the
// store; store.damaged, store.record-damaged and store.rolled-back when the
// file was tampered with or failed; and those of Open.
func (f *File) View(ctx context.Context, fn func(core.Reader) error) error {
	if f.Locked() {
		return fail("store-read", f.path, core.ErrLocked)
	}
	if err := f.turns.Acquire(ctx, 1); err != nil {
		return err
	}
	defer f.turns.Release(1)
	s, err := f.begin(ctx, false, false)
	if err != nil {
		return fail("store-read", f.path, err)
	}
	defer s.end()
	t, err := f.authentic(s)
	if err != nil {
		return fail("store-read", f.path, err)
	}
	t.tried = "store-read"
	defer func() { t.ended = true }()
	if err := fn(t); err != nil {
		return err
	}
	t.remember(t.stamp)
	return nil
}

// authentic begins reading under the session's key, unless the store has
// another one by now. The key is looked up here, in the transaction's turn:
// while it waited, this very session may have made a new one.
func (f *File) authentic(s *session) (*tx, error) {
	k := f.keyring()
	if k == nil {
		return nil, core.ErrLocked
	}
	if s.head.Key != k.id || s.head.Schema != schemaVersion {
		f.lockIf(k)
		return nil, &core.Error{Code: "store.key-changed", Class: core.Locked}
	}
	return f.newTx(s, k)
}

// Update implements core.Store. Besides View's codes: store.disk-full,
// store.read-only.
func (f *File) Update(ctx context.Context, fn func(w core.Writer) error) error {
	if f.Locked() {
		return fail("store-write", f.path, core.ErrLocked)
	}
	var own error // of fn, handed on as it is
	err := f.write(ctx, func(s *session) error {
		t, err := f.authentic(s)
		if err != nil {
			return err
		}
		t.tried = "store-write"
		defer func() { t.ended = true }()
		if own = fn(t); own != nil {
			return own
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return t.finish(f.o.now())
	})
	if own != nil {
		return own
	}
	return fail("store-write", f.path, err)
}

// write runs fn in a session that holds the store exclusively. What fn did
// and did not commit itself is undone.
func (f *File) write(ctx context.Context, fn func(s *session) error) error {
	if err := f.turns.Acquire(ctx, readers); err != nil {
		return err
	}
	defer f.turns.Release(readers)
	s, err := f.begin(ctx, true, false)
	if err != nil {
		return err
	}
	defer s.end()
	return fn(s)
}

// finish seals the root anew and commits, if anything was written.
func (t *tx) finish(now time.Time) error {
	if t.s.broken {
		return damaged(errEnded)
	}
	if t.changes == 0 {
		t.remember(t.stamp)
		return nil
	}
	t.root.seq++
	t.root.changed = now
	stamp := t.k.sealRoot(t.root)
	err := t.s.guard(func() error {
		return t.s.tx.Bucket([]byte(bucketHeader)).Put([]byte(keyRoot), stamp)
	})
	if err != nil {
		return boltError(err)
	}
	if err := t.f.commit(t.s); err != nil {
		return err
	}
	t.remember(string(stamp))
	return nil
}
