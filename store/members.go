package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/text/unicode/norm"

	"deskward/core"
)

// maxWorkFactor is the greatest scrypt work factor set or tried: 1 GiB. A
// file that asks for more was made to exhaust memory.
const maxWorkFactor = 20

// member is an entry of the sealed list.
type member struct {
	ID    string     `json:"id"`
	Kind  MemberKind `json:"kind"`
	Label string     `json:"label,omitempty"`
	// Recipient is what the data key is wrapped to: the public key, or for a
	// passphrase that of the member's own identity.
	Recipient string    `json:"recipient"`
	AddedAt   time.Time `json:"added_at"`
	AddedBy   string    `json:"added_by,omitempty"`
}

func (m member) info(current string) MemberInfo {
	i := MemberInfo{
		ID: m.ID, Kind: m.Kind, Label: m.Label, Recipient: m.Recipient,
		AddedAt: m.AddedAt, AddedBy: m.AddedBy, Current: m.ID == current,
	}
	if m.Kind == MemberPassphrase {
		i.Recipient = "" // of no use to anybody but the store
	}
	return i
}

// passphrase returns the text that scrypt gets: in Unicode's normal form C,
// because the same Japanese passphrase comes composed from one keyboard and
// decomposed from another.
func passphrase(p core.Secret) string { return norm.NFC.String(p.Reveal()) }

// parseRecipient reads a public key.
func parseRecipient(text string) (age.Recipient, MemberKind, error) {
	text = strings.TrimSpace(text)
	var r age.Recipient
	var err error
	kind := MemberAge
	switch {
	case strings.HasPrefix(text, "ssh-"):
		kind = MemberSSH
		r, err = agessh.ParseRecipient(text)
	case strings.HasPrefix(text, "age1pq1"):
		r, err = age.ParseHybridRecipient(text)
	default:
		r, err = age.ParseX25519Recipient(text)
	}
	if err != nil {
		return nil, "", &core.Error{Code: "store.bad-recipient", Class: core.Usage, Err: err}
	}
	return r, kind, nil
}

// wrap encrypts a small text to one recipient.
func wrap(text []byte, to age.Recipient) ([]byte, error) {
	var buf bytes.Buffer
	w, err := age.Encrypt(&buf, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// maxWrapped is the greatest text that unwrap returns; the longest is a
// post-quantum age identity.
const maxWrapped = 4 << 10

func unwrap(sealed []byte, with ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxWrapped))
}

// newMember makes the entry and the lock of a new member; its slot is not
// wrapped yet.
func (o Options) newMember(m Member) (member, slot, error) {
	entry := member{ID: core.NewID(), Label: m.Label, AddedAt: o.now().UTC().Truncate(time.Second), AddedBy: m.AddedBy}
	if m.Recipient != "" {
		if !m.Passphrase.Empty() {
			return member{}, slot{}, errors.New("a member has a passphrase or a public key, not both")
		}
		_, kind, err := parseRecipient(m.Recipient)
		if err != nil {
			return member{}, slot{}, err
		}
		entry.Kind, entry.Recipient = kind, strings.TrimSpace(m.Recipient)
		return entry, slot{ID: entry.ID, Kind: kind}, nil
	}
	lock, recipient, err := o.newLock(m.Passphrase)
	if err != nil {
		return member{}, slot{}, err
	}
	entry.Kind, entry.Recipient = MemberPassphrase, recipient
	return entry, slot{ID: entry.ID, Kind: MemberPassphrase, Lock: lock}, nil
}

// newLock makes an identity for a passphrase and locks it with that.
func (o Options) newLock(p core.Secret) (lock []byte, recipient string, err error) {
	to, err := o.scrypt(p)
	if err != nil {
		return nil, "", err
	}
	own, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, "", err
	}
	lock, err = wrap([]byte(own.String()), to)
	return lock, own.Recipient().String(), err
}

// scrypt returns the recipient that a passphrase is.
func (o Options) scrypt(p core.Secret) (*age.ScryptRecipient, error) {
	if p.Empty() {
		return nil, &core.Error{Code: "store.empty-passphrase", Class: core.Usage}
	}
	to, err := age.NewScryptRecipient(passphrase(p))
	if err != nil {
		return nil, err
	}
	factor := o.WorkFactor
	if factor == 0 {
		factor = MinWorkFactor
	}
	to.SetWorkFactor(factor)
	return to, nil
}

// roster is the list of members with their slots, in the same order.
type roster struct {
	members []member
	slots   []slot
}

// readRoster opens the sealed list and matches the slots to it. A slot that
// the list does not know is dropped, and a member without a slot fails: only
// a file that was tampered with has either.
func readRoster(h header, k *keyring) (roster, error) {
	var scratch []byte
	raw, err := k.open(nil, h.Sealed, place{part: partMembers}, &scratch)
	if err != nil {
		return roster{}, damaged(fmt.Errorf("list of members: %w", err))
	}
	var r roster
	if err := json.Unmarshal(raw, &r.members); err != nil {
		return roster{}, damaged(fmt.Errorf("list of members: %w", err))
	}
	for _, m := range r.members {
		i := slices.IndexFunc(h.Slots, func(s slot) bool { return s.ID == m.ID && s.Kind == m.Kind })
		if i < 0 {
			return roster{}, damaged(errors.New("list of members: a slot is missing"))
		}
		r.slots = append(r.slots, h.Slots[i])
	}
	return r, nil
}

// write seals the list into the header.
func (r roster) write(h *header, k *keyring) error {
	raw, err := json.Marshal(r.members)
	if err != nil {
		return err
	}
	var scratch []byte
	h.Key, h.Slots, h.prot = k.id, r.slots, Protection{}
	h.Sealed = k.seal(nil, raw, place{part: partMembers}, &scratch)
	return h.check()
}

// wrapSlot wraps the data key to the member at i.
func (r roster) wrapSlot(i int, data []byte) error {
	to, _, err := parseRecipient(r.members[i].Recipient)
	if err != nil {
		return err
	}
	r.slots[i].Wrapped, err = wrap(data, to)
	return err
}

// Members lists the members, oldest first.
func (f *File) Members(ctx context.Context) ([]MemberInfo, error) {
	if f.Locked() {
		return nil, fail("store-read", f.path, core.ErrLocked)
	}
	if err := f.turns.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer f.turns.Release(1)
	s, err := f.begin(ctx, false, true)
	if err != nil {
		return nil, fail("store-read", f.path, err)
	}
	defer s.end()
	t, err := f.authentic(s)
	if err != nil {
		return nil, fail("store-read", f.path, err)
	}
	r, err := readRoster(s.head, t.k)
	if err != nil {
		return nil, fail("store-read", f.path, err)
	}
	infos := make([]MemberInfo, len(r.members))
	for i, m := range r.members {
		infos[i] = m.info(t.k.member)
	}
	return infos, nil
}

// AddMember lets one more unlock the store. The same public key a second time
// is refused with code store.member-exists, a text that is no public key with
// store.bad-recipient, an empty passphrase with store.empty-passphrase.
func (f *File) AddMember(ctx context.Context, m Member) (MemberInfo, error) {
	const tried = "member-add"
	if f.Locked() {
		return MemberInfo{}, fail(tried, f.path, core.ErrLocked)
	}
	entry, sl, err := f.o.newMember(m) // scrypt: before the lock is taken
	if err != nil {
		return MemberInfo{}, fail(tried, f.path, err)
	}
	err = f.write(ctx, func(s *session) error {
		t, err := f.authentic(s)
		if err != nil {
			return err
		}
		r, err := readRoster(s.head, t.k)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(r.members, func(o member) bool { return sameKey(o.Recipient, entry.Recipient) }) {
			return &core.Error{Code: "store.member-exists", Class: core.Usage}
		}
		r.members, r.slots = append(r.members, entry), append(r.slots, sl)
		data, err := f.dataKey(t.k)
		if err != nil {
			return err
		}
		defer clear(data)
		if err := r.wrapSlot(len(r.slots)-1, data); err != nil {
			return err
		}
		return t.writeHeader(r)
	})
	if err != nil {
		return MemberInfo{}, fail(tried, f.path, err)
	}
	return entry.info(""), nil
}

// writeHeader replaces the members and commits.
func (t *tx) writeHeader(r roster) error {
	h := t.s.head
	if err := r.write(&h, t.k); err != nil {
		return err
	}
	raw, err := h.encode()
	if err != nil {
		return err
	}
	err = t.s.guard(func() error {
		return t.s.tx.Bucket([]byte(bucketHeader)).Put([]byte(keyHeader), raw)
	})
	if err != nil {
		return boltError(err)
	}
	t.changes++
	if err := t.finish(t.f.o.now()); err != nil {
		return err
	}
	t.f.mu.Lock()
	defer t.f.mu.Unlock()
	t.f.rawHead, t.f.head = string(raw), h
	return nil
}

// dataKey returns a copy of the data key, if k is still in use.
func (f *File) dataKey(k *keyring) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys != k {
		return nil, core.ErrLocked
	}
	return bytes.Clone(k.data), nil
}

// sameKey compares public keys without the comment of an SSH key.
func sameKey(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	return slices.Equal(x[:min(2, len(x))], y[:min(2, len(y))])
}

// RemoveMember takes away a member's access to what the store holds from now
// on: everything is resealed under a new data key into a new file. The last
// member can't be removed (code store.last-member).
func (f *File) RemoveMember(ctx context.Context, id string) error {
	return f.rekey(ctx, "member-remove", func(r *roster) error {
		i := slices.IndexFunc(r.members, func(m member) bool { return m.ID == id })
		switch {
		case i < 0:
			return fmt.Errorf("member: %w", core.ErrNotFound)
		case len(r.members) == 1:
			return &core.Error{Code: "store.last-member", Class: core.Usage}
		}
		r.members, r.slots = slices.Delete(r.members, i, i+1), slices.Delete(r.slots, i, i+1)
		return nil
	})
}

// ChangePassphrase replaces the passphrase old by next. As with RemoveMember
// everything is resealed into a new file, so an older copy and the old
// passphrase open nothing of what comes later. Code store.wrong-passphrase
// when old is none of the store's.
func (f *File) ChangePassphrase(ctx context.Context, old, next core.Secret) error {
	const tried = "passphrase-change"
	lock, recipient, err := f.o.newLock(next)
	if err != nil {
		return fail(tried, f.path, err)
	}
	ids, err := Passphrase(old).identities()
	if err != nil {
		return fail(tried, f.path, err)
	}
	return f.rekey(ctx, tried, func(r *roster) error {
		for i, s := range r.slots {
			if s.Kind != MemberPassphrase {
				continue
			}
			if _, err := unwrap(s.Lock, ids...); err != nil {
				continue
			}
			r.slots[i].Lock, r.members[i].Recipient = lock, recipient
			return nil
		}
		return &core.Error{Code: "store.wrong-passphrase", Class: core.Locked}
	})
}
