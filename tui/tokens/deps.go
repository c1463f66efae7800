// Package tokens are the screens on which a list of old tokens becomes OAuth
// connections: the batches that are kept, a new list with what was read of it
// and what it would come to, and one batch under way with what came of each
// token.
//
// No screen shows a token: of each only its last four characters.
package tokens

import (
	"context"

	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Batches keeps and runs batches; tokenbatch.Service is one.
type Batches interface {
	Read(raw []byte, o tokenbatch.ReadOptions) (tokenbatch.List, error)
	Plan(ctx context.Context, name string, v tokenbatch.Variant, l tokenbatch.List, o tokenbatch.PlanOptions) (tokenbatch.Plan, []tokenbatch.BadLine, error)
	Begin(ctx context.Context, p tokenbatch.Plan) (tokenbatch.Batch, []tokenbatch.BadLine, error)
	List(context.Context) ([]tokenbatch.Batch, error)
	Rows(ctx context.Context, id string) (tokenbatch.Batch, []tokenbatch.Row, error)
	Run(ctx context.Context, id string, o tokenbatch.RunOptions, emit func(tokenbatch.Progress)) (tokenbatch.Outcome, error)
	Ask(ctx context.Context, id string, o tokenbatch.RunOptions, emit func(tokenbatch.Asked)) (tokenbatch.Batch, error)
	Prove(ctx context.Context, id string, o tokenbatch.RunOptions, emit func(tokenbatch.Asked)) (tokenbatch.Batch, error)
	Settle(ctx context.Context, id string, line int, happened bool) (tokenbatch.Row, error)
	Confirm(ctx context.Context, id, reference string) (tokenbatch.Batch, error)
	Remove(ctx context.Context, id string, anyway bool) error
}

// Deps are what the screens need.
type Deps struct {
	Batches Batches
	// ReadFile reads a file of the admin's, whose path may begin with ~/.
	ReadFile func(ctx context.Context, path string) ([]byte, error)
	// Export writes what came of a batch to a new file, without secrets, and
	// returns its path. nil: it can't.
	Export func(ctx context.Context, b tokenbatch.Batch, rows []tokenbatch.Row) (string, error)
	// Sheet writes what the vendor's support asks for to a new file and returns
	// its path. It holds the old tokens where the support needs them. nil: it
	// can't.
	Sheet func(ctx context.Context, id string) (string, error)
	// Example makes a table of tokens that exist in the sandbox. nil: this is no
	// sandbox.
	Example func() (table string, err error)
	// Regions are the vendor's data centres.
	Regions []widget.Option
}

// New opens the batches that are kept.
func New(d Deps) screen.Screen { return newBatches(d) }
