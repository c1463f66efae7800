package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// WebexFixtures belong to the double of Webex Connect: one tenant with an
// e-mail asset that is yet to be filled in, and the client that its admin made
// in Google's project, as yet with a JavaScript origin alone.
type WebexFixtures struct {
	AssetURL     string `json:"asset_url"` // the form
	Callback     string `json:"callback"`  // as the form shows it
	Forwarding   string `json:"forwarding"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	OwnClientID  string `json:"own_client_id"` // a desktop client of the same project
	TenantOwner  string `json:"tenant_owner"`  // who is told that a token can't be renewed
	Service      string `json:"service"`       // of Webex CC
	Organization string `json:"organization"`
	Token        string `json:"token"`      // a personal access token
	WeakToken    string `json:"weak_token"` // one without the scope
}

// webexAsset is what the form holds. What is typed is kept as it was typed.
type webexAsset struct {
	Name, Email                          string
	Auth                                 string // "password" or "oauth2"
	Server, Username, Port, Security     string
	ClientID, ClientSecret               string
	AuthURL, Scope, TokenURL, RefreshURL string
	Other, Login                         string // "Use different email address …"
	Review                               bool   // "explicitly review before providing consent"

	access, refresh string
	valid           time.Time
	Service         string   // of Webex CC; fixed once chosen
	told            []string // to whom was written that the token can't be renewed
}

// webex is the part of Webex Connect that an e-mail asset with OAuth 2.0 is made
// of: the form, its Generate Token button, its callback and the renewal behind
// it (help.webexconnect.io, wxcc-email-asset-creation). The form has no test
// button for OAuth, and does not compare what was typed with anything: a wrong
// port, a wrong URL or another account's token show when replies stay unsent.
type webex struct {
	sb     *Sandbox
	fix    WebexFixtures
	client *http.Client

	mu      sync.Mutex
	asset   webexAsset
	pending map[string]bool // states of Generate Token

	begun time.Time // when the personal access tokens were made
}

func (sb *Sandbox) startWebex() error {
	const origin = "https://acme.connect.example"
	x := &webex{sb: sb, client: &http.Client{Timeout: time.Minute}, pending: map[string]bool{}}
	l, base, err := sb.open()
	if err != nil {
		return err
	}
	g := sb.google
	x.fix = WebexFixtures{
		AssetURL: base + "/assets/email", Callback: base + "/callback", Forwarding: "5f0c0ffee" + random(8) + "@mail.connect.example",
		ClientID: "100000000001-sandboxwebex.apps.googleusercontent.com", ClientSecret: "GOCSPX-sandbox-webex",
		OwnClientID: g.fix.DesktopClientID, TenantOwner: "owner@acme.example", Service: "Acme Contact Center",
		Organization: "00000000-0000-4000-8000-sandboxwebex", Token: "sandbox-webex-pat-" + random(8), WeakToken: "sandbox-webex-weak-" + random(8),
	}
	g.change(func(g *google) {
		g.clients[x.fix.ClientID] = &googleClient{
			id: x.fix.ClientID, secret: x.fix.ClientSecret, kind: googleWeb, name: "Webex Connect",
			project: g.clients[g.fix.WebClientID].project, origins: []string{origin},
		}
	})
	sb.webex = x
	sb.mount(l, "webex.connect", x.handler())
	sb.point("webex", "connect", base)
	return x.startAPI()
}

// resolve leads a URL of Google's, as a person types it into the form, to
// Google's double. Any other URL is left alone, and leads nowhere here.
func (x *webex) resolve(typed string) string {
	for host, base := range map[string]string{
		"https://accounts.google.com": x.sb.google.base.accounts, "https://oauth2.googleapis.com": x.sb.google.base.oauth2,
	} {
		if rest, ok := strings.CutPrefix(typed, host+"/"); ok {
			return base + "/" + rest
		}
	}
	return ""
}

// begin is the Generate Token button: the address of the provider's page, or
// "" where the form stays as it is.
func (x *webex) begin() string {
	a := &x.asset
	to, err := url.Parse(x.resolve(a.AuthURL))
	if err != nil || to.Host == "" {
		return ""
	}
	state := random(16)
	x.pending[state] = true
	q := url.Values{
		"client_id": {a.ClientID}, "redirect_uri": {x.fix.Callback}, "response_type": {"code"}, "scope": {a.Scope}, "state": {state}, "access_type": {"offline"},
	}
	if a.Review {
		q.Set("prompt", "consent")
	}
	login := a.Email
	if a.Other != "" {
		login = a.Login
	}
	if x.sb.is(WebexHintsLogin) && login != "" {
		q.Set("login_hint", login)
	}
	to.RawQuery = q.Encode()
	return to.String()
}

// returned is the callback. What the provider refused leaves the token's fields
// as they were; the form gives no reason.
func (x *webex) returned(r *http.Request) {
	q := r.URL.Query()
	if !x.pending[q.Get("state")] {
		return
	}
	delete(x.pending, q.Get("state"))
	if q.Get("code") == "" {
		return
	}
	body, ok := x.call(x.asset.TokenURL, url.Values{
		"grant_type": {"authorization_code"}, "code": {q.Get("code")}, "redirect_uri": {x.fix.Callback},
	})
	if ok {
		x.asset.refresh = body.Refresh
		x.asset.access, x.asset.valid = body.Access, x.sb.clock.Now().Add(time.Duration(body.ExpiresIn)*time.Second)
	}
}

type webexToken struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	ExpiresIn int    `json:"expires_in"`
}

// renew is what the back end does before an access token ends. When it can't,
// the tenant's owner gets a mail; the asset itself shows nothing.
func (x *webex) renew() bool {
	now := x.sb.clock.Now()
	if x.asset.access != "" && now.Before(x.asset.valid) {
		return true
	}
	if x.asset.refresh != "" {
		if body, ok := x.call(x.asset.RefreshURL, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {x.asset.refresh}}); ok {
			x.asset.access, x.asset.valid = body.Access, now.Add(time.Duration(body.ExpiresIn)*time.Second)
			return true
		}
	}
	if x.asset.access != "" {
		x.asset.told = append(x.asset.told, x.fix.TenantOwner)
		x.asset.access = ""
	}
	return false
}

// WebexReply reports whether a reply of the asset would reach the mail server
// and be taken: Webex Connect itself tells nobody. why is for tests: "port",
// "server", "token" or "account"; "" when it goes out.
func (sb *Sandbox) WebexReply() (why string) {
	x := sb.webex
	x.mu.Lock()
	defer x.mu.Unlock()
	a := &x.asset
	switch {
	case a.Server != "smtp.gmail.com":
		return "server"
	case !slices.Contains([]string{"465 SSL", "587 STARTTLS"}, a.Port+" "+a.Security):
		return "port"
	case !x.renew():
		return "token"
	}
	mailbox, scopes, ok := sb.GoogleBearer(a.access)
	switch {
	case !ok || !slices.Contains(scopes, googleMailScope):
		return "token"
	case !strings.EqualFold(mailbox, a.Username):
		return "account"
	}
	return ""
}

// WebexToldOwner returns to whom Webex Connect wrote that it can't renew.
func (sb *Sandbox) WebexToldOwner() []string {
	sb.webex.mu.Lock()
	defer sb.webex.mu.Unlock()
	return slices.Clone(sb.webex.asset.told)
}
