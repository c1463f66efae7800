package guide

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/transport"
)

// Prompt is what the current step wants, in one language, with all its
// values filled in. Secrets are dots.
type Prompt struct {
	Step   Step
	State  State
	Number int // of the step, from 1
	Of     int
	Title  string
	Text   string // paragraphs, lists and `code`
	Link   string // "" also when the value it comes from is no link that may be opened

	// Secrets are those that the text shows as dots, in its order: a person needs
	// them elsewhere. Whoever hands one out says so to Runner.Copying first.
	Secrets []SecretPrompt

	Fields  []FieldPrompt // of an ask step
	Inputs  []Input       // of a do or prove step
	Confirm *ConfirmPrompt

	NotBefore time.Time // the step cannot be done before; zero: there is nothing to wait for
	Until     time.Time // of an Unknown step: another session may be at it until then; zero: nobody is
	Failure   *Failure  // the last try, when it did not work

	Blocked    error // why Answer or Do would be refused now; nil: they would not
	CanInquire bool  // Inquire knows how to ask the vendor
	CanResolve bool  // Resolve takes the admin's word
	CanInstead bool  // other steps can stand in for this one
}

// SecretPrompt is a secret of an earlier step that a text shows.
type SecretPrompt struct {
	Name  string // "step.output"
	Value core.Secret
}

// FieldPrompt is one value to type.
type FieldPrompt struct {
	Field
	Label, Hint string
	Value       string // what was answered before, else the default; "" for a secret
	Kept        bool   // a secret that was answered before: an empty answer keeps it
}

// Input is one input of an action as the admin sees it.
type Input struct {
	Name   string
	Label  string // the words of the question it answers
	Value  string // dots for a secret
	Words  string // what to show: the choice's words, else Value
	Secret bool
}

// ConfirmPrompt is what must be typed before a step that cannot be undone.
type ConfirmPrompt struct {
	Word string
	Text string
}

// Prompt says what the run's current step wants; false when it has ended.
func (r *Runner) Prompt(run Run, lang locale.Lang) (Prompt, bool) {
	step, underway := run.Current()
	if !underway {
		return Prompt{}, false
	}
	rec := run.Steps[step.ID]
	p := Prompt{
		Step: step, State: run.StateOf(step.ID),
		Title: step.Title.In(lang), Text: fill(step.Text.In(lang), run.shown), Link: run.link(step),
		Fields: run.fields(step, lang), Inputs: run.shownInputs(step, lang),
		NotBefore: run.notBefore(step),
	}
	p.Secrets = run.secretsIn(step.Text.In(lang))
	p.Number, p.Of = run.position()
	if step.Confirm != nil {
		p.Confirm = &ConfirmPrompt{step.Confirm.Word, fill(step.Confirm.Text.In(lang), run.shown)}
	}
	if f, ok := rec.lastFailure(); ok && p.State != Open {
		p.Failure = &f
	}
	p.Blocked = r.blocked(run, step)
	if p.State == Unknown {
		p.Until = rec.Until
		p.CanResolve = !r.Clock.Now().Before(rec.Until)
		p.CanInquire = p.CanResolve && step.Action.Ask != nil
	}
	p.CanInstead = step.Kind == Do && run.canInstead(step)
	return p, true
}

// secretsIn returns the secrets that a text shows as dots, as often as it does.
func (r Run) secretsIn(text string) []SecretPrompt {
	var out []SecretPrompt
	found, _ := valuesIn(text)
	for _, v := range found {
		if s := r.secret(v); !s.Empty() {
			out = append(out, SecretPrompt{v.step + "." + v.output, s})
		}
	}
	return out
}

// Copying writes down that a secret of the run leaves it.
func (r *Runner) Copying(ctx context.Context, run Run, secret string) error {
	ev := r.event(run, core.VerbCopied, "", "")
	ev.Detail["secret"] = secret
	return r.Events.Record(ctx, ev)
}

func (r Run) fields(step Step, lang locale.Lang) []FieldPrompt {
	var out []FieldPrompt
	for _, f := range step.Ask {
		fp := FieldPrompt{Field: f, Label: f.Label.In(lang), Hint: fill(f.Hint.In(lang), r.shown)}
		if f.Secret {
			fp.Kept = !r.Secrets[step.ID+"."+f.Name].Empty()
		} else if before, ok := r.Steps[step.ID].Out[f.Name]; ok {
			fp.Value = before
		} else {
			fp.Value = fill(f.Default, r.plain)
		}
		out = append(out, fp)
	}
	return out
}

// shownInputs returns the given inputs of a step's action, in its order, as
// far as a person knows them: those that stem from an answer. The others, such
// as the id of a connection that a step made, say nothing to anybody.
func (r Run) shownInputs(step Step, lang locale.Lang) []Input {
	var out []Input
	values := r.inputs(step)
	for _, f := range step.Action.In {
		if _, given := step.With[f.Name]; !given {
			continue
		}
		asked, ok := r.askedAs(step.With[f.Name], f.Name)
		if !ok {
			continue
		}
		in := Input{Name: f.Name, Label: asked.Label.In(lang), Secret: f.Secret, Value: values.Secret[f.Name].String()}
		if !f.Secret {
			in.Value = core.CleanLine(values.Plain[f.Name])
		}
		if core.IsID(in.Value) { // a record's, which an action made of the answer
			if in.Value = r.answeredTo(asked.Name); in.Value == "" {
				continue
			}
		}
		in.Words = core.CleanLine(asked.words(in.Value, lang))
		out = append(out, in)
	}
	return out
}

// answeredTo returns what was answered first to a field of that name.
func (r Run) answeredTo(field string) string {
	for _, s := range r.guide.Steps {
		for _, f := range s.Ask {
			if f.Name == field && !f.Secret {
				return core.CleanLine(r.Steps[s.ID].Out[field])
			}
		}
	}
	return ""
}

// askedAs returns the ask field that an input comes from: the one it names,
// else the one of its own name, whose answer an action has handed on.
func (r Run) askedAs(with, name string) (Field, bool) {
	if v, sole := soleValue(with); sole {
		s, _ := r.guide.Step(v.step)
		for _, f := range s.Ask {
			if f.Name == v.output {
				return f, true
			}
		}
	}
	for _, s := range r.guide.Steps {
		for _, f := range s.Ask {
			if f.Name == name {
				return f, true
			}
		}
	}
	return Field{}, false
}

// words returns what a person chose where the field has choices, else the
// value.
func (f Field) words(value string, lang locale.Lang) string {
	for _, o := range f.Options {
		if o.Value == value {
			return o.Label.In(lang)
		}
	}
	return value
}

// link returns the step's link, when it leads to https or to this machine.
func (r Run) link(step Step) string {
	text := fill(step.Link, func(v value) string {
		if _, sole := soleValue(step.Link); sole {
			return r.plain(v)
		}
		return url.PathEscape(r.plain(v))
	})
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.User != nil || core.CleanLine(text) != text {
		return ""
	}
	if u.Scheme == "https" || u.Scheme == "http" && transport.IsLoopback(u.Hostname()) {
		return u.String()
	}
	return ""
}

// StepView is one line of a run's list of steps.
type StepView struct {
	Step    Step
	Number  int
	Title   string
	Text    string         // with its values; a dash for one that is not there yet
	Secrets []SecretPrompt // that Text shows as dots, in its order
	State   State
	At      time.Time // when it ended; zero: it has not
	By      string
	Shown   string // the evidence in one sentence; "" when the step has none
	Word    string // WordOfVendor or WordOfAdmin when nobody saw it end
	Calls   []core.Call
	Failed  []Failure
	Answers []Input // of an ask step that was answered
}

// View returns the steps of the run in one language. Steps that stand in for
// another are among them only when it gave way.
func (r Run) View(lang locale.Lang) []StepView {
	var out []StepView
	for _, s := range r.guide.Steps {
		if !r.visible(s) {
			continue
		}
		rec := r.Steps[s.ID]
		v := StepView{
			Step: s, Number: len(out) + 1, Title: s.Title.In(lang), State: r.StateOf(s.ID),
			Text: fill(s.Text.In(lang), r.shown), Secrets: r.secretsIn(s.Text.In(lang)),
			At: rec.Ended, Word: rec.Word, Calls: rec.Calls, Failed: rec.Failed,
		}
		if !rec.Ended.IsZero() {
			v.By = rec.By.String()
		}
		if v.State == Done {
			v.Shown = fill(s.Shows.In(lang), r.shown)
			v.Answers = r.answered(s, lang)
		}
		out = append(out, v)
	}
	return out
}

// answered returns what was typed in an ask step: the label of a choice, dots
// for a secret, also after the run ended and dropped it.
func (r Run) answered(s Step, lang locale.Lang) []Input {
	var out []Input
	rec := r.Steps[s.ID]
	for _, f := range s.Ask {
		in := Input{Name: f.Label.In(lang), Secret: f.Secret, Value: core.CleanLine(rec.Out[f.Name])}
		for _, o := range f.Options {
			if o.Value == rec.Out[f.Name] {
				in.Value = o.Label.In(lang)
			}
		}
		if f.Secret && slices.Contains(rec.Sealed, f.Name) {
			in.Value = core.NewSecret("dots").String()
		}
		if in.Value == "" {
			in.Value = "–"
		}
		out = append(out, in)
	}
	return out
}
