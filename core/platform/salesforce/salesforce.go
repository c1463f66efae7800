package salesforce

import (
	"strings"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// The scopes: api is the REST and Metadata APIs, refresh_token what its name
// says, id lets the vendor say whose the token is. Each must be on the app too.
const (
	scopeAPI     = "api"
	scopeRefresh = "refresh_token"
	scopeID      = "id"
)

// Platform describes Salesforce. A device flow there is, and it is not offered:
// Salesforce has shut it for its own client and called it deprecated.
func Platform() platform.Platform {
	return platform.Platform{
		ID:     ID,
		Name:   "Salesforce",
		Grants: []core.Grant{core.GrantCode, core.GrantClientCredentials, core.GrantJWTBearer},
		Regions: []platform.Region{
			{ID: regionProduction, Name: "login.salesforce.com", Console: loginHost(regionProduction) + SetupApps},
			{ID: regionSandbox, Name: "test.salesforce.com", Console: loginHost(regionSandbox) + SetupApps},
		},
		Asks: asks(),
		Scopes: []platform.Scope{
			{ID: scopeAPI, Least: true}, {ID: scopeRefresh, Least: true}, {ID: scopeID, Least: true}, {ID: "openid"}, {ID: "full"},
		},
		OAuth:   oauthConfig,
		Dial:    dial,
		Actions: func(s platform.Services) []action.Action { return (&emailToCase{s}).actions() },
		SetupOf: []platform.SetupAsk{{Name: "mailbox", Typed: true, Check: func(v string) error { _, err := address(v); return err }}},
	}
}

func asks() []platform.Ask {
	code, jwt := []core.Grant{core.GrantCode}, []core.Grant{core.GrantJWTBearer}
	return []platform.Ask{
		{Name: "region", Default: regionProduction, Check: checkRegion},
		{Name: settingDomain, Optional: true, Check: checkDomain},
		{Name: "client_id"},
		{Name: core.SecretClientSecret, Secret: true, Optional: true, Grants: []core.Grant{core.GrantCode, core.GrantClientCredentials}},
		{Name: settingUsername, Grants: jwt, Check: checkUsername},
		{Name: core.SecretPrivateKey, Secret: true, Grants: jwt},
		{Name: "scopes", Optional: true, Grants: code, Default: strings.Join([]string{scopeAPI, scopeRefresh, scopeID}, " ")},
	}
}

func checkRegion(v string) error {
	if v != regionProduction && v != regionSandbox {
		return &core.Error{Tried: "read-input", Code: "salesforce.bad-region", Class: core.Usage}
	}
	return nil
}

// checkUsername wants the form of an address, which every user name of
// Salesforce has, whether or not mail to it arrives.
func checkUsername(v string) error {
	if at := strings.Index(v, "@"); at < 1 || !strings.Contains(v[at:], ".") || strings.ContainsAny(v, " \t") {
		return &core.Error{Tried: "read-input", Code: "salesforce.bad-username", Class: core.Usage}
	}
	return nil
}

// The pages of Setup that texts and guides lead to, below an org's address.
const (
	SetupApps         = "/lightning/setup/ManageExternalClientApplication/home"
	setupEmailToCase  = "/lightning/setup/EmailToCase/home"
	setupWideAddress  = "/lightning/setup/OrgWideEmailAddresses/home"
	setupEmailService = "/lightning/setup/EmailToApexFunction/home"
)
