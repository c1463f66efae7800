package consent_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
)

func TestBeginAsksByTheRules(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.ScopeSeparator = ","
	b.cfg.AuthParams = url.Values{"access_type": {"offline"}}
	a := b.begin(b.connection())
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"tenant": "1", "response_type": "code", "client_id": "client-1", "access_type": "offline",
		"scope": "tickets.read,contacts.read", "code_challenge_method": "S256",
		"redirect_uri": fmt.Sprintf("http://127.0.0.1:%d/callback/acme", b.cfg.Ports[0]),
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if n := len(q.Get("state")); n != 43 {
		t.Errorf("state has %d characters, want the 43 of 256 bits", n)
	}
	if q.Get("code_challenge") == "" {
		t.Error("no PKCE challenge")
	}
	if left := a.Expires.Sub(a.Begun); left != 5*time.Minute {
		t.Errorf("attempt lives %v", left)
	}
	noSecret(t, a.URL)
}

func TestRedirectHostIsThePlatforms(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.RedirectHost = "localhost"
	a := b.begin(b.connection())
	if want := fmt.Sprintf("http://localhost:%d/callback/acme", a.Port); a.Redirect != want || b.cfg.Redirects()[0] != want {
		t.Errorf("redirect %q, to register %q, want %q", a.Redirect, b.cfg.Redirects(), want)
	}
}

func TestNextPortIsTheNextRegisteredOne(t *testing.T) {
	t.Parallel()
	a := consent.Attempt{Port: 1, Ports: []int{1, 2}}
	if next, ok := a.NextPort(); !ok || next != 2 {
		t.Errorf("after the first: %d %v", next, ok)
	}
	a.Port = 2
	if next, ok := a.NextPort(); ok {
		t.Errorf("after the last: %d", next)
	}
}

func TestExpiredAttemptTakesNoAnswer(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	a := b.begin(c)
	l := b.listen(a)
	to := b.vendor.agree(t, a.URL).String()
	b.clock.forward(consent.AttemptTime)
	_, err := b.Answer(context.Background(), a.ID, to)
	want(t, err, "consent.expired", core.Failed)
	_, err = l.Wait(context.Background())
	want(t, err, "consent.expired", core.Failed)
	_, err = b.Pending(context.Background(), c.ID)
	want(t, err, "consent.none", core.Usage)
	if n, _ := b.vendor.counts(); n != 0 {
		t.Errorf("%d codes were sent", n)
	}
}

func TestAnotherSessionMayAnswerAfterARestart(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	first := b.begin(c)

	later := b.session()
	a, err := later.Pending(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != first.ID || a.URL != first.URL || !a.Expires.Equal(first.Expires) {
		t.Errorf("resumed %+v, began %+v", a, first)
	}
	later.listen(a)
	if status, body, _ := fetch(t, b.vendor.agree(t, a.URL).String()); status != http.StatusOK {
		t.Errorf("page: %d %s", status, body)
	}
	if _, err := b.Access(context.Background(), c.ID); err != nil {
		t.Errorf("the first session: %v", err)
	}
}

func TestWaitingSessionSeesTheAnswerGivenToAnother(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	l := b.listen(a)
	if _, err := b.session().Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String()); err != nil {
		t.Fatal(err)
	}
	res, err := l.Wait(context.Background())
	if err != nil || !res.Elsewhere || res.Connection.Secrets[core.SecretAccessToken].Empty() {
		t.Errorf("result %+v, %v", res, err)
	}
}

func TestWaitingSessionSeesThatAnotherCancelled(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	l := b.listen(a)
	if err := b.session().Cancel(context.Background(), a.ID); err != nil {
		t.Fatal(err)
	}
	_, err := l.Wait(context.Background())
	want(t, err, "consent.ended", core.Conflict)
	if err := b.Cancel(context.Background(), a.ID); err != nil {
		t.Errorf("cancelled again: %v", err)
	}
	_, err = b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	want(t, err, "consent.ended", core.Conflict)
}

func TestStoppedWaitLeavesTheAttempt(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	l := b.listen(b.begin(c))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := l.Wait(ctx)
	want(t, err, "consent.stopped", core.Failed)
	if _, err := b.Pending(context.Background(), c.ID); err != nil {
		t.Errorf("pending: %v", err)
	}
}

func TestNoSecretStandsInARecordsHeadOrAnEvent(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	a := b.begin(c)
	state := b.vendor.agree(t, a.URL).Query().Get("state")
	err := b.Store.View(context.Background(), func(r core.Reader) error {
		for rec, err := range r.Heads(core.KindAttempt, core.ListOptions{}) {
			if err != nil {
				return err
			}
			if strings.Contains(string(rec.Head), state) {
				t.Error("the state stands in a head")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String()); err != nil {
		t.Fatal(err)
	}
	events, err := b.Events.Recent(context.Background(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	noSecret(t, fmt.Sprintf("%+v", events))
}
