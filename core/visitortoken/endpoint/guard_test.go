package endpoint_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/visitortoken/endpoint"
)

func TestAPageThatMayAskCanReadEveryAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, func(o *endpoint.Options) { o.PerSecond = 1 })
	good := login(t, b.clock.Now())
	from := header("Origin", page)
	for name, got := range map[string]reply{
		"a token":   get(t, srv, from, cookie(good)),
		"a refusal": get(t, srv, from),
		"another":   get(t, srv, from, cookie("none")), // the allowance is three
		"too many":  get(t, srv, from),
	} {
		h := got.header
		if h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if last := get(t, srv, from, cookie(good)); last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") != "1" || last.Code != "01-01" {
		t.Errorf("%s", last)
	}
	b.clock.advance(time.Second)
	if again := get(t, srv, from, cookie(good)); again.status != http.StatusOK {
		t.Errorf("after the time that was said: %s", again)
	}
}

func TestPreflightAllowsTheConfiguredPagesAndWhatTheyNeed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, nil)
	preflight := []request{method("OPTIONS"), header("Access-Control-Request-Method", "GET"), header("Access-Control-Request-Headers", "authorization")}
	good := get(t, srv, append(preflight, header("Origin", page))...)
	if good.status != http.StatusNoContent || good.header.Get("Access-Control-Allow-Origin") != page || good.header.Get("Access-Control-Allow-Headers") != "authorization" ||
		good.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("%s", good)
	}
	for _, origin := range []string{
		"https://evil.example", "https://shop.example.com.evil.example", "https://evilshop.example.com", "http://shop.example.com",
		"https://shop.example.com:444", "https://SHOP.example.com", "https://sub.shop.example.com", "null", "*",
	} {
		bad := get(t, srv, append(preflight, header("Origin", origin))...)
		if bad.status != http.StatusForbidden || bad.header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(bad.header.Get("Vary"), "Origin") {
			t.Errorf("%s: %s", origin, bad)
		}
	}
	if plain := get(t, srv, method("OPTIONS")); plain.status != http.StatusNoContent || plain.header.Get("Allow") != "GET, POST, OPTIONS" {
		t.Errorf("%s", plain)
	}
	none := b.start(t, func(o *endpoint.Options) { o.Origins = nil })
	if got := get(t, none, header("Origin", page), cookie(login(t, b.clock.Now()))); got.status != http.StatusForbidden {
		t.Errorf("without any origin configured: %s", got)
	}
	if got := get(t, none, header("Sec-Fetch-Site", "same-origin"), cookie(login(t, b.clock.Now()))); got.status != http.StatusOK {
		t.Errorf("a page of the same origin, through a proxy: %s", got)
	}
}

func TestOriginsAreTakenAsBrowsersWriteThemOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, func(o *endpoint.Options) {
		o.Origins = []string{"HTTPS://Shop.Example.com/", "https://shop.example.com:443", "http://127.0.0.1:3000", "https://[2001:DB8::1]:8443"}
	})
	if got := strings.Join(srv.Origins(), " "); got != "https://shop.example.com http://127.0.0.1:3000 https://[2001:db8::1]:8443" {
		t.Errorf("%s", got)
	}
	for _, bad := range []string{
		"", "*", "null", "shop.example.com", "https://", "https://*.example.com", "https://shop.example.com/path", "https://shop.example.com?x", "https://shop.example.com#",
		"https://me@shop.example.com", "ftp://shop.example.com", "file:///x", "https://店.example.com", "https://shop.example.com, https://x.example", "https://:443", "https://a b",
	} {
		_, err := b.service.Start(t.Context(), endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: "127.0.0.1:0", Origins: []string{bad}})
		if core.CodeOf(err) != "serve.origin" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	f.Add("https://shop.example.com:443/")
	f.Add("http://[::1]:80")
	f.Add("https://a:443:443")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := endpoint.ParseOrigins(text)
		if err != nil {
			if core.CodeOf(err) != "serve.origin" {
				t.Fatal(err)
			}
			return
		}
		got := all[0]
		if strings.ContainsAny(got, "*?#@ ,\r\n") || strings.Count(got, "/") != 2 || strings.ToLower(got) != got {
			t.Fatalf("%q became %q", text, got)
		}
		if again, err := endpoint.ParseOrigins(got); err != nil || again[0] != got {
			t.Fatalf("%q became %q, which becomes %q, %v", text, got, again, err)
		}
	})
}

func TestTheLogHasNeitherSecretsNorPeople(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, nil)
	good := login(t, b.clock.Now())
	wrongPath := func(path string) request {
		return func(r *http.Request) { r.URL.Path, r.URL.RawQuery = path, "token="+good+"&email="+address }
	}
	var tokens []string
	for _, changes := range [][]request{
		{cookie(good)},
		{bearer(good), header("Origin", page)},
		{cookie(good + "x")},
		{cookie(login(t, b.clock.Now(), "email", nil))},
		{wrongPath("/" + good)},
		{wrongPath("/users/" + address)},
		{wrongPath("/generate/token/" + user), header("Origin", "https://evil.example/"+strings.Repeat("x", 500)+"\u202e")},
		{wrongPath("/a\x1b[2Jb")},
	} {
		tokens = append(tokens, get(t, srv, changes...).Token)
	}
	text := logText(srv)
	for _, secret := range append(tokens, good, good[:20], strings.Split(good, ".")[2], loginSecret, chatSecret, address, user, "kaethe", "\x1b", "\u202e", strings.Repeat("x", 200)) {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("the log holds %q:\n%s", secret, text)
		}
	}
	all := logged(srv)
	if len(all) != 8 || all[0].Seq != 1 || all[7].Path != "/a␛[2Jb" || all[1].Origin != page || all[0].Client != "127.0.0.1" || all[3].Why != "login.no-email" {
		t.Errorf("%s", text)
	}
	if requests, given := srv.Log().Total(); requests != 8 || given != 2 {
		t.Errorf("%d requests, %d tokens", requests, given)
	}
}

func TestTheLogKeepsNetworksAndNotAddresses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, func(o *endpoint.Options) { o.BehindProxy = true })
	for forwarded, want := range map[string]string{
		"203.0.113.77":                        "203.0.113.0/24",
		"10.0.0.1, 203.0.113.78":              "203.0.113.0/24",
		"2001:db8:1:2:3:4:5:6":                "2001:db8:1::/48",
		"::ffff:203.0.113.79":                 "203.0.113.0/24",
		"unknown":                             "127.0.0.1",
		"203.0.113.77, not an address at all": "127.0.0.1",
	} {
		get(t, srv, header("X-Forwarded-For", forwarded), func(r *http.Request) { r.Host = "shop.example.com" })
		all := logged(srv)
		if got := all[len(all)-1].Client; got != want {
			t.Errorf("%s is logged as %s, want %s", forwarded, got, want)
		}
	}
	direct := b.start(t, nil)
	get(t, direct, header("X-Forwarded-For", "203.0.113.77"))
	if all := logged(direct); all[0].Client != "127.0.0.1" {
		t.Errorf("a client that is no proxy says who it is: %+v", all[0])
	}
}

func TestTheLimiterRemembersABoundedNumberOfAddresses(t *testing.T) {
	t.Parallel()
	var many []netip.Addr
	for i := range 3 * endpoint.MaxClients {
		many = append(many, netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if remembered, allowed := endpoint.AllowAll(1, many, time.Now()); remembered != endpoint.MaxClients || allowed != len(many) {
		t.Errorf("%d remembered, %d allowed", remembered, allowed)
	}
	// One subscriber has a whole /64.
	var one []netip.Addr
	for i := range 100 {
		one = append(one, netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i)))
	}
	if remembered, allowed := endpoint.AllowAll(1, one, time.Now()); remembered != 1 || allowed != 3 {
		t.Errorf("%d remembered, %d allowed", remembered, allowed)
	}
}

func TestALogThatNobodyReadsDropsTheOldestAndSaysHowMany(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, nil)
	for range 1200 {
		r, err := http.NewRequest(http.MethodGet, "/nothing", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:1"
		srv.Handler().ServeHTTP(discard{}, r)
	}
	next, missed := srv.Log().Next(t.Context(), 0)
	if missed != 200 || len(next) != 1000 || next[0].Seq != 201 || next[999].Seq != 1200 {
		t.Errorf("%d missed, %d kept", missed, len(next))
	}
	if next, missed = srv.Log().Next(t.Context(), 1199); missed != 0 || len(next) != 1 || next[0].Seq != 1200 {
		t.Errorf("%d missed, %v", missed, next)
	}
	if next, missed = srv.Log().Next(t.Context(), 100); missed != 100 || len(next) != 1000 {
		t.Errorf("%d missed, %d", missed, len(next))
	}
	got := make(chan []endpoint.Request)
	go func() {
		next, _ := srv.Log().Next(context.Background(), 1200)
		got <- next
		next, _ = srv.Log().Next(context.Background(), 1201)
		got <- next
	}()
	get(t, srv)
	if next := <-got; len(next) != 1 || next[0].Path != endpoint.Path {
		t.Errorf("%v", next)
	}
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	if next := <-got; next != nil {
		t.Errorf("after the end: %v", next)
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, nil)
	body := bytes.NewReader(make([]byte, 1<<20))
	r, err := http.NewRequest(http.MethodPost, srv.URL(), body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of 1 MB: %s", resp.Status)
	}
	if got := get(t, srv, cookie(strings.Repeat("x", 60<<10))); got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a cookie of 60 KB: %s", got)
	}
}

func TestItSaysWhetherItWorks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, nil)
	health := strings.Replace(srv.URL(), endpoint.Path, endpoint.HealthPath, 1)
	if got := ask(t, http.DefaultClient, health); got.status != http.StatusOK || got.body != "{\"status\":\"ok\"}\n" {
		t.Errorf("%s", got)
	}
	if all := logged(srv); len(all) != 0 {
		t.Errorf("whoever watches fills the log: %v", all)
	}
	k := b.key(t, "chat")
	if _, err := b.keys.Retire(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	srv.Follow(t.Context())
	if got := ask(t, http.DefaultClient, health); got.status != http.StatusServiceUnavailable {
		t.Errorf("%s", got)
	}
	if got := get(t, srv, cookie(login(t, b.clock.Now()))); got.status != http.StatusServiceUnavailable || got.Code != "01-06" || got.Token != "" {
		t.Errorf("the vendor no longer has the key: %s", got)
	}
}

func TestItFollowsWhatHappensToItsKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, nil)
	const next = "canary-of-the-secret-that-was-reset-0192837465-abc"
	k := b.key(t, "login")
	_, err := b.keys.ReplaceSecret(t.Context(), k.ID, core.NewKey{SigningKey: core.SigningKey{Secrets: core.Secrets{core.SecretSigning: core.NewSecret(next)}}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Follow(t.Context())
	if got := get(t, srv, cookie(sign(t, jwt.SigningMethodHS256, []byte(next), claims(b.clock.Now())))); got.status != http.StatusOK {
		t.Errorf("by the new secret: %s", got)
	}
	if got := get(t, srv, cookie(login(t, b.clock.Now()))); got.Code != "00-01" {
		t.Errorf("by the former secret: %s", got)
	}
	k = b.key(t, "login")
	if err := b.keys.Remove(t.Context(), k.ID, k.Rev); err != nil {
		t.Fatal(err)
	}
	srv.Follow(t.Context())
	if got := get(t, srv, cookie(sign(t, jwt.SigningMethodHS256, []byte(next), claims(b.clock.Now())))); got.status != http.StatusServiceUnavailable {
		t.Errorf("the key was removed: %s", got)
	}
}

func TestAMessagingKeySignsForMessaging(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, func(o *endpoint.Options) { o.ChatKey = "messaging"; o.Life = 10 * time.Minute })
	now := b.clock.Now()
	got := get(t, srv, cookie(login(t, now, "name", "Käthe")))
	c, head := tokenClaims(t, got.Token, keySecret)
	want := jwt.MapClaims{
		"scope": "user", "external_id": user, "name": "Käthe", "email": address, "email_verified": false, "exp": float64(now.Add(10 * time.Minute).Unix()),
	}
	delete(c, "iat")
	if head["kid"] != "app_5f1c2d3e4b5a6978870a1b2c" || !same(c, want) {
		t.Errorf("%v %v", head, c)
	}
	// Messaging needs no address.
	got = get(t, srv, cookie(login(t, now, "email", nil)))
	if c, _ := tokenClaims(t, got.Token, keySecret); c["email"] != nil || c["name"] != "kaethe" || c["external_id"] != user {
		t.Errorf("%v", c)
	}
}

func TestAnUnknownKeyIDMakesItReadTheKeyListOnceAndThenMoreRarely(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old, next := rsaKey(t), rsaKey(t)
	b.useRSA(t, publicKeys(t, map[string]*rsa.PrivateKey{"old": old}))
	both := publicKeys(t, map[string]*rsa.PrivateKey{"old": old, "next": next})
	var read atomic.Int32
	var rotated atomic.Bool
	b.service.KeyList = func(ctx context.Context, k core.SigningKey) (core.SigningKey, error) {
		read.Add(1)
		return b.keys.Change(ctx, k.ID, core.Event{Verb: core.VerbChanged}, func(k *core.SigningKey) error {
			if rotated.Load() {
				k.KeyList = both
			}
			return nil
		})
	}
	srv := b.start(t, nil)
	token := func(kid string, k *rsa.PrivateKey) request {
		return cookie(sign(t, jwt.SigningMethodRS256, k, claims(b.clock.Now()), kid))
	}
	if got := get(t, srv, token("old", old)); got.status != http.StatusOK || read.Load() != 0 {
		t.Fatalf("%s after %d readings", got, read.Load())
	}
	// Anybody can name any key: many at once cause one reading.
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			if got := get(t, srv, token(fmt.Sprint("made-up-", i), next)); got.Code != "00-01" {
				t.Errorf("%s", got)
			}
		})
	}
	all.Wait()
	if read.Load() != 1 {
		t.Errorf("%d readings", read.Load())
	}
	rotated.Store(true)
	if got := get(t, srv, token("next", next)); got.Code != "00-01" || read.Load() != 1 {
		t.Errorf("within the minute: %s after %d readings", got, read.Load())
	}
	b.clock.advance(time.Minute)
	for range 3 {
		if got := get(t, srv, token("next", next)); got.status != http.StatusOK || read.Load() != 2 {
			t.Errorf("after the minute: %s after %d readings", got, read.Load())
		}
	}
	// While nothing new comes, the time doubles.
	for _, tc := range []struct {
		after time.Duration
		reads int32
	}{{time.Minute, 3}, {time.Minute, 4}, {time.Minute, 4}, {time.Minute, 5}, {3 * time.Minute, 5}, {time.Minute, 6}, {time.Hour, 7}} {
		b.clock.advance(tc.after)
		get(t, srv, token("made-up", next))
		if read.Load() != tc.reads {
			t.Errorf("%d readings, want %d", read.Load(), tc.reads)
		}
	}
	if got := get(t, srv, cookie(sign(t, jwt.SigningMethodHS256, []byte(both), claims(b.clock.Now()), "next"))); got.Code != "00-01" {
		t.Errorf("a public key as a secret: %s", got)
	}
}

func TestClosingLetsARunningRequestEndAndWritesDownBoth(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := rsaKey(t)
	b.useRSA(t, publicKeys(t, map[string]*rsa.PrivateKey{"old": rsaKey(t)}))
	asked, release := make(chan struct{}), make(chan struct{})
	b.service.KeyList = func(_ context.Context, k core.SigningKey) (core.SigningKey, error) {
		close(asked)
		<-release
		k.KeyList = publicKeys(t, map[string]*rsa.PrivateKey{"next": key})
		return k, nil
	}
	srv := b.start(t, nil)
	got, closed := make(chan reply), make(chan error)
	go func() {
		got <- get(t, srv, cookie(sign(t, jwt.SigningMethodRS256, key, claims(b.clock.Now()), "next")))
	}()
	<-asked
	go func() { closed <- srv.Close() }()
	for { // until it listens no more
		c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(srv.URL(), "http://"), endpoint.Path))
		if err != nil {
			break
		}
		c.Close()
	}
	close(release)
	if r := <-got; r.status != http.StatusOK {
		t.Errorf("%s", r)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	<-srv.Done()
	if srv.Err() != nil || srv.Close() != nil {
		t.Error("it did not end in order")
	}
	chat := b.key(t, "chat")
	if !chat.LastUsed.Equal(b.clock.Now()) {
		t.Errorf("the key was used at %v", chat.LastUsed)
	}
	events, err := b.keys.Events.Recent(t.Context(), 2, chat.ID)
	if err != nil || len(events) != 2 {
		t.Fatal(events, err)
	}
	for i, want := range []map[string]string{
		{"state": "ended", "requests": "1", "tokens": "1"},
		{"state": "began", "address": strings.TrimSuffix(srv.URL(), endpoint.Path), "login": "login"},
	} {
		if e := events[i]; e.Verb != core.VerbServed || fmt.Sprint(e.Detail) != fmt.Sprint(want) {
			t.Errorf("%s %v, want %v", e.Verb, e.Detail, want)
		}
	}
}

func TestAnEndpointThatMakesNoSenseDoesNotStart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	busy := b.start(t, nil)
	taken := strings.TrimSuffix(strings.TrimPrefix(busy.URL(), "http://"), endpoint.Path)
	if _, err := b.keys.Retire(t.Context(), b.key(t, "messaging").ID); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		o    endpoint.Options
		code string
	}{
		"no login key":               {endpoint.Options{ChatKey: "chat"}, "key.not-found"},
		"no such key":                {endpoint.Options{LoginKey: "login", ChatKey: "none"}, "key.not-found"},
		"the keys are mixed up":      {endpoint.Options{LoginKey: "chat", ChatKey: "login"}, "serve.login-key"},
		"two login keys":             {endpoint.Options{LoginKey: "login", ChatKey: "login"}, "serve.chat-key"},
		"a retired key":              {endpoint.Options{LoginKey: "login", ChatKey: "messaging"}, "serve.retired"},
		"a cookie's name":            {endpoint.Options{LoginKey: "login", ChatKey: "chat", Cookie: "a b"}, "serve.cookie"},
		"no port":                    {endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: "127.0.0.1"}, "serve.listen"},
		"not of this machine":        {endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: "203.0.113.1:0", PlainHTTP: true}, "serve.listen"},
		"a port that is taken":       {endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: taken}, "serve.busy"},
		"plain HTTP for everybody":   {endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: ":0"}, "serve.plain-http"},
		"plain HTTP for everybody 4": {endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: "0.0.0.0:0"}, "serve.plain-http"},
		"no such certificate":        {endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: "127.0.0.1:0", CertFile: "none.pem", KeyFile: "none.pem"}, "serve.tls"},
		"half a certificate":         {endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: "127.0.0.1:0", KeyFile: "none.pem"}, "serve.tls"},
		"eight minutes for Chat":     {endpoint.Options{LoginKey: "login", ChatKey: "chat", Life: 8 * time.Minute}, "serve.life"},
	} {
		srv, err := b.service.Start(t.Context(), tc.o)
		if core.CodeOf(err) != tc.code {
			t.Errorf("%s: %v, want %s", name, err, tc.code)
		}
		if err == nil {
			srv.Close()
		}
	}
}

// certificate makes one for 127.0.0.1, and the pool that trusts it.
func certificate(t testing.TB) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{certFile: certPEM, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}

func TestTLSFromOneDotTwoOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	certFile, keyFile, pool := certificate(t)
	srv := b.start(t, func(o *endpoint.Options) { o.CertFile, o.KeyFile = certFile, keyFile })
	client := func(highest uint16) *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: highest}}}
	}
	if got := ask(t, client(tls.VersionTLS12), srv.URL(), cookie(login(t, b.clock.Now()))); got.status != http.StatusOK || !strings.HasPrefix(srv.URL(), "https://") {
		t.Errorf("%s: %s", srv.URL(), got)
	}
	if _, err := client(tls.VersionTLS11).Get(srv.URL()); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}
