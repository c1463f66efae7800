package consent_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
)

// patience is how long a test waits for what must happen, so that it fails
// rather than wait for the end of an attempt.
const patience = 30 * time.Second

func (b *bench) open(c core.Connection, o consent.OpenOptions) consent.Opened {
	b.t.Helper()
	got, err := b.Open(context.Background(), c.ID, o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { got.Close() })
	return got
}

// TestTakingUpLeavesTheSessionThatHoldsThePortItsAttempt: the second session
// waits for what the first one gets.
func TestTakingUpLeavesTheSessionThatHoldsThePortItsAttempt(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	other := b.session()
	other.Holder = func(int) (int, string, bool) { return 4711, "deskward", true }
	first := b.open(c, consent.OpenOptions{})
	second := other.open(c, consent.OpenOptions{})
	if first.Listener == nil || !second.Resumed || second.Listener != nil || second.Attempt.ID != first.Attempt.ID {
		t.Fatalf("second session: %+v", second)
	}
	want(t, second.Deaf, "consent.port-busy", core.Conflict)
	if status, body, _ := fetch(t, b.vendor.agree(t, first.Attempt.URL).String()); status != http.StatusOK {
		t.Fatalf("page: %s", body)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := first.Wait(ctx); err != nil {
		t.Errorf("first session: %v", err)
	}
	if res, err := second.Wait(ctx); err != nil || !res.Elsewhere {
		t.Errorf("second session: %+v, %v", res, err)
	}
}

func TestNewAttemptGoesToTheNextPortThatIsFree(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.Holder = func(int) (int, string, bool) { return 0, "", false }
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", b.cfg.Ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := b.connection()
	o := b.open(c, consent.OpenOptions{})
	if o.Listener == nil || o.Attempt.Port != b.cfg.Ports[1] || len(o.Busy) != 1 {
		t.Errorf("opened %+v", o)
	}
	o.Close()
	only := b.open(c, consent.OpenOptions{Anew: true, Port: b.cfg.Ports[0]})
	if only.Listener != nil || only.Attempt.Port != b.cfg.Ports[0] || only.Resumed {
		t.Errorf("asked for the busy port: %+v", only)
	}
	want(t, only.Deaf, "consent.port-busy-unknown", core.Conflict)
}

// TestWaitThatIsStoppedDuringAnExchangeReturnsWhatItGave: the answer was taken.
func TestWaitThatIsStoppedDuringAnExchangeReturnsWhatItGave(t *testing.T) {
	t.Parallel()
	b := start(t)
	o := b.open(b.connection(), consent.OpenOptions{})
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	b.vendor.set(func(v *vendor) {
		v.fault = func(http.ResponseWriter, *http.Request) bool {
			stop()
			return false
		}
	})
	go http.Get(b.vendor.agree(t, o.Attempt.URL).String()) //nolint:errcheck,bodyclose // the page is another test's.
	res, err := o.Wait(ctx)
	if err != nil || res.Connection.Secrets[core.SecretRefreshToken].Empty() {
		t.Errorf("stopped during the exchange: %v", err)
	}
}

// TestWhoeverWaitsHereIsToldWhyAnAnswerEndedTheAttempt: the refusal was pasted
// by another part of this process, and the store knows only that it is over.
func TestWhoeverWaitsHereIsToldWhyAnAnswerEndedTheAttempt(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	to := b.vendor.agree(t, a.URL)
	q := to.Query()
	q.Del("code")
	q.Set("error", "access_denied")
	to.RawQuery = q.Encode()
	_, err := b.Answer(context.Background(), a.ID, to.String())
	want(t, err, "oauth.access_denied", core.Refused)
	_, err = b.Watch(context.Background(), a)
	want(t, err, "oauth.access_denied", core.Refused)
	_, err = b.session().Watch(context.Background(), a) // another process cannot know
	want(t, err, "consent.ended", core.Conflict)
}
