package zendesk

import (
	"strings"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/transport"
)

// The products besides the Conversations API, which a key of its own tells
// apart. Their OAuth clients and tokens look alike and are not.
const productChat = "chat"

// asks are the questions of all products.
func asks() []platform.Ask {
	key := []core.Grant{core.GrantAppKey}
	client := []core.Grant{core.GrantCode, core.GrantClientCredentials}
	return []platform.Ask{
		{Name: core.SettingProduct, Default: productChat, Grants: append([]core.Grant{core.GrantAPIToken}, client...), Check: checkProduct},
		{Name: "region", Default: regionZendesk, Grants: key, Check: checkRegion},
		{Name: "account", Check: checkAccount},
		{Name: settingApp, Optional: true, Grants: key, Check: checkApp},
		{Name: settingKey, Grants: key, Check: checkKey},
		{Name: "client_id", Grants: client},
		{Name: "client_secret", Secret: true, Grants: client},
		{Name: "scopes", Optional: true, Grants: client, Check: checkScopes},
		{Name: core.SecretAPIToken, Secret: true, Grants: []core.Grant{core.GrantAppKey, core.GrantAPIToken}},
		{Name: settingBrand, Optional: true, Grants: key, Check: checkBrand},
		{Name: settingAuth, Optional: true, Default: authBasic, Grants: key, Check: checkAuth},
	}
}

func checkProduct(v string) error {
	if v != productChat {
		return inputError("zendesk.bad-product")
	}
	return nil
}

// checkScopes takes the three scopes of Chat (support article 4408828740762).
func checkScopes(v string) error {
	for _, s := range strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' }) {
		if s != "read" && s != "write" && s != "chat" {
			return inputError("zendesk.bad-scope")
		}
	}
	return nil
}

// productOf is the product that a connection is to; "" is the Conversations
// API.
func productOf(c core.Connection) string {
	if c.Grant == core.GrantAppKey {
		return ""
	}
	return c.Settings[core.SettingProduct]
}

// dial returns the client of the connection's product.
func dial(c core.Connection, env platform.Env) any {
	if productOf(c) == productChat {
		return NewChat(c, env)
	}
	return dialConversations(c, env)
}

// oauthConfig says how consent works for the connection's product.
func oauthConfig(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	if productOf(c) != productChat {
		return consent.Config{}, &core.Error{Tried: "configure", On: c.Name, Code: "zendesk.bad-product", Class: core.Usage}
	}
	return chatOAuth(c, e)
}
