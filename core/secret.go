package core

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// dots is what every secret prints as. Its length says nothing of the
// secret's length.
const dots = "••••••••"

// Secret is a text that must not be read by accident. Whatever prints,
// formats, logs or encodes it gets dots; Reveal is the one way to the text,
// so a search for Reveal finds every place where a secret leaves.
//
// The text is behind a pointer: fmt calls no methods on unexported fields of
// a struct and would print a string there as it is; of a pointer that deep it
// prints the address.
type Secret struct{ text *string }

// NewSecret wraps a text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.text == nil }

// Equal compares in constant time. The operator == would compare identity.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(o.Reveal())) == 1
}

// String returns dots, or nothing for an empty secret.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return dots
}

// GoString returns dots.
func (s Secret) GoString() string { return "core.Secret(" + s.String() + ")" }

// Format writes dots for every verb, %x and %q included.
func (s Secret) Format(f fmt.State, _ rune) {
	io.WriteString(f, s.String()) //nolint:errcheck // fmt.State does not fail.
}

// MarshalJSON writes dots.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalText writes dots.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue makes slog write dots.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Secrets are the named secrets of one record, apart from its other fields:
// only the store's codec (EncodeBody) reveals them all, and a listing never
// decrypts them.
type Secrets map[string]Secret

// The names under which secrets are kept.
const (
	SecretClientSecret = "client_secret"
	SecretAccessToken  = "access_token"
	SecretRefreshToken = "refresh_token"
	SecretAuthtoken    = "authtoken" // Zoho's legacy auth token
	SecretAPIToken     = "api_token"
	SecretIDToken      = "id_token"
	SecretPrivateKey   = "private_key" // PEM; signs assertions (RFC 7523)
)

// With returns a copy in which name is set, or removed when s is empty.
func (s Secrets) With(name string, v Secret) Secrets {
	out := make(Secrets, len(s)+1)
	for k, old := range s {
		out[k] = old
	}
	if v.Empty() {
		delete(out, name)
	} else {
		out[name] = v
	}
	return out
}
