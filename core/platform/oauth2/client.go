package oauth2

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/transport"
)

// client is what a connection to a standard server can do.
type client struct {
	conn core.Connection
	env  platform.Env
	http *http.Client
}

var (
	_ platform.Checker = (*client)(nil)
	_ platform.Revoker = (*client)(nil)
	_ platform.Owner   = (*client)(nil)
)

func dial(c core.Connection, env platform.Env) *client {
	return &client{conn: c, env: env, http: env.HTTPClient(hosts(c, env.Endpoints))}
}

func (c *client) fail(tried, code string, class core.Class) *core.Error {
	return &core.Error{Tried: tried, On: c.conn.Name, Code: code, Class: class}
}

// hasUserinfo reports whether the userinfo endpoint can be asked: OpenID
// Connect Core §5.3 wants a token granted for openid.
func (c *client) hasUserinfo() bool {
	return setting(c.conn, settingUserinfoURL) != "" && slices.Contains(c.conn.Granted, "openid")
}

// Check proves the credential by the first of these that the server has: the
// userinfo endpoint (where openid was granted), introspection (RFC 7662), a
// refresh. It fails with code oauth2.nothing-to-ask, class Usage, when there
// is none of them.
func (c *client) Check(ctx context.Context) (core.Check, error) {
	switch {
	case c.hasUserinfo():
		info, err := c.userinfo(ctx)
		if err != nil {
			return core.Check{}, err
		}
		return core.Check{OK: true, Note: info.name()}, nil
	case setting(c.conn, settingIntrospectURL) != "":
		return c.introspect(ctx)
	case c.renewable():
		if _, err := c.env.Renew(ctx); err != nil {
			return core.Check{}, err
		}
		return core.Check{OK: true}, nil
	}
	return core.Check{}, c.fail("check", "oauth2.nothing-to-ask", core.Usage)
}

// Owner returns the e-mail address, else the name, else the subject that the
// userinfo endpoint tells.
func (c *client) Owner(ctx context.Context) (string, error) {
	if !c.hasUserinfo() {
		return "", c.fail("check", "oauth2.nothing-to-ask", core.Usage)
	}
	info, err := c.userinfo(ctx)
	return info.name(), err
}

// userinfo is an answer of the userinfo endpoint, OpenID Connect Core §5.1.
type userinfo struct {
	Sub      string `json:"sub"`
	Email    string `json:"email"`
	Username string `json:"preferred_username"`
	Name     string `json:"name"`
}

func (u userinfo) name() string {
	for _, s := range []string{u.Email, u.Username, u.Name, u.Sub} {
		if s != "" {
			return core.CleanLine(s)
		}
	}
	return ""
}

// userinfo asks the userinfo endpoint. An access token that is no longer taken
// is renewed once, where there is something to renew it with: a server may end
// one before its time.
func (c *client) userinfo(ctx context.Context) (userinfo, error) {
	token, err := c.env.Token(ctx)
	if err != nil {
		return userinfo{}, err
	}
	req, a, err := c.askUserinfo(ctx, token)
	if err == nil && a.Status == http.StatusUnauthorized && c.renewable() {
		if token, err = c.env.Renew(ctx); err != nil {
			return userinfo{}, err
		}
		req, a, err = c.askUserinfo(ctx, token)
	}
	if err != nil {
		return userinfo{}, err
	}
	if a.Status != http.StatusOK {
		return userinfo{}, c.refusal("check", req, a)
	}
	var info userinfo
	if err := a.Decode(req.URL.Host, &info); err != nil {
		return info, err
	}
	if info.Sub == "" { // REQUIRED, §5.3.2
		return info, c.fail("check", "vendor.malformed", core.Failed)
	}
	return info, nil
}

func (c *client) askUserinfo(ctx context.Context, token core.Secret) (*http.Request, *transport.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, setting(c.conn, settingUserinfoURL), nil)
	if err != nil {
		return nil, nil, c.fail("check", "oauth2.bad-url", core.Usage)
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Accept", "application/json")
	a, err := transport.Do(c.http, req)
	return req, a, err
}

// renewable reports whether there is something to renew the access token with.
func (c *client) renewable() bool {
	return c.env.Renew != nil && (c.conn.Grant == core.GrantClientCredentials || !c.conn.Secrets[core.SecretRefreshToken].Empty())
}

// introspect asks by RFC 7662 whether the access token is active.
func (c *client) introspect(ctx context.Context) (core.Check, error) {
	token, err := c.env.Token(ctx)
	if err != nil {
		return core.Check{}, err
	}
	a, err := c.post(ctx, "check", settingIntrospectURL, token, "access_token")
	if err != nil {
		return core.Check{}, err
	}
	var answer struct {
		Active   bool   `json:"active"`
		Username string `json:"username"`
		Sub      string `json:"sub"`
	}
	if err := a.Decode(hostOf(setting(c.conn, settingIntrospectURL)), &answer); err != nil {
		return core.Check{}, err
	}
	if !answer.Active {
		return core.Check{Code: "oauth2.inactive"}, nil
	}
	return core.Check{OK: true, Note: userinfo{Username: answer.Username, Sub: answer.Sub}.name()}, nil
}

// Revoke ends the grant by RFC 7009: first the refresh token, which should
// take the access tokens with it (§2.1), then the access token for servers
// where it does not.
func (c *client) Revoke(ctx context.Context) error {
	if setting(c.conn, settingRevokeURL) == "" {
		return c.fail("revoke", "oauth2.no-revocation", core.Usage)
	}
	for _, name := range []string{core.SecretRefreshToken, core.SecretAccessToken} {
		token := c.conn.Secrets[name]
		if token.Empty() {
			continue
		}
		_, err := c.post(ctx, "revoke", settingRevokeURL, token, name)
		if name == core.SecretAccessToken && core.CodeOf(err) == "oauth.unsupported_token_type" {
			continue // §2.2.1; it ends by itself
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// post sends a token to an endpoint at which the client authenticates itself.
// Any status but 200 is an error.
func (c *client) post(ctx context.Context, tried, endpoint string, token core.Secret, hint string) (*transport.Answer, error) {
	form := url.Values{"token": {token.Reveal()}, "token_type_hint": {hint}}
	secret := c.conn.Secrets[core.SecretClientSecret]
	basic := !secret.Empty() && setting(c.conn, settingAuthMethod) != methodPost
	if !basic {
		form.Set("client_id", c.conn.ClientID)
		if !secret.Empty() {
			form.Set("client_secret", secret.Reveal())
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, setting(c.conn, endpoint), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, c.fail(tried, "oauth2.bad-url", core.Usage)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if basic {
		req.SetBasicAuth(url.QueryEscape(c.conn.ClientID), url.QueryEscape(secret.Reveal())) // RFC 6749 §2.3.1
	}
	a, err := transport.Do(c.http, req)
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK {
		return nil, c.refusal(tried, req, a)
	}
	return a, nil
}

// refusal is an error answer: an OAuth error in JSON (RFC 6749 §5.2, RFC 7009
// §2.2.1) or in WWW-Authenticate (RFC 6750 §3).
func (c *client) refusal(tried string, req *http.Request, a *transport.Answer) error {
	var body struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if a.Decode("", &body) != nil {
		body.Code, body.Description = "", ""
	}
	if body.Code == "" {
		body.Code = challengeError(a.Header.Get("WWW-Authenticate"))
	}
	return consent.VendorError(tried, c.conn.Name, req, a, body.Code, body.Description)
}

// challengeError reads error="…" of a Bearer challenge.
func challengeError(header string) string {
	_, rest, ok := strings.Cut(header, `error="`)
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}
