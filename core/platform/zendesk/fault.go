package zendesk

import (
	"net/http"
	"slices"
	"strconv"

	"deskward/core"
	"deskward/core/transport"
)

// vendorErrors are the codes of the Conversations API for which advice exists
// (specification v17, and the reports that facts collect).
func vendorErrors() []string {
	return []string{
		"unauthorized", "forbidden", "not_found", "app_not_found", "user_not_found", "app_key_not_found", "invalid_auth", "bad_request", "limit_exceeded",
	}
}

// The codes that are ours.
const (
	codeUnlisted     = "zendesk.unlisted"
	codeNoCode       = "zendesk.no-code"
	codeThrottled    = "zendesk.rate-limited"
	codeUnavailable  = "zendesk.unavailable"
	codeNotAPI       = "zendesk.not-api"
	codeUserNotFound = "zendesk.user_not_found"
)

// AdviceKeys returns every vendor code that this package's errors may carry:
// what assets/advice/zendesk.yaml must explain.
func AdviceKeys() []string {
	var out []string
	for _, c := range vendorErrors() {
		out = append(out, "zendesk."+c)
	}
	out = append(out, codeChatRefused, codeChatForbidden, codeChatSupportToken, codeChatNowhere, codeChatClient, codeChatPublic)
	out = append(out, codeSupportRefused, codeSupportToken, codeSupportAnonymous, codeSupportEndUser, codeSupportScope, codeSupportForbidden, codeSupportQuestion)
	out = append(out, codeSupportChatToken, codeSupportOAuthToken, codeSupportStillLive, codeSupportClient, codeSupportPublic, codeSupportScopes)
	return append(out, codeUnlisted, codeNoCode, codeThrottled, codeUnavailable, codeNotAPI)
}

// codeShape is what codes look like. Anything else may repeat what was sent.
var codeShape = core.Pattern(`^[a-z][a-z0-9_]{1,59}$`)

// vendorError reads the shapes in which Zendesk says what is wrong: version
// 2's list, the older object, and the plain text of its other APIs.
func vendorError(body []byte) string {
	var e struct {
		Errors []struct {
			Code string `json:"code"`
		} `json:"errors"`
		Error any `json:"error"`
	}
	if transport.DecodeJSON(body, &e) != nil {
		return ""
	}
	code := ""
	switch v := e.Error.(type) {
	case string:
		code = v
	case map[string]any:
		code, _ = v["code"].(string)
	}
	if len(e.Errors) > 0 {
		code = e.Errors[0].Code
	}
	if !codeShape().MatchString(code) {
		return ""
	}
	return code
}

func adviceKey(status int, code string) string {
	switch {
	case status == http.StatusTooManyRequests:
		return codeThrottled
	case status >= http.StatusInternalServerError:
		return codeUnavailable
	case slices.Contains(vendorErrors(), code):
		return "zendesk." + code
	case code != "":
		return codeUnlisted
	}
	return codeNoCode
}

// refusal is what an answer that is no success says; nil for a success.
func refusal(tried, on string, a *transport.Answer) error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	code := vendorError(a.Body)
	e := &core.Error{
		Tried: tried, On: on, Class: core.Refused, Code: adviceKey(a.Status, code),
		Params: map[string]string{"status": strconv.Itoa(a.Status), "code": code},
	}
	switch e.Code {
	case codeThrottled, codeUnavailable:
		e.Class = core.Failed // it says nothing of the credential
		if a.RetryAfter > 0 || e.Code == codeThrottled {
			e.Params["seconds"] = strconv.Itoa(max(int(a.RetryAfter.Seconds()), 1))
		}
	case codeUnlisted:
		e.Params["description"] = code
	case codeNoCode:
		if core.CodeOf(a.Decode("", &struct{}{})) == "vendor.html" || a.Status >= 300 && a.Status < 400 {
			e.Code = codeNotAPI
		}
	}
	return e
}
