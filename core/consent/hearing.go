package consent

import (
	"context"
	"strings"
	"sync"
	"time"

	"deskward/core"
)

// Asker asks for consent and takes what comes of it. Service is one.
type Asker interface {
	Begin(ctx context.Context, connectionID string, o BeginOptions) (Attempt, error)
	Listen(ctx context.Context, a Attempt) (*Listener, error)
	Pending(ctx context.Context, connectionID string) (Attempt, error)
	Answer(ctx context.Context, attemptID, text string) (Result, error)
}

// Hearing are the ports at which guides' consents are awaited, by connection.
// They stay open while the admin is at the next steps, in which the browser is
// opened; the time of the attempt ends them. The zero value is ready.
type Hearing struct {
	mu    sync.Mutex
	stops map[string]func()
}

// Begin begins an attempt and listens for its answer behind the caller's back
// until the attempt's time is over; now is the attempt's clock. What comes is
// saved by the listener itself: Take reads it. Begun again, an earlier attempt
// for the connection is void. Without a free port the answer can still be pasted.
func (h *Hearing) Begin(ctx context.Context, ask Asker, connectionID string, now time.Time) (Attempt, error) {
	h.Stop(connectionID) // an earlier one holds the port
	a, l, err := beginListening(ctx, ask, connectionID)
	if err != nil || l == nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(a.Expires.Sub(now), time.Second))
	ended := make(chan struct{})
	h.mu.Lock()
	if h.stops == nil {
		h.stops = map[string]func(){}
	}
	meanwhile := h.stops[connectionID] // begun at the same time: its attempt is void
	h.stops[connectionID] = func() {
		cancel()
		<-ended
	}
	h.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
	go func() {
		defer close(ended)
		defer cancel()
		l.Wait(ctx) //nolint:errcheck // whoever asks for the outcome reads the connection
		l.Close()   //nolint:errcheck // it was only listening
	}()
	return a, nil
}

// Stop ends what is awaited for a connection, and returns when its port is free.
func (h *Hearing) Stop(connectionID string) {
	h.mu.Lock()
	stop := h.stops[connectionID]
	delete(h.stops, connectionID)
	h.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// beginListening begins an attempt and opens its port. Where that is taken, an
// attempt for the next one follows, because the redirect URI is part of what is
// asked.
func beginListening(ctx context.Context, ask Asker, id string) (Attempt, *Listener, error) {
	var o BeginOptions
	for {
		a, err := ask.Begin(ctx, id, o)
		if err != nil {
			return a, nil, err
		}
		l, err := ask.Listen(ctx, a)
		if err == nil {
			return a, l, nil
		}
		next, more := a.NextPort()
		if !strings.HasPrefix(core.CodeOf(err), "consent.port") {
			return a, nil, err
		} else if !more {
			return a, nil, nil
		}
		o.Port = next
	}
}

// Answered is what a consent is answered with in a guide.
type Answered struct {
	Connection string      // its ID
	Address    core.Secret // at which the browser ended; empty: the answer came to the port by itself
	Begun      time.Time   // when it was asked
}

// Take trades a pasted address for tokens, or looks whether that was done when
// the browser came to the port; an address that is pasted all the same is no
// mistake then. It fails with code consent.no-answer-yet while nothing was
// pasted and the question waits, or its time is over.
func (h *Hearing) Take(ctx context.Context, ask Asker, get func(ctx context.Context, id string) (core.Connection, error), in Answered) (Result, error) {
	a, waits := ask.Pending(ctx, in.Connection)
	if in.Address.Empty() || core.CodeOf(waits) == "consent.none" {
		c, err := get(ctx, in.Connection)
		if err != nil {
			return Result{}, err
		}
		res, came := heard(c, in.Begun)
		switch {
		case came:
			return res, nil
		case in.Address.Empty() && (waits == nil || core.CodeOf(waits) == "consent.none"):
			return Result{}, &core.Error{Tried: "consent", On: c.Name, Code: "consent.no-answer-yet", Class: core.Usage}
		}
	}
	if waits != nil {
		return Result{}, waits
	}
	res, err := ask.Answer(ctx, a.ID, in.Address.Reveal())
	if err == nil {
		h.Stop(in.Connection)
	}
	return res, err
}

// heard reports whether the connection has tokens that are younger than the
// question, with the scopes that were asked for and not granted.
func heard(c core.Connection, begun time.Time) (Result, bool) {
	if begun.IsZero() || c.GrantedAt.IsZero() || c.GrantedAt.Before(begun.Truncate(time.Second)) {
		return Result{}, false
	}
	res := Result{Connection: c}
	if len(c.Granted) > 0 {
		res.Missing = missing(c.Scopes, c.Granted)
	}
	return res, true
}
