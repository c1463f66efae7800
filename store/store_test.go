package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"deskward/core"
	"deskward/store/storetest"
)

// weak makes passphrases cheap: what scrypt costs is tested once.
func weak() Options { return Options{WorkFactor: 4, AllowWeak: true} }

const pass = "canary passphrase"

func secret(s string) core.Secret { return core.NewSecret(s) }

// newStore makes an unlocked store with one passphrase.
func newStore(t testing.TB) *File {
	t.Helper()
	f, err := Create(t.Context(), filepath.Join(t.TempDir(), "desk", "deskward.db"), weak(), Member{Label: "Mina", Passphrase: secret(pass)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// another opens the same store as another session would.
func another(t testing.TB, f *File) *File {
	t.Helper()
	g, err := Open(t.Context(), f.Path(), weak())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Unlock(t.Context(), Passphrase(secret(pass))); err != nil {
		t.Fatal(err)
	}
	return g
}

func mustPut(t testing.TB, s core.Store, r core.Record) uint64 {
	t.Helper()
	var rev uint64
	err := s.Update(t.Context(), func(w core.Writer) (err error) { rev, err = w.Put(r); return err })
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func read(ctx context.Context, s core.Store, kind core.Kind, id string) (r core.Record, err error) {
	err = s.View(ctx, func(rd core.Reader) (err error) { r, err = rd.Get(kind, id); return err })
	return r, err
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if core.CodeOf(err) != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
}

func TestSealedStoreConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) core.Store { return newStore(t) })
}

func TestStoreOfManySessionsConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) core.Store {
		f := newStore(t)
		return &sessions{all: []*File{f, another(t, f), another(t, f)}, next: make(chan int, 1)}
	})
}

// sessions is one store as seen through several sessions in turn, so that
// whatever one caches, another changes.
type sessions struct {
	all  []*File
	next chan int
	n    int
}

func (s *sessions) turn() *File {
	s.next <- 0
	defer func() { <-s.next }()
	s.n++
	return s.all[s.n%len(s.all)]
}

func (s *sessions) View(ctx context.Context, fn func(core.Reader) error) error {
	return s.turn().View(ctx, fn)
}

func (s *sessions) Update(ctx context.Context, fn func(core.Writer) error) error {
	return s.turn().Update(ctx, fn)
}

func TestLockedStoreServesNothing(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a"})
	f.Lock()
	if !f.Locked() {
		t.Error("not locked after Lock")
	}
	ctx := t.Context()
	for name, err := range map[string]error{
		"view":   f.View(ctx, func(core.Reader) error { return nil }),
		"update": f.Update(ctx, func(core.Writer) error { return nil }),
		"remove": f.RemoveMember(ctx, "a"),
		"change": f.ChangePassphrase(ctx, secret(pass), secret("next")),
	} {
		if !errors.Is(err, core.ErrLocked) || core.ClassOf(err) != core.Locked {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := f.Protection(); got != (Protection{Passphrases: 1}) {
		t.Errorf("protection of a locked store: %+v", got)
	}
	if _, err := f.Unlock(ctx, Passphrase(secret(pass))); err != nil {
		t.Fatal(err)
	}
	if _, err := read(ctx, f, core.KindConnection, "a"); err != nil {
		t.Error(err)
	}
}

func TestLockOverwritesTheDataKey(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	data := f.keyring().data
	if bytes.Equal(data, make([]byte, dataKeySize)) {
		t.Fatal("no data key")
	}
	f.Lock()
	if !bytes.Equal(data, make([]byte, dataKeySize)) {
		t.Error("the data key is still in memory")
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	before, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	_, err = Create(t.Context(), f.Path(), weak(), Member{Passphrase: secret("other")})
	wantCode(t, err, "store.exists")
	after, err := os.ReadFile(f.Path())
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the file that was there has changed", err)
	}
}

func TestCreateRefusesBadMembers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deskward.db")
	key := sshMember(t).Recipient
	for code, members := range map[string][]Member{
		"store.no-members":       nil,
		"store.empty-passphrase": {{}},
		"store.bad-recipient":    {{Recipient: "age1notakey"}},
		"store.member-exists":    {{Recipient: key}, {Recipient: key + " comment"}},
	} {
		_, err := Create(t.Context(), path, weak(), members...)
		wantCode(t, err, code)
	}
	_, err := Create(t.Context(), path, Options{WorkFactor: 16}, Member{Passphrase: secret(pass)})
	wantCode(t, err, "store.work-factor")
	if _, err := os.Lstat(path); err == nil {
		t.Error("a refused Create left a file")
	}
}

func TestFileAndFolderAreOnlyForTheOwner(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	for path, want := range map[string]os.FileMode{f.Path(): 0o600, filepath.Dir(f.Path()): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v (%v)", filepath.Base(path), info.Mode().Perm(), want, err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(f.Path()))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v)", entries, err)
	}
}

func TestOpenRefusesWhatOthersCouldTouch(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, path string){
		"store.mode":   func(t *testing.T, path string) { chmod(t, path, 0o640) },
		"store.folder": func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o770) },
		"store.symlink": func(t *testing.T, path string) {
			if err := errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path)); err != nil {
				t.Fatal(err)
			}
		},
		"store.missing": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"store.foreign": func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("a diary"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"store.owner": func(t *testing.T, path string) {
			if err := os.Chown(path, 12345, -1); err != nil {
				t.Skip("only root can give files away")
			}
		},
	}
	for code, spoil := range tests {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			f := newStore(t)
			spoil(t, f.Path())
			_, err := Open(t.Context(), f.Path(), weak())
			wantCode(t, err, code)
			if core.ClassOf(err) != core.Locked {
				t.Errorf("class %d", core.ClassOf(err))
			}
			wantCode(t, f.View(t.Context(), func(core.Reader) error { return nil }), code)
		})
	}
}

func TestStickyFolderIsAccepted(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	chmod(t, filepath.Dir(f.Path()), 0o777|os.ModeSticky)
	if _, err := Open(t.Context(), f.Path(), weak()); err != nil {
		t.Error(err)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestSecondSessionSeesFirstOnesWrite(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	g := another(t, f)
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Head: []byte("by f")})
	mustPut(t, g, core.Record{Kind: core.KindConnection, ID: "a", Rev: 1, Head: []byte("by g")})
	r, err := read(t.Context(), f, core.KindConnection, "a")
	if err != nil || string(r.Head) != "by g" {
		t.Fatalf("got %s, %v", r.Head, err)
	}
}

func TestReadOnlyUpdateWritesNothing(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	before, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	err = f.Update(t.Context(), func(w core.Writer) error { _, err := w.Count(core.KindConnection); return err })
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(f.Path())
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the file has changed", err)
	}
}

func TestTooLargeRecordIsRefused(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	err := f.Update(t.Context(), func(w core.Writer) error {
		_, err := w.Put(core.Record{Kind: core.KindRun, ID: "a", Body: make([]byte, maxRecord)})
		return err
	})
	wantCode(t, err, "store.too-large")
	mustPut(t, f, core.Record{Kind: core.KindRun, ID: "a", Body: make([]byte, 6<<20)})
	if r, err := read(t.Context(), another(t, f), core.KindRun, "a"); err != nil || len(r.Body) != 6<<20 {
		t.Errorf("got %d bytes, %v", len(r.Body), err)
	}
}
