package main

import (
	"context"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/transport"
	"deskward/store/mem"
)

// waitingConsent is a session with an attempt whose token endpoint is token.
func waitingConsent(t *testing.T, token http.HandlerFunc) (*session, consent.Opened) {
	t.Helper()
	srv := httptest.NewServer(token)
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	st, clock := mem.New(), core.SystemClock{}
	events := &core.EventLog{Store: st, Clock: clock}
	connections := &core.Connections{Store: st, Events: events}
	free := httptest.NewServer(nil)
	port := free.Listener.Addr().String()
	free.Close()
	_, port, _ = strings.Cut(port, ":")
	s := &session{connections: connections, consent: &consent.Service{
		Store: st, Connections: connections, Events: events, Clock: clock, HTTP: client, Leases: &core.Leases{Store: st, Clock: clock},
		Config: func(core.Connection) (consent.Config, error) {
			return consent.Config{Platform: "acme", AuthURL: srv.URL + "/auth", TokenURL: srv.URL + "/token", Ports: []int{atoi(t, port)}, Hosts: []string{u.Host}}, nil
		},
		Page: template.Must(template.New("").Parse("{{.Heading}}")), Text: func(key string) string { return key },
	}}
	c, err := connections.Add(t.Context(), core.Connection{Name: "Acme", Platform: "acme", Grant: core.GrantCode})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := s.consent.Open(t.Context(), c.ID, consent.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return s, opened
}

// TestInterruptDuringTheExchangeOfAPasteWaitsForItsEnd: a code works once, and
// the command must not end before what it gave is saved.
func TestInterruptDuringTheExchangeOfAPasteWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	s, opened := waitingConsent(t, func(w http.ResponseWriter, _ *http.Request) {
		interrupt()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"access_token":"canary-access","refresh_token":"canary-refresh","token_type":"Bearer"}`) //nolint:errcheck // a test server
	})
	question, err := url.Parse(opened.Attempt.URL)
	if err != nil {
		t.Fatal(err)
	}
	in, paste := io.Pipe()
	defer paste.Close()
	go io.WriteString(paste, opened.Attempt.Redirect+"?code=canary-code&state="+question.Query().Get("state")+"\n") //nolint:errcheck // the pipe is closed at the end
	a := &app{io: streams{In: in, Out: io.Discard, Err: io.Discard}}
	res, err := a.raceAnswers(ctx, s, opened)
	if err != nil || res.Connection.Secrets[core.SecretRefreshToken].Empty() {
		t.Errorf("interrupted during the exchange: %v", err)
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
