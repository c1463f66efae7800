package main

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/platform/all"
	"deskward/core/transport"
)

// hostTime is how long one host has to answer doctor.
const hostTime = 4 * time.Second

// A clock that is off makes vendors refuse signed tokens: Zendesk and Google
// allow about a minute, and five are refused by all.
const (
	skewWarn = 30 * time.Second
	skewBad  = 5 * time.Minute
)

// hostFindings is what was found out about one host, in order.
type hostFindings struct {
	state, code string
	values      []string
}

// examineHosts asks every vendor host in use, all at once: through which
// proxy, by which addresses, and how far its clock is from ours.
func (d *diagnosis) examineHosts(ctx context.Context, s *session) error {
	w, err := d.a.realWorld()
	if err != nil {
		return err
	}
	client, err := d.a.httpClient(w)
	if err != nil {
		return err
	}
	bases := map[string]bool{}
	if s != nil {
		if err := s.addStoredHosts(ctx, bases); err != nil {
			return err
		}
	}
	if len(bases) == 0 {
		addDefaultHosts(w.endpoints, bases)
	}
	sorted := slices.Sorted(maps.Keys(bases))
	found := make([][]hostFindings, len(sorted))
	var wg sync.WaitGroup
	for i, base := range sorted {
		wg.Go(func() { found[i] = examineHost(ctx, client, base) })
	}
	wg.Wait()
	for _, host := range found {
		for _, f := range host {
			d.add(f.state, f.code, f.values...)
		}
	}
	return nil
}

// addStoredHosts adds the hosts that the stored connections use: those of
// their authorization servers, and those of their last checks.
func (s *session) addStoredHosts(ctx context.Context, bases map[string]bool) error {
	list, err := s.connections.List(ctx)
	if err != nil {
		return err
	}
	for _, sum := range list {
		c, err := s.connections.Get(ctx, sum.ID)
		if err != nil {
			return err
		}
		if cfg, err := s.platforms.Config(c); err == nil {
			addConfigHosts(cfg, bases)
		}
		for _, call := range c.Check.Calls {
			addBase(call.URL, bases)
		}
	}
	return nil
}

// addDefaultHosts adds the hosts of the endpoints file, and of each platform
// without one the authorization server of its first region.
func addDefaultHosts(e transport.Endpoints, bases map[string]bool) {
	for _, p := range all.Platforms() {
		if e.Has(p.ID) {
			for _, base := range e[p.ID] {
				addBase(base, bases)
			}
			continue
		}
		if p.OAuth == nil {
			continue
		}
		if cfg, err := p.OAuth(firstConnection(p), e); err == nil {
			addConfigHosts(cfg, bases)
		}
	}
}

func firstConnection(p platform.Platform) core.Connection {
	c := core.Connection{Platform: p.ID}
	if len(p.Regions) > 0 {
		c.Region = p.Regions[0].ID
	}
	return c
}

func addConfigHosts(cfg consent.Config, bases map[string]bool) {
	addBase(cfg.AuthURL, bases)
	addBase(cfg.TokenURL, bases)
}

func addBase(raw string, bases map[string]bool) {
	if u, err := url.Parse(raw); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		bases[u.Scheme+"://"+u.Host] = true
	}
}

func examineHost(ctx context.Context, client *transport.Client, base string) []hostFindings {
	ctx, cancel := context.WithTimeout(ctx, hostTime)
	defer cancel()
	u, err := url.Parse(base)
	if err != nil {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, base+"/", nil)
	if err != nil {
		return nil
	}
	var out []hostFindings
	proxy, err := http.ProxyFromEnvironment(req)
	switch {
	case err != nil:
		out = append(out, hostFindings{"bad", "host.proxy-bad", []string{"host", u.Host}})
	case proxy != nil: // without user and password
		out = append(out, hostFindings{"info", "host.proxy", []string{"host", u.Host, "proxy", proxy.Scheme + "://" + proxy.Host}})
	default:
		addresses, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
		if err != nil {
			return append(out, hostFindings{"warn", "host.dns", []string{"host", u.Host}})
		}
		out = append(out, hostFindings{"ok", "host.addresses", []string{"host", u.Host, "addresses", strings.Join(addresses, " ")}})
	}
	if _, err := transport.Do(client.For(u.Host), req); err != nil {
		return append(out, hostFindings{"warn", "host.unreachable", []string{"host", u.Host, "code", core.CodeOf(err)}})
	}
	skew, ok := client.Skew(u.Host)
	if !ok {
		return append(out, hostFindings{"info", "host.no-date", []string{"host", u.Host}})
	}
	state := "ok"
	switch {
	case skew.Abs() > skewBad:
		state = "bad"
	case skew.Abs() > skewWarn:
		state = "warn"
	}
	code := "clock." + map[string]string{"ok": "right", "warn": "off", "bad": "wrong"}[state]
	return append(out, hostFindings{state, code, []string{"host", u.Host, "skew", skew.Round(time.Second).String()}})
}
