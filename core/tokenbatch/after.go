package tokenbatch

import (
	"cmp"
	"context"
	"strconv"
	"sync"
	"time"

	"deskward/core"
)

// mayEnd is the code of the deadline of an old token whose exchange may have
// taken effect.
const mayEnd = "tokenbatch.old-token-may-end"

// What the deadline's Detail says of the row that it is about.
const (
	DetailBatch = "batch"     // id of its list
	DetailList  = "list"      // the list's name; "" it was pasted
	DetailLine  = "line"      // of the row in it
	DetailToken = "token_end" // the old token's last four characters
)

// putMayEnd puts the end of a token on the deadlines that may have been
// exchanged: what still uses it may stop then.
func (s *Service) putMayEnd(w core.Writer, r Row) error {
	b, err := getBatch(w, r.batch())
	if err != nil {
		return err
	}
	d := core.Deadline{
		Subject: core.Subject{Kind: core.KindTokenRow, ID: r.id, Name: r.Name}, Code: mayEnd, At: r.OldEnds,
		Detail: map[string]string{DetailBatch: b.ID, DetailList: b.Name, DetailLine: strconv.Itoa(r.Line), DetailToken: r.TokenEnd},
	}
	if r.State != Unknown {
		d.Done = s.Clock.Now()
	}
	return core.PutDeadline(w, d)
}

// Asked is what asking about the rows of a batch came to.
type Asked struct {
	Row   Row
	Pulse Pulse
	Err   error // why it is unclear, or Alive but for another
}

// Ask asks the vendor about the rows whose end nobody saw, with calls that
// change nothing, and tells emit of each. An old token that is dead says that
// the exchange took effect: the row is Lost. One that still works proves
// nothing before Row.AskAgain; after that, that nothing was done: the row waits
// again, and Run takes it.
func (s *Service) Ask(ctx context.Context, id string, o RunOptions, emit func(Asked)) (Batch, error) {
	if err := s.orphans(ctx, id); err != nil {
		return Batch{}, err
	}
	return s.each(ctx, id, o, func(r Row) bool { return r.State == Unknown }, func(a Asked) error {
		var err error
		a.Row, err = s.change(ctx, a.Row.id, Unknown, func(r *Row) {
			now := s.Clock.Now().UTC()
			r.AskedAt = now
			switch {
			case a.Pulse == Dead:
				r.State, r.Code = Lost, "tokenbatch.lost"
			case a.Pulse == Alive && !now.Before(r.AskAgain()):
				r.State, r.Code, r.Tried, r.Params = Waiting, "", "", nil
				r.Connection, r.OldEnds = "", time.Time{}
			}
		})
		if err == nil && emit != nil {
			emit(a)
		}
		return err
	})
}

// orphans makes unknown what a session began that is no longer at work.
func (s *Service) orphans(ctx context.Context, id string) error {
	return s.Store.Update(ctx, func(w core.Writer) error {
		rows, err := rowsOf(w, id)
		if err != nil || s.busy(w, id) != "" {
			return err
		}
		for _, r := range rows {
			if r.State == Begun {
				if _, err := s.interrupted(w, r); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// interrupted makes a row unknown whose session is gone.
func (s *Service) interrupted(w core.Writer, r Row) (Row, error) {
	r.State, r.Code, r.Tried = Unknown, "tokenbatch.interrupted", "authtooauth"
	r, err := putRow(w, r, nil)
	if err != nil {
		return r, err
	}
	return r, s.putMayEnd(w, r)
}

// Settle writes down what the admin found out at the vendor about a row whose
// end nobody saw: that the exchange took effect, or that it did not, after
// which Run takes the row again.
func (s *Service) Settle(ctx context.Context, id string, line int, happened bool) (Row, error) {
	if err := s.orphans(ctx, id); err != nil {
		return Row{}, err
	}
	b, rows, err := s.Rows(ctx, id)
	if err != nil {
		return Row{}, err
	}
	for _, r := range rows {
		if r.Line != line {
			continue
		}
		if r.State != Unknown {
			return r, &core.Error{Tried: "settle-token", On: r.Name, Code: "tokenbatch.not-unknown", Class: core.Usage}
		}
		return s.change(ctx, r.id, Unknown, func(r *Row) {
			if happened {
				r.State, r.Code = Lost, "tokenbatch.lost"
				return
			}
			r.State, r.Code, r.Tried, r.Params = Waiting, "", "", nil
			r.Connection, r.OldEnds = "", time.Time{}
		})
	}
	return Row{}, &core.Error{Tried: "settle-token", On: b.Name, Code: "tokenbatch.no-line", Class: core.Usage}
}

// change changes a row that is in a state, with what follows from it.
func (s *Service) change(ctx context.Context, id string, from State, fn func(*Row)) (Row, error) {
	var out Row
	err := s.Store.Update(ctx, func(w core.Writer) error {
		r, _, err := getRow(w, id)
		if err != nil {
			return err
		}
		if r.State != from {
			out = r
			return nil // another session was faster
		}
		ends := r.OldEnds
		fn(&r)
		if r.State != from {
			mark := r
			mark.OldEnds = ends
			if err := s.putMayEnd(w, mark); err != nil {
				return err
			}
		}
		if r.State == Waiting {
			if err := s.free(w, r, true, nil); err != nil {
				return err
			}
		}
		out, err = putRow(w, r, nil)
		return err
	})
	return out, err
}

// Prove asks the vendor about the old tokens that were exchanged, and tells
// emit of each. Of one that is dead that is written down, its deadline is done
// with, and the store forgets it.
func (s *Service) Prove(ctx context.Context, id string, o RunOptions, emit func(Asked)) (Batch, error) {
	unproven := func(r Row) bool { return (r.State == Done || r.State == Lost) && r.DeadAt.IsZero() }
	var dead bool
	b, err := s.each(ctx, id, o, unproven, func(a Asked) error {
		if a.Pulse == Dead {
			dead = true
			var err error
			if a.Row, err = s.bury(ctx, a.Row.id); err != nil {
				return err
			}
		}
		if emit != nil {
			emit(a)
		}
		return nil
	})
	if dead {
		err = cmp.Or(err, s.erase(context.WithoutCancel(ctx)))
	}
	return b, err
}

// bury writes down that an old token is dead, and deletes it.
func (s *Service) bury(ctx context.Context, id string) (Row, error) {
	var out Row
	err := s.Store.Update(ctx, func(w core.Writer) error {
		r, secrets, err := getRow(w, id)
		if err != nil {
			return err
		}
		r.DeadAt = s.Clock.Now().UTC()
		subject := core.Subject{Kind: core.KindConnection, ID: r.Connection}
		if r.Legacy != "" {
			subject.ID = r.Legacy
		}
		if r.State == Done {
			if err := s.doneWith(w, subject, r); err != nil {
				return err
			}
		}
		out, err = putRow(w, r, secrets.With(core.SecretAuthtoken, core.Secret{}).With(core.SecretClientSecret, core.Secret{}))
		return err
	})
	return out, err
}

// doneWith closes the deadline of an exchanged token, unless its connection is
// gone, and the deadline with it.
func (s *Service) doneWith(w core.Writer, subject core.Subject, r Row) error {
	c, err := core.GetConnection(w, subject.ID)
	if core.CodeOf(err) == core.ErrNotFound.Code {
		return nil
	}
	if err != nil {
		return err
	}
	return core.PutDeadline(w, core.Deadline{Subject: c.Subject(), Code: s.Vendor.OldEnds(), At: r.OldEnds, Done: r.DeadAt})
}

// each asks about the rows that fit, some at once, and gives what came of each
// to take, one after the other.
func (s *Service) each(ctx context.Context, id string, o RunOptions, fits func(Row) bool, take func(Asked) error) (Batch, error) {
	_, rows, err := s.Rows(ctx, id)
	if err != nil {
		return Batch{}, err
	}
	gate := make(chan struct{}, cmp.Or(o.Concurrency, Concurrency))
	answers := make(chan Asked)
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	go func() {
		defer close(answers)
		defer wg.Wait()
		for _, r := range rows {
			if !fits(r) {
				continue
			}
			select {
			case gate <- struct{}{}:
			case <-stop.Done():
				return
			}
			wg.Go(func() {
				defer func() { <-gate }()
				a := Asked{Row: r}
				var l Line
				if l, a.Err = s.secretsOf(stop, r); a.Err == nil {
					a.Pulse, a.Err = s.Vendor.Pulse(stop, l)
				}
				select {
				case answers <- a:
				case <-stop.Done():
				}
			})
		}
	}()
	var failed error
	for a := range answers {
		if failed == nil {
			if failed = take(a); failed != nil {
				cancel()
			}
		}
	}
	b, _, err := s.Rows(context.WithoutCancel(ctx), id)
	return b, cmp.Or(failed, context.Cause(ctx), err)
}
