package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// client checks the client of a request at a data centre, and answers when it
// is none. Zoho reads it from the parameters, and from Basic too.
func (z *zoho) client(w http.ResponseWriter, r *http.Request, c *zohoCentre) (*zohoClient, bool) {
	id, secret := r.Form.Get("client_id"), r.Form.Get("client_secret")
	if user, pass, ok := r.BasicAuth(); ok && id == "" {
		id, secret = user, pass
	}
	client := z.clients[id]
	if client == nil || !client.in(c.location) {
		zohoError(w, "invalid_client")
		return nil, false
	}
	if !same(client.secret, secret) {
		zohoError(w, "invalid_client_secret")
		return nil, false
	}
	return client, true
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (z *zoho) token(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	if r.Method != http.MethodPost {
		zohoError(w, "general_error")
		return
	}
	client, ok := z.client(w, r, c)
	if !ok {
		return
	}
	switch r.Form.Get("grant_type") {
	case "authorization_code":
		z.redeem(w, r, c, client)
	case "refresh_token":
		z.refresh(w, r, c, client)
	case "client_credentials":
		z.machine(w, r, c, client)
	default:
		zohoError(w, "general_error")
	}
}

// redeem trades a code. It is gone after the first try, whatever came of it.
func (z *zoho) redeem(w http.ResponseWriter, r *http.Request, c *zohoCentre, client *zohoClient) {
	code := z.codes[r.Form.Get("code")]
	if code == nil || code.used || code.client != client.id || code.location != c.location || !z.sb.clock.Now().Before(code.expires) {
		zohoError(w, "invalid_code")
		return
	}
	code.used = true
	if r.Form.Get("redirect_uri") != code.redirect { // a self client's is none
		zohoError(w, "invalid_redirect_uri")
		return
	}
	if code.challenge != "" && !z.sb.is(ZohoIgnoresPKCE) && !challengeFits(code.method, code.challenge, r.Form.Get("code_verifier")) {
		zohoError(w, "invalid_code")
		return
	}
	z.answerTokens(w, z.newGrant(code), c, code.offline || code.self)
}

// challengeFits is RFC 7636 §4.6.
func challengeFits(method, challenge, verifier string) bool {
	if method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return verifier != "" && same(challenge, verifier)
}

func (z *zoho) refresh(w http.ResponseWriter, r *http.Request, c *zohoCentre, client *zohoClient) {
	g := z.grants[r.Form.Get("refresh_token")]
	if g == nil || g.dead || g.client != client.id || g.location != c.location {
		zohoError(w, "invalid_code")
		return
	}
	z.answerTokens(w, g, c, false)
}

// machine gives a token without a person or a refresh token.
func (z *zoho) machine(w http.ResponseWriter, r *http.Request, c *zohoCentre, client *zohoClient) {
	scopes := zohoScopes(r.Form.Get("scope"))
	org, forDesk := strings.CutPrefix(r.Form.Get("soid"), "ZohoSupport.")
	owner := z.users[client.owner]
	switch {
	case client.kind != zohoSelf:
		zohoError(w, "invalid_client")
	case !forDesk:
		zohoError(w, "missing_org_info")
	case !owns(owner, org):
		zohoError(w, "access_denied")
	case len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return !z.knownScope(s) }):
		zohoError(w, "invalid_scope")
	default:
		g := &zohoGrant{client: client.id, user: owner.email, scopes: scopes, portal: org, location: c.location, created: z.sb.clock.Now()}
		z.answerTokens(w, g, c, false)
	}
}

func owns(u *zohoUser, org string) bool {
	return slices.ContainsFunc(u.portals, func(p portal) bool { return p.ID == org })
}

// newGrant makes a refresh token, and ends the person's oldest of this client
// when it is one too many.
func (z *zoho) newGrant(code *zohoCode) *zohoGrant {
	g := &zohoGrant{client: code.client, user: code.user, scopes: code.scopes, portal: code.portal, location: code.location, created: z.sb.clock.Now()}
	if !code.offline && !code.self {
		return g
	}
	var alive []*zohoGrant
	for _, o := range z.order {
		if o.client == g.client && o.user == g.user && !o.dead {
			alive = append(alive, o)
		}
	}
	if len(alive) >= zohoRefreshTokens {
		alive[0].dead = true
	}
	g.token = "1000." + random(16) + "." + random(16)
	z.grants[g.token] = g
	z.order = append(z.order, g)
	return g
}

// answerTokens gives an access token, unless that would be too many.
func (z *zoho) answerTokens(w http.ResponseWriter, g *zohoGrant, c *zohoCentre, withRefresh bool) {
	body, ok := z.mint(w, g)
	if !ok {
		return
	}
	body["api_domain"] = c.apiDomain
	if withRefresh {
		body["refresh_token"] = g.token
	}
	if !z.sb.is(ZohoNoScope) {
		body["scope"] = strings.Join(g.scopes, " ")
	}
	if z.sb.is(ZohoMilliseconds) {
		inMilliseconds(body)
	}
	writeJSON(w, http.StatusOK, body)
}

func inMilliseconds(body map[string]any) {
	body["expires_in_sec"] = int(zohoAccessLife.Seconds())
	body["expires_in"] = zohoAccessLife.Milliseconds()
}

func (z *zoho) mint(w http.ResponseWriter, g *zohoGrant) (map[string]any, bool) {
	now := z.sb.clock.Now()
	g.mints = within(g.mints, now)
	if len(g.mints) >= zohoMintsInWindow {
		g.mints = append(g.mints[1:], now) // trying during the lockout makes it longer
		status := http.StatusOK
		if z.sb.is(ZohoThrottle400) {
			status = http.StatusBadRequest
		}
		writeJSON(w, status, map[string]string{
			"error":             "Access Denied",
			"error_description": "You have made too many requests continuously. Please try again after some time.",
			"status":            "failure",
		})
		return nil, false
	}
	g.mints = append(g.mints, now)
	z.dropOldest(g, now)
	token := "1000." + random(16) + "." + random(16)
	z.access[token] = &zohoAccess{grant: g, made: now, expires: now.Add(zohoAccessLife)}
	return map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(zohoAccessLife.Seconds())}, true
}

// dropOldest makes room for one more access token of a refresh token.
func (z *zoho) dropOldest(g *zohoGrant, now time.Time) {
	var n int
	var oldest string
	for token, a := range z.access {
		if a.grant != g || !now.Before(a.expires) {
			continue
		}
		if n++; oldest == "" || a.made.Before(z.access[oldest].made) {
			oldest = token
		}
	}
	if n >= zohoAccessTokens {
		delete(z.access, oldest)
	}
}

// revokeOld is the form that most of Zoho's pages have: the token alone.
func (z *zoho) revokeOld(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	z.revokeToken(w, r.Form.Get("token"), c, nil)
}

// revokeNew is the newer form, for which the client identifies itself.
func (z *zoho) revokeNew(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	if client, ok := z.client(w, r, c); ok {
		z.revokeToken(w, r.Form.Get("token"), c, client)
	}
}

func (z *zoho) revokeToken(w http.ResponseWriter, token string, c *zohoCentre, client *zohoClient) {
	fits := func(g *zohoGrant) bool {
		return !g.dead && g.location == c.location && (client == nil || g.client == client.id)
	}
	if g := z.grants[token]; g != nil && fits(g) {
		g.dead = true
	} else if a := z.access[token]; a != nil && fits(a.grant) {
		delete(z.access, token)
	} else {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_token"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "success"})
}

func (z *zoho) exchangeSelf(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	z.exchange(w, r, c, true)
}

func (z *zoho) exchangeExternal(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	z.exchange(w, r, c, false)
}

// exchange is authtooauth: it works once for an auth token, which ends a day
// later.
func (z *zoho) exchange(w http.ResponseWriter, r *http.Request, c *zohoCentre, self bool) {
	if z.sb.is(ZohoRetired) {
		writeProblemStatus(w, http.StatusNotFound, "Page not found", "There is nothing at this address.")
		return
	}
	v := r.Form
	if z.sb.is(ZohoQueryOnly) {
		v = r.URL.Query()
	}
	client := z.clients[v.Get("client_id")]
	org, forDesk := strings.CutPrefix(v.Get("soid"), "ZohoSupport.")
	scopes := zohoScopes(v.Get("scope"))
	if client == nil || !client.in(c.location) || !same(client.secret, v.Get("client_secret")) || !self && !client.mapped {
		zohoError(w, "invalid_client")
		return
	}
	if code := z.exchangeFault(v, client, org, forDesk, scopes, self); code != "" {
		if old := z.authtokens[v.Get("authtoken")]; old != nil {
			old.exchanged(false, time.Time{})
		}
		zohoError(w, code)
		return
	}
	old := z.authtokens[v.Get("authtoken")]
	if !self {
		scopes = slices.Clone(z.fix.Scopes) // those settled with support
	}
	now := z.sb.clock.Now()
	g := z.newGrant(&zohoCode{client: client.id, user: old.owner, scopes: scopes, portal: org, location: c.location, offline: true})
	body, ok := z.mint(w, g)
	if !ok {
		return
	}
	old.exchanged(true, now)
	body["refresh_token"] = g.token
	inMilliseconds(body)
	writeJSON(w, http.StatusOK, body)
}

// exchangeFault says why an exchange is refused, in the words of
// https://www.zoho.com/crm/developer/docs/api/self-oauth.html.
func (z *zoho) exchangeFault(v url.Values, client *zohoClient, org string, forDesk bool, scopes []string, self bool) string {
	old := z.authtokens[v.Get("authtoken")]
	switch {
	case v.Get("grant_type") != "authtooauth":
		return "invalid_grant"
	case client.invalid >= zohoInvalidTries:
		return "access_denied" // blocked
	case v.Get("soid") == "":
		return "invalid_request"
	case self && (len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return !z.knownScope(s) })):
		return "invalid_scope"
	case old == nil || !old.dies.IsZero() && !z.sb.clock.Now().Before(old.dies):
		client.invalid++
		return "invalid_authtoken"
	case !old.used.IsZero():
		return "access_denied" // once only
	case !forDesk || org != old.portal:
		return "access_denied"
	case self && old.owner != client.owner:
		return "access_denied"
	case self && slices.ContainsFunc(scopes, func(s string) bool { return !strings.HasPrefix(s, "Desk.") }):
		return "access_denied" // another service's than the auth token's
	}
	return ""
}
