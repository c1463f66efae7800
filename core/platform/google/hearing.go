package google

import (
	"context"
	"sync"
	"time"

	"deskward/core/consent"
)

// hearing are the ports at which guides' consents are awaited, by connection.
// They stay open while the admin is at the next steps, in which the browser is
// opened; the time of the attempt ends them.
type hearing struct {
	mu    sync.Mutex
	stops map[string]func()
}

// begin waits behind the caller's back, for no longer than life. What comes is
// saved by the listener itself, and its outcome is read from the connection.
func (h *hearing) begin(ctx context.Context, id string, l *consent.Listener, life time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(life, time.Second))
	ended := make(chan struct{})
	stop := func() {
		cancel()
		<-ended
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stops == nil {
		h.stops = map[string]func(){}
	}
	h.stops[id] = stop
	go func() {
		defer close(ended)
		defer cancel()
		l.Wait(ctx) //nolint:errcheck // whoever asks for the outcome reads the connection
		l.Close()   //nolint:errcheck // it was only listening
	}()
}

// stop ends what is awaited for a connection, and returns when its port is free.
func (h *hearing) stop(id string) {
	h.mu.Lock()
	stop := h.stops[id]
	delete(h.stops, id)
	h.mu.Unlock()
	if stop != nil {
		stop()
	}
}
