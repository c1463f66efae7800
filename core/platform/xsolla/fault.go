package xsolla

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/transport"
)

// vendorErrors are the codes for which advice exists. They are those that
// Xsolla's own Unity SDK tells apart; the documentation has no list.
func vendorErrors() []string {
	return []string{
		"003-001", "003-003", "003-004", "003-007", "003-024", "003-039", "003-049", "003-061",
		"010-003", "010-007", "010-011", "010-012", "010-017", "010-023",
	}
}

// The codes that are ours, not Xsolla's words.
const (
	codeUnlisted    = "xsolla.unlisted"     // a code nobody has described
	codeNoCode      = "xsolla.no-code"      // a refusal without a code
	codeTeapot      = "xsolla.418"          // documented for the token endpoint, without a word
	codeThrottled   = "xsolla.rate-limited" // 429
	codeUnavailable = "xsolla.unavailable"  // 5xx
	codeNotLogin    = "xsolla.not-login"    // a page instead of an answer
)

// AdviceKeys returns every vendor code that this package's errors may carry:
// what assets/advice/xsolla.yaml must explain.
func AdviceKeys() []string {
	var out []string
	for _, c := range vendorErrors() {
		out = append(out, "xsolla."+c)
	}
	return append(out, codeUnlisted, codeNoCode, codeTeapot, codeThrottled, codeUnavailable, codeNotLogin)
}

// codeShape is what Xsolla's codes look like: digits, or a word of a newer
// list. Anything else may be a repetition of what was sent.
var codeShape = core.Pattern(`^([0-9]{3}-[0-9]{3}|[A-Z][A-Za-z]{2,39})$`)

// vendorError reads Xsolla's error shape. The description is not kept: nothing
// promises that it does not repeat what was sent.
func vendorError(body []byte) string {
	var e struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if transport.DecodeJSON(body, &e) != nil {
		return ""
	}
	if code := strings.TrimSpace(e.Error.Code); codeShape().MatchString(code) {
		return code
	}
	return ""
}

// adviceKey is the code of our error for a code of Xsolla's.
func adviceKey(status int, code string) string {
	switch {
	case status == http.StatusTooManyRequests:
		return codeThrottled
	case status >= http.StatusInternalServerError:
		return codeUnavailable
	case slices.Contains(vendorErrors(), code):
		return "xsolla." + code
	case status == http.StatusTeapot:
		return codeTeapot
	case code != "":
		return codeUnlisted
	}
	return codeNoCode
}

func statusText(status int) string { return strconv.Itoa(status) }

// refusal is what an answer that is no success says; nil for a success. An
// error body with a success status is none.
func (l *Login) refusal(tried string, a *transport.Answer) error {
	code := vendorError(a.Body)
	if a.Status >= 200 && a.Status < 300 && code == "" {
		return nil
	}
	e := &core.Error{
		Tried: tried, On: l.on, Class: core.Refused, Code: adviceKey(a.Status, code),
		Params: map[string]string{"status": statusText(a.Status), "code": code},
	}
	switch e.Code {
	case codeThrottled, codeUnavailable:
		e.Class = core.Failed // it says nothing of the credential
		e.Params["seconds"] = strconv.Itoa(int(a.RetryAfter.Seconds()))
	case codeUnlisted:
		e.Params["description"] = code // what a person reads as the vendor's words
	case codeNoCode:
		if core.CodeOf(a.Decode("", &struct{}{})) == "vendor.html" || a.Status >= 300 && a.Status < 400 {
			e.Code = codeNotLogin
		}
	}
	return e
}
