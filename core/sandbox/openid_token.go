package sandbox

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// oauthError answers an error of RFC 6749 §5.2.
func oauthError(w http.ResponseWriter, status int, code, description string) {
	body := map[string]string{"error": code}
	if description != "" {
		body["error_description"] = description
	}
	writeJSON(w, status, body)
}

// client authenticates a client by Basic or form parameters, or takes a
// public client's id, and answers when it cannot.
func (o *openid) client(w http.ResponseWriter, r *http.Request) (*openidClient, bool) {
	id, secret, basic := r.BasicAuth()
	if basic {
		// RFC 6749 §2.3.1: both parts are form-encoded first.
		var err1, err2 error
		id, err1 = url.QueryUnescape(id)
		secret, err2 = url.QueryUnescape(secret)
		if err1 != nil || err2 != nil {
			id = ""
		}
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	c := o.clients[id]
	if c == nil || !same(c.secret, secret) {
		if basic {
			w.Header().Set("WWW-Authenticate", `Basic realm="sandbox"`)
		}
		oauthError(w, http.StatusUnauthorized, "invalid_client", "")
		return nil, false
	}
	return c, true
}

func (o *openid) token(w http.ResponseWriter, r *http.Request) {
	c, ok := o.client(w, r)
	if !ok {
		return
	}
	grant := r.PostForm.Get("grant_type")
	if c.machine != (grant == "client_credentials") {
		oauthError(w, http.StatusBadRequest, "unauthorized_client", "")
		return
	}
	switch grant {
	case "authorization_code":
		o.redeem(w, r, c)
	case "refresh_token":
		o.renew(w, r, c)
	case "client_credentials":
		o.machine(w, r, c)
	case "urn:ietf:params:oauth:grant-type:device_code":
		o.poll(w, r, c)
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "")
	}
}

// redeem trades a code. A code used twice ends what it gave (RFC 6749 §4.1.2).
func (o *openid) redeem(w http.ResponseWriter, r *http.Request, c *openidClient) {
	code := o.codes[r.PostForm.Get("code")]
	if code != nil && code.used {
		code.family.dead = true
	}
	if code == nil || code.used || code.family.client != c.id || code.redirect != r.PostForm.Get("redirect_uri") || !o.sb.clock.Now().Before(code.expires) {
		oauthError(w, http.StatusBadRequest, "invalid_grant", "")
		return
	}
	code.used = true
	if !challengeFits("S256", code.challenge, r.PostForm.Get("code_verifier")) {
		oauthError(w, http.StatusBadRequest, "invalid_grant", "the code verifier does not fit")
		return
	}
	o.answer(w, code.family, "")
}

// renew trades a refresh token. One that was traded before is in two hands,
// so the whole family ends.
func (o *openid) renew(w http.ResponseWriter, r *http.Request, c *openidClient) {
	old := r.PostForm.Get("refresh_token")
	t := o.refresh[old]
	if t != nil && t.used {
		t.family.dead = true
	}
	if t == nil || t.family.dead || t.family.client != c.id {
		oauthError(w, http.StatusBadRequest, "invalid_grant", "")
		return
	}
	if o.sb.is(OpenIDNoRotation) {
		o.answer(w, t.family, old)
		return
	}
	t.used = true
	o.answer(w, t.family, "")
}

func (o *openid) machine(w http.ResponseWriter, r *http.Request, c *openidClient) {
	scopes := strings.Fields(r.PostForm.Get("scope"))
	if slices.ContainsFunc(scopes, func(s string) bool { return s != "tickets.read" }) {
		oauthError(w, http.StatusBadRequest, "invalid_scope", "")
		return
	}
	o.answer(w, &openidFamily{client: c.id, scopes: scopes, made: o.sb.clock.Now()}, "")
}

func (o *openid) poll(w http.ResponseWriter, r *http.Request, c *openidClient) {
	d := o.devices[r.PostForm.Get("device_code")]
	now := o.sb.clock.Now()
	switch {
	case d == nil || d.family.client != c.id || d.used:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "")
	case now.After(d.expires):
		oauthError(w, http.StatusBadRequest, "expired_token", "")
	case !d.polled.IsZero() && now.Sub(d.polled) < d.every:
		d.every += openidPollEvery // RFC 8628 §3.5
		d.polled = now
		oauthError(w, http.StatusBadRequest, "slow_down", "")
	case d.answered == "deny":
		oauthError(w, http.StatusBadRequest, "access_denied", "")
	case d.answered == "":
		d.polled = now
		oauthError(w, http.StatusBadRequest, "authorization_pending", "")
	default:
		d.used = true
		o.answer(w, d.family, "")
	}
}

// answer gives an access token, a refresh token where offline_access was
// granted (unless keep is the one to stay), and an ID token for openid.
func (o *openid) answer(w http.ResponseWriter, f *openidFamily, keep string) {
	now := o.sb.clock.Now()
	access := "at-" + random(24)
	o.access[access] = &openidToken{family: f, expires: now.Add(openidAccessLife)}
	body := map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(openidAccessLife.Seconds()), "scope": strings.Join(f.scopes, " "),
	}
	if slices.Contains(f.scopes, "offline_access") && keep == "" {
		refresh := "rt-" + random(24)
		o.refresh[refresh] = &openidToken{family: f}
		body["refresh_token"] = refresh
	}
	if slices.Contains(f.scopes, "openid") {
		claims := jwt.MapClaims{
			"iss": o.fix.Issuer, "aud": f.client, "sub": "sandbox-account-1", "email": o.fix.AccountEmail, "email_verified": true,
			"iat": now.Unix(), "exp": now.Add(openidAccessLife).Unix(),
		}
		if f.nonce != "" {
			claims["nonce"] = f.nonce
		}
		tok := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
		tok.Header["kid"] = "sandbox"
		signed, err := tok.SignedString(o.key)
		if err != nil {
			oauthError(w, http.StatusInternalServerError, "server_error", "")
			return
		}
		body["id_token"] = signed
	}
	writeJSON(w, http.StatusOK, body)
}

func (o *openid) jwks(w http.ResponseWriter, _ *http.Request) {
	pub, err := o.key.PublicKey.Bytes() // 0x04, X, Y: 32 bytes each
	if err != nil {
		oauthError(w, http.StatusInternalServerError, "server_error", "")
		return
	}
	enc := base64.RawURLEncoding
	writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "sandbox",
		"x": enc.EncodeToString(pub[1:33]), "y": enc.EncodeToString(pub[33:]),
	}}})
}

// live returns an access token's record while it works.
func (o *openid) live(token string) *openidToken {
	t := o.access[token]
	if t == nil || t.family.dead || !o.sb.clock.Now().Before(t.expires) {
		return nil
	}
	return t
}

func (o *openid) userinfo(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t := o.live(token)
	switch {
	case !ok:
		w.Header().Set("WWW-Authenticate", "Bearer")
		oauthError(w, http.StatusUnauthorized, "invalid_request", "")
	case t == nil:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		oauthError(w, http.StatusUnauthorized, "invalid_token", "")
	case !slices.Contains(t.family.scopes, "openid"):
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="openid"`)
		oauthError(w, http.StatusForbidden, "insufficient_scope", "")
	default:
		info := map[string]any{"sub": "sandbox-account-1"}
		if slices.Contains(t.family.scopes, "email") {
			info["email"], info["email_verified"] = o.fix.AccountEmail, true
		}
		writeJSON(w, http.StatusOK, info)
	}
}

// revoke is RFC 7009: a token that is unknown is no error.
func (o *openid) revoke(w http.ResponseWriter, r *http.Request) {
	c, ok := o.client(w, r)
	if !ok {
		return
	}
	token := r.PostForm.Get("token")
	if t := o.refresh[token]; t != nil && t.family.client == c.id {
		t.family.dead = true
	} else if t := o.access[token]; t != nil && t.family.client == c.id {
		delete(o.access, token)
	}
	w.WriteHeader(http.StatusOK)
}

// introspect is RFC 7662.
func (o *openid) introspect(w http.ResponseWriter, r *http.Request) {
	c, ok := o.client(w, r)
	if !ok {
		return
	}
	token := r.PostForm.Get("token")
	t := o.live(token)
	if t == nil {
		if rt := o.refresh[token]; rt != nil && !rt.used && !rt.family.dead {
			t = rt
		}
	}
	if t == nil || t.family.client != c.id {
		writeJSON(w, http.StatusOK, map[string]bool{"active": false})
		return
	}
	body := map[string]any{"active": true, "scope": strings.Join(t.family.scopes, " "), "client_id": t.family.client, "iss": o.fix.Issuer}
	if !t.expires.IsZero() {
		body["exp"] = t.expires.Unix()
		body["iat"] = t.expires.Add(-openidAccessLife).Unix()
	}
	writeJSON(w, http.StatusOK, body)
}
