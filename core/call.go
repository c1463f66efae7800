package core

import (
	"context"
	"sync"
	"time"
)

// Call is one request to a vendor, as evidence: never a query, a header or a
// body, in which secrets travel.
type Call struct {
	At     time.Time     `json:"at"`
	Method string        `json:"method"`
	URL    string        `json:"url"`    // scheme, host and path only
	Status int           `json:"status"` // 0: no answer came
	Took   time.Duration `json:"took_ns"`
}

// CallRecorder collects the calls made under a context. Its zero value is
// ready; it may be shared by goroutines.
type CallRecorder struct {
	mu    sync.Mutex
	calls []Call
}

// Calls returns what was recorded so far, oldest first.
func (r *CallRecorder) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Call(nil), r.calls...)
}

type callRecorderKey struct{}

// WithCallRecorder returns a context under which core/transport records each
// vendor call into r.
func WithCallRecorder(ctx context.Context, r *CallRecorder) context.Context {
	return context.WithValue(ctx, callRecorderKey{}, r)
}

// RecordCall adds c to the context's recorder, if it has one.
func RecordCall(ctx context.Context, c Call) {
	r, ok := ctx.Value(callRecorderKey{}).(*CallRecorder)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}
