//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"deskward/core/sandbox"
)

// hostileName is a connection's name that would be markup if the landing page
// did not escape it.
const hostileName = `<img src=x onerror="document.title='broken'"> & <b>Söhne</b>`

// TestConsentInChromium has a real browser carry the answer: from the consent
// page to deskward's landing page, which says that it worked when it has
// worked, and never before.
func TestConsentInChromium(t *testing.T) {
	sb, endpoints := startSandbox(t)
	s := newSurroundings(t, "DESKWARD_ENDPOINTS="+endpoints)
	s.makeStore(t)
	fix := sb.Fixtures()
	oauth2 := []string{"oauth2", "--issuer", fix.OpenID.Issuer, "--client-id", fix.OpenID.ClientID, "--client-secret-file", s.file(t, fix.OpenID.ClientSecret), "--scope", "openid", "--scope", "email"}
	zoho := []string{"zoho", "--grant", "code", "--region", fix.Zoho.Region, "--account", fix.Zoho.OrgID, "--client-id", fix.Zoho.WebClientID, "--client-secret-file", s.file(t, fix.Zoho.WebClientSecret)}
	for _, z := range fix.Zoho.Scopes {
		zoho = append(zoho, "--scope", z)
	}
	browser := startChromium(t)
	const worked, failed, unchecked = "Connected, and the first check succeeded", "Not connected", "Connected, but not checked yet"
	for name, tc := range map[string]struct {
		args   []string
		fault  sandbox.Fault
		heads  string
		says   string
		code   int
		before []string // calls that must have been answered before the page is seen
	}{
		"oauth2":                         {args: oauth2, heads: worked, says: hostileName, before: []string{"/token", "/userinfo"}},
		"oauth2, the token call is slow": {args: oauth2, fault: sandbox.Fault{Path: "/token", Latency: 300 * time.Millisecond, Times: 1}, heads: worked, says: hostileName, before: []string{"/token", "/userinfo"}},
		"oauth2, the token call fails":   {args: oauth2, fault: sandbox.Fault{Path: "/token", Status: 503}, heads: failed, says: hostileName, code: 6, before: []string{"/token"}},
		"oauth2, the client is refused":  {args: slices.Concat(oauth2, []string{"--client-secret-file", s.file(t, "canary-of-another-client")}), heads: failed, says: hostileName, code: 4, before: []string{"/token"}},
		"oauth2, no check":               {args: oauth2, fault: sandbox.Fault{Path: "/userinfo", Status: 503}, heads: unchecked, says: "503", code: 1, before: []string{"/token", "/userinfo"}},
		"zoho":                           {args: zoho, heads: worked, says: hostileName, before: []string{"/oauth/v2/token"}},
		"zoho, the token call is a page": {args: zoho, fault: sandbox.Fault{Service: "zoho.accounts", Path: "/oauth/v2/token", HTML: true}, heads: failed, says: hostileName, code: 6, before: []string{"/oauth/v2/token"}},
	} {
		t.Run(name, func(t *testing.T) {
			sb.ClearFaults()
			already := len(sb.Calls())
			sb.SetFault(tc.fault)
			full := append([]string{"connect", tc.args[0], "--no-browser", "--name", hostileName + " " + name}, tc.args[1:]...)
			c := s.startConnect(t, full...)
			p := browser.open(c.address)
			p.allow()
			seen := p.until("the landing page", func(s sight) bool { return strings.HasPrefix(s.Path, "/callback/") })
			calls := sb.Calls()[already:]
			for _, path := range tc.before {
				if !slices.ContainsFunc(calls, func(c sandbox.Call) bool { return c.Path == path && c.Status != 0 }) {
					t.Errorf("the page was there before %s was answered", path)
				}
			}
			last := seen[len(seen)-1]
			if last.Title != "deskward: "+tc.heads || !strings.Contains(last.Text, tc.heads) || !strings.Contains(last.Text, tc.says) {
				t.Errorf("the landing page is %s", last)
			}
			if len(last.Tags) > 0 {
				t.Errorf("the landing page has %v", last.Tags)
			}
			for _, at := range seen {
				if tc.heads != worked && strings.Contains(at.Text, worked) {
					t.Errorf("the browser was told too early: %s", at)
				}
			}
			c.end(t, tc.code)
		})
	}
}

// makeStore makes a store that an age key opens: unlike a passphrase, without
// seconds of arithmetic at each start.
func (s *surroundings) makeStore(t testing.TB) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s.vars = append(s.vars, "DESKWARD_IDENTITY="+s.file(t, id.String()))
	if out, err := s.deskward(t, "init", "--recipient", id.Recipient().String()).CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
}

// file writes a text into a file of its own and returns its path.
func (s surroundings) file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// connecting is a deskward connect that waits for its answer.
type connecting struct {
	cmd     *exec.Cmd
	stderr  bytes.Buffer
	address string // that it printed
	ended   chan error
}

func (s surroundings) startConnect(t testing.TB, args ...string) *connecting {
	t.Helper()
	c := &connecting{cmd: s.deskward(t, args...), ended: make(chan error, 1)}
	c.cmd.Stderr = &c.stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() }) // it may have ended
	c.address, err = bufio.NewReader(out).ReadString('\n')
	c.address = strings.TrimSpace(c.address)
	go func() { c.ended <- c.cmd.Wait() }()
	if err != nil {
		<-c.ended
		t.Fatalf("no address was printed: %v\n%s", err, &c.stderr)
	}
	return c
}

// end waits for the command's end and wants that exit code.
func (c *connecting) end(t testing.TB, code int) {
	t.Helper()
	select {
	case <-c.ended:
	case <-time.After(glassPatience):
		t.Fatal("connect does not end")
	}
	if got := c.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d\n%s", got, code, &c.stderr)
	}
}
