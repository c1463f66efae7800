package consent_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport"
	"deskward/core/transport/loopbacktest"
	"deskward/store/mem"
)

// clock can be moved; between moves it runs.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().UTC().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// vendor is an authorization server that keeps the rules: codes work once,
// for the verifier and redirect URI they were made for; refresh tokens rotate.
type vendor struct {
	*httptest.Server
	mu        sync.Mutex
	codes     map[string]url.Values // by code: the authorization request
	refresh   string                // the one that is good
	n         int                   // tokens given
	exchanges int                   // requests with a code
	refreshes int                   // requests with a refresh token
	rotates   bool
	lifetime  int                                            // expires_in
	scope     string                                         // said to be granted; "": not said
	extra     map[string]any                                 // further fields of the answer
	fault     func(http.ResponseWriter, *http.Request) bool  // true: it answered
	after     func(http.ResponseWriter, map[string]any) bool // as fault, once the token is made
	forms     []url.Values                                   // all token requests
	ask       func(form url.Values) (map[string]any, int)    // other grants
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	v := &vendor{codes: map[string]url.Values{}, lifetime: 3600}
	v.Server = httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) set(fn func(*vendor)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fn(v)
}

func (v *vendor) counts() (exchanges, refreshes int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.exchanges, v.refreshes
}

// agree is the person agreeing in the browser: it returns where the browser is
// sent, with a fresh code.
func (v *vendor) agree(t *testing.T, authURL string) *url.URL {
	t.Helper()
	u, err := url.Parse(authURL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	v.mu.Lock()
	code := fmt.Sprintf("canary-code-%d", len(v.codes)+1)
	v.codes[code] = q
	v.mu.Unlock()
	to, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		t.Fatal(err)
	}
	to.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {v.URL}}.Encode()
	return to
}

func (v *vendor) serve(w http.ResponseWriter, r *http.Request) {
	r.ParseForm() //nolint:errcheck // a bad form is an empty one.
	v.mu.Lock()
	v.forms = append(v.forms, r.PostForm)
	fault := v.fault
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		v.exchanges++
	case "refresh_token":
		v.refreshes++
	}
	v.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	v.mu.Lock()
	answer, status := v.answer(r.PostForm)
	after := v.after
	v.mu.Unlock()
	if after != nil && after(w, answer) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) //nolint:errcheck // a test server.
}

func (v *vendor) answer(form url.Values) (map[string]any, int) {
	refuse := func(code string) (map[string]any, int) {
		return map[string]any{"error": code, "error_description": "because\x1b[31m"}, http.StatusBadRequest
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		asked, ok := v.codes[form.Get("code")]
		delete(v.codes, form.Get("code"))
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		switch {
		case !ok:
			return refuse("invalid_grant")
		case asked.Get("redirect_uri") != form.Get("redirect_uri"):
			return refuse("invalid_grant")
		case asked.Get("code_challenge") != "" && asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]):
			return refuse("invalid_grant")
		}
	case "refresh_token":
		if form.Get("refresh_token") != v.refresh {
			return refuse("invalid_grant")
		}
	case "client_credentials":
	default:
		if v.ask == nil {
			return refuse("unsupported_grant_type")
		}
		if answer, status := v.ask(form); answer != nil {
			return answer, status
		}
	}
	v.n++
	out := map[string]any{"access_token": fmt.Sprintf("canary-access-%d", v.n), "token_type": "Bearer", "expires_in": v.lifetime}
	if form.Get("grant_type") != "client_credentials" && (v.rotates || form.Get("grant_type") != "refresh_token") {
		v.refresh = fmt.Sprintf("canary-refresh-%d", v.n)
		out["refresh_token"] = v.refresh
	}
	if v.scope != "" {
		out["scope"] = v.scope
	}
	for name, value := range v.extra {
		out[name] = value
	}
	return out, http.StatusOK
}

// bench is one session of deskward on a store.
type bench struct {
	*consent.Service
	t      *testing.T
	clock  *clock
	vendor *vendor
	cfg    consent.Config
}

const page = `<!doctype html><html lang="{{.Lang}}"><style nonce="{{.Nonce}}"></style><h1>{{.Heading}}</h1>{{range .Lines}}<p>{{.}}</p>{{end}}<p>{{.Close}}</p>`

func newBench(t *testing.T, st core.Store, v *vendor) *bench {
	t.Helper()
	b := &bench{t: t, clock: &clock{}, vendor: v}
	u, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	b.cfg = consent.Config{
		Platform: "acme", Issuer: v.URL, AuthURL: v.URL + "/authorize?tenant=1", TokenURL: v.URL + "/token",
		ClientID: "client-1", ClientSecret: core.NewSecret("canary-client-secret"), Scopes: []string{"tickets.read", "contacts.read"},
		Ports: []int{loopbacktest.FreePort(t), loopbacktest.FreePort(t)}, Hosts: []string{u.Host},
	}
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	actor := core.Actor{User: "mina", Host: "jump01", Session: core.NewID()}
	events := &core.EventLog{Store: st, Clock: b.clock, Actor: actor}
	b.Service = &consent.Service{
		Store: st, Events: events, Clock: b.clock, HTTP: client,
		Connections: &core.Connections{Store: st, Events: events},
		Leases:      &core.Leases{Store: st, Clock: b.clock, Actor: actor},
		Config:      func(core.Connection) (consent.Config, error) { return b.cfg, nil },
		Page:        template.Must(template.New("page").Parse(page)),
		Text:        func(key string) string { return key },
	}
	return b
}

func start(t *testing.T) *bench {
	t.Helper()
	return newBench(t, mem.New(), newVendor(t))
}

// session returns another session on the same store, with its own memory.
func (b *bench) session() *bench {
	b.t.Helper()
	other := newBench(b.t, b.Store, b.vendor)
	other.cfg, other.clock = b.cfg, b.clock
	other.Service.Clock, other.Events.Clock, other.Leases.Clock = b.clock, b.clock, b.clock
	other.Check = b.Check
	return other
}

func (b *bench) connection() core.Connection {
	b.t.Helper()
	return b.added(core.Connection{Name: "Acme", Platform: "acme", Grant: core.GrantCode})
}

func (b *bench) added(c core.Connection) core.Connection {
	b.t.Helper()
	c, err := b.Connections.Add(context.Background(), c)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) begin(c core.Connection) consent.Attempt {
	b.t.Helper()
	a, err := b.Begin(context.Background(), c.ID, consent.BeginOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// granted returns a connection with tokens, got by a paste.
func (b *bench) granted() core.Connection {
	b.t.Helper()
	a := b.begin(b.connection())
	res, err := b.Answer(context.Background(), a.ID, b.vendor.agree(b.t, a.URL).String())
	if err != nil {
		b.t.Fatal(err)
	}
	return res.Connection
}

func (b *bench) listen(a consent.Attempt) *consent.Listener {
	b.t.Helper()
	l, err := b.Listen(context.Background(), a)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { l.Close() })
	return l
}

func (b *bench) get(id string) core.Connection {
	b.t.Helper()
	c, err := b.Connections.Get(context.Background(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// verbs lists what happened to a connection, oldest first.
func (b *bench) verbs(id string) []core.Verb {
	b.t.Helper()
	events, err := b.Events.Recent(context.Background(), 0, id)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []core.Verb
	for _, e := range events {
		out = append([]core.Verb{e.Verb}, out...)
	}
	return out
}

// want fails unless err has the code, and checks that it tells no secret.
func want(t *testing.T, err error, code string, class core.Class) {
	t.Helper()
	if core.CodeOf(err) != code || core.ClassOf(err) != class {
		t.Errorf("error %v (code %q, class %d), want code %q, class %d", err, core.CodeOf(err), core.ClassOf(err), code, class)
	}
	noSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err))
	if e, ok := errors.AsType[*core.Error](err); ok {
		noSecret(t, fmt.Sprintf("%v", e.Params))
	}
}

func noSecret(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, "canary") {
		t.Errorf("a secret is told: %s", text)
	}
}

// fetch is the browser.
func fetch(t *testing.T, u string) (int, string, http.Header) {
	t.Helper()
	resp, err := http.Get(u)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}
