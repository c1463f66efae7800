package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"deskward/core"
)

func TestBackupRestoresWhatWasStored(t *testing.T) {
	t.Parallel()
	key := sshMember(t)
	for name, test := range map[string]struct {
		o    BackupOptions
		with Unlocker
	}{
		"ToAPassphrase":  {BackupOptions{Passphrase: secret("for the safe")}, Passphrase(secret("for the safe"))},
		"ToAPublicKey":   {BackupOptions{Recipients: []string{key.Recipient}}, key.unlocker},
		"ToTheMembers":   {BackupOptions{}, key.unlocker},
		"ToSeveralOfAll": {BackupOptions{Recipients: []string{ageMember(t).Recipient, key.Recipient}}, key.unlocker},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newStore(t)
			if _, err := f.AddMember(t.Context(), key.Member); err != nil {
				t.Fatal(err)
			}
			mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Head: []byte("head"), Body: []byte("body")})
			backup := filepath.Join(t.TempDir(), "backup.age")
			if err := f.Backup(t.Context(), backup, test.o); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			to := filepath.Join(t.TempDir(), "elsewhere", "deskward.db")
			out, err := Restore(t.Context(), backup, to, test.with, weak(), false)
			if err != nil || out.Kept != "" || out.Changed.IsZero() {
				t.Fatalf("%+v, %v", out, err)
			}
			g, err := Open(t.Context(), to, weak())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.Unlock(t.Context(), Passphrase(secret(pass))); err != nil {
				t.Fatal(err)
			}
			if r, err := read(t.Context(), g, core.KindConnection, "a"); err != nil || string(r.Body) != "body" {
				t.Errorf("got %s, %v", r.Body, err)
			}
		})
	}
}

func TestBackupRefusals(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	backup := filepath.Join(t.TempDir(), "backup.age")
	some := BackupOptions{Passphrase: secret("for the safe")}
	wantCode(t, f.Backup(t.Context(), backup, BackupOptions{}), "store.backup-recipient")
	wantCode(t, f.Backup(t.Context(), backup, BackupOptions{Recipients: []string{"mina"}}), "store.bad-recipient")
	both := some
	both.Recipients = []string{ageMember(t).Recipient}
	wantCode(t, f.Backup(t.Context(), backup, both), "store.backup-both")
	if err := f.Backup(t.Context(), backup, some); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.Backup(t.Context(), backup, some), "store.backup-exists")
	if again, err := os.ReadFile(backup); err != nil || !bytes.Equal(first, again) {
		t.Error("the backup that was there has changed", err)
	}
	some.Force = true
	if err := f.Backup(t.Context(), backup, some); err != nil {
		t.Error(err)
	}
	for _, dir := range []string{filepath.Dir(backup), filepath.Dir(f.Path())} {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
	}
}

func TestRestoreDoesNotLoseChangesUnasked(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	with := Passphrase(secret("for the safe"))
	backup := filepath.Join(t.TempDir(), "backup.age")
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Head: []byte("before")})
	if err := f.Backup(t.Context(), backup, BackupOptions{Passphrase: secret("for the safe")}); err != nil {
		t.Fatal(err)
	}
	if out, err := Restore(t.Context(), backup, f.Path(), with, weak(), false); err != nil || out.Kept == "" {
		t.Fatalf("over an unchanged store: %+v, %v", out, err)
	} else if err := os.Remove(out.Kept); err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Rev: 1, Head: []byte("after")})
	_, err := Restore(t.Context(), backup, f.Path(), with, weak(), false)
	wantCode(t, err, "store.newer-exists")
	if core.ClassOf(err) != core.Conflict {
		t.Errorf("class %d", core.ClassOf(err))
	}
	_, err = Restore(t.Context(), backup, newStore(t).Path(), with, weak(), false)
	wantCode(t, err, "store.other-exists")

	out, err := Restore(t.Context(), backup, f.Path(), with, weak(), true)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.Kept, ".before-restore-") || !strings.HasSuffix(out.Kept, "Z") {
		t.Errorf("kept as %s", out.Kept)
	}
	for path, want := range map[string]string{f.Path(): "before", out.Kept: "after"} {
		g, err := Open(t.Context(), path, weak())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Unlock(t.Context(), Passphrase(secret(pass))); err != nil {
			t.Fatal(err)
		}
		if r, err := read(t.Context(), g, core.KindConnection, "a"); err != nil || string(r.Head) != want {
			t.Errorf("%s: got %s, want %s (%v)", filepath.Base(path), r.Head, want, err)
		}
	}
	if _, err := read(t.Context(), f, core.KindConnection, "a"); err != nil {
		t.Errorf("a session that was open over the restore: %v", err)
	}
}

func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	dir := t.TempDir()
	with := Passphrase(secret("for the safe"))
	backup := filepath.Join(dir, "backup.age")
	if err := f.Backup(t.Context(), backup, BackupOptions{Passphrase: secret("for the safe")}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	cut, text := filepath.Join(dir, "cut.age"), filepath.Join(dir, "text.age")
	if err := errors.Join(os.WriteFile(cut, raw[:len(raw)/2], 0o600), os.WriteFile(text, []byte("a diary"), 0o600)); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "deskward.db")
	for _, test := range []struct {
		from, code string
		with       Unlocker
	}{
		{cut, "store.backup-damaged", with},
		{text, "store.backup-damaged", with},
		{filepath.Join(dir, "none.age"), "store.backup-missing", with},
		{backup, "store.backup-locked", Passphrase(secret("wrong"))},
		{backup, "store.backup-locked", ageMember(t).unlocker},
	} {
		_, err := Restore(t.Context(), test.from, to, test.with, weak(), false)
		wantCode(t, err, test.code)
		if _, err := os.Lstat(to); err == nil {
			t.Fatal("something was restored")
		}
	}
}

func TestRestoreReplacesADamagedStore(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	backup := filepath.Join(t.TempDir(), "backup.age")
	if err := f.Backup(t.Context(), backup, BackupOptions{Passphrase: secret("for the safe")}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.Path(), 5000); err != nil {
		t.Fatal(err)
	}
	out, err := Restore(t.Context(), backup, f.Path(), Passphrase(secret("for the safe")), weak(), false)
	if err != nil || out.Kept == "" {
		t.Fatalf("%+v, %v", out, err)
	}
	another(t, f)
}

// setSchema makes f's file one of another schema.
func setSchema(t *testing.T, f *File, schema int) {
	t.Helper()
	h := f.head
	h.Schema = schema
	raw, err := h.encode()
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, f, func(header, _ *bbolt.Bucket) error { return header.Put([]byte(keyHeader), raw) })
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	setSchema(t, f, schemaVersion+1)
	_, err := Open(t.Context(), f.Path(), weak())
	wantCode(t, err, "store.newer")
	wantCode(t, f.Update(t.Context(), func(core.Writer) error { return nil }), "store.newer")
}

func TestOlderSchemaIsUpgradedAfterABackup(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Head: []byte("head")})
	// Schema 0 had the root under another name.
	tamper(t, f, func(header, _ *bbolt.Bucket) error {
		return errors.Join(header.Put([]byte("tally"), header.Get([]byte(keyRoot))), header.Delete([]byte(keyRoot)))
	})
	setSchema(t, f, 0)
	o := weak()
	o.Clock = &fakeClock{time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	o.upgrades = []upgrade{{from: 0, apply: func(tx *bbolt.Tx, _ *keyring) error {
		b := tx.Bucket([]byte(bucketHeader))
		return errors.Join(b.Put([]byte(keyRoot), b.Get([]byte("tally"))), b.Delete([]byte("tally")))
	}}}
	g, err := Open(t.Context(), f.Path(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Unlock(t.Context(), Passphrase(secret(pass))); err != nil {
		t.Fatal(err)
	}
	if r, err := read(t.Context(), g, core.KindConnection, "a"); err != nil || string(r.Head) != "head" {
		t.Errorf("got %s, %v", r.Head, err)
	}
	kept := f.Path() + ".before-upgrade-20261120T090000Z"
	old, err := Open(t.Context(), kept, weak())
	if err != nil || old.head.Schema != 0 {
		t.Errorf("the backup: %v", err)
	}
}

func TestTooOldSchemaIsLeftAlone(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	setSchema(t, f, 0)
	g, err := Open(t.Context(), f.Path(), weak())
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Unlock(t.Context(), Passphrase(secret(pass)))
	wantCode(t, err, "store.too-old")
	if !g.Locked() {
		t.Error("unlocked all the same")
	}
}
