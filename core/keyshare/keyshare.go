// Package keyshare seals a signing key for a developer, alone or with the code
// that uses it: one armored age file, which opens with the developer's own SSH
// or age key, the stock age program and nothing else. Inside is one text that
// a person can read.
package keyshare

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/snippet"
)

// Recipient is somebody's public key.
type Recipient struct {
	Key   string // age1…, or an SSH public key's line
	Label string // short and cleaned, for the log and for people: its comment, or its last eight characters
}

// ParseRecipients reads public keys: age1…, ssh-ed25519 … or ssh-rsa …, one a
// line, with empty lines and # comments between, as age -R and
// authorized_keys files have them. Codes: keyshare.recipient-none,
// keyshare.recipient-unknown, keyshare.recipient-weak (RSA below 2048 bits),
// keyshare.recipient-private (the private half was given).
func ParseRecipients(text string) ([]Recipient, error) { return nil, errors.New("not built yet") }

// Bundle is what is sealed.
type Bundle struct {
	Key      core.KeySummary
	Secret   core.Secret
	From     string // who shares it: user@host
	At       time.Time
	Snippets []Snippet
	Say      *locale.Printer
}

// Snippet is code that goes along.
type Snippet struct {
	Kind snippet.Kind
	Text string
}

// Seal returns the bundle as an armored age file that each of the recipients
// opens.
func Seal(recipients []string, b Bundle) ([]byte, error) { return nil, errors.New("not built yet") }

// Sharer seals keys of the inventory. It is what screen and command use.
type Sharer struct {
	Keys     *core.SigningKeys
	Snippets fs.FS // assets.Snippets
}

// Request says what to share with whom.
type Request struct {
	KeyID    string         // record id
	To       []string       // public keys, see ParseRecipients
	Bundle   []snippet.Kind // code to go along; nil: the key alone
	Endpoint string         // see snippet.Values
	Say      *locale.Printer
}

// Sealed is a key as it may travel.
type Sealed struct {
	FileName string // a proposal: the key's name as a file's, .age behind
	Data     []byte // armored age
	To       []Recipient
}

// Share seals a key. That it was shared, and with whom, is written down
// before it returns; a key hidden for ever is refused (key.hidden).
func (s *Sharer) Share(ctx context.Context, r Request) (Sealed, error) {
	return Sealed{}, errors.New("not built yet")
}
