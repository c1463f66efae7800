package google

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport"
)

// The ages at which Google ends refresh tokens
// (https://developers.google.com/identity/protocols/oauth2#expiration).
const (
	testingLife = 7 * 24 * time.Hour
	unusedLife  = 182 * 24 * time.Hour // "six months"
)

// config says how consent and refresh work for c.
func config(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	cfg := consent.Config{
		Platform:     ID,
		AuthURL:      e.Resolve(ID, endpointAccounts, "", "https://accounts.google.com") + "/o/oauth2/v2/auth",
		TokenURL:     e.Resolve(ID, endpointOAuth2, "", "https://oauth2.googleapis.com") + "/token",
		AuthStyle:    oauth2.AuthStyleInParams,
		ClientID:     c.ClientID,
		ClientSecret: c.Secrets[core.SecretClientSecret],
		Scopes:       written(c.Scopes),
		// Without both a web client is given a refresh token only at a person's
		// first consent, or never.
		AuthParams: url.Values{"access_type": {"offline"}, "prompt": {"consent"}},
		ErrorCode: func(status int, code, description string) string {
			return tokenErrorCode(c.Grant, status, code, description)
		},
		ErrorDetail: "error_subtype",
		RefreshCause: func(key string, now time.Time) string {
			return refreshCause(c, key, now)
		},
		Hosts: hosts(e),
	}
	if c.Expect != "" {
		cfg.AuthParams.Set("login_hint", c.Expect)
	}
	if c.Settings[settingAudience] == audienceTesting && !identityOnly(cfg.Scopes) {
		cfg.GrantLife = testingLife
	}
	cfg.RedirectHost, cfg.RedirectPath, cfg.Ports = redirectOf(c)
	cfg.AnyRedirect = c.Settings[settingType] != string(KindWeb)
	if c.Grant == core.GrantServiceAccount {
		cfg.AuthURL = "" // no person, no page
		cfg.Assertion = func(now time.Time) (core.Secret, error) { return assertion(c, cfg.TokenURL, now) }
	}
	return cfg, nil
}

func hosts(e transport.Endpoints) []string {
	return append([]string{"accounts.google.com", "oauth2.googleapis.com", "gmail.googleapis.com"}, e.Hosts(ID)...)
}

// written are the scopes as Google's answers have them, so that asked and
// granted ones can be compared.
func written(scopes []string) []string {
	out := slices.Clone(scopes)
	for i, s := range out {
		if s == "email" || s == "profile" {
			out[i] = "https://www.googleapis.com/auth/userinfo." + s
		}
	}
	return out
}

// identityOnly reports scopes to which the seven days do not apply.
func identityOnly(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool {
		return s != "openid" && !strings.HasPrefix(s, "https://www.googleapis.com/auth/userinfo.")
	})
}

// redirectOf is where the answer goes. A desktop client may name any port of
// this machine; of a web client's registered URIs the first that leads here
// decides, since Google compares them character by character.
func redirectOf(c core.Connection) (host, path string, ports []int) {
	if c.Settings[settingType] == string(KindWeb) {
		for _, r := range strings.Fields(c.Settings[settingRedirect]) {
			u, err := url.Parse(r)
			if err != nil || u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
				continue
			}
			port, err := strconv.Atoi(u.Port())
			if h := u.Hostname(); err != nil || port < 1024 || h != "127.0.0.1" && h != "localhost" || u.Path == "" || u.EscapedPath() != u.Path {
				continue // deskward can't listen there
			}
			if host == "" {
				host, path = u.Hostname(), u.Path
			}
			if u.Hostname() == host && u.Path == path && !slices.Contains(ports, port) {
				ports = append(ports, port)
			}
		}
		if host != "" {
			return host, path, ports
		}
		return "127.0.0.1", "", []int{consent.DefaultPort}
	}
	for i := range 5 {
		ports = append(ports, consent.DefaultPort+i)
	}
	return net.IPv4(127, 0, 0, 1).String(), "", ports
}

// assertion is what a service account signs to act for a mailbox: RFC 7523 as
// https://developers.google.com/identity/protocols/oauth2/service-account has
// it. Its time is a minute early, for clocks that run apart.
func assertion(c core.Connection, audience string, now time.Time) (core.Secret, error) {
	fail := &core.Error{Tried: "sign", On: c.Name, Code: "google.bad-key", Class: core.Usage}
	key, err := privateKey(c.Secrets[core.SecretPrivateKey])
	if err != nil {
		return core.Secret{}, fail // the parser's own error says nothing that may be told
	}
	issued := now.Add(-time.Minute)
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": c.Settings[settingEmail], "sub": c.Account, "scope": strings.Join(written(c.Scopes), " "), "aud": audience,
		"iat": issued.Unix(), "exp": issued.Add(time.Hour).Unix(),
	})
	t.Header["kid"] = c.Settings[settingKeyID]
	signed, err := t.SignedString(key)
	if err != nil {
		return core.Secret{}, fail
	}
	return core.NewSecret(signed), nil
}

// refreshCause names why a refresh token most likely ended: Google's answer is
// the same for all of its reasons.
func refreshCause(c core.Connection, key string, now time.Time) string {
	if key != "google.invalid_grant" || c.Grant != core.GrantCode || c.GrantedAt.IsZero() {
		return ""
	}
	age := now.Sub(c.GrantedAt)
	audience := c.Settings[settingAudience]
	switch {
	case audience == audienceTesting && age >= testingLife && !identityOnly(written(c.Scopes)):
		return "google.ended.testing"
	case !c.AccessExpires.IsZero() && now.Sub(c.AccessExpires) >= unusedLife:
		return "google.ended.unused"
	case (audience == audienceUnknown || audience == "") && age >= testingLife && age < 2*testingLife:
		return "google.ended.week" // it fits the seven days, and nobody said that the app is published
	}
	return "google.ended"
}

// ends is the seventh day of a consent to an app in testing.
func ends(c core.Summary) []core.End {
	if c.Grant != core.GrantCode || c.EndsAt.IsZero() || c.GrantedAt.IsZero() {
		return nil
	}
	// Other ends are the vendor's own word (time-based access).
	if life := c.EndsAt.Sub(c.GrantedAt); life < testingLife-time.Minute || life > testingLife+time.Minute {
		return nil
	}
	return []core.End{{Code: "google.testing-ends", At: c.EndsAt, Source: "https://developers.google.com/identity/protocols/oauth2#expiration"}}
}

// tokenErrors are the codes of Google's accounts and token servers for which
// advice exists.
func tokenErrors() []string {
	return []string{
		"access_denied", "access_not_configured", "admin_policy_enforced", "deleted_client", "disabled_client", "interaction_required", "internal_failure",
		"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "org_internal", "redirect_uri_mismatch", "unauthorized_client",
		"unsupported_grant_type",
	}
}

// tokenErrorCode is the advice key of an error of Google's token server or of
// its answer to the browser (status 0). Some codes stand for several things,
// which only the description tells apart.
func tokenErrorCode(g core.Grant, status int, code, description string) string {
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(description), w) })
	}
	code, detail, _ := strings.Cut(code, "/")
	robot := g == core.GrantServiceAccount
	switch {
	case detail == "invalid_rapt" || says("invalid_rapt"):
		return "google.invalid_rapt"
	case code == "invalid_grant" && says("code verifier"):
		return "google.code-verifier"
	case code == "invalid_grant" && says("account has been", "account disabled", "account deleted", "account suspended"):
		return "google.account-gone"
	case code == "invalid_grant" && says("invalid email or user id", "not a valid email"), code == "invalid_request" && says("impersonation"):
		return "google.subject-unknown"
	case code == "invalid_grant" && says("short-lived token", "reasonable timeframe"):
		return "google.clock"
	case code == "invalid_grant" && says("invalid jwt signature", "valid verifier", "account not found"):
		return "google.key-dead"
	case code == "invalid_grant" && says("malformed auth code", "bad request"):
		return "google.bad-code"
	case robot && code == "unauthorized_client" && says("retrieve access tokens using this method"):
		return "google.delegation-entry"
	case robot && code == "unauthorized_client":
		return "google.not-delegated"
	case robot && code == "access_denied" && status != 0:
		return "google.delegation-scopes"
	case slices.Contains(tokenErrors(), code):
		return "google." + code
	case status >= http.StatusInternalServerError:
		return codeUnavailable
	}
	return codeUnlisted
}
