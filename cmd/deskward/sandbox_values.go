package main

import (
	"strings"

	"deskward/core"
	"deskward/core/sandbox"
)

// sandboxCodeMinutes is how long a self client's code made in the sandbox
// lives: the longest that Zoho's console offers.
const sandboxCodeMinutes = 10

// sandboxValues are what an admin would have at hand for a connection in the
// sandbox, by ask.
func sandboxValues(sb *sandbox.Sandbox, p core.PlatformID, g core.Grant) map[string]string {
	fix := sb.Fixtures()
	if p == "oauth2" {
		v := map[string]string{"issuer": fix.OpenID.Issuer, "client_id": fix.OpenID.ClientID, "client_secret": fix.OpenID.ClientSecret, "scopes": strings.Join(fix.OpenID.Scopes, " ")}
		if g == core.GrantClientCredentials {
			v["client_id"], v["client_secret"] = fix.OpenID.MachineClientID, fix.OpenID.MachineClientSecret
		}
		return v
	}
	z := fix.Zoho
	v := map[string]string{"region": z.Region, "account": z.OrgID, "authtoken": z.Authtoken, "scopes": strings.Join(z.Scopes, " ")}
	switch g {
	case core.GrantCode:
		v["client_id"], v["client_secret"] = z.WebClientID, z.WebClientSecret
	case core.GrantDevice:
		v["client_id"], v["client_secret"] = z.DeviceClientID, z.DeviceClientSecret
	default:
		v["client_id"], v["client_secret"] = z.SelfClientID, z.SelfClientSecret
	}
	return v
}
