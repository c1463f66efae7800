package consent

import (
	"context"
	"time"

	"deskward/core"
)

// AttemptTime is how long a person has from the question to the answer.
const AttemptTime = 5 * time.Minute

// DefaultPort is the loopback port of redirect URIs unless platform or
// connection says otherwise: one port to register and one to tunnel.
const DefaultPort = 48105

// BeginOptions vary a consent.
type BeginOptions struct {
	Port int // loopback port of the redirect URI; 0: the first that is registered
}

// Attempt is one question to an authorization server that waits for its
// answer. It is a sealed record, so the answer may come after a restart or to
// another session.
type Attempt struct {
	ID           string          `json:"-"`
	ConnectionID string          `json:"connection"`
	Name         string          `json:"name"` // the connection's
	Platform     core.PlatformID `json:"platform"`
	URL          string          `json:"url"`      // what the person opens: the whole authorization request
	Redirect     string          `json:"redirect"` // where the answer goes, exactly
	Port         int             `json:"port"`
	Ports        []int           `json:"ports"` // all that are registered
	Issuer       string          `json:"issuer,omitempty"`
	Scopes       []string        `json:"scopes,omitempty"`
	Begun        time.Time       `json:"begun"`
	Expires      time.Time       `json:"expires"`
}

// Begin asks for a new consent of a connection. A waiting attempt of the same
// connection ends.
func (s *Service) Begin(ctx context.Context, connectionID string, o BeginOptions) (Attempt, error) {
	return Attempt{}, errNotYet
}

// Pending returns the connection's attempt that still waits for its answer.
func (s *Service) Pending(ctx context.Context, connectionID string) (Attempt, error) {
	return Attempt{}, errNotYet
}

// Cancel ends an attempt that waits. One that ended already is no error.
func (s *Service) Cancel(ctx context.Context, attemptID string) error { return errNotYet }

// NextPort returns the registered port after the attempt's own, for when
// that is busy.
func (a Attempt) NextPort() (port int, ok bool) { return 0, false }

// Answer takes an answer pasted by the person.
func (s *Service) Answer(ctx context.Context, attemptID, text string) (Result, error) {
	return Result{}, errNotYet
}

// TunnelLine is the command that brings the answer from the person's own
// machine to this one.
func TunnelLine(port int, user, host string) string { return "" }

// Listener waits for the browser on this machine's loopback addresses.
type Listener struct{}

// Listen opens the attempt's port.
func (s *Service) Listen(ctx context.Context, a Attempt) (*Listener, error) { return nil, errNotYet }

// Wait returns what came of the attempt.
func (l *Listener) Wait(ctx context.Context) (Result, error) { return Result{}, errNotYet }

// Close stops listening.
func (l *Listener) Close() error { return nil }

// PageData is what the landing page shows.
type PageData struct {
	Lang, Nonce, Title, Heading, Close string
	Lines                              []string
	OK                                 bool
}
