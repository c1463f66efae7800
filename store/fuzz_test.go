package store

import (
	"bytes"
	"testing"
	"time"

	"deskward/core"
)

func testKeyring(t testing.TB) *keyring {
	t.Helper()
	k, err := newKeyring("store", bytes.Repeat([]byte{7}, dataKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func FuzzParseEnvelope(f *testing.F) {
	k := testKeyring(f)
	var scratch []byte
	f.Add(k.sealRecord(core.Record{Kind: "k", ID: "a", Head: []byte("head"), Body: []byte("body")}, 1, &scratch))
	f.Add(k.sealRecord(core.Record{Kind: "k", ID: "a"}, 1<<60, &scratch))
	f.Add([]byte{envelopeBare, 1, 40})
	f.Add([]byte{envelopeFull, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := parseEnvelope(raw)
		if err != nil {
			return
		}
		if e.rev == 0 || len(e.head) < nonceSize+tagSize || e.body != nil && len(e.body) < nonceSize+tagSize ||
			len(e.head)+len(e.body) > len(raw) || len(e.tag()) != tagSize {
			t.Errorf("accepted %x as %+v", raw, e)
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	h := header{
		Format: formatName, Schema: schemaVersion, Store: "store", Key: "key", Created: time.Unix(0, 0).UTC(),
		Slots: []slot{{ID: "a", Kind: MemberPassphrase, Lock: []byte("l"), Wrapped: []byte("w")}, {ID: "b", Kind: MemberSSH, Wrapped: []byte("w")}},
	}
	raw, err := h.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"format":"deskward store","schema":99}`))
	f.Add([]byte(`{"format":"deskward store","schema":1,"members":[{"id":"a","kind":"ssh"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := parseHeader(raw)
		if err != nil {
			return
		}
		again, err := h.encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := parseHeader(again); err != nil || back.prot != h.prot || len(back.Slots) != len(h.Slots) {
			t.Errorf("%s does not survive encoding: %v", raw, err)
		}
	})
}

func FuzzParseRoot(f *testing.F) {
	k := testKeyring(f)
	f.Add(k.sealRoot(root{seq: 3, changed: time.UnixMilli(5), kinds: map[core.Kind]tally{"a": {count: 1}, "b": {count: 2}}}))
	f.Add([]byte{1, 2})
	f.Fuzz(func(t *testing.T, raw []byte) {
		parseRoot(raw)     //nolint:errcheck // must not panic
		parseTallies(raw)  //nolint:errcheck // must not panic
		parseAttempts(raw) //nolint:errcheck // must not panic
		k.openRoot(raw)    //nolint:errcheck // must not panic
		parseMeta(raw)     //nolint:errcheck // must not panic
		parseStat(string(raw))
		findLock(raw, 1, 1)
	})
}

// FuzzCheckPages lets any bytes be the pages behind a sound meta page.
func FuzzCheckPages(f *testing.F) {
	f.Add([]byte{}, uint64(2), uint64(3))
	page := make([]byte, 2048)
	page[0], page[8] = 2, flagFreelist
	page[1024], page[1032], page[1034] = 3, flagLeaf, 1
	f.Add(page, uint64(3), uint64(2))
	f.Fuzz(func(t *testing.T, pages []byte, rootID, freelist uint64) {
		file := append(make([]byte, 2048), pages...)
		m := meta{pageSize: 1024, root: rootID, freelist: freelist, pages: uint64(len(file)) / 1024}
		checkPages(bytes.NewReader(file), int64(len(file)), m, "") //nolint:errcheck // must not panic or run on
	})
}

func TestRootSurvivesSealing(t *testing.T) {
	t.Parallel()
	k := testKeyring(t)
	in := root{seq: 9, changed: time.UnixMilli(1_700_000_000_123).UTC(), kinds: map[core.Kind]tally{
		"a": {count: 3, sum: [tagSize]byte{1, 2, 3}}, "b": {count: 1},
	}}
	raw := k.sealRoot(in)
	out, err := k.openRoot(raw)
	if err != nil || out.seq != in.seq || !out.changed.Equal(in.changed) || len(out.kinds) != 2 || out.kinds["a"] != in.kinds["a"] {
		t.Errorf("%+v, %v", out, err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		if _, err := k.openRoot(bad); err == nil {
			t.Errorf("byte %d is not authenticated", i)
		}
	}
}

func TestEveryPartOfAPlaceIsAuthenticated(t *testing.T) {
	t.Parallel()
	k := testKeyring(t)
	var scratch []byte
	at := place{part: partBody, kind: "kind", id: "id", rev: 7, head: []byte("tag")}
	sealed := k.seal(nil, []byte("text"), at, &scratch)
	if text, err := k.open(nil, sealed, at, &scratch); err != nil || string(text) != "text" {
		t.Fatal(string(text), err)
	}
	for _, other := range []place{
		{partHead, "kind", "id", 7, []byte("tag")},
		{partBody, "kinds", "id", 7, []byte("tag")},
		{partBody, "kindi", "d", 7, []byte("tag")},
		{partBody, "kind", "id2", 7, []byte("tag")},
		{partBody, "kind", "id", 8, []byte("tag")},
		{partBody, "kind", "id", 7, []byte("tah")},
	} {
		if _, err := k.open(nil, sealed, other, &scratch); err == nil {
			t.Errorf("opens at %+v", other)
		}
	}
	elsewhere, err := newKeyring("another store", bytes.Clone(k.data))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := elsewhere.open(nil, sealed, at, &scratch); err == nil {
		t.Error("opens in another store of the same key")
	}
}
