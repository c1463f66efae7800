package consent

import (
	"context"
	"crypto/sha256"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
)

// answer is an authorization answer whose state was found right, or a bare
// code that a person pasted.
type answer struct {
	params url.Values
	bare   bool // no state came with it: PKCE alone binds the code to the attempt
}

// once reports whether no parameter comes twice: RFC 6749 §3.1 forbids it, and
// two codes in one answer are an attempt to have us pick the wrong one.
func once(params url.Values) bool {
	for _, values := range params {
		if len(values) > 1 {
			return false
		}
	}
	return true
}

// ours reports whether the parameters carry the attempt's state.
func (r attemptRecord) ours(params url.Values) bool {
	state := params["state"]
	return len(state) == 1 && state[0] != "" && core.NewSecret(state[0]).Equal(r.secrets[secretState])
}

// judge says why an answer must not be exchanged, or nil: an issuer that is
// not the one that was asked (RFC 9207 §2.4), an error (RFC 6749 §4.1.2.1) or
// no code.
func (r attemptRecord) judge(cfg Config, a answer) error {
	e := &core.Error{Tried: "consent", On: r.Name, Class: core.Refused}
	iss, sent := a.params["iss"]
	switch {
	case sent && r.Issuer != "" && iss[0] != r.Issuer: // simple string comparison
		e.Code = "consent.iss-mismatch"
		e.Params = map[string]string{"asked": r.Issuer, "answered": clip(core.CleanLine(iss[0]))}
		return e
	case !sent && r.IssRequired:
		e.Code, e.Params = "consent.iss-missing", map[string]string{"asked": r.Issuer}
		return e
	case a.params.Has("error"):
		return cfg.answerError(r.Name, a.params)
	case a.params.Get("code") == "":
		e.Code = "consent.no-code"
		return e
	}
	return nil
}

// answerError is an error answer of the authorization endpoint.
func (c Config) answerError(on string, params url.Values) error {
	description := clip(core.CleanLine(params.Get("error_description")))
	e := &core.Error{Tried: "consent", On: on, Class: core.Refused, Code: c.errorCode(0, cleanCode(params.Get("error")), description)}
	if description != "" {
		e.Params = map[string]string{"description": description}
	}
	return e
}

// take exchanges an answer, saves what it gave and makes the first check. The
// same answer arriving twice, in this or another process, is exchanged once
// and both get the result.
func (s *Service) take(ctx context.Context, rec attemptRecord, a answer) (_ Result, failed error) {
	s.setTaking(rec.ID, 1)
	defer func() { s.taken(rec.ID, failed) }()
	sum := sha256.Sum256([]byte(a.params.Get("code")))
	for {
		v, err, _ := s.group.Do("answer "+rec.ID+string(sum[:]), func() (any, error) {
			// What was begun is finished even if who asked goes away.
			return s.exchange(context.WithoutCancel(ctx), rec, a)
		})
		if code := core.CodeOf(err); code != "consent.exchanging" && code != "consent.ended" {
			res, _ := v.(Result)
			return res, err
		}
		res, stands, err := s.follow(ctx, rec.Attempt)
		if err != nil || stands == over {
			return res, err
		}
		// The other answer was turned away without ending the attempt: now ours.
	}
}

func (s *Service) exchange(ctx context.Context, rec attemptRecord, a answer) (Result, error) {
	c, err := s.Connections.Get(ctx, rec.ConnectionID)
	if err != nil {
		return Result{}, err
	}
	cfg, err := s.Config(c)
	if err != nil {
		return Result{}, err
	}
	if rec, err = s.claim(ctx, rec.Attempt); err != nil {
		return Result{}, err
	}
	tokenURL, region := cfg.TokenURL, ""
	err = rec.judge(cfg, a)
	if err == nil && cfg.TokenURLFor != nil {
		tokenURL, region, err = cfg.TokenURLFor(a.params)
	}
	if err != nil {
		if saveErr := s.end(ctx, rec, err); saveErr != nil {
			return Result{}, saveErr
		}
		return Result{}, err
	}
	asked := s.Clock.Now()
	tok, failed := s.token(ctx, tokenCall{
		tried: "exchange", on: rec.Name, cfg: cfg, url: tokenURL,
		do: func(ctx context.Context, oc *oauth2.Config) (*oauth2.Token, error) {
			oc.RedirectURL = rec.Redirect
			var opts []oauth2.AuthCodeOption
			if v := rec.secrets[secretVerifier]; !v.Empty() {
				opts = append(opts, oauth2.VerifierOption(v.Reveal()))
			}
			return oc.Exchange(ctx, a.params.Get("code"), opts...)
		},
	})
	if failed != nil {
		return Result{}, s.exchangeFailed(ctx, rec, a, failed)
	}
	g := cfg.read(tok, asked)
	c, err = s.grant(ctx, rec.ConnectionID, g, granting{cfg: cfg, region: region, attempt: &rec})
	if err != nil {
		return Result{}, err
	}
	return s.finish(ctx, c, missing(rec.Scopes, c.Granted))
}

// exchangeFailed settles a claimed attempt after a failed call and returns
// what to tell.
func (s *Service) exchangeFailed(ctx context.Context, rec attemptRecord, a answer, failed *callError) error {
	var err error
	switch {
	case failed.effect == cannotTell:
		// The claim stays: the code may be used up, so it is not sent again.
		return &core.Error{Tried: "exchange", On: rec.Name, Code: "consent.exchange-unknown", Class: core.Unknown, Err: failed.err}
	case failed.effect == didNothing:
		if err = s.unclaim(ctx, rec); err == nil {
			err = failed.err
		}
	case a.bare:
		// No state proved that this code belongs to the attempt. Most likely
		// the wrong text was pasted: that must not end the consent.
		if err = s.unclaim(ctx, rec); err == nil {
			err = &core.Error{Tried: "paste", On: rec.Name, Code: "consent.paste-refused", Class: core.Refused, Params: map[string]string{"reason": failed.err.Code}, Err: failed.err}
		}
	default:
		if err = s.end(ctx, rec, failed.err); err == nil {
			err = failed.err
		}
	}
	return err
}

// granting says how a new grant is saved.
type granting struct {
	cfg     Config
	region  string
	attempt *attemptRecord // ended in the same transaction; nil: none
}

// grant saves a new grant: tokens, end of the attempt and event in one
// transaction, before anyone uses them.
func (s *Service) grant(ctx context.Context, connectionID string, g given, how granting) (core.Connection, error) {
	now := s.Clock.Now()
	var c core.Connection
	err := s.save(ctx, func(w core.Writer) error {
		var err error
		if c, err = core.GetConnection(w, connectionID); err != nil {
			return err
		}
		if err := keepPrevious(&c); err != nil {
			return err
		}
		// A refresh token of before may belong to another account, so it goes
		// even when none came with the new grant.
		c.Secrets = c.Secrets.With(core.SecretAccessToken, g.access).With(core.SecretRefreshToken, g.refresh)
		c.TokenType, c.AccessExpires, c.EndsAt, c.GrantedAt = g.tokenType, g.expires, g.ends, now
		c.RefreshBegun, c.Refreshes, c.Check = time.Time{}, nil, core.Check{}
		if c.Granted = g.scopes; g.scopes == nil {
			c.Granted = how.cfg.Scopes // RFC 6749 §5.1: what is not said is as asked
		}
		if how.region != "" {
			c.Region = how.region
		}
		g.teach(&c)
		if c.EndsAt.IsZero() && how.cfg.GrantLife > 0 {
			c.EndsAt = now.Add(how.cfg.GrantLife)
		}
		if c, err = core.PutConnection(w, c); err != nil {
			return err
		}
		if how.attempt != nil {
			err := w.Delete(core.KindAttempt, how.attempt.ID, how.attempt.rev)
			if err != nil && core.CodeOf(err) != core.ErrNotFound.Code {
				return err
			}
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbGranted, Subject: c.Subject(), Detail: map[string]string{"grant": string(c.Grant)}})
	})
	return c, err
}

// followEvery is how often a session looks whether another has ended its attempt.
const followEvery = 300 * time.Millisecond

// standing is where an attempt is, seen from outside.
type standing int

const (
	open standing = iota // waits for an answer
	busy                 // an answer is being exchanged
	over                 // ended
)

// follow waits until the answer that another took is settled.
func (s *Service) follow(ctx context.Context, a Attempt) (Result, standing, error) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		res, stands, err := s.look(ctx, a)
		if stands != busy || err != nil {
			return res, stands, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return Result{}, busy, stopped(a, ctx.Err())
		}
	}
}

func stopped(a Attempt, err error) error {
	return &core.Error{Tried: "consent", On: a.Name, Code: "consent.stopped", Err: err}
}

// look says where an attempt is and, when it is over, what came of it.
func (s *Service) look(ctx context.Context, a Attempt) (Result, standing, error) {
	var (
		c      core.Connection
		stands standing
	)
	err := s.Store.View(ctx, func(r core.Reader) error {
		rec, err := getAttempt(r, a.ID)
		if core.CodeOf(err) == core.ErrNotFound.Code {
			stands = over
			c, err = core.GetConnection(r, a.ConnectionID)
			return err
		} else if err != nil {
			return err
		}
		now := s.Clock.Now()
		switch {
		case rec.head.live(now):
			stands = busy
		case rec.head.Phase == exchanging:
			return &core.Error{Tried: "exchange", On: a.Name, Code: "consent.exchange-unknown", Class: core.Unknown}
		case !now.Before(a.Expires):
			return rec.expired()
		}
		return nil
	})
	switch {
	case err != nil || stands != over:
		return Result{}, stands, err
	case c.GrantedAt.Before(a.Begun):
		return Result{}, over, &core.Error{Tried: "consent", On: a.Name, Code: "consent.ended", Class: core.Conflict}
	}
	return Result{Connection: c, Missing: missing(a.Scopes, c.Granted), Elsewhere: true}, over, nil
}
