package peertest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"deskward/core"
	"deskward/core/mailproof"
)

const (
	user    = "support@example.test"
	token   = "token-that-works"
	refusal = `{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}`
)

// xoauth2 is the server's side of the mechanism: the reason as a challenge,
// then an empty line, then the refusal.
type xoauth2 struct{ refused bool }

// Next takes the client's message, or its empty line.
func (x *xoauth2) Next(response []byte) ([]byte, bool, error) {
	switch {
	case x.refused && len(response) == 0:
		return nil, false, smtp.ErrAuthFailed
	case x.refused:
		return nil, false, errors.New("an empty line was wanted")
	case bytes.Equal(response, []byte("user="+user+"\x01auth=Bearer "+token+"\x01\x01")):
		return nil, true, nil
	}
	x.refused = true
	return []byte(refusal), false, nil
}

// session is a session of go-smtp that knows XOAUTH2.
type session struct{ mail *bytes.Buffer }

func (session) AuthMechanisms() []string             { return []string{"XOAUTH2"} }
func (session) Auth(string) (sasl.Server, error)     { return &xoauth2{}, nil }
func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s session) Data(r io.Reader) error             { _, err := io.Copy(s.mail, r); return err }
func (session) Reset()                               {}
func (session) Logout() error                        { return nil }

func certificate(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestGoSMTPServersVerdictIsRead(t *testing.T) {
	t.Parallel()
	cert, ca := certificate(t)
	for name, startTLS := range map[string]bool{"TLS": false, "STARTTLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var taken bytes.Buffer
			srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{&taken}, nil }))
			srv.Domain, srv.ErrorLog = "localhost", log.New(io.Discard, "", 0)
			srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			port := l.Addr().(*net.TCPAddr).Port
			if !startTLS {
				l = tls.NewListener(l, srv.TLSConfig)
			}
			go srv.Serve(l) //nolint:errcheck // it ends by Close
			t.Cleanup(func() { srv.Close() })
			p := mailproof.Prover{CA: ca, Clock: core.SystemClock{}, StepTime: 5 * time.Second, Pause: time.Millisecond}
			r := mailproof.Request{
				Server: mailproof.Server{Protocol: mailproof.SMTP, Host: "127.0.0.1", Port: port, StartTLS: startTLS},
				User:   user, Token: core.NewSecret(token), SendTo: "reader@example.test",
			}
			report, err := p.Prove(t.Context(), r)
			if err != nil || !bytes.Contains(taken.Bytes(), []byte(report.Nonce)) || report.Nonce == "" {
				t.Fatalf("%v %+v", err, report)
			}
			r.SendTo, r.Token, r.Granted = "", core.NewSecret("another"), []string{"email"}
			report, err = p.Prove(t.Context(), r)
			if report.Challenge == nil || report.Challenge.Scope != "https://mail.google.com/" {
				t.Errorf("%+v", report)
			}
			if core.CodeOf(err) != "mail.wrong-scope" {
				t.Errorf("%v %+v", err, report)
			}
			if !slices.ContainsFunc(report.Steps, func(s mailproof.Step) bool { return s.Name == mailproof.StepChallenge }) {
				t.Errorf("%+v", report.Steps)
			}
		})
	}
}
