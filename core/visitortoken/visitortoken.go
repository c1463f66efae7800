// Package visitortoken knows the tokens by which a support channel learns who
// its visitor is: it drafts and signs those of Zendesk messaging and Zendesk
// Chat, verifies those of Xsolla Login, and says of any token which one it is
// and why the vendor would refuse it.
//
// Its sentences are not here: a Finding has a stable code, whose texts are
// finding.<code>, finding.<code>.means and finding.<code>.fix.
package visitortoken

import (
	"time"

	"deskward/core"
)

// Kind is what a token turns out to be.
type Kind string

// The kinds. Zendesk alone has five that are taken for one another.
const (
	KindMessaging     Kind = "messaging"         // Zendesk messaging end user: kid, scope user
	KindChat          Kind = "chat"              // Zendesk Chat visitor: no kid, seven minutes
	KindHelpCenter    Kind = "help-center"       // Web Widget Classic, restricted help center content
	KindSSO           Kind = "sso"               // Zendesk JWT single sign-on: jti
	KindSupportSDK    Kind = "support-sdk"       // Zendesk Support SDK (Classic): a user token
	KindConversations Kind = "conversations-api" // Sunshine Conversations: scope app or account
	KindXsollaUser    Kind = "xsolla-user"
	KindXsollaServer  Kind = "xsolla-server"
	KindOther         Kind = "other"     // a JWT, and none of these
	KindNone          Kind = "not-a-jwt" // no JWT at all
)

// Visitor is who a token speaks of.
type Visitor struct {
	ExternalID    string
	Name          string // "": left out
	Email         string // "": left out
	EmailVerified bool   // messaging only
}

// Outcome is what came of one rule.
type Outcome string

// The outcomes.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed" // the vendor refuses the token, or takes it for somebody else's
	Unsure Outcome = "unsure" // not documented, or not knowable from here
)

// Finding is the outcome of one rule.
type Finding struct {
	Code    string            `json:"code"` // stable, for example "messaging.kid.missing"
	Outcome Outcome           `json:"outcome"`
	Where   string            `json:"where,omitempty"` // "header.kid", "payload.exp", "signature"; "": the whole token
	Value   string            `json:"value,omitempty"` // what stands there as JSON, cleaned and cut
	Params  map[string]string `json:"params,omitempty"`
}

// Verdict is what the vendor would do.
type Verdict string

// The verdicts.
const (
	Accept  Verdict = "accept"
	Refuse  Verdict = "refuse"
	CantSay Verdict = "cant-say" // nothing fails, and something is unsure that decides
)

// Options are what Inspect judges by.
type Options struct {
	Keys []core.SigningKey // all that are kept: the signature is tried with each
	Only string            // id of the key the token is meant to be signed with; "": any
	As   Kind              // judge it as this kind; "": as what it looks like
	Now  time.Time
}

// Report is everything that can be said of a token.
type Report struct {
	Kind      Kind      `json:"kind"`
	Verdict   Verdict   `json:"verdict"`
	Findings  []Finding `json:"findings"`      // failed ones first, then unsure, then passed; within these in the order of the token
	Header    string    `json:"header"`        // JSON as it stands there, cleaned; "" unreadable
	Payload   string    `json:"payload"`       //
	KeyID     string    `json:"key,omitempty"` // record id of the kept key whose secret signed it
	KeyName   string    `json:"key_name,omitempty"`
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	At        time.Time `json:"at"` // the time it was judged for
}

// Draft is a token before it is signed, with every rule already asked.
type Draft struct {
	Kind      Kind
	Header    string // compact JSON, as it will be signed
	Payload   string
	ExpiresAt time.Time
	Findings  []Finding
}

// Login is what a verified token of Xsolla Login says of its user.
type Login struct {
	Subject   string // the user's id, a UUID
	Email     string // "": the network gave none
	Username  string
	Name      string
	Provider  string // social network; "": none
	ProjectID string
	IssuedAt  time.Time
	ExpiresAt time.Time
}
