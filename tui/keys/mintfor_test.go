package keys_test

import (
	"testing"

	"deskward/core"
	"deskward/core/visitortoken"
	"deskward/tui"
	"deskward/tui/keys"
	"deskward/tui/screen"
)

// mintFor is a console whose section signs a token for mina, with these keys
// kept.
func mintFor(t *testing.T, all ...core.SigningKey) *rig {
	t.Helper()
	r := newRig(t)
	for _, k := range all {
		r.add(k)
	}
	v := visitortoken.Visitor{ExternalID: "usr_12345", Name: "Mina", Email: "mina@example.com", EmailVerified: true}
	r.opts.Sections = []tui.Section{{ID: "visitors", Title: "section.visitors", Open: func() screen.Screen { return keys.MintFor(r.deps, v) }}}
	return r.start(80, 24)
}

func TestTokenForAKnownPersonIsFilledInWithTheOneKeyThereIs(t *testing.T) {
	t.Parallel()
	r := mintFor(t, web())
	r.See("Sign a messaging token with web 2026", `"external_id":"usr_12345","name":"Mina`, `"email_verified":true`)
	r.press("tab", "tab", "tab", "tab", "enter")
	r.See("Signed with web 2026")
	if _, claims := claimsOf(t, r.shown(), webSecret, r.clock.Now()); claims["external_id"] != "usr_12345" || claims["email"] != "mina@example.com" {
		t.Errorf("signed %v", claims)
	}
}

func TestTokenForAKnownPersonAsksWhichOfSeveralKeysSigns(t *testing.T) {
	t.Parallel()
	r := mintFor(t, web(), chat())
	r.See("Which key signs the token?", "web 2026", "chat")
	r.Fits(80, 24)
	r.press("down", "enter")
	r.See("Sign a messaging token with web 2026", "usr_12345")
}

func TestTokenForAKnownPersonSaysThatNoKeySigns(t *testing.T) {
	t.Parallel()
	r := mintFor(t, core.SigningKey{Name: "login", Kind: core.KeyXsolla, Account: project, Secrets: secrets("canaryX" + webSecret)})
	r.See("There is no key that could sign", "go to Signing keys")
}
