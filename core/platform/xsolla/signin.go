package xsolla

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/transport"
)

// Variant is one of the two that every call of Xsolla Login has.
type Variant string

// The variants.
const (
	VariantJWT    Variant = "jwt"           // knows the Login project
	VariantOAuth  Variant = "oauth2"        // knows an OAuth 2.0 client of it
	VariantDirect Variant = "oauth2-direct" // the same without a code, by password only
)

// LinkLife is how long the address of a social sign-in works.
const LinkLife = 10 * time.Minute

// scopeOffline is the scope without which there is no refresh token.
const scopeOffline = "offline"

// SignIn is where a sign-in takes place and leads to.
type SignIn struct {
	Variant      Variant
	ProjectID    string // JWT variant
	ClientID     string // OAuth 2.0 variants: a number
	ClientSecret core.Secret
	// Callback is the callback URL (JWT) or redirect URI (OAuth 2.0), to the
	// letter as it is registered; "" where the project has one callback URL only.
	Callback string
	State    string // OAuth 2.0 with a code: more than 8 characters
	Offline  bool   // OAuth 2.0: with a refresh token
}

// NewState returns a state for one sign-in.
func NewState() string { return rand.Text() }

// query is what every call of the variant carries. login_url must be one of
// the project's Callback URLs to the letter (010-012), and may be left out
// when there is one only (010-011).
func (s SignIn) query() url.Values {
	q := url.Values{}
	set := func(name, v string) {
		if v != "" {
			q.Set(name, v)
		}
	}
	if s.Variant == VariantJWT {
		set("projectId", s.ProjectID)
		set("login_url", s.Callback)
		set("with_logout", "0") // 1 would end the sessions that the user has elsewhere
		return q
	}
	set("client_id", s.ClientID)
	set("redirect_uri", s.Callback)
	if s.Offline {
		set("scope", scopeOffline)
	}
	if s.Variant == VariantOAuth {
		set("response_type", "code")
		set("state", s.State)
	}
	return q
}

// Password signs a user in by user name (or e-mail) and password. The JWT and
// OAuth 2.0 variants lead to a callback; for VariantDirect see PasswordTokens.
func (l *Login) Password(ctx context.Context, s SignIn, username string, password core.Secret) (Callback, error) {
	path := "/login"
	if s.Variant == VariantOAuth {
		path = "/oauth2/login"
	}
	a, err := l.password(ctx, path, s, username, password)
	if err != nil {
		return Callback{}, err
	}
	var body struct {
		LoginURL string `json:"login_url"`
	}
	if err := l.decode(a, &body); err != nil {
		return Callback{}, err
	}
	if body.LoginURL == "" {
		return Callback{}, l.malformed("sign-in", a)
	}
	return ReadCallback(core.NewSecret(body.LoginURL), s.State)
}

// PasswordTokens signs a user in by password and gives tokens at once, without
// a code in between.
func (l *Login) PasswordTokens(ctx context.Context, s SignIn, username string, password core.Secret) (Tokens, error) {
	a, err := l.password(ctx, "/oauth2/login/token", s, username, password)
	if err != nil {
		return Tokens{}, err
	}
	return l.tokens("sign-in", a)
}

func (l *Login) password(ctx context.Context, path string, s SignIn, username string, password core.Secret) (*transport.Answer, error) {
	return l.do(ctx, call{
		tried: "sign-in", method: http.MethodPost, path: path, query: s.query(),
		json: map[string]any{"username": username, "password": password.Reveal(), "remember_me": false},
	})
}

// SocialLink asks for the address of a social network's sign-in page. It asks
// the network's user for an e-mail address where the network gives none
// (fields=email; documented for the JWT variant, unverified for the other,
// which by RFC 6749 §3.1 ignores what it does not know).
func (l *Login) SocialLink(ctx context.Context, s SignIn, provider string) (string, error) {
	path := "/social/"
	if s.Variant != VariantJWT {
		path = "/oauth2/social/"
	}
	q := s.query()
	q.Set("fields", "email")
	a, err := l.do(ctx, call{tried: "social-link", method: http.MethodGet, path: path + url.PathEscape(provider) + "/login_url", query: q})
	if err != nil {
		return "", err
	}
	var body struct {
		URL string `json:"url"`
	}
	if err := l.decode(a, &body); err != nil {
		return "", err
	}
	u, err := url.Parse(body.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && transport.IsLoopback(u.Hostname())) {
		return "", l.malformed("social-link", a)
	}
	return core.CleanLine(u.String()), nil
}

// Tokens are what the token endpoint gives.
type Tokens struct {
	Access   core.Secret // of a user: a JWT
	Refresh  core.Secret // empty without the scope offline
	Type     string
	Lifetime time.Duration // 0: not said
	Scopes   []string
}

// tokens reads a token answer (RFC 6749 §5.1).
func (l *Login) tokens(tried string, a *transport.Answer) (Tokens, error) {
	var body struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Type    string `json:"token_type"`
		Expires any    `json:"expires_in"`
		Scope   string `json:"scope"`
	}
	if err := l.decode(a, &body); err != nil {
		return Tokens{}, err
	}
	if body.Access == "" || !core.IsToken(body.Access) || !core.IsToken(body.Refresh) {
		return Tokens{}, l.malformed(tried, a)
	}
	t := Tokens{
		Access: core.NewSecret(body.Access), Refresh: core.NewSecret(body.Refresh), Type: core.CleanLine(body.Type),
		Scopes: action.SplitList(core.CleanLine(body.Scope)),
	}
	const longest = 366 * 24 * 3600
	if n, ok := body.Expires.(float64); ok && n > 0 && n <= longest {
		t.Lifetime = time.Duration(n) * time.Second
	}
	return t, nil
}

// Exchange trades a code. A code works once.
func (l *Login) Exchange(ctx context.Context, s SignIn, code core.Secret) (Tokens, error) {
	return l.token(ctx, "exchange", s, url.Values{
		"grant_type": {"authorization_code"}, "code": {code.Reveal()}, "redirect_uri": {s.Callback},
	})
}

// Refresh trades a refresh token, which only the scope offline gives.
func (l *Login) Refresh(ctx context.Context, s SignIn, refresh core.Secret) (Tokens, error) {
	return l.token(ctx, "refresh", s, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refresh.Reveal()}, "redirect_uri": {s.Callback},
	})
}

// ServerToken gets a token for X-SERVER-AUTHORIZATION. It takes a client of
// the kind "server".
func (l *Login) ServerToken(ctx context.Context, s SignIn) (Tokens, error) {
	return l.token(ctx, "exchange", s, url.Values{"grant_type": {"client_credentials"}})
}

func (l *Login) token(ctx context.Context, tried string, s SignIn, form url.Values) (Tokens, error) {
	form.Set("client_id", s.ClientID)
	if !s.ClientSecret.Empty() {
		form.Set("client_secret", s.ClientSecret.Reveal())
	}
	a, err := l.do(ctx, call{tried: tried, method: http.MethodPost, path: "/oauth2/token", form: form})
	if err != nil {
		return Tokens{}, err
	}
	return l.tokens(tried, a)
}

// Validate asks Xsolla whether a user token is valid: lifetime, project,
// signature, user. nil is yes. Whether a revoked token is refused is
// unverified: its API page does not say so, its draft guide for agents does.
func (l *Login) Validate(ctx context.Context, token core.Secret) error {
	a, err := l.do(ctx, call{
		tried: "validate-token", method: http.MethodPost, path: "/token/validate",
		json: map[string]string{"token": strings.TrimSpace(token.Reveal())},
	})
	if err != nil {
		return err
	}
	if a.Status != http.StatusNoContent {
		if err := l.decode(a, &struct{}{}); err != nil {
			return err // a page
		}
		return l.malformed("validate-token", a)
	}
	return nil
}
