package connections_test

import (
	"slices"
	"testing"
	"time"

	"deskward/core"
)

func TestAChangedSecretIsStoredAndWhatIsLeftEmptyStays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("E")
	r.See("Account to expect")
	r.Type("canary-new-secret")
	r.press("ctrl+s")
	r.See("is changed. Check it")
	c := r.byName("Acme Japan")
	if got := c.Secrets[core.SecretClientSecret].Reveal(); got != "canary-new-secret" {
		t.Errorf("the client secret is %q", got)
	}
	if !c.Secrets[core.SecretRefreshToken].Equal(before.Secrets[core.SecretRefreshToken]) || !slices.Equal(c.Scopes, before.Scopes) || c.ClientID != before.ClientID {
		t.Error("what was not typed changed too")
	}
	if c.Check.OK {
		t.Error("the check of the former secret still stands")
	}
	events, err := r.events.Recent(t.Context(), 9, before.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(events, func(e core.Event) bool {
		return e.Verb == core.VerbChanged && e.Detail["what"] == core.SecretClientSecret
	}) {
		t.Error("the log does not say what was changed")
	}
}

func TestAnEditKeepsWhatAnotherSessionChangedMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	change := func(fn func(*core.Connection)) {
		t.Helper()
		if _, err := r.connections.Change(t.Context(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error { fn(c); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("E")
	r.See("Account to expect")
	r.press("tab", "tab")
	r.Paste("99")
	change(func(c *core.Connection) { c.Account, c.Expect = "777", "mina@acme.example" })
	r.press("ctrl+s")
	r.See("Somebody else changed it meanwhile", "mina@acme.example")
	r.press("ctrl+s")
	r.See("is changed. Check it")
	if got := r.byName("Acme Japan"); got.Account != c.Account+"99" || got.Expect != "mina@acme.example" {
		t.Errorf("account %q, expected %q", got.Account, got.Expect)
	}
}

func TestAHalfFilledEditIsThereAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("E")
	r.See("Account to expect")
	r.press("tab", "tab")
	r.Paste("99")
	r.press("esc")
	r.See("1 connection")
	r.press("E")
	r.See("99")
}

func TestTheEndOfAClientSecretIsNotedWithoutLosingTheCheckAndGoesWithTheSecret(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("E")
	r.See("Client secret ends on")
	r.press("tab")
	r.Type("soon")
	r.press("ctrl+s")
	r.See("is no date")
	r.press("ctrl+u")
	r.Type("2026-11-25")
	r.press("ctrl+s")
	r.See("is changed. Check it", "secret ends 2 d")
	c := r.byName("Acme Japan")
	if !c.Check.OK || !c.SecretEndsAt.Equal(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("ends at %v, last check good: %v", c.SecretEndsAt, c.Check.OK)
	}
	r.press("enter")
	r.See("The client secret ends in 2 d", "takes the new secret", "Stored")
	r.press("E")
	r.See("Client secret ends on", "2026-11-25")
	r.Type("canary-new-secret")
	r.press("ctrl+s")
	r.See("is changed. Check it")
	if c := r.byName("Acme Japan"); !c.SecretEndsAt.IsZero() {
		t.Errorf("the new secret has the end of the former one: %v", c.SecretEndsAt)
	}
}
