package store

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"deskward/core"
)

// keyPair is a member with what unlocks as it.
type keyPair struct {
	Member
	unlocker Unlocker
}

func sshKeyPair(t testing.TB, key any, phrase string) keyPair {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "test")
	if phrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "test", []byte(phrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	return keyPair{
		Member{Label: "key", Recipient: public + " mina@laptop"},
		SSHKey(secret(string(pem.EncodeToMemory(block))), secret(phrase)),
	}
}

func sshMember(t testing.TB) keyPair {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sshKeyPair(t, key, "")
}

func rsaMember(t testing.TB) keyPair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return sshKeyPair(t, key, "key file phrase")
}

func ageMember(t testing.TB) keyPair {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{Member{Label: "age", Recipient: id.Recipient().String()}, AgeIdentities(secret("# test\n" + id.String() + "\n"))}
}

func hybridMember(t testing.TB) keyPair {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{Member{Label: "pq", Recipient: id.Recipient().String()}, AgeIdentities(secret(id.String()))}
}

func passphraseMember(phrase string) keyPair {
	return keyPair{Member{Label: phrase, Passphrase: secret(phrase)}, Passphrase(secret(phrase))}
}

func TestEveryKindOfMemberUnlocks(t *testing.T) {
	t.Parallel()
	pairs := []keyPair{passphraseMember("first"), passphraseMember("second"), sshMember(t), rsaMember(t), ageMember(t), hybridMember(t)}
	var members []Member
	for _, p := range pairs[:4] {
		members = append(members, p.Member)
	}
	f, err := Create(t.Context(), filepath.Join(t.TempDir(), "deskward.db"), weak(), members...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs[4:] {
		if _, err := f.AddMember(t.Context(), p.Member); err != nil {
			t.Fatal(err)
		}
	}
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Head: []byte("head")})
	want := Protection{Passphrases: 2, SSHKeys: 2, AgeKeys: 2}
	for _, p := range pairs {
		g, err := Open(t.Context(), f.Path(), weak())
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Protection(); got != want {
			t.Errorf("protection %+v, want %+v", got, want)
		}
		u, err := g.Unlock(t.Context(), p.unlocker)
		if err != nil {
			t.Fatalf("%s: %v", p.Label, err)
		}
		if u.Member.Label != p.Label || u.Member.Recipient != p.Recipient || !u.Member.Current {
			t.Errorf("unlocked as %+v, want %s", u.Member, p.Label)
		}
		if _, err := read(t.Context(), g, core.KindConnection, "a"); err != nil {
			t.Errorf("%s: %v", p.Label, err)
		}
	}
}

func TestStrangersDoNotUnlock(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	for _, test := range []struct {
		with Unlocker
		code string
	}{
		{Passphrase(secret("wrong")), "store.wrong-passphrase"},
		{Passphrase(core.Secret{}), "store.empty-passphrase"},
		{sshMember(t).unlocker, "store.no-member"},
		{ageMember(t).unlocker, "store.no-member"},
		{SSHKey(secret("not a key"), core.Secret{}), "store.bad-identity"},
		{AgeIdentities(secret("not a key")), "store.bad-identity"},
		{SSHKey(rsaMember(t).unlocker.(sshUnlocker).pem, core.Secret{}), "store.identity-locked"},
		{SSHKey(rsaMember(t).unlocker.(sshUnlocker).pem, secret("wrong")), "store.identity-passphrase"},
	} {
		g, err := Open(t.Context(), f.Path(), weak())
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Unlock(t.Context(), test.with)
		wantCode(t, err, test.code)
		if !g.Locked() {
			t.Error("unlocked all the same")
		}
		if err := f.count(t.Context(), func(a *attempts) { *a = attempts{} }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestJapanesePassphraseUnlocksInEitherNormalForm(t *testing.T) {
	t.Parallel()
	const composed, decomposed = "パスワード", "ハ\u309aスワート\u3099"
	f, err := Create(t.Context(), filepath.Join(t.TempDir(), "deskward.db"), weak(), Member{Passphrase: secret(composed)})
	if err != nil {
		t.Fatal(err)
	}
	f.Lock()
	if _, err := f.Unlock(t.Context(), Passphrase(secret(decomposed))); err != nil {
		t.Error(err)
	}
}

func TestRemovedMemberIsShutOut(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	leaver := sshMember(t)
	info, err := f.AddMember(t.Context(), leaver.Member)
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Head: []byte("head"), Body: []byte("body")})
	old := f.keyring()
	oldKey := bytes.Clone(old.data)
	if err := f.RemoveMember(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	g, err := Open(t.Context(), f.Path(), weak())
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Unlock(t.Context(), leaver.unlocker)
	wantCode(t, err, "store.no-member")

	// Nor does the data key they may have noted open anything.
	stale, err := newKeyring(f.head.Store, oldKey)
	if err != nil {
		t.Fatal(err)
	}
	g.setKeyring(stale)
	_, err = read(t.Context(), g, core.KindConnection, "a")
	wantCode(t, err, "store.key-changed")
	s, err := f.begin(t.Context(), false, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	raw := s.tx.Bucket([]byte(bucketRecords)).Bucket([]byte(core.KindConnection)).Get([]byte("a"))
	var scratch []byte
	if _, err := stale.openRecord(core.KindConnection, "a", raw, &scratch); err == nil {
		t.Error("the old key opens a record")
	}
}

func TestRemovalKeepsWhatIsStoredAndTheOthers(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	info, err := f.AddMember(t.Context(), ageMember(t).Member)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c"} {
		mustPut(t, f, core.Record{Kind: core.KindConnection, ID: id, Head: []byte(id), Body: bytes.Repeat([]byte(id), 5000)})
		mustPut(t, f, core.Record{Kind: core.KindConnection, ID: id, Rev: 1, Head: []byte(id), Body: bytes.Repeat([]byte(id), 5000)})
	}
	if err := f.RemoveMember(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	for _, session := range []*File{f, another(t, f)} {
		for _, id := range []string{"a", "b", "c"} {
			r, err := read(t.Context(), session, core.KindConnection, id)
			if err != nil || r.Rev != 2 || len(r.Body) != 5000 || string(r.Head) != id {
				t.Errorf("got %s at %d, %d bytes, %v", r.Head, r.Rev, len(r.Body), err)
			}
		}
		members, err := session.Members(t.Context())
		if err != nil || len(members) != 1 || members[0].Label != "Mina" || !members[0].Current {
			t.Errorf("members %+v, %v", members, err)
		}
		mustPut(t, session, core.Record{Kind: core.KindEvent, ID: core.NewID()})
	}
	report, err := f.Verify(t.Context())
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(f.Path())); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestOtherSessionMustUnlockAgainAfterARemoval(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	g := another(t, f)
	info, err := f.AddMember(t.Context(), ageMember(t).Member)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context(), g, core.KindConnection, "a"); core.CodeOf(err) != core.ErrNotFound.Code {
		t.Fatal("adding a member disturbs another session:", err)
	}
	if err := f.RemoveMember(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	err = g.Update(t.Context(), func(core.Writer) error { return nil })
	wantCode(t, err, "store.key-changed")
	if !g.Locked() || core.ClassOf(err) != core.Locked {
		t.Error("the stale key is still held")
	}
	if _, err := g.Unlock(t.Context(), Passphrase(secret(pass))); err != nil {
		t.Error(err)
	}
}

func TestLastMemberStays(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	members, err := f.Members(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.RemoveMember(t.Context(), members[0].ID), "store.last-member")
	wantCode(t, f.RemoveMember(t.Context(), "nobody"), core.ErrNotFound.Code)
}

func TestChangedPassphraseReplacesTheOldOne(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a"})
	oldFile, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.ChangePassphrase(t.Context(), secret("wrong"), secret("next")), "store.wrong-passphrase")
	wantCode(t, f.ChangePassphrase(t.Context(), secret(pass), core.Secret{}), "store.empty-passphrase")
	before := f.keyring().id
	if err := f.ChangePassphrase(t.Context(), secret(pass), secret("next")); err != nil {
		t.Fatal(err)
	}
	if f.keyring().id == before {
		t.Error("the data key is the one that an old copy and the old passphrase give")
	}
	if f.Locked() {
		t.Error("the session that changed it must unlock again")
	}
	f.Lock()
	_, err = f.Unlock(t.Context(), Passphrase(secret(pass)))
	wantCode(t, err, "store.wrong-passphrase")
	if _, err := f.Unlock(t.Context(), Passphrase(secret("next"))); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context(), f, core.KindConnection, "a"); err != nil {
		t.Error(err)
	}
	if now, err := os.ReadFile(f.Path()); err != nil || bytes.Equal(now, oldFile) {
		t.Error("the file is the old one", err)
	}
}

func TestSlotOfAStrangerIsNeverRewrapped(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	info, err := f.AddMember(t.Context(), ageMember(t).Member)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody who can write the file, but not open it, adds a slot.
	err = f.write(t.Context(), func(s *session) error {
		h := s.head
		h.Slots = append(h.Slots, slot{ID: "stranger", Kind: MemberAge, Wrapped: []byte("x")})
		raw, err := h.encode()
		if err != nil {
			return err
		}
		if err := s.tx.Bucket([]byte(bucketHeader)).Put([]byte(keyHeader), raw); err != nil {
			return err
		}
		return f.commit(s)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.RemoveMember(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.head; len(got.Slots) == 1 && got.Slots[0].ID == "stranger" {
		t.Error("the stranger has a slot")
	}
	if got := another(t, f).Protection(); got != (Protection{Passphrases: 1}) {
		t.Errorf("protection %+v", got)
	}
}

func TestTransactionsThatWaitFollowTheirOwnSessionsNewKey(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a"})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := read(t.Context(), f, core.KindConnection, "a"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 10 {
		info, err := f.AddMember(t.Context(), ageMember(t).Member)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.RemoveMember(t.Context(), info.ID); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
}

func TestRemovalInASessionLockedMeanwhileLeavesItLocked(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	k := f.keyring()
	f.Lock()
	f.changeKeyring(k, testKeyring(t))
	if !f.Locked() {
		t.Error("the idle lock was undone")
	}
}
