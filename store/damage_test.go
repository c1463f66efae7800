package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"deskward/core"
)

// tamper changes the file behind the store's back, as somebody can who may
// write it but has no key: bbolt's own pages stay in order.
func tamper(t *testing.T, f *File, fn func(header, records *bbolt.Bucket) error) {
	t.Helper()
	db, err := bbolt.Open(f.Path(), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return fn(tx.Bucket([]byte(bucketHeader)), tx.Bucket([]byte(bucketRecords)))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// twoRecords makes a store with a and b, each written twice, and returns the
// first sealed state of a and that of the root then.
func twoRecords(t *testing.T) (f *File, firstA, firstRoot []byte) {
	t.Helper()
	f = newStore(t)
	for _, id := range []string{"a", "b"} {
		mustPut(t, f, core.Record{Kind: core.KindConnection, ID: id, Head: []byte("head " + id), Body: []byte("body 1")})
	}
	tamper(t, f, func(header, records *bbolt.Bucket) error {
		firstA = bytes.Clone(records.Bucket([]byte(core.KindConnection)).Get([]byte("a")))
		firstRoot = bytes.Clone(header.Get([]byte(keyRoot)))
		return nil
	})
	for _, id := range []string{"a", "b"} {
		mustPut(t, f, core.Record{Kind: core.KindConnection, ID: id, Rev: 1, Head: []byte("head " + id), Body: []byte("body 2")})
	}
	return f, firstA, firstRoot
}

// mixed returns the head of one sealed record with the body of another.
func mixed(t *testing.T, head, body []byte) []byte {
	t.Helper()
	h, err := parseEnvelope(head)
	if err != nil {
		t.Fatal(err)
	}
	b, err := parseEnvelope(body)
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(head[:len(head)-len(h.body)]), b.body...)
}

// tampering is a change that somebody without the key can make.
type tampering struct {
	change func(c *bbolt.Bucket, records *bbolt.Bucket, firstA []byte) error
	code   string // of reading a
}

func tamperings(t *testing.T) map[string]tampering {
	key := func(s string) []byte { return []byte(s) }
	return map[string]tampering{
		"TwoRecordsSwapped": {func(c, _ *bbolt.Bucket, _ []byte) error {
			a, b := bytes.Clone(c.Get(key("a"))), bytes.Clone(c.Get(key("b")))
			return errors.Join(c.Put(key("a"), b), c.Put(key("b"), a))
		}, "store.record-damaged"},
		"RecordMovedToAnotherID": {func(c, _ *bbolt.Bucket, _ []byte) error {
			return c.Put(key("a"), bytes.Clone(c.Get(key("b"))))
		}, "store.rolled-back"},
		"RecordMovedToAnotherKind": {func(c, records *bbolt.Bucket, _ []byte) error {
			other, err := records.CreateBucket(key("attempt"))
			if err != nil {
				return err
			}
			return errors.Join(other.Put(key("a"), c.Get(key("a"))), c.Delete(key("a")))
		}, "store.rolled-back"},
		"RecordRolledBack": {func(c, _ *bbolt.Bucket, firstA []byte) error {
			return c.Put(key("a"), firstA)
		}, "store.rolled-back"},
		"RecordTakenOut": {func(c, _ *bbolt.Bucket, _ []byte) error { return c.Delete(key("a")) }, "store.rolled-back"},
		"RevisionRaised": {func(c, _ *bbolt.Bucket, _ []byte) error {
			raw := bytes.Clone(c.Get(key("a")))
			raw[1]++
			return c.Put(key("a"), raw)
		}, "store.record-damaged"},
		"BodyOfAnEarlierState": {func(c, _ *bbolt.Bucket, firstA []byte) error {
			return c.Put(key("a"), mixed(t, c.Get(key("a")), firstA))
		}, "store.record-damaged"},
		"BodyCutOff": {func(c, _ *bbolt.Bucket, _ []byte) error {
			raw := bytes.Clone(c.Get(key("a")))
			e, err := parseEnvelope(raw)
			raw[0] = envelopeBare
			return errors.Join(err, c.Put(key("a"), raw[:len(raw)-len(e.body)]))
		}, "store.record-damaged"},
		"NotARecord": {func(c, _ *bbolt.Bucket, _ []byte) error { return c.Put(key("a"), key("x")) }, "store.record-damaged"},
	}
}

func TestTamperingIsDetected(t *testing.T) {
	t.Parallel()
	for name, test := range tamperings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, firstA, _ := twoRecords(t)
			g := another(t, f)
			tamper(t, f, func(_, records *bbolt.Bucket) error {
				return test.change(records.Bucket([]byte(core.KindConnection)), records, firstA)
			})
			_, err := read(t.Context(), g, core.KindConnection, "a")
			wantCode(t, err, test.code)
			_, err = listHeads(t.Context(), g, core.KindConnection)
			if core.ClassOf(err) != core.Locked && name != "BodyOfAnEarlierState" {
				t.Errorf("the listing says %v", err)
			}
			report, err := g.Verify(t.Context())
			if err != nil || len(report.Problems) == 0 {
				t.Errorf("verify: %+v, %v", report, err)
			}
			info, err := g.AddMember(t.Context(), ageMember(t).Member)
			if err != nil {
				t.Fatal(err)
			}
			if err := g.RemoveMember(t.Context(), info.ID); err == nil {
				t.Error("resealing made it look right")
			}
		})
	}
}

func listHeads(ctx context.Context, s core.Store, kind core.Kind) (ids []string, err error) {
	err = s.View(ctx, func(r core.Reader) error {
		for rec, err := range r.Heads(kind, core.ListOptions{}) {
			if err != nil {
				return err
			}
			ids = append(ids, rec.ID)
		}
		return nil
	})
	return ids, err
}

func TestOlderRootDoesNotFitNewerRecords(t *testing.T) {
	t.Parallel()
	f, _, firstRoot := twoRecords(t)
	tamper(t, f, func(header, _ *bbolt.Bucket) error { return header.Put([]byte(keyRoot), firstRoot) })
	_, err := listHeads(t.Context(), f, core.KindConnection)
	wantCode(t, err, "store.rolled-back")
}

func TestSecretsNeverStandInTheFile(t *testing.T) {
	t.Parallel()
	const canary = "canary-refresh-token"
	f := newStore(t)
	if _, err := f.AddMember(t.Context(), Member{Label: "canary-label", Passphrase: secret("canary-second")}); err != nil {
		t.Fatal(err)
	}
	err := f.Update(t.Context(), func(w core.Writer) error {
		_, err := core.PutConnection(w, core.Connection{
			ID: core.NewID(), Name: "canary-name", Account: "canary-account",
			Secrets: core.Secrets{core.SecretRefreshToken: secret(canary)},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	data := f.keyring().data
	if bytes.Contains(raw, []byte("canary")) || bytes.Contains(raw, []byte("Mina")) || bytes.Contains(raw, data) {
		t.Error("the file holds a secret, a name or the key in clear")
	}
}

func TestCompactErasesWhatWasRemoved(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	g := another(t, f)
	var sealed [][]byte
	for i := range 100 {
		id := fmt.Sprint("id", i)
		mustPut(t, f, core.Record{Kind: core.KindConnection, ID: id, Body: bytes.Repeat([]byte("x"), 600)})
	}
	tamper(t, f, func(_, records *bbolt.Bucket) error {
		return records.Bucket([]byte(core.KindConnection)).ForEach(func(_, v []byte) error {
			sealed = append(sealed, bytes.Clone(v[len(v)-64:]))
			return nil
		})
	})
	mustPut(t, f, core.Record{Kind: core.KindDeadline, ID: "kept", Head: []byte("kept")})
	err := f.Update(t.Context(), func(w core.Writer) error {
		for i := range 100 {
			if err := w.Delete(core.KindConnection, fmt.Sprint("id", i), 1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found(t, f, sealed) == 0 {
		t.Error("nothing to erase: the test proves nothing")
	}
	f.Lock()
	if err := f.Compact(t.Context()); err != nil { // needs no key
		t.Fatal(err)
	}
	if n := found(t, f, sealed); n > 0 {
		t.Errorf("%d of 100 removed values are still in the file", n)
	}
	if r, err := read(t.Context(), g, core.KindDeadline, "kept"); err != nil || string(r.Head) != "kept" {
		t.Errorf("another session: %s, %v", r.Head, err)
	}
	mustPut(t, g, core.Record{Kind: core.KindConnection, ID: "id1"})
}

func found(t *testing.T, f *File, parts [][]byte) (n int) {
	t.Helper()
	raw, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if bytes.Contains(raw, p) {
			n++
		}
	}
	return n
}

func TestLeftoversOfKilledRewritesAreSwept(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	left := filepath.Join(filepath.Dir(f.Path()), tempPrefix(f.Path())+"123")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(left); err == nil {
		t.Error("still there")
	}
}

// useDamaged does with a damaged file whatever a session would. The test
// passes when it returns; each call may fail or not.
func useDamaged(t *testing.T, f *File, k *keyring) {
	t.Helper()
	ctx := t.Context()
	g, err := Open(ctx, f.Path(), weak())
	if err != nil {
		checkDamageError(t, err)
		g = newFile(f.Path(), weak())
	}
	copied := *k
	copied.data = bytes.Clone(k.data)
	g.setKeyring(&copied)
	checkDamageError(t, g.View(ctx, func(r core.Reader) error {
		for rec, err := range r.Heads(core.KindConnection, core.ListOptions{}) {
			if err != nil {
				return err
			}
			r.Get(rec.Kind, rec.ID) //nolint:errcheck // may fail
		}
		return nil
	}))
	if _, err := g.Verify(ctx); err != nil {
		checkDamageError(t, err)
	}
	if copied.data[0] != k.data[0] { // the session has locked itself
		copied.data = bytes.Clone(k.data)
		g.setKeyring(&copied)
	}
	checkDamageError(t, g.Update(ctx, func(w core.Writer) error {
		_, err := w.Put(core.Record{Kind: core.KindConnection, ID: core.NewID(), Head: make([]byte, 2000)})
		return err
	}))
	checkDamageError(t, g.Compact(ctx))
}

func checkDamageError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	switch code := core.CodeOf(err); code {
	case "store.damaged", "store.foreign", "store.record-damaged", "store.rolled-back", "store.key-changed", "store.newer", "store.locked":
	default:
		t.Errorf("code %q: %v", code, err)
	}
}

func smallStore(t *testing.T) (*File, []byte) {
	t.Helper()
	f := newStore(t)
	for i := range 40 {
		mustPut(t, f, core.Record{Kind: core.KindConnection, ID: fmt.Sprint("id", i), Head: make([]byte, 300), Body: make([]byte, 100*i)})
	}
	raw, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	return f, raw
}

func TestCutOffFileIsSaidToBeDamaged(t *testing.T) {
	t.Parallel()
	f, raw := smallStore(t)
	k := f.keyring()
	lengths := []int{0, 1, 15, 16, 79, 80, 100, 4095, 4096, 4097, 8191, 8192, 8193, len(raw) - 1}
	for n := 0; n < len(raw); n += 1024 {
		lengths = append(lengths, n, n+len(raw)%1024)
	}
	if testing.Short() {
		lengths = lengths[:14]
	}
	for _, n := range lengths {
		if n >= len(raw) {
			continue
		}
		if err := os.WriteFile(f.Path(), raw[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		useDamaged(t, f, k)
	}
}

// A kind whose bucket has become a plain value looks as if it had no records
// yet, until one is to be written.
func TestKindThatIsNoBucketAnyMoreIsDamage(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	mustPut(t, f, core.Record{Kind: core.KindConnection, ID: "a", Head: []byte("head")})
	tamper(t, f, func(_, records *bbolt.Bucket) error {
		kind := []byte(core.KindConnection)
		return errors.Join(records.DeleteBucket(kind), records.Put(kind, []byte("x")))
	})
	wantCode(t, f.Update(t.Context(), func(w core.Writer) error {
		_, err := w.Put(core.Record{Kind: core.KindConnection, ID: "b", Head: []byte("head")})
		return err
	}), "store.damaged")
	if _, err := read(t.Context(), f, core.KindConnection, "a"); core.CodeOf(err) == core.ErrNotFound.Code || core.ClassOf(err) != core.Locked {
		t.Errorf("reading says %v", err)
	}
}

// The damage is the same in every run, so that a change is what fails it.
// DESKWARD_DAMAGE_SEED looks at other damage.
func TestFlippedBytesNeverEndTheProcess(t *testing.T) {
	t.Parallel()
	f, raw := smallStore(t)
	k := f.keyring()
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("DESKWARD_DAMAGE_SEED"), "8335190134153213832"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 2))
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	for range rounds {
		bad := bytes.Clone(raw)
		for range 1 + rng.IntN(4) {
			at := rng.IntN(len(bad))
			if rng.IntN(2) == 0 { // where page headers and elements are
				at = at/4096*4096 + rng.IntN(256)
			}
			bad[min(at, len(bad)-1)] ^= byte(1 + rng.IntN(255))
		}
		if err := os.WriteFile(f.Path(), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		useDamaged(t, f, k)
	}
}

func TestFileCutOffUnderAnOpenTransactionIsAnError(t *testing.T) {
	t.Parallel()
	f, raw := smallStore(t)
	cut := func(r core.Reader) error {
		if err := os.Truncate(f.Path(), 4096); err != nil {
			return err
		}
		_, err := r.Get(core.KindConnection, "id39")
		return err
	}
	wantCode(t, f.View(t.Context(), cut), "store.damaged")
	// The lock is given back all the same: the file can be repaired and used.
	if err := os.WriteFile(f.Path(), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.Update(t.Context(), func(w core.Writer) error { return cut(w) }), "store.damaged")
	if err := os.WriteFile(f.Path(), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, core.Record{Kind: core.KindDeadline, ID: "a"})
}

func TestErrorsTellNoSecretAndNoRecordText(t *testing.T) {
	t.Parallel()
	f, firstA, _ := twoRecords(t)
	tamper(t, f, func(_, records *bbolt.Bucket) error {
		return records.Bucket([]byte(core.KindConnection)).Put([]byte("a"), firstA[:len(firstA)-1])
	})
	_, err := read(t.Context(), f, core.KindConnection, "a")
	if err == nil || strings.Contains(err.Error(), "body") {
		t.Errorf("error: %v", err)
	}
	_, err = newFile(f.Path(), weak()).Unlock(t.Context(), Passphrase(secret("canary-guess")))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("error: %v", err)
	}
}
