package main

import (
	"deskward/core"
	"deskward/core/sandbox"
)

func xsollaConnection(sb *sandbox.Sandbox, g core.Grant) map[string]string {
	x := sb.Fixtures().Xsolla
	v := map[string]string{
		"project_id": x.ProjectID, "provider": x.Provider, "client_id": x.ClientID, "client_secret": x.ClientSecret, "scopes": "offline",
	}
	if g == core.GrantClientCredentials {
		v["client_id"], v["client_secret"] = x.ServerClientID, x.ServerClientSecret
	}
	return v
}
