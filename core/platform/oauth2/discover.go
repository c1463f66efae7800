package oauth2

import (
	"context"
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
	Challenges    []string `json:"code_challenge_methods_supported"`
	Iss           bool     `json:"authorization_response_iss_parameter_supported"`
}

// discover reads the metadata of c's issuer into its settings. A connection
// without issuer stays as it is. It fails with code
//
//	oauth2.no-metadata        the issuer publishes none at the known addresses
//	oauth2.issuer-mismatch    the document names another issuer (RFC 8414 §3.3)
//	oauth2.bad-endpoint       an endpoint is neither https nor, for an issuer on this machine, loopback
//	oauth2.host-moved         an endpoint is on another host than when it was first discovered
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
	settings, err := settle(c, issuer, found)
	if err != nil {
		return c, err
	}
	c.Settings = settings
	return c, nil
}

// settle puts what was found in the place of what was found before. It refuses
// an endpoint that the same issuer named on another host when it was first
// discovered: codes and secrets would go there, and whoever changed a document
// for an hour would have them. What the admin typed goes before what is found,
// so there no host counts.
func settle(c core.Connection, issuer string, found map[string]string) (map[string]string, error) {
	settings := map[string]string{discovered + settingIssuer: issuer}
	same := c.Settings[discovered+settingIssuer] == issuer // else by the admin's own hand, such as a rehearsal's
	for name, value := range c.Settings {
		if !strings.HasPrefix(name, discovered) && (same || !strings.HasPrefix(name, pinned)) {
			settings[name] = value
		}
	}
	for name, value := range found {
		if value != "" {
			settings[discovered+name] = value
		}
	}
	for _, name := range endpoints() {
		to, from := hostOf(found[name]), settings[pinned+name]
		switch {
		case to == "" || c.Settings[name] != "":
		case from == "":
			settings[pinned+name] = to
		case !strings.EqualFold(from, to):
			return nil, discoverError(c, "oauth2.host-moved", core.Refused, map[string]string{
				"endpoint": strings.TrimSuffix(name, "_url"), "from": core.CleanLine(from), "to": core.CleanLine(to),
			})
		}
	}
	return settings, nil
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

// fetch reads the metadata from the first of the known addresses that has it.
// Servers that answer every address with a page of theirs answer some of these
// so: what is no metadata is passed over, and told only when nothing else came.
func fetch(ctx context.Context, c core.Connection, issuer *url.URL, client *http.Client) (metadata, error) {
	var unreadable error
	for _, address := range wellKnown(issuer) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return metadata{}, discoverError(c, "oauth2.bad-url", core.Usage, map[string]string{"issuer": core.CleanLine(issuer.String())})
		}
		req.Header.Set("Accept", "application/json")
		a, err := transport.Do(client, req)
		if err != nil {
			return metadata{}, err
		}
		if a.Status != http.StatusOK {
			continue
		}
		var m metadata
		if err = a.Decode(issuer.Host, &m); err == nil {
			return m, nil
		}
		if unreadable == nil {
			unreadable = err
		}
	}
	if unreadable != nil {
		return metadata{}, unreadable
	}
	return metadata{}, discoverError(c, "oauth2.no-metadata", core.Failed, map[string]string{"issuer": issuer.String()})
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
	if slices.Contains(m.Challenges, "S256") {
		out[settingS256] = "true"
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
