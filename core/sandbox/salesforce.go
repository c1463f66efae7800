package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"deskward/core"
)

// The times of the double.
const (
	salesforceCodeLife    = 15 * time.Minute
	salesforceSessionLife = 2 * time.Hour // a policy of the org
	salesforceMailTime    = 6 * time.Second
	salesforceGrants      = 5 // live at once, of one user and app
)

// SalesforceApp is the settings of the External Client App, as its owner can
// set them.
type SalesforceApp struct {
	PKCE           bool // isPkceRequired
	PublicClient   bool // isConsumerSecretOptional, and there is none
	Rotates        bool // isRefreshTokenRotationEnabled
	AdminApproved  bool // permittedUsers AdminApprovedPreAuthorized, and nobody is
	PreAuthorized  bool // the user's permission set is on the app
	EndsAtOnce     bool // refreshTokenPolicyType Zero
	CodeFlowOff    bool // the flow is switched off in the OAuth settings
	ClientFlowOff  bool
	NoRunAs        bool // client credentials without a user to run as
	Blocked        bool // by the org's policy
	APIOnlyLicence bool // of the user: no sign-in in a browser
	Scopes         []string
}

type salesforceGrant struct {
	user   string
	scopes []string
	dead   bool
}

type salesforceToken struct {
	grant   *salesforceGrant
	expires time.Time // of a session; zero: of a refresh token
	used    bool      // a refresh token that was rotated
}

type salesforceCode struct {
	grant               *salesforceGrant
	redirect, challenge string
	state               string
	expires             time.Time
}

// salesforce is one production org of Salesforce, with an External Client App
// and Email-to-Case: what its login host, the login host of sandboxes (which
// does not know this org) and its My Domain answer.
type salesforce struct {
	sb       *Sandbox
	fix      SalesforceFixtures
	instance string // base URL of the My Domain
	login    string
	cert     *rsa.PublicKey

	mu      sync.Mutex
	app     SalesforceApp
	pending map[string]*salesforceCode
	codes   map[string]*salesforceCode
	tokens  map[string]*salesforceToken // sessions and refresh tokens
	grants  []*salesforceGrant          // by code, oldest first
	calls   int                         // of the API, today
	limit   int
	setup   SalesforceSetup
	mails   []salesforceMail
	cursors map[string]string // queries that have further pages
}

// SalesforceSetup is what is set up of Email-to-Case.
type SalesforceSetup struct {
	Enabled, OnDemand, ExternalServer bool
	NoMetadata                        bool // the user may not read settings
	Routes                            []SalesforceRoute
	WideVerified                      bool // the mailbox is an organization-wide address, and verified
}

// SalesforceRoute is a routing address with the services address behind it.
type SalesforceRoute struct {
	Address, Type    string
	Verified         bool
	Inactive         bool   // its services address
	FunctionInactive bool   // the service of it
	Senders          string // who alone may send; "": anybody
	DKIM             string // domains whose mail must be signed
	Checked          bool   // the service wants senders authenticated
	Local, Domain    string // of the services address
}

// Services is the address to which mail is forwarded.
func (r SalesforceRoute) Services() string { return r.Local + "@" + r.Domain }

type salesforceMail struct {
	from, to, subject string
	at                time.Time // when it is a case
	number            int
}

func (sb *Sandbox) startSalesforce() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	s := &salesforce{
		sb: sb, cert: &key.PublicKey, limit: 15000,
		pending: map[string]*salesforceCode{}, codes: map[string]*salesforceCode{}, tokens: map[string]*salesforceToken{}, cursors: map[string]string{},
		app: SalesforceApp{PKCE: true, Rotates: true, PreAuthorized: true, Scopes: []string{"api", "refresh_token", "id"}},
		fix: SalesforceFixtures{
			ClientID: "3MVG9.sandbox.deskward.app", ClientSecret: "sandbox-salesforce-secret",
			Username: "mina@acme.example.crm", Email: "mina@acme.example", OrgID: "00D5g000004sandEAA",
			PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
			Redirects:  []string{"http://localhost:48105/callback/salesforce", "http://localhost:48106/callback/salesforce", "http://localhost:48107/callback/salesforce"},
			MyDomain:   "acme.my.salesforce.com", Mailbox: "support@acme.example",
		},
	}
	s.setup = SalesforceSetup{Enabled: true, OnDemand: true, ExternalServer: true, WideVerified: true, Routes: []SalesforceRoute{s.newRoute(true)}}
	for _, host := range []struct {
		service, endpoint string
		base              *string
		here              bool
	}{
		{"salesforce.login", "login.production", &s.login, true},
		{"salesforce.test", "login.sandbox", new(string), false},
		{"salesforce.instance", "mydomain", &s.instance, true},
	} {
		l, base, err := sb.open()
		if err != nil {
			return err
		}
		*host.base = base
		sb.point("salesforce", host.endpoint, base)
		sb.mount(l, host.service, s.handler(host.service, host.here))
	}
	s.fix.Instance = s.instance
	sb.salesforce = s
	return nil
}

func (s *salesforce) newRoute(verified bool) SalesforceRoute {
	return SalesforceRoute{
		Address: s.fix.Mailbox, Type: "GmailOAuth", Verified: verified,
		Local: "support", Domain: "1a2b3c4d5e6f7g8h.5g-4sandeaa.na1.case.salesforce.example",
	}
}

// handler serves one host. A host that does not know the org (here is false)
// knows neither its app nor its sessions.
func (s *salesforce) handler(service string, here bool) http.Handler {
	mux := http.NewServeMux()
	locked := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			h(w, r)
		}
	}
	form := func(h func(http.ResponseWriter, *http.Request, bool)) http.HandlerFunc {
		return locked(func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				oauthError(w, http.StatusBadRequest, "invalid_request", "the form cannot be read")
				return
			}
			h(w, r, here)
		})
	}
	mux.HandleFunc("GET /services/oauth2/authorize", form(s.authorize))
	mux.HandleFunc("POST /services/oauth2/allow", form(s.decide))
	mux.HandleFunc("POST /services/oauth2/token", form(func(w http.ResponseWriter, r *http.Request, here bool) {
		s.token(w, r, here, service == "salesforce.instance")
	}))
	mux.HandleFunc("POST /services/oauth2/revoke", form(s.revoke))
	mux.HandleFunc("POST /services/oauth2/introspect", form(s.introspect))
	mux.HandleFunc("GET /services/oauth2/userinfo", locked(s.userinfo))
	if service == "salesforce.instance" {
		s.api(mux, locked)
	}
	return mux
}

// SetSalesforceApp lets fn change the settings of the app.
func (sb *Sandbox) SetSalesforceApp(fn func(*SalesforceApp)) {
	sb.salesforce.mu.Lock()
	defer sb.salesforce.mu.Unlock()
	fn(&sb.salesforce.app)
}

// SetSalesforce lets fn change what is set up of Email-to-Case, as an admin does
// in Setup.
func (sb *Sandbox) SetSalesforce(fn func(*SalesforceSetup)) {
	sb.salesforce.mu.Lock()
	defer sb.salesforce.mu.Unlock()
	fn(&sb.salesforce.setup)
}

// SalesforceRoute returns a new routing address of the mailbox, whose ownership
// nobody has confirmed yet.
func (sb *Sandbox) SalesforceRoute() SalesforceRoute { return sb.salesforce.newRoute(false) }

// SetSalesforceLimit says how many calls of the API the org has left today.
func (sb *Sandbox) SetSalesforceLimit(left int) {
	sb.salesforce.mu.Lock()
	defer sb.salesforce.mu.Unlock()
	sb.salesforce.limit = sb.salesforce.calls + left
}

// EndSalesforceSessions ends every session, as an admin or a policy does; the
// refresh tokens stay.
func (sb *Sandbox) EndSalesforceSessions() {
	s := sb.salesforce
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		if !t.expires.IsZero() {
			t.expires = sb.clock.Now()
		}
	}
}

// SalesforceMail hands a mail to the org, as the forwarding of a mailbox does.
// It becomes a case some seconds later. It fails with code
// sandbox.mail-refused where the org would not take it.
func (sb *Sandbox) SalesforceMail(from, to, subject string) error {
	s := sb.salesforce
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.setup.Routes {
		if !strings.EqualFold(r.Services(), to) {
			continue
		}
		taken := s.setup.Enabled && s.setup.OnDemand && r.Verified && !r.Inactive && !r.FunctionInactive
		_, domain, _ := strings.Cut(from, "@")
		senders := strings.FieldsFunc(r.Senders, func(c rune) bool { return c == ',' || c == ' ' })
		if taken && (len(senders) == 0 || slices.Contains(senders, from) || slices.Contains(senders, domain)) {
			s.mails = append(s.mails, salesforceMail{from, r.Address, subject, sb.clock.Now().Add(salesforceMailTime), len(s.mails) + 1})
			return nil
		}
	}
	return &core.Error{Tried: "sandbox", On: core.CleanLine(to), Code: "sandbox.mail-refused", Class: core.Refused}
}
