package zoho

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/transport"
)

func TestDataCentresHaveTheirOwnHosts(t *testing.T) {
	t.Parallel()
	tests := []struct{ region, accounts, desk, console string }{
		{"us", "https://accounts.zoho.com", "https://desk.zoho.com", "https://api-console.zoho.com"},
		{"eu", "https://accounts.zoho.eu", "https://desk.zoho.eu", "https://api-console.zoho.eu"},
		{"in", "https://accounts.zoho.in", "https://desk.zoho.in", "https://api-console.zoho.in"},
		{"au", "https://accounts.zoho.com.au", "https://desk.zoho.com.au", "https://api-console.zoho.com.au"},
		{"jp", "https://accounts.zoho.jp", "https://desk.zoho.jp", "https://api-console.zoho.jp"},
		{"ca", "https://accounts.zohocloud.ca", "https://desk.zohocloud.ca", "https://api-console.zohocloud.ca"},
		{"sa", "https://accounts.zoho.sa", "https://desk.zoho.sa", "https://api-console.zoho.sa"},
		{"uk", "https://accounts.zoho.uk", "https://desk.zoho.uk", "https://api-console.zoho.uk"},
		{"cn", "https://accounts.zoho.com.cn", "https://desk.zoho.com.cn", "https://api-console.zoho.com.cn"},
		{"sg", "https://accounts.zoho.sg", "https://desk.zoho.sg", "https://api-console.zoho.sg"},
		{"ae", "https://accounts.zoho.ae", "https://desk.zoho.ae", "https://api-console.zoho.ae"},
	}
	if len(tests) != len(dataCentres()) {
		t.Errorf("%d data centres, %d tested", len(dataCentres()), len(tests))
	}
	for _, tt := range tests {
		d, err := centre(tt.region)
		if err != nil || d.accounts(nil) != tt.accounts || d.desk(nil) != tt.desk || d.console(nil) != tt.console {
			t.Errorf("%s: %s %s %s, %v", tt.region, d.accounts(nil), d.desk(nil), d.console(nil), err)
		}
		if !slices.Contains(hosts(nil), strings.TrimPrefix(tt.desk, "https://")) {
			t.Errorf("%s is not among the hosts", tt.desk)
		}
	}
	if _, err := centre("zz"); core.CodeOf(err) != "zoho.unknown-region" {
		t.Errorf("unknown region: %v", err)
	}
}

func TestEndpointsFileKeepsEverythingFromZoho(t *testing.T) {
	t.Parallel()
	e := transport.Endpoints{ID: {"accounts": "http://127.0.0.1:4001", "desk": "http://127.0.0.1:4002"}}
	if got := hosts(e); !slices.Equal(got, []string{"127.0.0.1:4001", "127.0.0.1:4002"}) {
		t.Errorf("hosts: %v", got)
	}
}

func TestAnswerNamesTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	gateway := transport.Endpoints{ID: {"accounts": "http://127.0.0.1:4001", "accounts.jp": "http://127.0.0.1:4003/jp"}}
	tests := []struct {
		name, server, location string
		endpoints              transport.Endpoints
		url, region            string // "": refused
	}{
		{"as asked", "", "", nil, "https://accounts.zoho.eu", "eu"},
		{"by location", "", "in", nil, "https://accounts.zoho.in", "in"},
		{"by server", "https://accounts.zohocloud.ca", "ca", nil, "https://accounts.zohocloud.ca", "ca"},
		{"server wins over location", "https://accounts.zoho.jp", "us", nil, "https://accounts.zoho.jp", "jp"},
		{"trailing slash", "https://accounts.zoho.jp/", "jp", nil, "https://accounts.zoho.jp", "jp"},
		{"case of the host", "https://Accounts.Zoho.JP", "jp", nil, "https://accounts.zoho.jp", "jp"},
		{"gateway of one centre", "http://127.0.0.1:4003/jp", "jp", gateway, "http://127.0.0.1:4003/jp", "jp"},
		{"gateway of all, location tells", "http://127.0.0.1:4001", "in", gateway, "http://127.0.0.1:4001", "in"},
		{"gateway of all, nothing tells", "http://127.0.0.1:4001", "", gateway, "http://127.0.0.1:4001", "eu"},
		{"Zoho's own name behind a gateway", "https://accounts.zoho.jp", "jp", gateway, "http://127.0.0.1:4003/jp", "jp"},
		{"stranger", "https://accounts.zoho.example", "eu", nil, "", ""},
		{"stranger with our name before it", "https://accounts.zoho.eu.example", "eu", nil, "", ""},
		{"our name as user", "https://accounts.zoho.eu@evil.example", "eu", nil, "", ""},
		{"user at our host", "https://x@accounts.zoho.eu", "eu", nil, "", ""},
		{"in clear", "http://accounts.zoho.eu", "eu", nil, "", ""},
		{"port", "https://accounts.zoho.eu:8443", "eu", nil, "", ""},
		{"path", "https://accounts.zoho.eu/steal", "eu", nil, "", ""},
		{"query", "https://accounts.zoho.eu?x=1", "eu", nil, "", ""},
		{"Canada's wrong name", "https://accounts.zoho.ca", "ca", nil, "", ""},
		{"not a URL", "https://\x00", "eu", nil, "", ""},
		{"no scheme", "accounts.zoho.eu", "eu", nil, "", ""},
		{"loopback without an endpoints file", "http://127.0.0.1:4001", "eu", nil, "", ""},
		{"unknown location", "", "moon", nil, "", ""},
	}
	for _, tt := range tests {
		cfg, err := oauthConfig(core.Connection{Region: "eu"}, tt.endpoints)
		if err != nil {
			t.Fatal(err)
		}
		got, region, err := cfg.TokenURLFor(url.Values{"accounts-server": {tt.server}, "location": {tt.location}})
		if tt.url == "" {
			if core.CodeOf(err) != "zoho.foreign-accounts-server" || got != "" {
				t.Errorf("%s: %s, %v; want a refusal", tt.name, got, err)
			}
			continue
		}
		if err != nil || got != tt.url+"/oauth/v2/token" || region != tt.region {
			t.Errorf("%s: %s in %s, %v; want %s in %s", tt.name, got, region, err, tt.url, tt.region)
		}
	}
}

// Whatever a browser brings, a token goes to a server of the table only.
func FuzzAnswerStaysOnTheList(f *testing.F) {
	for _, s := range []string{
		"accounts-server=https%3A%2F%2Faccounts.zoho.in&location=in&code=1000.x", "accounts-server=https://accounts.zoho.eu%00.example",
		"accounts-server=//accounts.zoho.eu", "location=US", "accounts-server=https://accounts.zoho.eu%2f..%2f@x",
	} {
		f.Add(s)
	}
	cfg, err := oauthConfig(core.Connection{Region: "us"}, nil)
	if err != nil {
		f.Fatal(err)
	}
	allowed := map[string]bool{}
	for _, d := range dataCentres() {
		allowed["https://accounts."+d.domain+pathToken] = true
	}
	f.Fuzz(func(t *testing.T, raw string) {
		answer, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		got, region, err := cfg.TokenURLFor(answer)
		if err != nil {
			if got != "" || region != "" || core.CodeOf(err) != "zoho.foreign-accounts-server" {
				t.Errorf("%q: %q %q %v", raw, got, region, err)
			}
			return
		}
		if !allowed[got] {
			t.Errorf("%q sends the code to %q", raw, got)
		}
	})
}

func TestLifetimeIsReadInItsUnit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		raw  map[string]any
		want time.Duration
	}{
		{"seconds", map[string]any{"expires_in": 3600.0}, time.Hour},
		{"milliseconds", map[string]any{"expires_in_sec": 3600.0, "expires_in": 3600000.0}, time.Hour},
		{"milliseconds, shorter", map[string]any{"expires_in_sec": 600.0, "expires_in": 600000.0}, 10 * time.Minute},
		{"only expires_in_sec", map[string]any{"expires_in_sec": 600.0}, 10 * time.Minute},
		{"texts", map[string]any{"expires_in_sec": "3600", "expires_in": "1800000"}, 30 * time.Minute},
		{"milliseconds unannounced", map[string]any{"expires_in": 3600000.0}, time.Hour},
		{"huge", map[string]any{"expires_in": 1e300}, time.Hour},
		{"negative", map[string]any{"expires_in": -5.0}, 0},
		{"none", map[string]any{}, 0},
		{"nonsense", map[string]any{"expires_in": "soon"}, 0},
	}
	for _, tt := range tests {
		if got := lifetime((&oauth2.Token{}).WithExtra(tt.raw)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestThrottleIsToldFromRefusal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status            int
		code, description string
		want              string
	}{
		{200, "Access Denied", "You have made too many requests continuously. Please try again after some time.", "zoho.throttled"},
		{400, "Access Denied", "You have made too many requests continuously. Please try again after some time.", "zoho.throttled"},
		{200, "access_denied", "You have made too many requests continuously.", "zoho.throttled"},
		{429, "", "", "zoho.throttled"},
		{200, "access_denied", "", "zoho.access_denied"},
		{200, "invalid_code", "", "zoho.invalid_code"},
		{200, "General Error", "", "zoho.general_error"},
		{200, " Invalid_Client ", "", "zoho.invalid_client"},
		{503, "", "", "zoho.unavailable"},
		{200, "canary-refresh-token", "", "zoho.unlisted"},
	}
	for _, tt := range tests {
		if got := tokenErrorCode(tt.status, tt.code, tt.description); got != tt.want {
			t.Errorf("%d %q %q: %s, want %s", tt.status, tt.code, tt.description, got, tt.want)
		}
	}
}

func TestDeskErrorsFollowTheirCodeNotTheirStatus(t *testing.T) {
	t.Parallel()
	const asJSON, asPage = "application/json;charset=UTF-8", "text/html"
	tests := []struct {
		name       string
		status     int
		kind, body string
		code       string
		class      core.Class
	}{
		{"success", 200, asJSON, `{}`, "", 0},
		{"empty list", 204, "", "", "", 0},
		{"scope, 403", 403, asJSON, `{"errorCode":"SCOPE_MISMATCH","message":"m"}`, "zoho.SCOPE_MISMATCH", core.Refused},
		{"scope, 401", 401, asJSON, `{"errorCode":"SCOPE_MISMATCH","message":"m"}`, "zoho.SCOPE_MISMATCH", core.Refused},
		{"expired", 401, asJSON, `{"errorCode":"INVALID_OAUTH"}`, "zoho.INVALID_OAUTH", core.Refused},
		{"page", 401, asPage, "<!doctype html>", "zoho.wrong-dc", core.Refused},
		{"page that says it is JSON", 404, asJSON, "<!doctype html>", "zoho.wrong-dc", core.Refused},
		{"sign-in", 302, "", "", "zoho.wrong-dc", core.Refused},
		{"busy", 429, asJSON, `{"errorCode":"TOO_MANY_REQUESTS"}`, "zoho.TOO_MANY_REQUESTS", core.Failed},
		{"busy, silent", 429, "", "", "zoho.TOO_MANY_REQUESTS", core.Failed},
		{"credits gone", 429, asJSON, `{"errorCode":"THRESHOLD_EXCEEDED"}`, "zoho.THRESHOLD_EXCEEDED", core.Failed},
		{"out of order", 502, asPage, "<html>", "zoho.unavailable", core.Failed},
		{"cut", 401, asJSON, `{"errorCo`, "zoho.UNAUTHORIZED", core.Refused},
		{"new code", 403, asJSON, `{"errorCode":"canary-secret"}`, "zoho.unlisted", core.Refused},
		{"list", 400, asJSON, `[]`, "zoho.unlisted", core.Refused},
	}
	for _, tt := range tests {
		err := deskError("check", "x", &transport.Answer{Status: tt.status, Header: http.Header{"Content-Type": {tt.kind}}, Body: []byte(tt.body)})
		if tt.code == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		} else if core.CodeOf(err) != tt.code || core.ClassOf(err) != tt.class {
			t.Errorf("%s: %v, class %d", tt.name, err, core.ClassOf(err))
		}
	}
}

// Desk may send anything: its error is one that advice knows, and repeats
// nothing of the body.
func FuzzDeskError(f *testing.F) {
	f.Add(401, "application/json", `{"errorCode":"INVALID_OAUTH","message":"canary-token"}`)
	f.Add(403, "text/html", `<!doctype html><p>canary-token`)
	f.Add(500, "", `{"errorCode":{"a":1}}`)
	f.Add(422, "application/json", `{"errorCode":"INVALID_DATA","errors":[{"fieldName":"/contactId","errorType":"missing"}]}`)
	known := map[string]bool{}
	for _, k := range AdviceKeys() {
		known[k] = true
	}
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		err := deskError("check", "x", &transport.Answer{Status: status, Header: http.Header{"Content-Type": {kind}}, Body: []byte(body)})
		if err == nil {
			if status < 200 || status > 299 {
				t.Errorf("status %d is a success", status)
			}
			return
		}
		if !known[core.CodeOf(err)] {
			t.Errorf("code %q has no advice", core.CodeOf(err))
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("the body is in the error: %v", err)
		}
	})
}

func FuzzReadTokens(f *testing.F) {
	f.Add(200, `{"access_token":"a","refresh_token":"b","expires_in_sec":3600,"token_type":"Bearer","expires_in":3600000}`)
	f.Add(200, `{"error":"invalid_code"}`)
	f.Add(200, `{"access_token":5,"expires_in":"x"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		a := &transport.Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
		tokens, err := ExchangeRequest{On: "x"}.read(a, "h")
		switch {
		case err == nil && tokens.Access.Empty():
			t.Errorf("success without a token: %d %q", status, body)
		case err != nil && core.CodeOf(err) == "":
			t.Errorf("error without a code: %v", err)
		case tokens.Lifetime < 0 || tokens.Lifetime > longestLife:
			t.Errorf("lifetime %s", tokens.Lifetime)
		}
	})
}

func TestSuggestedScopesAreTheLeast(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		old  []string
		uses []Use
		want string
	}{
		{"nothing known", nil, nil, "Desk.basic.READ Desk.tickets.READ"},
		{"creates tickets", []string{"ZohoSupport/supportapi"}, []Use{UseCreateTickets}, "Desk.basic.READ Desk.tickets.READ Desk.tickets.CREATE"},
		{"searches", []string{"ZohoSearch/SearchAPI"}, []Use{UseReadTickets}, "Desk.basic.READ Desk.tickets.READ Desk.contacts.READ Desk.search.READ"},
		{"only the old scope", []string{"zohosupport/supportapi"}, nil, "Desk.basic.READ Desk.tickets.ALL Desk.contacts.READ Desk.contacts.CREATE Desk.contacts.UPDATE"},
	}
	for _, tt := range tests {
		if got := strings.Join(SuggestScopes(tt.old, tt.uses...), " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	disputed := map[string]bool{}
	for _, s := range scopes() {
		disputed[s.ID] = s.Disputed
	}
	for _, u := range Uses() {
		for _, s := range SuggestScopes(nil, u) {
			if d, known := disputed[s]; d || !known {
				t.Errorf("%s suggests %s", u, s)
			}
		}
	}
}

func TestScopesAreChecked(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "Desk.tickets.READ", "Desk.tickets.READ, Desk.activities.calls.CREATE", "AaaServer.profile.READ"} {
		if err := checkScopes(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"Desk.tickets.read", "Desk", "Desk.tickets", "Desk..READ", "Desk.tickets.READ;Desk.basic.READ", "“Desk.tickets.READ”"} {
		if err := checkScopes(bad); core.CodeOf(err) != "zoho.bad-scope" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestProbesTellOfOneScopeOnly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		scope string
		asked []string
		path  string // "": no probe tells
	}{
		{"Desk.tickets.READ", nil, "/tickets?limit=1"},
		{"Desk.tickets.ALL", nil, "/tickets?limit=1"},
		{"Desk.tickets.CREATE", nil, ""},
		{"Desk.settings.READ", []string{"Desk.settings.READ"}, ""},
		{"Desk.settings.READ", []string{"Desk.basic.READ"}, "/agents?limit=1"},
		{"Desk.search.READ", []string{"Desk.tickets.ALL"}, "/tickets/search?limit=1"},
		{"Desk.search.READ", []string{"Desk.contacts.READ"}, ""},
		{"Desk.community.READ", nil, ""},
		{"nonsense", nil, ""},
	}
	for _, tt := range tests {
		p, ok := probeFor(tt.scope, tt.asked)
		if ok != (tt.path != "") || p.path != tt.path && ok {
			t.Errorf("%s with %v: %q, %v", tt.scope, tt.asked, p.path, ok)
		}
	}
}

func TestTokenEndIsShownOfLongTokensOnly(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "short-token": "", "a-token-that-is-long-enough-215": "-215"} {
		if got := lastFour(core.NewSecret(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestATokenThatWouldActOnATerminalIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"access_token":"a\nb"}`, `{"access_token":"a\u001b]0;x\u0007"}`, `{"access_token":"a","refresh_token":"b\u202ec"}`, `{"access_token":"a","refresh_token":"b\r\nX: y"}`,
	} {
		got, _, err := readTokens(&transport.Answer{Status: 200, Header: http.Header{}, Body: []byte(body)}, "accounts.zoho.eu")
		if core.CodeOf(err) != "oauth.token-malformed" || !got.Access.Empty() || !got.Refresh.Empty() {
			t.Errorf("%s: %v %v", body, got, err)
		}
		_, err = ExchangeRequest{On: "acme"}.read(&transport.Answer{Status: 200, Header: http.Header{}, Body: []byte(body)}, "accounts.zoho.eu")
		if core.CodeOf(err) != "zoho.authtooauth.unknown" || core.ClassOf(err) != core.Unknown { // the old token may be on its way out
			t.Errorf("%s: %v", body, err)
		}
	}
}
