package peertest_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"

	"deskward/core/mailproof"
)

// imapSession is a session of go-imap that knows XOAUTH2.
type imapSession struct {
	imapserver.Session
	judge *judge
}

func (imapSession) AuthenticateMechanisms() []string { return []string{"XOAUTH2"} }

func (s imapSession) Authenticate(string) (sasl.Server, error) {
	no := func(code imap.ResponseCode, text string) error {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
	}
	return &xoauth2{
		judge: s.judge, busy: no(imap.ResponseCodeUnavailable, "Temporary authentication failure"), failure: no(imap.ResponseCodeAuthenticationFailed, "Not accepted"),
		in: func(address string) { s.Login(address, "") }, //nolint:errcheck // the mailbox is there
	}, nil
}

// goIMAP starts a server of go-imap: over TLS where it has a configuration. It
// returns its port.
func goIMAP(t *testing.T, j *judge, config *tls.Config) int {
	t.Helper()
	store := imapmemserver.New()
	store.AddUser(imapmemserver.NewUser(mailbox, ""))
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return imapSession{store.NewSession(), j}, nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapSASLIR: {}}, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if config != nil {
		l = tls.NewListener(l, config)
	}
	go srv.Serve(l) //nolint:errcheck // it ends by Close
	t.Cleanup(func() { srv.Close() })
	return port
}

func TestGoIMAPsVerdictsAreRead(t *testing.T) {
	t.Parallel()
	a, j := newAuthority(t), newJudge(t)
	peer{
		judge: j, ca: a.pem, scope: scope, narrow: "mail.wrong-scope",
		good:    door(mailproof.IMAP, false, goIMAP(t, j, a.config(t, time.Now().Add(time.Hour)))),
		plain:   door(mailproof.IMAP, false, goIMAP(t, j, nil)),
		expired: door(mailproof.IMAP, false, goIMAP(t, j, a.config(t, time.Now().Add(-time.Hour)))),
	}.verdicts(t)
}
