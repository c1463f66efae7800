package sandbox

import (
	"context"
	"net/http"
	"slices"
)

// What administrators and account owners do on Google's pages, for rehearsals
// and tests.

// GoogleControl sets an app's access in the Admin console: "trusted",
// "limited", "blocked", or "" for none.
func (sb *Sandbox) GoogleControl(clientID, setting string) {
	sb.google.change(func(g *google) { g.controls[clientID] = setting })
}

// GoogleRestrict makes Gmail a restricted service of the organization, open
// to trusted apps only.
func (sb *Sandbox) GoogleRestrict(on bool) {
	sb.google.change(func(g *google) { g.restricted = on })
}

// GooglePublish puts the app of a client in production. Consents of before
// keep their end, which Google's pages leave open.
func (sb *Sandbox) GooglePublish(clientID string) {
	sb.google.change(func(g *google) {
		if c := g.clients[clientID]; c != nil {
			for _, gr := range g.grants {
				if gr.project == c.project && !g.alive(gr) {
					gr.dead = true
				}
			}
			c.project.audience = googleProduction
		}
	})
}

// GoogleRegister sets the Authorized redirect URIs of a web client on the Clients
// page.
func (sb *Sandbox) GoogleRegister(clientID string, redirects ...string) {
	sb.google.change(func(g *google) {
		if c := g.clients[clientID]; c != nil {
			c.redirects = slices.Clone(redirects)
		}
	})
}

// GooglePassword changes the password of a mailbox: it ends every refresh
// token with Gmail scopes.
func (sb *Sandbox) GooglePassword(mailbox string) {
	sb.google.change(func(g *google) {
		for _, gr := range g.grants {
			mail := slices.ContainsFunc(gr.scopes, func(s string) bool { return !slices.Contains(googleIdentityScopes(), s) })
			if gr.account != nil && gr.account.mailbox == mailbox && mail {
				gr.dead = true
			}
		}
	})
}

// GoogleSuspend suspends an account, or ends its suspension.
func (sb *Sandbox) GoogleSuspend(mailbox string, on bool) {
	sb.google.change(func(g *google) {
		if a := g.account(mailbox); a != nil {
			a.gone = on
		}
	})
}

// GoogleDisableServiceAccount disables the service account.
func (sb *Sandbox) GoogleDisableServiceAccount(on bool) {
	sb.google.change(func(g *google) { g.disabled = on })
}

func (g *google) change(fn func(*google)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fn(g)
}

// controlGoogle is the control interface's part for Google.
func (sb *Sandbox) controlGoogle(mux *http.ServeMux) {
	file := func(make func(*http.Request) ([]byte, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			raw, err := make(r)
			if err != nil {
				writeJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Write(raw) //nolint:errcheck // the other side may have gone
		}
	}
	mux.HandleFunc("GET /sandbox/google/client-file", file(func(r *http.Request) ([]byte, error) { return sb.GoogleClientFile(r.URL.Query().Get("client_id")) }))
	mux.HandleFunc("GET /sandbox/google/key-file", file(func(*http.Request) ([]byte, error) { return sb.GoogleServiceAccountFile() }))
	mux.HandleFunc("POST /sandbox/google/redirects", control(func(in struct {
		ClientID  string `json:"client_id"`
		Redirects []string
	},
	) (any, error) {
		sb.GoogleRegister(in.ClientID, in.Redirects...)
		return map[string]bool{"done": true}, nil
	}))
	mux.HandleFunc("POST /sandbox/google/forward", control(func(in struct{ Mailbox, To string }) (any, error) {
		sb.GoogleForward(in.Mailbox, in.To)
		return map[string]bool{"done": true}, nil
	}))
	mux.HandleFunc("POST /sandbox/google/delegate", control(func(in struct {
		ClientID string `json:"client_id"`
		Scopes   []string
	},
	) (any, error) {
		sb.GoogleDelegate(in.ClientID, in.Scopes...)
		return map[string]bool{"done": true}, nil
	}))
}

// GrantAs is GrantInTerminal for a person who chooses the account (or what
// else the page has to choose from) and ticks the named boxes only; nil leaves
// all ticked.
func (sb *Sandbox) GrantAs(ctx context.Context, authURL, account string, boxes []string) (string, error) {
	return sb.answerPage(ctx, authURL, person{say: "allow", choose: account, boxes: boxes})
}
