package zoho

import (
	"context"
	"net/url"
	"strings"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/consent"
	"deskward/core/platform"
	"deskward/core/transport"
)

// migration is the actions that lead from an auth token to OAuth.
type migration struct {
	s       platform.Services
	hearing consent.Hearing // of guides that ask a person
}

func (m *migration) actions() []action.Action {
	return []action.Action{
		action.New("zoho.self_client_link", action.Reads, m.link),
		action.New("zoho.check_authtoken", action.Reads, m.checkAuthtoken),
		action.New("zoho.owner", action.Changes, m.owner),
		action.New("zoho.suggest_scopes", action.Reads, suggest),
		action.New("zoho.begin_connection", action.Changes, m.begin),
		action.Recalling(action.Asking(
			action.New("zoho.authtooauth", action.Once, m.authToOAuth),
			m.askExchange), m.recallExchange),
		action.New("zoho.code_request", action.Reads, m.codeRequest),
		action.New("zoho.exchange_code", action.Changes, m.exchangeCode),
		action.New("zoho.prove_connection", action.Reads, m.prove),
		action.New("zoho.put_into_service", action.Changes, m.putIntoService),
		action.New("zoho.prove_old_token_dead", action.Reads, m.proveOldTokenDead),
		action.New("zoho.desk_link", action.Reads, m.deskLink),
		action.New("zoho.connection_uses", action.Reads, connectionUses),
		action.New("zoho.link_names", action.Reads, m.linkNames),
		action.New("zoho.execution_log", action.Reads, m.executionLog),
		action.New("zoho.look_at_functions", action.Reads, lookAtFunctions),
		action.New("zoho.rewrite_functions", action.Changes, rewriteFunctions),
		action.New("zoho.functions_rewritten", action.Reads, m.functionsRewritten),
		action.New("zoho.look_at_manifest", action.Reads, lookAtManifest),
		action.New("zoho.place_connection", action.Changes, placeConnection),
		action.New("zoho.manifest_valid", action.Reads, m.manifestValid),
		action.New("zoho.extension_code", action.Reads, m.extensionCode),
		action.New("zoho.support_sheet", action.Reads, supportSheet),
		action.New("zoho.ask_consent", action.Changes, m.askConsent),
		action.New("zoho.take_consent", action.Changes, m.takeConsent),
		action.New("zoho.permissions", action.Reads, m.permissions),
		action.New("zoho.old_token_refused", action.Reads, m.oldTokenRefused),
	}
}

func (m *migration) link(_ context.Context, in LinkIn) (LinkOut, error) {
	d, err := centre(in.Region)
	if err != nil {
		return LinkOut{}, err
	}
	return LinkOut{ConsoleURL: d.console(m.s.Endpoints), AccountsURL: d.accounts(m.s.Endpoints)}, nil
}

// env is what a client made here works with.
func (m *migration) env(id string) platform.Env {
	env := platform.Env{
		HTTP: m.s.HTTP, Endpoints: m.s.Endpoints, Clock: m.s.Clock,
		Token: func(ctx context.Context) (core.Secret, error) { return m.s.Tokens.Access(ctx, id) },
	}
	if r, ok := m.s.Tokens.(platform.Refresher); ok {
		env.Renew = func(ctx context.Context) (core.Secret, error) {
			c, err := r.Refresh(ctx, id)
			return c.Secrets[core.SecretAccessToken], err
		}
	}
	return env
}

// stored returns a stored connection of Zoho, by id or name.
func (m *migration) stored(ctx context.Context, id string) (core.Connection, error) {
	c, err := m.s.Connections.ByName(ctx, id)
	if err != nil {
		return c, err
	}
	if c.Platform != ID {
		return c, &core.Error{Tried: "find-connection", On: c.Name, Code: "zoho.not-zoho", Class: core.Usage}
	}
	return c, nil
}

// legacy returns the auth token that an input names: a stored connection, or
// one made of what was typed.
func (m *migration) legacy(ctx context.Context, in LegacyIn) (core.Connection, error) {
	if in.Legacy != "" {
		c, err := m.stored(ctx, in.Legacy)
		if err == nil && c.Grant != core.GrantAuthtoken {
			err = &core.Error{Tried: "find-connection", On: c.Name, Code: "zoho.not-authtoken", Class: core.Usage}
		}
		if in.OrgID != "" {
			c.Account = squeeze(in.OrgID)
		}
		return c, err
	}
	if squeeze(in.Authtoken.Reveal()) == "" {
		return core.Connection{}, &core.Error{Tried: "run-action", On: "zoho.check_authtoken", Code: "action.bad-input", Class: core.Usage, Params: map[string]string{"input": "authtoken"}}
	}
	return core.Connection{
		Name: "auth token", Platform: ID, Grant: core.GrantAuthtoken,
		Region: strings.ToLower(squeeze(in.Region)), Account: squeeze(in.OrgID),
		Secrets: core.Secrets{core.SecretAuthtoken: squeezeSecret(in.Authtoken)},
	}, nil
}

// checkAuthtoken proves that the auth token works in the data centre, and for
// the organization. With several organizations and none named it fails, as
// the exchange is for one.
func (m *migration) checkAuthtoken(ctx context.Context, in LegacyIn) (CheckAuthtokenOut, error) {
	c, err := m.legacy(ctx, in)
	if err != nil {
		return CheckAuthtokenOut{}, err
	}
	orgs, err := dial(c, m.env(c.ID)).Organizations(ctx)
	if err != nil {
		return CheckAuthtokenOut{}, err
	}
	org, err := pick(orgs, c.Account, c.Name)
	if err != nil {
		return CheckAuthtokenOut{}, err
	}
	out := CheckAuthtokenOut{OrgID: org.ID, OrgName: org.Name, Region: c.Region, TokenEnd: lastFour(c.Secrets[core.SecretAuthtoken])}
	for _, o := range orgs {
		out.Organizations = append(out.Organizations, o.ID)
	}
	if c.Account == "" && len(orgs) != 1 {
		return out, chooseOrg("check", c.Name, orgs)
	}
	if out.Region == "" {
		out.Region = dataCentres()[0].id
	}
	return out, nil
}

// lastFour is the end of a token, for telling it from others. A short one
// would be given away.
func lastFour(s core.Secret) string {
	const shown, least = 4, 16
	r := []rune(s.Reveal())
	if len(r) < least {
		return ""
	}
	return string(r[len(r)-shown:])
}

// owner finds out, as far as Zoho tells before the exchange, whether one
// account owns the auth token and the client: authtooauth refuses otherwise.
// Desk may name the token's owner (GET /myinfo, unverified for auth tokens);
// the client's owner shows only in a grant of that client, for which a self
// client's code for AaaServer.profile.READ is enough. The grant is revoked at
// once: a person has room for twenty refresh tokens. An owner that Zoho names
// and that is not the one the admin names is an error; one that Zoho does not
// name is left to the admin's word, and Proven says so.
func (m *migration) owner(ctx context.Context, in OwnerIn) (OwnerOut, error) {
	c, err := m.legacy(ctx, LegacyIn{Legacy: in.Legacy, Authtoken: in.Authtoken, Region: in.Region, OrgID: in.OrgID})
	if err != nil {
		return OwnerOut{}, err
	}
	out := OwnerOut{Proven: "nothing"}
	if out.TokenOwner, err = dial(c, m.env(c.ID)).agentEmail(ctx); err != nil {
		return out, err
	}
	if !in.Code.Empty() {
		if out.ClientOwner, err = m.clientOwner(ctx, c, in); err != nil {
			return out, err
		}
	}
	said := squeeze(in.OwnerEmail)
	for _, seen := range []string{out.TokenOwner, out.ClientOwner} {
		if seen != "" && !strings.EqualFold(seen, said) {
			return out, &core.Error{
				Tried: "owner", On: c.Name, Code: "zoho.owner-differs", Class: core.Refused,
				Params: map[string]string{"said": core.CleanLine(said), "seen": seen},
			}
		}
	}
	switch {
	case out.TokenOwner != "" && out.ClientOwner != "":
		out.Proven = "both"
	case out.TokenOwner != "":
		out.Proven = "token"
	case out.ClientOwner != "":
		out.Proven = "client"
	}
	return out, nil
}

// agentEmail returns the e-mail address of the agent a credential acts for,
// or "" when Desk does not tell.
func (d *Desk) agentEmail(ctx context.Context) (string, error) {
	a, err := d.call(ctx, "owner", d.base, "/myinfo", true)
	switch {
	case refusedAs(err, "zoho.invalid_authtoken"):
		return "", err
	case core.ClassOf(err) == core.Refused && err != nil:
		return "", nil
	case err != nil:
		return "", err
	}
	var info struct {
		EmailID string `json:"emailId"`
		Email   string `json:"email"`
	}
	if a.Decode(d.host(), &info) != nil {
		return "", nil //nolint:nilerr // not told is not a failure
	}
	if info.EmailID == "" {
		info.EmailID = info.Email
	}
	return core.CleanLine(strings.TrimSpace(info.EmailID)), nil
}

func (m *migration) clientOwner(ctx context.Context, legacy core.Connection, in OwnerIn) (string, error) {
	c := core.Connection{
		Name: legacy.Name, Platform: ID, Region: legacy.Region, ClientID: squeeze(in.ClientID),
		Secrets: core.Secrets{core.SecretClientSecret: squeezeSecret(in.ClientSecret)},
	}
	tokens, err := exchangeCode(ctx, m.s, c, in.Code)
	if err != nil {
		return "", err
	}
	d, err := centre(c.Region)
	if err != nil {
		return "", err
	}
	base, client := d.accounts(m.s.Endpoints), m.s.HTTP.For(hosts(m.s.Endpoints)...)
	defer func() {
		kept := tokens.Refresh
		if kept.Empty() {
			kept = tokens.Access
		}
		// It fails only when the grant is gone or Zoho is: no harm either way.
		_ = revoke(context.WithoutCancel(ctx), client, base, c.Name, kept)
	}()
	req, err := get(ctx, base, pathUserInfo, url.Values{}, credential{schemeOAuth, tokens.Access})
	if err != nil {
		return "", err
	}
	a, err := transport.Do(client, req)
	if err != nil {
		return "", err
	}
	if a.Status < 200 || a.Status >= 300 {
		return "", scopeNamed(&core.Error{Tried: "owner", On: c.Name, Code: "zoho.SCOPE_MISMATCH", Class: core.Refused, Params: map[string]string{}}, scopeProfile)
	}
	return ownerIn(a, hostOf(base))
}
