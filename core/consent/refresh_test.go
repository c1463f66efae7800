package consent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/platform"
	"deskward/core/transport/loopbacktest"
)

// A consent service is where platforms' clients get their tokens.
var (
	_ platform.TokenSource = (*bench)(nil)
	_ platform.Refresher   = (*bench)(nil)
)

// rotating starts with a granted connection on a server that rotates.
func rotating(t *testing.T) (*bench, core.Connection) {
	t.Helper()
	b := start(t)
	b.vendor.rotates, b.cfg.RefreshRotates = true, true
	return b, b.granted()
}

func access(t *testing.T, b *bench, id string) string {
	t.Helper()
	s, err := b.Access(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s.Reveal()
}

func TestAccessTokenIsRenewedInItsLastMinute(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	b.clock.forward(58 * time.Minute)
	if got := access(t, b, c.ID); got != "canary-access-1" {
		t.Errorf("two minutes before: %s", got)
	}
	b.clock.forward(time.Minute + time.Second)
	if got := access(t, b, c.ID); got != "canary-access-2" {
		t.Errorf("in the last minute: %s", got)
	}
	saved := b.get(c.ID)
	if saved.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh-2" || !saved.RefreshBegun.IsZero() {
		t.Errorf("saved: begun %v", saved.RefreshBegun)
	}
	if got := b.verbs(c.ID); got[len(got)-1] != core.VerbRefreshed {
		t.Errorf("events %v", got)
	}
}

func TestRefreshTokenStaysWhenNoneComes(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.granted()
	c, err := b.Refresh(context.Background(), c.ID)
	if err != nil || c.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh-1" || c.Secrets[core.SecretAccessToken].Reveal() != "canary-access-2" {
		t.Errorf("refreshed: %v", err)
	}
}

func TestFiftyGoroutinesRefreshOnce(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	b.clock.forward(2 * time.Hour)
	sessions := []*bench{b, b.session(), b.session()}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			s, err := sessions[i%3].Access(context.Background(), c.ID)
			if err != nil || s.Reveal() != "canary-access-2" {
				t.Errorf("access: %v", err)
			}
		})
	}
	wg.Wait()
	if _, n := b.vendor.counts(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

func TestJournalIsWrittenBeforeTheRequestIsSent(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	b.vendor.set(func(v *vendor) {
		v.fault = func(http.ResponseWriter, *http.Request) bool {
			if b.get(c.ID).RefreshBegun.IsZero() {
				t.Error("no journal line while the request is under way")
			}
			return false
		}
	})
	if _, err := b.Refresh(context.Background(), c.ID); err != nil {
		t.Fatal(err)
	}
}

func TestLostAnswerOfARotationIsUnknownUntilAPersonDecides(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	b.vendor.set(func(v *vendor) {
		v.fault = func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "canary", http.StatusBadGateway)
			return true
		}
	})
	_, err := b.Refresh(context.Background(), c.ID)
	want(t, err, "consent.refresh-unknown", core.Unknown)
	if got := access(t, b, c.ID); got != "canary-access-1" {
		t.Errorf("the stored access token, still valid: %s", got)
	}
	b.vendor.set(func(v *vendor) { v.fault = nil })
	b.clock.forward(2 * time.Hour)
	for range 2 {
		_, err = b.session().Access(context.Background(), c.ID)
		want(t, err, "consent.refresh-unknown", core.Unknown)
	}
	if _, n := b.vendor.counts(); n != 1 {
		t.Fatalf("%d refreshes were sent without asking", n)
	}
	if c, err = b.ForceRefresh(context.Background(), c.ID); err != nil || !c.RefreshBegun.IsZero() {
		t.Errorf("forced: %v", err)
	}
	if got := access(t, b, c.ID); got != "canary-access-2" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestLostAnswerIsTriedAgainWhereNothingRotates(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.granted()
	b.vendor.set(func(v *vendor) {
		v.fault = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	})
	_, err := b.Refresh(context.Background(), c.ID)
	want(t, err, "net.cut", core.Failed)
	if saved := b.get(c.ID); saved.Secrets[core.SecretRefreshToken].Empty() || !saved.RefreshBegun.IsZero() {
		t.Error("a failure of the network changed the connection")
	}
	b.vendor.set(func(v *vendor) { v.fault = nil })
	if _, err := b.Refresh(context.Background(), c.ID); err != nil {
		t.Error(err)
	}
}

func TestUnreachableServerLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	b.cfg.TokenURL = fmt.Sprintf("http://127.0.0.1:%d/token", loopbacktest.FreePort(t))
	b.cfg.Hosts = []string{b.cfg.TokenURL[len("http://") : len(b.cfg.TokenURL)-len("/token")]}
	_, err := b.Refresh(context.Background(), c.ID)
	want(t, err, "net.refused", core.Failed)
	if !b.get(c.ID).RefreshBegun.IsZero() {
		t.Error("the journal says that a refresh may have happened")
	}
}

func TestRefusedRefreshKeepsTheRecordAndSaysWhy(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	b.vendor.set(func(v *vendor) { v.refresh = "another" })
	_, err := b.Refresh(context.Background(), c.ID)
	want(t, err, "oauth.invalid_grant", core.Refused)
	e, _ := errors.AsType[*core.Error](err)
	if e.Params["description"] != "because␛[31m" {
		t.Errorf("description %q", e.Params["description"])
	}
	saved := b.get(c.ID)
	if saved.Check.OK || saved.Check.Code != "oauth.invalid_grant" || saved.Secrets[core.SecretRefreshToken].Empty() || !saved.RefreshBegun.IsZero() {
		t.Errorf("saved check %+v", saved.Check)
	}
	if got := b.verbs(c.ID); got[len(got)-1] != core.VerbRefreshRefused {
		t.Errorf("events %v", got)
	}
}

// TestSecretsThatAServerRepeatsAreNotTold: some put the request into their error.
func TestSecretsThatAServerRepeatsAreNotTold(t *testing.T) {
	t.Parallel()
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInParams, oauth2.AuthStyleInHeader} {
		b := start(t)
		b.cfg.AuthStyle = style
		c := b.granted()
		b.vendor.set(func(v *vendor) {
			v.fault = func(w http.ResponseWriter, r *http.Request) bool {
				_, secret, _ := r.BasicAuth()
				w.WriteHeader(http.StatusBadRequest)
				json.NewEncoder(w).Encode(map[string]string{ //nolint:errcheck // a test server.
					"error":             "invalid_grant",
					"error_description": r.PostForm.Encode() + secret + r.Header.Get("Authorization"),
				})
				return true
			}
		})
		_, err := b.Refresh(context.Background(), c.ID)
		want(t, err, "oauth.invalid_grant", core.Refused)
		noSecret(t, fmt.Sprintf("%+v", b.get(c.ID).Check))
		e, _ := errors.AsType[*core.Error](err)
		noSecret(t, e.Params["description"])
	}
}

func TestVendorsThrottleSaysNothingOfTheCredential(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.granted()
	for _, fault := range []func(w http.ResponseWriter, _ *http.Request) bool{
		func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		},
		func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, `{"error":"access_denied","error_description":"too many requests"}`) // Zoho, status 200
			return true
		},
	} {
		b.vendor.set(func(v *vendor) { v.fault = fault })
		if _, err := b.Refresh(context.Background(), c.ID); err == nil {
			t.Error("no error")
		}
		if saved := b.get(c.ID); !saved.Check.At.IsZero() {
			t.Errorf("check %+v", saved.Check)
		}
	}
}

func TestRefreshesOfAClockThatWasWrongKeepNobodyFromRenewing(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.RefreshLimit, b.cfg.RefreshWindow = 3, 10*time.Minute
	c := b.granted()
	b.clock.forward(24 * time.Hour)
	for range 3 {
		if _, err := b.Refresh(context.Background(), c.ID); err != nil {
			t.Fatal(err)
		}
	}
	b.clock.forward(-24 * time.Hour) // the clock is put right
	if _, err := b.session().Refresh(context.Background(), c.ID); err != nil {
		t.Error(err)
	}
}

func TestRefreshesKeepWithinTheVendorsLimit(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.RefreshLimit, b.cfg.RefreshWindow = 3, 10*time.Minute
	c := b.granted()
	for range 3 {
		if _, err := b.Refresh(context.Background(), c.ID); err != nil {
			t.Fatal(err)
		}
		b.clock.forward(time.Minute)
	}
	_, err := b.session().Refresh(context.Background(), c.ID)
	want(t, err, "consent.refresh-throttled", core.Failed)
	if e, _ := errors.AsType[*core.Error](err); e.Params["seconds"] != "420" {
		t.Errorf("params %v", e.Params)
	}
	if _, n := b.vendor.counts(); n != 3 {
		t.Errorf("%d refreshes", n)
	}
	b.clock.forward(7 * time.Minute)
	if _, err := b.Refresh(context.Background(), c.ID); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

// TestLostLeaseDoesNotLoseTheRotatedToken: a refresh takes longer than its
// lease, which another session takes meanwhile.
func TestLostLeaseDoesNotLoseTheRotatedToken(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	other := b.session()
	b.vendor.set(func(v *vendor) {
		v.fault = func(http.ResponseWriter, *http.Request) bool {
			b.clock.forward(core.LeaseTime)
			if _, err := other.Leases.Take(context.Background(), c.ID); err != nil {
				t.Error(err)
			}
			return false
		}
	})
	if _, err := b.Refresh(context.Background(), c.ID); err != nil {
		t.Fatal(err)
	}
	if got := b.get(c.ID).Secrets[core.SecretRefreshToken].Reveal(); got != "canary-refresh-2" {
		t.Errorf("saved %s", got)
	}
}

// TestNewConsentWinsOverARefreshUnderWay: the older grant's tokens must not
// replace the newer's.
func TestNewConsentWinsOverARefreshUnderWay(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]string{"refresh succeeds": "", "refresh is refused": "revoked"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, c := rotating(t)
			var once sync.Once
			b.vendor.set(func(v *vendor) {
				v.fault = func(_ http.ResponseWriter, r *http.Request) bool {
					if r.PostForm.Get("grant_type") == "refresh_token" {
						once.Do(func() {
							a := b.begin(c)
							if _, err := b.session().Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String()); err != nil {
								t.Error(err)
							}
							if old == "" { // the vendor knows both grants
								b.vendor.set(func(v *vendor) { v.refresh = "canary-refresh-1" })
							}
						})
					}
					return false
				}
			})
			if _, err := b.Refresh(context.Background(), c.ID); err != nil {
				t.Error(err)
			}
			saved := b.get(c.ID)
			if got := saved.Secrets[core.SecretRefreshToken].Reveal(); got != "canary-refresh-2" || saved.Check.Code != "" {
				t.Errorf("saved %s, check %+v", got, saved.Check)
			}
		})
	}
}

// TestCallerThatLeavesWaitsForARefreshThatWasSent: who counts the callers
// would else end the program before the rotated token is saved.
func TestCallerThatLeavesWaitsForARefreshThatWasSent(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	b.vendor.set(func(v *vendor) {
		v.fault = func(http.ResponseWriter, *http.Request) bool {
			close(arrived)
			<-release
			return false
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := b.Refresh(ctx, c.ID)
			done <- err
		}()
	}
	<-arrived
	cancel()
	select {
	case err := <-done:
		t.Fatalf("a caller left while the request was under way: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	for range 2 {
		// The second may have come only after the first one's context ended.
		if err := <-done; err != nil && core.CodeOf(err) != "consent.stopped" && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if got := b.get(c.ID).Secrets[core.SecretRefreshToken].Reveal(); got != "canary-refresh-2" {
		t.Errorf("saved %s when the callers had gone", got)
	}
}

// TestRefreshEndsWhenItsLastCallerLeavesBeforeItIsSent: nothing is journaled
// and nothing sent.
func TestRefreshEndsWhenItsLastCallerLeavesBeforeItIsSent(t *testing.T) {
	t.Parallel()
	b, c := rotating(t)
	lease, err := b.session().Leases.Take(context.Background(), c.ID) // so it waits
	if err != nil {
		t.Fatal(err)
	}
	first, leaveFirst := context.WithCancel(context.Background())
	second, leaveSecond := context.WithCancel(context.Background())
	defer leaveSecond()
	done := make(chan error, 2)
	for _, ctx := range []context.Context{first, second} {
		go func() {
			_, err := b.Refresh(ctx, c.ID)
			done <- err
		}()
	}
	leaveFirst()
	if err := <-done; core.CodeOf(err) != "consent.stopped" && !errors.Is(err, context.Canceled) {
		t.Errorf("the first to leave: %v", err)
	}
	leaveSecond()
	if err := <-done; core.CodeOf(err) != "consent.stopped" && !errors.Is(err, context.Canceled) {
		t.Errorf("the last to leave: %v", err)
	}
	if err := b.Store.Update(context.Background(), func(w core.Writer) error { return b.Leases.Release(w, lease) }); err != nil {
		t.Fatal(err)
	}
	if _, n := b.vendor.counts(); n != 0 || !b.get(c.ID).RefreshBegun.IsZero() {
		t.Errorf("%d refreshes sent", n)
	}
	if _, err := b.Refresh(context.Background(), c.ID); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func TestAccessWithoutAGrantSaysSo(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, err := b.Access(context.Background(), b.connection().ID)
	want(t, err, "consent.not-granted", core.Usage)

	c := b.added(core.Connection{Name: "short", Platform: "acme", Grant: core.GrantCode, AccessExpires: b.clock.Now().Add(30 * time.Second), Secrets: core.Secrets{core.SecretAccessToken: core.NewSecret("canary-last")}})
	if got := access(t, b, c.ID); got != "canary-last" {
		t.Errorf("in its last minute: %s", got)
	}
	b.clock.forward(time.Minute)
	_, err = b.Access(context.Background(), c.ID)
	want(t, err, "consent.ended-access", core.Failed)
	_, err = b.Access(context.Background(), core.NewID())
	want(t, err, core.ErrNotFound.Code, core.Usage)
}

func TestClientCredentialsAreAskedForAgainWhenEnded(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.TokenParams = map[string][]string{"soid": {"Desk.1"}}
	b.cfg.RefreshRotates = true // speaks of refresh tokens only
	c := b.added(core.Connection{Name: "Acme", Platform: "acme", Grant: core.GrantClientCredentials})
	if _, err := b.Unattended(context.Background(), c.ID); err != nil {
		t.Fatal(err)
	}
	form := b.vendor.forms[0]
	if form.Get("soid") != "Desk.1" || form.Get("scope") != "tickets.read contacts.read" || form.Get("grant_type") != "client_credentials" {
		t.Errorf("form %v", form)
	}
	b.clock.forward(2 * time.Hour)
	if got := access(t, b, c.ID); got != "canary-access-2" {
		t.Errorf("after its end: %s", got)
	}
	if got, want := b.verbs(c.ID), []core.Verb{core.VerbAdded, core.VerbGranted, core.VerbRefreshed}; !slices.Equal(got, want) {
		t.Errorf("events %v", got)
	}
}

func TestPastedCodeHasNoRedirectAndNoVerifier(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.vendor.codes["1000.canary.code"] = nil
	c := b.added(core.Connection{Name: "Acme", Platform: "acme", Grant: core.GrantPastedCode})
	res, err := b.PastedCode(context.Background(), c.ID, " \"1000.canary\n.code\" ")
	if err != nil || res.Connection.Secrets[core.SecretRefreshToken].Empty() {
		t.Fatalf("result %+v, %v", res, err)
	}
	if form := b.vendor.forms[0]; form.Has("redirect_uri") || form.Has("code_verifier") {
		t.Errorf("form %v", form)
	}
	_, err = b.PastedCode(context.Background(), c.ID, "1000.canary.code")
	want(t, err, "oauth.invalid_grant", core.Refused)
	_, err = b.PastedCode(context.Background(), c.ID, "  ")
	want(t, err, "consent.paste-empty", core.Usage)
}
