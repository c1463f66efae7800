package endpoint

import (
	"container/list"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxClients is how many addresses the limiter remembers, at about 200 bytes
// each. Beyond that it forgets the one that has been silent longest, which
// then starts with a full allowance.
const maxClients = 10_000

// burstSeconds is for how many seconds' worth an address may ask at once.
const burstSeconds = 3

// limiter slows down who asks too often, by address.
type limiter struct {
	perSecond rate.Limit
	burst     int

	mu      sync.Mutex
	clients map[netip.Prefix]*list.Element
	order   *list.List // of *client, the latest first
}

type client struct {
	from  netip.Prefix
	limit *rate.Limiter
}

func newLimiter(perSecond float64) *limiter {
	return &limiter{
		perSecond: rate.Limit(perSecond), burst: max(1, int(math.Ceil(perSecond*burstSeconds))),
		clients: map[netip.Prefix]*list.Element{}, order: list.New(),
	}
}

// allow reports whether the client may ask now.
func (l *limiter) allow(from netip.Prefix, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.clients[from]
	if e == nil {
		if l.order.Len() >= maxClients {
			oldest := l.order.Back()
			delete(l.clients, oldest.Value.(*client).from)
			l.order.Remove(oldest)
		}
		e = l.order.PushFront(&client{from, rate.NewLimiter(l.perSecond, l.burst)})
		l.clients[from] = e
	} else {
		l.order.MoveToFront(e)
	}
	return e.Value.(*client).limit.AllowN(now, 1)
}

// retryAfter is when a client that was refused may ask again, in whole
// seconds.
func (l *limiter) retryAfter() string {
	return strconv.Itoa(max(1, int(math.Ceil(1/float64(l.perSecond)))))
}

// addressOf is the client's address; the zero Addr where it is none. Behind a
// proxy it is the last one of X-Forwarded-For, which the proxy itself has
// added: those before it are what the client claims.
func (h *handler) addressOf(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	peer := from.Addr()
	if all := r.Header.Values("X-Forwarded-For"); h.proxied && peer.Unmap().IsLoopback() && len(all) > 0 {
		last := all[len(all)-1]
		if addr, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])); err == nil {
			peer = addr
		}
	}
	return peer.Unmap().WithZone("")
}

// counted is what one allowance is for: an IPv4 address, or the /64 that one
// IPv6 subscriber has to itself.
func counted(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // of no address: the zero Prefix, shared by all without one
	return p
}

// network is as much of an address as the log keeps: too little to tell a
// person, enough to tell one office from another.
func network(a netip.Addr) string {
	bits := 24
	switch {
	case !a.IsValid():
		return ""
	case a.IsLoopback():
		return a.String()
	case a.Is6():
		bits = 48
	}
	p, _ := a.Prefix(bits)
	return p.String()
}
