package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// chatPerMinute is from memory: no page of Zendesk's was found that has it.
const chatPerMinute = 200

// chatVisitor is a visitor of Zendesk Chat.
type chatVisitor struct {
	id, externalID     string
	name, email, phone string
	notes              string
	banned             bool
	made               time.Time
}

// chat is the REST API of Zendesk Chat, at {subdomain}.zendesk.com/api/v2/chat
// and, before, at www.zopim.com/api/v2. Its OAuth clients are its own: those of
// Support, and their tokens, mean nothing to it. Sources: developer.zendesk.com
// api-reference/live-chat; the shape of its errors as users report it (Zendesk
// community post 5342616270874).
type chat struct {
	sb      *Sandbox
	fix     *ZendeskFixtures
	support *support

	mu       sync.Mutex
	visitors []*chatVisitor
	clients  []*chatClient
	pages    map[string]*chatRequest
	codes    map[string]*chatRequest
	access   map[string]*chatGrant
	refresh  map[string]*chatGrant
	recent   []time.Time
}

func newChat(sb *Sandbox, fix *ZendeskFixtures, s *support) *chat {
	c := &chat{
		sb: sb, fix: fix, support: s,
		pages: map[string]*chatRequest{}, codes: map[string]*chatRequest{}, access: map[string]*chatGrant{}, refresh: map[string]*chatGrant{},
		clients: []*chatClient{
			{number: 31, id: fix.ChatClientID, secret: fix.ChatClientSecret, name: "deskward", redirects: fix.ChatRedirects},
			{number: 32, id: fix.ChatServerID, secret: fix.ChatServerSecret, name: "deskward, server", redirects: fix.ChatRedirects, confidential: true},
		},
	}
	now := sb.clock.Now()
	// A token of the time when the browser got it at once, without a code.
	c.access[fix.ChatToken] = &chatGrant{client: c.clients[0], admin: true, scopes: []string{"read", "write"}}
	for _, p := range fix.Cast.all() {
		if p.ChatID == "" {
			continue
		}
		v := &chatVisitor{id: p.ChatID, name: p.Name, email: p.Email, externalID: p.ExternalID, notes: fix.Cast.notes(p), banned: p.Story == fix.Cast.Banned.Story, made: now.Add(-30 * 24 * time.Hour)}
		c.visitors = append(c.visitors, v)
	}
	// Of a messaging conversation, which Chat knows by three ids in one.
	c.visitors = append(c.visitors, &chatVisitor{
		id: fix.MessagingVisitorID, name: fix.Cast.Linked.Name, made: now.Add(-24 * time.Hour),
		externalID: fix.AppID + "_" + fix.Cast.Linked.MessagingID + "_6f1d0c2b3a4e5f6071829501",
	})
	return c
}

// handler is the part of {subdomain}.zendesk.com that is Chat's.
func (c *chat) handler() http.Handler {
	api := c.api("/api/v2/chat")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth2/chat/authorizations/new", c.locked(c.authorize))
	mux.HandleFunc("POST /oauth2/chat/authorizations", c.locked(c.decide))
	mux.HandleFunc("POST /oauth2/chat/token", c.locked(c.token))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if c.sb.is(ZendeskChatZopimOnly) { // an account that was never joined to a subdomain
			supportError(w, http.StatusNotFound, "InvalidEndpoint", "Not found")
			return
		}
		api.ServeHTTP(w, r)
	})
	return mux
}

// oldHandler is https://www.zopim.com. Its end was set for 2025-05-12; whether
// it answers since is not known.
func (c *chat) oldHandler() http.Handler {
	api := c.api("/api/v2")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth2/authorizations/new", c.locked(c.authorize))
	mux.HandleFunc("POST /oauth2/chat/authorizations", c.locked(c.decide))
	mux.HandleFunc("POST /oauth2/token", c.locked(c.token))
	mux.Handle("/", api)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.sb.is(ZendeskZopimAnswers) && !c.sb.is(ZendeskChatZopimOnly) {
			writeProblemStatus(w, http.StatusGone, "Gone", "Zendesk Chat has moved to your Zendesk subdomain.")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (c *chat) locked(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		h(w, r)
	}
}

func (c *chat) api(base string) http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /agents":             c.allowed("read", c.agents),
		"POST /visitors":          c.allowed("write", c.makeVisitor),
		"GET /visitors/{id}":      c.allowed("read", c.visitor),
		"PUT /visitors/{id}":      c.allowed("write", c.changeVisitor),
		"GET /bans":               c.allowed("read", c.bans),
		"GET /bans/ip":            c.allowed("read", c.bannedAddresses),
		"GET /oauth/clients":      c.allowed("read", c.listClients),
		"PUT /oauth/clients/{id}": c.allowed("write", c.changeClient),
	} {
		mux.HandleFunc(pattern, c.locked(h))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		chatError(w, http.StatusNotFound, "Not Found", "The requested URL was not found on the server.")
	})
	return http.StripPrefix(base, mux)
}

func chatError(w http.ResponseWriter, status int, what, description string) {
	writeJSON(w, status, map[string]string{"error": what, "description": description})
}

const chatUnauthorized = "The server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser doesn't understand how to supply the credentials required."

// allowed asks for a token of a Chat client, with a scope, of an administrator.
func (c *chat) allowed(scope string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := c.sb.clock.Now()
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		g := c.access[token]
		switch {
		case g == nil || g.dead || !g.expires.IsZero() && !now.Before(g.expires):
			chatError(w, http.StatusUnauthorized, "Unauthorized", chatUnauthorized)
			return
		case !slices.Contains(g.scopes, scope):
			chatError(w, http.StatusForbidden, "Forbidden", "The token lacks the scope "+scope+".")
			return
		case !g.admin:
			chatError(w, http.StatusForbidden, "Forbidden", "Only an administrator may do that.")
			return
		}
		c.recent = slices.DeleteFunc(c.recent, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
		if len(c.recent) >= chatPerMinute {
			w.Header().Set("Retry-After", strconv.Itoa(int((time.Minute-now.Sub(c.recent[0])).Seconds())+1))
			chatError(w, http.StatusTooManyRequests, "Too Many Requests", "The rate limit is exceeded.")
			return
		}
		c.recent = append(c.recent, now)
		h(w, r)
	}
}

func (c *chat) agents(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, []map[string]any{
		{"id": 5001, "display_name": "Ada", "first_name": "Ada", "last_name": "Admin", "email": c.fix.AdminEmail, "enabled": true, "roles": map[string]bool{"administrator": true, "owner": true}},
		{"id": 5002, "display_name": "Agnes", "first_name": "Agnes", "last_name": "Agent", "email": c.fix.AgentEmail, "enabled": true, "roles": map[string]bool{"administrator": false, "owner": false}},
	})
}

// canonical is a visitor's id as Chat has it: with a dot, or by a switch with a
// dash.
func (c *chat) canonical(id string) string {
	if c.sb.is(ZendeskChatDashIDs) {
		return strings.Replace(id, ".", "-", 1)
	}
	return id
}

func (c *chat) shown(v *chatVisitor) map[string]any {
	out := map[string]any{"id": c.canonical(v.id), "name": v.name, "email": v.email, "phone": v.phone, "notes": v.notes, "banned": v.banned, "external_id": nil, "created": v.made.UTC().Format("2006-01-02T15:04:05Z")}
	if v.externalID != "" {
		out["external_id"] = v.externalID
	}
	if _, err := strconv.ParseInt(v.id, 10, 64); err == nil && c.sb.is(ZendeskChatNumbers) {
		out["id"] = json.Number(v.id)
	}
	if c.sb.is(ZendeskChatUnixTimes) {
		out["created"] = v.made.Unix()
	}
	return out
}

func (c *chat) named(w http.ResponseWriter, r *http.Request) *chatVisitor {
	i := slices.IndexFunc(c.visitors, func(v *chatVisitor) bool { return c.canonical(v.id) == r.PathValue("id") })
	if i < 0 {
		chatError(w, http.StatusNotFound, "Not Found", "The visitor was not found.")
		return nil
	}
	return c.visitors[i]
}

func (c *chat) visitor(w http.ResponseWriter, r *http.Request) {
	if v := c.named(w, r); v != nil {
		writeJSON(w, http.StatusOK, c.shown(v))
	}
}

type chatVisitorIn struct{ Name, Email, Phone *string }

func (in chatVisitorIn) into(v *chatVisitor) {
	for to, from := range map[*string]*string{&v.name: in.Name, &v.email: in.Email, &v.phone: in.Phone} {
		if from != nil {
			*to = *from
		}
	}
}

func (c *chat) makeVisitor(w http.ResponseWriter, r *http.Request) {
	var in chatVisitorIn
	if !chatJSON(w, r, &in) {
		return
	}
	v := &chatVisitor{id: "9855790." + random(7), made: c.sb.clock.Now()}
	in.into(v)
	c.visitors = append(c.visitors, v)
	writeJSON(w, http.StatusCreated, c.shown(v))
}

func (c *chat) changeVisitor(w http.ResponseWriter, r *http.Request) {
	var in chatVisitorIn
	v := c.named(w, r)
	if v == nil || !chatJSON(w, r, &in) {
		return
	}
	in.into(v)
	writeJSON(w, http.StatusOK, c.shown(v))
}

func chatJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(into) != nil {
		chatError(w, http.StatusBadRequest, "Bad Request", "The body is not the JSON expected.")
		return false
	}
	return true
}

// bans lists who is kept out. There is one address besides the people.
func (c *chat) bans(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if r.URL.Query().Has("limit") && (err != nil || limit < 1 || limit > 1000) {
		chatError(w, http.StatusBadRequest, "Bad Request", "The limit must be 1 to 1000.")
		return
	}
	people := []any{}
	for n, v := range c.visitors {
		if v.banned && (limit == 0 || len(people) < limit) {
			people = append(people, map[string]any{"id": 70 + n, "type": "visitor", "visitor_id": c.canonical(v.id), "visitor_name": v.name, "reason": "spam", "created_at": v.made.UTC().Format(time.RFC3339)})
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"ip_address": chatBannedIPs(), "visitor": people})
}

func (c *chat) bannedAddresses(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, chatBannedIPs())
}

func chatBannedIPs() []map[string]any {
	return []map[string]any{{"id": 69, "type": "ip_address", "ip_address": "203.0.113.9", "reason": "spam"}}
}
