package platformtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/transport"
)

// hostile is one way in which a server may answer anything that is asked.
type hostile struct {
	name   string
	status int
	kind   string
	body   string // %s is what was sent, repeated
	cut    bool
	flood  func(http.ResponseWriter) // instead of a body
	// friendly: what it says may be believed.
	friendly bool
	// silent: it says nothing of the credential, so it is no refusal of it.
	silent bool
}

func hostiles() []hostile {
	const asJSON, asPage = "application/json", "text/html; charset=utf-8"
	return []hostile{
		{name: "401 that repeats everything", status: 401, kind: asJSON, body: `{"error":%[1]s,"error_description":%[1]s,"errorCode":%[1]s,"message":%[1]s}`},
		{name: "403 that repeats everything", status: 403, kind: asJSON, body: `{"error":%[1]s,"error_description":%[1]s,"errorCode":%[1]s,"message":%[1]s}`},
		{name: "200 with an error that repeats everything", status: 200, kind: asJSON, body: `{"error":%[1]s,"error_description":%[1]s}`},
		{name: "429", status: 429, kind: asJSON, body: `{"error":%[1]s}`, silent: true},
		{name: "500", status: 500, kind: asJSON, body: `{"error":%[1]s}`, silent: true},
		{name: "502 with a page", status: 502, kind: asPage, body: `<html>%[1]s</html>`, silent: true},
		{name: "200 with a page", status: 200, kind: asPage, body: `<!doctype html><p>%[1]s`},
		{name: "401 with a page", status: 401, kind: asPage, body: `<!doctype html><p>%[1]s`},
		{name: "404", status: 404, kind: "text/plain", body: `%[1]s`},
		{name: "redirect", status: 302, kind: asPage, body: `%[1]s`},
		{name: "200 with half a JSON", status: 200, kind: asJSON, body: `{"data":[{"id":"1","name":%[1]s`},
		{name: "200 with JSON of another shape", status: 200, kind: asJSON, body: `{"data":%[1]s,"sub":{"a":[1]},"active":"x"}`},
		{name: "200 with a list", status: 200, kind: asJSON, body: `[1,2,%[1]s]`},
		{name: "200 with nothing", status: 200, kind: asJSON, body: ``},
		{name: "connection cut", status: 200, kind: asJSON, body: `{"data":[`, cut: true, silent: true},
		{name: "200 with a bomb", status: 200, kind: asJSON, flood: bomb, silent: true},
		{name: "200 without end", status: 200, kind: asJSON, flood: endless, silent: true},
		{name: "200 with depth", status: 200, kind: asJSON, body: strings.Repeat(`{"data":[`, 300_000)},
		{name: "200 with another page for ever", status: 200, kind: asJSON, body: another, friendly: true},
	}
}

// mostCalls is how many calls one question may make of a vendor that always
// has another page.
const mostCalls = 150

// another is a page of whatever is listed, after which there is another one,
// here or at a stranger's.
const another = `{"id":"1","active":true,"done":false,"totalSize":1000000,"nextRecordsUrl":"/services/data/v64.0/query/01g-2000",` +
	`"next_page":"https://stranger.example/?page=2","next_url":"https://stranger.example/?page=2","links":{"next":"https://stranger.example/"},` +
	`"meta":{"has_more":true,"after_cursor":"x"},"count":1000000,"total_items_count":1000000,"nextPageToken":"x","end_of_stream":false,"has_more":true,` +
	`"records":[{"Id":"1","Name":"a"}],"users":[{"id":1,"name":"a","email":"a@example.com","external_id":"1"}],"identities":[{"id":1,"type":"email","value":"a@example.com"}],` +
	`"tickets":[{"id":1,"via":{"channel":"chat"}}],"audits":[{"id":1,"events":[]}],"chats":[{"id":"1"}],"results":[{"id":"1","url":"https://stranger.example/1"}],` +
	`"data":[{"id":"1","name":"a","lastName":"a","email":"a@example.com"}],"api_tokens":[{"id":1}],"tokens":[{"id":1}],"conversations":[{"id":"1"}]}`

// bomb sends a gigabyte as a megabyte.
func bomb(w http.ResponseWriter) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	zeros := bytes.Repeat([]byte(" "), 1<<20)
	for range 1 << 10 {
		if _, err := z.Write(zeros); err != nil {
			return
		}
	}
	z.Close() //nolint:errcheck // the other side may have gone
}

// endless sends until nobody takes it any more.
func endless(w http.ResponseWriter) {
	text := bytes.Repeat([]byte(`{"id":"1"},`), 1<<12)
	fmt.Fprint(w, `{"data":[`)
	for {
		if _, err := w.Write(text); err != nil {
			return
		}
	}
}

func (h hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	dump, err := httputil.DumpRequest(r, true)
	if err != nil {
		dump = []byte(canary + "dump")
	}
	sent, err := json.Marshal(string(dump))
	if err != nil {
		sent = []byte(`""`)
	}
	w.Header().Set("Content-Type", h.kind)
	if h.flood != nil {
		h.flood(w)
		return
	}
	w.Header().Set("Retry-After", "60")
	if h.status == http.StatusFound {
		w.Header().Set("Location", "https://stranger.example/")
	}
	body := h.body
	if strings.Contains(body, "%") {
		body = fmt.Sprintf(body, sent)
	}
	if h.cut {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+100))
	}
	w.WriteHeader(h.status)
	w.Write([]byte(body)) //nolint:errcheck // the other side may have gone
	if h.cut {
		panic(http.ErrAbortHandler)
	}
}

// capabilities are the calls that a client may be capable of, by name.
func capabilities(client any) map[string]func(context.Context) (shown string, good bool, err error) {
	out := map[string]func(context.Context) (string, bool, error){}
	if c, ok := client.(platform.Checker); ok {
		out["check"] = func(ctx context.Context) (string, bool, error) {
			check, err := c.Check(ctx)
			return fmt.Sprintf("%+v", check), check.OK, err
		}
	}
	if c, ok := client.(platform.ScopeProber); ok {
		out["probe"] = func(ctx context.Context) (string, bool, error) {
			probes, err := c.ProbeScopes(ctx)
			return fmt.Sprintf("%+v", probes), false, err
		}
	}
	if c, ok := client.(platform.SetupReader); ok {
		out["setup"] = func(ctx context.Context) (string, bool, error) {
			setup, err := c.ReadSetup(ctx, "support@example.com")
			return fmt.Sprintf("%+v", setup), err == nil, err
		}
	}
	if c, ok := client.(platform.Owner); ok {
		out["owner"] = func(ctx context.Context) (string, bool, error) {
			owner, err := c.Owner(ctx)
			return owner, owner != "", err
		}
	}
	if c, ok := client.(platform.Revoker); ok {
		out["revoke"] = func(ctx context.Context) (string, bool, error) {
			return "", false, c.Revoke(ctx)
		}
	}
	if c, ok := client.(lookup.Finder); ok {
		for _, kind := range c.Takes() {
			out["find by "+string(kind)] = func(ctx context.Context) (string, bool, error) {
				found, err := c.Find(ctx, kind, "mina@example.com")
				return fmt.Sprintf("%+v", found), len(found) > 0, err
			}
		}
	}
	return out
}

func dial(t *testing.T, p platform.Platform, o Options, base string, g core.Grant) any {
	t.Helper()
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	token := func(context.Context) (core.Secret, error) { return core.NewSecret(canary + "access"), nil }
	return p.Dial(o.connection(base, g), platform.Env{
		HTTP: client, Endpoints: o.endpoints(base), Clock: core.SystemClock{}, Token: token, Renew: token,
	})
}

func testHostile(t *testing.T, p platform.Platform, o Options) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(h)
			t.Cleanup(srv.Close)
			for _, g := range p.Grants {
				for what, call := range capabilities(dial(t, p, o, srv.URL, g)) {
					var rec core.CallRecorder
					shown, good, err := call(core.WithCallRecorder(t.Context(), &rec))
					at := fmt.Sprintf("%s by %s", what, g)
					if good && !h.friendly {
						t.Errorf("%s: believed: %s", at, shown)
					}
					if n := len(rec.Calls()); n > mostCalls {
						t.Errorf("%s: %d calls", at, n)
					}
					checkError(t, at, err, h.silent)
					if strings.Contains(shown, canary) {
						t.Errorf("%s: tells a secret: %s", at, shown)
					}
					for _, c := range rec.Calls() {
						if strings.Contains(c.URL, canary) || strings.Contains(c.URL, "?") {
							t.Errorf("%s: the evidence has %s", at, c.URL)
						}
					}
				}
			}
		})
	}
}

// checkError wants an *core.Error with a code, in whose every text no secret is.
func checkError(t *testing.T, at string, err error, silent bool) {
	t.Helper()
	if err == nil {
		return
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code == "" {
		t.Errorf("%s: %v (%T) has no code", at, err, err)
		return
	}
	if silent && e.Class == core.Refused {
		t.Errorf("%s: %s is taken for a refusal", at, e.Code)
	}
	texts := []string{err.Error(), fmt.Sprintf("%+v", err), e.On, e.Code}
	for _, v := range e.Params {
		texts = append(texts, v)
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		texts = append(texts, inner.Error(), fmt.Sprintf("%#v", inner))
	}
	for _, text := range texts {
		if strings.Contains(text, canary) {
			t.Errorf("%s: the error tells a secret: %s", at, text)
		}
	}
}

// testCancel cancels a call while the server keeps it waiting.
func testCancel(t *testing.T, p platform.Platform, o Options) {
	for _, g := range p.Grants {
		t.Run(string(g), func(t *testing.T) {
			t.Parallel()
			asked, release := make(chan struct{}, 16), make(chan struct{})
			srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {
				asked <- struct{}{}
				<-release
			}))
			t.Cleanup(srv.Close)
			t.Cleanup(func() { close(release) })
			for what, call := range capabilities(dial(t, p, o, srv.URL, g)) {
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() {
					_, _, err := call(ctx)
					ended <- err
				}()
				select {
				case <-asked:
				case err := <-ended: // it needed no call, or could not make one
					cancel()
					checkError(t, what, err, false)
					continue
				case <-time.After(patience):
					t.Fatalf("%s: neither asks nor ends", what)
				}
				cancel()
				select {
				case err := <-ended:
					if core.CodeOf(err) != "net.cancelled" {
						t.Errorf("%s: cancelled, and says %v", what, err)
					}
				case <-time.After(patience):
					t.Fatalf("%s: goes on after it was cancelled", what)
				}
			}
		})
	}
}
