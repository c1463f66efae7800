package endpoint

import (
	"context"
	"net/http"
	"net/netip"
	"time"
)

// Follow reads the keys again, as a running server does once a minute.
func (s *Server) Follow(ctx context.Context) { s.handler.keys.follow(ctx) }

// Handler is what answers, without a connection.
func (s *Server) Handler() http.Handler { return s.handler }

// ParseOrigins reads configured origins.
func ParseOrigins(given ...string) ([]string, error) { return parseOrigins(given) }

// AllowAll asks the limiter for so many addresses, and returns how many it
// remembers then.
func AllowAll(perSecond float64, addresses []netip.Addr, at time.Time) (remembered, allowed int) {
	l := newLimiter(perSecond)
	for _, a := range addresses {
		if l.allow(counted(a), at) {
			allowed++
		}
	}
	if l.order.Len() != len(l.clients) {
		panic("the list and the map differ")
	}
	return len(l.clients), allowed
}

// MaxClients is how many addresses the limiter remembers.
const MaxClients = maxClients
