package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"
	"time"

	"go.etcd.io/bbolt"

	"deskward/core"
)

// upgrade changes a store's layout from one schema to the next.
type upgrade struct {
	from  int
	apply func(tx *bbolt.Tx, k *keyring) error
}

// builtinUpgrades lists the steps from each released schema to the one after
// it. Schema 1 is the first.
func builtinUpgrades() []upgrade { return nil }

// stamp is how times stand in the names of files kept aside.
const stamp = "20060102T150405Z"

// upgrade brings the store to schemaVersion, in one transaction, after
// copying the file as it is to PATH.before-upgrade-TIME.
func (f *File) upgrade(ctx context.Context, h header, k *keyring) error {
	if h.Schema == schemaVersion {
		return nil
	}
	steps := f.o.upgrades
	if steps == nil {
		steps = builtinUpgrades()
	}
	return f.write(ctx, func(s *session) error {
		if s.head.Schema == schemaVersion { // another session was faster
			return nil
		}
		if _, err := f.keepCopy(s, "before-upgrade"); err != nil {
			return err
		}
		next := s.head
		for next.Schema < schemaVersion {
			step, ok := findUpgrade(steps, next.Schema)
			if !ok {
				return &core.Error{
					Code: "store.too-old", Class: core.Locked, Params: map[string]string{"found": strconv.Itoa(s.head.Schema)},
				}
			}
			if err := s.guard(func() error { return step.apply(s.tx, k) }); err != nil {
				return fmt.Errorf("upgrade from schema %d: %w", step.from, err)
			}
			next.Schema++
		}
		raw, err := next.encode()
		if err != nil {
			return err
		}
		err = s.guard(func() error { return s.tx.Bucket([]byte(bucketHeader)).Put([]byte(keyHeader), raw) })
		if err != nil {
			return boltError(err)
		}
		return f.commit(s)
	})
}

func findUpgrade(steps []upgrade, from int) (upgrade, bool) {
	for _, u := range steps {
		if u.from == from {
			return u, true
		}
	}
	return upgrade{}, false
}

// keepCopy copies the store, as it is at the session's start, beside itself.
func (f *File) keepCopy(s *session, why string) (name string, err error) {
	name = f.aside(why)
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // one made this second holds the same
		return name, nil
	} else if err != nil {
		return "", err
	}
	// Nothing is written before the transaction commits, so the file is still
	// what it was when the session began.
	_, err = io.Copy(out, io.NewSectionReader(s.file, 0, math.MaxInt64))
	if err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(name) //nolint:errcheck // the first error is the one to tell
		return "", err
	}
	return name, nil
}

// aside names a file kept beside the store.
func (f *File) aside(why string) string { return aside(f.path, why, f.o.now()) }

func aside(path, why string, now time.Time) string {
	return path + "." + why + "-" + now.UTC().Format(stamp)
}
