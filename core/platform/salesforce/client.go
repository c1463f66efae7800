package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// apiVersion is the version of the APIs that is called: old enough for every
// org today, new enough for every field that is read.
const apiVersion = "62.0"

// client is what a stored connection to an org can do.
type client struct {
	http *http.Client
	conn core.Connection
	env  platform.Env
	base string // of the org's API; "": not known yet
}

var (
	_ platform.Checker = (*client)(nil)
	_ platform.Owner   = (*client)(nil)
	_ platform.Revoker = (*client)(nil)

	_ platform.SetupReader = (*client)(nil)
)

func dial(c core.Connection, env platform.Env) any { return newClient(c, env) }

func newClient(c core.Connection, env platform.Env) *client {
	base, _ := trusted(c.Settings[settingInstance], env.Endpoints)
	return &client{http: env.HTTP.For(hosts(c, env.Endpoints)...), conn: c, env: env, base: base}
}

// call is one request to the org.
type call struct {
	tried       string
	method      string
	path        string
	query       url.Values
	contentType string
	header      http.Header
	// body makes the body; SOAP carries the token in it.
	body func(token core.Secret) []byte
}

// do makes a call with the access token. One whose session has ended is renewed
// once: token answers do not say how long they are good.
func (c *client) do(ctx context.Context, in call) (*transport.Answer, error) {
	if c.base == "" {
		return nil, c.noInstance(in.tried)
	}
	token, err := c.env.Token(ctx)
	if err != nil {
		return nil, err
	}
	a, err := c.send(ctx, in, token)
	e, ok := errors.AsType[*core.Error](err)
	if !ok || !c.renewable() || e.Code != "salesforce.INVALID_SESSION_ID" && e.Params["status"] != strconv.Itoa(http.StatusUnauthorized) {
		return a, err
	}
	if token, err = c.env.Renew(ctx); err != nil {
		return nil, err
	}
	return c.send(ctx, in, token)
}

func (c *client) renewable() bool {
	return c.env.Renew != nil && (c.conn.Grant.Unattended() || !c.conn.Secrets[core.SecretRefreshToken].Empty())
}

func (c *client) noInstance(tried string) error {
	e := &core.Error{Tried: tried, On: c.conn.Name, Code: "salesforce.no-instance", Class: core.Usage}
	if host := c.conn.Settings[settingForeign]; host != "" {
		e.Code, e.Class, e.Params = "salesforce.foreign-instance", core.Refused, map[string]string{"host": host}
	}
	return e
}

func (c *client) send(ctx context.Context, in call, token core.Secret) (*transport.Answer, error) {
	target := c.base + in.path
	if len(in.query) > 0 {
		target += "?" + in.query.Encode()
	}
	var body []byte
	if in.body != nil {
		body = in.body(token)
	}
	req, err := http.NewRequestWithContext(ctx, in.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, &core.Error{Tried: in.tried, On: c.conn.Name, Code: "endpoints.bad", Class: core.Usage}
	}
	for name, v := range in.header {
		req.Header[name] = v
	}
	if in.contentType != "" {
		req.Header.Set("Content-Type", in.contentType)
	} else {
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	a, err := transport.Do(c.http, req)
	if err != nil {
		return nil, err
	}
	return a, refusal(in.tried, c.conn.Name, a)
}

func (c *client) malformed(tried string, a *transport.Answer) *core.Error {
	return &core.Error{Tried: tried, On: c.conn.Name, Code: "vendor.malformed", Params: map[string]string{"status": strconv.Itoa(a.Status)}}
}

// Limits are the org's API calls of a day.
type Limits struct{ Max, Remaining int }

func (c *client) limits(ctx context.Context) (Limits, error) {
	var body struct {
		Daily Limits `json:"DailyApiRequests"`
	}
	a, err := c.do(ctx, call{tried: "check", method: http.MethodGet, path: "/services/data/v" + apiVersion + "/limits"})
	if err != nil {
		return Limits{}, err
	}
	if err := a.Decode(hostOf(c.base), &body); err != nil {
		return Limits{}, err
	}
	if body.Daily.Max <= 0 {
		return Limits{}, c.malformed("check", a)
	}
	return body.Daily, nil
}

// person is whose token it is.
type person struct {
	Username string `json:"preferred_username"`
	Email    string `json:"email"`
}

func (c *client) person(ctx context.Context) (person, error) {
	var p person
	a, err := c.do(ctx, call{tried: "check", method: http.MethodGet, path: pathOAuth + "userinfo"})
	if err != nil {
		return p, err
	}
	if err := a.Decode(hostOf(c.base), &p); err != nil {
		return p, err
	}
	if p.Username == "" && p.Email == "" {
		return p, c.malformed("check", a)
	}
	p.Username, p.Email = core.CleanLine(p.Username), core.CleanLine(p.Email)
	return p, nil
}

// Check proves the credential by a call of the API that changes nothing. Whose
// it is, is noted where the scopes let the vendor say it.
func (c *client) Check(ctx context.Context) (core.Check, error) {
	if _, err := c.limits(ctx); err != nil {
		return core.Check{}, err
	}
	p, err := c.person(ctx)
	if err != nil && core.ClassOf(err) != core.Refused {
		return core.Check{}, err
	}
	return core.Check{OK: true, Note: p.Username}, nil
}

// Owner returns the user name where that is the one expected, else the e-mail
// address: user names only look like addresses.
func (c *client) Owner(ctx context.Context) (string, error) {
	p, err := c.person(ctx)
	if err != nil {
		return "", err
	}
	if strings.EqualFold(p.Username, c.conn.Expect) || p.Email == "" {
		return p.Username, nil
	}
	return p.Email, nil
}

// Revoke ends the grant: the refresh token takes its access tokens with it;
// without one, the access token ends alone.
func (c *client) Revoke(ctx context.Context) error {
	base, err := loginBase(c.conn, c.env.Endpoints)
	if err != nil {
		return err
	}
	token := c.conn.Secrets[core.SecretRefreshToken]
	if token.Empty() {
		token = c.conn.Secrets[core.SecretAccessToken]
	}
	if token.Empty() {
		return &core.Error{Tried: "revoke", On: c.conn.Name, Code: "consent.not-granted", Class: core.Usage}
	}
	form := url.Values{"token": {token.Reveal()}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+pathOAuth+"revoke", strings.NewReader(form.Encode()))
	if err != nil {
		return &core.Error{Tried: "revoke", On: c.conn.Name, Code: "endpoints.bad", Class: core.Usage}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := transport.Do(c.http, req)
	if err != nil {
		return err
	}
	if a.Status == http.StatusOK {
		if body := bytes.TrimSpace(a.Body); len(body) > 0 && !json.Valid(body) {
			return a.Decode(hostOf(base), &struct{}{}) // a page: nothing was revoked
		}
		return nil
	}
	return refusal("revoke", c.conn.Name, a)
}
