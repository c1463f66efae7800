package sandbox

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

// startAdmin opens the Admin Center.
func (z *zendesk) startAdmin() error {
	l, base, err := z.sb.open()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", z.adminHandler())
	mux.Handle("/admin/apps-integrations/apis", z.support.apisHandler())
	z.sb.mount(l, "zendesk.admin", mux)
	z.fix.AdminURL, z.fix.APIsURL = base+"/admin", base+"/admin/apps-integrations/apis"
	z.sb.point("zendesk", "admin", z.fix.AdminURL)
	return nil
}

// adminHandler stands in for the Admin Center → Account → Security → End user
// authentication → Messaging, the only place where an ordinary account's keys
// are made and deleted; and, below that, for a developer's program, which a
// rehearsal by hand lacks. A secret is shown when its key is made and never
// again; the list has its first six characters.
func (z *zendesk) adminHandler() http.Handler {
	page := template.Must(template.New("admin").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>End user authentication</title>` + pageStyle + `</head>
<body><p class="mark">SANDBOX</p><h1>End user authentication: Messaging</h1>
{{if .Made.ID}}<p>Copy the shared secret. It is not shown again.</p><p>Key ID <code id="kid">{{.Made.ID}}</code></p>
<p>Shared secret <code id="secret">{{.Made.Secret}}</code></p><form method="get"><button>Hide key forever</button></form>{{end}}
{{if .Problem}}<p id="problem"><b>{{.Problem}}</b></p>{{end}}
<table><tr><th>Name</th><th>Key ID</th><th>Shared secret</th><th></th></tr>
{{range .Keys}}<tr><td>{{.Name}}</td><td><code>{{.ID}}</code></td><td><code>{{.Begins}}</code>…</td>
<td><form method="post"><button name="delete" value="{{.ID}}">Delete</button></form></td></tr>{{end}}</table>
<form method="post"><p><label>Name of the new key <input name="name" maxlength="100"></label> <button name="create" value="yes">Create key</button></p></form>
<h1>A developer's program</h1><p>It signs a visitor's token, for an hour, with one of the keys.</p>
<form method="post"><p><label>Key <select name="sign">{{range .Keys}}<option value="{{.ID}}">{{.Name}}</option>{{end}}</select></label>
<label>External ID <input name="external_id" value="{{.ExternalID}}"></label> <button>Sign</button></p></form>
{{if .Token}}<p><code id="token">{{.Token}}</code></p>{{end}}</body></html>
`))
	type row struct{ ID, Name, Begins, Secret string }
	type data struct {
		Keys                       []row
		Made                       row
		Problem, Token, ExternalID string
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/admin", func(w http.ResponseWriter, r *http.Request) {
		z.mu.Lock()
		defer z.mu.Unlock()
		d := data{ExternalID: z.fix.ExternalID}
		if r.Method == http.MethodPost {
			kid := r.PostFormValue("sign")
			switch {
			case r.PostFormValue("create") != "":
				k, why := z.makeSigner(r.PostFormValue("name"))
				d.Made, d.Problem = row{ID: k.id, Secret: k.secret}, why
			case r.PostFormValue("delete") != "":
				d.Problem = z.dropSigner(r.PostFormValue("delete"))
			case kid != "":
				d.Token, d.Problem = z.visitorToken(kid, r.PostFormValue("external_id"))
			}
		}
		for _, k := range z.signs {
			d.Keys = append(d.Keys, row{ID: k.id, Name: k.name, Begins: k.secret[:6]})
		}
		writePage(w, http.StatusOK, page, d)
	})
	return mux
}

// makeSigner makes a messaging key, or says why not.
func (z *zendesk) makeSigner(name string) (k zendeskKey, why string) {
	switch name = strings.TrimSpace(name); {
	case name == "":
		return k, "Give the key a name."
	case len(z.signs) >= zendeskMaxKeys:
		return k, "There are 10 keys. Delete an unused one first."
	}
	// What Zendesk makes has 86 characters, as base64url has them.
	k = zendeskKey{"app_" + random(12), name, random(3) + "-sandbox-" + random(36)[:71]}
	z.signs = append(z.signs, k)
	return k, ""
}

func (z *zendesk) signer(kid string) int {
	return slices.IndexFunc(z.signs, func(k zendeskKey) bool { return k.id == kid })
}

func (z *zendesk) dropSigner(kid string) (why string) {
	i := z.signer(kid)
	if i < 0 {
		return "There is no such key."
	}
	z.signs = slices.Delete(z.signs, i, i+1)
	return ""
}

// visitorToken makes a token as a developer's program does.
func (z *zendesk) visitorToken(kid, externalID string) (token, why string) {
	i := z.signer(kid)
	if i < 0 || externalID == "" {
		return "", "Choose a key and enter an external ID."
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"scope": "user", "external_id": externalID, "name": z.fix.Name, "email": z.fix.Email, "email_verified": true,
		"exp": z.sb.clock.Now().Add(time.Hour).Unix(),
	})
	t.Header["kid"] = kid
	token, err := t.SignedString([]byte(z.signs[i].secret))
	if err != nil {
		return "", "The token could not be signed."
	}
	return token, ""
}

func zendeskProblem(why string) error {
	if why == "" {
		return nil
	}
	return &core.Error{Tried: "sandbox", On: why, Code: "sandbox.bad-request", Class: core.Usage}
}

// ZendeskKey returns the messaging key of a name, which it makes, as an admin
// would in the Admin Center, where there is none. It fails with code
// sandbox.bad-request for the eleventh.
func (sb *Sandbox) ZendeskKey(name string) (kid, secret string, err error) {
	z := sb.zendesk
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, k := range z.signs {
		if k.name == name {
			return k.id, k.secret, nil
		}
	}
	k, why := z.makeSigner(name)
	return k.id, k.secret, zendeskProblem(why)
}

// ZendeskDeleteKey deletes a messaging key in the Admin Center.
func (sb *Sandbox) ZendeskDeleteKey(kid string) error {
	sb.zendesk.mu.Lock()
	defer sb.zendesk.mu.Unlock()
	return zendeskProblem(sb.zendesk.dropSigner(kid))
}

// ZendeskToken makes a visitor's token as a developer's program does, with a
// messaging key that the Admin Center lists.
func (sb *Sandbox) ZendeskToken(kid, externalID string) (string, error) {
	sb.zendesk.mu.Lock()
	defer sb.zendesk.mu.Unlock()
	token, why := sb.zendesk.visitorToken(kid, externalID)
	return token, zendeskProblem(why)
}
