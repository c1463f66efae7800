package main

import (
	"context"
	"path/filepath"
	"strings"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

// sandboxDeletedToken is an auth token that was deleted in Zoho Accounts.
const sandboxDeletedToken = "sandbox-deleted-authtoken-of-acme"

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

func zohoAnswer(ctx context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
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
	case "file":
		dir, err := sb.ZohoFunctions()
		return filepath.Join(dir, "plugin-manifest.json"), err == nil, err
	case "answer":
		back, err := sb.GrantInTerminal(ctx, run.Steps[zohoQuestion(step)].Out["url"])
		if err == nil && step.InsteadOf == "" { // pasted without its end, as happens
			back = back[:len(back)/2]
		}
		return back, err == nil, err
	case "seen":
		if step.InsteadOf == "" {
			return `{"errorCode":"SCOPE_MISMATCH","message":"The access token does not have the required scope."}`, true, nil
		}
		return "OK", true, nil
	case "connection_json":
		if step.InsteadOf == "" { // the snippet beside it, as happens
			return "response = invokeurl [ url: \"…\" connection: \"zohodesk\" ];", true, nil
		}
		return sb.ZohoConnectionJSON(), true, nil
	case "link":
		return zohoLink(run), step.ID == "desk", nil
	}
	z := sb.Fixtures().Zoho
	if run.Guide().ID == "zoho-authtoken-external" || run.Guide().ID == "zoho-external-application" {
		z.Authtoken, z.SelfClientID, z.SelfClientSecret = z.ExternalAuthtoken, z.WebClientID, z.WebClientSecret
	}
	if run.Guide().ID == "zoho-application-user" {
		z.Authtoken = sandboxDeletedToken
	}
	v, ok := map[string]string{
		"reference": "#1042", "name": z.OrgName, "region": z.Region, "org_id": z.OrgID, "authtoken": z.Authtoken, "owner_email": z.OwnerEmail,
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

// zohoQuestion is the step that asked for the consent which a step takes.
func zohoQuestion(step guide.Step) string {
	switch step.ID {
	case "retry_consent":
		return "retry_ask"
	case "fresh_answer":
		return "fresh_ask"
	}
	return "question"
}

// zohoLink is the connection that a guide is about: one that is there, or one
// that is to be made.
func zohoLink(run guide.Run) string {
	if run.Guide().ID == "zoho-custom-functions" {
		return "desk_oauth"
	}
	return sandbox.ZohoConnectionLink
}

// zohoRun makes or moves the connection as the guide's step before says, and
// runs a function in the editor. The first time something was forgotten: to
// connect, or the scopes.
func zohoRun(sb *sandbox.Sandbox, run guide.Run, step guide.Step) (string, error) {
	link, again := zohoLink(run), step.InsteadOf != ""
	if link == sandbox.ZohoConnectionLink {
		if !again {
			sb.ZohoMigrateConnection(link, strings.Fields(run.Steps["uses"].Out["scopes"]))
		} else {
			sb.ZohoConnect(link)
		}
		return sb.ZohoSaveAndExecute("contact_of_ticket.dg")
	}
	var scopes []string
	if again {
		scopes = strings.Fields(run.Steps["look"].Out["scopes"])
	}
	sb.ZohoMigrateConnection(link, scopes)
	sb.ZohoConnect(link)
	return sb.ZohoSaveAndExecute("open_tickets.dg")
}
