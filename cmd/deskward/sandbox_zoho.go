package main

import (
	"context"
	"strings"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

// zohoCodeMinutes is how long a self client's code made in the sandbox
// lives: the longest that Zoho's console offers.
const zohoCodeMinutes = 10

func zohoConnection(sb *sandbox.Sandbox, g core.Grant, _ map[string]string) map[string]string {
	z := sb.Fixtures().Zoho
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

func zohoAnswer(_ context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
	switch field {
	case "code":
		code, err := zohoCode(sb, step)
		return code, err == nil, err
	case "folder":
		dir, err := sb.ZohoFunctions()
		return dir, err == nil, err
	case "log":
		log, err := zohoRun(sb, run, step)
		return log, err == nil, err
	case "link":
		return sandbox.ZohoConnectionLink, step.ID == "desk", nil
	}
	z := sb.Fixtures().Zoho
	v, ok := map[string]string{
		"name": z.OrgName, "region": z.Region, "org_id": z.OrgID, "authtoken": z.Authtoken, "owner_email": z.OwnerEmail,
		"client_id": z.SelfClientID, "client_secret": z.SelfClientSecret, "scopes": strings.Join(z.Scopes, ","),
	}[field]
	return v, ok, nil
}

// zohoCode makes a code of the self client as its owner would in the API
// console: for the grant itself in a step that stands in for the exchange,
// else to learn whose client it is. Each works once.
func zohoCode(sb *sandbox.Sandbox, step guide.Step) (string, error) {
	scopes := []string{"AaaServer.profile.READ"}
	if step.InsteadOf != "" {
		scopes = sb.Fixtures().Zoho.Scopes
	}
	return sb.ZohoSelfClientCode(scopes, zohoCodeMinutes, "")
}

// zohoRun moves the connection as the guide's step before says, and runs a
// function in the editor. Whoever moves a connection has to connect it: the
// first run shows what is said where that was forgotten.
func zohoRun(sb *sandbox.Sandbox, run guide.Run, step guide.Step) (string, error) {
	if step.InsteadOf == "" {
		sb.ZohoMigrateConnection(sandbox.ZohoConnectionLink, strings.Fields(run.Steps["uses"].Out["scopes"]))
	} else {
		sb.ZohoConnect(sandbox.ZohoConnectionLink)
	}
	return sb.ZohoSaveAndExecute("contact_of_ticket.dg")
}
