// Package migrations leads an admin through a guide, one step at a time: what
// is under way, what can be started, the step that comes next, what was proven
// and the report at the end. It decides nothing: core/guide's runner does, and
// the commands are its other face.
package migrations

import (
	"context"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
)

// Runner is the part of guide.Runner that the screens call.
type Runner interface {
	Runs(ctx context.Context) ([]guide.Summary, error)
	Get(ctx context.Context, id string) (guide.Run, error)
	Start(ctx context.Context, guideID, name string) (guide.Run, error)
	Prompt(run guide.Run, lang locale.Lang) (guide.Prompt, bool)
	Answer(ctx context.Context, run guide.Run, values map[string]string) (guide.Run, error)
	Do(ctx context.Context, run guide.Run, word string) (guide.Run, error)
	Inquire(ctx context.Context, run guide.Run) (guide.Run, action.Effect, error)
	Resolve(ctx context.Context, run guide.Run, effect action.Effect) (guide.Run, error)
	Instead(ctx context.Context, run guide.Run) (guide.Run, error)
	Back(ctx context.Context, run guide.Run, stepID string) (guide.Run, error)
	Abandon(ctx context.Context, run guide.Run) (guide.Run, error)
	Copying(ctx context.Context, run guide.Run, secret string) error
	Rehearsed(ctx context.Context, guideID string) (guide.Rehearsal, bool, error)
}

// Deps are what the screens need.
type Deps struct {
	Runner Runner
	Guides []guide.Guide // in the order of the list
	Broken error         // why the guides could not be read; shown in the list's place
	Clock  core.Clock

	// Rehearse runs a guide in a sandbox from beginning to end and records how
	// it went where Runner.Rehearsed reads it. seen is called after each step.
	// nil: nothing can be rehearsed here.
	Rehearse func(ctx context.Context, guideID string, seen func(guide.Run, guide.Step)) (guide.Run, error)

	// AdvanceClock moves the sandbox's clock. nil: this is no sandbox.
	AdvanceClock func(time.Duration)

	// Examples are answers that the fields of a run's current step take in the
	// sandbox, where no vendor's page gives any. nil: this is no sandbox.
	Examples func(ctx context.Context, run guide.Run) (guide.Answers, error)

	// Functions opens the rewriting of Deluge functions, and Tokens the lists of
	// old tokens. nil: there is none.
	Functions, Tokens func() screen.Screen

	// Folder is where reports are written; "" is the working directory.
	Folder string
}
