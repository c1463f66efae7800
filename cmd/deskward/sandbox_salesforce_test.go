package main

import (
	"testing"

	"deskward/core/guide"
	"deskward/core/sandbox"
)

// A second run begins the org anew, while the first waits for its link.
func TestALinkIsClickedThoughAnotherRunHasTakenTheAddressAway(t *testing.T) {
	t.Parallel()
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close() }) //nolint:errcheck // the test has ended
	if _, _, err := salesforceAnswer(t.Context(), sb, guide.Run{}, guide.Step{ID: "org"}, "connection"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := salesforceAnswer(t.Context(), sb, guide.Run{}, guide.Step{ID: "link"}, "clicked"); err != nil {
		t.Error(err)
	}
}
