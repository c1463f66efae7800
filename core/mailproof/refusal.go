package mailproof

import (
	"cmp"
	"slices"
	"strings"

	"deskward/core"
)

// refused says what a refusal of the server means, from its text, from the
// challenge before it, and from what is known of the token.
func (a *attempted) refused(r Reply) error {
	a.report.Reply = said(r)
	if code := limitCode(a.report.Reply); code != "" {
		return a.fail(code, core.Refused, nil)
	}
	if r.Code/100 == 4 || r.Kind == "BYE" || strings.HasPrefix(strings.ToUpper(r.Text), "[UNAVAILABLE]") {
		a.passing = true
		return a.fail("mail.busy", core.Refused, nil)
	}
	if a.report.Challenge == nil && r.Code != 535 && r.Kind != "NO" {
		return a.fail("mail.unexpected", core.Refused, nil)
	}
	return a.fail(a.cause(), core.Refused, nil)
}

// limitCode finds what servers say of limits and of services that are off.
// These do not pass by trying again soon.
func limitCode(text string) string {
	text = strings.ToLower(text)
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case has("too many login"), has("too many simultaneous"):
		return "mail.login-rate"
	case has("5.4.5"), has("sending limit exceeded"):
		return "mail.daily-limit"
	case has("5.7.139"), has("smtpclientauthentication"):
		return "mail.smtp-auth-off"
	case has("not enabled for imap"), has("imap access is disabled"):
		return "mail.imap-off"
	}
	return ""
}

// cause chooses among the causes of one and the same refusal by what is known
// of the token; where nothing decides, the code names all of them.
func (a *attempted) cause() string {
	c := a.report.Challenge
	if c == nil {
		c = &Challenge{}
	}
	wanted := strings.Fields(cmp.Or(c.Scope, a.Wants))
	if c.Scope == dovecotScope {
		wanted = nil
	}
	switch {
	case !a.Expires.IsZero() && !a.Clock.Now().Before(a.Expires):
		return "mail.token-expired"
	case len(wanted) > 0 && len(a.Granted) > 0 && !slices.ContainsFunc(wanted, func(s string) bool { return slices.Contains(a.Granted, s) }):
		return "mail.wrong-scope"
	case strings.Contains(a.Account, "@") && !strings.EqualFold(a.Account, a.User):
		return "mail.wrong-user"
	case c.Status == "401":
		return "mail.token-refused"
	}
	return "mail.not-accepted"
}

// dovecotScope is what Dovecot names as its scope whatever scope it was set up
// to want (measured on 2.3.19): it tells nothing of the token.
const dovecotScope = "mail"

// Codes returns the codes of everything that a proof can fail with beside
// those of the network, for the test that each is explained.
func Codes() []string {
	return []string{
		"mail.bad-server", "mail.port-25", "mail.port-143", "mail.port-other-protocol", "mail.port-465-starttls", "mail.port-587-tls",
		"mail.bad-user", "mail.bad-token", "mail.bad-recipient", "mail.to-self", "mail.bad-subject", "mail.no-sender",
		"mail.hung", "mail.cut", "mail.reply-too-long", "mail.bad-reply", "mail.plain", "mail.no-tls", "mail.tls-failed",
		"mail.certificate-name", "mail.certificate-expired", "mail.certificate-authority",
		"mail.no-starttls", "mail.starttls-refused", "mail.injected", "mail.no-xoauth2", "mail.preauth", "mail.busy", "mail.unexpected",
		"mail.login-rate", "mail.daily-limit", "mail.smtp-auth-off", "mail.imap-off",
		"mail.token-expired", "mail.wrong-scope", "mail.wrong-user", "mail.token-refused", "mail.not-accepted",
		"mail.not-sent", "mail.sent-unknown",
	}
}
