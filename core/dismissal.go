package core

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// Dismissal says that a deadline shall not be shown: it was dealt with
// elsewhere, or does not matter. It holds for the date it was said of: when
// that changes, the deadline counts again.
type Dismissal struct {
	Until  time.Time `json:"until"` // the deadline's date when it was dismissed
	On     time.Time `json:"on"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
}

// dismissal is how it is kept: under the deadline's id.
type dismissal struct {
	Dismissal
	Subject string `json:"subject"` // id of what the deadline is about
}

// maxReason is the longest reason kept, in bytes.
const maxReason = 500

// Dismiss leaves the deadline of that id out of List until its date changes.
// The reason, which may be "", is kept with it and in the log. It fails with
// code deadline.not-found when there is none of that id. Dismissing one again
// gives it the new reason.
func (s *Deadlines) Dismiss(ctx context.Context, id, reason string) (Deadline, error) {
	reason = strings.TrimSpace(CleanLine(reason))
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "")
	}
	return s.mark(ctx, id, func(w Writer, d *Deadline) error {
		d.Dismissed = &Dismissal{Until: d.At.UTC(), On: s.Events.Clock.Now().UTC(), By: s.Events.Actor.String(), Reason: reason}
		head, err := json.Marshal(dismissal{*d.Dismissed, d.Subject.ID})
		if err != nil {
			return err
		}
		rec, err := w.Get(KindDismissal, d.ID)
		if err != nil && CodeOf(err) != ErrNotFound.Code {
			return err
		}
		if _, err := w.Put(Record{Kind: KindDismissal, ID: d.ID, Rev: rec.Rev, Head: head}); err != nil {
			return err
		}
		return s.append(w, VerbDismissed, *d, reason)
	})
}

// Restore undoes Dismiss. Of a deadline that counts already it changes nothing.
func (s *Deadlines) Restore(ctx context.Context, id string) (Deadline, error) {
	return s.mark(ctx, id, func(w Writer, d *Deadline) error {
		if d.Dismissed == nil {
			return nil
		}
		d.Dismissed = nil
		rec, err := w.Get(KindDismissal, d.ID)
		if err != nil {
			return err
		}
		if err := w.Delete(KindDismissal, d.ID, rec.Rev); err != nil {
			return err
		}
		return s.append(w, VerbUndismissed, *d, "")
	})
}

func (s *Deadlines) append(w Writer, v Verb, d Deadline, reason string) error {
	ev := Event{Verb: v, Subject: d.Subject, Detail: map[string]string{"deadline": d.Code, "at": d.At.UTC().Format(time.RFC3339)}}
	if reason != "" {
		ev.Detail["reason"] = reason
	}
	return s.Events.Append(w, ev)
}

// mark finds the deadline of an id within the transaction that changes what is
// said of it.
func (s *Deadlines) mark(ctx context.Context, id string, fn func(Writer, *Deadline) error) (Deadline, error) {
	var found Deadline
	err := s.Store.Update(ctx, func(w Writer) error {
		all, err := s.read(w)
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.ID == id {
				found = d
				return fn(w, &found)
			}
		}
		return &Error{Tried: "find-deadline", On: CleanLine(id), Code: "deadline.not-found", Class: Usage, Err: ErrNotFound}
	})
	return found, err
}

// markDismissed sets Dismissed of those that were dismissed for the date that
// they have now.
func markDismissed(r Reader, all []Deadline) error {
	by := map[string]Dismissal{}
	for rec, err := range r.Heads(KindDismissal, ListOptions{}) {
		if err != nil {
			return err
		}
		var d dismissal
		if err := json.Unmarshal(rec.Head, &d); err != nil {
			return err
		}
		by[rec.ID] = d.Dismissal
	}
	for i := range all {
		if d, ok := by[all[i].ID]; ok && d.Until.Unix() == all[i].At.Unix() {
			all[i].Dismissed = &d
		}
	}
	return nil
}

// deleteDismissals removes what was said of the deadlines of a subject that is
// being removed.
func deleteDismissals(w Writer, subject string) error {
	for rec, err := range w.Heads(KindDismissal, ListOptions{}) {
		if err != nil {
			return err
		}
		var d dismissal
		if err := json.Unmarshal(rec.Head, &d); err != nil {
			return err
		}
		if d.Subject != subject {
			continue
		}
		if err := w.Delete(KindDismissal, rec.ID, rec.Rev); err != nil {
			return err
		}
	}
	return nil
}
