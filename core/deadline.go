package core

import (
	"context"
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
}

// Deadlines keeps what ends and when.
type Deadlines struct{ Store Store }

// PutDeadline writes a new deadline within the caller's transaction. A
// deadline of the same subject and code replaces the one before.
func PutDeadline(w Writer, d Deadline) error {
	for rec, err := range w.Heads(KindDeadline, ListOptions{}) {
		if err != nil {
			return err
		}
		var old Deadline
		if err := json.Unmarshal(rec.Head, &old); err != nil {
			return err
		}
		if old.Subject.ID == d.Subject.ID && old.Code == d.Code {
			d.ID = old.ID
			raw, err := json.Marshal(d)
			if err != nil {
				return err
			}
			_, err = w.Put(Record{Kind: KindDeadline, ID: rec.ID, Rev: rec.Rev, Head: raw})
			return err
		}
	}
	d.ID = NewID()
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = w.Put(Record{Kind: KindDeadline, ID: d.ID, Head: raw})
	return err
}

// List returns the deadlines that are not done, soonest first: those written
// down, and the ends of connections that follow from their records.
func (s *Deadlines) List(ctx context.Context) ([]Deadline, error) {
	var out []Deadline
	err := s.Store.View(ctx, func(r Reader) error {
		written := map[string]bool{}
		for rec, err := range r.Heads(KindDeadline, ListOptions{}) {
			if err != nil {
				return err
			}
			var d Deadline
			if err := json.Unmarshal(rec.Head, &d); err != nil {
				return err
			}
			written[d.Subject.ID] = true
			if d.Done.IsZero() {
				out = append(out, d)
			}
		}
		for rec, err := range r.Heads(KindConnection, ListOptions{}) {
			if err != nil {
				return err
			}
			c, err := summaryOf(rec)
			if err != nil {
				return err
			}
			if written[c.ID] {
				continue
			}
			subject := Subject{Kind: KindConnection, ID: c.ID, Name: c.Name}
			switch {
			case !c.EndsAt.IsZero():
				out = append(out, Deadline{Subject: subject, Code: "connection.ends", At: c.EndsAt})
			case c.HasAccess && !c.HasRefresh && c.Grant != GrantClientCredentials && !c.AccessExpires.IsZero():
				out = append(out, Deadline{Subject: subject, Code: "access.expires", At: c.AccessExpires})
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Deadline) int { return a.At.Compare(b.At) })
	return out, err
}
