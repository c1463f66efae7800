package store

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/scrypt"

	"deskward/core"
)

// floor measures fn as often as b ran and reports b's time as a multiple of
// it, under the name x-<what>.
func floor(b *testing.B, what string, fn func()) {
	b.Helper()
	b.StopTimer()
	took := b.Elapsed()
	start := time.Now()
	for range b.N {
		fn()
	}
	bare := time.Since(start)
	b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N), "floor-ns/op")
	b.ReportMetric(took.Seconds()/bare.Seconds(), "x-"+what)
}

func BenchmarkUnlock(b *testing.B) {
	path := filepath.Join(b.TempDir(), "deskward.db")
	f, err := Create(b.Context(), path, Options{}, Member{Passphrase: secret(pass)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Lock()
		if _, err := f.Unlock(b.Context(), Passphrase(secret(pass))); err != nil {
			b.Fatal(err)
		}
	}
	floor(b, "scrypt", func() {
		go debug.FreeOSMemory() // the memory is fresh for Unlock's scrypt, too
		if _, err := scrypt.Key([]byte(pass), make([]byte, 16), 1<<MinWorkFactor, 8, 1, 32); err != nil {
			b.Fatal(err)
		}
	})
}

// bigStore holds 10,000 connections with bodies.
func bigStore(b *testing.B) *File {
	b.Helper()
	f := newStore(b)
	err := f.Update(b.Context(), func(w core.Writer) error {
		for i := range 10_000 {
			_, err := core.PutConnection(w, core.Connection{
				ID: core.NewID(), Name: fmt.Sprintf("Zoho Desk %05d", i), Platform: "zoho", Grant: core.GrantCode, Region: "eu",
				Account: "canary-account", AccessExpires: time.Now(), Scopes: []string{"Desk.tickets.READ", "Desk.basic.READ"},
				Secrets: core.Secrets{core.SecretRefreshToken: secret("canary-refresh-token"), core.SecretAccessToken: secret("canary-access-token")},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Compact(b.Context()); err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkHeads lists 10,000 sealed heads, opening the file included. The
// floor is opening as many seals of that size from memory.
func BenchmarkHeads(b *testing.B) {
	for name, fresh := range map[string]bool{"SameSession": false, "NewSession": true} {
		b.Run(name, func(b *testing.B) {
			f := bigStore(b)
			b.ReportAllocs()
			for b.Loop() {
				if fresh { // as if no page of the file had been checked
					f.mu.Lock()
					f.checked = pageState{}
					f.mu.Unlock()
				}
				n := 0
				err := f.View(b.Context(), func(r core.Reader) error {
					for _, err := range r.Heads(core.KindConnection, core.ListOptions{}) {
						if err != nil {
							return err
						}
						n++
					}
					return nil
				})
				if err != nil || n != 10_000 {
					b.Fatal(n, err)
				}
			}
			aead, err := chacha20poly1305.NewX(make([]byte, chacha20poly1305.KeySize))
			if err != nil {
				b.Fatal(err)
			}
			nonce, out := make([]byte, nonceSize), make([]byte, 0, 256)
			sealed := aead.Seal(nil, nonce, make([]byte, 80), nil)
			floor(b, "unsealing", func() {
				for range 10_000 {
					if _, err := aead.Open(out, nonce, sealed, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkUpdate changes one of 10,000 connections; the floor is bbolt alone
// doing so: open, put, commit, close.
func BenchmarkUpdate(b *testing.B) {
	f := bigStore(b)
	id, rev := core.NewID(), uint64(0)
	for b.Loop() {
		rev = mustPut(b, f, core.Record{Kind: core.KindConnection, ID: id, Rev: rev, Head: make([]byte, 100), Body: make([]byte, 500)})
	}
	value := make([]byte, 700)
	floor(b, "bbolt", func() {
		db, err := bbolt.Open(f.Path(), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
		if err != nil {
			b.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(bucketRecords)).Bucket([]byte(core.KindConnection)).Put([]byte(id), value)
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkGet reads one of 10,000 connections, opening the file included.
func BenchmarkGet(b *testing.B) {
	f := bigStore(b)
	mustPut(b, f, core.Record{Kind: core.KindConnection, ID: "one", Head: make([]byte, 100), Body: make([]byte, 500)})
	for b.Loop() {
		if _, err := read(b.Context(), f, core.KindConnection, "one"); err != nil {
			b.Fatal(err)
		}
	}
	floor(b, "bbolt", func() {
		db, err := bbolt.Open(f.Path(), 0o600, &bbolt.Options{ReadOnly: true})
		if err != nil {
			b.Fatal(err)
		}
		err = db.View(func(tx *bbolt.Tx) error {
			tx.Bucket([]byte(bucketRecords)).Bucket([]byte(core.KindConnection)).Get([]byte("one"))
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkOpen reads the clear header, which the first frame waits for.
func BenchmarkOpen(b *testing.B) {
	f := bigStore(b)
	for b.Loop() {
		if _, err := Open(b.Context(), f.Path(), weak()); err != nil {
			b.Fatal(err)
		}
	}
}
