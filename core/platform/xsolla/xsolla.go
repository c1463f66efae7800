package xsolla

import (
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/transport"
)

// The settings of a connection.
const (
	settingProject  = "project_id"
	settingProvider = "provider" // the social network through which consent goes
)

// Platform describes Xsolla Login.
//
// A person consents by signing in through a social network, the only sign-in
// of Xsolla's API that is a page and not a call with a password. A connection
// is then one user of the project; what acts for the project itself is a
// server client, by client credentials.
func Platform() platform.Platform {
	return platform.Platform{
		ID:      ID,
		Name:    "Xsolla Login",
		Grants:  []core.Grant{core.GrantClientCredentials, core.GrantCode},
		Asks:    asks(),
		OAuth:   oauthConfig,
		Dial:    dial,
		Actions: func(s platform.Services) []action.Action { return (&chat{s}).actions() },
	}
}

func asks() []platform.Ask {
	return []platform.Ask{
		{Name: settingProject, Check: checkProject},
		{Name: "client_id", Check: checkClientID},
		{Name: "client_secret", Secret: true, Optional: true},
		{Name: settingProvider, Grants: []core.Grant{core.GrantCode}, Check: checkProvider},
		{Name: "scopes", Optional: true, Grants: []core.Grant{core.GrantCode}, Default: scopeOffline},
	}
}

func checkProject(v string) error {
	_, err := core.KeyXsolla.CheckAccount(v)
	return err
}

// checkClientID refuses what is no number: the project's id is easily taken
// for the client's.
func checkClientID(v string) error {
	if _, err := strconv.ParseUint(v, 10, 63); err != nil {
		return &core.Error{Tried: "read-input", Code: "xsolla.bad-client-id", Class: core.Usage}
	}
	return nil
}

var providerShape = core.Pattern(`^[a-z0-9][a-z0-9_-]{0,39}$`)

func checkProvider(v string) error {
	if !providerShape().MatchString(v) {
		return &core.Error{Tried: "read-input", Code: "xsolla.bad-provider", Class: core.Usage}
	}
	return nil
}

// oauthConfig says how consent and refresh work for c.
//
// Whether a redirect URI on 127.0.0.1 may be registered is unverified.
func oauthConfig(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	at := base(e)
	cfg := consent.Config{
		Platform: ID,
		TokenURL: at + "/oauth2/token", RevokeURL: at + "/oauth2/token/revoke",
		AuthStyle: oauth2.AuthStyleInParams,
		ClientID:  c.ClientID, ClientSecret: c.Secrets[core.SecretClientSecret],
		Scopes:         c.Scopes,
		PKCEUnverified: "no page of Xsolla's speaks of a challenge",
		RedirectHost:   "127.0.0.1",
		Ports:          []int{consent.DefaultPort, consent.DefaultPort + 1, consent.DefaultPort + 2},
		// Unverified. Where it does not rotate, this costs one question after
		// an answer that was lost.
		RefreshRotates: true,
		ErrorCode:      errorCode,
		ReadError:      readError,
		Hosts:          hosts(e),
	}
	if c.Grant == core.GrantClientCredentials {
		if cfg.ClientSecret.Empty() {
			return cfg, &core.Error{Tried: "configure", On: c.Name, Code: "xsolla.no-client-secret", Class: core.Usage}
		}
		return cfg, nil
	}
	provider := c.Settings[settingProvider]
	if err := checkProvider(provider); err != nil {
		return cfg, err
	}
	cfg.AuthURL = at + "/oauth2/social/" + url.PathEscape(provider) + "/login_redirect"
	cfg.AuthParams = url.Values{"fields": {"email"}} // else a network without an e-mail leaves it out
	return cfg, nil
}

// readError reads an error of the token endpoint; its code stands for a
// description, which nothing promises not to repeat what was sent.
func readError(body []byte) (code, description string) {
	code = vendorError(body)
	return code, code
}

// errorCode maps an error of the token endpoint, or one of RFC 6749 §4.1.2.1
// in the callback, to an advice key.
func errorCode(status int, code, _ string) string {
	switch {
	case status == 0, slices.Contains([]string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}, code):
		return "" // RFC 6749 §5.2: consent has the words
	case !codeShape().MatchString(code):
		code = ""
	}
	return adviceKey(status, code)
}
