package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"deskward/core"
	"deskward/core/consent"
	service "deskward/core/visitortoken/endpoint"
	"deskward/tui/endpoint"
	"deskward/tui/keys"
	"deskward/tui/screen"
)

// tokenHost runs the console's token endpoint. It implements endpoint.Host: the
// screen may be left, locking the store and quitting end it.
type tokenHost struct {
	desk *desk

	starting sync.Mutex // held while one starts

	mu      sync.Mutex      // never held for long: the header asks at each frame
	srv     *service.Server // nil: none runs
	options service.Options
}

// Running returns the endpoint that runs, or nil.
func (h *tokenHost) Running() *service.Server {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.srv
}

// Options are those of the running endpoint, or those last used or typed.
func (h *tokenHost) Options() service.Options {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.options
}

// Keep remembers what was typed.
func (h *tokenHost) Keep(o service.Options) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.srv == nil {
		h.options = o
	}
}

// Start starts an endpoint on the session's keys; one that runs already is
// returned.
func (h *tokenHost) Start(ctx context.Context, o service.Options) (*service.Server, error) {
	h.starting.Lock()
	defer h.starting.Unlock()
	if srv := h.Running(); srv != nil {
		return srv, nil
	}
	s := h.desk.session.Load()
	if s == nil {
		return nil, core.ErrLocked
	}
	starter, err := s.tokenEndpoint()
	if err != nil {
		return nil, err
	}
	o.Say = h.desk.app.printer()
	srv, err := starter.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.srv, h.options = srv, o
	go h.watch(srv)
	return srv, nil
}

// watch waits for the endpoint's end. Where it comes by itself, the admin is
// told on whatever screen they are.
func (h *tokenHost) watch(srv *service.Server) {
	<-srv.Done()
	h.forget(srv)
	if err := srv.Err(); err != nil {
		_ = srv.Close() // what could not be noted is the smaller trouble
		h.desk.tell(screen.Notice{Err: err})
	}
}

func (h *tokenHost) forget(srv *service.Server) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.srv == srv {
		h.srv = nil
	}
}

// Stop ends the endpoint and waits for the requests it is answering.
func (h *tokenHost) Stop() error {
	srv := h.Running()
	if srv == nil {
		return nil
	}
	defer h.forget(srv)
	return srv.Close()
}

// lock ends the endpoint before the store is locked: what it signs with is the
// store's. That its end could not be noted must not keep the store open.
func (h *tokenHost) lock() {
	_ = h.Stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.options = service.Options{} // names of keys
}

// serving is what the header says while an endpoint runs.
func (h *tokenHost) serving(e screen.Env) string {
	if h.Running() == nil {
		return ""
	}
	return e.T("endpoint.serving")
}

// tokenEndpoint opens the screen of the token endpoint.
func (d *desk) tokenEndpoint() screen.Screen {
	s := d.session.Load()
	deps := endpoint.Deps{
		Host: d.tokens, List: s.keys.List,
		Code: func(k core.KeySummary) screen.Screen {
			deps := d.keyDeps()
			if srv := d.tokens.Running(); srv != nil {
				deps.Endpoint = srv.URL()
			}
			return keys.Snippets(deps, k)
		},
	}
	if b := (desktop{d.app.env}); b.has() {
		deps.Browser = b
	}
	if d.sandbox != nil {
		deps.Ask = d.askAsUser
	}
	if d.app.env.overSSH() {
		deps.Tunnel = func(port string) string {
			n, err := strconv.Atoi(port)
			if err != nil {
				return ""
			}
			return consent.TunnelLine(n, d.app.actor.User, d.app.actor.Host)
		}
	}
	return endpoint.New(deps)
}

// askAsUser is the sandbox's user and the user's page: it signs in to Xsolla
// Login with the password and asks the endpoint with the cookie.
func (d *desk) askAsUser(ctx context.Context, to string, o service.Options) error {
	s := d.session.Load()
	key, err := s.keys.ByName(ctx, o.LoginKey)
	if err != nil {
		return err
	}
	token, err := d.signInUser(ctx, key.Account)
	if err != nil {
		return &core.Error{Tried: "sandbox-sign-in", On: core.CleanLine(key.Account), Code: "sandbox.sign-in", Err: err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return err
	}
	if len(o.Origins) > 0 {
		r.Header.Set("Origin", o.Origins[0])
	}
	r.AddCookie(&http.Cookie{Name: o.Cookie, Value: token})
	res, err := s.http.For(r.URL.Host).Do(r)
	if err != nil {
		return &core.Error{Tried: "sandbox-sign-in", On: to, Code: "sandbox.sign-in", Err: err}
	}
	return res.Body.Close() // what came of it, the endpoint's log shows
}

// signInUser returns the token that Xsolla Login's double gives its user.
func (d *desk) signInUser(ctx context.Context, project string) (string, error) {
	x := d.sandbox.Fixtures().Xsolla
	body, err := json.Marshal(map[string]string{"username": x.Username, "password": x.Password})
	if err != nil {
		return "", err
	}
	q := url.Values{"projectId": {project}, "login_url": {x.Callbacks[0]}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.sandbox.Endpoints()["xsolla"]["login"]+"/login?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := d.session.Load().http.For(r.URL.Host).Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var answer struct {
		LoginURL string `json:"login_url"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", err
	}
	back, err := url.Parse(answer.LoginURL)
	if err != nil || back.Query().Get("token") == "" {
		return "", fmt.Errorf("status %d without a token", res.StatusCode)
	}
	return back.Query().Get("token"), nil
}
