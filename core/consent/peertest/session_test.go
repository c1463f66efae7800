package peertest

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/platform/oauth2"
	"deskward/core/transport"
	"deskward/store/mem"
)

// clock can be moved.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().UTC().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// session is one start of deskward on a store.
type session struct {
	*consent.Service
	t        *testing.T
	store    core.Store
	clock    *clock
	platform *platform.Service
}

func newSession(t *testing.T, store core.Store, clock *clock) *session {
	t.Helper()
	client, err := transport.New(transport.Options{})
	if err != nil {
		t.Fatal(err)
	}
	actor := core.Actor{User: "mina", Host: "jump01"}
	events := &core.EventLog{Store: store, Clock: clock, Actor: actor}
	connections := &core.Connections{Store: store, Events: events}
	p := &platform.Service{Platforms: []platform.Platform{oauth2.Platform()}, Connections: connections, HTTP: client, Clock: clock}
	c := &consent.Service{
		Store: store, Connections: connections, Events: events, Leases: &core.Leases{Store: store, Clock: clock, Actor: actor},
		Clock: clock, HTTP: client, Config: p.Config, Discover: p.Discover, Check: p.Check,
		Page: template.Must(template.New("").Parse("{{.Heading}}{{range .Lines}} {{.}}{{end}}")),
		Text: func(key string) string { return key },
	}
	p.Tokens = c
	return &session{Service: c, t: t, store: store, clock: clock, platform: p}
}

func start(t *testing.T) *session {
	t.Helper()
	return newSession(t, mem.New(), &clock{})
}

// restart is the next start of deskward on the same store.
func (s *session) restart() *session { return newSession(s.t, s.store, s.clock) }

func (s *session) add(c core.Connection) core.Connection {
	s.t.Helper()
	c.Name, c.Platform = "peer", oauth2.ID
	if c.Grant == "" {
		c.Grant = core.GrantCode
	}
	c, err := s.Connections.Add(context.Background(), c)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *session) begin(c core.Connection, port int) consent.Attempt {
	s.t.Helper()
	a, err := s.Begin(context.Background(), c.ID, consent.BeginOptions{Port: port})
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *session) listen(a consent.Attempt) *consent.Listener {
	s.t.Helper()
	l, err := s.Listen(context.Background(), a)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	return l
}

func want(t *testing.T, err error, code string, class core.Class) {
	t.Helper()
	if core.CodeOf(err) != code || core.ClassOf(err) != class {
		t.Errorf("error %v (class %d), want %s (class %d)", err, core.ClassOf(err), code, class)
	}
	if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, clientSecret) {
		t.Errorf("a secret is told: %s", text)
	}
}

// junk sends a hundred requests that are not the answer.
func junk(t *testing.T, a consent.Attempt) {
	t.Helper()
	base := fmt.Sprintf("http://127.0.0.1:%d", a.Port)
	for i := range 100 {
		path := []string{"/favicon.ico", "/callback/oauth2?code=x&state=wrong", "/callback/oauth2", "/callback/zoho?code=x", "/?error=access_denied"}[i%5]
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Fatalf("%s: status %d", path, resp.StatusCode)
		}
	}
}

const clientSecret = "canary-client-secret"
