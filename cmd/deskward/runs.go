package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/guide"
)

func (a *app) runsCommand() *cobra.Command {
	return a.group("runs", "runs",
		a.runsStartCommand(), a.runsListCommand(), a.runsResumeCommand(), a.runsStatusCommand(), a.runsReportCommand(), a.runsAbandonCommand())
}

func (a *app) runsStartCommand() *cobra.Command {
	var answers, name string
	c := a.command("runs.start", &cobra.Command{Use: "start GUIDE", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.runsStart(c.Context(), given[0], name, answers)
	}
	c.ValidArgsFunction = a.completeGuides
	c.Flags().StringVar(&answers, "answers", "", a.flagText("answers"))
	c.Flags().StringVar(&name, "name", "", a.flagText("run-name"))
	return c
}

func (a *app) runsStart(ctx context.Context, guideID, name, answersFile string) error {
	if _, err := a.findGuide(guideID); err != nil { // before anybody types a passphrase
		return err
	}
	answers, err := readAnswers(answersFile)
	if err != nil {
		return err
	}
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	run, err := s.runner.Start(ctx, guideID, name)
	if err != nil {
		return err
	}
	a.note("cmd.runs.begun", localeParams("id", run.ID))
	return a.takeFurther(ctx, s, run, answers)
}

func (a *app) runsResumeCommand() *cobra.Command {
	var answers string
	c := a.command("runs.resume", &cobra.Command{Use: "resume RUN", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		read, err := readAnswers(answers)
		if err != nil {
			return err
		}
		return a.onRun(c.Context(), given[0], func(s *session, run guide.Run) error {
			return a.takeFurther(c.Context(), s, run, read)
		})
	}
	c.Flags().StringVar(&answers, "answers", "", a.flagText("answers"))
	return c
}

func readAnswers(name string) (guide.Answers, error) {
	if name == "" {
		return nil, nil
	}
	raw, err := readFile(name)
	if err != nil {
		return nil, inputError("read-answers", name, err)
	}
	answers, err := guide.ReadAnswers(name, raw)
	if problems, ok := errors.AsType[guide.Problems](err); ok {
		// Their texts may quote what stands there: the line says enough.
		err = &core.Error{Tried: "read-answers", On: name, Code: "answers.malformed", Class: core.Usage, Params: map[string]string{"line": strconv.Itoa(problems[0].Line)}, Err: err}
	}
	return answers, err
}

// takeFurther drives a run as far as the answers reach, and then asks the
// person where there is one.
func (a *app) takeFurther(ctx context.Context, s *session, run guide.Run, answers guide.Answers) error {
	var err error
	if run.State == guide.Stuck {
		if run, err = a.inquire(ctx, s, run); err != nil {
			return err
		}
		if p, _ := s.runner.Prompt(run, a.say.Lang()); run.State == guide.Stuck && p.Blocked != nil && !a.asks() {
			p.CanInquire = false // it was asked just now, and that did not tell
			return unknownStep(run, p)
		}
	}
	if answers != nil {
		run, err = s.runner.Drive(ctx, run, guide.DriveOptions{Answers: answers, Seen: a.sayStep})
	}
	if a.asks() {
		if err != nil {
			a.report(err)
		}
		return a.converse(ctx, s, run)
	}
	if err != nil {
		a.sayResume(run)
		return err
	}
	return a.sayWaiting(s, run)
}

// asks reports whether a person is there to be asked: at a terminal, or as a
// stream of lines.
func (a *app) asks() bool { return a.plainly() || a.interactive() }

// inquire asks the vendor what became of an unknown step.
func (a *app) inquire(ctx context.Context, s *session, run guide.Run) (guide.Run, error) {
	p, underway := s.runner.Prompt(run, a.say.Lang())
	if !underway || !p.CanInquire {
		return run, nil
	}
	a.note("cmd.runs.inquiring", localeParams("step", p.Title))
	next, effect, err := s.runner.Inquire(ctx, run)
	if err != nil {
		// Who cannot ask knows as little as before: the run stays unknown.
		a.report(err)
		return run, nil
	}
	a.note("cmd.runs.effect." + effectWord(effect))
	return next, nil
}

// sayStep tells that a step has ended, with its evidence.
func (a *app) sayStep(run guide.Run, step guide.Step) {
	for _, v := range run.View(a.say.Lang()) {
		if v.Step.ID == step.ID {
			a.stepLine(v)
			a.evidence(v)
		}
	}
}

func (a *app) stepLine(v guide.StepView) {
	fmt.Fprintf(a.io.Out, "%-3s %d  %s  (%s)\n", stepMark(v.State), v.Number, core.CleanLine(v.Title), a.say.T("step.state."+string(v.State)))
}

func (a *app) evidence(v guide.StepView) {
	if v.Shown != "" {
		fmt.Fprintf(a.io.Out, "    %s\n", core.CleanLine(v.Shown))
	}
	for _, c := range v.Calls {
		a.callLine(c)
	}
}

// stepMark is the mark of a step's state, the same on every screen.
func stepMark(s guide.State) string {
	switch s {
	case guide.Done:
		return "ok"
	case guide.Failed, guide.Lost:
		return "x"
	case guide.Unknown:
		return "?"
	case guide.GaveWay:
		return "!"
	case guide.Running:
		return "…"
	}
	return " "
}

// sayWaiting says how the run stands and what it waits for, for whom no
// question can be asked. A run that waits for its time or has ended is no
// failure.
func (a *app) sayWaiting(s *session, run guide.Run) error {
	p, underway := s.runner.Prompt(run, a.say.Lang())
	if !underway {
		a.line("cmd.runs.ended", localeParams("state", a.say.T("run.state."+string(run.State))))
		return nil
	}
	a.sayResume(run)
	if p.State != guide.Unknown && s.clock.Now().Before(p.NotBefore) {
		a.line("cmd.runs.waits", localeParams("step", p.Title, "at", stamp(p.NotBefore), "span", a.until(p.NotBefore)))
		return nil
	}
	fail := &core.Error{Tried: "continue-run", On: run.Name, Class: core.Usage, Params: map[string]string{"step": p.Step.ID, "title": p.Title}}
	switch {
	case p.Blocked != nil:
		return p.Blocked
	case p.Confirm != nil:
		fail.Code = "run.needs-word"
		fail.Params["word"], fail.Params["text"] = p.Confirm.Word, p.Confirm.Text
	case p.Step.Kind == guide.Tell:
		fail.Code = "run.needs-person"
	case p.Step.Kind == guide.Ask:
		fail.Code = "run.needs-answer"
		var fields []string
		for _, f := range p.Fields {
			if f.Value == "" && !f.Optional && !f.Kept {
				fields = append(fields, f.Name)
			}
		}
		fail.Params["fields"] = strings.Join(fields, ", ")
	default:
		fail.Code = "run.needs-resume"
	}
	return fail
}

func (a *app) sayResume(run guide.Run) {
	a.note("cmd.runs.resume", localeParams("id", run.ID))
}

func (a *app) runsReportCommand() *cobra.Command {
	c := a.command("runs.report", &cobra.Command{Use: "report RUN", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onRun(c.Context(), given[0], func(_ *session, run guide.Run) error {
			_, err := fmt.Fprint(a.io.Out, run.Report(a.say))
			return err
		})
	}
	return c
}

func (a *app) runsAbandonCommand() *cobra.Command {
	c := a.command("runs.abandon", &cobra.Command{Use: "abandon RUN", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.onRun(c.Context(), given[0], func(s *session, run guide.Run) error {
			if _, err := s.runner.Abandon(c.Context(), run); err != nil {
				return err
			}
			a.line("cmd.runs.abandoned", localeParams("id", run.ID))
			return nil
		})
	}
	return c
}

// onRun unlocks, finds the run of an id or a name, and does work with it.
func (a *app) onRun(ctx context.Context, which string, work func(*session, guide.Run) error) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	id, err := s.findRun(ctx, which)
	if err != nil {
		return err
	}
	run, err := s.runner.Get(ctx, id)
	if err != nil {
		return err
	}
	return work(s, run)
}

// leastRunID is how much of a run's id is taken for one.
const leastRunID = 4

// findRun returns the id of the run that is meant by an id, the beginning of
// one, or a name that only one run has.
func (s *session) findRun(ctx context.Context, which string) (string, error) {
	all, err := s.runner.Runs(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	if len(which) >= leastRunID { // what is shorter is rather a name
		for _, r := range core.WithID(all, func(r guide.Summary) string { return r.ID }, which) {
			found = append(found, r.ID)
		}
	}
	for _, r := range all {
		if strings.EqualFold(r.Name, which) && !slices.Contains(found, r.ID) && !slices.Contains(found, which) {
			found = append(found, r.ID)
		}
	}
	fail := &core.Error{Tried: "find-run", On: core.CleanLine(which), Code: "run.not-found", Class: core.Usage}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fail
	}
	fail.Code, fail.Params = "run.ambiguous", map[string]string{"ids": strings.Join(found, ", ")}
	return "", fail
}

var errStopped = errors.New("stopped by the person")
