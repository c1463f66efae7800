package sandbox

import (
	"slices"
	"sync"

	"deskward/core"
)

// Switch turns a double's behaviour to the other of two that the vendor may
// have: what its documents leave open, or contradict each other in.
type Switch string

// The switches. Off is what the better source says.
const (
	// ZohoRetired: authtooauth is gone, with status 404.
	ZohoRetired Switch = "zoho.authtooauth-retired"
	// ZohoQueryOnly: authtooauth reads its parameters from the URL only, as
	// Zoho's page prints them.
	ZohoQueryOnly Switch = "zoho.authtooauth-query-only"
	// ZohoThrottle400: the throttle answers with status 400 instead of 200.
	ZohoThrottle400 Switch = "zoho.throttle-400"
	// ZohoMilliseconds: every token answer has expires_in_sec, and expires_in
	// in milliseconds.
	ZohoMilliseconds Switch = "zoho.expires-in-milliseconds"
	// ZohoNoScope: token answers do not say the granted scope.
	ZohoNoScope Switch = "zoho.no-scope-in-answer"
	// ZohoIgnoresPKCE: code_challenge is ignored for clients with a secret.
	ZohoIgnoresPKCE Switch = "zoho.ignores-pkce"
	// ZohoNoMyInfo: Desk has no /myinfo.
	ZohoNoMyInfo Switch = "zoho.no-myinfo"
	// ZohoSwap401: Desk sends 401 where it otherwise sends 403, and 403 for 401.
	ZohoSwap401 Switch = "zoho.swap-401-403"
	// ZohoDisputedScopes: scopes that only some lists have are known.
	ZohoDisputedScopes Switch = "zoho.disputed-scopes"
	// OpenIDNoIss: answers carry no iss, and discovery does not promise it.
	OpenIDNoIss Switch = "oauth2.no-iss"
	// OpenIDNoRotation: a refresh gives no new refresh token.
	OpenIDNoRotation Switch = "oauth2.no-rotation"
	// ZendeskChatWantsExp: a Chat token without exp is not taken. Zendesk's page
	// lists the claim, and its own samples leave it out.
	ZendeskChatWantsExp Switch = "zendesk.chat-wants-exp"
	// ZendeskChatTakesNoEmail: a Chat token without e-mail is taken. The page
	// lists the claim, and says nothing of one that lacks it.
	ZendeskChatTakesNoEmail Switch = "zendesk.chat-takes-no-email"
	// ZendeskKeysInterchange: a key that signs visitors in opens the
	// Conversations API, and a key of that API signs visitors in. Zendesk says
	// they are two things, and its own demo uses one for both.
	ZendeskKeysInterchange Switch = "zendesk.keys-interchange"
	// ZendeskOldErrors: the Conversations API errs in the older shape, which
	// sign-ins have.
	ZendeskOldErrors Switch = "zendesk.old-errors"
	// ZendeskNewErrors: sign-ins err in the shape of the Conversations API.
	ZendeskNewErrors Switch = "zendesk.new-errors"
	// ZendeskNumberIDs: ids of Support users and of brands are numbers.
	ZendeskNumberIDs Switch = "zendesk.number-ids"
	// ZendeskUnverifiedEmails: unverified addresses are identities, too: the
	// setting that older accounts have.
	ZendeskUnverifiedEmails Switch = "zendesk.unverified-emails"
	// ZendeskTextTrue: email_verified as the text "true" counts as true.
	ZendeskTextTrue Switch = "zendesk.text-true"
	// ZendeskSupportBroken: Support answers everything with status 500, in the
	// fourth shape of its errors.
	ZendeskSupportBroken Switch = "zendesk.support-broken"
	// ZendeskFlatForbidden: a missing scope is said in the flat shape.
	ZendeskFlatForbidden Switch = "zendesk.flat-forbidden"
	// ZendeskWrongIsAnonymous: /users/me takes a wrong credential for none.
	ZendeskWrongIsAnonymous Switch = "zendesk.wrong-is-anonymous"
	// ZendeskTokensJSONOnly: Support's token endpoint takes JSON alone, as its
	// page has it, and no form.
	ZendeskTokensJSONOnly Switch = "zendesk.tokens-json-only"
	// ZendeskRefreshAnyLife: a refresh token may live as long as asked: its
	// bounds are in no source that could be read.
	ZendeskRefreshAnyLife Switch = "zendesk.refresh-any-life"
	// ZendeskAuditDashIDs: audits name Chat visitors with a dash.
	ZendeskAuditDashIDs Switch = "zendesk.audit-dash-ids"
	// ZendeskZopimAnswers: www.zopim.com works beside the subdomain, as until
	// 2025-05-12.
	ZendeskZopimAnswers Switch = "zendesk.zopim-answers"
	// ZendeskChatZopimOnly: only www.zopim.com works: an account of Chat alone.
	ZendeskChatZopimOnly Switch = "zendesk.chat-zopim-only"
	// ZendeskChatDashIDs: Chat knows its visitors with a dash, not with a dot.
	ZendeskChatDashIDs Switch = "zendesk.chat-dash-ids"
	// ZendeskChatNumbers: a visitor's id that can be one is a number, as older
	// pages have it.
	ZendeskChatNumbers Switch = "zendesk.chat-numbers"
	// ZendeskChatUnixTimes: "created" is seconds since 1970, as an answer that
	// was kept has it; the pages have a text.
	ZendeskChatUnixTimes Switch = "zendesk.chat-unix-times"
	// ZendeskChatPKCE: Chat checks the code verifier where a challenge was sent.
	ZendeskChatPKCE Switch = "zendesk.chat-pkce"
	// ZendeskChatEndless: Chat's tokens have no end and no refresh token.
	ZendeskChatEndless Switch = "zendesk.chat-endless"
	// SalesforceForeignInstance: a token answer names a host as the org's that
	// is not Salesforce's, which no client may call.
	SalesforceForeignInstance Switch = "salesforce.foreign-instance"
	// XsollaKeysBase64URL: the key list has base64url numbers, as RFC 7518
	// wants, instead of hexadecimal ones.
	XsollaKeysBase64URL Switch = "xsolla.keys-base64url"
	// XsollaKeysObject: the key list is {"keys": […]}.
	XsollaKeysObject Switch = "xsolla.keys-object"
	// XsollaStatus422: every refusal has status 422; no source says which
	// status goes with which code.
	XsollaStatus422 Switch = "xsolla.status-422"
	// XsollaCaptcha: password sign-in wants a captcha.
	XsollaCaptcha Switch = "xsolla.captcha"
	// XsollaTeapot: the token endpoint answers 418, which its page lists
	// without a word.
	XsollaTeapot Switch = "xsolla.teapot"
	// XsollaNoRotation: a refresh token can be used again.
	XsollaNoRotation Switch = "xsolla.no-rotation"
	// XsollaValidatesRevoked: a revoked token passes the check as long as it
	// has not expired.
	XsollaValidatesRevoked Switch = "xsolla.validates-revoked"
	// GoogleSaysEnd: the token answer of an app in testing says when the
	// refresh token ends. Google's page promises that for time-based access only.
	GoogleSaysEnd Switch = "google.says-refresh-end"
	// GoogleWantsSecret: a desktop client must send its secret. Google's page
	// for installed apps calls it optional.
	GoogleWantsSecret Switch = "google.wants-secret"
	// GoogleRedirectCode: a redirect URI that differs at the token endpoint is
	// answered redirect_uri_mismatch instead of invalid_grant.
	GoogleRedirectCode Switch = "google.redirect-mismatch-at-token"
	// GoogleSessionControl: refreshes fail for the organization's session control.
	GoogleSessionControl Switch = "google.session-control"
	// GoogleDetailsOnly and GoogleErrorsOnly: API errors have one of their two
	// forms only.
	GoogleDetailsOnly Switch = "google.details-only"
	GoogleErrorsOnly  Switch = "google.errors-only"
	// GoogleMailOff: an account without Gmail is answered "Mail service not
	// enabled" instead of "Precondition check failed."
	GoogleMailOff Switch = "google.mail-off"
	// WebexHintsLogin: Generate Token names the login to Google. Webex's pages do
	// not say whether it does; without, the browser's own account comes first.
	WebexHintsLogin Switch = "webex.hints-login"
	// WebexNoRead: the Email asset API has no GET at the path by which assets are
	// created: status 405. Which path reads them is in no source.
	WebexNoRead Switch = "webex.no-read"
	// GoogleBusy and GoogleBusy403: the Gmail API's limits are reached, told by
	// 429 or by 403.
	GoogleBusy    Switch = "google.busy"
	GoogleBusy403 Switch = "google.busy-403"
	// GoogleMail401: the reason before a refused sign-in has status 401. Google's
	// page has both.
	GoogleMail401 Switch = "google.mail-401"
	// GoogleMailOldTexts: SMTP refuses with 5.7.1, as the page has it, instead of
	// 5.7.8, as it is seen.
	GoogleMailOldTexts Switch = "google.mail-old-texts"
	// GoogleNoXOAUTH2: the mail servers do not offer XOAUTH2, as others' do not.
	GoogleNoXOAUTH2 Switch = "google.no-xoauth2"
	// GoogleNoSASLIR: IMAP takes the client's message in a line of its own only.
	GoogleNoSASLIR Switch = "google.no-sasl-ir"
	// GoogleIMAPOff: the mailboxes may not be opened by IMAP.
	GoogleIMAPOff Switch = "google.imap-off"
)

// Switches lists the switches by name.
func Switches() []Switch {
	out := []Switch{
		ZohoRetired, ZohoQueryOnly, ZohoThrottle400, ZohoMilliseconds, ZohoNoScope, ZohoIgnoresPKCE, ZohoNoMyInfo,
		ZohoSwap401, ZohoDisputedScopes, OpenIDNoIss, OpenIDNoRotation,
		ZendeskChatWantsExp, ZendeskChatTakesNoEmail, ZendeskKeysInterchange, ZendeskOldErrors, ZendeskNewErrors, ZendeskNumberIDs,
		ZendeskUnverifiedEmails, ZendeskTextTrue, ZendeskSupportBroken, ZendeskFlatForbidden, ZendeskWrongIsAnonymous, ZendeskTokensJSONOnly, ZendeskRefreshAnyLife,
		ZendeskAuditDashIDs, ZendeskZopimAnswers, ZendeskChatZopimOnly, ZendeskChatDashIDs, ZendeskChatNumbers, ZendeskChatUnixTimes, ZendeskChatPKCE, ZendeskChatEndless,
		XsollaKeysBase64URL, XsollaKeysObject, XsollaStatus422, XsollaCaptcha, XsollaTeapot, XsollaNoRotation, XsollaValidatesRevoked,
		GoogleSaysEnd, GoogleWantsSecret, GoogleRedirectCode, GoogleSessionControl, GoogleDetailsOnly, GoogleErrorsOnly, GoogleMailOff, GoogleBusy, GoogleBusy403,
		GoogleMail401, GoogleMailOldTexts, GoogleNoXOAUTH2, GoogleNoSASLIR, GoogleIMAPOff,
		WebexHintsLogin, WebexNoRead,
		SalesforceForeignInstance,
	}
	slices.Sort(out)
	return out
}

type switches struct {
	mu sync.Mutex
	on map[Switch]bool
}

// Set turns a switch on or off, or fails with code sandbox.unknown-switch.
func (sb *Sandbox) Set(s Switch, on bool) error {
	if !slices.Contains(Switches(), s) {
		return &core.Error{Tried: "sandbox", On: core.CleanLine(string(s)), Code: "sandbox.unknown-switch", Class: core.Usage}
	}
	sb.switches.mu.Lock()
	defer sb.switches.mu.Unlock()
	if sb.switches.on == nil {
		sb.switches.on = map[Switch]bool{}
	}
	sb.switches.on[s] = on
	return nil
}

// is reports whether a switch is on.
func (sb *Sandbox) is(s Switch) bool {
	sb.switches.mu.Lock()
	defer sb.switches.mu.Unlock()
	return sb.switches.on[s]
}
