// Package keyshare seals a signing key for a developer, alone or with the code
// that uses it: one armored age file, which opens with the developer's own SSH
// or age key, the stock age program and nothing else. Inside is one text that
// a person can read, and that without code is a file of environment variables
// as it stands.
package keyshare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"

	"filippo.io/age"
	"filippo.io/age/armor"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/snippet"
)

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
// opens. Codes: those of ParseRecipients, and keyshare.recipient-mixed for
// post-quantum keys beside others, which would weaken them.
func Seal(recipients []string, b Bundle) ([]byte, error) {
	to, keys, err := readRecipients(recipients)
	if err != nil {
		return nil, err
	}
	return seal([]byte(b.text(to)), keys)
}

func readRecipients(recipients []string) ([]Recipient, []age.Recipient, error) {
	to, err := ParseRecipients(strings.Join(recipients, "\n"))
	if err != nil {
		return nil, nil, err
	}
	keys := make([]age.Recipient, len(to))
	for i, r := range to {
		var e *core.Error
		if _, keys[i], e = parse(r.Key); e != nil {
			return nil, nil, e
		}
	}
	return to, keys, nil
}

func seal(text []byte, to []age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	lines := armor.NewWriter(&out)
	w, err := age.Encrypt(lines, to...)
	if err != nil {
		return nil, refused("keyshare.recipient-mixed")
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := errors.Join(w.Close(), lines.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// text is what the developer reads.
func (b Bundle) text(to []Recipient) string {
	var s strings.Builder
	say := func(key string, params ...locale.Params) string { return b.Say.T("keyshare.text."+key, params...) }
	comment := func(text string) {
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintln(&s, strings.TrimRight("# "+line, " "))
		}
	}
	comment(say("title." + string(b.Key.Kind)))
	comment("")
	for _, fact := range []struct{ key, value string }{
		{"name", b.Key.Name},
		{"account", b.Key.Account},
		{"brand", b.Key.Brand},
		{"kid", b.Key.KID},
		{"for", labels(to)},
		{"from", b.From},
		{"at", b.At.UTC().Format("2006-01-02 15:04:05Z")},
	} {
		if fact.value != "" {
			comment(say(fact.key) + ": " + core.CleanLine(fact.value))
		}
	}
	comment("")
	comment(say("keep"))
	fmt.Fprintln(&s)
	for _, v := range b.variables() {
		fmt.Fprintf(&s, "%s=%s\n", v.name, quote(v.value))
	}
	for _, code := range b.Snippets {
		const rule = "# --------------------------------------------------------------------"
		fmt.Fprintf(&s, "\n\n%s\n# %s: %s\n%s\n\n%s", rule, code.Kind.FileName(), b.Say.T("snippet.kind."+string(code.Kind)), rule, code.Text)
	}
	return s.String()
}

type variable struct{ name, value string }

// variables are the key's values under the names by which the code of package
// snippet reads them.
func (b Bundle) variables() []variable {
	switch b.Key.Kind {
	case core.KeyMessaging:
		return []variable{{"ZENDESK_MESSAGING_KEY_ID", b.Key.KID}, {snippet.Variable(b.Key.Kind), b.Secret.Reveal()}}
	case core.KeyXsolla:
		return []variable{{"XSOLLA_LOGIN_PROJECT_ID", b.Key.Account}, {"XSOLLA_LOGIN_SECRET", b.Secret.Reveal()}}
	}
	return []variable{{snippet.Variable(b.Key.Kind), b.Secret.Reveal()}}
}

// quote writes a value so that a shell and the usual readers of .env files
// take it as it is. The vendors' own secrets need no quotes.
func quote(v string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+=:@%,"
	if strings.Trim(v, plain) == "" {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
}

func labels(to []Recipient) string {
	all := make([]string, len(to))
	for i, r := range to {
		all[i] = r.Label
	}
	return strings.Join(all, ", ")
}

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
// before it returns; a key hidden for ever is refused (key.hidden). Whatever
// else can be refused is refused before that, so that nothing is written down
// that did not happen.
func (s *Sharer) Share(ctx context.Context, r Request) (Sealed, error) {
	to, keys, err := readRecipients(r.To)
	if err != nil {
		return Sealed{}, err
	}
	if _, err := seal(nil, keys); err != nil {
		return Sealed{}, err
	}
	k, err := s.Keys.Get(ctx, r.KeyID)
	if err != nil {
		return Sealed{}, err
	}
	events := s.Keys.Events
	b := Bundle{Key: k.Summary(), From: events.Actor.String(), At: events.Clock.Now(), Say: r.Say}
	for _, kind := range r.Bundle {
		text, err := snippet.Render(s.Snippets, kind, snippet.Values{Key: b.Key, Endpoint: r.Endpoint, Say: r.Say})
		if err != nil {
			return Sealed{}, err
		}
		b.Snippets = append(b.Snippets, Snippet{kind, text})
	}
	if b.Secret, err = s.Keys.Reveal(ctx, k.ID, core.VerbShared, map[string]string{"with": labels(to)}); err != nil {
		return Sealed{}, err
	}
	data, err := seal([]byte(b.text(to)), keys)
	return Sealed{FileName: FileName(k.Name), Data: data, To: to}, err
}

// With names the recipients, as the log does.
func (s Sealed) With() string { return labels(s.To) }

// FileName proposes the name of the sealed file for a key's name: letters and
// digits of any script stay, and everything else becomes a hyphen.
func FileName(key string) string {
	words := strings.FieldsFunc(strings.ToLower(key), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	name := strings.Join(words, "-")
	if name == "" {
		name = "key"
	}
	return strings.TrimSuffix(shorten(name), "…") + ".age"
}
