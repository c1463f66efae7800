package connections_test

import (
	"context"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/oauth2"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/consent"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/core/transport"
	"deskward/core/transport/loopbacktest"
	"deskward/store/mem"
	"deskward/tui"
	"deskward/tui/connections"
	"deskward/tui/screen"
	"deskward/tui/tuitest"
)

// movable is a clock that stands still until it is moved.
type movable struct{ ns atomic.Int64 }

func newMovable() *movable {
	m := &movable{}
	m.ns.Store(time.Date(2026, 11, 22, 10, 41, 0, 0, time.UTC).UnixNano())
	return m
}

func (m *movable) Now() time.Time          { return time.Unix(0, m.ns.Load()).UTC() }
func (m *movable) Advance(d time.Duration) { m.ns.Add(int64(d)) }

// vendor is what the platform of these tests answers.
type vendor struct {
	mu      sync.Mutex
	token   map[string]any // the token endpoint's answer
	check   func(ctx context.Context, id string) (core.Check, error)
	owner   string
	probes  []platform.ScopeProbe
	revoked int
	refusal error                                                        // of revoking; nil: it is done
	setup   func(ctx context.Context, of string) (platform.Setup, error) // nil: it has none to read
	codes   []string                                                     // codes that were exchanged
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.codes = append(v.codes, r.FormValue("code"))
	w.Header().Set("Content-Type", "application/json")
	if _, refused := v.token["error"]; refused {
		w.WriteHeader(http.StatusBadRequest)
	}
	json.NewEncoder(w).Encode(v.token) //nolint:errcheck // the client tells
}

// account is the client of one connection.
type account struct {
	v  *vendor
	id string
}

func (a account) Check(ctx context.Context) (core.Check, error) {
	core.RecordCall(ctx, core.Call{Method: "GET", URL: "https://desk.acme.example/api/v1/organizations", Status: 200, Took: 84 * time.Millisecond})
	return a.v.check(ctx, a.id)
}

// setUp is the client of a connection whose set-up can be read.
type setUp struct{ account }

func (s setUp) ReadSetup(ctx context.Context, of string) (platform.Setup, error) {
	core.RecordCall(ctx, core.Call{Method: "GET", URL: "https://desk.acme.example/api/v1/organizations", Status: 200, Took: 84 * time.Millisecond})
	return s.v.setup(ctx, of)
}

func (a account) ProbeScopes(context.Context) ([]platform.ScopeProbe, error) { return a.v.probes, nil }

func (a account) Owner(context.Context) (string, error) { return a.v.owner, nil }

func (a account) Revoke(context.Context) error {
	a.v.mu.Lock()
	defer a.v.mu.Unlock()
	a.v.revoked++
	return a.v.refusal
}

// rig is a console with the section of connections only, over real services.
type rig struct {
	*tuitest.Driver
	t           testing.TB
	clock       *movable
	vendor      *vendor
	store       core.Store
	events      *core.EventLog
	connections *core.Connections
	service     *platform.Service
	consent     *consent.Service
	ports       []int
	deps        connections.Deps
	opts        tui.Options
	model       *tui.Console
	width       int
	height      int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, clock: newMovable(), vendor: &vendor{}, store: mem.New(), ports: []int{loopbacktest.FreePort(t), loopbacktest.FreePort(t)}}
	r.vendor.token = map[string]any{"access_token": "canary-access-token", "refresh_token": "canary-refresh-token", "token_type": "Bearer", "expires_in": 3600, "scope": "tickets.read contacts.read"}
	r.vendor.check = func(context.Context, string) (core.Check, error) { return core.Check{OK: true, Note: "Acme Inc."}, nil }
	r.events = &core.EventLog{Store: r.store, Clock: r.clock, Actor: core.Actor{User: "mina", Host: "jump01"}}
	r.connections = &core.Connections{Store: r.store, Events: r.events}
	client, err := transport.New(transport.Options{Clock: r.clock})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r.vendor)
	t.Cleanup(server.Close)
	r.service = &platform.Service{Platforms: []platform.Platform{r.platform(server.URL)}, Connections: r.connections, HTTP: client, Clock: r.clock}
	r.consent = &consent.Service{
		Store: r.store, Connections: r.connections, Events: r.events, Clock: r.clock, HTTP: client,
		Leases: &core.Leases{Store: r.store, Clock: r.clock, Actor: r.events.Actor},
		Config: r.service.Config, Check: r.service.Check,
		Page: template.Must(template.New("page").Parse("{{.Heading}}")), Text: func(k string) string { return k },
	}
	r.service.Tokens = r.consent
	r.deps = connections.Deps{
		Connections: r.connections, Events: r.events, Platforms: r.service.Platforms, Service: r.service, Consent: r.consent,
		Clock: r.clock, User: "mina", Host: "jump01.acme.example", Folder: t.TempDir(),
	}
	r.opts = tui.Options{
		Sections: []tui.Section{{ID: "connections", Title: "section.connections", Open: func() screen.Screen { return connections.New(r.deps) }}},
		Printer:  func(l locale.Lang) (*locale.Printer, error) { return locale.Load(texts(t), l) },
		Lang:     locale.English, Explain: inWords(t), Protection: func(screen.Env) string { return "protected by passphrase" },
		Clock: r.clock, SSH: true, Getenv: func(string) string { return "" },
	}
	return r
}

func (r *rig) platform(tokenURL string) platform.Platform {
	u, err := url.Parse(tokenURL)
	if err != nil {
		r.t.Fatal(err)
	}
	return platform.Platform{
		ID: "acme", Name: "Acme Desk",
		Grants:  []core.Grant{core.GrantCode, core.GrantPastedCode, core.GrantDevice, core.GrantClientCredentials, core.GrantAuthtoken},
		Regions: []platform.Region{{ID: "eu", Name: "Europe", Console: "https://console.acme.example/eu"}, {ID: "jp", Name: "Japan", Console: "https://console.acme.example/jp"}, {ID: "uk", Name: "United Kingdom", Doubtful: true}},
		Asks: []platform.Ask{
			{Name: "region", Default: "eu"},
			{Name: "client_id", Grants: []core.Grant{core.GrantCode, core.GrantPastedCode, core.GrantDevice, core.GrantClientCredentials}},
			{Name: "client_secret", Secret: true, Optional: true},
			{Name: "authtoken", Secret: true, Grants: []core.Grant{core.GrantAuthtoken}},
			{Name: "account", Optional: true, Check: func(v string) error {
				if strings.ContainsAny(v, "abc") {
					return &core.Error{Code: "connection.name-empty", Class: core.Usage}
				}
				return nil
			}},
			{Name: "scopes", Optional: true, Default: "tickets.read"},
		},
		Scopes: []platform.Scope{{ID: "tickets.read", Least: true}, {ID: "contacts.read"}, {ID: "search.read", Disputed: true}},
		OAuth: func(c core.Connection, _ transport.Endpoints) (consent.Config, error) {
			return consent.Config{
				Platform: "acme", AuthURL: "https://accounts.acme.example/oauth/v2/auth", TokenURL: tokenURL, AuthStyle: oauth2.AuthStyleInParams,
				ClientID: c.ClientID, ClientSecret: c.Secrets[core.SecretClientSecret], Scopes: c.Scopes, Ports: r.ports, Hosts: []string{u.Host},
			}, nil
		},
		Dial: func(c core.Connection, _ platform.Env) any {
			if r.vendor.setup != nil {
				return setUp{account{r.vendor, c.ID}}
			}
			return account{r.vendor, c.ID}
		},
	}
}

// texts are the program's own, with words for the platform of these tests.
func texts(t testing.TB) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(files, name)
		out[name] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out["acme.en.json"] = &fstest.MapFile{Data: []byte(`{"setup.acme.data-centre":"Data centre","setup.acme.organizations":"Organizations","setup.acme.verified":"Ownership confirmed","setup.acme.credits-left":"API credits left today","setup.acme.of.mailbox":"Mailbox","setup.acme.of.mailbox.hint":"The address that customers write to.","setup.acme.of.elsewhere":"ask other data centres","setup.acme.of.elsewhere.hint":"The credential of {{.name}} is shown to the others.","setup.acme.of.further":"If it may belong to another data centre: ask the others.","ask.acme.client_id":"Client ID","ask.acme.client_secret":"Client secret","ask.acme.region":"Data centre","ask.acme.account":"Organization","ask.acme.authtoken":"Auth token","ask.acme.scopes":"Scopes","scope.acme.tickets.read":"read tickets","scope.acme.contacts.read":"read contacts","scope.acme.search.read":"search"}`)}
	out["acme.ja.json"] = &fstest.MapFile{Data: []byte(`{"setup.acme.data-centre":"データセンター","setup.acme.organizations":"組織","setup.acme.verified":"所有権の確認","setup.acme.credits-left":"本日の残り API クレジット","setup.acme.of.mailbox":"メールアドレス","setup.acme.of.mailbox.hint":"お客様が送信する宛先です。","setup.acme.of.elsewhere":"他のデータセンターに問い合わせ","setup.acme.of.elsewhere.hint":"{{.name}} の認証情報を他のデータセンターに送信します。","setup.acme.of.further":"他のデータセンターに問い合わせできます。","ask.acme.client_id":"クライアント ID","ask.acme.client_secret":"クライアントシークレット","ask.acme.region":"データセンター","ask.acme.account":"組織","ask.acme.authtoken":"認証トークン","ask.acme.scopes":"スコープ","scope.acme.tickets.read":"チケットの参照","scope.acme.contacts.read":"連絡先の参照","scope.acme.search.read":"検索"}`)}
	return out
}

func inWords(t testing.TB) func(error, *locale.Printer) screen.Explanation {
	t.Helper()
	files, err := fs.Sub(assets.Advice, "advice")
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := advice.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return func(err error, p *locale.Printer) screen.Explanation {
		x := catalogue.Explain(err, p)
		return screen.Explanation{Headline: x.Headline, Means: x.Means, Next: x.Next, Code: x.Code, Said: x.Vendor, Unsure: !x.Sure}
	}
}

// start shows the console.
func (r *rig) start(width, height int) *rig {
	r.t.Helper()
	m, err := tui.New(r.t.Context(), r.opts)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Driver, r.model, r.width, r.height = tuitest.Drive(r.t, m, width, height), m, width, height
	m.SetSend(r.Post)
	r.t.Cleanup(func() {
		if !m.Wait(10 * time.Second) {
			r.t.Error("work of the screens did not end")
		}
	})
	return r
}

// seeKey waits for the beginning of a text, in the console's language.
func (r *rig) seeKey(key string) {
	r.t.Helper()
	p, err := r.opts.Printer(r.opts.Lang)
	if err != nil {
		r.t.Fatal(err)
	}
	words := []rune(p.T(key))
	r.See(string(words[:min(len(words), 8)]))
}

func (r *rig) press(names ...string) { r.t.Helper(); r.Key(tui.Press, names...) }

// add stores a connection.
func (r *rig) add(name string, change func(*core.Connection)) core.Connection {
	r.t.Helper()
	c := core.Connection{
		Name: name, Platform: "acme", Grant: core.GrantCode, Region: "eu", ClientID: "canary-client", Scopes: []string{"tickets.read", "contacts.read"},
		Secrets: core.Secrets{core.SecretClientSecret: core.NewSecret("canary-client-secret")},
	}
	if change != nil {
		change(&c)
	}
	c, err := r.connections.Add(r.t.Context(), c)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// working makes a connection one that was granted and checked.
func (r *rig) working(c *core.Connection) {
	now := r.clock.Now()
	c.Account, c.Granted, c.GrantedAt = "60001234567", c.Scopes, now.Add(-20*24*time.Hour)
	c.AccessExpires = now.Add(47 * time.Minute)
	c.Secrets = c.Secrets.With(core.SecretAccessToken, core.NewSecret("canary-access-token")).With(core.SecretRefreshToken, core.NewSecret("canary-refresh-token"))
	c.Check = core.Check{At: now.Add(-3 * time.Minute), OK: true, Note: "Acme Inc.", Calls: []core.Call{{Method: "GET", URL: "https://desk.acme.example/api/v1/organizations", Status: 200, Took: 84 * time.Millisecond}}}
}

// some stores connections in every state that matters.
func (r *rig) some() {
	r.t.Helper()
	now := r.clock.Now()
	r.add("Acme Japan", func(c *core.Connection) { r.working(c); c.Region = "jp" })
	r.add("Acme Europe", func(c *core.Connection) {
		c.Grant, c.Account, c.Scopes, c.ClientID = core.GrantAuthtoken, "60009876543", nil, ""
		c.Secrets = core.Secrets{core.SecretAuthtoken: core.NewSecret("canary-authtoken")}
	})
	r.add("Acme Outlet", func(c *core.Connection) { r.working(c); c.EndsAt, c.Account = now.Add(21*time.Hour), "60001112223" })
	r.add("Test account", func(c *core.Connection) {
		r.working(c)
		c.Check = core.Check{At: now.Add(-2 * time.Hour), Code: "oauth.invalid_grant"}
	})
	r.add("山田商店の窓口", func(c *core.Connection) { c.Region = "jp" })
}

func (r *rig) byName(name string) core.Connection {
	r.t.Helper()
	c, err := r.connections.ByName(r.t.Context(), name)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// verbs are what the log says of a connection, oldest first.
func (r *rig) verbs(id string) []core.Verb {
	r.t.Helper()
	events, err := r.events.Recent(r.t.Context(), 0, id)
	if err != nil {
		r.t.Fatal(err)
	}
	out := make([]core.Verb, len(events))
	for i, ev := range events {
		out[len(events)-1-i] = ev.Verb
	}
	return out
}

// pending is the attempt that waits.
func (r *rig) pending(id string) consent.Attempt {
	r.t.Helper()
	var at consent.Attempt
	r.Until("a waiting consent", func() bool {
		var err error
		at, err = r.consent.Pending(r.t.Context(), id)
		return err == nil
	})
	return at
}

// answerTo is the address the browser would go to after the person agreed.
func answerTo(t testing.TB, at consent.Attempt) string {
	t.Helper()
	u, err := url.Parse(at.URL)
	if err != nil {
		t.Fatal(err)
	}
	return at.Redirect + "?" + url.Values{"code": {"canary-code"}, "state": {u.Query().Get("state")}}.Encode()
}

// steady replaces what differs from run to run: ports, challenges, files.
func steady(text string, ports []int) string {
	for i, p := range ports {
		text = regexp.MustCompile(`\b`+strconv.Itoa(p)+`\b`).ReplaceAllString(text, strconv.Itoa(48105+i))
	}
	text = regexp.MustCompile(`(code_challenge=).*`).ReplaceAllString(text, "${1}…")
	text = regexp.MustCompile(`[a-z2-7]{26}`).ReplaceAllString(text, strings.Repeat("i", 26))
	return regexp.MustCompile(`process \d+|プロセス \d+`).ReplaceAllString(text, "process 4711")
}

func (r *rig) golden(name string) {
	r.t.Helper()
	text := r.Text()
	if m := regexp.MustCompile(`\[[a-z]+\.[a-z.-]+\]`).FindString(text); m != "" {
		r.t.Errorf("%s: the text %s is missing", name, m)
	}
	if strings.Contains(text, "<no value>") {
		r.t.Errorf("%s: a text has a value missing", name)
	}
	tuitest.Golden(r.t, name, steady(text, r.ports))
}

func fileMode(t testing.TB, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}
