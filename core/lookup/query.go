package lookup

import (
	"net/url"
	"slices"
	"strings"

	"deskward/core"
)

// QueryKind is what a query may be.
type QueryKind string

// The kinds of query. The values are the words before a colon by which an
// admin says which one is meant.
const (
	ByExternalID QueryKind = "external"  // the id in the company's own system
	ByEmail      QueryKind = "email"     //
	ByChatID     QueryKind = "chat"      // Chat visitor id: digits, a dot or dash, letters
	ByMessaging  QueryKind = "messaging" // user id of Sunshine Conversations: 24 hexadecimal digits
	BySupportID  QueryKind = "support"   // user id of Zendesk Support: a number
	ByLoginID    QueryKind = "login"     // user id of Xsolla Login: a UUID
	ByUsername   QueryKind = "username"  // of Xsolla Login
	ByPhone      QueryKind = "phone"     // however it is written: ReadPhone
	ByText       QueryKind = "text"      // name and whatever else the vendor searches
)

// QueryKinds lists the kinds.
func QueryKinds() []QueryKind {
	return []QueryKind{ByExternalID, ByEmail, ByChatID, ByMessaging, BySupportID, ByLoginID, ByUsername, ByPhone, ByText}
}

// many reports a kind that several people may have.
func (k QueryKind) many() bool { return k == ByText || k == ByPhone }

// Query is what is known of the person.
type Query struct {
	Text  string      `json:"text"`
	Kinds []QueryKind `json:"kinds"` // what it may be, the likeliest first
}

// Is reports whether the query may be of a kind.
func (q Query) Is(k QueryKind) bool { return slices.Contains(q.Kinds, k) }

// maxQuery is the longest query taken, in bytes. Zendesk's longest external
// ids have 1,024 characters.
const maxQuery = 4096

var (
	chatShape      = core.Pattern(`^[0-9]{1,12}[.-][0-9A-Za-z]{6,32}$`)
	uuidShape      = core.Pattern(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	messagingShape = core.Pattern(`^[0-9a-f]{24}$`)
	numberShape    = core.Pattern(`^[0-9]{3,20}$`)
	emailShape     = core.Pattern(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)
	agentPage      = core.Pattern(`^/agent/users/([0-9]+)`)
	// conversationShape is the external id that Zendesk gives the Chat visitor
	// of a messaging conversation: app, user and conversation.
	conversationShape = core.Pattern(`^[0-9a-f]{24}_([0-9a-f]{24})_[0-9a-f]{24}$`)
)

// Parse says what a text may be. "email:…" and the other kinds before a colon
// say it beforehand. An address of a user's page in Zendesk is that user.
func Parse(typed string) Query {
	text := strings.TrimSpace(core.CleanLine(strings.ToValidUTF8(typed, "")))
	if len(text) > maxQuery {
		text = strings.ToValidUTF8(text[:maxQuery], "")
	}
	text = strings.TrimSpace(strings.Trim(text, "\"'`"))
	if word, rest, ok := strings.Cut(text, ":"); ok && slices.Contains(QueryKinds(), QueryKind(strings.ToLower(word))) && strings.TrimSpace(rest) != "" {
		return Query{strings.TrimSpace(rest), []QueryKind{QueryKind(strings.ToLower(word))}}
	}
	if u, err := url.Parse(text); err == nil && u.Scheme == "https" {
		if m := agentPage().FindStringSubmatch(u.Path); m != nil {
			return Query{m[1], []QueryKind{BySupportID}}
		}
	}
	return Query{text, kindsOf(text)}
}

func kindsOf(text string) []QueryKind {
	switch {
	case text == "":
		return nil
	case emailShape().MatchString(text):
		return []QueryKind{ByEmail, ByExternalID} // some use addresses as external ids
	case uuidShape().MatchString(text):
		return []QueryKind{ByExternalID, ByLoginID}
	case conversationShape().MatchString(text):
		return []QueryKind{ByExternalID}
	case messagingShape().MatchString(text):
		return []QueryKind{ByMessaging, ByExternalID}
	case phoneKinds(text) != nil: // before what else is digits and a hyphen
		return phoneKinds(text)
	case chatShape().MatchString(text):
		return []QueryKind{ByChatID, ByExternalID}
	case numberShape().MatchString(text):
		return []QueryKind{BySupportID, ByExternalID}
	case strings.ContainsAny(text, " \t"):
		return []QueryKind{ByText, ByExternalID}
	}
	return []QueryKind{ByExternalID, ByUsername, ByText}
}

// ChatIDs returns the forms of a Chat visitor's id to ask for, the API's own
// first: the dashboard shows a dash where the API has a dot.
func ChatIDs(id string) []string {
	i := strings.IndexAny(id, ".-")
	if i < 0 {
		return []string{id}
	}
	return []string{id[:i] + "." + id[i+1:], id[:i] + "-" + id[i+1:]}
}
