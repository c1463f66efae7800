package migrations_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/store/mem"
	"deskward/tui/migrations"
)

// toy is a small guide over actions whose outcome a test chooses: the
// screens' states are reached without a vendor.
type toy struct {
	now      *movable
	store    core.Store
	runner   *guide.Runner
	deps     migrations.Deps
	mu       sync.Mutex
	fails    map[string]error
	hold     chan struct{} // nil: actions end at once
	entered  chan struct{}
	effect   action.Effect
	canAsk   bool
	attempts int
}

type movable struct {
	mu  sync.Mutex
	now time.Time
}

func (m *movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *movable) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

type (
	toyIn struct {
		ClientID string      `name:"client_id"`
		Secret   core.Secret `name:"client_secret,optional"`
		Region   string      `name:"region,optional"`
	}
	checkOut struct {
		Org string `name:"org"`
	}
	exchangeOut struct {
		Ends time.Time `name:"ends"`
	}
)

func newToy(t testing.TB) *toy {
	t.Helper()
	w := &toy{now: &movable{now: began}, store: mem.New(), fails: map[string]error{}, entered: make(chan struct{}, 8)}
	w.runner = w.newRunner(t, mina)
	w.deps = migrations.Deps{Runner: w.runner, Guides: guidesOf(t, w.runner), Clock: w.now, Folder: t.TempDir()}
	return w
}

func (w *toy) actions() []action.Action {
	check := action.New("demo.check", action.Reads, func(ctx context.Context, _ toyIn) (checkOut, error) {
		return checkOut{"Acme Europe"}, w.call(ctx, "check", "GET", "https://api.example.test/organizations")
	})
	exchange := action.New("demo.exchange", action.Once, func(ctx context.Context, _ toyIn) (exchangeOut, error) {
		w.attempts++
		return exchangeOut{w.now.Now().Add(24 * time.Hour)}, w.call(ctx, "exchange", "POST", "https://accounts.example.test/exchange")
	})
	if w.canAsk {
		exchange = action.Asking(exchange, func(context.Context, toyIn) (action.Effect, error) { return w.effect, nil })
	}
	fresh := action.New("demo.fresh", action.Changes, func(ctx context.Context, _ toyIn) (exchangeOut, error) {
		return exchangeOut{w.now.Now().Add(24 * time.Hour)}, w.call(ctx, "fresh", "POST", "https://accounts.example.test/fresh")
	})
	return []action.Action{check, exchange, fresh}
}

// call stands for a vendor's answer.
func (w *toy) call(ctx context.Context, name, method, url string) error {
	w.mu.Lock()
	hold, err := w.hold, w.fails[name]
	w.mu.Unlock()
	w.entered <- struct{}{}
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	status := 200
	if core.ClassOf(err) == core.Unknown {
		status = 0
	} else if err != nil {
		status = 400
	}
	core.RecordCall(ctx, core.Call{At: w.now.Now(), Method: method, URL: url, Status: status})
	return err
}

func (w *toy) fail(name string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails[name] = err
}

// newRunner is a runner on the same store, as another process has it.
func (w *toy) newRunner(t testing.TB, who core.Actor) *guide.Runner {
	t.Helper()
	raw, err := os.ReadFile("testdata/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	actions := w.actions()
	g, err := guide.Parse("demo.yaml", raw, guide.Terms{Actions: actions})
	if err != nil {
		t.Fatal(err)
	}
	events := &core.EventLog{Store: w.store, Clock: w.now, Actor: who}
	return &guide.Runner{Store: w.store, Events: events, Clock: w.now, Terms: guide.Terms{Actions: actions}, Guides: guide.Only(*g)}
}

// at starts a run and takes it up to a step.
func (w *toy) at(t testing.TB, stepID, name string) guide.Run {
	t.Helper()
	run, err := w.runner.Start(t.Context(), "demo", name)
	if err != nil {
		t.Fatal(err)
	}
	for {
		step, underway := run.Current()
		if !underway || step.ID == stepID {
			return run
		}
		switch step.Kind {
		case guide.Tell:
			run, err = w.runner.Answer(t.Context(), run, nil)
		case guide.Ask:
			run, err = w.runner.Answer(t.Context(), run, map[string]string{
				"client_id": "10.canary", "client_secret": "canary-client-secret", "region": "eu",
			})
		default:
			run = w.do(t, run)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// do runs the current step; that it may fail is what some tests want.
func (w *toy) do(t testing.TB, run guide.Run) guide.Run {
	t.Helper()
	step, _ := run.Current()
	word := ""
	if step.Confirm != nil {
		word = step.Confirm.Word
	}
	if p, _ := w.runner.Prompt(run, locale.English); p.NotBefore.After(w.now.Now()) {
		w.now.Advance(p.NotBefore.Sub(w.now.Now()))
	}
	next, err := w.runner.Do(t.Context(), run, word)
	if err != nil && next.Rev == run.Rev {
		t.Fatal(err)
	}
	<-w.entered
	return next
}
