package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *support) person(u *supportUser) map[string]any {
	out := map[string]any{
		"id": u.id, "url": s.base + "/api/v2/users/" + strconv.FormatInt(u.id, 10) + ".json", "name": u.name, "email": nil, "external_id": nil, "phone": nil,
		"role": u.role, "verified": u.verified, "active": !u.gone, "suspended": u.suspended, "notes": u.notes, "locale": "en-US", "time_zone": "Tokyo",
		"created_at": u.made.UTC().Format(time.RFC3339), "updated_at": u.made.UTC().Format(time.RFC3339), "last_login_at": nil, "organization_id": nil, "tags": []string{},
	}
	for name, v := range map[string]string{"email": u.email, "external_id": u.externalID, "phone": u.phone} {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

// search takes whole external ids, of which case does not count
// (api-reference/ticketing/users: "ian1" and "IAN1" are the same value), and
// the query syntax by query.
func (s *support) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	external, query := q.Get("external_id"), q.Get("query")
	if external == "" && query == "" {
		supportError(w, http.StatusBadRequest, "InvalidParameter", "query or external_id is required")
		return
	}
	var found []any
	for _, u := range s.users {
		if u.gone {
			continue
		}
		if external != "" && strings.EqualFold(u.externalID, external) || external == "" && u.matches(query) {
			found = append(found, s.person(u))
		}
	}
	s.list(w, r, "users", found)
}

// matches reports whether all words of a query are words of the person's name,
// an address, the phone or the external id. A word may say which is meant. A
// phone is compared by its digits, from its end behind an asterisk
// (developer.zendesk.com/documentation/voice/talk-partner-edition/retrieving-the-zendesk-user-id-of-a-caller:
// phone:*5135557611 finds "+1 513.555.7611"; other signs "should not be included").
func (u *supportUser) matches(query string) bool {
	fields := map[string][]string{
		"email": append([]string{u.email}, u.other...), "name": strings.Fields(u.name), "external_id": {u.externalID}, "phone": {u.phone}, "role": {u.role}, "type": {"user"},
	}
	for _, word := range strings.Fields(query) {
		key, value, named := strings.Cut(word, ":")
		if key == "phone" && named {
			if !u.called(value) {
				return false
			}
			continue
		}
		hit := func(texts []string) bool {
			return slices.ContainsFunc(texts, func(t string) bool {
				return t != "" && strings.EqualFold(t, strings.Trim(value, `"`))
			})
		}
		if named && fields[key] != nil {
			if !hit(fields[key]) {
				return false
			}
			continue
		}
		value = word
		if !slices.ContainsFunc([]string{"email", "name", "external_id", "phone"}, func(k string) bool { return hit(fields[k]) }) {
			return false
		}
	}
	return true
}

func (u *supportUser) called(number string) bool {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, u.phone)
	if end, ok := strings.CutPrefix(number, "*"); ok {
		return end != "" && strings.HasSuffix(digits, end)
	}
	return number != "" && digits == number
}

// showMany finds up to 100 by id or external id, in the order of their ids.
func (s *support) showMany(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	by, raw := "ids", q.Get("ids")
	if raw == "" {
		by, raw = "external_ids", q.Get("external_ids")
	}
	wanted := slices.DeleteFunc(strings.Split(raw, ","), func(s string) bool { return s == "" })
	switch {
	case len(wanted) == 0:
		supportError(w, http.StatusBadRequest, "InvalidParameter", "ids or external_ids is required")
		return
	case len(wanted) > supportMany:
		supportInvalid(w, by, "TooManyValues", "At most 100 can be shown")
		return
	}
	found := []any{}
	for _, u := range s.users {
		key := u.externalID
		if by == "ids" {
			key = strconv.FormatInt(u.id, 10)
		}
		if slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, key) }) && (!u.gone || q.Get("include_deleted") == "true") {
			found = append(found, s.person(u))
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"users": found, "next_page": nil, "previous_page": nil, "count": len(found)})
}

// named finds the user of a path, or answers that there is none.
func (s *support) named(w http.ResponseWriter, r *http.Request) *supportUser {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		supportError(w, http.StatusBadRequest, "InvalidValue", "The id must be an integer")
		return nil
	}
	i := slices.IndexFunc(s.users, func(u *supportUser) bool { return u.id == id })
	if i < 0 {
		supportError(w, http.StatusNotFound, "RecordNotFound", "Not found")
		return nil
	}
	return s.users[i]
}

// show finds the deleted too, who are not active.
func (s *support) show(w http.ResponseWriter, r *http.Request) {
	if u := s.named(w, r); u != nil {
		writeJSON(w, http.StatusOK, map[string]any{"user": s.person(u)})
	}
}

func (s *support) identities(w http.ResponseWriter, r *http.Request) {
	u := s.named(w, r)
	if u == nil {
		return
	}
	var out []any
	add := func(kind, value string, verified, primary bool) {
		out = append(out, map[string]any{
			"id": u.id*10 + int64(len(out)), "user_id": u.id, "type": kind, "value": value, "verified": verified, "primary": primary,
			"created_at": u.made.UTC().Format(time.RFC3339), "undeliverable_count": 0, "deliverable_state": "deliverable",
		})
	}
	if u.email != "" {
		add("email", u.email, u.verified, true)
	}
	for _, address := range u.other {
		add("email", address, false, false)
	}
	if u.phone != "" {
		add("phone_number", u.phone, true, false)
	}
	if u.externalID != "" && s.messagingUser(u) != "" {
		add("messaging", s.messagingUser(u), true, false)
	}
	s.list(w, r, "identities", out)
}

// messagingUser is the messaging user of a Support user.
func (s *support) messagingUser(u *supportUser) string {
	for _, p := range s.fix.Cast.all() {
		if p.SupportID == strconv.FormatInt(u.id, 10) {
			return p.MessagingID
		}
	}
	return ""
}

func (s *support) requested(w http.ResponseWriter, r *http.Request) {
	u := s.named(w, r)
	if u == nil {
		return
	}
	var out []any
	for _, t := range s.tickets {
		if t.requester != u.id {
			continue
		}
		channel := "email"
		switch {
		case t.chat != "":
			channel = "chat"
		case t.messaging != "":
			channel = "native_messaging"
		}
		out = append(out, map[string]any{
			"id": t.id, "url": s.base + "/api/v2/tickets/" + strconv.FormatInt(t.id, 10) + ".json", "subject": t.subject, "status": "closed", "requester_id": t.requester,
			"via": map[string]any{"channel": channel, "source": map[string]any{}}, "created_at": t.made.UTC().Format(time.RFC3339), "updated_at": t.made.UTC().Format(time.RFC3339),
		})
	}
	s.list(w, r, "tickets", out)
}

// audits are what happened to a ticket, oldest first. The chat it was made of
// is an event whose value names the visitor.
func (s *support) audits(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	i := slices.IndexFunc(s.tickets, func(t *supportTicket) bool { return err == nil && t.id == id })
	if i < 0 {
		supportError(w, http.StatusNotFound, "RecordNotFound", "Not found")
		return
	}
	t := s.tickets[i]
	created := []any{map[string]any{"id": t.id * 100, "type": "Create", "field_name": "subject", "value": t.subject}}
	var more []any
	switch {
	case t.chat != "":
		visitor := t.chat
		if s.sb.is(ZendeskAuditDashIDs) {
			visitor = strings.Replace(visitor, ".", "-", 1)
		}
		more = []any{map[string]any{"id": t.id*100 + 1, "type": "ChatStartedEvent", "value": map[string]any{
			"visitor_id": visitor, "chat_id": "2611." + visitor, "history": []any{},
		}}}
	case t.messaging != "":
		more = []any{map[string]any{"id": t.id*100 + 1, "type": "ChatStartedEvent", "value": map[string]any{
			"conversation_id": t.messaging, "channel": "web", "visitor_id": nil, "history": []any{},
		}}}
	default:
		more = []any{map[string]any{"id": t.id*100 + 1, "type": "Comment", "public": true, "body": "Please send the invoice again."}}
	}
	var out []any
	for n, events := range [][]any{created, more} {
		out = append(out, map[string]any{
			"id": t.id*10 + int64(n), "ticket_id": t.id, "created_at": t.made.UTC().Format(time.RFC3339), "author_id": t.requester, "events": events,
			"via": map[string]any{"channel": "chat"}, "metadata": map[string]any{"system": map[string]any{}, "custom": map[string]any{}},
		})
	}
	s.list(w, r, "audits", out)
}

// list answers one page of a list: by page[size] with a cursor, else by number.
func (s *support) list(w http.ResponseWriter, r *http.Request, name string, all []any) {
	q := r.URL.Query()
	at := func(with url.Values) string {
		to := url.Values{}
		for k, v := range q {
			to[k] = v
		}
		for k, v := range with {
			to[k] = v
		}
		return s.base + r.URL.Path + ".json?" + to.Encode()
	}
	if all == nil {
		all = []any{}
	}
	if q.Has("page[size]") {
		size := pageSize(q.Get("page[size]"))
		from, _ := strconv.Atoi(q.Get("page[after]")) // what cannot be read is the beginning
		from = min(max(from, 0), len(all))
		to := min(from+size, len(all))
		next := any(nil)
		if to < len(all) {
			next = at(url.Values{"page[after]": {strconv.Itoa(to)}})
		}
		writeJSON(w, http.StatusOK, map[string]any{
			name: all[from:to], "meta": map[string]any{"has_more": to < len(all), "after_cursor": strconv.Itoa(to), "before_cursor": strconv.Itoa(from)},
			"links": map[string]any{"next": next, "prev": nil},
		})
		return
	}
	size, page := pageSize(q.Get("per_page")), 1
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 {
		page = n
	}
	from := min((page-1)*size, len(all))
	to := min(from+size, len(all))
	out := map[string]any{name: all[from:to], "next_page": nil, "previous_page": nil, "count": len(all)}
	if to < len(all) {
		out["next_page"] = at(url.Values{"page": {strconv.Itoa(page + 1)}})
	}
	if page > 1 {
		out["previous_page"] = at(url.Values{"page": {strconv.Itoa(page - 1)}})
	}
	writeJSON(w, http.StatusOK, out)
}

func pageSize(typed string) int {
	if n, err := strconv.Atoi(typed); err == nil && n > 0 {
		return min(n, supportPage)
	}
	return supportPage
}
