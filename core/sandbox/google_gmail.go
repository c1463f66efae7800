package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// gmailHandler is gmail.googleapis.com.
func (g *google) gmailHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /gmail/v1/users/{user}/profile", g.locked(g.gmail(googleProfileScopes(), g.profile)))
	mux.HandleFunc("GET /gmail/v1/users/{user}/labels", g.locked(g.gmail(googleLabelScopes(), g.labels)))
	return mux
}

const gmailScope = "https://www.googleapis.com/auth/gmail."

func googleProfileScopes() []string {
	return []string{googleMailScope, gmailScope + "modify", gmailScope + "compose", gmailScope + "readonly", gmailScope + "metadata"}
}

func googleLabelScopes() []string {
	return []string{googleMailScope, gmailScope + "modify", gmailScope + "readonly", gmailScope + "labels", gmailScope + "metadata"}
}

// apiError is an error of a Google API: the older list of errors, and the
// newer status with details.
type apiError struct {
	code                   int
	status, reason, domain string // reason of the older list
	message                string
	info                   string // reason of the details; "": none
	metadata               map[string]string
}

func (g *google) apiFail(w http.ResponseWriter, e apiError) {
	if e.domain == "" {
		e.domain = "global"
	}
	body := map[string]any{"code": e.code, "message": e.message, "status": e.status}
	if !g.sb.is(GoogleDetailsOnly) || e.info == "" {
		body["errors"] = []any{map[string]string{"message": e.message, "domain": e.domain, "reason": e.reason}}
	}
	if e.info != "" && !g.sb.is(GoogleErrorsOnly) {
		body["details"] = []any{map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": e.info, "domain": "googleapis.com", "metadata": e.metadata,
		}}
	}
	writeJSON(w, e.code, map[string]any{"error": body})
}

// gmail checks what every call of the API is checked for.
func (g *google) gmail(scopes []string, h func(http.ResponseWriter, *googleAccount)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		a := g.access[token]
		if a == nil || a.grant.dead || !g.sb.clock.Now().Before(a.expires) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/", error="invalid_token"`)
			g.apiFail(w, apiError{
				code: http.StatusUnauthorized, status: "UNAUTHENTICATED", reason: "authError", info: "ACCESS_TOKEN_EXPIRED",
				message:  "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
				metadata: map[string]string{"service": "gmail.googleapis.com"},
			})
			return
		}
		account, p := a.grant.account, a.grant.project
		switch {
		case g.sb.is(GoogleBusy):
			w.Header().Set("Retry-After", "3")
			g.apiFail(w, apiError{code: http.StatusTooManyRequests, status: "RESOURCE_EXHAUSTED", reason: "rateLimitExceeded", domain: "usageLimits", message: "Rate Limit Exceeded", info: "RATE_LIMIT_EXCEEDED"})
		case g.sb.is(GoogleBusy403):
			g.apiFail(w, apiError{code: http.StatusForbidden, status: "PERMISSION_DENIED", reason: "userRateLimitExceeded", domain: "usageLimits", message: "User Rate Limit Exceeded"})
		case p.gmailOff:
			g.apiFail(w, apiError{
				code: http.StatusForbidden, status: "PERMISSION_DENIED", reason: "accessNotConfigured", domain: "usageLimits", info: "SERVICE_DISABLED",
				message:  "Gmail API has not been used in project " + p.number + " before or it is disabled.",
				metadata: map[string]string{"service": "gmail.googleapis.com", "consumer": "projects/" + p.number},
			})
		case !slices.ContainsFunc(a.grant.scopes, func(s string) bool { return slices.Contains(scopes, s) }):
			g.apiFail(w, apiError{
				code: http.StatusForbidden, status: "PERMISSION_DENIED", reason: "insufficientPermissions", info: "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
				message:  "Request had insufficient authentication scopes.",
				metadata: map[string]string{"service": "gmail.googleapis.com"},
			})
		case account != nil && account.noMail && g.sb.is(GoogleMailOff):
			g.apiFail(w, apiError{code: http.StatusBadRequest, status: "FAILED_PRECONDITION", reason: "failedPrecondition", message: "Mail service not enabled"})
		case account == nil || account.noMail:
			g.apiFail(w, apiError{code: http.StatusBadRequest, status: "FAILED_PRECONDITION", reason: "failedPrecondition", message: "Precondition check failed."})
		case r.PathValue("user") != "me" && !strings.EqualFold(r.PathValue("user"), account.mailbox):
			g.apiFail(w, apiError{code: http.StatusForbidden, status: "PERMISSION_DENIED", reason: "forbidden", message: "Delegation denied for " + account.mailbox})
		default:
			h(w, account)
		}
	}
}

func (g *google) profile(w http.ResponseWriter, a *googleAccount) {
	writeJSON(w, http.StatusOK, map[string]any{"emailAddress": a.mailbox, "messagesTotal": 42, "threadsTotal": 17, "historyId": "4711"})
}

func (g *google) labels(w http.ResponseWriter, _ *googleAccount) {
	list := []map[string]string{}
	for _, name := range []string{"INBOX", "SENT", "SPAM", "TRASH", "UNREAD"} {
		list = append(list, map[string]string{"id": name, "name": name, "type": "system", "messageListVisibility": "hide", "labelListVisibility": "labelShow"})
	}
	list = append(list, map[string]string{"id": "Label_1", "name": "Refunds", "type": "user"})
	writeJSON(w, http.StatusOK, map[string]any{"labels": list})
}
