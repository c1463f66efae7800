package tokenbatch

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"deskward/core"
)

// RunOptions choose what Run does.
type RunOptions struct {
	// Concurrency is how many calls are under way at once; 0: 4.
	Concurrency int
	// Again takes the refused rows too: what was wrong was put right. Nothing
	// was done with them.
	Again bool
	// OverLimit takes the rows that are held because each ends another grant.
	OverLimit bool
	// Unasked sends a token without asking first whether it works.
	Unasked bool
}

// Concurrency is the default of RunOptions.Concurrency.
const Concurrency = 4

// Progress is how far a run is.
type Progress struct {
	Batch   Batch
	Ended   int                  // rows of this run whose end is known, or known to be unknown
	Of      int                  // rows that this run has to do
	Rate    float64              // rows a minute; 0: not known yet
	Left    time.Duration        // until the end; 0: not known yet
	Rows    []Row                // those that changed since the last progress
	Next    time.Time            // when the next call may be begun; zero: now
	Resting map[string]time.Time // clients that the vendor wants left alone, and until when
}

// StoppedClient is a client of which no more rows were sent, and why.
type StoppedClient struct {
	ID  string
	Err error
}

// Outcome is what a run came to.
type Outcome struct {
	Batch   Batch
	Stopped []StoppedClient
}

// Run exchanges the tokens of a batch that were not yet, and tells emit as it
// goes. Of each the journal has, before the call, that it was begun, and the
// answer is stored before anybody sees it. Calls that another session began, and
// did not end, become unknown. When ctx ends Run waits for the calls that are
// under way and returns its cause: Run again goes on.
//
// It fails with code lease.held (class Conflict) while another session is at
// work on the batch or on a batch of the same client, and with code
// tokenbatch.unconfirmed while the vendor's support has to confirm it first.
func (s *Service) Run(ctx context.Context, id string, o RunOptions, emit func(Progress)) (Outcome, error) {
	b, rows, err := s.Rows(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if b.WaitsForSupport() {
		return Outcome{Batch: b}, &core.Error{Tried: "run-batch", On: b.Name, Code: "tokenbatch.unconfirmed", Class: core.Usage}
	}
	t := &tour{service: s, options: o, emit: emit, clients: map[string]*client{}, ended: make(chan finished), batch: b}
	if err := t.take(ctx, rows); err != nil {
		return Outcome{Batch: b}, err
	}
	defer t.release()
	t.journal = newJournal(s.Store, t.renew)
	stop := t.keep(ctx)
	err = t.work(ctx)
	stop()
	t.journal.close()
	out := Outcome{}
	for _, c := range t.clients {
		if c.stopped != nil {
			out.Stopped = append(out.Stopped, StoppedClient{c.id, c.stopped})
		}
	}
	slices.SortFunc(out.Stopped, func(a, b StoppedClient) int { return cmp.Compare(a.ID, b.ID) })
	var readErr error
	out.Batch, _, readErr = s.Rows(context.WithoutCancel(ctx), id)
	return out, cmp.Or(err, readErr)
}

// tour is one Run.
type tour struct {
	service *Service
	options RunOptions
	emit    func(Progress)
	journal *journal

	batch  Batch
	leases *core.Leases
	mu     sync.Mutex // guards held
	held   []core.Lease

	clients map[string]*client
	counts  map[State]int // of all rows, as last written
	queue   []*job
	calls   chan struct{} // one for each call under way
	begins  chan struct{} // one for each row from before it is begun until its call ended
	busy    int
	ended   chan finished
	began   time.Time
	done    int
	of      int
	away    int   // rows in a row that could not be sent
	lost    error // why nothing more can be begun
}

// client is what a run knows of one client.
type client struct {
	id    string
	limit limiter
	left  int // rows that are not begun

	mu       sync.Mutex // guards what follows: a call that ends says at once what it means for the next
	stopped  error
	good     bool // an exchange of this run worked
	wrong    int  // wrong tokens of this run
	doubtful int  // doubtful refusals in a row
	unsure   int  // calls in a row whose end is not known
}

// halted is why nothing more of the client is sent; nil: it is.
func (c *client) halted() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped
}

// job is a row that this run has to do.
type job struct {
	row    Row
	busy   int       // how often the vendor was busy
	failed int       // how often it could not be reached
	notYet time.Time // not before then
	at     time.Time // for when the limiter let it go
}

// finished is what a worker tells of a row.
type finished struct {
	job   *job
	row   Row   // as written
	err   error // of the call
	sent  bool  // the call was begun
	fatal error // nothing more can be begun
}

const (
	aheadOf      = 2           // for so many calls under way, one more row is begun
	rateAfter    = time.Second // before that a rate says nothing
	mostBusy     = 6           // how often one row is put back for a vendor that is busy
	mostFailed   = 3           // and for one that can't be reached
	failedWait   = 2 * time.Second
	mostDoubtful = 3 // doubtful refusals in a row, before anything worked, until a client is left alone
	mostUnsure   = 3 // calls in a row whose end is not known until a client is left alone
	mostAway     = 5 // rows in a row that can't be sent until a run gives up
)

// next returns a row that may be begun now, else when one may be; ok is false
// when there is none left.
func (t *tour) next(now time.Time) (j *job, at time.Time, ok bool) {
	for i, j := range t.queue {
		c := t.clients[j.row.ClientID]
		if c.halted() != nil {
			continue
		}
		ready := c.limit.next(now)
		if j.notYet.After(ready) {
			ready = j.notYet
		}
		if !ready.After(now) {
			t.queue = slices.Delete(t.queue, i, i+1)
			return j, now, true
		}
		if !ok || ready.Before(at) {
			at, ok = ready, true
		}
	}
	return nil, at, ok
}

// work hands the rows out until none is left, ctx ends or the lease is lost.
func (t *tour) work(ctx context.Context) error {
	s := t.service
	t.began, t.of = s.Clock.Now(), len(t.queue)
	calls := cmp.Or(t.options.Concurrency, Concurrency)
	// The next rows are written down as begun while the calls are under way,
	// and answers are stored while others are: neither costs a call its time.
	ahead := calls / aheadOf
	t.calls, t.begins = make(chan struct{}, calls), make(chan struct{}, calls+ahead)
	room := 2*calls + ahead
	t.tell(nil, time.Time{})
	for {
		var next time.Time
		if ctx.Err() == nil && t.lost == nil && t.busy < room {
			j, at, ok := t.next(s.Clock.Now())
			if j != nil {
				t.start(ctx, j)
				continue
			}
			if ok {
				next = at
			}
		}
		if t.busy == 0 && (next.IsZero() || ctx.Err() != nil || t.lost != nil) {
			return cmp.Or(t.lost, context.Cause(ctx))
		}
		if !next.IsZero() && t.busy == 0 {
			t.tell(nil, next)
		}
		t.await(ctx, next)
	}
}

// await waits for the end of a call, for next (zero: not for it) or for ctx.
func (t *tour) await(ctx context.Context, next time.Time) {
	var timer <-chan time.Time
	if !next.IsZero() {
		d := next.Sub(t.service.Clock.Now())
		if t.service.Wait != nil && t.busy == 0 {
			_ = t.service.Wait(ctx, d) // ctx is looked at by the caller
			return
		}
		if t.service.Wait == nil {
			wait := time.NewTimer(d)
			defer wait.Stop()
			timer = wait.C
		}
	}
	done := ctx.Done()
	if ctx.Err() != nil {
		done = nil // it is known; what is under way has to end
	}
	select {
	case f := <-t.ended:
		t.settle(f)
	case <-timer:
	case <-done:
	}
}

// start begins a row.
func (t *tour) start(ctx context.Context, j *job) {
	c := t.clients[j.row.ClientID]
	j.at = t.service.Clock.Now()
	c.limit.take(j.at)
	c.left--
	t.busy++
	go func() { t.ended <- t.do(ctx, j) }()
}

// settle takes the end of a row in.
func (t *tour) settle(f finished) {
	t.busy--
	c := t.clients[f.job.row.ClientID]
	if !f.sent {
		c.limit.giveBack(f.job.at)
	}
	t.lost = cmp.Or(t.lost, f.fatal)
	t.counts[f.job.row.State]--
	t.counts[f.row.State]++
	f.job.row = f.row
	t.judge(c, f)
	if f.row.State == Waiting {
		t.queue = append(t.queue, f.job)
		slices.SortStableFunc(t.queue, func(a, b *job) int { return a.row.Line - b.row.Line })
		c.left++
	} else {
		t.done++
	}
	t.tell([]Row{f.row}, time.Time{})
}

// heard draws from the end of a call what concerns the other rows of its
// client.
func (c *client) heard(v Vendor, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stop := func(code string, class core.Class, n int) {
		c.stopped = &core.Error{Tried: "run-batch", On: c.id, Code: code, Class: class, Params: map[string]string{"count": strconv.Itoa(n)}, Err: err}
	}
	switch {
	case err == nil:
		c.good, c.doubtful, c.unsure = true, 0, 0
		return
	case core.ClassOf(err) == core.Unknown:
		if c.unsure++; c.unsure >= mostUnsure {
			stop("tokenbatch.unsure", core.Unknown, c.unsure)
		}
		return
	}
	switch v.Meaning(err) {
	case OfClient:
		c.stopped = err
	case WrongToken:
		if most := v.Limits().Wrong; most > 0 {
			if c.wrong++; c.wrong >= most {
				stop("tokenbatch.wrong-tokens", core.Refused, c.wrong)
			}
		}
	case Doubtful:
		if c.doubtful++; !c.good && c.doubtful >= mostDoubtful {
			stop("tokenbatch.doubtful", core.Refused, c.doubtful)
		}
	case OfToken, Busy:
	}
}

// judge draws from one row's end when what may be tried next.
func (t *tour) judge(c *client, f finished) {
	now := t.service.Clock.Now()
	switch {
	case f.fatal != nil:
		return
	case f.row.State == Failed:
		if t.away++; t.away >= mostAway {
			t.lost = cmp.Or(t.lost, f.err)
		}
	case f.sent || f.row.State == Refused:
		t.away = 0
	}
	if f.err == nil || f.row.State != Waiting {
		return
	}
	if t.service.Vendor.Meaning(f.err) == Busy {
		c.limit.rest = now.Add(restFor(f, t.service.Vendor.Limits()))
		f.job.busy++
		return
	}
	f.job.failed++ // it could not be reached
	f.job.notYet = now.Add(failedWait << f.job.failed)
}

// tell tells emit how far the run is.
func (t *tour) tell(changed []Row, next time.Time) {
	if t.emit == nil {
		return
	}
	p := Progress{Batch: t.batch, Ended: t.done, Of: t.of, Rows: changed, Next: next, Resting: map[string]time.Time{}}
	p.Batch.Counts = maps.Clone(t.counts)
	now := t.service.Clock.Now()
	for id, c := range t.clients {
		if c.limit.rest.After(now) {
			p.Resting[id] = c.limit.rest
		}
		if c.left > 0 && c.halted() == nil {
			p.Left = max(p.Left, c.limit.foresee(c.left, now).Sub(now))
		}
	}
	if took := now.Sub(t.began); took >= rateAfter && t.done > 0 {
		p.Rate = float64(t.done) / took.Minutes()
		p.Left = max(p.Left, time.Duration(float64(t.of-t.done)/float64(t.done)*float64(took)))
	}
	if t.of == t.done {
		p.Left = 0
	}
	t.emit(p)
}

// restFor is how long a client is left alone that was told to wait: as long as
// was said, else as the vendor's figures are. Asking about a token has others.
func restFor(f finished, l Limits) time.Duration {
	const asking = 5 * time.Second
	wait, _ := core.RetryAfter(f.err)
	switch {
	case wait > 0:
		return wait
	case !f.sent:
		return asking
	}
	return cmp.Or(l.Rest, asking)
}
