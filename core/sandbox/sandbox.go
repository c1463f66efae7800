// Package sandbox runs rehearsal services on loopback: doubles of the
// vendors' accounts servers, APIs and mail servers that refuse what the real ones refuse.
//
// The doubles are written from what the vendors document and what others have
// seen of them, not from deskward's own clients, so that a mistake of a
// client shows. Where that is unsure or disputed, a double does it both ways,
// by a Switch. Time is a Clock that can be moved, and any service can be made
// to fail by a Fault.
//
// A new platform is one file here and one line in Start.
package sandbox

import (
	"context"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"deskward/core"
	"deskward/core/transport"
)

// Options configure a Sandbox.
type Options struct {
	// Clock is what the sandbox's own clock starts from; nil: the system's.
	Clock core.Clock
}

// Sandbox is a set of running rehearsal services.
type Sandbox struct {
	clock     *Clock
	faults    faults
	switches  switches
	calls     callLog
	endpoints transport.Endpoints
	control   string // base URL

	zoho        *zoho
	connections *zohoConnections
	openid      *openid
	xsolla      *xsolla
	zendesk     *zendesk
	google      *google

	salesforce *salesforce
	webex      *webex

	authority *authority
	servers   []io.Closer
	closing   sync.Once
	done      sync.WaitGroup
}

// Start opens the services on free loopback ports. They stop with ctx or
// Close, whichever is first.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	if o.Clock == nil {
		o.Clock = core.SystemClock{}
	}
	ca, err := newAuthority()
	if err != nil {
		return nil, &core.Error{Tried: "sandbox", Code: "sandbox.no-authority", Err: err}
	}
	sb := &Sandbox{clock: &Clock{base: o.Clock}, endpoints: transport.Endpoints{}, authority: ca, connections: newZohoConnections()}
	sb.servers = append(sb.servers, sb.connections)
	for _, start := range []func() error{sb.startZoho, sb.startOpenID, sb.startXsolla, sb.startZendesk, sb.startGoogle, sb.startSalesforce, sb.startWebex, sb.startControl} {
		if err := start(); err != nil {
			sb.Close() //nolint:errcheck // the first error is the one to tell
			return nil, err
		}
	}
	context.AfterFunc(ctx, func() { sb.Close() }) //nolint:errcheck // nobody is left to hear it
	return sb, nil
}

// Close stops all services and waits for them.
func (sb *Sandbox) Close() error {
	var errs []error
	sb.closing.Do(func() {
		for _, s := range sb.servers {
			errs = append(errs, s.Close())
		}
	})
	sb.done.Wait()
	return errors.Join(errs...)
}

// Endpoints points every platform of the sandbox at its double.
func (sb *Sandbox) Endpoints() transport.Endpoints {
	out := make(transport.Endpoints, len(sb.endpoints))
	for p, m := range sb.endpoints {
		out[p] = maps.Clone(m)
	}
	return out
}

// Clock returns the sandbox's clock, which the program under rehearsal must
// use too.
func (sb *Sandbox) Clock() *Clock { return sb.clock }

// ControlURL is the base of the control interface: ControlURL + "/sandbox/…".
func (sb *Sandbox) ControlURL() string { return sb.control }

// open listens on a free loopback port and returns its base URL. The service
// gets its handler by mount, once all base URLs are known.
func (sb *Sandbox) open() (net.Listener, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", &core.Error{Tried: "sandbox", Code: "sandbox.no-port", Err: err}
	}
	return l, "http://" + l.Addr().String(), nil
}

// mount serves h on l. name is what faults and the call log know it by.
func (sb *Sandbox) mount(l net.Listener, name string, h http.Handler) {
	s := &http.Server{
		Handler:           sb.observe(name, onlyLoopback(h)),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // aborted answers are faults asked for
	}
	sb.servers = append(sb.servers, s)
	sb.done.Go(func() { _ = s.Serve(l) }) // it ends by Close, with http.ErrServerClosed
}

// point adds an endpoint of a platform.
func (sb *Sandbox) point(p core.PlatformID, name, base string) {
	if sb.endpoints[p] == nil {
		sb.endpoints[p] = map[string]string{}
	}
	sb.endpoints[p][name] = base
}

// onlyLoopback refuses requests that name another host: a page in the
// person's browser could otherwise reach the services under a name of its own
// (DNS rebinding).
func onlyLoopback(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := url.URL{Host: r.Host}
		if !transport.IsLoopback(u.Hostname()) {
			http.Error(w, "not this host", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Clock is a clock that runs with another and can be moved forward.
type Clock struct {
	base   core.Clock
	mu     sync.Mutex
	offset time.Duration
}

// Now returns the sandbox's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base.Now().Add(c.offset)
}

// Sleep lets the time pass at once: nobody waits in a rehearsal.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.Advance(d)
	return context.Cause(ctx)
}

// Advance moves the clock by d and returns the new time.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	c.offset += d
	c.mu.Unlock()
	return c.Now()
}
