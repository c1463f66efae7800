package store

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"deskward/core"
)

// root is the one value that all records hang on: for each kind how many
// records it has and a sum over their current seals. It is sealed anew with
// every commit, so a record that is put back to an older state of its own, or
// taken out, no longer fits the sum. (All records and the root put back
// together do: that is an older copy of the whole file, which no file can
// know of itself.)
type root struct {
	seq     uint64    // number of commits; in clear and authenticated
	changed time.Time // of the last commit, in whole milliseconds; likewise
	kinds   map[core.Kind]tally
}

// tally is a multiset hash: the exclusive or of a keyed function of each
// record's tag. Who lacks the key can't find two sets with one sum, and who
// has it can add and take away in constant time.
type tally struct {
	count uint64
	sum   [tagSize]byte
}

// toggle adds the mark of a sealed head's tag to the sum, or takes it away.
func (t *tally) toggle(k *keyring, tag []byte) {
	var mark [tagSize]byte
	k.prf.Encrypt(mark[:], tag)
	for i := range t.sum {
		t.sum[i] ^= mark[i]
	}
}

func (t *tally) add(k *keyring, tag []byte) {
	t.toggle(k, tag)
	t.count++
}

func (t *tally) remove(k *keyring, tag []byte) {
	t.toggle(k, tag)
	t.count--
}

// sealRoot encodes r: what is in clear, then the sealed tallies.
func (k *keyring) sealRoot(r root) []byte {
	text := binary.AppendUvarint(nil, uint64(len(r.kinds)))
	for _, kind := range slices.Sorted(maps.Keys(r.kinds)) {
		t := r.kinds[kind]
		text = binary.AppendUvarint(appendText(text, string(kind)), t.count)
		text = append(text, t.sum[:]...)
	}
	clearPart := r.clearPart()
	var scratch []byte
	return k.seal(clearPart, text, r.place(clearPart), &scratch)
}

func (r root) clearPart() []byte {
	return binary.AppendVarint(binary.AppendUvarint(nil, r.seq), r.changed.UnixMilli())
}

func (r root) place(clearPart []byte) place {
	return place{part: partRoot, id: string(clearPart), rev: r.seq}
}

var errRoot = errors.New("the store's root is malformed")

// parseRoot reads the clear part and returns the sealed one.
func parseRoot(raw []byte) (root, []byte, error) {
	seq, n := binary.Uvarint(raw)
	if n <= 0 {
		return root{}, nil, errRoot
	}
	ms, m := binary.Varint(raw[n:])
	if m <= 0 {
		return root{}, nil, errRoot
	}
	return root{seq: seq, changed: time.UnixMilli(ms).UTC()}, raw[n+m:], nil
}

func (k *keyring) openRoot(raw []byte) (root, error) {
	r, sealed, err := parseRoot(raw)
	if err != nil {
		return root{}, err
	}
	var scratch []byte
	text, err := k.open(nil, sealed, r.place(r.clearPart()), &scratch)
	if err != nil {
		return root{}, err
	}
	r.kinds, err = parseTallies(text)
	return r, err
}

func parseTallies(text []byte) (map[core.Kind]tally, error) {
	n, size := binary.Uvarint(text)
	if size <= 0 || n > uint64(len(text)) {
		return nil, errRoot
	}
	text = text[size:]
	kinds := make(map[core.Kind]tally, n)
	for range n {
		length, size := binary.Uvarint(text)
		if size <= 0 || length > uint64(len(text)-size) {
			return nil, errRoot
		}
		kind := core.Kind(text[size : size+int(length)])
		text = text[size+int(length):]
		count, size := binary.Uvarint(text)
		if size <= 0 || len(text)-size < tagSize {
			return nil, errRoot
		}
		t := tally{count: count}
		copy(t.sum[:], text[size:])
		kinds[kind], text = t, text[size+tagSize:]
	}
	return kinds, nil
}
