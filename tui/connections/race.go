package connections

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"deskward/core/consent"
)

// race is the work behind a consent screen: it begins or resumes an attempt,
// opens its port and waits for the answer, whichever way it comes.
type race struct {
	f    *family
	who  subject
	anew bool
	over <-chan struct{} // closed when the screen has the result: by a paste, say
}

func (r race) run(ctx context.Context, emit func(tea.Msg)) tea.Msg {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-r.over:
			stop()
		case <-ctx.Done():
		}
	}()
	o, err := r.f.Consent.Open(ctx, r.who.id, consent.OpenOptions{Anew: r.anew})
	if err != nil {
		return settledConsent{err: err}
	}
	emit(asked{attempt: o.Attempt, resumed: o.Resumed, deaf: o.Deaf, busy: o.Busy})
	res, err := o.Wait(ctx)
	o.Close() //nolint:errcheck // what was listened for has been settled
	if o.Listener == nil && ctx.Err() != nil {
		return nil
	}
	return settledConsent{o.Attempt.ID, res, err}
}
