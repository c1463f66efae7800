package endpoint_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken"
	"deskward/core/visitortoken/endpoint"
)

func posted(text string) request {
	return func(r *http.Request) {
		r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
}

func TestTheTryPageLoadsNothingAndRunsNothingButItself(t *testing.T) {
	t.Parallel()
	for _, l := range locale.Langs() {
		b := newBench(t)
		srv := b.start(t, withTry(t, &b, l))
		got := ask(t, http.DefaultClient, srv.TryURL())
		policy := got.header.Get("Content-Security-Policy")
		nonce := regexp.MustCompile(`'nonce-([\w-]{22})'`).FindStringSubmatch(policy)
		if got.status != http.StatusOK || nonce == nil || !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Fatalf("%d %s", got.status, policy)
		}
		if strings.Count(got.body, `nonce="`+nonce[1]+`"`) != 2 || strings.Count(got.body, "<script") != 1 || strings.Count(got.body, "<style") != 1 {
			t.Error("another script or style than those of the page")
		}
		for _, never := range []string{"src=", "href=", "@import", "url(", "onclick", "innerHTML", "[try.", loginSecret, chatSecret} {
			if strings.Contains(got.body, never) {
				t.Errorf("the page has %s", never)
			}
		}
		if again := ask(t, http.DefaultClient, srv.TryURL()); strings.Contains(again.body, nonce[1]) {
			t.Error("the nonce is the same the next time")
		}
	}
}

func TestTheTryPageIsThereOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	try := withTry(t, &b, locale.English)
	for name, change := range map[string]func(*endpoint.Options){
		"for everybody":  func(o *endpoint.Options) { o.Listen, o.PlainHTTP = "0.0.0.0:0", true },
		"behind a proxy": func(o *endpoint.Options) { o.BehindProxy = true },
		"without texts":  func(o *endpoint.Options) { o.Say = nil },
	} {
		srv := b.start(t, func(o *endpoint.Options) { try(o); change(o) })
		base := strings.Replace(strings.TrimSuffix(srv.URL(), endpoint.Path), "[::]", "127.0.0.1", 1)
		for _, path := range []string{"/try", "/try/cookie", "/try/inspect"} {
			if got := ask(t, http.DefaultClient, base+path); got.status != http.StatusNotFound || srv.TryURL() != "" {
				t.Errorf("%s: %s is %s", name, path, got)
			}
		}
	}
}

func TestOnlyTheTryPageItselfSetsTheCookie(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	srv := b.start(t, withTry(t, &b, locale.English))
	own := strings.TrimSuffix(srv.TryURL(), "/try")
	url := srv.TryURL() + "/cookie"
	good := login(t, b.clock.Now())
	for name, changes := range map[string][]request{
		"another page":            {posted(good), header("Origin", "https://evil.example")},
		"an allowed page":         {posted(good), header("Origin", page)},
		"another port":            {posted(good), header("Origin", "http://127.0.0.1:1")},
		"nobody says who asks":    {posted(good)},
		"another name (rebound)":  {posted(good), header("Origin", "http://evil.example"), func(r *http.Request) { r.Host = "evil.example" }},
		"another page deletes it": {method("DELETE"), header("Origin", page)},
		"another page asks about": {posted(good), header("Origin", page), func(r *http.Request) { r.URL.Path = "/try/inspect" }},
	} {
		got := ask(t, http.DefaultClient, url, changes...)
		if got.status != http.StatusForbidden && got.status != http.StatusMisdirectedRequest || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, bad := range []string{"", "  ", "a;b", "a\x00b", strings.Repeat("x", 100<<10)} {
		if got := ask(t, http.DefaultClient, url, posted(bad), header("Origin", own)); got.status != http.StatusUnprocessableEntity || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%.20q: %s", bad, got)
		}
	}
	got := ask(t, http.DefaultClient, url, posted(" "+good+"\n"), header("Origin", own))
	set := got.header.Get("Set-Cookie")
	if got.status != http.StatusNoContent || set != "token="+good+"; Path=/generate/token; Max-Age=600; HttpOnly; SameSite=Strict" {
		t.Errorf("%s", got)
	}
	dropped := ask(t, http.DefaultClient, url, method("DELETE"), header("Origin", own)).header.Get("Set-Cookie")
	if !strings.Contains(dropped, "Max-Age=0") || !strings.Contains(dropped, "Path=/generate/token") {
		t.Errorf("%s", dropped)
	}
	if strings.Contains(logText(srv), good[:20]) {
		t.Error("the log holds the token")
	}
}

func TestTheTryPageSaysWhatTheVendorWouldDo(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"chat": chatSecret, "messaging": keySecret} {
		b := newBench(t)
		try := withTry(t, &b, locale.Japanese)
		srv := b.start(t, func(o *endpoint.Options) { try(o); o.ChatKey = name })
		own := strings.TrimSuffix(srv.TryURL(), "/try")
		made := get(t, srv, bearer(login(t, b.clock.Now()))).Token
		tokenClaims(t, made, key)
		inspect := func(token string) (r struct {
			Verdict, Header, Payload string
			Good                     bool
			Findings                 []struct{ Outcome, Code, Text, More string }
		},
		) {
			got := ask(t, http.DefaultClient, srv.TryURL()+"/inspect", posted(token), header("Origin", own))
			if err := json.Unmarshal([]byte(got.body), &r); err != nil || got.status != http.StatusOK {
				t.Fatalf("%v: %s", err, got)
			}
			return r
		}
		good, bad := inspect(made), inspect(made[:len(made)-4]+"AAAA")
		if !good.Good || !strings.Contains(good.Payload, user) || len(good.Findings) == 0 {
			t.Errorf("%s: %+v", name, good)
		}
		for _, f := range good.Findings {
			if f.Outcome == "failed" || f.Text == "" || strings.Contains(f.Text, "[finding.") {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if bad.Good || len(bad.Findings) == 0 || bad.Findings[0].Outcome != "failed" || bad.Findings[0].More == "" {
			t.Errorf("%s: %+v", name, bad)
		}
	}
}

// TestEveryReasonHasItsTexts: what the log says by a code, a screen explains.
func TestEveryReasonHasItsTexts(t *testing.T) {
	t.Parallel()
	var codes []string
	for _, name := range []string{"endpoint.go", "keys.go", "origin.go", "handler.go", "try.go", "server.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(serve\.[a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
			codes = append(codes, m[1])
		}
	}
	if len(codes) < 20 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	for _, l := range locale.Langs() {
		say, err := locale.Load(os.DirFS("../../../assets/locales"), l)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range codes {
			if !say.Has("error."+code) || !say.Has("error."+code+".next") {
				t.Errorf("%s is not explained in %s", code, l)
			}
		}
		for _, v := range []visitortoken.Verdict{visitortoken.Accept, visitortoken.Refuse, visitortoken.CantSay} {
			if !say.Has("try.verdict." + string(v)) {
				t.Errorf("%s has no words in %s", v, l)
			}
		}
		for _, state := range []string{"began", "ended"} {
			e := core.Event{Verb: core.VerbServed, Detail: map[string]string{"state": state, "address": "http://127.0.0.1:8001"}}
			if strings.Contains(say.Event(e), "[") {
				t.Errorf("%s", say.Event(e))
			}
		}
	}
}
