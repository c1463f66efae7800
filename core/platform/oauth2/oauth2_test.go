package oauth2_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/platform/oauth2"
	"deskward/core/transport"
	"deskward/store/mem"
)

// server is an authorization server under an issuer with a path.
type server struct {
	*httptest.Server
	issuer   string
	at       string         // path of the metadata
	metadata map[string]any // further or other members
	forms    []url.Values
	users    []string // Basic user names
	userinfo http.HandlerFunc
	answer   map[string]any // of introspection
	status   int            // of revocation; 0: 200
	page     string         // what every unknown address answers; "": 404
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{at: "/tenant/.well-known/openid-configuration", metadata: map[string]any{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	s.issuer = s.URL + "/tenant"
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	r.ParseForm() //nolint:errcheck // a bad form is an empty one.
	reply := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v) //nolint:errcheck // a test server.
	}
	if r.Method == http.MethodPost {
		user, _, _ := r.BasicAuth()
		s.forms, s.users = append(s.forms, r.PostForm), append(s.users, user)
	}
	switch r.URL.Path {
	case s.at:
		doc := map[string]any{"issuer": s.issuer, "authorization_endpoint": s.URL + "/auth", "token_endpoint": s.URL + "/token"}
		for name, v := range s.metadata {
			doc[name] = v
		}
		reply(http.StatusOK, doc)
	case "/token":
		reply(http.StatusOK, map[string]any{"access_token": "canary-access", "refresh_token": "canary-refresh", "token_type": "Bearer", "expires_in": 600})
	case "/userinfo":
		s.userinfo(w, r)
	case "/introspect":
		reply(http.StatusOK, s.answer)
	case "/revoke":
		if s.status != 0 && r.PostForm.Get("token_type_hint") == "access_token" {
			reply(s.status, map[string]any{"error": "unsupported_token_type"})
		}
	default:
		if s.page != "" {
			io.WriteString(w, s.page) //nolint:errcheck // a test server.
			return
		}
		http.NotFound(w, r)
	}
}

// services are the two services wired as the program wires them.
func services(t *testing.T, e transport.Endpoints) (*platform.Service, *consent.Service) {
	t.Helper()
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	st, clock, actor := mem.New(), core.SystemClock{}, core.Actor{User: "mina"}
	events := &core.EventLog{Store: st, Clock: clock, Actor: actor}
	connections := &core.Connections{Store: st, Events: events}
	p := &platform.Service{Platforms: []platform.Platform{oauth2.Platform()}, Connections: connections, HTTP: client, Endpoints: e, Clock: clock}
	c := &consent.Service{
		Store: st, Connections: connections, Events: events, Leases: &core.Leases{Store: st, Clock: clock, Actor: actor},
		Clock: clock, HTTP: client, Config: p.Config, Discover: p.Discover, Check: p.Check,
		Page: template.Must(template.New("").Parse("{{.Heading}}")), Text: func(key string) string { return key },
	}
	p.Tokens = c
	return p, c
}

func add(t *testing.T, s *platform.Service, plain map[string]string) core.Connection {
	t.Helper()
	a := platform.Answers{Name: "Acme", Grant: core.GrantCode, Plain: plain, Secret: core.Secrets{core.SecretClientSecret: core.NewSecret("canary-client-secret")}}
	a.Plain["client_id"] = "client one"
	c, err := oauth2.Platform().NewConnection(a)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = s.Connections.Add(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// granted consents by a pasted code and returns the connection.
func granted(t *testing.T, c *consent.Service, id string) core.Connection {
	t.Helper()
	a, err := c.Begin(context.Background(), id, consent.BeginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Answer(context.Background(), a.ID, answerTo(t, a))
	if err != nil {
		t.Fatal(err)
	}
	return res.Connection
}

// answerTo is the whole address to which the browser is sent.
func answerTo(t *testing.T, a consent.Attempt) string {
	t.Helper()
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	return a.Redirect + "?" + url.Values{"code": {"canary-code"}, "state": {u.Query().Get("state")}}.Encode()
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if core.CodeOf(err) != code {
		t.Errorf("error %v, want code %q", err, code)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", err, err), "canary") {
		t.Errorf("a secret is told: %v", err)
	}
}

func TestMetadataIsFoundWhereTheStandardsPutIt(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"/tenant/.well-known/openid-configuration",
		"/.well-known/oauth-authorization-server/tenant",
		"/.well-known/openid-configuration/tenant",
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.at = at
			s.metadata["authorization_response_iss_parameter_supported"] = true
			p, c := services(t, nil)
			conn := add(t, p, map[string]string{"issuer": s.issuer, "scopes": "openid tickets"})
			a, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(a.URL, s.URL+"/auth?") || !a.IssRequired || a.Issuer != s.issuer {
				t.Errorf("attempt %+v", a)
			}
		})
	}
}

func TestDiscoveryRefusesWhatItMustNotTrust(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		metadata map[string]any
		code     string
	}{
		"another issuer":    {map[string]any{"issuer": "https://evil.example"}, "oauth2.issuer-mismatch"},
		"a slash more":      {map[string]any{"issuer": "+/"}, "oauth2.issuer-mismatch"},
		"plain http":        {map[string]any{"token_endpoint": "http://vendor.example/token"}, "oauth2.bad-endpoint"},
		"not a web address": {map[string]any{"authorization_endpoint": "javascript:alert(1)"}, "oauth2.bad-endpoint"},
		"only private keys": {map[string]any{"token_endpoint_auth_methods_supported": []string{"private_key_jwt"}}, "oauth2.auth-method-other"},
		"no token endpoint": {map[string]any{"token_endpoint": ""}, "oauth2.no-endpoints"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.metadata = tc.metadata
			if tc.metadata["issuer"] == "+/" {
				tc.metadata["issuer"] = s.issuer + "/"
			}
			p, c := services(t, nil)
			conn := add(t, p, map[string]string{"issuer": s.issuer})
			_, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{})
			wantCode(t, err, tc.code)
		})
	}
}

func TestIssuerWithoutMetadataIsTold(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.at = "/nowhere"
	p, c := services(t, nil)
	conn := add(t, p, map[string]string{"issuer": s.issuer})
	_, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{})
	wantCode(t, err, "oauth2.no-metadata")
}

func TestEndpointsByHandNeedNoIssuer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p, c := services(t, nil)
	conn := add(t, p, map[string]string{"auth_url": s.URL + "/auth?a=b", "token_url": s.URL + "/token"})
	conn = granted(t, c, conn.ID)
	if conn.Secrets[core.SecretAccessToken].Empty() || s.users[0] != "client+one" {
		t.Errorf("client %q", s.users[0])
	}
	cfg, err := p.Config(conn)
	if err != nil || !slices.Equal(cfg.Hosts, []string{strings.TrimPrefix(s.URL, "http://")}) {
		t.Errorf("hosts %v, %v", cfg.Hosts, err)
	}
}

func TestWhatTheAdminTypedGoesBeforeDiscovery(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.metadata["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	p, c := services(t, nil)
	conn := add(t, p, map[string]string{"issuer": s.issuer, "auth_url": s.URL + "/other"})
	a, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{})
	if err != nil || !strings.HasPrefix(a.URL, s.URL+"/other?") {
		t.Errorf("URL %s, %v", a.URL, err)
	}
	if _, err := c.Answer(context.Background(), a.ID, answerTo(t, a)); err != nil {
		t.Fatal(err)
	}
	if s.forms[0].Get("client_secret") != "canary-client-secret" {
		t.Error("the client did not authenticate in the body, as discovered")
	}
}

func TestEndpointsFileTakesTheIssuersPlace(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p, c := services(t, transport.Endpoints{"oauth2": {"issuer": s.issuer}})
	conn := add(t, p, map[string]string{"issuer": "https://vendor.example"})
	a, err := c.Begin(context.Background(), conn.ID, consent.BeginOptions{})
	if err != nil || a.Issuer != s.issuer {
		t.Errorf("issuer %q, %v", a.Issuer, err)
	}
}

func TestCheckAsksWhatTheServerHas(t *testing.T) {
	t.Parallel()
	ok := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer canary-access" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"sub":"1","email":"mina@acme.example\u001b[31m"}`)
	}
	refused := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="x", error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	for name, tc := range map[string]struct {
		endpoints  []string
		userinfo   http.HandlerFunc
		active     bool
		ok         bool
		code, note string
		requests   int // to the token endpoint
	}{
		"userinfo":           {endpoints: []string{"userinfo", "introspection"}, userinfo: ok, ok: true, note: "mina@acme.example␛[31m", requests: 1},
		"userinfo refuses":   {endpoints: []string{"userinfo"}, userinfo: refused, code: "oauth.invalid_token", requests: 2},
		"introspection":      {endpoints: []string{"introspection"}, active: true, ok: true, note: "mina", requests: 2},
		"introspection: no":  {endpoints: []string{"introspection"}, code: "oauth2.inactive", requests: 2},
		"refresh, otherwise": {ok: true, requests: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.userinfo = tc.userinfo
			s.answer = map[string]any{"active": tc.active, "username": "mina"}
			for _, name := range tc.endpoints {
				path := map[string]string{"userinfo": "/userinfo", "introspection": "/introspect"}[name]
				s.metadata[name+"_endpoint"] = s.URL + path
			}
			p, c := services(t, nil)
			conn := granted(t, c, add(t, p, map[string]string{"issuer": s.issuer, "scopes": "openid"}).ID)
			if got := conn.Check; got.OK != tc.ok || got.Code != tc.code || got.Note != tc.note || got.At.IsZero() {
				t.Errorf("check %+v", got)
			}
			if len(s.forms) != tc.requests {
				t.Errorf("%d requests with a form", len(s.forms))
			}
		})
	}
}

func TestRevokeEndsBothTokens(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"both": 0, "access tokens unsupported": http.StatusBadRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.status = status
			s.metadata["revocation_endpoint"] = s.URL + "/revoke"
			p, c := services(t, nil)
			conn := granted(t, c, add(t, p, map[string]string{"issuer": s.issuer}).ID)
			s.forms = nil
			conn, err := p.Revoke(context.Background(), conn.ID)
			if err != nil || !conn.Secrets[core.SecretRefreshToken].Empty() {
				t.Fatal(err)
			}
			if len(s.forms) != 2 || s.forms[0].Get("token_type_hint") != "refresh_token" || s.forms[1].Get("token") != "canary-access" {
				t.Errorf("forms %v", s.forms)
			}
		})
	}
}

func TestRevokeWithoutEndpointSaysSo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p, c := services(t, nil)
	conn := granted(t, c, add(t, p, map[string]string{"issuer": s.issuer}).ID)
	_, err := p.Revoke(context.Background(), conn.ID)
	wantCode(t, err, "oauth2.no-revocation")
	if conn, _ = p.Connections.Get(context.Background(), conn.ID); conn.Secrets[core.SecretRefreshToken].Empty() {
		t.Error("the tokens are gone though nothing was revoked")
	}
}

func TestAnswersOfTheFormAreChecked(t *testing.T) {
	t.Parallel()
	for _, ask := range oauth2.Platform().Asks {
		if ask.Check == nil {
			continue
		}
		for value, good := range map[string]bool{
			"https://vendor.example/x": ask.Name != "auth_method", "http://127.0.0.1:1/x": ask.Name != "auth_method",
			"http://vendor.example": false, "vendor": false, "post": ask.Name == "auth_method",
			"https://vendor.example/?a=b": ask.Name != "auth_method" && ask.Name != "issuer",
		} {
			if err := ask.Check(value); (err == nil) != good {
				t.Errorf("%s %q: %v", ask.Name, value, err)
			}
		}
	}
}
