package endpoint

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"deskward/core"
)

// Request is one line of the log: nothing secret and nothing personal.
type Request struct {
	Seq    uint64 // 1 is the first
	At     time.Time
	Method string
	Path   string // parts that could hold something are left out
	Status int
	Code   string // of the answer's body, "00-01"; "" for a token
	Why    string // stable code of the reason, for example "login.expired"; never sent
	Took   time.Duration
	Origin string // of the page; "" none
	Client string // the client's network, not its address: "203.0.113.0/24"
}

// kept is how many requests a log keeps.
const kept = 1000

// Log keeps the latest requests. It never holds up who writes: a reader that
// is slow misses some, and is told how many.
type Log struct {
	mu      sync.Mutex
	ring    [kept]Request
	total   uint64
	tokens  uint64
	refused map[string]uint64 // by Request.Why
	ended   bool
	changed chan struct{} // closed at the next request, for those who wait; nil: nobody does
}

func newLog() *Log { return &Log{refused: map[string]uint64{}} }

func (l *Log) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total++
	r.Seq = l.total
	if r.Status == http.StatusOK && r.Code == "" && r.Path == Path {
		l.tokens++
	}
	if r.Why != "" {
		l.refused[r.Why]++
	}
	l.ring[(r.Seq-1)%kept] = r
	l.wake()
}

// wake is called with the lock held.
func (l *Log) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (l *Log) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.wake()
}

// Total is how many requests there were, and how many got a token.
func (l *Log) Total() (requests, tokens uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total, l.tokens
}

// Refused is how many requests were refused for each reason, by Request.Why.
func (l *Log) Refused() map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.refused)
}

// Next waits for requests after number seq (0: from the first that is kept)
// and returns them, oldest first, and how many before them are no longer
// kept. It returns without any when ctx ends, or the server has ended and all
// were returned.
func (l *Log) Next(ctx context.Context, seq uint64) (next []Request, missed uint64) {
	for {
		next, missed, changed, ended := l.after(seq)
		if len(next) > 0 || ended {
			return next, missed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, 0
		}
	}
}

func (l *Log) after(seq uint64) (next []Request, missed uint64, changed chan struct{}, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := max(seq, l.total-min(l.total, kept)) + 1
	for n := first; n <= l.total; n++ {
		next = append(next, l.ring[(n-1)%kept])
	}
	if l.changed == nil && len(next) == 0 {
		l.changed = make(chan struct{})
	}
	return next, first - 1 - min(seq, first-1), l.changed, l.ended
}

// pathOf is a request's path as the log shows it. The query is not there at
// all, and no part in which a token or an address could stand: somebody's
// wrong program may send them that way.
func pathOf(path string) string {
	const longest, longestPart = 60, 24
	if path == Path {
		return Path
	}
	parts := strings.Split(core.CleanLine(path), "/")
	for i, part := range parts {
		if len([]rune(part)) > longestPart || strings.ContainsAny(part, "@=%") {
			parts[i] = "…"
		}
	}
	shown := []rune(strings.Join(parts, "/"))
	if len(shown) > longest {
		return string(shown[:longest]) + "…"
	}
	return string(shown)
}
