package core_test

import (
	"errors"
	"testing"

	"deskward/core"
)

func TestWhatCouldNotBeRecordedSaysWhy(t *testing.T) {
	t.Parallel()
	busy := &core.Error{Tried: "open-store", Code: "store.busy", Class: core.Locked, Params: map[string]string{"user": "mina"}}
	for _, c := range []struct {
		name  string
		cause error
		code  string
		class core.Class
	}{
		{"a busy store is busy, not broken", busy, "store.busy", core.Locked},
		{"a cause without a code", errors.New("input/output error"), "events.unwritten", core.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := core.Unrecorded("mint", "web 2026", c.cause)
			e, ok := errors.AsType[*core.Error](err)
			if !ok || e.Tried != "mint" || e.On != "web 2026" || e.Code != c.code || core.ClassOf(err) != c.class || !errors.Is(err, c.cause) {
				t.Errorf("got %#v", err)
			}
			if c.code == "store.busy" && e.Params["user"] != "mina" {
				t.Errorf("who holds the store is lost: %v", e.Params)
			}
		})
	}
}
