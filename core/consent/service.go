package consent

import (
	"context"
	"html/template"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"deskward/core"
	"deskward/core/transport"
)

// Service runs consents and keeps access tokens fresh. All fields but those
// marked optional are needed. It may be used by several goroutines, and
// several services, in several processes, may work on one store.
type Service struct {
	Store       core.Store
	Connections *core.Connections
	Events      *core.EventLog
	Leases      *core.Leases
	Clock       core.Clock
	HTTP        *transport.Client

	// Config returns what the connection's platform says of its
	// authorization server: platform.Service.Config. It makes no call.
	Config func(core.Connection) (Config, error)

	// Discover, optional, completes a connection with what its server
	// publishes of itself, before a consent begins: platform.Service.Discover.
	Discover func(ctx context.Context, connectionID string) (core.Connection, error)

	// Check, optional, is the first check after an exchange:
	// platform.Service.Check. An error of class Usage means that the platform
	// has no check.
	Check func(ctx context.Context, connectionID string) (core.Connection, error)

	// Page is the landing page, executed with a PageData: consent.html of
	// assets/pages. Text gives its words (keys consent.page.…) in the admin's
	// language. Only Listen needs them.
	Page *template.Template
	Text func(key string) string

	// Explain, optional, says in plain lines what an error means and what to
	// do next. Without it the page shows the error's code.
	Explain func(error) []string

	// Holder, optional, says which process listens on a port; nil: PortHolder.
	Holder func(port int) (pid int, command string, ok bool)

	group singleflight.Group // one exchange per answer

	mu      sync.Mutex
	taking  map[string]int     // answers being taken here, by attempt id
	ends    map[string]error   // why an answer taken here ended its attempt, by attempt id
	flights map[string]*flight // renewals under way here, by kind and connection id
}

func (s *Service) setTaking(attemptID string, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taking == nil {
		s.taking = map[string]int{}
	}
	if s.taking[attemptID] += by; s.taking[attemptID] == 0 {
		delete(s.taking, attemptID)
	}
}

// taken notes why an answer was refused, for those in this process who wait for
// the same attempt and would find only that it has ended. What was granted is
// in the store, and no secret is kept here.
func (s *Service) taken(attemptID string, err error) {
	switch core.CodeOf(err) {
	case "", "consent.ended", "consent.exchanging", "consent.stopped": // granted, or another answer's outcome counts
	default:
		s.mu.Lock()
		if s.ends == nil {
			s.ends = map[string]error{}
		}
		s.ends[attemptID] = err
		s.mu.Unlock()
	}
	s.setTaking(attemptID, -1)
}

// whyEnded is what taken noted; nil: nothing here ended the attempt.
func (s *Service) whyEnded(attemptID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ends[attemptID]
}

func (s *Service) isTaking(attemptID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taking[attemptID] > 0
}

// Result is what came of a consent.
type Result struct {
	Connection core.Connection // as saved, with the first check when there was one
	Missing    []string        // scopes that were asked for and not granted
	Elsewhere  bool            // another session took the answer

	// CheckErr is why the first check could not be made. A check that was
	// made and failed is no error: see Connection.Check.
	CheckErr error
}

// Proved reports whether nothing speaks against the new credential: the first
// check succeeded, or the platform has none.
func (r Result) Proved() bool {
	return r.CheckErr == nil && (r.Connection.Check.At.IsZero() || r.Connection.Check.OK)
}

// finish makes the first check of a freshly saved connection, by which it
// stays or gives way to what it replaced.
func (s *Service) finish(ctx context.Context, c core.Connection, missing []string) (Result, error) {
	res := Result{Connection: c, Missing: missing}
	if s.Check == nil {
		return s.settlePrevious(ctx, res)
	}
	checked, err := s.Check(ctx, c.ID)
	switch {
	case err == nil:
		res.Connection = checked
	case core.ClassOf(err) != core.Usage:
		res.CheckErr = err
	}
	return s.settlePrevious(ctx, res)
}

// save runs fn in one transaction of its own, whatever becomes of the caller.
// It waits while the store is locked, core.SaveTime at most: also for a person
// who unlocks it again.
func (s *Service) save(ctx context.Context, fn func(core.Writer) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), core.SaveTime)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := s.Store.Update(ctx, fn)
		if core.ClassOf(err) != core.Locked {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// prepare returns the connection, completed by discovery, and its configuration.
func (s *Service) prepare(ctx context.Context, connectionID string) (core.Connection, Config, error) {
	var c core.Connection
	var err error
	if s.Discover != nil {
		c, err = s.Discover(ctx, connectionID)
	} else {
		c, err = s.Connections.Get(ctx, connectionID)
	}
	if err != nil {
		return c, Config{}, err
	}
	cfg, err := s.Config(c)
	return c, cfg, err
}
