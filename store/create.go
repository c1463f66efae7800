package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/bbolt"

	"deskward/core"
)

// Create makes a new store with at least one member and returns it unlocked,
// as its first member. A missing folder is made with mode 0700, the file has
// mode 0600. The file appears whole or not at all.
//
// Codes: store.exists (a file is never overwritten), store.no-members,
// store.empty-passphrase, store.bad-recipient, store.member-exists,
// store.work-factor, and those of Open that concern the folder and the disk.
func Create(ctx context.Context, path string, o Options, members ...Member) (*File, error) {
	f, err := create(ctx, path, o, members)
	if err != nil {
		return nil, fail("store-create", path, err)
	}
	return f, nil
}

func create(ctx context.Context, path string, o Options, members []Member) (*File, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, &core.Error{Code: "store.no-members", Class: core.Usage}
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	f := newFile(path, o)
	h := header{Format: formatName, Schema: schemaVersion, Store: core.NewID(), Created: o.now().UTC()}
	k, err := newKeyring(h.Store, newDataKey())
	if err != nil {
		return nil, err
	}
	r, err := o.newRoster(members, k.data)
	if err != nil {
		return nil, err
	}
	if err := r.write(&h, k); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	temp, err := build(path, func(b *builder) error {
		return b.header(h, k.sealRoot(root{seq: 1, changed: o.now()}), nil)
	})
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp) //nolint:errcheck // gone already when all went well
	if err := placeFile(temp, path, false); err != nil {
		return nil, err
	}
	k.member = r.members[0].ID
	f.setKeyring(k)
	_, err = f.peek(ctx)
	return f, err
}

// newRoster makes the first members.
func (o Options) newRoster(members []Member, data []byte) (roster, error) {
	var r roster
	for i, m := range members {
		entry, s, err := o.newMember(m)
		if err != nil {
			return roster{}, err
		}
		for _, other := range r.members {
			if sameKey(other.Recipient, entry.Recipient) {
				return roster{}, &core.Error{Code: "store.member-exists", Class: core.Usage}
			}
		}
		r.members, r.slots = append(r.members, entry), append(r.slots, s)
		if err := r.wrapSlot(i, data); err != nil {
			return roster{}, err
		}
	}
	return r, nil
}

// builder writes a new store file.
type builder struct {
	db   *bbolt.DB
	tx   *bbolt.Tx
	size int // of what the transaction holds
}

// batchSize is how many bytes of records go into one transaction of a
// rewrite, which holds them in memory.
const batchSize = 4 << 20

// tempPrefix starts the names of unfinished files beside path.
func tempPrefix(path string) string { return "." + filepath.Base(path) + ".new-" }

// build writes a store file beside path, synced but not yet in place, and
// returns its name. On an error nothing is left.
func build(path string, fill func(*builder) error) (name string, err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), tempPrefix(path)+"*")
	if err != nil {
		return "", err
	}
	name = temp.Name()
	done := false
	defer func() {
		temp.Close() //nolint:errcheck // synced below when all went well
		if !done {
			os.Remove(name) //nolint:errcheck // the first error is the one to tell
		}
	}()
	// Synced once, at the end: until then nobody needs the file.
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{NoSync: true, NoStatistics: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return name, err
	}
	b := &builder{db: db}
	err = b.run(fill)
	if err == nil {
		err = temp.Sync()
	}
	done = err == nil
	return name, err
}

// run calls fill, commits and closes. It closes also when fill, which may
// read a damaged file, panics.
func (b *builder) run(fill func(*builder) error) (err error) {
	defer func() {
		if b.tx != nil {
			b.tx.Rollback() //nolint:errcheck // committed already when all went well
		}
		if closeErr := b.db.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := fill(b); err != nil {
		return err
	}
	if b.tx == nil {
		return nil
	}
	return b.tx.Commit()
}

// bucket returns a bucket of the new file, in a transaction that has room.
func (b *builder) bucket(more int, path ...string) (*bbolt.Bucket, error) {
	if b.tx != nil && b.size+more > batchSize {
		if err := b.tx.Commit(); err != nil {
			return nil, err
		}
		b.tx, b.size = nil, 0
	}
	if b.tx == nil {
		tx, err := b.db.Begin(true)
		if err != nil {
			return nil, err
		}
		b.tx = tx
	}
	b.size += more
	in, err := b.tx.CreateBucketIfNotExists([]byte(path[0]))
	if err == nil && len(path) > 1 {
		in, err = in.CreateBucketIfNotExists([]byte(path[1]))
	}
	if err != nil {
		return nil, err
	}
	in.FillPercent = 0.9 // records come in order
	return in, nil
}

// header writes the clear part.
func (b *builder) header(h header, sealedRoot, attempts []byte) error {
	raw, err := h.encode()
	if err != nil {
		return err
	}
	if _, err := b.bucket(0, bucketRecords); err != nil {
		return err
	}
	in, err := b.bucket(len(raw), bucketHeader)
	if err != nil {
		return err
	}
	return errors.Join(
		in.Put([]byte(keyHeader), raw),
		in.Put([]byte(keyRoot), sealedRoot),
		in.Put([]byte(keyAttempts), attempts),
	)
}

// record writes a sealed record.
func (b *builder) record(kind core.Kind, id, raw []byte) error {
	in, err := b.bucket(len(id)+len(raw), bucketRecords, string(kind))
	if err != nil {
		return err
	}
	return in.Put(id, raw)
}

// sweep removes what rewrites that were killed left beside path. The caller
// holds the store exclusively, so none is under way.
func sweep(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix(path)) {
			os.Remove(filepath.Join(filepath.Dir(path), e.Name())) //nolint:errcheck // sealed, and tried again next time
		}
	}
}
