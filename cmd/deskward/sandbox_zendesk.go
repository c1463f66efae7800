package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

func zendeskConnection(sb *sandbox.Sandbox, _ core.Grant) map[string]string {
	z := sb.Fixtures().Zendesk
	return map[string]string{"region": "zendesk", "account": z.Subdomain, "app_id": z.AppID, "key_id": z.AppKeyID, core.SecretAPIToken: z.AppKeySecret}
}

// zendeskAnswer is what an admin would have at hand in the sandbox. Where the
// guide waits for what the company's own server and a visitor's browser do, it
// is done here.
func zendeskAnswer(_ context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
	z := sb.Fixtures().Zendesk
	switch step.ID + "." + field {
	case "own.token":
		token, err := backendToken(sb, z.KID, z.Secret)
		return token, err == nil, err
	case "tokens.tokens":
		var all []string
		for range 2 {
			token, err := backendToken(sb, z.NewKID, z.NewSecret)
			if err != nil {
				return "", false, err
			}
			all = append(all, token)
		}
		return strings.Join(all, "\n"), true, nil
	case "seen.seen":
		token, err := backendToken(sb, z.KID, z.Secret)
		if err != nil {
			return "", false, err
		}
		if why := sb.ZendeskSignIn(token); why != "" {
			return "", false, fmt.Errorf("the rehearsal's visitor signs in: %s", why)
		}
		return "yes", true, nil
	}
	v, ok := map[string]string{
		"key.name": "web (rehearsal)", "key.account": z.Subdomain, "key.kid": z.KID, "key.secret": z.Secret, "key.begins": z.Secret[:6],
		"where.place": "shop backend", "visitor.external_id": z.ExternalID, "visitor.user_name": z.Name, "visitor.email": z.Email,
		"seen.app_id": z.AppID, "seen.key_id": z.AppKeyID, "seen.key_secret": z.AppKeySecret,
		"which.key": "web (rehearsal)", "which.account": z.Subdomain, "which.kid": z.KID, "which.secret": z.Secret, "which.places": "shop backend, app backend",
		"fresh.name": "web new (rehearsal)", "fresh.kid": z.NewKID, "fresh.secret": z.NewSecret, "fresh.begins": z.NewSecret[:6],
	}[step.ID+"."+field]
	return v, ok, nil
}

// backendToken is a token as a developer's server signs it.
func backendToken(sb *sandbox.Sandbox, kid, secret string) (string, error) {
	z := sb.Fixtures().Zendesk
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"scope": "user", "external_id": z.ExternalID, "name": z.Name, "email": z.Email, "email_verified": true,
		"exp": sb.Clock().Now().Unix() + 3600,
	})
	t.Header["kid"] = kid
	return t.SignedString([]byte(secret))
}
