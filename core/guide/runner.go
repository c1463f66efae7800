package guide

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/locale"
)

var errNotYet = errors.New("not yet")

// Load reads and checks all guides of a folder (*.yaml), sorted by id.
// Mistakes of all of them come back at once as Problems.
func Load(files fs.FS, actions []action.Action) ([]Guide, error) { return nil, errNotYet }

// Parse reads and checks one guide. name is the file's name, for messages.
func Parse(name string, data []byte, actions []action.Action) (*Guide, error) {
	return nil, errNotYet
}

// Runner starts runs and takes them further. It may be used by several
// goroutines; several runners, in several processes, may work on one store.
// Whoever changes a run passes it as last read: ErrConflict when somebody else
// took it further since.
type Runner struct {
	Store   core.Store
	Events  *core.EventLog
	Clock   core.Clock
	Actions []action.Action
	Guides  []Guide
	Sandbox bool // runs are rehearsals against the sandbox

	mu       sync.Mutex
	inFlight map[string]bool // tries of this process that have not ended
}

// Start begins a run of a guide. name says what it is about, for lists:
// a customer, an organization.
func (r *Runner) Start(ctx context.Context, guideID, name string) (Run, error) {
	return Run{}, errNotYet
}

// Runs lists all runs, those underway first, then the newest.
func (r *Runner) Runs(ctx context.Context) ([]Summary, error) { return nil, errNotYet }

// Get reads a run. A step that was begun by a process which is gone comes
// back Unknown, and is recorded so.
func (r *Runner) Get(ctx context.Context, id string) (Run, error) { return Run{}, errNotYet }

// Answer takes the values of the current ask step by field name, or nothing
// for a tell step, which says that it is done. Fields that are wrong come
// back as an *core.Error with code guide.bad-answer whose Params name field
// and reason.
func (r *Runner) Answer(ctx context.Context, run Run, values map[string]string) (Run, error) {
	return run, errNotYet
}

// Do runs the action of the current do or prove step. word is what the admin
// typed where the step wants confirmation. What is past the point of no return
// is not cut short when ctx ends.
//
// An error of the action comes back together with the run as journaled: the
// step is then Failed, or Unknown (class core.Unknown).
func (r *Runner) Do(ctx context.Context, run Run, word string) (Run, error) { return run, errNotYet }

// Inquire asks the vendor what became of an unknown step, where its action
// knows how to. The run comes back Done, Lost or Failed (it did not happen),
// or as it was when it cannot be told.
func (r *Runner) Inquire(ctx context.Context, run Run) (Run, action.Effect, error) {
	return run, action.CannotTell, errNotYet
}

// Resolve takes the admin's word for what became of an unknown step.
// It fails with code guide.still-running while another session may still be
// at it.
func (r *Runner) Resolve(ctx context.Context, run Run, effect action.Effect) (Run, error) {
	return run, errNotYet
}

// Instead leaves the current do step, which was refused, whose answer is
// lost, or which the admin does not want to try, for the steps that stand in
// for it.
func (r *Runner) Instead(ctx context.Context, run Run) (Run, error) { return run, errNotYet }

// Back opens an earlier step again, and with it the done steps that use its
// values. It fails with code guide.too-late when something irreversible was
// done with them.
func (r *Runner) Back(ctx context.Context, run Run, step string) (Run, error) { return run, errNotYet }

// Abandon ends a run before its end and drops its secrets.
func (r *Runner) Abandon(ctx context.Context, run Run) (Run, error) { return run, errNotYet }

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
	return errNotYet
}

// Rehearsed returns the last rehearsal of a guide, and false when there was none.
func (r *Runner) Rehearsed(ctx context.Context, guideID string) (Rehearsal, bool, error) {
	return Rehearsal{}, false, errNotYet
}

// Answers are what Drive types: by "step.field", and by "step.confirm" the
// word that confirms a step.
type Answers map[string]string

// ReadAnswers reads an answers file: YAML, for each step a mapping of its
// fields.
func ReadAnswers(name string, data []byte) (Answers, error) { return nil, errNotYet }

// DriveOptions vary Drive.
type DriveOptions struct {
	Answers Answers
	// Confirm types every confirmation word: for rehearsals.
	Confirm bool
	// Wait waits, or moves the sandbox's clock, until a step may be done.
	// nil: Drive stops there.
	Wait func(ctx context.Context, until time.Time) error
	// Instead takes the steps that stand in for a refused one; else Drive
	// stops there.
	Instead bool
	// Seen is called after each step that ended. nil: nobody looks.
	Seen func(Run, Step)
}

// Drive takes a run as far as the answers reach, without a screen. It returns
// no error when the run has ended, or waits for something that is not among
// the options: an answer, a word, a time. Prompt tells which.
func (r *Runner) Drive(ctx context.Context, run Run, o DriveOptions) (Run, error) {
	return run, errNotYet
}

// Rehearse starts a run, drives it to its end and reports whether it got
// there. An error is returned when it did not, with code guide.rehearsal-stopped
// where Drive itself had none.
func (r *Runner) Rehearse(ctx context.Context, guideID, name string, o DriveOptions) (Run, error) {
	return Run{}, errNotYet
}

// Prompt is what the current step wants, in one language, with all its
// values filled in. Secrets are dots.
type Prompt struct {
	Step   Step
	State  State
	Number int // of the step, from 1
	Of     int
	Title  string
	Text   string // paragraphs, lists and `code`
	Link   string

	Fields  []FieldPrompt // of an ask step
	Inputs  []Input       // of a do or prove step
	Confirm *ConfirmPrompt

	NotBefore time.Time // zero: it can be done now
	Until     time.Time // Unknown: another session may be at it until then
	Failure   *Failure  // the last try that did not work

	CanDo      bool // Do may run: false while it is too early, unknown or refused too often
	CanInquire bool // Inquire knows how to ask the vendor
	CanResolve bool // Resolve takes the admin's word
	CanInstead bool // other steps stand in for this one
}

// FieldPrompt is one value to type.
type FieldPrompt struct {
	Field
	Label, Hint string
	Value       string // the default, or what was answered before; "" for a secret
	Kept        bool   // a secret that was answered before: an empty answer keeps it
}

// Input is one input of an action as the admin sees it.
type Input struct {
	Name   string
	Value  string // dots for a secret
	Secret bool
}

// ConfirmPrompt is what must be typed before a step that cannot be undone.
type ConfirmPrompt struct {
	Word string
	Text string
}

// Prompt says what the run's current step wants; false when it has ended.
func (r *Runner) Prompt(run Run, lang locale.Lang) (Prompt, bool) { return Prompt{}, false }

// StepView is one line of a run's list of steps.
type StepView struct {
	Step    Step
	Number  int
	Title   string
	State   State
	At      time.Time // when it ended
	By      string
	Shown   string // the evidence in one sentence
	Calls   []core.Call
	Failed  []Failure
	Answers []Input // of an ask step; secrets are dots
}

// View returns all steps of a run.
func (r Run) View(lang locale.Lang) []StepView { return nil }

// Report writes what was done and proven as Markdown for a change ticket. It
// holds no secret.
func (r Run) Report(p *locale.Printer) string { return "" }
