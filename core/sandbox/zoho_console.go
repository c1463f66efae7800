package sandbox

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"deskward/core"
)

// consoleHandler stands in for the API console, whose self client page is the
// only place where a self client's codes are made: there is no call for it.
func (z *zoho) consoleHandler() http.Handler {
	page := template.Must(template.New("console").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>API console</title>` + pageStyle + `</head>
<body><p class="mark">SANDBOX</p><h1>API console: Self Client</h1>
<p>Client ID <code>{{.ID}}</code></p><p>Client secret <code>{{.Secret}}</code></p>
{{if .Code}}<p>Code, for {{.Minutes}} minutes: <code id="code">{{.Code}}</code></p>{{end}}{{if .Problem}}<p><b>{{.Problem}}</b></p>{{end}}
<form method="post"><p><label>Scope <input name="scope" size="60" value="Desk.basic.READ,Desk.tickets.READ"></label></p>
<p><label>Time duration <select name="minutes"><option>3</option><option>5</option><option>7</option><option>10</option></select> minutes</label></p>
<p><label>Portal <select name="portal">{{range .Portals}}<option value="{{.ID}}">{{.Name}} ({{.ID}})</option>{{end}}</select></label></p>
<button>Create</button></form></body></html>
`))
	type data struct {
		ID, Secret, Code, Problem string
		Minutes                   int
		Portals                   []portal
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z.mu.Lock()
		d := data{ID: z.fix.SelfClientID, Secret: z.fix.SelfClientSecret, Portals: z.users[z.fix.OwnerEmail].portals}
		z.mu.Unlock()
		if r.Method == http.MethodPost {
			minutes, err := strconv.Atoi(r.PostFormValue("minutes"))
			if err != nil {
				minutes = int(zohoSelfCodeLife.Minutes())
			}
			d.Minutes = minutes
			if d.Code, err = z.selfCode(zohoScopes(r.PostFormValue("scope")), minutes, r.PostFormValue("portal")); err != nil {
				d.Problem = "Enter a valid scope and time duration"
			}
		}
		writePage(w, http.StatusOK, page, d)
	})
}

// ZohoSelfClientCode makes a code of the fixtures' self client, as its owner
// would in the API console: for a portal (the fixtures' own when ""), valid
// for 1 to 10 minutes (0: three). It fails with code sandbox.bad-request.
func (sb *Sandbox) ZohoSelfClientCode(scopes []string, minutes int, portal string) (string, error) {
	return sb.zoho.selfCode(scopes, minutes, portal)
}

func (z *zoho) selfCode(scopes []string, minutes int, org string) (string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if org == "" {
		org = z.fix.OrgID
	}
	life := time.Duration(minutes) * time.Minute
	if minutes == 0 {
		life = zohoSelfCodeLife
	}
	if len(scopes) == 0 || life < time.Minute || life > 10*time.Minute || !owns(z.users[z.fix.OwnerEmail], org) ||
		slices.ContainsFunc(scopes, func(s string) bool { return !z.knownScope(s) }) {
		return "", &core.Error{Tried: "sandbox", Code: "sandbox.bad-request", Class: core.Usage}
	}
	code := "1000." + random(16) + "." + random(16)
	z.codes[code] = &zohoCode{
		client: z.fix.SelfClientID, user: z.fix.OwnerEmail, scopes: slices.Clone(scopes), portal: org, location: z.fix.Region,
		self: true, expires: z.sb.clock.Now().Add(life),
	}
	return code, nil
}

// ZohoSupportMaps is what Zoho's support does, or takes back, for the fixtures'
// web client before its auth tokens can be exchanged.
func (sb *Sandbox) ZohoSupportMaps(mapped bool) {
	sb.zoho.mu.Lock()
	defer sb.zoho.mu.Unlock()
	sb.zoho.clients[sb.zoho.fix.WebClientID].mapped = mapped
}
