package store

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"deskward/core"
)

// Unlocker is what a person unlocks a store, or opens a backup, with: made by
// Passphrase, SSHKey or AgeIdentities.
type Unlocker interface {
	identities() ([]age.Identity, error)
}

type passphraseUnlocker struct{ text core.Secret }

// Passphrase unlocks as a member of kind MemberPassphrase.
func Passphrase(p core.Secret) Unlocker { return passphraseUnlocker{p} }

func (u passphraseUnlocker) identities() ([]age.Identity, error) {
	if u.text.Empty() {
		return nil, &core.Error{Code: "store.empty-passphrase", Class: core.Usage}
	}
	id, err := age.NewScryptIdentity(passphrase(u.text))
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	return []age.Identity{id}, nil
}

type sshUnlocker struct{ pem, passphrase core.Secret }

// SSHKey unlocks with the content of an SSH private key file (OpenSSH or PEM,
// ed25519 or RSA); passphrase is the key file's own, empty when it has none.
//
// Codes: store.identity-locked when the file needs a passphrase,
// store.identity-passphrase when it was wrong, store.bad-identity when the
// text is no such key.
func SSHKey(pem, passphrase core.Secret) Unlocker { return sshUnlocker{pem, passphrase} }

func (u sshUnlocker) identities() ([]age.Identity, error) {
	pem := []byte(u.pem.Reveal())
	id, err := agessh.ParseIdentity(pem)
	if _, missing := errors.AsType[*ssh.PassphraseMissingError](err); missing {
		if u.passphrase.Empty() {
			return nil, &core.Error{Code: "store.identity-locked", Class: core.Locked}
		}
		var key any
		if key, err = ssh.ParseRawPrivateKeyWithPassphrase(pem, []byte(u.passphrase.Reveal())); err != nil {
			return nil, &core.Error{Code: "store.identity-passphrase", Class: core.Locked}
		}
		id, err = sshIdentity(key)
	}
	if err != nil {
		// The parser's error may quote the text: it is not kept.
		return nil, &core.Error{Code: "store.bad-identity", Class: core.Usage}
	}
	return []age.Identity{id}, nil
}

func sshIdentity(key any) (age.Identity, error) {
	switch key := key.(type) {
	case *ed25519.PrivateKey:
		return agessh.NewEd25519Identity(*key)
	case ed25519.PrivateKey:
		return agessh.NewEd25519Identity(key)
	case *rsa.PrivateKey:
		return agessh.NewRSAIdentity(key)
	}
	return nil, errors.New("unsupported kind of SSH key")
}

type ageUnlocker struct{ file core.Secret }

// AgeIdentities unlocks with the content of an age identity file
// (AGE-SECRET-KEY-1… lines). Code store.bad-identity when it is none.
func AgeIdentities(file core.Secret) Unlocker { return ageUnlocker{file} }

func (u ageUnlocker) identities() ([]age.Identity, error) {
	ids, err := age.ParseIdentities(strings.NewReader(u.file.Reveal()))
	if err != nil {
		return nil, &core.Error{Code: "store.bad-identity", Class: core.Usage}
	}
	return ids, nil
}

// Attempts reads how many unlocks failed, by all sessions, and how long the
// next passphrase must wait: three failures cost nothing, then 1 s, 2 s, 4 s
// and so on up to a minute.
func (f *File) Attempts(ctx context.Context) (Attempts, error) {
	a, err := f.peek(ctx)
	if err != nil {
		return Attempts{}, fail("store-open", f.path, err)
	}
	return Attempts{Failed: int(min(a.failed, 1<<30)), Wait: a.wait(f.o.now())}, nil
}

// Unlock tries the unlockers in order on every member of their kind and keeps
// the data key that the first fitting one leads to. A file of an older schema
// is backed up and upgraded then.
//
// Codes: store.wrong-passphrase or store.no-member when none fits, which is
// counted; store.wait when a passphrase is tried too soon after failed ones,
// which is not; those of the unlockers and of Open.
func (f *File) Unlock(ctx context.Context, with ...Unlocker) (Unlocked, error) {
	out, err := f.unlock(ctx, with)
	return out, fail("store-unlock", f.path, err)
}

func (f *File) unlock(ctx context.Context, with []Unlocker) (Unlocked, error) {
	tries, err := f.peek(ctx)
	if err != nil {
		return Unlocked{}, err
	}
	f.mu.Lock()
	h := f.head
	f.mu.Unlock()
	k, err := f.try(ctx, h, with, tries.wait(f.o.now()))
	if h.prot.Passphrases > 0 {
		// scrypt leaves 128 MiB of garbage, which the runtime would hold on to
		// for minutes, and let the heap grow to twice that before it collects.
		go debug.FreeOSMemory()
	}
	switch code := core.CodeOf(err); {
	case code == "store.wrong-passphrase" || code == "store.no-member":
		// That the count can't be written (a read-only disk) is no reason to
		// hide why the unlock failed.
		f.count(ctx, func(a *attempts) { a.failed, a.last = a.failed+1, f.o.now() }) //nolint:errcheck // see above
		return Unlocked{}, err
	case err != nil:
		return Unlocked{}, err
	}
	if err := f.upgrade(ctx, h, k); err != nil {
		return Unlocked{}, err
	}
	f.setKeyring(k)
	if tries.failed > 0 {
		if err := f.count(ctx, func(a *attempts) { *a = attempts{} }); err != nil {
			f.lockIf(k)
			return Unlocked{}, err
		}
	}
	member, err := f.whoUnlocked(ctx, k)
	if err != nil {
		f.lockIf(k)
		return Unlocked{}, err
	}
	return Unlocked{FailedBefore: int(min(tries.failed, 1<<30)), Member: member}, nil
}

// whoUnlocked finds the member k was unlocked as, which also proves that the
// key opens the store's sealed parts.
func (f *File) whoUnlocked(ctx context.Context, k *keyring) (MemberInfo, error) {
	members, err := f.Members(ctx)
	if err != nil {
		return MemberInfo{}, err
	}
	for _, m := range members {
		if m.ID == k.member {
			return m, nil
		}
	}
	return MemberInfo{}, damaged(errors.New("list of members: the unlocking one is missing"))
}

// try looks for the data key. It holds no lock: scrypt takes its time.
func (f *File) try(ctx context.Context, h header, with []Unlocker, wait time.Duration) (*keyring, error) {
	failed := &core.Error{Code: "store.no-member", Class: core.Locked}
	for _, u := range with {
		_, isPassphrase := u.(passphraseUnlocker)
		if isPassphrase && wait > 0 {
			seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
			return nil, &core.Error{Code: "store.wait", Class: core.Locked, Params: map[string]string{"seconds": seconds}}
		}
		ids, err := u.identities()
		if err != nil {
			return nil, err
		}
		for _, s := range h.Slots {
			if isPassphrase != (s.Kind == MemberPassphrase) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			data, err := s.open(ids)
			if err != nil {
				if _, no := errors.AsType[*age.NoIdentityMatchError](err); no {
					continue
				}
				return nil, damaged(fmt.Errorf("slot of a member: %w", err))
			}
			k, err := newKeyring(h.Store, data)
			if err != nil || k.id != h.Key {
				return nil, damaged(errors.New("slot of a member: another key"))
			}
			k.member = s.ID
			return k, nil
		}
		if isPassphrase && h.prot.Passphrases > 0 {
			failed = &core.Error{Code: "store.wrong-passphrase", Class: core.Locked}
		}
	}
	return nil, failed
}

// open returns the data key, or age's NoIdentityMatchError.
func (s slot) open(with []age.Identity) ([]byte, error) {
	if s.Kind != MemberPassphrase {
		return unwrap(s.Wrapped, with...)
	}
	text, err := unwrap(s.Lock, with...)
	if err != nil {
		return nil, err
	}
	own, err := age.ParseX25519Identity(string(text))
	clear(text)
	if err != nil {
		return nil, errors.New("malformed identity")
	}
	data, err := unwrap(s.Wrapped, own)
	if err != nil { // not a wrong passphrase: lock and wrapped key don't belong together
		return nil, errors.New("key is not wrapped to the member")
	}
	return data, nil
}

// count changes the count of failed unlocks, which needs no key.
func (f *File) count(ctx context.Context, change func(*attempts)) error {
	return f.write(ctx, func(s *session) error {
		a, err := s.attempts()
		if err != nil {
			return err
		}
		change(&a)
		err = s.guard(func() error {
			return s.tx.Bucket([]byte(bucketHeader)).Put([]byte(keyAttempts), a.encode())
		})
		if err != nil {
			return boltError(err)
		}
		return f.commit(s)
	})
}
