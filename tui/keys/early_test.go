package keys_test

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

func TestKeysTypedBeforeAChangeHasReadItsKeyAreNotLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := &slow{Store: r.store}
	r.keys.Store = s
	r.add(core.SigningKey{Name: "web", Kind: core.KeyMessaging, Account: "acme", KID: webKID, Secrets: secrets(webSecret)})
	r.start(80, 24)
	r.See("web")
	gate := make(chan struct{})
	s.gate.Store(&gate)
	r.press("R")
	r.Type(" 2026")
	s.gate.Store(nil)
	close(gate)
	r.See("web 2026")
	r.press("enter")
	r.Until("the new name", func() bool {
		k, err := r.keys.ByName(t.Context(), "web 2026")
		return err == nil && k.Name == "web 2026"
	})
}
