package endpoint

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/cors"

	"deskward/core"
	"deskward/core/transport"
	"deskward/core/visitortoken"
)

// handler answers the requests of an endpoint.
type handler struct {
	keys     *keys
	clock    core.Clock
	cookie   string
	origins  []string
	cors     *cors.Cors
	life     time.Duration
	loopback bool   // the Host header must name loopback
	host     string // with the port, as most requests name it
	proxied  bool
	secure   bool // TLS
	limit    *limiter
	log      *Log
	try      *tryPage // nil: there is none

	noStore, noSniff, json []string // of headers, made once

	unnoted atomic.Bool   // a token was signed that the store was not told of
	signed  chan struct{} // gets something when unnoted becomes true
}

// maxBody is how much of a body is accepted. What asks for a token needs none.
const maxBody = 16 << 10

// answer is what a request gets: a token, or a failure in the flat shape of
// Xsolla's sample program.
type answer struct {
	status      int
	token       core.Secret
	code        string
	description string
	why         string // for the log only
}

// failure is an answer without a token. The codes 00-… and their words are
// those of the sample program, which pages may compare; 01-… are this one's.
func failure(status int, code, description, why string) answer {
	return answer{status: status, code: code, description: description, why: why}
}

// ServeHTTP answers a request and writes it down.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	at := h.clock.Now()
	from := h.addressOf(r)
	header := w.Header()
	header["Cache-Control"], header["X-Content-Type-Options"] = h.noStore, h.noSniff
	a, done := h.route(w, r, from, at)
	if !done {
		header["Content-Type"] = h.json // before the status: the sample program has it the other way round and loses it
		a.write(w)
	}
	if r.URL.Path == HealthPath && a.status == http.StatusOK {
		return // whoever watches asks every few seconds
	}
	h.log.add(Request{
		At: at, Method: methodOf(r), Path: pathOf(r.URL.Path), Status: a.status, Code: a.code, Why: a.why,
		Took: time.Since(began), Origin: originOf(r), Client: network(from),
	})
}

// route answers a request; done says that the answer has been written.
func (h *handler) route(w http.ResponseWriter, r *http.Request, from netip.Addr, at time.Time) (a answer, done bool) {
	if h.loopback && r.Host != h.host && !namesLoopback(r.Host) {
		return failure(http.StatusMisdirectedRequest, "01-05", "Not this host", "serve.host"), false
	}
	switch {
	case r.URL.Path == Path:
		return h.tokenRoute(w, r, from, at)
	case r.URL.Path == HealthPath:
		return h.health(w, r)
	case h.try != nil && (r.URL.Path == TryPath || strings.HasPrefix(r.URL.Path, TryPath+"/")):
		return h.try.serve(w, r, from, at)
	}
	return failure(http.StatusNotFound, "01-02", "Not found", "serve.path"), false
}

// methodOf is the method as the log shows it: any text may be one.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "…"
}

func namesLoopback(host string) bool {
	u := url.URL{Host: host}
	return transport.IsLoopback(u.Hostname())
}

func (h *handler) health(w http.ResponseWriter, r *http.Request) (answer, bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return failure(http.StatusMethodNotAllowed, "01-03", "Method not allowed", "serve.method"), false
	}
	if h.keys.now.Load() == nil {
		return keysGone(), false
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{\"status\":\"ok\"}\n")) // the client may be gone
	return answer{status: http.StatusOK}, true
}

func keysGone() answer {
	return failure(http.StatusServiceUnavailable, "01-06", "No token can be made", "serve.keys-gone")
}

// tokenRoute is Path: who may not ask is refused, then who asks too often,
// then what the request lacks. A page that may ask can read each refusal.
func (h *handler) tokenRoute(w http.ResponseWriter, r *http.Request, from netip.Addr, at time.Time) (answer, bool) {
	if h.foreign(r) {
		w.Header().Add("Vary", "Origin")
		return failure(http.StatusForbidden, "01-00", "Origin not allowed", "serve.foreign"), false
	}
	h.cors.HandlerFunc(w, r)
	if r.Method == http.MethodOptions {
		if r.Header.Get("Access-Control-Request-Method") == "" { // else the library has answered
			w.Header().Set("Allow", "GET, POST, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
		}
		return answer{status: http.StatusNoContent}, true
	}
	switch {
	case !h.limit.allow(counted(from), at):
		w.Header().Set("Retry-After", h.limit.retryAfter())
		return failure(http.StatusTooManyRequests, "01-01", "Too many requests", "serve.limit"), false
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST, OPTIONS")
		return failure(http.StatusMethodNotAllowed, "01-03", "Method not allowed", "serve.method"), false
	case r.ContentLength > maxBody:
		w.Header().Set("Connection", "close")
		return failure(http.StatusRequestEntityTooLarge, "01-04", "Body too large", "serve.body"), false
	}
	return h.exchange(r.Context(), r, at), false
}

// exchange makes the visitor's token of the Login token.
func (h *handler) exchange(ctx context.Context, r *http.Request, at time.Time) answer {
	login, ok := h.loginToken(r)
	if !ok {
		return failure(http.StatusUnauthorized, "00-00", "Token not passed", "serve.no-token")
	}
	p := h.keys.now.Load()
	if p == nil {
		return keysGone()
	}
	who, err := h.keys.verify(ctx, p, login, at)
	if err != nil {
		return refusal(err)
	}
	v, err := visitorOf(who, p.sign.Kind)
	if err != nil {
		return refusal(err)
	}
	token, err := visitortoken.Mint(p.sign, v, h.life, at)
	if err != nil {
		return refusal(err)
	}
	if !h.unnoted.Load() && h.unnoted.CompareAndSwap(false, true) {
		select {
		case h.signed <- struct{}{}:
		default:
		}
	}
	return answer{status: http.StatusOK, token: token}
}

// loginToken finds the Login token. A page that sends one itself means that
// one, not the cookie that the browser sends of its own accord.
func (h *handler) loginToken(r *http.Request) (core.Secret, bool) {
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		if token = strings.TrimSpace(token); token != "" {
			return core.NewSecret(token), true
		}
	}
	c, err := r.Cookie(h.cookie)
	if err != nil {
		return core.Secret{}, false
	}
	return core.NewSecret(c.Value), true
}

// visitorOf is who a Login user is to Zendesk. Chat is given the e-mail address
// as name, too, as Xsolla's page has it. Messaging needs none and can have a
// name; that Xsolla has verified the address is not known from the token.
func visitorOf(l visitortoken.Login, kind core.KeyKind) (visitortoken.Visitor, error) {
	if kind == core.KeyChat {
		return l.ChatVisitor()
	}
	v := visitortoken.Visitor{ExternalID: l.Subject, Name: l.Name, Email: l.Email}
	if v.Name == "" {
		v.Name = l.Username
	}
	return v, nil
}

// refusal is the answer to what VerifyLogin, ChatVisitor and Mint refuse.
func refusal(err error) answer {
	const unprocessable = http.StatusUnprocessableEntity
	code := core.CodeOf(err)
	switch {
	case code == "login.no-sub":
		return failure(unprocessable, "00-02", `"sub" claim is missed`, code)
	case code == "login.no-email":
		return failure(unprocessable, "00-03", `"email" claim is missed`, code)
	case code == "login.no-key", code == "login.key-list":
		return failure(http.StatusServiceUnavailable, "01-06", "No token can be made", code)
	case strings.HasPrefix(code, "login."):
		return failure(http.StatusUnauthorized, "00-01", "Token is invalid", code)
	case strings.Contains(code, ".email"):
		return failure(unprocessable, "00-03", `"email" claim is not one that Zendesk takes`, code)
	case strings.Contains(code, ".external_id"):
		return failure(unprocessable, "00-02", `"sub" claim is not one that Zendesk takes`, code)
	}
	return failure(http.StatusServiceUnavailable, "01-06", "No token can be made", code)
}

// write sends the answer.
func (a answer) write(w http.ResponseWriter) {
	w.WriteHeader(a.status)
	if a.code == "" {
		_, _ = io.WriteString(w, `{"token":"`)     // the client may be gone
		_, _ = io.WriteString(w, a.token.Reveal()) // base64url and dots
		_, _ = io.WriteString(w, "\"}\n")
		return
	}
	b, err := json.Marshal(struct {
		Code        string `json:"code"`
		Description string `json:"description"`
	}{a.code, a.description})
	if err == nil { // two strings always marshal
		_, _ = w.Write(append(b, '\n')) // the client may be gone
	}
}
