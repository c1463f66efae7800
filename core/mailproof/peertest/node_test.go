package peertest_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"deskward/core/mailproof"
)

// nodePorts are the doors of smtp/server.mjs.
type nodePorts struct {
	TLS, STARTTLS, Plain, Expired int

	process *os.Process
}

// nodeSMTP starts smtp-server, or skips the test where there is no Node.js or
// the package was not installed.
func nodeSMTP(t *testing.T, j *judge, a *authority) nodePorts {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on the PATH")
	}
	if _, err := os.Stat("smtp/node_modules/smtp-server"); err != nil {
		t.Skip("smtp-server is not installed: run npm ci in core/mailproof/peertest/smtp")
	}
	folder := t.TempDir()
	a.write(t, folder)
	cmd := exec.Command(node, "server.mjs", j.URL, folder)
	cmd.Dir = "smtp"
	var log strings.Builder
	cmd.Stderr = &log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil || log.Len() > 0 {
			t.Errorf("smtp-server ended: %v\n%s", err, log.String())
		}
	})
	var ports nodePorts
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ports)
	}
	if err != nil {
		t.Fatalf("smtp-server did not start: %v", err)
	}
	ports.process = cmd.Process
	return ports
}

func TestNodesSMTPServersVerdictsAreRead(t *testing.T) {
	t.Parallel()
	a, j := newAuthority(t), newJudge(t)
	ports := nodeSMTP(t, j, a)
	t.Run("TLS", func(t *testing.T) {
		peer{
			judge: j, ca: a.pem, scope: scope, narrow: "mail.wrong-scope",
			good: door(mailproof.SMTP, false, ports.TLS), plain: door(mailproof.SMTP, false, ports.Plain), expired: door(mailproof.SMTP, false, ports.Expired),
		}.verdicts(t)
	})
	// With STARTTLS, at a server of its own: the judge counts tries.
	j = newJudge(t)
	ports = nodeSMTP(t, j, a)
	t.Run("STARTTLS", func(t *testing.T) {
		peer{
			judge: j, ca: a.pem, scope: scope, narrow: "mail.wrong-scope",
			good: door(mailproof.SMTP, true, ports.STARTTLS), plain: door(mailproof.SMTP, true, ports.Plain), expired: door(mailproof.SMTP, false, ports.Expired),
		}.verdicts(t)
	})
}

func TestNodesSMTPServerTakesTheTestMailWhole(t *testing.T) {
	t.Parallel()
	a, j := newAuthority(t), newJudge(t)
	sends(t, j, a.pem, door(mailproof.SMTP, true, nodeSMTP(t, j, a).STARTTLS))
}
