package google

import (
	"context"
	"slices"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/consent"
	"deskward/core/platform"
)

// service is the actions of guides: around a service account that acts for a
// mailbox, and around another system's client (otherclient.go).
type service struct {
	s       platform.Services
	hearing consent.Hearing
}

func (m *service) actions() []action.Action {
	return []action.Action{
		action.New("google.keep_service_account", action.Changes, m.keep),
		action.New("google.act_for_mailbox", action.Changes, m.act),
		action.New("google.prove_mailbox", action.Reads, m.prove),
		action.New("google.lint_client", action.Reads, m.lintClient),
		action.New("google.keep_client", action.Changes, m.keepClient),
		action.New("google.ask_consent", action.Changes, m.askConsent),
		action.New("google.take_consent", action.Changes, m.takeConsent),
	}
}

// KeepIn is the input of google.keep_service_account.
type KeepIn struct {
	Name    string      `name:"name"`
	File    core.Secret `name:"file"` // the content of the JSON key file
	Mailbox string      `name:"mailbox"`
	Scopes  []string    `name:"scopes"`
}

// KeepOut is the output of google.keep_service_account.
type KeepOut struct {
	Connection string `name:"connection"` // id
	Name       string `name:"name"`
	Email      string `name:"email"` // the service account's
	ClientID   string `name:"client_id"`
	ScopeLine  string `name:"scope_line"` // as the delegation page wants them
	Page       string `name:"page"`
	Mailbox    string `name:"mailbox"`
	Warnings   int    `name:"warnings"`
}

// keep stores a service account as a connection. One of the same name, account
// and mailbox that is there already gets the new key, so that the step can be
// taken again.
func (m *service) keep(ctx context.Context, in KeepIn) (KeepOut, error) {
	p := Platform()
	c, err := p.NewConnection(platform.Answers{
		Name: in.Name, Grant: core.GrantServiceAccount,
		Plain:  map[string]string{"account": in.Mailbox, "scopes": strings.Join(in.Scopes, " ")},
		Secret: core.Secrets{settingFile: in.File},
	})
	if err != nil {
		return KeepOut{}, err
	}
	warnings := 0
	for _, f := range lintConnection(c) {
		if f.Level == platform.Stops {
			return KeepOut{}, f.Err(c.Name)
		}
		if f.Level == platform.Warns {
			warnings++
		}
	}
	if c, err = m.store(ctx, c); err != nil {
		return KeepOut{}, err
	}
	return KeepOut{
		Connection: c.ID, Name: c.Name, Email: c.Settings[settingEmail], ClientID: c.ClientID, ScopeLine: strings.Join(c.Scopes, ","),
		Page: delegationPage, Mailbox: c.Account, Warnings: warnings,
	}, nil
}

func (m *service) store(ctx context.Context, c core.Connection) (core.Connection, error) {
	was, err := m.s.Connections.ByName(ctx, c.Name)
	if core.CodeOf(err) == "connection.not-found" {
		return m.s.Connections.Add(ctx, c)
	} else if err != nil {
		return c, err
	}
	if was.Platform != ID || was.Grant != c.Grant || was.ClientID != c.ClientID || !strings.EqualFold(was.Account, c.Account) {
		return c, &core.Error{Tried: "name-connection", On: c.Name, Code: "connection.name-taken", Class: core.Usage, Err: core.ErrExists}
	}
	if was.Secrets[core.SecretPrivateKey].Equal(c.Secrets[core.SecretPrivateKey]) && slices.Equal(was.Scopes, c.Scopes) {
		return was, nil
	}
	return m.s.Connections.Change(ctx, was.ID, core.Event{Verb: core.VerbChanged, Detail: map[string]string{"what": core.SecretPrivateKey}}, func(now *core.Connection) error {
		now.Settings, now.Scopes = c.Settings, c.Scopes
		now.Secrets = now.Secrets.With(core.SecretPrivateKey, c.Secrets[core.SecretPrivateKey]).With(core.SecretAccessToken, core.Secret{})
		now.AccessExpires, now.Check = time.Time{}, core.Check{}
		return nil
	})
}

// MailboxIn is the input of google.act_for_mailbox and google.prove_mailbox.
type MailboxIn struct {
	Connection string `name:"connection"`
}

// ActOut is the output of google.act_for_mailbox.
type ActOut struct {
	Mailbox   string    `name:"mailbox"`
	ExpiresAt time.Time `name:"expires_at"`
}

// act asks Google for a token with which the service account acts for its
// mailbox: the moment at which the delegation shows. A token changes nothing
// at Google; a later one is asked for whenever it is needed.
func (m *service) act(ctx context.Context, in MailboxIn) (ActOut, error) {
	c, err := m.serviceAccount(ctx, in.Connection)
	if err != nil {
		return ActOut{}, err
	}
	if _, err := m.s.Tokens.Access(ctx, c.ID); err != nil {
		return ActOut{}, err
	}
	c, err = m.s.Connections.Get(ctx, c.ID)
	return ActOut{Mailbox: c.Account, ExpiresAt: c.AccessExpires}, err
}

// own returns a connection of Google's, however it was granted.
func (m *service) own(ctx context.Context, name string) (core.Connection, error) {
	c, err := m.s.Connections.ByName(ctx, name)
	if err == nil && c.Platform != ID {
		err = &core.Error{Tried: "find-connection", On: c.Name, Code: "google.not-google", Class: core.Usage}
	}
	return c, err
}

func (m *service) serviceAccount(ctx context.Context, name string) (core.Connection, error) {
	c, err := m.own(ctx, name)
	if err == nil && c.Grant != core.GrantServiceAccount {
		err = &core.Error{Tried: "find-connection", On: c.Name, Code: "google.not-service-account", Class: core.Usage}
	}
	return c, err
}

// ProveOut is the output of google.prove_mailbox.
type ProveOut struct {
	Address   string    `name:"address"`
	Labels    int       `name:"labels"`
	CheckedAt time.Time `name:"checked_at"`
}

// prove asks the Gmail API whose mailbox it is, and for its labels.
func (m *service) prove(ctx context.Context, in MailboxIn) (ProveOut, error) {
	c, err := m.own(ctx, in.Connection)
	if err != nil {
		return ProveOut{}, err
	}
	box := dial(c, platform.Env{
		HTTP: m.s.HTTP, Endpoints: m.s.Endpoints, Clock: m.s.Clock,
		Token: func(ctx context.Context) (core.Secret, error) { return m.s.Tokens.Access(ctx, c.ID) },
	})
	if c, err = m.s.Checks(ctx, c.ID); err != nil {
		return ProveOut{}, err
	}
	if !c.Check.OK {
		return ProveOut{}, c.Refusal()
	}
	profile, err := box.Profile(ctx) // once more, for this step's own evidence
	if err != nil {
		return ProveOut{}, err
	}
	labels, err := box.Labels(ctx)
	if err != nil {
		return ProveOut{}, err
	}
	return ProveOut{Address: profile.Address, Labels: len(labels), CheckedAt: c.Check.At}, nil
}
