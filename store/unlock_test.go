package store

import (
	"testing"
	"time"
)

// fakeClock is a clock that tests move.
type fakeClock struct{ now time.Time }

func (c *fakeClock) Now() time.Time { return c.now }

func TestWaitingGrowsAcrossSessionsAndEndsWithSuccess(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	clock := &fakeClock{time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	o := weak()
	o.Clock = clock
	waits := []int{0, 0, 1, 2, 4, 8, 16, 32, 60, 60}
	for i, seconds := range waits {
		g, err := Open(t.Context(), f.Path(), o) // each try is another session's
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Unlock(t.Context(), Passphrase(secret("wrong")))
		wantCode(t, err, "store.wrong-passphrase")
		a, err := g.Attempts(t.Context())
		if err != nil || a.Failed != i+1 || a.Wait != time.Duration(seconds)*time.Second {
			t.Fatalf("after %d: %+v, %v", i+1, a, err)
		}
		if seconds > 0 {
			_, err = g.Unlock(t.Context(), Passphrase(secret(pass)))
			wantCode(t, err, "store.wait")
		}
		clock.now = clock.now.Add(a.Wait)
	}
	g, err := Open(t.Context(), f.Path(), o)
	if err != nil {
		t.Fatal(err)
	}
	u, err := g.Unlock(t.Context(), Passphrase(secret(pass)))
	if err != nil || u.FailedBefore != len(waits) {
		t.Fatalf("%+v, %v", u, err)
	}
	if a, err := g.Attempts(t.Context()); err != nil || a != (Attempts{}) {
		t.Errorf("after success: %+v, %v", a, err)
	}
}

func TestClockSetBackDoesNotLockOut(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a := attempts{failed: 50, last: now.Add(1000 * time.Hour)}
	if got := a.wait(now); got != maxWait {
		t.Errorf("waits %v", got)
	}
}

func TestKeysNeedNotWaitForFailedPassphrases(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	key := sshMember(t)
	if _, err := f.AddMember(t.Context(), key.Member); err != nil {
		t.Fatal(err)
	}
	for range freeAttempts + 1 {
		f.Lock()
		f.Unlock(t.Context(), Passphrase(secret("wrong"))) //nolint:errcheck // meant to fail
	}
	if _, err := f.Unlock(t.Context(), key.unlocker); err != nil {
		t.Error(err)
	}
}
