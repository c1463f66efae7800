package sandbox

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is a way in which a service misbehaves. Its zero value does nothing.
type Fault struct {
	// Service is "zoho.accounts", "zoho.desk" and so on; "" is all of them.
	Service string `json:"service,omitempty"`
	// Path limits the fault to paths with this beginning.
	Path string `json:"path,omitempty"`
	// Times is how many calls it hits; 0 is all until it is cleared.
	Times int `json:"times,omitempty"`
	// Percent is how many of a hundred calls it hits, by chance; 0 is all.
	Percent int `json:"percent,omitempty"`

	Latency    time.Duration `json:"latency_ns,omitempty"`     // wait before anything else
	Status     int           `json:"status,omitempty"`         // answer this status, with an empty JSON object
	RetryAfter time.Duration `json:"retry_after_ns,omitempty"` // Retry-After, in whole seconds
	Answer     string        `json:"answer,omitempty"`         // answer with this JSON; Status, or 200
	HTML       bool          `json:"html,omitempty"`           // answer with a web page; Status, or 200
	Reset      bool          `json:"reset,omitempty"`          // close the connection by a reset, without an answer
	Cut        bool          `json:"cut,omitempty"`            // send half of the answer, then close
	// After does what the call asks for before the fault: the effect takes
	// place and its answer is lost. (Cut is always so.)
	After bool `json:"after,omitempty"`
}

type faults struct {
	mu   sync.Mutex
	list []Fault
}

// SetFault switches a fault on, beside those that are on.
func (sb *Sandbox) SetFault(f Fault) {
	sb.faults.mu.Lock()
	defer sb.faults.mu.Unlock()
	sb.faults.list = append(sb.faults.list, f)
}

// ClearFaults switches all faults off.
func (sb *Sandbox) ClearFaults() {
	sb.faults.mu.Lock()
	defer sb.faults.mu.Unlock()
	sb.faults.list = nil
}

// take returns the first fault that hits a call, and counts it.
func (fs *faults) take(service, path string) (Fault, bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, f := range fs.list {
		if f.Service != "" && f.Service != service || !strings.HasPrefix(path, f.Path) {
			continue
		}
		const hundred = 100
		if f.Percent > 0 && rand.IntN(hundred) >= f.Percent {
			continue
		}
		if f.Times == 1 {
			fs.list = slices.Delete(fs.list, i, i+1)
		} else if f.Times > 1 {
			fs.list[i].Times--
		}
		return f, true
	}
	return Fault{}, false
}

// Call is one request that a service got.
type Call struct {
	At      time.Time `json:"at"`
	Service string    `json:"service"`
	Method  string    `json:"method"`
	Path    string    `json:"path"`
	Status  int       `json:"status"` // 0: no answer was sent
}

type callLog struct {
	mu   sync.Mutex
	list []Call
}

// kept is how many calls are remembered.
const kept = 1000

func (l *callLog) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == kept {
		l.list = slices.Delete(l.list, 0, 1)
	}
	l.list = append(l.list, c)
}

// Calls returns the last calls that the services got, oldest first, without
// what was sent in them.
func (sb *Sandbox) Calls() []Call {
	sb.calls.mu.Lock()
	defer sb.calls.mu.Unlock()
	return slices.Clone(sb.calls.list)
}

// observe serves h under the faults, and writes the call down. A service
// without a name has neither.
func (sb *Sandbox) observe(service string, h http.Handler) http.Handler {
	if service == "" { // the control interface itself
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := Call{At: sb.clock.Now(), Service: service, Method: r.Method, Path: r.URL.Path}
		f, hit := sb.faults.take(service, r.URL.Path)
		if hit && f.Latency > 0 {
			wait := time.NewTimer(f.Latency)
			defer wait.Stop()
			select {
			case <-wait.C:
			case <-r.Context().Done():
				sb.calls.add(call)
				return
			}
		}
		answer := &answer{header: http.Header{"Cache-Control": {"no-store"}}, status: http.StatusOK}
		if plain := f.Status == 0 && f.Answer == "" && !f.HTML && !f.Reset; plain || f.After {
			h.ServeHTTP(answer, r)
		}
		if f.Reset {
			sb.calls.add(call)
			reset(w)
			return
		}
		f.replace(answer)
		call.Status = answer.status
		sb.calls.add(call)
		answer.header.Set("Date", sb.clock.Now().UTC().Format(http.TimeFormat))
		answer.send(w, f.Cut)
	})
}

// replace puts the fault's answer in the place of the service's.
func (f Fault) replace(a *answer) {
	if f.Status == 0 && f.Answer == "" && !f.HTML {
		return
	}
	a.header.Set("Content-Type", "application/json;charset=UTF-8")
	a.body.Reset()
	a.body.WriteString(cmp.Or(f.Answer, "{}"))
	a.header.Del("Location")
	if a.status = f.Status; f.Status == 0 {
		a.status = http.StatusOK
	}
	if f.HTML {
		a.header.Set("Content-Type", "text/html;charset=UTF-8")
		a.body.Reset()
		a.body.WriteString("<!doctype html><html><head><title>Sorry</title></head><body><h1>This page cannot be shown</h1></body></html>")
	}
	if f.RetryAfter > 0 {
		a.header.Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
}

// answer holds an answer back until the faults have had their say.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

func (a *answer) send(w http.ResponseWriter, cut bool) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	body := a.body.Bytes()
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if !cut {
		w.Write(body) //nolint:errcheck // the other side may have gone
		return
	}
	w.Write(body[:len(body)/2]) //nolint:errcheck // the other side may have gone
	if fl, ok := w.(http.Flusher); ok {
		fl.Flush()
	}
	panic(http.ErrAbortHandler) // how a handler ends a connection mid-answer
}

// reset closes the connection so that the other side sees ECONNRESET.
func reset(w http.ResponseWriter) {
	hj, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hj.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // then it is closed in the ordinary way
	}
	conn.Close()
}
