// Package zendesk is the platform of Zendesk: for now its Conversations API
// (Sunshine Conversations, version 2), which tells who a messaging user is and
// whether they have signed in, and the actions around the keys that sign
// visitor tokens.
//
// Zendesk has no public API for the signing keys of an ordinary account: they
// are made in the Admin Center. Only a direct account of Sunshine
// Conversations has one, with a key of the account's scope.
package zendesk

import (
	"regexp"
	"strings"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// ID is the platform's id.
const ID core.PlatformID = "zendesk"

// The settings of a connection.
const (
	settingApp = "app_id" // of the Conversations API
	settingKey = "key_id" // app_… or act_…
)

// The regions: where an account's Conversations API is.
const (
	regionZendesk = "zendesk" // https://{subdomain}.zendesk.com/sc
	regionUS      = "smooch-us"
	regionEU      = "smooch-eu"
)

// Platform describes Zendesk.
func Platform() platform.Platform {
	return platform.Platform{
		ID:     ID,
		Name:   "Zendesk",
		Grants: []core.Grant{core.GrantAppKey},
		// The two below Zendesk's own are of direct accounts, made before
		// Zendesk had the API (Sunshine Conversations' specification, "servers").
		Regions: []platform.Region{{ID: regionZendesk}, {ID: regionUS}, {ID: regionEU}},
		Asks: []platform.Ask{
			{Name: "region", Default: regionZendesk, Check: checkRegion},
			{Name: "account", Check: checkAccount},
			{Name: settingApp, Optional: true, Check: checkApp},
			{Name: settingKey, Check: checkKey},
			{Name: core.SecretAPIToken, Secret: true},
		},
		Dial:    func(c core.Connection, env platform.Env) any { return dial(c, env) },
		Actions: func(s platform.Services) []action.Action { return (&keys{s}).actions() },
	}
}

func checkRegion(v string) error {
	switch v {
	case regionZendesk, regionUS, regionEU:
		return nil
	}
	return inputError("zendesk.bad-region")
}

func checkAccount(v string) error {
	_, err := core.KeyMessaging.CheckAccount(v)
	return err
}

var appShape = regexp.MustCompile(`^[0-9a-f]{24}$`)

func checkApp(v string) error {
	if !appShape.MatchString(strings.TrimSpace(v)) {
		return inputError("zendesk.bad-app-id")
	}
	return nil
}

func checkKey(v string) error {
	_, err := core.CheckKID(v)
	return err
}

func inputError(code string) error {
	return &core.Error{Tried: "read-input", Code: code, Class: core.Usage}
}
