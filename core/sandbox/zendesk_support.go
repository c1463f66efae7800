package sandbox

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The dates and numbers of Zendesk Support. Sources: the pages on the OAuth
// migration and on rate limits of developer.zendesk.com, support article
// 9182123625370. The length of an access token that nobody named is a third
// party's word.
const (
	supportCodeLife     = 120 * time.Second
	supportAccessLife   = 30 * time.Minute
	supportRefreshLife  = 30 * 24 * time.Hour
	supportShortest     = 300 * time.Second     // an access token lives longer than that
	supportLongest      = 172_800 * time.Second // and shorter than that
	supportRefreshLeast = 7 * 24 * time.Hour
	supportRefreshMost  = 90 * 24 * time.Hour
	supportTokenIdle    = 30 * 24 * time.Hour
	supportPerMinute    = 400 // Suite Growth and Professional
	supportMany         = 100 // users a call
	supportPage         = 100
)

// supportDates are the ends that Zendesk has announced.
type supportDates struct {
	noNewTokens time.Time // nobody can make an API token
	tokensEnd   time.Time // all API tokens stop
	mustRefresh time.Time // clients of before must use refresh tokens
}

func zendeskDates() supportDates {
	return supportDates{
		noNewTokens: time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC),
		tokensEnd:   time.Date(2027, 4, 30, 0, 0, 0, 0, time.UTC),
		mustRefresh: time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC),
	}
}

// supportUser is a user of Zendesk Support: a team member or an end user.
type supportUser struct {
	id               int64
	name, externalID string
	email            string // primary
	verified         bool
	other            []string // further addresses
	phone, notes     string
	role             string // "end-user", "agent", "admin"
	suspended, gone  bool
	made             time.Time
}

// supportTicket is a ticket; chat is the visitor of the chat it was made of.
type supportTicket struct {
	id        int64
	requester int64
	subject   string
	chat      string
	messaging string // conversation, of a messaging ticket
	made      time.Time
}

// supportAPIToken is a token of the kind that is ending.
type supportAPIToken struct {
	id          int64
	value, name string
	used        time.Time // when it was made, or last used
	off         bool      // deactivated by hand
}

// support is Zendesk Support of the account: OAuth, API tokens and the part of
// the API by which people are found. Sources: developer.zendesk.com
// (api-reference/ticketing, documentation/api-basics/authentication) and, for
// the shapes of errors, answers kept in github.com/amp-labs/connectors.
type support struct {
	sb    *Sandbox
	fix   *ZendeskFixtures
	dates supportDates
	base  string

	mu      sync.Mutex
	users   []*supportUser
	tickets []*supportTicket
	clients []*supportClient
	tokens  []*supportAPIToken
	pages   map[string]*supportRequest // consent pages shown
	codes   map[string]*supportRequest
	access  map[string]*supportGrant // by access token
	refresh map[string]*supportGrant // by refresh token
	made    int64                    // records made, for their ids
	recent  []time.Time              // calls of the last minute
}

// startSupport opens https://{subdomain}.zendesk.com, where Support, its OAuth
// and Zendesk Chat are, and https://www.zopim.com, where Chat was.
func (z *zendesk) startSupport() error {
	s := newSupport(z.sb, &z.fix)
	c := newChat(z.sb, &z.fix, s)
	z.support, z.chat = s, c
	l, base, err := z.sb.open()
	if err != nil {
		return err
	}
	s.base, z.fix.SupportURL = base, base
	own, chat := z.sb.observe("zendesk.support", s.handler()), z.sb.observe("zendesk.chat", c.handler())
	z.sb.mount(l, "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v2/chat/") || strings.HasPrefix(r.URL.Path, "/oauth2/chat/") {
			chat.ServeHTTP(w, r)
			return
		}
		own.ServeHTTP(w, r)
	}))
	z.sb.point("zendesk", "support", base)
	z.sb.point("zendesk", "chat", base)
	old, base, err := z.sb.open()
	if err != nil {
		return err
	}
	z.sb.mount(old, "zendesk.zopim", c.oldHandler())
	z.fix.ZopimURL = base
	z.sb.point("zendesk", "zopim", base)
	return nil
}

func newSupport(sb *Sandbox, fix *ZendeskFixtures) *support {
	now := sb.clock.Now()
	s := &support{
		sb: sb, fix: fix, dates: zendeskDates(), made: 3,
		pages: map[string]*supportRequest{}, codes: map[string]*supportRequest{}, access: map[string]*supportGrant{}, refresh: map[string]*supportGrant{},
		clients: []*supportClient{
			{number: 1, id: fix.OAuthClientID, secret: fix.OAuthClientSecret, name: "deskward", redirects: fix.OAuthRedirects},
			{number: 2, id: fix.OAuthPublicID, name: "deskward, public", redirects: fix.OAuthRedirects},
			{number: 3, id: fix.OAuthOldID, secret: fix.OAuthOldSecret, name: "nightly export", redirects: fix.OAuthRedirects, old: true},
		},
		tokens: []*supportAPIToken{
			{id: 1, value: fix.APIToken, name: "helpdesk scripts", used: now.Add(-24 * time.Hour)},
			{id: 2, value: fix.IdleAPIToken, name: "forgotten import", used: now.Add(-supportTokenIdle - 24*time.Hour)},
		},
		users: []*supportUser{
			{id: 900123450901, name: "Ada Admin", email: fix.AdminEmail, verified: true, role: "admin"},
			{id: 900123450902, name: "Agnes Agent", email: fix.AgentEmail, verified: true, role: "agent"},
			{id: 900123450903, name: "Eve Enduser", email: fix.EndUserEmail, verified: true, role: "end-user"},
		},
	}
	for i, u := range s.users { // team members have tickets of their own, too
		for n, subject := range []string{"A printer", "A new keyboard"} {
			s.tickets = append(s.tickets, &supportTicket{
				id: int64(4001 + 10*i + n), requester: u.id, subject: subject, made: now.Add(-time.Duration(96-n) * time.Hour),
			})
		}
	}
	cast := fix.Cast
	for _, p := range cast.all() {
		id, err := strconv.ParseInt(p.SupportID, 10, 64)
		if err != nil {
			continue
		}
		u := &supportUser{
			id: id, name: p.Name, externalID: p.ExternalID, email: p.Email, verified: p.Email != "", role: "end-user",
			notes: cast.notes(p), suspended: p.Story == cast.Banned.Story, gone: p.Story == cast.Gone.Story,
		}
		if p.Story == cast.Linked.Story {
			u.other, u.phone = []string{"lin@home.example"}, "+81 3 5555 0100"
		}
		s.users = append(s.users, u)
		s.ticketsOf(p, id, now)
	}
	for i, u := range s.users {
		u.made = now.Add(-time.Duration(len(s.users)-i) * 24 * time.Hour)
	}
	return s
}

// ticketsOf makes a person's tickets: an e-mail, and the chat where there is
// one.
func (s *support) ticketsOf(p Person, id int64, now time.Time) {
	ticket, err := strconv.ParseInt(p.TicketID, 10, 64)
	if err != nil {
		return
	}
	s.tickets = append(s.tickets,
		&supportTicket{id: ticket + 5000, requester: id, subject: "An invoice", made: now.Add(-72 * time.Hour)},
		&supportTicket{id: ticket, requester: id, subject: "Conversation with " + p.Name, chat: p.ChatID, made: now.Add(-48 * time.Hour)})
	if p.ChatID == "" {
		s.tickets[len(s.tickets)-1].messaging = "6f1d0c2b3a4e5f60718295" + p.TicketID[2:]
	}
}

// handler is https://{subdomain}.zendesk.com but for Chat. Names of resources
// may end in ".json".
func (s *support) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth/authorizations/new", s.locked(s.authorize))
	mux.HandleFunc("POST /oauth/authorizations", s.locked(s.decide))
	mux.HandleFunc("POST /oauth/tokens", s.locked(s.token))
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /api/v2/users/me":                     s.me,
		"GET /api/v2/users/search":                 s.agents("users", s.search),
		"GET /api/v2/users/show_many":              s.agents("users", s.showMany),
		"GET /api/v2/users/{id}":                   s.agents("users", s.show),
		"GET /api/v2/users/{id}/identities":        s.agents("users", s.identities),
		"GET /api/v2/users/{id}/tickets/requested": s.agents("tickets", s.requested),
		"GET /api/v2/tickets/{id}/audits":          s.agents("tickets", s.audits),
		"GET /api/v2/oauth/tokens/current":         s.currentToken,
		"DELETE /api/v2/oauth/tokens/current":      s.revokeCurrent,
		"/api/v2/":                                 s.noEndpoint,
	} {
		mux.HandleFunc(pattern, s.locked(s.limited(h)))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblemStatus(w, http.StatusNotFound, "Oops", "The page you were looking for doesn't exist.")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bare, ok := strings.CutSuffix(r.URL.Path, ".json"); ok {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = bare, ""
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *support) locked(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.sb.is(ZendeskSupportBroken) {
			writeJSON(w, http.StatusInternalServerError, map[string]any{"status": 500, "error": "Internal Server Error"})
			return
		}
		h(w, r)
	}
}

// The other shapes in which Support errs.
func supportError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]string{"error": code, "description": description})
}

func supportTitled(w http.ResponseWriter, status int, title, message string) {
	writeJSON(w, status, map[string]any{"error": map[string]string{"title": title, "message": message}})
}

// supportInvalid is the shape with a reason for each field.
func supportInvalid(w http.ResponseWriter, field, code, description string) {
	writeJSON(w, http.StatusUnprocessableEntity, map[string]any{
		"error": "RecordInvalid", "description": "Record validation errors",
		"details": map[string]any{field: []map[string]string{{"description": description, "error": code}}},
	})
}

func (s *support) noEndpoint(w http.ResponseWriter, _ *http.Request) {
	supportError(w, http.StatusNotFound, "InvalidEndpoint", "Not found")
}

// limited counts calls of the last minute and says so in the headers.
func (s *support) limited(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := s.sb.clock.Now()
		s.recent = slices.DeleteFunc(s.recent, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
		left := max(supportPerMinute-len(s.recent)-1, 0)
		w.Header().Set("X-Rate-Limit", strconv.Itoa(supportPerMinute))
		w.Header().Set("X-Rate-Limit-Remaining", strconv.Itoa(left))
		reset := 60
		if len(s.recent) > 0 {
			reset = int(math.Ceil((time.Minute - now.Sub(s.recent[0])).Seconds()))
		}
		if strings.Contains(r.URL.Path, "/tickets") { // lists of tickets have the newer headers too
			total, rest, in := strconv.Itoa(supportPerMinute), strconv.Itoa(left), strconv.Itoa(reset)
			w.Header().Set("Ratelimit-Limit", total)
			w.Header().Set("Ratelimit-Remaining", rest)
			w.Header().Set("Ratelimit-Reset", in)
			w.Header().Set("Zendesk-Ratelimit-Tickets-Index", "total="+total+"; remaining="+rest+"; resets="+in)
		}
		if len(s.recent) >= supportPerMinute {
			w.Header().Set("Retry-After", strconv.Itoa(reset))
			supportError(w, http.StatusTooManyRequests, "APIRateLimitExceeded", "Number of allowed API requests per minute exceeded")
			return
		}
		s.recent = append(s.recent, now)
		h(w, r)
	}
}
