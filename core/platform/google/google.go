package google

import (
	"net/url"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// The settings of a connection, beside those that Ask names.
const (
	settingType     = "client_type" // a Kind
	settingAudience = "audience"
	settingProject  = "project"
	settingRedirect = "redirects" // those that are registered, by blanks
	settingEmail    = "client_email"
	settingKeyID    = "key_id"
	settingAuthURL  = "file.auth_url"
	settingTokenURL = "file.token_url"
	settingUniverse = "file.universe"
	settingFile     = "client_json" // the ask; never kept
	settingFromFile = "from_file"   // "true"
)

// What Google calls audience and publishing status, in one.
const (
	audienceUnknown    = "unknown"
	audienceInternal   = "internal"
	audienceTesting    = "testing" // external, not published
	audienceProduction = "production"
)

// The names of Google's endpoints in an endpoints file: each takes the place of
// a host.
const (
	endpointAccounts = "accounts" // accounts.google.com
	endpointOAuth2   = "oauth2"   // oauth2.googleapis.com
	endpointGmail    = "gmail"    // gmail.googleapis.com
)

// Platform describes Google.
func Platform() platform.Platform {
	code, robot := []core.Grant{core.GrantCode}, []core.Grant{core.GrantServiceAccount}
	return platform.Platform{
		ID:     ID,
		Name:   "Google",
		Grants: []core.Grant{core.GrantCode, core.GrantServiceAccount},
		Asks: []platform.Ask{
			{Name: settingFile, Secret: true, Optional: true, File: true},
			{Name: "client_id", Optional: true, Grants: code},
			{Name: "client_secret", Secret: true, Optional: true, Grants: code},
			{Name: settingType, Grants: code, Default: string(KindInstalled), Options: []string{string(KindInstalled), string(KindWeb)}},
			{Name: settingAudience, Grants: code, Default: audienceUnknown, Options: []string{audienceUnknown, audienceInternal, audienceTesting, audienceProduction}},
			{Name: "account", Grants: robot, Check: checkMailbox},
			{Name: "scopes", Optional: true, Default: MailScope, Check: checkScopes},
		},
		Scopes:   scopes(),
		OAuth:    config,
		Import:   importFile,
		GrantOf:  grantOf,
		Lint:     lintConnection,
		Dial:     func(c core.Connection, env platform.Env) any { return dial(c, env) },
		Ends:     ends,
		NoRevoke: "google.never-revoked",
		Actions:  func(s platform.Services) []action.Action { return (&service{s: s}).actions() },
	}
}

func scopes() []platform.Scope {
	const gmail = "https://www.googleapis.com/auth/gmail."
	return []platform.Scope{
		{ID: MailScope, Least: true},
		{ID: gmail + "readonly"},
		{ID: gmail + "modify"},
		{ID: gmail + "send"},
		{ID: gmail + "compose"},
		{ID: gmail + "labels"},
		{ID: gmail + "metadata"},
	}
}

func checkMailbox(v string) error {
	local, domain, ok := strings.Cut(v, "@")
	if !ok || local == "" || !strings.Contains(domain, ".") || strings.ContainsAny(v, " \t<>,;") {
		return &core.Error{Tried: "read-input", Code: "google.bad-mailbox", Class: core.Usage, Params: map[string]string{"mailbox": core.CleanLine(v)}}
	}
	return nil
}

// checkScopes refuses what cannot be a scope. "https://mail.google.com" without
// its slash is the mistake that is made most.
func checkScopes(v string) error {
	for _, s := range action.SplitList(v) {
		u, err := url.Parse(s)
		known := slices.Contains([]string{"openid", "email", "profile"}, s)
		if !known && (err != nil || u.Scheme != "https" || u.Host == "" || u.Path == "") {
			return &core.Error{Tried: "read-input", Code: "google.bad-scope", Class: core.Usage, Params: map[string]string{"scope": core.CleanLine(s)}}
		}
	}
	return nil
}

// importFile takes a client or a service account from the console's file into
// a new connection. What is wrong with it is lintConnection's to say.
func importFile(c core.Connection, file []byte) (core.Connection, error) {
	f, err := ParseFile(file)
	if err != nil {
		return c, err
	}
	if c.ClientID != "" && c.ClientID != f.ClientID {
		return c, &core.Error{Tried: "read-client", Code: "google.two-clients", Class: core.Usage, Params: map[string]string{"typed": c.ClientID, "file": f.ClientID}}
	}
	c = c.Clone()
	c.ClientID = f.ClientID
	for name, secret := range map[string]core.Secret{core.SecretClientSecret: f.ClientSecret, core.SecretPrivateKey: f.PrivateKey} {
		if !secret.Empty() {
			c.Secrets = c.Secrets.With(name, secret)
		}
	}
	for name, value := range map[string]string{
		settingType: string(f.Kind), settingProject: f.Project, settingRedirect: strings.Join(f.Redirects, " "), settingEmail: f.Email,
		settingKeyID: f.KeyID, settingAuthURL: f.AuthURL, settingTokenURL: f.TokenURL, settingUniverse: f.Universe, settingFromFile: "true",
	} {
		if delete(c.Settings, name); value != "" {
			c.Settings[name] = value
		}
	}
	return c, nil
}

// grantOf tells a person's client from a service account's key by the content.
func grantOf(file []byte) core.Grant {
	f, err := ParseFile(file)
	switch {
	case err != nil:
	case f.Kind == KindServiceAccount:
		return core.GrantServiceAccount
	case f.Kind == KindWeb || f.Kind == KindInstalled:
		return core.GrantCode
	}
	return ""
}

// fileOf is what a connection keeps of its file.
func fileOf(c core.Connection) File {
	return File{
		Kind: Kind(c.Settings[settingType]), ClientID: c.ClientID, ClientSecret: c.Secrets[core.SecretClientSecret], Project: c.Settings[settingProject],
		AuthURL: c.Settings[settingAuthURL], TokenURL: c.Settings[settingTokenURL], Redirects: strings.Fields(c.Settings[settingRedirect]),
		Email: c.Settings[settingEmail], KeyID: c.Settings[settingKeyID], PrivateKey: c.Secrets[core.SecretPrivateKey], Universe: c.Settings[settingUniverse],
	}
}

// lintConnection is Lint for what deskward itself will do.
func lintConnection(c core.Connection) []platform.Finding {
	use := Use{
		Grant: c.Grant, Audience: c.Settings[settingAudience], Mailbox: c.Expect, Scopes: c.Scopes, Typed: c.Settings[settingFromFile] == "",
	}
	if c.Grant == core.GrantServiceAccount {
		use.Mailbox = c.Account
	} else if cfg, err := config(c, nil); err == nil {
		use.Redirects = cfg.Redirects()
	}
	return Lint(fileOf(c), use)
}
