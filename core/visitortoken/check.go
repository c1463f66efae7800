package visitortoken

import (
	"slices"
	"strings"
	"time"

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
