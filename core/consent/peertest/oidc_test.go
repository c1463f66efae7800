package peertest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport/loopbacktest"
)

// oidcServer is oidc-provider behind a proxy that can be faulty.
type oidcServer struct {
	issuer string // the proxy's address
	direct string // the server's own
	proxy  http.Handler
	mu     sync.Mutex
	fault  func(http.ResponseWriter, *http.Request) bool // true: it answered
	tokens int                                           // requests to the token endpoint
}

// oidc starts the server, or skips the test where there is no Node.js or the
// packages were not installed.
func oidc(t *testing.T) *oidcServer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on the PATH")
	}
	if _, err := os.Stat("oidc/node_modules/oidc-provider"); err != nil {
		t.Skip("oidc-provider is not installed: run npm ci in core/consent/peertest/oidc")
	}
	s := &oidcServer{}
	to := &url.URL{Scheme: "http"} // its host is known when the server has started
	s.proxy = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it names its endpoints by the host it is called by
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		fault := s.fault
		if r.URL.Path == "/token" {
			s.tokens++
		}
		s.mu.Unlock()
		if fault == nil || !fault(w, r) {
			s.proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	s.issuer = front.URL

	cmd := exec.Command(node, "server.mjs", s.issuer)
	cmd.Dir = "oidc"
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		in.Close()
		cmd.Wait() //nolint:errcheck // it ends with its input.
	})
	t.Cleanup(end)
	port, lines := "", bufio.NewScanner(out)
	for port == "" && lines.Scan() {
		if p, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			port = p
		}
	}
	if port == "" {
		end() // the log is whole only then
		t.Fatalf("the server did not start: %s", log.String())
	}
	to.Host = "127.0.0.1:" + port
	s.direct = to.String()
	go io.Copy(io.Discard, out) //nolint:errcheck // so that it never waits for us.
	return s
}

func (s *oidcServer) set(fault func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *oidcServer) tokenRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

// forward moves the server's clock.
func (s *oidcServer) forward(t *testing.T, d time.Duration) {
	t.Helper()
	resp, err := http.Get(fmt.Sprintf("%s/test/forward?seconds=%d", s.direct, int(d.Seconds())))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func (s *oidcServer) connection(session *session) core.Connection {
	session.t.Helper()
	return session.add(core.Connection{
		Issuer: s.issuer, ClientID: "deskward", Scopes: []string{"openid", "email", "offline_access"},
		Secrets: core.Secrets{core.SecretClientSecret: core.NewSecret(clientSecret)},
	})
}

// changed returns an address with one parameter of its query replaced.
func changed(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestOIDCByLoopbackAmidJunk(t *testing.T) {
	t.Parallel()
	peer, s := oidc(t), start(t)
	a := s.begin(peer.connection(s), loopbacktest.FreePort(t))
	if !a.IssRequired {
		t.Error("the server announces iss, and it is not required")
	}
	l := s.listen(a)
	junk(t, a)
	to := browse(t, a.URL, false)
	if status, _ := get(t, changed(t, to, "state", "wrong")); status != http.StatusNotFound {
		t.Errorf("wrong state: status %d", status)
	}
	if status, body := get(t, to); status != http.StatusOK || !strings.Contains(body, "consent.page.done") {
		t.Errorf("page: %d %s", status, body)
	}
	res, err := l.Wait(context.Background())
	if err != nil || !res.Proved() {
		t.Fatalf("result %+v, %v", res, err)
	}
	if note := res.Connection.Check.Note; note != "mina@acme.example" {
		t.Errorf("the first check met %q", note)
	}
	if n := peer.tokenRequests(); n != 1 {
		t.Errorf("%d requests to the token endpoint", n)
	}
}

func TestOIDCByPastedAddressAfterARestart(t *testing.T) {
	t.Parallel()
	peer, before := oidc(t), start(t)
	c := peer.connection(before)
	began := before.begin(c, loopbacktest.FreePort(t))
	to := browse(t, began.URL, false)

	s := before.restart()
	a, err := s.Pending(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`code=([^&]+)`).FindStringSubmatch(to)[1]
	_, err = s.Answer(context.Background(), a.ID, code)
	want(t, err, "consent.paste-whole", core.Usage) // iss is required here
	_, err = s.Answer(context.Background(), a.ID, changed(t, to, "state", "wrong"))
	want(t, err, "consent.paste-other", core.Usage)
	res, err := s.Answer(context.Background(), a.ID, to[:40]+"\n "+to[40:])
	if err != nil || !res.Proved() {
		t.Errorf("result %+v, %v", res, err)
	}
}

func TestOIDCPublicClient(t *testing.T) {
	t.Parallel()
	peer, s := oidc(t), start(t)
	c := s.add(core.Connection{Issuer: peer.issuer, ClientID: "deskward-public", Scopes: []string{"openid", "offline_access"}})
	a := s.begin(c, loopbacktest.FreePort(t))
	res, err := s.Answer(context.Background(), a.ID, browse(t, a.URL, false))
	if err != nil || !res.Proved() {
		t.Errorf("result %+v, %v", res, err)
	}
	if _, err := s.Refresh(context.Background(), c.ID); err != nil {
		t.Errorf("refresh: %v", err)
	}
}

func TestOIDCRefusalsEndTheAttempt(t *testing.T) {
	t.Parallel()
	peer := oidc(t)
	for name, tc := range map[string]struct {
		abort  bool
		change func(t *testing.T, to string) string
		code   string
	}{
		"access denied": {abort: true, code: "oauth.access_denied"},
		"wrong iss":     {change: func(t *testing.T, to string) string { return changed(t, to, "iss", "https://evil.example") }, code: "consent.iss-mismatch"},
		"foreign code":  {change: func(t *testing.T, to string) string { return changed(t, to, "code", "canary") }, code: "oauth.invalid_grant"},
		"expired code": {change: func(t *testing.T, to string) string {
			peer.forward(t, 2*time.Minute)
			return to
		}, code: "oauth.invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) { // not parallel: they share the server's clock
			s := start(t)
			c := peer.connection(s)
			a := s.begin(c, loopbacktest.FreePort(t))
			l := s.listen(a)
			to := browse(t, a.URL, tc.abort)
			if tc.change != nil {
				to = tc.change(t, to)
			}
			if status, body := get(t, to); status != http.StatusBadRequest || !strings.Contains(body, tc.code) {
				t.Errorf("page: %d %s", status, body)
			}
			_, err := l.Wait(context.Background())
			want(t, err, tc.code, core.Refused)
			_, err = s.Pending(context.Background(), c.ID)
			want(t, err, "consent.none", core.Usage)
		})
	}
}

// TestOIDCLostAnswerIsUnknown puts the fault between a server that did give
// the tokens and us.
func TestOIDCLostAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	peer, s := oidc(t), start(t)
	c := peer.connection(s)
	a := s.begin(c, loopbacktest.FreePort(t))
	peer.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/token" {
			return false
		}
		http.Error(w, "proxy failed", http.StatusInternalServerError)
		return true
	})
	to := browse(t, a.URL, false)
	_, err := s.Answer(context.Background(), a.ID, to)
	want(t, err, "consent.exchange-unknown", core.Unknown)
	peer.set(nil)
	s.clock.forward(core.LeaseTime)
	_, err = s.Answer(context.Background(), a.ID, to)
	want(t, err, "consent.exchange-unknown", core.Unknown)
	if n := peer.tokenRequests(); n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
	a = s.begin(c, loopbacktest.FreePort(t))
	if res, err := s.Answer(context.Background(), a.ID, browse(t, a.URL, false)); err != nil || !res.Proved() {
		t.Errorf("the next consent: %v", err)
	}
}

func oidcGranted(t *testing.T, peer *oidcServer, s *session) core.Connection {
	t.Helper()
	a := s.begin(peer.connection(s), loopbacktest.FreePort(t))
	res, err := s.Answer(context.Background(), a.ID, browse(t, a.URL, false))
	if err != nil {
		t.Fatal(err)
	}
	return res.Connection
}

// TestOIDCLostRotationIsUnknown: the server has rotated, the answer is cut,
// and the old token, sent once more by a person's decision, is refused.
func TestOIDCLostRotationIsUnknown(t *testing.T) {
	t.Parallel()
	peer, s := oidc(t), start(t)
	c := oidcGranted(t, peer, s)
	peer.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/token" {
			return false
		}
		peer.proxy.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	_, err := s.Refresh(context.Background(), c.ID)
	want(t, err, "consent.refresh-unknown", core.Unknown)
	peer.set(nil)
	s.clock.forward(2 * time.Hour)
	_, err = s.restart().Access(context.Background(), c.ID)
	want(t, err, "consent.refresh-unknown", core.Unknown)
	_, err = s.ForceRefresh(context.Background(), c.ID)
	want(t, err, "oauth.invalid_grant", core.Refused)
}

func TestOIDCManySessionsRefreshOnce(t *testing.T) {
	t.Parallel()
	peer, s := oidc(t), start(t)
	c := oidcGranted(t, peer, s)
	s.clock.forward(2 * time.Hour)
	sessions := []*session{s, s.restart(), s.restart()}
	before := peer.tokenRequests()
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			if _, err := sessions[i%3].Access(context.Background(), c.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := peer.tokenRequests() - before; n != 1 {
		t.Errorf("%d refreshes", n)
	}
	if _, err := s.Refresh(context.Background(), c.ID); err != nil {
		t.Errorf("the rotated token: %v", err)
	}
}

func TestOIDCRevokedGrantIsTold(t *testing.T) {
	t.Parallel()
	peer, s := oidc(t), start(t)
	c := oidcGranted(t, peer, s)
	if _, err := s.platform.Revoke(context.Background(), c.ID); err != nil {
		t.Fatal(err)
	}
	_, err := s.Connections.Change(context.Background(), c.ID, core.Event{Verb: core.VerbChanged}, func(now *core.Connection) error {
		now.Secrets, now.Granted = c.Secrets, c.Granted
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checked, err := s.platform.Check(context.Background(), c.ID)
	if err != nil || checked.Check.OK || checked.Check.Code != "oauth.invalid_grant" || checked.Check.Tried != "refresh" {
		t.Errorf("check %+v, %v", checked.Check, err)
	}
	_, err = s.Refresh(context.Background(), c.ID)
	want(t, err, "oauth.invalid_grant", core.Refused)
}

// TestOIDCDeviceCode types the code into the server's own page.
func TestOIDCDeviceCode(t *testing.T) {
	t.Parallel()
	peer, s := oidc(t), start(t)
	c := peer.connection(s)
	d, err := s.DeviceBegin(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d.UserCode == "" || d.CompleteURL == "" || d.Interval != 5*time.Second {
		t.Errorf("code %+v", d)
	}
	d.Interval = time.Millisecond // nothing here minds
	agreed := false
	res, err := s.DeviceWait(context.Background(), d, func(p consent.DevicePoll) {
		if p.Polls == 2 && !agreed {
			agreed = true
			visitor{t: t, userCode: d.UserCode}.browse(d.CompleteURL)
		}
	})
	if err != nil || !res.Proved() {
		t.Errorf("result %+v, %v", res, err)
	}
}
