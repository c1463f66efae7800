package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The times and limits of Zoho's documentation
// (https://www.zoho.com/accounts/protocol/oauth.html).
const (
	zohoCodeLife      = 2 * time.Minute // of an authorization code
	zohoSelfCodeLife  = 3 * time.Minute // of a self client's code, unless another is chosen
	zohoAccessLife    = time.Hour
	zohoDeviceLife    = 5 * time.Minute
	zohoPollEvery     = 30 * time.Second
	zohoWindow        = 10 * time.Minute
	zohoMintsInWindow = 10 // access tokens per refresh token
	zohoCodesInWindow = 10 // authorization codes per client
	zohoRefreshTokens = 20 // per person and client; one more ends the oldest
	zohoAccessTokens  = 15 // per refresh token; one more ends the oldest
	zohoOldTokenLife  = 24 * time.Hour
	zohoInvalidTries  = 20 // invalid auth tokens until a client is blocked
)

// zohoCentre is one data centre of the double.
type zohoCentre struct {
	location       string
	accounts, desk string // base URLs
	apiDomain      string
}

type zohoKind int

const (
	zohoWeb zohoKind = iota
	zohoSelf
	zohoDevice
)

type zohoClient struct {
	id, secret, name string
	kind             zohoKind
	centres          []string // where it is known
	redirects        []string
	owner            string      // e-mail address
	mapped           bool        // Zoho's support made the mapping for external authtooauth
	invalid          int         // invalid auth tokens it has sent
	codes            []time.Time // when authorization codes were given
}

func (c *zohoClient) in(location string) bool { return slices.Contains(c.centres, location) }

type zohoUser struct {
	email, zuid, name string
	home              string // location
	portals           []portal
}

// zohoCode is an authorization code, a self client's code or a device code.
type zohoCode struct {
	client, user, redirect string
	scopes                 []string
	portal, location       string
	challenge, method      string
	offline, self, used    bool
	expires                time.Time
}

// zohoGrant is a refresh token, or the place of one for online access.
type zohoGrant struct {
	token, client, user string
	scopes              []string
	portal, location    string
	created             time.Time
	mints               []time.Time // of access tokens, and of refused tries
	dead                bool
}

type zohoAccess struct {
	grant   *zohoGrant
	made    time.Time
	expires time.Time
}

type zohoAuthtoken struct {
	owner, portal, location string
	used, dies              time.Time
	seen                    ZohoExchange
}

type zohoDeviceCode struct {
	zohoCode
	userCode string
	polled   time.Time
	answered string // "", "allow" or "deny"
}

// zohoPending is a consent page that waits for its answer.
type zohoPending struct {
	zohoCode
	state  string
	device string // device code, when the page is a device's
}

// zoho is the state behind all data centres' hosts: the centres are Zoho's,
// the people and clients are in some of them.
type zoho struct {
	sb      *Sandbox
	fix     ZohoFixtures
	console string

	mu         sync.Mutex
	centres    map[string]*zohoCentre
	clients    map[string]*zohoClient
	users      map[string]*zohoUser
	pending    map[string]*zohoPending
	codes      map[string]*zohoCode
	grants     map[string]*zohoGrant // by refresh token
	order      []*zohoGrant          // as they were made
	access     map[string]*zohoAccess
	authtokens map[string]*zohoAuthtoken
	devices    map[string]*zohoDeviceCode
	credits    int
	creditDay  time.Time
	data       zohoData
}

// zohoDomains are the data centres with what follows "accounts." there, and
// whether zohoapis has the same ending (Canada's has not).
func zohoDomains() [][2]string {
	return [][2]string{
		{"us", "com"},
		{"eu", "eu"},
		{"in", "in"},
		{"au", "com.au"},
		{"jp", "jp"},
		{"ca", "ca"},
		{"sa", "sa"},
		{"uk", "uk"},
		{"cn", "com.cn"},
		{"sg", "sg"},
		{"ae", "ae"},
	}
}

// startZoho opens an accounts host and a Desk host for every data centre, and
// one API console.
func (sb *Sandbox) startZoho() error {
	z := newZoho(sb)
	sb.zoho = z
	for _, d := range zohoDomains() {
		c := &zohoCentre{location: d[0], apiDomain: "https://www.zohoapis." + d[1]}
		accounts, base, err := sb.open()
		if err != nil {
			return err
		}
		c.accounts = base
		sb.mount(accounts, "zoho.accounts", z.accountsHandler(c))
		desk, base, err := sb.open()
		if err != nil {
			return err
		}
		c.desk = base
		sb.mount(desk, "zoho.desk", z.deskHandler(c))
		z.mu.Lock()
		z.centres[c.location] = c
		z.mu.Unlock()
		sb.point("zoho", "accounts."+c.location, c.accounts)
		sb.point("zoho", "desk."+c.location, c.desk)
	}
	console, base, err := sb.open()
	if err != nil {
		return err
	}
	z.console = base
	sb.mount(console, "zoho.console", z.consoleHandler())
	sb.point("zoho", "console", base)
	// What names no data centre, or one that is not here, must stay here too.
	home := z.centres[z.fix.Region]
	sb.point("zoho", "accounts", home.accounts)
	sb.point("zoho", "desk", home.desk)
	return nil
}

func newZoho(sb *Sandbox) *zoho {
	f := ZohoFixtures{
		Region: "eu", OrgID: "60009876543", OrgName: "Acme Europe (rehearsal)", OtherOrgID: "60001112223",
		OwnerEmail:   "admin@acme.example",
		SelfClientID: "1000.SANDBOXSELFCLIENT", SelfClientSecret: "sandbox-self-client-secret",
		WebClientID: "1000.SANDBOXWEBCLIENT", WebClientSecret: "sandbox-web-client-secret",
		Redirects: []string{
			"http://127.0.0.1:48105/callback/zoho", "http://127.0.0.1:48106/callback/zoho", "http://127.0.0.1:48107/callback/zoho",
		},
		DeviceClientID: "1000.SANDBOXDEVICECLIENT", DeviceClientSecret: "sandbox-device-client-secret",
		StrangerClientID: "1000.SANDBOXSTRANGER", StrangerClientSecret: "sandbox-stranger-secret",
		Authtoken: "sandbox-legacy-authtoken-of-acme", SpentAuthtoken: "sandbox-spent-authtoken-of-acme",
		ExternalAuthtoken: "sandbox-external-authtoken-of-acme",
		Scopes:            []string{"Desk.basic.READ", "Desk.tickets.READ"},
	}
	now := sb.clock.Now()
	var everywhere []string
	for _, d := range zohoDomains() {
		if d[0] != "cn" { // a service apart, with clients of its own
			everywhere = append(everywhere, d[0])
		}
	}
	z := &zoho{
		sb: sb, fix: f,
		centres: map[string]*zohoCentre{}, clients: map[string]*zohoClient{}, users: map[string]*zohoUser{},
		pending: map[string]*zohoPending{}, codes: map[string]*zohoCode{}, grants: map[string]*zohoGrant{},
		access: map[string]*zohoAccess{}, devices: map[string]*zohoDeviceCode{},
		authtokens: map[string]*zohoAuthtoken{
			f.Authtoken:         {owner: f.OwnerEmail, portal: f.OrgID, location: f.Region},
			f.SpentAuthtoken:    {owner: f.OwnerEmail, portal: f.OrgID, location: f.Region, used: now.Add(-time.Hour), dies: now.Add(zohoOldTokenLife - time.Hour)},
			f.ExternalAuthtoken: {owner: f.OwnerEmail, portal: f.OrgID, location: f.Region},
		},
		data: newZohoData(f),
	}
	for _, c := range []*zohoClient{
		{id: f.SelfClientID, secret: f.SelfClientSecret, name: "Self Client", kind: zohoSelf, centres: []string{f.Region}, owner: f.OwnerEmail},
		{id: f.WebClientID, secret: f.WebClientSecret, name: "deskward (web)", kind: zohoWeb, centres: everywhere, owner: f.OwnerEmail, redirects: f.Redirects, mapped: true},
		{id: f.DeviceClientID, secret: f.DeviceClientSecret, name: "deskward (device)", kind: zohoDevice, centres: everywhere, owner: f.OwnerEmail},
		{id: f.StrangerClientID, secret: f.StrangerClientSecret, name: "Self Client", kind: zohoSelf, centres: []string{f.Region}, owner: "stranger@other.example"},
	} {
		z.clients[c.id] = c
	}
	z.users[f.OwnerEmail] = &zohoUser{
		email: f.OwnerEmail, zuid: "60009870001", name: "Aiko Admin", home: f.Region,
		portals: []portal{{f.OrgID, f.OrgName}, {f.OtherOrgID, "Acme Outlet (rehearsal)"}},
	}
	z.users["stranger@other.example"] = &zohoUser{
		email: "stranger@other.example", zuid: "60009870002", name: "Sam Stranger", home: f.Region,
		portals: []portal{{"60007770001", "Somebody else (rehearsal)"}},
	}
	return z
}

// zohoScopes splits a scope parameter: commas by the documentation, blanks by
// clients that work.
func zohoScopes(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// knownScope reports whether the double's Zoho has a scope. Case matters.
func (z *zoho) knownScope(s string) bool {
	if s == "AaaServer.profile.READ" {
		return true
	}
	rest, ok := strings.CutPrefix(s, "Desk.")
	if !ok {
		return false
	}
	i := strings.LastIndexByte(rest, '.')
	if i < 0 {
		return false
	}
	resource, op := rest[:i], rest[i+1:]
	if s == "Desk.contacts.ALL" || resource == "accounts" || resource == "webhooks" {
		return z.sb.is(ZohoDisputedScopes)
	}
	return slices.Contains([]string{
		"tickets", "contacts", "tasks", "activities", "activities.calls", "activities.tasks", "calls", "events", "basic",
		"settings", "search", "articles", "products", "custommodule", "extensions",
	}, resource) && slices.Contains([]string{"ALL", "READ", "WRITE", "UPDATE", "CREATE", "DELETE"}, op)
}

// zohoError answers as Zoho's accounts servers do: with status 200.
func zohoError(w http.ResponseWriter, code string) {
	writeJSON(w, http.StatusOK, map[string]string{"error": code})
}
