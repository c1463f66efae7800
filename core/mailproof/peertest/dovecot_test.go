//go:build unix

package peertest_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"deskward/core/mailproof"
)

// dovecotConfig runs Dovecot by itself as one unprivileged user, in a folder of
// its own. Its OAuth passdb asks the judge of a token by introspection. It
// plain door it would take a token too.
const dovecotConfig = `
base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
default_internal_user = %[2]s
default_internal_group = %[3]s
default_login_user = %[2]s
auth_mechanisms = xoauth2
auth_failure_delay = 0
ssl = yes
disable_plaintext_auth = no
ssl_cert = <%[1]s/good.pem
ssl_key = <%[1]s/good.key
mail_location = maildir:%[1]s/mail/%%u
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = %[1]s/oauth2.conf
}
userdb {
  driver = static
  args = uid=%[4]s gid=%[5]s home=%[1]s/mail/%%u
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = %[6]d
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = %[7]d
    ssl = yes
  }
}
`

const dovecotOAuth = `introspection_mode = post
introspection_url = %s/introspect
username_attribute = email
active_attribute = active
active_value = true
scope = ` + scope + `
timeout_msecs = 20000
`

// dovecot starts a Dovecot with one of the certificates, or skips the test
// where there is none. It returns its doors over TLS and without.
func dovecot(t *testing.T, j *judge, a *authority, certificate string) (tls, plain int) {
	t.Helper()
	program, err := exec.LookPath("dovecot")
	if err != nil {
		if program = "/usr/sbin/dovecot"; !isFile(program) {
			t.Skip("no Dovecot on this machine: install dovecot-imapd")
		}
	}
	if version, err := exec.Command(program, "--version").Output(); err != nil || !strings.HasPrefix(string(version), "2.3.") {
		t.Skipf("the configuration is one of Dovecot 2.3, and this is %s", version)
	}
	// Its sockets' paths must be short, and another user may have to reach them.
	dir, err := os.MkdirTemp("/tmp", "dovecot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	a.write(t, dir)
	me, as := unprivileged(t)
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Skipf("the group of %s has no name", me.Username)
	}
	plain, tls = freePort(t), freePort(t)
	config := fmt.Sprintf(dovecotConfig, dir, me.Username, group.Name, me.Uid, me.Gid, plain, tls)
	config = strings.ReplaceAll(config, "good.", certificate+".")
	for name, text := range map[string]string{"dovecot.conf": config, "oauth2.conf": fmt.Sprintf(dovecotOAuth, j.URL)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if as != nil {
		if err := filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
			if err != nil {
				return err
			}
			return os.Chown(path, int(as.Uid), int(as.Gid))
		}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-F", "-c", filepath.Join(dir, "dovecot.conf"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Skipf("Dovecot cannot be started here: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
		<-ended
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("%s%s", said.String(), log)
		}
	})
	for _, port := range []int{tls, plain} {
		if !listens(port, ended) {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("Dovecot does not listen: %s%s", said.String(), log)
		}
	}
	return tls, plain
}

func isFile(name string) bool {
	i, err := os.Stat(name)
	return err == nil && i.Mode().IsRegular()
}

// unprivileged is who runs Dovecot: this user or, for root, nobody.
func unprivileged(t *testing.T) (*user.User, *syscall.Credential) {
	t.Helper()
	if os.Geteuid() != 0 {
		me, err := user.Current()
		if err != nil {
			t.Skip("this user has no name")
		}
		return me, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("there is no user nobody")
	}
	uid, _ := strconv.ParseUint(nobody.Uid, 10, 32) // numbers, on unix
	gid, _ := strconv.ParseUint(nobody.Gid, 10, 32)
	return nobody, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func listens(port int, ended <-chan error) bool {
	for range 200 {
		select {
		case <-ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			c.Close()
			return true
		}
	}
	return false
}

// Dovecot names "mail" as the scope that it wants, whatever it was set up to
// want: a refusal of its must not pass for one of the scope.
func TestDovecotsVerdictsAreRead(t *testing.T) {
	t.Parallel()
	a, j := newAuthority(t), newJudge(t)
	tls, plain := dovecot(t, j, a, "good")
	expired, _ := dovecot(t, j, a, "expired")
	t.Run("IMAP", func(t *testing.T) {
		peer{
			judge: j, ca: a.pem, scope: "mail", narrow: "mail.token-refused",
			good: door(mailproof.IMAP, false, tls), plain: door(mailproof.IMAP, false, plain), expired: door(mailproof.IMAP, false, expired),
		}.verdicts(t)
	})
}

// That the door without TLS is one: it greets, and takes XOAUTH2.
func TestDovecotsPlainDoorWouldTakeAToken(t *testing.T) {
	t.Parallel()
	_, plain := dovecot(t, newJudge(t), newAuthority(t), "good")
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", plain))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second)) //nolint:errcheck // a fresh socket
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "AUTH=XOAUTH2") {
		t.Errorf("%q, %v", line, err)
	}
}
