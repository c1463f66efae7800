// Package visitors are the screens that look one person up on every platform
// at once: the search with what each platform answers, the person's record on
// one of them, the vendor's own JSON, and the look-ups that are remembered.
//
// What was found stands only in the screens: it is gone when the console
// locks.
package visitors

import (
	"context"
	"time"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/tui/screen"
)

// Deps are what the screens need. Fields marked optional may be nil.
type Deps struct {
	// Sources returns the connections that can find people; it asks no vendor.
	Sources func(context.Context) ([]lookup.Source, error)
	// Find asks them: lookup.Service.Find.
	Find  func(context.Context, lookup.Query, []lookup.Source, func(lookup.Answer)) lookup.Result
	Clock core.Clock

	// Browser, optional, opens pages on the admin's own machine: nil over SSH.
	Browser core.Browser
	// Mint, optional, opens the screen that signs a token for a person.
	Mint func(Person) screen.Screen
	// History, optional, remembers look-ups where that is switched on.
	History History
	// Batches, optional, looks lists of people up.
	Batches Batches
	// ReadList reads a list from a file; column names the column that counts.
	ReadList func(ctx context.Context, path, column string) (lookup.List, error)
	// Export, optional, writes what came of a batch to a file that only its
	// owner reads, and returns its path.
	Export func(context.Context, lookup.Batch, []lookup.Row, []lookup.Line) (string, error)
	// Samples are what finds people who exist in the sandbox; nil: this is none.
	Samples []string
}

// History remembers look-ups; lookup.History is one.
type History interface {
	Read(context.Context) (lookup.Memory, error)
	Add(context.Context, lookup.Query, lookup.Outcome) error
	Keep(context.Context, time.Duration) error
}

// Person is who a token is signed for.
type Person struct {
	ExternalID, Name, Email string
	EmailVerified           bool
}

// family is what the screens share.
type family struct {
	Deps
	next string // a query that the history gives back to the search
}

// New makes the search, the root of the section.
func New(d Deps) screen.Screen { return newFind(&family{Deps: d}) }
