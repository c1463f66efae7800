package consent

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"deskward/core"
)

// Listener waits for the browser to bring an attempt's answer, on the
// loopback addresses of this machine only.
type Listener struct {
	service *Service
	attempt Attempt
	path    string
	hosts   []string
	server  *http.Server
	once    sync.Once
	done    chan struct{} // closed when outcome is set
	outcome outcome

	answering atomic.Int32 // answers being taken by ServeHTTP
}

type outcome struct {
	res Result
	err error
}

// Limits of the listener. A browser sends less than 16 KB and at once.
const (
	readTime   = 10 * time.Second
	maxHeaders = 32 << 10
	closeTime  = 3 * time.Second // for the page to reach the browser

	lastEvery = 20 * time.Millisecond // between two looks at an answer that holds up the end
)

// Listen opens the attempt's port on 127.0.0.1 and ::1 (RFC 8252 §7.3). A
// port that is in use fails with code consent.port-busy, whose Params name
// the process (pid, command) where /proc tells it, else
// consent.port-busy-unknown: Begin again with Attempt.NextPort.
func (s *Service) Listen(ctx context.Context, a Attempt) (*Listener, error) {
	redirect, err := url.Parse(a.Redirect)
	if err != nil {
		return nil, &core.Error{Tried: "listen", On: a.Name, Code: "consent.ended", Class: core.Conflict, Err: err}
	}
	port := strconv.Itoa(a.Port)
	var listeners []net.Listener
	for _, host := range []string{"127.0.0.1", "::1"} {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
		if err == nil {
			listeners = append(listeners, ln)
			continue
		}
		if host == "::1" && (errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)) {
			continue // no IPv6 here: then no browser reaches ::1 either
		}
		for _, ln := range listeners {
			ln.Close()
		}
		return nil, s.listenError(a, err)
	}
	l := &Listener{
		service: s, attempt: a, path: redirect.Path, done: make(chan struct{}),
		hosts: []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port), net.JoinHostPort("localhost", port)},
	}
	l.server = &http.Server{
		Handler:           l,
		ReadHeaderTimeout: readTime, ReadTimeout: readTime, IdleTimeout: readTime,
		MaxHeaderBytes: maxHeaders,
		ErrorLog:       log.New(io.Discard, "", 0), // it would quote requests, in which codes travel
	}
	for _, ln := range listeners {
		go l.server.Serve(ln) //nolint:errcheck // it ends with ErrServerClosed; a broken listener leaves the other ways.
	}
	return l, nil
}

// ServeHTTP answers the browser. Whatever is not the attempt's own answer gets
// a 404 and changes nothing: wrong path, method, Host (DNS rebinding) or state.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	nonce := setHeaders(w)
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || r.Method != http.MethodGet || r.URL.Path != l.path || !l.knows(r.Host) || !once(params) {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	}
	rec, err := l.service.loadAttempt(r.Context(), l.attempt.ID)
	if err != nil || !rec.ours(params) {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	}
	// The browser's request stays open meanwhile: the page says "done" only
	// when it is.
	l.answering.Add(1)
	defer l.answering.Add(-1)
	res, err := l.service.take(r.Context(), rec, answer{params: params})
	l.service.writePage(w, nonce, res, err)
	if core.CodeOf(err) != "consent.stopped" { // the browser went away; somebody else has the result
		l.settle(res, err)
	}
}

// knows reports whether a Host header names this listener.
func (l *Listener) knows(host string) bool {
	for _, h := range l.hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

func (l *Listener) settle(res Result, err error) {
	l.once.Do(func() {
		l.outcome = outcome{res, err}
		close(l.done)
	})
}

// Wait returns what came of the attempt, whoever answered it: this listener,
// a paste, or another session. It fails with code consent.expired when the
// time is up, consent.stopped when ctx ends, and consent.ended when the
// attempt was ended elsewhere without a grant. An answer that is being
// exchanged here when ctx ends is waited for: it is the outcome.
func (l *Listener) Wait(ctx context.Context) (Result, error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return l.outcome.res, l.outcome.err
		case <-ctx.Done():
			return l.last(ctx)
		case <-tick.C:
			if res, over, err := l.service.settled(ctx, l.attempt); over && ctx.Err() == nil {
				l.settle(res, err)
			}
		}
	}
}

// last is what Wait returns once ctx has ended.
func (l *Listener) last(ctx context.Context) (Result, error) {
	tick := time.NewTicker(lastEvery)
	defer tick.Stop()
	for l.answering.Load() > 0 {
		select {
		case <-l.done:
		case <-tick.C:
			continue
		}
		break
	}
	select {
	case <-l.done:
		return l.outcome.res, l.outcome.err
	default:
		return Result{}, stopped(l.attempt, ctx.Err())
	}
}

// Close stops listening, after an answer that is being exchanged was settled
// and the page has reached the browser.
func (l *Listener) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if err := l.server.Shutdown(ctx); err == nil {
		return nil
	}
	for l.answering.Load() > 0 { // bounded by the time limits of call, save and check
		time.Sleep(lastEvery)
	}
	return l.server.Close()
}

// setHeaders writes what every answer carries, and returns the nonce of the
// page's own style sheet.
func setHeaders(w http.ResponseWriter) (nonce string) {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // crypto/rand.Read never fails.
	nonce = base64.RawURLEncoding.EncodeToString(b[:])
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	return nonce
}

// PageData is what the landing page is executed with. Every text is plain:
// html/template escapes it.
type PageData struct {
	Lang    string   // of the texts
	Nonce   string   // of the style element
	OK      bool     // everything succeeded
	Heading string   // "Done" or what went wrong
	Lines   []string // what it means
	Close   string   // that the tab may be closed
}

// writePage tells the person in the browser what came of the answer.
func (s *Service) writePage(w http.ResponseWriter, nonce string, res Result, err error) {
	d := PageData{Lang: s.Text("consent.page.lang"), Nonce: nonce, Close: s.Text("consent.page.close")}
	switch {
	case err != nil:
		d.Heading, d.Lines = s.Text("consent.page.failed"), s.explain(err)
	case res.CheckErr != nil:
		d.Heading, d.Lines = s.Text("consent.page.unchecked"), s.explain(res.CheckErr)
	case !res.Proved():
		d.Heading = s.Text("consent.page.check-failed")
		d.Lines = s.explain(res.Connection.Refusal())
	case len(res.Missing) > 0: // a box was left unticked, and what needs it fails later
		d.Heading = s.Text("consent.page.missing")
		for _, scope := range res.Missing {
			d.Lines = append(d.Lines, core.CleanLine(scope))
		}
	default:
		d.OK, d.Heading, d.Lines = true, s.Text("consent.page.done"), []string{res.Connection.Name}
	}
	var page bytes.Buffer
	if err := s.Page.Execute(&page, d); err != nil {
		http.Error(w, d.Heading, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if !d.OK {
		w.WriteHeader(http.StatusBadRequest)
	}
	w.Write(page.Bytes()) //nolint:errcheck // the browser may be gone; the result is saved.
}

func (s *Service) explain(err error) []string {
	if s.Explain != nil {
		return s.Explain(err)
	}
	return []string{core.CodeOf(err)}
}
