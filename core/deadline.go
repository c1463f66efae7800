package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// Deadline is a moment after which something stored stops working. Its
// sentence is the locale text deadline.<Code>.
type Deadline struct {
	ID      string            `json:"id"`
	Subject Subject           `json:"subject"`
	Code    string            `json:"code"` // for example "zoho.old-token-ends"
	At      time.Time         `json:"at"`
	Done    time.Time         `json:"done,omitzero"` // when it was dealt with
	Detail  map[string]string `json:"detail,omitempty"`

	Source string `json:"source,omitempty"` // the vendor's page that says so
	Guide  string `json:"guide,omitempty"`  // id of the guide that leads out of it

	Dismissed *Dismissal `json:"dismissed,omitempty"` // nil: it counts
}

// End is a moment that a platform knows beforehand of a connection: from the
// vendor's announcements, or from how long such a credential lives. Its texts
// are those of a Deadline: deadline.<Code>, .past and .next.
type End struct {
	Code   string
	At     time.Time
	Source string // the vendor's page that says so
	Guide  string // id of the guide that leads out of it; "": the connection is where to go
	Detail map[string]string
}

// Deadlines keeps what ends and when.
type Deadlines struct {
	Store  Store
	Events *EventLog
	// Known returns the ends that a connection's platform knows. It is asked
	// for every connection of a listing, so it makes no call and reads nothing.
	// nil: none are known.
	Known func(Summary) []End
}

// PutDeadline writes a deadline within the caller's transaction. One of the
// same subject and code is replaced.
func PutDeadline(w Writer, d Deadline) error {
	d.ID = deadlineID(d.Subject.ID, d.Code)
	rec, err := w.Get(KindDeadline, d.ID)
	if err != nil && CodeOf(err) != ErrNotFound.Code {
		return err
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = w.Put(Record{Kind: KindDeadline, ID: d.ID, Rev: rec.Rev, Head: raw})
	return err
}

// DropDeadline deletes a deadline of a subject that is being removed, and what
// was said of it, within the caller's transaction. There may be none.
func DropDeadline(w Writer, subject, code string) error {
	id := deadlineID(subject, code)
	for _, kind := range []Kind{KindDeadline, KindDismissal} {
		rec, err := w.Get(kind, id)
		if CodeOf(err) == ErrNotFound.Code {
			continue
		}
		if err != nil {
			return err
		}
		if err := w.Delete(kind, id, rec.Rev); err != nil {
			return err
		}
	}
	return nil
}

// deadlineID is opaque, as record ids are, and the same for the same subject
// and code.
func deadlineID(subject, code string) string {
	sum := sha256.Sum256([]byte(subject + "\x00" + code))
	return hex.EncodeToString(sum[:16])
}

// deleteDeadlines removes the deadlines of a subject that is being removed,
// and what was said about them.
func deleteDeadlines(w Writer, subject string) error {
	for rec, err := range w.Heads(KindDeadline, ListOptions{}) {
		if err != nil {
			return err
		}
		var d Deadline
		if err := json.Unmarshal(rec.Head, &d); err != nil {
			return err
		}
		if d.Subject.ID != subject {
			continue
		}
		if err := w.Delete(KindDeadline, rec.ID, rec.Rev); err != nil {
			return err
		}
	}
	return deleteDismissals(w, subject)
}

// List returns the deadlines that count, soonest first: neither done nor
// dismissed.
func (s *Deadlines) List(ctx context.Context) ([]Deadline, error) {
	all, err := s.All(ctx)
	return slices.DeleteFunc(all, func(d Deadline) bool { return d.Dismissed != nil }), err
}

// All is List with those that were dismissed: what is written down, the ends
// of connections that follow from their records, and what their platforms know.
func (s *Deadlines) All(ctx context.Context) ([]Deadline, error) {
	var out []Deadline
	err := s.Store.View(ctx, func(r Reader) error {
		var err error
		out, err = s.read(r)
		return err
	})
	slices.SortStableFunc(out, func(a, b Deadline) int { return a.At.Compare(b.At) })
	return out, err
}

// moment is an end of one subject. An end that is written down, or that the
// platform has better words for, is not told twice.
type moment struct {
	subject string
	second  int64
}

func (s *Deadlines) read(r Reader) ([]Deadline, error) {
	var out []Deadline
	told := map[moment]bool{}
	add := func(d Deadline) {
		if m := (moment{d.Subject.ID, d.At.Unix()}); !told[m] {
			told[m] = true
			if d.ID = deadlineID(d.Subject.ID, d.Code); d.Done.IsZero() {
				out = append(out, d)
			}
		}
	}
	for rec, err := range r.Heads(KindDeadline, ListOptions{}) {
		if err != nil {
			return nil, err
		}
		var d Deadline
		if err := json.Unmarshal(rec.Head, &d); err != nil {
			return nil, err
		}
		add(d)
	}
	for rec, err := range r.Heads(KindConnection, ListOptions{}) {
		if err != nil {
			return nil, err
		}
		c, err := summaryOf(rec)
		if err != nil {
			return nil, err
		}
		for _, d := range s.ofConnection(c) {
			add(d)
		}
	}
	return out, markDismissed(r, out)
}

// ofConnection are the ends of one connection, those with the platform's own
// words first.
func (s *Deadlines) ofConnection(c Summary) []Deadline {
	var out []Deadline
	subject := Subject{Kind: KindConnection, ID: c.ID, Name: c.Name}
	if s.Known != nil {
		for _, e := range s.Known(c) {
			out = append(out, Deadline{Subject: subject, Code: e.Code, At: e.At, Detail: e.Detail, Source: e.Source, Guide: e.Guide})
		}
	}
	switch {
	case !c.EndsAt.IsZero():
		out = append(out, Deadline{Subject: subject, Code: "connection.ends", At: c.EndsAt})
	case c.HasAccess && !c.HasRefresh && !c.Grant.Unattended() && !c.AccessExpires.IsZero():
		out = append(out, Deadline{Subject: subject, Code: "access.expires", At: c.AccessExpires})
	}
	if !c.SecretEndsAt.IsZero() {
		out = append(out, Deadline{Subject: subject, Code: "client-secret.ends", At: c.SecretEndsAt})
	}
	return out
}
