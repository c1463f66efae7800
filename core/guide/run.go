package guide

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
)

// State is where a step of a run stands.
type State string

// The states of a step.
const (
	Open       State = "open"    // not done yet
	Running    State = "running" // begun by this process and not ended
	Done       State = "done"
	Failed     State = "failed"      // refused or gone wrong, known to have had no effect
	Unknown    State = "unknown"     // begun, and nobody knows how it ended
	Lost       State = "lost"        // it took effect, but its answer, which later steps need, is lost
	GaveWay    State = "gave-way"    // left for the steps that stand in for it
	PassedOver State = "passed-over" // a step that stands in for another, which was not needed
)

// RunState is where a run stands.
type RunState string

// The states of a run.
const (
	Underway  RunState = "underway"
	Stuck     RunState = "unknown" // its current step is unknown
	Complete  RunState = "complete"
	Abandoned RunState = "abandoned"
)

// Run is one admin's way through a guide.
type Run struct {
	ID      string     `json:"id"`
	Rev     uint64     `json:"-"` // revision it was read at
	Name    string     `json:"name"`
	GuideID string     `json:"guide"`
	Sandbox bool       `json:"sandbox,omitempty"`
	Begun   time.Time  `json:"begun"`
	By      core.Actor `json:"by"`
	Ended   time.Time  `json:"ended,omitzero"`
	State   RunState   `json:"state"`

	// Steps holds what happened, by step id. A step that nothing happened to
	// yet is not in it.
	Steps map[string]StepRecord `json:"steps"`

	Source string `json:"source"` // the guide's text when the run began

	// Secrets are sealed beside the rest, by "step.output". The field is
	// exported because fmt prints the dots of exported fields only.
	Secrets core.Secrets `json:"-"`

	guide    *Guide
	outdated error // why this version cannot carry the guide out; nil: it can
}

// StepRecord is the journal of one step.
type StepRecord struct {
	State  State             `json:"state"`
	By     core.Actor        `json:"by,omitzero"`    // who did the last thing to it
	Begun  time.Time         `json:"begun,omitzero"` // of the last try
	Until  time.Time         `json:"until,omitzero"` // the last try has certainly ended by then
	Try    string            `json:"try,omitempty"`  // which try: random
	Ended  time.Time         `json:"ended,omitzero"`
	Out    map[string]string `json:"out,omitempty"`    // plain outputs, or answers
	Sealed []string          `json:"sealed,omitempty"` // names of the secret answers that were given
	Calls  []core.Call       `json:"calls,omitempty"`
	Failed []Failure         `json:"failed,omitempty"` // earlier tries, oldest first

	// Refusals counts the vendor's refusals since the inputs last changed.
	Refusals int `json:"refusals,omitempty"`
	// Word is whose word it is that an unknown step did or did not happen:
	// "" when it ended in sight, else "vendor" or "admin".
	Word string `json:"word,omitempty"`
}

// Failure is one try that did not work.
type Failure struct {
	At    time.Time   `json:"at"`
	By    core.Actor  `json:"by"`
	Code  string      `json:"code"`
	Calls []core.Call `json:"calls,omitempty"`

	// What the error's texts say besides, the vendor's words among it. An
	// error's own text is not kept: it may hold anything.
	Tried  string            `json:"tried,omitempty"`
	On     string            `json:"on,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

// longestParam is how much of a value is kept, in bytes.
const longestParam = 1000

func failureOf(at time.Time, by core.Actor, err error, calls []core.Call) Failure {
	f := Failure{At: at, By: by, Code: codeOf(err), Calls: calls}
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return f
	}
	f.Tried, f.On = e.Tried, core.CleanLine(e.On)
	for name, v := range e.Params {
		if f.Params == nil {
			f.Params = map[string]string{}
		}
		f.Params[name] = strings.ToValidUTF8(v[:min(len(v), longestParam)], "")
	}
	return f
}

// Err is the failure as an error, for its texts.
func (f Failure) Err() error {
	return &core.Error{Tried: f.Tried, On: f.On, Code: f.Code, Class: core.Refused, Params: f.Params}
}

// Summary is what a list shows of a run.
type Summary struct {
	ID, GuideID, Name string
	Platform          core.PlatformID
	Step, Of          int // number of the current step, from 1, and of all
	State             RunState
	Begun, Ended      time.Time
	By                string
	Sandbox           bool
}

// Guide returns the guide as it was when the run began.
func (r Run) Guide() *Guide { return r.guide }

// Current returns the step the run is at, and false when it has ended.
func (r Run) Current() (Step, bool) {
	if r.State == Complete || r.State == Abandoned {
		return Step{}, false
	}
	for _, s := range r.guide.Steps {
		switch r.Steps[s.ID].State {
		case Done, GaveWay, PassedOver:
		default:
			return s, true
		}
	}
	return Step{}, false
}

// StateOf returns where a step stands.
func (r Run) StateOf(step string) State {
	if rec, ok := r.Steps[step]; ok && rec.State != "" {
		return rec.State
	}
	return Open
}

// standIns returns the steps that stand in for step.
func (g *Guide) standIns(step string) []Step {
	var out []Step
	for _, s := range g.Steps {
		if s.InsteadOf == step {
			out = append(out, s)
		}
	}
	return out
}

// clone returns a copy that can be changed.
func (r Run) clone() Run {
	r.Steps, r.Secrets = maps.Clone(r.Steps), maps.Clone(r.Secrets)
	if r.Steps == nil {
		r.Steps = map[string]StepRecord{}
	}
	if r.Secrets == nil {
		r.Secrets = core.Secrets{}
	}
	return r
}

func (r Run) subject() core.Subject {
	return core.Subject{Kind: core.KindRun, ID: r.ID, Name: r.Name}
}

// visible reports whether a step belongs to this run: those that stand in for
// another do so only when it gave way.
func (r Run) visible(s Step) bool {
	return s.InsteadOf == "" || r.StateOf(s.InsteadOf) == GaveWay
}

// position returns the number of the current step and how many there are.
func (r Run) position() (number, of int) {
	current, underway := r.Current()
	for _, s := range r.guide.Steps {
		if !r.visible(s) {
			continue
		}
		if of++; underway && s.ID == current.ID {
			number = of
		}
	}
	if !underway {
		number = of
	}
	return number, of
}

// giver returns where a value comes from: of the last step that stood in for it
// where it gave way.
func (r Run) giver(v value) value {
	if r.StateOf(v.step) == GaveWay {
		if in := r.guide.standIns(v.step); len(in) > 0 {
			v.step = in[len(in)-1].ID
		}
	}
	return v
}

// plain returns a plain value; "" when there is none.
func (r Run) plain(v value) string {
	v = r.giver(v)
	return r.Steps[v.step].Out[v.output]
}

// secret returns a secret value.
func (r Run) secret(v value) core.Secret {
	v = r.giver(v)
	return r.Secrets[v.step+"."+v.output]
}

// shown returns a value as a person reads it within a line of text: a secret
// as dots.
func (r Run) shown(v value) string {
	if secret := r.secret(v); !secret.Empty() {
		return secret.String()
	}
	text := r.plain(v)
	if s, ok := r.guide.Step(v.step); ok && s.outputs()[v.output].Time {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			text = t.UTC().Format("2006-01-02 15:04 UTC")
		}
	}
	if text == "" {
		return "–"
	}
	return core.CleanLine(text)
}

// drop forgets what a step gave.
func (r *Run) drop(step string) {
	rec := r.Steps[step].clone()
	rec.Out, rec.Calls = nil, nil
	r.Steps[step] = rec
	maps.DeleteFunc(r.Secrets, func(name string, _ core.Secret) bool { return strings.HasPrefix(name, step+".") })
}

// inputs returns what a step's action is called with.
func (r Run) inputs(s Step) action.Values {
	v := action.Values{Plain: map[string]string{}, Secret: core.Secrets{}}
	for _, f := range s.Action.In {
		text, given := s.With[f.Name]
		switch sole, ok := soleValue(text); {
		case !given:
		case f.Secret && ok:
			v.Secret[f.Name] = r.secret(sole)
		default:
			v.Plain[f.Name] = fill(text, r.plain)
		}
	}
	return v
}

// needs reports whether a later step cannot be done without what s gave.
func (g *Guide) needs(s Step) bool {
	return slices.ContainsFunc(g.Steps, func(o Step) bool {
		return slices.ContainsFunc(o.uses(), func(v value) bool { return v.step == s.ID })
	})
}

// notBefore returns the time before which a step cannot be done; zero: none.
func (r Run) notBefore(s Step) time.Time {
	if v, ok := soleValue(s.AfterValue); ok {
		t, _ := time.Parse(time.RFC3339, r.plain(v)) // no time: nothing to wait for
		return t
	}
	if s.After == 0 {
		return time.Time{}
	}
	var last time.Time
	for _, o := range r.guide.Steps {
		if o.ID == s.ID {
			break
		}
		if ended := r.Steps[o.ID].Ended; ended.After(last) {
			last = ended
		}
	}
	if last.IsZero() {
		last = r.Begun
	}
	return last.Add(s.After)
}

// settle derives the run's own state from its steps, after one changed.
func (r *Run) settle(now time.Time) {
	for _, s := range r.guide.Steps {
		if s.InsteadOf == "" {
			continue
		}
		rec := r.Steps[s.ID]
		switch {
		case r.StateOf(s.InsteadOf) == Done:
			rec.State = PassedOver
			r.Steps[s.ID] = rec
		case rec.State == PassedOver:
			delete(r.Steps, s.ID)
		}
	}
	if r.Name == "" && r.guide.Subject != "" {
		found, _ := valuesIn(r.guide.Subject)
		if !slices.ContainsFunc(found, func(v value) bool { return r.plain(v) == "" }) {
			r.Name = fill(r.guide.Subject, r.shown)
		}
	}
	current, underway := r.Current()
	switch {
	case r.State == Abandoned:
	case !underway:
		r.State = Complete
	case r.StateOf(current.ID) == Unknown:
		r.State = Stuck
	default:
		r.State = Underway
	}
	if r.State == Complete || r.State == Abandoned {
		r.Ended, r.Secrets = now, nil // whatever must be kept has its own record
	}
}

func (rec StepRecord) lastFailure() (Failure, bool) {
	if len(rec.Failed) == 0 {
		return Failure{}, false
	}
	return rec.Failed[len(rec.Failed)-1], true
}

func (rec StepRecord) clone() StepRecord {
	rec.Out, rec.Calls, rec.Failed = maps.Clone(rec.Out), slices.Clone(rec.Calls), slices.Clone(rec.Failed)
	return rec
}
