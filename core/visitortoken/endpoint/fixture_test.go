package endpoint_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken/endpoint"
	"deskward/store/mem"
)

const (
	loginSecret = "canary-of-the-login-secret-0123456789-abcdefghijkl"
	chatSecret  = "canary-of-the-chat-secret-9876543210-zyxwvutsrqpon"
	keySecret   = "canary-of-a-messaging-secret-5647382910-qazwsxedcr"
	project     = "40db2ea4-5d42-11e6-a3ff-005056a0e04a"
	user        = "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f"
	address     = "kaethe@example.com"
	page        = "https://shop.example.com"
)

// clock is a clock that only tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now().UTC().Truncate(time.Second)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type bench struct {
	service endpoint.Service
	keys    *core.SigningKeys
	clock   *clock
}

// newBench keeps the keys "login", "chat" and "messaging".
func newBench(t testing.TB) bench {
	t.Helper()
	st, c := mem.New(), newClock()
	b := bench{clock: c, keys: &core.SigningKeys{Store: st, Events: &core.EventLog{Store: st, Clock: c, Actor: core.Actor{User: "mia", Host: "jump1"}}}}
	b.service.Keys = b.keys
	b.add(t, "login", core.KeyXsolla, loginSecret)
	b.add(t, "chat", core.KeyChat, chatSecret)
	b.add(t, "messaging", core.KeyMessaging, keySecret)
	return b
}

func (b bench) add(t testing.TB, name string, kind core.KeyKind, secret string) core.SigningKey {
	t.Helper()
	n := core.NewKey{SigningKey: core.SigningKey{
		Name: name, Kind: kind, Account: "acme", Alg: core.AlgHS256, Secrets: core.Secrets{core.SecretSigning: core.NewSecret(secret)},
	}}
	switch kind {
	case core.KeyXsolla:
		n.Account = project
	case core.KeyMessaging:
		n.KID = "app_5f1c2d3e4b5a6978870a1b2c"
	}
	k, err := b.keys.Add(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (b bench) key(t testing.TB, name string) core.SigningKey {
	t.Helper()
	k, err := b.keys.ByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// start starts an endpoint on any port of loopback.
func (b bench) start(t testing.TB, change func(*endpoint.Options)) *endpoint.Server {
	t.Helper()
	o := endpoint.Options{LoginKey: "login", ChatKey: "chat", Listen: "127.0.0.1:0", Origins: []string{page}, PerSecond: 10_000}
	if change != nil {
		change(&o)
	}
	srv, err := b.service.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv
}

func withTry(t testing.TB, b *bench, l locale.Lang) func(*endpoint.Options) {
	t.Helper()
	var err error
	if b.service.Page, err = template.ParseFiles("../../../assets/pages/try.html"); err != nil {
		t.Fatal(err)
	}
	say, err := locale.Load(os.DirFS("../../../assets/locales"), l)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *endpoint.Options) { o.Say = say }
}

// claims are those of a token of Xsolla Login, changed by pairs of name and
// value; nil takes one out.
func claims(at time.Time, change ...any) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": "https://login.xsolla.com", "sub": user, "email": address, "type": "xsolla_login", "username": "kaethe",
		"iat": at.Unix(), "exp": at.Add(24 * time.Hour).Unix(), "xsolla_login_project_id": project,
		"groups": []any{map[string]any{"id": 1, "name": "default", "is_default": true}},
	}
	for i := 0; i < len(change); i += 2 {
		name := change[i].(string)
		if change[i+1] == nil {
			delete(c, name)
			continue
		}
		c[name] = change[i+1]
	}
	return c
}

func sign(t testing.TB, method jwt.SigningMethod, key any, c jwt.Claims, kid ...string) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	if len(kid) > 0 {
		token.Header["kid"] = kid[0]
	}
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// login is a good Login token, but for the changes.
func login(t testing.TB, at time.Time, change ...any) string {
	t.Helper()
	return sign(t, jwt.SigningMethodHS256, []byte(loginSecret), claims(at, change...))
}

// reply is what a request got.
type reply struct {
	status int
	header http.Header
	body   string
	Token  string `json:"token"`
	Code   string `json:"code"`
	Says   string `json:"description"`
}

// request is a change of a request.
type request func(*http.Request)

func cookie(token string) request {
	return func(r *http.Request) { r.Header.Add("Cookie", "token="+token) }
}

func bearer(token string) request {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func header(name, value string) request {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func method(m string) request { return func(r *http.Request) { r.Method = m } }

func ask(t testing.TB, client *http.Client, url string, changes ...request) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		change(r)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := reply{status: resp.StatusCode, header: resp.Header, body: string(raw)}
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
	}
	return out
}

func get(t testing.TB, srv *endpoint.Server, changes ...request) reply {
	t.Helper()
	return ask(t, http.DefaultClient, srv.URL(), changes...)
}

func (r reply) String() string { return fmt.Sprintf("%d %s %v", r.status, r.body, r.header) }

// tokenClaims are the claims of a token that an endpoint made, which must be
// signed with the secret.
func tokenClaims(t testing.TB, token, secret string) (jwt.MapClaims, map[string]any) {
	t.Helper()
	c := jwt.MapClaims{}
	parsed, err := jwt.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return []byte(secret), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation())
	if err != nil {
		t.Fatalf("%v: %q", err, token)
	}
	return c, parsed.Header
}

// publicKeys is a project's key list as Xsolla sends it.
func publicKeys(t testing.TB, keys map[string]*rsa.PrivateKey) string {
	t.Helper()
	var list []map[string]string
	for kid, k := range keys {
		list = append(list, map[string]string{"alg": "RS256", "kty": "RSA", "use": "sig", "kid": kid, "e": "10001", "n": fmt.Sprintf("%x", k.N)})
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// useRSA makes the login key one of an RS256 project with those public keys.
func (b bench) useRSA(t testing.TB, list string) {
	t.Helper()
	k := b.key(t, "login")
	_, err := b.keys.Change(t.Context(), k.ID, core.Event{Verb: core.VerbChanged}, func(k *core.SigningKey) error {
		k.Alg, k.KeyList, k.Secrets = core.AlgRS256, list, nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// logged returns all that the log keeps.
func logged(srv *endpoint.Server) []endpoint.Request {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	all, _ := srv.Log().Next(ctx, 0)
	return all
}

func logText(srv *endpoint.Server) string {
	var s strings.Builder
	for _, r := range logged(srv) {
		fmt.Fprintf(&s, "%+v\n", r)
	}
	return s.String()
}

func same(a, b jwt.MapClaims) bool {
	return maps.EqualFunc(a, b, func(x, y any) bool { return fmt.Sprint(x) == fmt.Sprint(y) })
}
