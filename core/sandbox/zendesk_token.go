package sandbox

import (
	"encoding/json"
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

// signIn signs a messaging visitor in, or says why not: support article
// 4411666638746.
func (z *zendesk) signIn(token string) (*zendeskUser, string) {
	unverified, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		return nil, zendeskInvalid
	}
	kid, _ := unverified.Header["kid"].(string)
	if kid == "" {
		return nil, zendeskMissingKID
	}
	secret, known := z.signs[kid]
	if !known {
		return nil, zendeskInvalid
	}
	claims, ok := zendeskClaims(token, secret, z.sb.clock.Now())
	if !ok {
		return nil, zendeskInvalid
	}
	if claims["scope"] != "user" {
		return nil, zendeskWrongScope
	}
	id, ok := claims["external_id"].(string)
	if !ok || id == "" || utf8.RuneCountInString(id) > zendeskMaxExternalID {
		return nil, zendeskInvalid
	}
	email, _ := claims["email"].(string)
	verified := claims["email_verified"] == true
	if email != "" {
		for _, u := range z.users {
			if u.externalID != id && u.externalID != "" && u.hasEmail(email) {
				return nil, zendeskInvalid
			}
		}
	}
	u := z.user(id)
	u.authenticated = true
	if name, ok := claims["name"].(string); ok {
		u.name = name
	}
	if email != "" && verified && !u.hasEmail(email) {
		u.identities = append(u.identities, zendeskIdentity{"email", email, "sso"})
	}
	return u, ""
}

// signedByKey reports which Conversations API key signed a bearer token.
func (z *zendesk) signedByKey(token string) (id string, ok bool) {
	unverified, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		return "", false
	}
	kid, _ := unverified.Header["kid"].(string)
	for _, k := range z.keys {
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

// takeChat says why a Chat token is not taken; "" when it is. Whether exp is
// required is not clear: the page lists it, and its samples leave it out.
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
	if !ok || id == "" || !isText || strings.ContainsFunc(email, func(r rune) bool { return r > 126 }) {
		return zendeskInvalid
	}
	return ""
}
