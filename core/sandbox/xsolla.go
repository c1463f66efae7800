package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The times and numbers of Xsolla Login. The length of a code's life and the
// rate limit are in no source: they are ours.
const (
	xsollaIssuer     = "https://login.xsolla.com" // of every token, wherever it comes from
	xsollaJWTLife    = 24 * time.Hour             // per project in the real one; this is its default
	xsollaAccessLife = time.Hour
	xsollaLinkLife   = 10 * time.Minute
	xsollaCodeLife   = time.Minute
	xsollaWindow     = time.Minute
	xsollaInWindow   = 60
	xsollaStateLeast = 8 // a state must be longer
)

// The error codes that sources name. Those for which there is none are xsollaOther.
const (
	xsollaWrongPassword = "003-001"
	xsollaNotActivated  = "003-007"
	xsollaNotFound      = "003-061"
	xsollaCaptcha       = "010-007"
	xsollaNoLoginURL    = "010-011"
	xsollaBadLoginURL   = "010-012"
	xsollaBadToken      = "010-017"
	xsollaRevokedToken  = "010-023"
	xsollaOther         = "000-000"
)

type xsollaProject struct {
	id        string
	secret    string // HS256; "": RS256
	callbacks []string
}

type xsollaClient struct {
	id, secret string // no secret: a public client
	project    string
	redirects  []string
	server     bool // client credentials only
}

type xsollaUser struct {
	id, username, password, name string
	email                        string // "": the network gives none
	types                        string // what the person enters when asked for an e-mail
	provider, socialID           string // of a social user
	inactive, secondFactor       bool
}

// xsollaSignIn is one sign-in under way or ended: a link, a page, a code.
type xsollaSignIn struct {
	user     *xsollaUser
	project  string
	client   *xsollaClient // nil: the JWT variant
	back     string        // callback URL or redirect URI
	state    string
	scopes   []string
	payload  string
	askEmail bool // fields=email
	logout   bool // with_logout=1
	provider string
	expires  time.Time
	used     bool
}

type xsollaToken struct {
	user    *xsollaUser // nil: a server token
	project string
	expires time.Time
	revoked bool
}

type xsollaRefresh struct {
	signIn xsollaSignIn
	used   bool
}

// xsolla is Xsolla Login: one HS256 and one RS256 project with the same users.
// Sources: https://developers.xsolla.com/api/login and
// https://developers.xsolla.com/login-api/jwt-structure; error codes as in
// github.com/xsolla/store-unity-sdk, the hexadecimal key list as in
// github.com/xsolla/login-sdk-go. Which status goes with which code no source
// says: a client must read the code.
type xsolla struct {
	sb   *Sandbox
	fix  XsollaFixtures
	base string

	mu       sync.Mutex
	projects map[string]*xsollaProject
	clients  map[string]*xsollaClient
	users    []*xsollaUser
	links    map[string]*xsollaSignIn // social links, by their secret part
	pages    map[string]*xsollaSignIn // sign-in pages shown
	codes    map[string]*xsollaSignIn
	tokens   map[string]*xsollaToken
	refresh  map[string]*xsollaRefresh
	recent   map[string][]time.Time // calls in the window, by method and path

	rsaOnce sync.Once
	rsaKey  *rsa.PrivateKey
	rsaErr  error
	oldKey  []byte // modulus of a key that signs no more and is still listed
}

func (sb *Sandbox) startXsolla() error {
	l, base, err := sb.open()
	if err != nil {
		return err
	}
	fix := XsollaFixtures{
		ProjectID: "5a9d0c1e-0b7c-4f1e-9a35-0f6b1c2d3e40", Secret: "sandbox-login-project-secret-of-acme-rehearsal",
		RSAProjectID: "7c1e2f30-4d5b-4a68-8c97-1b2a3c4d5e60",
		Callbacks:    []string{"https://shop.acme.example/login/callback", "https://help.acme.example/login/callback"},
		Username:     "visitor", Password: "sandbox-visitor-password", Email: "visitor@acme.example", UserID: "82cd5e0c-c3ff-11e9-b199-000000000001",
		Provider: "google", SocialAccount: "google-1", SocialWithoutEmail: "google-2",
		ClientID: "5001", ClientSecret: "sandbox-login-client-secret",
		Redirects: []string{
			"http://127.0.0.1:48105/callback/xsolla", "http://127.0.0.1:48106/callback/xsolla", "http://127.0.0.1:48107/callback/xsolla",
			"https://shop.acme.example/login/callback",
		},
		PublicClientID: "5002", RSAClientID: "5003",
		ServerClientID: "5009", ServerClientSecret: "sandbox-login-server-secret",
	}
	x := &xsolla{
		sb: sb, fix: fix, base: base + "/api",
		links: map[string]*xsollaSignIn{}, pages: map[string]*xsollaSignIn{}, codes: map[string]*xsollaSignIn{},
		tokens: map[string]*xsollaToken{}, refresh: map[string]*xsollaRefresh{}, recent: map[string][]time.Time{},
		projects: map[string]*xsollaProject{
			fix.ProjectID:    {id: fix.ProjectID, secret: fix.Secret, callbacks: fix.Callbacks},
			fix.RSAProjectID: {id: fix.RSAProjectID, callbacks: fix.Callbacks[:1]},
		},
		clients: map[string]*xsollaClient{
			fix.ClientID:       {id: fix.ClientID, secret: fix.ClientSecret, project: fix.ProjectID, redirects: fix.Redirects},
			fix.PublicClientID: {id: fix.PublicClientID, project: fix.ProjectID, redirects: fix.Redirects},
			fix.RSAClientID:    {id: fix.RSAClientID, project: fix.RSAProjectID, redirects: fix.Redirects},
			fix.ServerClientID: {id: fix.ServerClientID, secret: fix.ServerClientSecret, project: fix.ProjectID, server: true},
		},
		users: []*xsollaUser{
			{id: fix.UserID, username: fix.Username, password: fix.Password, email: fix.Email, name: "Vera Visitor"},
			{id: "82cd5e0c-c3ff-11e9-b199-000000000002", username: "unconfirmed", password: fix.Password, email: "unconfirmed@acme.example", inactive: true},
			{id: "82cd5e0c-c3ff-11e9-b199-000000000003", username: "guarded", password: fix.Password, email: "guarded@acme.example", secondFactor: true},
			{id: "82cd5e0c-c3ff-11e9-b199-000000000004", provider: fix.Provider, socialID: fix.SocialAccount, name: "Sol Social", email: "sol@acme.example"},
			{id: "82cd5e0c-c3ff-11e9-b199-000000000005", provider: fix.Provider, socialID: fix.SocialWithoutEmail, name: "Quinn Quiet", types: "quinn@acme.example"},
		},
		oldKey: make([]byte, 256),
	}
	x.users = append(x.users, loginCast(zendeskCast())...)
	rand.Read(x.oldKey) //nolint:errcheck // it never fails
	x.oldKey[0] |= 0x80
	x.oldKey[255] |= 1
	sb.xsolla = x
	sb.mount(l, "xsolla.login", x.handler())
	sb.point("xsolla", "login", x.base)
	return nil
}

func (x *xsolla) handler() http.Handler {
	mux := http.NewServeMux()
	locked := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			x.mu.Lock()
			defer x.mu.Unlock()
			if x.tooMany(r.Method + " " + r.URL.Path) {
				w.Header().Set("Retry-After", "60")
				x.fail(w, http.StatusTooManyRequests, xsollaOther, "Too many requests.")
				return
			}
			h(w, r)
		}
	}
	for pattern, h := range map[string]http.HandlerFunc{
		"POST /api/login":                                  x.passwordJWT,
		"POST /api/oauth2/login":                           x.passwordCode,
		"POST /api/oauth2/login/token":                     x.passwordToken,
		"GET /api/social/{provider}/login_url":             x.socialLink,
		"GET /api/social/{provider}/login_redirect":        x.socialRedirect,
		"GET /api/oauth2/social/{provider}/login_url":      x.socialLinkOAuth,
		"GET /api/oauth2/social/{provider}/login_redirect": x.socialRedirectOAuth,
		"GET /network":                                     x.page,
		"POST /network":                                    x.decide,
		"POST /api/oauth2/token":                           x.token,
		"POST /api/oauth2/token/revoke":                    x.revoke,
		"POST /api/token/validate":                         x.validate,
		"GET /api/projects/{id}/keys":                      x.keys,
		"GET /api/users/me":                                x.me,
		"GET /api/projects/{id}/users/search":              x.search,
	} {
		mux.HandleFunc(pattern, locked(h))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		x.fail(w, http.StatusNotFound, xsollaOther, "Not found.")
	})
	return mux
}

// tooMany counts calls per method and path; the real one counts per address too.
func (x *xsolla) tooMany(what string) bool {
	now := x.sb.clock.Now()
	list := slices.DeleteFunc(x.recent[what], func(t time.Time) bool { return now.Sub(t) >= xsollaWindow })
	if len(list) < xsollaInWindow {
		list = append(list, now)
		x.recent[what] = list
		return false
	}
	x.recent[what] = list
	return true
}

// fail answers an error in Xsolla's shape.
func (x *xsolla) fail(w http.ResponseWriter, status int, code, description string) {
	if x.sb.is(XsollaStatus422) && status < http.StatusTooManyRequests {
		status = http.StatusUnprocessableEntity
	}
	writeJSON(w, status, map[string]any{"error": map[string]any{"code": code, "description": description}})
}

// credentials reads the body of a password sign-in.
func (x *xsolla) credentials(w http.ResponseWriter, r *http.Request) (*xsollaUser, bool) {
	var body struct {
		Username, Password string
	}
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") || json.NewDecoder(r.Body).Decode(&body) != nil {
		x.fail(w, http.StatusBadRequest, xsollaOther, "The body is not the JSON expected.")
		return nil, false
	}
	if x.sb.is(XsollaCaptcha) {
		x.fail(w, http.StatusForbidden, xsollaCaptcha, "Captcha is required.")
		return nil, false
	}
	i := slices.IndexFunc(x.users, func(u *xsollaUser) bool {
		// People sign in with the user name or the e-mail address.
		return u.password != "" && (u.username == body.Username || u.email == body.Username)
	})
	switch {
	case i < 0 || !same(x.users[i].password, body.Password):
		x.fail(w, http.StatusUnauthorized, xsollaWrongPassword, "Wrong username or password.")
		return nil, false
	case x.users[i].inactive:
		x.fail(w, http.StatusForbidden, xsollaNotActivated, "The user account is not confirmed.")
		return nil, false
	}
	return x.users[i], true
}

// project reads the JWT variant's parameters.
func (x *xsolla) project(w http.ResponseWriter, r *http.Request) (*xsollaSignIn, bool) {
	q := r.URL.Query()
	p := x.projects[q.Get("projectId")]
	if p == nil {
		x.fail(w, http.StatusNotFound, xsollaNotFound, "Project settings were not found.")
		return nil, false
	}
	back := q.Get("login_url")
	switch {
	case back == "" && len(p.callbacks) > 1:
		x.fail(w, http.StatusBadRequest, xsollaNoLoginURL, "There are several login URLs, and none is given.")
		return nil, false
	case back == "":
		back = p.callbacks[0]
	case !slices.Contains(p.callbacks, back):
		x.fail(w, http.StatusBadRequest, xsollaBadLoginURL, "The login URL is not registered.")
		return nil, false
	}
	return &xsollaSignIn{
		project: p.id, back: back, payload: q.Get("payload"), logout: q.Get("with_logout") == "1",
		askEmail: slices.Contains(strings.Split(q.Get("fields"), ","), "email"),
	}, true
}

// oauthClient reads the OAuth 2.0 variant's parameters. No source names the
// codes of what is wrong with them.
func (x *xsolla) oauthClient(w http.ResponseWriter, r *http.Request, code bool) (*xsollaSignIn, bool) {
	q := r.URL.Query()
	c := x.clients[q.Get("client_id")]
	switch {
	case c == nil || c.server:
		x.fail(w, http.StatusNotFound, xsollaNotFound, "The client was not found.")
		return nil, false
	case !slices.Contains(c.redirects, q.Get("redirect_uri")):
		x.fail(w, http.StatusBadRequest, xsollaBadLoginURL, "The redirect URI is not registered.")
		return nil, false
	case code && q.Get("response_type") != "code":
		x.fail(w, http.StatusBadRequest, xsollaOther, "The response type must be code.")
		return nil, false
	case code && len(q.Get("state")) <= xsollaStateLeast:
		x.fail(w, http.StatusBadRequest, xsollaOther, "The state must be longer than 8 characters.")
		return nil, false
	}
	return &xsollaSignIn{
		project: c.project, client: c, back: q.Get("redirect_uri"), state: q.Get("state"), scopes: strings.Fields(q.Get("scope")),
		askEmail: slices.Contains(strings.Split(q.Get("fields"), ","), "email"),
	}, true
}
