package main

import (
	"context"
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

	mu      sync.Mutex
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
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.srv != nil {
		return h.srv, nil
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
