package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"deskward/core"
)

// schemaVersion is the version of the file's layout that this program writes.
const schemaVersion = 1

const formatName = "deskward store"

// The buckets and keys of the file. The header bucket is readable without a
// key; below records lies one bucket a kind.
const (
	bucketHeader  = "header"
	bucketRecords = "records"

	keyHeader   = "header"   // the header, JSON
	keyRoot     = "root"     // see root
	keyAttempts = "attempts" // see attempts
)

// header is what stands in clear at the head of the store, and the sealed
// list of members. It changes only with the members.
type header struct {
	Format  string     `json:"format"`
	Schema  int        `json:"schema"`
	Store   string     `json:"store"` // the store's id, kept through rewrites
	Key     string     `json:"key"`   // id of the data key
	Created time.Time  `json:"created"`
	Slots   []slot     `json:"members"`
	Sealed  []byte     `json:"sealed"` // []member, JSON, sealed
	prot    Protection // counted once
}

// slot is the way of one member to the data key.
type slot struct {
	ID   string     `json:"id"`
	Kind MemberKind `json:"kind"`
	// Lock, for a passphrase only, is the member's own age identity encrypted
	// to the passphrase.
	Lock []byte `json:"lock,omitempty"`
	// Wrapped is the data key encrypted to the member's recipient.
	Wrapped []byte `json:"wrapped"`
}

var errForeign = errors.New("not a store of deskward")

// parseHeader reads a header. Of one with another schema than ours it checks
// no more than format and schema.
func parseHeader(raw []byte) (header, error) {
	var first struct {
		Format string `json:"format"`
		Schema int    `json:"schema"`
	}
	if err := json.Unmarshal(raw, &first); err != nil || first.Format != formatName {
		return header{}, errForeign
	}
	if first.Schema > schemaVersion {
		return header{Schema: first.Schema}, &core.Error{
			Code: "store.newer", Class: core.Locked, Params: map[string]string{"found": fmt.Sprint(first.Schema), "known": fmt.Sprint(schemaVersion)},
		}
	}
	var h header
	if err := json.Unmarshal(raw, &h); err != nil {
		return header{}, fmt.Errorf("header: %w", err)
	}
	return h, h.check()
}

func (h *header) check() error {
	if core.CheckKey("header", h.Store) != nil || core.CheckKey("header", h.Key) != nil {
		return errors.New("header: malformed id")
	}
	if len(h.Slots) == 0 {
		return errors.New("header: no members")
	}
	seen := make(map[string]bool, len(h.Slots))
	for _, s := range h.Slots {
		if core.CheckKey("member", s.ID) != nil || seen[s.ID] || len(s.Wrapped) == 0 {
			return errors.New("header: malformed member")
		}
		seen[s.ID] = true
		switch {
		case s.Kind == MemberPassphrase && len(s.Lock) > 0:
			h.prot.Passphrases++
		case s.Kind == MemberSSH:
			h.prot.SSHKeys++
		case s.Kind == MemberAge:
			h.prot.AgeKeys++
		default:
			return errors.New("header: malformed member")
		}
	}
	return nil
}

func (h *header) encode() ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(h); err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	return buf.Bytes(), nil
}

// attempts counts failed unlocks, in clear: whoever fails has no key.
type attempts struct {
	failed uint64
	last   time.Time
}

func parseAttempts(raw []byte) attempts {
	failed, n := binary.Uvarint(raw)
	if n <= 0 {
		return attempts{}
	}
	ms, m := binary.Varint(raw[n:])
	if m <= 0 {
		return attempts{}
	}
	return attempts{failed, time.UnixMilli(ms)}
}

func (a attempts) encode() []byte {
	return binary.AppendVarint(binary.AppendUvarint(nil, a.failed), a.last.UnixMilli())
}

const (
	freeAttempts = 3 // failed ones that cost no waiting: fingers slip
	maxWait      = time.Minute
)

// wait returns how long after now the next passphrase is tried. A last
// attempt in the future (the clock was set back) waits no longer than one
// just made.
func (a attempts) wait(now time.Time) time.Duration {
	if a.failed < freeAttempts {
		return 0
	}
	delay := maxWait
	if n := a.failed - freeAttempts; n < 6 {
		delay = min(time.Second<<n, maxWait)
	}
	return max(0, min(delay, a.last.Add(delay).Sub(now)))
}
