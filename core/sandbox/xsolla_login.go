package sandbox

import (
	"net/http"
	"net/url"
	"slices"
)

func (x *xsolla) passwordJWT(w http.ResponseWriter, r *http.Request) {
	s, ok := x.project(w, r)
	if !ok {
		return
	}
	x.password(w, r, s)
}

func (x *xsolla) passwordCode(w http.ResponseWriter, r *http.Request) {
	s, ok := x.oauthClient(w, r, true)
	if !ok {
		return
	}
	x.password(w, r, s)
}

// password signs in and answers with the address to go back to.
func (x *xsolla) password(w http.ResponseWriter, r *http.Request, s *xsollaSignIn) {
	user, ok := x.credentials(w, r)
	if !ok {
		return
	}
	s.user = user
	if user.secondFactor {
		x.back(w, s, url.Values{"challenge_id": {random(16)}}, false)
		return
	}
	x.finish(w, s, false)
}

// passwordToken is the OAuth 2.0 variant without a code in between.
func (x *xsolla) passwordToken(w http.ResponseWriter, r *http.Request) {
	s, ok := x.oauthClient(w, r, false)
	if !ok {
		return
	}
	user, ok := x.credentials(w, r)
	if !ok {
		return
	}
	if user.secondFactor {
		x.fail(w, http.StatusForbidden, xsollaOther, "A second factor is needed.")
		return
	}
	s.user = user
	x.answerTokens(w, s)
}

func (x *xsolla) socialLink(w http.ResponseWriter, r *http.Request) {
	if s, ok := x.project(w, r); ok {
		x.link(w, r, s, false)
	}
}

func (x *xsolla) socialRedirect(w http.ResponseWriter, r *http.Request) {
	if s, ok := x.project(w, r); ok {
		x.link(w, r, s, true)
	}
}

func (x *xsolla) socialLinkOAuth(w http.ResponseWriter, r *http.Request) {
	if s, ok := x.oauthClient(w, r, true); ok {
		x.link(w, r, s, false)
	}
}

func (x *xsolla) socialRedirectOAuth(w http.ResponseWriter, r *http.Request) {
	if s, ok := x.oauthClient(w, r, true); ok {
		x.link(w, r, s, true)
	}
}

// link makes the address of the social network's page: as JSON, or goes there.
func (x *xsolla) link(w http.ResponseWriter, r *http.Request, s *xsollaSignIn, direct bool) {
	if s.provider = r.PathValue("provider"); s.provider != x.fix.Provider {
		x.fail(w, http.StatusNotFound, xsollaNotFound, "The social network is not set up.")
		return
	}
	s.expires = x.sb.clock.Now().Add(xsollaLinkLife)
	id := random(16)
	x.links[id] = s
	to := x.root() + "/network?" + url.Values{"link": {id}}.Encode()
	if direct {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"url": to})
}

func (x *xsolla) root() string { return x.base[:len(x.base)-len("/api")] }

// page is the social network's, and Xsolla's question for the e-mail address
// where fields=email asks for it.
func (x *xsolla) page(w http.ResponseWriter, r *http.Request) {
	s := x.links[r.URL.Query().Get("link")]
	if s == nil || x.sb.clock.Now().After(s.expires) {
		writeProblem(w, "Link expired", "A link works for ten minutes.")
		return
	}
	id, shown := random(16), *s
	x.pages[id] = &shown
	scopes := []string{"profile"}
	if s.askEmail {
		scopes = append(scopes, "email")
	}
	var accounts []portal
	for _, u := range x.users {
		if u.provider == s.provider {
			email := u.email
			if email == "" {
				email = "no e-mail"
			}
			accounts = append(accounts, portal{u.socialID, u.name + ", " + email})
		}
	}
	writePage(w, http.StatusOK, consentTemplate(), consentPage{
		Service: "Sign in with " + s.provider, Client: "Xsolla Login", Account: s.provider, Scopes: scopes,
		Choice: "Account", Portals: accounts, Action: "/network", Request: id,
	})
}

func (x *xsolla) decide(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeProblem(w, "Unreadable", "The form cannot be read.")
		return
	}
	s := x.pages[r.PostForm.Get("request")]
	if s == nil || x.sb.clock.Now().After(s.expires) {
		writeProblem(w, "Expired", "This page was answered or has expired.")
		return
	}
	delete(x.pages, r.PostForm.Get("request"))
	i := slices.IndexFunc(x.users, func(u *xsollaUser) bool {
		return u.provider == s.provider && u.socialID == r.PostForm.Get("portal")
	})
	if r.PostForm.Get("answer") != "allow" || i < 0 {
		// RFC 6749 §4.1.2.1 for the OAuth 2.0 variant; nothing says what the
		// JWT variant does.
		x.back(w, s, url.Values{"error": {"access_denied"}}, true)
		return
	}
	s.user = x.users[i]
	if s.user.email == "" && s.askEmail && slices.Contains(r.PostForm["granted"], "email") {
		s.user.email = s.user.types
	}
	x.finish(w, s, true)
}

// finish ends a sign-in with what the callback carries: a token, or a code.
func (x *xsolla) finish(w http.ResponseWriter, s *xsollaSignIn, browser bool) {
	now := x.sb.clock.Now()
	if s.client != nil {
		code := random(24)
		s.expires = now.Add(xsollaCodeLife)
		x.codes[code] = s
		x.back(w, s, url.Values{"code": {code}}, browser)
		return
	}
	if s.logout {
		for _, t := range x.tokens {
			if t.user == s.user && t.project == s.project {
				t.revoked = true
			}
		}
	}
	token, err := x.userToken(s, xsollaJWTLife)
	if err != nil {
		x.fail(w, http.StatusInternalServerError, xsollaOther, "The token cannot be signed.")
		return
	}
	x.back(w, s, url.Values{"token": {token}}, browser)
}

// back sends the browser to the callback, or tells a program its address.
func (x *xsolla) back(w http.ResponseWriter, s *xsollaSignIn, answer url.Values, browser bool) {
	to, err := url.Parse(s.back)
	if err != nil {
		x.fail(w, http.StatusInternalServerError, xsollaOther, "The callback cannot be read.")
		return
	}
	q := to.Query()
	for name := range answer {
		q.Set(name, answer.Get(name))
	}
	if s.state != "" {
		q.Set("state", s.state)
	}
	to.RawQuery = q.Encode()
	if !browser {
		writeJSON(w, http.StatusOK, map[string]string{"login_url": to.String()})
		return
	}
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusFound)
}
