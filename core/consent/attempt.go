package consent

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/transport"
)

// AttemptTime is how long a person has from the question to the answer.
const AttemptTime = 5 * time.Minute

// DefaultPort is the loopback port of redirect URIs unless platform or
// connection says otherwise: one port to register and one to tunnel.
const DefaultPort = 48105

// BeginOptions vary a consent.
type BeginOptions struct {
	Port int // loopback port of the redirect URI; 0: the first one that is registered
}

// Attempt is one question to an authorization server that waits for its
// answer. It is kept as a sealed record, so the answer may come after a
// restart or to another session. It holds neither verifier nor state by
// themselves; URL carries the state, as it must.
type Attempt struct {
	ID           string          `json:"-"`
	ConnectionID string          `json:"connection"`
	Name         string          `json:"name"` // the connection's
	Platform     core.PlatformID `json:"platform"`
	URL          string          `json:"url"`      // what the person opens: the whole authorization request
	Redirect     string          `json:"redirect"` // where the answer goes, exactly
	Port         int             `json:"port"`
	Ports        []int           `json:"ports,omitempty"` // all that are registered
	Issuer       string          `json:"issuer,omitempty"`
	IssRequired  bool            `json:"iss_required,omitempty"`
	Whole        bool            `json:"whole,omitempty"` // a pasted code alone is not taken
	Scopes       []string        `json:"scopes,omitempty"`
	Begun        time.Time       `json:"begun"`
	Expires      time.Time       `json:"expires"`
}

// NextPort returns the registered port after the attempt's own, for a new
// Begin when that one is busy.
func (a Attempt) NextPort() (port int, ok bool) {
	if i := slices.Index(a.Ports, a.Port); i >= 0 && i+1 < len(a.Ports) {
		return a.Ports[i+1], true
	}
	return 0, false
}

// phase is where an attempt's record stands. An attempt that ended has no record.
type phase string

const (
	waiting phase = "waiting"
	// exchanging: an answer was taken and its code may have reached the
	// vendor. A record that stays so belongs to a session that died.
	exchanging phase = "exchanging"
)

// attemptHead is what finding attempts needs.
type attemptHead struct {
	Connection string    `json:"connection"`
	Phase      phase     `json:"phase"`
	Claimed    time.Time `json:"claimed,omitzero"`
	Expires    time.Time `json:"expires"`
}

// live reports whether the session that took the answer may still be at it. One
// that took it far in the future had a clock that was wrong.
func (h attemptHead) live(now time.Time) bool {
	return h.Phase == exchanging && now.Sub(h.Claimed).Abs() < core.LeaseTime
}

// The names of an attempt's secrets.
const (
	secretState    = "state"
	secretVerifier = "code_verifier"
)

// attemptRecord is an attempt as stored.
type attemptRecord struct {
	Attempt
	head    attemptHead
	rev     uint64
	secrets core.Secrets
}

func putAttempt(w core.Writer, r attemptRecord) (attemptRecord, error) {
	head, err := json.Marshal(r.head)
	if err != nil {
		return r, err
	}
	body, err := core.EncodeBody(r.Attempt, r.secrets)
	if err != nil {
		return r, err
	}
	r.rev, err = w.Put(core.Record{Kind: core.KindAttempt, ID: r.ID, Rev: r.rev, Head: head, Body: body})
	return r, err
}

func getAttempt(r core.Reader, id string) (attemptRecord, error) {
	var out attemptRecord
	rec, err := r.Get(core.KindAttempt, id)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(rec.Head, &out.head); err != nil {
		return out, fmt.Errorf("read attempt: %w", err)
	}
	out.secrets, err = core.DecodeBody(rec.Body, &out.Attempt)
	out.ID, out.rev = id, rec.Rev
	return out, err
}

// loadAttempt reads an attempt; its errors tell a person that it ended.
func (s *Service) loadAttempt(ctx context.Context, id string) (attemptRecord, error) {
	var out attemptRecord
	err := s.Store.View(ctx, func(r core.Reader) (err error) {
		out, err = getAttempt(r, id)
		return err
	})
	if core.CodeOf(err) == core.ErrNotFound.Code {
		err = &core.Error{Tried: "consent", Code: "consent.ended", Class: core.Conflict, Err: err}
	}
	return out, err
}

// Begin asks for a new consent of a connection: it makes the authorization
// request and stores the attempt. An attempt of the same connection that still
// waits ends. It fails with code consent.no-code-grant when the server has no
// authorization endpoint, and consent.exchanging while a session is
// exchanging an answer.
func (s *Service) Begin(ctx context.Context, connectionID string, o BeginOptions) (Attempt, error) {
	c, cfg, err := s.prepare(ctx, connectionID)
	if err != nil {
		return Attempt{}, err
	}
	if cfg.AuthURL == "" {
		return Attempt{}, &core.Error{Tried: "consent", On: c.Name, Code: "consent.no-code-grant", Class: core.Usage}
	}
	rec, err := newAttempt(c, cfg, o.Port, s.Clock.Now())
	if err != nil {
		return Attempt{}, err
	}
	err = s.Store.Update(ctx, func(w core.Writer) error {
		if err := clearAttempts(w, rec.Attempt); err != nil {
			return err
		}
		if _, err := putAttempt(w, rec); err != nil {
			return err
		}
		return s.Events.Append(w, core.Event{Verb: core.VerbConsentBegun, Subject: c.Subject()})
	})
	return rec.Attempt, err
}

// newAttempt makes the attempt's fresh secrets and its authorization request.
func newAttempt(c core.Connection, cfg Config, port int, now time.Time) (attemptRecord, error) {
	if err := checkAuthURL(cfg.AuthURL); err != nil {
		return attemptRecord{}, &core.Error{Tried: "consent", On: c.Name, Code: "consent.bad-auth-url", Class: core.Usage, Err: err}
	}
	if port == 0 && len(cfg.Ports) > 0 {
		port = cfg.Ports[0]
	} else if port == 0 {
		port = DefaultPort
	}
	rec := attemptRecord{
		Attempt: Attempt{
			ID: core.NewID(), ConnectionID: c.ID, Name: c.Name, Platform: cfg.Platform,
			Redirect: cfg.redirect(port),
			Port:     port, Ports: slices.Clone(cfg.Ports), Issuer: cfg.Issuer, IssRequired: cfg.IssRequired,
			Whole:  cfg.NoPKCE != "" || cfg.PKCEUnverified != "",
			Scopes: slices.Clone(cfg.Scopes), Begun: now, Expires: now.Add(AttemptTime),
		},
		secrets: core.Secrets{},
	}
	rec.head = attemptHead{Connection: c.ID, Phase: waiting, Expires: rec.Expires}
	var random [32]byte
	rand.Read(random[:]) //nolint:errcheck // crypto/rand.Read never fails.
	state := base64.RawURLEncoding.EncodeToString(random[:])
	rec.secrets[secretState] = core.NewSecret(state)

	var opts []oauth2.AuthCodeOption
	for name, values := range cfg.AuthParams {
		opts = append(opts, oauth2.SetAuthURLParam(name, strings.Join(values, " ")))
	}
	if len(cfg.Scopes) > 0 {
		opts = append(opts, oauth2.SetAuthURLParam("scope", cfg.scope()))
	}
	if cfg.NoPKCE == "" {
		verifier := oauth2.GenerateVerifier()
		rec.secrets[secretVerifier] = core.NewSecret(verifier)
		opts = append(opts, oauth2.S256ChallengeOption(verifier))
	}
	oc := cfg.oauth2("")
	oc.RedirectURL = rec.Redirect
	rec.URL = oc.AuthCodeURL(state, opts...)
	return rec, nil
}

// checkAuthURL keeps anything but a web page away from the browser.
func checkAuthURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("not a URL")
	}
	base := url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Path: u.Path, Fragment: u.Fragment} // an authorization endpoint may have a query, RFC 6749 §3.1
	return transport.CheckURL(base.String())
}

// clearAttempts removes what a new attempt replaces, and every attempt that expired.
func clearAttempts(w core.Writer, next Attempt) error {
	type dead struct {
		id  string
		rev uint64
	}
	var remove []dead
	for rec, err := range w.Heads(core.KindAttempt, core.ListOptions{}) {
		if err != nil {
			return err
		}
		var h attemptHead
		if err := json.Unmarshal(rec.Head, &h); err != nil {
			return fmt.Errorf("read attempt: %w", err)
		}
		same := h.Connection == next.ConnectionID
		if same && h.live(next.Begun) {
			return &core.Error{Tried: "consent", On: next.Name, Code: "consent.exchanging", Class: core.Conflict}
		}
		if same || h.Phase == waiting && !next.Begun.Before(h.Expires) {
			remove = append(remove, dead{rec.ID, rec.Rev})
		}
	}
	for _, d := range remove {
		if err := w.Delete(core.KindAttempt, d.id, d.rev); err != nil {
			return err
		}
	}
	return nil
}

// Pending returns the connection's attempt that still waits for its answer,
// whoever began it. It fails with code consent.none when there is none,
// consent.exchanging while a session is exchanging the answer, and
// consent.exchange-unknown (class Unknown) when a session died while it did:
// a new Begin is the way on.
func (s *Service) Pending(ctx context.Context, connectionID string) (Attempt, error) {
	var found attemptRecord
	err := s.Store.View(ctx, func(r core.Reader) error {
		for rec, err := range r.Heads(core.KindAttempt, core.ListOptions{}) {
			if err != nil {
				return err
			}
			var h attemptHead
			if err := json.Unmarshal(rec.Head, &h); err != nil {
				return fmt.Errorf("read attempt: %w", err)
			}
			if h.Connection == connectionID {
				found, err = getAttempt(r, rec.ID)
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Attempt{}, err
	}
	fail := &core.Error{Tried: "consent", On: found.Name, Class: core.Conflict}
	now := s.Clock.Now()
	switch {
	case found.ID == "" || found.head.Phase == waiting && !now.Before(found.Expires):
		fail.Code, fail.Class = "consent.none", core.Usage
	case found.head.live(now):
		fail.Code = "consent.exchanging"
	case found.head.Phase == exchanging:
		fail.Code, fail.Class = "consent.exchange-unknown", core.Unknown
	default:
		return found.Attempt, nil
	}
	return Attempt{}, fail
}

// Cancel ends an attempt that waits. One that has ended already is no error;
// one whose answer is being exchanged fails with code consent.exchanging.
func (s *Service) Cancel(ctx context.Context, attemptID string) error {
	return s.Store.Update(ctx, func(w core.Writer) error {
		rec, err := getAttempt(w, attemptID)
		if core.CodeOf(err) == core.ErrNotFound.Code {
			return nil
		} else if err != nil {
			return err
		}
		if rec.head.live(s.Clock.Now()) {
			return &core.Error{Tried: "consent", On: rec.Name, Code: "consent.exchanging", Class: core.Conflict}
		}
		return w.Delete(core.KindAttempt, attemptID, rec.rev)
	})
}

// claim takes a waiting attempt for the one exchange it is good for.
func (s *Service) claim(ctx context.Context, a Attempt) (attemptRecord, error) {
	var rec attemptRecord
	err := s.Store.Update(ctx, func(w core.Writer) error {
		var err error
		if rec, err = getAttempt(w, a.ID); err != nil {
			return err
		}
		now := s.Clock.Now()
		if rec.head.Phase != waiting {
			return &core.Error{Tried: "consent", On: rec.Name, Code: "consent.exchanging", Class: core.Conflict}
		}
		if !now.Before(rec.Expires) {
			return rec.expired()
		}
		rec.head.Phase, rec.head.Claimed = exchanging, now
		rec, err = putAttempt(w, rec)
		return err
	})
	if core.CodeOf(err) == core.ErrNotFound.Code {
		err = &core.Error{Tried: "consent", On: a.Name, Code: "consent.ended", Class: core.Conflict, Err: err}
	}
	return rec, err
}

func (r attemptRecord) expired() error {
	return &core.Error{Tried: "consent", On: r.Name, Code: "consent.expired", Class: core.Failed}
}

// unclaim lets a claimed attempt wait again, after an exchange that certainly
// had no effect.
func (s *Service) unclaim(ctx context.Context, rec attemptRecord) error {
	rec.head.Phase, rec.head.Claimed = waiting, time.Time{}
	err := s.save(ctx, func(w core.Writer) error {
		_, err := putAttempt(w, rec)
		return err
	})
	if core.CodeOf(err) == core.ErrConflict.Code {
		return nil // replaced by a new attempt meanwhile
	}
	return err
}

// end removes an attempt that was refused and records why.
func (s *Service) end(ctx context.Context, rec attemptRecord, why error) error {
	return s.save(ctx, func(w core.Writer) error {
		err := w.Delete(core.KindAttempt, rec.ID, rec.rev)
		if core.CodeOf(err) == core.ErrNotFound.Code {
			return nil // replaced by a new attempt meanwhile
		} else if err != nil {
			return err
		}
		return s.Events.Append(w, core.Event{
			Verb: core.VerbConsentRefused, Code: core.CodeOf(why),
			Subject: core.Subject{Kind: core.KindConnection, ID: rec.ConnectionID, Name: rec.Name},
		})
	})
}
