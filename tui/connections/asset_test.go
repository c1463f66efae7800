package connections_test

import (
	"testing"
	"time"

	"deskward/core"
	"deskward/core/platform/all"
)

// asset puts a record of an e-mail asset there: proven where it is known by
// what, with what the admin noted.
func (r *rig) asset(noted map[string]string, proven bool) *rig {
	r.t.Helper()
	r.service.Platforms = all.Platforms()
	r.deps.Platforms = r.service.Platforms
	r.add("Acme e-mail", func(c *core.Connection) {
		c.Platform, c.Grant, c.Region, c.Scopes = "webex", core.GrantRecord, "", nil
		c.Account, c.ClientID = "support@acme.example", "100000000001-acme.apps.googleusercontent.com"
		c.Settings = map[string]string{
			"asset_name": "Acme support", "provider": "gmail", "port": "587", "callback": "https://acme.webexconnect.example/callback", "audience": "internal",
		}
		for k, v := range noted {
			c.Settings[k] = v
		}
		if proven {
			c.Check = core.Check{OK: true, At: r.clock.Now().Add(-3 * time.Minute), Note: c.Account}
		}
	})
	r.start(r.width, r.height)
	r.See("Acme e-mail")
	r.press("enter")
	p, err := r.opts.Printer(r.opts.Lang)
	if err != nil {
		r.t.Fatal(err)
	}
	r.See("› Acme e-mail", " c "+p.T("connections.key.check")) // the key works, so the record was read
	return r
}

func assetStates() map[string]func(*rig) {
	noted := map[string]string{
		"proof": "id", "proof_name": "Support mailbox", "generated": "2026-11-20", "forwarding": "5f0c@mail.acme.example", "forwarding_confirmed": "2026-11-21",
		"owner": "owner@acme.example", "service": "Acme Contact Center",
	}
	return map[string]func(*rig){
		"asset":         func(r *rig) { r.asset(noted, true) },
		"asset-unknown": func(r *rig) { r.asset(nil, false) },
		"asset-copy": func(r *rig) {
			r.asset(noted, true)
			r.press("y")
			r.See("▌ Asset name")
		},
	}
}

// A record has no token of its own, and is checked all the same: by what it names.
func TestAnAssetIsCheckedByTheKeyThatItsCardNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.width, r.height = 80, 40
	r.asset(nil, false)
	r.See("proves it by the connection that it names")
	r.press("c")
	r.See("Could not check Acme e-mail", "webex.unproven")
}

// The secret is copied from among the form's values, and the log has it.
func TestAnAssetsSecretIsCopiedFromItsPlaceInTheForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.width, r.height = 80, 40
	r.asset(nil, false)
	r.press("y")
	r.See("Client ID", "Client secret", "Call back URL", "••••••••")
	for range 7 {
		r.press("j")
	}
	r.press("enter")
	r.Until("the sequence for the clipboard", func() bool { return len(r.Raw) > 0 })
	c, err := r.connections.ByName(t.Context(), "Acme e-mail")
	if err != nil {
		t.Fatal(err)
	}
	log, err := r.events.Recent(t.Context(), 10, c.ID)
	if err != nil || len(log) == 0 || log[0].Verb != core.VerbCopied || log[0].Detail["secret"] != core.SecretClientSecret {
		t.Errorf("the log: %+v, %v", log, err)
	}
}
