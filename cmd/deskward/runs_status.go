package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
)

func (a *app) runsListCommand() *cobra.Command {
	c := a.command("runs.list", &cobra.Command{Use: "list", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.runsList(c.Context()) }
	return a.jsonFlag(c)
}

// runJSON is a run in a list. Its field names are a contract.
type runJSON struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Guide    string          `json:"guide"`
	Platform core.PlatformID `json:"platform"`
	State    guide.RunState  `json:"state"`
	Sandbox  bool            `json:"sandbox"`
	Step     int             `json:"step"` // number of the current step
	Of       int             `json:"of"`
	Begun    time.Time       `json:"begun"`
	Ended    time.Time       `json:"ended,omitzero"`
	By       string          `json:"by"`
}

func (a *app) runsList(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	all, err := s.runner.Runs(ctx)
	if err != nil {
		return err
	}
	out := make([]runJSON, len(all))
	rows := make([][]string, len(all))
	for i, r := range all {
		if r.State == guide.Underway {
			r.State = s.stateNow(ctx, r)
		}
		out[i] = runJSON{r.ID, r.Name, r.GuideID, r.Platform, r.State, r.Sandbox, r.Step, r.Of, r.Begun, r.Ended, r.By}
		rows[i] = []string{r.ID, r.Name, r.GuideID, a.say.T("run.state." + string(r.State)), fmt.Sprintf("%d/%d", r.Step, r.Of), stamp(r.Begun), r.By}
	}
	switch {
	case a.opt.json:
		return a.json(out)
	case len(all) == 0:
		a.line("cmd.runs.none")
	default:
		a.table([]string{"id", "name", "guide", "state", "step", "begun", "by"}, rows)
	}
	return nil
}

// stateNow tells a step that goes on from one whose session has died: that one
// is unknown, and nobody was left to write it into the run's head.
func (s *session) stateNow(ctx context.Context, sum guide.Summary) guide.RunState {
	run, err := s.runner.Get(ctx, sum.ID)
	if err != nil {
		return sum.State // status says what is wrong with it
	}
	if p, underway := s.runner.Prompt(run, locale.English); underway && p.State == guide.Unknown {
		return guide.Stuck
	}
	return run.State
}

func (a *app) runsStatusCommand() *cobra.Command {
	c := a.command("runs.status", &cobra.Command{Use: "status RUN", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onRun(c.Context(), given[0], func(s *session, run guide.Run) error { return a.runStatus(s, run) })
	}
	return a.jsonFlag(c)
}

// stepJSON is one step of a run, with its evidence.
type stepJSON struct {
	ID       string          `json:"id"`
	Number   int             `json:"number"`
	Kind     guide.Kind      `json:"kind"`
	Title    string          `json:"title"`
	State    guide.State     `json:"state"`
	At       time.Time       `json:"at,omitzero"`
	By       string          `json:"by,omitempty"`
	Shown    string          `json:"shown,omitempty"`
	Word     string          `json:"word,omitempty"`
	Calls    []core.Call     `json:"calls,omitempty"`
	Failures []guide.Failure `json:"failures,omitempty"`
}

// waitJSON is what a run waits for: answer, confirmation, person, time,
// resolution or nothing ("go-on": resuming is enough).
type waitJSON struct {
	For       string    `json:"for"`
	Step      string    `json:"step"`
	NotBefore time.Time `json:"not_before,omitzero"`
	Fields    []string  `json:"fields,omitempty"`
	Word      string    `json:"word,omitempty"`
	Code      string    `json:"code,omitempty"` // why it cannot go on now
}

// runStatus shows how a run stands. A run of which nobody knows how a step
// ended makes the command end so too.
func (a *app) runStatus(s *session, run guide.Run) error {
	views := run.View(a.say.Lang())
	p, underway := s.runner.Prompt(run, a.say.Lang())
	if a.opt.json {
		if err := a.runStatusJSON(run, views, p, underway); err != nil {
			return err
		}
	} else {
		a.pairs([]pair{
			{"run", run.ID},
			{"name", run.Name},
			{"guide", run.GuideID},
			{"state", a.say.T("run.state." + string(run.State))},
			{"begun", stamp(run.Begun) + " " + run.By.String()},
			{"ended", stamp(run.Ended)},
		})
		a.plainLine("")
		for _, v := range views {
			a.stepLine(v)
			a.evidence(v)
		}
		if underway && s.clock.Now().Before(p.NotBefore) {
			a.line("cmd.runs.waits", localeParams("step", p.Title, "at", stamp(p.NotBefore), "span", a.until(p.NotBefore)))
		}
	}
	if underway && p.State == guide.Unknown {
		return unknownStep(run, p)
	}
	return nil
}

func (a *app) runStatusJSON(run guide.Run, views []guide.StepView, p guide.Prompt, underway bool) error {
	steps := make([]stepJSON, len(views))
	for i, v := range views {
		steps[i] = stepJSON{v.Step.ID, v.Number, v.Step.Kind, v.Title, v.State, v.At, v.By, v.Shown, v.Word, v.Calls, v.Failed}
	}
	var waits *waitJSON
	if underway {
		w := waitsFor(p, a.clock.Now())
		waits = &w
	}
	return a.json(struct {
		runJSON
		Steps []stepJSON `json:"steps"`
		Waits *waitJSON  `json:"waits,omitempty"`
	}{
		runJSON{run.ID, run.Name, run.GuideID, run.Guide().Platform, run.State, run.Sandbox, p.Number, p.Of, run.Begun, run.Ended, run.By.String()},
		steps, waits,
	})
}

func waitsFor(p guide.Prompt, now time.Time) waitJSON {
	w := waitJSON{Step: p.Step.ID, NotBefore: p.NotBefore, Code: core.CodeOf(p.Blocked)}
	switch {
	case p.State == guide.Unknown:
		w.For = "resolution"
	case now.Before(p.NotBefore):
		w.For = "time"
	case p.Confirm != nil:
		w.For, w.Word = "confirmation", p.Confirm.Word
	case p.Step.Kind == guide.Tell:
		w.For = "person"
	case p.Step.Kind == guide.Ask:
		w.For = "answer"
		for _, f := range p.Fields {
			w.Fields = append(w.Fields, f.Name)
		}
	default:
		w.For = "go-on"
	}
	return w
}

// unknownStep says that nobody knows how a step ended, and how to find out.
func unknownStep(run guide.Run, p guide.Prompt) error {
	code := "run.unknown-ask" // the vendor can be asked
	switch {
	case !p.CanResolve:
		code = "run.unknown-wait"
	case !p.CanInquire:
		code = "run.unknown-look"
	}
	return &core.Error{Tried: "continue-run", On: run.Name, Code: code, Class: core.Unknown, Params: map[string]string{
		"step": p.Title, "id": run.ID, "until": stamp(p.Until),
	}}
}
