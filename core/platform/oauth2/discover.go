package oauth2

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// metadata is what a server publishes of itself: RFC 8414 §2, OpenID Connect
// Discovery 1.0 §3, RFC 8628 §4 and RFC 9207 §3.
type metadata struct {
	Issuer        string   `json:"issuer"`
	AuthURL       string   `json:"authorization_endpoint"`
	TokenURL      string   `json:"token_endpoint"`
	UserinfoURL   string   `json:"userinfo_endpoint"`
	IntrospectURL string   `json:"introspection_endpoint"`
	RevokeURL     string   `json:"revocation_endpoint"`
	DeviceURL     string   `json:"device_authorization_endpoint"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	Iss           bool     `json:"authorization_response_iss_parameter_supported"`
}

// discover reads the metadata of c's issuer into its settings. A connection
// without issuer stays as it is. It fails with code
//
//	oauth2.no-metadata        the issuer publishes none at the known addresses
//	oauth2.issuer-mismatch    the document names another issuer (RFC 8414 §3.3)
//	oauth2.bad-endpoint       an endpoint is neither https nor, for an issuer on this machine, loopback
//	oauth2.auth-method-other  the server takes neither of the two forms of client secret
func discover(ctx context.Context, c core.Connection, env platform.Env) (core.Connection, error) {
	issuer := issuerOf(c, env.Endpoints)
	if issuer == "" {
		return c, nil
	}
	u, err := url.Parse(issuer)
	if err != nil || transport.CheckURL(issuer) != nil {
		return c, discoverError(c, "oauth2.bad-url", core.Usage, map[string]string{"issuer": core.CleanLine(issuer)})
	}
	m, err := fetch(ctx, c, u, env.HTTP.For(u.Host))
	if err != nil {
		return c, err
	}
	if m.Issuer != issuer { // simple string comparison: a slash more is another issuer
		return c, discoverError(c, "oauth2.issuer-mismatch", core.Refused, map[string]string{"asked": issuer, "answered": m.Issuer})
	}
	found, err := m.settings(c, u)
	if err != nil {
		return c, err
	}
	settings := maps.Clone(c.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	maps.DeleteFunc(settings, func(name, _ string) bool { return strings.HasPrefix(name, discovered) })
	for name, value := range found {
		if value != "" {
			settings[discovered+name] = value
		}
	}
	c.Settings = settings
	return c, nil
}

func discoverError(c core.Connection, code string, class core.Class, params map[string]string) error {
	return &core.Error{Tried: "discover", On: c.Name, Code: code, Class: class, Params: params}
}

// wellKnown returns where an issuer's metadata may be, most usual first:
// behind the issuer (OpenID Connect Discovery §4), between host and path (RFC
// 8414 §3), and there under OpenID's name (RFC 8414 §5).
func wellKnown(issuer *url.URL) []string {
	const oidc, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	base := issuer.Scheme + "://" + issuer.Host
	path := strings.TrimRight(issuer.EscapedPath(), "/")
	out := []string{base + path + oidc, base + oauth + path}
	if path != "" {
		out = append(out, base+oidc+path)
	}
	return out
}

func fetch(ctx context.Context, c core.Connection, issuer *url.URL, client *http.Client) (metadata, error) {
	var m metadata
	for _, address := range wellKnown(issuer) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return m, discoverError(c, "oauth2.bad-url", core.Usage, map[string]string{"issuer": core.CleanLine(issuer.String())})
		}
		req.Header.Set("Accept", "application/json")
		a, err := transport.Do(client, req)
		if err != nil {
			return m, err
		}
		if a.Status != http.StatusOK {
			continue
		}
		return m, a.Decode(issuer.Host, &m)
	}
	return m, discoverError(c, "oauth2.no-metadata", core.Failed, map[string]string{"issuer": issuer.String()})
}

// settings checks what was published and returns it by setting name.
func (m metadata) settings(c core.Connection, issuer *url.URL) (map[string]string, error) {
	out := map[string]string{
		settingAuthURL: m.AuthURL, settingTokenURL: m.TokenURL, settingUserinfoURL: m.UserinfoURL,
		settingIntrospectURL: m.IntrospectURL, settingRevokeURL: m.RevokeURL, settingDeviceURL: m.DeviceURL,
	}
	for name, raw := range out {
		if raw != "" && !trusted(raw, issuer) {
			return nil, discoverError(c, "oauth2.bad-endpoint", core.Refused, map[string]string{"endpoint": strings.TrimSuffix(name, "_url"), "url": core.CleanLine(raw)})
		}
	}
	if m.Iss {
		out[settingIss] = "true"
	}
	switch methods := m.AuthMethods; {
	case len(methods) == 0 || slices.Contains(methods, "client_secret_basic"): // RFC 8414 §2: basic is the default
	case slices.Contains(methods, "client_secret_post"):
		out[settingAuthMethod] = methodPost
	case !c.Secrets[core.SecretClientSecret].Empty() && c.Settings[settingAuthMethod] == "":
		return nil, discoverError(c, "oauth2.auth-method-other", core.Usage, map[string]string{"methods": strings.Join(methods, ", ")})
	}
	return out, nil
}

// trusted reports whether an endpoint may be used. A document from elsewhere
// must not send us, with a code or a secret, to a service of this machine.
func trusted(raw string, issuer *url.URL) bool {
	if checkURL(true)(raw) != nil {
		return false
	}
	u, err := url.Parse(raw)
	return err == nil && (!transport.IsLoopback(u.Hostname()) || transport.IsLoopback(issuer.Hostname()))
}
