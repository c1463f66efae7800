package sandbox

import (
	"context"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"

	"deskward/core"
	"deskward/core/transport"
)

// call posts a form to a token URL as it was typed, with the client of the
// asset. What does not answer with an access token counts as no answer.
func (x *webex) call(typed string, form url.Values) (webexToken, bool) {
	to := x.resolve(typed)
	if to == "" {
		return webexToken{}, false
	}
	form.Set("client_id", x.asset.ClientID)
	form.Set("client_secret", x.asset.ClientSecret)
	resp, err := x.client.PostForm(to, form)
	if err != nil {
		return webexToken{}, false
	}
	defer resp.Body.Close()
	var body webexToken
	err = json.NewDecoder(io.LimitReader(resp.Body, transport.MaxBody)).Decode(&body)
	return body, err == nil && resp.StatusCode == http.StatusOK && body.Access != ""
}

// handler is Assets → Apps → Configure New App → Email, with Authentication
// type OAuth 2.0.
func (x *webex) handler() http.Handler {
	page := template.Must(template.New("asset").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Configure New App: Email</title>` + pageStyle + `</head>
<body><p class="mark">SANDBOX</p><h1>Configure New App: Email</h1>
{{with .Asset}}<form method="post" action="/assets/email">
<p><label>Asset name <input name="asset_name" value="{{.Name}}"></label></p>
<p><label>Email ID <input name="email_id" value="{{.Email}}"></label></p>
<p>Forwarding address <code id="forwarding">{{$.Fix.Forwarding}}</code><br>Emails sent to the asset email ID will be forwarded to this address.</p>
<p><label>Authentication type <select name="authentication_type"><option value="oauth2">OAuth 2.0</option></select></label></p>
<p><label>SMTP server <input name="smtp_server" value="{{.Server}}"></label></p>
<p><label>Username <input name="username" value="{{.Username}}"></label></p>
<p><label>Port <input name="port" value="{{.Port}}"></label></p>
<p><label>Security <select name="security">{{range $.Securities}}<option value="{{.}}"{{if eq . $.Asset.Security}} selected{{end}}>{{.}}</option>{{end}}</select></label></p>
<p><label>Client ID <input name="client_id" value="{{.ClientID}}"></label></p>
<p><label>Client secret <input name="client_secret" type="password" value="{{.ClientSecret}}" autocomplete="off"></label></p>
<p>Call back URL <code id="callback">{{$.Fix.Callback}}</code></p>
<p><label>Authorization URL <input name="authorization_url" value="{{.AuthURL}}"></label></p>
<p><label>Scope <input name="scope" value="{{.Scope}}"></label></p>
<p><label>Access token URL <input name="access_token_url" value="{{.TokenURL}}"></label></p>
<p><label>Refresh token URL <input name="refresh_token_url" value="{{.RefreshURL}}"></label></p>
<p><label><input type="checkbox" name="other" value="yes"{{if .Other}} checked{{end}}> Use different email address than the asset email ID for generating tokens</label>
<label>Login ID for generating token <input name="login_id" value="{{.Login}}"></label></p>
<p><label><input type="checkbox" name="review" value="yes"{{if .Review}} checked{{end}}> I would like to explicitly review before providing consent for authentication</label></p>
<p><button name="do" value="generate">Generate token</button><button name="do" value="save">Save</button></p></form>
<p>Validity <code id="validity">{{$.Valid}}</code></p><p>Access token <code id="access">{{$.Access}}</code></p><p>Refresh token <code id="refresh">{{$.Refresh}}</code></p>
<form method="post" action="/assets/email/register"><p><label>Service <input name="service" value="{{or .Service $.Fix.Service}}"></label>
<button{{if .Service}} disabled{{end}}>Register to Webex CC</button></p></form>{{end}}</body></html>
`))
	mux := http.NewServeMux()
	locked := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
			x.mu.Lock()
			defer x.mu.Unlock()
			h(w, r)
		}
	}
	mux.HandleFunc("GET /assets/email", locked(func(w http.ResponseWriter, _ *http.Request) { writePage(w, http.StatusOK, page, x.view()) }))
	mux.HandleFunc("POST /assets/email", locked(func(w http.ResponseWriter, r *http.Request) {
		x.fill(r)
		to := "/assets/email"
		if r.PostFormValue("do") == "generate" {
			if begun := x.begin(); begun != "" {
				to = begun
			}
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	}))
	mux.HandleFunc("POST /assets/email/register", locked(func(w http.ResponseWriter, r *http.Request) {
		if x.asset.Service == "" { // it can't be changed later
			x.asset.Service = strings.TrimSpace(r.PostFormValue("service"))
		}
		http.Redirect(w, r, "/assets/email", http.StatusSeeOther)
	}))
	mux.HandleFunc("GET /callback", locked(func(w http.ResponseWriter, r *http.Request) {
		x.returned(r)
		http.Redirect(w, r, "/assets/email", http.StatusSeeOther)
	}))
	return mux
}

// webexView is the form as its page shows it: tokens by their first characters.
type webexView struct {
	Asset                  webexAsset
	Fix                    WebexFixtures
	Securities             []string
	Valid, Access, Refresh string
}

func (x *webex) view() webexView {
	v := webexView{Asset: x.asset, Fix: x.fix, Securities: []string{"None", "SSL", "STARTTLS"}}
	short := func(s string) string {
		if s == "" {
			return ""
		}
		return s[:min(6, len(s))] + "…"
	}
	v.Access, v.Refresh = short(x.asset.access), short(x.asset.refresh)
	if x.asset.access != "" {
		v.Valid = x.asset.valid.UTC().Format("2006-01-02 15:04:05")
	}
	return v
}

// fill takes what was typed, as it is.
func (x *webex) fill(r *http.Request) {
	a := &x.asset
	for name, field := range map[string]*string{
		"asset_name": &a.Name, "email_id": &a.Email, "authentication_type": &a.Auth, "smtp_server": &a.Server, "username": &a.Username, "port": &a.Port,
		"security": &a.Security, "client_id": &a.ClientID, "client_secret": &a.ClientSecret, "authorization_url": &a.AuthURL, "scope": &a.Scope,
		"access_token_url": &a.TokenURL, "refresh_token_url": &a.RefreshURL, "other": &a.Other, "login_id": &a.Login,
	} {
		*field = r.PostFormValue(name)
	}
	a.Review = r.PostFormValue("review") != ""
}

// WebexGenerate fills in the form, presses Generate Token and consents as
// account at Google, as an admin would: by the pages themselves. It reports
// which of the token's fields the form shows then. What Google's page refused
// fails with code sandbox.no-consent; what the form swallows fails with nothing.
func (sb *Sandbox) WebexGenerate(ctx context.Context, form url.Values, account string) (access, refresh bool, err error) {
	x := sb.webex
	form.Set("do", "generate")
	client := &http.Client{Timeout: x.client.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.fix.AssetURL, strings.NewReader(form.Encode()))
	if err != nil {
		return false, false, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, to, err := fetch(client, req)
	if err != nil {
		return false, false, err
	}
	if strings.HasPrefix(to, "http") {
		back, err := sb.GrantAs(ctx, to, account, nil)
		if err != nil {
			return false, false, err
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodGet, back, nil); err != nil {
			return false, false, err
		}
		if _, _, err = fetch(client, req); err != nil {
			return false, false, err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.asset.access != "", x.asset.refresh != "", nil
}

// WebexRegister registers the asset to a service of Webex CC, which can be done
// once.
func (sb *Sandbox) WebexRegister(service string) error {
	x := sb.webex
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.asset.Service != "" && x.asset.Service != service {
		return &core.Error{Tried: "sandbox", Code: "sandbox.bad-request", Class: core.Usage}
	}
	x.asset.Service = service
	return nil
}
