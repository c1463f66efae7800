package core

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// VisitorKind says as what a platform knows a person.
type VisitorKind string

// The kinds of visitor.
const (
	VisitorChat      VisitorKind = "chat"      // visitor of Zendesk Chat
	VisitorMessaging VisitorKind = "messaging" // user of Zendesk messaging (Sunshine Conversations)
	VisitorSupport   VisitorKind = "support"   // user of Zendesk Support
	VisitorLogin     VisitorKind = "login"     // user of an Xsolla Login project
)

// VisitorKinds lists the kinds in the order in which a person meets them.
func VisitorKinds() []VisitorKind {
	return []VisitorKind{VisitorLogin, VisitorSupport, VisitorMessaging, VisitorChat}
}

// Visitor is one person as one platform sees them. All texts are the vendor's,
// made safe to draw.
type Visitor struct {
	Kind       VisitorKind    `json:"kind"`
	ID         string         `json:"id"`                    // the platform's own id
	ExternalID string         `json:"external_id,omitempty"` // the id in the company's own system; of a Login user its sub
	Name       string         `json:"name,omitempty"`
	Emails     []VisitorEmail `json:"emails,omitempty"`
	Phone      string         `json:"phone,omitempty"`
	Role       string         `json:"role,omitempty"` // "end-user", "agent", "admin"
	Brand      string         `json:"brand,omitempty"`

	Authenticated *bool `json:"authenticated,omitempty"` // messaging: signed in by a token; nil: the platform has no such word
	Blocked       bool  `json:"blocked,omitempty"`       // banned, suspended, deactivated

	SupportID string    `json:"support_id,omitempty"` // messaging: the Support user it is linked to
	ChatID    string    `json:"chat_id,omitempty"`    // found on the way to a Chat visitor
	CreatedAt time.Time `json:"created_at,omitzero"`
	SeenAt    time.Time `json:"seen_at,omitzero"`

	Link string          `json:"link,omitempty"` // the vendor's page of this person
	Raw  json.RawMessage `json:"raw,omitempty"`  // the vendor's answer about this person
}

// VisitorEmail is one address of a visitor.
type VisitorEmail struct {
	Address  string `json:"address"`
	Verified bool   `json:"verified"`
	Primary  bool   `json:"primary"`
}

// Email returns the primary address, else the first; "" where there is none.
func (v Visitor) Email() string {
	for _, e := range v.Emails {
		if e.Primary {
			return e.Address
		}
	}
	if len(v.Emails) > 0 {
		return v.Emails[0].Address
	}
	return ""
}

// LongestRest is the most that a vendor's word is taken for that it wants to be
// left alone. One that says more is asked again after it: an answer that came
// from a broken clock, or from somebody in between, must not end the work for
// good.
const LongestRest = 24 * time.Hour

// RetryAfter returns how long a vendor wants to be left alone, where err says
// that: by its param "seconds". It is LongestRest at most.
func RetryAfter(err error) (time.Duration, bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(e.Params["seconds"])
	if err != nil || n < 0 {
		return 0, false
	}
	return time.Duration(min(n, int(LongestRest/time.Second))) * time.Second, true
}
