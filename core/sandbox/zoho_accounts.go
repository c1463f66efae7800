package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (z *zoho) accountsHandler(c *zohoCentre) http.Handler {
	mux := http.NewServeMux()
	at := func(h func(http.ResponseWriter, *http.Request, *zohoCentre)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				zohoError(w, "general_error")
				return
			}
			z.mu.Lock()
			defer z.mu.Unlock()
			h(w, r, c)
		}
	}
	mux.HandleFunc("GET /oauth/v2/auth", at(z.auth))
	mux.HandleFunc("POST /oauth/v2/auth", at(z.decide))
	mux.HandleFunc("/oauth/v2/token", at(z.token))
	mux.HandleFunc("POST /oauth/v2/token/revoke", at(z.revokeOld))
	mux.HandleFunc("POST /oauth/v2/revoke/token", at(z.revokeNew))
	mux.HandleFunc("POST /oauth/v2/token/self/authtooauth", at(z.exchangeSelf))
	mux.HandleFunc("POST /oauth/v2/token/external/authtooauth", at(z.exchangeExternal))
	mux.HandleFunc("POST /oauth/v3/device/code", at(z.deviceCode))
	mux.HandleFunc("POST /oauth/v3/device/token", at(z.deviceToken))
	mux.HandleFunc("GET /oauth/v3/device", at(z.devicePage))
	mux.HandleFunc("GET /oauth/user/info", at(z.userInfo))
	mux.HandleFunc("GET /oauth/serverinfo", at(z.serverInfo))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblemStatus(w, http.StatusNotFound, "Page not found", "There is nothing at this address.")
	})
	return mux
}

// auth shows the consent page. Whatever is wrong with the request itself is a
// page too: nothing is redirected to an address that is not registered.
func (z *zoho) auth(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	q := r.URL.Query()
	client := z.clients[q.Get("client_id")]
	user := z.users[z.fix.OwnerEmail] // who is signed in to the browser
	switch {
	case client == nil || client.kind == zohoSelf || !client.in(c.location):
		writeProblem(w, "Invalid client", "The client id passed does not exist: invalid_client.")
		return
	case !slices.Contains(client.redirects, q.Get("redirect_uri")):
		writeProblem(w, "Invalid Redirect Uri", "Redirect URI passed does not match with the one configured.")
		return
	case q.Get("response_type") != "code":
		writeProblem(w, "Invalid response type", "The response type passed is invalid.")
		return
	}
	scopes := zohoScopes(q.Get("scope"))
	if len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return !z.knownScope(s) }) {
		writeProblem(w, "Invalid OAuth Scope", "Scope does not exist: invalid_scope.")
		return
	}
	if user.home != c.location {
		if !client.in(user.home) {
			writeProblem(w, "Invalid client", "The client is not enabled in the data centre of your account: invalid_client.")
			return
		}
		w.Header().Set("Location", z.centres[user.home].accounts+"/oauth/v2/auth?"+r.URL.RawQuery)
		w.WriteHeader(http.StatusFound)
		return
	}
	id := random(16)
	z.pending[id] = &zohoPending{
		state: q.Get("state"),
		zohoCode: zohoCode{
			client: client.id, user: user.email, redirect: q.Get("redirect_uri"), scopes: scopes, location: c.location,
			challenge: q.Get("code_challenge"), method: q.Get("code_challenge_method"),
			offline: q.Get("access_type") == "offline" && (q.Get("prompt") == "consent" || !z.consented(client.id, user.email)),
			expires: z.sb.clock.Now().Add(10 * time.Minute),
		},
	}
	writePage(w, http.StatusOK, consentTemplate(), consentPage{
		Service: "Zoho accounts, " + c.location, Client: client.name, Account: user.email, Scopes: scopes, Portals: user.portals,
		Action: "/oauth/v2/auth", Request: id,
	})
}

func (z *zoho) consented(client, user string) bool {
	return slices.ContainsFunc(z.order, func(g *zohoGrant) bool { return g.client == client && g.user == user && !g.dead && g.token != "" })
}

// decide takes the answer to a consent page.
func (z *zoho) decide(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	p := z.pending[r.PostForm.Get("request")]
	now := z.sb.clock.Now()
	if p == nil || now.After(p.expires) || p.location != c.location {
		writeProblem(w, "Expired", "This page was answered or has expired.")
		return
	}
	delete(z.pending, r.PostForm.Get("request"))
	allow := r.PostForm.Get("answer") == "allow"
	p.scopes = slices.DeleteFunc(p.scopes, func(s string) bool { return !slices.Contains(r.PostForm["granted"], s) })
	if p.portal = r.PostForm.Get("portal"); p.portal == "" {
		p.portal = z.users[p.user].portals[0].ID
	}
	if p.device != "" {
		z.decideDevice(w, p, allow)
		return
	}
	back, err := url.Parse(p.redirect)
	if err != nil {
		writeProblem(w, "Invalid Redirect Uri", "It cannot be read.")
		return
	}
	q := back.Query()
	if p.state != "" {
		q.Set("state", p.state)
	}
	client := z.clients[p.client]
	client.codes = within(client.codes, now)
	if !allow || len(p.scopes) == 0 || len(client.codes) >= zohoCodesInWindow {
		q.Set("error", "access_denied")
	} else {
		code := "1000." + random(16) + "." + random(16)
		p.expires = now.Add(zohoCodeLife)
		z.codes[code] = &p.zohoCode
		client.codes = append(client.codes, now)
		q.Set("code", code)
		q.Set("location", c.location)
		q.Set("accounts-server", c.accounts)
	}
	back.RawQuery = q.Encode()
	w.Header().Set("Location", back.String())
	w.WriteHeader(http.StatusFound)
}

// within drops the times that are out of the throttle's window.
func within(times []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t) >= zohoWindow })
}

func (z *zoho) deviceCode(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	client := z.clients[r.Form.Get("client_id")]
	scopes := zohoScopes(r.Form.Get("scope"))
	switch {
	case client == nil || client.kind != zohoDevice || !client.in(c.location):
		zohoError(w, "invalid_client")
	case r.Form.Get("grant_type") != "device_request":
		zohoError(w, "general_error")
	case len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return !z.knownScope(s) }):
		zohoError(w, "invalid_scope")
	default:
		d := &zohoDeviceCode{userCode: strings.ToUpper(random(4))}
		d.client, d.scopes, d.location = client.id, scopes, c.location
		d.offline = r.Form.Get("access_type") == "offline"
		d.expires = z.sb.clock.Now().Add(zohoDeviceLife)
		code := "1000." + random(16) + "." + random(16)
		z.devices[code] = d
		writeJSON(w, http.StatusOK, map[string]any{
			"user_code": d.userCode, "device_code": code, "verification_url": c.accounts + "/oauth/v3/device",
			"interval": int(zohoPollEvery.Seconds()), "expires_in": int(zohoDeviceLife.Seconds()),
		})
	}
}

// devicePage asks for the code shown on the device, or for consent once it
// has one.
func (z *zoho) devicePage(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	typed := strings.ToUpper(strings.TrimSpace(r.URL.Query().Get("user_code")))
	for code, d := range z.devices {
		if typed == "" || d.userCode != typed || d.answered != "" || z.sb.clock.Now().After(d.expires) {
			continue
		}
		user := z.users[z.fix.OwnerEmail]
		id := random(16)
		z.pending[id] = &zohoPending{device: code, zohoCode: zohoCode{user: user.email, location: c.location, scopes: slices.Clone(d.scopes), expires: d.expires}}
		writePage(w, http.StatusOK, consentTemplate(), consentPage{
			Service: "Zoho accounts, " + c.location, Client: z.clients[d.client].name, Account: user.email, Scopes: d.scopes, Portals: user.portals,
			Action: "/oauth/v2/auth", Request: id,
		})
		return
	}
	if typed != "" {
		writeProblem(w, "Invalid code", "The code is wrong, used or has expired.")
		return
	}
	writePage(w, http.StatusOK, template.Must(template.New("device").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Connect a device</title>`+pageStyle+`</head>
<body><p class="mark">SANDBOX</p><h1>Connect a device</h1>
<form method="get"><label>Code <input name="user_code" autofocus></label> <button>Continue</button></form></body></html>
`)), nil)
}

func (z *zoho) decideDevice(w http.ResponseWriter, p *zohoPending, allow bool) {
	d := z.devices[p.device]
	d.user, d.scopes, d.portal = p.user, p.scopes, p.portal
	d.answered = "deny"
	if allow && len(p.scopes) > 0 {
		d.answered = "allow"
	}
	writePage(w, http.StatusOK, template.Must(template.New("done").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Done</title>`+pageStyle+`</head>
<body><p class="mark">SANDBOX</p><h1>Done</h1><p>You can close this page and go back to the device.</p></body></html>
`)), nil)
}

func (z *zoho) deviceToken(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	if r.Form.Get("grant_type") != "device_token" {
		zohoError(w, "general_error")
		return
	}
	client, ok := z.client(w, r, c)
	if !ok {
		return
	}
	d := z.devices[r.Form.Get("code")]
	now := z.sb.clock.Now()
	switch {
	case d == nil || d.client != client.id || d.used:
		zohoError(w, "invalid_code")
		return
	case now.After(d.expires):
		zohoError(w, "expired")
		return
	case !d.polled.IsZero() && now.Sub(d.polled) < zohoPollEvery:
		zohoError(w, "slow_down")
		return
	}
	d.polled = now
	switch {
	case d.answered == "":
		zohoError(w, "authorization_pending")
	case d.answered == "deny":
		zohoError(w, "access_denied")
	case z.users[d.user].home != c.location:
		d.polled = time.Time{} // the other centre counts anew
		writeJSON(w, http.StatusOK, map[string]string{"error": "other_dc", "user_location": z.users[d.user].home})
	default:
		d.used = true
		d.location = c.location
		z.answerTokens(w, z.newGrant(&d.zohoCode), c, d.offline)
	}
}

// userInfo names the owner of an access token, if it may.
func (z *zoho) userInfo(w http.ResponseWriter, r *http.Request, c *zohoCentre) {
	a := z.live(bearer(r), c)
	if a == nil {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	if !slices.Contains(a.grant.scopes, "AaaServer.profile.READ") {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_scope"})
		return
	}
	u := z.users[a.grant.user]
	writeJSON(w, http.StatusOK, map[string]string{"ZUID": u.zuid, "Email": u.email, "Display_Name": u.name})
}

// serverInfo lists the data centres. China is a service apart.
func (z *zoho) serverInfo(w http.ResponseWriter, _ *http.Request, _ *zohoCentre) {
	locations := map[string]string{}
	for _, c := range z.centres {
		if c.location != "cn" {
			locations[c.location] = c.accounts
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": "success", "locations": locations})
}

// bearer returns the token of an Authorization header of either form.
func bearer(r *http.Request) string {
	h := r.Header.Get("Authorization")
	for _, scheme := range []string{"Zoho-oauthtoken ", "Bearer "} {
		if t, ok := strings.CutPrefix(h, scheme); ok {
			return t
		}
	}
	return ""
}

// live returns the access token's record while it works at a data centre.
func (z *zoho) live(token string, c *zohoCentre) *zohoAccess {
	a := z.access[token]
	if a == nil || a.grant.dead || a.grant.location != c.location || !z.sb.clock.Now().Before(a.expires) {
		return nil
	}
	return a
}
