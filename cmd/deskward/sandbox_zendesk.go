package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

func zendeskConnection(sb *sandbox.Sandbox, g core.Grant, chosen map[string]string) map[string]string {
	z := sb.Fixtures().Zendesk
	support := chosen[core.SettingProduct] == "support"
	switch {
	case support && g == core.GrantAPIToken:
		return map[string]string{"product": "support", "account": z.Subdomain, "email": z.AdminEmail, core.SecretAPIToken: z.APIToken}
	case support && g != core.GrantAppKey:
		return map[string]string{"product": "support", "account": z.Subdomain, "client_id": z.OAuthClientID, "client_secret": z.OAuthClientSecret}
	case g == core.GrantCode:
		return map[string]string{"product": "chat", "account": z.Subdomain, "client_id": z.ChatClientID, "client_secret": z.ChatClientSecret}
	case g == core.GrantClientCredentials:
		return map[string]string{"product": "chat", "account": z.Subdomain, "client_id": z.ChatServerID, "client_secret": z.ChatServerSecret}
	case g == core.GrantAPIToken:
		return map[string]string{"product": "chat", "account": z.Subdomain, core.SecretAPIToken: z.ChatToken}
	}
	return map[string]string{"region": "zendesk", "account": z.Subdomain, "app_id": z.AppID, "key_id": z.AppKeyID, core.SecretAPIToken: z.AppKeySecret}
}

// zendeskAnswer is what an admin would have at hand in the sandbox. Where the
// guide waits for what the company's own server and a visitor's browser do, it
// is done here.
func zendeskAnswer(_ context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
	z := sb.Fixtures().Zendesk
	switch step.ID + "." + field {
	case "client.client_id", "client.client_secret":
		return zendeskClient(sb, run, field)
	case "ended.description":
		return "helpdesk scripts", true, sb.ZendeskEndAPIToken(z.APIToken)
	case "found.visitor": // both hosts answer, as in the time of the change
		return z.Cast.Linked.ChatID, true, sb.Set(sandbox.ZendeskZopimAnswers, true)
	case "key.kid", "key.secret", "key.begins", "fresh.kid", "fresh.secret", "fresh.begins":
		kid, secret, err := sb.ZendeskKey("rehearsal " + run.ID)
		v := map[string]string{"kid": kid, "secret": secret}[field]
		if field == "begins" && err == nil {
			v = secret[:6]
		}
		return v, err == nil, err
	case "own.token":
		token, err := sb.ZendeskToken(run.Steps["keep"].Out["kid"], z.ExternalID)
		return token, err == nil, err
	case "tokens.tokens":
		places, err := strconv.Atoi(run.Steps["places"].Out["count"])
		all := make([]string, 0, max(places, 1))
		for i := 0; i < places && err == nil; i++ {
			var token string
			token, err = sb.ZendeskToken(run.Steps["keep"].Out["kid"], fmt.Sprintf("usr_%d", 100+i))
			all = append(all, token)
		}
		return strings.Join(all, "\n"), err == nil, err
	case "deleted.kid":
		kid := run.Steps["old"].Out["kid"]
		err := sb.ZendeskDeleteKey(kid)
		return kid, err == nil, err
	case "seen.seen":
		token, err := sb.ZendeskToken(run.Steps["keep"].Out["kid"], z.ExternalID)
		if err != nil {
			return "", false, err
		}
		if why := sb.ZendeskSignIn(token); why != "" {
			return "", false, fmt.Errorf("the rehearsal's visitor signs in: %s", why)
		}
		return "yes", true, nil
	}
	v, ok := map[string]string{
		"zendesk.account": z.Subdomain, "key.name": "web (rehearsal)",
		"where.place": "shop backend", "visitor.external_id": z.ExternalID, "visitor.user_name": z.Name, "visitor.email": z.Email,
		"api.app_id": z.AppID, "api.key_id": z.AppKeyID, "api.key_secret": z.AppKeySecret,
		"which.key": "web (rehearsal)", "which.account": z.Subdomain, "which.kid": z.KID, "which.secret": z.Secret, "which.places": "shop backend, app backend",
		"fresh.name": "web new (rehearsal)",
		"chat.name":  "Acme chat (rehearsal)", "chat.account": z.Subdomain, "chat.token": z.ChatToken,
		"token.name": "Acme scripts (rehearsal)", "token.account": z.Subdomain, "token.email": z.AdminEmail, "token.token": z.APIToken, "client.name": "Acme OAuth (rehearsal)",
		"found.places": "nightly export, visitor lookup", "changed.switched": "visitor lookup, nightly export",
	}[step.ID+"."+field]
	return v, ok, nil
}

// zendeskClient registers an OAuth client in the Admin Center, once for each run.
func zendeskClient(sb *sandbox.Sandbox, run guide.Run, field string) (string, bool, error) {
	id, secret, err := sb.ZendeskOAuthClient("rehearsal "+run.ID, true, run.Steps["keep"].Out["redirect"])
	if field == "client_id" {
		return id, err == nil, err
	}
	return secret, err == nil, err
}

// wrongToken is what a developer's first attempt often is: no key id, the id as
// a number, the boolean as a text.
func wrongToken(sb *sandbox.Sandbox) (core.Secret, error) {
	z := sb.Fixtures().Zendesk
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"scope": "user", "external_id": 12345, "email": z.Email, "email_verified": "true", "exp": sb.Clock().Now().Add(5 * time.Minute).Unix(),
	}).SignedString([]byte(z.Secret))
	return core.NewSecret(signed), err
}
