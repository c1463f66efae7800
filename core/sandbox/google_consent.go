package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"deskward/core/transport"
)

// accountsHandler is accounts.google.com. Both paths are in use: the newer in
// the documents, the older in downloaded files and in other systems' forms.
func (g *google) accountsHandler() http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/o/oauth2/v2/auth", "/o/oauth2/auth"} {
		mux.HandleFunc("GET "+path, g.locked(g.authorize))
		mux.HandleFunc("POST "+path, g.locked(g.decide))
	}
	return mux
}

// refuse writes the page that Google shows instead of going on: what is wrong
// with a request never reaches the program that made it.
func (g *google) refuse(w http.ResponseWriter, status int, code, detail string) {
	titles := map[string]string{
		"org_internal": "Error 403: org_internal", "access_denied": "Error 403: access_denied",
		"invalid_client": "Error 401: invalid_client", "deleted_client": "Error 401: deleted_client",
	}
	title, ok := titles[code]
	if !ok {
		title = "Error 400: " + code
	}
	writeProblemStatus(w, status, "Access blocked · "+title, detail)
}

// authorize shows the page on which a person chooses an account and agrees.
func (g *google) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	client := g.clients[q.Get("client_id")]
	scopes := googleScopes(q.Get("scope"))
	unknown := func(s string) bool { return !knownGoogleScope(s) }
	switch {
	case q.Get("client_id") == "":
		g.refuse(w, http.StatusBadRequest, "invalid_request", "Missing required parameter: client_id")
	case client == nil:
		g.refuse(w, http.StatusUnauthorized, "invalid_client", "The OAuth client was not found.")
	case client.deleted:
		g.refuse(w, http.StatusUnauthorized, "deleted_client", "The OAuth client was deleted.")
	case g.redirectFault(client, q.Get("redirect_uri")) == "invalid_request":
		g.refuse(w, http.StatusBadRequest, "invalid_request", "You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy for keeping apps secure.")
	case g.redirectFault(client, q.Get("redirect_uri")) != "":
		g.refuse(w, http.StatusBadRequest, "redirect_uri_mismatch", "You can't sign in to this app because it sent an invalid request. redirect_uri="+q.Get("redirect_uri"))
	case q.Get("response_type") != "code":
		g.refuse(w, http.StatusBadRequest, "invalid_request", "Missing required parameter: response_type")
	case len(scopes) == 0:
		g.refuse(w, http.StatusBadRequest, "invalid_request", "Missing required parameter: scope")
	case slices.ContainsFunc(scopes, unknown):
		g.refuse(w, http.StatusBadRequest, "invalid_scope", "Some requested scopes were invalid.")
	case q.Get("code_challenge") != "" && !slices.Contains([]string{"", "plain", "S256"}, q.Get("code_challenge_method")):
		g.refuse(w, http.StatusBadRequest, "invalid_request", "Invalid code challenge method.")
	default:
		g.ask(w, r, client, scopes)
	}
}

func (g *google) ask(w http.ResponseWriter, r *http.Request, client *googleClient, scopes []string) {
	q := r.URL.Query()
	p := &googleRequest{
		grant: &googleGrant{client: client, project: client.project, scopes: scopes},
		state: q.Get("state"), redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), method: q.Get("code_challenge_method"),
		offline: q.Get("access_type") == "offline", consented: slices.Contains(strings.Fields(q.Get("prompt")), "consent"),
		again: q.Get("include_granted_scopes") == "true", expires: g.sb.clock.Now().Add(googleCodeLife),
	}
	if q.Get("prompt") == "none" {
		g.back(w, p, url.Values{"error": {"interaction_required"}})
		return
	}
	id := random(16)
	g.pending[id] = p
	var choose []portal
	for _, a := range g.accounts {
		choose = append(choose, portal{a.mailbox, "Account"})
	}
	// login_hint puts that account first, as if it were signed in.
	slices.SortStableFunc(choose, func(a, b portal) int {
		hint := q.Get("login_hint")
		switch {
		case strings.EqualFold(a.ID, hint) && a.ID != b.ID:
			return -1
		case strings.EqualFold(b.ID, hint) && a.ID != b.ID:
			return 1
		}
		return 0
	})
	writePage(w, http.StatusOK, consentTemplate(), consentPage{
		Service: "Google", Client: client.name, Account: choose[0].ID, Choice: "Account", Portals: choose,
		Scopes: scopes, Action: r.URL.Path, Request: id,
	})
}

// redirectFault is the code of what is wrong with a redirect URI: desktop
// clients take any loopback address and port, web clients exactly what is
// registered with them.
func (g *google) redirectFault(c *googleClient, redirect string) string {
	u, err := url.Parse(redirect)
	switch {
	case redirect == "", err != nil, strings.HasPrefix(redirect, "urn:ietf:wg:oauth:2.0:oob"):
		return "invalid_request"
	case c.kind == googleWeb && slices.Contains(c.redirects, redirect):
		return ""
	case c.kind == googleInstalled && u.Scheme == "http" && transport.IsLoopback(u.Hostname()) && u.User == nil && u.Fragment == "":
		return ""
	}
	return "redirect_uri_mismatch"
}

// decide is the person's answer.
func (g *google) decide(w http.ResponseWriter, r *http.Request) {
	p := g.pending[r.PostForm.Get("request")]
	now := g.sb.clock.Now()
	if p == nil || now.After(p.expires) {
		writeProblem(w, "Expired", "This page was answered or has expired.")
		return
	}
	delete(g.pending, r.PostForm.Get("request"))
	account := g.account(r.PostForm.Get("portal"))
	client := p.grant.client
	switch {
	case account == nil || account.gone:
		writeProblem(w, "Couldn't find your Google Account", "Choose another account.")
		return
	case client.project.audience == googleInternal && account.org != client.project.org:
		g.refuse(w, http.StatusForbidden, "org_internal", "This client is restricted to users within its organization.")
		return
	case client.project.audience == googleTesting && !slices.Contains(client.project.testers, account.mailbox):
		g.refuse(w, http.StatusForbidden, "access_denied", client.name+" has not completed the Google verification process. The app is currently being tested, and can only be accessed by developer-approved testers.")
		return
	case g.policyForbids(account, client.id, p.grant.scopes):
		g.refuse(w, http.StatusBadRequest, "admin_policy_enforced", "Your administrator has not allowed this app to access one or more of the requested services.")
		return
	case r.PostForm.Get("answer") != "allow":
		g.back(w, p, url.Values{"error": {"access_denied"}})
		return
	}
	// A trusted app's page has no boxes: all or nothing.
	if g.controls[client.id] != "trusted" {
		p.grant.scopes = slices.DeleteFunc(p.grant.scopes, func(s string) bool { return !slices.Contains(r.PostForm["granted"], s) })
	}
	if len(p.grant.scopes) == 0 {
		g.back(w, p, url.Values{"error": {"access_denied"}})
		return
	}
	p.grant.account, p.grant.made = account, now
	if p.again {
		for _, old := range g.grants {
			if old.client == client && old.account == account && g.alive(old) {
				p.grant.scopes = googleScopes(strings.Join(append(p.grant.scopes, old.scopes...), " "))
			}
		}
	}
	code := "4/" + random(24)
	p.expires = now.Add(googleCodeLife)
	g.codes[code] = p
	g.back(w, p, url.Values{"code": {code}, "scope": {strings.Join(p.grant.scopes, " ")}})
}

// back sends the browser to the program.
func (g *google) back(w http.ResponseWriter, p *googleRequest, answer url.Values) {
	to, err := url.Parse(p.redirect)
	if err != nil {
		writeProblem(w, "Error 400: invalid_request", "The redirect URI cannot be read.")
		return
	}
	if p.state != "" {
		answer.Set("state", p.state)
	}
	to.RawQuery = answer.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusFound)
}

// policyForbids is the Workspace administrator's say over an app: by the app's
// own setting, else by Gmail being restricted to trusted apps.
func (g *google) policyForbids(a *googleAccount, clientID string, scopes []string) bool {
	gmail := slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(googleIdentityScopes(), s) })
	switch {
	case a == nil || a.org == "":
		return false
	case g.controls[clientID] == "blocked":
		return true
	case g.controls[clientID] == "trusted":
		return false
	}
	return gmail && (g.restricted || g.controls[clientID] == "limited")
}
