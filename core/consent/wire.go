package consent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/transport"
)

// scope joins the asked scopes as the vendor wants them.
func (c Config) scope() string {
	sep := c.ScopeSeparator
	if sep == "" {
		sep = " "
	}
	return strings.Join(c.Scopes, sep)
}

// authStyle never lets x/oauth2 find out by trying: its second try would send
// a code or a rotating refresh token twice.
func (c Config) authStyle() oauth2.AuthStyle {
	switch {
	case c.AuthStyle != oauth2.AuthStyleAutoDetect && !c.ClientSecret.Empty():
		return c.AuthStyle
	default: // a public client names itself in the body, RFC 6749 §3.2.1
		return oauth2.AuthStyleInParams
	}
}

func (c Config) oauth2(tokenURL string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret.Reveal(),
		Endpoint: oauth2.Endpoint{AuthURL: c.AuthURL, TokenURL: tokenURL, AuthStyle: c.authStyle()},
	}
}

// wire carries one token request. It reads the answer whole before x/oauth2
// sees it, because that drops what kind of failure it met.
type wire struct {
	base   http.RoundTripper
	cfg    Config
	status int
	header http.Header
	body   []byte
	sent   []string // secrets of the request, which an answer may repeat
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	w.sent = sentSecrets(req)
	req.Header.Set("Accept", "application/json")
	if err := w.cfg.dress(req); err != nil {
		return nil, err
	}
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return nil, transport.NetError(req.URL.Host, err)
	}
	w.body, err = io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, transport.NetError(req.URL.Host, err)
	}
	w.status, w.header = resp.StatusCode, resp.Header
	if bytes.HasPrefix(bytes.TrimSpace(w.body), []byte("{")) {
		// Some servers label their JSON text/plain or text/html, which
		// x/oauth2 would read as a query string.
		resp.Header.Set("Content-Type", "application/json")
	}
	resp.Body = io.NopCloser(bytes.NewReader(w.body))
	return resp, nil
}

// dress gives a token request the form that the vendor wants.
func (c Config) dress(req *http.Request) error {
	if !c.JSONBody && c.AskLife == 0 {
		return nil
	}
	form := formOf(req)
	life := int(c.AskLife.Seconds())
	if life > 0 {
		form.Set("expires_in", strconv.Itoa(life))
	}
	body := []byte(form.Encode())
	if c.JSONBody {
		members := map[string]any{}
		for name := range form {
			members[name] = form.Get(name)
		}
		if life > 0 {
			members["expires_in"] = life
		}
		var err error
		if body, err = json.Marshal(members); err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// effect is what a failed token call may have done at the vendor.
type effect int

const (
	didNothing effect = iota // it was not sent, or turned away unread
	wasRefused               // the vendor said no
	cannotTell               // it may have taken effect; its answer is lost
)

// callError is a failed token call.
type callError struct {
	err    *core.Error
	effect effect
	oauth  string // the OAuth error code as sent, cleaned; "" when there was none
	answer []byte // the error answer's body, for Device.Elsewhere only
}

// tokenCall is one request to a token endpoint.
type tokenCall struct {
	tried string // for errors
	on    string // the connection's name
	cfg   Config
	url   string
	do    func(context.Context, *oauth2.Config) (*oauth2.Token, error) // uses the configuration once
}

// token makes one token call.
func (s *Service) token(ctx context.Context, call tokenCall) (*oauth2.Token, *callError) {
	client := s.HTTP.For(call.cfg.Hosts...)
	w := &wire{base: client.Transport, cfg: call.cfg}
	client.Transport = w
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, client), core.CallTime)
	defer cancel()
	tok, err := call.do(ctx, call.cfg.oauth2(call.url))
	switch {
	case err != nil:
		return nil, w.failure(call, err)
	case !core.IsToken(tok.AccessToken) || !core.IsToken(tok.RefreshToken):
		return nil, &callError{effect: wasRefused, err: &core.Error{Tried: call.tried, On: call.on, Code: "oauth.token-malformed", Class: core.Refused}}
	case !call.cfg.takes(tok.TokenType):
		return nil, &callError{effect: wasRefused, err: &core.Error{
			Tried: call.tried, On: call.on, Code: "oauth.token-type", Class: core.Refused,
			Params: map[string]string{"type": clip(withoutTokens(redact(core.CleanLine(tok.TokenType), w.sent)))},
		}}
	}
	return tok, nil
}

// takes reports whether tokens of a type are of use. Types are compared
// without regard to case, RFC 6749 §5.1.
func (c Config) takes(tokenType string) bool {
	return tokenType == "" || slices.ContainsFunc(append([]string{"Bearer"}, c.TokenTypes...), func(t string) bool {
		return strings.EqualFold(t, tokenType)
	})
}

// failure says what err means without its text, in which x/oauth2 puts the
// whole answer.
func (w *wire) failure(call tokenCall, err error) *callError {
	e := &core.Error{Tried: call.tried, On: call.on, Params: map[string]string{"status": strconv.Itoa(w.status)}}
	retrieve, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case w.status == 0: // no answer
		host := ""
		if u, err := url.Parse(call.url); err == nil {
			host = u.Host
		}
		if e, own := errors.AsType[*core.Error](err); own && e.Class == core.Usage { // it could not even be made
			return &callError{err: e, effect: didNothing}
		}
		net := transport.NetError(host, err)
		what := cannotTell
		if transport.NotSent(net) {
			what = didNothing
		}
		e.Code, e.Err, e.Params["host"] = core.CodeOf(net), net, host
		return &callError{err: e, effect: what}
	case w.status == http.StatusTooManyRequests:
		e.Code = "oauth.rate-limited" // not Refused: it says nothing of the credential
		e.Params["seconds"] = w.waitSeconds()
		return &callError{err: e, effect: didNothing}
	case w.status >= 500:
		e.Code = "oauth.server-error"
		return &callError{err: e, effect: cannotTell}
	case ok:
		return w.refusal(call.cfg, e, retrieve)
	case bytes.HasPrefix(bytes.TrimSpace(w.body), []byte("<")):
		e.Code = "vendor.html"
	case transport.DecodeJSON(w.body, &struct{}{}) != nil:
		e.Code = "vendor.malformed"
	default:
		e.Code = "oauth.no-access-token"
	}
	return &callError{err: e, effect: cannotTell}
}

// VendorError is an error answer of an OAuth server to req, at another endpoint
// than the token's: code and description are its OAuth error, "" where it sent
// none. The codes are those of a token call: "oauth." and the error code,
// oauth.rate-limited, oauth.server-error, oauth.unexpected-answer.
func VendorError(tried, on string, req *http.Request, a *transport.Answer, code, description string) error {
	return Config{}.vendorError(tried, on, req, a, code, description)
}

func (c Config) vendorError(tried, on string, req *http.Request, a *transport.Answer, code, description string) error {
	w := &wire{status: a.Status, header: a.Header, body: a.Body, sent: sentSecrets(req)}
	return w.failure(tokenCall{tried: tried, on: on, cfg: c}, &oauth2.RetrieveError{ErrorCode: code, ErrorDescription: description}).err
}

// refusal reads an OAuth error answer (RFC 6749 §5.2), whatever its status.
func (w *wire) refusal(cfg Config, e *core.Error, r *oauth2.RetrieveError) *callError {
	e.Class = core.Refused
	code, description := r.ErrorCode, r.ErrorDescription
	if code == "" && cfg.ReadError != nil {
		code, description = cfg.ReadError(w.body)
	}
	out := &callError{err: e, effect: wasRefused, oauth: cleanCode(redact(code, w.sent)), answer: r.Body}
	if out.oauth != "" {
		e.Params["code"] = out.oauth
	}
	if description = redact(core.CleanLine(description), w.sent); description != "" {
		e.Params["description"] = clip(withoutTokens(description))
	}
	e.Code = cfg.errorCode(w.status, out.oauth+w.detail(cfg.ErrorDetail), description)
	return out
}

// detail is a slash and what the answer's further member of that name says, or
// nothing.
func (w *wire) detail(name string) string {
	var members map[string]any
	if name == "" || transport.DecodeJSON(w.body, &members) != nil {
		return ""
	}
	value, _ := members[name].(string)
	if value = cleanCode(redact(value, w.sent)); value == "" {
		return ""
	}
	return "/" + value
}

// errorCode is the advice key of an OAuth error. Status 0 is an error in the
// authorization answer (RFC 6749 §4.1.2.1).
func (c Config) errorCode(status int, code, description string) string {
	if c.ErrorCode != nil {
		if key := c.ErrorCode(status, code, description); key != "" {
			return key
		}
	}
	if code == "" {
		return "oauth.unexpected-answer"
	}
	return "oauth." + code
}

// waitSeconds is how long the vendor wants to be left alone; a minute when it
// does not say.
func (w *wire) waitSeconds() string {
	if d, ok := transport.RetryAfter(w.header); ok {
		return strconv.Itoa(int(d.Seconds()))
	}
	return "60"
}

// cleanCode returns a vendor's error code when it looks like one, else "".
func cleanCode(code string) string {
	if len(code) > 64 {
		return ""
	}
	for _, r := range code {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.') {
			return ""
		}
	}
	return code
}

// withoutTokens drops from a vendor's sentence what may be a secret of ours
// that it repeats: every word of 20 or more characters, which hardly any
// sentence has and every token is.
func withoutTokens(s string) string {
	const longest = 20
	words := strings.Fields(s)
	for i, w := range words {
		if len(w) >= longest && utf8.RuneCountInString(w) == len(w) {
			words[i] = "…"
		}
	}
	return strings.Join(words, " ")
}

// clip keeps a vendor's sentence to a length that fits a screen.
func clip(s string) string {
	const most = 300
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// given is what a token answer gives.
type given struct {
	access, refresh core.Secret
	tokenType       string
	expires         time.Time // of the access token; zero: not said
	ends            time.Time // of the refresh token; zero: not said
	scopes          []string  // nil: not said
	settings        map[string]string
}

// read takes from a token answer what is kept. asked is when the request was
// made: lifetimes count from there, on the safe side.
func (c Config) read(tok *oauth2.Token, asked time.Time) given {
	g := given{access: core.NewSecret(tok.AccessToken), refresh: core.NewSecret(tok.RefreshToken), tokenType: core.CleanLine(tok.TokenType)}
	var life time.Duration
	if c.Lifetime != nil {
		life = c.Lifetime(tok)
	} else {
		life = seconds(tok.Extra("expires_in"))
	}
	if life > 0 {
		g.expires = asked.Add(life)
	}
	// Google, Zendesk and others name the refresh token's own end so.
	if life := seconds(tok.Extra("refresh_token_expires_in")); life > 0 {
		g.ends = asked.Add(life)
	}
	if text, ok := tok.Extra("scope").(string); ok && text != "" {
		g.scopes = strings.FieldsFunc(core.CleanLine(text), func(r rune) bool { return r == ' ' || r == ',' })
		slices.Sort(g.scopes)
		g.scopes = slices.Compact(g.scopes)
	}
	if c.Remember != nil {
		g.settings = c.Remember(tok)
	}
	return g
}

// teach writes into the connection what the answer taught about it.
func (g given) teach(c *core.Connection) {
	if len(g.settings) == 0 {
		return
	}
	settings := maps.Clone(c.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	for name, v := range g.settings {
		if settings[name] = v; v == "" {
			delete(settings, name)
		}
	}
	c.Settings = settings
}

// seconds reads a number of seconds as vendors send it: number or text.
func seconds(v any) time.Duration {
	const most = 100 * 365 * 24 * 3600 // keeps nonsense within a time.Duration
	var n float64
	switch v := v.(type) {
	case float64:
		n = v
	case int64: // from a form-encoded answer
		n = float64(v)
	case string:
		n, _ = strconv.ParseFloat(strings.TrimSpace(v), 64)
	}
	if !(n > 0) {
		return 0
	}
	return time.Duration(min(n, most)) * time.Second
}

// missing returns the asked scopes that were not granted.
func missing(asked, granted []string) []string {
	var out []string
	for _, s := range asked {
		if !slices.Contains(granted, s) {
			out = append(out, s)
		}
	}
	return out
}
