package lookup

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"deskward/core"
)

// strikes is how many calls of a source fail, one after the other, before it
// counts as down for the rest of a batch: a thousand rows shall not wait a
// thousand time limits.
const strikes = 5

// asker asks one source on behalf of a batch. It leaves the vendor alone for
// as long as the vendor wants, for all rows at once.
type asker struct {
	source  Source
	kinds   []QueryKind
	batch   BatchFinder // nil: one person a call
	bridge  Bridge      // nil: it leads nowhere else
	service *Batches
	rests   func() // told when the vendor begins to limit

	mu    sync.Mutex
	until time.Time // not before then
	why   error     // of until
	// Finding people and going over their tickets need other permissions: that
	// one is refused says nothing of the other.
	finding, leading lane
}

// lane is how one sort of calls goes.
type lane struct {
	failed int   // calls in a row
	down   error // none is made any more
}

func newAsker(src Source, s *Batches, rests func()) *asker {
	a := &asker{source: src, kinds: src.Finder.Takes(), service: s, rests: rests}
	a.batch, _ = src.Finder.(BatchFinder)
	a.bridge, _ = src.Finder.(Bridge)
	return a
}

func (a *asker) takes(k QueryKind) bool { return slices.Contains(a.kinds, k) }

// one asks about one person.
func (a *asker) one(ctx context.Context, l Lead) ([]core.Visitor, error) {
	var found []core.Visitor
	err := a.do(ctx, &a.finding, func() error {
		var err error
		found, err = a.source.Finder.Find(ctx, l.Kind, l.Text)
		return err
	})
	return found, err
}

// over goes from a person over their tickets to ids at other platforms.
func (a *asker) over(ctx context.Context, v core.Visitor) ([]Lead, error) {
	var leads []Lead
	err := a.do(ctx, &a.leading, func() error {
		var err error
		leads, err = a.bridge.Leads(ctx, v)
		return err
	})
	return leads, err
}

// lot asks about several and tells each one's answer. Where the vendor refuses
// the question itself, one text in it may be to blame: it is halved, so that
// the others are answered.
func (a *asker) lot(ctx context.Context, k QueryKind, texts []string, tell func(text string, found []core.Visitor, err error)) {
	var found map[string][]core.Visitor
	err := a.do(ctx, &a.finding, func() error {
		var err error
		found, err = a.batch.FindBatch(ctx, k, texts)
		return err
	})
	if len(texts) > 1 && badQuestion(err) {
		half := len(texts) / 2
		a.lot(ctx, k, texts[:half], tell)
		a.lot(ctx, k, texts[half:], tell)
		return
	}
	for _, text := range texts {
		tell(text, found[text], err)
	}
}

// badQuestion reports an answer that is about what was asked, not about who
// asks or how often.
func badQuestion(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return false
	}
	switch e.Params["status"] {
	case "400", "413", "414", "422":
		_, limited := core.RetryAfter(err)
		return !limited
	}
	return false
}

// do makes a call, waits as the vendor says and makes it again, and gives this
// sort of calls up when nothing works any more.
func (a *asker) do(ctx context.Context, of *lane, call func() error) error {
	for try := 1; ; try++ {
		if err := a.ready(ctx, of); err != nil {
			return err
		}
		err := call()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		wait, limited := core.RetryAfter(err)
		if a.note(of, err, wait, limited) {
			a.rests()
		}
		if err == nil || !limited || try == tries {
			return err
		}
	}
}

// ready waits until the vendor may be asked. It fails where that is too long
// to wait for, and where the source was given up.
func (a *asker) ready(ctx context.Context, of *lane) error {
	for {
		a.mu.Lock()
		wait, why, down := a.until.Sub(a.service.Clock.Now()), a.why, of.down
		a.mu.Unlock()
		switch {
		case down != nil:
			return down
		case wait <= 0:
			return context.Cause(ctx)
		case wait > longestWait:
			return why
		}
		if err := a.service.wait(ctx, wait); err != nil {
			return err
		}
		if a.service.Wait != nil {
			a.rest(time.Time{}) // the wait is over, whatever the clock says
		}
	}
}

func (a *asker) rest(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until = until
}

// resting is until when the vendor wants to be left alone; zero: it may be
// asked.
func (a *asker) resting() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.until.After(a.service.Clock.Now()) {
		return a.until
	}
	return time.Time{}
}

// note remembers how a call ended, and reports whether the vendor has begun to
// limit.
func (a *asker) note(of *lane, err error, wait time.Duration, limited bool) (rests bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == nil, badQuestion(err):
		of.failed = 0
	case limited:
		now := a.service.Clock.Now()
		if until := now.Add(wait); until.After(a.until) {
			rests = !a.until.After(now)
			a.until, a.why = until, err
		}
	default:
		if of.failed++; of.failed >= strikes {
			of.down = err
		}
	}
	return rests
}

func (s *Batches) wait(ctx context.Context, d time.Duration) error {
	return (&Service{Wait: s.Wait}).wait(ctx, d)
}
