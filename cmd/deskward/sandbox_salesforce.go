package main

import (
	"context"
	"time"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/sandbox"
)

func salesforceConnection(sb *sandbox.Sandbox, g core.Grant, _ map[string]string) map[string]string {
	s := sb.Fixtures().Salesforce
	v := map[string]string{
		"region": "production", "my_domain": s.MyDomain, "client_id": s.ClientID, core.SecretClientSecret: s.ClientSecret, "scopes": "api refresh_token id",
	}
	if g == core.GrantJWTBearer {
		v["username"], v[core.SecretPrivateKey] = s.Username, s.PrivateKey
	}
	return v
}

// customer is who writes to the mailbox in a rehearsal.
const customer = "ken@customer.example"

// salesforceAnswer is what an admin would have at hand in the sandbox. Where the
// guide waits for what is done in Setup, in the mailbox or by a customer, it is
// done here. The link that confirms the address is forgotten at first, as it
// often is.
func salesforceAnswer(_ context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
	s := sb.Fixtures().Salesforce
	switch step.ID + "." + field {
	case "org.connection":
		// The org begins as one that has none of it.
		sb.SetSalesforce(func(now *sandbox.SalesforceSetup) { *now = sandbox.SalesforceSetup{} })
		return "Acme org (rehearsal)", true, nil
	case "switch.done":
		sb.SetSalesforce(func(now *sandbox.SalesforceSetup) { now.Enabled, now.OnDemand = true, true })
	case "address.done":
		route := sb.SalesforceRoute()
		sb.SetSalesforce(func(now *sandbox.SalesforceSetup) { now.Routes = []sandbox.SalesforceRoute{route} })
	case "link.clicked":
		sb.SetSalesforce(func(now *sandbox.SalesforceSetup) { now.Routes[0].Verified = true })
	case "external.done":
		sb.SetSalesforce(func(now *sandbox.SalesforceSetup) { now.ExternalServer, now.WideVerified = true, true })
	case "send.done":
		if err := sb.SalesforceMail(customer, run.Steps["addressed"].Out["services_address"], run.Steps["mark"].Out["subject"]); err != nil {
			return "", false, err
		}
		sb.Clock().Advance(10 * time.Second)
	}
	v, ok := map[string]string{
		"org.my_domain": s.MyDomain, "org.client_id": s.ClientID, "org.client_secret": s.ClientSecret,
		"box.address": s.Mailbox, "box.sender": customer,
	}[step.ID+"."+field]
	return v, ok, nil
}
