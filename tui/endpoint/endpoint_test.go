package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/golang-jwt/jwt/v5"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	service "deskward/core/visitortoken/endpoint"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/endpoint"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

var now = time.Date(2026, 11, 25, 10, 41, 7, 0, time.UTC)

type fixed struct{}

func (fixed) Now() time.Time { return now }

const (
	loginSecret = "canary-of-the-login-secret-0123456789-abcdefghijkl"
	chatSecret  = "canary-of-the-chat-secret-9876543210-zyxwvutsrqpon"
	project     = "40db2ea4-5d42-11e6-a3ff-005056a0e04a"
	page        = "https://shop.example.com"
)

// host is the console's part, over a real service.
type host struct {
	service service.Service
	say     *locale.Printer

	mu  sync.Mutex
	srv *service.Server
	o   service.Options
}

func (h *host) Running() *service.Server {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.srv
}

func (h *host) Options() service.Options {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.o
}

func (h *host) Keep(o service.Options) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.o = o
}

func (h *host) Start(ctx context.Context, o service.Options) (*service.Server, error) {
	o.Say = h.say
	srv, err := h.service.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.srv, h.o = srv, o
	return srv, nil
}

func (h *host) Stop() error {
	h.mu.Lock()
	srv := h.srv
	h.srv = nil
	h.mu.Unlock()
	return srv.Close()
}

// root is a screen below, to come back to.
type root struct{ open func() screen.Screen }

func (r root) Title(screen.Env) string        { return "keys" }
func (r root) Init(*screen.Scope) screen.Step { return screen.Step{} }
func (r root) Draw(screen.Env) screen.Frame   { return screen.Frame{Text: "the list of keys"} }
func (r root) Keys() []screen.Key             { return nil }
func (r root) Update(msg tea.Msg) screen.Step {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "e" {
		return screen.Step{Open: r.open()}
	}
	return screen.Step{}
}

type code struct {
	root
	name string
}

func (c code) Draw(screen.Env) screen.Frame { return screen.Frame{Text: "code for " + c.name} }

type pages struct{ opened chan string }

func (p pages) Open(_ context.Context, url string) error {
	p.opened <- url
	return nil
}

type rig struct {
	*tuitest.Driver
	t      testing.TB
	host   *host
	keys   *core.SigningKeys
	deps   endpoint.Deps
	copied chan string
}

func printer(t testing.TB, l locale.Lang) *locale.Printer {
	t.Helper()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	p, err := locale.Load(files, l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newRig(t testing.TB, lang locale.Lang) *rig {
	t.Helper()
	st := mem.New()
	keys := &core.SigningKeys{Store: st, Events: &core.EventLog{Store: st, Clock: fixed{}, Actor: core.Actor{User: "mina", Host: "jump01"}}}
	try, err := template.ParseFS(assets.Pages, "pages/try.html")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, keys: keys, copied: make(chan string, 1), host: &host{service: service.Service{Keys: keys, Page: try}, say: printer(t, lang)}}
	r.deps = endpoint.Deps{Host: r.host, List: keys.List, Code: func(k core.KeySummary) screen.Screen { return code{name: k.Name} }}
	t.Cleanup(func() {
		if srv := r.host.Running(); srv != nil {
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

func (r *rig) add(name string, kind core.KeyKind, account, secret string) {
	r.t.Helper()
	_, err := r.keys.Add(r.t.Context(), core.NewKey{SigningKey: core.SigningKey{
		Name: name, Kind: kind, Account: account, Alg: core.AlgHS256, Secrets: core.Secrets{core.SecretSigning: core.NewSecret(secret)},
	}})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) both() *rig {
	r.t.Helper()
	r.add("login", core.KeyXsolla, project, loginSecret)
	r.add("chat", core.KeyChat, "acme", chatSecret)
	return r
}

func (r *rig) start(width, height int) *rig {
	r.t.Helper()
	files, err := fs.Sub(assets.Advice, "advice")
	if err != nil {
		r.t.Fatal(err)
	}
	catalogue, err := advice.Load(files)
	if err != nil {
		r.t.Fatal(err)
	}
	m, err := tui.New(r.t.Context(), tui.Options{
		Sections: []tui.Section{{ID: "keys", Title: "section.keys", Open: func() screen.Screen {
			return root{func() screen.Screen { return endpoint.New(r.deps) }}
		}}},
		Printer: func(l locale.Lang) (*locale.Printer, error) { return printer(r.t, l), nil },
		Lang:    r.host.say.Lang(),
		Explain: func(err error, p *locale.Printer) screen.Explanation {
			x := catalogue.Explain(err, p)
			return screen.Explanation{Headline: x.Headline, Means: x.Means, Next: x.Next, Code: x.Code}
		},
		Protection: func(screen.Env) string { return "" },
		Clock:      fixed{}, Getenv: func(string) string { return "" },
		Native: func(text string) (func(), error) { r.copied <- text; return func() {}, nil },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.Driver = tuitest.Drive(r.t, m, width, height)
	m.SetSend(r.Post)
	r.t.Cleanup(func() { m.Wait(10 * time.Second) })
	r.See("the list of keys")
	r.press("e")
	return r
}

func (r *rig) press(names ...string) { r.t.Helper(); r.Key(tui.Press, names...) }

// serve fills in the form, on any free port.
func (r *rig) serve(origins string) *rig {
	r.t.Helper()
	r.See("chat")
	r.press("enter", "enter")
	r.Paste(origins)
	r.press("enter", "ctrl+u")
	r.Type("0")
	r.press("ctrl+s")
	r.Until("the endpoint runs", func() bool { return r.host.Running() != nil })
	r.See("http://127.0.0.1:")
	return r
}

// ask asks as a page does; claims nil: without a Login token.
func (r *rig) ask(path, origin string, claims jwt.MapClaims) int {
	r.t.Helper()
	url := r.host.Running().URL()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, strings.TrimSuffix(url, service.Path)+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	if claims != nil {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(loginSecret))
		if err != nil {
			r.t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "token", Value: token})
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func user() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "https://login.xsolla.com", "sub": "82cd5e0c-c3ff-11e9-b199-c1e5fc81c37f", "email": "kaethe@example.com",
		"xsolla_login_project_id": project, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

func expired() jwt.MapClaims {
	c := user()
	c["exp"] = now.Add(-time.Hour).Unix()
	return c
}

// some asks five times: a token, a stranger, nobody signed in, twice expired.
func (r *rig) some() {
	r.t.Helper()
	for _, a := range []struct {
		origin string
		claims jwt.MapClaims
		want   int
	}{
		{page, user(), http.StatusOK},
		{"https://evil.example", user(), http.StatusForbidden},
		{page, nil, http.StatusUnauthorized},
		{page, expired(), http.StatusUnauthorized},
		{page, expired(), http.StatusUnauthorized},
	} {
		if got := r.ask(service.Path, a.origin, a.claims); got != a.want {
			r.t.Fatalf("status %d, want %d", got, a.want)
		}
	}
	r.Until("all five", func() bool { return strings.Count(r.Text(), "10:41:07Z") == 5 })
}

// golden compares without what differs from run to run: ports, and how long a
// request took.
func (r *rig) golden(name string) {
	r.t.Helper()
	text := r.Text()
	if m := regexp.MustCompile(`\[[a-z]+\.[a-z.-]+\]`).FindString(text); m != "" {
		r.t.Errorf("%s: the text %s is missing", name, m)
	}
	if strings.Contains(text, loginSecret[:12]) {
		r.t.Errorf("%s: a secret is on the screen", name)
	}
	text = regexp.MustCompile(`127\.0\.0\.1:\d{5}`).ReplaceAllString(text, "127.0.0.1:48105")
	text = regexp.MustCompile(`\d+\.\d\d ms *`).ReplaceAllStringFunc(text, func(s string) string {
		short := strings.TrimRight(s, " ")
		if short == s {
			return "0.10 ms"
		}
		return "0.10 ms" + strings.Repeat(" ", max(len(s)-len("0.10 ms"), 1))
	})
	tuitest.Golden(r.t, name, text)
}

func TestTheEndpointReadsWellAtEverySize(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Langs() {
		for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 40}} {
			for name, do := range map[string]func(*rig){
				"lacks": func(r *rig) {
					r.start(size[0], size[1])
					r.See(string([]rune(r.host.say.T("endpoint.lacks.both"))[:8]))
				},
				"form":     func(r *rig) { r.both().start(size[0], size[1]); r.See("login") },
				"nobody":   func(r *rig) { r.both().start(size[0], size[1]).serve(page) },
				"requests": func(r *rig) { r.both().start(size[0], size[1]).serve(page).some() },
				"why":      func(r *rig) { r.both().start(size[0], size[1]).serve(page).some(); r.press("w") },
				"copy":     func(r *rig) { r.both().start(size[0], size[1]).serve(page); r.press("y") },
				"ended": func(r *rig) {
					r.both().start(size[0], size[1]).serve(page).some()
					r.press("x")
					r.Gone("10:41:07Z")
				},
			} {
				name := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], lang)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					r := newRig(t, lang)
					do(r)
					r.Fits(size[0], size[1])
					r.golden(name)
				})
			}
		}
	}
}

func TestRequestsAreShownAsTheyComeTheNewestFirstWithTheirReason(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both().start(90, 30)
	r.serve(page)
	r.See("Nobody has asked yet")
	r.ask(service.Path, page, user())
	r.See("1 request, 1 token, 0 refused", "A visitor's token was given out.")
	r.ask(service.Path, "https://evil.example", user())
	r.See("serve.foreign", "The page that asked is not among the allowed origins.")
	if text := r.Text(); strings.Index(text, "https://evil.example") > strings.LastIndex(text, page) {
		t.Errorf("the newest does not come first:\n%s", text)
	}
	r.press("j")
	r.See("A visitor's token was given out.")
	r.ask(service.Path, page, expired())
	r.See("login.expired", "A visitor's token was given out.") // the cursor stays on its request
}

func TestLeavingTheScreenKeepsItRunningAndComingBackShowsWhatCameMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both().start(80, 24).serve(page)
	r.press("esc")
	r.See("the list of keys", "Tokens are still served at")
	if got := r.ask(service.Path, page, user()); got != http.StatusOK {
		t.Fatal(got)
	}
	r.press("e")
	r.See("1 request, 1 token")
	r.ask("/try", "", nil)
	r.See("2 requests, 1 token, 0 refused", "/try")
}

func TestStoppingFreesThePortAndOffersTheSameAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both().start(80, 24).serve(page)
	at := strings.TrimPrefix(strings.TrimSuffix(r.host.Running().URL(), service.Path), "http://")
	r.press("x")
	r.See("Stopped after 0 requests", page)
	ln, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	r.press("ctrl+s")
	r.See("Visitor tokens are being served.", page)
}

func TestAnEndpointThatEndsByItselfIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both().start(80, 24).serve(page)
	if err := r.host.Running().Close(); err != nil { // by somebody else than the screen
		t.Fatal(err)
	}
	r.See("Stopped after 0 requests")
}

func TestWhatCannotBeServedIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, c := range []struct{ listen, origins, want string }{
		{"0.0.0.0:8001", "", "The console serves this machine alone"},
		{":8001", "", "The console serves this machine alone"},
		{"8001:", "", "Write an address of this machine"},
		{busy.Addr().String(), "", "Another program listens at"},
		{"0", "https://*.example.com", "is not an origin"},
	} {
		r := newRig(t, locale.English).both().start(100, 30)
		r.See("chat")
		r.press("enter", "enter")
		r.Paste(c.origins)
		r.press("enter", "ctrl+u")
		r.Type(c.listen)
		r.press("ctrl+s")
		r.See(c.want)
		if r.host.Running() != nil {
			t.Errorf("%s is served", c.listen)
		}
	}
}

func TestAFormThatWasLeftIsFilledInWhenItIsOpenedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both().start(80, 24)
	r.See("chat")
	r.press("enter", "enter")
	r.Paste(page)
	r.press("esc")
	r.See("the list of keys")
	r.press("e")
	r.See(page)
}

func TestMissingKeysAreNamedAndFoundOnceTheyAreThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English)
	r.add("login", core.KeyXsolla, project, loginSecret)
	r.start(80, 24)
	r.See("A Chat secret or a messaging key is missing")
	r.add("chat", core.KeyChat, "acme", chatSecret)
	r.press("r")
	r.See("Sign with")
}

func TestKeysThatCannotBeReadAreExplained(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both()
	list, fail := r.deps.List, true
	r.deps.List = func(ctx context.Context) ([]core.KeySummary, error) {
		if fail {
			fail = false
			return nil, &core.Error{Tried: "list-keys", Code: "store.locked", Class: core.Locked, Err: errors.New("canary")}
		}
		return list(ctx)
	}
	r.start(80, 24)
	r.See("store.locked")
	r.press("r")
	r.See("Sign with")
}

func TestWhatIsCopiedIsWhatIsNeededElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English)
	r.deps.Tunnel = func(port string) string { return "ssh -L " + port }
	r.add("it's login", core.KeyXsolla, project, loginSecret)
	r.add("chat", core.KeyChat, "acme", chatSecret)
	r.start(100, 30).serve(page)
	r.ask(service.Path, page, user())
	r.See("1 token,")
	url := r.host.Running().URL()
	for n, want := range []string{
		url, strings.TrimSuffix(url, service.Path) + "/try", `fetch("` + url + `", {credentials: "include"})`, "ssh -L ",
		`deskward serve token-endpoint --login-key 'it'\''s login' --chat-key chat --listen 127.0.0.1:0 --origin ` + page, "2026-11-25T10:41:07Z 200 GET /generate/token " + page,
	} {
		r.press("y")
		for range n {
			r.press("j")
		}
		r.press("enter")
		if got := <-r.copied; !strings.HasPrefix(got, want) {
			t.Errorf("item %d is %q, want %q", n, got, want)
		}
	}
	r.press("y")
	r.See("What is to be copied?")
	r.press("esc")
	r.See("Visitor tokens are being served.")
}

func TestCodeAndTryPageAreOneKeyAway(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both()
	p := pages{make(chan string, 1)}
	r.deps.Browser = p
	r.start(80, 24).serve(page)
	r.press("t")
	if got := <-p.opened; !strings.HasSuffix(got, "/try") {
		t.Error(got)
	}
	r.press("n")
	r.See("code for chat")

	r = newRig(t, locale.English).both().start(80, 24).serve(page)
	r.press("t")
	r.See("No browser can be opened here.")
}

func TestTheSandboxAsksAsItsUsersPageDoes(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both()
	answered := make(chan struct{})
	r.deps.Ask = func(_ context.Context, url string, o service.Options) error {
		if url != r.host.Running().URL() || o.Cookie != "token" {
			t.Errorf("asked %s with cookie %s", url, o.Cookie)
		}
		r.ask(service.Path, o.Origins[0], user())
		close(answered)
		return nil
	}
	r.start(80, 24).serve(page)
	r.See("g asks as the page of the sandbox's user does.")
	r.press("g")
	r.See("1 request, 1 token", "A visitor's token was given out.")
	<-answered
	r.deps.Ask = func(context.Context, string, service.Options) error { return &core.Error{Code: "sandbox.sign-in"} }
	r.press("esc", "e", "g")
	r.See("The sandbox gave no Login token.")
}

func TestAStormOfRequestsIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both().start(80, 24).serve(page)
	for range 1100 {
		r.ask("/nowhere", "", nil)
	}
	r.See("1100 requests, 0 tokens, 1100 refused")
	r.Fits(80, 24)
	r.press("G", "w")
	r.See("1100 times · 01-02 serve.path")
}

func TestLanguageIsSwitchedWithTheRequestsInSight(t *testing.T) {
	t.Parallel()
	r := newRig(t, locale.English).both().start(80, 24).serve(page)
	r.ask(service.Path, page, expired())
	r.See("The Login token had expired.")
	r.press("L")
	r.See("ログイントークンの有効期限が切れていました。")
}
