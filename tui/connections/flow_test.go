package connections_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/locale"
)

func TestFormLeadsToConsentAndThatToAProvedConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t).start(80, 24)
	r.See("No connections yet")
	r.press("a")
	r.See("redirect", "/callback/acme", "https://console.acme.example/eu")
	r.press("tab", "tab", "right")
	r.See("https://console.acme.example/jp", "Acme Desk JP")
	r.press("tab")
	r.Type("canary-client")
	r.press("tab")
	r.Type("canary-client-secret")
	if strings.Contains(r.Text(), "canary-client-secret") {
		t.Errorf("the secret is on the screen:\n%s", r.Text())
	}
	r.press("ctrl+s")
	r.See("Open this address", "waiting 5:00")
	c := r.byName("Acme Desk JP")
	if c.Region != "jp" || !slices.Equal(c.Scopes, []string{"tickets.read"}) || c.Secrets[core.SecretClientSecret].Reveal() != "canary-client-secret" {
		t.Errorf("stored %+v", c)
	}
	r.Paste(answerTo(t, r.pending(c.ID)))
	r.See("has access to Acme Desk", "The first check worked", "Acme Inc.")
	r.press("enter")
	r.See("Works, and renews itself", "› Acme Desk JP")
	if got := r.byName("Acme Desk JP"); got.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh-token" || !got.Check.OK {
		t.Errorf("stored %+v", got)
	}
}

func TestHalfFilledFormIsKept(t *testing.T) {
	t.Parallel()
	r := newRig(t).start(80, 24)
	r.See("No connections yet")
	r.press("a", "tab", "tab", "tab")
	r.Type("canary-half")
	r.press("esc")
	r.See("No connections yet", "What you typed is kept")
	r.press("a")
	r.See("canary-half", "still here")
	r.press("ctrl+x")
	r.Gone("canary-half")
	r.press("esc", "a")
	if strings.Contains(r.Text(), "still here") {
		t.Errorf("an untouched form counts as half filled:\n%s", r.Text())
	}
}

func TestWrongValueIsSaidWhenItsFieldIsLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Desk EU", nil)
	r.start(80, 24)
	r.See("Acme Desk EU")
	r.press("a")
	r.See("Acme Desk EU 2") // the proposal is free
	r.press("shift+tab")
	for range len(" 2") {
		r.press("backspace")
	}
	r.press("tab")
	r.See("Another connection has this name.")
}

func TestSecretIsShownForTenSecondsAndTheLogHasItFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	r.start(80, 40)
	r.See("Acme Japan")
	r.press("enter")
	r.See("refresh token")
	if strings.Contains(r.Text(), "canary-client-secret") {
		t.Fatal("shown without being asked")
	}
	r.press("tab", "space")
	r.See("canary-access-token")
	if verbs := r.verbs(c.ID); verbs[len(verbs)-1] != core.VerbRevealed {
		t.Errorf("shown, but the log says %v", verbs)
	}
	r.press("space")
	r.Gone("canary-access-token")
	r.press("space")
	r.See("canary-access-token")
	r.clock.Advance(11 * time.Second)
	r.Gone("canary-access-token")
}

func TestCopyingASecretIsRecordedBeforeItLeaves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("y")
	r.See("access token")
	r.press("G", "enter")
	r.Until("the sequence for the clipboard", func() bool { return len(r.Raw) > 0 })
	if !slices.Contains(r.verbs(c.ID), core.VerbCopied) {
		t.Errorf("log %v", r.verbs(c.ID))
	}
}

func TestCheckAllKeepsFourGoingAndCanBeStopped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const many = 12
	for i := range many {
		r.add(fmt.Sprintf("Acme %02d", i), r.working)
	}
	var now, most atomic.Int32
	begun := make(chan struct{}, many)
	r.vendor.check = func(ctx context.Context, _ string) (core.Check, error) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		begun <- struct{}{}
		<-ctx.Done()
		return core.Check{}, ctx.Err()
	}
	r.start(80, 24)
	r.See("12 connections")
	r.press("C")
	for range 4 {
		<-begun
	}
	r.See("checked 0 of 12", "checking")
	r.press("j", "a", "esc") // the keys are free meanwhile
	r.press("esc")
	r.See("Stopped: 0 work, 0 refused, 12 not checked.")
	if most.Load() != 4 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestCheckAllChecksWhatIsInSightAndCounts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Shop Japan", r.working)
	r.add("Shop Europe", r.working)
	r.add("Other", r.working)
	r.add("Shop new", nil) // nothing to check yet
	bad := r.byName("Shop Japan").ID
	r.vendor.check = func(_ context.Context, id string) (core.Check, error) {
		if id == bad {
			return core.Check{Code: "oauth.invalid_grant"}, nil
		}
		return core.Check{OK: true}, nil
	}
	r.start(80, 24)
	r.See("4 connections")
	r.press("/")
	r.Type("shop")
	r.press("enter")
	r.clock.Advance(time.Hour)
	r.press("C")
	r.See("All checked: 1 work, 1 refused.", "refused: invalid_")
	if c := r.byName("Other"); c.Check.At.Equal(r.clock.Now()) {
		t.Error("a row that was filtered out was checked")
	}
}

func TestOneCheckSaysWhyItWasRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.vendor.check = func(context.Context, string) (core.Check, error) {
		return core.Check{Code: "oauth.invalid_grant"}, nil
	}
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("c")
	r.See("Could not check Acme Japan", "oauth.invalid_grant")
}

func TestRemovingAsksForTheNameAndCanRevokeFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 40)
	r.See("Acme Japan")
	r.press("enter")
	r.See("refresh token")
	r.press("x")
	r.See("Removing does not revoke", "leave the tokens valid")
	r.press("right", "tab")
	r.Type("Acme")
	r.press("enter")
	r.See("Type it exactly")
	r.Type(" Japan")
	r.press("enter")
	r.See("No connections yet", "is removed")
	if r.vendor.revoked != 1 {
		t.Errorf("revoked %d times", r.vendor.revoked)
	}
}

func TestRemovingCanLeaveTheTokensValid(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 40)
	r.See("Acme Japan")
	r.press("x")
	r.See("leave the tokens valid")
	r.press("enter")
	r.Type("Acme Japan")
	r.press("enter")
	r.See("No connections yet", "is removed")
	if r.vendor.revoked != 0 {
		t.Errorf("revoked %d times", r.vendor.revoked)
	}
}

func TestRevokingAsksForAWord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 40)
	r.See("Acme Japan")
	r.press("enter")
	r.See("refresh token")
	r.press("V")
	r.See("This can't be undone", "Type REVOKE")
	r.press("enter")
	if r.vendor.revoked != 0 {
		t.Fatal("revoked without the word")
	}
	r.Type("REVOKE")
	r.press("enter")
	r.See("revoked at the vendor", "Nobody has given consent yet")
	if c := r.byName("Acme Japan"); !c.Secrets[core.SecretAccessToken].Empty() {
		t.Error("the dead token is still stored")
	}
}

func TestSomebodyFasterIsExplainedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("R")
	r.See("New name")
	r.Type(" 2")
	if _, err := r.connections.Change(t.Context(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		c.Account = "60009999999"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	r.press("enter")
	r.See("Somebody else changed it meanwhile", "Acme Japan 2")
	r.press("enter")
	r.See("has its new name")
	if got := r.byName("Acme Japan 2"); got.Account != "60009999999" {
		t.Errorf("the other change is lost: %+v", got)
	}
}

func TestConnectionRemovedByAnotherSessionIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	if err := r.connections.Remove(t.Context(), c.ID, c.Rev); err != nil {
		t.Fatal(err)
	}
	r.press("enter")
	r.See("Somebody else removed this connection", "No connections yet")
}

func TestLanguageChangesUnderAnOpenScreen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Japan", r.working)
	r.start(80, 24)
	r.See("Acme Japan")
	r.press("enter")
	r.See("renews itself")
	r.press("L")
	r.See("自動で更新されます")
	r.press("L")
	r.See("renews itself")
}

func TestKeysThatCannotWorkSayWhy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("Acme Europe", nil)
	r.start(80, 24)
	r.See("Acme Europe")
	for key, why := range map[string]string{"c": "no token yet", "r": "nothing to renew with", "m": "has no announced end", "V": "no token yet"} {
		r.press(key)
		r.See(why)
	}
}

func TestEveryFrameFits(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {51, 14}, {80, 24}, {113, 30}, {200, 60}} {
			r := newRig(t)
			r.opts.Lang = lang
			r.some()
			r.start(size[0], size[1])
			r.See("Acme Japan")
			for _, k := range []string{"j", "/", "a", "esc", "enter", "j", "G", "esc", "a", "tab", "tab", "tab", "esc", "y", "esc", "x", "esc", "R", "esc", "E", "tab", "tab", "esc", "o", "esc"} {
				r.press(k)
				r.Fits(size[0], size[1])
			}
		}
	}
}
