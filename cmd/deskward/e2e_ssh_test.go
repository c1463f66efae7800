//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"deskward/core/transport/loopbacktest"
)

// jumpHost is a real sshd on a loopback port, and the client to reach it with.
type jumpHost struct {
	t    testing.TB
	dir  string
	port int
	pid  int
	user string
}

// startSSHD starts sshd as the user of the test. Its sessions get the
// surroundings' environment.
func startSSHD(t testing.TB, s surroundings) *jumpHost {
	t.Helper()
	sshd := "/usr/sbin/sshd" // it wants to be called by its whole path
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("sshd is not installed (Debian package openssh-server; .ci/run installs it)")
	}
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("ssh is not installed (Debian package openssh-client; .ci/run installs it)")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid == "0" { // the folder in which sshd drops root's rights, which no service has made here
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Skip("sshd has no /run/sshd, and it cannot be made:", err)
		}
	}
	h := &jumpHost{t: t, dir: t.TempDir(), port: loopbacktest.FreePort(t), user: me.Username}
	for _, key := range []string{"host", "user"} {
		h.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "deskward test", "-f", h.path(key))
	}
	h.write("authorized_keys", h.read("user.pub"))
	h.write("known_hosts", fmt.Sprintf("[127.0.0.1]:%d %s", h.port, h.read("host.pub")))
	config := []string{
		fmt.Sprintf("ListenAddress 127.0.0.1:%d", h.port), "HostKey " + h.path("host"), "AuthorizedKeysFile " + h.path("authorized_keys"),
		"PidFile none", "UsePAM no", "StrictModes no", "PasswordAuthentication no", "PermitRootLogin prohibit-password", "PrintMotd no", "PrintLastLog no",
		"SetEnv",
	}
	for _, v := range s.vars {
		if name, _, _ := strings.Cut(v, "="); name != "TERM" { // the client brings its own
			config[len(config)-1] += ` "` + v + `"`
		}
	}
	h.write("sshd_config", strings.Join(config, "\n")+"\n")
	log, err := os.Create(h.path("log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(sshd, "-D", "-e", "-f", h.path("sshd_config"))
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.pid = cmd.Process.Pid
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // sessions end with their clients
		_ = cmd.Wait()
		log.Close()
		if t.Failed() {
			t.Logf("sshd said:\n%s", h.read("log"))
		}
	})
	h.reach()
	return h
}

// reach waits until a session with a terminal can be opened.
func (h *jumpHost) reach() {
	h.t.Helper()
	for limit := time.Now().Add(glassPatience); ; time.Sleep(50 * time.Millisecond) {
		out, err := h.ssh([]string{"-tt"}, "true").CombinedOutput()
		if err == nil {
			return
		}
		switch log := h.read("log"); {
		case strings.Contains(log, "account is locked"):
			h.t.Skip("this user's account is locked, and sshd lets it in with PAM only")
		case strings.Contains(log, "chown(/dev/pts"):
			h.t.Skip("sshd gives terminals to root only here: /dev/pts is mounted without gid=5")
		case time.Now().After(limit):
			h.t.Fatalf("no session: %v: %s", err, out)
		}
	}
}

func (h *jumpHost) path(name string) string { return filepath.Join(h.dir, name) }

func (h *jumpHost) read(name string) string {
	h.t.Helper()
	raw, err := os.ReadFile(h.path(name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(raw)
}

func (h *jumpHost) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *jumpHost) run(name string, args ...string) {
	h.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		h.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// ssh is the client on the admin's own machine: options, and what is to be run
// on the jump host.
func (h *jumpHost) ssh(options []string, command ...string) *exec.Cmd {
	args := append([]string{
		"-F", "none", "-p", strconv.Itoa(h.port), "-l", h.user, "-i", h.path("user"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-o", "UserKnownHostsFile=" + h.path("known_hosts"), "-o", "LogLevel=ERROR",
	}, options...)
	cmd := exec.Command("ssh", append(append(args, "127.0.0.1"), command...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "TERM=xterm-256color", "LANG=en_US.UTF-8"}
	return cmd
}

// deskward is deskward on the jump host, in a session with a terminal.
func (h *jumpHost) deskward(args ...string) *exec.Cmd {
	return h.ssh([]string{"-tt"}, append([]string{"exec", "'" + deskwardPath(h.t) + "'"}, args...)...)
}

// overTunnel is an http client of the admin's own machine: what it sends to
// port there goes into the tunnel's end at local. The browser would have the
// same number at both ends, so the Host header keeps it.
func overTunnel(port, local int) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == fmt.Sprintf("127.0.0.1:%d", port) {
			address = fmt.Sprintf("127.0.0.1:%d", local)
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// consentOverSSH makes a store and a connection on the jump host and comes to
// the screen that waits for the answer. It returns the address to open, which
// the admin has the console write into a file, and the port of the answer.
func consentOverSSH(t *testing.T) (h *jumpHost, g *glass, address string, port int) {
	t.Helper()
	sb, endpoints := startSandbox(t)
	fix := sb.Fixtures().OpenID
	s := newSurroundings(t, "DESKWARD_ENDPOINTS="+endpoints)
	h = startSSHD(t, s)
	g = onGlass(t, 80, 24, h.deskward(), typedPassphrase, fix.ClientSecret)
	g.setUp()
	g.press("a")
	g.see("Add a connection")
	g.press(left, tab, tab)
	g.fill(fix.Issuer, "", "", fix.ClientID, fix.ClientSecret, "", "openid email", "", "")
	g.see("Open this address in any browser", "You are on an SSH connection", "ssh -L ")
	nothingOf(t, []string{typedPassphrase, fix.ClientSecret}, h.pid)
	g.press("w")
	g.see("Written to")
	files, err := filepath.Glob(filepath.Join(s.home, "data/deskward/consent-*.txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files with the address: %v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`ssh -L (\d+):127\.0\.0\.1:(\d+) (\S+)@\S+`).FindStringSubmatch(g.screen())
	if line == nil || line[1] != line[2] || line[3] != h.user {
		t.Fatalf("the tunnel line is %q", line)
	}
	port, _ = strconv.Atoi(line[1])
	t.Cleanup(func() {
		if left, _ := filepath.Glob(filepath.Join(s.home, "data/deskward/consent-*.txt")); len(left) > 0 && !t.Failed() {
			t.Errorf("the address is still in %v", left)
		}
	})
	return h, g, strings.TrimSpace(string(raw)), port
}

func TestConsentThroughARealTunnel(t *testing.T) {
	h, g, address, port := consentOverSSH(t)
	local := loopbacktest.FreePort(t)
	tunnel := h.ssh([]string{"-N", "-o", "ExitOnForwardFailure=yes", "-L", fmt.Sprintf("%d:127.0.0.1:%d", local, port)})
	if err := tunnel.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tunnel.Process.Kill(); _ = tunnel.Wait() })
	client := overTunnel(port, local)
	to, err := answerConsent(client, address, "allow")
	if err != nil {
		t.Fatal(err)
	}
	g.until("the tunnel's end", func(string) bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", local))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	// Under the number of another port it is a page of somebody else's.
	other := strings.Replace(to, fmt.Sprintf(":%d/", port), fmt.Sprintf(":%d/", local), 1)
	if status, page := fetch(t, client, other); status != http.StatusNotFound {
		t.Errorf("a Host of another port got %d: %s", status, page)
	}
	g.see("Open this address")
	status, page := fetch(t, client, to)
	if status != http.StatusOK || !strings.Contains(page, "the first check succeeded") {
		t.Errorf("the landing page is %d: %s", status, page)
	}
	g.see("has access to OAuth 2.0", "The first check worked")
	g.leave()
}

func fetch(t testing.TB, client *http.Client, address string) (status int, body string) {
	t.Helper()
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// leave quits and wants a good end.
func (g *glass) leave() {
	g.t.Helper()
	g.press(ctrlC)
	g.end(0)
	g.restored()
}

func TestConsentPastedBackOverSSH(t *testing.T) {
	for name, padding := range map[string]int{"as the browser shows it": 0, "16 KB of it": 16 << 10} {
		t.Run(name, func(t *testing.T) {
			_, g, address, _ := consentOverSSH(t)
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			to, err := answerConsent(client, address, "allow")
			if err != nil {
				t.Fatal(err)
			}
			g.paste("http://127.0.0.1:48105/callback/oauth2?code=canary&state=canary") // of another attempt
			g.see("This answer belongs to another consent")
			if padding > len(to) {
				to += "&padding=" + strings.Repeat("p", padding-len(to)-len("&padding="))
			}
			g.paste(to)
			g.see("has access to OAuth 2.0", "The first check worked")
			if u, err := url.Parse(to); err != nil || strings.Contains(g.printed(), u.Query().Get("code")) {
				t.Errorf("the code was printed (%v)", err)
			}
			g.leave()
		})
	}
}

// TestALostLineEndsTheConsole cuts the connection without a word.
func TestALostLineEndsTheConsole(t *testing.T) {
	t.Parallel()
	h := startSSHD(t, newSurroundings(t))
	g := onGlass(t, 80, 24, h.deskward("--sandbox"))
	g.see("No connections yet")
	all := family(t, h.pid)
	i := slices.IndexFunc(all, func(pid int) bool {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return err == nil && bytes.HasPrefix(raw, []byte(deskwardPath(t)+"\x00"))
	})
	if i < 0 {
		t.Fatalf("deskward is not among sshd's %v", all)
	}
	g.signal(syscall.SIGKILL)
	g.until("the end of deskward", func(string) bool {
		return syscall.Kill(all[i], 0) != nil
	})
}

// TestGuideOfTheSelfClientOverSSH walks the guide by hand, from its first step
// to its report, as an admin in a rehearsal does.
func TestGuideOfTheSelfClientOverSSH(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	h := startSSHD(t, s)
	g := onGlass(t, 80, 24, h.deskward("--sandbox"))
	g.see("No connections yet", "SANDBOX")
	g.press("3")
	g.see("CAN BE STARTED")
	g.press("/", "your own", enter)
	g.see("▌ Zoho Desk auth token to OAuth")
	g.press(enter)
	g.see("Name of this run")
	g.fill("Acme over SSH")
	const (
		tell  = "Do this, then press enter"
		ask   = "tab next field"
		call  = "Enter does it."
		prove = "Enter checks it"
		on    = "Enter goes on to step"
	)
	for i, step := range []struct {
		title, wants string   // what stands on the screen
		keys         []string // what is done, or what is to be seen before going on
	}{
		{"What you need", tell, []string{enter}},
		{"The old auth token", ask, []string{ctrlG, "(rehearsal)", ctrlS}},
		{"Does the old token work?", prove, []string{enter, on, enter}},
		{"Find the right API console", call, []string{enter, on, enter}},
		{"Register a self client", tell, []string{enter}},
		{"Enter the client", ask, []string{ctrlG, "1000.SANDBOX", ctrlS}},
		{"Same owner?", call, []string{enter, on, enter}},
		{"What is it used for?", ask, []string{ctrlS}},
		{"Suggest scopes", call, []string{enter, on, enter}},
		{"Choose the scopes", ask, []string{ctrlS}},
		{"Prepare the connection", call, []string{enter, on, enter}},
		{"Exchange the token", "Type EXCHANGE to go on", []string{"E", "X", "C", "H", "A", "N", "G", "E", enter, on, enter}},
		{"Prove the new tokens", prove, []string{enter, on, enter}},
		{"Change your programs", tell, []string{enter}},
		{"Put into service", call, []string{enter, on, enter}},
		{"Before the old token ends", tell, []string{enter}},
		{"Prove that the old token is dead", "t moves the clock", []string{"t", prove, enter}},
	} {
		g.see(fmt.Sprintf("%d  %s", i+1, step.title), step.wants)
		for _, k := range step.keys {
			if len(k) > len(right) {
				g.see(k)
			} else {
				g.press(k)
			}
		}
	}
	g.see("Finished. 3 of 3 checks proven.", "# Zoho Desk")
	g.press("w")
	g.see("readable by you alone")
	g.leave()
	if reports, err := filepath.Glob(filepath.Join(s.home, "*", "*.md")); err != nil || len(reports) != 1 {
		t.Errorf("reports: %v, %v", reports, err)
	}
}
