package guide

import (
	"context"
	"time"

	"deskward/core"
	"deskward/core/action"
)

// Whose word it is that an unknown step did or did not happen.
const (
	WordOfVendor = "vendor"
	WordOfAdmin  = "admin"
)

// Inquire asks the vendor what became of an unknown step, where its action
// knows how to. The run comes back with the step Done, Lost or Failed (it did
// not happen), or as it was when that cannot be told. It fails with code
// run.still-running while another session may be at the step.
func (r *Runner) Inquire(ctx context.Context, run Run) (Run, action.Effect, error) {
	step, err := r.unknown(run)
	if err != nil {
		return run, action.CannotTell, err
	}
	if step.Action.Ask == nil {
		return run, action.CannotTell, nil
	}
	var calls core.CallRecorder
	effect, err := step.Action.Ask(core.WithCallRecorder(ctx, &calls), run.inputs(step))
	if err != nil || effect == action.CannotTell {
		return run, action.CannotTell, err
	}
	run, err = r.conclude(ctx, run, step, effect, WordOfVendor, calls.Calls())
	return run, effect, err
}

// Resolve takes the admin's word for what became of an unknown step. It fails
// with code run.still-running while another session may be at it.
func (r *Runner) Resolve(ctx context.Context, run Run, effect action.Effect) (Run, error) {
	step, err := r.unknown(run)
	if err != nil {
		return run, err
	}
	if effect == action.CannotTell {
		return run, &core.Error{Tried: "continue-run", On: run.Name, Code: "run.unknown", Class: core.Unknown, Params: map[string]string{"step": step.ID}}
	}
	return r.conclude(ctx, run, step, effect, WordOfAdmin, nil)
}

// unknown returns the current step when it is unknown and nobody is at it.
func (r *Runner) unknown(run Run) (Step, error) {
	step, err := r.at(run, Do)
	if err != nil {
		return step, err
	}
	rec := run.Steps[step.ID]
	switch {
	case rec.State != Unknown:
		return step, &core.Error{Tried: "continue-run", On: run.Name, Code: "run.not-unknown", Class: core.Usage, Params: map[string]string{"step": step.ID}}
	case r.Clock.Now().Before(rec.Until):
		return step, &core.Error{
			Tried: "continue-run", On: run.Name, Code: "run.still-running", Class: core.Conflict,
			Params: map[string]string{"step": step.ID, "who": rec.By.String()},
		}
	}
	return step, nil
}

// conclude writes what became of an unknown step.
func (r *Runner) conclude(ctx context.Context, run Run, step Step, effect action.Effect, word string, calls []core.Call) (Run, error) {
	next := run.clone()
	rec := next.Steps[step.ID].clone()
	now := r.Clock.Now().UTC()
	rec.By, rec.Ended, rec.Word, rec.Until = r.Events.Actor, now, word, time.Time{}
	fail := func(state State, code string) (Run, error) {
		rec.State = state
		rec.Failed = append(rec.Failed, Failure{At: now, By: r.Events.Actor, Code: code, Calls: calls})
		next.Steps[step.ID] = rec
		e := r.event(next, core.VerbStepFailed, step.ID, word)
		e.Code = code
		return r.write(ctx, next, e)
	}
	if effect == action.DidNotHappen {
		rec.Word = ""
		return fail(Failed, "run.did-not-happen")
	}
	out := action.Values{}
	recalled := false
	if step.Action.Recall != nil {
		var err error
		out, err = step.Action.Recall(ctx, next.inputs(step))
		recalled = err == nil
	}
	if !recalled && run.guide.needs(step) {
		return fail(Lost, "run.answer-lost")
	}
	next = r.succeeded(next, rec, ending{step: step, out: out, calls: calls})
	return r.write(ctx, next, r.event(next, core.VerbStepDone, step.ID, word))
}
