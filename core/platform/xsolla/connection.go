package xsolla

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"deskward/core"
	"deskward/core/platform"
)

// connection is what a stored connection to Xsolla Login can do.
type connection struct {
	*Login
	conn core.Connection
	env  platform.Env
}

var (
	_ platform.Checker = (*connection)(nil)
	_ platform.Revoker = (*connection)(nil)
	_ platform.Owner   = (*connection)(nil)

	_ platform.KeyLister = (*connection)(nil)
)

func dial(c core.Connection, env platform.Env) any {
	conn := &connection{NewLogin(env.HTTP, env.Endpoints, c.Name), c, env}
	if c.Grant == core.GrantClientCredentials {
		return &server{conn}
	}
	return conn
}

// Check proves a user's credential by asking whose it is, and a server's by
// looking up a user who does not exist: what it is for.
func (c *connection) Check(ctx context.Context) (core.Check, error) {
	if c.conn.Grant == core.GrantClientCredentials {
		err := c.withToken(ctx, func(token core.Secret) error { return c.MayLookUp(ctx, token, c.conn.Settings[settingProject]) })
		return core.Check{OK: err == nil}, err
	}
	u, err := c.user(ctx)
	return core.Check{OK: err == nil, Note: u.Called()}, err
}

// Owner returns the user's e-mail address, else what else names the user.
func (c *connection) Owner(ctx context.Context) (string, error) {
	if c.conn.Grant == core.GrantClientCredentials {
		return "", nil // a server's token is nobody's
	}
	u, err := c.user(ctx)
	return u.Called(), err
}

func (c *connection) user(ctx context.Context) (User, error) {
	var u User
	err := c.withToken(ctx, func(token core.Secret) error {
		var err error
		u, err = c.Me(ctx, token)
		return err
	})
	return u, err
}

// withToken calls with the access token. One that is no longer taken, because
// somebody signed in with with_logout or because it was revoked, is renewed once.
func (c *connection) withToken(ctx context.Context, fn func(core.Secret) error) error {
	token, err := c.env.Token(ctx)
	if err != nil {
		return err
	}
	err = fn(token)
	e, ok := errors.AsType[*core.Error](err)
	renewable := c.env.Renew != nil && (c.conn.Grant == core.GrantClientCredentials || !c.conn.Secrets[core.SecretRefreshToken].Empty())
	if !ok || !renewable || !tokenRefused(e) {
		return err
	}
	if token, err = c.env.Renew(ctx); err != nil {
		return err
	}
	return fn(token)
}

// tokenRefused reports whether a refusal is of the token.
func tokenRefused(e *core.Error) bool {
	return e.Class == core.Refused &&
		(e.Params["status"] == statusText(http.StatusUnauthorized) || e.Code == "xsolla.010-017" || e.Code == "xsolla.010-023")
}

// Revoke ends the grant: the refresh token, then the access token, since no
// page says that one takes the other with it.
func (c *connection) Revoke(ctx context.Context) error {
	for _, name := range []string{core.SecretRefreshToken, core.SecretAccessToken} {
		token := c.conn.Secrets[name]
		if token.Empty() {
			continue
		}
		form := url.Values{"token": {token.Reveal()}, "token_type_hint": {name}, "client_id": {c.conn.ClientID}}
		if secret := c.conn.Secrets[core.SecretClientSecret]; !secret.Empty() {
			form.Set("client_secret", secret.Reveal())
		}
		a, err := c.do(ctx, call{tried: "revoke", method: http.MethodPost, path: "/oauth2/token/revoke", form: form})
		if err != nil {
			return err
		}
		// RFC 7009 §2.2 answers 200, whose body says nothing; a page is not it.
		if a.Status != http.StatusNoContent && len(a.Body) > 0 {
			if err := c.decode(a, &struct{}{}); err != nil {
				return err
			}
		}
	}
	return nil
}
