package core

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
)

// Kind names a family of records. A kind stands in clear in the store file.
type Kind string

// The kinds of record. Each is owned by the type or package named beside it.
const (
	KindConnection Kind = "connection"  // Connections
	KindEvent      Kind = "event"       // EventLog; ids are sequence numbers
	KindChain      Kind = "chain"       // EventLog: the head of the chain
	KindLease      Kind = "lease"       // Leases
	KindDeadline   Kind = "deadline"    // Deadlines
	KindAttempt    Kind = "attempt"     // core/consent
	KindRun        Kind = "run"         // core/guide
	KindRehearsal  Kind = "rehearsal"   // core/guide: which guide passed in the sandbox, and when
	KindSigningKey Kind = "signing-key" // SigningKeys
	KindPreference Kind = "preference"  // language, lock time and the like
	KindLookup     Kind = "lookup"      // core/lookup: the look-ups that are remembered
	KindDismissal  Kind = "dismissal"   // Deadlines: which of them are not to be shown
	KindBatch      Kind = "batch"       // core/lookup: batches of look-ups, and how far each is
	KindBatchRow   Kind = "batch-row"   // core/lookup: what came of the lines of a batch, by lots
)

// The kinds of the batches that turn old tokens into OAuth.
const (
	KindTokenBatch Kind = "token-batch" // core/tokenbatch: a list of tokens
	KindTokenRow   Kind = "token-row"   // core/tokenbatch: the journal of one of them
)

// MaxKey is the greatest length of a record's id, and of a kind.
const MaxKey = 128

// CheckKey says whether a kind and an id can be a record's key: 1 to MaxKey
// ASCII letters, digits and any of "-_.:/". Every store refuses others, with
// code store.bad-key: keys stand in clear, so something else there is a name
// or an address that should have been sealed.
func CheckKey(kind Kind, id string) error {
	if isKey(string(kind)) && isKey(id) {
		return nil
	}
	return &Error{Code: "store.bad-key", Params: map[string]string{"kind": CleanLine(string(kind))}}
}

func isKey(s string) bool {
	if s == "" || len(s) > MaxKey {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == ':', c == '/':
		default:
			return false
		}
	}
	return true
}

// Record is one sealed thing in the store. Head is what lists show and never
// holds a secret; Body is the rest. They are sealed apart, so listing ten
// thousand records decrypts no secret.
type Record struct {
	Kind Kind
	ID   string // opaque: from NewID, or a sequence number
	Rev  uint64 // 1 after the first Put, then 2, 3, …; 0 means "does not exist yet"
	Head []byte
	Body []byte // nil in what Heads yields
}

// ListOptions chooses what Heads yields.
type ListOptions struct {
	Newest bool   // descending ids instead of ascending
	Limit  int    // 0: all
	After  string // only ids behind this one, in the order of the listing; "": from the start
}

// Reader reads records within one transaction.
type Reader interface {
	// Get returns the record whole, or ErrNotFound.
	Get(kind Kind, id string) (Record, error)
	// Heads yields the records of a kind in the order of their ids, without
	// bodies. What it yields stays valid after the transaction.
	Heads(kind Kind, o ListOptions) iter.Seq2[Record, error]
	// Count returns how many records a kind has, without decrypting any.
	Count(kind Kind) (int, error)
}

// Writer reads and writes within one transaction.
type Writer interface {
	Reader
	// Put writes r and returns its new revision, r.Rev+1. It fails with
	// ErrConflict when the record's revision is not r.Rev: somebody was
	// faster, or (Rev 0) it exists already.
	Put(r Record) (uint64, error)
	// Delete removes a record. ErrNotFound, or ErrConflict when its revision
	// is not rev. Deleting is not erasing: see Eraser.
	Delete(kind Kind, id string, rev uint64) error
}

// Store is the port to wherever records are kept sealed. Both methods fail
// with ErrLocked while there is no key, and with an *Error of class Locked
// when another process holds the store too long.
type Store interface {
	// View runs fn on a consistent snapshot.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn and commits when it returns nil; an error undoes all of
	// it. fn may be run again where a store commits optimistically, so it
	// must have no effect but on w.
	Update(ctx context.Context, fn func(w Writer) error) error
}

// Eraser is a store that can make deleted values unreadable in its file.
type Eraser interface {
	// Compact rewrites the store without what was deleted.
	Compact(ctx context.Context) error
}

// body is how a record's Body is encoded: the value's own JSON, in which
// every Secret is dots, and beside it the secrets by name.
type body struct {
	Value   json.RawMessage   `json:"v"`
	Secrets map[string]string `json:"s,omitempty"`
}

// EncodeBody encodes v and its secrets for a record's Body. It is the one
// place where secrets are turned into bytes in bulk: call it only for what a
// Store seals.
func EncodeBody(v any, secrets Secrets) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	b := body{Value: raw}
	if len(secrets) > 0 {
		b.Secrets = make(map[string]string, len(secrets))
		for name, s := range secrets {
			b.Secrets[name] = s.Reveal()
		}
	}
	return json.Marshal(b)
}

// DecodeBody is EncodeBody's inverse: it fills v and returns the secrets.
func DecodeBody(data []byte, v any) (Secrets, error) {
	var b body
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("decode record: %w", err)
	}
	if err := json.Unmarshal(b.Value, v); err != nil {
		return nil, fmt.Errorf("decode %T: %w", v, err)
	}
	secrets := make(Secrets, len(b.Secrets))
	for name, text := range b.Secrets {
		secrets[name] = NewSecret(text)
	}
	return secrets, nil
}
