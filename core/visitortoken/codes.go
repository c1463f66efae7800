package visitortoken

import "strings"

// advises reports whether an unsure finding is advice, or is of the paste and
// not of the token: it does not decide whether the vendor takes the token.
func advises(code string) bool {
	switch code {
	case "messaging.exp.far", "messaging.exp.milliseconds", // no greatest life is documented, and exp may be left out altogether
		"messaging.email_verified.not-true", "messaging.email_verified.alone",
		"messaging.external_id.email", "messaging.external_id.phone", "chat.external_id.email", "chat.external_id.phone",
		"login.no-email": // a Login token without it is a good one; a Chat visitor can't be made of it
		return true
	}
	return strings.HasPrefix(code, "token.paste.")
}

// Codes lists the codes that a Finding can have. What a code means, and what
// to do, are the texts finding.<code>, .means and .fix; of a code that only
// says what is right (see Good) there is the first alone.
func Codes() []string {
	codes := []string{
		"token.paste.invisible", "token.paste.quotes", "token.paste.bearer", "token.paste.json", "token.paste.url",
		"token.paste.breaks", "token.paste.surroundings", "token.paste.several",
		"token.size.unread", "token.size.large",
		"token.empty", "token.not-jwt", "token.is-secret", "token.is-kid",
		"token.segments.count", "token.segments.encrypted",
		"token.base64.broken", "token.base64.standard", "token.base64.padding",
		"token.header.json", "token.header.utf8", "token.header.duplicate", "token.header.nested", "token.header.control", "token.header.crit",
		"token.payload.json", "token.payload.utf8", "token.payload.duplicate", "token.payload.nested", "token.payload.control",
		"token.kind.messaging", "token.kind.chat", "token.kind.xsolla-user", "token.kind.as",
		"token.kind.help-center", "token.kind.sso", "token.kind.support-sdk", "token.kind.conversations-api", "token.kind.xsolla-server",
		"token.kind.other",
		"token.alg.ok", "token.alg.missing", "token.alg.type", "token.alg.none", "token.alg.hmac", "token.alg.case", "token.alg.asymmetric", "token.alg.unknown",
		"token.typ.ok", "token.typ.missing", "token.typ.other",
		"token.nbf.type", "token.nbf.future",
		"token.claim.case", "token.claims.other", "token.sso.missing",
		"token.signature.ok", "token.signature.missing", "token.signature.length", "token.signature.wrong", "token.signature.no-match", "token.signature.no-key",
		"token.signature.decoded", "token.signature.encoded", "token.signature.secret-space", "token.signature.secret-quotes", "token.signature.kid-as-secret",
		"token.signature.messaging-key", "token.signature.chat-key", "token.signature.xsolla-key",
		"token.signature.other-account", "token.signature.other-brand", "token.signature.other-key", "token.signature.other-kid",
		"token.key.kind",
		"messaging.kid.ok", "messaging.kid.missing", "messaging.kid.in-payload", "messaging.kid.type", "messaging.kid.other-account", "messaging.kid.other-key",
		"messaging.kid.retired", "messaging.kid.prefix", "messaging.kid.shape", "messaging.kid.unknown",
		"messaging.scope.ok", "messaging.scope.missing", "messaging.scope.type", "messaging.scope.app-user", "messaging.scope.value",
		"messaging.name.long", "messaging.email.long",
		"messaging.email_verified.ok", "messaging.email_verified.type", "messaging.email_verified.alone", "messaging.email_verified.not-true",
		"messaging.iat.ok", "messaging.iat.type", "messaging.iat.milliseconds", "messaging.iat.future",
		"messaging.exp.ok", "messaging.exp.none", "messaging.exp.text", "messaging.exp.type", "messaging.exp.milliseconds", "messaging.exp.past",
		"messaging.exp.fraction", "messaging.exp.far",
		"chat.kid.present", "chat.scope.present", "chat.key.retired",
		"chat.name.missing", "chat.email.missing", "chat.email.ascii",
		"chat.iat.ok", "chat.iat.missing", "chat.iat.text", "chat.iat.type", "chat.iat.milliseconds", "chat.iat.future", "chat.iat.old", "chat.iat.aging",
		"chat.iat.fraction",
		"chat.exp.ok", "chat.exp.missing", "chat.exp.text", "chat.exp.type", "chat.exp.milliseconds", "chat.exp.past", "chat.exp.too-long", "chat.exp.fraction",
		"login.malformed", "login.algorithm", "login.algorithm.ok", "login.kid", "login.kid.ok", "login.signature", "login.signature.ok",
		"login.no-key", "login.key-list", "login.unkept", "login.issuer", "login.issuer.ok", "login.project", "login.project.ok",
		"login.no-exp", "login.expired", "login.exp.ok", "login.not-yet", "login.nbf.ok", "login.iat.ok", "login.no-sub", "login.sub.ok",
		"login.no-email", "login.email.ok",
	}
	for _, kind := range []string{"messaging", "chat"} { // rules that both have
		for _, code := range []string{
			".external_id.ok", ".external_id.name", ".external_id.missing", ".external_id.type", ".external_id.empty", ".external_id.control",
			".external_id.long", ".external_id.bytes", ".external_id.email", ".external_id.phone", ".external_id.characters",
			".name.ok", ".name.type", ".name.control", ".email.ok", ".email.type", ".email.shape",
		} {
			codes = append(codes, kind+code)
		}
	}
	return codes
}

// Good reports whether a code only ever says that something is right.
func Good(code string) bool {
	switch code {
	case "token.kind.messaging", "token.kind.chat", "token.kind.xsolla-user", "token.kind.as", "token.claims.other", "messaging.exp.none":
		return true
	}
	return strings.HasSuffix(code, ".ok")
}
