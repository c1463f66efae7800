package visitortoken

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"deskward/core"
)

// MaxToken is how much of a paste is read. No vendor documents a limit of its
// own, and no web server takes a header that long.
const MaxToken = 1 << 20

const (
	// largeToken is from where web servers refuse a header by default (nginx 8
	// KiB, Apache 8 KiB).
	largeToken = 8 << 10
	// maxDepth is beyond what any claim needs and some parsers allow.
	maxDepth = 32
	// maxShown is how much of a header or payload a report shows, in characters.
	maxShown = 16 << 10
)

// Inspect says of anything pasted which token it is, and of each rule of the
// vendor whether the token keeps it. It never fails and reads at most
// MaxToken bytes.
func Inspect(pasted string, o Options) Report {
	c := check{kind: KindNone, now: o.Now, keys: o.Keys}
	if i := slices.IndexFunc(o.Keys, func(k core.SigningKey) bool { return o.Only != "" && k.ID == o.Only }); i >= 0 {
		c.only = &o.Keys[i]
	}
	r := Report{At: o.Now.UTC()}
	if len(pasted) > MaxToken {
		c.unsure("token.size.unread", "", value{}, "limit", decimal(MaxToken>>10), "size", decimal(len(pasted)>>10))
	} else {
		c.inspect(pasted, o.As, &r)
	}
	r.Kind, r.Findings = c.kind, c.sorted()
	r.Verdict = verdictOf(r.Findings)
	return r
}

func (c *check) inspect(pasted string, as Kind, r *Report) {
	t := tidy(pasted)
	for _, code := range t.notes {
		c.unsure(code, "", value{})
	}
	if t.others {
		c.unsure("token.paste.several", "", value{})
	}
	p, ok := c.takeApart(t.token)
	if !ok {
		return
	}
	c.header, c.payload = p.header, p.payload
	r.Header = cut(p.header.raw, maxShown)
	if p.payloadErr != nil {
		c.kind = KindOther
		if as != "" {
			c.kind = as
		}
		return
	}
	r.Payload = cut(p.payload.raw, maxShown)

	alg := c.header.get("alg")
	by := maker(alg.says, p.signed, p.signature, c.keys, c.only, keyOfKID(c.keys, c.header.get("kid").says))
	if by.key != nil && by.code == "" {
		r.KeyID, r.KeyName = by.key.ID, by.key.Name
	}
	found := classify(c.header, c.payload, c.only, by.key, t.answers)
	if as != "" && as != KindNone {
		found = classified{kind: as}
	}
	c.kind = found.kind
	c.kindFound(found)
	if v := c.payload.get("iat"); v.shape != absent {
		if at, how := v.instant(); how != asOther {
			r.IssuedAt = at
		}
	}
	if v := c.payload.get("exp"); v.shape != absent {
		if at, how := v.instant(); how != asOther {
			r.ExpiresAt = at
		}
	}
	c.hygiene()
	c.rules()
	switch c.kind {
	case KindMessaging, KindChat:
		if !p.unreadable {
			c.signature(by, p.signature)
		}
		c.otherClaims()
	case KindXsollaUser:
		if k := c.login(t.token, p); k != nil {
			r.KeyID, r.KeyName = k.ID, k.Name
		}
		c.otherClaims()
	}
}

// kindFound says which token it is, and by what. What is none of the two that
// deskward knows the rules of can't be judged, and the finding says so.
func (c *check) kindFound(found classified) {
	code := "token.kind." + string(found.kind)
	switch found.kind {
	case KindMessaging, KindChat, KindXsollaUser:
		if len(found.by) > 0 {
			c.passed(code, "", value{}, "by", strings.Join(found.by, ", "))
		} else {
			c.passed("token.kind.as", "", value{})
		}
	default:
		c.unsure(code, "", value{}, "by", strings.Join(found.by, ", "))
	}
}

// inspected is a token taken apart leniently: as much of it as can be read.
type inspected struct {
	parts
	payloadErr error
	unreadable bool // the signature
}

// takeApart reads the parts of a token and says what is wrong with how they
// are written (RFC 7515 §2 and §7.1). False: there is no header to go by.
func (c *check) takeApart(token string) (inspected, bool) {
	var p inspected
	if token == "" {
		c.failed("token.empty", "", value{})
		return p, false
	}
	if c.notAToken(token) {
		return p, false
	}
	if len(token) > largeToken {
		c.unsure("token.size.large", "", value{}, "size", decimal((len(token)+1023)>>10))
	}
	dots := strings.Count(token, ".")
	segments := strings.SplitN(token, ".", 6)
	var ok bool
	if p.header, ok = c.headerOf(segments[0]); !ok {
		return p, false
	}
	switch {
	case dots == 4:
		c.failed("token.segments.encrypted", "", value{})
		return p, false
	case dots > 2:
		c.failed("token.segments.count", "", value{}, "count", decimal(dots+1))
		return p, false
	}
	p.payload, p.payloadErr = c.segment("payload", segments[1])
	p.signed = segments[0] + "." + segments[1]
	if dots == 2 {
		var ok bool
		p.signature, ok = c.decode("signature", segments[2])
		p.unreadable = !ok
	}
	return p, true
}

// notAToken is for what is pasted by mistake: a key id, or the secret itself.
func (c *check) notAToken(s string) bool {
	for _, k := range c.keys {
		if secret := k.Secret(); !secret.Empty() && s == secret.Reveal() {
			c.failed("token.is-secret", "", value{}, "key", k.Name)
			return true
		}
	}
	if _, err := core.CheckKID(s); err == nil {
		c.failed("token.is-kid", "", value{raw: s})
		return true
	}
	if !isTokenish(s) {
		c.failed("token.not-jwt", "", value{})
		return true
	}
	return false
}

func (c *check) headerOf(segment string) (object, bool) {
	raw, ok := c.decode("header", segment)
	if !ok {
		return object{}, false
	}
	o, err := parseObject(raw)
	switch {
	case errors.Is(err, errNotUTF8):
		c.failed("token.header.utf8", "header", value{})
	case err != nil:
		c.failed("token.header.json", "header", value{raw: o.raw})
	}
	return o, err == nil
}

// segment reads the payload.
func (c *check) segment(part, segment string) (object, error) {
	raw, ok := c.decode(part, segment)
	if !ok {
		return object{}, errNotObject
	}
	o, err := parseObject(raw)
	switch {
	case errors.Is(err, errNotUTF8):
		c.failed("token.payload.utf8", part, value{})
	case err != nil:
		c.failed("token.payload.json", part, value{raw: o.raw})
	}
	return o, err
}

// decode reads base64url without padding, as RFC 7515 §2 wants it, and what
// comes close to it.
func (c *check) decode(part, segment string) ([]byte, bool) {
	plain := strings.TrimRight(segment, "=")
	standard := strings.ContainsAny(plain, "+/")
	if standard {
		plain = strings.NewReplacer("+", "-", "/", "_").Replace(plain)
	}
	raw, err := base64.RawURLEncoding.DecodeString(plain)
	switch {
	case err != nil:
		c.failed("token.base64.broken", part, value{})
		return nil, false
	case standard:
		c.failed("token.base64.standard", part, value{})
	case len(plain) != len(segment):
		c.failed("token.base64.padding", part, value{})
	}
	return raw, true
}

// hygiene looks at what is odd in any token.
func (c *check) hygiene() {
	for _, part := range []struct {
		name string
		o    object
	}{{"header", c.header}, {"payload", c.payload}} {
		if names := part.o.repeated(); len(names) > 0 {
			c.unsure("token."+part.name+".duplicate", part.name+"."+shown(names[0]), part.o.get(names[0]), "names", listed(names))
		}
		if d := depth(part.o.raw); d > maxDepth {
			c.unsure("token."+part.name+".nested", part.name, value{}, "depth", decimal(d))
		}
		for _, m := range part.o.members {
			if controls(m.name) || m.shape == text && controls(m.says) && m.name != "external_id" && m.name != "name" {
				c.unsure("token."+part.name+".control", part.name+"."+shown(m.name), m.value)
				break
			}
		}
	}
	if v := c.header.get("crit"); v.shape != absent {
		c.unsure("token.header.crit", "header.crit", v)
	}
}

// known are the claims that some rule speaks of.
func known(k Kind) []string {
	names := []string{"name", "email", "exp", "iat", "nbf", "jti"}
	switch k {
	case KindMessaging:
		names = append(names, "scope", "external_id", "email_verified", "kid")
	case KindChat:
		names = append(names, "external_id", "scope")
	case KindXsollaUser: // developers.xsolla.com/login-api/jwt-structure
		names = append(
			names, "iss", "sub", "aud", "groups", "xsolla_login_project_id", "type", "username", "publisher_id", "avatar", "payload",
			"promo_email_agreement", "connection_information", "provider", "id", "picture", "social_access_token",
			"xsolla_login_access_key", "is_master", "kid",
		)
	}
	return names
}

// otherClaims names claims that are written in other letters than the ones
// that are read (RFC 7519 §10.1.1: names are case-sensitive), and those that
// nobody reads.
func (c *check) otherClaims() {
	c.miswritten("header", c.header, []string{"alg", "typ", "kid"})
	if others := c.miswritten("payload", c.payload, known(c.kind)); len(others) > 0 {
		c.passed("token.claims.other", "payload."+shown(others[0]), value{}, "names", listed(others))
	}
}

func (c *check) miswritten(part string, o object, names []string) (others []string) {
	var said []string // once for each name, however often a token repeats itself
	for _, m := range o.members {
		if slices.Contains(names, m.name) {
			continue
		}
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, m.name) })
		if i < 0 {
			others = append(others, m.name)
		} else if !slices.Contains(said, names[i]) {
			said = append(said, names[i])
			if !o.has(names[i]) {
				c.unsure("token.claim.case", part+"."+shown(m.name), m.value, "name", shown(m.name), "right", names[i])
			}
		}
	}
	return others
}

// listed names at most a handful.
func listed(names []string) string {
	const most = 5
	var out []string
	for _, n := range names[:min(most, len(names))] {
		out = append(out, cut(n, 24))
	}
	if len(names) > most {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

// login judges a user's token of Xsolla Login as VerifyLogin does, by the key
// of its project, and returns the key if that signed it.
func (c *check) login(token string, p inspected) *core.SigningKey {
	k := c.only
	if k == nil || k.Kind != core.KeyXsolla {
		k = keyOfProject(c.keys, c.payload.get("xsolla_login_project_id").says)
	}
	if _, err := parseLogin(token); err != nil {
		c.failed("login.malformed", "", value{})
	}
	if k == nil {
		c.loginUnkept(len(p.signature) == 0)
	} else {
		c.loginSignature(k, p.signed, p.signature)
	}
	c.loginClaims(k)
	if slices.ContainsFunc(c.findings, func(f Finding) bool { return f.Code == "login.signature.ok" }) {
		return k
	}
	return nil
}

// keyOfProject is the key of a project, else the one that is kept without
// naming its project.
func keyOfProject(keys []core.SigningKey, project string) *core.SigningKey {
	var unnamed *core.SigningKey
	for i := range keys {
		switch k := &keys[i]; {
		case k.Kind != core.KeyXsolla:
		case strings.EqualFold(k.Account, project):
			return k
		case k.Account == "":
			unnamed = k
		}
	}
	return unnamed
}

// loginUnkept is for a token of a project no key of which is kept.
func (c *check) loginUnkept(unsigned bool) {
	alg := c.header.get("alg")
	switch {
	case alg.shape != text || strings.EqualFold(alg.says, "none") || alg.says != core.AlgHS256 && alg.says != core.AlgRS256:
		c.failed("login.algorithm", "header.alg", alg, "alg", core.AlgHS256+"/"+core.AlgRS256)
	case unsigned:
		c.failed("login.signature", "signature", value{}, "key", "")
	default:
		c.unsure("login.unkept", "signature", value{})
	}
}
