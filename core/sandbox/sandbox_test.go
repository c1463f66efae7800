package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/sandbox"
	"deskward/core/transport"
)

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestEndpointsStayOnLoopback(t *testing.T) {
	t.Parallel()
	u := start(t)
	e := u.sb.Endpoints()
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	for p := range e {
		for _, h := range e.Hosts(p) {
			host, _, err := net.SplitHostPort(h)
			if err != nil || !transport.IsLoopback(host) {
				t.Errorf("%s is at %s", p, h)
			}
		}
	}
	// Nothing of Zoho may be left that resolves to the real one.
	for _, name := range []string{"accounts", "desk", "console"} {
		if got := e.Resolve("zoho", name, "mars", "https://real.example"); strings.Contains(got, "real") {
			t.Errorf("%s of an unknown region is the real one", name)
		}
	}
}

func TestServicesEndWithTheirContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	sb, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(sb.ControlURL())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for tries := 0; ; tries++ {
		conn, err := net.Dial("tcp", u.Host)
		if errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
		if err == nil {
			conn.Close()
		}
		if tries == 10_000 {
			t.Fatal("it still listens")
		}
	}
	if err := sb.Close(); err != nil {
		t.Error(err)
	}
}

func TestClockRunsAndMoves(t *testing.T) {
	t.Parallel()
	u := start(t)
	before := u.sb.Clock().Now()
	if after := u.sb.Clock().Advance(25 * time.Hour); after.Sub(before) < 25*time.Hour {
		t.Errorf("%s to %s", before, after)
	}
	_, header, _ := u.get(u.at("accounts.eu") + "/oauth/serverinfo")
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || date.Sub(before) < 24*time.Hour {
		t.Errorf("Date is %s, %v: servers must live in the sandbox's time", header.Get("Date"), err)
	}
}

func TestForeignHostNameIsRefused(t *testing.T) {
	t.Parallel()
	u := start(t)
	for _, base := range []string{u.at("accounts.eu"), u.sb.ControlURL()} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/sandbox/state", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "attacker.example:80"
		if status, _, body := u.do(req); status != http.StatusMisdirectedRequest {
			t.Errorf("%d %v", status, body)
		}
	}
}

func TestControlInterface(t *testing.T) {
	t.Parallel()
	u := start(t)
	before := u.sb.Clock().Now()
	if status, _ := u.control(http.MethodPost, "/sandbox/clock", map[string]string{"advance": "25h"}); status != 200 || u.sb.Clock().Now().Sub(before) < 25*time.Hour {
		t.Errorf("clock: %d", status)
	}
	if status, _ := u.control(http.MethodPost, "/sandbox/faults", sandbox.Fault{Service: "zoho.desk", Status: 503}); status != 200 {
		t.Errorf("faults: %d", status)
	}
	if status, _ := u.desk("/tickets", "", ""); status != 503 {
		t.Errorf("the fault is not on: %d", status)
	}
	if status, _ := u.control(http.MethodDelete, "/sandbox/faults", nil); status != 200 {
		t.Errorf("clear: %d", status)
	}
	if status, _ := u.desk("/tickets", "", ""); status != 401 {
		t.Errorf("the fault is still on: %d", status)
	}
	_, state := u.control(http.MethodPost, "/sandbox/switches", map[string]any{"name": sandbox.ZohoRetired, "on": true})
	if on, _ := state["switches"].(map[string]any); on[string(sandbox.ZohoRetired)] != true {
		t.Errorf("switches: %v", state["switches"])
	}
	for path, bad := range map[string]any{
		"/sandbox/switches": map[string]any{"name": "zoho.nothing", "on": true}, "/sandbox/clock": map[string]string{"advance": "soon"}, "/sandbox/faults": "x",
		"/sandbox/zoho/self-client-code": map[string]any{"scopes": []string{"x"}},
	} {
		if status, _ := u.control(http.MethodPost, path, bad); status != 400 {
			t.Errorf("%s takes %v: %d", path, bad, status)
		}
	}
	if status, body := u.post(u.sb.ControlURL()+"/sandbox/clock", url.Values{"advance": {"1h"}}); status != http.StatusUnsupportedMediaType {
		t.Errorf("a page's form moved the clock: %d %v", status, body)
	}
	_, code := u.control(http.MethodPost, "/sandbox/zoho/self-client-code", map[string]any{"scopes": u.zoho.Scopes, "minutes": 3})
	if s, _ := code["code"].(string); s == "" {
		t.Errorf("code: %v", code)
	}
	raw, err := http.Get(u.sb.ControlURL() + "/sandbox/calls")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Body.Close()
	var calls []sandbox.Call
	if err := json.NewDecoder(raw.Body).Decode(&calls); err != nil || len(calls) != 2 || calls[0].Service != "zoho.desk" || calls[0].Status != 503 {
		t.Errorf("calls: %+v, %v", calls, err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	u := start(t)
	target := u.at("accounts.eu") + "/oauth/serverinfo"
	ask := func() (int, string, error) {
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(target)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(raw) + resp.Header.Get("Retry-After"), err
	}
	with := func(f sandbox.Fault) (int, string, error) {
		u.sb.ClearFaults()
		u.sb.SetFault(f)
		return ask()
	}
	if status, body, _ := with(sandbox.Fault{Status: 429, RetryAfter: 7 * time.Second}); status != 429 || body != "{}7" {
		t.Errorf("429: %d %q", status, body)
	}
	if status, body, _ := with(sandbox.Fault{HTML: true}); status != 200 || !strings.HasPrefix(body, "<!doctype html>") {
		t.Errorf("page: %d %q", status, body)
	}
	if _, _, err := with(sandbox.Fault{Reset: true}); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("reset: %v", err)
	}
	if _, body, err := with(sandbox.Fault{Cut: true}); !errors.Is(err, io.ErrUnexpectedEOF) || body == "" {
		t.Errorf("cut: %q, %v", body, err)
	}
	if status, _, _ := with(sandbox.Fault{Service: "zoho.desk", Status: 500}); status != 200 {
		t.Errorf("a fault of another service: %d", status)
	}
	if status, _, _ := with(sandbox.Fault{Path: "/elsewhere", Status: 500}); status != 200 {
		t.Errorf("a fault of another path: %d", status)
	}
	if status, _, _ := with(sandbox.Fault{Status: 500, Times: 2}); status != 500 {
		t.Errorf("first of two: %d", status)
	}
	for _, want := range []int{500, 200} {
		if status, _, _ := ask(); status != want {
			t.Errorf("%d, want %d", status, want)
		}
	}
	u.sb.SetFault(sandbox.Fault{Latency: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("latency: %v", err)
	}
}

// The effect takes place, and its answer is lost.
func TestFaultAfterTheEffect(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.sb.SetFault(sandbox.Fault{Path: "/oauth/v2/token/self", Status: 502, After: true, Times: 1})
	if status, _ := u.exchange("self", nil); status != 502 {
		t.Fatalf("status %d", status)
	}
	_, body := u.exchange("self", nil)
	u.wantError("it was done", body, "access_denied")
}

func TestTerminalAnswersOwnPagesOnly(t *testing.T) {
	t.Parallel()
	u := start(t)
	for _, foreign := range []string{"https://accounts.zoho.eu/oauth/v2/auth?client_id=x", "http://127.0.0.1:1/", "nonsense", ""} {
		if _, err := u.sb.GrantInTerminal(t.Context(), foreign); core.CodeOf(err) != "sandbox.not-ours" {
			t.Errorf("%q: %v", foreign, err)
		}
	}
}

func TestConsolePageMakesCodes(t *testing.T) {
	t.Parallel()
	u := start(t)
	_, body := u.post(u.at("console"), url.Values{"scope": {strings.Join(u.zoho.Scopes, ",")}, "minutes": {"5"}, "portal": {u.zoho.OrgID}})
	page, _ := body["page"].(string)
	if !strings.Contains(page, `id="code">1000.`) || !strings.Contains(page, u.zoho.SelfClientID) {
		t.Errorf("page: %s", page)
	}
	_, body = u.post(u.at("console"), url.Values{"scope": {"<script>"}, "minutes": {"5"}})
	if page, _ = body["page"].(string); strings.Contains(page, "<script>") || strings.Contains(page, `id="code"`) {
		t.Errorf("bad scope: %s", page)
	}
}
