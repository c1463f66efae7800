package endpoint

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken"
)

// tryPage shows the sign-in working in a browser: on loopback only, because it
// takes a token in a form and can set the cookie, which else is the
// integrator's to set.
type tryPage struct {
	page    *template.Template
	say     *locale.Printer
	handler *handler
}

// tryCookieLife is how long the cookie of the try page lives. Cookies know no
// ports: other programs on this host name would get it too, if they served its
// path.
const tryCookieLife = 10 * time.Minute

// maxTryBody is how large a pasted token may be.
const maxTryBody = 64 << 10

// TryData is what the page is executed with. Every text is plain: html/template
// escapes it.
type TryData struct {
	Nonce  string // of the style and script elements
	Lang   string
	Cookie string            // name of the cookie
	Path   string            // of the endpoint
	Text   map[string]string // the page's texts, by what stands behind "try."
}

// texts of the page; the locale keys are "try." and these.
func tryTexts() []string {
	return []string{
		"title", "intro", "token", "token.hint", "send-bearer", "set-cookie", "send-cookie", "drop-cookie", "cookie.note",
		"result", "waiting", "cookie-set", "cookie-dropped", "got", "refused", "header", "payload", "verdict", "unreachable", "noscript",
	}
}

func (t *tryPage) serve(w http.ResponseWriter, r *http.Request, from netip.Addr, at time.Time) (answer, bool) {
	h := t.handler
	if !h.limit.allow(counted(from), at) {
		w.Header().Set("Retry-After", h.limit.retryAfter())
		return failure(http.StatusTooManyRequests, "01-01", "Too many requests", "serve.limit"), false
	}
	if r.URL.Path == TryPath {
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", "GET")
			return failure(http.StatusMethodNotAllowed, "01-03", "Method not allowed", "serve.method"), false
		}
		return t.show(w)
	}
	// Only the page itself may: a page elsewhere could sign its own user in here.
	if r.Header.Get("Origin") != h.ownOrigin(r) {
		return failure(http.StatusForbidden, "01-00", "Origin not allowed", "serve.foreign"), false
	}
	switch r.Method + " " + r.URL.Path {
	case "POST " + TryPath + "/cookie":
		return t.setCookie(w, r)
	case "DELETE " + TryPath + "/cookie":
		http.SetCookie(w, t.newCookie("", -1))
	case "POST " + TryPath + "/inspect":
		return t.inspect(w, r, at)
	default:
		return failure(http.StatusNotFound, "01-02", "Not found", "serve.path"), false
	}
	w.WriteHeader(http.StatusNoContent)
	return answer{status: http.StatusNoContent}, true
}

func (t *tryPage) show(w http.ResponseWriter) (answer, bool) {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // crypto/rand.Read never fails.
	d := TryData{
		Nonce: base64.RawURLEncoding.EncodeToString(b[:]), Lang: string(t.say.Lang()),
		Cookie: t.handler.cookie, Path: Path, Text: map[string]string{},
	}
	for _, key := range tryTexts() {
		d.Text[key] = t.say.T("try." + key)
	}
	var page bytes.Buffer
	if err := t.page.Execute(&page, d); err != nil {
		return failure(http.StatusInternalServerError, "01-06", "No page can be made", "serve.page"), false
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+d.Nonce+"'; style-src 'nonce-"+d.Nonce+
		"'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(page.Bytes()) // the browser may be gone
	return answer{status: http.StatusOK}, true
}

func (t *tryPage) newCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: t.handler.cookie, Value: value, Path: Path, MaxAge: maxAge,
		HttpOnly: true, Secure: t.handler.secure, SameSite: http.SameSiteStrictMode,
	}
}

func (t *tryPage) setCookie(w http.ResponseWriter, r *http.Request) (answer, bool) {
	token, ok := readToken(w, r)
	c := t.newCookie(token, int(tryCookieLife.Seconds()))
	if !ok || token == "" || c.Valid() != nil {
		return failure(http.StatusUnprocessableEntity, "01-04", "Not a token", "serve.body"), false
	}
	http.SetCookie(w, c)
	w.WriteHeader(http.StatusNoContent)
	return answer{status: http.StatusNoContent}, true
}

func readToken(w http.ResponseWriter, r *http.Request) (string, bool) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTryBody))
	return strings.TrimSpace(string(raw)), err == nil
}

// tried is what the page shows of a token that came back.
type tried struct {
	Verdict  string      `json:"verdict"`
	Good     bool        `json:"good"`
	Header   string      `json:"header"`
	Payload  string      `json:"payload"`
	Findings []triedRule `json:"findings"`
}

type triedRule struct {
	Outcome visitortoken.Outcome `json:"outcome"`
	Code    string               `json:"code"`
	Text    string               `json:"text"`
	More    string               `json:"more,omitempty"` // what it means and what to do
}

// inspect says of the token that came back whether the vendor would take it.
func (t *tryPage) inspect(w http.ResponseWriter, r *http.Request, at time.Time) (answer, bool) {
	token, ok := readToken(w, r)
	p := t.handler.keys.now.Load()
	if p == nil {
		return keysGone(), false
	}
	if !ok {
		return failure(http.StatusRequestEntityTooLarge, "01-04", "Body too large", "serve.body"), false
	}
	kind := visitortoken.KindChat
	if p.sign.Kind == core.KeyMessaging {
		kind = visitortoken.KindMessaging
	}
	report := visitortoken.Inspect(token, visitortoken.Options{Keys: []core.SigningKey{p.sign}, Only: p.sign.ID, As: kind, Now: at})
	out := tried{
		Verdict: t.say.T("try.verdict." + string(report.Verdict)), Good: report.Verdict != visitortoken.Refuse,
		Header: report.Header, Payload: report.Payload, Findings: []triedRule{},
	}
	for _, f := range report.Findings {
		rule := triedRule{Outcome: f.Outcome, Code: f.Code, Text: t.finding(f, "")}
		if f.Outcome != visitortoken.Passed {
			rule.More = strings.TrimSpace(t.finding(f, ".means") + " " + t.finding(f, ".fix"))
		}
		out.Findings = append(out.Findings, rule)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return failure(http.StatusInternalServerError, "01-06", "No report can be made", "serve.page"), false
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw) // the browser may be gone
	return answer{status: http.StatusOK}, true
}

func (t *tryPage) finding(f visitortoken.Finding, part string) string {
	key := "finding." + f.Code + part
	if !t.say.Has(key) {
		return ""
	}
	params := locale.Params{"value": f.Value}
	for k, v := range f.Params {
		params[k] = t.say.SpanOr(k, core.CleanLine(v))
	}
	return t.say.T(key, params)
}
