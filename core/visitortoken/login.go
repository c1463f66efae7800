package visitortoken

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
)

// LoginIssuer is the iss of every token of Xsolla Login
// (developers.xsolla.com/login-api/jwt-structure).
const LoginIssuer = "https://login.xsolla.com"

const (
	// loginLeeway is how far the clocks of Xsolla and of this machine may
	// differ.
	loginLeeway = 30 * time.Second
	// maxLoginToken is far beyond what a cookie or a header carries.
	maxLoginToken = 64 << 10
)

// VerifyLogin verifies a token of Xsolla Login with key k: by k's algorithm
// only, whatever the token says, pinned to the issuer and to k's project.
// Codes: login.malformed, login.algorithm, login.kid, login.signature,
// login.no-key, login.issuer, login.project, login.no-exp, login.expired,
// login.not-yet, login.no-sub; and login.key-list for an RS256 key whose list
// can't be read.
func VerifyLogin(k core.SigningKey, token core.Secret, now time.Time) (Login, error) {
	refuse := func(code string, params map[string]string, err error) (Login, error) {
		return Login{}, &core.Error{Tried: "verify-login", On: k.Name, Code: code, Class: core.Refused, Params: params, Err: err}
	}
	p, err := parseLogin(token.Reveal())
	if err != nil {
		return refuse("login.malformed", nil, err)
	}
	c := check{kind: KindXsollaUser, header: p.header, payload: p.payload, now: now, onlyFailed: true}
	c.loginSignature(&k, p.signed, p.signature)
	if len(c.findings) == 0 { // nothing is believed of what nobody signed
		c.loginClaims(&k)
	}
	if len(c.findings) > 0 {
		f := c.findings[0]
		if f.Code == "login.key-list" {
			_, err = ParseKeyList([]byte(k.KeyList))
		}
		return refuse(f.Code, f.Params, err)
	}
	return loginOf(p.payload), nil
}

// parts is a token taken apart.
type parts struct {
	header, payload object
	signed          string // what the signature is of
	signature       []byte
}

// parseLogin is strict, as RFC 7515 §5.2 and RFC 7519 §7.2 want it of who
// verifies; and of two members of the same name it takes neither, because
// whoever reads the token next might take the other.
func parseLogin(token string) (parts, error) {
	var p parts
	if len(token) > maxLoginToken {
		return p, errors.New("too long")
	}
	head, rest, _ := strings.Cut(token, ".")
	body, mac, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(mac, ".") {
		return p, errors.New("not of three parts")
	}
	p.signed = token[:len(head)+1+len(body)]
	enc := base64.RawURLEncoding.Strict()
	var err error
	if p.header, err = strictObject(enc, head); err != nil {
		return p, err
	}
	if p.payload, err = strictObject(enc, body); err != nil {
		return p, err
	}
	if p.header.has("crit") { // RFC 7515 §4.1.11: what it names is not understood here
		return p, errors.New("critical header")
	}
	p.signature, err = enc.DecodeString(mac)
	return p, err
}

func strictObject(enc *base64.Encoding, segment string) (object, error) {
	raw, err := enc.DecodeString(segment)
	if err != nil {
		return object{}, err
	}
	o, err := parseObject(raw)
	if err == nil && len(o.repeated()) > 0 {
		err = errors.New("a member is there twice")
	}
	return o, err
}

// loginSignature asks who signed. What the header says only has to agree with
// what is configured: a token that could choose would choose the public key as
// an HMAC secret, or no signature at all.
func (c *check) loginSignature(k *core.SigningKey, signed string, signature []byte) {
	alg := c.header.get("alg")
	if alg.shape != text || alg.says != k.Alg {
		c.failed("login.algorithm", "header.alg", alg, "alg", k.Alg)
		return
	}
	c.passed("login.algorithm.ok", "header.alg", alg)
	switch secret := k.Secret(); {
	case k.Alg == core.AlgRS256:
		c.loginPublicKey(k, signed, signature)
	case k.Alg != core.AlgHS256 || secret.Empty(): // golang-jwt would verify with no secret at all
		c.failed("login.no-key", "signature", value{}, "key", k.Name)
	case jwt.SigningMethodHS256.Verify(signed, signature, []byte(secret.Reveal())) != nil:
		c.failed("login.signature", "signature", value{}, "key", k.Name)
	default:
		c.passed("login.signature.ok", "signature", value{}, "key", k.Name)
	}
}

func (c *check) loginPublicKey(k *core.SigningKey, signed string, signature []byte) {
	keys, err := ParseKeyList([]byte(k.KeyList))
	if err != nil {
		c.failed("login.key-list", "signature", value{}, "key", k.Name)
		return
	}
	// Xsolla's Go SDK reads kid from the header, its PHP SDK from the claims.
	// It only chooses among the project's own keys.
	kid, where := c.header.get("kid"), "header.kid"
	if kid.shape == absent && c.payload.has("kid") {
		kid, where = c.payload.get("kid"), "payload.kid"
	}
	found := false
	for _, key := range keys {
		if kid.shape != text || key.KID != kid.says {
			continue
		}
		found = true
		if jwt.SigningMethodRS256.Verify(signed, signature, key.Key) == nil {
			c.passed("login.kid.ok", where, kid)
			c.passed("login.signature.ok", "signature", value{}, "key", k.Name)
			return
		}
	}
	if !found {
		c.failed("login.kid", where, kid, "key", k.Name)
		return
	}
	c.failed("login.signature", "signature", value{}, "key", k.Name)
}

// loginProject pins the token to k's project. A secret kept without naming its
// project is that of one project alone, so that the signature pins.
func (c *check) loginProject(k *core.SigningKey) {
	const where = "payload.xsolla_login_project_id"
	v := c.payload.get("xsolla_login_project_id")
	unnamed := k != nil && k.Account == "" && k.Alg != core.AlgRS256
	switch {
	case unnamed:
	case k == nil && v.shape != text:
		c.failed("login.project", where, v, "project", "")
	case k != nil && (v.shape != text || !strings.EqualFold(v.says, k.Account)):
		c.failed("login.project", where, v, "project", k.Account)
	case k != nil:
		c.passed("login.project.ok", where, v)
	}
}

// loginClaims asks what the token says, by key k's project; of any project
// where k is nil.
func (c *check) loginClaims(k *core.SigningKey) {
	if v := c.payload.get("iss"); v.shape != text || v.says != LoginIssuer {
		c.failed("login.issuer", "payload.iss", v, "issuer", LoginIssuer)
	} else {
		c.passed("login.issuer.ok", "payload.iss", v)
	}
	c.loginProject(k)
	c.loginTimes()
	const sub = "payload.sub"
	switch v := c.payload.get("sub"); {
	case v.shape != text || strings.TrimSpace(v.says) == "" || core.CleanLine(v.says) != v.says || len(v.says) > maxExternalID:
		c.failed("login.no-sub", sub, v)
	default:
		c.passed("login.sub.ok", sub, v)
	}
	if c.onlyFailed { // a missing address is for whoever needs one to refuse
		return
	}
	if v := c.payload.get("email"); v.shape == text && isAddress(v.says) {
		c.passed("login.email.ok", "payload.email", v)
	} else {
		c.unsure("login.no-email", "payload.email", v)
	}
}

// loginTimes: exp is required; nbf and iat are asked where they are there (RFC
// 7519 §4.1.4 to §4.1.6).
func (c *check) loginTimes() {
	v := c.payload.get("exp")
	const exp = "payload.exp"
	switch t, how := v.instant(); {
	case v.shape == absent:
		c.failed("login.no-exp", exp, v)
	case how != asSeconds && how != asFraction:
		c.failed("login.no-exp", exp, v)
	case !c.now.Before(t.Add(loginLeeway)):
		c.failed("login.expired", exp, v, "by", span(c.now.Sub(t)))
	default:
		c.passed("login.exp.ok", exp, v, "in", c.ahead(t))
	}
	for _, is := range [...]struct{ claim, where, ok string }{ // whole texts: joining them is costly beside verifying
		{"nbf", "payload.nbf", "login.nbf.ok"}, {"iat", "payload.iat", "login.iat.ok"},
	} {
		v := c.payload.get(is.claim)
		if v.shape == absent {
			continue
		}
		if t, how := v.instant(); how != asSeconds && how != asFraction || t.After(c.now.Add(loginLeeway)) {
			c.failed("login.not-yet", is.where, v, "claim", is.claim)
		} else {
			c.passed(is.ok, is.where, v)
		}
	}
}

// loginOf reads a verified token. What a person may get to see is cleaned; the
// id has been found to need no cleaning and stays as it is.
func loginOf(payload object) Login {
	says := func(name string) string {
		if v := payload.get(name); v.shape == text {
			return core.CleanLine(v.says)
		}
		return ""
	}
	l := Login{
		Subject: payload.get("sub").says, Email: says("email"), Username: says("username"), Name: says("name"),
		Provider: says("provider"), ProjectID: says("xsolla_login_project_id"),
	}
	l.ExpiresAt, _ = payload.get("exp").instant()
	if v := payload.get("iat"); v.shape != absent {
		l.IssuedAt, _ = v.instant()
	}
	return l
}

// ChatVisitor returns the visitor of Zendesk Chat that a login is, as Xsolla's
// page has it: external_id is sub, name and e-mail are the e-mail. It fails
// with code login.no-email where there is none: social networks may give none,
// and users without one (by device, telephone, own id) have none.
func (l Login) ChatVisitor() (Visitor, error) {
	if l.Email == "" {
		return Visitor{}, &core.Error{Tried: "visitor-of-login", Code: "login.no-email", Class: core.Refused}
	}
	return Visitor{ExternalID: l.Subject, Name: l.Email, Email: l.Email}, nil
}
