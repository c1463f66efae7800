package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The times of Chat's OAuth are ours: no page has them.
const (
	chatCodeLife    = 2 * time.Minute
	chatAccessLife  = 30 * 24 * time.Hour
	chatRefreshLife = 90 * 24 * time.Hour
)

// chatClient is an API client of the Chat dashboard. All have a secret; which
// of them is confidential, only the API can say.
type chatClient struct {
	number       int
	id, secret   string
	name         string
	redirects    []string
	confidential bool
}

// chatRequest is an authorization request: a page shown, then a code.
type chatRequest struct {
	client    *chatClient
	redirect  string
	state     string
	kind      string // response_type
	scopes    []string
	challenge string
	method    string
	admin     bool
	expires   time.Time
	used      bool
}

type chatGrant struct {
	client         *chatClient
	admin          bool
	scopes         []string
	expires        time.Time // zero: no end
	refreshExpires time.Time
	dead           bool
}

func (c *chat) client(id string) *chatClient {
	if i := slices.IndexFunc(c.clients, func(k *chatClient) bool { return k.id == id }); i >= 0 {
		return c.clients[i]
	}
	return nil
}

// authorize shows the consent page of both flows, by code and, older, by a
// token at once.
func (c *chat) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	k := c.client(q.Get("client_id"))
	old := !strings.HasPrefix(r.URL.Path, "/oauth2/chat/")
	switch {
	case k == nil:
		writeProblem(w, "Invalid client", "No Chat API client has this id.")
		return
	case old && q.Get("subdomain") != c.fix.Subdomain:
		writeProblem(w, "Unknown account", "The parameter subdomain must name your Zendesk account.")
		return
	case !slices.Contains(k.redirects, q.Get("redirect_uri")):
		writeProblem(w, "Invalid redirect URL", "The redirect URL is not one of the API client's.")
		return
	}
	p := &chatRequest{
		client: k, redirect: q.Get("redirect_uri"), state: q.Get("state"), kind: q.Get("response_type"), scopes: strings.Fields(q.Get("scope")),
		challenge: q.Get("code_challenge"), method: q.Get("code_challenge_method"), expires: c.sb.clock.Now().Add(10 * time.Minute),
	}
	switch {
	case p.kind != "code" && p.kind != "token":
		c.back(w, p, url.Values{"error": {"unsupported_response_type"}})
		return
	case len(p.scopes) == 0 || !all(p.scopes, chatScope):
		c.back(w, p, url.Values{"error": {"invalid_scope"}})
		return
	}
	id := random(16)
	c.pages[id] = p
	writePage(w, http.StatusOK, consentTemplate(), consentPage{
		Service: "Zendesk Chat, " + c.fix.Subdomain, Client: k.name, Account: c.fix.Subdomain, Scopes: p.scopes, Whole: true,
		Choice: "Signed in as", Portals: []portal{{"5001", "Ada Admin"}, {"5002", "Agnes Agent"}},
		Action: "/oauth2/chat/authorizations", Request: id,
	})
}

func chatScope(s string) bool { return s == "read" || s == "write" || s == "chat" }

// back sends the browser to the redirect URL: a token goes behind the "#".
func (c *chat) back(w http.ResponseWriter, p *chatRequest, answer url.Values) {
	to, err := url.Parse(p.redirect)
	if err != nil {
		writeProblem(w, "Invalid redirect URL", "It cannot be read.")
		return
	}
	if p.state != "" {
		answer.Set("state", p.state)
	}
	if p.kind == "token" {
		to.Fragment = ""
		w.Header().Set("Location", to.String()+"#"+answer.Encode())
		w.WriteHeader(http.StatusFound)
		return
	}
	q := to.Query()
	for name := range answer {
		q.Set(name, answer.Get(name))
	}
	to.RawQuery = q.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusFound)
}

func (c *chat) decide(w http.ResponseWriter, r *http.Request) {
	p := c.pages[r.PostFormValue("request")]
	now := c.sb.clock.Now()
	if p == nil || now.After(p.expires) {
		writeProblem(w, "Expired", "This page was answered or has expired.")
		return
	}
	delete(c.pages, r.PostFormValue("request"))
	if r.PostFormValue("answer") != "allow" {
		c.back(w, p, url.Values{"error": {"access_denied"}})
		return
	}
	p.admin = r.PostFormValue("portal") == "5001"
	if p.kind == "token" {
		token := random(32)
		c.access[token] = &chatGrant{client: p.client, admin: p.admin, scopes: p.scopes}
		c.back(w, p, url.Values{"access_token": {token}, "token_type": {"Bearer"}, "scope": {strings.Join(p.scopes, " ")}})
		return
	}
	code := random(24)
	p.expires = now.Add(chatCodeLife)
	c.codes[code] = p
	c.back(w, p, url.Values{"code": {code}})
}

// token takes a form. A refresh token seems to be good for one time.
func (c *chat) token(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil {
		tokenError(w, http.StatusBadRequest, "invalid_request", "The body cannot be read.")
		return
	}
	in, now := r.PostForm, c.sb.clock.Now()
	k := c.client(in.Get("client_id"))
	if k == nil || !same(k.secret, in.Get("client_secret")) {
		tokenError(w, http.StatusUnauthorized, "invalid_client", "Client authentication failed.")
		return
	}
	g := &chatGrant{client: k}
	switch in.Get("grant_type") {
	case "authorization_code":
		p := c.codes[in.Get("code")]
		if p == nil || p.used || p.client != k || !now.Before(p.expires) {
			tokenError(w, http.StatusBadRequest, "invalid_grant", "The code is invalid or has expired.")
			return
		}
		p.used = true
		if in.Get("redirect_uri") != p.redirect || c.sb.is(ZendeskChatPKCE) && p.challenge != "" && !challengeFits(p.method, p.challenge, in.Get("code_verifier")) {
			tokenError(w, http.StatusBadRequest, "invalid_grant", "The code is invalid or has expired.")
			return
		}
		g.admin, g.scopes = p.admin, p.scopes
	case "refresh_token":
		old := c.refresh[in.Get("refresh_token")]
		if old == nil || old.dead || old.client != k || !now.Before(old.refreshExpires) {
			tokenError(w, http.StatusBadRequest, "invalid_grant", "The refresh token is invalid.")
			return
		}
		old.dead = true
		g.admin, g.scopes = old.admin, old.scopes
	case "client_credentials":
		g.admin, g.scopes = true, strings.Fields(in.Get("scope"))
		switch {
		case !k.confidential:
			tokenError(w, http.StatusBadRequest, "unauthorized_client", "The client is not confidential.")
			return
		case len(g.scopes) == 0 || !all(g.scopes, chatScope):
			tokenError(w, http.StatusBadRequest, "invalid_scope", "The scope is unknown.")
			return
		}
	default:
		tokenError(w, http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported.")
		return
	}
	c.answerTokens(w, g, in.Get("grant_type") != "client_credentials")
}

// answerTokens gives a pair. Whether there is a refresh token, and an end, one
// source says and the others do not.
func (c *chat) answerTokens(w http.ResponseWriter, g *chatGrant, refreshable bool) {
	now := c.sb.clock.Now()
	token := random(32)
	c.access[token] = g
	out := map[string]any{"access_token": token, "token_type": "Bearer", "scope": strings.Join(g.scopes, " ")}
	if !c.sb.is(ZendeskChatEndless) {
		g.expires = now.Add(chatAccessLife)
		out["expires_in"] = int(chatAccessLife.Seconds())
		if refreshable {
			g.refreshExpires = now.Add(chatRefreshLife)
			refresh := random(32)
			c.refresh[refresh] = g
			out["refresh_token"] = refresh
		}
	}
	writeJSON(w, http.StatusOK, out)
}

func (k *chatClient) shown() map[string]any {
	kind := "public"
	if k.confidential {
		kind = "confidential"
	}
	return map[string]any{"id": k.number, "client_identifier": k.id, "name": k.name, "client_type": kind, "redirect_uris": strings.Join(k.redirects, "\n")}
}

func (c *chat) listClients(w http.ResponseWriter, _ *http.Request) {
	out := []map[string]any{}
	for _, k := range c.clients {
		out = append(out, k.shown())
	}
	writeJSON(w, http.StatusOK, out)
}

// changeClient is the only way to make a client confidential.
func (c *chat) changeClient(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ClientType string `json:"client_type"`
	}
	if !chatJSON(w, r, &in) {
		return
	}
	i := slices.IndexFunc(c.clients, func(k *chatClient) bool { return strconv.Itoa(k.number) == r.PathValue("id") })
	switch {
	case i < 0:
		chatError(w, http.StatusNotFound, "Not Found", "The client was not found.")
	case in.ClientType != "public" && in.ClientType != "confidential":
		chatError(w, http.StatusBadRequest, "Bad Request", "The client_type must be public or confidential.")
	default:
		c.clients[i].confidential = in.ClientType == "confidential"
		writeJSON(w, http.StatusOK, c.clients[i].shown())
	}
}
