package keys_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/core/snippet"
	"deskward/tui"
	"deskward/tui/explain"
	"deskward/tui/keys"
	"deskward/tui/screen"
)

func contains(text, want string) bool { return strings.Contains(text, want) }

// one shows the console with one key, at its own screen.
func one(t *testing.T, k core.SigningKey) (*rig, core.SigningKey) {
	t.Helper()
	r := newRig(t)
	k = r.add(k)
	r.start(80, 40)
	r.See(k.Name)
	r.press("enter")
	r.See("› "+k.Name, "stored  mina@jump01")
	return r, k
}

// fill types into the fields of a form, one after the other; "" leaves one.
func (r *rig) fill(values ...string) {
	r.t.Helper()
	for i, v := range values {
		if i > 0 {
			r.press("tab")
		}
		r.Type(v)
	}
}

func TestFormKeepsAMessagingKeyAndOpensIt(t *testing.T) {
	t.Parallel()
	r := newRig(t).start(80, 24)
	r.See("No signing keys yet")
	r.press("a")
	r.See("Create key")
	r.press("tab")
	r.fill("https://acme.zendesk.com/agent", webKID)
	r.See("acme messaging") // the proposed name
	r.press("tab")
	r.Paste(webSecret + "\n")
	if contains(r.Text(), webSecret[:8]) {
		t.Errorf("the secret is on the screen:\n%s", r.Text())
	}
	r.press("tab")
	r.fill(webSecret[:6], "Acme Games", "2026-11-02")
	r.press("ctrl+s")
	r.See("acme messaging is stored", "› acme messaging", "in service nowhere", "2026-11-02")
	k := r.byName("acme messaging")
	if k.Account != "acme" || k.KID != webKID || k.Secret().Reveal() != webSecret || k.Brand != "Acme Games" {
		t.Errorf("stored %+v", k)
	}
}

func TestEachMistakeIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	guessable := "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for name, c := range map[string]struct {
		typed []string // account, kid, secret, begins, brand, made, name
		see   string
		field string
	}{
		"account":       {[]string{"not an account", webKID, webSecret}, "can't be the subdomain", "Zendesk account"},
		"kid":           {[]string{"", webSecret, webSecret}, "does not look like a key id", "Key ID"},
		"known kid":     {[]string{"acme", oldKID, webSecret}, "kept already, as kept", "Key ID"},
		"no secret":     {[]string{"", webKID, ""}, "This is needed.", "Shared secret"},
		"blank inside":  {[]string{"", webKID, "canary with blanks in it, and long"}, "a blank or a line break", "Shared secret"},
		"kid as secret": {[]string{"", webKID, webKID}, "This is the key id, not the secret", "Shared secret"},
		"guessable":     {[]string{"", webKID, guessable}, "could be guessed", "Shared secret"},
		"same secret":   {[]string{"", webKID, oldSecret}, "kept already, as kept", "Shared secret"},
		"begins":        {[]string{"", webKID, webSecret, "Zk3vW-"}, "does not begin with the six", "Begins with"},
		"date":          {[]string{"", webKID, webSecret, "", "", "yesterday"}, "That is not a date", "Made on"},
		"name":          {[]string{"", webKID, webSecret, "", "", "", "kept"}, "Another signing key has this name", "Name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			kept := web()
			kept.Name, kept.KID, kept.Secrets = "kept", oldKID, secrets(oldSecret)
			r.add(kept)
			r.start(80, 40)
			r.See("kept")
			r.press("a", "tab")
			for i, v := range c.typed {
				if i > 0 {
					r.press("tab")
				}
				for range 40 * (i / 6) { // the proposed name
					r.press("backspace")
				}
				r.Type(v)
			}
			r.press("ctrl+s")
			r.See(c.see)
			r.See("▸ " + c.field)
			if all, err := r.keys.List(t.Context()); err != nil || len(all) != 1 {
				t.Errorf("stored %+v, %v", all, err)
			}
		})
	}
}

func TestTheEleventhMessagingKeyNamesTheUnused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range core.MaxMessagingKeys {
		k := web()
		k.Name, k.KID, k.Secrets = fmt.Sprint("key ", i), fmt.Sprintf("%s%02d", webKID, i), secrets(fmt.Sprintf("%02d%s", i, webSecret))
		k = r.add(k)
		if i != 3 {
			if _, err := r.keys.Deploy(t.Context(), k.ID, "shop"); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.start(80, 40)
	r.See("10 keys")
	r.press("a", "tab")
	r.fill("acme", webKID, webSecret)
	r.press("ctrl+s")
	r.See("at most 10 messaging keys", "in use: key 3.", "▸ Kind")
}

func TestASecondChatSecretIsRefusedAtItsAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add(chat())
	r.start(80, 40)
	r.See("chat")
	r.press("a", "right")
	r.See("Widget security")
	r.press("tab")
	r.fill("acme", webSecret)
	r.press("ctrl+s")
	r.See("one secret, and it is kept as chat", "▸ Zendesk account")
}

func TestASecretTypedForOneKindIsNotTakenForAnothers(t *testing.T) {
	t.Parallel()
	r := newRig(t).start(80, 40)
	r.See("No signing keys yet")
	r.press("a", "tab", "tab", "tab")
	r.Type(webSecret)
	r.See("••••")
	r.press("shift+tab", "shift+tab", "shift+tab", "right")
	r.Gone("••••")
}

func TestHalfFilledFormIsKept(t *testing.T) {
	t.Parallel()
	r := newRig(t).start(80, 24)
	r.See("No signing keys yet")
	r.press("a", "tab")
	r.Type("acme-half")
	r.press("esc")
	r.See("No signing keys yet", "What you typed is kept")
	r.press("a")
	r.See("acme-half", "still here")
	r.press("ctrl+x")
	r.Gone("acme-half")
}

func TestKeyListIsFetchedOrPasted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var asked string
	fail := errors.New("no route to host")
	r.deps.FetchKeyList = func(_ context.Context, id string) (string, error) {
		asked = id
		return "", &core.Error{Tried: "call", Code: "network", Err: fail}
	}
	r.start(80, 40)
	r.See("No signing keys yet")
	r.press("a", "left", "tab")
	r.Type(project)
	r.press("tab", "right")
	r.See("fetched when you save")
	r.press("ctrl+s")
	r.See("▸ Key list")
	if asked != project {
		t.Errorf("asked for %q", asked)
	}
	r.Type("no JSON at all")
	r.press("ctrl+s")
	r.See("x ")
	if all, _ := r.keys.List(t.Context()); len(all) != 0 {
		t.Errorf("stored %+v", all)
	}
}

// What the list of keys was refused for stands beside its field, and can be
// explained there until the field is changed.
func TestWhyTheKeyListCouldNotBeHadIsExplainedInTheForm(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	words := r.opts.Explain
	r.opts.Explain = func(err error, p *locale.Printer) screen.Explanation {
		x := words(err, p)
		x.More = core.CodeOf(err) == "xsolla.rate-limited"
		return x
	}
	r.opts.About = func(err error) screen.Screen {
		return explain.New(explain.Deps{Text: advice.Words(err), Explain: func(text string, _ locale.Lang) (advice.Answer, error) { return advice.Answer{Text: text}, nil }})
	}
	r.deps.FetchKeyList = func(context.Context, string) (string, error) {
		return "", &core.Error{Tried: "fetch-keys", On: project, Code: "xsolla.rate-limited", Class: core.Failed}
	}
	r.start(80, 40)
	r.See("No signing keys yet")
	r.press("a", "left", "tab")
	r.Type(project)
	r.press("tab", "right", "ctrl+s")
	r.See("▸ Key list", "ctrl+o explain")
	r.press("ctrl+o")
	r.See("Explain an error", "xsolla.rate-limited")
	r.press("esc")
	r.See("▸ Key list", "ctrl+o explain")
	r.Type("{")
	r.Gone("ctrl+o explain")
}

func TestSandboxFillsInAKey(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.deps.Sandbox = func(k core.KeyKind, _ string) map[string]string {
		return map[string]string{"account": "sandbox-" + string(k), "secret": chatSecret}
	}
	r.start(80, 40)
	r.See("This is the sandbox")
	r.press("a", "right", "ctrl+g")
	r.See("sandbox-chat chat")
	r.press("ctrl+s")
	r.See("is stored")
	if k := r.byName("sandbox-chat chat"); k.Secret().Reveal() != chatSecret {
		t.Errorf("stored %+v", k)
	}
}

func TestSecretIsShownForTenSecondsAndTheLogHasItFirst(t *testing.T) {
	t.Parallel()
	r, k := one(t, web())
	if contains(r.Text(), webSecret[:7]) {
		t.Fatal("shown without being asked")
	}
	r.press("space")
	r.See(webSecret, "hidden again in 10 s")
	if ev := r.lastEvent(k.ID); ev.Verb != core.VerbRevealed {
		t.Errorf("shown, but the log says %v", ev)
	}
	r.press("space")
	r.Gone(webSecret)
	r.press("space")
	r.See(webSecret)
	r.clock.Advance(11 * time.Second)
	r.Gone(webSecret)
}

func TestASecretHiddenElsewhereIsTakenOffTheScreen(t *testing.T) {
	t.Parallel()
	r, k := one(t, web())
	r.press("space")
	r.See(webSecret)
	if _, err := r.keys.Hide(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	r.press("d", "esc") // reads it again
	r.Gone(webSecret)
	r.See("hidden for ever: used")
}

func TestHidingAsksForTheWordAndThenNothingShowsIt(t *testing.T) {
	t.Parallel()
	r, k := one(t, web())
	r.press("H")
	r.See("This can't be undone", "Type HIDE")
	r.press("enter")
	if r.byName(k.Name).Hidden() {
		t.Fatal("hidden without the word")
	}
	r.Type("hide")
	r.press("enter")
	r.See("Type it exactly")
	for range "hide" {
		r.press("backspace")
	}
	r.Type("HIDE")
	r.press("enter")
	r.See("is hidden for ever", "never shown, copied or shared")
	r.press("space")
	r.See("The secret is hidden for ever.")
	r.press("y")
	r.See("key ID")
	if contains(r.Text(), "shared secret") {
		t.Errorf("offered to copy:\n%s", r.Text())
	}
}

func TestCopyingASecretIsRecordedBeforeItLeaves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := r.add(chat())
	r.start(80, 24)
	r.See("chat")
	r.press("y")
	r.See("shared secret")
	r.press("j", "j", "enter")
	r.Until("the sequence for the clipboard", func() bool { return len(r.Raw) > 0 })
	if ev := r.lastEvent(k.ID); ev.Verb != core.VerbCopied {
		t.Errorf("log %v", ev)
	}
}

func TestPlacesAreNotedAndTakenOff(t *testing.T) {
	t.Parallel()
	r, k := one(t, web())
	r.press("d")
	r.See("nowhere, as far as is known")
	r.Type("shop backend")
	r.press("enter")
	r.See("Noted: in service at shop backend")
	r.Type("mobile API")
	r.press("enter")
	r.See("Noted: in service at mobile API")
	r.press("up", "ctrl+x")
	r.See("no longer in service at shop backend")
	r.Type("half")
	r.press("esc")
	r.See("In service at one place.", "mobile API")
	if got := r.byName(k.Name).Deployments; len(got) != 1 || got[0].Where != "mobile API" {
		t.Errorf("noted %+v", got)
	}
	r.press("d")
	r.See("New place  half")
}

func TestRetiringTakesTheKeyOutOfService(t *testing.T) {
	t.Parallel()
	r, _ := one(t, web())
	r.press("T")
	r.See("deskward deletes nothing at the vendor", "Type RETIRE")
	r.Type("RETIRE")
	r.press("enter")
	r.See("is retired", "The vendor has not had this key since")
	r.press("d")
	r.See("The vendor no longer has this key.")
}

func TestReplacingASecretErasesTheFormerAndSaysMistakesAtTheField(t *testing.T) {
	t.Parallel()
	r, k := one(t, chat())
	r.press("P")
	r.See("is erased", "New secret")
	r.fill("short", "REPLACE")
	r.press("enter")
	r.See("could be guessed", "▸ New secret")
	for range "short" {
		r.press("backspace")
	}
	r.Paste(webSecret)
	r.press("ctrl+s")
	r.See("has its new secret", "secret replaced")
	if got := r.byName(k.Name).Secret().Reveal(); got != webSecret {
		t.Errorf("kept %q", got)
	}
}

func TestRemovingAsksForTheName(t *testing.T) {
	t.Parallel()
	r, _ := one(t, web())
	r.press("x")
	r.See("At the vendor the key stays valid", "Type web 2026")
	r.Type("web")
	r.press("enter")
	r.See("Type it exactly")
	r.Type(" 2026")
	r.press("enter")
	r.See("No signing keys yet", "is removed")
}

func TestSomebodyFasterIsExplainedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	r, k := one(t, web())
	r.press("R")
	r.See("New name")
	r.Type(" b")
	if _, err := r.keys.Deploy(t.Context(), k.ID, "elsewhere"); err != nil {
		t.Fatal(err)
	}
	r.press("enter")
	r.See("Somebody else changed it meanwhile", "web 2026 b")
	r.press("enter")
	r.See("has its new name")
	if got := r.byName("web 2026 b"); len(got.Deployments) != 1 {
		t.Errorf("the other change is lost: %+v", got)
	}
}

func TestKeyRemovedByAnotherSessionIsTold(t *testing.T) {
	t.Parallel()
	for _, presses := range [][]string{{"enter"}, {"y"}, {"d"}, {"R"}, {"H"}} {
		r := newRig(t)
		k := r.add(web())
		r.start(80, 24)
		r.See("web 2026")
		if err := r.keys.Remove(t.Context(), k.ID, k.Rev); err != nil {
			t.Fatal(err)
		}
		r.press(presses...)
		r.See("Somebody else removed this key", "No signing keys yet")
	}
}

func TestKeysThatCannotWorkSayWhy(t *testing.T) {
	t.Parallel()
	r, _ := one(t, web())
	for key, why := range map[string]string{"P": "never gets another secret", "i": "no screen for it here"} {
		r.press(key)
		r.See(why)
	}
}

func TestWhatSigningInChangesIsOpenedFromTheListAndFromThePalette(t *testing.T) {
	t.Parallel()
	for _, press := range [][]string{{"w"}, {":", "what signing", "enter"}} {
		r := newRig(t)
		r.deps.Walk = func() screen.Screen { return lockedScreen{} }
		r.start(80, 24)
		r.seeKey("keys.empty.head")
		for _, p := range press {
			if strings.Contains(p, " ") {
				r.Type(p)
			} else {
				r.press(p)
			}
		}
		r.See("locked now")
	}
	r := newRig(t).start(80, 24)
	r.seeKey("keys.empty.head")
	r.press("w")
	r.See("deskward keys walk")
}

func TestATokenIsInspectedWithAnyKeyFromTheListAndWithTheOneOfADetail(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := r.add(web())
	var asked []string
	r.deps.Inspect = func(id string) screen.Screen {
		asked = append(asked, id)
		return r.opts.Sections[0].Open()
	}
	r.start(80, 24)
	r.See("web 2026")
	r.press("i", "esc")
	r.open("web 2026")
	r.press("i")
	if !slices.Equal(asked, []string{"", k.ID}) {
		t.Errorf("asked for %q", asked)
	}
}

func TestFilterFindsByWordsKindAndState(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string][]string{
		"web": {"web 2024", "web 2026"}, "kind:chat": {"chat"}, "state:weak": {"web 2024"}, "state:hidden": {"chat"}, "state:ret": {"outlet"},
		"account:acme kind:m": {"web 2024", "web 2026", "outlet"}, oldKID[:9]: {"web 2024", "outlet"}, "kind:": {"login", "chat"}, "no such": nil,
	} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.some()
			r.start(80, 24)
			r.See("web 2026")
			r.press("/")
			r.Type(filter)
			names := []string{"web 2024", "web 2026", "chat ", "outlet", "login "}
			table, _, _ := strings.Cut(r.Text(), "\n\n\n")
			for _, n := range names {
				row := slices.ContainsFunc(strings.Split(table, "\n"), func(l string) bool {
					return strings.HasPrefix(l, "    "+n) || strings.HasPrefix(l, "  ▌ "+n)
				})
				if asked := slices.Contains(want, strings.TrimSpace(n)); filter != "kind:" && row != asked || filter == "kind:" && !row {
					t.Errorf("%s in sight: %v\n%s", n, row, r.Text())
				}
			}
		})
	}
}

func TestLockingWhileTypingLeavesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.opts.Guard = tui.Guard{
		After: 10 * time.Minute, Locked: r.locked.Load, Lock: func() { r.locked.Store(true) },
		Screen: func() screen.Screen { return lockedScreen{} },
	}
	r.start(80, 24)
	r.See("No signing keys yet")
	r.press("a", "tab", "tab", "tab")
	r.Paste(webSecret)
	r.See("••••")
	r.press("esc")
	r.press("ctrl+l")
	r.Until("the wiped key", r.locked.Load)
	r.See("locked now")
	r.locked.Store(false)
	r.press("u")
	r.See("No signing keys yet")
	r.press("a")
	r.See("Create key")
	if contains(r.Text(), "••••") || contains(r.Text(), "still here") {
		t.Errorf("what was typed outlived the lock:\n%s", r.Text())
	}
}

func TestLanguageChangesUnderAnOpenScreen(t *testing.T) {
	t.Parallel()
	r, _ := one(t, web())
	r.press("L")
	r.See("配置先")
	r.press("L")
	r.See("In service")
}

func TestNothingTicksUnlessASecretIsShown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	detail := keys.Detail(r.deps, r.add(web()).ID)
	ticker := detail.(screen.Ticker)
	r.opts.Sections[0].Open = func() screen.Screen { return detail }
	r.start(80, 40)
	r.See("mina@jump01")
	if ticker.Ticking() {
		t.Error("ticks while nothing is shown")
	}
	r.press("space")
	r.See(webSecret)
	if !ticker.Ticking() {
		t.Error("does not count down")
	}
	r.press("space")
	r.Gone(webSecret)
	if ticker.Ticking() {
		t.Error("ticks on")
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
			r.See("web 2026")
			for _, k := range []string{"j", "/", "a", "esc", "enter", "j", "G", "esc", "a", "tab", "tab", "tab", "left", "esc", "y", "esc", "x", "esc", "R", "esc", "d", "esc", "H", "esc", "T", "esc"} {
				r.press(k)
				r.Fits(size[0], size[1])
			}
		}
	}
}

func TestCodeIsShownAndCopiedWhole(t *testing.T) {
	t.Parallel()
	r, k := one(t, web())
	want, err := snippet.Render(assets.Snippets, snippet.WebMessenger, snippet.Values{Key: k.Summary(), Say: r.say()})
	if err != nil {
		t.Fatal(err)
	}
	r.press("n")
	r.See("web-messenger.js")
	r.press("enter")
	r.See("loginUser", "› web-messenger.js")
	r.press("y")
	r.Until("the sequence for the clipboard", func() bool { return len(r.Raw) > 0 })
	if got := copiedText(t, r.Raw[0]); got != want {
		t.Errorf("copied %q", got)
	}
}

func TestAKeyThatVerifiesHasNoCode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add(core.SigningKey{Name: "login", Kind: core.KeyXsolla, Secrets: secrets(oldSecret)})
	r.start(80, 24)
	r.See("login")
	r.press("n")
	r.See("it verifies tokens")
}

// copiedText is what a sequence puts on the clipboard (OSC 52).
func copiedText(t testing.TB, sequence string) string {
	t.Helper()
	_, payload, ok := strings.Cut(sequence, "52;c;")
	raw, err := base64.StdEncoding.DecodeString(strings.TrimRight(payload, "\a\x1b\\"))
	if !ok || err != nil {
		t.Fatal(ok, err, sequence)
	}
	return string(raw)
}
