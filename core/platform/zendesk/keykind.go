package zendesk

import (
	"strings"

	"deskward/core"
)

// keyKind is what a key of the Conversations API may do; the beginning of its
// id says it (github.com/zendesk/sunshine-conversations-api-spec,
// "Authentication"). The id of a key that signs visitors in begins with app_,
// too.
type keyKind string

// The kinds.
const (
	keyOfApp         keyKind = "app_" // everything within one app but its keys
	keyOfAccount     keyKind = "act_" // every app of an account, and their keys
	keyOfService     keyKind = "svc_" // some apps of an account, and their keys
	keyOfIntegration keyKind = "int_" // one custom channel
)

// kindOfKey reads a key's id; "" where it has none of the beginnings.
func kindOfKey(id string) keyKind {
	for _, k := range []keyKind{keyOfApp, keyOfAccount, keyOfService, keyOfIntegration} {
		if strings.HasPrefix(id, string(k)) {
			return k
		}
	}
	return ""
}

// managesKeys reports whether a key of this kind may make and delete keys.
func (k keyKind) managesKeys() bool { return k == keyOfAccount || k == keyOfService }

// scope is what a token signed with a key of this kind claims.
func (k keyKind) scope() string {
	if k.managesKeys() {
		return "account"
	}
	return "app"
}

// checkKey refuses what cannot be the id of a key that looks users up, and
// says what it is instead.
func checkKey(v string) error {
	kid, err := core.CheckKID(v)
	switch {
	case err != nil && appShape().MatchString(kid):
		return inputError("zendesk.key-id-is-app")
	case err != nil:
		return err
	case kindOfKey(kid) == keyOfIntegration:
		return inputError("zendesk.integration-key")
	}
	return nil
}
