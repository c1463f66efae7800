package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// The times of the standard provider.
const (
	openidCodeLife   = time.Minute
	openidAccessLife = 10 * time.Minute
	openidDeviceLife = 10 * time.Minute
	openidPollEvery  = 5 * time.Second
)

type openidClient struct {
	id, secret string // no secret: a public client
	name       string
	redirects  []string
	machine    bool // client credentials only
}

// openidFamily is everything that one consent gave. Using a refresh token a
// second time ends all of it (RFC 9700 §4.14.2).
type openidFamily struct {
	client string
	scopes []string
	nonce  string
	made   time.Time
	dead   bool
}

type openidCode struct {
	family              *openidFamily
	redirect, challenge string
	expires             time.Time
	used                bool
}

type openidToken struct {
	family  *openidFamily
	expires time.Time // zero: does not
	used    bool      // a refresh token that was rotated
}

type openidPending struct {
	openidCode
	state, device string
}

type openidDevice struct {
	family   *openidFamily
	userCode string
	expires  time.Time
	polled   time.Time
	every    time.Duration
	answered string
	used     bool
}

// openid is a provider by the book: OpenID Connect Core and Discovery, RFC
// 6749, 7009, 7636, 7662, 8414, 8628, 9207 and 9700. It asks for PKCE from
// everybody, compares redirect URIs exactly (but for the port of loopback
// addresses, RFC 8252 §7.3) and rotates refresh tokens.
type openid struct {
	sb  *Sandbox
	fix OpenIDFixtures
	key *ecdsa.PrivateKey // signs ID tokens

	mu      sync.Mutex
	clients map[string]*openidClient
	pending map[string]*openidPending
	codes   map[string]*openidCode
	access  map[string]*openidToken
	refresh map[string]*openidToken
	devices map[string]*openidDevice
}

func (sb *Sandbox) startOpenID() error {
	l, base, err := sb.open()
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	redirects := []string{"http://127.0.0.1/callback/oauth2", "http://localhost/callback/oauth2"}
	o := &openid{
		sb: sb, key: key,
		fix: OpenIDFixtures{
			Issuer: base, ClientID: "sandbox-client", ClientSecret: "sandbox-client-secret", PublicClientID: "sandbox-public-client",
			Redirects: redirects, AccountEmail: "admin@acme.example", Scopes: []string{"openid", "email", "offline_access"},
			MachineClientID: "sandbox-machine", MachineClientSecret: "sandbox-machine-secret",
		},
		pending: map[string]*openidPending{}, codes: map[string]*openidCode{}, access: map[string]*openidToken{},
		refresh: map[string]*openidToken{}, devices: map[string]*openidDevice{},
	}
	o.clients = map[string]*openidClient{
		o.fix.ClientID:        {id: o.fix.ClientID, secret: o.fix.ClientSecret, name: "deskward", redirects: redirects},
		o.fix.PublicClientID:  {id: o.fix.PublicClientID, name: "deskward (public)", redirects: redirects},
		o.fix.MachineClientID: {id: o.fix.MachineClientID, secret: o.fix.MachineClientSecret, name: "deskward (machine)", machine: true},
	}
	sb.openid = o
	sb.mount(l, "oauth2.issuer", o.handler())
	sb.point("oauth2", "issuer", base)
	return nil
}

func (o *openid) handler() http.Handler {
	mux := http.NewServeMux()
	locked := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				oauthError(w, http.StatusBadRequest, "invalid_request", "the form cannot be read")
				return
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			h(w, r)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", locked(o.discovery))
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", locked(o.discovery))
	mux.HandleFunc("GET /jwks", locked(o.jwks))
	mux.HandleFunc("GET /authorize", locked(o.authorize))
	mux.HandleFunc("POST /authorize", locked(o.decide))
	mux.HandleFunc("POST /token", locked(o.token))
	mux.HandleFunc("GET /userinfo", locked(o.userinfo))
	mux.HandleFunc("POST /revoke", locked(o.revoke))
	mux.HandleFunc("POST /introspect", locked(o.introspect))
	mux.HandleFunc("POST /device_authorization", locked(o.deviceCode))
	mux.HandleFunc("GET /device", locked(o.devicePage))
	return mux
}

func (o *openid) discovery(w http.ResponseWriter, _ *http.Request) {
	at := func(path string) string { return o.fix.Issuer + path }
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                        o.fix.Issuer,
		"authorization_endpoint":        at("/authorize"),
		"token_endpoint":                at("/token"),
		"userinfo_endpoint":             at("/userinfo"),
		"revocation_endpoint":           at("/revoke"),
		"introspection_endpoint":        at("/introspect"),
		"device_authorization_endpoint": at("/device_authorization"),
		"jwks_uri":                      at("/jwks"),
		"scopes_supported":              []string{"openid", "email", "profile", "offline_access", "tickets.read"},
		"response_types_supported":      []string{"code"},
		"subject_types_supported":       []string{"public"},
		"grant_types_supported": []string{
			"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code",
		},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post", "none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"id_token_signing_alg_values_supported":          []string{"ES256"},
		"authorization_response_iss_parameter_supported": !o.sb.is(OpenIDNoIss),
	})
}

// authorize shows the consent page. What is wrong with client or redirect URI
// is a page; what is wrong with the rest goes back to the client.
func (o *openid) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	client := o.clients[q.Get("client_id")]
	switch {
	case client == nil || client.machine:
		writeProblem(w, "Unknown client", "There is no such client.")
		return
	case !client.redirectsTo(q.Get("redirect_uri")):
		writeProblem(w, "Unknown redirect URI", "It is not registered with the client.")
		return
	}
	p := &openidPending{state: q.Get("state"), openidCode: openidCode{
		redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"),
		expires: o.sb.clock.Now().Add(10 * time.Minute),
		family:  &openidFamily{client: client.id, scopes: strings.Fields(q.Get("scope")), nonce: q.Get("nonce")},
	}}
	switch {
	case q.Get("response_type") != "code":
		o.redirect(w, p, url.Values{"error": {"unsupported_response_type"}})
		return
	case p.challenge == "" || q.Get("code_challenge_method") != "S256":
		o.redirect(w, p, url.Values{"error": {"invalid_request"}, "error_description": {"PKCE with S256 is required"}})
		return
	case slices.ContainsFunc(p.family.scopes, func(s string) bool { return !knownOpenIDScope(s) }):
		o.redirect(w, p, url.Values{"error": {"invalid_scope"}})
		return
	}
	o.ask(w, p, client)
}

func knownOpenIDScope(s string) bool {
	return slices.Contains([]string{"openid", "email", "profile", "offline_access", "tickets.read"}, s)
}

func (o *openid) ask(w http.ResponseWriter, p *openidPending, client *openidClient) {
	id := random(16)
	o.pending[id] = p
	writePage(w, http.StatusOK, consentTemplate(), consentPage{
		Service: "OpenID provider", Client: client.name, Account: o.fix.AccountEmail, Scopes: p.family.scopes, Action: "/authorize", Request: id,
	})
}

// redirectsTo compares a redirect URI with the registered ones: exactly, but
// for the port of a loopback address.
func (c *openidClient) redirectsTo(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Fragment != "" {
		return false
	}
	if h := u.Hostname(); h == "127.0.0.1" || h == "localhost" {
		u.Host = h
	}
	return slices.Contains(c.redirects, u.String())
}

// redirect sends the browser back to the client, with state and iss.
func (o *openid) redirect(w http.ResponseWriter, p *openidPending, answer url.Values) {
	back, err := url.Parse(p.redirect)
	if err != nil {
		writeProblem(w, "Unknown redirect URI", "It cannot be read.")
		return
	}
	q := back.Query()
	for name := range answer {
		q.Set(name, answer.Get(name))
	}
	if p.state != "" {
		q.Set("state", p.state)
	}
	if !o.sb.is(OpenIDNoIss) {
		q.Set("iss", o.fix.Issuer)
	}
	back.RawQuery = q.Encode()
	w.Header().Set("Location", back.String())
	w.WriteHeader(http.StatusFound)
}

func (o *openid) decide(w http.ResponseWriter, r *http.Request) {
	p := o.pending[r.PostForm.Get("request")]
	now := o.sb.clock.Now()
	if p == nil || now.After(p.expires) {
		writeProblem(w, "Expired", "This page was answered or has expired.")
		return
	}
	delete(o.pending, r.PostForm.Get("request"))
	p.family.scopes = slices.DeleteFunc(p.family.scopes, func(s string) bool { return !slices.Contains(r.PostForm["granted"], s) })
	p.family.made = now
	allow := r.PostForm.Get("answer") == "allow"
	if p.device != "" {
		d := o.devices[p.device]
		if d.answered = "deny"; allow {
			d.answered = "allow"
		}
		writePage(w, http.StatusOK, template.Must(template.New("done").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Done</title>`+pageStyle+`</head>
<body><p class="mark">SANDBOX</p><h1>Done</h1><p>You can close this page and go back to the device.</p></body></html>
`)), nil)
		return
	}
	if !allow {
		o.redirect(w, p, url.Values{"error": {"access_denied"}})
		return
	}
	code := random(24)
	p.expires = now.Add(openidCodeLife)
	o.codes[code] = &p.openidCode
	o.redirect(w, p, url.Values{"code": {code}})
}

func (o *openid) deviceCode(w http.ResponseWriter, r *http.Request) {
	client, ok := o.client(w, r)
	if !ok {
		return
	}
	scopes := strings.Fields(r.PostForm.Get("scope"))
	if client.machine || slices.ContainsFunc(scopes, func(s string) bool { return !knownOpenIDScope(s) }) {
		oauthError(w, http.StatusBadRequest, "invalid_scope", "")
		return
	}
	code, user := random(24), strings.ToUpper(random(4))
	o.devices[code] = &openidDevice{
		family: &openidFamily{client: client.id, scopes: scopes}, userCode: user, every: openidPollEvery,
		expires: o.sb.clock.Now().Add(openidDeviceLife),
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"device_code": code, "user_code": user, "verification_uri": o.fix.Issuer + "/device",
		"verification_uri_complete": o.fix.Issuer + "/device?user_code=" + user,
		"expires_in":                int(openidDeviceLife.Seconds()), "interval": int(openidPollEvery.Seconds()),
	})
}

func (o *openid) devicePage(w http.ResponseWriter, r *http.Request) {
	typed := strings.ToUpper(strings.TrimSpace(r.URL.Query().Get("user_code")))
	for code, d := range o.devices {
		if typed != "" && d.userCode == typed && d.answered == "" && o.sb.clock.Now().Before(d.expires) {
			o.ask(w, &openidPending{device: code, openidCode: openidCode{family: d.family, expires: d.expires}}, o.clients[d.family.client])
			return
		}
	}
	writePage(w, http.StatusOK, template.Must(template.New("device").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Connect a device</title>`+pageStyle+`</head>
<body><p class="mark">SANDBOX</p><h1>Connect a device</h1>{{if .}}<p><b>The code is wrong, used or has expired.</b></p>{{end}}
<form method="get"><label>Code <input name="user_code" autofocus></label> <button>Continue</button></form></body></html>
`)), typed != "")
}
