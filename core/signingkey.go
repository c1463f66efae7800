package core

import (
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// KeyKind says what a signing key signs or, for Xsolla Login, verifies. Zendesk
// alone has five secrets that look alike; only these are kept.
type KeyKind string

// The kinds. The values are those of the commands' --kind flag.
const (
	// KeyMessaging is a key of Zendesk messaging: a key id (kid) and a shared
	// secret, made in Admin Center → Account → Security → End user
	// authentication → Messaging. An account has at most MaxMessagingKeys.
	KeyMessaging KeyKind = "messaging"
	// KeyChat is the one shared secret of Zendesk Chat: Chat dashboard →
	// Settings → Widget → Widget security → Visitor authentication.
	KeyChat KeyKind = "chat"
	// KeyXsolla is what verifies the tokens of one Xsolla Login project: its
	// secret (HS256), or its public keys (RS256).
	KeyXsolla KeyKind = "xsolla"
)

// KeyKinds lists the kinds in the order in which they are offered.
func KeyKinds() []KeyKind { return []KeyKind{KeyMessaging, KeyChat, KeyXsolla} }

// The algorithms of an Xsolla Login project (Publisher Account → Login →
// Security → JWT signature). Zendesk's keys are always HS256.
const (
	AlgHS256 = "HS256"
	AlgRS256 = "RS256"
)

// MaxMessagingKeys is how many messaging keys a Zendesk account may have
// (support.zendesk.com article 4411666638746).
const MaxMessagingKeys = 10

// SecretSigning is the name under which a signing key's secret is kept. It is
// used as the bytes of its text: none of the vendors base64-decodes it.
const SecretSigning = "signing_secret"

// SigningKey is a shared secret, or a set of public keys, by which visitor
// tokens are signed or verified.
type SigningKey struct {
	ID   string  `json:"id"`
	Rev  uint64  `json:"-"` // revision it was read at
	Name string  `json:"name"`
	Kind KeyKind `json:"kind"`

	// Account is the Zendesk account's subdomain, or the Xsolla Login project's
	// id; "" where the admin has one only and did not name it.
	Account string `json:"account,omitempty"`
	Brand   string `json:"brand,omitempty"` // which brand's widget uses it, in the admin's words
	KID     string `json:"kid,omitempty"`   // messaging: the key id, for the token's header
	Alg     string `json:"alg"`             // AlgHS256 or AlgRS256: never what a token claims

	// KeyList is, for RS256, the project's public keys as JSON, as they were
	// last read at KeyListAt.
	KeyList   string    `json:"key_list,omitempty"`
	KeyListAt time.Time `json:"key_list_at,omitzero"`

	Weak        bool         `json:"weak,omitempty"` // its secret is shorter than HS256 wants, or guessable
	Deployments []Deployment `json:"deployments,omitempty"`
	MadeAt      time.Time    `json:"made_at,omitzero"`    // at the vendor, as far as the admin said
	AddedAt     time.Time    `json:"added_at,omitzero"`   // here
	AddedBy     string       `json:"added_by,omitempty"`  // user@host
	LastUsed    time.Time    `json:"last_used,omitzero"`  // it signed a token here
	HiddenAt    time.Time    `json:"hidden_at,omitzero"`  // since then its secret is used, and never shown, copied or shared
	RetiredAt   time.Time    `json:"retired_at,omitzero"` // since then the vendor no longer has it

	Secrets Secrets `json:"-"` // sealed beside the other fields; nil in a listing
}

// Deployment is one place where a key was put into service.
type Deployment struct {
	Where string    `json:"where"` // in the admin's words
	At    time.Time `json:"at"`
	By    string    `json:"by"` // user@host
}

// Secret returns the shared secret; empty for RS256.
func (k SigningKey) Secret() Secret { return k.Secrets[SecretSigning] }

// Hidden reports whether the secret is hidden for ever.
func (k SigningKey) Hidden() bool { return !k.HiddenAt.IsZero() }

// Subject names the key in an event.
func (k SigningKey) Subject() Subject { return Subject{Kind: KindSigningKey, ID: k.ID, Name: k.Name} }

// Clone returns a copy that shares no map or slice with k.
func (k SigningKey) Clone() SigningKey {
	k.Deployments, k.Secrets = slices.Clone(k.Deployments), maps.Clone(k.Secrets)
	return k
}

// KeySummary is what a listing knows of a key: no secret but the six
// characters that the vendor lists, too.
type KeySummary struct {
	ID, Name         string
	Rev              uint64
	Kind             KeyKind
	Account, Brand   string
	KID, Alg, Prefix string
	Weak, Hidden     bool
	Deployed         int // number of places
	LastUsed         time.Time
	AddedAt          time.Time
	RetiredAt        time.Time
}

// Summary returns what a listing would show of k.
func (k SigningKey) Summary() KeySummary {
	return KeySummary{
		ID: k.ID, Name: k.Name, Rev: k.Rev, Kind: k.Kind, Account: k.Account, Brand: k.Brand, KID: k.KID, Alg: k.Alg,
		Prefix: SecretPrefix(k.Secret()), Weak: k.Weak, Hidden: k.Hidden(), Deployed: len(k.Deployments),
		LastUsed: k.LastUsed, AddedAt: k.AddedAt, RetiredAt: k.RetiredAt,
	}
}

func (s KeySummary) head() []byte {
	return NewHeadEncoder(1).
		String(s.Name).String(string(s.Kind)).String(s.Account).String(s.Brand).String(s.KID).String(s.Alg).String(s.Prefix).
		Bool(s.Weak).Bool(s.Hidden).String(strconv.Itoa(s.Deployed)).Time(s.LastUsed).Time(s.AddedAt).Time(s.RetiredAt).
		Bytes()
}

func keySummaryOf(r Record) (KeySummary, error) {
	d := NewHeadDecoder(r.Head)
	s := KeySummary{
		ID: r.ID, Rev: r.Rev,
		Name: d.String(), Kind: KeyKind(d.String()), Account: d.String(), Brand: d.String(), KID: d.String(), Alg: d.String(), Prefix: d.String(),
		Weak: d.Bool(), Hidden: d.Bool(),
	}
	s.Deployed, _ = strconv.Atoi(d.String()) // an empty text of a shorter head is none
	s.LastUsed, s.AddedAt, s.RetiredAt = d.Time(), d.Time(), d.Time()
	return s, d.Err()
}

// prefixLength is how many characters of a messaging secret the Admin Center
// lists.
const prefixLength = 6

// SecretPrefix returns the characters of a secret by which the vendor lists
// it; "" for a secret so short that they would be much of it.
func SecretPrefix(s Secret) string {
	text := s.Reveal()
	if len(text) < 3*prefixLength || !utf8.ValidString(text) {
		return ""
	}
	return CleanLine(string([]rune(text)[:prefixLength]))
}

// The states of a key, worst first.
const (
	KeyRetired = "retired" // the vendor no longer has it
	KeyWeak    = "weak"    // shorter or easier to guess than it should be
	KeyUnused  = "unused"  // in service nowhere, as far as is known
	KeyInUse   = "in-use"
)

// State is the key's state in one word: locale text key.state.<State>.
func (s KeySummary) State() string {
	switch {
	case !s.RetiredAt.IsZero():
		return KeyRetired
	case s.Weak:
		return KeyWeak
	case s.Deployed == 0 && s.LastUsed.IsZero():
		return KeyUnused
	}
	return KeyInUse
}
