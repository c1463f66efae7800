package consent

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"deskward/core"
)

// OpenOptions vary Open.
type OpenOptions struct {
	Port int  // loopback port of the redirect URI, that one only; 0: the first registered one that is free
	Anew bool // begin, also when an attempt waits
}

// Opened is an attempt whose answer is awaited here.
type Opened struct {
	Attempt  Attempt
	Resumed  bool      // it waited already, whoever began it
	Listener *Listener // nil: the answer can be pasted, or come to another session
	Deaf     error     // why there is no Listener: code consent.port…
	Busy     []error   // of the ports that were tried before, in their order

	service *Service
}

// Open takes up the connection's attempt that waits, or begins one, and
// listens on its port. Where that is busy, a new attempt goes to the next
// registered port, because the redirect URI is part of what was asked. An
// attempt that was taken up is left as it is: who holds its port may be the
// session that began it and waits for the same answer, and a new attempt would
// end that one. Its errors are those of Pending and Begin.
func (s *Service) Open(ctx context.Context, connectionID string, o OpenOptions) (Opened, error) {
	out := Opened{service: s}
	var err error
	if !o.Anew {
		out.Attempt, err = s.Pending(ctx, connectionID)
		switch code := core.CodeOf(err); {
		case err == nil:
			out.Resumed = o.Port == 0 || o.Port == out.Attempt.Port
		case code != "consent.none" && code != "consent.exchange-unknown":
			return out, err
		}
	}
	if !out.Resumed {
		if out.Attempt, err = s.Begin(ctx, connectionID, BeginOptions{Port: o.Port}); err != nil {
			return out, err
		}
	}
	for {
		out.Listener, err = s.listenSoon(ctx, out.Attempt)
		if err == nil || !isPortError(err) {
			return out, err
		}
		next, more := out.Attempt.NextPort()
		if !more || out.Resumed || o.Port != 0 {
			out.Deaf = err
			return out, nil
		}
		out.Busy = append(out.Busy, err)
		if out.Attempt, err = s.Begin(ctx, connectionID, BeginOptions{Port: next}); err != nil {
			return out, err
		}
	}
}

// Wait is the Listener's, or Watch where there is none.
func (o Opened) Wait(ctx context.Context) (Result, error) {
	if o.Listener != nil {
		return o.Listener.Wait(ctx)
	}
	return o.service.Watch(ctx, o.Attempt)
}

// Close closes the Listener, if there is one.
func (o Opened) Close() error {
	if o.Listener == nil {
		return nil
	}
	return o.Listener.Close()
}

// Looks for a port that this very process is about to close: a consent screen
// that was just left waits for the page to reach the browser.
const (
	closingLooks = 40
	closingEvery = 100 * time.Millisecond
)

func (s *Service) listenSoon(ctx context.Context, a Attempt) (*Listener, error) {
	for look, strange := 0, false; ; look++ {
		l, err := s.Listen(ctx, a)
		again := heldHere(err)
		if core.CodeOf(err) == "consent.port-busy-unknown" && !strange {
			strange, again = true, true // it may have been closed between the try and the look at who holds it
		}
		if !again || look == closingLooks {
			return l, err
		}
		select {
		case <-time.After(closingEvery):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func isPortError(err error) bool { return strings.HasPrefix(core.CodeOf(err), "consent.port") }

// heldHere reports whether the port's holder is this process.
func heldHere(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && e.Code == "consent.port-busy" && e.Params["pid"] == strconv.Itoa(os.Getpid())
}

// watchEvery is how often a waiting session looks whether another has
// answered, or the time is up.
const watchEvery = time.Second

// Watch waits without a port until the attempt is over, by a paste or in
// another session. Its errors are those of Listener.Wait.
func (s *Service) Watch(ctx context.Context, a Attempt) (Result, error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return Result{}, stopped(a, ctx.Err())
		case <-tick.C:
		}
		if res, over, err := s.settled(ctx, a); over {
			return res, err
		}
	}
}

// settled reports whether an attempt is over, and what came of it: never while
// this process takes an answer, whose result will come with its first check.
// Where that answer ended the attempt without a grant the store tells only that
// it has ended; why, this process knows.
func (s *Service) settled(ctx context.Context, a Attempt) (Result, bool, error) {
	if s.isTaking(a.ID) {
		return Result{}, false, nil
	}
	res, stands, err := s.look(ctx, a)
	switch {
	case ctx.Err() != nil:
		return Result{}, true, stopped(a, ctx.Err())
	case core.ClassOf(err) == core.Locked: // another process holds the store for a moment
		return Result{}, false, nil
	}
	if core.CodeOf(err) == "consent.ended" {
		if s.isTaking(a.ID) { // it began, and ended the attempt, while the store was read
			return Result{}, false, nil
		}
		if why := s.whyEnded(a.ID); why != nil {
			err = why
		}
	}
	return res, err != nil || stands == over, err
}
