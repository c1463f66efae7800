package salesforce

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/transport"
)

// apiErrors are the errors of the REST and Metadata APIs for which advice
// exists.
func apiErrors() []string {
	return []string{
		"INVALID_SESSION_ID", "API_DISABLED_FOR_ORG", "INSUFFICIENT_ACCESS", "REQUEST_LIMIT_EXCEEDED", "INVALID_TYPE", "INVALID_FIELD", "MALFORMED_QUERY",
	}
}

// AdviceKeys returns every vendor code that this package's errors may carry:
// what assets/advice/salesforce.yaml must explain.
func AdviceKeys() []string {
	var out []string
	for _, c := range append(oauthErrors(), apiErrors()...) {
		out = append(out, "salesforce."+c)
	}
	for _, r := range grantReasons() {
		out = append(out, "salesforce.invalid_grant."+r[1])
	}
	return append(out, codeUnlisted, codeNoCode, codeUnavailable, codeThrottled, codeNotAPI)
}

// codeShape is what codes look like. Anything else may be a repetition of what
// was sent.
var codeShape = core.Pattern(`^[A-Z][A-Z0-9_]{2,59}$`)

// vendorError reads the code of an error answer: REST's list, or a SOAP fault.
// The message is not kept: it repeats the query, and nothing promises that it
// does not repeat more.
func vendorError(body []byte) string {
	var list []struct {
		ErrorCode string `json:"errorCode"`
	}
	if transport.DecodeJSON(body, &list) == nil {
		if len(list) > 0 && codeShape().MatchString(list[0].ErrorCode) {
			return list[0].ErrorCode
		}
		return ""
	}
	var fault struct {
		Code string `xml:"Body>Fault>faultcode"`
	}
	if xml.Unmarshal(body, &fault) == nil {
		if _, code, ok := strings.Cut(fault.Code, ":"); ok && codeShape().MatchString(code) {
			return code
		}
	}
	return ""
}

// refusal is what an answer that is no success says; nil for a success.
func refusal(tried, on string, a *transport.Answer) error {
	if a.Status == http.StatusOK || a.Status == http.StatusNoContent {
		return nil
	}
	code := vendorError(a.Body)
	e := &core.Error{
		Tried: tried, On: on, Class: core.Refused,
		Params: map[string]string{"status": strconv.Itoa(a.Status), "code": code, "seconds": strconv.Itoa(int(a.RetryAfter.Seconds()))},
	}
	switch {
	case slices.Contains(apiErrors(), code):
		e.Code = "salesforce." + code
		if code == "REQUEST_LIMIT_EXCEEDED" {
			e.Class = core.Failed // it says nothing of the credential
		}
	case a.Status == http.StatusTooManyRequests:
		e.Code, e.Class = codeThrottled, core.Failed
	case a.Status >= http.StatusInternalServerError:
		e.Code, e.Class = codeUnavailable, core.Failed
	case code != "":
		e.Code, e.Params["description"] = codeUnlisted, code // what a person reads as the vendor's words
	default:
		e.Code = codeNoCode
		if core.CodeOf(a.Decode("", &struct{}{})) == "vendor.html" || a.Status >= 300 && a.Status < 400 {
			e.Code = codeNotAPI
		}
	}
	return e
}
