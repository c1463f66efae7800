package zoho

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
)

// exchangeInto is the setting of an auth token's connection that names, from
// before authtooauth is sent until its answer is saved, the connection for
// which it was sent. Still set later, it means that nobody knows how the
// exchange ended.
const exchangeInto = "exchange_into"

// invalidTries is the setting that counts how often Zoho called the auth token
// invalid. Twenty times block the client, so deskward stops long before.
const (
	invalidTries     = "invalid_tries"
	mostInvalidTries = 2
)

// begin stores the connection that will hold the OAuth tokens, and the auth
// token beside it when it is not stored yet. Run again, it changes what it
// stored the first time, as long as there are no tokens in it.
func (m *migration) begin(ctx context.Context, in BeginIn) (BeginOut, error) {
	d, err := centre(strings.ToLower(squeeze(in.Region)))
	if err != nil {
		return BeginOut{}, err
	}
	org := squeeze(in.OrgID)
	if err := checkOrgID(org); err != nil {
		return BeginOut{}, err
	}
	scopes := slices.Clone(in.Scopes)
	for i, s := range scopes {
		scopes[i] = squeeze(s)
	}
	if len(scopes) == 0 {
		scopes = leastScopes()
	}
	if err := checkScopes(strings.Join(scopes, ",")); err != nil {
		return BeginOut{}, err
	}
	c, err := m.upsert(ctx, core.Connection{
		Name: in.Name, Platform: ID, Grant: core.GrantPastedCode, Region: d.id, Account: org, Expect: squeeze(in.OwnerEmail),
		ClientID: squeeze(in.ClientID), Scopes: scopes,
		Secrets: core.Secrets{core.SecretClientSecret: squeezeSecret(in.ClientSecret)},
	})
	if err != nil {
		return BeginOut{}, err
	}
	out := BeginOut{Connection: c.ID, Scopes: scopes}
	switch {
	case in.Legacy != "":
		old, err := m.legacy(ctx, LegacyIn{Legacy: in.Legacy})
		if err != nil {
			return BeginOut{}, err
		}
		out.Legacy = old.ID
	case !in.Authtoken.Empty():
		old, err := m.upsert(ctx, core.Connection{
			Name: in.Name + " (auth token)", Platform: ID, Grant: core.GrantAuthtoken, Region: d.id, Account: org,
			Secrets: core.Secrets{core.SecretAuthtoken: squeezeSecret(in.Authtoken)},
		})
		if err != nil {
			return BeginOut{}, err
		}
		out.Legacy = old.ID
	}
	return out, nil
}

// upsert adds c, or brings the connection of that name up to it when that is
// an earlier try of the same: same platform and grant, and nothing in it that
// an exchange gave or was begun with.
func (m *migration) upsert(ctx context.Context, c core.Connection) (core.Connection, error) {
	old, err := m.s.Connections.ByName(ctx, c.Name)
	if core.CodeOf(err) == "connection.not-found" {
		return m.s.Connections.Add(ctx, c)
	}
	if err != nil {
		return old, err
	}
	sum := old.Summary()
	if old.Platform != ID || old.Grant != c.Grant || sum.HasAccess || sum.HasRefresh || old.Settings[exchangeInto] != "" || !old.EndsAt.IsZero() {
		return m.s.Connections.Add(ctx, c) // which says that the name is taken
	}
	return m.s.Connections.Change(ctx, old.ID, core.Event{Verb: core.VerbChanged}, func(o *core.Connection) error {
		if !o.Secrets[core.SecretAuthtoken].Equal(c.Secrets[core.SecretAuthtoken]) {
			delete(o.Settings, invalidTries)
		}
		o.Region, o.Account, o.Expect, o.ClientID, o.Scopes, o.Secrets = c.Region, c.Account, c.Expect, c.ClientID, c.Scopes, c.Secrets
		return nil
	})
}

// authToOAuth exchanges the auth token. Whatever comes back is saved, with
// the day on which the auth token ends, before anything is returned.
func (m *migration) authToOAuth(ctx context.Context, in AuthToOAuthIn) (AuthToOAuthOut, error) {
	c, err := m.stored(ctx, in.Connection)
	if err != nil {
		return AuthToOAuthOut{}, err
	}
	if migrated(c) {
		return m.recallExchange(ctx, in)
	}
	old, err := m.legacy(ctx, LegacyIn{Legacy: in.Legacy})
	if err != nil {
		return AuthToOAuthOut{}, err
	}
	leases := &core.Leases{Store: m.s.Store, Clock: m.s.Clock, Actor: m.s.Events.Actor}
	lease, err := leases.Take(ctx, "authtooauth-"+old.ID)
	if err != nil {
		return AuthToOAuthOut{}, err
	}
	defer func() {
		// A lease that ran out is no loss: what it guarded is over.
		_ = m.s.Store.Update(context.WithoutCancel(ctx), func(w core.Writer) error { return leases.Release(w, lease) })
	}()
	if err := m.mark(ctx, old.ID, c); err != nil {
		return AuthToOAuthOut{}, err
	}
	tokens, err := Exchange(ctx, m.s.HTTP, m.s.Endpoints, ExchangeRequest{
		Variant: in.Variant, InQuery: in.SendAs == "query", Region: c.Region, OrgID: c.Account,
		ClientID: c.ClientID, ClientSecret: c.Secrets[core.SecretClientSecret],
		Authtoken: old.Secrets[core.SecretAuthtoken], Scopes: c.Scopes, On: c.Name,
	})
	if err != nil {
		return AuthToOAuthOut{}, m.exchangeFailed(ctx, old.ID, err)
	}
	return m.saveExchange(ctx, c.ID, old.ID, tokens)
}

func migrated(c core.Connection) bool {
	return c.Grant == core.GrantMigrated && (!c.Secrets[core.SecretRefreshToken].Empty() || !c.Secrets[core.SecretAccessToken].Empty())
}

// mark writes down, before the call, what the auth token is exchanged for. An
// auth token marked for another connection, or exchanged already, is refused
// here: Zoho would answer access_denied, and count it.
func (m *migration) mark(ctx context.Context, legacyID string, c core.Connection) error {
	_, err := m.s.Connections.Change(ctx, legacyID, core.Event{Verb: core.VerbConsentBegun, Detail: map[string]string{"for": c.Name}}, func(old *core.Connection) error {
		return claim(old, c.ID)
	})
	return err
}

// claim marks an auth token as being exchanged for the connection of id into.
func claim(old *core.Connection, into string) error {
	other := old.Settings[exchangeInto]
	switch {
	case old.ReplacedBy != "" && !old.EndsAt.IsZero():
		return &core.Error{Tried: "authtooauth", On: old.Name, Code: "zoho.already-exchanged", Class: core.Usage}
	case other != "" && other != into:
		return &core.Error{Tried: "authtooauth", On: old.Name, Code: "zoho.exchange-elsewhere", Class: core.Unknown}
	case triesOf(*old) >= mostInvalidTries:
		return &core.Error{Tried: "authtooauth", On: old.Name, Code: "zoho.exchange-stopped", Class: core.Usage, Params: map[string]string{"count": strconv.Itoa(triesOf(*old))}}
	}
	if old.Settings == nil {
		old.Settings = map[string]string{}
	}
	old.Settings[exchangeInto] = into
	return nil
}

// unclaim takes the mark away, and counts how often Zoho called the token
// invalid.
func unclaim(old *core.Connection, why error) {
	delete(old.Settings, exchangeInto)
	if core.CodeOf(why) == "zoho.authtooauth.invalid_authtoken" {
		if old.Settings == nil {
			old.Settings = map[string]string{}
		}
		old.Settings[invalidTries] = strconv.Itoa(triesOf(*old) + 1)
	}
}

func triesOf(c core.Connection) int {
	n, err := strconv.Atoi(c.Settings[invalidTries])
	if err != nil {
		return 0
	}
	return n
}

// exchangeFailed takes the mark away when it is certain that nothing was done.
func (m *migration) exchangeFailed(ctx context.Context, legacyID string, err error) error {
	if core.ClassOf(err) == core.Unknown {
		return err
	}
	_, saveErr := m.s.Connections.Change(context.WithoutCancel(ctx), legacyID, core.Event{Verb: core.VerbConsentRefused, Code: core.CodeOf(err)}, func(old *core.Connection) error {
		unclaim(old, err)
		return nil
	})
	if saveErr != nil {
		return saveErr
	}
	return err
}

// saveExchange writes the tokens and the auth token's end in one transaction.
// Nothing may stop it: the tokens exist nowhere else.
func (m *migration) saveExchange(ctx context.Context, id, legacyID string, t Tokens) (AuthToOAuthOut, error) {
	now := m.s.Clock.Now()
	out := AuthToOAuthOut{Connection: id, ExchangedAt: now, OldTokenEnds: now.Add(OldTokenLife)}
	save := func(w core.Writer) error {
		c, err := core.GetConnection(w, id)
		if err != nil {
			return err
		}
		granted(&c, t, core.GrantMigrated, now)
		if c, err = core.PutConnection(w, c); err != nil {
			return err
		}
		old, err := core.GetConnection(w, legacyID)
		if err != nil {
			return err
		}
		delete(old.Settings, exchangeInto)
		old.EndsAt, old.ReplacedBy = out.OldTokenEnds, id
		if old, err = core.PutConnection(w, old); err != nil {
			return err
		}
		if err := core.PutDeadline(w, oldTokenEnds(old, c)); err != nil {
			return err
		}
		return m.s.Events.Append(w, core.Event{Verb: core.VerbGranted, Subject: c.Subject(), Detail: map[string]string{"from": old.Name}})
	}
	if err := m.save(ctx, save); err != nil {
		return AuthToOAuthOut{}, &core.Error{Tried: "save-exchange", Code: "zoho.exchange-unsaved", Class: core.Unknown, Err: err}
	}
	return out, nil
}

// save runs one transaction whatever becomes of the caller, and tries it again
// for core.SaveTime while another session holds the store.
func (m *migration) save(ctx context.Context, fn func(core.Writer) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), core.SaveTime)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := m.s.Store.Update(ctx, fn)
		if err == nil {
			return nil
		}
		if class := core.ClassOf(err); class == core.Locked || class == core.Conflict {
			select {
			case <-time.After(wait):
				continue
			case <-ctx.Done():
			}
		}
		return err
	}
}

// granted puts an answer's tokens into a connection.
func granted(c *core.Connection, t Tokens, g core.Grant, now time.Time) {
	c.Grant, c.TokenType, c.GrantedAt, c.Check = g, t.Type, now, core.Check{}
	c.RefreshBegun, c.Refreshes = time.Time{}, nil
	c.Secrets = c.Secrets.With(core.SecretAccessToken, t.Access).With(core.SecretRefreshToken, t.Refresh)
	c.AccessExpires = time.Time{}
	if t.Lifetime > 0 {
		c.AccessExpires = now.Add(t.Lifetime)
	}
	if c.Granted = t.Scopes; t.Scopes == nil {
		c.Granted = slices.Clone(c.Scopes) // one that Zoho does not know fails the whole request
	}
}

// codeOldTokenEnds is the code of the deadline of an exchanged auth token.
const codeOldTokenEnds = "zoho.old-token-ends"

func oldTokenEnds(old, c core.Connection) core.Deadline {
	return core.Deadline{Subject: old.Subject(), Code: codeOldTokenEnds, At: old.EndsAt, Detail: map[string]string{"replaced_by": c.Name}}
}

// recallExchange gives what an exchange that took effect saved.
func (m *migration) recallExchange(ctx context.Context, in AuthToOAuthIn) (AuthToOAuthOut, error) {
	c, err := m.stored(ctx, in.Connection)
	if err != nil {
		return AuthToOAuthOut{}, err
	}
	if !migrated(c) {
		return AuthToOAuthOut{}, &core.Error{Tried: "authtooauth", On: c.Name, Code: "zoho.exchange-lost", Class: core.Unknown}
	}
	return AuthToOAuthOut{Connection: c.ID, ExchangedAt: c.GrantedAt, OldTokenEnds: c.GrantedAt.Add(OldTokenLife)}, nil
}

// askExchange says what became of an exchange whose end nobody saw. The store
// knows when the tokens were saved. Zoho knows, but the one call that would
// tell, another exchange, does harm; an auth token that still works proves
// nothing for a day. One that is dead says that the exchange cannot be made
// (again), which is all that matters. Else the admin looks at
// accounts → Sessions → Connected Apps.
func (m *migration) askExchange(ctx context.Context, in AuthToOAuthIn) (action.Effect, error) {
	c, err := m.stored(ctx, in.Connection)
	if err != nil {
		return action.CannotTell, err
	}
	if migrated(c) {
		return action.DidHappen, nil
	}
	old, err := m.legacy(ctx, LegacyIn{Legacy: in.Legacy})
	if err != nil {
		return action.CannotTell, err
	}
	if old.Settings[exchangeInto] != c.ID {
		// It is written before the call: without it no call was made, or its
		// refusal was read.
		return action.DidNotHappen, nil
	}
	_, err = dial(old, m.env(old.ID)).Organizations(ctx)
	if refusedAs(err, "zoho.invalid_authtoken") {
		return action.DidHappen, nil
	}
	return action.CannotTell, nil
}

// exchangeCode fills a connection with a code of the self client's console:
// the way when authtooauth is refused or gone. The auth token is untouched.
func (m *migration) exchangeCode(ctx context.Context, in CodeIn) (CodeOut, error) {
	c, err := m.stored(ctx, in.Connection)
	if err != nil {
		return CodeOut{}, err
	}
	tokens, err := exchangeCode(ctx, m.s, c, in.Code)
	if err != nil {
		return CodeOut{}, err
	}
	now, name := m.s.Clock.Now(), c.Name
	err = m.save(ctx, func(w core.Writer) error {
		var err error
		if c, err = core.GetConnection(w, c.ID); err != nil {
			return err
		}
		granted(&c, tokens, core.GrantPastedCode, now)
		if c, err = core.PutConnection(w, c); err != nil {
			return err
		}
		return m.s.Events.Append(w, core.Event{Verb: core.VerbGranted, Subject: c.Subject()})
	})
	if err != nil {
		return CodeOut{}, &core.Error{Tried: "exchange", On: name, Code: "zoho.code-unsaved", Err: err}
	}
	return CodeOut{Connection: c.ID, GrantedAt: now, Granted: c.Granted}, nil
}
