package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// What Zendesk answers to a token that it does not take, as users report it
// (github.com/zendesk/sunshine-conversations-ios issues 171 and 173, community
// post 4709220609306).
const (
	zendeskInvalid    = "Invalid JWT"
	zendeskMissingKID = "Invalid JWT header. Missing key id (kid)"
	zendeskWrongScope = "Invalid JWT body. Cannot use account scope with app secret key"
)

// zendeskClaims reads the claims as they stand, numbers exactly.
func zendeskClaims(token, secret string, now time.Time) (jwt.MapClaims, bool) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithJSONNumber(), jwt.WithoutClaimsValidation())
	claims := jwt.MapClaims{}
	if _, err := parser.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte(secret), nil }); err != nil {
		return nil, false
	}
	exp, there := claims["exp"]
	if !there {
		return claims, true
	}
	at, ok := zendeskSeconds(exp)
	return claims, ok && now.Before(at)
}

// zendeskSeconds is a time in whole seconds; a text is none.
func zendeskSeconds(v any) (time.Time, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	s, err := n.Int64()
	return time.Unix(s, 0), err == nil
}

// signIn signs a messaging visitor in, or says why not: support articles
// 4411666638746 and 8851239832090. session is the widget's anonymous user, "":
// it has none. What Zendesk says of an address that somebody else has nobody
// reports; it is a token that is not taken, like any other.
func (z *zendesk) signIn(token, session string) (*zendeskUser, string) {
	claims, why := z.messagingClaims(token)
	if why != "" {
		return nil, why
	}
	id, ok := claims["external_id"].(string)
	if !ok || id == "" || utf8.RuneCountInString(id) > zendeskMaxExternalID {
		return nil, zendeskInvalid
	}
	email, _ := claims["email"].(string)
	verified := claims["email_verified"] == true || claims["email_verified"] == "true" && z.sb.is(ZendeskTextTrue)
	if !verified && !z.sb.is(ZendeskUnverifiedEmails) {
		email = "" // not used to identify anybody
	}
	holder := z.holder(email)
	if holder != nil && holder.externalID != "" && holder.externalID != id && !holder.give(email, verified) {
		return nil, zendeskInvalid
	}
	u := z.visitor(id, session, holder)
	u.externalID, u.authenticated = id, true
	if name, ok := claims["name"].(string); ok {
		u.name = name
	}
	if email != "" && !u.hasEmail(email) {
		u.identities = append(u.identities, zendeskIdentity{"email", email, map[bool]string{true: "sso"}[verified]})
	}
	return u, ""
}

// messagingClaims verifies a messaging token.
func (z *zendesk) messagingClaims(token string) (jwt.MapClaims, string) {
	unverified, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		return nil, zendeskInvalid
	}
	kid, _ := unverified.Header["kid"].(string)
	if kid == "" {
		return nil, zendeskMissingKID
	}
	signers := z.signers()
	i := slices.IndexFunc(signers, func(k zendeskKey) bool { return k.id == kid })
	if i < 0 {
		return nil, zendeskInvalid
	}
	claims, ok := zendeskClaims(token, signers[i].secret, z.sb.clock.Now())
	switch {
	case !ok:
		return nil, zendeskInvalid
	case claims["scope"] == "account":
		return nil, zendeskWrongScope
	case claims["scope"] != "user":
		return nil, zendeskInvalid
	}
	return claims, ""
}

// holder returns who has an address as an identity.
func (z *zendesk) holder(email string) *zendeskUser {
	for _, u := range z.users {
		if email != "" && u.hasEmail(email) {
			return u
		}
	}
	return nil
}

// give takes an address from its holder where a verified claim meets one that
// was never verified, and reports whether it did.
func (u *zendeskUser) give(email string, verified bool) bool {
	i := slices.IndexFunc(u.identities, func(i zendeskIdentity) bool { return i.Type == "email" && strings.EqualFold(i.Value, email) })
	if !verified || u.identities[i].Verification != "" {
		return false
	}
	u.identities = slices.Delete(u.identities, i, i+1)
	return true
}

// visitor is who signs in: the user of the external id; else who has the
// address; else the widget's anonymous user, upgraded; else a new one. Where
// somebody wrote anonymously and is known, the anonymous user is merged.
func (z *zendesk) visitor(id, session string, holder *zendeskUser) *zendeskUser {
	var known, anonymous *zendeskUser
	for _, u := range z.users {
		switch {
		case u.externalID == id && u.brand == "":
			known = u
		case u.id == session && u.externalID == "":
			anonymous = u
		}
	}
	switch {
	case known == nil && holder != nil && holder.externalID == "":
		known = holder
	case known == nil && anonymous != nil:
		known, anonymous = anonymous, nil
	case known == nil:
		known = &zendeskUser{id: random(12)}
		z.users = append(z.users, known)
	}
	if anonymous != nil && anonymous != known {
		z.users = slices.DeleteFunc(z.users, func(u *zendeskUser) bool { return u == anonymous })
	}
	if known.supportID == "" {
		z.served++
		known.supportID = strconv.Itoa(900123450100 + z.served)
	}
	return known
}

// signedByKey reports which Conversations API key signed a bearer token.
func (z *zendesk) signedByKey(token string) (id string, ok bool) {
	unverified, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		return "", false
	}
	kid, _ := unverified.Header["kid"].(string)
	for _, k := range z.callers() {
		if k.id != kid {
			continue
		}
		claims, ok := zendeskClaims(token, k.secret, z.sb.clock.Now())
		scope := map[string]string{"app_": "app", "act_": "account"}[k.id[:4]]
		return k.id, ok && claims["scope"] == scope
	}
	return "", false
}

// The rules of Zendesk Chat: support article 4408838925082.
const (
	zendeskChatSkew = 2 * time.Minute
	zendeskChatLife = 7 * time.Minute
)

// takeChat says why a Chat token is not taken; "" when it is. Whether exp and
// email are required is not clear: the page lists them, and its samples leave
// out exp.
func (z *zendesk) takeChat(token string) string {
	now := z.sb.clock.Now()
	claims, ok := zendeskClaims(token, z.fix.ChatSecret, now)
	if !ok {
		return zendeskInvalid
	}
	iat, ok := zendeskSeconds(claims["iat"])
	if !ok || now.Sub(iat).Abs() > zendeskChatSkew+zendeskChatLife || iat.Sub(now) > zendeskChatSkew {
		return zendeskInvalid
	}
	exp, there := claims["exp"]
	if !there && z.sb.is(ZendeskChatWantsExp) {
		return zendeskInvalid
	}
	if at, ok := zendeskSeconds(exp); there && (!ok || at.Sub(iat) > zendeskChatLife) {
		return zendeskInvalid
	}
	id, ok := claims["external_id"].(string)
	email, isText := claims["email"].(string)
	if !isText && claims["email"] == nil {
		isText = z.sb.is(ZendeskChatTakesNoEmail)
	}
	if !ok || id == "" || !isText || strings.ContainsFunc(email, func(r rune) bool { return r > 126 }) {
		return zendeskInvalid
	}
	return ""
}
