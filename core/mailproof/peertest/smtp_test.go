package peertest_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"deskward/core"
	"deskward/core/mailproof"
)

// silent is a reason without a scope, as Exchange gives it.
const (
	silent  = `{"status":"401","schemes":"Bearer"}`
	refusal = `{"status":"401","schemes":"Bearer","scope":"` + scope + `"}`
)

// xoauth2 is the server's side of the mechanism, for servers that have none:
// the reason as a challenge, then an empty line, then the refusal.
type xoauth2 struct {
	judge         *judge
	refused       bool
	busy, failure error                // how the server says either
	in            func(address string) // called for whom it lets in
}

// Next takes the client's message, or its empty line.
func (x *xoauth2) Next(response []byte) ([]byte, bool, error) {
	if x.refused && len(response) == 0 {
		return nil, false, x.failure
	}
	if x.refused {
		return nil, false, errors.New("an empty line was wanted")
	}
	head, token, _ := strings.Cut(strings.TrimSuffix(string(response), "\x01\x01"), "\x01auth=Bearer ")
	address := strings.TrimPrefix(head, "user=")
	in, ok := x.judge.opens(address, token)
	switch {
	case !ok:
		return nil, false, x.busy
	case in:
		x.in(address)
		return nil, true, nil
	}
	x.refused = true
	return []byte(x.judge.reason), false, nil
}

// session is a session of go-smtp that knows XOAUTH2.
type session struct{ judge *judge }

func (session) AuthMechanisms() []string { return []string{"XOAUTH2"} }

func (s session) Auth(string) (sasl.Server, error) {
	busy := &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Temporary authentication failure"}
	return &xoauth2{judge: s.judge, busy: busy, failure: smtp.ErrAuthFailed, in: func(string) {}}, nil
}

func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (s session) Data(r io.Reader) error {
	var text bytes.Buffer
	_, err := io.Copy(&text, r)
	s.judge.take(text.String())
	return err
}
func (session) Reset()        {}
func (session) Logout() error { return nil }

// goSMTP starts a server of go-smtp: over TLS at once where secure, with
// STARTTLS where it has a configuration, else without any TLS. It returns its
// port.
func goSMTP(t *testing.T, j *judge, config *tls.Config, secure bool) int {
	t.Helper()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{j}, nil }))
	srv.Domain, srv.ErrorLog, srv.AllowInsecureAuth = "localhost", log.New(io.Discard, "", 0), config == nil
	srv.TLSConfig = config
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if secure {
		l = tls.NewListener(l, config)
	}
	go srv.Serve(l) //nolint:errcheck // it ends by Close
	t.Cleanup(func() { srv.Close() })
	return port
}

func TestGoSMTPsVerdictsAreRead(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for name, startTLS := range map[string]bool{"TLS": false, "STARTTLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJudge(t)
			good, old := a.config(t, time.Now().Add(time.Hour)), a.config(t, time.Now().Add(-time.Hour))
			peer{
				judge: j, ca: a.pem, scope: scope, narrow: "mail.wrong-scope",
				good:    door(mailproof.SMTP, startTLS, goSMTP(t, j, good, !startTLS)),
				plain:   door(mailproof.SMTP, startTLS, goSMTP(t, j, nil, false)),
				expired: door(mailproof.SMTP, startTLS, goSMTP(t, j, old, !startTLS)),
			}.verdicts(t)
		})
	}
}

// sends wants one test mail to come whole to a server.
func sends(t *testing.T, j *judge, ca []byte, s mailproof.Server) {
	t.Helper()
	p := mailproof.Prover{CA: ca, Clock: core.SystemClock{}, StepTime: 5 * time.Second}
	r := mailproof.Request{
		Server: s, User: mailbox, Token: core.NewSecret(tokenGood), SendTo: "reader@example.test", Subject: "deskward-0123456789 test", Nonce: "deskward-0123456789",
	}
	report, err := p.Prove(t.Context(), r)
	if err != nil || report.Nonce != r.Nonce {
		t.Fatalf("%v %+v", err, report)
	}
	got := j.mails()
	if len(got) != 1 || !strings.Contains(got[0], "\nSubject: "+r.Subject) || !strings.Contains(got[0], "\nProof: "+r.Nonce) || !strings.Contains(got[0], "\nTo: <reader@example.test>") {
		t.Errorf("%q", got)
	}
}

func TestGoSMTPTakesTheTestMailWhole(t *testing.T) {
	t.Parallel()
	a, j := newAuthority(t), newJudge(t)
	sends(t, j, a.pem, door(mailproof.SMTP, true, goSMTP(t, j, a.config(t, time.Now().Add(time.Hour)), false)))
}
