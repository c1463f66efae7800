package visitortoken

import (
	"errors"
	"time"

	"deskward/core"
)

// The lifetimes. Chat's greatest is Zendesk's (support article 4408838925082);
// messaging has none that is documented, and an hour is what its examples use.
const (
	MaxChatLife          = 7 * time.Minute
	DefaultChatLife      = 5 * time.Minute
	DefaultMessagingLife = time.Hour
)

var errPending = errors.New("not built yet")

// NewDraft drafts the token that key k signs for a visitor: of messaging or of
// Chat, by k's kind. It never fails: what is wrong stands in its findings.
func NewDraft(k core.SigningKey, v Visitor, life time.Duration, now time.Time) Draft { return Draft{} }

// Refusal returns the first failed finding as an *core.Error whose code is
// "token." and the finding's, or nil.
func (d Draft) Refusal() error { return nil }

// Sign signs the draft with HS256. It fails where Refusal does.
func (d Draft) Sign(secret core.Secret) (core.Secret, error) { return core.Secret{}, errPending }

// Mint drafts and signs.
func Mint(k core.SigningKey, v Visitor, life time.Duration, now time.Time) (core.Secret, error) {
	return core.Secret{}, errPending
}

// Inspect says of anything pasted which token it is, and of each rule of the
// vendor whether the token keeps it. It never fails and reads at most
// MaxToken bytes.
func Inspect(pasted string, o Options) Report { return Report{Kind: KindNone} }

// VerifyLogin verifies a token of Xsolla Login with key k: by k's algorithm
// only, whatever the token says, pinned to the issuer and to k's project.
// Codes: login.malformed, login.algorithm, login.kid, login.signature,
// login.issuer, login.project, login.expired, login.not-yet, login.no-sub.
func VerifyLogin(k core.SigningKey, token core.Secret, now time.Time) (Login, error) {
	return Login{}, errPending
}

// ChatVisitor returns the visitor of Zendesk Chat that a login is, as Xsolla's
// page has it: external_id is sub, name and e-mail are the e-mail. It fails
// with code login.no-email where there is none.
func (l Login) ChatVisitor() (Visitor, error) { return Visitor{}, errPending }

// PublicKey is one key of a key list.
type PublicKey struct {
	KID string
	Alg string
}

// ParseKeyList reads an Xsolla Login project's public keys: an array of keys
// or {"keys": […]}, whose numbers are hexadecimal (as Xsolla sends them) or
// base64url (as RFC 7518 has it). It fails with code login.key-list.
func ParseKeyList(data []byte) ([]PublicKey, error) { return nil, errPending }
