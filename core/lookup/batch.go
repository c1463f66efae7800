package lookup

import (
	"context"

	"deskward/core"
)

// BatchFinder is a Finder whose platform answers about many people in one
// call.
type BatchFinder interface {
	// BatchSize returns how many texts of a kind one call takes; 0: only Find
	// answers about that kind.
	BatchSize(kind QueryKind) int
	// FindBatch returns who is meant by each of the texts, at most BatchSize of
	// them. A text that is no key of the answer means nobody.
	FindBatch(ctx context.Context, kind QueryKind, texts []string) (map[string][]core.Visitor, error)
}
