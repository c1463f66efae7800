package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

// webexConnection is the record of the tenant's asset; with a personal access
// token, what the API wants, too.
func webexConnection(sb *sandbox.Sandbox, g core.Grant, _ map[string]string) map[string]string {
	x := sb.Fixtures().Webex
	v := map[string]string{
		"account": sb.Fixtures().Google.Mailbox, "asset_name": "Acme support", "client_id": x.ClientID, core.SecretClientSecret: x.ClientSecret, "callback": x.Callback,
		"forwarding": x.Forwarding, "audience": "testing", "owner": x.TenantOwner,
	}
	if g == core.GrantAPIToken {
		v["region"], v["organization"], v[core.SecretAPIToken] = "us", x.Organization, x.Token
	}
	return v
}

// webexAnswer is what an admin would have at hand for the guide to Webex
// Connect. What the guide waits for in Google's console and in Webex's form is
// done here. The client is made with a JavaScript origin alone at first, as it
// often is, and its callback entered when the guide says so.
func webexAnswer(ctx context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
	g, x := sb.Fixtures().Google, sb.Fixtures().Webex
	switch step.ID + "." + field {
	case "client.file", "client_again.file":
		var registered []string
		if step.ID == "client_again" {
			registered = []string{x.Callback}
		}
		sb.GoogleRegister(x.ClientID, registered...)
		file, err := sb.GoogleClientFile(x.ClientID)
		return string(file), err == nil, err
	case "own.file":
		file, err := sb.GoogleClientFile(x.OwnClientID)
		return string(file), err == nil, err
	case "consent.answer":
		back, err := sb.GrantAs(ctx, run.Steps["question"].Out["url"], g.Mailbox, nil)
		return back, err == nil, err
	case "token.filled":
		access, refresh, err := sb.WebexGenerate(ctx, webexForm(run), g.Mailbox)
		if err == nil && !(access && refresh) {
			err = fmt.Errorf("the rehearsal's form has no tokens")
		}
		return "true", err == nil, err
	case "register.service":
		return x.Service, true, sb.WebexRegister(x.Service)
	case "try.arrived": // whether a reply goes out is all that the double knows of it
		return strconv.FormatBool(sb.WebexReply() == ""), true, nil
	}
	v, ok := map[string]string{
		"project.id": "acme-support", "audience.audience": "testing", "asset.name": "Acme support (rehearsal)", "asset.mailbox": g.Mailbox, "asset.callback": x.Callback,
		"own.name": "Webex proof (rehearsal)", "forward.address": x.Forwarding, "try.owner": x.TenantOwner,
	}[step.ID+"."+field]
	return v, ok, nil
}

// webexForm is the asset's form, filled in by what the guide gave.
func webexForm(run guide.Run) url.Values {
	lint, secret := run.Steps["lint"].Out, run.Secrets["record.client_secret"].Reveal() // as an admin copies it
	if run.StateOf("lint") != guide.Done {
		lint = run.Steps["lint_again"].Out
	}
	mailbox := run.Steps["asset"].Out["mailbox"]
	return url.Values{
		"asset_name": {"Acme support"}, "email_id": {mailbox}, "authentication_type": {"oauth2"}, "smtp_server": {"smtp.gmail.com"}, "username": {mailbox},
		"port": {"587"}, "security": {"STARTTLS"}, "client_id": {lint["client_id"]}, "client_secret": {secret},
		"authorization_url": {lint["auth_url"]}, "scope": {lint["scope"]}, "access_token_url": {lint["token_url"]}, "refresh_token_url": {lint["token_url"]},
		"review": {"yes"},
	}
}
