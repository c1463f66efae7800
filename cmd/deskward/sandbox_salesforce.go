package main

import (
	"context"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/guide"
	"deskward/core/platform"
	"deskward/core/platform/all"
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

// senderName is the connection by which the rehearsal's test mail is sent.
const senderName = "Test sender (rehearsal)"

// salesforceStock makes the connection to the mailbox outside the company, by a
// consent of its owner as any other.
func salesforceStock(ctx context.Context, sb *sandbox.Sandbox, s *session, step guide.Step) error {
	if step.ID != "by" {
		return nil
	}
	if c, err := s.connections.ByName(ctx, senderName); err == nil && c.Summary().HasAccess {
		return nil
	}
	fix := sb.Fixtures().Google
	file, err := sb.GoogleClientFile(fix.ProductionClientID)
	if err != nil {
		return err
	}
	p, err := platform.Find(all.Platforms(), "google")
	if err != nil {
		return err
	}
	c, err := p.NewConnection(platform.Answers{
		Name: senderName, Grant: core.GrantCode, Expect: fix.Consumer,
		Plain: map[string]string{"scopes": strings.Join(fix.Scopes, " "), "audience": "production"}, Secret: core.Secrets{"client_json": core.NewSecret(string(file))},
	})
	if err != nil {
		return err
	}
	if c, err = s.connections.Add(ctx, c); err != nil {
		return err
	}
	attempt, err := s.consent.Begin(ctx, c.ID, consent.BeginOptions{})
	if err != nil {
		return err
	}
	back, err := sb.GrantAs(ctx, attempt.URL, fix.Consumer, nil)
	if err != nil {
		return err
	}
	_, err = s.consent.Answer(ctx, attempt.ID, back)
	return err
}

// salesforceAnswer is what an admin would have at hand in the sandbox. Where the
// guide waits for what is done in Setup, in the mailbox or by a customer, it is
// done here. The link that confirms the address is forgotten at first, as it
// often is.
func salesforceAnswer(_ context.Context, sb *sandbox.Sandbox, run guide.Run, step guide.Step, field string) (string, bool, error) {
	s, sender := sb.Fixtures().Salesforce, sb.Fixtures().Google.Consumer
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
		sb.SetSalesforce(func(now *sandbox.SalesforceSetup) {
			for i := range now.Routes { // none, where another run has begun the org anew
				now.Routes[i].Verified = true
			}
		})
	case "external.done":
		sb.SetSalesforce(func(now *sandbox.SalesforceSetup) { now.ExternalServer, now.WideVerified = true, true })
	case "forward.done":
		sb.GoogleForward(s.Mailbox, run.Steps["addressed"].Out["services_address"])
	case "by_hand.done":
		if err := sb.SalesforceMail(sender, run.Steps["addressed"].Out["services_address"], run.Steps["mark"].Out["subject"]); err != nil {
			return "", false, err
		}
		sb.Clock().Advance(10 * time.Second)
	}
	v, ok := map[string]string{
		"org.my_domain": s.MyDomain, "org.client_id": s.ClientID, "org.client_secret": s.ClientSecret,
		"box.address": s.Mailbox, "box.sender": sender, "by.connection": senderName,
	}[step.ID+"."+field]
	return v, ok, nil
}
