package zoho

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
	"deskward/core/transport"
)

// Tokens are what an accounts server gave.
type Tokens struct {
	Access, Refresh core.Secret
	Type            string
	Lifetime        time.Duration // of Access; 0: not said
	Scopes          []string      // as granted; nil: not said
}

// postForm sends parameters to an accounts server, in the body or, when
// inQuery is set, in the URL. Secrets in URLs end up in the logs of proxies;
// the body is the default everywhere.
func postForm(ctx context.Context, client *http.Client, target string, params url.Values, inQuery bool) (*transport.Answer, error) {
	body := params.Encode()
	if inQuery {
		target, body = target+"?"+body, ""
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		return nil, &core.Error{Tried: "call", Code: "endpoints.bad", Class: core.Usage}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	return transport.Do(client, req)
}

// oauthFault is an error answer of the accounts server, with whatever status.
type oauthFault struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// readTokens reads a token answer. Success is an access_token, and nothing
// else is; err is what Decode says of an answer that is not JSON.
func readTokens(a *transport.Answer, host string) (Tokens, oauthFault, error) {
	var fault oauthFault
	if err := a.Decode(host, &fault); err != nil {
		return Tokens{}, fault, err
	}
	raw := map[string]any{}
	if err := a.Decode(host, &raw); err != nil {
		return Tokens{}, fault, err
	}
	str := func(name string) string { s, _ := raw[name].(string); return s }
	if !core.IsToken(str("access_token")) || !core.IsToken(str("refresh_token")) {
		return Tokens{}, fault, &core.Error{Tried: "read-answer", On: host, Code: "oauth.token-malformed", Class: core.Refused}
	}
	t := Tokens{
		Access:   core.NewSecret(str("access_token")),
		Refresh:  core.NewSecret(str("refresh_token")),
		Type:     core.CleanLine(str("token_type")),
		Lifetime: lifetime((&oauth2.Token{}).WithExtra(raw)),
	}
	for _, s := range action.SplitList(str("scope")) {
		t.Scopes = append(t.Scopes, core.CleanLine(s))
	}
	return t, fault, nil
}

// exchangeCode trades a self client's code for tokens. There is no
// redirect_uri: a self client has none, and Zoho refuses one. A code works
// once, so once sent it goes on when ctx is cancelled, within core.CallTime.
func exchangeCode(ctx context.Context, s platform.Services, c core.Connection, code core.Secret) (Tokens, error) {
	d, err := centre(c.Region)
	if err != nil {
		return Tokens{}, err
	}
	base := d.accounts(s.Endpoints)
	if err := ctx.Err(); err != nil {
		return Tokens{}, transport.NetError(hostOf(base), err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), core.CallTime)
	defer cancel()
	a, err := postForm(ctx, s.HTTP.For(hosts(s.Endpoints)...), base+pathToken, url.Values{
		"grant_type":    {"authorization_code"},
		"client_id":     {c.ClientID},
		"client_secret": {c.Secrets[core.SecretClientSecret].Reveal()},
		"code":          {squeeze(code.Reveal())},
	}, false)
	if err != nil {
		return Tokens{}, err
	}
	t, fault, err := readTokens(a, hostOf(base))
	switch {
	case err == nil && !t.Access.Empty():
		return t, nil
	case err == nil && fault.Code != "":
		return Tokens{}, tokenError("exchange", c.Name, a, fault)
	case a.Status >= http.StatusInternalServerError:
		return Tokens{}, &core.Error{Tried: "exchange", On: c.Name, Code: codeUnavailable, Params: map[string]string{"status": strconv.Itoa(a.Status)}}
	case core.CodeOf(err) == "vendor.html":
		return Tokens{}, &core.Error{Tried: "exchange", On: c.Name, Code: codeWrongHost, Class: core.Refused, Params: map[string]string{"region": d.id}, Err: err}
	case err == nil:
		err = &core.Error{Tried: "exchange", On: c.Name, Code: "vendor.malformed", Params: map[string]string{"status": strconv.Itoa(a.Status)}}
	}
	return Tokens{}, err
}

// tokenError is an error answer of the accounts server as an *core.Error. The
// server's own description is read, and not kept: it may repeat what was sent.
func tokenError(tried, on string, a *transport.Answer, fault oauthFault) *core.Error {
	e := &core.Error{
		Tried: tried, On: on, Class: core.Refused,
		Code:   tokenErrorCode(a.Status, fault.Code, fault.Description),
		Params: map[string]string{"status": strconv.Itoa(a.Status)},
	}
	switch e.Code {
	case codeThrottled, codeUnavailable:
		e.Class = core.Failed // it says nothing of the credential
		e.Params["seconds"] = strconv.Itoa(int(a.RetryAfter.Seconds()))
	}
	return e
}

// revoke ends a token. A refresh token takes its access tokens with it.
func revoke(ctx context.Context, client *http.Client, base, on string, token core.Secret) error {
	a, err := postForm(ctx, client, base+pathRevoke, url.Values{"token": {token.Reveal()}}, false)
	if err != nil {
		return err
	}
	var fault oauthFault
	err = a.Decode(hostOf(base), &fault)
	switch {
	case a.Status < 300 && err == nil && fault.Code == "":
		return nil
	case a.Status >= http.StatusInternalServerError:
		return &core.Error{Tried: "revoke", On: on, Code: codeUnavailable, Params: map[string]string{"status": strconv.Itoa(a.Status)}}
	case err != nil && a.Status < 300:
		return err
	case fault.Code == "":
		fault.Code = "invalid_token" // all that status 400 means here
	}
	return tokenError("revoke", on, a, fault)
}

// Revoke ends the connection's refresh token, and its access tokens with it,
// at Zoho. A legacy auth token cannot be ended by a call.
func (d *Desk) Revoke(ctx context.Context) error {
	if d.err != nil {
		return d.err
	}
	token := d.conn.Secrets[core.SecretRefreshToken]
	if token.Empty() {
		token = d.conn.Secrets[core.SecretAccessToken]
	}
	if token.Empty() {
		return &core.Error{Tried: "revoke", On: d.conn.Name, Code: "zoho.nothing-to-revoke", Class: core.Usage}
	}
	return revoke(ctx, d.http, d.accounts, d.conn.Name, token)
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}
