// Package storetest is the conformance suite of core.Store: every store runs
// it, so that all of them mean the same.
package storetest

import (
	"testing"

	"deskward/core"
)

// Run tests the stores that open returns: each an empty, unlocked one, whose
// clean-up open registers with t.
func Run(t *testing.T, open func(t *testing.T) core.Store) {
}
