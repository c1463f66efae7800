package visitortoken

import (
	"strings"
	"time"

	"deskward/core"
)

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

// notMessaging: what only a messaging token has.
func (c *check) notMessaging() {
	if v := c.header.get("kid"); v.shape != absent {
		c.unsure(".kid.present", "header.kid", v)
	}
	if v := c.payload.get("scope"); v.shape != absent {
		c.unsure(".scope.present", "payload.scope", v)
	}
}
