package zendesk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// The codes of the way from API tokens to OAuth.
const (
	codeNotConsented   = "zendesk.not-consented"
	codeOtherAccount   = "zendesk.token-other-account"
	codeOtherTickets   = "zendesk.token-other-tickets"
	codeTokenStillLive = "zendesk.token-still-live"
)

func (m *moves) tokenActions() []action.Action {
	return []action.Action{
		action.New("zendesk.token_connection", action.Changes, m.tokenConnection),
		action.New("zendesk.prove_support", action.Reads, m.proveSupport),
		action.New("zendesk.begin_oauth", action.Changes, m.beginOAuth),
		action.New("zendesk.first_token", action.Changes, m.firstToken),
		action.New("zendesk.compare_credentials", action.Reads, m.compareCredentials),
		action.New("zendesk.prove_token_refused", action.Reads, m.proveTokenRefused),
		action.New("zendesk.replace_connection", action.Changes, m.replaceConnection),
	}
}

// TokenConnectionIn is the input of zendesk.token_connection. What is optional
// is of a connection that is not stored yet.
type TokenConnectionIn struct {
	Name    string      `name:"name"`
	Account string      `name:"account,optional"`
	Email   string      `name:"email,optional"` // of the agent whom the token acts for
	Token   core.Secret `name:"token,optional"`
}

// TokenConnectionOut is the output of zendesk.token_connection.
type TokenConnectionOut struct {
	Connection string `name:"connection"` // id
	Name       string `name:"name"`
	Account    string `name:"account"`
	Email      string `name:"email"`
	Admin      string `name:"admin"` // the Admin Center
	Redirect   string `name:"redirect"`
}

// tokenConnection is the stored connection to Support by an API token, or a
// new one with the token that was typed.
func (m *moves) tokenConnection(ctx context.Context, in TokenConnectionIn) (TokenConnectionOut, error) {
	c, err := m.s.Connections.ByName(ctx, in.Name)
	if core.CodeOf(err) == "connection.not-found" && in.Account != "" && in.Email != "" && !in.Token.Empty() {
		c, err = Platform().NewConnection(platform.Answers{
			Name: in.Name, Grant: core.GrantAPIToken,
			Plain:  map[string]string{core.SettingProduct: productSupport, "account": in.Account, settingEmail: in.Email},
			Secret: core.Secrets{core.SecretAPIToken: core.TidySecret(in.Token)},
		})
		if err == nil {
			c, err = m.s.Connections.Add(ctx, c)
		}
	}
	if err == nil && (c.Platform != ID || productOf(c) != productSupport || c.Grant != core.GrantAPIToken) {
		err = &core.Error{Tried: "find-connection", On: c.Name, Code: "zendesk.not-api-token", Class: core.Usage}
	}
	if err != nil {
		return TokenConnectionOut{}, err
	}
	cfg, err := supportOAuth(c, m.s.Endpoints)
	if err != nil {
		return TokenConnectionOut{}, err
	}
	return TokenConnectionOut{
		Connection: c.ID, Name: c.Name, Account: c.Account, Email: c.Settings[settingEmail], Redirect: cfg.Redirects()[0],
		Admin: m.s.Endpoints.Resolve(ID, endpointAdmin, "", "https://"+c.Account+".zendesk.com/admin/"),
	}, nil
}

// support returns the client of a stored connection to Support.
func (m *moves) support(ctx context.Context, name string) (*Support, error) {
	c, err := m.s.Connections.ByName(ctx, name)
	if err == nil && (c.Platform != ID || productOf(c) != productSupport) {
		err = &core.Error{Tried: "find-connection", On: c.Name, Code: "zendesk.not-support", Class: core.Usage}
	}
	if err != nil {
		return nil, err
	}
	s := NewSupport(c, m.env(c))
	return s, s.err
}

// SupportProofOut is the output of zendesk.prove_support.
type SupportProofOut struct {
	Person    string    `name:"person"` // e-mail address
	Role      string    `name:"role"`
	Tickets   int       `name:"tickets"` // the person's own, on the first page
	CheckedAt time.Time `name:"checked_at"`
}

// proveSupport asks Support who the credential acts for, and for a person's
// tickets: the two kinds of call that are compared later.
func (m *moves) proveSupport(ctx context.Context, in ConnectionIn) (SupportProofOut, error) {
	s, err := m.support(ctx, in.Connection)
	if err != nil {
		return SupportProofOut{}, err
	}
	me, err := s.me(ctx, "check")
	if err != nil {
		return SupportProofOut{}, s.lookAlike(ctx, err)
	}
	tickets, err := s.ticketsOf(ctx, string(me.User.ID))
	if err != nil {
		return SupportProofOut{}, err
	}
	return SupportProofOut{
		Person: core.CleanLine(string(me.User.Email)), Role: core.CleanLine(string(me.User.Role)), Tickets: len(tickets), CheckedAt: m.s.Clock.Now(),
	}, nil
}

// ticketsOf are the ids of a person's tickets, those of the first page.
func (s *Support) ticketsOf(ctx context.Context, id string) ([]string, error) {
	list, err := s.list(ctx, "check", "/api/v2/users/"+url.PathEscape(id)+"/tickets/requested.json", url.Values{"page[size]": {"25"}}, "tickets", "tickets:read")
	var out []string
	for _, raw := range list {
		var t struct {
			ID lenient `json:"id"`
		}
		if json.Unmarshal(raw, &t) == nil {
			out = append(out, string(t.ID))
		}
	}
	return out, err
}

// BeginOAuthIn is the input of zendesk.begin_oauth.
type BeginOAuthIn struct {
	Old          string      `name:"old"` // connection by API token
	Name         string      `name:"name"`
	Grant        string      `name:"grant"` // code or client-credentials
	ClientID     string      `name:"client_id"`
	ClientSecret core.Secret `name:"client_secret,optional"`
	Scopes       string      `name:"scopes"`
}

// BeginOAuthOut is the output of zendesk.begin_oauth.
type BeginOAuthOut struct {
	Connection string `name:"connection"` // id
	Name       string `name:"name"`
	Scopes     string `name:"scopes"`
}

// beginOAuth stores the connection by OAuth beside the one by API token. One of
// the same client that is there already stays, with what was typed.
func (m *moves) beginOAuth(ctx context.Context, in BeginOAuthIn) (BeginOAuthOut, error) {
	old, err := m.support(ctx, in.Old)
	if err != nil {
		return BeginOAuthOut{}, err
	}
	p := Platform()
	answers := platform.Answers{
		Name: in.Name, Grant: core.Grant(in.Grant), Secret: core.Secrets{},
		Plain: map[string]string{core.SettingProduct: productSupport, "account": old.account, "client_id": in.ClientID, "scopes": in.Scopes},
	}
	if !in.ClientSecret.Empty() {
		answers.Secret[core.SecretClientSecret] = core.TidySecret(in.ClientSecret)
	}
	c, err := p.NewConnection(answers)
	if err != nil {
		return BeginOAuthOut{}, err
	}
	for _, f := range lint(c) {
		if f.Level == platform.Stops {
			return BeginOAuthOut{}, f.Err(c.Name)
		}
	}
	was, err := m.s.Connections.ByName(ctx, c.Name)
	switch {
	case core.CodeOf(err) == "connection.not-found":
		c, err = m.s.Connections.Add(ctx, c)
	case err != nil:
	case was.Platform != ID || was.Grant != c.Grant || productOf(was) != productSupport || was.ClientID != c.ClientID || was.Account != c.Account:
		err = &core.Error{Tried: "name-connection", On: c.Name, Code: "connection.name-taken", Class: core.Usage, Err: core.ErrExists}
	default:
		secret := c.Secrets[core.SecretClientSecret]
		c, err = m.s.Connections.Change(ctx, was.ID, core.Event{Verb: core.VerbChanged, Detail: map[string]string{"what": core.SecretClientSecret}}, func(now *core.Connection) error {
			now.Scopes, now.Secrets = c.Scopes, now.Secrets.With(core.SecretClientSecret, secret)
			return nil
		})
	}
	if err != nil {
		return BeginOAuthOut{}, err
	}
	return BeginOAuthOut{Connection: c.ID, Name: c.Name, Scopes: strings.Join(c.Scopes, " ")}, nil
}

// FirstTokenOut is the output of zendesk.first_token.
type FirstTokenOut struct {
	Granted   string    `name:"granted"` // scopes
	ExpiresAt time.Time `name:"expires_at"`
	Refresh   bool      `name:"refresh"` // there is a refresh token
}

// firstToken gets the first token of a program. A person's comes by a consent
// in a browser, which is had elsewhere; here it is looked for.
func (m *moves) firstToken(ctx context.Context, in ConnectionIn) (FirstTokenOut, error) {
	s, err := m.support(ctx, in.Connection)
	if err != nil {
		return FirstTokenOut{}, err
	}
	if c := s.conn; c.Grant == core.GrantCode && c.Secrets[core.SecretAccessToken].Empty() {
		return FirstTokenOut{}, s.fail("check", codeNotConsented, core.Usage)
	}
	if _, err := m.s.Tokens.Access(ctx, s.conn.ID); err != nil {
		return FirstTokenOut{}, err
	}
	c, err := m.s.Connections.Get(ctx, s.conn.ID)
	return FirstTokenOut{
		Granted: strings.Join(c.Scopes, " "), ExpiresAt: c.AccessExpires, Refresh: !c.Secrets[core.SecretRefreshToken].Empty(),
	}, err
}

// CompareIn is the input of zendesk.compare_credentials.
type CompareIn struct {
	Old string `name:"old"`
	New string `name:"new"`
}

// CompareOut is the output of zendesk.compare_credentials.
type CompareOut struct {
	OldPerson string    `name:"old_person"`
	NewPerson string    `name:"new_person"` // may be another: a program acts as whom Zendesk says
	OldRole   string    `name:"old_role"`
	NewRole   string    `name:"new_role"`
	Tickets   int       `name:"tickets"` // of the old person, alike by both
	CheckedAt time.Time `name:"checked_at"`
}

// compareCredentials makes the same calls with both credentials: who acts,
// that person's record, and their tickets. Both are of one account where the
// new one finds the old one's person by id and address.
func (m *moves) compareCredentials(ctx context.Context, in CompareIn) (CompareOut, error) {
	old, err := m.support(ctx, in.Old)
	if err != nil {
		return CompareOut{}, err
	}
	fresh, err := m.support(ctx, in.New)
	if err != nil {
		return CompareOut{}, err
	}
	was, err := old.me(ctx, "check")
	if err != nil {
		return CompareOut{}, err
	}
	now, err := fresh.me(ctx, "check")
	if err != nil {
		return CompareOut{}, fresh.lookAlike(ctx, err)
	}
	found, err := fresh.byID(ctx, string(was.User.ID))
	if err != nil {
		return CompareOut{}, err
	}
	if len(found) != 1 || len(found[0].Emails) == 0 || !strings.EqualFold(found[0].Emails[0].Address, string(was.User.Email)) {
		return CompareOut{}, fresh.fail("compare-credentials", codeOtherAccount, core.Refused)
	}
	a, err := old.ticketsOf(ctx, string(was.User.ID))
	if err != nil {
		return CompareOut{}, err
	}
	b, err := fresh.ticketsOf(ctx, string(was.User.ID))
	if err != nil {
		return CompareOut{}, err
	}
	if strings.Join(a, " ") != strings.Join(b, " ") {
		return CompareOut{}, fresh.fail("compare-credentials", codeOtherTickets, core.Refused)
	}
	return CompareOut{
		OldPerson: core.CleanLine(string(was.User.Email)), NewPerson: core.CleanLine(string(now.User.Email)),
		OldRole: core.CleanLine(string(was.User.Role)), NewRole: core.CleanLine(string(now.User.Role)), Tickets: len(a), CheckedAt: m.s.Clock.Now(),
	}, nil
}

// RefusedOut is the output of zendesk.prove_token_refused.
type RefusedOut struct {
	Status    int       `name:"status"`
	CheckedAt time.Time `name:"checked_at"`
}

// proveTokenRefused wants the API token to be refused. What answers the
// anonymous, too, would be no proof, so a call is made that wants a person.
func (m *moves) proveTokenRefused(ctx context.Context, in ConnectionIn) (RefusedOut, error) {
	s, err := m.support(ctx, in.Connection)
	if err != nil {
		return RefusedOut{}, err
	}
	a, err := s.get(ctx, "check", "/api/v2/users/search.json", url.Values{"external_id": {"deskward-proof"}})
	switch {
	case err != nil:
		return RefusedOut{}, err
	case a.Status == http.StatusUnauthorized:
		return RefusedOut{Status: a.Status, CheckedAt: m.s.Clock.Now()}, nil
	case a.Status == http.StatusOK, a.Status == http.StatusForbidden:
		return RefusedOut{}, s.fail("prove-refused", codeTokenStillLive, core.Refused)
	}
	if err := s.refusal("prove-refused", "users:read", a); err != nil {
		return RefusedOut{}, err // it tells nothing of the token
	}
	return RefusedOut{}, s.malformed("prove-refused")
}

// ReplaceOut is the output of zendesk.replace_connection.
type ReplaceOut struct {
	Old       string `name:"old"`
	New       string `name:"new"`
	Deadlines int    `name:"deadlines"` // that the new connection has
}

// replaceConnection checks the new connection and notes that it took over from
// that by an API token, which has ended.
func (m *moves) replaceConnection(ctx context.Context, in CompareIn) (ReplaceOut, error) {
	old, err := m.support(ctx, in.Old)
	if err != nil {
		return ReplaceOut{}, err
	}
	fresh, err := m.support(ctx, in.New)
	if err != nil {
		return ReplaceOut{}, err
	}
	c, err := m.s.Checks(ctx, fresh.conn.ID)
	if err == nil && !c.Check.OK {
		err = c.Refusal()
	}
	if err != nil {
		return ReplaceOut{}, err
	}
	was, err := m.s.Connections.Change(ctx, old.conn.ID, core.Event{Verb: core.VerbChanged, Detail: map[string]string{"what": "replaced_by"}}, func(now *core.Connection) error {
		now.ReplacedBy = c.ID
		return nil
	})
	return ReplaceOut{Old: was.Name, New: c.Name, Deadlines: len(ends(c.Summary()))}, err
}
