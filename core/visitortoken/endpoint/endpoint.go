// Package endpoint serves visitor tokens to the pages of a site: the token of
// Xsolla Login in, as a cookie or a bearer token, and a token of Zendesk Chat
// or Zendesk messaging out. It is the service that Xsolla's documentation
// sketches, with the answers of its sample program where these are right.
//
// # Who may ask
//
// A browser sends the cookie along whoever made the page that asks. That does
// no harm by itself: asking changes nothing, and a page sees the answer only
// where CORS lets it. But CORS alone decides after the answer was made, by a
// header that a page can't read; so whoever is known to be somebody else is
// refused before anything is verified:
//
//   - A request with an Origin that is not configured is refused (403), and
//     "null" always is: sandboxed frames and local files have it.
//   - Without Origin, Sec-Fetch-Site must say same-origin or none, or be
//     missing. A page elsewhere that shows the address as an image, a script
//     or a frame, or that leads to it, says cross-site or same-site.
//   - Configured origins are compared as whole strings. There is no "*" and no
//     pattern: with credentials, a pattern that fits too much gives every
//     visitor's token away.
//   - On loopback the Host header must name loopback. Else a page could point
//     its own name here (DNS rebinding) and be same-origin. Its requests would
//     not carry the cookie of the site; they would reach the try page.
//   - The answer is JSON that is no script, with nosniff and no-store.
//
// The token itself stops what is left: it works for a few minutes, for one
// visitor, in a chat window.
package endpoint

import (
	"context"
	"errors"
	"html/template"
	"net"
	"net/http"
	"syscall"
	"time"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/transport"
)

// The defaults.
const (
	DefaultListen = "127.0.0.1:8001" // the port of Xsolla's own sample
	DefaultCookie = "token"          // the cookie's name there
	Path          = "/generate/token"
	HealthPath    = "/healthz"
	TryPath       = "/try"

	// DefaultPerSecond is how many requests a second one client address may
	// make. Several people may share an address, and the widget asks several
	// times a session.
	DefaultPerSecond = 20
)

// Options say what an endpoint serves and to whom.
type Options struct {
	LoginKey string // name of the Xsolla Login key that verifies what comes in
	ChatKey  string // name of the Chat or messaging key that signs what goes out

	Listen  string   // address to listen on; "": DefaultListen
	Origins []string // pages that may ask, exactly: "https://www.example.com"
	Cookie  string   // name of the cookie with the Login token; "": DefaultCookie

	CertFile, KeyFile string // TLS; "": plain HTTP, which beyond loopback needs PlainHTTP
	PlainHTTP         bool
	BehindProxy       bool // a proxy on this machine tells the client's address in X-Forwarded-For

	Life      time.Duration // of a token; 0: the default of the key's kind
	PerSecond float64       // requests a client address may make; 0: DefaultPerSecond

	Say *locale.Printer // the try page's language
}

// Service starts endpoints on keys of the inventory. It is what screen and
// command use.
type Service struct {
	Keys *core.SigningKeys
	Page *template.Template // the page at /try; nil: there is none

	// KeyList reads the public keys of an RS256 project anew, keeps them and
	// returns the key with them; nil: they are only read from the store again.
	KeyList func(ctx context.Context, k core.SigningKey) (core.SigningKey, error)
}

// Start opens the endpoint and records that it began. It runs until
// Server.Close, not until ctx ends. Codes: serve.login-key, serve.chat-key,
// serve.retired, serve.origin, serve.cookie, serve.listen, serve.busy,
// serve.plain-http, serve.tls, serve.life, and key.not-found.
func (s *Service) Start(ctx context.Context, o Options) (*Server, error) {
	h, err := s.handler(ctx, &o)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := loadTLS(o)
	if err != nil {
		return nil, err
	}
	ln, err := listen(ctx, o)
	if err != nil {
		return nil, err
	}
	srv := newServer(s.Keys, h, ln, tlsConfig)
	if err := srv.begin(ctx); err != nil {
		ln.Close()
		return nil, err
	}
	return srv, nil
}

// handler checks the options, fills in their defaults, and reads the keys.
func (s *Service) handler(ctx context.Context, o *Options) (*handler, error) {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.Cookie == "" {
		o.Cookie = DefaultCookie
	}
	if o.PerSecond <= 0 {
		o.PerSecond = DefaultPerSecond
	}
	if (&http.Cookie{Name: o.Cookie, Value: "x"}).Valid() != nil {
		return nil, serveError("serve.cookie", o.Cookie, nil)
	}
	origins, err := parseOrigins(o.Origins)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, serveError("serve.listen", o.Listen, err)
	}
	loopback := transport.IsLoopback(host)
	if !loopback && o.CertFile == "" && !o.PlainHTTP {
		return nil, serveError("serve.plain-http", o.Listen, nil)
	}
	k, err := newKeys(ctx, s, *o)
	if err != nil {
		return nil, err
	}
	h := &handler{
		keys: k, clock: s.Keys.Events.Clock, cookie: o.Cookie, origins: origins, life: o.Life, loopback: loopback && !o.BehindProxy,
		proxied: o.BehindProxy, secure: o.CertFile != "", limit: newLimiter(o.PerSecond), log: newLog(),
		noStore: []string{"no-store"}, noSniff: []string{"nosniff"}, json: []string{"application/json"},
	}
	h.cors = newCORS(origins)
	if h.loopback && s.Page != nil && o.Say != nil {
		h.try = &tryPage{page: s.Page, say: o.Say, handler: h}
	}
	return h, nil
}

func listen(ctx context.Context, o Options) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, serveError("serve.busy", o.Listen, err)
	case err != nil:
		return nil, serveError("serve.listen", o.Listen, err)
	}
	return ln, nil
}

func serveError(code, on string, err error) *core.Error {
	return &core.Error{Tried: "serve-tokens", On: core.CleanLine(on), Code: code, Class: core.Usage, Err: err}
}
