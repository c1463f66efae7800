package consent

import (
	"context"

	"deskward/core"
)

// flight is one renewal that callers of this process share.
//
// While it has sent nothing it belongs to its callers: when the last one
// leaves, it ends. Once it is journaled it flies on to its end, and every
// caller waits for that, also one whose context has ended: whoever counts the
// callers (to wipe the key, to end the program) so counts the flight, and a
// rotated refresh token is saved before anybody gives up.
type flight struct {
	waiters int
	begun   bool               // journaled; nobody may leave
	cancel  context.CancelFunc // of what comes before
	done    chan struct{}      // closed when conn and err are set
	conn    core.Connection
	err     error
}

// renew renews by a flight of its own, or by the one of the same kind and
// connection that is under way.
func (s *Service) renew(ctx context.Context, kind, id string, force bool, stale func(core.Connection) bool) (core.Connection, error) {
	f := s.board(ctx, kind+" "+id, renewal{id: id, force: force, stale: stale})
	select {
	case <-f.done:
	case <-ctx.Done():
		gone := s.leave(f)
		if !gone {
			<-f.done
			gone = f.err != nil && !f.begun
		}
		if gone {
			return core.Connection{}, &core.Error{Tried: "refresh", Code: "consent.stopped", Err: context.Cause(ctx)}
		}
	}
	return f.conn.Clone(), f.err
}

// board joins the flight under way, or starts one.
func (s *Service) board(ctx context.Context, key string, r renewal) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.flights[key]; f != nil && f.waiters > 0 {
		f.waiters++
		return f
	}
	// Whoever holds the lease has at most LeaseTime; then it is ours.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), core.LeaseTime+core.CallTime)
	f := &flight{waiters: 1, cancel: cancel, done: make(chan struct{})}
	if s.flights == nil {
		s.flights = map[string]*flight{}
	}
	s.flights[key] = f
	go func() {
		defer cancel()
		f.conn, f.err = s.renewAlone(ctx, r, func() { s.begin(f) })
		s.land(key, f)
	}()
	return f
}

func (s *Service) begin(f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.begun = true
}

// leave takes one caller off a flight and reports whether it may go. The last
// one may not: it ends the flight and waits for that, since the journal may be
// written at this very moment.
func (s *Service) leave(f *flight) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.begun {
		return false
	}
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		return false
	}
	return true
}

func (s *Service) land(key string, f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flights[key] == f {
		delete(s.flights, key)
	}
	close(f.done)
}
