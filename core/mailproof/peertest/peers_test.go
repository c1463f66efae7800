package peertest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/mailproof"
)

const (
	mailbox = "support@example.test"
	scope   = "https://mail.google.com/"
)

// The tokens that the judge knows. Every other one is dead.
const (
	tokenGood   = "token-that-works"
	tokenNarrow = "token-of-another-scope"
	tokenSlow   = "token-that-is-looked-up-for-ever"
	tokenBusy   = "token-that-is-looked-up-at-the-second-try"
	tokenDown   = "token-that-can-not-be-looked-up"
)

// judge is the OAuth server that the mail servers ask of a token (RFC 7662),
// and where they leave the mail that they took.
type judge struct {
	*httptest.Server
	done   chan struct{}
	reason string // that servers in process give
	mu     sync.Mutex
	asked  map[string]int
	taken  []string
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	j := &judge{done: make(chan struct{}), reason: refusal, asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /introspect", func(w http.ResponseWriter, r *http.Request) {
		told, ok := j.look(r.FormValue("token"))
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(told) //nolint:errcheck // the other side may have gone
	})
	mux.HandleFunc("POST /taken", func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // what is cut short will be missed
		j.take(string(text))
	})
	j.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		close(j.done)
		j.Close()
	})
	return j
}

func (j *judge) take(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.taken = append(j.taken, text)
}

func (j *judge) mails() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.taken)
}

// seen is how often a token came.
func (j *judge) seen(token string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.asked[token]
}

// look looks a token up; ok is false while that can not be done.
func (j *judge) look(token string) (told map[string]any, ok bool) {
	j.mu.Lock()
	j.asked[token]++
	n := j.asked[token]
	j.mu.Unlock()
	told = map[string]any{"active": true, "email": mailbox, "scope": scope, "exp": time.Now().Add(time.Hour).Unix()}
	switch token {
	case tokenGood:
	case tokenNarrow:
		told["scope"] = "email"
	case tokenSlow:
		<-j.done
	case tokenBusy:
		return told, n > 1
	case tokenDown:
		return nil, false
	default:
		told = map[string]any{"active": false}
	}
	return told, true
}

// opens reports whether a token opens a mailbox, for servers that ask in
// process.
func (j *judge) opens(address, token string) (in, ok bool) {
	told, ok := j.look(token)
	return ok && told["active"] == true && told["email"] == address && told["scope"] == scope, ok
}

// authority signs the certificates of the servers.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the peers"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// leaf is the certificate of a server at 127.0.0.1, in PEM.
func (a *authority) leaf(t *testing.T, until time.Time) (cert, key []byte) {
	t.Helper()
	k := newKey(t)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "mail.example.test"}, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &k.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func (a *authority) config(t *testing.T, until time.Time) *tls.Config {
	t.Helper()
	pair, err := tls.X509KeyPair(a.leaf(t, until))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// write puts a good certificate and one that has expired into a folder, as
// good.pem, good.key, expired.pem and expired.key.
func (a *authority) write(t *testing.T, folder string) {
	t.Helper()
	for name, until := range map[string]time.Time{"good": time.Now().Add(time.Hour), "expired": time.Now().Add(-time.Hour)} {
		cert, key := a.leaf(t, until)
		for end, data := range map[string][]byte{".pem": cert, ".key": key} {
			if err := os.WriteFile(filepath.Join(folder, name+end), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// peer is a mail server that others wrote, at several doors.
type peer struct {
	judge *judge
	ca    []byte

	good    mailproof.Server
	plain   mailproof.Server // without TLS, though it would take a token
	expired mailproof.Server // its certificate has expired

	scope  string // what its challenge names
	narrow string // the code for a token of another scope
}

func door(p mailproof.Protocol, startTLS bool, port int) mailproof.Server {
	return mailproof.Server{Protocol: p, Host: "127.0.0.1", Port: port, StartTLS: startTLS}
}

// verdicts wants the reason of everything that can go wrong at a peer, as it is
// after decoding what the server said.
func (p peer) verdicts(t *testing.T) {
	noTLS := map[bool]string{true: "mail.no-starttls", false: "mail.no-tls"}[p.good.StartTLS]
	request := func(token string) mailproof.Request {
		return mailproof.Request{Server: p.good, User: mailbox, Token: core.NewSecret(token)}
	}
	for _, c := range []struct {
		name, token string
		change      func(*mailproof.Request)
		ca          []byte
		code        string // "": it lets the token in
		reason      bool   // the server gave one first
		unsent      bool   // the token never left
		retried     bool
	}{
		{name: "the right token", token: tokenGood},
		{name: "wrong user", token: tokenGood, reason: true, code: "mail.wrong-user", change: func(r *mailproof.Request) {
			r.User, r.Account = "else@example.test", mailbox
		}},
		{name: "wrong scope", token: tokenNarrow, reason: true, code: p.narrow, change: func(r *mailproof.Request) { r.Granted = []string{"email"} }},
		{name: "expired token", token: "stale", reason: true, code: "mail.token-expired", change: func(r *mailproof.Request) {
			r.Expires = time.Now().Add(-time.Minute)
		}},
		{name: "revoked token", token: "revoked", reason: true, code: "mail.token-refused"},
		{name: "plain TCP", token: "plain", unsent: true, code: noTLS, change: func(r *mailproof.Request) { r.Server = p.plain }},
		{name: "certificate of an unknown authority", token: "unknown", unsent: true, code: "mail.certificate-authority", ca: newAuthority(t).pem},
		{name: "certificate for another name", token: "name", unsent: true, code: "mail.certificate-name", change: func(r *mailproof.Request) { r.Server.Host = "localhost" }},
		{name: "certificate that has expired", token: "old", unsent: true, code: "mail.certificate-expired", change: func(r *mailproof.Request) { r.Server = p.expired }},
		{name: "a server that hangs", token: tokenSlow, code: "mail.hung"},
		{name: "busy, then in", token: tokenBusy, retried: true},
		{name: "busy for ever", token: tokenDown, retried: true, code: "mail.busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			prover := mailproof.Prover{CA: p.ca, Clock: core.SystemClock{}, StepTime: 4 * time.Second, Pause: time.Millisecond}
			if c.ca != nil {
				prover.CA = c.ca
			}
			r := request(c.token)
			if c.change != nil {
				c.change(&r)
			}
			report, err := prover.Prove(t.Context(), r)
			if core.CodeOf(err) != c.code || report.OK != (c.code == "") {
				t.Fatalf("%v, want %q; reply %q, challenge %+v", err, c.code, report.Reply, report.Challenge)
			}
			if c.reason && (report.Challenge == nil || report.Challenge.Scope != p.scope || report.Challenge.Status != "401") {
				t.Errorf("the reason: %+v", report.Challenge)
			}
			has := func(step string) bool {
				return slices.ContainsFunc(report.Steps, func(s mailproof.Step) bool { return s.Name == step })
			}
			if has(mailproof.StepRetry) != c.retried || has(mailproof.StepAuth) != (c.code == "") {
				t.Errorf("%+v", report.Steps)
			}
			if n := p.judge.seen(c.token); c.unsent && n > 0 {
				t.Errorf("the token came to the server %d times", n)
			}
		})
	}
}
