package guide

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"deskward/core"
)

// Runner starts runs and takes them further. It may be used by several
// goroutines; several runners, in several processes, may work on one store.
// Whoever changes a run passes it as last read: ErrConflict when somebody else
// took it further since.
type Runner struct {
	Store   core.Store
	Events  *core.EventLog
	Clock   core.Clock
	Terms   Terms // what the guides of older runs may name; Guides are loaded with it
	Sandbox bool  // runs are rehearsals against the sandbox

	// Guides returns the guides, in the order of lists; nil: there are none. It
	// is asked often, and not before a guide is needed: reading all of them
	// takes longer than all else that most commands do.
	Guides func() ([]Guide, error)

	mu       sync.Mutex
	inFlight map[string]bool // tries of this process that have not ended
}

// Guide returns the guide of that id, or an *core.Error with code
// guide.not-found.
func (r *Runner) Guide(id string) (*Guide, error) {
	guides, err := r.guides()
	if err != nil {
		return nil, err
	}
	for i := range guides {
		if guides[i].ID == id {
			return &guides[i], nil
		}
	}
	return nil, &core.Error{Tried: "find-guide", On: core.CleanLine(id), Code: "guide.not-found", Class: core.Usage}
}

func (r *Runner) guides() ([]Guide, error) {
	if r.Guides == nil {
		return nil, nil
	}
	return r.Guides()
}

// Only is what Runner.Guides is set to where the guides are at hand.
func Only(guides ...Guide) func() ([]Guide, error) {
	return func() ([]Guide, error) { return guides, nil }
}

// Start begins a run of a guide. name says what it is about, for lists: a
// customer, an organization. Without one the run takes the name that its guide
// derives from the answers, as soon as they are given.
func (r *Runner) Start(ctx context.Context, guideID, name string) (Run, error) {
	g, err := r.Guide(guideID)
	if err != nil {
		return Run{}, err
	}
	run := Run{
		ID: core.NewID(), Name: core.CleanLine(strings.TrimSpace(name)), GuideID: g.ID, Sandbox: r.Sandbox,
		Begun: r.Clock.Now().UTC(), By: r.Events.Actor, State: Underway, Source: g.source, guide: g,
	}.clone()
	return r.write(ctx, run, r.event(run, core.VerbRunBegun, "", ""))
}

// Get reads a run. A step that was begun by a process which is gone comes
// back Unknown, and is recorded so once no other session can still be at it.
func (r *Runner) Get(ctx context.Context, id string) (Run, error) {
	var run Run
	err := r.Store.View(ctx, func(rd core.Reader) (err error) {
		run, err = r.read(rd, id)
		return err
	})
	if err != nil {
		return Run{}, err
	}
	step, underway := run.Current()
	if !underway {
		return run, nil
	}
	rec := run.Steps[step.ID]
	if rec.State != Running || r.isInFlight(rec.Try) {
		return run, nil
	}
	now := r.Clock.Now()
	over := !now.Before(rec.Until)
	if over {
		rec.Until = time.Time{}
	}
	rec.State = Unknown
	run.Steps[step.ID] = rec
	if !over {
		run.settle(now)
		return run, nil
	}
	noted, err := r.write(ctx, run, r.event(run, core.VerbStepUnknown, step.ID, ""))
	if core.CodeOf(err) == core.ErrConflict.Code {
		return r.Get(ctx, id) // somebody else noted it, or it ended after all
	}
	return noted, err
}

func (r *Runner) isInFlight(try string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inFlight[try]
}

// Answer takes the values of the current ask step by field name, or nothing
// for a tell step, which says that it is done. A field that is missing takes
// its default; an empty secret keeps what was answered before. The first value
// that is wrong comes back as Field.Check says.
func (r *Runner) Answer(ctx context.Context, run Run, values map[string]string) (Run, error) {
	step, err := r.at(run, Ask, Tell)
	if err != nil {
		return run, err
	}
	if err := r.dueBy(run, step); err != nil {
		return run, err
	}
	out, secrets, err := run.answers(step, values)
	if err != nil {
		return run, err
	}
	next := run.clone()
	maps.Copy(next.Secrets, secrets)
	now := r.Clock.Now().UTC()
	rec := next.Steps[step.ID].clone()
	rec.State, rec.By, rec.Begun, rec.Ended, rec.Out = Done, r.Events.Actor, now, now, out
	rec.Sealed = nil
	for _, f := range step.Ask {
		if !secrets[step.ID+"."+f.Name].Empty() {
			rec.Sealed = append(rec.Sealed, f.Name)
		}
	}
	next.Steps[step.ID] = rec
	return r.write(ctx, next, r.event(next, core.VerbStepDone, step.ID, ""))
}

// answers checks typed values and splits them into plain and secret ones.
func (r Run) answers(step Step, values map[string]string) (map[string]string, core.Secrets, error) {
	out, secrets := map[string]string{}, core.Secrets{}
	known := map[string]bool{}
	for _, f := range step.Ask {
		known[f.Name] = true
		name := step.ID + "." + f.Name
		typed, given := values[f.Name]
		if !given {
			typed = fill(f.Default, r.plain)
		}
		if typed = f.tidy(typed); f.Secret && typed == "" {
			typed = r.Secrets[name].Reveal()
		}
		if err := f.Check(typed); err != nil {
			return nil, nil, err
		}
		if f.Secret {
			secrets[name] = core.NewSecret(typed)
		} else {
			out[f.Name] = typed
		}
	}
	for _, name := range sortedKeys(values) {
		if !known[name] {
			return nil, nil, &core.Error{Tried: "answer", Code: "guide.answer-unknown", Class: core.Usage, Params: map[string]string{"field": core.CleanLine(name)}}
		}
	}
	return out, secrets, nil
}

// at returns the current step, when it is of one of the kinds.
func (r *Runner) at(run Run, kinds ...Kind) (Step, error) {
	if run.outdated != nil {
		return Step{}, run.outdated
	}
	step, underway := run.Current()
	if !underway {
		return Step{}, &core.Error{Tried: "continue-run", On: run.Name, Code: "run.ended", Class: core.Usage}
	}
	for _, k := range kinds {
		if step.Kind == k {
			return step, nil
		}
	}
	return Step{}, &core.Error{Tried: "continue-run", On: run.Name, Code: "run.other-step", Class: core.Usage, Params: map[string]string{"step": step.ID, "kind": string(step.Kind)}}
}

// dueBy refuses a step whose time has not come.
func (r *Runner) dueBy(run Run, step Step) error {
	at := run.notBefore(step)
	if !r.Clock.Now().Before(at) {
		return nil
	}
	return &core.Error{
		Tried: "continue-run", On: run.Name, Code: "run.too-early", Class: core.Usage,
		Params: map[string]string{"step": step.ID, "at": at.UTC().Format("2006-01-02 15:04 UTC")},
	}
}

// Instead leaves the current do step, which was refused, whose answer is
// lost, or which the admin does not want to try, for the steps that stand in
// for it.
func (r *Runner) Instead(ctx context.Context, run Run) (Run, error) {
	step, err := r.at(run, Do)
	if err != nil {
		return run, err
	}
	if !run.canInstead(step) {
		return run, &core.Error{Tried: "continue-run", On: run.Name, Code: "run.no-other-way", Class: core.Usage, Params: map[string]string{"step": step.ID}}
	}
	next := run.clone()
	rec := next.Steps[step.ID].clone()
	rec.State, rec.By, rec.Ended = GaveWay, r.Events.Actor, r.Clock.Now().UTC()
	next.Steps[step.ID] = rec
	e := r.event(next, core.VerbStepFailed, step.ID, string(GaveWay))
	if f, ok := rec.lastFailure(); ok {
		e.Code = f.Code
	}
	return r.write(ctx, next, e)
}

func (r Run) canInstead(s Step) bool {
	switch r.StateOf(s.ID) {
	case Open, Failed, Lost:
		return len(r.guide.standIns(s.ID)) > 0
	}
	return false
}

// Back opens an earlier step again, and with it the done steps that use its
// values. It fails with code run.too-late when something that cannot be undone
// was done with them, and with run.not-done when the step is not behind.
func (r *Runner) Back(ctx context.Context, run Run, stepID string) (Run, error) {
	refused := func(code, step string) (Run, error) {
		return run, &core.Error{Tried: "go-back", On: run.Name, Code: code, Class: core.Usage, Params: map[string]string{"step": step}}
	}
	step, ok := run.guide.Step(stepID)
	if state := run.StateOf(stepID); !ok || state != Done && state != GaveWay || !run.Ended.IsZero() {
		return refused("run.not-done", core.CleanLine(stepID))
	}
	reopened := run.guide.dependents(stepID)
	reopened[stepID] = true
	for _, s := range run.guide.standIns(stepID) {
		reopened[s.ID] = true
	}
	next := run.clone()
	for _, s := range run.guide.Steps {
		rec, touched := next.Steps[s.ID]
		if !reopened[s.ID] || !touched {
			continue
		}
		switch rec.State {
		case Done, Running, Unknown, Lost:
			if s.Irreversible() {
				return refused("run.too-late", s.ID)
			}
		case GaveWay:
			if rec.Word != "" { // it happened, and its answer is lost
				return refused("run.too-late", s.ID)
			}
		}
		rec = rec.clone()
		rec.State, rec.Refusals = Open, 0
		next.Steps[s.ID] = rec
		if s.ID != step.ID { // what was typed there is kept, to be corrected
			next.drop(s.ID)
		}
	}
	e := r.event(next, core.VerbChanged, stepID, "reopened")
	return r.write(ctx, next, e)
}

// Abandon ends a run before its end, drops its secrets, and erases them where
// the store can.
func (r *Runner) Abandon(ctx context.Context, run Run) (Run, error) {
	if !run.Ended.IsZero() {
		return run, &core.Error{Tried: "continue-run", On: run.Name, Code: "run.ended", Class: core.Usage}
	}
	next := run.clone()
	next.State = Abandoned
	next, err := r.write(ctx, next)
	if err != nil {
		return run, err
	}
	if e, ok := r.Store.(core.Eraser); ok {
		return next, e.Compact(ctx)
	}
	return next, nil
}
