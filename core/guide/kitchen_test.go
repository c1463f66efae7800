package guide_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/store/mem"
)

// canary is the secret that must show up nowhere.
const canary = "canary-recipe"

type sliceIn struct {
	Kind string `name:"kind"`
}
type sliceOut struct {
	Slice string `name:"slice"`
}
type toastIn struct {
	Slice  string      `name:"slice"`
	Recipe core.Secret `name:"recipe"`
}
type toastOut struct {
	Piece     string      `name:"piece"`
	Crumbs    core.Secret `name:"crumbs"`
	WarmUntil time.Time   `name:"warm_until"`
}
type tasteIn struct {
	Piece  string      `name:"piece"`
	Recipe core.Secret `name:"recipe,optional"`
}
type tasteOut struct {
	Taste string `name:"taste"`
}

// kitchen is a vendor whose toaster works once a slice.
type kitchen struct {
	mu      sync.Mutex
	clock   *clock
	toasted map[string]time.Time
	fail    map[string]error // what the next runs of an action answer
	calls   map[string]int
	during  func(action string) // called in the middle of each action
	tells   action.Effect
	recalls bool
	warm    time.Duration
}

func newKitchen(c *clock) *kitchen {
	return &kitchen{
		clock: c, toasted: map[string]time.Time{}, fail: map[string]error{}, calls: map[string]int{},
		during: func(string) {}, recalls: true, warm: time.Hour,
	}
}

func (k *kitchen) enter(ctx context.Context, name string) error {
	k.mu.Lock()
	k.calls[name]++
	err := k.fail[name]
	k.mu.Unlock()
	core.RecordCall(ctx, core.Call{At: k.clock.Now(), Method: "POST", URL: "https://kitchen.example/" + name, Status: 200})
	k.during(name)
	return err
}

func (k *kitchen) count(name string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.calls[name]
}

func (k *kitchen) actions() []action.Action {
	toast := action.New("kitchen.toast", action.Once, func(ctx context.Context, in toastIn) (toastOut, error) {
		if err := k.enter(ctx, "toast"); err != nil {
			return toastOut{}, err
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if in.Recipe.Reveal() != canary {
			return toastOut{}, errors.New("the recipe did not arrive")
		}
		k.toasted[in.Slice] = k.clock.Now()
		return toastOut{Piece: "toast of " + in.Slice, Crumbs: core.NewSecret("canary-crumbs"), WarmUntil: k.clock.Now().Add(k.warm)}, nil
	})
	toast = action.Asking(toast, func(context.Context, toastIn) (action.Effect, error) { return k.tells, nil })
	if k.recalls {
		toast = action.Recalling(toast, func(_ context.Context, in toastIn) (toastOut, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			at, ok := k.toasted[in.Slice]
			if !ok {
				return toastOut{}, errors.New("never toasted")
			}
			return toastOut{Piece: "toast of " + in.Slice, WarmUntil: at.Add(k.warm)}, nil
		})
	}
	return []action.Action{
		toast,
		action.New("kitchen.slice", action.Changes, func(ctx context.Context, in sliceIn) (sliceOut, error) {
			return sliceOut{"a slice of " + in.Kind}, k.enter(ctx, "slice")
		}),
		action.New("kitchen.bake", action.Changes, func(ctx context.Context, in sliceOut) (toastOut, error) {
			return toastOut{Piece: "baked " + in.Slice, WarmUntil: k.clock.Now()}, k.enter(ctx, "bake")
		}),
		action.New("kitchen.taste", action.Reads, func(ctx context.Context, in tasteIn) (tasteOut, error) {
			return tasteOut{"good: " + in.Piece}, k.enter(ctx, "taste")
		}),
	}
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 10, 41, 7, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// bench is a runner on a kitchen, and whatever further runners share its
// store.
type bench struct {
	t     *testing.T
	ctx   context.Context
	clock *clock
	*kitchen
	store core.Store
	*guide.Runner
}

func newBench(t *testing.T, change ...func(*kitchen)) *bench {
	c := newClock()
	b := &bench{t: t, ctx: t.Context(), clock: c, kitchen: newKitchen(c), store: mem.New()}
	for _, f := range change {
		f(b.kitchen)
	}
	b.Runner = b.another("mina")
	return b
}

// another returns a runner of another session on the same store, as another
// admin or a restart would have it.
func (b *bench) another(user string) *guide.Runner {
	b.t.Helper()
	terms := b.terms()
	guides, err := guide.Load(os.DirFS("testdata/good"), terms)
	if err != nil {
		b.t.Fatal(err)
	}
	who := core.Actor{User: user, Host: "jump01", Session: core.NewID()}
	return &guide.Runner{
		Store: b.store, Clock: b.clock, Terms: terms, Guides: guide.Only(guides...),
		Events: &core.EventLog{Store: b.store, Clock: b.clock, Actor: who},
	}
}

// terms are what the kitchen's guides may name.
func (k *kitchen) terms() guide.Terms {
	return guide.Terms{
		Actions: k.actions(),
		Lists: []action.List{
			{Name: "kitchen.nothing"},
			{Name: "kitchen.spreads", Choices: []action.Choice{{Value: "butter", Text: "choice.butter"}, {Value: "jam", Text: "choice.jam"}}},
		},
		Text: func(l locale.Lang, key string) string { return string(l) + " " + key },
	}
}

var answers = guide.Answers{"bread.recipe": canary}

// drive takes a new run as far as it goes without the word.
func (b *bench) toToast() guide.Run {
	b.t.Helper()
	run, err := b.Start(b.ctx, "toast", "")
	if err != nil {
		b.t.Fatal(err)
	}
	if run, err = b.Drive(b.ctx, run, guide.DriveOptions{Answers: answers}); err != nil {
		b.t.Fatal(err)
	}
	b.isAt(run, "toast", guide.Open)
	return run
}

func (b *bench) isAt(run guide.Run, step string, state guide.State) {
	b.t.Helper()
	s, ok := run.Current()
	if !ok || s.ID != step || run.StateOf(step) != state {
		b.t.Fatalf("the run is at %q, which is %s; want %q, %s", s.ID, run.StateOf(s.ID), step, state)
	}
}

// wait moves the clock.
func (b *bench) wait(_ context.Context, until time.Time) error {
	b.clock.move(until.Sub(b.clock.Now()))
	return nil
}

func (b *bench) all() guide.DriveOptions {
	return guide.DriveOptions{Answers: answers, Confirm: true, Wait: b.wait}
}
