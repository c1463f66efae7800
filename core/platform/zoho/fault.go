package zoho

import (
	"errors"
	"net/http"
	"strconv"

	"deskward/core"
	"deskward/core/transport"
)

// deskErrors are Desk's error codes for which advice exists
// (https://desk.zoho.com/DeskAPIDocument#Errors).
func deskErrors() []string {
	return []string{
		"UNAUTHORIZED", "INVALID_OAUTH", "SCOPE_MISMATCH", "OAUTH_ORG_MISMATCH", "FORBIDDEN", "LICENSE_ACCESS_LIMITED",
		"URL_NOT_FOUND", "METHOD_NOT_ALLOWED", "INVALID_DATA", "UNPROCESSABLE_ENTITY", "THRESHOLD_EXCEEDED",
		"TOO_MANY_REQUESTS", "INTEGRATION_ADMIN_ERROR",
	}
}

// AdviceKeys returns every vendor code that this package's errors may carry:
// what assets/advice/zoho.yaml must explain.
func AdviceKeys() []string {
	var out []string
	for _, c := range tokenErrors() {
		out = append(out, "zoho."+c)
	}
	for _, c := range deskErrors() {
		out = append(out, "zoho."+c)
	}
	for _, c := range exchangeErrors() {
		out = append(out, "zoho.authtooauth."+c)
	}
	return append(out, codeThrottled, codeUnlisted, codeWrongHost, codeUnavailable,
		"zoho.authtooauth.retired", "zoho.authtooauth.refused", "zoho.authtooauth.unknown")
}

// deskError returns what an answer of Desk that is not a success says, or nil
// for a success. Desk sends some codes with 401 and with 403, so the code in
// the body decides. Its message is not kept: nothing promises that it does
// not repeat what was sent.
func deskError(tried, on string, a *transport.Answer) error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	e := &core.Error{Tried: tried, On: on, Class: core.Refused, Params: map[string]string{"status": strconv.Itoa(a.Status)}}
	var body struct {
		Code string `json:"errorCode"`
	}
	err := a.Decode("", &body)
	if err == nil && body.Code != "" {
		e.Code = codeUnlisted
		for _, known := range deskErrors() {
			if body.Code == known {
				e.Code = "zoho." + known
			}
		}
	}
	switch {
	case a.Status == http.StatusTooManyRequests, e.Code == "zoho.TOO_MANY_REQUESTS", e.Code == "zoho.THRESHOLD_EXCEEDED":
		if e.Code == "" || e.Code == codeUnlisted {
			e.Code = "zoho.TOO_MANY_REQUESTS"
		}
		e.Class = core.Failed // it says nothing of the credential
		e.Params["seconds"] = strconv.Itoa(int(a.RetryAfter.Seconds()))
	case a.Status >= http.StatusInternalServerError:
		e.Code, e.Class = codeUnavailable, core.Failed
	case e.Code != "":
	case core.CodeOf(err) == "vendor.html", a.Status >= 300 && a.Status < 400:
		// A wrong data centre, or a host that is not Desk, answers with a page
		// or sends to its sign-in.
		e.Code = codeWrongHost
	case a.Status == http.StatusUnauthorized:
		e.Code = "zoho.UNAUTHORIZED"
	default:
		e.Code = codeUnlisted
	}
	return e
}

// refusedAs reports whether err is a refusal with one of the codes.
func refusedAs(err error, codes ...string) bool {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Class != core.Refused {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}
