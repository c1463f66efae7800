package visitortoken

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"deskward/core"
)

// check is a token on its way through the rules. Draft and Inspect ask the
// same ones.
type check struct {
	kind            Kind
	header, payload object
	now             time.Time

	// Of the kept keys: all of them, and the one that is meant; nil where none
	// was named.
	keys []core.SigningKey
	only *core.SigningKey

	onlyFailed bool // nobody reads what passed: minting
	findings   []Finding
}

func (c *check) passed(code, where string, v value, params ...string) {
	if !c.onlyFailed {
		c.add(Passed, code, where, v, params)
	}
}

func (c *check) unsure(code, where string, v value, params ...string) {
	if !c.onlyFailed {
		c.add(Unsure, code, where, v, params)
	}
}

func (c *check) failed(code, where string, v value, params ...string) {
	c.add(Failed, code, where, v, params)
}

// add notes a finding. A code that begins with a dot is one that messaging and
// Chat have each.
func (c *check) add(o Outcome, code, where string, v value, params []string) {
	if code[0] == '.' {
		code = string(c.kind) + code
	}
	f := Finding{Code: code, Outcome: o, Where: where, Value: shown(v.raw)}
	if len(params) > 0 {
		f.Params = make(map[string]string, len(params)/2)
		for i := 0; i+1 < len(params); i += 2 {
			f.Params[params[i]] = params[i+1]
		}
	}
	c.findings = append(c.findings, f)
}

// ahead says how far off a time is, to somebody who reads it: it is costly
// beside signing.
func (c *check) ahead(t time.Time) string {
	if c.onlyFailed {
		return ""
	}
	return span(t.Sub(c.now))
}

// sorted orders findings for reading: failed ones first, then unsure, then
// passed, and within these as they stand in the token.
func (c *check) sorted() []Finding {
	type ranked struct {
		Finding
		rank int
	}
	all := make([]ranked, len(c.findings))
	outcomes := []Outcome{Failed, Unsure, Passed}
	const section = 1 << 24 // a part of a token has fewer members
	for i, f := range c.findings {
		rank := 0
		switch part, name, _ := strings.Cut(f.Where, "."); part {
		case "header":
			rank = section + c.header.index(name)
		case "payload":
			rank = 2*section + c.payload.index(name)
		case "signature":
			rank = 3 * section
		}
		all[i] = ranked{f, 4*section*slices.Index(outcomes, f.Outcome) + rank}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return a.rank - b.rank })
	for i := range all {
		c.findings[i] = all[i].Finding
	}
	return c.findings
}

func verdictOf(findings []Finding) Verdict {
	v := Accept
	for _, f := range findings {
		switch {
		case f.Outcome == Failed:
			return Refuse
		case f.Outcome == Unsure && !advises(f.Code):
			v = CantSay
		}
	}
	return v
}

// rules asks everything that can be asked of a token without a secret.
func (c *check) rules() {
	switch c.kind {
	case KindMessaging:
		c.alg()
		c.typ()
		c.messagingKID()
		c.scope()
		c.externalID()
		c.name()
		c.email()
		c.emailVerified()
		c.messagingIssued()
		c.messagingExpiry()
		c.notBefore()
	case KindChat:
		c.alg()
		c.typ()
		c.notMessaging()
		c.name()
		c.email()
		c.externalID()
		issued, known := c.chatIssued()
		c.chatExpiry(issued, known)
		c.notBefore()
	case KindSSO:
		c.alg()
		c.singleSignOn()
	case KindHelpCenter, KindSupportSDK, KindConversations:
		c.alg()
	case KindOther, KindXsollaServer:
		c.unsigned()
	}
}

// unsigned asks of a token that others may verify otherwise only whether it
// can be verified at all.
func (c *check) unsigned() {
	if v := c.header.get("alg"); v.shape == absent {
		c.failed("token.alg.missing", "header.alg", v)
	} else if v.shape == text && strings.EqualFold(v.says, "none") {
		c.failed("token.alg.none", "header.alg", v)
	}
}

// singleSignOn: what Zendesk's JWT single sign-on requires (support article
// 6219127152794). More than that is not judged.
func (c *check) singleSignOn() {
	for _, name := range []string{"jti", "iat", "email", "name"} {
		if v := c.payload.get(name); v.shape == absent {
			c.failed("token.sso.missing", "payload."+name, v, "name", name)
		}
	}
}

// alg: both of Zendesk's channels sign with HS256. For messaging it is said
// that RS256 and ES256 are not supported and that nothing unsigned is
// accepted; a key of either channel is a shared secret, by which no signature
// of a private key can be verified. HS384 and HS512 are not spoken of.
func (c *check) alg() {
	v := c.header.get("alg")
	const where = "header.alg"
	switch {
	case v.shape == absent:
		c.failed("token.alg.missing", where, v)
	case v.shape != text:
		c.failed("token.alg.type", where, v)
	case v.says == core.AlgHS256:
		c.passed("token.alg.ok", where, v)
	case strings.EqualFold(v.says, "none"):
		c.failed("token.alg.none", where, v)
	case v.says == "HS384" || v.says == "HS512":
		c.unsure("token.alg.hmac", where, v, "alg", v.says)
	case strings.EqualFold(v.says, core.AlgHS256):
		c.failed("token.alg.case", where, v)
	case isAsymmetric(v.says):
		c.failed("token.alg.asymmetric", where, v, "alg", v.says)
	default:
		c.failed("token.alg.unknown", where, v, "alg", shown(v.says))
	}
}

// isAsymmetric: RFC 7518 §3.1 and RFC 8037 §3.1.
func isAsymmetric(alg string) bool {
	switch alg {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519":
		return true
	}
	return false
}

// typ: Zendesk's pages have "JWT"; whether it may be left out they don't say.
func (c *check) typ() {
	v := c.header.get("typ")
	const where = "header.typ"
	switch {
	case v.shape == absent:
		c.unsure("token.typ.missing", where, v)
	case v.shape == text && strings.EqualFold(v.says, "JWT"): // RFC 7519 §5.1: a media type, whose case does not count
		c.passed("token.typ.ok", where, v)
	default:
		c.unsure("token.typ.other", where, v)
	}
}

// messagingKID: required, and the id of a messaging key.
func (c *check) messagingKID() {
	v := c.header.get("kid")
	const where = "header.kid"
	switch {
	case v.shape == absent || v.shape == text && v.says == "":
		if in := c.payload.get("kid"); in.shape != absent {
			c.failed(".kid.in-payload", "payload.kid", in)
		} else {
			c.failed(".kid.missing", where, v)
		}
		return
	case v.shape != text:
		c.failed(".kid.type", where, v)
		return
	}
	kid := v.says
	k := c.only
	if k == nil || k.KID != kid {
		k = keyOfKID(c.keys, kid)
	}
	switch {
	case c.only != nil && c.only.Kind == core.KeyMessaging && kid != c.only.KID:
		if k != nil && k.Account != c.only.Account {
			c.failed(".kid.other-account", where, v, "account", k.Account, "meant", c.only.Account, "key", c.only.Name)
		} else {
			c.failed(".kid.other-key", where, v, "kid", c.only.KID, "key", c.only.Name)
		}
	case k != nil && !k.RetiredAt.IsZero():
		c.failed(".kid.retired", where, v, "key", k.Name, "at", k.RetiredAt.UTC().Format(time.DateOnly))
	case k != nil:
		c.passed(".kid.ok", where, v, "key", k.Name)
	case strings.HasPrefix(kid, "act_") || strings.HasPrefix(kid, "svc_") || strings.HasPrefix(kid, "int_"):
		c.unsure(".kid.prefix", where, v, "prefix", kid[:4])
	default:
		if plain, err := core.CheckKID(kid); err != nil || plain != kid {
			c.unsure(".kid.shape", where, v)
		} else {
			c.unsure(".kid.unknown", where, v)
		}
	}
}

func keyOfKID(keys []core.SigningKey, kid string) *core.SigningKey {
	for i := range keys {
		if keys[i].Kind == core.KeyMessaging && keys[i].KID == kid {
			return &keys[i]
		}
	}
	return nil
}

// scope: required, and only "user" signs a visitor in.
func (c *check) scope() {
	v := c.payload.get("scope")
	const where = "payload.scope"
	switch {
	case v.shape == absent || v.shape == null:
		c.failed(".scope.missing", where, v)
	case v.shape != text:
		c.failed(".scope.type", where, v)
	case v.says == "user":
		c.passed(".scope.ok", where, v)
	case v.says == "appUser":
		c.failed(".scope.app-user", where, v)
	default:
		c.failed(".scope.value", where, v)
	}
}

// maxExternalID is documented for messaging (support article 4411666638746).
const maxExternalID = 255

func (c *check) externalID() {
	v := c.payload.get("external_id")
	const where = "payload.external_id"
	switch {
	case v.shape == absent:
		if name, other := c.instead("external_id", "userId", "user_id", "externalId", "sub"); name != "" {
			c.failed(".external_id.name", "payload."+shown(name), other, "name", shown(name))
		} else {
			c.failed(".external_id.missing", where, v)
		}
		return
	case v.shape != text:
		c.failed(".external_id.type", where, v)
		return
	case strings.TrimSpace(v.says) == "":
		c.failed(".external_id.empty", where, v)
		return
	case strings.ContainsRune(v.says, 0) || controls(v.says):
		c.failed(".external_id.control", where, v)
		return
	}
	characters := utf8.RuneCountInString(v.says)
	switch {
	case characters > maxExternalID && c.kind == KindMessaging:
		c.failed(".external_id.long", where, v, "characters", decimal(characters), "limit", decimal(maxExternalID))
		return
	case characters > maxExternalID:
		c.unsure(".external_id.long", where, v, "characters", decimal(characters), "limit", decimal(maxExternalID))
	case len(v.says) > maxExternalID:
		c.unsure(".external_id.bytes", where, v, "bytes", decimal(len(v.says)), "limit", decimal(maxExternalID))
	}
	switch {
	case isAddress(v.says):
		c.unsure(".external_id.email", where, v)
	case isPhone(v.says):
		c.unsure(".external_id.phone", where, v)
	case strings.ContainsFunc(v.says, notInID):
		c.unsure(".external_id.characters", where, v)
	case len(v.says) <= maxExternalID:
		c.passed(".external_id.ok", where, v)
	}
}

// notInID: the pages say "alphanumeric", and their own examples have a hyphen
// and an underscore.
func notInID(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
}

// instead finds a claim that stands where another one should: one of these
// names, or the right one in other letters.
func (c *check) instead(want string, names ...string) (string, value) {
	for _, m := range c.payload.members {
		if strings.EqualFold(m.name, want) {
			return m.name, m.value
		}
	}
	for _, name := range names {
		if v := c.payload.get(name); v.shape != absent {
			return name, v
		}
	}
	return "", value{}
}

// maxName and maxAddress are those of a profile in the Conversations API
// (openapi.yaml 17.12.1); the token's pages name none.
const (
	maxName    = 128
	maxAddress = 128
)

func (c *check) name() {
	v := c.payload.get("name")
	const where = "payload.name"
	switch {
	case v.shape == absent:
		if c.kind == KindChat {
			c.unsure(".name.missing", where, v)
		}
	case v.shape != text:
		c.unsure(".name.type", where, v)
	case controls(v.says):
		c.unsure(".name.control", where, v)
	case c.kind == KindMessaging && utf8.RuneCountInString(v.says) > maxName:
		c.unsure(".name.long", where, v, "characters", decimal(utf8.RuneCountInString(v.says)), "limit", decimal(maxName))
	default:
		c.passed(".name.ok", where, v)
	}
}

func (c *check) email() {
	v := c.payload.get("email")
	const where = "payload.email"
	switch {
	case v.shape == absent:
		if c.kind == KindChat {
			c.unsure(".email.missing", where, v)
		}
	case v.shape != text:
		c.unsure(".email.type", where, v)
	case c.kind == KindChat && strings.ContainsFunc(v.says, func(r rune) bool { return r >= utf8.RuneSelf }):
		c.failed(".email.ascii", where, v)
	case !isAddress(v.says):
		c.unsure(".email.shape", where, v)
	case c.kind == KindMessaging && utf8.RuneCountInString(v.says) > maxAddress:
		c.unsure(".email.long", where, v, "characters", decimal(utf8.RuneCountInString(v.says)), "limit", decimal(maxAddress))
	default:
		c.passed(".email.ok", where, v)
	}
}

func (c *check) emailVerified() {
	v, email := c.payload.get("email_verified"), c.payload.has("email")
	const where = "payload.email_verified"
	switch {
	case v.shape == absent && !email:
	case v.shape != absent && v.shape != boolean:
		c.unsure(".email_verified.type", where, v)
	case v.shape != absent && !email:
		c.unsure(".email_verified.alone", where, v)
	case v.raw == "true":
		c.passed(".email_verified.ok", where, v)
	default:
		c.unsure(".email_verified.not-true", where, v)
	}
}

// messagingIssued: iat is not in the documentation and is tolerated in the
// wild; what would be said against one that makes no sense is not known.
func (c *check) messagingIssued() {
	v := c.payload.get("iat")
	const where = "payload.iat"
	if v.shape == absent {
		return
	}
	switch t, how := v.instant(); {
	case how == asText || how == asOther:
		c.unsure(".iat.type", where, v)
	case how == asMillis:
		c.unsure(".iat.milliseconds", where, v)
	case t.After(c.now.Add(skew)):
		c.unsure(".iat.future", where, v, "by", span(t.Sub(c.now)))
	default:
		c.passed(".iat.ok", where, v)
	}
}

// longLife is beyond what anybody recommends for a messaging token. There is
// no documented limit.
const longLife = 24 * time.Hour

func (c *check) messagingExpiry() {
	v := c.payload.get("exp")
	const where = "payload.exp"
	if v.shape == absent {
		c.passed(".exp.none", where, v)
		return
	}
	switch t, how := v.instant(); {
	case how == asText:
		c.failed(".exp.text", where, v)
	case how == asOther:
		c.failed(".exp.type", where, v)
	case how == asMillis:
		c.unsure(".exp.milliseconds", where, v)
	case !c.now.Before(t):
		c.failed(".exp.past", where, v, "by", span(c.now.Sub(t)))
	case how == asFraction:
		c.unsure(".exp.fraction", where, v)
	case t.Sub(c.now) > longLife:
		c.unsure(".exp.far", where, v, "in", c.ahead(t))
	default:
		c.passed(".exp.ok", where, v, "in", c.ahead(t))
	}
}

// notMessaging: what only a messaging token has.
func (c *check) notMessaging() {
	if v := c.header.get("kid"); v.shape != absent {
		c.unsure(".kid.present", "header.kid", v)
	}
	if v := c.payload.get("scope"); v.shape != absent {
		c.unsure(".scope.present", "payload.scope", v)
	}
}

// skew is how far a Chat token's iat may be from Zendesk's clock (support
// article 4408838925082).
const skew = 2 * time.Minute

// chatIssued returns the time of issue, if it is known.
func (c *check) chatIssued() (time.Time, bool) {
	v := c.payload.get("iat")
	const where = "payload.iat"
	if v.shape == absent {
		c.failed(".iat.missing", where, v)
		return time.Time{}, false
	}
	t, how := v.instant()
	switch age := c.now.Sub(t); {
	case how == asText:
		c.failed(".iat.text", where, v)
	case how == asOther:
		c.failed(".iat.type", where, v)
	case how == asMillis:
		c.failed(".iat.milliseconds", where, v)
	case -age > skew:
		c.failed(".iat.future", where, v, "by", span(age))
	case age > MaxChatLife+skew: // whatever its exp, it has to be over by now
		c.failed(".iat.old", where, v, "by", span(age))
	case age > skew: // read strictly this is too old; read as clock skew it may live until exp
		c.unsure(".iat.aging", where, v, "by", span(age))
	case how == asFraction:
		c.unsure(".iat.fraction", where, v)
	default:
		c.passed(".iat.ok", where, v)
	}
	return t, how == asSeconds || how == asFraction
}

func (c *check) chatExpiry(issued time.Time, known bool) {
	v := c.payload.get("exp")
	const where = "payload.exp"
	if v.shape == absent {
		c.unsure(".exp.missing", where, v)
		return
	}
	switch t, how := v.instant(); {
	case how == asText:
		c.failed(".exp.text", where, v)
	case how == asOther:
		c.failed(".exp.type", where, v)
	case how == asMillis:
		c.failed(".exp.milliseconds", where, v)
	case !c.now.Before(t):
		c.failed(".exp.past", where, v, "by", span(c.now.Sub(t)))
	case known && t.Sub(issued) > MaxChatLife:
		c.failed(".exp.too-long", where, v, "life", span(t.Sub(issued)), "limit", span(MaxChatLife))
	case !known && t.Sub(c.now) > MaxChatLife+skew:
		c.failed(".exp.too-long", where, v, "life", span(t.Sub(c.now)), "limit", span(MaxChatLife))
	case how == asFraction:
		c.unsure(".exp.fraction", where, v)
	default:
		c.passed(".exp.ok", where, v, "in", c.ahead(t))
	}
}

// notBefore: RFC 7519 §4.1.5. Zendesk's pages don't speak of it.
func (c *check) notBefore() {
	v := c.payload.get("nbf")
	const where = "payload.nbf"
	if v.shape == absent {
		return
	}
	switch t, how := v.instant(); {
	case how == asText || how == asOther || how == asMillis:
		c.unsure("token.nbf.type", where, v)
	case t.After(c.now):
		c.unsure("token.nbf.future", where, v, "in", c.ahead(t))
	}
}
