package mailproof

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"strings"
	"time"

	"deskward/core"
)

// The names of steps, in the order they come. Their texts are
// mailproof.step.<name>.
const (
	StepConnected    = "connected"
	StepGreeting     = "greeting"
	StepCapabilities = "capabilities"
	StepTLS          = "tls"
	StepChallenge    = "challenge"
	StepAuth         = "auth"
	StepRetry        = "retry"
	StepSent         = "sent"
)

// Step is one thing that was seen, as evidence. Values are cleaned and never
// hold the token.
type Step struct {
	Name   string            `json:"name"`
	At     time.Time         `json:"at"`
	Took   time.Duration     `json:"took_ns"` // since the step before
	Values map[string]string `json:"values,omitempty"`
}

// Report is what a proof saw, whether it came to its end or not.
type Report struct {
	Server    Server     `json:"server"`
	User      string     `json:"user"`
	OK        bool       `json:"ok"`
	Code      string     `json:"code,omitempty"` // why not
	Reply     string     `json:"reply,omitempty"`
	Challenge *Challenge `json:"challenge,omitempty"`
	Nonce     string     `json:"nonce,omitempty"` // of the test mail
	Steps     []Step     `json:"steps"`
}

// Request asks for one proof.
type Request struct {
	Server Server
	User   string // the mailbox's address
	Token  core.Secret

	// What is known of the token, to say which of a refusal's causes it is.
	Account string    // whose it is; "": not known
	Granted []string  // its scopes; nil: not known
	Expires time.Time // zero: not known
	// Wants is the scope that opens the server, where its challenges name none,
	// as those of Microsoft 365; "": not known.
	Wants string

	// SendTo, where not "", gets one test mail (SMTP only). It must differ from
	// User: mail to oneself proves nothing, since Webex Connect drops it.
	SendTo string
	// Subject of that mail and the Nonce in it, by which it is found again; "":
	// made for it.
	Subject, Nonce string

	OnStep func(Step) // called for each step as it comes; nil: nobody looks
}

// Prover proves. Its zero value, but for the clock, is ready.
type Prover struct {
	CA    []byte         // PEM certificates trusted besides the system's; nil: none
	Roots *x509.CertPool // what is trusted instead of both; nil: the system's and CA
	Clock core.Clock
	// StepTime is how long one answer may take; 0: 15 seconds.
	StepTime time.Duration
	// Pause is waited before the one further attempt after a passing refusal
	// (4yz); 0: 2 seconds.
	Pause time.Duration
}

// Prove signs in and out again. The report is filled as far as it came; the
// error, an *core.Error, says why it came no further: class Refused where the
// server said no, Unknown where a test mail may or may not have been taken.
func (p Prover) Prove(ctx context.Context, r Request) (Report, error) {
	report := Report{Server: r.Server, User: core.CleanLine(r.User)}
	err := p.prove(ctx, r, &report)
	report.OK, report.Code = err == nil, core.CodeOf(err)
	return report, err
}

func (p Prover) prove(ctx context.Context, r Request, report *Report) error {
	if err := check(r); err != nil {
		return err
	}
	roots, err := p.trusted()
	if err != nil {
		return err
	}
	if p.StepTime == 0 {
		p.StepTime = 15 * time.Second
	}
	if p.Pause == 0 {
		p.Pause = 2 * time.Second
	}
	for attempt := 1; ; attempt++ {
		a := &attempted{Prover: p, Request: r, report: report, roots: roots, last: p.Clock.Now()}
		err := a.run(ctx)
		if err == nil || attempt == 2 || !a.passing {
			return err
		}
		a.step(StepRetry, "reply", report.Reply, "pause", p.Pause.String())
		report.Challenge = nil
		select {
		case <-ctx.Done():
			return a.fail("net.cancelled", core.Failed, context.Cause(ctx))
		case <-time.After(p.Pause):
		}
	}
}

func (p Prover) trusted() (*x509.CertPool, error) {
	if p.Roots != nil {
		return p.Roots, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil || roots == nil {
		roots = x509.NewCertPool()
	}
	if p.CA != nil && !roots.AppendCertsFromPEM(p.CA) {
		return nil, &core.Error{Tried: "read-ca", Code: "tls.ca-empty", Class: core.Usage}
	}
	return roots, nil
}

// check refuses what could change the meaning of a line, and a mail to oneself.
func check(r Request) error {
	bad := func(code string) error {
		return &core.Error{Tried: "prove-mail", On: r.Server.String(), Code: code, Class: core.Usage, Params: map[string]string{"user": core.CleanLine(r.User)}}
	}
	switch {
	case !address(r.User):
		return bad("mail.bad-user")
	case r.Token.Empty() || strings.ContainsFunc(r.Token.Reveal(), func(c rune) bool { return c <= ' ' || c > '~' }):
		return bad("mail.bad-token")
	case r.SendTo == "":
		return nil
	case r.Server.Protocol != SMTP || !address(r.SendTo):
		return bad("mail.bad-recipient")
	case strings.EqualFold(r.SendTo, r.User):
		return bad("mail.to-self")
	case len(r.Subject) > maxSubject || len(r.Nonce) > maxSubject || strings.ContainsFunc(r.Subject+r.Nonce, func(c rune) bool { return c < ' ' || c > '~' }):
		return bad("mail.bad-subject")
	}
	return nil
}

// maxSubject keeps a head's line within RFC 5322 §2.1.1, and unfolded.
const maxSubject = 120

// address reports whether s can stand in a command: it need not be deliverable.
func address(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && len(s) <= 254 &&
		!strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '<' || c == '>' || c > 0x7f && c < 0xa0 })
}

// attempted is one connection.
type attempted struct {
	Prover
	Request
	report  *Report
	roots   *x509.CertPool
	wire    *wire
	last    time.Time
	passing bool // it failed in a way that passes
	offered string
	grams   map[string]bool // the pieces of what must not be repeated; nil: not made yet
}

func (a *attempted) step(name string, nameValue ...string) {
	now := a.Clock.Now()
	s := Step{Name: name, At: now, Took: now.Sub(a.last), Values: map[string]string{}}
	a.last = now
	for i := 0; i+1 < len(nameValue); i += 2 {
		s.Values[nameValue[i]] = core.CleanText(nameValue[i+1])
	}
	a.report.Steps = append(a.report.Steps, s)
	if a.OnStep != nil {
		a.OnStep(s)
	}
}

func (a *attempted) fail(code string, class core.Class, cause error) error {
	e := &core.Error{
		Tried: "prove-mail", On: a.Server.String(), Code: code, Class: class, Err: cause,
		Params: map[string]string{"host": a.Server.Host, "port": strconv.Itoa(a.Server.Port), "user": a.report.User, "description": a.report.Reply},
	}
	if a.Account != "" {
		e.Params["account"] = core.CleanLine(a.Account)
	}
	if c := a.report.Challenge; c != nil {
		e.Params["status"], e.Params["scope"] = c.Status, cmp.Or(c.Scope, a.Wants)
	}
	return e
}

// run is one attempt from the dial to the goodbye.
func (a *attempted) run(ctx context.Context) error {
	d := net.Dialer{Timeout: a.StepTime}
	conn, err := d.DialContext(ctx, "tcp", a.Server.Address())
	if err != nil {
		return a.netError(ctx, err)
	}
	a.wire = newWire(conn, a.StepTime)
	defer func() { a.wire.Close() }()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	a.step(StepConnected, "address", a.Server.Address(), "peer", conn.RemoteAddr().String())
	if !a.Server.StartTLS {
		if err := a.protect(ctx); err != nil {
			return err
		}
	}
	if a.Server.Protocol == IMAP {
		return a.imap(ctx)
	}
	return a.smtp(ctx)
}

// protect puts TLS over the connection and verifies who is at its other end.
func (a *attempted) protect(ctx context.Context) error {
	conn := tls.Client(a.wire.Conn, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: a.Server.Host, RootCAs: a.roots})
	limit, cancel := context.WithTimeout(ctx, a.StepTime)
	defer cancel()
	if err := conn.HandshakeContext(limit); err != nil {
		return a.tlsError(ctx, err)
	}
	a.wire = newWire(conn, a.StepTime)
	state := conn.ConnectionState()
	leaf := state.PeerCertificates[0]
	a.step(StepTLS, "version", tls.VersionName(state.Version), "subject", leaf.Subject.String(), "issuer", leaf.Issuer.String(), "until", leaf.NotAfter.UTC().Format(time.DateOnly))
	a.wire.protected = true
	return nil
}
