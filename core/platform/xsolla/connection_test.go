package xsolla_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"deskward/core"
	"deskward/core/consent"
	"deskward/core/lookup"
	"deskward/core/platform"
	"deskward/core/platform/xsolla"
	"deskward/core/sandbox"
	"deskward/core/transport"
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
	res, err := b.consent.Unattended(t.Context(), c.ID)
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
	_, err := b.consent.Unattended(t.Context(), c.ID)
	b.wantCode("wrong secret", err, "xsolla.003-061", core.Refused)
	b.set(sandbox.XsollaTeapot)
	_, err = b.consent.Unattended(t.Context(), c.ID)
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

func TestATelephoneNumberIsAskedForWithoutTheSignsBetweenItsDigits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.add(core.Connection{
		Grant: core.GrantClientCredentials, ClientID: b.fix.ServerClientID, Settings: map[string]string{"project_id": b.fix.ProjectID},
		Secrets: core.Secrets{core.SecretClientSecret: core.NewSecret(b.fix.ServerClientSecret)},
	})
	if _, err := b.consent.Unattended(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	var asked []string // one call after the other
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("search_by")+" "+r.URL.Query().Get("search_query"))
		fmt.Fprint(w, `{"count":0,"users":[]}`)
	}))
	t.Cleanup(srv.Close)
	b.service.Endpoints = transport.Endpoints{xsolla.ID: {"login": srv.URL}}
	client, err := b.service.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"+81 (0)90-1234-5678", "（090）1234-5678", "no number"} {
		if found, err := client.(lookup.Finder).Find(t.Context(), lookup.ByPhone, typed); err != nil || len(found) != 0 {
			t.Errorf("%s: %+v, %v", typed, found, err)
		}
	}
	if !slices.Equal(asked, []string{"phone +819012345678", "phone 09012345678"}) {
		t.Errorf("asked for %q", asked)
	}
}

func TestServerClientFindsAUserByWhateverIsKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.add(core.Connection{
		Grant: core.GrantClientCredentials, ClientID: b.fix.ServerClientID, Settings: map[string]string{"project_id": b.fix.ProjectID},
		Secrets: core.Secrets{core.SecretClientSecret: core.NewSecret(b.fix.ServerClientSecret)},
	})
	if _, err := b.consent.Unattended(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	client, err := b.service.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	finder := client.(lookup.Finder)
	for kind, text := range map[lookup.QueryKind]string{
		lookup.ByEmail: b.fix.Email, lookup.ByLoginID: b.fix.UserID, lookup.ByExternalID: b.fix.UserID, lookup.ByUsername: " " + b.fix.Username,
		lookup.ByText: "Vera Visitor",
	} {
		found, err := finder.Find(t.Context(), kind, text)
		if err != nil || len(found) != 1 || found[0].ID != b.fix.UserID || found[0].ExternalID != b.fix.UserID || found[0].Email() != b.fix.Email || !found[0].Emails[0].Verified || found[0].Blocked {
			t.Errorf("%s: %+v, %v", kind, found, err)
		}
		if !slices.Contains(finder.Takes(), kind) {
			t.Errorf("%s is not offered", kind)
		}
	}
	if found, err := finder.Find(t.Context(), lookup.ByExternalID, "user-123456"); err != nil || len(found) != 0 {
		t.Errorf("nobody: %+v, %v", found, err)
	}
	if found, err := finder.Find(t.Context(), lookup.BySupportID, "1"); err != nil || found != nil {
		t.Errorf("not of this platform: %+v, %v", found, err)
	}
	b.sb.SetFault(sandbox.Fault{Service: "xsolla.login", Status: 429, RetryAfter: 7 * time.Second})
	_, err = finder.Find(t.Context(), lookup.ByEmail, b.fix.Email)
	if wait, ok := core.RetryAfter(err); !ok || wait != 7*time.Second {
		t.Errorf("throttled: %v", err)
	}
}

func TestAUsersGrantFindsNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	client, err := b.service.Dial(b.add(b.user()))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := client.(lookup.Finder); ok {
		t.Error("a user's own token looks other users up")
	}
}
