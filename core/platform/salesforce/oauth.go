package salesforce

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport"
)

const pathOAuth = "/services/oauth2/"

// assertionLife is how long an assertion is good: Salesforce takes three to
// five minutes.
const assertionLife = 3 * time.Minute

// oauthConfig says how consent and refresh work for c. A confidential app sends
// its secret together with the verifier; a public one has no secret.
func oauthConfig(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	base, err := loginBase(c, e)
	if err != nil {
		return consent.Config{}, err
	}
	cfg := consent.Config{
		Platform: ID,
		AuthURL:  base + pathOAuth + "authorize", TokenURL: base + pathOAuth + "token", RevokeURL: base + pathOAuth + "revoke",
		AuthStyle: oauth2.AuthStyleInParams,
		ClientID:  c.ClientID, ClientSecret: c.Secrets[core.SecretClientSecret],
		Scopes: c.Scopes,
		// Salesforce compares callbacks whole, and takes plain http for localhost.
		RedirectHost: "localhost",
		Ports:        []int{consent.DefaultPort, consent.DefaultPort + 1, consent.DefaultPort + 2},
		// A setting of the app, which no answer tells. Where it is off this
		// costs one question after an answer that was lost.
		RefreshRotates: true,
		Remember:       func(tok *oauth2.Token) map[string]string { return remember(tok, e) },
		ErrorCode:      errorCode,
		Hosts:          hosts(c, e),
	}
	switch {
	case c.Grant == core.GrantClientCredentials && cfg.ClientSecret.Empty():
		return cfg, &core.Error{Tried: "configure", On: c.Name, Code: "salesforce.no-client-secret", Class: core.Usage}
	case c.Grant == core.GrantJWTBearer:
		cfg.Assertion = func(now time.Time) (core.Secret, error) { return assertion(c, now) }
	}
	return cfg, nil
}

// remember takes from a token answer where the API is. A host that is not
// Salesforce's is noted and never called.
func remember(tok *oauth2.Token, e transport.Endpoints) map[string]string {
	raw, _ := tok.Extra("instance_url").(string)
	base, foreign := trusted(raw, e)
	return map[string]string{settingInstance: base, settingForeign: foreign}
}

// assertion signs what stands for the user's sign-in. No refresh token comes of it.
func assertion(c core.Connection, now time.Time) (core.Secret, error) {
	key, err := privateKey(c.Secrets[core.SecretPrivateKey])
	if err != nil {
		return core.Secret{}, err
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": c.ClientID, "sub": c.Settings[settingUsername], "aud": audience(c), "exp": now.Add(assertionLife).Unix(),
	}).SignedString(key)
	if err != nil {
		return core.Secret{}, badKey()
	}
	return core.NewSecret(signed), nil
}

func badKey() error {
	return &core.Error{Tried: "sign-assertion", Code: "salesforce.bad-key", Class: core.Usage}
}

var pemShape = core.Pattern(`(?s)-----BEGIN (?:RSA )?PRIVATE KEY-----(.*?)-----END (?:RSA )?PRIVATE KEY-----`)

// privateKey reads an RSA key in PEM, also where a terminal's paste has taken
// the line breaks out of it.
func privateKey(s core.Secret) (*rsa.PrivateKey, error) {
	m := pemShape().FindStringSubmatch(s.Reveal())
	if m == nil {
		return nil, badKey()
	}
	body := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, m[1])
	der, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, badKey()
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, badKey()
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, badKey()
	}
	return key, nil
}

// oauthErrors are the errors of the OAuth endpoints for which advice exists.
func oauthErrors() []string {
	return []string{
		"redirect_uri_mismatch", "redirect_uri_missing", "invalid_client_id", "invalid_client", "invalid_grant", "invalid_app_access",
		"OAUTH_APPROVAL_ERROR_GENERIC", "app_blocked", "fail_close_app_blocked", "app_not_found", "ecapp_policy_not_found",
		"oauth_policy_not_found", "oauth_flow_disabled", "inactive_user", "inactive_org", "rate_limit_exceeded", "immediate_unsuccessful",
		"invalid_scope", "invalid_request", "access_denied", "unsupported_grant_type", "unsupported_response_type", "unsupported_token_type",
		"invalid_assertion_type", "invalid_token", "invalid_session_level", "invalid_dpop_proof", "use_dpop_nonce", "slow_down",
		"server_error", "service_unavailable", "system_down",
	}
}

// grantReasons tell the kinds of invalid_grant apart, by what stands in the
// description.
func grantReasons() [][2]string {
	return [][2]string{
		{"expired access/refresh token", "expired-token"},
		{"expired authorization code", "expired-code"},
		{"authentication failure", "authentication-failure"},
		{"approved this consumer", "not-approved"},
		{"not supported on this domain", "wrong-domain"},
		{"code verifier", "bad-verifier"},
	}
}

// The codes that are ours, not Salesforce's words.
const (
	codeUnlisted    = "salesforce.unlisted"    // a code nobody has described
	codeNoCode      = "salesforce.no-code"     // a refusal without a code
	codeUnavailable = "salesforce.unavailable" // 5xx
	codeThrottled   = "salesforce.throttled"   // 429
	codeNotAPI      = "salesforce.not-api"     // a page instead of an answer
)

// errorCode maps an OAuth error to an advice key.
func errorCode(status int, code, description string) string {
	if code == "" {
		return ""
	}
	description = strings.ToLower(description)
	if code == "invalid_grant" {
		for _, r := range grantReasons() {
			if strings.Contains(description, r[0]) {
				return "salesforce.invalid_grant." + r[1]
			}
		}
	}
	if slices.Contains(oauthErrors(), code) {
		return "salesforce." + code
	}
	return codeUnlisted
}
