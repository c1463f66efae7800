package advice_test

import (
	"slices"
	"strings"
	"testing"

	"deskward/core/advice"
	"deskward/core/locale"
)

// Every error that the vendors' documentation and the seeds' questions name is
// explained, in the forms in which it is met.
func TestPastedErrorsAreExplained(t *testing.T) {
	t.Parallel()
	c, p := catalogue(t), locale.Japanese
	for _, x := range []struct{ text, want string }{
		{"アクセスをブロック: このアプリのリクエストは無効です\nこのアプリから無効なリクエストが送信されたため、ログインできません。\nエラー 400: redirect_uri_mismatch", "google.redirect_uri_mismatch"},
		{"エラー 400： redirect_uri_mismatch", "google.redirect_uri_mismatch"},
		{"アクセスをブロック: Support Mail は Google の審査プロセスを完了していません\nエラー 403: access_denied", "google.not-a-tester"},
		{"Support Mail は組織内でのみ利用可能です エラー 403: org_internal", "google.org_internal"},
		{"このアプリはブロックされています", "google.app-blocked"},
		{"機密情報にアクセスしようとしたためアプリがブロックされた", "google.app-blocked"},
		{"このアプリは Google で確認されていません", "google.unverified"},
		{"<html><head><title>Error 400</title></head><body><h1>Access blocked: This app&#39;s request is invalid</h1><p>Error&nbsp;400: <b>redirect_uri_mismatch</b></p></body></html>", "google.redirect_uri_mismatch"},
		{"http://127.0.0.1:48105/callback/google?error=access_denied&state=abcdefghijklmnop", "google.access_denied"},
		{"https://accounts.google.com/signin/oauth/error?authError=Error%20400%3A%20invalid_scope%0ASome+requested+scopes+were+invalid", "google.invalid_scope"},
		{"https://accounts.google.com/ error=disallowed_useragent", "google.disallowed_useragent"},
		{"Error 400: origin_mismatch", "google.origin_mismatch"},
		{"Error 401: invalid_client\nThe OAuth client was not found.", "google.invalid_client"},
		{"Error 401: deleted_client The OAuth client was deleted.", "google.deleted_client"},
		{"Error 400: access_not_configured", "google.access_not_configured"},
		{`oauth2: "invalid_grant" "reauth related error (invalid_rapt)" "https://support.google.com/a/answer/9368756"`, "google.invalid_rapt"},
		{`oauth2: cannot fetch token: 400 Bad Request Response: {"error":"invalid_grant","error_description":"Malformed auth code."} https://oauth2.googleapis.com/token`, "google.bad-code"},
		{`{"error": "disabled_client"}`, "google.disabled_client"},
		{`Get "https://gmail.googleapis.com/gmail/v1/users/me/labels": oauth2: "unauthorized_client" "Unauthorized client or scope in request."`, "google.delegation"},
		{`{"error":"invalid_grant","error_description":"Invalid email or User ID"}`, "google.subject"},
		{`invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.`, "google.jwt-time"},
		{`google.auth.exceptions.RefreshError: ('invalid_grant: Invalid JWT Signature.', {'error': 'invalid_grant'})`, "google.jwt-signature"},
		{`access_denied: Requested client not authorized`, "google.delegation"},
		{`invalid_grant: Invalid JWT: No valid verifier found for issuer`, "google.jwt-issuer"},
		{`{"error":{"code":403,"message":"Request had insufficient authentication scopes.","status":"PERMISSION_DENIED","details":[{"reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}`, "google.insufficient_scope"},
		{`Delegation denied for support@example.com`, "google.delegation-denied"},
		{`googleapi: Error 400: Mail service not enabled, failedPrecondition`, "google.mail-off"},
		{`googleapi: Error 429: Quota exceeded for quota metric 'Queries', rateLimitExceeded`, "google.rate-limited"},
		{`Request had invalid authentication credentials. Expected OAuth 2 access token`, "google.autherror"},
		{`oauth2/google: missing redirect URL in the client_credentials.json`, "google.client-file"},
		{`imaplib.IMAP4.error: b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'`, "mail.imap-credentials"},
		{`A01 NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)`, "mail.app-password"},
		{`534-5.7.14 Please log in via your web browser and then try again.`, "mail.web-login"},
		{`550 5.4.5 Daily user sending limit exceeded.`, "mail.sending-limit"},
		{`530 5.7.0 Must issue a STARTTLS command first. - gsmtp`, "mail.starttls-first"},
		{`Error: connect ETIMEDOUT 192.0.2.1:487 at TCPConnectWrap nodemailer`, "mail.unreachable"},
		{`+ eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==`, "mail.xoauth2-refused"},
		{"“Couldn’t authenticate you”", "zendesk.could-not-authenticate"},
		{`Invalid JWT header. Missing key id (kid)`, "zendesk.jwt-kid"},
		{`{"error":{"code":"invalid_auth","description":"Invalid JWT"}}`, "zendesk.invalid-jwt"},
		{`Invalid JWT body. Cannot use account scope with app secret key`, "zendesk.jwt-scope"},
		{`zopim.com {"error":"Unauthorized","description":"The server could not verify that you are authorized"}`, "zendesk.chat-client"},
		{`HTTP 401 {"errorCode":"UNAUTHORIZED","message":"You are not authenticated to perform this operation."}`, "zoho.UNAUTHORIZED"},
		{`{"errorCode":"OAUTH_ORG_MISMATCH","message":"The OAuthToken is not valid for specified organization."}`, "zoho.OAUTH_ORG_MISMATCH"},
		{`{"error_description":"You have made too many requests continuously. Please try again after some time.","error":"Access Denied","status":"failure"}`, "zoho.throttled"},
		{`Failed to execute function - UnAuthenticated Connections`, "zoho.deluge.unauthenticated-connection"},
		{`Xsolla Login {"error":{"code":"010-012","description":"…"}}`, "xsolla.010-012"},
		{`https://login.xsolla.com 003-061 Object not found.`, "xsolla.003-061"},
		{`AADSTS65001: The user or administrator has not consented to use the application`, "microsoft.AADSTS65001"},
		{`AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value`, "microsoft.AADSTS7000215"},
		{`BAD User is authenticated but not connected.`, "microsoft.not-connected"},
		{`{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}`, "salesforce.not-approved"},
		{`http://localhost:1717/OauthRedirect?error=access_denied&error_description=end-user+denied+authorization`, "salesforce.access_denied"},
		{`{"error":"invalid_app_access","error_description":"user is not admin approved to access this app"}`, "salesforce.invalid_app_access"},
		{`INVALID_LOGIN: Invalid username, password, security token; or user locked out.`, "salesforce.INVALID_LOGIN"},
		{`login.salesforce.com error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration`, "salesforce.redirect_uri_mismatch"},
		{`{"error":"oauth_flow_disabled"}`, "salesforce.oauth_flow_disabled"},
	} {
		a := c.ExplainText(x.text, p)
		if len(a.Candidates) == 0 || a.Candidates[0].Code != x.want {
			t.Errorf("%.80q: %+v, want %s", x.text, codes(a), x.want)
		}
	}
}

func codes(a advice.Answer) (out []string) {
	for _, x := range a.Candidates {
		out = append(out, x.Code+" ("+x.Confidence+")")
	}
	return out
}

func TestACodeAloneIsToldForEverySystemThatHasItAndForNoneAsCertain(t *testing.T) {
	t.Parallel()
	a := catalogue(t).ExplainText("invalid_grant", locale.English)
	if len(a.Candidates) < 3 || a.Candidates[0].Code != "oauth.invalid_grant" {
		t.Errorf("%v", codes(a))
	}
	for _, x := range a.Candidates {
		if x.Confidence == advice.Certain {
			t.Errorf("%s is certain", x.Code)
		}
	}
}

func TestWhatNobodyKnowsIsUnknown(t *testing.T) {
	t.Parallel()
	c, p := catalogue(t), locale.English
	for _, text := range []string{
		"", " \n", "it does not work", "500", "error", "Gmail does not work in Salesforce any more since Monday",
		"panic: runtime error: index out of range [3] with length 3",
		"smtp.gmail.com:587 connected, everything fine", "https://console.cloud.google.com/auth/clients",
		"535", "The request was refused.", strings.Repeat("a", 300000),
		"Stripe: No such customer: cus_000", "login failed for user 'sa'",
	} {
		if a := c.ExplainText(text, p); len(a.Candidates) > 0 {
			t.Errorf("%.60q: %v", text, codes(a))
		}
	}
}

func TestNoSecretOfAPastedTextIsShownAgain(t *testing.T) {
	t.Parallel()
	const canary = "Zq7Canary0Zq7Canary0Zq7"
	c, p := catalogue(t), locale.English
	for _, text := range []string{
		"http://127.0.0.1:48105/callback/google?code=" + canary + "&state=" + canary,
		"https://x.example/?next=%3Fcode%3D" + canary + "%26error%3Daccess_denied",
		`{"access_token":"` + canary + `","refresh_token": "1//` + canary + `"}`,
		`{\"refresh_token\":\"` + canary + `\"}`,
		"Authorization: Bearer ya29." + canary, "AUTH XOAUTH2 " + canary + canary, "client_secret=GOCSPX-" + canary,
		"-u someone/token:" + canary, "password: " + canary, "token = " + canary, "'pass': '" + canary + "'",
		"eyJhbGciOiJIUzI1NiJ9." + canary + "." + canary,
	} {
		a := c.ExplainText("invalid_grant "+text, p)
		if strings.Contains(a.Text, "Canary") || strings.Contains(strings.Join(a.Challenges, ""), "Canary") {
			t.Errorf("%q is shown as %q", text, a.Text)
		}
	}
	shown := c.ExplainText("Error: code: 'EAUTH', responseCode: 535, oauth2.googleapis.com invalid_grant", p).Text
	for _, kept := range []string{"EAUTH", "535", "oauth2.googleapis.com", "invalid_grant"} {
		if !strings.Contains(shown, kept) {
			t.Errorf("%q was blanked out of %q", kept, shown)
		}
	}
}

// Whatever is pasted, the answer is bounded, safe to draw and rests on words of
// the text.
func FuzzExplainText(f *testing.F) {
	for _, s := range []string{"invalid_grant", "<HttpError 403>", "%zz%41", `\u00e9\x41\`, "334 eyJhIjoxfQ==", "エラー 400: redirect_uri_mismatch", "<script", "a.b.c..d"} {
		f.Add(s)
	}
	c, p := catalogue(f), locale.English
	f.Fuzz(func(t *testing.T, text string) {
		a := c.ExplainText(text, p)
		if len(a.Candidates) > 4 || len([]rune(a.Text)) > 601 {
			t.Errorf("%d candidates, %d runes", len(a.Candidates), len([]rune(a.Text)))
		}
		if strings.ContainsAny(a.Text, "\x1b\x07\x00") {
			t.Errorf("unsafe: %q", a.Text)
		}
		for _, x := range a.Candidates {
			if len(x.Evidence) == 0 || x.Means == "" || x.Fix == "" || x.Confidence == "" {
				t.Errorf("%+v", x)
			}
		}
		if again := c.ExplainText(text, p); !slices.Equal(codes(again), codes(a)) {
			t.Errorf("%v, then %v", codes(a), codes(again))
		}
	})
}

func BenchmarkExplainText(b *testing.B) {
	c, p := catalogue(b), locale.English
	text := strings.Repeat("2026-11-26 10:00:00 INFO smtp.gmail.com still waiting for something to happen\n", 800) + "invalid_grant: Token has been expired or revoked."
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		c.ExplainText(text, p)
	}
}

// What Webex Connect says beside its mail providers is explained, and only
// beside its name; so are statuses that every API has.
func TestWordsThatAnybodyMayUseNeedTheSystemsName(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, x := range []struct{ text, want string }{
		{`POST https://assetmanagement.au.webexconnect.io/connectapi/v2/digital/app?channel=email 401 Unauthorized`, "webex.api-unauthorized"},
		{`Webex Connect: refresh token is empty after Generate Token`, "webex.no-refresh-token"},
		{`Webex Connect のアセットでリフレッシュトークンが発行されない`, "webex.no-refresh-token"},
		{`Webex Connect: the access token of your email asset could not be refreshed.`, "webex.renewal-failed"},
		{`{"description":"Recipient count exceeds 50"}`, "webex.recipients"},
		{`https://tenant.imiconnect.io Debug Logs: Gmail Forwarding Confirmation - Receive Mail from support@example.com`, "webex.forwarding"},
		{`https://tenant.imiconnect.io/callback Error 400: redirect_uri_mismatch`, "google.redirect_uri_mismatch"},
		{`POST https://api.example.com 401 Unauthorized`, ""},
		{`the refresh token is empty`, ""},
		{`429 Too Many Requests`, ""},
		{`422 Unprocessable Entity`, ""},
		{`upload to bucket zendesk-exports failed: 429 Too Many Requests`, ""},
		{`https://acme.zendesk.com/api/v2/tickets.json 429 Too Many Requests`, "zendesk.rate-limited"},
	} {
		got := ""
		if a := c.ExplainText(x.text, locale.Japanese); len(a.Candidates) > 0 {
			got = a.Candidates[0].Code
		}
		if got != x.want {
			t.Errorf("%q: %q, want %q", x.text, got, x.want)
		}
	}
}

// Each OAuth error that Salesforce lists is known as Salesforce's beside its
// name.
func TestOAuthErrorsOfSalesforceAreKnown(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, code := range strings.Fields("redirect_uri_mismatch redirect_uri_missing invalid_client_id invalid_client invalid_grant invalid_app_access OAUTH_APPROVAL_ERROR_GENERIC " +
		"app_blocked fail_close_app_blocked app_not_found ecapp_policy_not_found oauth_policy_not_found oauth_flow_disabled inactive_user inactive_org rate_limit_exceeded " +
		"immediate_unsuccessful invalid_scope unsupported_grant_type unsupported_response_type unsupported_token_type invalid_assertion_type invalid_token " +
		"invalid_session_level invalid_dpop_proof use_dpop_nonce slow_down server_error service_unavailable system_down INVALID_SESSION_ID API_DISABLED_FOR_ORG " +
		"INSUFFICIENT_ACCESS REQUEST_LIMIT_EXCEEDED") {
		a := c.ExplainText("https://login.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp?error="+code, locale.English)
		if len(a.Candidates) == 0 || a.Candidates[0].System != "salesforce" {
			t.Errorf("%s: %+v", code, a.Candidates)
		}
	}
}

// What Python writes before a quoted text is no part of the words.
func TestQuotedTextsOfPythonAreRead(t *testing.T) {
	t.Parallel()
	a := catalogue(t).ExplainText(`{u'error_description': u'Token has been expired or revoked.', u'error': u'invalid_grant'}`, locale.English)
	if len(a.Candidates) == 0 || a.Candidates[0].Code != "google.token-dead" {
		t.Errorf("%+v", a.Candidates)
	}
}

// Advice is shown as it is written: nothing fills placeholders in.
func TestAdviceHasNoPlaceholders(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, code := range c.Codes() {
		for _, tried := range []string{"", advice.TriedExplain} {
			e, ok := c.Lookup(code, tried)
			if !ok {
				continue
			}
			for l, s := range e.Means {
				if strings.Contains(s+e.Fix[l], "{{") {
					t.Errorf("%s: %s has a placeholder", code, l)
				}
			}
		}
	}
}

// Terminals paste lines with CR; what was read is shown in the lines it had.
func TestLinesOfAPasteStay(t *testing.T) {
	t.Parallel()
	if a := catalogue(t).ExplainText("first\rsecond\r\nthird\nfourth", locale.English); a.Text != "first\nsecond\nthird\nfourth" {
		t.Errorf("%q", a.Text)
	}
}
