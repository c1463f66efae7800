package transport_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/transport"
)

const canary = "canary-access-token"

func client(t *testing.T, hosts ...string) *http.Client {
	t.Helper()
	c, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c.For(hosts...)
}

func get(t *testing.T, c *http.Client, raw string) (*transport.Answer, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return transport.Do(c, req)
}

func host(srv *httptest.Server) string {
	return strings.TrimPrefix(strings.TrimPrefix(srv.URL, "http://"), "https://")
}

func TestNothingIsSentToAHostThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	called := false
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer srv.Close()
	for _, hosts := range [][]string{nil, {"example.test"}, {"127.0.0.1"}, {"*.0.0.1"}} {
		if _, err := get(t, client(t, hosts...), srv.URL); core.CodeOf(err) != "net.host-not-allowed" {
			t.Errorf("%v: %v", hosts, err)
		}
	}
	if _, err := get(t, client(t, "example.test"), "http://example.test/"); core.CodeOf(err) != "net.host-not-allowed" {
		t.Errorf("plain http to a host that is not loopback: %v", err)
	}
	if called {
		t.Error("the server was called")
	}
	if _, err := get(t, client(t, host(srv)), srv.URL); err != nil || !called {
		t.Errorf("the allowed host: %v", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.RedirectHandler("https://evil.test/?token="+canary, http.StatusFound))
	defer srv.Close()
	a, err := get(t, client(t, host(srv)), srv.URL)
	if err != nil || a.Status != http.StatusFound {
		t.Errorf("%v %v", a, err)
	}
}

func TestErrorsOfTheNetworkSayTheirKindAndHoldNoURL(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := closed.Addr().String()
	closed.Close()
	reset := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, _ := w.(http.Hijacker).Hijack()
		c.Close()
	}))
	defer reset.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	}))
	defer cut.Close()
	huge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 6 << 10 {
			w.Write(make([]byte, 1024))
		}
	}))
	defer huge.Close()
	tlsSrv := httptest.NewTLSServer(http.NotFoundHandler())
	defer tlsSrv.Close()
	for want, base := range map[string]string{
		"net.refused": "http://" + refused, "net.cut": reset.URL, "vendor.too-large": huge.URL, "net.certificate": tlsSrv.URL,
		"net.unreachable": "https://" + host(reset), // no TLS there
	} {
		u, _ := url.Parse(base)
		_, err := get(t, client(t, u.Host), base+"/path?token="+canary)
		if core.CodeOf(err) != want {
			t.Errorf("want %s, got %v", want, err)
		}
		if strings.Contains(fmt.Sprint(err), canary) {
			t.Errorf("%s: the error holds the query: %v", want, err)
		}
		if sent := want == "net.cut" || want == "vendor.too-large"; transport.NotSent(err) == sent {
			t.Errorf("%s: NotSent says %v", want, !sent)
		}
	}
	if _, err := get(t, client(t, host(cut)), cut.URL); core.CodeOf(err) != "net.cut" {
		t.Errorf("a body cut short: %v", err)
	}
}

func TestACancelledCallSaysSo(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}))
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
	_, err := transport.Do(client(t, host(srv)), req)
	if core.CodeOf(err) != "net.cancelled" || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestACertificateAuthorityOfOnesOwnIsTrusted(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	defer srv.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	c, err := transport.New(transport.Options{CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, c.For(host(srv)), srv.URL); err != nil {
		t.Error(err)
	}
	if _, err := transport.New(transport.Options{CA: []byte("nothing")}); core.CodeOf(err) != "tls.ca-empty" {
		t.Error(err)
	}
}

func TestEveryCallIsEvidenceWithoutItsQuery(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer srv.Close()
	var rec core.CallRecorder
	ctx := core.WithCallRecorder(t.Context(), &rec)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/api/v1/organizations?token="+canary, nil)
	a, err := transport.Do(client(t, host(srv)), req)
	if err != nil || a.RetryAfter != 7*time.Second {
		t.Errorf("%v %v", a, err)
	}
	calls := rec.Calls()
	if len(calls) != 1 || calls[0].Status != 429 || calls[0].URL != srv.URL+"/api/v1/organizations" || strings.Contains(fmt.Sprint(calls), canary) {
		t.Errorf("recorded %+v", calls)
	}
}

func TestHowLongAVendorIsLeftAloneHasAnEnd(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"7": 7 * time.Second, " 7 ": 7 * time.Second, "0": 0, "86400": day,
		"1000000000": day, "10000000000": day, "18446744073709551616": day, "99999999999999999999999": day, // the third and fourth are past a time.Duration
		"Thu, 26 Nov 2026 12:00:30 GMT": 30 * time.Second, "Thu, 26 Nov 2026 11:00:00 GMT": 0, "Fri, 31 Dec 9999 23:59:59 GMT": day,
		"-1": -1, "": -1, "soon": -1, "7.5": -1, "+7": -1, "0x7": -1,
	} {
		h := http.Header{"Date": {"Thu, 26 Nov 2026 12:00:00 GMT"}, "Retry-After": {text}}
		if got, ok := transport.RetryAfter(h); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
	for seconds, want := range map[string]time.Duration{"7": 7 * time.Second, "9223372036854775807": day, "10000000000": day} {
		if got, ok := core.RetryAfter(&core.Error{Params: map[string]string{"seconds": seconds}}); !ok || got != want {
			t.Errorf("%s seconds: %v %v, want %v", seconds, got, ok, want)
		}
	}
}

func TestAnAnswerThatIsNotJSONSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		contentType, body, code string
	}{
		"page":         {"text/html; charset=utf-8", "<!doctype html><p>sign in", "vendor.html"},
		"hidden page":  {"application/json", "  <html>", "vendor.html"},
		"cut":          {"application/json", `{"a":`, "vendor.malformed"},
		"two values":   {"application/json", `{} {}`, "vendor.malformed"},
		"empty":        {"application/json", ``, "vendor.malformed"},
		"wrong type":   {"application/json", `{"name":{"a":1}}`, "vendor.malformed"},
		"right":        {"application/json", `{"name":"a\u001b[31mb\u202ec"}`, ""},
		"no type said": {"", `{"name":"x"}`, ""},
	} {
		a := &transport.Answer{Status: 200, Header: http.Header{"Content-Type": {c.contentType}}, Body: []byte(c.body)}
		var v struct{ Name string }
		if err := a.Decode("desk.example.test", &v); core.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if strings.ContainsAny(v.Name, "\x1b\u202e") {
			t.Errorf("%s: %q is not safe to draw", name, v.Name)
		}
	}
}

func TestAMailServerIsAnEndpointByItsHostAloneAndHTTPDoesNotGoThere(t *testing.T) {
	t.Parallel()
	for raw, ok := range map[string]bool{
		"smtp://127.0.0.1:2525": true, "smtps://mail.example": true, "imaps://mail.example:993": true, "imaps://[::1]:1": true,
		"imap://mail.example": false, "smtp://": false, "smtp://user:pw@mail.example": false, "smtps://mail.example/x": false, "imaps://mail.example?a=b": false,
		"http://mail.example": false, "https://mail.example": true,
	} {
		e := transport.Endpoints{"google": {"smtp": raw}}
		err := e.Validate()
		if (err == nil) != ok || err != nil && core.CodeOf(err) != "endpoints.bad" {
			t.Errorf("%q: %v", raw, err)
		}
		if hosts := e.Hosts("google"); ok && (len(hosts) == 1) != strings.HasPrefix(raw, "https:") {
			t.Errorf("%q: HTTP goes to %v", raw, hosts)
		}
	}
}

func TestPlainHTTPIsForLoopbackOnly(t *testing.T) {
	t.Parallel()
	for raw, ok := range map[string]bool{
		"https://desk.zoho.eu": true, "http://127.0.0.1:4001": true, "http://[::1]:1": true, "http://localhost:9": true,
		"http://desk.zoho.eu": false, "ftp://x": false, "desk.zoho.eu": false, "https://user:pw@x.test": false, "https://x.test/?a=b": false, "http://127.0.0.1.evil.test": false, "": false,
	} {
		if err := transport.CheckURL(raw); (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func FuzzDecodeJSONGivesOnlySafeText(f *testing.F) {
	f.Add([]byte(`{"a":["x\u001b"]}`))
	f.Add([]byte(`[[[[`))
	f.Add([]byte(`"\ud800"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if transport.DecodeJSON(data, &v) != nil {
			return
		}
		var walk func(any)
		walk = func(v any) {
			switch v := v.(type) {
			case string:
				if v != core.CleanText(v) {
					t.Fatalf("%q is not clean", v)
				}
			case []any:
				for _, e := range v {
					walk(e)
				}
			case map[string]any:
				for _, e := range v {
					walk(e)
				}
			}
		}
		walk(v)
	})
}
