package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"deskward/core/transport"
)

// apisHandler stands in for the Admin Center → Apps and integrations → APIs:
// the API tokens, of which no new one can be made since 2026-10-27, and the
// OAuth clients.
func (s *support) apisHandler() http.Handler {
	page := template.Must(template.New("apis").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>APIs</title>` + pageStyle + `</head>
<body><p class="mark">SANDBOX</p><h1>API tokens</h1>
{{if .Problem}}<p id="problem"><b>{{.Problem}}</b></p>{{end}}
<table><tr><th>Description</th><th>Last used</th><th>Status</th><th></th></tr>
{{range .Tokens}}<tr><td>{{.Name}}</td><td>{{.Used}}</td><td>{{.Status}}</td>
<td>{{if eq .Status "active"}}<form method="post"><button name="deactivate" value="{{.Name}}">Deactivate</button></form>{{end}}</td></tr>{{end}}</table>
<form method="post"><button name="add" value="token">Add API token</button></form>
<h1>OAuth clients</h1>
{{if .Made.ID}}<p>Copy the secret. It is not shown again.</p><p>Identifier <code id="client">{{.Made.ID}}</code></p><p>Secret <code id="secret">{{.Made.Secret}}</code></p>{{end}}
<table><tr><th>Name</th><th>Identifier</th><th>Kind</th></tr>{{range .Clients}}<tr><td>{{.Name}}</td><td><code>{{.ID}}</code></td><td>{{.Kind}}</td></tr>{{end}}</table>
<form method="post"><p><label>Name <input name="name" maxlength="100"></label></p>
<p><label>Client kind <select name="kind"><option>public</option><option>confidential</option></select></label></p>
<p><label>Redirect URLs <textarea name="redirects" rows="3" cols="50"></textarea></label></p><button name="add" value="client">Save</button></form>
</body></html>
`))
	type row struct{ Name, Used, Status, ID, Kind, Secret string }
	type data struct {
		Problem         string
		Tokens, Clients []row
		Made            row
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var d data
		if r.Method == http.MethodPost {
			switch add := r.PostFormValue("add"); {
			case add == "token":
				d.Problem = s.addToken()
			case add == "client":
				var c *supportClient
				if c, d.Problem = s.addClient(r.PostFormValue("name"), r.PostFormValue("kind") == "confidential", strings.Fields(r.PostFormValue("redirects"))); c != nil {
					d.Made = row{ID: c.id, Secret: c.secret}
				}
			default:
				d.Problem = s.deactivate(r.PostFormValue("deactivate"))
			}
		}
		now := s.sb.clock.Now()
		for _, t := range s.tokens {
			status := "active"
			if !s.works(t, now) {
				status = "inactive"
			}
			d.Tokens = append(d.Tokens, row{Name: t.name, Used: t.used.UTC().Format("2006-01-02"), Status: status})
		}
		for _, c := range s.clients {
			kind := "confidential"
			if c.secret == "" {
				kind = "public"
			}
			d.Clients = append(d.Clients, row{Name: c.name, ID: c.id, Kind: kind})
		}
		writePage(w, http.StatusOK, page, d)
	})
}

// addToken makes an API token, or says that none can be made any more.
func (s *support) addToken() (why string) {
	now := s.sb.clock.Now()
	if !now.Before(s.dates.noNewTokens) {
		return "API tokens can no longer be created. Use OAuth."
	}
	s.made++
	s.tokens = append(s.tokens, &supportAPIToken{id: s.made, value: "sandbox-api-token-" + random(12), name: "new", used: now})
	return ""
}

// deactivate ends an API token by hand.
func (s *support) deactivate(name string) (why string) {
	i := slices.IndexFunc(s.tokens, func(t *supportAPIToken) bool { return t.name == name && !t.off })
	if i < 0 {
		return "There is no such token."
	}
	s.tokens[i].off = true
	return ""
}

// addClient makes an OAuth client. Redirect URLs are https, but for this
// machine.
func (s *support) addClient(name string, confidential bool, redirects []string) (*supportClient, string) {
	name = strings.TrimSpace(name)
	if name == "" || len(redirects) == 0 {
		return nil, "Give a name and a redirect URL."
	}
	for _, raw := range redirects {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !transport.IsLoopback(u.Hostname())) {
			return nil, "A redirect URL must begin with https:// unless it is of localhost or 127.0.0.1."
		}
	}
	s.made++
	c := &supportClient{number: s.made, id: "made_" + random(6), name: name, redirects: redirects}
	if confidential {
		c.secret = "sandbox-oauth-made-" + random(24)
	}
	s.clients = append(s.clients, c)
	return c, ""
}

// ZendeskOAuthClient makes an OAuth client in the Admin Center as an admin
// would; a public one has no secret. One of that name that was made so before is
// returned again. It fails with code sandbox.bad-request.
func (sb *Sandbox) ZendeskOAuthClient(name string, confidential bool, redirects ...string) (id, secret string, err error) {
	s := sb.zendesk.support
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		if c.name == name && (c.secret != "") == confidential && slices.Equal(c.redirects, redirects) {
			return c.id, c.secret, nil
		}
	}
	c, why := s.addClient(name, confidential, redirects)
	if c == nil {
		return "", "", zendeskProblem(why)
	}
	return c.id, c.secret, nil
}

// ZendeskEndAPIToken deactivates an API token, which it knows by its value, in
// the Admin Center.
func (sb *Sandbox) ZendeskEndAPIToken(value string) error {
	s := sb.zendesk.support
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		if same(t.value, value) {
			return zendeskProblem(s.deactivate(t.name))
		}
	}
	return zendeskProblem("There is no such token.")
}
