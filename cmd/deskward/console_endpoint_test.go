//go:build unix

package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

const (
	ctrlL = "\x0c"
	ctrlU = "\x15"
)

// TestTheConsolesTokenEndpointOutlivesItsScreenAndEndsWithTheLockAndTheProgram
// also holds that its end is in the log, which takes the store's key: it is
// written before the key is wiped.
func TestTheConsolesTokenEndpointOutlivesItsScreenAndEndsWithTheLockAndTheProgram(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	s.vars = append(s.vars, "DESKWARD_PASSPHRASE_FILE="+s.file(t, typedPassphrase))
	s.must(t, "init")
	s.must(t, "keys", "add", "--kind", "xsolla", "--name", "shop", "--account", "40db2ea4-5d42-11e6-a3ff-005056a0e04a", "--secret-file", s.file(t, e2eLoginSecret))
	s.must(t, "keys", "add", "--kind", "chat", "--name", "Chat", "--account", "acme", "--secret-file", s.file(t, e2eChatSecret))
	g := onGlass(t, 100, 30, s.deskward(t), e2eLoginSecret, e2eChatSecret)
	start := func() (url string) {
		g.see("Connections")
		g.press("2")
		g.see("shop", "Chat")
		g.press("e")
		g.see("Login key", "Listen on")
		g.press(enter, enter, enter, ctrlU, "0", ctrlS)
		g.see("Visitor tokens are being served.", "serving tokens")
		return regexp.MustCompile(`http://127\.0\.0\.1:\d+/generate/token`).FindString(g.screen())
	}
	status := func(url string) int {
		res, err := http.Get(url)
		if err != nil {
			return 0
		}
		res.Body.Close()
		return res.StatusCode
	}

	url := start()
	g.press(esc)
	g.see("Tokens are still served at", "serving tokens")
	if got := status(url); got != http.StatusUnauthorized {
		t.Fatalf("after its screen was left, it answers %d", got)
	}
	g.press("e")
	g.see("1 request, 0 tokens, 1 refused", "serve.no-token")
	g.press(ctrlL)
	g.see("Passphrase")
	g.until("the endpoint's end", func(string) bool { return status(url) == 0 })
	g.gone("serving tokens")
	g.press(typedPassphrase, enter)

	url = start()
	g.press("q")
	g.end(0)
	if got := status(url); got != 0 {
		t.Errorf("after the program's end, it answers %d", got)
	}
	events := s.must(t, "events", "--json")
	if began, ended := strings.Count(events, `"began"`), strings.Count(events, `"ended"`); began != 2 || ended != 2 {
		t.Errorf("%d beginnings and %d ends are in the log:\n%s", began, ended, events)
	}
}

func TestInTheSandboxTheConsoleInspectsAnExampleAndServesAUserOfItsOwn(t *testing.T) {
	t.Parallel()
	g := onGlass(t, 100, 30, newSurroundings(t).deskward(t, "--sandbox"))
	g.see("SANDBOX", "No connections yet")
	g.press("2")
	for _, kind := range []string{left, right} { // Xsolla Login, then Chat
		g.see("a add")
		g.press("a")
		g.see("Add a signing key")
		g.press(kind, ctrlG)
		g.see("sandbox")
		g.press(ctrlS)
		g.gone("Add a signing key")
		g.press(esc)
	}
	g.see("2 keys")
	g.press("i")
	g.see("Why would the vendor refuse this token?")
	g.press(ctrlG)
	g.see("The vendor will refuse this token (Zendesk messaging)", "kid is missing from the header")
	g.press(esc)
	g.see("2 keys")
	g.press("e")
	g.see("Login key", "Listen on")
	g.press(enter, enter, enter, ctrlU, "0", ctrlS)
	g.see("Nobody has asked yet")
	g.press("g")
	g.see("1 request, 1 token, 0 refused")
	g.press(ctrlL)
	g.see("There is nothing to lock here", "serving tokens")
	g.press("x")
	g.see("Stopped after 1 request and 1 token.")
	g.press("q")
	g.end(0)
}
