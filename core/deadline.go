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
}

// Deadlines keeps what ends and when.
type Deadlines struct{ Store Store }

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

// deadlineID is opaque, as record ids are, and the same for the same subject
// and code.
func deadlineID(subject, code string) string {
	sum := sha256.Sum256([]byte(subject + "\x00" + code))
	return hex.EncodeToString(sum[:16])
}

// deleteDeadlines removes the deadlines of a subject that is being removed.
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
	return nil
}

// List returns the deadlines that are not done, soonest first: those written
// down, and the ends of connections that follow from their records.
func (s *Deadlines) List(ctx context.Context) ([]Deadline, error) {
	var out []Deadline
	err := s.Store.View(ctx, func(r Reader) error {
		written := map[string]time.Time{} // by subject: an end that is written down is not told twice
		for rec, err := range r.Heads(KindDeadline, ListOptions{}) {
			if err != nil {
				return err
			}
			var d Deadline
			if err := json.Unmarshal(rec.Head, &d); err != nil {
				return err
			}
			written[d.Subject.ID] = d.At
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
			subject := Subject{Kind: KindConnection, ID: c.ID, Name: c.Name}
			switch {
			case !c.EndsAt.IsZero():
				if written[c.ID].Truncate(time.Second).Equal(c.EndsAt.Truncate(time.Second)) {
					continue
				}
				out = append(out, Deadline{Subject: subject, Code: "connection.ends", At: c.EndsAt})
			case c.HasAccess && !c.HasRefresh && !c.Grant.Unattended() && !c.AccessExpires.IsZero():
				out = append(out, Deadline{Subject: subject, Code: "access.expires", At: c.AccessExpires})
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Deadline) int { return a.At.Compare(b.At) })
	return out, err
}
