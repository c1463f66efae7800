package sandbox

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"deskward/core"
)

// ZohoLegacy is one of many auth tokens, with the client that may exchange it.
type ZohoLegacy struct {
	Name         string `json:"name"`
	Authtoken    string `json:"authtoken"`
	OrgID        string `json:"org_id"`
	Region       string `json:"region"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// mostZohoTokens bounds what one call may make.
const mostZohoTokens = 20_000

// AddZohoAuthtokens makes auth tokens of the fixtures' owner, never exchanged,
// and as many server-based clients of the owner, to which they are dealt out:
// the first tokens to the first client, and so on.
func (sb *Sandbox) AddZohoAuthtokens(count, clients int) ([]ZohoLegacy, error) {
	z := sb.zoho
	if count < 1 || clients < 1 || count > mostZohoTokens || clients > count {
		return nil, &core.Error{Tried: "sandbox", Code: "sandbox.bad-request", Class: core.Usage}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	out := make([]ZohoLegacy, count)
	each := (count + clients - 1) / clients
	for i := range out {
		c := fmt.Sprintf("1000.SANDBOXBATCH%03d", i/each+1)
		if z.clients[c] == nil {
			z.clients[c] = &zohoClient{
				id: c, secret: "sandbox-batch-secret-" + fmt.Sprintf("%03d", i/each+1), name: "deskward (batch)", kind: zohoWeb,
				centres: []string{z.fix.Region}, owner: z.fix.OwnerEmail, mapped: true,
			}
		}
		token := random(16)
		z.authtokens[token] = &zohoAuthtoken{owner: z.fix.OwnerEmail, portal: z.fix.OrgID, location: z.fix.Region}
		out[i] = ZohoLegacy{
			Name: fmt.Sprintf("System %04d", i+1), Authtoken: token, OrgID: z.fix.OrgID, Region: z.fix.Region,
			ClientID: c, ClientSecret: z.clients[c].secret,
		}
	}
	return out, nil
}

// ZohoExchange is what came in about one auth token.
type ZohoExchange struct {
	Calls int `json:"calls"` // of authtooauth, that were read
	Done  int `json:"done"`  // that took effect
	After int `json:"after"` // that came after one took effect
}

// ZohoExchanges returns what came in, by auth token.
func (sb *Sandbox) ZohoExchanges() map[string]ZohoExchange {
	sb.zoho.mu.Lock()
	defer sb.zoho.mu.Unlock()
	out := map[string]ZohoExchange{}
	for token, old := range sb.zoho.authtokens {
		if old.seen.Calls > 0 {
			out[token] = old.seen
		}
	}
	return out
}

// controlZoho adds Zoho's own parts of the control interface.
func (sb *Sandbox) controlZoho(mux *http.ServeMux) {
	mux.HandleFunc("POST /sandbox/zoho/self-client-code", control(func(in struct {
		Scopes  []string
		Minutes int
		Portal  string
	},
	) (any, error) {
		code, err := sb.ZohoSelfClientCode(in.Scopes, in.Minutes, in.Portal)
		return map[string]string{"code": code}, err
	}))
	type many struct{ Count, Clients int }
	mux.HandleFunc("POST /sandbox/zoho/authtokens", control(func(in many) (any, error) {
		made, err := sb.AddZohoAuthtokens(in.Count, max(in.Clients, 1))
		var b strings.Builder
		writeLegacy(&b, made)
		return map[string]any{"tokens": made, "csv": b.String()}, err
	}))
	mux.HandleFunc("GET /sandbox/zoho/exchanges", func(w http.ResponseWriter, _ *http.Request) {
		var sum struct {
			Tokens int `json:"tokens"`
			ZohoExchange
		}
		for _, e := range sb.ZohoExchanges() {
			sum.Tokens++
			sum.Calls += e.Calls
			sum.Done += e.Done
			sum.After += e.After
		}
		writeJSON(w, http.StatusOK, sum)
	})
}

// writeLegacy writes the auth tokens as an admin's list.
func writeLegacy(w io.Writer, all []ZohoLegacy) {
	out := csv.NewWriter(w)
	defer out.Flush()
	_ = out.Write([]string{"name", "authtoken", "org_id", "region", "client_id", "client_secret"}) // Flush keeps the error, and w has none
	for _, l := range all {
		_ = out.Write([]string{l.Name, l.Authtoken, l.OrgID, l.Region, l.ClientID, l.ClientSecret})
	}
}

// exchanged counts a call of authtooauth.
func (a *zohoAuthtoken) exchanged(done bool, now time.Time) {
	a.seen.Calls++
	if !a.used.IsZero() {
		a.seen.After++
	}
	if done {
		a.seen.Done++
		a.used, a.dies = now, now.Add(zohoOldTokenLife)
	}
}
