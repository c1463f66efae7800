// Package store keeps deskward's records sealed in one bbolt file.
package store

import (
	"context"
	"errors"

	"deskward/core"
)

type upgrade struct{}

// Unlocker is what a person unlocks a store, or opens a backup, with: made by
// Passphrase, SSHKey or AgeIdentities.
type Unlocker interface{ pending() }

// Passphrase unlocks as a member of kind MemberPassphrase.
func Passphrase(p core.Secret) Unlocker { return nil }

// SSHKey unlocks with the content of an SSH private key file (OpenSSH or PEM,
// ed25519 or RSA); passphrase is the key file's own, empty when it has none.
func SSHKey(pem, passphrase core.Secret) Unlocker { return nil }

// AgeIdentities unlocks with the content of an age identity file.
func AgeIdentities(file core.Secret) Unlocker { return nil }

// File is a store in a file. It is safe for concurrent use, also by several
// processes on one file: each transaction opens, locks and closes it.
// It implements core.Store and core.Eraser.
type File struct{ path string }

var (
	_ core.Store  = (*File)(nil)
	_ core.Eraser = (*File)(nil)
)

// Create makes a new store with at least one member and returns it unlocked.
// An existing file is never overwritten (code store.exists); a missing folder
// is made with mode 0700.
func Create(ctx context.Context, path string, o Options, members ...Member) (*File, error) {
	return nil, errors.ErrUnsupported
}

// Open checks a store's file and folder and reads its clear header. The store
// stays locked.
func Open(ctx context.Context, path string, o Options) (*File, error) {
	return nil, errors.ErrUnsupported
}

// Path returns where the store's file is.
func (f *File) Path() string { return f.path }

// Protection says how the store is protected, as last read.
func (f *File) Protection() Protection { return Protection{} }

// Locked reports whether there is no key.
func (f *File) Locked() bool { return true }

// Attempts reads how many unlocks failed and how long the next must wait.
func (f *File) Attempts(ctx context.Context) (Attempts, error) {
	return Attempts{}, errors.ErrUnsupported
}

// Unlock tries the unlockers in order.
func (f *File) Unlock(ctx context.Context, with ...Unlocker) (Unlocked, error) {
	return Unlocked{}, errors.ErrUnsupported
}

// Lock forgets the key.
func (f *File) Lock() {}

// View implements core.Store.
func (f *File) View(ctx context.Context, fn func(core.Reader) error) error {
	return errors.ErrUnsupported
}

// Update implements core.Store.
func (f *File) Update(ctx context.Context, fn func(core.Writer) error) error {
	return errors.ErrUnsupported
}

// Members lists the members, oldest first.
func (f *File) Members(ctx context.Context) ([]MemberInfo, error) { return nil, errors.ErrUnsupported }

// AddMember lets one more unlock the store.
func (f *File) AddMember(ctx context.Context, m Member) (MemberInfo, error) {
	return MemberInfo{}, errors.ErrUnsupported
}

// RemoveMember takes a member's access to what the store holds from now on:
// everything is resealed under a new key into a new file.
func (f *File) RemoveMember(ctx context.Context, id string) error { return errors.ErrUnsupported }

// ChangePassphrase replaces the passphrase old by next and reseals everything
// under a new key into a new file.
func (f *File) ChangePassphrase(ctx context.Context, old, next core.Secret) error {
	return errors.ErrUnsupported
}

// Verify checks the file's structure and opens every record.
func (f *File) Verify(ctx context.Context) (Report, error) { return Report{}, errors.ErrUnsupported }

// Compact implements core.Eraser.
func (f *File) Compact(ctx context.Context) error { return errors.ErrUnsupported }

// Backup writes the whole store as one age file at path.
func (f *File) Backup(ctx context.Context, path string, o BackupOptions) error {
	return errors.ErrUnsupported
}

// Restore puts the store of the backup file from at to. It refuses to replace
// a store that has changed since (code store.newer-exists) or is another one
// (code store.other-exists) unless force is set; the one replaced is kept
// beside it.
func Restore(ctx context.Context, from, to string, with Unlocker, o Options, force bool) (Restored, error) {
	return Restored{}, errors.ErrUnsupported
}
