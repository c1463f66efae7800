package zendesk

import (
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/transport"
)

// The products besides the Conversations API, which a key of its own tells
// apart. Their OAuth clients and tokens look alike and are not.
const (
	productSupport = "support"
	productChat    = "chat"
)

// asks are the questions of all products.
func asks() []platform.Ask {
	key := []core.Grant{core.GrantAppKey}
	client := []core.Grant{core.GrantCode, core.GrantClientCredentials}
	return []platform.Ask{
		{
			Name: core.SettingProduct, Default: productSupport, Options: []string{productSupport, productChat},
			Grants: append([]core.Grant{core.GrantAPIToken}, client...),
		},
		{Name: "region", Default: regionZendesk, Grants: key, Check: checkRegion},
		{Name: "account", Check: checkAccount},
		{Name: settingApp, Optional: true, Grants: key, Check: checkApp},
		{Name: settingKey, Grants: key, Check: checkKey},
		{Name: settingEmail, Grants: []core.Grant{core.GrantAPIToken}, When: map[string]string{core.SettingProduct: productSupport}, Check: checkEmail},
		{Name: "client_id", Grants: client},
		{Name: core.SecretClientSecret, Secret: true, Grants: client, OptionalFor: []core.Grant{core.GrantCode}},
		{Name: "scopes", Optional: true, Grants: client, Check: checkScopes},
		{Name: core.SecretAPIToken, Secret: true, Grants: []core.Grant{core.GrantAppKey, core.GrantAPIToken}},
		{Name: settingBrand, Optional: true, Grants: key, Check: checkBrand},
		{Name: settingAuth, Optional: true, Default: authBasic, Grants: key, Check: checkAuth},
	}
}

// emailShape is what an agent's address must look like: in Basic
// authentication, a colon would end it.
var emailShape = core.Pattern(`^[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+$`)

// checkEmail takes the address alone: deskward puts "/token" behind it.
func checkEmail(v string) error {
	if !emailShape().MatchString(v) {
		return inputError("zendesk.bad-email")
	}
	return nil
}

// scopeShape is what scopes of either product look like: read, tickets:read.
var scopeShape = core.Pattern(`^[a-z][a-z_]*(:(read|write))?$`)

// checkScopes takes what is a scope of some product. Which product's is for
// Lint to say.
func checkScopes(v string) error {
	for _, s := range scopesIn(v) {
		if !scopeShape().MatchString(s) {
			return inputError("zendesk.bad-scope")
		}
	}
	return nil
}

func scopesIn(v string) []string {
	return strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' })
}

// The codes of findings.
const (
	findingScope        = "zendesk.scope"
	findingNoSecret     = "zendesk.no-secret"
	findingTokenEnds    = "zendesk.api-token-ends"
	findingAuditScope   = "zendesk.audit-scope"
	findingImpersonates = "zendesk.impersonates"
)

// Findings lists the codes that Lint may give.
func Findings() []string {
	return []string{findingScope, findingNoSecret, findingTokenEnds, findingAuditScope, findingImpersonates}
}

// lint says what is wrong with a connection to Support or Chat before anything
// is sent.
func lint(c core.Connection) []platform.Finding {
	var out []platform.Finding
	add := func(l platform.Level, code string, nameValue ...string) {
		f := platform.Finding{Code: code, Level: l, Params: map[string]string{}}
		for i := 0; i+1 < len(nameValue); i += 2 {
			f.Params[nameValue[i]] = nameValue[i+1]
		}
		out = append(out, f)
	}
	product := productOf(c)
	for _, s := range c.Scopes {
		if !takesScope(product, s) {
			add(platform.Stops, findingScope, "scope", s, "product", productName(product))
		}
	}
	switch {
	case product == productChat && c.Grant == core.GrantCode && c.Secrets[core.SecretClientSecret].Empty():
		add(platform.Stops, findingNoSecret)
	case product == productSupport && c.Grant == core.GrantAPIToken:
		add(platform.Warns, findingTokenEnds)
	case product == productSupport && !slices.Contains(scopesOf(c), "read"):
		add(platform.Notes, findingAuditScope)
	}
	if slices.Contains(c.Scopes, "impersonate") {
		add(platform.Warns, findingImpersonates)
	}
	return out
}

// takesScope reports whether a product knows a scope. Chat has three (support
// article 4408828740762); Support has read, write, impersonate, and those of
// single resources, of which no whole list is kept here.
func takesScope(product, scope string) bool {
	switch {
	case scope == "read", scope == "write":
		return true
	case product == productChat:
		return scope == "chat"
	}
	return scope == "impersonate" || strings.Contains(scope, ":") && scopeShape().MatchString(scope)
}

// productName is what the vendor calls a product, in every language.
func productName(product string) string {
	return map[string]string{productChat: "Zendesk Chat", productSupport: "Zendesk Support"}[product]
}

// productOf is the product that a connection is to; "" is the Conversations
// API.
func productOf(c core.Connection) string {
	switch {
	case c.Grant == core.GrantAppKey:
		return ""
	case c.Settings[core.SettingProduct] == productChat:
		return productChat
	}
	return productSupport
}

// dial returns the client of the connection's product.
func dial(c core.Connection, env platform.Env) any {
	switch productOf(c) {
	case productChat:
		return NewChat(c, env)
	case productSupport:
		return NewSupport(c, env)
	}
	return dialConversations(c, env)
}

// oauthConfig says how consent works for the connection's product.
func oauthConfig(c core.Connection, e transport.Endpoints) (consent.Config, error) {
	if productOf(c) == productChat {
		return chatOAuth(c, e)
	}
	return supportOAuth(c, e)
}
