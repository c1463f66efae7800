package zoho

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/consent"
)

// SheetIn is the input of zoho.support_sheet.
type SheetIn struct {
	Region          string   `name:"region"`
	OrgID           string   `name:"org_id"`
	ClientID        string   `name:"client_id"`
	AuthtokenScopes []string `name:"authtoken_scopes"`
	Scopes          []string `name:"scopes"`
	OwnerEmail      string   `name:"owner_email,optional"`
}

// SheetOut is the output of zoho.support_sheet: what Zoho's support asks for
// before it maps a web application, value by value and as one text.
type SheetOut struct {
	ClientID        string `name:"client_id"`
	Soid            string `name:"soid"`
	AuthtokenScopes string `name:"authtoken_scopes"`
	Scopes          string `name:"scopes"`
	Text            string `name:"text"`
}

// supportSheet makes the sheet. It has no secret and no token: support asks for
// the client ID and both kinds of scopes (facts of CRM's page for the same API:
// zoho.com/crm/developer/docs/api/external-oauth.html). Desk's own form was not
// seen.
func supportSheet(_ context.Context, in SheetIn) (SheetOut, error) {
	d, err := centre(strings.ToLower(squeeze(in.Region)))
	if err != nil {
		return SheetOut{}, err
	}
	if err := checkOrgID(squeeze(in.OrgID)); err != nil {
		return SheetOut{}, err
	}
	if err := checkScopes(strings.Join(in.Scopes, ",")); err != nil {
		return SheetOut{}, err
	}
	out := SheetOut{
		ClientID: squeeze(in.ClientID), Soid: "ZohoSupport." + squeeze(in.OrgID),
		AuthtokenScopes: strings.Join(in.AuthtokenScopes, ","), Scopes: strings.Join(in.Scopes, ","),
	}
	lines := []string{
		"Auth token to OAuth, external application (authtooauth)",
		"Data centre: " + d.domain, "Organization: " + out.Soid, "OAuth client ID: " + out.ClientID,
		"Auth token scopes: " + out.AuthtokenScopes, "OAuth scopes wanted: " + out.Scopes,
	}
	if owner := squeeze(in.OwnerEmail); owner != "" {
		lines = append(lines, "Contact: "+owner)
	}
	out.Text = strings.Join(lines, "; ")
	return out, nil
}

// consents returns who asks, and the connection that is asked for.
func (m *migration) consents(ctx context.Context, id string) (consent.Asker, core.Connection, error) {
	c, err := m.stored(ctx, id)
	if err != nil {
		return nil, c, err
	}
	ask, ok := m.s.Tokens.(consent.Asker)
	if !ok {
		err = &core.Error{Tried: "consent", On: c.Name, Code: "platform.cannot.consent", Class: core.Usage, Params: map[string]string{"platform": string(ID)}}
	}
	return ask, c, err
}

// AskConsentOut is the output of zoho.ask_consent.
type AskConsentOut struct {
	URL      string    `name:"url"` // to be opened by whoever consents
	Redirect string    `name:"redirect"`
	Port     int       `name:"port"` // that the answer comes to, by itself or through a tunnel
	Begun    time.Time `name:"begun"`
	Expires  time.Time `name:"expires"`
}

// askConsent begins a consent to a client of the server type and listens for its
// answer, which comes there or is given to zoho.take_consent. Done again, it
// begins another, and the one before is void.
func (m *migration) askConsent(ctx context.Context, in ProveIn) (AskConsentOut, error) {
	ask, c, err := m.consents(ctx, in.Connection)
	if err != nil {
		return AskConsentOut{}, err
	}
	if c.Grant != core.GrantCode {
		if c, err = m.s.Connections.Change(ctx, c.ID, core.Event{Verb: core.VerbChanged}, func(o *core.Connection) error {
			o.Grant = core.GrantCode
			return nil
		}); err != nil {
			return AskConsentOut{}, err
		}
	}
	begun := m.s.Clock.Now()
	a, err := m.hearing.Begin(ctx, ask, c.ID, begun)
	return AskConsentOut{URL: a.URL, Redirect: a.Redirect, Port: a.Port, Begun: begun, Expires: a.Expires}, err
}

// TakeConsentIn is the input of zoho.take_consent.
type TakeConsentIn struct {
	Connection string      `name:"connection"`
	Answer     core.Secret `name:"answer,optional"` // the address at which the browser ended; none: it was answered by itself
	Begun      time.Time   `name:"begun,optional"`  // when it was asked, where there is no Answer
}

// takeConsent trades the answer for tokens, or looks whether that was done when
// the browser came to the port. A scope that was asked for and not
// granted is an error: the application would fail there later.
func (m *migration) takeConsent(ctx context.Context, in TakeConsentIn) (CodeOut, error) {
	ask, c, err := m.consents(ctx, in.Connection)
	if err != nil {
		return CodeOut{}, err
	}
	res, err := m.hearing.Take(ctx, ask, m.s.Connections.Get, consent.Answered{Connection: c.ID, Address: in.Answer, Begun: in.Begun})
	if err != nil {
		return CodeOut{}, err
	}
	if len(res.Missing) > 0 {
		missing := slices.Clone(res.Missing)
		slices.Sort(missing)
		return CodeOut{}, &core.Error{Tried: "consent", On: c.Name, Code: "zoho.SCOPE_MISMATCH", Class: core.Refused, Params: map[string]string{"scope": strings.Join(missing, ", ")}}
	}
	return CodeOut{Connection: res.Connection.ID, GrantedAt: res.Connection.GrantedAt, Granted: res.Connection.Granted}, nil
}

// PermissionsIn is the input of zoho.permissions: what an application shows
// while each of its parts is tried.
type PermissionsIn struct {
	Application string      `name:"application"`
	Seen        core.Secret `name:"seen"`
}

// PermissionsOut is the output of zoho.permissions.
type PermissionsOut struct {
	ReadAt time.Time `name:"read_at"`
}

// permissions reads what an application showed, for the answers of Zoho that say
// that a permission, the organization or the sign-in is wanting.
func (m *migration) permissions(ctx context.Context, in PermissionsIn) (PermissionsOut, error) {
	out, err := m.executionLog(ctx, ExecutionIn{Log: in.Seen, Link: in.Application})
	if known, ok := errors.AsType[*core.Error](err); ok {
		known.Tried, known.Code = "try-application", ofApplication(known.Code)
	}
	return PermissionsOut(out), err
}

// ofApplication is the code by which a refusal is explained to somebody who
// uses an application: scopes and tokens are its developer's, not theirs.
func ofApplication(code string) string {
	switch code {
	case "zoho.SCOPE_MISMATCH":
		return "zoho.application.scope"
	case "zoho.OAUTH_ORG_MISMATCH":
		return "zoho.application.organization"
	case "zoho.INVALID_OAUTH", "zoho.UNAUTHORIZED", "zoho.deluge.unauthenticated-connection":
		return "zoho.application.not-authorized"
	case "zoho.deluge.invalid-authtoken":
		return "zoho.application.old-version"
	}
	return "zoho.application.failed"
}

// TokenGivenIn is the input of zoho.old_token_refused: an auth token that was
// given to an application, where it is still known.
type TokenGivenIn struct {
	Authtoken core.Secret `name:"authtoken,optional"`
	Region    string      `name:"region"`
}

// TokenGivenOut is the output of zoho.old_token_refused.
type TokenGivenOut struct {
	Answer    string    `name:"answer,optional"` // what Zoho Desk answered; empty without a token
	CheckedAt time.Time `name:"checked_at"`
}

// oldTokenRefused proves that an auth token that was deleted by hand is dead. It
// fails while the token works, and where that can't be told.
func (m *migration) oldTokenRefused(ctx context.Context, in TokenGivenIn) (TokenGivenOut, error) {
	out := TokenGivenOut{CheckedAt: m.s.Clock.Now().UTC()}
	if squeeze(in.Authtoken.Reveal()) == "" {
		return out, nil
	}
	c, err := m.legacy(ctx, LegacyIn{Authtoken: in.Authtoken, Region: in.Region})
	if err != nil {
		return out, err
	}
	_, err = dial(c, m.env("")).Organizations(ctx)
	switch {
	case err == nil:
		return out, &core.Error{Tried: "old-token-dead", On: c.Name, Code: "zoho.given-token-alive", Class: core.Failed}
	case refusedAs(err, "zoho.invalid_authtoken"):
		out.Answer = core.CodeOf(err)
		return out, nil
	}
	return out, err
}
