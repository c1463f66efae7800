package sandbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"html"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/transport"
)

// consentPage is what a consent page of any double asks.
type consentPage struct {
	Service string // "Zoho (rehearsal)"
	Client  string
	Account string
	Scopes  []string
	Whole   bool     // all scopes or none: there is nothing to untick
	Choice  string   // what Portals are; "": Portal
	Portals []portal // to choose one of; nil: nothing to choose
	Action  string   // path of the answer
	Request string   // which request is answered
}

type portal struct{ ID, Name string }

const pageStyle = `<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:3em auto;padding:0 1em}
.mark{background:#fd6;color:#000;padding:.2em .6em;font-weight:bold}button{font:inherit;padding:.5em 1.5em;margin-right:1em}
code{background:#8882;padding:.1em .3em;overflow-wrap:anywhere}fieldset{margin:1em 0}</style>`

func consentTemplate() *template.Template {
	return template.Must(template.New("consent").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Service}}</title>` + pageStyle + `</head>
<body><p class="mark">SANDBOX</p><h1>{{.Service}}</h1>
<p><b>{{.Client}}</b> asks for access to the account <b>{{.Account}}</b>.</p>
<form method="post" action="{{.Action}}"><input type="hidden" name="request" value="{{.Request}}">
{{if .Portals}}<p><label>{{or .Choice "Portal"}} <select name="portal">{{range .Portals}}<option value="{{.ID}}">{{.Name}} ({{.ID}})</option>{{end}}</select></label></p>{{end}}
<fieldset><legend>Permissions</legend>{{range .Scopes}}<p>{{if $.Whole}}{{.}}{{else}}<label><input type="checkbox" name="granted" value="{{.}}" checked> {{.}}</label>{{end}}</p>{{end}}</fieldset>
<button name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button></form></body></html>
`))
}

// writePage writes a template as a web page.
func writePage(w http.ResponseWriter, status int, t *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.WriteHeader(status)
	t.Execute(w, data) //nolint:errcheck // it writes to memory, and the templates are fixed
}

// writeProblem writes the page that a vendor shows instead of a consent page.
func writeProblem(w http.ResponseWriter, title, detail string) {
	writeProblemStatus(w, http.StatusBadRequest, title, detail)
}

// problemMark is in every page that says what went wrong.
const problemMark = `<body class="problem">`

func writeProblemStatus(w http.ResponseWriter, status int, title, detail string) {
	t := template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title>` + pageStyle + `</head>
` + problemMark + `<p class="mark">SANDBOX</p><h1>{{.Title}}</h1><p>{{.Detail}}</p></body></html>
`))
	writePage(w, status, t, struct{ Title, Detail string }{title, detail})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // it writes to memory, and the values are ours
}

// random returns n random bytes in hexadecimal.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // it never fails
	return hex.EncodeToString(b)
}

// GrantInTerminal answers a consent page in the person's place, for where
// there is no browser: it opens authURL, agrees to everything asked and
// returns the redirect URL that the browser would go to. It works on the
// sandbox's own pages only. A page that is not a consent page gives code
// sandbox.no-consent, with the page's title.
func (sb *Sandbox) GrantInTerminal(ctx context.Context, authURL string) (string, error) {
	return sb.answerPage(ctx, authURL, person{say: "allow"})
}

// GrantDevice is GrantInTerminal for a device: it opens the verification page
// with the code that the person would type there.
func (sb *Sandbox) GrantDevice(ctx context.Context, verificationURL, userCode string) error {
	u, err := url.Parse(verificationURL)
	if err != nil {
		return &core.Error{Tried: "sandbox-consent", Code: "sandbox.not-ours", Class: core.Usage}
	}
	u.RawQuery = url.Values{"user_code": {userCode}}.Encode()
	_, err = sb.GrantInTerminal(ctx, u.String())
	return err
}

// DenyInTerminal is GrantInTerminal for a person who says no.
func (sb *Sandbox) DenyInTerminal(ctx context.Context, authURL string) (string, error) {
	return sb.answerPage(ctx, authURL, person{say: "deny"})
}

// person is what somebody does on a consent page.
type person struct {
	say    string   // "allow" or "deny"
	choose string   // of what there is to choose from; "": the first
	boxes  []string // the ticked ones; nil: all
}

func (sb *Sandbox) answerPage(ctx context.Context, authURL string, who person) (string, error) {
	client := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	const hops = 5
	var page string
	for range hops {
		u, err := url.Parse(authURL)
		if err != nil || !sb.own(u.Host) {
			return "", &core.Error{Tried: "sandbox-consent", Code: "sandbox.not-ours", Class: core.Usage}
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, authURL, nil)
		if err != nil {
			return "", transport.NetError(u.Host, err)
		}
		body, to, err := fetch(client, req)
		if err != nil {
			return "", err
		}
		if to == "" {
			page = body
			break
		}
		if next, err := url.Parse(to); err != nil || !sb.own(next.Host) {
			return to, nil // refused by redirect, without a page
		}
		authURL = to
	}
	return sb.submit(ctx, client, authURL, page, who)
}

// own reports whether host is one of the sandbox's services.
func (sb *Sandbox) own(host string) bool {
	for p := range sb.endpoints {
		for _, h := range sb.endpoints.Hosts(p) {
			if h == host {
				return true
			}
		}
	}
	return false
}

func (sb *Sandbox) submit(ctx context.Context, client *http.Client, pageURL, page string, who person) (string, error) {
	action, request := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(page), regexp.MustCompile(`name="request" value="([^"]*)"`).FindStringSubmatch(page)
	if action == nil || request == nil {
		return "", noConsent(page)
	}
	form := url.Values{"request": {request[1]}, "answer": {who.say}}
	for _, m := range regexp.MustCompile(`name="granted" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if box := html.UnescapeString(m[1]); who.boxes == nil || slices.Contains(who.boxes, box) {
			form.Add("granted", box)
		}
	}
	if m := regexp.MustCompile(`<option value="([^"]*)"`).FindStringSubmatch(page); m != nil {
		form.Set("portal", cmp.Or(who.choose, html.UnescapeString(m[1])))
	}
	base, err := url.Parse(pageURL)
	if err != nil {
		return "", err
	}
	target := base.ResolveReference(&url.URL{Path: action[1]})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", transport.NetError(base.Host, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, to, err := fetch(client, req)
	if err == nil && to == "" && strings.Contains(answer, problemMark) {
		return "", noConsent(answer)
	}
	return to, err
}

// noConsent says which page came instead of a consent.
func noConsent(page string) error {
	said := ""
	if title := regexp.MustCompile(`<title>([^<]*)</title>`).FindStringSubmatch(page); title != nil {
		said = core.CleanLine(html.UnescapeString(title[1]))
	}
	return &core.Error{Tried: "sandbox-consent", Code: "sandbox.no-consent", Class: core.Refused, Params: map[string]string{"page": said}}
}

func fetch(client *http.Client, req *http.Request) (body, location string, err error) {
	resp, err := client.Do(req)
	if err != nil {
		return "", "", transport.NetError(req.URL.Host, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, transport.MaxBody))
	if err != nil {
		return "", "", transport.NetError(req.URL.Host, err)
	}
	return string(raw), resp.Header.Get("Location"), nil
}
