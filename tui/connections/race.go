package connections

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/consent"
)

// race is the work behind a consent screen: it begins or resumes an attempt,
// opens its port and waits for the answer, whichever way it comes.
type race struct {
	f    *family
	who  subject
	anew bool
}

func (r race) run(ctx context.Context, emit func(tea.Msg)) tea.Msg {
	at, resumed, err := r.attempt(ctx)
	if err != nil {
		return settledConsent{err: err}
	}
	l, at, busy, err := r.listen(ctx, at, resumed)
	if err != nil && core.CodeOf(err) != "consent.stopped" && !isPortError(err) {
		return settledConsent{err: err}
	}
	emit(asked{attempt: at, resumed: resumed, deaf: err, busy: busy})
	if l == nil {
		return r.watch(ctx, at)
	}
	res, err := l.Wait(ctx)
	l.Close() //nolint:errcheck // what was listened for has been settled
	return settledConsent{at.ID, res, err}
}

// attempt resumes what waits, else begins.
func (r race) attempt(ctx context.Context) (at consent.Attempt, resumed bool, err error) {
	if !r.anew {
		at, err = r.f.Consent.Pending(ctx, r.who.id)
		switch core.CodeOf(err) {
		case "":
			if err == nil {
				return at, true, nil
			}
			return at, false, err
		case "consent.none", "consent.exchange-unknown":
		default:
			return at, false, err
		}
	}
	at, err = r.f.Consent.Begin(ctx, r.who.id, consent.BeginOptions{})
	return at, false, err
}

// listen opens the attempt's port. When that is busy, a new attempt goes to
// the next registered one: the redirect URI is part of what was asked. A
// resumed attempt is left as it is, since the one who holds its port may be
// the session that began it and waits for the same answer.
func (r race) listen(ctx context.Context, at consent.Attempt, resumed bool) (*consent.Listener, consent.Attempt, []error, error) {
	var busy []error
	for {
		l, err := r.open(ctx, at)
		if err == nil || !isPortError(err) || resumed {
			return l, at, busy, err
		}
		port, ok := at.NextPort()
		if !ok {
			return nil, at, busy, err
		}
		busy = append(busy, err)
		next, beginErr := r.f.Consent.Begin(ctx, r.who.id, consent.BeginOptions{Port: port})
		if beginErr != nil {
			return nil, at, busy, beginErr
		}
		at = next
	}
}

// Looks for a port that this very process is about to close: a consent screen
// that was just left waits for the page to reach the browser.
const (
	closingLooks = 40
	closingEvery = 100 * time.Millisecond
)

func (r race) open(ctx context.Context, at consent.Attempt) (*consent.Listener, error) {
	for look, strange := 0, false; ; look++ {
		l, err := r.f.Consent.Listen(ctx, at)
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
	e, ok := err.(*core.Error)
	return ok && e.Code == "consent.port-busy" && e.Params["pid"] == strconv.Itoa(os.Getpid())
}

// watchEvery is how often it is looked whether another session has settled an
// attempt to which nobody listens here.
const watchEvery = time.Second

// watch waits without a port: for another session's answer, or the end of the
// time. A paste is answered by Answer itself.
func (r race) watch(ctx context.Context, at consent.Attempt) tea.Msg {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		_, err := r.f.Consent.Pending(ctx, r.who.id)
		code := core.CodeOf(err)
		if err == nil || code == "consent.exchanging" || core.ClassOf(err) == core.Locked {
			continue
		}
		if code != "consent.none" {
			return settledConsent{attempt: at.ID, err: err}
		}
		c, getErr := r.f.Connections.Get(ctx, r.who.id)
		switch {
		case getErr != nil:
			err = getErr
		case !c.GrantedAt.Before(at.Begun):
			return settledConsent{attempt: at.ID, res: consent.Result{Connection: c, Elsewhere: true}}
		case !r.f.Clock.Now().Before(at.Expires):
			err = &core.Error{Tried: "consent", On: at.Name, Code: "consent.expired"}
		default:
			err = &core.Error{Tried: "consent", On: at.Name, Code: "consent.ended", Class: core.Conflict}
		}
		return settledConsent{attempt: at.ID, err: err}
	}
}
