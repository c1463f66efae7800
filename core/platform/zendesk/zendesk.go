// Package zendesk is the platform of Zendesk: its Conversations API (Sunshine
// Conversations, version 2), which tells who a messaging user is and whether
// they have signed in, Zendesk Support with its OAuth and API tokens, Zendesk
// Chat, and the actions around the keys that sign visitor tokens. Each has
// credentials of its own, which the others refuse.
//
// Zendesk has no public API for the signing keys of an ordinary account: they
// are made in the Admin Center. Only a direct account of Sunshine
// Conversations has one, with a key of the account's scope.
package zendesk

import (
	"strings"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// ID is the platform's id.
const ID core.PlatformID = "zendesk"

// The settings of a connection.
const (
	settingApp   = "app_id"   // of the Conversations API
	settingKey   = "key_id"   // app_…, act_… or svc_…
	settingBrand = "brand_id" // where each brand has users of its own
	settingAuth  = "auth"
	settingEmail = "email" // of the agent whom an API token of Support acts for
)

// How a request is authenticated.
const (
	authBasic = "basic" // key id and secret with each call
	authJWT   = "jwt"   // a token signed with them
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
		Grants: []core.Grant{core.GrantAppKey, core.GrantCode, core.GrantClientCredentials, core.GrantAPIToken},
		// The two below Zendesk's own are of direct accounts, made before
		// Zendesk had the API (Sunshine Conversations' specification, "servers").
		Regions: []platform.Region{{ID: regionZendesk}, {ID: regionUS}, {ID: regionEU}},
		Asks:    asks(),
		Scopes:  nil, // each product has its own
		OAuth:   oauthConfig,
		Dial:    dial,
		Lint:    lint,
		Ends:    ends,
		Actions: func(s platform.Services) []action.Action { return (&keys{s, wait}).actions() },
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

var appShape = core.Pattern(`^[0-9a-f]{24}$`)

func checkApp(v string) error {
	switch v = strings.TrimSpace(v); {
	case kindOfKey(v) != "": // it stands on the same page
		return inputError("zendesk.app-id-is-key")
	case !appShape().MatchString(v):
		return inputError("zendesk.bad-app-id")
	}
	return nil
}

// brandShape: ids of brands are numbers in Support, texts in the specification.
var brandShape = core.Pattern(`^[0-9A-Za-z]{1,64}$`)

func checkBrand(v string) error {
	if !brandShape().MatchString(v) {
		return inputError("zendesk.bad-brand")
	}
	return nil
}

func checkAuth(v string) error {
	if v != authBasic && v != authJWT {
		return inputError("zendesk.bad-auth")
	}
	return nil
}

func inputError(code string) error {
	return &core.Error{Tried: "read-input", Code: code, Class: core.Usage}
}
