package consent_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"deskward/core"
)

// ownedBy makes the first check say whose every new grant is.
func (b *bench) ownedBy(owner string) {
	b.Check = func(ctx context.Context, id string) (core.Connection, error) {
		return b.Connections.Change(ctx, id, core.Event{Verb: core.VerbChecked}, func(c *core.Connection) error {
			c.Check = core.Check{At: b.clock.Now(), OK: owner == c.Expect}
			if !c.Check.OK {
				c.Check.Code = "connection.wrong-account"
				c.Check.Params = map[string]string{"expected": c.Expect, "owner": owner}
			}
			return nil
		})
	}
}

const expected = "desk@acme.example"

// expecting returns a connection with a good grant of the account it expects.
func expecting(t *testing.T) (*bench, core.Connection) {
	t.Helper()
	b := start(t)
	b.ownedBy(expected)
	a := b.begin(b.added(core.Connection{Name: "Acme", Platform: "acme", Grant: core.GrantCode, Expect: expected}))
	res, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	if err != nil {
		t.Fatal(err)
	}
	return b, res.Connection
}

func secretNames(c core.Connection) []string {
	var out []string
	for name := range c.Secrets {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestConsentOfTheWrongAccountLeavesTheFormerGrant(t *testing.T) {
	t.Parallel()
	b, before := expecting(t)
	b.ownedBy("intern@acme.example")
	a := b.begin(before)
	_, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	want(t, err, "consent.wrong-account-kept", core.Refused)
	if e, _ := errors.AsType[*core.Error](err); e.Params["owner"] != "intern@acme.example" || e.Params["expected"] != expected {
		t.Errorf("params %v", e.Params)
	}
	now := b.get(before.ID)
	if now.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh-1" || now.Secrets[core.SecretAccessToken].Reveal() != "canary-access-1" {
		t.Error("the former tokens are gone")
	}
	if !now.GrantedAt.Equal(before.GrantedAt) || !now.AccessExpires.Equal(before.AccessExpires) || !now.Check.OK {
		t.Errorf("restored: %+v", now)
	}
	if got := secretNames(now); !slices.Equal(got, []string{core.SecretAccessToken, core.SecretRefreshToken}) {
		t.Errorf("secrets %v", got)
	}
	if got := b.verbs(before.ID); got[len(got)-1] != core.VerbConsentRefused {
		t.Errorf("events %v", got)
	}
}

func TestFormerGrantIsDroppedOnceTheNewOneIsProved(t *testing.T) {
	t.Parallel()
	for name, check := range map[string]func(*bench){
		"by the check":    func(*bench) {},
		"without a check": func(b *bench) { b.Check = nil },
		"it was not asked": func(b *bench) {
			b.Check = func(_ context.Context, id string) (core.Connection, error) {
				return core.Connection{}, &core.Error{Code: "net.refused"}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, before := expecting(t)
			check(b)
			a := b.begin(before)
			res, err := b.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
			if err != nil {
				t.Fatal(err)
			}
			now := b.get(before.ID)
			if got := secretNames(now); !slices.Equal(got, []string{core.SecretAccessToken, core.SecretRefreshToken}) {
				t.Errorf("secrets %v", got)
			}
			if now.Secrets[core.SecretRefreshToken].Reveal() != "canary-refresh-2" || res.Connection.Rev != now.Rev {
				t.Error("the new grant is not the stored one")
			}
		})
	}
}

// TestFormerGrantOutlivesAConsentThatWasNeverChecked: the session died between
// the exchange and the first check, and the next consent is the wrong account's.
func TestFormerGrantOutlivesAConsentThatWasNeverChecked(t *testing.T) {
	t.Parallel()
	b, before := expecting(t)
	died, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(ended) })
	b.Check = func(context.Context, string) (core.Connection, error) {
		close(died)
		<-ended
		return core.Connection{}, core.ErrNotFound
	}
	a := b.begin(before)
	answer := b.vendor.agree(t, a.URL).String()
	go b.Answer(context.Background(), a.ID, answer) //nolint:errcheck // what comes of it after its death is nothing
	<-died
	next := b.session()
	next.ownedBy("intern@acme.example")
	a = next.begin(before)
	_, err := next.Answer(context.Background(), a.ID, b.vendor.agree(t, a.URL).String())
	want(t, err, "consent.wrong-account-kept", core.Refused)
	if got := b.get(before.ID).Secrets[core.SecretRefreshToken].Reveal(); got != "canary-refresh-1" {
		t.Errorf("restored %s", got)
	}
}
