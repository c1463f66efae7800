package webex

import (
	"cmp"
	"time"

	"deskward/core"
	"deskward/core/platform"
)

// values are what a provider wants in the form, whatever the mailbox.
type values struct{ server, port, security, auth, scope, token string }

// formOf are the values of the asset's form
// (https://help.webexconnect.io/docs/wxcc-email-asset-creation).
func formOf(c core.Connection) values {
	if gmail(c) {
		v := values{
			server: "smtp.gmail.com", port: "587", security: "STARTTLS", auth: "https://accounts.google.com/o/oauth2/auth",
			scope: "https://mail.google.com/", token: "https://oauth2.googleapis.com/token",
		}
		if c.Settings[settingPort] == "465" {
			v.port, v.security = "465", "SSL"
		}
		return v
	}
	entra := "https://login.microsoftonline.com/" + c.Settings[settingTenant] + "/oauth2/v2.0/"
	return values{
		server: "smtp.office365.com", port: "587", security: "STARTTLS", auth: entra + "authorize",
		scope: "offline_access https://outlook.office.com/SMTP.Send", token: entra + "token",
	}
}

// sheet is the form in its own order, and what is known of the asset's health.
func sheet(c core.Connection, now time.Time) platform.Sheet {
	v := formOf(c)
	out := platform.Sheet{Secret: core.SecretClientSecret, SecretAfter: "client_id"}
	add := func(name, value string) {
		if value != "" {
			out.Facts = append(out.Facts, platform.SetupFact{Name: name, Value: value})
		}
	}
	add("asset_name", cmp.Or(c.Settings[settingAsset], c.Name))
	add("email_id", c.Account)
	add("forwarding", c.Settings[settingForward])
	add("smtp_server", v.server)
	add("username", c.Account)
	add("port", v.port)
	add("security", v.security)
	add("client_id", c.ClientID)
	add("callback", c.Settings[settingCallback])
	add("auth_url", v.auth)
	add("scope", v.scope)
	add("token_url", v.token)
	add("refresh_url", v.token)
	add("login", c.Settings[settingLogin])
	add("service", c.Settings[settingService])
	out.Findings = health(c, now)
	return out
}

// AllFindings are the codes of everything that health may say.
func AllFindings() []string {
	return []string{
		"webex.no-proof", "webex.token-proven", "webex.token-unseen", "webex.generated-unknown", "webex.generated", "webex.audience-unknown", "webex.forwarding-unknown",
		"webex.forwarding-confirmed", "webex.owner-unknown", "webex.owner", "webex.secret-missing", "webex.api-unread",
	}
}

// health says of each thing on which an asset depends what is known, and that
// it is not known where it is not.
func health(c core.Connection, now time.Time) []platform.Finding {
	var out []platform.Finding
	say := func(level platform.Level, code string, params map[string]string) {
		out = append(out, platform.Finding{Code: "webex." + code, Level: level, Params: params})
	}
	day := func(t time.Time) map[string]string { return map[string]string{"date": t.UTC().Format(time.DateOnly)} }
	said := func(name string) (time.Time, bool) {
		t := date(c, name)
		return t, !t.IsZero() && !t.After(now)
	}

	switch {
	case c.Settings[settingProof] == "":
		say(platform.Warns, "no-proof", nil)
	case c.Check.OK && !c.Check.At.IsZero():
		say(platform.Good, "token-proven", map[string]string{
			"proof": cmp.Or(c.Settings[settingProofName], c.Settings[settingProof]), "date": c.Check.At.UTC().Format("2006-01-02 15:04 UTC"), "mailbox": c.Account,
		})
	}
	if at, ok := said(settingGenerated); ok {
		say(platform.Notes, "generated", day(at))
	} else {
		say(platform.Warns, "generated-unknown", nil)
	}
	say(platform.Notes, "token-unseen", nil)
	if gmail(c) && cmp.Or(c.Settings[settingAudience], audienceUnknown) == audienceUnknown {
		say(platform.Warns, "audience-unknown", nil)
	}
	if at, ok := said(settingConfirmed); ok {
		say(platform.Good, "forwarding-confirmed", day(at))
	} else {
		say(platform.Warns, "forwarding-unknown", nil)
	}
	if owner := c.Settings[settingOwner]; owner != "" {
		say(platform.Notes, "owner", map[string]string{"owner": owner})
	} else {
		say(platform.Warns, "owner-unknown", nil)
	}
	if c.Secrets[core.SecretClientSecret].Empty() {
		say(platform.Notes, "secret-missing", nil)
	}
	if status := c.Settings[settingAPIStatus]; status != "" {
		say(platform.Notes, "api-unread", map[string]string{"status": status})
	}
	return out
}
