package zendesk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport"
)

// asked plays a vendor that answers one after the other, the last one for good.
func asked(t *testing.T, answers ...func(http.ResponseWriter)) (*keys, *[]time.Duration, SignInIn) {
	t.Helper()
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answers[min(n, len(answers)-1)](w)
		n++
	}))
	t.Cleanup(srv.Close)
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var waited []time.Duration
	m := &keys{
		s: platform.Services{HTTP: client, Clock: core.SystemClock{}, Endpoints: transport.Endpoints{ID: {endpointConversations: srv.URL}}},
		wait: func(_ context.Context, d time.Duration) error {
			waited = append(waited, d)
			return nil
		},
	}
	return m, &waited, SignInIn{
		ExternalID: "usr_1", Account: "acme", AppID: "5e2f1d0c9b8a7f6e5d4c3b2a", KeyID: "app_7b5c1e2f4d906abac8e2fb04", KeySecret: core.NewSecret("s"),
	}
}

func says(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		w.Write([]byte(body)) //nolint:errcheck // the test sees what is missing
	}
}

func TestASignInIsAskedForPolitelyAndNotForEver(t *testing.T) {
	t.Parallel()
	var (
		nobody    = says(404, `{"errors":[{"code":"user_not_found","title":"User not found"}]}`)
		anonymous = says(200, `{"user":{"id":"1","authenticated":false}}`)
		signedIn  = says(200, `{"user":{"id":"1","authenticated":true}}`)
		limited   = says(429, `{}`, "Retry-After", "7")
		longer    = says(429, `{}`, "Retry-After", "600")
		down      = says(502, `<html>`)
	)
	const s = time.Second
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter)
		waited  []time.Duration
		code    string
	}{
		"at once":              {[]func(http.ResponseWriter){signedIn}, nil, ""},
		"after a moment":       {[]func(http.ResponseWriter){nobody, anonymous, signedIn}, []time.Duration{3 * s, 3 * s}, ""},
		"as long as it wishes": {[]func(http.ResponseWriter){limited, signedIn}, []time.Duration{7 * s}, ""},
		"never seen":           {[]func(http.ResponseWriter){nobody}, []time.Duration{3 * s, 3 * s, 3 * s}, "zendesk.never-seen"},
		"never signed in":      {[]func(http.ResponseWriter){anonymous}, []time.Duration{3 * s, 3 * s, 3 * s}, "zendesk.not-signed-in"},
		"limited for good":     {[]func(http.ResponseWriter){limited}, []time.Duration{7 * s, 7 * s, 7 * s}, "zendesk.rate-limited"},
		"limited for long":     {[]func(http.ResponseWriter){longer}, nil, "zendesk.rate-limited"},
		"down":                 {[]func(http.ResponseWriter){down}, nil, "zendesk.unavailable"},
	} {
		m, waited, in := asked(t, c.answers...)
		out, err := m.proveSignIn(t.Context(), in)
		if core.CodeOf(err) != c.code || !slices.Equal(*waited, c.waited) || err == nil && out.By != "api" {
			t.Errorf("%s: %+v, %v, waited %v", name, out, err, *waited)
		}
	}
}
