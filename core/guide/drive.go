package guide

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"deskward/core"
	"deskward/core/locale"
)

// Answers are what Drive types: by "step.field" a value, by "step.confirm" the
// word that confirms a step, and by "step.done" "true" for what a person has
// done already.
type Answers map[string]string

// ReadAnswers reads an answers file: YAML, for each step a mapping of its
// fields. What is wrong comes back as Problems.
func ReadAnswers(name string, data []byte) (Answers, error) {
	r := &reader{file: name}
	out := Answers{}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc); err != nil {
		r.syntax(err)
		return nil, r.problems
	}
	for step, fields := range r.anyMapping(doc.Content[0], "the file") {
		r.step = step
		for field, v := range r.anyMapping(fields, "the step") {
			if v.Kind != yaml.ScalarNode {
				r.fail(v.Line, "%q is not a text", field)
				continue
			}
			out[step+"."+field] = v.Value
		}
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return out, nil
}

// anyMapping is mapping for whatever keys there are.
func (r *reader) anyMapping(n *yaml.Node, what string) map[string]*yaml.Node {
	var keys []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	return r.mapping(n, what, keys...)
}

// DriveOptions vary Drive.
type DriveOptions struct {
	Answers Answers
	// Ask gives, when a run comes to an ask step, what Answers lacks for it:
	// what a person brings back from a page that a former step opened. nil:
	// nobody is there.
	Ask func(ctx context.Context, run Run) (Answers, error)
	// Confirm types every confirmation word and takes every tell step as
	// done: for rehearsals.
	Confirm bool
	// Wait waits, or moves the sandbox's clock, until a step may be done.
	// nil: Drive stops there.
	Wait func(ctx context.Context, until time.Time) error
	// Instead takes the steps that stand in for a refused one; else Drive
	// stops there with the refusal.
	Instead bool
	// Seen is called after each step that ended, whether done or given up.
	// nil: nobody looks.
	Seen func(Run, Step)
}

// Drive takes a run as far as the answers reach, without a screen. It returns
// no error when the run has ended, or waits for something that is not among
// the options: an answer, a word, a time, a person. Prompt tells which.
func (r *Runner) Drive(ctx context.Context, run Run, o DriveOptions) (Run, error) {
	for {
		p, underway := r.Prompt(run, locale.English)
		if !underway {
			return run, nil
		}
		if r.Clock.Now().Before(p.NotBefore) {
			if o.Wait == nil {
				return run, nil
			}
			if err := o.Wait(ctx, p.NotBefore); err != nil {
				return run, err
			}
		}
		next, moved, err := r.driveStep(ctx, run, p.Step, o)
		if err != nil && o.Instead && p.Step.Kind == Do && next.canInstead(p.Step) {
			next, err = r.Instead(ctx, next)
		}
		if err != nil || !moved {
			return next, err
		}
		if run = next; o.Seen != nil {
			o.Seen(run, p.Step)
		}
	}
}

// driveStep does one step, when the options have what it wants.
func (r *Runner) driveStep(ctx context.Context, run Run, s Step, o DriveOptions) (next Run, moved bool, err error) {
	switch s.Kind {
	case Tell:
		if done, _ := strconv.ParseBool(o.Answers[s.ID+".done"]); !done && !o.Confirm {
			return run, false, nil
		}
		next, err = r.Answer(ctx, run, nil)
	case Ask:
		answers, askErr := o.answers(ctx, run)
		if askErr != nil {
			return run, false, askErr
		}
		values, complete := answers.of(run, s)
		if !complete {
			return run, false, nil
		}
		next, err = r.Answer(ctx, run, values)
	default:
		word := o.Answers[s.ID+".confirm"]
		if s.Confirm != nil && o.Confirm {
			word = s.Confirm.Word
		}
		if s.Confirm != nil && word == "" {
			return run, false, nil
		}
		next, err = r.Do(ctx, run, word)
	}
	return next, true, err
}

// answers are those at hand when a run comes to an ask step.
func (o DriveOptions) answers(ctx context.Context, run Run) (Answers, error) {
	if o.Ask == nil {
		return o.Answers, nil
	}
	all, err := o.Ask(ctx, run)
	if err != nil {
		return nil, err
	}
	all = maps.Clone(all)
	if all == nil {
		all = Answers{}
	}
	maps.Copy(all, o.Answers)
	return all, nil
}

// of returns the answers to a step's fields, and whether each field that is
// needed has one or a default.
func (a Answers) of(run Run, s Step) (map[string]string, bool) {
	values, complete := map[string]string{}, true
	for _, f := range s.Ask {
		if v, ok := a[s.ID+"."+f.Name]; ok {
			values[f.Name] = v
		} else if fill(f.Default, run.plain) == "" && !f.Optional {
			complete = false
		}
	}
	return values, complete
}

// Rehearse starts a run, drives it to its end with every word typed, and
// records in this runner's store whether it got there. It fails with code
// run.rehearsal-stopped when the run waits for something the options lack.
func (r *Runner) Rehearse(ctx context.Context, guideID, name string, o DriveOptions) (Run, error) {
	run, err := r.Start(ctx, guideID, name)
	if err != nil {
		return run, err
	}
	o.Confirm = true
	run, err = r.Drive(ctx, run, o)
	if step, underway := run.Current(); err == nil && underway {
		err = &core.Error{Tried: "rehearse", On: guideID, Code: "run.rehearsal-stopped", Params: map[string]string{"step": step.ID}}
	}
	if noted := r.NoteRehearsal(context.WithoutCancel(ctx), guideID, err == nil); err == nil {
		err = noted
	}
	return run, err
}

// Rehearsal says how a guide last fared in the sandbox.
type Rehearsal struct {
	GuideID string    `json:"guide"`
	At      time.Time `json:"at"`
	Passed  bool      `json:"passed"`
	By      string    `json:"by"`
}

// NoteRehearsal records a rehearsal in this runner's store: that of the real
// runs, which the sandbox does not share.
func (r *Runner) NoteRehearsal(ctx context.Context, guideID string, passed bool) error {
	note := Rehearsal{guideID, r.Clock.Now().UTC(), passed, r.Events.Actor.String()}
	raw, err := json.Marshal(note)
	if err != nil {
		return err
	}
	result := "failed"
	if passed {
		result = "passed"
	}
	return r.Store.Update(ctx, func(w core.Writer) error {
		rec, _, err := rehearsal(w, guideID)
		if err != nil {
			return err
		}
		if rec.ID == "" {
			rec = core.Record{Kind: core.KindRehearsal, ID: core.NewID()}
		}
		rec.Head, rec.Body = raw, nil
		if _, err := w.Put(rec); err != nil {
			return err
		}
		return r.Events.Append(w, core.Event{
			Verb: core.VerbRehearsed, Subject: core.Subject{Kind: core.KindRehearsal, ID: rec.ID, Name: guideID},
			Detail: map[string]string{"guide": guideID, "result": result},
		})
	})
}

// Rehearsed returns the last rehearsal of a guide, and false when there was none.
func (r *Runner) Rehearsed(ctx context.Context, guideID string) (Rehearsal, bool, error) {
	var (
		note Rehearsal
		rec  core.Record
	)
	err := r.Store.View(ctx, func(rd core.Reader) (err error) {
		rec, note, err = rehearsal(rd, guideID)
		return err
	})
	return note, rec.ID != "", err
}

// rehearsal finds a guide's record; one without an id when there is none.
func rehearsal(rd core.Reader, guideID string) (core.Record, Rehearsal, error) {
	for rec, err := range rd.Heads(core.KindRehearsal, core.ListOptions{}) {
		if err != nil {
			return rec, Rehearsal{}, err
		}
		var note Rehearsal
		if err := json.Unmarshal(rec.Head, &note); err != nil {
			return rec, note, fmt.Errorf("read rehearsal: %w", err)
		}
		if note.GuideID == guideID {
			return rec, note, nil
		}
	}
	return core.Record{}, Rehearsal{}, nil
}
