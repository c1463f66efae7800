package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// supportCaller is who calls the API.
type supportCaller struct {
	user   *supportUser
	scopes []string // nil: an API token, which may do whatever its user may
	grant  *supportGrant
}

// caller tells who calls. anonymous is true where no credential came; err is
// the answer to one that is not taken.
func (s *support) caller(r *http.Request) (c supportCaller, anonymous bool, why string) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return c, true, ""
	}
	if token, ok := strings.CutPrefix(header, "Bearer "); ok {
		g := s.live(token)
		if g == nil {
			return c, false, "invalid_token"
		}
		return supportCaller{user: g.user, scopes: g.scopes, grant: g}, false, ""
	}
	name, secret, ok := r.BasicAuth()
	email, isToken := strings.CutSuffix(name, "/token")
	if !ok || !isToken { // a password: off for everybody since 2026-01-12
		return c, false, "basic"
	}
	now := s.sb.clock.Now()
	for _, t := range s.tokens {
		if !same(t.value, secret) || !s.works(t, now) {
			continue
		}
		for _, u := range s.users {
			if u.role != "end-user" && strings.EqualFold(u.email, email) {
				t.used = now
				return supportCaller{user: u}, false, ""
			}
		}
	}
	return c, false, "basic"
}

// works reports whether an API token is taken: not after 30 days without use,
// and none after the last day.
func (s *support) works(t *supportAPIToken, now time.Time) bool {
	return !t.off && now.Before(s.dates.tokensEnd) && now.Sub(t.used) < supportTokenIdle
}

// live returns an access token's grant while it works.
func (s *support) live(token string) *supportGrant {
	g, now := s.access[token], s.sb.clock.Now()
	switch {
	case g == nil || g.dead:
		return nil
	case g.expires.IsZero() && !now.Before(s.dates.mustRefresh):
		return nil // without an end, of a client of before
	case !g.expires.IsZero() && !now.Before(g.expires):
		return nil
	}
	return g
}

func (s *support) refuse(w http.ResponseWriter, why string) {
	if why == "invalid_token" {
		writeJSON(w, http.StatusUnauthorized, map[string]string{
			"error": "invalid_token", "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
		})
		return
	}
	writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "Couldn't authenticate you"})
}

// agents asks for a team member, and for a scope that opens the resource.
func (s *support) agents(resource string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, anonymous, why := s.caller(r)
		switch {
		case anonymous || why != "":
			s.refuse(w, why)
		case c.scopes != nil && !supportMay(c.scopes, resource, "read"):
			s.forbidScope(w, resource+":read")
		case c.user.role == "end-user":
			supportTitled(w, http.StatusForbidden, "Forbidden", "You do not have access to this page. Please contact the account owner of this help desk for further help.")
		default:
			h(w, r)
		}
	}
}

// supportMay reports whether one of the scopes is for a resource: "read" opens
// all, "users:read" one.
func supportMay(scopes []string, resource, verb string) bool {
	return slices.Contains(scopes, verb) || slices.Contains(scopes, resource+":"+verb)
}

// forbidScope says that a scope is missing. Of its shape there is no example:
// the one that other 403 answers have, or by a switch the flat one.
func (s *support) forbidScope(w http.ResponseWriter, scope string) {
	why := "You are missing the following required scopes: read, " + scope
	if s.sb.is(ZendeskFlatForbidden) {
		supportError(w, http.StatusForbidden, "Forbidden", why)
		return
	}
	supportTitled(w, http.StatusForbidden, "Forbidden", why)
}

// me answers everybody, the anonymous too.
func (s *support) me(w http.ResponseWriter, r *http.Request) {
	c, anonymous, why := s.caller(r)
	if why != "" && s.sb.is(ZendeskWrongIsAnonymous) {
		anonymous, why = true, ""
	}
	switch {
	case why != "":
		s.refuse(w, why)
	case anonymous:
		writeJSON(w, http.StatusOK, map[string]any{"user": map[string]any{
			"id": nil, "url": s.base + "/api/v2/users/.json", "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user", "verified": false, "active": nil,
		}})
	case c.scopes != nil && !supportMay(c.scopes, "users", "read"):
		s.forbidScope(w, "users:read")
	default:
		writeJSON(w, http.StatusOK, map[string]any{"user": s.person(c.user)})
	}
}

func (s *support) currentToken(w http.ResponseWriter, r *http.Request) {
	c, _, why := s.caller(r)
	if c.grant == nil {
		s.refuse(w, why)
		return
	}
	out := map[string]any{"id": c.grant.id, "user_id": c.user.id, "client_id": c.grant.client.number, "scopes": c.scopes, "expires_at": nil, "refresh_token": nil}
	if !c.grant.expires.IsZero() {
		out["expires_at"] = c.grant.expires.UTC().Format(time.RFC3339)
	}
	writeJSON(w, http.StatusOK, map[string]any{"token": out})
}

func (s *support) revokeCurrent(w http.ResponseWriter, r *http.Request) {
	c, _, why := s.caller(r)
	if c.grant == nil {
		s.refuse(w, why)
		return
	}
	c.grant.dead = true
	w.WriteHeader(http.StatusNoContent)
}
