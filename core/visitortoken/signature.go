package visitortoken

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

// guessUpTo is up to which size of token the usual mistakes are tried with
// every key: it takes a dozen signatures each, and a token of a megabyte is
// nobody's.
const guessUpTo = 64 << 10

// mistake is a secret that a developer may have made of the right one.
type mistake struct{ code, secret string }

// mistakes lists what is done to secrets. Zendesk's look like base64 and are
// used as they are; many a library, and the tick box of a well-known web page,
// decodes them first.
func mistakes(k *core.SigningKey) []mistake {
	secret := k.Secret().Reveal()
	if secret == "" {
		return nil
	}
	var out []mistake
	unpadded := strings.TrimRight(secret, "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(unpadded); err == nil && len(b) > 0 {
			out = append(out, mistake{"token.signature.decoded", string(b)})
		}
	}
	for _, s := range []string{secret + "\n", secret + "\r\n", secret + " ", " " + secret, "\t" + secret} {
		out = append(out, mistake{"token.signature.secret-space", s})
	}
	for _, q := range []string{`"`, `'`, "`"} {
		out = append(out, mistake{"token.signature.secret-quotes", q + secret + q})
	}
	out = append(
		out,
		mistake{"token.signature.encoded", base64.StdEncoding.EncodeToString([]byte(secret))},
		mistake{"token.signature.encoded", base64.RawURLEncoding.EncodeToString([]byte(secret))},
	)
	if k.KID != "" {
		out = append(out, mistake{"token.signature.kid-as-secret", k.KID})
	}
	return out
}

// made is who made a signature, as far as the kept keys tell.
type made struct {
	key  *core.SigningKey // nil: none of them
	code string           // what was done to its secret; "": nothing
}

// methodOf is by what a signature is tried: what the header says, or HS256
// where that is nothing known.
func methodOf(alg string) *jwt.SigningMethodHMAC {
	switch alg {
	case "HS384":
		return jwt.SigningMethodHS384
	case "HS512":
		return jwt.SigningMethodHS512
	}
	return jwt.SigningMethodHS256
}

// maker tries a signature with the secrets of all kept keys, the ones that are
// expected first, and then with what mistakes make of them.
func maker(alg, signed string, signature []byte, keys []core.SigningKey, expected ...*core.SigningKey) made {
	method := methodOf(alg)
	if len(signature) != method.Hash.Size() {
		return made{}
	}
	order := make([]*core.SigningKey, 0, len(keys)+len(expected))
	for _, k := range expected {
		if k != nil {
			order = append(order, k)
		}
	}
	for i := range keys {
		order = append(order, &keys[i])
	}
	for _, k := range order {
		if secret := k.Secret(); !secret.Empty() && method.Verify(signed, signature, []byte(secret.Reveal())) == nil {
			return made{key: k}
		}
	}
	if len(signed) > guessUpTo {
		return made{}
	}
	for _, k := range order {
		for _, m := range mistakes(k) {
			if method.Verify(signed, signature, []byte(m.secret)) == nil {
				return made{key: k, code: m.code}
			}
		}
	}
	return made{}
}

// signature says of a Zendesk token whether the right key signed it.
func (c *check) signature(by made, signature []byte) {
	const where = "signature"
	alg := c.header.get("alg")
	switch {
	case len(signature) == 0:
		c.failed("token.signature.missing", where, value{})
		return
	case alg.shape != text || strings.EqualFold(alg.says, "none") || isAsymmetric(alg.says):
		return // there is nothing more to be said than alg's finding does
	case len(signature) != methodOf(alg.says).Hash.Size():
		c.failed("token.signature.length", where, value{}, "bytes", decimal(len(signature)), "right", decimal(methodOf(alg.says).Hash.Size()))
		return
	}
	want := core.KeyMessaging
	if c.kind == KindChat {
		want = core.KeyChat
	}
	meant := c.meantKey()
	switch k := by.key; {
	case k == nil:
		c.unmatched(meant, want)
	case by.code != "":
		c.failed(by.code, where, value{}, "key", k.Name)
	case k.Kind != want:
		c.failed("token.signature."+string(k.Kind)+"-key", where, value{}, "key", k.Name)
	case meant != nil && meant.ID != k.ID && meant.Account != k.Account:
		c.failed("token.signature.other-account", where, value{}, "key", k.Name, "account", k.Account, "meant", meant.Account)
	case meant != nil && meant.ID != k.ID && k.Brand != "" && meant.Brand != k.Brand:
		c.failed("token.signature.other-brand", where, value{}, "key", k.Name, "brand", k.Brand, "meant", meant.Name)
	case meant != nil && meant.ID != k.ID:
		c.failed("token.signature.other-key", where, value{}, "key", k.Name, "meant", meant.Name)
	case meant == nil && c.namesAnother(k):
		c.failed("token.signature.other-kid", where, value{}, "key", k.Name, "kid", k.KID)
	default:
		c.passed("token.signature.ok", where, value{}, "key", k.Name, "prefix", core.SecretPrefix(k.Secret()))
		if k.Kind == core.KeyChat && !k.RetiredAt.IsZero() {
			c.retiredChat(k)
		}
	}
}

// meantKey is the kept key by which the token should be signed: the one the
// admin named, or whose id the header names.
func (c *check) meantKey() *core.SigningKey {
	if c.only != nil {
		return c.only
	}
	if v := c.header.get("kid"); c.kind == KindMessaging && v.shape == text {
		return keyOfKID(c.keys, v.says)
	}
	return nil
}

// namesAnother reports whether the header names a key that is not kept.
func (c *check) namesAnother(k *core.SigningKey) bool {
	v := c.header.get("kid")
	return c.kind == KindMessaging && v.shape == text && v.says != "" && v.says != k.KID
}

// unmatched is for a signature of none of the kept keys.
func (c *check) unmatched(meant *core.SigningKey, want core.KeyKind) {
	const where = "signature"
	if meant != nil {
		c.failed("token.signature.wrong", where, value{}, "key", meant.Name)
		return
	}
	for i := range c.keys {
		if c.keys[i].Kind == want {
			c.unsure("token.signature.no-match", where, value{})
			return
		}
	}
	c.unsure("token.signature.no-key", where, value{})
}

// retiredChat: regenerating the Chat secret ends the former one at once.
func (c *check) retiredChat(k *core.SigningKey) {
	c.failed("chat.key.retired", "signature", value{}, "key", k.Name, "at", k.RetiredAt.UTC().Format(time.DateOnly))
}
