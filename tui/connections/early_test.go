package connections_test

import (
	"context"
	"sync/atomic"
	"testing"

	"deskward/core"
)

// slow is a store whose readings wait while the gate is shut.
type slow struct {
	core.Store
	gate atomic.Pointer[chan struct{}]
}

func (s *slow) View(ctx context.Context, fn func(core.Reader) error) error {
	if gate := s.gate.Load(); gate != nil {
		select {
		case <-*gate:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return s.Store.View(ctx, fn)
}

func TestKeysTypedBeforeAChangeHasReadItsConnectionAreNotLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := &slow{Store: r.store}
	if _, err := r.connections.Add(t.Context(), core.Connection{Name: "Acme", Platform: "acme", Grant: core.GrantAuthtoken, Secrets: core.Secrets{core.SecretAuthtoken: core.NewSecret("canary-authtoken")}}); err != nil {
		t.Fatal(err)
	}
	r.connections.Store = s
	r.start(80, 24)
	r.See("Acme")
	gate := make(chan struct{})
	s.gate.Store(&gate)
	r.press("R")
	r.Type(" Europe")
	r.press("enter") // even that
	s.gate.Store(nil)
	close(gate)
	r.Until("the new name", func() bool {
		c, err := r.connections.ByName(t.Context(), "Acme Europe")
		return err == nil && c.Name == "Acme Europe"
	})
}
