package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The times and numbers of Google's documents
// (developers.google.com/identity/protocols/oauth2 and its pages).
const (
	googleCodeLife      = 10 * time.Minute
	googleAccessLife    = time.Hour
	googleTestingLife   = 7 * 24 * time.Hour
	googleUnusedLife    = 182 * 24 * time.Hour // "six months"
	googleRefreshTokens = 100                  // per account and client; the oldest ends silently
)

// What Google calls the state of an app.
const (
	googleInternal   = "internal"
	googleTesting    = "testing"
	googleProduction = "production"
)

// The kinds of clients that take part in the code flow.
const (
	googleWeb       = "web"
	googleInstalled = "installed"
)

// googleMailScope is what SMTP, IMAP and POP want, and what includes all else.
const googleMailScope = "https://mail.google.com/"

// googleProject is a Cloud project. All its clients share one consent screen,
// and a revocation ends what any of them was granted.
type googleProject struct {
	id, number, audience string
	org                  string // whose project it is, for the internal audience
	testers              []string
	gmailOff             bool // the Gmail API is not enabled
}

type googleClient struct {
	id, secret, kind string
	name             string
	project          *googleProject
	redirects        []string // exactly; of a web client
	origins          []string
	deleted          bool
}

type googleAccount struct {
	mailbox string
	org     string // Workspace organization; "": a consumer account
	noMail  bool   // without a Gmail licence
	gone    bool   // suspended or deleted
	aliases []string
	forward string // to where copies of its mail go; "": nowhere
}

// googleGrant is what one consent, or one service account's mailbox, gave.
type googleGrant struct {
	client  *googleClient
	account *googleAccount // nil: a service account acting as itself
	scopes  []string
	made    time.Time
	used    time.Time // when last refreshed
	refresh string
	dead    bool
	service bool // of a service account: the project alone is the client's
	project *googleProject
}

type googleAccess struct {
	grant   *googleGrant
	expires time.Time
}

// googleRequest is an authorization request, and then its code.
type googleRequest struct {
	grant              *googleGrant
	state, redirect    string
	challenge, method  string
	offline, consented bool
	again              bool // include_granted_scopes
	expires            time.Time
	used               bool
}

// google is Google's accounts, token and Gmail API servers, for one Workspace
// organization and one consumer account.
//
// It is written from Google's documents for installed and web apps, service
// accounts and the Gmail API; where they leave something open there is a
// switch.
type google struct {
	sb   *Sandbox
	fix  GoogleFixtures
	base struct{ accounts, oauth2, gmail string }

	mails []GoogleMail // taken for delivery

	serviceAccount func() (googleServiceAccount, error)

	mu         sync.Mutex
	clients    map[string]*googleClient
	accounts   []*googleAccount
	pending    map[string]*googleRequest
	codes      map[string]*googleRequest
	grants     []*googleGrant
	access     map[string]*googleAccess
	delegated  map[string][]string // scopes by what stands as client ID on the delegation page
	controls   map[string]string   // the Admin console's app access, by client id
	restricted bool                // Gmail is restricted to trusted apps
	disabled   bool                // the service account
}

// GoogleFixtures belong to the double of Google.
type GoogleFixtures struct {
	Mailbox  string `json:"mailbox"`  // of the organization; a test user of the app in testing
	Other    string `json:"other"`    // another mailbox of the organization
	NoMail   string `json:"no_mail"`  // an account of the organization without Gmail
	Consumer string `json:"consumer"` // of no organization
	Domain   string `json:"domain"`

	DesktopClientID     string `json:"desktop_client_id"` // app in testing
	DesktopClientSecret string `json:"desktop_client_secret"`
	WebClientID         string `json:"web_client_id"` // same project
	WebClientSecret     string `json:"web_client_secret"`
	Callback            string `json:"callback"` // of another system, registered with the web client
	Redirect            string `json:"redirect"` // of deskward, registered too

	InternalClientID       string `json:"internal_client_id"` // desktop, internal audience
	InternalClientSecret   string `json:"internal_client_secret"`
	ProductionClientID     string `json:"production_client_id"` // desktop, in production
	ProductionClientSecret string `json:"production_client_secret"`
	OffClientID            string `json:"off_client_id"` // its project has no Gmail API
	OffClientSecret        string `json:"off_client_secret"`
	OffProject             string `json:"off_project"`
	DeletedClientID        string `json:"deleted_client_id"`

	ServiceAccount   string   `json:"service_account"` // its e-mail address
	ServiceAccountID string   `json:"service_account_id"`
	Scopes           []string `json:"scopes"`

	SMTP  string `json:"smtp"`  // with STARTTLS
	SMTPS string `json:"smtps"` // over TLS
	IMAP  string `json:"imap"`  // over TLS
}

func googleFixtures() GoogleFixtures {
	const tail = ".apps.googleusercontent.com"
	return GoogleFixtures{
		Mailbox: "support@acme.example", Other: "admin@acme.example", NoMail: "robot@acme.example", Consumer: "mina@mail.example", Domain: "acme.example",
		DesktopClientID: "100000000001-sandboxdesktop" + tail, DesktopClientSecret: "GOCSPX-sandbox-desktop",
		WebClientID: "100000000001-sandboxweb" + tail, WebClientSecret: "GOCSPX-sandbox-web",
		Callback: "https://acme.connect.example/callback", Redirect: "http://127.0.0.1:48105/callback/google",
		InternalClientID: "100000000002-sandboxinternal" + tail, InternalClientSecret: "GOCSPX-sandbox-internal",
		ProductionClientID: "100000000003-sandboxproduction" + tail, ProductionClientSecret: "GOCSPX-sandbox-production",
		OffClientID: "100000000004-sandboxoff" + tail, OffClientSecret: "GOCSPX-sandbox-off", OffProject: "acme-without-gmail",
		DeletedClientID: "100000000003-sandboxdeleted" + tail,
		ServiceAccount:  "deskward@acme-internal.iam.gserviceaccount.com", ServiceAccountID: "100000000000000000042",
		Scopes: []string{googleMailScope},
	}
}

func (sb *Sandbox) startGoogle() error {
	g := &google{
		sb: sb, fix: googleFixtures(), clients: map[string]*googleClient{}, pending: map[string]*googleRequest{}, codes: map[string]*googleRequest{},
		access: map[string]*googleAccess{}, delegated: map[string][]string{}, controls: map[string]string{},
	}
	g.serviceAccount = sync.OnceValues(newGoogleServiceAccount)
	f := g.fix
	g.accounts = []*googleAccount{
		{mailbox: f.Mailbox, org: f.Domain, aliases: []string{"help@acme.example"}},
		{mailbox: f.Other, org: f.Domain},
		{mailbox: f.NoMail, org: f.Domain, noMail: true},
		{mailbox: f.Consumer},
	}
	testing := &googleProject{id: "acme-support", number: "100000000001", audience: googleTesting, org: f.Domain, testers: []string{f.Mailbox}}
	internal := &googleProject{id: "acme-internal", number: "100000000002", audience: googleInternal, org: f.Domain}
	production := &googleProject{id: "acme-production", number: "100000000003", audience: googleProduction, org: f.Domain}
	off := &googleProject{id: f.OffProject, number: "100000000004", audience: googleProduction, org: f.Domain, gmailOff: true}
	for _, c := range []*googleClient{
		{id: f.DesktopClientID, secret: f.DesktopClientSecret, kind: googleInstalled, name: "deskward", project: testing},
		{
			id: f.WebClientID, secret: f.WebClientSecret, kind: googleWeb, name: "Acme Connect", project: testing,
			redirects: []string{f.Callback, f.Redirect}, origins: []string{"https://acme.connect.example"},
		},
		{id: f.InternalClientID, secret: f.InternalClientSecret, kind: googleInstalled, name: "Acme desk", project: internal},
		{id: f.ProductionClientID, secret: f.ProductionClientSecret, kind: googleInstalled, name: "Acme mail", project: production},
		{id: f.OffClientID, secret: f.OffClientSecret, kind: googleInstalled, name: "Acme without Gmail", project: off},
		{id: f.DeletedClientID, kind: googleInstalled, project: production, deleted: true},
	} {
		g.clients[c.id] = c
	}
	sb.google = g
	for _, s := range []struct {
		name string
		base *string
		h    http.Handler
	}{
		{"accounts", &g.base.accounts, g.accountsHandler()}, {"oauth2", &g.base.oauth2, g.oauth2Handler()}, {"gmail", &g.base.gmail, g.gmailHandler()},
	} {
		l, base, err := sb.open()
		if err != nil {
			return err
		}
		*s.base = base
		sb.mount(l, "google."+s.name, s.h)
		sb.point("google", s.name, base)
	}
	return g.startMail()
}

// locked runs a handler with the double's state to itself.
func (g *google) locked(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			oauthError(w, http.StatusBadRequest, "invalid_request", "Bad Request")
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		h(w, r)
	}
}

func (g *google) account(mailbox string) *googleAccount {
	i := slices.IndexFunc(g.accounts, func(a *googleAccount) bool { return strings.EqualFold(a.mailbox, mailbox) })
	if i < 0 {
		return nil
	}
	return g.accounts[i]
}

// knownGoogleScope reports whether a scope exists, as far as this double goes.
func knownGoogleScope(s string) bool {
	return slices.Contains(append(googleIdentityScopes(), "https://mail.google.com/",
		"https://www.googleapis.com/auth/gmail.readonly", "https://www.googleapis.com/auth/gmail.compose",
		"https://www.googleapis.com/auth/gmail.insert", "https://www.googleapis.com/auth/gmail.modify",
		"https://www.googleapis.com/auth/gmail.metadata", "https://www.googleapis.com/auth/gmail.settings.basic",
		"https://www.googleapis.com/auth/gmail.settings.sharing", "https://www.googleapis.com/auth/gmail.send",
		"https://www.googleapis.com/auth/gmail.labels", "https://www.googleapis.com/auth/gmail.imap_admin"), s)
}

func googleIdentityScopes() []string {
	return []string{"openid", "https://www.googleapis.com/auth/userinfo.email", "https://www.googleapis.com/auth/userinfo.profile"}
}

// googleScopes reads a scope parameter, with the short names written out as
// Google's answers have them.
func googleScopes(text string) []string {
	var out []string
	for _, s := range strings.Fields(text) {
		switch s {
		case "email", "profile":
			s = "https://www.googleapis.com/auth/userinfo." + s
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// alive reports whether a grant still gives tokens.
func (g *google) alive(gr *googleGrant) bool {
	now := g.sb.clock.Now()
	last := gr.made
	if gr.used.After(last) {
		last = gr.used
	}
	identityOnly := !slices.ContainsFunc(gr.scopes, func(s string) bool { return !slices.Contains(googleIdentityScopes(), s) })
	switch {
	case gr.dead, now.Sub(last) >= googleUnusedLife:
		return false
	case !gr.service && gr.project.audience == googleTesting && !identityOnly && now.Sub(gr.made) >= googleTestingLife:
		return false
	}
	return true
}

// GoogleBearer tells whose mailbox an access token of Google's double opens,
// and with which scopes: for the doubles of its mail servers.
func (sb *Sandbox) GoogleBearer(token string) (mailbox string, scopes []string, ok bool) {
	g := sb.google
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.access[token]
	if a == nil || a.grant.dead || !sb.clock.Now().Before(a.expires) || a.grant.account == nil || a.grant.account.gone {
		return "", nil, false
	}
	return a.grant.account.mailbox, slices.Clone(a.grant.scopes), true
}

// GoogleClientFile is the JSON file that the Cloud console offers for a
// client.
func (sb *Sandbox) GoogleClientFile(clientID string) ([]byte, error) {
	g := sb.google
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.clients[clientID]
	if c == nil {
		return nil, errNoSuchGoogle(clientID)
	}
	body := map[string]any{
		"client_id": c.id, "project_id": c.project.id, "client_secret": c.secret,
		"auth_uri":                    "https://accounts.google.com/o/oauth2/auth",
		"token_uri":                   "https://oauth2.googleapis.com/token",
		"auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
	}
	switch {
	case len(c.redirects) > 0:
		body["redirect_uris"] = c.redirects
	case c.kind == googleInstalled:
		body["redirect_uris"] = []string{"http://localhost"}
	}
	if len(c.origins) > 0 {
		body["javascript_origins"] = c.origins
	}
	return json.Marshal(map[string]any{c.kind: body})
}
