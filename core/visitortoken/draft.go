package visitortoken

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

// The lifetimes. Chat's greatest is Zendesk's (support article 4408838925082);
// messaging has none that is documented, and an hour is what is common.
const (
	MaxChatLife          = 7 * time.Minute
	DefaultChatLife      = 5 * time.Minute
	DefaultMessagingLife = time.Hour
)

// NewDraft drafts the token that key k signs for a visitor: of messaging or of
// Chat, by k's kind. No life (0) is the default one. It never fails: what is
// wrong stands in its findings.
func NewDraft(k core.SigningKey, v Visitor, life time.Duration, now time.Time) Draft {
	return newDraft(&k, v, life, now, false)
}

func newDraft(k *core.SigningKey, v Visitor, life time.Duration, now time.Time, onlyFailed bool) Draft {
	c := check{now: now, only: k, onlyFailed: onlyFailed}
	d := Draft{}
	switch k.Kind {
	case core.KeyMessaging:
		d = messagingDraft(k, v, life, now)
	case core.KeyChat:
		d = chatDraft(v, life, now)
	default:
		c.failed("token.key.kind", "", value{}, "key", k.Name)
		return Draft{Kind: KindOther, Findings: c.findings}
	}
	c.kind = d.Kind
	if !utf8.ValidString(d.Header) || !utf8.ValidString(d.Payload) {
		c.failed("token.payload.utf8", "payload", value{})
		d.Header, d.Payload, d.Findings = core.CleanLine(d.Header), core.CleanLine(d.Payload), c.findings
		return d
	}
	c.header, c.payload = takeApart(d.Header), takeApart(d.Payload)
	c.rules()
	if k.Kind == core.KeyChat && !k.RetiredAt.IsZero() {
		c.retiredChat(k)
	}
	if onlyFailed {
		d.Findings = c.findings
	} else {
		d.Findings = c.sorted()
	}
	return d
}

const headerStart = `{"alg":"HS256","typ":"JWT"`

// messagingDraft: DEV-MSG's header; the claims of support article
// 4411666638746 in the order in which it lists them.
func messagingDraft(k *core.SigningKey, v Visitor, life time.Duration, now time.Time) Draft {
	if life == 0 {
		life = DefaultMessagingLife
	}
	exp := now.Add(life).Truncate(time.Second)
	h := make([]byte, 0, 96)
	h = append(h, headerStart+`,"kid":`...)
	h = append(quote(h, k.KID), '}')

	p := make([]byte, 0, 256)
	p = append(p, `{"scope":"user","external_id":`...)
	p = quote(p, v.ExternalID)
	p = claim(p, "name", v.Name)
	if v.Email != "" {
		p = claim(p, "email", v.Email)
		p = append(p, `,"email_verified":`...)
		p = strconv.AppendBool(p, v.EmailVerified)
	}
	p = append(p, `,"exp":`...)
	p = append(strconv.AppendInt(p, exp.Unix(), 10), '}')
	return Draft{Kind: KindMessaging, Header: string(h), Payload: string(p), ExpiresAt: exp.UTC()}
}

// chatDraft: the claims of support article 4408838925082. It always has exp,
// which the article lists and its samples leave out.
func chatDraft(v Visitor, life time.Duration, now time.Time) Draft {
	if life == 0 {
		life = DefaultChatLife
	}
	issued := now.Truncate(time.Second)
	exp := issued.Add(life).Truncate(time.Second)
	p := make([]byte, 0, 256)
	p = append(p, '{')
	for _, m := range [][2]string{{"name", v.Name}, {"email", v.Email}} {
		if m[1] != "" {
			p = append(p, '"')
			p = append(p, m[0]...)
			p = append(p, `":`...)
			p = append(quote(p, m[1]), ',')
		}
	}
	p = append(p, `"external_id":`...)
	p = quote(p, v.ExternalID)
	p = append(p, `,"iat":`...)
	p = strconv.AppendInt(p, issued.Unix(), 10)
	p = append(p, `,"exp":`...)
	p = append(strconv.AppendInt(p, exp.Unix(), 10), '}')
	return Draft{Kind: KindChat, Header: headerStart + "}", Payload: string(p), ExpiresAt: exp.UTC()}
}

// claim appends a further claim, unless it is empty.
func claim(dst []byte, name, v string) []byte {
	if v == "" {
		return dst
	}
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	return quote(append(dst, `":`...), v)
}

// Refusal returns the first failed finding as an *core.Error whose code is
// "token." and the finding's (which may have that beginning already), or nil.
func (d Draft) Refusal() error {
	for _, f := range d.Findings {
		if f.Outcome == Failed {
			return &core.Error{Tried: "mint-token", Code: "token." + strings.TrimPrefix(f.Code, "token."), Class: core.Usage, Params: f.Params}
		}
	}
	return nil
}

// Sign signs the draft with HS256. It fails where Refusal does, and with code
// token.no-secret without a secret. The secret is used as the bytes of its
// text: what Zendesk shows looks like base64 and is not decoded.
func (d Draft) Sign(secret core.Secret) (core.Secret, error) {
	if err := d.Refusal(); err != nil {
		return core.Secret{}, err
	}
	if secret.Empty() { // golang-jwt would sign with no secret at all
		return core.Secret{}, &core.Error{Tried: "mint-token", Code: "token.no-secret", Class: core.Usage}
	}
	enc := base64.RawURLEncoding
	size := enc.EncodedLen(len(d.Header)) + 1 + enc.EncodedLen(len(d.Payload))
	b := make([]byte, 0, size+1+enc.EncodedLen(32))
	b = enc.AppendEncode(b, []byte(d.Header))
	b = append(b, '.')
	b = enc.AppendEncode(b, []byte(d.Payload))
	mac, err := jwt.SigningMethodHS256.Sign(string(b), []byte(secret.Reveal()))
	if err != nil {
		return core.Secret{}, &core.Error{Tried: "mint-token", Code: "token.no-secret", Class: core.Usage, Err: err}
	}
	b = enc.AppendEncode(append(b, '.'), mac)
	return core.NewSecret(string(b)), nil
}

// Mint drafts and signs.
func Mint(k core.SigningKey, v Visitor, life time.Duration, now time.Time) (core.Secret, error) {
	return newDraft(&k, v, life, now, true).Sign(k.Secret())
}
