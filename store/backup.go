package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"deskward/core"
)

// Backup writes the whole store as one age file at path, whole or not at all,
// without what was deleted. Inside is a store file, sealed to its members as
// they are now: to use it one needs what opens the backup and, after Restore,
// what unlocks the store. With recipients of its own given it needs no key.
//
// Codes: store.backup-exists without Force, store.backup-recipient when
// nobody is given and no member is a public key, store.bad-recipient,
// store.empty-passphrase, and those of View and Update.
func (f *File) Backup(ctx context.Context, path string, o BackupOptions) error {
	err := f.backup(ctx, path, o)
	if errors.Is(err, fs.ErrExist) {
		err = &core.Error{Code: "store.backup-exists", Class: core.Usage, Err: err}
	}
	return fail("store-backup", path, err)
}

func (f *File) backup(ctx context.Context, path string, o BackupOptions) error {
	if _, err := os.Lstat(path); err == nil && !o.Force {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	to, err := f.backupRecipients(ctx, o)
	if err != nil {
		return err
	}
	plain, err := f.copyForBackup(ctx)
	if err != nil {
		return err
	}
	defer os.Remove(plain) //nolint:errcheck // a sealed copy, and swept at the next rewrite
	out, err := os.CreateTemp(filepath.Dir(path), tempPrefix(path)+"*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) //nolint:errcheck // gone already when all went well
	err = encryptFile(out, plain, to)
	if err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return placeFile(out.Name(), path, o.Force)
}

func (f *File) backupRecipients(ctx context.Context, o BackupOptions) ([]age.Recipient, error) {
	if !o.Passphrase.Empty() {
		if len(o.Recipients) > 0 {
			return nil, &core.Error{Code: "store.backup-both", Class: core.Usage}
		}
		to, err := f.o.scrypt(o.Passphrase)
		return []age.Recipient{to}, err
	}
	keys := o.Recipients
	if len(keys) == 0 {
		members, err := f.Members(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if m.Recipient != "" {
				keys = append(keys, m.Recipient)
			}
		}
	}
	if len(keys) == 0 {
		return nil, &core.Error{Code: "store.backup-recipient", Class: core.Usage}
	}
	var to []age.Recipient
	for _, key := range keys {
		r, _, err := parseRecipient(key)
		if err != nil {
			return nil, err
		}
		to = append(to, r)
	}
	return to, nil
}

// copyForBackup writes a compact copy of the store, sealed as it is, beside it.
func (f *File) copyForBackup(ctx context.Context) (string, error) {
	if err := f.turns.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer f.turns.Release(1)
	s, err := f.begin(ctx, false, false)
	if err != nil {
		return "", err
	}
	defer s.end()
	return compactCopy(s, f.path)
}

func encryptFile(out io.Writer, from string, to []age.Recipient) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	w, err := age.Encrypt(out, to...)
	if err != nil {
		return &core.Error{Code: "store.bad-recipient", Class: core.Usage, Err: err}
	}
	if _, err := io.Copy(w, in); err != nil {
		return err
	}
	return w.Close()
}

// Restore puts the store of the backup file from at to. A store that is there
// is replaced only when it is the same store and has not changed since the
// backup, or can't be read, or force is set; it is kept beside, as
// TO.before-restore-TIME.
//
// Codes: store.newer-exists, store.other-exists; store.backup-locked when
// with does not open the backup; store.backup-damaged; those of Open for what
// is in it and for the place.
func Restore(ctx context.Context, from, to string, with Unlocker, o Options, force bool) (Restored, error) {
	out, err := restore(ctx, from, to, with, o, force)
	return out, fail("store-restore", to, err)
}

func restore(ctx context.Context, from, to string, with Unlocker, o Options, force bool) (Restored, error) {
	dir := filepath.Dir(to)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Restored{}, err
	}
	if err := checkFolder(dir); err != nil {
		return Restored{}, err
	}
	temp, err := decryptFile(from, to, with)
	if err != nil {
		return Restored{}, err
	}
	defer os.Remove(temp) //nolint:errcheck // gone already when all went well
	in, err := newFile(temp, o).begin(ctx, false, false)
	if err != nil {
		return Restored{}, err
	}
	defer in.end()
	fresh, err := in.clearRoot()
	if err != nil {
		return Restored{}, err
	}
	if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
		return Restored{Changed: fresh.changed}, placeFile(temp, to, false)
	}
	// While the old store is held nobody writes to it; who waits for it will
	// find the new one.
	old, err := newFile(to, o).begin(ctx, true, false)
	switch code := core.CodeOf(err); {
	case err == nil:
		defer old.end()
		err = mayReplace(old, in, force)
	case code == "store.damaged" || force && (code == "store.foreign" || code == "store.newer"):
		err = nil // it can't be used, and so not be lost
	}
	if err != nil {
		return Restored{}, err
	}
	kept := aside(to, "before-restore", o.now())
	if err := os.Link(to, kept); err != nil {
		return Restored{}, fmt.Errorf("keep the store that is there: %w", err)
	}
	return Restored{Kept: kept, Changed: fresh.changed}, placeFile(temp, to, true)
}

// clearRoot reads the part of the root that is readable without a key.
func (s *session) clearRoot() (r root, err error) {
	err = s.guard(func() error {
		r, _, err = parseRoot(s.tx.Bucket([]byte(bucketHeader)).Get([]byte(keyRoot)))
		return err
	})
	return r, boltErrorOrNil(err)
}

// mayReplace refuses to lose changes, or another store.
func mayReplace(old, fresh *session, force bool) error {
	if force {
		return nil
	}
	if old.head.Store != fresh.head.Store {
		return &core.Error{Code: "store.other-exists", Class: core.Conflict}
	}
	was, err := old.clearRoot()
	if err != nil {
		return nil //nolint:nilerr // damaged: see restore
	}
	will, err := fresh.clearRoot()
	if err != nil {
		return err
	}
	if was.seq > will.seq {
		const layout = "2006-01-02 15:04 MST"
		return &core.Error{Code: "store.newer-exists", Class: core.Conflict, Params: map[string]string{
			"changed": was.changed.Format(layout), "backup": will.changed.Format(layout),
		}}
	}
	return nil
}

// decryptFile decrypts a backup into a new file beside to.
func decryptFile(from, to string, with Unlocker) (temp string, err error) {
	ids, err := with.identities()
	if err != nil {
		return "", err
	}
	in, err := os.Open(from)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = &core.Error{Code: "store.backup-missing", Class: core.Usage, Params: map[string]string{"file": from}, Err: err}
		}
		return "", err
	}
	defer in.Close() //nolint:errcheck // read only
	plain, err := age.Decrypt(in, ids...)
	if err != nil {
		code := "store.backup-damaged"
		if _, no := errors.AsType[*age.NoIdentityMatchError](err); no {
			code = "store.backup-locked"
		}
		return "", &core.Error{Code: code, Class: core.Locked, Err: err}
	}
	out, err := os.CreateTemp(filepath.Dir(to), tempPrefix(to)+"*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, plain)
	if err != nil && !isSystem(err) {
		err = &core.Error{Code: "store.backup-damaged", Class: core.Locked, Err: err}
	}
	if err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(out.Name()) //nolint:errcheck // the first error is the one to tell
	}
	return out.Name(), err
}
