package main

import (
	"context"
	"strings"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

// googleConnection is the downloaded file, and what a file does not say.
func googleConnection(sb *sandbox.Sandbox, g core.Grant, _ map[string]string) map[string]string {
	fix := sb.Fixtures().Google
	v := map[string]string{"scopes": strings.Join(fix.Scopes, " ")}
	if g == core.GrantServiceAccount {
		file, err := sb.GoogleServiceAccountFile()
		if err != nil {
			return v
		}
		// The administrator of the rehearsal has delegated already.
		sb.GoogleDelegate(fix.ServiceAccountID, fix.Scopes...)
		v["client_json"], v["account"] = string(file), fix.Mailbox
		return v
	}
	file, err := sb.GoogleClientFile(fix.DesktopClientID)
	if err != nil {
		return v
	}
	v["client_json"], v["audience"] = string(file), "testing"
	return v
}

// googleAnswer is what an admin would have at hand. On the delegation page the
// rehearsal's administrator first enters the service account's address, as
// many do, and the number only when the guide says so.
func googleAnswer(_ context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
	fix := sb.Fixtures().Google
	switch step.ID + "." + field {
	case "key.file":
		file, err := sb.GoogleServiceAccountFile()
		return string(file), err == nil, err
	case "entry.entered":
		sb.GoogleDelegate(fix.ServiceAccount, fix.Scopes...)
		return fix.ServiceAccount, true, nil
	case "again.entered":
		sb.GoogleDelegate(fix.ServiceAccount)
		sb.GoogleDelegate(run.Steps["keep"].Out["client_id"], fix.Scopes...)
		return fix.ServiceAccountID, true, nil
	}
	v, ok := map[string]string{"key.name": "Support mailbox (rehearsal)", "key.mailbox": fix.Mailbox}[step.ID+"."+field]
	return v, ok, nil
}
