package sandbox

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// authorize shows the consent page, or what is wrong: on a page where the
// redirect cannot be trusted or the org would not let the person in, else in
// the redirect.
func (s *salesforce) authorize(w http.ResponseWriter, r *http.Request, here bool) {
	q := r.URL.Query()
	page := func(code, detail string) { writeProblem(w, code, "error="+code+"&error_description="+detail) }
	scopes := strings.Fields(q.Get("scope"))
	if len(scopes) == 0 {
		scopes = s.app.Scopes
	}
	switch {
	case !here || q.Get("client_id") != s.fix.ClientID:
		page("invalid_client_id", "client identifier invalid")
		return
	case q.Get("redirect_uri") == "":
		page("redirect_uri_missing", "redirect_uri is missing")
		return
	case !slices.Contains(s.fix.Redirects, q.Get("redirect_uri")):
		page("redirect_uri_mismatch", "redirect_uri must match configuration")
		return
	case s.app.Blocked:
		page("app_blocked", "this app is blocked by admin")
		return
	case s.app.AdminApproved && !s.app.PreAuthorized:
		page("invalid_app_access", "user is not admin approved to access this app")
		return
	case s.app.APIOnlyLicence || slices.ContainsFunc(scopes, func(c string) bool { return !slices.Contains(s.app.Scopes, c) }):
		page("OAUTH_APPROVAL_ERROR_GENERIC", "An unexpected error has occurred during authentication")
		return
	}
	p := &salesforceCode{
		redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), state: q.Get("state"),
		grant: &salesforceGrant{user: s.fix.Username, scopes: scopes}, expires: s.sb.clock.Now().Add(salesforceCodeLife),
	}
	switch {
	case q.Get("response_type") != "code":
		s.back(w, p, url.Values{"error": {"unsupported_response_type"}, "error_description": {"response type not supported"}})
	case s.app.CodeFlowOff:
		s.back(w, p, url.Values{"error": {"oauth_flow_disabled"}, "error_description": {"the flow is disabled for this app"}})
	case s.app.PKCE && p.challenge == "":
		s.back(w, p, url.Values{"error": {"invalid_request"}, "error_description": {"missing required code challenge"}})
	case p.challenge != "" && (len(p.challenge) != 43 || q.Get("code_challenge_method") != "S256"):
		s.back(w, p, url.Values{"error": {"invalid_request"}, "error_description": {"invalid code challenge"}})
	default:
		id := random(16)
		s.pending[id] = p
		writePage(w, http.StatusOK, consentTemplate(), consentPage{
			Service: "Salesforce", Client: "deskward", Account: s.fix.Username, Scopes: scopes, Action: "/services/oauth2/allow", Request: id,
		})
	}
}

// back sends the browser back to the client.
func (s *salesforce) back(w http.ResponseWriter, p *salesforceCode, answer url.Values) {
	if p.state != "" {
		answer.Set("state", p.state)
	}
	w.Header().Set("Location", p.redirect+"?"+answer.Encode())
	w.WriteHeader(http.StatusFound)
}

func (s *salesforce) decide(w http.ResponseWriter, r *http.Request, _ bool) {
	p := s.pending[r.PostForm.Get("request")]
	if p == nil || s.sb.clock.Now().After(p.expires) {
		writeProblem(w, "Expired", "This page was answered or has expired.")
		return
	}
	delete(s.pending, r.PostForm.Get("request"))
	if r.PostForm.Get("answer") != "allow" {
		s.back(w, p, url.Values{"error": {"access_denied"}, "error_description": {"end-user denied authorization"}})
		return
	}
	code := "aPrx" + random(24)
	s.codes[code] = p
	s.back(w, p, url.Values{"code": {code}})
}

// refuse errs as the token endpoint does: always with status 400.
func (s *salesforce) refuse(w http.ResponseWriter, code, description string) {
	oauthError(w, http.StatusBadRequest, code, description)
}

func (s *salesforce) token(w http.ResponseWriter, r *http.Request, here, mydomain bool) {
	form := r.PostForm
	grant := form.Get("grant_type")
	if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		s.assertion(w, form.Get("assertion"), here)
		return
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	switch {
	case !here || id != s.fix.ClientID:
		s.refuse(w, "invalid_client_id", "client identifier invalid")
		return
	case s.app.PublicClient != (secret == "") || secret != "" && !same(secret, s.fix.ClientSecret):
		s.refuse(w, "invalid_client", "invalid client credentials")
		return
	}
	switch grant {
	case "authorization_code":
		s.redeem(w, form)
	case "refresh_token":
		s.renew(w, form.Get("refresh_token"))
	case "client_credentials":
		s.clientCredentials(w, mydomain)
	default:
		s.refuse(w, "unsupported_grant_type", "grant type not supported")
	}
}

func (s *salesforce) redeem(w http.ResponseWriter, form url.Values) {
	code := s.codes[form.Get("code")]
	delete(s.codes, form.Get("code"))
	switch {
	case code == nil || s.sb.clock.Now().After(code.expires):
		s.refuse(w, "invalid_grant", "expired authorization code")
	case code.redirect != form.Get("redirect_uri"):
		s.refuse(w, "redirect_uri_mismatch", "redirect_uri must match configuration")
	case code.challenge != "" && !challengeFits("S256", code.challenge, form.Get("code_verifier")):
		s.refuse(w, "invalid_grant", "invalid code verifier")
	default:
		s.grants = append(s.grants, code.grant)
		live := 0
		for i := len(s.grants) - 1; i >= 0; i-- {
			if !s.grants[i].dead {
				if live++; live > salesforceGrants {
					s.grants[i].dead = true // the sixth ends the oldest
				}
			}
		}
		s.give(w, code.grant, true)
	}
}

// renew trades a refresh token. One that was rotated away is in two hands.
func (s *salesforce) renew(w http.ResponseWriter, token string) {
	t := s.tokens[token]
	if t == nil || !t.expires.IsZero() || t.used || t.grant.dead || s.app.EndsAtOnce {
		if t != nil && t.used {
			t.grant.dead = true
		}
		s.refuse(w, "invalid_grant", "expired access/refresh token")
		return
	}
	t.used = s.app.Rotates
	s.give(w, t.grant, s.app.Rotates)
}

func (s *salesforce) clientCredentials(w http.ResponseWriter, mydomain bool) {
	switch {
	case !mydomain:
		s.refuse(w, "invalid_grant", "request not supported on this domain")
	case s.app.ClientFlowOff:
		s.refuse(w, "oauth_flow_disabled", "the flow is disabled for this app")
	case s.app.NoRunAs:
		s.refuse(w, "invalid_grant", "no client credentials user enabled")
	default:
		s.give(w, &salesforceGrant{user: s.fix.Username, scopes: s.app.Scopes}, false)
	}
}

// assertion answers the JWT bearer flow. There is no refresh token.
func (s *salesforce) assertion(w http.ResponseWriter, signed string, here bool) {
	now := s.sb.clock.Now()
	claims := jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(signed, &claims, func(*jwt.Token) (any, error) { return s.cert, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithExpirationRequired())
	audience := "https://login.salesforce.com"
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		s.refuse(w, "invalid_grant", "invalid assertion")
	case !here || claims.Issuer != s.fix.ClientID:
		s.refuse(w, "invalid_client_id", "client identifier invalid")
	case errors.Is(err, jwt.ErrTokenExpired) || err == nil && claims.ExpiresAt.Sub(now) > 5*time.Minute:
		s.refuse(w, "invalid_grant", "assertion is not valid at this time")
	case err != nil:
		s.refuse(w, "invalid_grant", "invalid assertion")
	case !slices.Contains(claims.Audience, audience):
		s.refuse(w, "invalid_grant", "audience is invalid")
	case claims.Subject != s.fix.Username || !s.app.PreAuthorized:
		s.refuse(w, "invalid_grant", "user hasn't approved this consumer")
	default:
		s.give(w, &salesforceGrant{user: claims.Subject, scopes: s.app.Scopes}, false)
	}
}

// give answers with a session and, where the flow, the scope and the policy
// allow, a refresh token. It does not say when the session ends.
func (s *salesforce) give(w http.ResponseWriter, g *salesforceGrant, refresh bool) {
	now := s.sb.clock.Now()
	access := s.fix.OrgID[:15] + "!" + random(24)
	s.tokens[access] = &salesforceToken{grant: g, expires: now.Add(salesforceSessionLife)}
	body := map[string]any{
		"access_token": access, "token_type": "Bearer", "instance_url": s.instance, "scope": strings.Join(g.scopes, " "),
		"id": s.login + "/id/" + s.fix.OrgID + "/0055g00000sandAAA", "issued_at": strconv.FormatInt(now.UnixMilli(), 10), "signature": random(16),
	}
	if s.sb.is(SalesforceForeignInstance) {
		body["instance_url"] = "https://stranger.example"
	}
	if refresh && !s.app.EndsAtOnce && slices.Contains(g.scopes, "refresh_token") {
		token := "5Aep" + random(24)
		s.tokens[token] = &salesforceToken{grant: g}
		body["refresh_token"] = token
	}
	writeJSON(w, http.StatusOK, body)
}

// revoke ends a session alone, or with a refresh token everything of its grant.
func (s *salesforce) revoke(w http.ResponseWriter, r *http.Request, _ bool) {
	token := r.Form.Get("token")
	t := s.tokens[token]
	switch {
	case t == nil || t.grant.dead:
		s.refuse(w, "invalid_token", "invalid token")
	case t.expires.IsZero():
		t.grant.dead = true
		w.WriteHeader(http.StatusOK)
	default:
		delete(s.tokens, token)
		w.WriteHeader(http.StatusOK)
	}
}

func (s *salesforce) introspect(w http.ResponseWriter, r *http.Request, here bool) {
	if !here || r.PostForm.Get("client_id") != s.fix.ClientID || !same(r.PostForm.Get("client_secret"), s.fix.ClientSecret) {
		s.refuse(w, "invalid_client", "invalid client credentials")
		return
	}
	t := s.tokens[r.PostForm.Get("token")]
	if t == nil || t.used || t.grant.dead || !t.expires.IsZero() && s.sb.clock.Now().After(t.expires) {
		writeJSON(w, http.StatusOK, map[string]bool{"active": false})
		return
	}
	body := map[string]any{"active": true, "client_id": s.fix.ClientID, "username": t.grant.user, "scope": strings.Join(t.grant.scopes, " ")}
	if !t.expires.IsZero() {
		body["exp"], body["token_type"] = t.expires.Unix(), "access_token"
	}
	writeJSON(w, http.StatusOK, body)
}

// session returns the grant of a live session.
func (s *salesforce) session(token string) *salesforceGrant {
	t := s.tokens[token]
	if t == nil || t.expires.IsZero() || t.grant.dead || !s.sb.clock.Now().Before(t.expires) {
		return nil
	}
	return t.grant
}

func bearerOf(r *http.Request) string {
	for _, scheme := range []string{"Bearer ", "OAuth "} {
		if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), scheme); ok {
			return token
		}
	}
	return ""
}

func (s *salesforce) userinfo(w http.ResponseWriter, r *http.Request) {
	g := s.session(bearerOf(r))
	switch {
	case g == nil:
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
	case !slices.ContainsFunc(g.scopes, func(c string) bool { return c == "id" || c == "openid" || c == "full" }):
		http.Error(w, "Missing_OAuth_Token", http.StatusForbidden)
	default:
		writeJSON(w, http.StatusOK, map[string]any{
			"sub": s.login + "/id/" + s.fix.OrgID + "/0055g00000sandAAA", "user_id": "0055g00000sandAAA", "organization_id": s.fix.OrgID,
			"preferred_username": g.user, "email": s.fix.Email, "email_verified": true, "name": "Mina Yamada", "active": true,
		})
	}
}
