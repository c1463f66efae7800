package core

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// LeaseTime is how long a lease is honoured after it was taken. Whoever holds
// one must finish, or give up its call, well within: a vendor call under a
// lease has a deadline of CallTime.
const (
	LeaseTime = 45 * time.Second
	CallTime  = 30 * time.Second
)

// What a vendor gives only once is saved even when the store is busy or locked
// at that moment: SaveTime is how long that is tried. FinishTime is how long
// whoever ends the program, or wipes the key, waits for work past the point of
// no return: a call, the saving of its answer, and some time for both to end.
const (
	SaveTime   = 10 * time.Second
	FinishTime = CallTime + SaveTime + 5*time.Second
)

// Leases lets one session at a time do a thing that must not be done twice at
// once, such as a refresh that rotates, among all processes on one store.
type Leases struct {
	Store Store
	Clock Clock
	Actor Actor
	// Time is how long a lease is honoured that nobody renews; 0: LeaseTime.
	// Every session must have the same for leases of one name.
	Time time.Duration
}

func (l *Leases) time() time.Duration { return cmp.Or(l.Time, LeaseTime) }

// Lease is a held lease.
type Lease struct {
	ID    string    `json:"-"`
	Owner string    `json:"owner"` // who holds it, for people
	Token string    `json:"token"` // which holder it is: random
	Until time.Time `json:"until"`
	rev   uint64
}

// Holds reports whether a lease as it is stored is somebody's still. One far in
// the future was written by a clock that was wrong.
func (l *Leases) Holds(held Lease, now time.Time) bool {
	return now.Before(held.Until) && held.Until.Sub(now) <= 2*l.time()
}

// Take takes the lease id, or fails with code lease.held (class Conflict),
// naming the holder, while another's has not run out.
func (l *Leases) Take(ctx context.Context, id string) (Lease, error) {
	mine := Lease{ID: id, Owner: l.Actor.String(), Token: NewID()}
	err := l.Store.Update(ctx, func(w Writer) error {
		now := l.Clock.Now()
		rec, err := w.Get(KindLease, id)
		switch {
		case err == nil:
			var held Lease
			if err := json.Unmarshal(rec.Head, &held); err != nil {
				return fmt.Errorf("read lease: %w", err)
			}
			if l.Holds(held, now) {
				return &Error{Tried: "lease", Code: "lease.held", Class: Conflict, Params: map[string]string{"owner": held.Owner, "until": held.Until.UTC().Format(time.RFC3339Nano)}}
			}
		case CodeOf(err) != ErrNotFound.Code:
			return err
		}
		mine.Until = now.Add(l.time())
		raw, err := json.Marshal(mine)
		if err != nil {
			return err
		}
		mine.rev, err = w.Put(Record{Kind: KindLease, ID: id, Rev: rec.Rev, Head: raw})
		return err
	})
	return mine, err
}

// Release gives the lease back within the caller's transaction. It fails with
// code lease.lost when it ran out and another took it: then the caller's
// transaction must not commit.
func (l *Leases) Release(w Writer, held Lease) error {
	err := w.Delete(KindLease, held.ID, held.rev)
	if code := CodeOf(err); code == ErrConflict.Code || code == ErrNotFound.Code {
		return &Error{Tried: "lease", Code: "lease.lost", Class: Conflict, Err: err}
	}
	return err
}

// Renew prolongs the lease within the caller's transaction, which thereby only
// commits while the lease is held. It fails with code lease.lost when another
// took it: then the caller's transaction must not commit. One that ran out and
// that nobody took is held again.
func (l *Leases) Renew(w Writer, held Lease) (Lease, error) {
	rec, err := w.Get(KindLease, held.ID)
	if err == nil {
		var now Lease
		if err := json.Unmarshal(rec.Head, &now); err != nil {
			return held, fmt.Errorf("read lease: %w", err)
		}
		if now.Token != held.Token {
			return held, &Error{Tried: "lease", Code: "lease.lost", Class: Conflict}
		}
	}
	if CodeOf(err) == ErrNotFound.Code {
		return held, &Error{Tried: "lease", Code: "lease.lost", Class: Conflict, Err: err}
	} else if err != nil {
		return held, err
	}
	held.Until = l.Clock.Now().Add(l.time())
	raw, err := json.Marshal(held)
	if err != nil {
		return held, err
	}
	held.rev, err = w.Put(Record{Kind: KindLease, ID: held.ID, Rev: rec.Rev, Head: raw})
	return held, err
}
