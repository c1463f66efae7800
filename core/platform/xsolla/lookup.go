package xsolla

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/lookup"
)

// server is a connection that acts for its project: it may look users up.
type server struct{ *connection }

var _ lookup.Finder = (*server)(nil)

// mostFound is how many users one query gives. More are no answer to a
// question about one person.
const mostFound = 20

// searchBy is what Xsolla calls what a query looks for; "" where it has no
// word for it. A contact is an e-mail address or a phone number. An external
// id is the user's own id where it looks like one: Zendesk knows Login users
// by it.
func searchBy(k lookup.QueryKind, text string) string {
	switch k {
	case lookup.ByLoginID:
		return "id"
	case lookup.ByEmail:
		return "contact"
	case lookup.ByUsername:
		return "username"
	case lookup.ByExternalID:
		if checkProject(text) == nil { // a UUID
			return "id"
		}
		return "custom_id"
	case lookup.ByPhone:
		return "phone"
	case lookup.ByText:
		return "nickname"
	}
	return ""
}

// Takes implements lookup.Finder.
func (*server) Takes() []lookup.QueryKind {
	return []lookup.QueryKind{lookup.ByLoginID, lookup.ByEmail, lookup.ByUsername, lookup.ByExternalID, lookup.ByPhone, lookup.ByText}
}

// Find looks users of the project up.
func (s *server) Find(ctx context.Context, k lookup.QueryKind, text string) ([]core.Visitor, error) {
	text = strings.TrimSpace(text)
	by := searchBy(k, text)
	if k == lookup.ByPhone { // Login keeps numbers as E.164 has them
		p, ok := lookup.ReadPhone(text)
		if !ok {
			return nil, nil
		}
		text = p.String()
	}
	if by == "" || text == "" {
		return nil, nil
	}
	var users []json.RawMessage
	err := s.withToken(ctx, func(token core.Secret) error {
		var err error
		users, err = s.search(ctx, "look-up", token, s.conn.Settings[settingProject], by, text, mostFound)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []core.Visitor
	for _, raw := range users {
		if v, ok := visitorOf(raw); ok {
			out = append(out, v)
		}
	}
	return out, nil
}

// search asks for users of a project with a server token.
func (l *Login) search(ctx context.Context, tried string, token core.Secret, projectID, by, text string, limit int) ([]json.RawMessage, error) {
	a, err := l.do(ctx, call{
		tried: tried, method: http.MethodGet, path: project(projectID, "/users/search"),
		query:  url.Values{"search_by": {by}, "search_query": {text}, "limit": {strconv.Itoa(limit)}, "offset": {"0"}},
		header: http.Header{"X-Server-Authorization": {token.Reveal()}},
	})
	if err != nil {
		return nil, err
	}
	var found struct {
		Users *[]json.RawMessage `json:"users"`
	}
	if err := l.decode(a, &found); err != nil {
		return nil, err
	}
	if found.Users == nil {
		return nil, l.malformed(tried, a)
	}
	return *found.Users, nil
}

// nobody is an id that no user has: RFC 9562 §5.9.
const nobody = "00000000-0000-0000-0000-000000000000"

// MayLookUp proves a server token: it looks a user up who does not exist, so
// that nobody's data is read. POST /server/token/validate is for another kind
// of token, that of a custom user storage.
func (l *Login) MayLookUp(ctx context.Context, token core.Secret, projectID string) error {
	_, err := l.search(ctx, "check", token, projectID, "id", nobody, 1)
	return err
}

// visitorOf reads one user, and false where it has no id. Its texts were made
// safe when the answer was read.
func visitorOf(raw json.RawMessage) (core.Visitor, bool) {
	var u struct {
		User
		Phone     string          `json:"phone"`
		Confirmed bool            `json:"is_last_email_confirmed"`
		Ban       json.RawMessage `json:"ban"`
	}
	if json.Unmarshal(raw, &u) != nil {
		return core.Visitor{}, false
	}
	id := core.CleanLine(u.ID)
	if id == "" {
		return core.Visitor{}, false
	}
	v := core.Visitor{
		Kind: core.VisitorLogin, ID: id, ExternalID: id, Name: core.CleanLine(u.Name),
		Phone: core.CleanLine(u.Phone), Blocked: banned(u.Ban), Raw: raw,
	}
	if v.Name == "" {
		v.Name = core.CleanLine(u.Username)
	}
	if u.Email != "" {
		v.Emails = []core.VisitorEmail{{Address: core.CleanLine(u.Email), Verified: u.Confirmed, Primary: true}}
	}
	return v, true
}

// banned reports whether ban says anything: an object with fields.
func banned(ban json.RawMessage) bool {
	var fields map[string]any
	return json.Unmarshal(ban, &fields) == nil && len(fields) > 0
}
