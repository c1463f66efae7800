//go:build unix

package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	e2eLoginSecret = "canary-login-9Hq2wXz7LmPv4RtYc6Kd1FbNs8Gj3Ue5AbCdEfGh"
	e2eChatSecret  = "canary-chat-SbSvQ7bF3xk2mYt8LrUeWz1pNcHd5aGj0oKiXq4u"
)

// TestSignInInChromium: a page of another origin signs its visitor in with the
// cookie and the very code that "keys snippet" prints; pages of origins that
// were not allowed get nothing, whatever they try; and the try page shows the
// same in the browser.
//
// 127.0.0.1 and localhost are different sites to a browser, and ports are
// different origins of one site: so the cookie reaches the endpoint from every
// port of 127.0.0.1, and only the endpoint itself tells the pages apart.
func TestSignInInChromium(t *testing.T) {
	browser := startChromium(t)
	s := newSurroundings(t)
	s.makeStore(t)
	s.must(t, "keys", "add", "--kind", "xsolla", "--name", "shop", "--account", "40db2ea4-5d42-11e6-a3ff-005056a0e04a", "--secret-file", s.file(t, e2eLoginSecret))
	s.must(t, "keys", "add", "--kind", "chat", "--name", "Chat", "--account", "acme", "--secret-file", s.file(t, e2eChatSecret))
	now := time.Now()
	login, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "https://login.xsolla.com", "xsolla_login_project_id": "40db2ea4-5d42-11e6-a3ff-005056a0e04a",
		"sub": "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f", "email": "kaethe@example.com", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}).SignedString([]byte(e2eLoginSecret))
	if err != nil {
		t.Fatal(err)
	}

	var code string // what the pages run
	newPage := func() *httptest.Server {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "token", Value: login, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, chatPage(code))
		}))
		t.Cleanup(srv.Close)
		srv.URL = "http://" + srv.Listener.Addr().String()
		return srv
	}
	shop, other := newPage(), newPage()
	endpoint := s.startEndpoint(t, "--login-key", "shop", "--chat-key", "Chat", "--listen", "127.0.0.1:0", "--origin", shop.URL)
	code = s.must(t, "keys", "snippet", "Chat", "chat-sdk", "--token-endpoint", endpoint.url)
	for _, page := range []*httptest.Server{shop, other} {
		page.URL = "" // Start wants to set it
		page.Start()
	}

	t.Run("the allowed page signs in", func(t *testing.T) {
		p := browser.open(shop.URL)
		seen := p.until("a token", func(s sight) bool { return strings.HasPrefix(s.Text, "token ") })
		token := strings.TrimPrefix(seen[len(seen)-1].Text, "token ")
		claims := jwt.MapClaims{}
		_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte(e2eChatSecret), nil }, jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(time.Minute))
		if err != nil || claims["external_id"] != "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f" || claims["email"] != "kaethe@example.com" {
			t.Errorf("%v: %v", err, claims)
		}
		endpoint.until(t, `200 GET /generate/token .* origin=`+regexp.QuoteMeta(shop.URL)+"\n")
	})
	for name, address := range map[string]string{
		"another port of the same site": other.URL,
		"another site":                  strings.Replace(shop.URL, "127.0.0.1", "localhost", 1),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			p := browser.open(address)
			seen := p.until("a refusal", func(s sight) bool { return strings.Contains(s.Text, "no token") })
			for _, at := range seen {
				if strings.Contains(at.Text, "eyJ") {
					t.Errorf("a foreign page got %s", at)
				}
			}
			endpoint.until(t, `403 GET /generate/token .* origin=`+regexp.QuoteMeta(strings.TrimSuffix(address, "/"))+" code=01-00 why=serve.foreign\n")
		})
	}
	t.Run("an image on a foreign page is refused, too", func(t *testing.T) {
		picture := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<img src="%s">`, template.HTMLEscapeString(endpoint.url))
		}))
		defer picture.Close()
		browser.open(picture.URL)
		endpoint.until(t, `403 GET /generate/token \S+ from=127.0.0.1 code=01-00 why=serve.foreign`)
	})
	t.Run("the try page shows it", func(t *testing.T) {
		p := browser.open(strings.Replace(endpoint.url, "/generate/token", "/try", 1))
		p.until("the try page", func(s sight) bool { return s.Title == "deskward: Try the sign-in" })
		typed := fmt.Sprintf("document.getElementById('token').value = %q", login)
		p.run("document.getElementById('send-bearer').click()", typed)
		p.until("the token sent as bearer", func(s sight) bool {
			return strings.Contains(s.Text, "Zendesk would take this token") || strings.Contains(s.Text, "Nothing speaks against this token")
		})
		p.run("document.getElementById('drop-cookie').click()")
		p.until("the cookie's end", func(s sight) bool { return strings.Contains(s.Text, "The cookie is deleted") })
		// The cookie of the shop's page, for all paths of the host, is still there;
		// the try page's own goes before it, being for a longer path.
		p.run("document.getElementById('set-cookie').click()", "document.getElementById('token').value = 'nonsense'")
		p.until("the cookie", func(s sight) bool { return strings.Contains(s.Text, "The cookie is set") })
		p.run("document.getElementById('send-cookie').click()")
		p.until("a refusal", func(s sight) bool { return strings.Contains(s.Text, "Refused: 401 00-01 Token is invalid") })
		p.run("document.getElementById('set-cookie').click()", typed)
		p.until("the cookie", func(s sight) bool { return strings.Contains(s.Text, "The cookie is set") })
		p.run("document.getElementById('send-cookie').click()")
		seen := p.until("the token's claims", func(s sight) bool { return strings.Contains(s.Text, "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f") })
		if last := seen[len(seen)-1]; !strings.Contains(last.Text, `"alg": "HS256"`) || !strings.Contains(last.Text, "A token came back.") {
			t.Errorf("%s", last)
		}
	})
	endpoint.end(t)
	if text := endpoint.read(t); strings.Contains(text, "kaethe") || strings.Contains(text, login[:20]) {
		t.Errorf("printed:\n%s", text)
	}
}

// chatPage is a page with the Chat Web SDK as far as the code needs it: it asks
// for the visitor's token once and shows what it gets.
func chatPage(code string) string {
	return `<!doctype html><meta charset="utf-8"><title>shop</title><body>…</body><script>
const show = (text) => { document.body.innerText = text };
console.error = (...all) => show(all.join(" "));
const zChat = { on() {}, init(o) { o.authentication.jwt_fn((token) => show("token " + token)) } };
</script><script>` + strings.ReplaceAll(code, "</", `<\/`) + `</script>`
}

// run evaluates expressions in the page, the last one first.
func (p page) run(then string, first ...string) {
	p.t.Helper()
	for _, x := range append(first, then) {
		p.call(p.session, "Runtime.evaluate", map[string]any{"expression": x}, nil)
	}
}

// must runs deskward and returns what it prints.
func (s surroundings) must(t testing.TB, args ...string) string {
	t.Helper()
	cmd := s.deskward(t, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &stderr)
	}
	return string(out)
}

// serving is a running deskward serve token-endpoint.
type serving struct {
	file  string // what it prints
	url   string
	stop  func() error
	ended chan error
}

func (s surroundings) startEndpoint(t testing.TB, args ...string) *serving {
	t.Helper()
	e := &serving{file: filepath.Join(t.TempDir(), "out"), ended: make(chan error, 1)}
	out, err := os.Create(e.file)
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.deskward(t, append([]string{"serve", "token-endpoint"}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	e.stop = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	go func() {
		e.ended <- cmd.Wait()
		out.Close()
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it may have ended
	e.url = e.until(t, `http://\S+/generate/token`)
	return e
}

func (e *serving) read(t testing.TB) string {
	t.Helper()
	raw, err := os.ReadFile(e.file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// until waits for a match in what was printed.
func (e *serving) until(t testing.TB, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for limit := time.Now().Add(glassPatience); ; time.Sleep(10 * time.Millisecond) {
		text := e.read(t)
		if found := re.FindString(text); found != "" {
			return found
		}
		if time.Now().After(limit) {
			t.Fatalf("never printed %s but\n%s", pattern, text)
		}
	}
}

// end ends it by a signal, in order.
func (e *serving) end(t testing.TB) {
	t.Helper()
	if err := e.stop(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-e.ended:
		if err != nil {
			t.Fatalf("%v\n%s", err, e.read(t))
		}
	case <-time.After(glassPatience):
		t.Fatal("the endpoint does not end")
	}
}

// TestTheEndpointReadsTheKeysAfreshThatXsollaHasChanged: the key list that was
// kept is of a time before; a user's token makes the endpoint read the new one.
func TestTheEndpointReadsTheKeysAfreshThatXsollaHasChanged(t *testing.T) {
	t.Parallel()
	sb, endpoints := startSandbox(t)
	fix := sb.Fixtures().Xsolla
	s := newSurroundings(t, "DESKWARD_ENDPOINTS="+endpoints)
	s.makeStore(t)
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	list := s.file(t, fmt.Sprintf(`[{"alg":"RS256","kty":"RSA","use":"sig","kid":"old","e":"10001","n":"%x"}]`, old.N))
	s.must(t, "keys", "add", "--kind", "xsolla", "--name", "shop", "--account", fix.RSAProjectID, "--alg", "RS256", "--key-list-file", list)
	s.must(t, "keys", "add", "--kind", "chat", "--name", "Chat", "--account", "acme", "--secret-file", s.file(t, e2eChatSecret))
	endpoint := s.startEndpoint(t, "--login-key", "shop", "--chat-key", "Chat", "--listen", "127.0.0.1:0")

	body := fmt.Sprintf(`{"username":%q,"password":%q}`, fix.Username, fix.Password)
	resp, err := http.Post(sb.Endpoints()["xsolla"]["login"]+"/login?projectId="+fix.RSAProjectID, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var in struct {
		URL string `json:"login_url"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&in); err != nil {
		t.Fatal(err)
	}
	callback, err := url.Parse(in.URL)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodGet, endpoint.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+callback.Query().Get("token"))
	for range 2 {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s\n%s", resp.Status, endpoint.read(t))
		}
	}
	endpoint.end(t)
	reads := 0
	for _, c := range sb.Calls() {
		if strings.HasSuffix(c.Path, "/keys") {
			reads++
		}
	}
	if reads != 1 {
		t.Errorf("the keys were read %d times", reads)
	}
}
