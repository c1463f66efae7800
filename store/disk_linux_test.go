package store

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"deskward/core"
)

func TestFullDiskLosesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=0700"); err != nil {
		t.Skip("needs the right to mount a small disk:", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH) //nolint:errcheck // nothing to do about it
	f, err := Create(t.Context(), filepath.Join(dir, "deskward.db"), weak(), Member{Passphrase: secret(pass)})
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Head: []byte("kept")})
	err = f.Update(t.Context(), func(w core.Writer) error {
		_, err := w.Put(core.Record{Kind: core.KindConnection, ID: "b", Body: make([]byte, 300<<10)})
		return err
	})
	wantCode(t, err, "store.disk-full")
	wantCode(t, f.Backup(t.Context(), filepath.Join(dir, "backup.age"), BackupOptions{Passphrase: secret("x")}), "store.disk-full")
	if r, err := read(t.Context(), f, core.KindConnection, "a"); err != nil || string(r.Head) != "kept" {
		t.Errorf("got %s, %v", r.Head, err)
	}
	report, err := f.Verify(t.Context())
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
