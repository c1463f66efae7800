package sandbox_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/sandbox"
)

func (u *user) login(path string, q url.Values) string {
	return u.sb.Endpoints()["xsolla"]["login"] + path + "?" + q.Encode()
}

func (u *user) postJSON(target string, body any) (int, http.Header, map[string]any) {
	u.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		u.Fatal(err)
	}
	req, err := http.NewRequestWithContext(u.Context(), http.MethodPost, target, strings.NewReader(string(raw)))
	if err != nil {
		u.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return u.do(req)
}

func (u *user) person(name string) map[string]any {
	return map[string]any{"username": name, "password": u.xs.Password, "remember_me": false}
}

func (u *user) jwtQuery(with url.Values) url.Values {
	q := url.Values{"projectId": {u.xs.ProjectID}, "login_url": {u.xs.Callbacks[0]}}
	for name, v := range with {
		q[name] = v
	}
	return q
}

func (u *user) oauthQuery(with url.Values) url.Values {
	q := url.Values{"client_id": {u.xs.ClientID}, "redirect_uri": {u.xs.Redirects[0]}, "response_type": {"code"}, "state": {"the-state-123"}, "scope": {"offline"}}
	for name, v := range with {
		q[name] = v
	}
	return q
}

func (u *user) xsollaCode(body map[string]any) string {
	e, _ := body["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

// callback reads the parameters of the address that a sign-in leads to.
func (u *user) callback(body map[string]any) url.Values {
	u.Helper()
	raw, _ := body["login_url"].(string)
	to, err := url.Parse(raw)
	if err != nil || raw == "" {
		u.Fatalf("no login_url: %v", body)
	}
	return to.Query()
}

func (u *user) xsollaJWT(with url.Values) string {
	u.Helper()
	_, _, body := u.postJSON(u.login("/login", u.jwtQuery(with)), u.person(u.xs.Username))
	return u.callback(body).Get("token")
}

func (u *user) xsollaToken(with url.Values) (int, map[string]any) {
	u.Helper()
	form := url.Values{"client_id": {u.xs.ClientID}, "client_secret": {u.xs.ClientSecret}, "redirect_uri": {u.xs.Redirects[0]}}
	for name, v := range with {
		form[name] = v
	}
	return u.post(u.login("/oauth2/token", nil), form)
}

func (u *user) validXsolla(token string) bool {
	u.Helper()
	status, _, _ := u.postJSON(u.login("/token/validate", nil), map[string]string{"token": token})
	return status == http.StatusNoContent
}

func (u *user) claims(token string, method string, key any) jwt.MapClaims {
	u.Helper()
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{method}))
	if err != nil {
		u.Fatal(err)
	}
	return claims
}

func TestXsollaPasswordGivesATokenSignedWithTheProjectsSecret(t *testing.T) {
	t.Parallel()
	u := start(t)
	claims := u.claims(u.xsollaJWT(url.Values{"payload": {"cart-7"}}), "HS256", []byte(u.xs.Secret))
	for name, want := range map[string]any{
		"iss": "https://login.xsolla.com", "sub": u.xs.UserID, "email": u.xs.Email, "type": "xsolla_login",
		"xsolla_login_project_id": u.xs.ProjectID, "username": u.xs.Username, "payload": "cart-7",
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 24*3600 {
		t.Errorf("it lives %v seconds", life)
	}
}

func TestXsollaSignInRefusals(t *testing.T) {
	t.Parallel()
	u := start(t)
	for name, c := range map[string]struct {
		with url.Values
		body map[string]any
		code string
	}{
		"project":      {url.Values{"projectId": {"none"}}, u.person(u.xs.Username), "003-061"},
		"no login_url": {url.Values{"login_url": {""}}, u.person(u.xs.Username), "010-011"},
		"other":        {url.Values{"login_url": {u.xs.Callbacks[0] + "/"}}, u.person(u.xs.Username), "010-012"},
		"password":     {nil, map[string]any{"username": u.xs.Username, "password": "canary"}, "003-001"},
		"nobody":       {nil, u.person("nobody"), "003-001"},
		"social user":  {nil, map[string]any{"username": "", "password": ""}, "003-001"},
		"inactive":     {nil, u.person("unconfirmed"), "003-007"},
	} {
		status, _, body := u.postJSON(u.login("/login", u.jwtQuery(c.with)), c.body)
		if status < 400 || status == http.StatusUnprocessableEntity || u.xsollaCode(body) != c.code {
			t.Errorf("%s: %d %v, want %s", name, status, body, c.code)
		}
	}
	u.set(sandbox.XsollaStatus422)
	if status, _, body := u.postJSON(u.login("/login", u.jwtQuery(nil)), u.person("nobody")); status != 422 || u.xsollaCode(body) != "003-001" {
		t.Errorf("the other status: %d %v", status, body)
	}
	u.set(sandbox.XsollaCaptcha)
	if _, _, body := u.postJSON(u.login("/login", u.jwtQuery(nil)), u.person(u.xs.Username)); u.xsollaCode(body) != "010-007" {
		t.Errorf("captcha: %v", body)
	}
	// The project with one callback URL needs none to be named.
	one := start(t)
	_, _, body := one.postJSON(one.login("/social/google/login_url", nil)+"projectId="+u.xs.RSAProjectID, nil)
	if body["url"] != nil {
		t.Errorf("a link for a POST: %v", body)
	}
	if _, _, body = one.get(one.login("/social/google/login_url", url.Values{"projectId": {u.xs.RSAProjectID}})); body["url"] == nil {
		t.Errorf("one callback: %v", body)
	}
}

func TestXsollaSecondFactorGivesAChallengeAndNoToken(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, _, body := u.postJSON(u.login("/login", u.jwtQuery(nil)), u.person("guarded"))
	if q := u.callback(body); q.Get("challenge_id") == "" || q.Has("token") {
		t.Errorf("callback: %v", q)
	}
}

func TestXsollaLogoutKillsEarlierTokens(t *testing.T) {
	t.Parallel()
	u := start(t)
	first := u.xsollaJWT(nil)
	u.sb.Clock().Advance(time.Second)
	second := u.xsollaJWT(url.Values{"with_logout": {"0"}})
	if !u.validXsolla(first) || !u.validXsolla(second) {
		t.Error("a token is refused")
	}
	u.sb.Clock().Advance(time.Second)
	third := u.xsollaJWT(url.Values{"with_logout": {"1"}})
	if u.validXsolla(first) || u.validXsolla(second) || !u.validXsolla(third) {
		t.Error("with_logout does not end the earlier tokens, or ends its own")
	}
	if status, _, _ := u.get(u.login("/users/me", nil), "Authorization", "Bearer "+first); status != 401 {
		t.Errorf("users/me with a killed token: %d", status)
	}
	u.set(sandbox.XsollaValidatesRevoked)
	if !u.validXsolla(first) {
		t.Error("the switch does nothing")
	}
	u.sb.Clock().Advance(24 * time.Hour)
	if u.validXsolla(third) {
		t.Error("it lives longer than a day")
	}
	if u.validXsolla(third[:len(third)-4] + "AAAA") {
		t.Error("a changed token is valid")
	}
}

func TestXsollaOAuthPasswordCodeAndRefresh(t *testing.T) {
	t.Parallel()
	u := start(t)
	signIn := func(with url.Values) (int, map[string]any) {
		status, _, body := u.postJSON(u.login("/oauth2/login", u.oauthQuery(with)), u.person(u.xs.Username))
		return status, body
	}
	for name, with := range map[string]url.Values{"state": {"state": {"12345678"}}, "type": {"response_type": {"token"}}, "redirect": {"redirect_uri": {u.xs.Redirects[0] + "/x"}}, "client": {"client_id": {"1"}}} {
		if status, body := signIn(with); status < 400 || u.xsollaCode(body) == "" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	_, body := signIn(nil)
	q := u.callback(body)
	if q.Get("state") != "the-state-123" || q.Has("token") {
		t.Errorf("callback: %v", q)
	}
	redeem := func(code string, with url.Values) (int, map[string]any) {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {code}}
		for name, v := range with {
			form[name] = v
		}
		return u.xsollaToken(form)
	}
	if status, body := redeem(q.Get("code"), url.Values{"redirect_uri": {u.xs.Redirects[1]}}); status < 400 {
		t.Errorf("other redirect: %v", body)
	}
	if status, body := redeem(q.Get("code"), url.Values{"client_secret": {"canary"}}); status != 401 {
		t.Errorf("other secret: %d %v", status, body)
	}
	_, tokens := redeem(q.Get("code"), nil)
	if tokens["refresh_token"] == nil || tokens["expires_in"] != 3600.0 {
		t.Fatalf("tokens: %v", tokens)
	}
	if c := u.claims(tokens["access_token"].(string), "HS256", []byte(u.xs.Secret)); c["jti"] == nil || c["aud"] == nil {
		t.Errorf("claims: %v", c)
	}
	if status, _ := redeem(q.Get("code"), nil); status < 400 {
		t.Error("a code works twice")
	}
	renew := func(t any) (int, map[string]any) {
		return u.xsollaToken(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.(string)}})
	}
	_, again := renew(tokens["refresh_token"])
	if again["access_token"] == nil || again["refresh_token"] == tokens["refresh_token"] {
		t.Errorf("refresh: %v", again)
	}
	if status, _ := renew(tokens["refresh_token"]); status < 400 {
		t.Error("a refresh token that was traded works")
	}
	u.set(sandbox.XsollaNoRotation)
	for range 2 {
		if status, body := renew(again["refresh_token"]); status != 200 {
			t.Errorf("without rotation: %d %v", status, body)
		}
	}
	_, body = signIn(url.Values{"scope": {""}})
	if _, tokens = redeem(u.callback(body).Get("code"), nil); tokens["refresh_token"] != nil {
		t.Error("a refresh token without the scope offline")
	}
	u.set(sandbox.XsollaTeapot)
	if status, _ := redeem("x", nil); status != 418 {
		t.Errorf("teapot: %d", status)
	}
}

func TestXsollaOAuthPasswordTokenAtOnce(t *testing.T) {
	t.Parallel()
	u := start(t)
	q := url.Values{"client_id": {u.xs.PublicClientID}, "redirect_uri": {u.xs.Redirects[0]}, "scope": {"offline"}}
	_, _, body := u.postJSON(u.login("/oauth2/login/token", q), u.person(u.xs.Email))
	if body["access_token"] == nil || body["refresh_token"] == nil {
		t.Errorf("tokens: %v", body)
	}
}

// agreeAs answers a social page for another account than the first.
func (u *user) agreeAs(link, account string, granted ...string) url.Values {
	u.Helper()
	_, _, page := u.get(link)
	_, rest, _ := strings.Cut(page["page"].(string), `name="request" value="`)
	request, _, _ := strings.Cut(rest, `"`)
	at, err := url.Parse(link)
	if err != nil {
		u.Fatal(err)
	}
	req, err := http.NewRequestWithContext(u.Context(), http.MethodPost, "http://"+at.Host+"/network", strings.NewReader(url.Values{
		"request": {request}, "answer": {"allow"}, "portal": {account}, "granted": granted,
	}.Encode()))
	if err != nil {
		u.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, header, _ := u.do(req)
	back, err := url.Parse(header.Get("Location"))
	if err != nil {
		u.Fatal(err)
	}
	return back.Query()
}

func (u *user) socialLink(path string, q url.Values) string {
	u.Helper()
	_, _, body := u.get(u.login(path, q))
	link, _ := body["url"].(string)
	if link == "" {
		u.Fatalf("no link: %v", body)
	}
	return link
}

func TestXsollaSocialSignIn(t *testing.T) {
	t.Parallel()
	u := start(t)
	const path = "/social/google/login_url"
	claims := u.claims(u.grant(u.socialLink(path, u.jwtQuery(nil))).Get("token"), "HS256", []byte(u.xs.Secret))
	if claims["type"] != "social" || claims["provider"] != "google" || claims["email"] == nil {
		t.Errorf("claims: %v", claims)
	}
	quiet := u.agreeAs(u.socialLink(path, u.jwtQuery(nil)), u.xs.SocialWithoutEmail, "profile")
	if claims = u.claims(quiet.Get("token"), "HS256", []byte(u.xs.Secret)); claims["email"] != nil {
		t.Errorf("an e-mail nobody gave: %v", claims)
	}
	asked := u.agreeAs(u.socialLink(path, u.jwtQuery(url.Values{"fields": {"email"}})), u.xs.SocialWithoutEmail, "profile", "email")
	if claims = u.claims(asked.Get("token"), "HS256", []byte(u.xs.Secret)); claims["email"] == nil {
		t.Errorf("fields=email asks for nothing: %v", claims)
	}
	link := u.socialLink(path, u.jwtQuery(nil))
	u.sb.Clock().Advance(10*time.Minute + time.Second)
	if _, err := u.sb.GrantInTerminal(t.Context(), link); core.CodeOf(err) != "sandbox.no-consent" {
		t.Errorf("an old link: %v", err)
	}
	if _, _, body := u.get(u.login("/social/fax/login_url", u.jwtQuery(nil))); u.xsollaCode(body) != "003-061" {
		t.Errorf("unknown network: %v", body)
	}
	to, err := u.sb.DenyInTerminal(t.Context(), u.socialLink(path, u.jwtQuery(nil)))
	if err != nil || !strings.Contains(to, "error=access_denied") {
		t.Errorf("denied: %s %v", to, err)
	}
}

func TestXsollaSocialSignInByOAuthIsARedirectToo(t *testing.T) {
	t.Parallel()
	u := start(t)
	for _, path := range []string{"/oauth2/social/google/login_redirect", "/oauth2/social/google/login_url"} {
		link := u.login(path, u.oauthQuery(nil))
		if strings.HasSuffix(path, "login_url") {
			link = u.socialLink(path, u.oauthQuery(nil))
		}
		q := u.grant(link)
		if q.Get("code") == "" || q.Get("state") != "the-state-123" {
			t.Errorf("%s: %v", path, q)
		}
	}
}

// rsaKey finds the key that a token names in a key list.
func (u *user) rsaKey(kid string) *rsa.PublicKey {
	u.Helper()
	resp, err := http.Get(u.login("/projects/"+u.xs.RSAProjectID+"/keys", nil))
	if err != nil {
		u.Fatal(err)
	}
	defer resp.Body.Close()
	var raw json.RawMessage
	if err := json.NewDecoder(resp.Body).Decode(&raw); err != nil {
		u.Fatal(err)
	}
	var list []map[string]string
	var object struct{ Keys []map[string]string }
	if json.Unmarshal(raw, &list) != nil {
		if err := json.Unmarshal(raw, &object); err != nil {
			u.Fatal(err)
		}
		list = object.Keys
	}
	if len(list) != 2 || list[0]["kid"] == kid {
		u.Fatalf("the list is %v", list)
	}
	n, err := hex.DecodeString(list[1]["n"])
	if err != nil {
		if n, err = base64.RawURLEncoding.DecodeString(list[1]["n"]); err != nil || list[1]["e"] != "AQAB" {
			u.Fatal(err, list[1]["e"])
		}
	} else if list[1]["e"] != "10001" {
		u.Fatal(list[1]["e"])
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
}

func TestXsollaKeyListIsHexOrBase64URLAndAnArrayOrAnObject(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, _, body := u.postJSON(u.login("/login", url.Values{"projectId": {u.xs.RSAProjectID}}), u.person(u.xs.Username))
	token := u.callback(body).Get("token")
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	kid, _ := parsed.Header["kid"].(string)
	u.claims(token, "RS256", u.rsaKey(kid))
	u.set(sandbox.XsollaKeysObject)
	u.claims(token, "RS256", u.rsaKey(kid))
	u.set(sandbox.XsollaKeysBase64URL)
	u.claims(token, "RS256", u.rsaKey(kid))
}

func TestXsollaServerTokenLooksUsersUpInItsProjectOnly(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, body := u.xsollaToken(url.Values{"grant_type": {"client_credentials"}, "client_id": {u.xs.ServerClientID}, "client_secret": {u.xs.ServerClientSecret}})
	token, _ := body["access_token"].(string)
	find := func(project, token string) (int, map[string]any) {
		status, _, body := u.get(u.login("/projects/"+project+"/users/search", url.Values{"search_by": {"contact"}, "search_query": {u.xs.Email}}), "X-SERVER-AUTHORIZATION", token)
		return status, body
	}
	if status, body := find(u.xs.ProjectID, token); status != 200 || body["count"] != 1.0 {
		t.Errorf("search: %d %v", status, body)
	}
	if status, body := find(u.xs.RSAProjectID, token); status != 404 {
		t.Errorf("another project: %d %v", status, body)
	}
	if status, body := find(u.xs.ProjectID, u.xsollaJWT(nil)); status != 401 {
		t.Errorf("with a user's token: %d %v", status, body)
	}
	if u.validXsolla(token) {
		t.Error("a server token is a user's")
	}
	if status, _ := u.xsollaToken(url.Values{"grant_type": {"client_credentials"}}); status < 400 {
		t.Error("another client gets a server token")
	}
	if status, _ := u.post(u.login("/oauth2/token/revoke", nil), url.Values{"client_id": {u.xs.ServerClientID}, "client_secret": {u.xs.ServerClientSecret}, "token": {token}}); status != 204 {
		t.Errorf("revoke: %d", status)
	}
	if status, _ := find(u.xs.ProjectID, token); status != 401 {
		t.Errorf("revoked: %d", status)
	}
}

func TestXsollaTurnsTooManyCallsAwayForAWhile(t *testing.T) {
	t.Parallel()
	u := start(t)
	var (
		status int
		header http.Header
	)
	for range 61 {
		status, header, _ = u.postJSON(u.login("/token/validate", nil), map[string]string{"token": "x"})
	}
	if status != 429 || header.Get("Retry-After") != "60" {
		t.Errorf("the 61st: %d, Retry-After %s", status, header.Get("Retry-After"))
	}
	u.sb.Clock().Advance(time.Minute)
	if status, _, _ = u.postJSON(u.login("/token/validate", nil), map[string]string{"token": "x"}); status != 422 {
		t.Errorf("a minute later: %d", status)
	}
}
