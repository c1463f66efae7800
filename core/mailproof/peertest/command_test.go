package peertest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskward/core/mailproof"
)

// issuer is an OAuth server that gives out a token for a client's credentials
// (RFC 6749 §4.4), at the places that its metadata names (RFC 8414).
type issuer struct {
	*httptest.Server
	token atomic.Value // string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	i.token.Store(tokenGood)
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v) //nolint:errcheck // the other side may have gone
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token",
			"response_types_supported": []string{"code"}, "grant_types_supported": []string{"client_credentials"},
		})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		granted := map[bool]string{true: scope, false: "email"}[i.token.Load() == tokenGood]
		answer(w, map[string]any{"access_token": i.token.Load(), "token_type": "Bearer", "expires_in": 3600, "scope": granted})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// program is the built command with a store of its own.
type program struct {
	t    *testing.T
	path string
	vars []string
}

func newProgram(t *testing.T, ca []byte) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{t: t, path: filepath.Join(dir, "deskward")}
	build := exec.Command("go", "build", "-o", p.path, "./cmd/deskward")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, text := range map[string][]byte{"ca.pem": ca, "passphrase": []byte("a passphrase for tests of peers\n"), "secret": []byte("client-secret\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.vars = append(os.Environ(), "HOME="+dir, "DESKWARD_STORE="+dir+"/deskward.db", "DESKWARD_PASSPHRASE_FILE="+dir+"/passphrase", "DESKWARD_CA="+dir+"/ca.pem", "DESKWARD_LANG=en", "NO_PROXY=*")
	p.run(0, "init")
	return p
}

// run wants an exit code, and returns what was printed.
func (p *program) run(code int, args ...string) string {
	p.t.Helper()
	cmd := exec.Command(p.path, args...)
	cmd.Env, cmd.Dir = p.vars, filepath.Dir(p.path)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		p.t.Fatalf("deskward %s: %v, want exit code %d\n%s", strings.Join(args, " "), err, code, out)
	}
	return string(out)
}

func TestTheCommandProvesAGenericConnectionAtForeignServers(t *testing.T) {
	t.Parallel()
	a, j, i := newAuthority(t), newJudge(t), newIssuer(t)
	smtp := goSMTP(t, j, a.config(t, time.Now().Add(time.Hour)), false)
	imap := goIMAP(t, j, a.config(t, time.Now().Add(time.Hour)))
	at := []string{"--user", mailbox, "--smtp", fmt.Sprintf("smtp://127.0.0.1:%d", smtp), "--imap", fmt.Sprintf("imaps://127.0.0.1:%d", imap)}
	p := newProgram(t, a.pem)
	p.run(0, "connect", "oauth2", "--name", "Generic", "--grant", "client-credentials", "--issuer", i.URL, "--client-id", "deskward", "--client-secret-file", "secret")

	out := p.run(0, append([]string{"mail", "prove", "Generic", "--send-to", "reader@example.test"}, at...)...)
	if strings.Count(out, "Signed in") != 2 || strings.Contains(out, tokenGood) {
		t.Errorf("%s", out)
	}
	var reports []mailproof.Report
	if err := json.Unmarshal([]byte(p.run(0, append([]string{"mail", "prove", "Generic", "--json"}, at...)...)), &reports); err != nil || len(reports) != 2 || !reports[0].OK || !reports[1].OK {
		t.Errorf("%+v, %v", reports, err)
	}
	if got := j.mails(); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}

	i.token.Store(tokenNarrow)
	p.run(0, "connections", "refresh", "Generic")
	if out := p.run(4, append([]string{"mail", "prove", "Generic"}, at...)...); strings.Count(out, "[mail.wrong-scope]") != 2 || !strings.Contains(out, "wants scope "+scope) {
		t.Errorf("%s", out)
	}
	if out := p.run(2, "mail", "prove", "Generic"); !strings.Contains(out, "mail.no-server") {
		t.Errorf("%s", out)
	}
}
