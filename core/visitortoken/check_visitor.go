package visitortoken

import (
	"strings"
	"unicode/utf8"
)

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
