package xsolla

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"deskward/core"
	"deskward/core/transport"
)

// ID is the platform's id.
const ID core.PlatformID = "xsolla"

// endpointLogin is the name of the platform's one endpoint.
const endpointLogin = "login"

const loginBase = "https://login.xsolla.com/api"

// Login is a client of Xsolla Login. Its methods make one call each.
type Login struct {
	http *http.Client
	base string
	on   string // what errors say the call was about
}

// NewLogin returns a client whose errors speak of on.
func NewLogin(c *transport.Client, e transport.Endpoints, on string) *Login {
	return &Login{http: c.For(hosts(e)...), base: base(e), on: on}
}

func base(e transport.Endpoints) string { return e.Resolve(ID, endpointLogin, "", loginBase) }

// hosts are where this platform's credentials may go: one place.
func hosts(e transport.Endpoints) []string { return []string{hostOf(base(e))} }

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// call is one request.
type call struct {
	tried  string
	method string
	path   string
	query  url.Values
	form   url.Values  // sent as a form
	json   any         // else sent as JSON
	header http.Header // besides the usual ones
}

// do makes a call; an answer that is not a success is an *core.Error.
func (l *Login) do(ctx context.Context, c call) (*transport.Answer, error) {
	target := l.base + c.path
	if len(c.query) > 0 {
		target += "?" + c.query.Encode()
	}
	var body []byte
	kind := ""
	switch {
	case c.form != nil:
		body, kind = []byte(c.form.Encode()), "application/x-www-form-urlencoded"
	case c.json != nil:
		var err error
		if body, err = json.Marshal(c.json); err != nil {
			return nil, l.fail(c.tried, "action.bad-input")
		}
		kind = "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, c.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, l.fail(c.tried, "endpoints.bad")
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Accept", "application/json")
	for name, v := range c.header {
		req.Header[name] = v
	}
	a, err := transport.Do(l.http, req)
	if err != nil {
		return nil, err
	}
	return a, l.refusal(c.tried, a)
}

// decode reads a success.
func (l *Login) decode(a *transport.Answer, v any) error { return a.Decode(hostOf(l.base), v) }

// fail is what deskward itself finds wrong.
func (l *Login) fail(tried, code string) *core.Error {
	return &core.Error{Tried: tried, On: l.on, Code: code, Class: core.Usage}
}

// malformed is a success that lacks what it should give.
func (l *Login) malformed(tried string, a *transport.Answer) *core.Error {
	return &core.Error{Tried: tried, On: l.on, Code: "vendor.malformed", Params: map[string]string{"status": statusText(a.Status)}}
}

func bearer(token core.Secret) http.Header {
	return http.Header{"Authorization": {"Bearer " + token.Reveal()}}
}

// project is the path of a project's resources.
func project(id, rest string) string { return "/projects/" + url.PathEscape(id) + rest }

// User is who a token belongs to.
type User struct {
	ID       string `json:"id"`
	Email    string `json:"email"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

// Called returns the first of e-mail, user name, name and id that there is.
func (u User) Called() string {
	for _, s := range []string{u.Email, u.Username, u.Name, u.ID} {
		if s = strings.TrimSpace(core.CleanLine(s)); s != "" {
			return s
		}
	}
	return ""
}

// Me asks whose user token it is.
func (l *Login) Me(ctx context.Context, token core.Secret) (User, error) {
	var u User
	a, err := l.do(ctx, call{tried: "check", method: http.MethodGet, path: "/users/me", header: bearer(token)})
	if err != nil {
		return u, err
	}
	if err := l.decode(a, &u); err != nil {
		return u, err
	}
	if u.ID == "" {
		return u, l.malformed("check", a)
	}
	return u, nil
}
