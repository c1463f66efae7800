// Package oauth2 is the platform of any standard OAuth 2.0 server: found by
// discovery from its issuer (RFC 8414, OpenID Connect Discovery 1.0), or with
// endpoints given by hand.
//
// What discovery finds stands in the connection's Settings under names that
// begin with "discovered.", beside what the admin typed, which goes first.
package oauth2

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/transport"
)

// ID is the platform's id.
const ID core.PlatformID = "oauth2"

// endpointIssuer is the name of the platform's one endpoint: a base URL that
// takes the issuer's place, whose own metadata must name it as issuer.
const endpointIssuer = "issuer"

// The settings an admin may type, and, behind the prefix, what discovery found.
const (
	settingAuthURL       = "auth_url"
	settingTokenURL      = "token_url"
	settingUserinfoURL   = "userinfo_url"
	settingIntrospectURL = "introspect_url"
	settingRevokeURL     = "revoke_url"
	settingDeviceURL     = "device_url"
	settingAuthMethod    = "auth_method" // how the client authenticates: "basic" or "post"
	settingIss           = "iss"         // "true": the server sends iss with its answers (RFC 9207)
	settingS256          = "s256"        // "true": the server announces PKCE by S256 (RFC 8414 §2)
	settingIssuer        = "issuer"      // whose metadata it was; never typed
	discovered           = "discovered."
	pinned               = "pinned." // before an endpoint's name: the host it had when it was first discovered
)

// endpoints are the settings that are URLs to which credentials go.
func endpoints() []string {
	return []string{settingAuthURL, settingTokenURL, settingUserinfoURL, settingIntrospectURL, settingRevokeURL, settingDeviceURL}
}

// How a client with a secret authenticates, RFC 6749 §2.3.1.
const (
	methodBasic = "basic"
	methodPost  = "post"
)

// Platform describes any standard OAuth 2.0 server.
func Platform() platform.Platform {
	return platform.Platform{
		ID:       ID,
		Name:     "OAuth 2.0",
		Grants:   []core.Grant{core.GrantCode, core.GrantDevice, core.GrantClientCredentials},
		Asks:     asks(),
		OAuth:    config,
		Discover: discover,
		Dial:     func(c core.Connection, env platform.Env) any { return dial(c, env) },
	}
}

func asks() []platform.Ask {
	return []platform.Ask{
		{Name: "issuer", Optional: true, Check: checkURL(false)},
		{Name: settingAuthURL, Optional: true, Grants: []core.Grant{core.GrantCode}, Check: checkURL(true)},
		{Name: settingDeviceURL, Optional: true, Grants: []core.Grant{core.GrantDevice}, Check: checkURL(true)},
		{Name: settingTokenURL, Optional: true, Check: checkURL(true)},
		{Name: "client_id"},
		{Name: "client_secret", Secret: true, Optional: true},
		{Name: settingAuthMethod, Optional: true, Check: checkMethod},
		{Name: "scopes", Optional: true},
	}
}

func checkMethod(v string) error {
	if v == methodBasic || v == methodPost {
		return nil
	}
	return &core.Error{Tried: "read-input", Code: "oauth2.auth-method", Class: core.Usage}
}

// checkURL returns a check for endpoint URLs. An endpoint may have a query
// (RFC 6749 §3.1), an issuer may not (RFC 8414 §2).
func checkURL(query bool) func(string) error {
	return func(v string) error {
		u, err := url.Parse(v)
		if err == nil && query {
			u.RawQuery = ""
			v = u.String()
		}
		if err == nil {
			err = transport.CheckURL(v)
		}
		if err != nil {
			return &core.Error{Tried: "read-input", Code: "oauth2.bad-url", Class: core.Usage, Err: err}
		}
		return nil
	}
}

// issuerOf returns the issuer that is asked and expected to answer.
func issuerOf(c core.Connection, e transport.Endpoints) string {
	if own := e.Resolve(ID, endpointIssuer, c.Region, ""); own != "" {
		return own
	}
	return c.Issuer
}

// setting returns what the admin typed, else what discovery found.
func setting(c core.Connection, name string) string {
	if v := c.Settings[name]; v != "" {
		return v
	}
	return c.Settings[discovered+name]
}

// config says how consent and refresh work for c. It fails with code
// oauth2.no-endpoints when neither the admin nor discovery gave a token endpoint.
func config(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	cfg := consent.Config{
		Platform: ID,
		Issuer:   issuerOf(c, e),
		AuthURL:  setting(c, settingAuthURL), TokenURL: setting(c, settingTokenURL), RevokeURL: setting(c, settingRevokeURL),
		AuthStyle: oauth2.AuthStyleInHeader,
		ClientID:  c.ClientID, ClientSecret: c.Secrets[core.SecretClientSecret],
		Scopes:       c.Scopes,
		RedirectHost: "127.0.0.1",
		Ports:        []int{consent.DefaultPort, consent.DefaultPort + 1, consent.DefaultPort + 2},
		// Whether an unknown server rotates shows only when it has: RFC 9700
		// §2.2.2 has it rotate for public clients, many do for all. Taking it
		// for granted costs a question after a lost answer; not doing so
		// may cost the grant.
		RefreshRotates: true,
		Hosts:          hosts(c, e),
	}
	if c.Settings[discovered+settingS256] != "true" {
		cfg.PKCEUnverified = "the server does not announce S256"
	}
	cfg.IssRequired = setting(c, settingIss) == "true" && cfg.Issuer != ""
	if setting(c, settingAuthMethod) == methodPost {
		cfg.AuthStyle = oauth2.AuthStyleInParams
	}
	if u := setting(c, settingDeviceURL); u != "" {
		cfg.Device = &consent.Device{CodeURL: u, TokenURL: cfg.TokenURL}
	}
	if slices.Contains(c.Scopes, "offline_access") {
		// OpenID Connect Core §11: without prompt=consent a server ignores
		// offline_access.
		cfg.AuthParams = url.Values{"prompt": {"consent"}}
	}
	if cfg.TokenURL == "" {
		return cfg, &core.Error{Tried: "configure", On: c.Name, Code: "oauth2.no-endpoints", Class: core.Usage}
	}
	return cfg, nil
}

// hosts are those of the issuer and of every endpoint in the connection.
func hosts(c core.Connection, e transport.Endpoints) []string {
	urls := []string{issuerOf(c, e)}
	for _, name := range endpoints() {
		urls = append(urls, setting(c, name))
	}
	var out []string
	for _, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" {
			continue
		}
		if host := strings.ToLower(u.Host); !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	return out
}
