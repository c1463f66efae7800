// Package transport is the one way to a vendor over HTTP: TLS 1.2 or newer,
// proxies from the environment, a time limit, a cap on answers, no redirect
// followed, no host that is not allowed, every call recorded as evidence, and
// every error free of URLs and bodies (in which secrets travel).
package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"deskward/core"
)

// MaxBody is the largest answer read, in bytes.
const MaxBody = 4 << 20

// Endpoints points platforms at other hosts: a sandbox, a gateway, a private
// cloud. The keys of the inner map are the platform's endpoint names
// ("accounts", "desk"), or such a name, a dot and a region ("accounts.eu").
type Endpoints map[core.PlatformID]map[string]string

// Resolve returns the base URL (no trailing slash) of a platform's endpoint:
// that of name and region, else that of name, else builtin.
func (e Endpoints) Resolve(p core.PlatformID, name, region, builtin string) string {
	m := e[p]
	for _, key := range []string{name + "." + region, name} {
		if u := m[key]; u != "" {
			return strings.TrimRight(u, "/")
		}
	}
	return builtin
}

// Has reports whether a platform has any endpoint of its own.
func (e Endpoints) Has(p core.PlatformID) bool { return len(e[p]) > 0 }

// Hosts returns host:port of every URL given for a platform that HTTP goes to.
func (e Endpoints) Hosts(p core.PlatformID) []string {
	var out []string
	for _, raw := range e[p] {
		if u, err := url.Parse(raw); err == nil && !isMail(u) {
			out = append(out, u.Host)
		}
	}
	return out
}

// Validate reports the first URL that is not absolute, or is plain http to a
// host that is not loopback, or names more than the host of a mail server, as an *core.Error with code endpoints.bad.
func (e Endpoints) Validate() error {
	for p, m := range e {
		for name, raw := range m {
			if err := checkEndpoint(raw); err != nil {
				return &core.Error{Tried: "read-endpoints", On: string(p) + "." + name, Code: "endpoints.bad", Class: core.Usage, Err: err}
			}
		}
	}
	return nil
}

// isMail reports whether a URL is a mail server's.
func isMail(u *url.URL) bool {
	return u.Scheme == "smtp" || u.Scheme == "smtps" || u.Scheme == "imaps"
}

// checkEndpoint is CheckURL, and takes mail servers too. Those get tokens over
// verified TLS only, so any host may be one.
func checkEndpoint(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || !isMail(u) {
		return CheckURL(raw)
	}
	if u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("a mail server is its host, and its port")
	}
	return nil
}

// CheckURL reports why a base URL may not be used: it must be absolute,
// without user, query or fragment, and https unless its host is loopback.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return errors.New("not a URL")
	}
	switch {
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("not an absolute http(s) URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("a base URL has no user, query or fragment")
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		return errors.New("plain http is accepted for loopback addresses only")
	}
	return nil
}

// IsLoopback reports whether a host name or address is this machine's own.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Options configure a Client.
type Options struct {
	CA    []byte // PEM certificates trusted besides the system's; nil: none
	Clock core.Clock
}

// Client makes HTTP clients that share connections and settings.
type Client struct {
	base  http.RoundTripper
	roots *x509.CertPool
	clock core.Clock
	mu    sync.Mutex
	skew  map[string]time.Duration
}

// New returns a Client. It fails when o.CA holds no certificate.
func New(o Options) (*Client, error) {
	var pool *x509.CertPool // nil: this machine's, which are read for the first connection
	if o.CA != nil {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(o.CA) {
			return nil, &core.Error{Tried: "read-ca", Code: "tls.ca-empty", Class: core.Usage}
		}
	}
	if o.Clock == nil {
		o.Clock = core.SystemClock{}
	}
	return &Client{
		roots: pool,
		clock: o.Clock,
		skew:  map[string]time.Duration{},
		base: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool},
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 25 * time.Second,
			ForceAttemptHTTP2:     true,
			MaxIdleConnsPerHost:   16,
			IdleConnTimeout:       60 * time.Second,
		},
	}, nil
}

// Roots returns the certificates that are trusted, for what does not speak
// HTTP; nil are this machine's.
func (c *Client) Roots() *x509.CertPool { return c.roots }

// For returns an HTTP client that sends to the given hosts only (name, or
// name:port where the port is not the scheme's own; "*.example.com" for any
// name below one). A request to another host fails with code
// net.host-not-allowed before anything is sent.
func (c *Client) For(hosts ...string) *http.Client {
	return &http.Client{
		Timeout:   core.CallTime,
		Transport: &guard{c, hosts},
		// A redirect could carry a credential to a host that nobody checked.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Skew returns how far a host's clock is ahead of ours by its last answer's
// Date header (whole seconds), and whether there was one.
func (c *Client) Skew(host string) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.skew[host]
	return d, ok
}

type guard struct {
	c     *Client
	hosts []string
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if !allowed(g.hosts, req.URL) {
		return nil, &core.Error{Tried: "call", On: req.URL.Host, Code: "net.host-not-allowed", Params: map[string]string{"host": req.URL.Host}}
	}
	start := g.c.clock.Now()
	began := time.Now()
	var reached atomic.Bool // a connection was there, so bytes of the request may have left
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { reached.Store(true) },
	}))
	resp, err := g.c.base.RoundTrip(req)
	call := core.Call{At: start, Method: req.Method, URL: req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath(), Took: time.Since(began)}
	if err != nil {
		core.RecordCall(req.Context(), call)
		if !reached.Load() {
			err = &notSent{err}
		}
		return nil, err
	}
	call.Status = resp.StatusCode
	core.RecordCall(req.Context(), call)
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		g.c.mu.Lock()
		g.c.skew[req.URL.Host] = date.Sub(g.c.clock.Now().Truncate(time.Second))
		g.c.mu.Unlock()
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, MaxBody)
	return resp, nil
}

func allowed(hosts []string, u *url.URL) bool {
	if u.Scheme != "https" && !(u.Scheme == "http" && IsLoopback(u.Hostname())) {
		return false
	}
	for _, h := range hosts {
		if strings.EqualFold(h, u.Host) || strings.EqualFold(h, u.Hostname()) && u.Port() == "" {
			return true
		}
		if rest, ok := strings.CutPrefix(h, "*."); ok && u.Port() == "" && strings.HasSuffix(strings.ToLower(u.Hostname()), "."+rest) {
			return true
		}
	}
	return false
}

// Answer is a vendor's answer, read whole.
type Answer struct {
	Status     int
	Header     http.Header
	Body       []byte
	RetryAfter time.Duration // from Retry-After, 0 when absent
}

// Do sends req and reads the answer whatever its status. Network failures
// come back as *core.Error with a code net.*, without the URL.
func Do(client *http.Client, req *http.Request) (*Answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, NetError(req.URL.Host, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, NetError(req.URL.Host, err)
	}
	a := &Answer{Status: resp.StatusCode, Header: resp.Header, Body: data}
	a.RetryAfter, _ = RetryAfter(resp.Header)
	return a, nil
}

// RetryAfter reads how long a vendor wants to be left alone: seconds, or a date
// (RFC 9110 §10.2.3), which is taken by the vendor's own clock where the answer
// tells it. It is core.LongestRest at most. ok is false where the header is
// missing or neither.
func RetryAfter(h http.Header) (d time.Duration, ok bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(n, uint64(core.LongestRest/time.Second))) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(at.Sub(now), 0), core.LongestRest), true
}

// Decode reads the answer's JSON into v, every text in it made safe to draw
// (core.CleanText). An HTML page or anything else that is not JSON gives
// code vendor.html or vendor.malformed.
func (a *Answer) Decode(host string, v any) error {
	if ct, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type")); ct == "text/html" || bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")) {
		return &core.Error{Tried: "read-answer", On: host, Code: "vendor.html", Params: map[string]string{"status": strconv.Itoa(a.Status)}}
	}
	if err := DecodeJSON(a.Body, v); err != nil {
		return &core.Error{Tried: "read-answer", On: host, Code: "vendor.malformed", Params: map[string]string{"status": strconv.Itoa(a.Status)}, Err: err}
	}
	return nil
}

// DecodeJSON is json.Unmarshal for foreign data: exactly one JSON value,
// with every text in it passed through core.CleanText. The error never
// quotes the data.
func DecodeJSON(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var any any
	if err := dec.Decode(&any); err != nil {
		return errors.New("not valid JSON")
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	clean, err := json.Marshal(cleanValue(any))
	if err != nil {
		return errors.New("not valid JSON")
	}
	if err := json.Unmarshal(clean, v); err != nil {
		if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("field %s has the wrong type", core.CleanLine(t.Field))
		}
		return errors.New("JSON of an unexpected shape")
	}
	return nil
}

func cleanValue(v any) any {
	switch v := v.(type) {
	case string:
		return core.CleanText(v)
	case []any:
		for i := range v {
			v[i] = cleanValue(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for k, e := range v {
			clean[core.CleanLine(k)] = cleanValue(e)
		}
		return clean
	}
	return v
}

// NetError turns a failure of the network into an *core.Error whose code says
// which kind it is. The URL that net/http puts into its errors is dropped.
func NetError(host string, err error) error {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	e := &core.Error{Tried: "call", On: host, Code: "net.failed", Params: map[string]string{"host": host}, Err: err}
	var (
		dns      *net.DNSError
		cert     *tls.CertificateVerificationError
		tooLarge *http.MaxBytesError
		netErr   net.Error
		op       *net.OpError
	)
	switch {
	case errors.Is(err, context.Canceled):
		e.Code = "net.cancelled"
	case errors.As(err, &dns):
		e.Code = "net.dns"
	case errors.As(err, &cert):
		e.Code = "net.certificate"
	case errors.As(err, &tooLarge):
		e.Code = "vendor.too-large"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		e.Code = "net.proxy"
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout():
		e.Code = "net.timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Code = "net.refused"
	case NotSent(err):
		e.Code = "net.unreachable"
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET):
		e.Code = "net.cut"
	}
	return e
}

// notSent marks a failure before there was a connection to the vendor.
type notSent struct{ err error }

// Error is the cause's.
func (e *notSent) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *notSent) Unwrap() error { return e.err }

// NotSent reports whether a failure happened before any byte of the request
// can have reached the vendor, so that a call that must not be repeated
// certainly had no effect.
func NotSent(err error) bool {
	if _, ok := errors.AsType[*notSent](err); ok {
		return true
	}
	return core.CodeOf(err) == "net.host-not-allowed"
}
