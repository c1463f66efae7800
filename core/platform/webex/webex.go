package webex

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// The settings of a record, beside those that every connection has: the form's
// fields, then what is known of the asset's health.
const (
	settingAsset    = "asset_name"
	settingProvider = "provider"
	settingTenant   = "tenant" // of Microsoft Entra
	settingPort     = "port"
	settingCallback = "callback"
	settingLogin    = "login" // "Use different email address … for generating tokens"
	settingForward  = "forwarding"

	settingAudience  = "audience"             // of the Google app, as Google calls it
	settingGenerated = "generated"            // when Generate token was pressed last
	settingConfirmed = "forwarding_confirmed" // when forwarding was seen to work
	settingOwner     = "owner"                // who gets Webex's mail that a token can't be renewed
	settingService   = "service"              // to which it is registered
	settingProof     = "proof"                // id or name of the connection that proves the mailbox
	settingOrg       = "organization"         // the API's x-organization-id

	// What the last good check learned.
	settingProofName = "proof_name"
	settingAPIStatus = "api_status"
)

// The providers that Webex Contact Center takes with OAuth 2.0.
const (
	providerGmail     = "gmail"
	providerMicrosoft = "microsoft365"
)

// What Google calls audience and publishing status, in one.
const (
	audienceUnknown = "unknown"
	audienceTesting = "testing"
)

// testingLife is after how long Google ends the consents of an app in testing
// (https://developers.google.com/identity/protocols/oauth2#expiration).
const testingLife = 7 * 24 * time.Hour

// Platform describes Webex Connect.
func Platform() platform.Platform {
	return platform.Platform{
		ID:     ID,
		Name:   "Webex Connect",
		Grants: []core.Grant{core.GrantRecord, core.GrantAPIToken},
		Regions: []platform.Region{
			{ID: "us", Name: "Oregon"},
			{ID: "eu", Name: "Ireland"},
			{ID: "uk", Name: "London"},
			{ID: "ca", Name: "Canada"},
			{ID: "au", Name: "Sydney"},
			{ID: "sg", Name: "Singapore"},
			{ID: "in", Name: "India"},
		},
		Asks:    asks(),
		Settle:  settle,
		Sheet:   sheet,
		Dial:    func(c core.Connection, env platform.Env) any { return newAsset(c, env) },
		Ends:    ends,
		Actions: func(s platform.Services) []action.Action { return (&service{s}).actions() },
	}
}

func asks() []platform.Ask {
	pat := []core.Grant{core.GrantAPIToken}
	gmail, microsoft := map[string]string{settingProvider: providerGmail}, map[string]string{settingProvider: providerMicrosoft}
	return []platform.Ask{
		{Name: "region", Grants: pat, Check: checkRegion},
		{Name: settingOrg, Grants: pat, Check: checkOrganization},
		{Name: core.SecretAPIToken, Secret: true, Grants: pat},
		{Name: "account", Check: checkAddress},
		{Name: settingAsset, Optional: true},
		{Name: settingProvider, Default: providerGmail, Options: []string{providerGmail, providerMicrosoft}},
		{Name: settingTenant, When: microsoft, Check: checkTenant},
		{Name: "client_id", Optional: true},
		{Name: core.SecretClientSecret, Secret: true, Optional: true},
		{Name: settingPort, When: gmail, Default: "587", Options: []string{"587", "465"}},
		{Name: settingCallback, Optional: true, Check: checkCallback},
		{Name: settingLogin, Optional: true, Check: checkAddress},
		{Name: settingForward, Optional: true, Later: true, Check: checkAddress},
		{Name: settingAudience, When: gmail, Later: true, Default: audienceUnknown, Options: []string{audienceUnknown, "internal", audienceTesting, "production"}},
		{Name: settingGenerated, Optional: true, Later: true, Check: platform.CheckDate},
		{Name: settingConfirmed, Optional: true, Later: true, Check: platform.CheckDate},
		{Name: settingOwner, Optional: true, Later: true, Check: checkAddress},
		{Name: settingService, Optional: true, Later: true},
		{Name: settingProof, Optional: true, Later: true},
	}
}

func badInput(code, value string) error {
	return &core.Error{Tried: "read-input", On: core.CleanLine(value), Code: code, Class: core.Usage, Params: map[string]string{"value": core.CleanLine(value)}}
}

func checkRegion(v string) error {
	if !slices.ContainsFunc(Platform().Regions, func(r platform.Region) bool { return r.ID == v }) {
		return badInput("webex.bad-region", v)
	}
	return nil
}

func checkAddress(v string) error {
	local, domain, ok := strings.Cut(v, "@")
	if !ok || local == "" || !strings.Contains(domain, ".") || strings.ContainsAny(v, " \t<>,;") {
		return badInput("webex.bad-address", v)
	}
	return nil
}

// checkOrganization wants what can stand in a header, and is no header of its
// own.
func checkOrganization(v string) error {
	if strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return badInput("webex.bad-organization", v)
	}
	return nil
}

// checkTenant wants an id or a domain: what stands in Entra's URLs.
func checkTenant(v string) error {
	if v == "" || strings.Trim(strings.ToLower(v), "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return badInput("webex.bad-tenant", v)
	}
	return nil
}

// checkCallback refuses what no form of Webex Connect shows.
func checkCallback(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(v, "* ") || u.Scheme != "https" && u.Scheme != "http" {
		return badInput("webex.bad-callback", v)
	}
	return nil
}

// settle derives the dates that follow from what was said. A token of an app
// of Google's in testing ends seven days after its consent, which is the moment
// of Generate token.
func settle(c core.Connection) core.Connection {
	c.GrantedAt, c.EndsAt = date(c, settingGenerated), time.Time{}
	if c.Settings[settingAudience] == audienceTesting && !c.GrantedAt.IsZero() && gmail(c) {
		c.EndsAt = c.GrantedAt.Add(testingLife)
	}
	return c
}

func gmail(c core.Connection) bool { return c.Settings[settingProvider] != providerMicrosoft }

// date is a date that was said; zero where none was.
func date(c core.Connection, setting string) time.Time {
	t, _ := platform.ParseDate(c.Settings[setting]) // it was checked when it was said
	return t
}

// ends is the seventh day of an asset's token.
func ends(c core.Summary) []core.End {
	if c.EndsAt.IsZero() {
		return nil
	}
	return []core.End{{
		Code: "webex.testing-ends", At: c.EndsAt, Guide: "webex-email-asset-gmail",
		Source: "https://developers.google.com/identity/protocols/oauth2#expiration",
	}}
}
