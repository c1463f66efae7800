package consent

import (
	"context"
	"slices"
	"strconv"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
)

const (
	// freshFor is what an access token must have left to be given out: more
	// than the longest vendor call takes to be read by the vendor.
	freshFor = 60 * time.Second
	// leaseEvery is how often a session looks whether another has renewed.
	leaseEvery = 200 * time.Millisecond
)

// Access returns a working access token, renewing it when less than a minute
// of it is left. It makes Service a platform.TokenSource. However many
// goroutines and processes ask, one renews; the others get what it saved. A
// renewal that fails leaves the stored tokens as they are, and what is left of
// the access token is returned instead of the error.
//
// It fails with code consent.not-granted when no token was ever granted,
// consent.ended-access when the token ended and there is none to renew it with,
// consent.refresh-unknown (class Unknown) when nobody knows how the last
// refresh of a rotating token ended, and consent.refresh-throttled while the
// vendor's own limit would refuse it.
func (s *Service) Access(ctx context.Context, connectionID string) (core.Secret, error) {
	c, err := s.Connections.Get(ctx, connectionID)
	if err != nil {
		return core.Secret{}, err
	}
	if left(c, s.Clock.Now()) < freshFor {
		renewed, err := s.renew(ctx, "access", connectionID, false, func(c core.Connection) bool {
			return left(c, s.Clock.Now()) < freshFor
		})
		switch {
		case err == nil:
			c = renewed
		case left(c, s.Clock.Now()) <= 0:
			return core.Secret{}, err
		}
	}
	return c.Secrets[core.SecretAccessToken], nil
}

// left is how long the stored access token remains valid: very long when its
// end is not known, 0 when there is none.
func left(c core.Connection, now time.Time) time.Duration {
	switch {
	case c.Secrets[core.SecretAccessToken].Empty():
		return 0
	case c.AccessExpires.IsZero():
		return time.Duration(1<<63 - 1)
	}
	return c.AccessExpires.Sub(now)
}

// Refresh renews the access token now, however long it would still be valid,
// unless another session renews it at this moment: then that is awaited. Its
// errors are those of Access.
func (s *Service) Refresh(ctx context.Context, connectionID string) (core.Connection, error) {
	return s.refresh(ctx, connectionID, false)
}

// ForceRefresh is Refresh for a person who was told that nobody knows how the
// last refresh ended: the stored refresh token is tried once. If the vendor
// did rotate it, it refuses, and may end the whole grant for safety.
func (s *Service) ForceRefresh(ctx context.Context, connectionID string) (core.Connection, error) {
	return s.refresh(ctx, connectionID, true)
}

func (s *Service) refresh(ctx context.Context, connectionID string, force bool) (core.Connection, error) {
	before, err := s.Connections.Get(ctx, connectionID)
	if err != nil {
		return before, err
	}
	key := "refresh"
	if force {
		key = "force"
	}
	return s.renew(ctx, key, connectionID, force, func(c core.Connection) bool {
		return c.Secrets[core.SecretAccessToken].Equal(before.Secrets[core.SecretAccessToken])
	})
}

// renewal is one try to renew, while its lease is held.
type renewal struct {
	id    string
	force bool
	stale func(core.Connection) bool // whether the stored access token is to be renewed
	lease core.Lease

	conn  core.Connection // as journaled
	cfg   Config
	begun time.Time
}

// renewAlone renews under the connection's lease, so that no other process
// does so at once.
//
// ctx may end it until the journal is written. What comes then is bounded by
// core.CallTime and core.SaveTime alone; begun is called before.
func (s *Service) renewAlone(ctx context.Context, r renewal, begun func()) (core.Connection, error) {
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	for {
		var err error
		if r.lease, err = s.Leases.Take(ctx, r.id); err == nil {
			break
		}
		if core.CodeOf(err) != "lease.held" {
			return core.Connection{}, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return core.Connection{}, err
		}
		c, err := s.Connections.Get(ctx, r.id)
		if err != nil {
			return c, err
		}
		if !r.stale(c) {
			return c, nil // the holder renewed it
		}
	}
	if done, err := s.journal(ctx, &r); done || err != nil {
		return r.conn, err
	}
	begun()
	ctx = context.WithoutCancel(ctx)
	asked := s.Clock.Now()
	tok, failed := s.token(ctx, tokenCall{tried: "refresh", on: r.conn.Name, cfg: r.cfg, url: r.cfg.TokenURL, do: r.call})
	if failed != nil {
		return s.settleFailed(ctx, r, failed)
	}
	return s.settle(ctx, r, r.cfg.read(tok, asked))
}

// journal reads the connection under the lease, decides whether to renew it
// and, when the vendor rotates, writes that it was begun, before anything is
// sent. When there is nothing to do, or nothing may be done, it gives the lease
// back.
func (s *Service) journal(ctx context.Context, r *renewal) (done bool, err error) {
	var verdict error
	err = s.Store.Update(ctx, func(w core.Writer) error {
		var err error
		done, verdict = false, nil
		if r.conn, err = core.GetConnection(w, r.id); err != nil {
			verdict = err
			return s.Leases.Release(w, r.lease)
		}
		if !r.stale(r.conn) {
			done = true
			return s.Leases.Release(w, r.lease)
		}
		if r.cfg, verdict = s.Config(r.conn); verdict == nil {
			verdict = r.mayRenew(s.Clock.Now())
		}
		if verdict != nil {
			return s.Leases.Release(w, r.lease)
		}
		r.begun = s.Clock.Now()
		if r.cfg.RefreshRotates && r.usesRefreshToken() {
			r.conn.RefreshBegun = r.begun
		} else if r.cfg.RefreshLimit == 0 {
			return nil // nothing to note: this renewal may be repeated at will
		}
		if r.cfg.RefreshLimit > 0 {
			r.conn.Refreshes = append(r.recent(r.begun), r.begun)
		}
		r.conn, err = core.PutConnection(w, r.conn)
		return err
	})
	if err != nil {
		// Nothing was journaled, so nobody need wait for the lease to run out.
		// Where the store is away altogether, that is what ends it.
		_ = s.Store.Update(context.WithoutCancel(ctx), func(w core.Writer) error { return s.release(w, r.lease) })
		return done, err
	}
	return done, verdict
}

func (r *renewal) usesRefreshToken() bool { return !r.conn.Grant.Unattended() }

// mayRenew says why the connection can or must not be renewed now.
func (r *renewal) mayRenew(now time.Time) error {
	e := &core.Error{Tried: "refresh", On: r.conn.Name}
	switch {
	case r.usesRefreshToken() && r.conn.Secrets[core.SecretRefreshToken].Empty():
		e.Code, e.Class = "consent.not-granted", core.Usage
		if !r.conn.Secrets[core.SecretAccessToken].Empty() {
			e.Code, e.Class = "consent.ended-access", core.Failed
		}
	case r.usesRefreshToken() && r.cfg.RefreshRotates && !r.conn.RefreshBegun.IsZero() && !r.force:
		// We hold the lease, so whoever began is gone.
		e.Code, e.Class = "consent.refresh-unknown", core.Unknown
	case r.cfg.RefreshLimit > 0 && len(r.recent(now)) >= r.cfg.RefreshLimit:
		wait := r.recent(now)[0].Add(r.cfg.RefreshWindow).Sub(now)
		e.Code = "consent.refresh-throttled"
		e.Params = map[string]string{
			"seconds": strconv.Itoa(int(wait.Round(time.Second).Seconds())),
			"limit":   strconv.Itoa(r.cfg.RefreshLimit),
			"minutes": strconv.Itoa(int(r.cfg.RefreshWindow.Minutes())),
		}
	default:
		return nil
	}
	return e
}

// recent returns the refreshes within the vendor's window, oldest first. One
// from a time to come was written by a clock that was wrong, and would keep the
// connection from being renewed until then: the vendor itself says when it is
// too many.
func (r *renewal) recent(now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(r.conn.Refreshes), func(at time.Time) bool {
		return at.After(now) || now.Sub(at) >= r.cfg.RefreshWindow
	})
}

// call makes the request: RFC 6749 §6, or §4.4 for client credentials, or RFC
// 7523 for a service account.
func (r *renewal) call(ctx context.Context, oc *oauth2.Config) (*oauth2.Token, error) {
	if !r.usesRefreshToken() {
		return r.cfg.unattended(r.conn.Grant, r.begun)(ctx, oc)
	}
	return oc.TokenSource(ctx, &oauth2.Token{RefreshToken: r.conn.Secrets[core.SecretRefreshToken].Reveal()}).Token()
}

// release gives the lease back, also when it was lost.
//
// Release's rule is that a transaction must not commit after the lease ran
// out, because another may have renewed meanwhile. What comes after a vendor's
// answer must commit all the same: a rotated refresh token exists nowhere
// else. So settle compares the stored refresh token with the one it sent: if
// that is still there, nobody has renewed since, and saving is right; if not,
// somebody has, and theirs stays.
func (s *Service) release(w core.Writer, lease core.Lease) error {
	if err := s.Leases.Release(w, lease); core.CodeOf(err) != "lease.lost" {
		return err
	}
	return nil
}

// mine reports whether c still holds what the renewal sent.
func (r *renewal) mine(c core.Connection) bool {
	name := core.SecretRefreshToken
	if !r.usesRefreshToken() {
		name = core.SecretAccessToken
	}
	return c.Secrets[name].Equal(r.conn.Secrets[name])
}

// settle saves what a renewal gave, in one transaction, before anyone uses it.
func (s *Service) settle(ctx context.Context, r renewal, g given) (core.Connection, error) {
	var c core.Connection
	err := s.save(ctx, func(w core.Writer) error {
		if err := s.release(w, r.lease); err != nil {
			return err
		}
		var err error
		if c, err = core.GetConnection(w, r.id); err != nil || !r.mine(c) {
			return err
		}
		c.Secrets = c.Secrets.With(core.SecretAccessToken, g.access)
		if !g.refresh.Empty() && r.usesRefreshToken() {
			c.Secrets = c.Secrets.With(core.SecretRefreshToken, g.refresh)
		}
		c.AccessExpires = g.expires
		if g.tokenType != "" {
			c.TokenType = g.tokenType
		}
		if !g.ends.IsZero() {
			c.EndsAt = g.ends
		}
		if g.scopes != nil {
			c.Granted = g.scopes
		}
		g.teach(&c)
		r.clearBegun(&c)
		if c, err = core.PutConnection(w, c); err != nil {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbRefreshed, Subject: c.Subject()})
	})
	return c, err
}

// clearBegun takes the journal's line back, unless another's has replaced it.
func (r *renewal) clearBegun(c *core.Connection) {
	if c.RefreshBegun.Equal(r.begun) {
		c.RefreshBegun = time.Time{}
	}
}

// settleFailed saves what a failed renewal means and returns what to tell. No
// failure deletes a token.
func (s *Service) settleFailed(ctx context.Context, r renewal, failed *callError) (core.Connection, error) {
	if r.cfg.RefreshCause != nil && failed.effect == wasRefused {
		if code := r.cfg.RefreshCause(failed.err.Code, s.Clock.Now()); code != "" {
			failed.err.Code = code
		}
	}
	lost := failed.effect == cannotTell && r.cfg.RefreshRotates && r.usesRefreshToken()
	dead := failed.effect == wasRefused && !passing(failed.oauth)
	var (
		c        core.Connection
		replaced bool
	)
	err := s.save(ctx, func(w core.Writer) error {
		if err := s.release(w, r.lease); err != nil {
			return err
		}
		var err error
		if c, err = core.GetConnection(w, r.id); err != nil {
			return err
		}
		if replaced = !r.mine(c); replaced || lost {
			return nil // lost: the journal's line stays
		}
		r.clearBegun(&c)
		if dead {
			c.Check = core.Check{At: s.Clock.Now(), Code: failed.err.Code, Tried: failed.err.Tried, Params: failed.err.Params}
		}
		if c, err = core.PutConnection(w, c); err != nil || !dead {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbRefreshRefused, Code: failed.err.Code, Subject: c.Subject()})
	})
	switch {
	case err != nil:
		return c, err
	case replaced && !r.stale(c):
		return c, nil // another renewed it meanwhile, and ours was refused for that
	case lost:
		return c, &core.Error{Tried: "refresh", On: c.Name, Code: "consent.refresh-unknown", Class: core.Unknown, Err: failed.err}
	}
	return c, failed.err
}

// passing reports OAuth errors that speak of the moment, not of the
// credential. access_denied is not in RFC 6749 §5.2; Zoho answers a refresh
// with it when there were too many.
func passing(code string) bool {
	return slices.Contains([]string{"", "access_denied", "temporarily_unavailable", "server_error", "slow_down"}, code)
}
