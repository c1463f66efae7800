package consent_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
)

func TestLoopbackAnswerIsSavedAndCheckedBeforeThePageSaysDone(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	checked := false
	b.Check = func(ctx context.Context, id string) (core.Connection, error) {
		saved := b.get(id)
		if saved.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh-1" {
			t.Error("the check ran before the tokens were saved")
		}
		checked = true
		return b.Connections.Change(ctx, id, core.Event{Verb: core.VerbChecked}, func(c *core.Connection) error {
			c.Check = core.Check{At: b.clock.Now(), OK: true}
			return nil
		})
	}
	a := b.begin(c)
	l := b.listen(a)
	status, body, header := fetch(t, b.vendor.agree(t, a.URL).String())
	if !checked {
		t.Error("the page came before the first check")
	}
	if status != http.StatusOK || !strings.Contains(body, "consent.page.done") {
		t.Errorf("page: %d %s", status, body)
	}
	noSecret(t, body)
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if csp := header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
		t.Errorf("policy %q", csp)
	}
	res, err := l.Wait(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	got := res.Connection
	if !res.Proved() || got.Secrets[core.SecretAccessToken].Reveal() != "canary-access-1" || got.GrantedAt.IsZero() || len(res.Missing) != 0 {
		t.Errorf("result %+v", res)
	}
	if life := got.AccessExpires.Sub(got.GrantedAt); life > time.Hour || life < 59*time.Minute {
		t.Errorf("access token lives %v", life)
	}
	if got, want := b.verbs(c.ID), []core.Verb{core.VerbAdded, core.VerbConsentBegun, core.VerbGranted, core.VerbChecked}; !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	_, err = b.Pending(context.Background(), c.ID)
	want(t, err, "consent.none", core.Usage)
}

// TestJunkDoesNotEndTheFlow sends what browsers, scanners and attackers send.
func TestJunkDoesNotEndTheFlow(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	l := b.listen(a)
	right := b.vendor.agree(t, a.URL)
	send := func(method, path, query, host string) int {
		t.Helper()
		req, err := http.NewRequest(method, "http://127.0.0.1:"+strconv.Itoa(a.Port)+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.RawQuery = query
		if host != "" {
			req.Host = host
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers %v", resp.Header)
		}
		return resp.StatusCode
	}
	elsewhere := "evil.example:" + strconv.Itoa(a.Port)
	junk := []struct{ method, path, query, host string }{
		{"GET", "/favicon.ico", "", ""},
		{"HEAD", right.Path, right.RawQuery, ""},
		{"POST", right.Path, right.RawQuery, ""},
		{"GET", right.Path, "code=canary-x&state=wrong", ""},
		{"GET", right.Path, right.RawQuery, elsewhere}, // DNS rebinding
		{"GET", "/callback/other", right.RawQuery, ""},
		{"GET", right.Path, "error=access_denied", ""},
		{"GET", right.Path, right.RawQuery + "&code=canary-other", ""},
		{"GET", right.Path + "/", right.RawQuery, ""},
		{"GET", right.Path, "%zz", ""},
	}
	for range 10 {
		for _, j := range junk {
			if got := send(j.method, j.path, j.query, j.host); got != http.StatusNotFound {
				t.Errorf("%+v: status %d, want 404", j, got)
			}
		}
	}
	if n, _ := b.vendor.counts(); n != 0 {
		t.Errorf("%d codes were sent to the vendor", n)
	}
	if status, body, _ := fetch(t, right.String()); status != http.StatusOK {
		t.Errorf("the right answer: %d %s", status, body)
	}
	if _, err := l.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestListenerAnswersOnBothLoopbackAddresses(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	b.listen(a)
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(a.Port)))
		if err != nil && host == "::1" {
			t.Skip("no IPv6 here")
		} else if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}

func TestBusyPortNamesItsHolder(t *testing.T) {
	t.Parallel()
	b := start(t)
	ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(b.cfg.Ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := b.connection()
	a := b.begin(c)
	_, err = b.Listen(context.Background(), a)
	if _, _, ok := consent.PortHolder(a.Port); !ok {
		want(t, err, "consent.port-busy-unknown", core.Conflict)
		t.Skip("no /proc here")
	}
	want(t, err, "consent.port-busy", core.Conflict)
	e, _ := errors.AsType[*core.Error](err)
	if e.Params["command"] == "" || e.Params["pid"] == "" {
		t.Errorf("params %v", e.Params)
	}
	next, ok := a.NextPort()
	if !ok {
		t.Fatal("no next port")
	}
	a, err = b.Begin(context.Background(), c.ID, consent.BeginOptions{Port: next})
	if err != nil {
		t.Fatal(err)
	}
	b.listen(a)
}

func TestRefusalsEndTheAttempt(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(q url.Values)
		code   string
	}{
		{"access denied", func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }, "oauth.access_denied"},
		{"wrong issuer", func(q url.Values) { q.Set("iss", "https://evil.example") }, "consent.iss-mismatch"},
		{"issuer with a slash more", func(q url.Values) { q.Set("iss", q.Get("iss")+"/") }, "consent.iss-mismatch"},
		{"no issuer", func(q url.Values) { q.Del("iss") }, "consent.iss-missing"},
		{"error of another server", func(q url.Values) { q.Set("error", "access_denied"); q.Set("iss", "https://evil.example") }, "consent.iss-mismatch"},
		{"unknown code", func(q url.Values) { q.Set("code", "canary-code-x") }, "oauth.invalid_grant"},
		{"no code", func(q url.Values) { q.Del("code") }, "consent.no-code"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.cfg.IssRequired = true
			c := b.connection()
			a := b.begin(c)
			l := b.listen(a)
			to := b.vendor.agree(t, a.URL)
			q := to.Query()
			tc.change(q)
			to.RawQuery = q.Encode()
			status, body, _ := fetch(t, to.String())
			if status != http.StatusBadRequest || !strings.Contains(body, tc.code) || strings.Contains(body, "consent.page.done") {
				t.Errorf("page: %d %s", status, body)
			}
			noSecret(t, body)
			_, err := l.Wait(context.Background())
			want(t, err, tc.code, core.Refused)
			_, err = b.Pending(context.Background(), c.ID)
			want(t, err, "consent.none", core.Usage)
			if got := b.verbs(c.ID); got[len(got)-1] != core.VerbConsentRefused {
				t.Errorf("events %v", got)
			}
		})
	}
}

func TestVendorsTextIsEscapedOnThePage(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.Explain = func(err error) []string {
		e, _ := errors.AsType[*core.Error](err)
		return []string{e.Params["description"]}
	}
	a := b.begin(b.connection())
	b.listen(a)
	to := b.vendor.agree(t, a.URL)
	q := to.Query()
	q.Del("code")
	q.Set("error", "access_denied")
	q.Set("error_description", "<script>alert(1)</script>\x1b[31m")
	to.RawQuery = q.Encode()
	_, body, _ := fetch(t, to.String())
	if strings.Contains(body, "<script>") || strings.Contains(body, "\x1b") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("page %s", body)
	}
}

func TestFirstCheckThatFailsIsNotDone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		check   core.Check
		err     error
		heading string
		proved  bool
	}{
		"refused":   {check: core.Check{Code: "acme.wrong-account"}, heading: "consent.page.check-failed"},
		"not asked": {err: &core.Error{Code: "net.timeout"}, heading: "consent.page.unchecked"},
		"no check":  {err: &core.Error{Code: "platform.cannot.check", Class: core.Usage}, heading: "consent.page.done", proved: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.Check = func(ctx context.Context, id string) (core.Connection, error) {
				c := b.get(id)
				if tc.err == nil {
					c.Check = tc.check
					c.Check.At = b.clock.Now()
				}
				return c, tc.err
			}
			a := b.begin(b.connection())
			l := b.listen(a)
			_, body, _ := fetch(t, b.vendor.agree(t, a.URL).String())
			if !strings.Contains(body, tc.heading) {
				t.Errorf("page %s", body)
			}
			res, err := l.Wait(context.Background())
			if err != nil || res.Proved() != tc.proved || res.Connection.Secrets[core.SecretRefreshToken].Empty() {
				t.Errorf("result %+v, %v", res, err)
			}
		})
	}
}

// A page that says "done" closes the matter for the person in the browser. A
// permission that is wanting is told there, where it can be given.
func TestThePageNamesWhatWasNotGranted(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.vendor.scope = "tickets.read"
	a := b.begin(b.connection())
	l := b.listen(a)
	_, body, _ := fetch(t, b.vendor.agree(t, a.URL).String())
	if !strings.Contains(body, "consent.page.missing") || strings.Contains(body, "consent.page.done") {
		t.Errorf("page %s", body)
	}
	res, err := l.Wait(context.Background())
	if err != nil || len(res.Missing) == 0 || res.Connection.Secrets[core.SecretRefreshToken].Empty() {
		t.Errorf("%+v, %v", res, err)
	}
	for _, scope := range res.Missing {
		if !strings.Contains(body, scope) {
			t.Errorf("%s is not on the page", scope)
		}
	}
}
