package guide

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"deskward/core"
)

// head is what lists need of a run; it holds no answer and no output but the
// run's name.
func (r Run) head() []byte {
	number, of := r.position()
	return core.NewHeadEncoder(1).
		String(r.GuideID).String(string(r.guide.Platform)).String(r.Name).
		String(strconv.Itoa(number)).String(strconv.Itoa(of)).String(string(r.State)).
		Time(r.Begun).Time(r.Ended).String(r.By.String()).Bool(r.Sandbox).
		Bytes()
}

func summaryOf(rec core.Record) (Summary, error) {
	d := core.NewHeadDecoder(rec.Head)
	s := Summary{ID: rec.ID, GuideID: d.String(), Platform: core.PlatformID(d.String()), Name: d.String()}
	s.Step, _ = strconv.Atoi(d.String())
	s.Of, _ = strconv.Atoi(d.String())
	s.State = RunState(d.String())
	s.Begun, s.Ended, s.By, s.Sandbox = d.Time(), d.Time(), d.String(), d.Bool()
	return s, d.Err()
}

// Runs lists all runs, those underway first, then the newest.
func (r *Runner) Runs(ctx context.Context) ([]Summary, error) {
	var out []Summary
	err := r.Store.View(ctx, func(rd core.Reader) error {
		out = nil
		for rec, err := range rd.Heads(core.KindRun, core.ListOptions{}) {
			if err != nil {
				return err
			}
			s, err := summaryOf(rec)
			if err != nil {
				return fmt.Errorf("read run: %w", err)
			}
			out = append(out, s)
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Summary) int {
		return cmp.Or(boolOrder(a.Ended.IsZero(), b.Ended.IsZero()), b.Begun.Compare(a.Begun), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}

// boolOrder puts what is true first.
func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// read returns a run as it is stored.
func (r *Runner) read(rd core.Reader, id string) (Run, error) {
	rec, err := rd.Get(core.KindRun, id)
	if core.CodeOf(err) == core.ErrNotFound.Code {
		return Run{}, &core.Error{Tried: "find-run", On: id, Code: "run.not-found", Class: core.Usage, Err: err}
	} else if err != nil {
		return Run{}, err
	}
	var run Run
	if run.Secrets, err = core.DecodeBody(rec.Body, &run); err != nil {
		return Run{}, err
	}
	run.ID, run.Rev = rec.ID, rec.Rev
	if run.guide, run.outdated = r.guideOf(run); run.guide == nil {
		return Run{}, run.outdated
	}
	return run.clone(), nil
}

// guideOf returns the guide as it was when the run began. When this version
// can read it but not carry it out, it comes with an error: what was proven
// stays readable, and such a run can be reported and abandoned.
func (r *Runner) guideOf(run Run) (*Guide, error) {
	guides, err := r.guides()
	if err != nil {
		return nil, err
	}
	for i := range guides {
		if guides[i].source == run.Source {
			return &guides[i], nil
		}
	}
	g, problems := read(run.GuideID+".yaml", []byte(run.Source), r.Terms)
	if len(problems) > 0 {
		return g, &core.Error{Tried: "continue-run", On: run.Name, Code: "run.outdated", Params: map[string]string{"guide": run.GuideID}, Err: problems}
	}
	return g, nil
}

// put writes the run within a transaction.
func put(w core.Writer, run Run) (uint64, error) {
	body, err := core.EncodeBody(run, run.Secrets)
	if err != nil {
		return 0, err
	}
	return w.Put(core.Record{Kind: core.KindRun, ID: run.ID, Rev: run.Rev, Head: run.head(), Body: body})
}

// write settles the run and writes it with its events in one transaction.
func (r *Runner) write(ctx context.Context, run Run, events ...core.Event) (Run, error) {
	wasOver := !run.Ended.IsZero()
	run.settle(r.Clock.Now())
	if !wasOver && !run.Ended.IsZero() {
		events = append(events, r.event(run, core.VerbRunEnded, "", string(run.State)))
	}
	var rev uint64
	err := r.Store.Update(ctx, func(w core.Writer) (err error) {
		if rev, err = put(w, run); err != nil {
			return err
		}
		for _, e := range events {
			e.Subject = run.subject()
			if err := r.Events.Append(w, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return run, named(run, err)
	}
	run.Rev = rev
	return run, nil
}

// named puts the run's name on a conflict.
func named(run Run, err error) error {
	if core.CodeOf(err) != core.ErrConflict.Code {
		return err
	}
	return &core.Error{Tried: "continue-run", On: run.Name, Code: core.ErrConflict.Code, Class: core.Conflict, Err: err}
}

// event makes a line of the log about a step, or about the whole run when
// step is "".
func (r *Runner) event(run Run, verb core.Verb, step, result string) core.Event {
	e := core.Event{Verb: verb, Subject: run.subject(), Detail: map[string]string{"guide": run.GuideID}}
	if step != "" {
		e.Detail["step"] = step
	}
	if result != "" {
		e.Detail["result"] = result
	}
	return e
}
