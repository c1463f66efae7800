package guide

import (
	"context"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/transport"
)

const (
	// tryTime is how long after its beginning a try has certainly ended: an
	// irreversible action is cut off before.
	tryTime = core.LeaseTime
	cutTime = core.CallTime + 5*time.Second

	// refusalLimit is how often in a row a vendor may refuse an irreversible
	// call with the same inputs. Zoho blocks a client after 20 invalid auth
	// tokens; a third try with what was refused twice has no use.
	refusalLimit = 2

	// savings is how often the end of a try is written again when another
	// process holds the store; each waits for it as long as the store does.
	savings = 5
)

// Do runs the action of the current do or prove step. word is what the admin
// typed where the step wants confirmation. What is past the point of no return
// is not cut short when ctx ends.
//
// An error of the action comes back together with the run as journaled: the
// step is then Failed, or Unknown (class core.Unknown).
func (r *Runner) Do(ctx context.Context, run Run, word string) (Run, error) {
	step, err := r.at(run, Do, Prove)
	if err != nil {
		return run, err
	}
	if err := r.blocked(run, step); err != nil {
		return run, err
	}
	if step.Confirm != nil && word != step.Confirm.Word {
		return run, &core.Error{Tried: "do-step", On: run.Name, Code: "run.not-confirmed", Class: core.Usage, Params: map[string]string{"word": step.Confirm.Word}}
	}
	try := core.NewID()
	if step.Kind == Do {
		r.takeOff(try)
		defer r.land(try)
		if run, err = r.begin(ctx, run, step, try); err != nil {
			return run, err
		}
	}
	var calls core.CallRecorder
	work := core.WithCallRecorder(ctx, &calls)
	if step.Irreversible() {
		var cut context.CancelFunc
		work, cut = context.WithTimeout(context.WithoutCancel(work), cutTime)
		defer cut()
	}
	out, failed := step.Action.Run(work, run.inputs(step))
	end := ending{step: step, try: try, out: out, calls: calls.Calls(), err: failed}
	run, err = r.finish(context.WithoutCancel(ctx), run, end)
	if err != nil {
		return run, err
	}
	return run, failed
}

// blocked says why a step's action may not run now.
func (r *Runner) blocked(run Run, step Step) error {
	if err := r.dueBy(run, step); err != nil {
		return err
	}
	refused := func(code string) error {
		return &core.Error{Tried: "do-step", On: run.Name, Code: code, Class: core.Usage, Params: map[string]string{"step": step.ID}}
	}
	rec := run.Steps[step.ID]
	switch {
	case rec.State == Running:
		return &core.Error{Tried: "do-step", On: run.Name, Code: "run.still-running", Class: core.Conflict, Params: map[string]string{"step": step.ID, "who": rec.By.String()}}
	case rec.State == Unknown && step.Irreversible():
		return &core.Error{Tried: "do-step", On: run.Name, Code: "run.unknown", Class: core.Unknown, Params: map[string]string{"step": step.ID}}
	case rec.State == Lost:
		return refused("run.answer-lost")
	case step.Irreversible() && rec.Refusals >= refusalLimit:
		return refused("run.refused-too-often")
	}
	return nil
}

func (r *Runner) takeOff(try string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inFlight == nil {
		r.inFlight = map[string]bool{}
	}
	r.inFlight[try] = true
}

func (r *Runner) land(try string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inFlight, try)
}

// begin writes that a step is tried now, before anything is sent.
func (r *Runner) begin(ctx context.Context, run Run, step Step, try string) (Run, error) {
	next := run.clone()
	rec := next.Steps[step.ID].clone()
	now := r.Clock.Now().UTC()
	rec.State, rec.Try, rec.By, rec.Begun, rec.Until = Running, try, r.Events.Actor, now, now.Add(tryTime)
	rec.Ended, rec.Word = time.Time{}, ""
	next.Steps[step.ID] = rec
	next, err := r.write(ctx, next)
	if err != nil {
		return run, err
	}
	return next, nil
}

// ending is how a try ended.
type ending struct {
	step  Step
	try   string
	out   action.Values
	calls []core.Call
	err   error
}

// state judges a failed try. The rule for irreversible actions: it counts as
// not having happened only when the vendor said no, or nothing was sent.
func (e ending) state() State {
	switch class := core.ClassOf(e.err); {
	case e.step.Action.Risk == action.Reads:
		return Failed
	case class == core.Unknown:
		return Unknown
	case !e.step.Irreversible(), class == core.Refused, transport.NotSent(e.err):
		return Failed
	case class != core.Failed && len(e.calls) == 0:
		return Failed
	}
	return Unknown
}

// finish writes how a try ended, over whatever was written since by those who
// believed it dead, unless they tried again. A store held by another process
// is waited for: the answer may be one that is given only once.
func (r *Runner) finish(ctx context.Context, begun Run, e ending) (Run, error) {
	var (
		run Run
		err error
	)
	for range savings {
		run, err = r.finishOnce(ctx, begun, e)
		if core.ClassOf(err) != core.Locked || core.CodeOf(err) == core.ErrLocked.Code {
			break
		}
	}
	return run, err
}

func (r *Runner) finishOnce(ctx context.Context, begun Run, e ending) (Run, error) {
	run := begun.clone()
	if e.step.Kind == Do {
		err := r.Store.View(ctx, func(rd core.Reader) (err error) {
			run, err = r.read(rd, begun.ID)
			return err
		})
		if err != nil {
			return begun, err
		}
		if rec := run.Steps[e.step.ID]; rec.Try != e.try || rec.State == GaveWay || rec.State == Open {
			return run, named(run, core.ErrConflict)
		}
	}
	rec := run.Steps[e.step.ID].clone()
	now := r.Clock.Now().UTC()
	rec.By, rec.Until, rec.Ended = r.Events.Actor, time.Time{}, now
	if rec.Begun.IsZero() || e.step.Kind == Prove {
		rec.Begun = now
	}
	if e.err == nil {
		return r.write(ctx, r.succeeded(run, rec, e), r.event(run, core.VerbStepDone, e.step.ID, ""))
	}
	rec.State = e.state()
	rec.Failed = append(rec.Failed, failureOf(now, r.Events.Actor, e.err, e.calls))
	if core.ClassOf(e.err) == core.Refused {
		rec.Refusals++
	}
	run.Steps[e.step.ID] = rec
	verb := core.VerbStepFailed
	if rec.State == Unknown {
		verb = core.VerbStepUnknown
	}
	ev := r.event(run, verb, e.step.ID, "")
	ev.Code = codeOf(e.err)
	return r.write(ctx, run, ev)
}

// succeeded puts a try's outputs and evidence into the run.
func (r *Runner) succeeded(run Run, rec StepRecord, e ending) Run {
	rec.State, rec.Out, rec.Calls, rec.Refusals = Done, map[string]string{}, e.calls, 0
	for _, f := range e.step.Action.Out {
		if f.Secret {
			run.Secrets[e.step.ID+"."+f.Name] = e.out.Secret[f.Name]
		} else {
			rec.Out[f.Name] = e.out.Plain[f.Name]
		}
	}
	run.Steps[e.step.ID] = rec
	return run
}

// codeOf returns the code of an action's error; run.failed for one without,
// whose text may hold anything and is not kept.
func codeOf(err error) string {
	if code := core.CodeOf(err); code != "" {
		return code
	}
	return "run.failed"
}
