package visitortoken

import (
	"time"
)

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
