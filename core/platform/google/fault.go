package google

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/transport"
)

// The codes that are ours, not Google's words.
const (
	codeUnlisted    = "google.unlisted"    // an error nobody has described
	codeUnavailable = "google.unavailable" // Google is out of order
)

// AdviceKeys returns every vendor code that this package's errors may carry:
// what assets/advice/google.yaml must explain.
func AdviceKeys() []string {
	var out []string
	for _, c := range tokenErrors() {
		out = append(out, "google."+c)
	}
	return append(out, codeUnlisted, codeUnavailable,
		"google.invalid_rapt", "google.code-verifier", "google.account-gone", "google.subject-unknown", "google.clock", "google.key-dead", "google.bad-code",
		"google.delegation-entry", "google.not-delegated", "google.delegation-scopes",
		"google.ended", "google.ended.testing", "google.ended.unused", "google.ended.week",
		"google.authError", "google.accessNotConfigured", "google.insufficientPermissions", "google.forbidden", "google.failedPrecondition",
		"google.mail-off", "google.no-subject", "google.rateLimitExceeded")
}

// apiBody is an error of a Google API: an older list of reasons, and a newer
// one; either may be missing
// (https://developers.google.com/workspace/gmail/api/guides/handle-errors).
type apiBody struct {
	Error struct {
		Message string `json:"message"`
		Status  string `json:"status"`
		Errors  []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
		Details []struct {
			Reason   string            `json:"reason"`
			Metadata map[string]string `json:"metadata"`
		} `json:"details"`
	} `json:"error"`
}

// apiError returns what an answer of the Gmail API that is no success says; nil
// for a success. Google's message is not kept: it may name what was sent.
func (m *Mailbox) apiError(tried string, a *transport.Answer) error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	e := &core.Error{Tried: tried, On: m.conn.Name, Class: core.Refused, Params: map[string]string{"status": strconv.Itoa(a.Status), "mailbox": m.mailbox()}}
	var body apiBody
	if err := a.Decode(m.host(), &body); err != nil {
		if e.Code = core.CodeOf(err); a.Status >= http.StatusInternalServerError {
			e.Code = codeUnavailable
		}
		e.Class = core.Failed
		return e
	}
	reasons := []string{}
	for _, r := range body.Error.Errors {
		reasons = append(reasons, r.Reason)
	}
	for _, d := range body.Error.Details {
		reasons = append(reasons, d.Reason)
		if consumer := d.Metadata["consumer"]; consumer != "" {
			e.Params["project"] = core.CleanLine(strings.TrimPrefix(consumer, "projects/"))
		}
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(reasons, func(r string) bool { return slices.Contains(names, r) })
	}
	says := strings.ToLower(body.Error.Message)
	switch {
	case a.Status == http.StatusTooManyRequests, has("rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED", "quotaExceeded"):
		e.Code, e.Class = "google.rateLimitExceeded", core.Failed // it says nothing of the credential
		e.Params["seconds"] = strconv.Itoa(int(a.RetryAfter.Seconds()))
	case a.Status >= http.StatusInternalServerError:
		e.Code, e.Class = codeUnavailable, core.Failed
	case has("accessNotConfigured", "SERVICE_DISABLED"):
		e.Code = "google.accessNotConfigured"
		if e.Params["project"] == "" {
			e.Params["project"] = m.conn.Settings[settingProject]
		}
		// The page of the very project, which advice can't name.
		if p := e.Params["project"]; p != "" && strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789-:.") == "" {
			e.Code, e.Params["link"] = "google.api-disabled", "https://console.cloud.google.com/apis/library/gmail.googleapis.com?project="+p
		}
	case has("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
		e.Code = "google.insufficientPermissions"
	case strings.Contains(says, "mail service not enabled"):
		e.Code = "google.mail-off"
	case has("failedPrecondition") || body.Error.Status == "FAILED_PRECONDITION":
		if e.Code = "google.failedPrecondition"; m.conn.Grant == core.GrantServiceAccount && m.conn.Account == "" {
			e.Code = "google.no-subject"
		}
	case has("forbidden") && strings.Contains(says, "delegation denied"):
		e.Code = "google.forbidden"
	case a.Status == http.StatusUnauthorized:
		e.Code = "google.authError"
	default:
		e.Code = codeUnlisted
	}
	return e
}
