package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Verb is what happened to a subject. Each has a sentence in assets/locales
// (verb.<Verb>).
type Verb string

// The verbs.
const (
	VerbStoreCreated   Verb = "store-created"
	VerbUnlocked       Verb = "unlocked"
	VerbUnlockFailed   Verb = "unlock-failed" // recorded at the next unlock, with their number
	VerbMemberAdded    Verb = "member-added"
	VerbMemberRemoved  Verb = "member-removed"
	VerbBackedUp       Verb = "backed-up"
	VerbRestored       Verb = "restored"
	VerbAdded          Verb = "added"
	VerbChanged        Verb = "changed"
	VerbRenamed        Verb = "renamed"
	VerbRemoved        Verb = "removed"
	VerbConsentBegun   Verb = "consent-begun"
	VerbConsentRefused Verb = "consent-refused"
	VerbGranted        Verb = "granted"
	VerbRefreshed      Verb = "refreshed"
	VerbRefreshRefused Verb = "refresh-refused"
	VerbRevoked        Verb = "revoked"
	VerbChecked        Verb = "checked"
	VerbRevealed       Verb = "revealed"
	VerbCopied         Verb = "copied"
	VerbExported       Verb = "exported" // printed by a command that was asked for it by name
	VerbShared         Verb = "shared"   // sealed for somebody else's key
	VerbMinted         Verb = "minted"   // a visitor token, by a person and not by an endpoint
	VerbServed         Verb = "served"   // a token endpoint began or ended
	VerbRunBegun       Verb = "run-begun"
	VerbStepDone       Verb = "step-done"
	VerbStepFailed     Verb = "step-failed"
	VerbStepUnknown    Verb = "step-unknown"
	VerbRunEnded       Verb = "run-ended"
	VerbRehearsed      Verb = "rehearsed"
	VerbDismissed      Verb = "dismissed"   // a deadline, until its date changes
	VerbUndismissed    Verb = "undismissed" // a deadline counts again
	VerbLookedUp       Verb = "looked-up"   // a batch of people; who they were is not in it
)

// Verbs lists all verbs, for whoever must have a text for each.
func Verbs() []Verb {
	return []Verb{
		VerbStoreCreated, VerbUnlocked, VerbUnlockFailed, VerbMemberAdded, VerbMemberRemoved, VerbBackedUp, VerbRestored,
		VerbAdded, VerbChanged, VerbRenamed, VerbRemoved, VerbConsentBegun, VerbConsentRefused, VerbGranted,
		VerbRefreshed, VerbRefreshRefused, VerbRevoked, VerbChecked, VerbRevealed, VerbCopied, VerbExported, VerbShared, VerbMinted, VerbServed,
		VerbRunBegun, VerbStepDone, VerbStepFailed, VerbStepUnknown, VerbRunEnded, VerbRehearsed,
		VerbDismissed, VerbUndismissed, VerbLookedUp,
	}
}

// Subject is the thing an event is about.
type Subject struct {
	Kind Kind   `json:"kind,omitempty"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Event is one line of the log. It holds no secret. Events form a chain:
// each carries the hash of the one before, so a changed, dropped or inserted
// line is found by EventLog.Verify. (A whole store file put back from an older
// copy is not: compare the last hash with one noted elsewhere.)
type Event struct {
	Seq     uint64            `json:"seq"`
	At      time.Time         `json:"at"`
	Actor   Actor             `json:"actor"`
	Verb    Verb              `json:"verb"`
	Subject Subject           `json:"subject,omitzero"`
	Code    string            `json:"code,omitempty"` // why it failed: an advice key
	Detail  map[string]string `json:"detail,omitempty"`
	Prev    string            `json:"prev"` // hash of the event before, hex; "" for the first
	Hash    string            `json:"hash"` // SHA-256 of this event's JSON with an empty hash, hex
}

func (e Event) digest() (string, error) {
	e.Hash = ""
	raw, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// EventLog appends to and reads the log.
type EventLog struct {
	Store Store
	Clock Clock
	Actor Actor
}

const chainID = "head"

type chainHead struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

func eventID(seq uint64) string { return fmt.Sprintf("%016x", seq) }

// Append writes e as the next event within the caller's transaction, so that
// the change and its line in the log stand or fall together. Time, actor,
// number and hashes are filled in.
func (l *EventLog) Append(w Writer, e Event) error {
	var head chainHead
	rec, err := w.Get(KindChain, chainID)
	switch {
	case err == nil:
		if err := json.Unmarshal(rec.Head, &head); err != nil {
			return fmt.Errorf("read the log's chain: %w", err)
		}
	case CodeOf(err) != ErrNotFound.Code:
		return err
	}
	e.Seq, e.Prev, e.Actor = head.Seq+1, head.Hash, l.Actor
	if e.At.IsZero() {
		e.At = l.Clock.Now()
	}
	e.At = e.At.UTC().Truncate(time.Millisecond)
	if e.Hash, err = e.digest(); err != nil {
		return err
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := w.Put(Record{Kind: KindEvent, ID: eventID(e.Seq), Head: raw}); err != nil {
		return err
	}
	raw, err = json.Marshal(chainHead{e.Seq, e.Hash})
	if err != nil {
		return err
	}
	_, err = w.Put(Record{Kind: KindChain, ID: chainID, Rev: rec.Rev, Head: raw})
	return err
}

// Record appends e in a transaction of its own.
func (l *EventLog) Record(ctx context.Context, e Event) error {
	return l.Store.Update(ctx, func(w Writer) error { return l.Append(w, e) })
}

// Recent returns the newest events first, at most limit of them (0: all), of
// one subject when id is not "".
func (l *EventLog) Recent(ctx context.Context, limit int, id string) ([]Event, error) {
	var out []Event
	err := l.Store.View(ctx, func(r Reader) error {
		for rec, err := range r.Heads(KindEvent, ListOptions{Newest: true}) {
			if err != nil {
				return err
			}
			var e Event
			if err := json.Unmarshal(rec.Head, &e); err != nil {
				return fmt.Errorf("read event %s: %w", rec.ID, err)
			}
			if id != "" && e.Subject.ID != id {
				continue
			}
			if out = append(out, e); limit > 0 && len(out) == limit {
				return nil
			}
		}
		return nil
	})
	return out, err
}

// Before returns the newest events first, at most limit of them (0: all), of
// those numbered below seq; 0 starts at the newest. It reads no more of the
// log than it returns.
func (l *EventLog) Before(ctx context.Context, seq uint64, limit int) ([]Event, error) {
	o := ListOptions{Newest: true, Limit: limit}
	if seq > 0 {
		o.After = eventID(seq)
	}
	var out []Event
	err := l.Store.View(ctx, func(r Reader) error {
		out = nil
		for rec, err := range r.Heads(KindEvent, o) {
			if err != nil {
				return err
			}
			var e Event
			if err := json.Unmarshal(rec.Head, &e); err != nil {
				return fmt.Errorf("read event %s: %w", rec.ID, err)
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// Verify walks the whole chain and returns how many events it has and the
// last hash. It fails with code events.broken, naming the first event that
// does not fit, when one was changed, dropped or inserted.
func (l *EventLog) Verify(ctx context.Context) (n uint64, last string, err error) {
	err = l.Store.View(ctx, func(r Reader) error {
		for rec, err := range r.Heads(KindEvent, ListOptions{}) {
			if err != nil {
				return err
			}
			var e Event
			if err := json.Unmarshal(rec.Head, &e); err != nil {
				return brokenChain(n+1, err)
			}
			sum, err := e.digest()
			if err != nil {
				return err
			}
			if e.Seq != n+1 || e.Prev != last || sum != e.Hash || rec.ID != eventID(e.Seq) {
				return brokenChain(n+1, nil)
			}
			n, last = e.Seq, e.Hash
		}
		rec, err := r.Get(KindChain, chainID)
		if CodeOf(err) == ErrNotFound.Code && n == 0 {
			return nil
		} else if err != nil {
			return brokenChain(n+1, err)
		}
		var head chainHead
		if err := json.Unmarshal(rec.Head, &head); err != nil {
			return brokenChain(n+1, err)
		}
		if head.Seq != n || head.Hash != last {
			return brokenChain(n+1, nil)
		}
		return nil
	})
	return n, last, err
}

func brokenChain(seq uint64, err error) error {
	return &Error{Tried: "verify-events", Code: "events.broken", Params: map[string]string{"seq": fmt.Sprint(seq)}, Err: err}
}
