// Package endpoint serves visitor tokens to a site's pages: the cookie or the
// bearer token of Xsolla Login in, a token of Zendesk Chat or Zendesk
// messaging out.
package endpoint

import (
	"context"
	"errors"
	"html/template"
	"time"

	"deskward/core"
	"deskward/core/locale"
)

// The defaults.
const (
	DefaultListen = "127.0.0.1:8001" // the port of Xsolla's own sample
	DefaultCookie = "token"
	Path          = "/generate/token"
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
	BehindProxy       bool // a proxy on this machine tells the client's address by X-Forwarded-For

	Life      time.Duration // of a token; 0: the default of the key's kind
	PerSecond float64       // requests a client address may make; 0: DefaultPerSecond

	Say *locale.Printer // the try page's language
}

// DefaultPerSecond is how many requests a second one client address may make.
// Several people may share an address, and the widget asks several times a
// session.
const DefaultPerSecond = 20

// Service starts endpoints on keys of the inventory. It is what screen and
// command use.
type Service struct {
	Keys *core.SigningKeys
	Page *template.Template // the page at /try; nil: there is none

	// KeyList fetches the public keys of an RS256 project anew, keeps them and
	// returns the key with them; nil: they are read from the store again.
	KeyList func(ctx context.Context, k core.SigningKey) (core.SigningKey, error)
}

// Start opens the endpoint and records that it began. It runs until
// Server.Close, not until ctx ends. Codes: serve.login-key, serve.chat-key,
// serve.retired, serve.origin, serve.cookie, serve.listen, serve.busy,
// serve.plain-http, serve.tls.
func (s *Service) Start(ctx context.Context, o Options) (*Server, error) {
	return nil, errors.New("not built yet")
}

// Server is a running endpoint.
type Server struct{ log Log }

// URL is the address that pages call.
func (s *Server) URL() string { return "" }

// TryURL is the address of the try page; "" where it is not served.
func (s *Server) TryURL() string { return "" }

// Origins are the origins that may ask.
func (s *Server) Origins() []string { return nil }

// Log is what was asked so far.
func (s *Server) Log() *Log { return &s.log }

// Done is closed when the server has ended, by Close or by itself; Err then
// says why (nil after Close).
func (s *Server) Done() <-chan struct{} { return nil }

// Err says why the server ended by itself.
func (s *Server) Err() error { return nil }

// Close stops listening, lets running requests end, and records the end.
func (s *Server) Close() error { return nil }

// Request is one line of the log: nothing secret and nothing personal.
type Request struct {
	Seq    uint64 // 1 is the first
	At     time.Time
	Method string
	Path   string // long parts and those with an @ are left out
	Status int
	Code   string // of the answer's body, "00-01"; "" for a token
	Why    string // stable code of the reason, for example "login.expired"; never sent
	Took   time.Duration
	Origin string // of the page; "" none
	Client string // the client's network, not its address: "203.0.113.0/24"
}

// Log keeps the latest requests. It never holds up who writes.
type Log struct{}

// Total is how many requests there were, and how many got a token.
func (l *Log) Total() (requests, tokens uint64) { return 0, 0 }

// Next waits for requests after number seq (0: from the first that is kept)
// and returns them, oldest first, and how many before them are no longer
// kept. It returns early, without any, when ctx or the server ends.
func (l *Log) Next(ctx context.Context, seq uint64) (next []Request, missed uint64) { return nil, 0 }
