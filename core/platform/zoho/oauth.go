package zoho

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport"
)

// The paths of an accounts server.
const (
	pathAuth        = "/oauth/v2/auth"
	pathToken       = "/oauth/v2/token"
	pathRevoke      = "/oauth/v2/token/revoke"
	pathUserInfo    = "/oauth/user/info"
	pathDeviceCode  = "/oauth/v3/device/code"
	pathDeviceToken = "/oauth/v3/device/token"
	pathExchange    = "/oauth/v2/token/" // + variant + "/authtooauth"
)

// callbackPorts are the redirect ports to register with the client. Zoho
// compares redirect URIs whole, port and path included, so a port that is
// busy can only be replaced by another registered one.
func callbackPorts() []int {
	return []int{consent.DefaultPort, consent.DefaultPort + 1, consent.DefaultPort + 2}
}

// longestLife is how long any Zoho access token lives. A lifetime above it is
// a number in another unit.
const longestLife = time.Hour

// oauthConfig says how consent and refresh work for c.
//
// PKCE: Zoho documents S256 for mobile and desktop clients only. A client of
// the server type has a secret as well; that its server ignores code_challenge
// then is unverified, but RFC 6749 §3.1 obliges it to ignore unknown
// parameters, so the challenge is always sent. Nobody can rely on it either: a
// pasted code needs its state.
func oauthConfig(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	d, err := centre(c.Region)
	if err != nil {
		return consent.Config{}, err
	}
	base := d.accounts(e)
	cfg := consent.Config{
		Platform:       ID,
		AuthURL:        base + pathAuth,
		TokenURL:       base + pathToken,
		RevokeURL:      base + pathRevoke,
		AuthStyle:      oauth2.AuthStyleInParams,
		ClientID:       c.ClientID,
		ClientSecret:   c.Secrets[core.SecretClientSecret],
		Scopes:         c.Scopes,
		ScopeSeparator: ",",
		// Without both, the answer has no refresh token, or has one only at
		// the first consent.
		AuthParams:     url.Values{"access_type": {"offline"}, "prompt": {"consent"}},
		PKCEUnverified: "documented for mobile and desktop clients only; the server type's is the one in use",
		RedirectHost:   "127.0.0.1",
		Ports:          callbackPorts(),
		TokenURLFor: func(answer url.Values) (string, string, error) {
			to, err := answering(answer, d, e)
			if err != nil {
				return "", "", err
			}
			return to.accounts(e) + pathToken, to.id, nil
		},
		Lifetime:      lifetime,
		RefreshLimit:  10,
		RefreshWindow: 10 * time.Minute,
		ErrorCode:     tokenErrorCode,
		Device:        deviceConfig(base, e),
		Hosts:         hosts(e),
	}
	if c.Grant == core.GrantClientCredentials && c.Account != "" {
		// Unverified for Desk: the form is documented, the service name is
		// the one that authtooauth takes.
		cfg.TokenParams = url.Values{"soid": {soid(c.Account)}}
	}
	return cfg, nil
}

// soid names a Desk organization to the accounts server.
func soid(orgID string) string { return "ZohoSupport." + orgID }

// deviceConfig is Zoho's own form of RFC 8628
// (https://www.zoho.com/accounts/protocol/oauth/devices.html).
func deviceConfig(base string, e transport.Endpoints) *consent.Device {
	return &consent.Device{
		CodeURL:    base + pathDeviceCode,
		TokenURL:   base + pathDeviceToken,
		CodeParams: url.Values{"grant_type": {"device_request"}, "access_type": {"offline"}, "prompt": {"consent"}},
		GrantType:  "device_token",
		CodeName:   "code",
		Interval:   30 * time.Second, // two polls within 30 s are answered slow_down
		Pending:    map[string]string{"expired": "expired_token"},
		Elsewhere: func(answer map[string]any) (string, string, bool) {
			if answer["error"] != "other_dc" {
				return "", "", false
			}
			location, _ := answer["user_location"].(string)
			d, err := centre(location)
			if location == "" || err != nil {
				return "", "", false
			}
			return d.accounts(e) + pathDeviceToken, d.id, true
		},
	}
}

// lifetime reads how long an access token lives: expires_in is seconds, but
// milliseconds when expires_in_sec is there too. (Zoho's own SDK codes the
// same rule.) 0: the answer does not say.
func lifetime(tok *oauth2.Token) time.Duration {
	sec, inMilliseconds := number(tok.Extra("expires_in_sec"))
	v, ok := number(tok.Extra("expires_in"))
	unit := time.Second
	switch {
	case inMilliseconds && ok:
		unit = time.Millisecond
	case inMilliseconds:
		v = sec
	case !ok:
		v = float64(tok.ExpiresIn)
	}
	if math.IsNaN(v) || v <= 0 {
		return 0
	}
	if v > float64(longestLife/unit) {
		return longestLife
	}
	return time.Duration(v * float64(unit))
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil
	}
	return 0, false
}

// tokenErrors are the errors of the accounts server for which advice exists.
func tokenErrors() []string {
	return []string{
		"access_denied", "authorization_pending", "expired", "general_error", "invalid_authtoken", "invalid_client",
		"invalid_client_secret", "invalid_code", "invalid_grant", "invalid_redirect_uri", "invalid_request",
		"invalid_scope", "invalid_token", "missing_org_info", "other_dc", "slow_down", "unauthorized_client",
		"unsupported_grant_type",
	}
}

// The codes that are ours, not Zoho's words.
const (
	codeThrottled   = "zoho.throttled"   // more than ten access tokens in ten minutes
	codeUnlisted    = "zoho.unlisted"    // an error nobody has described
	codeWrongHost   = "zoho.wrong-dc"    // a page instead of an answer
	codeUnavailable = "zoho.unavailable" // Zoho is out of order
)

// tokenErrorCode maps an error of the accounts server to an advice key.
// "Access Denied", with a blank and a description that speaks of too many
// requests, is the throttle, with status 200 or 400; access_denied is not.
func tokenErrorCode(status int, code, description string) string {
	name := strings.ToLower(strings.TrimSpace(code))
	switch {
	case status == http.StatusTooManyRequests,
		name == "access denied",
		strings.Contains(strings.ToLower(description), "too many requests"):
		return codeThrottled
	}
	name = strings.ReplaceAll(name, " ", "_")
	for _, known := range tokenErrors() {
		if name == known {
			return "zoho." + known
		}
	}
	if status >= http.StatusInternalServerError {
		return codeUnavailable
	}
	return codeUnlisted
}
