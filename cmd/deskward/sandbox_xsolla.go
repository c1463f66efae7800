package main

import (
	"context"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

func xsollaConnection(sb *sandbox.Sandbox, g core.Grant, _ map[string]string) map[string]string {
	x := sb.Fixtures().Xsolla
	v := map[string]string{
		"project_id": x.ProjectID, "provider": x.Provider, "client_id": x.ClientID, "client_secret": x.ClientSecret, "scopes": "offline",
	}
	if g == core.GrantClientCredentials {
		v["client_id"], v["client_secret"] = x.ServerClientID, x.ServerClientSecret
	}
	return v
}

func xsollaAnswer(ctx context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
	x := sb.Fixtures().Xsolla
	if field == "address" {
		// The test user signs in on the page that the step before gave.
		to, err := sb.GrantInTerminal(ctx, run.Steps["social_link"].Out["link"])
		return to, err == nil, err
	}
	v, ok := map[string]string{
		"project.name": "Acme shop login", "project.project_id": x.ProjectID, "project.secret": x.Secret,
		"chat.name": "Acme chat", "chat.account": "acme", "chat.secret": sb.Fixtures().Zendesk.ChatSecret,
		"how.callback": x.Callbacks[0], "how.client_id": x.ClientID, "how.client_secret": x.ClientSecret,
		"how.username": x.Username, "how.password": x.Password, "network.provider": x.Provider, "site.origin": "https://shop.acme.example",
	}[step.ID+"."+field]
	return v, ok, nil
}
