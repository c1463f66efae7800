package consent

import (
	"context"
	"maps"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"deskward/core"
)

// PastedCode exchanges a code that the person made in the vendor's console
// (Zoho self client): no redirect URI and no PKCE belong to it. Blanks and
// quotes around and within it are dropped. What cannot be a code fails with
// code consent.paste-….
func (s *Service) PastedCode(ctx context.Context, connectionID, code string) (Result, error) {
	c, cfg, err := s.prepare(ctx, connectionID)
	if err != nil {
		return Result{}, err
	}
	p, bad := parsePaste(code)
	if bad == "" && p.params.Get("code") == "" {
		bad = "consent.paste-no-code"
	}
	if bad != "" {
		return Result{}, &core.Error{Tried: "paste", On: c.Name, Code: bad, Class: core.Usage}
	}
	return s.obtain(ctx, c, cfg, func(ctx context.Context, oc *oauth2.Config) (*oauth2.Token, error) {
		return oc.Exchange(ctx, p.params.Get("code"))
	})
}

// Unattended gets the first access token of a connection whose grant needs no
// person: client credentials (RFC 6749 §4.4) or an assertion (RFC 7523
// §2.1). Later ones come by Access.
func (s *Service) Unattended(ctx context.Context, connectionID string) (Result, error) {
	c, cfg, err := s.prepare(ctx, connectionID)
	if err != nil {
		return Result{}, err
	}
	return s.obtain(ctx, c, cfg, cfg.unattended(c.Grant, s.Clock.Now()))
}

// triedObtain is what was tried where no person gives a code.
const triedObtain = "obtain"

// unattended is the request of a grant that needs no person.
func (c Config) unattended(g core.Grant, now time.Time) func(context.Context, *oauth2.Config) (*oauth2.Token, error) {
	if g == core.GrantServiceAccount || g == core.GrantJWTBearer {
		return func(ctx context.Context, oc *oauth2.Config) (*oauth2.Token, error) { return c.assert(ctx, oc, now) }
	}
	return c.clientCredentials
}

// jwtBearer is the grant type of RFC 7523 §2.1.
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// assert makes the request of RFC 7523 §2.1. The assertion says who asks, so
// neither client id nor secret goes with it.
func (c Config) assert(ctx context.Context, oc *oauth2.Config, now time.Time) (*oauth2.Token, error) {
	if c.Assertion == nil {
		return nil, &core.Error{Tried: triedObtain, Code: "consent.no-assertion", Class: core.Usage}
	}
	assertion, err := c.Assertion(now)
	if err != nil {
		return nil, err
	}
	return postToken(ctx, &oauth2.Config{Endpoint: oc.Endpoint}, url.Values{"grant_type": {jwtBearer}, "assertion": {assertion.Reveal()}})
}

// obtain makes a first token call that has no attempt, saves what it gave and
// makes the first check. Once sent it is finished even if the caller goes away.
func (s *Service) obtain(ctx context.Context, c core.Connection, cfg Config, do func(context.Context, *oauth2.Config) (*oauth2.Token, error)) (Result, error) {
	ctx = context.WithoutCancel(ctx)
	asked := s.Clock.Now()
	tried := "exchange"
	if c.Grant.Unattended() { // there is no code
		tried = triedObtain
	}
	tok, failed := s.token(ctx, tokenCall{tried: tried, on: c.Name, cfg: cfg, url: cfg.TokenURL, do: do})
	if failed != nil {
		if failed.effect == cannotTell {
			return Result{}, &core.Error{Tried: tried, On: c.Name, Code: "consent.exchange-unknown", Class: core.Unknown, Err: failed.err}
		}
		return Result{}, failed.err
	}
	c, err := s.grant(ctx, c.ID, cfg.read(tok, asked), granting{cfg: cfg})
	if err != nil {
		return Result{}, err
	}
	return s.finish(ctx, c, missing(cfg.Scopes, c.Granted))
}

// clientCredentials makes the request of RFC 6749 §4.4.2.
func (c Config) clientCredentials(ctx context.Context, oc *oauth2.Config) (*oauth2.Token, error) {
	params := maps.Clone(c.TokenParams)
	if params == nil {
		params = url.Values{}
	}
	if len(c.Scopes) > 0 {
		params.Set("scope", c.scope())
	}
	return postToken(ctx, oc, params)
}

// postToken makes one token request with params as its body beside the client
// authentication. The package's grant_type is a default that params may replace.
func postToken(ctx context.Context, oc *oauth2.Config, params url.Values) (*oauth2.Token, error) {
	cc := clientcredentials.Config{
		ClientID: oc.ClientID, ClientSecret: oc.ClientSecret,
		TokenURL: oc.Endpoint.TokenURL, AuthStyle: oc.Endpoint.AuthStyle, EndpointParams: params,
	}
	return cc.Token(ctx)
}
