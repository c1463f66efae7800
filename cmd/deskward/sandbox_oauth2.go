package main

import (
	"strings"

	"deskward/core"
	"deskward/core/sandbox"
)

func oauth2Connection(sb *sandbox.Sandbox, g core.Grant, _ map[string]string) map[string]string {
	fix := sb.Fixtures().OpenID
	v := map[string]string{"issuer": fix.Issuer, "client_id": fix.ClientID, "client_secret": fix.ClientSecret, "scopes": strings.Join(fix.Scopes, " ")}
	if g == core.GrantClientCredentials {
		v["client_id"], v["client_secret"] = fix.MachineClientID, fix.MachineClientSecret
	}
	return v
}
