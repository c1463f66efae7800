package endpoint

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"deskward/core"
)

// The limits of a connection. A request is a few kilobytes and is answered at
// once.
const (
	headTime   = 5 * time.Second
	readTime   = 10 * time.Second
	writeTime  = 10 * time.Second
	idleTime   = time.Minute
	maxHeaders = 32 << 10
	closeTime  = 5 * time.Second // for running requests to end

	// noteEvery is how often the store is told of, and asked for, news.
	noteEvery = time.Minute
	noteTime  = 10 * time.Second
)

// Server is a running endpoint.
type Server struct {
	inventory *core.SigningKeys
	handler   *handler
	listener  net.Listener
	http      *http.Server
	base      string
	sign      core.SigningKey // as it was at the start, for the log

	closing sync.Once
	closed  error
	stop    context.CancelFunc // of note
	noting  sync.WaitGroup
	ending  sync.Once
	done    chan struct{}
	failed  error // set before done is closed
}

func newServer(inventory *core.SigningKeys, h *handler, ln net.Listener, tlsConfig *tls.Config) *Server {
	s := &Server{inventory: inventory, handler: h, listener: ln, done: make(chan struct{}), base: "http://" + ln.Addr().String()}
	if tlsConfig != nil {
		s.base = "https://" + ln.Addr().String()
	}
	h.host, h.signed = ln.Addr().String(), make(chan struct{}, 1)
	s.sign = h.keys.now.Load().sign
	s.http = &http.Server{
		Handler: h, TLSConfig: tlsConfig,
		ReadHeaderTimeout: headTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeaders,
		ErrorLog: log.New(io.Discard, "", 0), // it would quote requests, in which tokens travel
	}
	return s
}

// loadTLS reads the certificate; nil for plain HTTP.
func loadTLS(o Options) (*tls.Config, error) {
	if o.CertFile == "" && o.KeyFile == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, serveError("serve.tls", o.CertFile, err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}, nil
}

// begin records the beginning and serves.
func (s *Server) begin(ctx context.Context) error {
	if err := s.record(ctx, map[string]string{"state": "began", "address": s.base, "login": s.handler.keys.now.Load().login.Name}); err != nil {
		return core.Unrecorded("serve-tokens", s.sign.Name, err)
	}
	noteCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	tick := time.NewTicker(noteEvery)
	s.noting.Go(func() {
		defer tick.Stop()
		s.note(noteCtx, tick.C)
	})
	go func() {
		var err error
		if s.http.TLSConfig != nil {
			err = s.http.ServeTLS(s.listener, "", "")
		} else {
			err = s.http.Serve(s.listener)
		}
		if err != http.ErrServerClosed {
			s.end(&core.Error{Tried: "serve-tokens", On: s.base, Code: "serve.broke", Err: err})
		}
	}()
	return nil
}

func (s *Server) record(ctx context.Context, detail map[string]string) error {
	return s.inventory.Events.Record(ctx, core.Event{Verb: core.VerbServed, Subject: s.sign.Subject(), Detail: detail})
}

// note keeps the store out of the requests' way: the first token is noted at
// once, later ones once a minute, and once a minute the keys are read again.
func (s *Server) note(ctx context.Context, tick <-chan time.Time) {
	used := func() {
		select {
		case <-s.handler.signed:
		default:
		}
		if !s.handler.unnoted.Swap(false) {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
		defer cancel()
		_ = s.inventory.Used(ctx, s.sign.ID) // a locked store is no reason to stop; the next time is in a minute
	}
	first := s.handler.signed
	for {
		select {
		case <-first:
			first = nil // from now on at the tick
			used()
		case <-tick:
			used()
			s.handler.keys.follow(ctx)
		case <-ctx.Done():
			used()
			return
		}
	}
}

// URL is the address that pages call.
func (s *Server) URL() string { return s.base + Path }

// TryURL is the address of the try page; "" where it is not served.
func (s *Server) TryURL() string {
	if s.handler.try == nil {
		return ""
	}
	return s.base + TryPath
}

// Origins are the origins that may ask, as they are compared.
func (s *Server) Origins() []string { return slices.Clone(s.handler.origins) }

// Log is what was asked so far.
func (s *Server) Log() *Log { return s.handler.log }

// Done is closed when the server has ended, by Close or by itself; Err then
// says why (nil after Close).
func (s *Server) Done() <-chan struct{} { return s.done }

// Err says why the server ended by itself.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.failed
	default:
		return nil
	}
}

// Close stops listening, lets running requests end, and records the end. It
// may be called again.
func (s *Server) Close() error {
	s.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			_ = s.http.Close() // somebody's request does not end
		}
		s.stop()
		s.noting.Wait()
		s.end(nil)
		requests, tokens := s.Log().Total()
		detail := map[string]string{"state": "ended", "requests": strconv.FormatUint(requests, 10), "tokens": strconv.FormatUint(tokens, 10)}
		ctx, cancel = context.WithTimeout(context.Background(), noteTime)
		defer cancel()
		if err := s.record(ctx, detail); err != nil {
			s.closed = core.Unrecorded("serve-tokens", s.sign.Name, err)
		}
	})
	return s.closed
}

// end tells whoever waits, once.
func (s *Server) end(why error) {
	s.ending.Do(func() {
		s.failed = why
		s.handler.log.end()
		close(s.done)
	})
}
