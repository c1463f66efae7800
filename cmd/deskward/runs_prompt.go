package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/guide"
)

// converse takes a run further by plain questions, one after the other, on
// standard error and standard input: for a screen reader, a serial line or a
// pipe. The end of the input stops the run where it stands.
func (a *app) converse(ctx context.Context, s *session, run guide.Run) error {
	for {
		p, underway := s.runner.Prompt(run, a.say.Lang())
		if !underway {
			return a.sayWaiting(s, run)
		}
		if p.State != guide.Unknown && s.clock.Now().Before(p.NotBefore) {
			return a.sayWaiting(s, run)
		}
		if p.State == guide.Unknown && !p.CanResolve {
			return unknownStep(run, p)
		}
		next, err := a.converseStep(ctx, s, run, p)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, errStopped):
			a.sayResume(run)
			return a.stoppedAt(run, p)
		case err != nil && !a.goesOn(err):
			a.sayResume(run)
			return err
		case err != nil:
			a.report(err)
		}
		if next.Rev != run.Rev {
			a.sayStep(next, p.Step)
		}
		run = next
	}
}

// goesOn reports whether the person can mend an error at the next question.
func (a *app) goesOn(err error) bool {
	switch core.ClassOf(err) {
	case core.Usage, core.Refused, core.Unknown:
		return true
	case core.Failed:
		code := core.CodeOf(err)
		return code != "" && code != "net.cancelled"
	}
	return false
}

// stoppedAt is how a conversation ends that the person broke off.
func (a *app) stoppedAt(run guide.Run, p guide.Prompt) error {
	if p.State == guide.Unknown && p.Blocked != nil {
		return unknownStep(run, p)
	}
	return nil
}

func (a *app) converseStep(ctx context.Context, s *session, run guide.Run, p guide.Prompt) (guide.Run, error) {
	a.saySection(p)
	switch {
	case p.State == guide.Unknown:
		return a.converseUnknown(ctx, s, run, p)
	case p.Step.Kind == guide.Tell:
		if err := a.waitEnter(ctx); err != nil {
			return run, err
		}
		return s.runner.Answer(ctx, run, nil)
	case p.Step.Kind == guide.Ask:
		return a.converseAsk(ctx, s, run, p)
	}
	return a.converseDo(ctx, s, run, p)
}

// saySection writes the step's words.
func (a *app) saySection(p guide.Prompt) {
	w := a.io.Err
	fmt.Fprintf(w, "\n%s\n", a.say.T("cmd.runs.step", localeParams("n", strconv.Itoa(p.Number), "of", strconv.Itoa(p.Of), "title", p.Title)))
	if p.Text != "" {
		fmt.Fprintf(w, "\n%s\n", core.CleanText(strings.TrimSpace(p.Text)))
	}
	if p.Link != "" {
		fmt.Fprintf(w, "\n%s\n", p.Link)
	}
	if len(p.Inputs) > 0 {
		fmt.Fprintln(w)
	}
	for _, in := range p.Inputs {
		fmt.Fprintf(w, "  %s: %s\n", in.Label, in.Words)
	}
	if f := p.Failure; f != nil {
		fmt.Fprintf(w, "\n%s\n", a.say.T("cmd.runs.last-failure", localeParams("code", f.Code, "at", stamp(f.At))))
		if f.Tried != "" { // what it says has been kept
			for _, line := range a.explain(f.Err()) {
				fmt.Fprintln(w, "  "+line)
			}
		}
	}
	fmt.Fprintln(w)
}

func (a *app) ask(ctx context.Context, text string) (string, error) {
	fmt.Fprint(a.io.Err, text+" ")
	line, err := a.readLine(ctx)
	if err != nil {
		fmt.Fprintln(a.io.Err)
	}
	return line, err
}

func (a *app) waitEnter(ctx context.Context) error {
	line, err := a.ask(ctx, a.say.T("cmd.runs.enter"))
	if err == nil && isStop(line) {
		return errStopped
	}
	return err
}

// isStop reports whether the person typed the word that stops a run.
func isStop(line string) bool { return strings.EqualFold(strings.TrimSpace(line), "stop") }

func (a *app) converseAsk(ctx context.Context, s *session, run guide.Run, p guide.Prompt) (guide.Run, error) {
	values := map[string]string{}
	for _, f := range p.Fields {
		for {
			value, err := a.askField(ctx, f)
			if err != nil {
				return run, err
			}
			if value == "" && (f.Kept || f.Value != "") {
				break // what was answered before, or the default
			}
			if err := f.Check(value); err != nil {
				a.report(err)
				continue
			}
			values[f.Name] = value
			break
		}
	}
	return s.runner.Answer(ctx, run, values)
}

func (a *app) askField(ctx context.Context, f guide.FieldPrompt) (string, error) {
	if f.Hint != "" {
		fmt.Fprintln(a.io.Err, "  "+strings.ReplaceAll(core.CleanText(f.Hint), "\n", "\n  "))
	}
	for i, o := range f.Options {
		fmt.Fprintf(a.io.Err, "  %d  %s  %s\n", i+1, o.Value, core.CleanLine(o.Label.In(a.say.Lang())))
	}
	label := core.CleanLine(f.Label)
	switch {
	case f.Kept:
		label += " (" + a.say.T("cmd.runs.kept") + ")"
	case f.Value != "":
		label += " [" + core.CleanLine(f.Value) + "]"
	case f.Optional:
		label += " (" + a.say.T("cmd.runs.optional") + ")"
	}
	if f.Secret && a.interactive() {
		secret, err := a.askSecret(ctx, label+":")
		return secret.Reveal(), err
	}
	line, err := a.ask(ctx, label+":")
	if err != nil {
		return "", err
	}
	if isStop(line) {
		return "", errStopped
	}
	if n, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && n >= 1 && n <= len(f.Options) {
		return f.Options[n-1].Value, nil
	}
	return line, nil
}

// converseDo runs an action, after the word where it wants one. Where the
// last try failed, or another way exists, the person chooses.
func (a *app) converseDo(ctx context.Context, s *session, run guide.Run, p guide.Prompt) (guide.Run, error) {
	if p.State != guide.Open || p.Blocked != nil {
		var ways []string
		if p.Blocked == nil {
			ways = append(ways, "again")
		} else {
			a.report(p.Blocked)
		}
		if p.CanInstead {
			ways = append(ways, "instead")
		}
		way, err := a.choose(ctx, append(ways, "stop")...)
		switch {
		case err != nil:
			return run, err
		case way == "stop":
			return run, errStopped
		case way == "instead":
			return s.runner.Instead(ctx, run)
		}
	}
	if p.State == guide.Open && p.CanInstead && p.Confirm != nil && !p.Step.Irreversible() {
		switch way, err := a.choose(ctx, "do", "instead", "stop"); {
		case err != nil:
			return run, err
		case way == "stop":
			return run, errStopped
		case way == "instead":
			return s.runner.Instead(ctx, run)
		}
	}
	word := ""
	if p.Confirm != nil {
		fmt.Fprintln(a.io.Err, core.CleanText(p.Confirm.Text))
		var err error
		if word, err = a.ask(ctx, a.say.T("cmd.runs.type-word", localeParams("word", p.Confirm.Word))); err != nil {
			return run, err
		}
		if isStop(word) {
			return run, errStopped
		}
	}
	return s.runner.Do(ctx, run, strings.TrimSpace(word))
}

// converseUnknown finds out what became of a step whose end nobody saw: by
// asking the vendor, else by asking the person.
func (a *app) converseUnknown(ctx context.Context, s *session, run guide.Run, p guide.Prompt) (guide.Run, error) {
	ways := []string{"happened", "not-happened", "stop"}
	if p.Blocked == nil { // it does no harm to do it again
		ways = append([]string{"again"}, ways...)
	}
	if p.CanInquire {
		ways = append([]string{"inquire"}, ways...)
	}
	a.note("cmd.runs.unknown", localeParams("step", p.Title))
	way, err := a.choose(ctx, ways...)
	if err != nil {
		return run, err
	}
	switch way {
	case "inquire":
		return a.inquire(ctx, s, run)
	case "again":
		return s.runner.Do(ctx, run, "")
	case "happened":
		return s.runner.Resolve(ctx, run, action.DidHappen)
	case "not-happened":
		return s.runner.Resolve(ctx, run, action.DidNotHappen)
	}
	return run, errStopped
}

// choose asks for one of several ways by number or name.
func (a *app) choose(ctx context.Context, ways ...string) (string, error) {
	for i, way := range ways {
		fmt.Fprintf(a.io.Err, "  %d  %s\n", i+1, a.say.T("cmd.runs.way."+way))
	}
	for {
		line, err := a.ask(ctx, a.say.T("cmd.runs.choose"))
		if err != nil {
			return "", err
		}
		line = strings.TrimSpace(line)
		for i, way := range ways {
			if line == strconv.Itoa(i+1) || strings.EqualFold(line, way) {
				return way, nil
			}
		}
	}
}

func effectWord(e action.Effect) string {
	switch e {
	case action.DidHappen:
		return "happened"
	case action.DidNotHappen:
		return "not-happened"
	}
	return "cannot-tell"
}
