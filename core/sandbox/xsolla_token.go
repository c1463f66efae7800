package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The key ids of the RS256 project. The one that signs comes second in the
// list: there, whoever takes the first without reading kid takes the wrong one.
const (
	xsollaOldKID = "sandbox-key-1"
	xsollaKID    = "sandbox-key-2"
)

// rsa returns the key that signs, made when it is first needed: it takes long.
func (x *xsolla) rsa() (*rsa.PrivateKey, error) {
	x.rsaOnce.Do(func() { x.rsaKey, x.rsaErr = rsa.GenerateKey(rand.Reader, 2048) })
	return x.rsaKey, x.rsaErr
}

// userToken makes a user's JWT.
func (x *xsolla) userToken(s *xsollaSignIn, life time.Duration) (string, error) {
	now := x.sb.clock.Now()
	u := s.user
	claims := jwt.MapClaims{
		"iss": xsollaIssuer, "iat": now.Unix(), "exp": now.Add(life).Unix(), "sub": u.id, "xsolla_login_project_id": s.project,
		"groups": []map[string]any{{"id": 1, "name": "default", "is_default": true}}, "type": "xsolla_login",
	}
	for name, v := range map[string]string{"email": u.email, "username": u.username, "payload": s.payload} {
		if v != "" {
			claims[name] = v
		}
	}
	if u.provider != "" {
		claims["type"], claims["provider"], claims["id"], claims["name"] = "social", u.provider, u.socialID, u.name
	}
	if s.client != nil {
		claims["jti"], claims["aud"] = random(16), []string{s.client.id}
	}
	return x.sign(claims, &xsollaToken{user: u, project: s.project, expires: now.Add(life)})
}

func (x *xsolla) serverToken(c *xsollaClient) (string, error) {
	now := x.sb.clock.Now()
	claims := jwt.MapClaims{
		"iss": xsollaIssuer, "iat": now.Unix(), "exp": now.Add(xsollaAccessLife).Unix(), "jti": random(16),
		"client_id": c.id, "xsolla_login_project_id": c.project,
	}
	return x.sign(claims, &xsollaToken{project: c.project, expires: now.Add(xsollaAccessLife)})
}

// sign signs with the project's algorithm and remembers the token.
func (x *xsolla) sign(claims jwt.MapClaims, t *xsollaToken) (string, error) {
	var (
		signed string
		err    error
	)
	if p := x.projects[t.project]; p.secret != "" {
		signed, err = jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(p.secret))
	} else {
		var key *rsa.PrivateKey
		if key, err = x.rsa(); err != nil {
			return "", err
		}
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
		token.Header["kid"] = xsollaKID
		signed, err = token.SignedString(key)
	}
	if err != nil {
		return "", err
	}
	x.tokens[signed] = t
	return signed, nil
}

func (x *xsolla) token(w http.ResponseWriter, r *http.Request) {
	switch {
	case x.sb.is(XsollaTeapot):
		x.fail(w, http.StatusTeapot, xsollaOther, "I'm a teapot.")
		return
	case r.ParseForm() != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		x.fail(w, http.StatusBadRequest, xsollaOther, "The form cannot be read.")
		return
	}
	c := x.clients[r.PostForm.Get("client_id")]
	grant := r.PostForm.Get("grant_type")
	switch {
	case c == nil || !same(c.secret, r.PostForm.Get("client_secret")):
		x.fail(w, http.StatusUnauthorized, xsollaNotFound, "The client was not found.")
	case c.server != (grant == "client_credentials"):
		x.fail(w, http.StatusBadRequest, xsollaOther, "The client may not use this grant type.")
	case grant == "client_credentials":
		token, err := x.serverToken(c)
		if err != nil {
			x.fail(w, http.StatusInternalServerError, xsollaOther, "The token cannot be signed.")
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": int(xsollaAccessLife.Seconds())})
	case grant == "authorization_code":
		s := x.codes[r.PostForm.Get("code")]
		if s == nil || s.used || s.client != c || s.back != r.PostForm.Get("redirect_uri") || !x.sb.clock.Now().Before(s.expires) {
			x.fail(w, http.StatusBadRequest, xsollaBadToken, "The code is invalid.")
			return
		}
		s.used = true
		x.answerTokens(w, s)
	case grant == "refresh_token":
		x.renew(w, r, c)
	default:
		x.fail(w, http.StatusBadRequest, xsollaOther, "The grant type is unknown.")
	}
}

// renew trades a refresh token. No source says whether the old one lives on.
func (x *xsolla) renew(w http.ResponseWriter, r *http.Request, c *xsollaClient) {
	old := x.refresh[r.PostForm.Get("refresh_token")]
	if old == nil || old.used || old.signIn.client != c {
		x.fail(w, http.StatusBadRequest, xsollaBadToken, "The refresh token is invalid.")
		return
	}
	old.used = !x.sb.is(XsollaNoRotation)
	x.answerTokens(w, &old.signIn)
}

// answerTokens answers with tokens of the OAuth 2.0 variant.
func (x *xsolla) answerTokens(w http.ResponseWriter, s *xsollaSignIn) {
	token, err := x.userToken(s, xsollaAccessLife)
	if err != nil {
		x.fail(w, http.StatusInternalServerError, xsollaOther, "The token cannot be signed.")
		return
	}
	body := map[string]any{"access_token": token, "token_type": "bearer", "expires_in": int(xsollaAccessLife.Seconds())}
	if slices.Contains(s.scopes, "offline") {
		refresh := random(24)
		x.refresh[refresh] = &xsollaRefresh{signIn: *s}
		body["refresh_token"] = refresh
	}
	writeJSON(w, http.StatusOK, body)
}

// revoke ends a token. The answer's shape is in no source.
func (x *xsolla) revoke(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil {
		x.fail(w, http.StatusBadRequest, xsollaOther, "The form cannot be read.")
		return
	}
	c := x.clients[r.PostForm.Get("client_id")]
	if c == nil || !same(c.secret, r.PostForm.Get("client_secret")) {
		x.fail(w, http.StatusUnauthorized, xsollaNotFound, "The client was not found.")
		return
	}
	if t := x.tokens[r.PostForm.Get("token")]; t != nil {
		t.revoked = true
	}
	if f := x.refresh[r.PostForm.Get("token")]; f != nil {
		f.used = true
	}
	w.WriteHeader(http.StatusNoContent)
}

// genuine reports whether a token is one that was signed here and has not
// ended. A real signature is checked by a list of those made: a token that was
// changed is in it no more.
func (x *xsolla) genuine(token string) *xsollaToken {
	t := x.tokens[token]
	if t == nil || !x.sb.clock.Now().Before(t.expires) {
		return nil
	}
	return t
}

// validate says of a user's token whether it is valid: lifetime, project,
// signature and user. That a revoked one is refused, one source adds.
func (x *xsolla) validate(w http.ResponseWriter, r *http.Request) {
	var body struct{ Token string }
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Token == "" {
		x.fail(w, http.StatusBadRequest, xsollaOther, "The body is not the JSON expected.")
		return
	}
	t := x.genuine(body.Token)
	switch {
	case t == nil || t.user == nil:
		x.fail(w, http.StatusUnprocessableEntity, xsollaBadToken, "The token is invalid.")
	case t.revoked && !x.sb.is(XsollaValidatesRevoked):
		x.fail(w, http.StatusUnprocessableEntity, xsollaRevokedToken, "The token was revoked.")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// keys lists a project's public keys, in hexadecimal as login-sdk-go reads
// them. An HS256 project has none.
func (x *xsolla) keys(w http.ResponseWriter, r *http.Request) {
	p := x.projects[r.PathValue("id")]
	if p == nil {
		x.fail(w, http.StatusNotFound, xsollaNotFound, "Project settings were not found.")
		return
	}
	list := []map[string]string{}
	if p.secret == "" {
		key, err := x.rsa()
		if err != nil {
			x.fail(w, http.StatusInternalServerError, xsollaOther, "There is no key.")
			return
		}
		list = append(list, x.publicKey(xsollaOldKID, x.oldKey), x.publicKey(xsollaKID, key.N.Bytes()))
	}
	if x.sb.is(XsollaKeysObject) {
		writeJSON(w, http.StatusOK, map[string]any{"keys": list})
		return
	}
	writeJSON(w, http.StatusOK, list)
}

func (x *xsolla) publicKey(kid string, n []byte) map[string]string {
	const exponent = 65537
	k := map[string]string{"alg": "RS256", "kty": "RSA", "use": "sig", "kid": kid, "n": hex.EncodeToString(n), "e": big.NewInt(exponent).Text(16)}
	if x.sb.is(XsollaKeysBase64URL) {
		k["n"], k["e"] = base64.RawURLEncoding.EncodeToString(n), base64.RawURLEncoding.EncodeToString(big.NewInt(exponent).Bytes())
	}
	return k
}

// me tells who the bearer of a user token is.
func (x *xsolla) me(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t := x.genuine(token)
	if !ok || t == nil || t.user == nil || t.revoked {
		x.fail(w, http.StatusUnauthorized, xsollaBadToken, "The token is invalid.")
		return
	}
	writeJSON(w, http.StatusOK, x.person(t.user))
}

func (x *xsolla) person(u *xsollaUser) map[string]any {
	out := map[string]any{"id": u.id, "username": u.username, "name": u.name, "is_anonymous": false, "is_last_email_confirmed": !u.inactive, "external_id": nil, "ban": nil}
	if out["email"] = nil; u.email != "" {
		out["email"] = u.email
	}
	return out
}

// search looks users up for a server, by id, e-mail address or user name.
func (x *xsolla) search(w http.ResponseWriter, r *http.Request) {
	t := x.genuine(r.Header.Get("X-SERVER-AUTHORIZATION"))
	switch {
	case t == nil || t.user != nil || t.revoked:
		x.fail(w, http.StatusUnauthorized, xsollaBadToken, "The token is invalid.")
		return
	case t.project != r.PathValue("id"):
		x.fail(w, http.StatusNotFound, xsollaNotFound, "Project settings were not found.")
		return
	}
	q := r.URL.Query()
	users := []map[string]any{}
	for _, u := range x.users {
		found := map[string]string{"id": u.id, "contact": u.email, "username": u.username, "social-id": u.socialID, "nickname": u.name}[q.Get("search_by")]
		if found != "" && found == q.Get("search_query") {
			users = append(users, x.person(u))
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"count": len(users), "next_after": nil, "users": users})
}
