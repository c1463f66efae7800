package mailproof

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"deskward/core"
	"deskward/core/transport"
)

var errPlain = errors.New("the connection is not protected by TLS")

// wire is a connection that is read and written line by line, each within a
// time.
type wire struct {
	net.Conn
	r         *bufio.Reader
	limit     time.Duration
	protected bool // by TLS with a verified certificate
}

func newWire(c net.Conn, limit time.Duration) *wire {
	return &wire{Conn: c, r: bufio.NewReaderSize(c, 1024), limit: limit}
}

// send writes a line that holds no secret.
func (w *wire) send(line string) error {
	if err := w.SetDeadline(time.Now().Add(w.limit)); err != nil {
		return err
	}
	_, err := io.WriteString(w, line+"\r\n")
	return err
}

// sendSecret is send, and refuses to write to an unprotected connection.
func (w *wire) sendSecret(line string) error {
	if !w.protected {
		return errPlain
	}
	return w.send(line)
}

// readWithin gives the next answer its time.
func (w *wire) readWithin() error { return w.SetDeadline(time.Now().Add(w.limit)) }

// netError says what a failure on the way means.
func (a *attempted) netError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		code := "net.cancelled"
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			code = "mail.hung"
		}
		return a.fail(code, core.Failed, context.Cause(ctx))
	}
	var netErr net.Error
	switch {
	case errors.Is(err, errTooLong):
		return a.fail("mail.reply-too-long", core.Failed, err)
	case errors.Is(err, errNoReply):
		return a.fail("mail.bad-reply", core.Failed, err)
	case errors.Is(err, errPlain):
		return a.fail("mail.plain", core.Failed, err)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return a.fail("mail.hung", core.Failed, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return a.fail("mail.cut", core.Failed, err)
	}
	return a.fail(core.CodeOf(transport.NetError(a.Server.Address(), err)), core.Failed, err)
}

// tlsError says which part of TLS failed. Nothing secret was sent.
func (a *attempted) tlsError(ctx context.Context, err error) error {
	var (
		record  tls.RecordHeaderError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
	)
	switch {
	case ctx.Err() != nil:
	case errors.As(err, &record):
		return a.fail("mail.no-tls", core.Failed, err)
	case errors.As(err, &name):
		return a.fail("mail.certificate-name", core.Failed, err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return a.fail("mail.certificate-expired", core.Failed, err)
	case errors.As(err, &unknown):
		return a.fail("mail.certificate-authority", core.Failed, err)
	case errors.Is(err, context.DeadlineExceeded):
		return a.fail("mail.hung", core.Failed, err)
	}
	if e := a.netError(ctx, err); core.CodeOf(e) != "net.failed" {
		return e
	}
	return a.fail("mail.tls-failed", core.Failed, err)
}
