package peertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/storage"
	"golang.org/x/crypto/bcrypt"
	xoauth2 "golang.org/x/oauth2"

	"deskward/core"
	"deskward/core/transport/loopbacktest"
)

// fositeServer is an authorization server made of ory/fosite, with PKCE
// enforced. It agrees to everything that is asked.
func fositeServer(t *testing.T) *httptest.Server {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(clientSecret), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	store := storage.NewMemoryStore()
	store.Clients["deskward"] = &fosite.DefaultClient{
		ID: "deskward", Secret: hash,
		RedirectURIs:  []string{"http://127.0.0.1/callback/oauth2"},
		GrantTypes:    fosite.Arguments{"authorization_code", "refresh_token", "client_credentials"},
		ResponseTypes: fosite.Arguments{"code"},
		Scopes:        fosite.Arguments{"offline", "tickets.read", "contacts.read"},
	}
	config := &fosite.Config{
		GlobalSecret: []byte("a test's secret of at least 32 b"), EnforcePKCE: true,
		AccessTokenLifespan: time.Hour, SendDebugMessagesToClients: true,
	}
	provider := compose.Compose(config, store, &compose.CommonStrategy{CoreStrategy: compose.NewOAuth2HMACStrategy(config)},
		compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2RefreshTokenGrantFactory, compose.OAuth2ClientCredentialsGrantFactory,
		compose.OAuth2PKCEFactory, compose.OAuth2TokenIntrospectionFactory, compose.OAuth2TokenRevocationFactory)
	srv := httptest.NewServer(fositeHandler(provider))
	t.Cleanup(srv.Close)
	return srv
}

// fositeHandler serves the provider's endpoints, as its documentation shows.
func fositeHandler(provider fosite.OAuth2Provider) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		req, err := provider.NewAuthorizeRequest(ctx, r)
		if err != nil {
			provider.WriteAuthorizeError(ctx, w, req, err)
			return
		}
		for _, scope := range req.GetRequestedScopes() {
			if scope != r.URL.Query().Get("without") {
				req.GrantScope(scope)
			}
		}
		resp, err := provider.NewAuthorizeResponse(ctx, req, &fosite.DefaultSession{Subject: "mina"})
		if err != nil {
			provider.WriteAuthorizeError(ctx, w, req, err)
			return
		}
		provider.WriteAuthorizeResponse(ctx, w, req, resp)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		req, err := provider.NewAccessRequest(ctx, r, &fosite.DefaultSession{})
		if err != nil {
			provider.WriteAccessError(ctx, w, req, err)
			return
		}
		if req.GetGrantTypes().ExactOne("client_credentials") {
			for _, scope := range req.GetRequestedScopes() {
				req.GrantScope(scope)
			}
		}
		resp, err := provider.NewAccessResponse(ctx, req)
		if err != nil {
			provider.WriteAccessError(ctx, w, req, err)
			return
		}
		provider.WriteAccessResponse(ctx, w, req, resp)
	})
	mux.HandleFunc("/introspect", func(w http.ResponseWriter, r *http.Request) {
		resp, err := provider.NewIntrospectionRequest(r.Context(), r, &fosite.DefaultSession{})
		if err != nil {
			provider.WriteIntrospectionError(r.Context(), w, err)
			return
		}
		provider.WriteIntrospectionResponse(r.Context(), w, resp)
	})
	mux.HandleFunc("/revoke", func(w http.ResponseWriter, r *http.Request) {
		provider.WriteRevocationResponse(r.Context(), w, provider.NewRevocationRequest(r.Context(), r))
	})
	return mux
}

func fositeConnection(s *session, srv *httptest.Server, scopes ...string) core.Connection {
	s.t.Helper()
	return s.add(core.Connection{
		ClientID: "deskward", Scopes: scopes,
		Settings: map[string]string{
			"auth_url": srv.URL + "/auth", "token_url": srv.URL + "/token",
			"introspect_url": srv.URL + "/introspect", "revoke_url": srv.URL + "/revoke",
		},
		Secrets: core.Secrets{core.SecretClientSecret: core.NewSecret(clientSecret)},
	})
}

// visit opens an address and returns where it sends the browser, without going there.
func visit(t *testing.T, address string) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	to := resp.Header.Get("Location")
	if to == "" {
		t.Fatalf("no redirect, status %d", resp.StatusCode)
	}
	return to
}

func fositeGranted(t *testing.T, s *session, srv *httptest.Server) core.Connection {
	t.Helper()
	c := fositeConnection(s, srv, "offline", "tickets.read")
	a := s.begin(c, loopbacktest.FreePort(t))
	res, err := s.Answer(context.Background(), a.ID, visit(t, a.URL))
	if err != nil {
		t.Fatal(err)
	}
	if !res.Proved() || res.Connection.Secrets[core.SecretRefreshToken].Empty() {
		t.Fatalf("result %+v", res)
	}
	return res.Connection
}

func TestFositeCodeFlowByLoopback(t *testing.T) {
	t.Parallel()
	s, srv := start(t), fositeServer(t)
	a := s.begin(fositeConnection(s, srv, "offline", "tickets.read"), loopbacktest.FreePort(t))
	l := s.listen(a)
	junk(t, a)
	resp, err := http.Get(visit(t, a.URL))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	res, err := l.Wait(context.Background())
	if err != nil || !res.Proved() || len(res.Missing) != 0 {
		t.Errorf("result %+v, %v", res, err)
	}
}

func TestFositeGrantsLessThanAsked(t *testing.T) {
	t.Parallel()
	s, srv := start(t), fositeServer(t)
	a := s.begin(fositeConnection(s, srv, "offline", "tickets.read", "contacts.read"), loopbacktest.FreePort(t))
	res, err := s.Answer(context.Background(), a.ID, visit(t, a.URL+"&without=contacts.read"))
	if err != nil || len(res.Missing) != 1 || res.Missing[0] != "contacts.read" {
		t.Errorf("missing %v, %v", res.Missing, err)
	}
}

// TestFositeRefusesACodeOfAnotherVerifier pastes a code that was made for
// another attempt: PKCE alone must stop it.
func TestFositeRefusesACodeOfAnotherVerifier(t *testing.T) {
	t.Parallel()
	s, srv := start(t), fositeServer(t)
	c := fositeConnection(s, srv, "offline")
	a := s.begin(c, loopbacktest.FreePort(t))
	u, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("code_challenge", xoauth2.S256ChallengeFromVerifier(xoauth2.GenerateVerifier()))
	u.RawQuery = q.Encode()
	to, err := url.Parse(visit(t, u.String()))
	if err != nil {
		t.Fatal(err)
	}
	// Nothing says that this server holds to S256, so a code alone is not sent.
	_, err = s.Answer(context.Background(), a.ID, to.Query().Get("code"))
	want(t, err, "consent.paste-whole", core.Usage)
	_, err = s.Answer(context.Background(), a.ID, to.String())
	want(t, err, "oauth.invalid_grant", core.Refused)
}

func TestFositeRefusesACodeTwice(t *testing.T) {
	t.Parallel()
	s, srv := start(t), fositeServer(t)
	c := fositeConnection(s, srv, "offline")
	a := s.begin(c, loopbacktest.FreePort(t))
	to := visit(t, a.URL)
	if _, err := s.Answer(context.Background(), a.ID, to); err != nil {
		t.Fatal(err)
	}
	_, err := s.Answer(context.Background(), a.ID, to)
	want(t, err, "consent.ended", core.Conflict) // ours does not even ask
}

func TestFositeRotatesAndWeKeepTheNewToken(t *testing.T) {
	t.Parallel()
	s, srv := start(t), fositeServer(t)
	c := fositeGranted(t, s, srv)
	first := c.Secrets[core.SecretRefreshToken]
	for range 3 {
		before := c.Secrets[core.SecretRefreshToken]
		var err error
		if c, err = s.Refresh(context.Background(), c.ID); err != nil {
			t.Fatal(err)
		}
		if c.Secrets[core.SecretRefreshToken].Equal(before) {
			t.Fatal("the server did not rotate")
		}
	}
	s.clock.forward(2 * time.Hour)
	if _, err := s.Access(context.Background(), c.ID); err != nil {
		t.Errorf("after the end of the access token: %v", err)
	}

	// The old token, sent again, is refused.
	_, err := s.Connections.Change(context.Background(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		c.Secrets = c.Secrets.With(core.SecretRefreshToken, first)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Refresh(context.Background(), c.ID)
	want(t, err, "oauth.invalid_grant", core.Refused)
}

func TestFositeRevokedTokenIsTold(t *testing.T) {
	t.Parallel()
	s, srv := start(t), fositeServer(t)
	c := fositeGranted(t, s, srv)
	refresh, access := c.Secrets[core.SecretRefreshToken], c.Secrets[core.SecretAccessToken]
	c, err := s.platform.Revoke(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	// Someone kept a copy of the tokens.
	if _, err = s.Connections.Change(context.Background(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		c.Secrets = c.Secrets.With(core.SecretRefreshToken, refresh).With(core.SecretAccessToken, access)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Refresh(context.Background(), c.ID)
	want(t, err, "oauth.invalid_grant", core.Refused)
}

func TestFositeClientCredentials(t *testing.T) {
	t.Parallel()
	s, srv := start(t), fositeServer(t)
	c := fositeConnection(s, srv, "tickets.read")
	c, err := s.Connections.Change(context.Background(), c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error {
		c.Grant = core.GrantClientCredentials
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Unattended(context.Background(), c.ID)
	if err != nil || !res.Proved() {
		t.Fatalf("result %+v, %v", res, err)
	}
	s.clock.forward(2 * time.Hour)
	again, err := s.Access(context.Background(), c.ID)
	if err != nil || again.Equal(res.Connection.Secrets[core.SecretAccessToken]) {
		t.Errorf("again: %v", err)
	}
}
