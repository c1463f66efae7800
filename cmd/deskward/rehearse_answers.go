package main

import (
	"strings"

	"deskward/core/guide"
	"deskward/core/sandbox"
)

// rehearsalAnswers types what exists in the sandbox into the guide's fields,
// which carry the same names. Where there is a choice and no default, it is
// the first.
func rehearsalAnswers(g *guide.Guide, sb *sandbox.Sandbox) (guide.Answers, error) {
	fix := sb.Fixtures().Zoho
	values := map[string]string{
		"name": fix.OrgName, "region": fix.Region, "org_id": fix.OrgID, "authtoken": fix.Authtoken, "owner_email": fix.OwnerEmail,
		"client_id": fix.SelfClientID, "client_secret": fix.SelfClientSecret, "scopes": strings.Join(fix.Scopes, ","),
	}
	answers := guide.Answers{}
	for _, step := range g.Steps {
		for _, f := range step.Ask {
			value, known := values[f.Name]
			if f.Name == "code" {
				var err error
				if value, err = rehearsalCode(step, sb); err != nil {
					return nil, err
				}
				known = true
			}
			if !known && !f.Optional && f.Default == "" && len(f.Options) > 0 {
				value, known = f.Options[0].Value, true
			}
			if known {
				answers[step.ID+"."+f.Name] = value
			}
		}
	}
	return answers, nil
}

// rehearsalCode makes a code of the self client as its owner would in the API
// console: for the grant itself in a step that stands in for the exchange,
// else to learn whose client it is. Each works once.
func rehearsalCode(step guide.Step, sb *sandbox.Sandbox) (string, error) {
	scopes := []string{"AaaServer.profile.READ"}
	if step.InsteadOf != "" {
		scopes = sb.Fixtures().Zoho.Scopes
	}
	const minutes = 10
	return sb.ZohoSelfClientCode(scopes, minutes, "")
}
