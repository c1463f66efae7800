package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"deskward/core"
)

// oauth2Handler is oauth2.googleapis.com.
func (g *google) oauth2Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", g.locked(g.token))
	mux.HandleFunc("POST /revoke", g.locked(g.revoke))
	mux.HandleFunc("/tokeninfo", g.locked(g.tokeninfo))
	return mux
}

func (g *google) token(w http.ResponseWriter, r *http.Request) {
	switch grant := r.PostForm.Get("grant_type"); grant {
	case "authorization_code", "refresh_token":
		client, ok := g.client(w, r)
		if !ok {
			return
		}
		if grant == "refresh_token" {
			g.refresh(w, r, client)
		} else {
			g.redeem(w, r, client)
		}
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		g.bearerGrant(w, r)
	case "":
		oauthError(w, http.StatusBadRequest, "invalid_request", "Required parameter is missing: grant_type")
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type: "+core.CleanLine(grant))
	}
}

// client authenticates a client by form or Basic, and answers when it cannot.
// An installed app's secret is no secret, and optional.
func (g *google) client(w http.ResponseWriter, r *http.Request) (*googleClient, bool) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		id, secret = user, pass
	}
	c := g.clients[id]
	switch {
	case c == nil:
		oauthError(w, http.StatusUnauthorized, "invalid_client", "The OAuth client was not found.")
	case c.deleted:
		oauthError(w, http.StatusUnauthorized, "deleted_client", "The OAuth client was deleted.")
	case secret == "" && (c.kind == googleWeb || g.sb.is(GoogleWantsSecret)):
		oauthError(w, http.StatusBadRequest, "invalid_request", "client_secret is missing.")
	case secret != "" && !same(secret, c.secret):
		oauthError(w, http.StatusUnauthorized, "invalid_client", "Unauthorized")
	default:
		return c, true
	}
	return nil, false
}

// redeem trades a code, which works once.
func (g *google) redeem(w http.ResponseWriter, r *http.Request, c *googleClient) {
	p := g.codes[r.PostForm.Get("code")]
	switch {
	case p == nil:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Malformed auth code.")
		return
	case p.used, !g.sb.clock.Now().Before(p.expires), p.grant.client != c:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Bad Request")
		return
	}
	p.used = true
	verifier := r.PostForm.Get("code_verifier")
	switch {
	case r.PostForm.Get("redirect_uri") != p.redirect && g.sb.is(GoogleRedirectCode):
		oauthError(w, http.StatusBadRequest, "redirect_uri_mismatch", "Bad Request")
		return
	case r.PostForm.Get("redirect_uri") != p.redirect:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Bad Request")
		return
	case p.challenge != "" && verifier == "":
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Missing code verifier.")
		return
	case p.challenge != "" && !challengeFits(p.method, p.challenge, verifier), p.challenge == "" && verifier != "":
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Invalid code verifier.")
		return
	}
	before := slices.ContainsFunc(g.grants, func(o *googleGrant) bool {
		return o.client == c && o.account == p.grant.account && g.alive(o)
	})
	gives := c.kind == googleInstalled || p.offline && (p.consented || !before)
	if gives {
		g.dropOldestGrant(p.grant)
		p.grant.refresh = "1//" + random(24)
	}
	g.grants = append(g.grants, p.grant)
	g.answerToken(w, p.grant, gives)
}

// dropOldestGrant ends the account's oldest refresh token of the client where
// there would be one too many.
func (g *google) dropOldestGrant(next *googleGrant) {
	var live []*googleGrant
	for _, o := range g.grants {
		if o.client == next.client && o.account == next.account && o.refresh != "" && g.alive(o) {
			live = append(live, o)
		}
	}
	if len(live) >= googleRefreshTokens {
		live[0].dead = true
	}
}

func (g *google) refresh(w http.ResponseWriter, r *http.Request, c *googleClient) {
	token := r.PostForm.Get("refresh_token")
	i := slices.IndexFunc(g.grants, func(o *googleGrant) bool { return token != "" && o.refresh == token })
	switch {
	case token == "":
		oauthError(w, http.StatusBadRequest, "invalid_request", "Missing required parameter: refresh_token")
	case i >= 0 && g.grants[i].client != c:
		oauthError(w, http.StatusUnauthorized, "unauthorized_client", "Unauthorized")
	case g.sb.is(GoogleSessionControl):
		writeJSON(w, http.StatusBadRequest, map[string]string{
			"error": "invalid_grant", "error_description": "reauth related error (invalid_rapt)", "error_subtype": "invalid_rapt",
		})
	case i >= 0 && g.grants[i].account.gone:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Account has been deleted")
	case i < 0 || !g.alive(g.grants[i]):
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Token has been expired or revoked.")
	case g.policyForbids(g.grants[i].account, c.id, g.grants[i].scopes):
		oauthError(w, http.StatusBadRequest, "admin_policy_enforced", "Your administrator has not allowed access to the requested services.")
	default:
		g.grants[i].used = g.sb.clock.Now()
		g.answerToken(w, g.grants[i], false)
	}
}

// answerToken gives an access token. expires_in is a second short, as Google's
// answers have it.
func (g *google) answerToken(w http.ResponseWriter, gr *googleGrant, withRefresh bool) {
	now := g.sb.clock.Now()
	token := "ya29." + random(32)
	g.access[token] = &googleAccess{grant: gr, expires: now.Add(googleAccessLife)}
	body := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(googleAccessLife.Seconds()) - 1}
	if !gr.service {
		body["scope"] = strings.Join(gr.scopes, " ")
	}
	if withRefresh {
		body["refresh_token"] = gr.refresh
		if gr.project.audience == googleTesting && g.sb.is(GoogleSaysEnd) {
			body["refresh_token_expires_in"] = int(googleTestingLife.Seconds()) - 1
		}
	}
	writeJSON(w, http.StatusOK, body)
}

// revoke ends everything that the account granted to the token's project, for
// all of the project's clients.
func (g *google) revoke(w http.ResponseWriter, r *http.Request) {
	token := r.Form.Get("token")
	var of *googleGrant
	if a := g.access[token]; a != nil {
		of = a.grant
	} else if i := slices.IndexFunc(g.grants, func(o *googleGrant) bool { return token != "" && o.refresh == token }); i >= 0 {
		of = g.grants[i]
	}
	if of == nil || of.dead {
		oauthError(w, http.StatusBadRequest, "invalid_token", "Token expired or revoked")
		return
	}
	for _, o := range g.grants {
		if o.account == of.account && o.project == of.project {
			o.dead = true
		}
	}
	of.dead = true
	writeJSON(w, http.StatusOK, map[string]any{})
}

func (g *google) tokeninfo(w http.ResponseWriter, r *http.Request) {
	token := r.Form.Get("access_token")
	if token == "" { // how Google's own client asks
		token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	a := g.access[token]
	now := g.sb.clock.Now()
	if a == nil || a.grant.dead || !now.Before(a.expires) {
		oauthError(w, http.StatusBadRequest, "invalid_token", "Invalid Value")
		return
	}
	body := map[string]string{
		"scope": strings.Join(a.grant.scopes, " "), "exp": strconv.FormatInt(a.expires.Unix(), 10),
		"expires_in": strconv.Itoa(int(a.expires.Sub(now).Seconds())), "access_type": "online",
	}
	if a.grant.refresh != "" {
		body["access_type"] = "offline"
	}
	if a.grant.client != nil {
		body["aud"], body["azp"] = a.grant.client.id, a.grant.client.id
	}
	if a.grant.account != nil && slices.Contains(a.grant.scopes, "https://www.googleapis.com/auth/userinfo.email") {
		body["email"] = a.grant.account.mailbox
	}
	writeJSON(w, http.StatusOK, body)
}

// errNoSuchGoogle says that the double does not have what a test or a
// rehearsal names.
func errNoSuchGoogle(what string) error {
	return &core.Error{Tried: "sandbox", On: core.CleanLine(what), Code: "not-found", Class: core.Usage}
}
