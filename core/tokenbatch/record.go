package tokenbatch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"deskward/core"
)

// printOf tells equal tokens from each other, and gives none away.
func printOf(token core.Secret) string {
	const size = 16
	sum := sha256.Sum256([]byte("deskward token batch\x00" + token.Reveal()))
	return hex.EncodeToString(sum[:size])
}

// endOf is the end of a token, for telling it from others. A short one would
// be given away.
func endOf(token core.Secret) string {
	const shown, least = 4, 16
	r := []rune(token.Reveal())
	if len(r) < least {
		return ""
	}
	return core.CleanLine(string(r[len(r)-shown:]))
}

// rowHead is how a row is kept: what lists of batches and the guards against a
// second exchange need, without a secret.
type rowHead struct {
	Row
	PrintOf  string `json:"print"`
	LegacyID string `json:"legacy,omitempty"`
}

func rowID(batch string, n int) string { return fmt.Sprintf("%s-%06d", batch, n) }

// batch is the id of the batch that the row is of.
func (r Row) batch() string { return r.id[:max(0, strings.LastIndexByte(r.id, '-'))] }

func rowOf(rec core.Record) (Row, error) {
	var h rowHead
	if err := json.Unmarshal(rec.Head, &h); err != nil {
		return Row{}, fmt.Errorf("read a token of a batch: %w", err)
	}
	r := h.Row
	r.Print, r.Legacy, r.id, r.rev = h.PrintOf, h.LegacyID, rec.ID, rec.Rev
	return r, nil
}

// putRow writes a row whose rev is the one it was read at. body nil leaves its
// secrets as they are.
func putRow(w core.Writer, r Row, secrets core.Secrets) (Row, error) {
	head, err := json.Marshal(rowHead{r, r.Print, r.Legacy})
	if err != nil {
		return r, err
	}
	rec := core.Record{Kind: core.KindTokenRow, ID: r.id, Rev: r.rev, Head: head}
	if secrets != nil {
		rec.Body, err = core.EncodeBody(struct{}{}, secrets)
	} else {
		var old core.Record
		if old, err = w.Get(core.KindTokenRow, r.id); err == nil {
			rec.Body = old.Body
		}
	}
	if err != nil {
		return r, err
	}
	r.rev, err = w.Put(rec)
	return r, err
}

func getRow(r core.Reader, id string) (Row, core.Secrets, error) {
	rec, err := r.Get(core.KindTokenRow, id)
	if err != nil {
		return Row{}, nil, err
	}
	row, err := rowOf(rec)
	if err != nil {
		return row, nil, err
	}
	var none struct{}
	secrets, err := core.DecodeBody(rec.Body, &none)
	return row, secrets, err
}

// line is the row with its secrets, as a vendor takes it.
func (r Row) line(secrets core.Secrets) Line {
	return Line{
		Number: r.Line, Name: r.Name, Region: r.Region, OrgID: r.OrgID, ClientID: r.ClientID, Owner: r.Owner, Scopes: r.Scopes, OldScopes: r.OldScopes,
		Token: secrets[core.SecretAuthtoken], ClientSecret: secrets[core.SecretClientSecret],
	}
}

// rowsOf yields the rows of all batches, or of one.
func rowsOf(r core.Reader, batch string) ([]Row, error) {
	var out []Row
	o := core.ListOptions{}
	if batch != "" {
		o.After = batch + "-" // ids of rows go on with digits
	}
	for rec, err := range r.Heads(core.KindTokenRow, o) {
		if err != nil {
			return nil, err
		}
		if batch != "" && !strings.HasPrefix(rec.ID, batch+"-") {
			break
		}
		row, err := rowOf(rec)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

func batchOf(rec core.Record) (Batch, error) {
	var b Batch
	if err := json.Unmarshal(rec.Head, &b); err != nil {
		return b, fmt.Errorf("read token batch: %w", err)
	}
	b.rev = rec.Rev
	return b, nil
}

func getBatch(r core.Reader, id string) (Batch, error) {
	rec, err := r.Get(core.KindTokenBatch, id)
	if core.CodeOf(err) == core.ErrNotFound.Code {
		return Batch{}, notFound(id)
	}
	if err != nil {
		return Batch{}, err
	}
	return batchOf(rec)
}

func putBatch(w core.Writer, b Batch) (Batch, error) {
	kept := b
	kept.Counts, kept.Dead, kept.Busy = nil, 0, "" // they follow from the rows
	head, err := json.Marshal(kept)
	if err != nil {
		return b, err
	}
	b.rev, err = w.Put(core.Record{Kind: core.KindTokenBatch, ID: b.ID, Rev: b.rev, Head: head, Body: []byte("{}")})
	return b, err
}

func notFound(id string) error {
	return &core.Error{Tried: "find-batch", On: core.CleanLine(id), Code: "tokenbatch.not-found", Class: core.Usage, Err: core.ErrNotFound}
}

func (b Batch) subject() core.Subject {
	return core.Subject{Kind: core.KindTokenBatch, ID: b.ID, Name: b.Name}
}

// count adds up the rows.
func (b *Batch) count(rows []Row) {
	b.Counts, b.Dead = map[State]int{}, 0
	for _, r := range rows {
		b.Counts[r.State]++
		if !r.DeadAt.IsZero() {
			b.Dead++
		}
	}
}

// List returns the batches, the newest first.
func (s *Service) List(ctx context.Context) ([]Batch, error) {
	var out []Batch
	err := s.Store.View(ctx, func(r core.Reader) error {
		out = nil
		all, err := rowsOf(r, "")
		if err != nil {
			return err
		}
		by := map[string][]Row{}
		for _, row := range all {
			id, _, _ := strings.Cut(row.id, "-")
			by[id] = append(by[id], row)
		}
		for rec, err := range r.Heads(core.KindTokenBatch, core.ListOptions{}) {
			if err != nil {
				return err
			}
			b, err := batchOf(rec)
			if err != nil {
				return err
			}
			b.count(by[b.ID])
			b.Busy = s.busy(r, b.ID)
			out = append(out, b)
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Batch) int { return cmp.Or(b.Made.Compare(a.Made), strings.Compare(a.ID, b.ID)) })
	return out, err
}

// Find returns the batch whose id begins so, or an error with code
// tokenbatch.not-found or .several.
func (s *Service) Find(ctx context.Context, id string) (Batch, error) {
	all, err := s.List(ctx)
	if err != nil {
		return Batch{}, err
	}
	switch all = core.WithID(all, func(b Batch) string { return b.ID }, id); len(all) {
	case 0:
		return Batch{}, notFound(id)
	case 1:
		return all[0], nil
	}
	return Batch{}, &core.Error{Tried: "find-batch", On: core.CleanLine(id), Code: "tokenbatch.several", Class: core.Usage}
}

// Rows returns a batch with its rows in the order of the list.
func (s *Service) Rows(ctx context.Context, id string) (b Batch, rows []Row, err error) {
	err = s.Store.View(ctx, func(r core.Reader) error {
		if b, err = getBatch(r, id); err != nil {
			return err
		}
		if rows, err = rowsOf(r, id); err != nil {
			return err
		}
		b.count(rows)
		b.Busy = s.busy(r, b.ID)
		return nil
	})
	return b, rows, err
}

// Confirm writes down that the vendor's support confirmed what was sent to it;
// reference may be "".
func (s *Service) Confirm(ctx context.Context, id, reference string) (Batch, error) {
	err := s.Store.Update(ctx, func(w core.Writer) error {
		b, err := getBatch(w, id)
		if err != nil {
			return err
		}
		if b.Variant != External {
			return &core.Error{Tried: "confirm-batch", On: b.Name, Code: "tokenbatch.not-external", Class: core.Usage}
		}
		b.Confirmed, b.ConfirmedBy = s.Clock.Now().UTC(), s.Events.Actor.String()
		b.Reference = strings.TrimSpace(core.CleanLine(reference))
		if b, err = putBatch(w, b); err != nil {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbChanged, Subject: b.subject(), Detail: map[string]string{"confirmed": b.Reference}})
	})
	if err != nil {
		return Batch{}, err
	}
	b, _, err := s.Rows(ctx, id)
	return b, err
}

// Remove forgets a batch and erases its old tokens where the store can. The
// connections stay. Unless anyway, it refuses while a session is at work on it,
// while nobody knows how a call ended, and while the old token of an exchange is
// not proven dead: what is needed to prove it would be gone.
func (s *Service) Remove(ctx context.Context, id string, anyway bool) error {
	err := s.Store.Update(ctx, func(w core.Writer) error {
		b, err := getBatch(w, id)
		if err != nil {
			return err
		}
		rows, err := rowsOf(w, id)
		if err != nil {
			return err
		}
		if who := s.busy(w, id); who != "" {
			return &core.Error{Tried: "remove-batch", On: b.Name, Code: "lease.held", Class: core.Conflict, Params: map[string]string{"owner": who}}
		}
		for _, r := range rows {
			if !anyway && (r.State == Unknown || r.State == Begun || (r.State == Done || r.State == Lost) && r.DeadAt.IsZero()) {
				return &core.Error{Tried: "remove-batch", On: b.Name, Code: "tokenbatch.needed", Class: core.Usage}
			}
			if err := s.removeRow(w, r); err != nil {
				return err
			}
		}
		if err := w.Delete(core.KindTokenBatch, b.ID, b.rev); err != nil {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbRemoved, Subject: b.subject()})
	})
	if err != nil {
		return err
	}
	return s.erase(ctx)
}

// removeRow deletes a row, and the deadline that nobody could settle without it.
func (s *Service) removeRow(w core.Writer, r Row) error {
	if r.State == Unknown {
		if err := core.DropDeadline(w, r.id, mayEnd); err != nil {
			return err
		}
	}
	return w.Delete(core.KindTokenRow, r.id, r.rev)
}

func (s *Service) erase(ctx context.Context) error {
	if e, ok := s.Store.(core.Eraser); ok {
		return e.Compact(ctx)
	}
	return nil
}
