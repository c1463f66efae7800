//go:build unix

package peertest_test

import (
	"syscall"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/mailproof"
)

// A server that was stopped still takes connections, since its kernel does, and
// says nothing: no greeting, and no answer to the handshake of TLS.
func TestAServerThatWasStoppedHangs(t *testing.T) {
	t.Parallel()
	a, j := newAuthority(t), newJudge(t)
	ports := nodeSMTP(t, j, a)
	if err := ports.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ports.process.Signal(syscall.SIGCONT) }) //nolint:errcheck // it ends after this
	for _, at := range []mailproof.Server{door(mailproof.SMTP, true, ports.STARTTLS), door(mailproof.SMTP, false, ports.TLS)} {
		p := mailproof.Prover{CA: a.pem, Clock: core.SystemClock{}, StepTime: 500 * time.Millisecond}
		began := time.Now()
		report, err := p.Prove(t.Context(), mailproof.Request{Server: at, User: mailbox, Token: core.NewSecret(tokenGood)})
		if core.CodeOf(err) != "mail.hung" || len(report.Steps) != 1 || report.Steps[0].Name != mailproof.StepConnected {
			t.Errorf("%s: %v %+v", at, err, report.Steps)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: it took %s", at, took)
		}
	}
	if n := j.seen(tokenGood); n > 0 {
		t.Errorf("the token came to the server")
	}
}
