//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"deskward/core/sandbox"
	"deskward/core/transport/loopbacktest"
)

const (
	mailScope   = "https://mail.google.com/"
	labelsScope = "https://www.googleapis.com/auth/gmail.labels"
)

// googleClient is a client's file as the Cloud console offers it.
func (s surroundings) googleClient(t testing.TB, sb *sandbox.Sandbox, clientID string) string {
	t.Helper()
	raw, err := sb.GoogleClientFile(clientID)
	if err != nil {
		t.Fatal(err)
	}
	return s.file(t, string(raw))
}

// TestGoogleConsentInChromium has a person agree on Google's page in a real
// browser: with a desktop client, with a web client that knows one exact
// redirect URI, and with a box unticked.
func TestGoogleConsentInChromium(t *testing.T) {
	sb, endpoints := startSandbox(t)
	s := newSurroundings(t, "DESKWARD_ENDPOINTS="+endpoints)
	s.makeStore(t)
	fix := sb.Fixtures().Google
	registered := fmt.Sprintf("http://127.0.0.1:%d/back/to/deskward", loopbacktest.FreePort(t))
	sb.GoogleRegister(fix.WebClientID, fix.Callback, registered)
	browser := startChromium(t)
	const worked = "Connected, and the first check succeeded"
	for name, tc := range map[string]struct {
		client string
		untick string
		to     string // where the browser comes back to
		heads  string
		code   int
		says   string // on standard error
		grants string // that Google gave
	}{
		"desktop client":                      {client: fix.DesktopClientID, to: "http://127.0.0.1:", heads: worked, says: "is connected and works", grants: mailScope + " " + labelsScope},
		"web client, exact redirect URI":      {client: fix.WebClientID, to: registered, heads: worked, says: "is connected and works", grants: mailScope + " " + labelsScope},
		"desktop client, the mail box is off": {client: fix.DesktopClientID, untick: mailScope, to: "http://127.0.0.1:", heads: "Connected, but these permissions were not granted", says: "Asked for and not granted: " + mailScope, grants: labelsScope},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.startConnect(t, "connect", "google", "--name", name, "--no-browser", "--client-json", s.googleClient(t, sb, tc.client),
				"--set", "audience=testing", "--scope", mailScope, "--scope", labelsScope)
			asked, err := url.Parse(c.address)
			if err != nil || !strings.HasPrefix(asked.Query().Get("redirect_uri"), tc.to) {
				t.Fatalf("the redirect URI is %q (%v)", asked.Query().Get("redirect_uri"), err)
			}
			p := browser.open(c.address)
			if tc.untick != "" {
				p.untick(tc.untick)
			}
			p.allow()
			seen := p.until("the landing page", func(s sight) bool { return strings.HasPrefix(s.Title, "deskward: ") })
			if last := seen[len(seen)-1]; last.Title != "deskward: "+tc.heads || !strings.HasPrefix(p.address(), tc.to) {
				t.Errorf("the browser ended at %s: %s", p.address(), last)
			}
			c.end(t, tc.code)
			if !strings.Contains(c.stderr.String(), tc.says) {
				t.Errorf("connect says\n%s", &c.stderr)
			}
			out, err := s.deskward(t, "connections", "show", name).Output()
			if err != nil || !bytes.Contains(out, []byte(tc.grants)) {
				t.Errorf("what is stored (%v):\n%s", err, out)
			}
		})
	}
}

// googleOverSSH runs connect in an SSH session without a browser, and returns
// the address that it prints and the port of the answer.
func googleOverSSH(t *testing.T) (h *jumpHost, g *glass, address string, port int) {
	t.Helper()
	sb, endpoints := startSandbox(t)
	s := newSurroundings(t, "DESKWARD_ENDPOINTS="+endpoints)
	s.makeStore(t)
	fix := sb.Fixtures().Google
	h = startSSHD(t, s)
	g = onGlass(t, 120, 40, h.deskward("connect", "google", "--name", "Support", "--client-json", s.googleClient(t, sb, fix.DesktopClientID), "--set", "audience=testing", "--expect", fix.Mailbox))
	g.until("the address", func(string) bool { return strings.Contains(g.printed(), "&state=") })
	g.see("You are on an SSH connection")
	address = regexp.MustCompile(`http://127\.0\.0\.1:\d+/o/oauth2/v2/auth\?[^\s\x1b]+`).FindString(g.printed())
	asked, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(asked.Query().Get("redirect_uri"))
	if err != nil {
		t.Fatal(err)
	}
	if port, err = strconv.Atoi(back.Port()); err != nil || !strings.Contains(g.printed(), fmt.Sprintf("ssh -L %d:127.0.0.1:%d ", port, port)) {
		t.Fatalf("the redirect URI is %s (%v), and what is printed\n%s", back, err, g.printed())
	}
	return h, g, address, port
}

// mapped has the browser look for the answer's port elsewhere: on one machine
// a tunnel's two ends cannot have the same number. The address bar and the Host
// header keep it.
func mapped(port, local int) string {
	return fmt.Sprintf("--host-resolver-rules=MAP 127.0.0.1:%d 127.0.0.1:%d", port, local)
}

func TestGoogleConsentInChromiumThroughARealTunnel(t *testing.T) {
	h, g, address, port := googleOverSSH(t)
	local := loopbacktest.FreePort(t)
	browser := startChromium(t, mapped(port, local))
	tunnel := h.ssh([]string{"-N", "-o", "ExitOnForwardFailure=yes", "-L", fmt.Sprintf("%d:127.0.0.1:%d", local, port)})
	if err := tunnel.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tunnel.Process.Kill(); _ = tunnel.Wait() })
	g.until("the tunnel's end", func(string) bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", local))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	p := browser.open(address)
	p.allow()
	seen := p.until("the landing page", func(s sight) bool { return strings.HasPrefix(s.Title, "deskward: ") })
	if last := seen[len(seen)-1]; last.Title != "deskward: Connected, and the first check succeeded" {
		t.Errorf("the landing page is %s", last)
	}
	g.see("Support is connected and works")
	g.end(0)
}

func TestGoogleConsentOfABrowserElsewhereIsPastedBackOverSSH(t *testing.T) {
	_, g, address, port := googleOverSSH(t)
	browser := startChromium(t, mapped(port, loopbacktest.FreePort(t))) // nobody is there: the browser is on another machine
	p := browser.open(address)
	p.allow()
	ended := ""
	g.until("the browser's error page", func(string) bool {
		ended = p.address()
		return strings.HasPrefix(ended, fmt.Sprintf("http://127.0.0.1:%d/", port)) && strings.Contains(ended, "code=")
	})
	g.press(ended, enter) // a terminal pastes so where no program asked for brackets
	g.see("Support is connected and works")
	g.end(0)
}
