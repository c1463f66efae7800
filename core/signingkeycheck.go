package core

import (
	"math"
	"strings"
)

// kidShape is a key id as Zendesk makes them: the prefix of its kind of key
// and 24 hexadecimal digits (github.com/zendesk/sunshine-conversations-api-spec).
// Only the prefix is insisted on: the rest is how they have looked so far.
var kidShape = Pattern(`^(app|act|svc|int)_[0-9A-Za-z]{4,64}$`)

// subdomainShape is a Zendesk account's subdomain: one label of a host name.
var subdomainShape = Pattern(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// projectShape is an Xsolla Login project's id: a UUID.
var projectShape = Pattern(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Subdomain returns the subdomain of a Zendesk account, of whatever names it:
// "acme", "acme.zendesk.com" or an address of a page there.
func Subdomain(typed string) string {
	s := strings.ToLower(strings.TrimSpace(typed))
	s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
	s, _, _ = strings.Cut(s, "/")
	return strings.TrimSuffix(s, ".zendesk.com")
}

// CheckAccount returns the account as it is kept, or an *Error with code
// key.account or key.project when it can't be one of a key of that kind. None
// is an account, too: who has one only need not name it.
func (k KeyKind) CheckAccount(typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", nil
	}
	if k == KeyXsolla {
		id := strings.ToLower(strings.TrimSpace(typed))
		if !projectShape().MatchString(id) {
			return id, keyError("add-key", "", "key.project", nil, nil)
		}
		return id, nil
	}
	sub := Subdomain(typed)
	if !subdomainShape().MatchString(sub) {
		return sub, keyError("add-key", "", "key.account", nil, nil)
	}
	return sub, nil
}

// CheckKID returns the key id without the white space of a paste, or an *Error
// with code key.kid when it does not look like one.
func CheckKID(typed string) (string, error) {
	kid := strings.Join(strings.Fields(typed), "")
	if !kidShape().MatchString(kid) {
		return kid, keyError("add-key", "", "key.kid", nil, nil)
	}
	return kid, nil
}

// checked returns the key as it is to be kept, or says what is wrong with it.
func (n NewKey) checked() (SigningKey, error) {
	k := n.SigningKey.Clone()
	k.Name, k.Brand = strings.TrimSpace(CleanLine(k.Name)), strings.TrimSpace(CleanLine(k.Brand))
	var err error
	if k.Account, err = k.Kind.CheckAccount(k.Account); err != nil {
		return k, err
	}
	switch k.Kind {
	case KeyMessaging:
		if k.KID, err = CheckKID(k.KID); err != nil {
			return k, err
		}
	case KeyChat, KeyXsolla:
		k.KID = ""
	default:
		return k, keyError("add-key", k.Name, "key.kind", nil, nil)
	}
	if k.Kind == KeyXsolla && k.Alg == AlgRS256 {
		if k.Account == "" { // its keys are not its own: the project is what tells its tokens apart
			return k, keyError("add-key", k.Name, "key.project", nil, nil)
		}
		if k.KeyList == "" {
			return k, keyError("add-key", k.Name, "key.list-missing", nil, nil)
		}
		k.Secrets, k.Weak = nil, false
		return k, nil
	}
	k.Alg, k.KeyList = AlgHS256, ""
	return n.checkedSecret(k)
}

func (n NewKey) checkedSecret(k SigningKey) (SigningKey, error) {
	secret := TidySecret(k.Secret())
	k.Secrets = k.Secrets.With(SecretSigning, secret)
	q := Judge(secret)
	switch prefix := strings.TrimSpace(n.Prefix); {
	case secret.Empty():
		return k, keyError("add-key", k.Name, "key.secret-missing", nil, nil)
	case strings.ContainsAny(secret.Reveal(), " \t\r\n"):
		return k, keyError("add-key", k.Name, "key.secret-shape", nil, nil)
	case k.KID != "" && secret.Reveal() == k.KID:
		return k, keyError("add-key", k.Name, "key.secret-is-kid", nil, nil)
	case prefix != "" && !strings.HasPrefix(secret.Reveal(), strings.TrimRight(prefix, ".…*•-")):
		return k, keyError("add-key", k.Name, "key.prefix", nil, nil)
	case n.Typed && q.Guessable:
		return k, keyError("add-key", k.Name, "key.secret-guessable", nil, nil)
	}
	k.Weak = q.Guessable || q.Short
	return k, nil
}

// TidySecret takes off what pastes put around a secret: white space at the
// ends and one pair of quotes. Inside, white space stays, to be refused.
func TidySecret(s Secret) Secret {
	text := strings.TrimSpace(s.Reveal())
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'' || text[0] == '`') && text[n-1] == text[0] {
		text = strings.TrimSpace(text[1 : n-1])
	}
	return NewSecret(text)
}

// Quality is what can be said of a secret without knowing how it was made.
type Quality struct {
	Bytes     int
	Bits      int  // an estimate from above of what guessing it costs, by its characters
	Short     bool // shorter than the 32 bytes that RFC 7518 §3.2 wants for HS256
	Guessable bool // of so few different characters, or so short, that it can be guessed
}

// guessableBits is below what a stolen token lets anybody try offline: HMAC is
// fast, so 64 bits are within reach of somebody determined.
const guessableBits = 64

// Judge estimates how good a secret is. A word that looks random to it may
// still be guessable; one that does not, is.
func Judge(s Secret) Quality {
	text := s.Reveal()
	q := Quality{Bytes: len(text), Short: len(text) < 32}
	// Shannon's entropy of the characters, per character, caps what repeats;
	// runs like "1234" and "aaaa" count as one character.
	seen, steps, prev := map[rune]int{}, 0, rune(-10)
	for _, r := range text {
		if d := r - prev; d < -1 || d > 1 {
			steps++
		}
		seen[r]++
		prev = r
	}
	var each float64
	n := float64(len([]rune(text)))
	for _, c := range seen {
		p := float64(c) / n
		each -= p * math.Log2(p)
	}
	q.Bits = int(each * float64(steps))
	q.Guessable = q.Bits < guessableBits
	return q
}
