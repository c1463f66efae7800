package zoho_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"deskward/core"
	"deskward/core/transport"
)

// heldStore is a store that another session holds for some updates.
type heldStore struct {
	core.Store
	hold func(update int) error // before each update, counted from 1
	n    int
}

func (s *heldStore) Update(ctx context.Context, fn func(core.Writer) error) error {
	s.n++
	if err := s.hold(s.n); err != nil {
		return err
	}
	return s.Store.Update(ctx, fn)
}

// hold puts a heldStore under everything from now on.
func (b *bench) hold(fn func(update int) error) *heldStore {
	s := &heldStore{Store: b.services.Store, hold: fn}
	b.services.Store, b.services.Events.Store, b.services.Connections.Store = s, s, s
	return s
}

// Of the updates of zoho.authtooauth, the first takes the lease, the second
// writes the intent, the third saves the tokens.
const (
	intentUpdate = 2
	savingUpdate = 3
)

func TestTokensAreSavedOnceTheStoreIsFree(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	b.hold(func(n int) error {
		if n == savingUpdate || n == savingUpdate+1 {
			return &core.Error{Code: "store.held", Class: core.Locked}
		}
		return nil
	})
	b.must("zoho.authtooauth", map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]})
	if c := b.conn(ids["connection"]); c.Secrets[core.SecretRefreshToken].Empty() {
		t.Errorf("not saved: %+v", c)
	}
}

func TestTokensThatCannotBeSavedAreSaidToBeLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	s := b.hold(func(n int) error {
		if n == savingUpdate {
			return io.ErrShortWrite // a full disk
		}
		return nil
	})
	step := map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}
	_, err := b.run("zoho.authtooauth", step)
	b.wantCode(err, "zoho.exchange-unsaved", core.Unknown)
	s.hold = func(int) error { return nil }
	if b.conn(ids["legacy"]).Settings["exchange_into"] != ids["connection"] {
		t.Error("the intent is forgotten, as if nothing had been sent")
	}
}

func TestNothingIsSentWhenTheIntentCannotBeWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	b.hold(func(n int) error {
		if n == intentUpdate {
			return io.ErrShortWrite
		}
		return nil
	})
	if _, err := b.run("zoho.authtooauth", map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}); err == nil {
		t.Error("no error")
	}
	if n := b.exchangesSeen(); n != 0 {
		t.Errorf("sent %d times", n)
	}
}

func TestTwoSessionsDoNotExchangeAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	leases := &core.Leases{Store: b.services.Store, Clock: b.sb.Clock(), Actor: core.Actor{User: "other", Host: "session"}}
	if _, err := leases.Take(t.Context(), "authtooauth-"+ids["legacy"]); err != nil {
		t.Fatal(err)
	}
	_, err := b.run("zoho.authtooauth", map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]})
	b.wantCode(err, "lease.held", core.Conflict)
	if n := b.exchangesSeen(); n != 0 {
		t.Errorf("sent %d times", n)
	}
}

// Who leaves the screen while Zoho answers must not lose what Zoho gives once.
func TestExchangeGoesOnWhenItIsCancelledOnTheWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"access_token":"canary-access","refresh_token":"canary-refresh","expires_in_sec":3600,"expires_in":3600000}`) //nolint:errcheck // a test server
	}))
	t.Cleanup(srv.Close)
	b.services.Endpoints = transport.Endpoints{"zoho": {"accounts": srv.URL, "desk": srv.URL}}
	out, err := b.action("zoho.authtooauth").Run(ctx, values(map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]}))
	if err != nil || out.Plain["old_token_ends"] == "" {
		t.Fatalf("%v, %v", out.Plain, err)
	}
	if c := b.conn(ids["connection"]); c.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh" {
		t.Errorf("not saved: %+v", c)
	}
}

func TestExchangeCancelledBeforeItIsSentDoesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.action("zoho.authtooauth").Run(ctx, values(map[string]string{"connection": ids["connection"], "legacy": ids["legacy"]})); core.ClassOf(err) == core.Unknown || err == nil {
		t.Errorf("cancelled: %v", err)
	}
	if n := b.exchangesSeen(); n != 0 {
		t.Errorf("sent %d times", n)
	}
}

// A code of the console works once, so what it gave is saved although the
// admin left meanwhile and another session held the store.
func TestTokensOfACodeAreSavedWhenCancelledOnTheWayAndTheStoreIsBusy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"access_token":"canary-access","refresh_token":"canary-refresh","expires_in":3600}`) //nolint:errcheck // a test server
	}))
	t.Cleanup(srv.Close)
	b.services.Endpoints = transport.Endpoints{"zoho": {"accounts": srv.URL, "desk": srv.URL}}
	b.hold(func(n int) error {
		if n <= 2 {
			return &core.Error{Code: "store.held", Class: core.Locked}
		}
		return nil
	})
	if _, err := b.action("zoho.exchange_code").Run(ctx, values(map[string]string{"connection": ids["connection"], "!code": "1000.canary.code"})); err != nil {
		t.Fatal(err)
	}
	if c := b.conn(ids["connection"]); c.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh" {
		t.Errorf("not saved: %+v", c)
	}
}

func TestCodeWhoseTokensCannotBeSavedIsSaidToBeUsedUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.begin()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"access_token":"canary-access","expires_in":3600}`) //nolint:errcheck // a test server
	}))
	t.Cleanup(srv.Close)
	b.services.Endpoints = transport.Endpoints{"zoho": {"accounts": srv.URL, "desk": srv.URL}}
	b.hold(func(int) error { return io.ErrShortWrite })
	_, err := b.action("zoho.exchange_code").Run(t.Context(), values(map[string]string{"connection": ids["connection"], "!code": "1000.canary.code"}))
	b.wantCode(err, "zoho.code-unsaved", core.Failed)
}
