package keyshare

import (
	"crypto/rsa"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"deskward/core"
)

// Recipient is somebody's public key.
type Recipient struct {
	Key   string // age1…, or an SSH public key's line
	Label string // short and cleaned, for the log and for people: its comment, or its last eight characters
}

// minRSA is the shortest RSA modulus, in bits, that a secret is sealed for.
const minRSA = 2048

// ParseRecipients reads public keys: age1…, ssh-ed25519 … or ssh-rsa …, one a
// line, with empty lines and # comments between, as the files of age -R and
// authorized_keys have them. A key given twice counts once. Codes:
// keyshare.recipient-none, keyshare.recipient-unknown,
// keyshare.recipient-weak (RSA below 2048 bits), keyshare.recipient-private
// (the private half was given); the param "line" says where.
func ParseRecipients(text string) ([]Recipient, error) {
	var out []Recipient
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, _, err := parse(line)
		if err != nil {
			err.Params = map[string]string{"line": strconv.Itoa(n)}
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o Recipient) bool { return o.Key == r.Key }) {
			out = append(out, r)
		}
	}
	if out == nil {
		return nil, refused("keyshare.recipient-none")
	}
	return out, nil
}

// parse reads one public key. What it refuses is not repeated in the error: it
// may be a private key or any other secret, pasted into the wrong place.
func parse(line string) (Recipient, age.Recipient, *core.Error) {
	switch {
	case strings.HasPrefix(strings.ToUpper(line), "AGE-SECRET-KEY-"), strings.HasPrefix(line, "-----BEGIN"):
		return Recipient{}, nil, refused("keyshare.recipient-private")
	case strings.HasPrefix(line, "age1pq1"):
		return ageRecipient(line, func() (age.Recipient, error) { return age.ParseHybridRecipient(line) })
	case strings.HasPrefix(line, "age1"):
		return ageRecipient(line, func() (age.Recipient, error) { return age.ParseX25519Recipient(line) })
	}
	return sshRecipient(line)
}

func ageRecipient(line string, parse func() (age.Recipient, error)) (Recipient, age.Recipient, *core.Error) {
	to, err := parse()
	if err != nil {
		return Recipient{}, nil, refused("keyshare.recipient-unknown")
	}
	return Recipient{Key: line, Label: tail(line)}, to, nil
}

// sshRecipient reads a line of authorized_keys. Its options, which may stand
// before the key, mean nothing here.
func sshRecipient(line string) (Recipient, age.Recipient, *core.Error) {
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return Recipient{}, nil, refused("keyshare.recipient-unknown")
	}
	bare := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	if c, ok := key.(ssh.CryptoPublicKey); ok {
		if pub, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok && pub.N.BitLen() < minRSA {
			return Recipient{}, nil, refused("keyshare.recipient-weak")
		}
	}
	to, err := agessh.ParseRecipient(bare) // refuses ECDSA and keys of security tokens, which age can't seal for
	if err != nil {
		return Recipient{}, nil, refused("keyshare.recipient-unknown")
	}
	label := shorten(core.CleanLine(strings.TrimSpace(comment)))
	if label == "" {
		label = tail(bare)
	}
	return Recipient{Key: bare, Label: label}, to, nil
}

// maxLabel is how much of a comment names a key.
const maxLabel = 40

func shorten(s string) string {
	if r := []rune(s); len(r) > maxLabel {
		return string(r[:maxLabel-1]) + "…"
	}
	return s
}

// tail names a key by its last eight characters; the first ones are the same
// in all keys of a type.
func tail(key string) string { return "…" + key[len(key)-8:] }

// refused has no cause: those of age quote what they were given.
func refused(code string) *core.Error {
	return &core.Error{Tried: "share-key", Code: code, Class: core.Usage}
}
