package guide

import (
	"maps"
	"slices"
	"time"

	"deskward/core"
)

// State is where a step of a run stands.
type State string

// The states of a step.
const (
	Open       State = "open"    // not done yet
	Running    State = "running" // begun by this process and not ended
	Done       State = "done"
	Failed     State = "failed"  // refused or gone wrong, known to have had no effect
	Unknown    State = "unknown" // begun, and nobody knows how it ended
	Lost       State = "lost"    // it took effect, but its answer, which later steps need, is lost
	GaveWay    State = "gave-way"
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

// Run is one admin's way through a guide. Its secrets are not among its
// exported fields.
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

	guide   *Guide
	secrets core.Secrets // "step.output"
}

// StepRecord is the journal of one step.
type StepRecord struct {
	State  State             `json:"state"`
	By     core.Actor        `json:"by,omitzero"`    // who did the last thing to it
	Begun  time.Time         `json:"begun,omitzero"` // of the last try
	Until  time.Time         `json:"until,omitzero"` // the last try has certainly ended by then
	Try    string            `json:"try,omitempty"`  // which try: random
	Ended  time.Time         `json:"ended,omitzero"`
	Out    map[string]string `json:"out,omitempty"` // plain outputs, or answers
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

func (r Run) clone() Run {
	r.Steps = maps.Clone(r.Steps)
	r.secrets = maps.Clone(r.secrets)
	return r
}

func (r Run) subject() core.Subject {
	return core.Subject{Kind: core.KindRun, ID: r.ID, Name: r.Name}
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
