package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"deskward/core"
)

// sealVersion is the version of the sealing below; it is authenticated with
// everything sealed.
const sealVersion = 1

const (
	dataKeySize = 32
	nonceSize   = chacha20poly1305.NonceSizeX
	tagSize     = chacha20poly1305.Overhead
)

// What a sealed text is. The part is authenticated, so that none can stand in
// for another.
const (
	partHeadOnly byte = 'h' // the head of a record without a body
	partHead     byte = 'H' // the head of a record that has one
	partBody     byte = 'b'
	partMembers  byte = 'm'
	partRoot     byte = 'r'
)

// keyring holds what is made of a data key: the cipher that seals, the
// function that marks records for the tallies, and the key's id.
type keyring struct {
	id     string // derived from the key: names it in clear, so that a stale one is noticed
	member string // the member who unlocked
	data   []byte // the data key itself, for wrapping it to another member
	aead   cipher.AEAD
	prf    cipher.Block
	prefix []byte // of all associated data: version, store, key
}

func newDataKey() []byte {
	key := make([]byte, dataKeySize)
	rand.Read(key) //nolint:errcheck // crypto/rand.Read never fails (it ends the program instead).
	return key
}

// newKeyring takes ownership of data.
func newKeyring(storeID string, data []byte) (*keyring, error) {
	if len(data) != dataKeySize {
		return nil, errors.New("data key has the wrong length")
	}
	derive := func(use string, size int) []byte {
		key, err := hkdf.Key(sha256.New, data, nil, "deskward store "+use, size)
		if err != nil { // only a size beyond 255 hashes
			panic(err)
		}
		return key
	}
	aead, err := chacha20poly1305.NewX(derive("seal", chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	prf, err := aes.NewCipher(derive("tally", 32))
	if err != nil {
		return nil, err
	}
	k := &keyring{
		id:   strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(derive("id", 16))),
		data: data, aead: aead, prf: prf,
	}
	k.prefix = append([]byte("deskward store\x00"), sealVersion)
	k.prefix = appendText(appendText(k.prefix, storeID), k.id)
	return k, nil
}

// wipe overwrites the data key. The ciphers made of it keep copies that Go
// gives no way to overwrite; dropping the keyring leaves them to the garbage
// collector.
func (k *keyring) wipe() { clear(k.data) }

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// place is where a sealed text belongs. All of it is authenticated.
type place struct {
	part byte
	kind core.Kind
	id   string
	rev  uint64
	head []byte // partBody: the tag of the record's sealed head
}

func (k *keyring) associated(dst []byte, p place) []byte {
	dst = append(append(dst[:0], k.prefix...), p.part)
	dst = binary.AppendUvarint(dst, p.rev)
	dst = appendText(appendText(dst, string(p.kind)), p.id)
	return append(dst, p.head...)
}

// seal appends nonce, ciphertext and tag of text to dst. scratch is reused
// memory for the associated data.
func (k *keyring) seal(dst, text []byte, p place, scratch *[]byte) []byte {
	*scratch = k.associated(*scratch, p)
	var nonce [nonceSize]byte
	rand.Read(nonce[:]) //nolint:errcheck // see newDataKey
	dst = append(dst, nonce[:]...)
	return k.aead.Seal(dst, nonce[:], text, *scratch)
}

var errSeal = errors.New("seal does not fit: changed, moved or of another key")

// open appends the text sealed for p to dst.
func (k *keyring) open(dst, sealed []byte, p place, scratch *[]byte) ([]byte, error) {
	if len(sealed) < nonceSize+tagSize {
		return nil, errSeal
	}
	*scratch = k.associated(*scratch, p)
	text, err := k.aead.Open(dst, sealed[:nonceSize], sealed[nonceSize:], *scratch)
	if err != nil {
		return nil, errSeal
	}
	return text, nil
}

// envelope is a record as it lies in the file: the revision in clear (and
// authenticated by both seals), the sealed head, the sealed body.
type envelope struct {
	rev  uint64
	head []byte
	body []byte // nil: the record has none
}

const (
	envelopeBare = 1 // first byte: head only
	envelopeFull = 2 // first byte: head and body
)

var errEnvelope = errors.New("record is malformed")

func parseEnvelope(raw []byte) (envelope, error) {
	if len(raw) == 0 || raw[0] != envelopeBare && raw[0] != envelopeFull {
		return envelope{}, errEnvelope
	}
	var e envelope
	rest := raw[1:]
	rev, n := binary.Uvarint(rest)
	if n <= 0 || rev == 0 {
		return envelope{}, errEnvelope
	}
	e.rev, rest = rev, rest[n:]
	size, n := binary.Uvarint(rest)
	if n <= 0 || size > uint64(len(rest)-n) || size < nonceSize+tagSize {
		return envelope{}, errEnvelope
	}
	rest = rest[n:]
	e.head, rest = rest[:size:size], rest[size:]
	switch {
	case raw[0] == envelopeBare && len(rest) != 0, raw[0] == envelopeFull && len(rest) < nonceSize+tagSize:
		return envelope{}, errEnvelope
	case raw[0] == envelopeFull:
		e.body = rest
	}
	return e, nil
}

// headPlace is the place of e's head; it says whether there is a body, so
// that one can't be cut off.
func (e envelope) headPlace(kind core.Kind, id string) place {
	p := place{part: partHeadOnly, kind: kind, id: id, rev: e.rev}
	if e.body != nil {
		p.part = partHead
	}
	return p
}

// bodyPlace binds the body to just this head.
func (e envelope) bodyPlace(kind core.Kind, id string) place {
	return place{part: partBody, kind: kind, id: id, rev: e.rev, head: e.tag()}
}

// tag identifies this writing of the record among all ever made.
func (e envelope) tag() []byte { return e.head[len(e.head)-tagSize:] }

// sealRecord returns r, at revision rev, as it is to lie in the file.
func (k *keyring) sealRecord(r core.Record, rev uint64, scratch *[]byte) []byte {
	raw := make([]byte, 0, 16+2*(nonceSize+tagSize)+len(r.Head)+len(r.Body))
	e := envelope{rev: rev}
	first := byte(envelopeBare)
	if len(r.Body) > 0 {
		first, e.body = envelopeFull, r.Body
	}
	raw = binary.AppendUvarint(append(raw, first), rev)
	raw = binary.AppendUvarint(raw, uint64(len(r.Head)+nonceSize+tagSize))
	start := len(raw)
	raw = k.seal(raw, r.Head, e.headPlace(r.Kind, r.ID), scratch)
	e.head = raw[start:]
	if e.body != nil {
		raw = k.seal(raw, r.Body, e.bodyPlace(r.Kind, r.ID), scratch)
	}
	return raw
}
