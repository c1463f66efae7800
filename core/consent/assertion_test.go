package consent_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"deskward/core"
)

func serviceAccount(t *testing.T) (*bench, core.Connection) {
	t.Helper()
	b := start(t)
	b.vendor.set(func(v *vendor) { v.ask = func(url.Values) (map[string]any, int) { return nil, 0 } })
	b.cfg.Assertion = func(now time.Time) (core.Secret, error) {
		return core.NewSecret("canary-assertion-" + now.Format(time.RFC3339)), nil
	}
	return b, b.added(core.Connection{Name: "Acme robot", Platform: "acme", Grant: core.GrantServiceAccount})
}

func TestServiceAccountSendsItsAssertionAndNoClient(t *testing.T) {
	t.Parallel()
	b, c := serviceAccount(t)
	res, err := b.Unattended(context.Background(), c.ID)
	if err != nil || res.Connection.Secrets[core.SecretAccessToken].Empty() {
		t.Fatal(res.Connection.Secrets, err)
	}
	form := b.vendor.forms[0]
	if form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || form.Get("assertion") == "" {
		t.Errorf("sent %v", form)
	}
	if form.Has("client_id") || form.Has("client_secret") || form.Has("scope") {
		t.Errorf("sent besides: %v", form)
	}
	// Later tokens come by a fresh assertion, without a refresh token.
	b.clock.forward(2 * time.Hour)
	if _, err := b.Access(context.Background(), c.ID); err != nil {
		t.Fatal(err)
	}
	if again := b.vendor.forms[1]; again.Get("assertion") == "" || again.Get("assertion") == form.Get("assertion") {
		t.Errorf("the second assertion is %q", again.Get("assertion"))
	}
}

func TestAssertionThatCannotBeMadeIsNotSent(t *testing.T) {
	t.Parallel()
	b, c := serviceAccount(t)
	bad := &core.Error{Tried: "sign", On: c.Name, Code: "acme.bad-key", Class: core.Usage}
	b.cfg.Assertion = func(time.Time) (core.Secret, error) { return core.Secret{}, bad }
	_, err := b.Unattended(context.Background(), c.ID)
	want(t, err, "acme.bad-key", core.Usage)
	b.cfg.Assertion = nil
	_, err = b.Unattended(context.Background(), c.ID)
	want(t, err, "consent.no-assertion", core.Usage)
	if len(b.vendor.forms) != 0 {
		t.Errorf("sent %v", b.vendor.forms)
	}
}

func TestRefusalOfAnAssertionDoesNotRepeatIt(t *testing.T) {
	t.Parallel()
	b, c := serviceAccount(t)
	b.vendor.set(func(v *vendor) {
		v.ask = func(f url.Values) (map[string]any, int) {
			return map[string]any{"error": "invalid_grant", "error_description": "Bad: " + f.Get("assertion")}, http.StatusBadRequest
		}
	})
	_, err := b.Unattended(context.Background(), c.ID)
	want(t, err, "oauth.invalid_grant", core.Refused)
}

func TestConsentEndsWhenThePlatformSaysHowLongItLasts(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.GrantLife = 7 * 24 * time.Hour
	c := b.granted()
	if got := c.EndsAt.Sub(c.GrantedAt); got != b.cfg.GrantLife {
		t.Errorf("it ends after %s", got)
	}
	// The vendor's own word goes before it.
	b.vendor.set(func(v *vendor) { v.extra = map[string]any{"refresh_token_expires_in": 3600} })
	a := b.begin(c)
	res, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	if err != nil {
		t.Fatal(err)
	}
	if left := res.Connection.EndsAt.Sub(b.clock.Now()); left > time.Hour || left < 59*time.Minute {
		t.Errorf("it ends in %s", left)
	}
}

func TestRefusedRefreshNamesItsProbableCause(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.RefreshCause = func(key string, now time.Time) string {
		if key == "oauth.invalid_grant" && now.After(b.clock.Now().Add(-time.Minute)) {
			return "acme.week-over"
		}
		return ""
	}
	c := b.granted()
	b.vendor.set(func(v *vendor) { v.refresh = "another" })
	_, err := b.Refresh(context.Background(), c.ID)
	want(t, err, "acme.week-over", core.Refused)
	if got := b.get(c.ID).Check.Code; got != "acme.week-over" {
		t.Errorf("saved as %q", got)
	}
}

func TestDetailOfAnErrorAnswerReachesThePlatform(t *testing.T) {
	t.Parallel()
	for sent, asked := range map[any]string{"invalid_rapt": "invalid_grant/invalid_rapt", "two words": "invalid_grant", 7: "invalid_grant"} {
		b := start(t)
		b.cfg.ErrorDetail = "error_subtype"
		var got string
		b.cfg.ErrorCode = func(_ int, code, _ string) string { got = code; return "acme.refused" }
		c := b.granted()
		b.vendor.set(func(v *vendor) {
			v.fault = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				json.NewEncoder(w).Encode(map[string]any{"error": "invalid_grant", "error_subtype": sent}) //nolint:errcheck // a test server.
				return true
			}
		})
		_, err := b.Refresh(context.Background(), c.ID)
		want(t, err, "acme.refused", core.Refused)
		if got != asked {
			t.Errorf("%v: the platform was asked about %q", sent, got)
		}
	}
}

func TestRedirectGoesToThePathThatIsRegistered(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.RedirectPath = "/"
	a := b.begin(b.connection())
	u, err := url.Parse(a.Redirect)
	if err != nil || u.Path != "/" {
		t.Fatal(a.Redirect, err)
	}
	l := b.listen(a)
	if status, _, _ := fetch(t, b.vendor.agree(t, a.URL).String()); status != http.StatusOK {
		t.Errorf("the listener answers %d", status)
	}
	if _, err := l.Wait(context.Background()); err != nil {
		t.Error(err)
	}
}
