package consent_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/consent"
)

func TestBeginAsksByTheRules(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.ScopeSeparator = ","
	b.cfg.AuthParams = url.Values{"access_type": {"offline"}}
	a := b.begin(b.connection())
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"tenant": "1", "response_type": "code", "client_id": "client-1", "access_type": "offline",
		"scope": "tickets.read,contacts.read", "code_challenge_method": "S256",
		"redirect_uri": fmt.Sprintf("http://127.0.0.1:%d/callback/acme", b.cfg.Ports[0]),
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if n := len(q.Get("state")); n != 43 {
		t.Errorf("state has %d characters, want the 43 of 256 bits", n)
	}
	if q.Get("code_challenge") == "" {
		t.Error("no PKCE challenge")
	}
	if left := a.Expires.Sub(a.Begun); left != 5*time.Minute {
		t.Errorf("attempt lives %v", left)
	}
	noSecret(t, a.URL)
}

func TestRedirectHostIsThePlatforms(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.RedirectHost = "localhost"
	a := b.begin(b.connection())
	if want := fmt.Sprintf("http://localhost:%d/callback/acme", a.Port); a.Redirect != want {
		t.Errorf("redirect %q, want %q", a.Redirect, want)
	}
}

func TestNextPortIsTheNextRegisteredOne(t *testing.T) {
	t.Parallel()
	a := consent.Attempt{Port: 1, Ports: []int{1, 2}}
	if next, ok := a.NextPort(); !ok || next != 2 {
		t.Errorf("after the first: %d %v", next, ok)
	}
	a.Port = 2
	if next, ok := a.NextPort(); ok {
		t.Errorf("after the last: %d", next)
	}
}

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
		return resp.StatusCode
	}
	twice := right.RawQuery + "&code=canary-other"
	for i := range 100 {
		var got int
		switch i % 10 {
		case 0:
			got = send("GET", "/favicon.ico", "", "")
		case 1:
			got = send("HEAD", right.Path, right.RawQuery, "")
		case 2:
			got = send("POST", right.Path, right.RawQuery, "")
		case 3:
			got = send("GET", right.Path, "code=canary-x&state=wrong", "")
		case 4:
			got = send("GET", right.Path, right.RawQuery, "evil.example:"+strconv.Itoa(a.Port))
		case 5:
			got = send("GET", "/callback/other", right.RawQuery, "")
		case 6:
			got = send("GET", right.Path, "error=access_denied", "")
		case 7:
			got = send("GET", right.Path, twice, "")
		case 8:
			got = send("GET", right.Path+"/", right.RawQuery, "")
		case 9:
			got = send("GET", right.Path, "%zz", "")
		}
		if got != http.StatusNotFound {
			t.Errorf("junk %d: status %d, want 404", i%10, got)
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

func TestExpiredAttemptTakesNoAnswer(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	a := b.begin(c)
	l := b.listen(a)
	to := b.vendor.agree(t, a.URL).String()
	b.clock.forward(consent.AttemptTime)
	_, err := b.Answer(context.Background(), a.ID, to)
	want(t, err, "consent.expired", core.Failed)
	_, err = l.Wait(context.Background())
	want(t, err, "consent.expired", core.Failed)
	_, err = b.Pending(context.Background(), c.ID)
	want(t, err, "consent.none", core.Usage)
	if n, _ := b.vendor.counts(); n != 0 {
		t.Errorf("%d codes were sent", n)
	}
}

// TestLostAnswersAreUnknownAndNeverRepeated covers what may have used up the code.
func TestLostAnswersAreUnknownAndNeverRepeated(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, body string) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		fmt.Fprintf(buf, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n%s", body)
		buf.Flush()
		conn.Close()
	}
	cases := map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"status 500": func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "canary-secret in a body", http.StatusInternalServerError)
			return true
		},
		"cut body":  func(w http.ResponseWriter, _ *http.Request) bool { cut(w, `{"access_token":"canary-`); return true },
		"no answer": func(w http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) },
		"a page": func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, "<html>canary</html>")
			return true
		},
		"not JSON": func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, `{"access_token":`); return true },
		"no token": func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, `{"token_type":"Bearer"}`)
			return true
		},
	}
	for name, fault := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			c := b.connection()
			a := b.begin(c)
			b.vendor.set(func(v *vendor) { v.fault = fault })
			to := b.vendor.agree(t, a.URL).String()
			_, err := b.Answer(context.Background(), a.ID, to)
			want(t, err, "consent.exchange-unknown", core.Unknown)

			b.vendor.set(func(v *vendor) { v.fault = nil })
			b.clock.forward(core.LeaseTime)
			_, err = b.session().Answer(context.Background(), a.ID, to)
			want(t, err, "consent.exchange-unknown", core.Unknown)
			if n, _ := b.vendor.counts(); n != 1 {
				t.Errorf("the code was sent %d times", n)
			}
			_, err = b.Pending(context.Background(), c.ID)
			want(t, err, "consent.exchange-unknown", core.Unknown)
			b.begin(c) // is the way on
		})
	}
}

func TestAnswerThatCertainlyDidNothingMayBeGivenAgain(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	to := b.vendor.agree(t, a.URL).String()

	right := b.cfg.TokenURL
	b.cfg.TokenURL = "http://127.0.0.1:" + strconv.Itoa(freePort(t)) + "/token" // nobody listens
	b.cfg.Hosts = append(b.cfg.Hosts, strings.Split(b.cfg.TokenURL, "/")[2])
	_, err := b.Answer(context.Background(), a.ID, to)
	want(t, err, "net.refused", core.Failed)

	b.cfg.TokenURL = right
	b.vendor.set(func(v *vendor) {
		v.fault = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "17")
			http.Error(w, "slow down", http.StatusTooManyRequests)
			return true
		}
	})
	_, err = b.Answer(context.Background(), a.ID, to)
	want(t, err, "oauth.rate-limited", core.Refused)
	if e, _ := errors.AsType[*core.Error](err); e.Params["seconds"] != "17" {
		t.Errorf("params %v", e.Params)
	}

	b.vendor.set(func(v *vendor) { v.fault = nil })
	if _, err := b.Answer(context.Background(), a.ID, to); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherSessionMayAnswerAfterARestart(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	first := b.begin(c)

	later := b.session()
	a, err := later.Pending(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != first.ID || a.URL != first.URL || !a.Expires.Equal(first.Expires) {
		t.Errorf("resumed %+v, began %+v", a, first)
	}
	later.listen(a)
	if status, body, _ := fetch(t, b.vendor.agree(t, a.URL).String()); status != http.StatusOK {
		t.Errorf("page: %d %s", status, body)
	}
	if _, err := b.Access(context.Background(), c.ID); err != nil {
		t.Errorf("the first session: %v", err)
	}
}

func TestWaitingSessionSeesTheAnswerGivenToAnother(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	l := b.listen(a)
	if _, err := b.session().Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String()); err != nil {
		t.Fatal(err)
	}
	res, err := l.Wait(context.Background())
	if err != nil || !res.Elsewhere || res.Connection.Secrets[core.SecretAccessToken].Empty() {
		t.Errorf("result %+v, %v", res, err)
	}
}

func TestWaitingSessionSeesThatAnotherCancelled(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	l := b.listen(a)
	if err := b.session().Cancel(context.Background(), a.ID); err != nil {
		t.Fatal(err)
	}
	_, err := l.Wait(context.Background())
	want(t, err, "consent.ended", core.Conflict)
	if err := b.Cancel(context.Background(), a.ID); err != nil {
		t.Errorf("cancelled again: %v", err)
	}
	_, err = b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	want(t, err, "consent.ended", core.Conflict)
}

func TestStoppedWaitLeavesTheAttempt(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	l := b.listen(b.begin(c))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := l.Wait(ctx)
	want(t, err, "consent.stopped", core.Failed)
	if _, err := b.Pending(context.Background(), c.ID); err != nil {
		t.Errorf("pending: %v", err)
	}
}

// TestAnswersAtOnceAreExchangedOnce races browser and pastes, in one session
// and in another.
func TestAnswersAtOnceAreExchangedOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	a := b.begin(c)
	l := b.listen(a)
	other := b.session()
	to := b.vendor.agree(t, a.URL).String()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			switch i % 3 {
			case 0:
				resp, err := http.Get(to)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			case 1:
				if _, err := b.Answer(context.Background(), a.ID, to); err != nil && core.CodeOf(err) != "consent.ended" {
					t.Error(err)
				}
			case 2:
				if _, err := other.Answer(context.Background(), a.ID, to); err != nil && core.CodeOf(err) != "consent.ended" {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n, _ := b.vendor.counts(); n != 1 {
		t.Errorf("the code was exchanged %d times", n)
	}
	if _, err := l.Wait(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestRightAnswerIsNotLostBehindAWrongPaste: a wrong code is being turned away
// while the browser brings the right one.
func TestRightAnswerIsNotLostBehindAWrongPaste(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	b.listen(a)
	arrived, release := make(chan struct{}), make(chan struct{})
	b.vendor.set(func(v *vendor) {
		v.fault = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.PostForm.Get("code") == "canary-wrong-code" {
				close(arrived)
				<-release
			}
			return false
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := b.Answer(context.Background(), a.ID, "canary-wrong-code")
		want(t, err, "consent.paste-refused", core.Refused)
	})
	<-arrived
	wg.Go(func() {
		if status, body, _ := fetch(t, b.vendor.agree(t, a.URL).String()); status != http.StatusOK {
			t.Errorf("page: %d %s", status, body)
		}
	})
	close(release)
	wg.Wait()
}

func TestMissingScopesAreTold(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.vendor.scope = "contacts.read profile"
	a := b.begin(b.connection())
	res, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(res.Missing, []string{"tickets.read"}) || !slices.Equal(res.Connection.Granted, []string{"contacts.read", "profile"}) {
		t.Errorf("missing %v, granted %v", res.Missing, res.Connection.Granted)
	}
}

func TestLifetimeAndRegionAreThePlatforms(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.vendor.lifetime = 3600000 // milliseconds
	b.vendor.extra = map[string]any{"refresh_token_expires_in": "86400"}
	b.cfg.Lifetime = func(tok *oauth2.Token) time.Duration {
		ms, _ := tok.Extra("expires_in").(float64)
		return time.Duration(ms) * time.Millisecond
	}
	b.cfg.TokenURLFor = func(answer url.Values) (string, string, error) {
		if answer.Get("location") != "eu" {
			return "", "", &core.Error{Code: "acme.untrusted", Class: core.Refused}
		}
		return b.cfg.TokenURL, "eu", nil
	}
	a := b.begin(b.connection())
	to := b.vendor.agree(t, a.URL).String()
	res, err := b.Answer(context.Background(), a.ID, to+"&location=eu")
	if err != nil {
		t.Fatal(err)
	}
	c := res.Connection
	if life := c.AccessExpires.Sub(c.GrantedAt).Round(time.Minute); life != time.Hour || c.Region != "eu" {
		t.Errorf("lives %v in %q", life, c.Region)
	}
	if ends := c.EndsAt.Sub(c.GrantedAt).Round(time.Minute); ends != 24*time.Hour {
		t.Errorf("refresh token ends after %v", ends)
	}
	a = b.begin(c)
	_, err = b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String()+"&location=evil")
	want(t, err, "acme.untrusted", core.Refused)
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

func TestNoSecretStandsInARecordsHeadOrAnEvent(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	a := b.begin(c)
	state := b.vendor.agree(t, a.URL).Query().Get("state")
	err := b.Store.View(context.Background(), func(r core.Reader) error {
		for rec, err := range r.Heads(core.KindAttempt, core.ListOptions{}) {
			if err != nil {
				return err
			}
			if strings.Contains(string(rec.Head), state) {
				t.Error("the state stands in a head")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String()); err != nil {
		t.Fatal(err)
	}
	events, err := b.Events.Recent(context.Background(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	noSecret(t, fmt.Sprintf("%+v", events))
}

func TestPublicClientNamesItselfInTheBody(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.ClientSecret, b.cfg.AuthStyle = core.Secret{}, oauth2.AuthStyleInHeader
	b.granted()
	form := b.vendor.forms[0]
	if form.Get("client_id") != "client-1" || form.Has("client_secret") || form.Get("code_verifier") == "" {
		t.Errorf("form %v", form)
	}
}

func TestCodeIsNeverSentTwiceToFindTheAuthStyle(t *testing.T) {
	t.Parallel()
	b := start(t) // AuthStyle is 0, which x/oauth2 would try out
	a := b.begin(b.connection())
	to := b.vendor.agree(t, a.URL)
	q := to.Query()
	q.Set("code", "canary-code-x")
	to.RawQuery = q.Encode()
	_, err := b.Answer(context.Background(), a.ID, to.String())
	want(t, err, "oauth.invalid_grant", core.Refused)
	if n, _ := b.vendor.counts(); n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
}
