package zendesk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/lookup"
)

const (
	// supportMany is how many users one call shows
	// (developer.zendesk.com/api-reference/ticketing/users, show_many).
	supportMany = 100
	// longestQuery keeps the address of a call to a length that servers and
	// what stands before them take: ids may have 255 characters, each of which
	// may need nine.
	longestQuery = 6000
	// mostIdentities is of how many people found all addresses are asked for:
	// each is a call.
	mostIdentities = 3
)

// Takes implements lookup.Finder.
func (*Support) Takes() []lookup.QueryKind {
	return []lookup.QueryKind{lookup.ByExternalID, lookup.ByEmail, lookup.BySupportID, lookup.ByPhone, lookup.ByText}
}

var supportID = core.Pattern(`^[0-9]{1,20}$`)

// Find implements lookup.Finder. Of few people found, all addresses are
// fetched: a record names the primary one alone. Where they are refused, the
// people are returned with the error.
func (s *Support) Find(ctx context.Context, k lookup.QueryKind, text string) ([]core.Visitor, error) {
	text = strings.TrimSpace(text)
	if s.err != nil || text == "" {
		return nil, s.err
	}
	var found []core.Visitor
	var err error
	switch k {
	case lookup.BySupportID:
		found, err = s.byID(ctx, text)
	case lookup.ByExternalID:
		found, err = s.users(ctx, "/api/v2/users/search.json", url.Values{"external_id": {text}})
	case lookup.ByEmail:
		if strings.ContainsAny(text, "\"\\") { // would end the quotes; no address has it unquoted
			return nil, nil
		}
		found, err = s.users(ctx, "/api/v2/users/search.json", url.Values{"query": {`email:"` + text + `"`}})
	case lookup.ByPhone:
		query, ok := phoneQuery(text)
		if !ok {
			return nil, nil
		}
		found, err = s.users(ctx, "/api/v2/users/search.json", url.Values{"query": {query}})
	case lookup.ByText:
		found, err = s.users(ctx, "/api/v2/users/search.json", url.Values{"query": {text}})
	}
	if err != nil || len(found) > mostIdentities {
		return found, err
	}
	for i := range found {
		if err := s.addresses(ctx, &found[i]); err != nil {
			return found, err
		}
	}
	return found, nil
}

// phoneQuery asks for a telephone number. Support takes digits alone, without
// the +, and finds them however the record has them behind an asterisk
// (developer.zendesk.com/documentation/voice/talk-partner-edition/retrieving-the-zendesk-user-id-of-a-caller).
// As it was typed, a hyphen or a bracket may be read as query syntax.
func phoneQuery(text string) (query string, ok bool) {
	p, ok := lookup.ReadPhone(text)
	if !ok || p.Subscriber() == "" {
		return "", false
	}
	return "phone:*" + p.Subscriber(), true
}

// byID finds the deleted, too, who are not active.
func (s *Support) byID(ctx context.Context, id string) ([]core.Visitor, error) {
	if !supportID().MatchString(id) {
		return nil, nil
	}
	a, err := s.get(ctx, "look-up", "/api/v2/users/"+id+".json", nil)
	if err != nil || missingRecord(a.Status, a.Body) {
		return nil, err
	}
	if err := s.refusal("look-up", "users:read", a); err != nil {
		return nil, err
	}
	var found struct {
		User json.RawMessage `json:"user"`
	}
	if err := a.Decode(hostOf(s.base), &found); err != nil {
		return nil, err
	}
	v, ok := s.visitor(found.User)
	if !ok {
		return nil, s.malformed("look-up")
	}
	return []core.Visitor{v}, nil
}

// missingRecord tells a record that is not there from a path that is not.
func missingRecord(status int, body []byte) bool {
	word, _ := supportFault(body)
	return status == http.StatusNotFound && word == "RecordNotFound"
}

// BatchSize implements lookup.BatchFinder.
func (*Support) BatchSize(k lookup.QueryKind) int {
	switch k {
	case lookup.ByExternalID, lookup.BySupportID:
		return supportMany
	}
	return 0
}

// FindBatch implements lookup.BatchFinder. External ids with a comma, which
// stands between them, are asked for one by one. Support takes no account of
// case in external ids (developer.zendesk.com/api-reference/ticketing/users).
func (s *Support) FindBatch(ctx context.Context, k lookup.QueryKind, texts []string) (map[string][]core.Visitor, error) {
	if s.err != nil {
		return nil, s.err
	}
	param := "external_ids"
	if k == lookup.BySupportID {
		param = "ids"
	} else if k != lookup.ByExternalID {
		return nil, nil
	}
	out := map[string][]core.Visitor{}
	var many []string
	for _, text := range texts {
		switch {
		case k == lookup.BySupportID && !supportID().MatchString(text), strings.TrimSpace(text) == "":
		case strings.Contains(text, ","):
			found, err := s.Find(ctx, k, text)
			if err != nil {
				return nil, err
			}
			out[text] = found
		default:
			many = append(many, text)
		}
	}
	for _, lot := range queries(many) {
		found, err := s.users(ctx, "/api/v2/users/show_many.json", url.Values{param: {strings.Join(lot, ",")}})
		if err != nil {
			return nil, err
		}
		for _, text := range lot {
			for _, v := range found {
				id := v.ID
				if k == lookup.ByExternalID {
					id = v.ExternalID
				}
				if strings.EqualFold(id, core.CleanLine(text)) {
					out[text] = append(out[text], v)
				}
			}
		}
	}
	return out, nil
}

// queries parts ids so that each part fits into one call.
func queries(ids []string) [][]string {
	var out [][]string
	length := longestQuery // so that the first begins a part
	for _, id := range ids {
		n := len(url.QueryEscape(id)) + len("%2C")
		if length+n > longestQuery || len(out[len(out)-1]) == supportMany {
			out, length = append(out, nil), 0
		}
		out[len(out)-1], length = append(out[len(out)-1], id), length+n
	}
	return out
}

// users asks for a list of users.
func (s *Support) users(ctx context.Context, path string, query url.Values) ([]core.Visitor, error) {
	list, err := s.list(ctx, "look-up", path, query, "users", "users:read")
	if err != nil {
		return nil, err
	}
	var out []core.Visitor
	for _, raw := range list {
		if v, ok := s.visitor(raw); ok {
			out = append(out, v)
		}
	}
	return out, nil
}

// list asks for one page of a list, which has up to 100 records.
func (s *Support) list(ctx context.Context, tried, path string, query url.Values, name, scope string) ([]json.RawMessage, error) {
	a, err := s.get(ctx, tried, path, query)
	if err != nil {
		return nil, err
	}
	if err := s.refusal(tried, scope, a); err != nil {
		return nil, err
	}
	var found map[string]json.RawMessage
	if err := a.Decode(hostOf(s.base), &found); err != nil {
		return nil, err
	}
	var list *[]json.RawMessage
	if json.Unmarshal(found[name], &list) != nil || list == nil {
		return nil, s.malformed(tried)
	}
	return *list, nil
}

// visitor reads a user's record. "verified" speaks of the primary address.
func (s *Support) visitor(raw json.RawMessage) (core.Visitor, bool) {
	var w struct {
		ID         lenient         `json:"id"`
		ExternalID lenient         `json:"external_id"`
		Name       lenient         `json:"name"`
		Email      lenient         `json:"email"`
		Phone      lenient         `json:"phone"`
		Role       lenient         `json:"role"`
		Verified   json.RawMessage `json:"verified"`
		Active     json.RawMessage `json:"active"`
		Suspended  json.RawMessage `json:"suspended"`
		Created    lenient         `json:"created_at"`
		LastLogin  lenient         `json:"last_login_at"`
	}
	if _ = json.Unmarshal(raw, &w); w.ID == "" { // what could be read of it counts
		return core.Visitor{}, false
	}
	v := core.Visitor{
		Kind: core.VisitorSupport, ID: string(w.ID), ExternalID: string(w.ExternalID), Name: string(w.Name), Phone: string(w.Phone), Role: string(w.Role),
		Blocked:   string(w.Suspended) == "true" || string(w.Active) == "false",
		CreatedAt: supportTime(w.Created), SeenAt: supportTime(w.LastLogin), Raw: raw,
	}
	if w.Email != "" {
		v.Emails = []core.VisitorEmail{{Address: string(w.Email), Verified: string(w.Verified) == "true", Primary: true}}
	}
	if supportID().MatchString(v.ID) {
		v.Link = "https://" + s.account + ".zendesk.com/agent/users/" + v.ID
	}
	return v, true
}

func supportTime(text lenient) time.Time {
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// addresses fetches all addresses of a person.
func (s *Support) addresses(ctx context.Context, v *core.Visitor) error {
	if !supportID().MatchString(v.ID) {
		return nil
	}
	list, err := s.list(ctx, "look-up", "/api/v2/users/"+v.ID+"/identities.json", nil, "identities", "users:read")
	if err != nil {
		return err
	}
	for _, raw := range list {
		var w struct {
			Type     lenient         `json:"type"`
			Value    lenient         `json:"value"`
			Verified json.RawMessage `json:"verified"`
		}
		if _ = json.Unmarshal(raw, &w); w.Type != "email" || w.Value == "" {
			continue
		}
		one := core.VisitorEmail{Address: string(w.Value), Verified: string(w.Verified) == "true"}
		i := slices.IndexFunc(v.Emails, func(e core.VisitorEmail) bool { return strings.EqualFold(e.Address, one.Address) })
		if i >= 0 {
			v.Emails[i].Verified = one.Verified
			continue
		}
		one.Primary = len(v.Emails) == 0
		v.Emails = append(v.Emails, one)
	}
	return nil
}

const (
	// mostAudits is how many tickets are opened on the way to a Chat visitor.
	mostAudits = 5
	// channelChat and channelMessaging are the channels of tickets that were
	// made of a conversation, the likelier first.
	channelChat      = "chat"
	channelMessaging = "native_messaging"
)

// LeadCalls implements lookup.Bridge: the list of tickets, and some of them.
func (*Support) LeadCalls() (least, most int) { return 1, 1 + mostAudits }

// Leads implements lookup.Bridge: user, tickets that the user requested, their
// audits, and in them the event of the chat's beginning, which names the Chat
// visitor. It is the one way there from an external id, for Chat has no search.
// The newest tickets are opened, and few.
func (s *Support) Leads(ctx context.Context, v core.Visitor) ([]lookup.Lead, error) {
	if s.err != nil || v.Kind != core.VisitorSupport || !supportID().MatchString(v.ID) {
		return nil, s.err
	}
	query := url.Values{"sort_by": {"created_at"}, "sort_order": {"desc"}, "per_page": {"100"}}
	list, err := s.list(ctx, "follow", "/api/v2/users/"+v.ID+"/tickets/requested.json", query, "tickets", "tickets:read")
	if err != nil {
		return nil, err
	}
	var out []lookup.Lead
	for _, id := range conversations(list) {
		visitors, err := s.chatVisitors(ctx, id)
		if err != nil {
			return out, err
		}
		for _, visitor := range visitors {
			if lead := (lookup.Lead{Kind: lookup.ByChatID, Text: visitor}); !slices.Contains(out, lead) {
				out = append(out, lead)
			}
		}
	}
	return out, nil
}

// conversations chooses the tickets to open: of chats, then of messaging, and
// of each the newest first.
func conversations(list []json.RawMessage) []string {
	type ticket struct {
		ID      lenient `json:"id"`
		Created lenient `json:"created_at"`
		Via     struct {
			Channel lenient `json:"channel"`
		} `json:"via"`
	}
	var all []ticket
	for _, raw := range list {
		var t ticket
		_ = json.Unmarshal(raw, &t) // what could be read of it counts
		if supportID().MatchString(string(t.ID)) && (t.Via.Channel == channelChat || t.Via.Channel == channelMessaging) {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b ticket) int {
		if a.Via.Channel != b.Via.Channel {
			return strings.Compare(string(a.Via.Channel), string(b.Via.Channel)) // "chat" is the first of the two
		}
		return supportTime(b.Created).Compare(supportTime(a.Created))
	})
	var out []string
	for _, t := range all[:min(len(all), mostAudits)] {
		out = append(out, string(t.ID))
	}
	return out
}

// chatVisitors are the visitors whom a ticket's audits name.
func (s *Support) chatVisitors(ctx context.Context, ticket string) ([]string, error) {
	a, err := s.get(ctx, "follow", "/api/v2/tickets/"+ticket+"/audits.json", nil)
	if err != nil || missingRecord(a.Status, a.Body) { // deleted meanwhile, or not this agent's to see
		return nil, err
	}
	if err := s.refusal("follow", "tickets:read", a); err != nil {
		return nil, err
	}
	var found struct {
		Audits []struct {
			Events []struct {
				Type  lenient         `json:"type"`
				Value json.RawMessage `json:"value"`
			} `json:"events"`
		} `json:"audits"`
	}
	if err := a.Decode(hostOf(s.base), &found); err != nil {
		return nil, err
	}
	var out []string
	for _, audit := range found.Audits {
		for _, e := range audit.Events {
			var value struct {
				Visitor lenient `json:"visitor_id"`
			}
			if e.Type != "ChatStartedEvent" || json.Unmarshal(e.Value, &value) != nil || value.Visitor == "" {
				continue
			}
			out = append(out, string(value.Visitor))
		}
	}
	return out, nil
}
