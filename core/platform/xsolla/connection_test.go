package xsolla_test

import (
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/sandbox"
	"deskward/core/visitortoken"
)

func (b *bench) add(c core.Connection) core.Connection {
	b.Helper()
	c.Name, c.Platform = "Acme shop", "xsolla"
	c, err := b.services.Connections.Add(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func (b *bench) user() core.Connection {
	return core.Connection{
		Grant: core.GrantCode, ClientID: b.fix.ClientID, Scopes: []string{"offline"},
		Settings: map[string]string{"project_id": b.fix.ProjectID, "provider": b.fix.Provider},
		Secrets:  core.Secrets{core.SecretClientSecret: core.NewSecret(b.fix.ClientSecret)},
	}
}

// consented adds a connection and consents to it in the terminal.
func (b *bench) consented() consent.Result {
	b.Helper()
	c := b.add(b.user())
	attempt, err := b.consent.Begin(b.Context(), c.ID, consent.BeginOptions{})
	if err != nil {
		b.Fatal(err)
	}
	to := b.agree(attempt.URL)
	res, err := b.consent.Answer(b.Context(), attempt.ID, to.Reveal())
	if err != nil {
		b.Fatal(err)
	}
	return res
}

func (b *bench) check(id string) core.Check {
	b.Helper()
	c, err := b.service.Check(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return c.Check
}

func TestConsentThroughASocialNetworkIsProvedByWhoseTokenItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	res := b.consented()
	if !res.Proved() || res.Connection.Check.Note != "sol@acme.example" || res.Connection.Secrets[core.SecretRefreshToken].Empty() {
		t.Errorf("%+v", res.Connection.Check)
	}
	b.sb.Clock().Advance(2 * time.Hour)
	if got := b.check(res.Connection.ID); !got.OK {
		t.Errorf("after the access token ended: %+v", got)
	}
}

// Another sign-in with with_logout, or a revocation, ends a token early.
func TestATokenEndedElsewhereIsRenewedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	res := b.consented()
	b.sb.SetFault(sandbox.Fault{Service: "xsolla.login", Path: "/api/users/me", Status: 401, Times: 1})
	if got := b.check(res.Connection.ID); !got.OK || len(got.Calls) != 3 {
		t.Errorf("%+v", got)
	}
}

func TestServerClientIsProvedByALookUpOfNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.add(core.Connection{
		Grant: core.GrantClientCredentials, ClientID: b.fix.ServerClientID, Settings: map[string]string{"project_id": b.fix.ProjectID},
		Secrets: core.Secrets{core.SecretClientSecret: core.NewSecret(b.fix.ServerClientSecret)},
	})
	res, err := b.consent.ClientCredentials(t.Context(), c.ID)
	if err != nil || !res.Proved() {
		t.Fatalf("%+v, %v", res.Connection.Check, err)
	}
	_, err = b.services.Connections.Change(t.Context(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		c.Settings["project_id"] = b.fix.RSAProjectID
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.check(c.ID); got.OK || got.Code != "xsolla.003-061" {
		t.Errorf("another project: %+v", got)
	}
}

func TestTokenEndpointsErrorsAreReadInXsollasShape(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.add(core.Connection{
		Grant: core.GrantClientCredentials, ClientID: b.fix.ServerClientID, Settings: map[string]string{"project_id": b.fix.ProjectID},
		Secrets: core.Secrets{core.SecretClientSecret: core.NewSecret("canary-secret")},
	})
	_, err := b.consent.ClientCredentials(t.Context(), c.ID)
	b.wantCode("wrong secret", err, "xsolla.003-061", core.Refused)
	b.set(sandbox.XsollaTeapot)
	_, err = b.consent.ClientCredentials(t.Context(), c.ID)
	b.wantCode("teapot", err, "xsolla.418", core.Refused)
}

func TestRevokeEndsTheGrant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.consented().Connection
	client, err := b.service.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.(platform.Revoker).Revoke(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.check(c.ID); got.OK || got.Code != "xsolla.010-017" {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestKeyListOfAProjectNeedsNoConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	list, err := b.service.KeyList(t.Context(), "xsolla", b.fix.RSAProjectID)
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := visitortoken.ParseKeyList([]byte(list)); err != nil || len(keys) == 0 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if _, err := b.service.KeyList(t.Context(), "xsolla", b.fix.ProjectID); core.CodeOf(err) != "xsolla.no-keys" {
		t.Errorf("of an HS256 project: %v", err)
	}
}
