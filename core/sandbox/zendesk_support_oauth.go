package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// supportClient is an OAuth client of the Admin Center. One without a secret
// is public, and must use PKCE. An old one was made before refresh tokens: its
// tokens have no end and cannot be refreshed until that ends for all.
type supportClient struct {
	number     int64
	id, secret string
	name       string
	redirects  []string
	old        bool
}

// supportRequest is an authorization request: a page shown, then a code.
type supportRequest struct {
	client    *supportClient
	user      *supportUser
	redirect  string
	state     string
	scopes    []string
	challenge string
	expires   time.Time
	used      bool
}

// supportGrant is a pair of tokens.
type supportGrant struct {
	id             int64
	client         *supportClient
	user           *supportUser
	scopes         []string
	expires        time.Time // of the access token; zero: none
	refreshExpires time.Time
	life           time.Duration // that was asked for, of the pair's successors too
	refreshLife    time.Duration
	dead           bool
}

func (s *support) client(id string) *supportClient {
	if i := slices.IndexFunc(s.clients, func(c *supportClient) bool { return c.id == id }); i >= 0 {
		return s.clients[i]
	}
	return nil
}

// supportScope reports whether a scope exists.
func supportScope(scope string) bool {
	if slices.Contains([]string{"read", "write", "impersonate"}, scope) {
		return true
	}
	resource, verb, ok := strings.Cut(scope, ":")
	return ok && (verb == "read" || verb == "write") && slices.Contains([]string{
		"tickets", "users", "auditlogs", "organizations", "hc", "apps", "triggers", "automations", "targets", "webhooks", "macros", "requests",
		"satisfaction_ratings", "dynamic_content", "any_channel", "web_widget", "zis",
	}, resource)
}

// authorize shows the consent page to the team member who is signed in to the
// browser. What is wrong with the client or the address is a page, too.
func (s *support) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c := s.client(q.Get("client_id"))
	switch {
	case c == nil:
		writeProblem(w, "Invalid Authorization Request", "No such client.")
		return
	case !slices.Contains(c.redirects, q.Get("redirect_uri")):
		writeProblem(w, "Invalid Authorization Request", "The redirect_uri is not one that the client has registered.")
		return
	}
	p := &supportRequest{
		client: c, redirect: q.Get("redirect_uri"), state: q.Get("state"), scopes: strings.Fields(q.Get("scope")), challenge: q.Get("code_challenge"),
		expires: s.sb.clock.Now().Add(10 * time.Minute),
	}
	for _, bad := range []struct {
		is        bool
		code, why string
	}{
		{q.Get("response_type") != "code", "unsupported_response_type", "The authorization server does not support this response type."},
		{len(p.scopes) == 0 || !all(p.scopes, supportScope), "invalid_scope", "The requested scope is invalid, unknown, or malformed."},
		{c.secret == "" && p.challenge == "", "invalid_request", "A public client must send a code_challenge."},
		{p.challenge != "" && q.Get("code_challenge_method") != "S256", "invalid_request", "The code_challenge_method must be S256."},
	} {
		if bad.is {
			s.back(w, p, url.Values{"error": {bad.code}, "error_description": {bad.why}})
			return
		}
	}
	id := random(16)
	s.pages[id] = p
	writePage(w, http.StatusOK, consentTemplate(), consentPage{
		Service: "Zendesk, " + s.fix.Subdomain, Client: c.name, Account: s.fix.Subdomain + ".zendesk.com", Scopes: p.scopes, Whole: true,
		Choice: "Signed in as", Portals: []portal{{"900123450901", "Ada Admin"}, {"900123450902", "Agnes Agent"}, {"900123450903", "Eve Enduser"}},
		Action: "/oauth/authorizations", Request: id,
	})
}

func all[T any](list []T, is func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !is(v) })
}

// back sends the browser to the redirect URI.
func (s *support) back(w http.ResponseWriter, p *supportRequest, answer url.Values) {
	to, err := url.Parse(p.redirect)
	if err != nil {
		writeProblem(w, "Invalid Authorization Request", "The redirect_uri cannot be read.")
		return
	}
	if p.state != "" {
		answer.Set("state", p.state)
	}
	q := to.Query()
	for name := range answer {
		q.Set(name, answer.Get(name))
	}
	to.RawQuery = q.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusFound)
}

func (s *support) decide(w http.ResponseWriter, r *http.Request) {
	p := s.pages[r.PostFormValue("request")]
	if p == nil || s.sb.clock.Now().After(p.expires) {
		writeProblem(w, "Expired", "This page was answered or has expired.")
		return
	}
	delete(s.pages, r.PostFormValue("request"))
	i := slices.IndexFunc(s.users, func(u *supportUser) bool { return strconv.FormatInt(u.id, 10) == r.PostFormValue("portal") })
	if r.PostFormValue("answer") != "allow" || i < 0 {
		s.back(w, p, url.Values{"error": {"access_denied"}, "error_description": {"The end-user or authorization server denied the request."}})
		return
	}
	code := random(24)
	p.user, p.expires = s.users[i], s.sb.clock.Now().Add(supportCodeLife)
	s.codes[code] = p
	s.back(w, p, url.Values{"code": {code}})
}

// tokenError is RFC 6749 §5.2, which Support keeps.
func tokenError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]string{"error": code, "error_description": description})
}

// tokenBody reads the parameters of a token request: JSON, as Zendesk's pages
// have it, or a form.
func (s *support) tokenBody(r *http.Request) (url.Values, bool) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var in map[string]any
		dec := json.NewDecoder(io.LimitReader(r.Body, 1<<16))
		dec.UseNumber()
		if dec.Decode(&in) != nil {
			return nil, false
		}
		out := url.Values{}
		for name, v := range in {
			switch v := v.(type) {
			case string:
				out.Set(name, v)
			case json.Number:
				out.Set(name, v.String())
			}
		}
		return out, true
	}
	if s.sb.is(ZendeskTokensJSONOnly) || r.ParseForm() != nil {
		return nil, false
	}
	return r.PostForm, true
}

// token gives tokens for a code, a refresh token or a client's own secret. The
// password grant is gone.
func (s *support) token(w http.ResponseWriter, r *http.Request) {
	in, ok := s.tokenBody(r)
	if !ok {
		tokenError(w, http.StatusBadRequest, "invalid_request", "The request is missing a required parameter, or is otherwise malformed.")
		return
	}
	c := s.client(in.Get("client_id"))
	fromCode := in.Get("grant_type") == "authorization_code"
	// A confidential client shows its secret; with PKCE, the verifier does too.
	bare := fromCode && in.Get("client_secret") == "" && in.Get("code_verifier") != ""
	if c == nil || !bare && !same(c.secret, in.Get("client_secret")) {
		tokenError(w, http.StatusUnauthorized, "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.")
		return
	}
	g := &supportGrant{client: c}
	if !s.lives(w, in, g) {
		return
	}
	switch in.Get("grant_type") {
	case "authorization_code":
		s.redeem(w, in, g)
	case "refresh_token":
		s.renew(w, in, g)
	case "client_credentials":
		s.machine(w, in, g)
	default:
		tokenError(w, http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server.")
	}
}

// lives reads how long the tokens shall live, within Zendesk's bounds. Those of
// the refresh token are uncertain.
func (s *support) lives(w http.ResponseWriter, in url.Values, g *supportGrant) bool {
	for _, p := range []struct {
		name        string
		least, most time.Duration
		into        *time.Duration
	}{
		{"expires_in", supportShortest + time.Second, supportLongest - time.Second, &g.life},
		{"refresh_token_expires_in", supportRefreshLeast, supportRefreshMost, &g.refreshLife},
	} {
		typed := in.Get(p.name)
		if typed == "" {
			continue
		}
		n, err := strconv.ParseInt(typed, 10, 32)
		d := time.Duration(n) * time.Second
		free := p.name != "expires_in" && s.sb.is(ZendeskRefreshAnyLife)
		if err != nil || !free && (d < p.least || d > p.most) {
			tokenError(w, http.StatusBadRequest, "invalid_request", p.name+" is out of bounds.")
			return false
		}
		*p.into = d
	}
	return true
}

const supportInvalidGrant = "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."

// redeem trades a code. It is gone after the first try, whatever came of it.
func (s *support) redeem(w http.ResponseWriter, in url.Values, g *supportGrant) {
	p := s.codes[in.Get("code")]
	if p == nil || p.client != g.client || p.used || !s.sb.clock.Now().Before(p.expires) {
		tokenError(w, http.StatusBadRequest, "invalid_grant", supportInvalidGrant)
		return
	}
	p.used = true
	// A verifier where no challenge was sent proves nothing.
	verified := p.challenge != "" && challengeFits("S256", p.challenge, in.Get("code_verifier"))
	if in.Get("redirect_uri") != p.redirect || p.challenge != "" && !verified || in.Get("client_secret") == "" && !verified {
		tokenError(w, http.StatusBadRequest, "invalid_grant", supportInvalidGrant)
		return
	}
	g.user, g.scopes = p.user, p.scopes
	s.narrow(w, in, g, true)
}

// renew rotates: both old tokens end at once.
func (s *support) renew(w http.ResponseWriter, in url.Values, g *supportGrant) {
	old := s.refresh[in.Get("refresh_token")]
	if old == nil || old.dead || old.client != g.client || !s.sb.clock.Now().Before(old.refreshExpires) {
		tokenError(w, http.StatusBadRequest, "invalid_grant", supportInvalidGrant)
		return
	}
	g.user, g.scopes = old.user, old.scopes
	if g.life == 0 {
		g.life = old.life
	}
	if g.refreshLife == 0 {
		g.refreshLife = old.refreshLife
	}
	if s.narrow(w, in, g, true) {
		old.dead = true
	}
}

// machine gives a token without a person: it acts as the admin who made the
// client, and only a confidential client gets one.
func (s *support) machine(w http.ResponseWriter, in url.Values, g *supportGrant) {
	if g.client.secret == "" {
		tokenError(w, http.StatusBadRequest, "unauthorized_client", "The client is not authorized to perform this request using this method.")
		return
	}
	g.user, g.scopes = s.users[0], strings.Fields(in.Get("scope"))
	s.narrow(w, in, g, false)
}

// narrow leaves out the scopes that a request does not name, and answers.
func (s *support) narrow(w http.ResponseWriter, in url.Values, g *supportGrant, refreshable bool) bool {
	if asked := strings.Fields(in.Get("scope")); len(asked) > 0 {
		if !all(asked, func(scope string) bool { return supportScope(scope) && slices.Contains(g.scopes, scope) }) {
			tokenError(w, http.StatusBadRequest, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
			return false
		}
		g.scopes = asked
	}
	if len(g.scopes) == 0 {
		tokenError(w, http.StatusBadRequest, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
		return false
	}
	now := s.sb.clock.Now()
	s.made++
	g.id = 700 + s.made
	token := random(32)
	s.access[token] = g
	out := map[string]any{"access_token": token, "token_type": "bearer", "scope": strings.Join(g.scopes, " "), "expires_in": nil}
	if !g.client.old || g.life != 0 || !now.Before(s.dates.mustRefresh) {
		life := g.life
		if life == 0 {
			life = supportAccessLife
		}
		g.expires = now.Add(life)
		out["expires_in"] = int(life.Seconds())
		if refreshable {
			life = g.refreshLife
			if life == 0 {
				life = supportRefreshLife
			}
			g.refreshExpires = now.Add(life)
			refresh := random(32)
			s.refresh[refresh] = g
			out["refresh_token"], out["refresh_token_expires_in"] = refresh, int(life.Seconds())
		}
	}
	writeJSON(w, http.StatusOK, out)
	return true
}
