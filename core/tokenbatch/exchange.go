package tokenbatch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"deskward/core"
)

// do takes one row to its end.
func (t *tour) do(ctx context.Context, j *job) finished {
	f := finished{job: j, row: j.row}
	line, err := t.service.secretsOf(ctx, j.row)
	if err != nil {
		return t.fatal(ctx, f, err)
	}
	if !t.options.Unasked {
		var pulse Pulse
		t.calling(func() { pulse, err = t.service.Vendor.Pulse(ctx, line) })
		if pulse != Alive || err != nil {
			return t.notAsked(ctx, f, pulse, err)
		}
	}
	tokens, f, err := t.exchange(ctx, f, line)
	if f.fatal != nil || !f.sent && err == nil {
		return f
	}
	if err != nil {
		return t.refused(f, err)
	}
	var saveErr error
	if f.row, saveErr = t.save(f.row, line, tokens); saveErr != nil {
		f.row = j.row
		f.row.State = Begun // as it is written: the next run finds it unknown
		f.fatal = &core.Error{Tried: "save-exchange", On: j.row.Name, Code: "tokenbatch.unsaved", Class: core.Unknown, Err: saveErr}
	}
	return f
}

// calling makes a call to the vendor when there is room for one.
func (t *tour) calling(call func()) {
	t.calls <- struct{}{}
	defer func() { <-t.calls }()
	call()
}

// exchange begins a row and makes the call. Without an error and not sent, the
// run ended before.
func (t *tour) exchange(ctx context.Context, f finished, line Line) (Tokens, finished, error) {
	t.begins <- struct{}{}
	defer func() { <-t.begins }()
	if ctx.Err() != nil { // nothing is begun any more
		f.row.State = Waiting
		return Tokens{}, f, nil
	}
	begun, err := t.begin(f.job.row)
	if e, ok := errors.AsType[*claimed](err); ok {
		return Tokens{}, f, e.why
	}
	if err != nil {
		return Tokens{}, t.fatal(ctx, f, err), nil
	}
	f.row = begun
	var tokens Tokens
	c := t.clients[begun.ClientID]
	t.calling(func() {
		// Another call may have said meanwhile that none should follow.
		if f.sent = ctx.Err() == nil && c.halted() == nil; f.sent {
			tokens, err = t.service.Vendor.Exchange(ctx, t.batch.Variant, line)
			c.heard(t.service.Vendor, err)
		}
	})
	if ctx.Err() != nil && err != nil && core.ClassOf(err) == core.Failed {
		f.sent = false // the run ended before anything left
	}
	if !f.sent {
		return tokens, t.takeBack(f), nil
	}
	return tokens, f, err
}

// takeBack writes down that a row that was begun was not sent.
func (t *tour) takeBack(f finished) finished {
	s, id := t.service, f.row.id
	err := t.journal.put(&entry{write: func(w core.Writer, _ nameSet) error {
		row, _, err := getRow(w, id)
		if err != nil {
			return err
		}
		row.State, row.Tries = Waiting, row.Tries-1
		row.BegunAt, row.OldEnds, row.Connection = time.Time{}, time.Time{}, ""
		if err := s.free(w, row, true, nil); err != nil {
			return err
		}
		row, err = putRow(w, row, nil)
		f.row = row
		return err
	}})
	f.fatal = err
	return f
}

// fatal ends a row that could not be begun, and the run with it: the lease is
// lost, or nothing can be written.
func (t *tour) fatal(ctx context.Context, f finished, err error) finished {
	if ctx.Err() != nil {
		f.row.State = Waiting
		return f
	}
	f.fatal = err
	return f
}

// notAsked ends a row whose token does not work, does not fit, or could not be
// asked about: nothing was begun.
func (t *tour) notAsked(ctx context.Context, f finished, pulse Pulse, err error) finished {
	if ctx.Err() != nil {
		f.row.State = Waiting
		return f
	}
	if pulse == Dead {
		err = &core.Error{Tried: "check", On: f.row.Name, Code: "tokenbatch.dead-before", Class: core.Refused}
	}
	return t.refused(f, err)
}

// secretsOf reads a row's secrets.
func (s *Service) secretsOf(ctx context.Context, r Row) (Line, error) {
	var l Line
	err := s.Store.View(ctx, func(rd core.Reader) error {
		row, secrets, err := getRow(rd, r.id)
		l = row.line(secrets)
		return err
	})
	return l, err
}

// begin writes down, before the call, that it is begun, and for which
// connection.
func (t *tour) begin(r Row) (Row, error) {
	s := t.service
	var out Row
	err := t.journal.put(&entry{
		fenced: true,
		refuse: func(w core.Writer) error {
			now, _, err := getRow(w, r.id)
			if err != nil {
				return err
			}
			if now.State != r.State {
				return &core.Error{Tried: "run-batch", On: t.batch.Name, Code: "lease.lost", Class: core.Conflict}
			}
			return s.mayClaim(w, now)
		},
		write: func(w core.Writer, _ nameSet) error {
			row, _, err := getRow(w, r.id)
			if err != nil {
				return err
			}
			at := s.Clock.Now().UTC()
			row.State, row.Code, row.Tried, row.Params = Begun, "", "", nil
			row.Tries, row.BegunAt, row.EndedAt = row.Tries+1, at, time.Time{}
			row.OldEnds, row.Connection = at.Add(s.Vendor.Limits().OldLife), core.NewID()
			if err := s.claim(w, row); err != nil {
				return err
			}
			out, err = putRow(w, row, nil)
			return err
		},
	})
	return out, err
}

// claimed says that the stored connection of an old token is being exchanged
// for another, or was.
type claimed struct{ why error }

// Error is the reason's.
func (e *claimed) Error() string { return e.why.Error() }

// Unwrap returns the reason.
func (e *claimed) Unwrap() error { return e.why }

// mayClaim looks whether claim will be let.
func (s *Service) mayClaim(w core.Writer, r Row) error {
	if r.Legacy == "" {
		return nil
	}
	old, err := core.GetConnection(w, r.Legacy)
	if core.CodeOf(err) == core.ErrNotFound.Code {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.Vendor.Claim(&old, r.id); err != nil {
		return &claimed{err}
	}
	return nil
}

// claim marks the stored connection of the old token, where there is one.
func (s *Service) claim(w core.Writer, r Row) error {
	return s.ofLegacy(w, r, func(old *core.Connection) error { return s.Vendor.Claim(old, r.Connection) })
}

// ofLegacy changes the stored connection of the old token, if it is still there.
func (s *Service) ofLegacy(w core.Writer, r Row, fn func(*core.Connection) error) error {
	if r.Legacy == "" {
		return nil
	}
	old, err := core.GetConnection(w, r.Legacy)
	if core.CodeOf(err) == core.ErrNotFound.Code {
		return nil
	}
	if err != nil {
		return err
	}
	if err := fn(&old); err != nil {
		return err
	}
	_, err = core.PutConnection(w, old)
	return err
}

// refused writes down how a row ended that gave nothing.
func (t *tour) refused(f finished, err error) finished {
	s := t.service
	f.err = err
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		e = &core.Error{Tried: "authtooauth", Code: "tokenbatch.failed", Class: core.Failed, Err: err}
	}
	state := Failed
	switch {
	case e.Class == core.Unknown:
		state = Unknown
	case s.Vendor.Meaning(err) == Busy && f.job.busy < mostBusy:
		state = Waiting
	case s.Vendor.Meaning(err) == Busy:
	case e.Class == core.Refused:
		state = Refused
	case f.job.failed < mostFailed:
		state = Waiting
	}
	id := f.row.id
	writeErr := t.journal.put(&entry{write: func(w core.Writer, _ nameSet) error {
		row, _, readErr := getRow(w, id)
		if readErr != nil {
			return readErr
		}
		row.State, row.Code, row.Tried, row.Params = state, e.Code, e.Tried, e.Params
		row.EndedAt = s.Clock.Now().UTC()
		if state != Unknown {
			row.OldEnds, row.Connection = time.Time{}, ""
			if err := s.free(w, row, f.sent, err); err != nil {
				return err
			}
		} else if err := s.putMayEnd(w, row); err != nil {
			return err
		}
		if row, readErr = putRow(w, row, nil); readErr != nil {
			return readErr
		}
		f.row = row
		if state == Waiting {
			return nil
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbConsentRefused, Subject: t.batch.rowSubject(row), Code: e.Code})
	}})
	if writeErr != nil {
		f.row.id = id
		f.fatal = writeErr
	}
	return f
}

// free takes the mark from the stored connection of an old token that was not
// exchanged. Without a call there is none of this run.
func (s *Service) free(w core.Writer, r Row, sent bool, why error) error {
	if !sent {
		return nil
	}
	return s.ofLegacy(w, r, func(old *core.Connection) error { s.Vendor.Free(old, why); return nil })
}

// rowSubject names a row in the log.
func (b Batch) rowSubject(r Row) core.Subject {
	return core.Subject{Kind: core.KindTokenBatch, ID: b.ID, Name: fmt.Sprintf("%s: %s", b.Name, r.Name)}
}

// save stores the connection that an exchange gave, when the old token ends,
// and that the row is done. Nothing may stop it: the tokens exist nowhere else.
func (t *tour) save(r Row, l Line, tokens Tokens) (Row, error) {
	s, now := t.service, t.service.Clock.Now().UTC()
	var out Row
	err := t.journal.put(&entry{write: func(w core.Writer, names nameSet) error {
		row, secrets, err := getRow(w, r.id)
		if err != nil {
			return err
		}
		c := s.Vendor.Connection(l, tokens, now)
		c.ID, c.Rev, c.CreatedAt, c.CreatedBy = r.Connection, 0, now, s.Events.Actor.String()
		taken, err := names()
		if err != nil {
			return err
		}
		c.Name = freeName(taken, l.Name)
		if c, err = core.PutConnection(w, c); err != nil {
			return err
		}
		taken[strings.ToLower(c.Name)] = c.ID
		row.State, row.Code, row.Tried, row.Params = Done, "", "", nil
		row.EndedAt, row.Connection, row.OldEnds = now, c.ID, now.Add(s.Vendor.Limits().OldLife)
		if err := s.endOld(w, row, c); err != nil {
			return err
		}
		// The old token stays until it is proven dead; the secret of the client
		// is the connection's from now on.
		if out, err = putRow(w, row, secrets.With(core.SecretClientSecret, core.Secret{})); err != nil {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbGranted, Subject: c.Subject(), Detail: map[string]string{"from": t.batch.Name}})
	}})
	return out, err
}

// freeName is the name, or the first of "name (2)", "name (3)" … that is not
// in use: a name that was taken meanwhile must not cost the tokens.
func freeName(taken map[string]string, name string) string {
	try := name
	for n := 2; taken[strings.ToLower(try)] != ""; n++ {
		try = fmt.Sprintf("%s (%d)", name, n)
	}
	return try
}

// endOld writes down when the old token ends: with its own connection where
// there is one, else with the one that took over.
func (s *Service) endOld(w core.Writer, r Row, c core.Connection) error {
	subject := c.Subject()
	err := s.ofLegacy(w, r, func(old *core.Connection) error {
		s.Vendor.Free(old, nil)
		old.EndsAt, old.ReplacedBy = r.OldEnds, c.ID
		subject = old.Subject()
		return nil
	})
	if err != nil {
		return err
	}
	return core.PutDeadline(w, core.Deadline{Subject: subject, Code: s.Vendor.OldEnds(), At: r.OldEnds, Detail: map[string]string{"replaced_by": c.Name}})
}
