package sandbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// What a mail double bears.
const (
	mailIdle    = 2 * time.Minute // without a line
	mailLine    = 16 << 10        // bytes a line
	mailMessage = 1 << 20         // bytes a message
)

var errMailLine = errors.New("the line is too long")

// mailServer is a double that speaks in lines, and not HTTP.
type mailServer struct {
	sb      *Sandbox
	service string // what faults and the call log know it by
	l       net.Listener
	tls     bool // before all else
	serve   func(*mailConn)

	ctx  context.Context
	stop context.CancelFunc
	mu   sync.Mutex
	open map[net.Conn]bool
}

// mail opens a mail double on a free port of this machine. It is served by
// serve, a connection at a time each.
func (sb *Sandbox) mail(service string, tlsFirst bool, serve func(*mailConn)) (address string, err error) {
	l, _, err := sb.open()
	if err != nil {
		return "", err
	}
	m := &mailServer{sb: sb, service: service, l: l, tls: tlsFirst, serve: serve, open: map[net.Conn]bool{}}
	m.ctx, m.stop = context.WithCancel(context.Background())
	sb.servers = append(sb.servers, m)
	sb.done.Go(m.accept)
	return l.Addr().String(), nil
}

func (m *mailServer) accept() {
	for {
		c, err := m.l.Accept()
		if err != nil {
			return
		}
		m.mu.Lock()
		closed := m.ctx.Err() != nil
		m.open[c] = !closed
		m.mu.Unlock()
		if closed {
			c.Close()
			return
		}
		m.sb.done.Go(func() { m.talk(c) })
	}
}

func (m *mailServer) talk(c net.Conn) {
	defer func() {
		c.Close()
		m.mu.Lock()
		delete(m.open, c)
		m.mu.Unlock()
	}()
	conn := &mailConn{Conn: c, server: m}
	if m.tls {
		if !conn.protect() {
			return
		}
	} else {
		conn.r = bufio.NewReaderSize(c, 1024)
	}
	m.serve(conn)
}

// Close ends the double and all its connections.
func (m *mailServer) Close() error {
	m.stop()
	err := m.l.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.open {
		c.Close()
	}
	return err
}

// mailConn is one connection to a mail double.
type mailConn struct {
	net.Conn
	server *mailServer
	r      *bufio.Reader
	secure bool
}

// protect puts TLS over the connection. What was sent before the handshake
// counts for nothing (RFC 3207 §4.2).
func (c *mailConn) protect() bool {
	conn := tls.Server(c.Conn, c.server.sb.authority.server)
	limit, cancel := context.WithTimeout(c.server.ctx, mailIdle)
	defer cancel()
	if conn.HandshakeContext(limit) != nil {
		return false
	}
	c.Conn, c.r, c.secure = conn, bufio.NewReaderSize(conn, 1024), true
	return true
}

// say writes lines.
func (c *mailConn) say(lines ...string) {
	_ = c.SetDeadline(time.Now().Add(mailIdle))
	_, _ = io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n") // the other side may have gone
}

// hear reads a line without its end.
func (c *mailConn) hear() (string, error) {
	_ = c.SetDeadline(time.Now().Add(mailIdle))
	var b []byte
	for {
		part, err := c.r.ReadSlice('\n')
		if len(b)+len(part) > mailLine {
			return "", errMailLine
		}
		b = append(b, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return strings.TrimRight(string(b), "\r\n"), err
	}
}

// log notes what was asked and how it was answered, never what was sent.
func (c *mailConn) log(method, path string, status int) {
	c.server.sb.calls.add(Call{At: c.server.sb.clock.Now(), Service: c.server.service, Method: method, Path: path, Status: status})
}

// fault does to the connection what was asked for at this command: it waits,
// or ends the connection (over), or returns the status to refuse with.
func (c *mailConn) fault(command string) (status int, over bool) {
	f, hit := c.server.sb.faults.take(c.server.service, command)
	if !hit {
		return 0, false
	}
	if f.Latency > 0 {
		select {
		case <-c.server.ctx.Done():
			return 0, true
		case <-time.After(f.Latency):
		}
	}
	if f.Reset || f.Cut || f.HTML {
		if f.HTML { // a captive portal's answer, whoever asked
			c.say("HTTP/1.1 302 Found", "Location: http://portal.example/", "")
		}
		c.log(command, "", 0)
		return 0, true
	}
	return f.Status, false
}

// bearerMessage reads the client's one message of XOAUTH2: base64 of the
// user, a ^A, "auth=Bearer", a blank, the token and two ^A. decoded is false
// where it is not even base64.
func bearerMessage(text string) (user, token string, decoded, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", "", false, false
	}
	rest, hasUser := strings.CutPrefix(string(raw), "user=")
	user, rest, hasAuth := strings.Cut(rest, "\x01auth=Bearer ")
	token, hasEnd := strings.CutSuffix(rest, "\x01\x01")
	if !hasUser || !hasAuth || !hasEnd || strings.ContainsAny(user+token, "\x01 ") {
		return "", "", true, false
	}
	return user, token, true, true
}
