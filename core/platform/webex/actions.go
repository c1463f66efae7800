package webex

import (
	"context"
	"strings"
	"time"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/platform"
)

// service is the actions of guides around an asset.
type service struct{ s platform.Services }

func (m *service) actions() []action.Action {
	return []action.Action{
		action.New("webex.keep_asset", action.Changes, m.keep),
		action.New("webex.note_asset", action.Changes, m.note),
		action.New("webex.prove_asset", action.Reads, m.prove),
	}
}

// KeepIn is the input of webex.keep_asset.
type KeepIn struct {
	Name     string      `name:"name"` // the asset's, and the connection's
	Mailbox  string      `name:"mailbox"`
	Callback string      `name:"callback"`
	ClientID string      `name:"client_id"`
	Secret   core.Secret `name:"client_secret"`
	Audience string      `name:"audience"` // of Google's app
}

// KeepOut is the output of webex.keep_asset.
type KeepOut struct {
	Connection string      `name:"connection"` // id
	Name       string      `name:"name"`
	Secret     core.Secret `name:"client_secret"` // as it is kept: for the asset's form
}

// keep records an asset on Gmail before it is filled in. One of the same name
// and mailbox that is there already is brought up to date, so that the step can
// be taken again.
func (m *service) keep(ctx context.Context, in KeepIn) (KeepOut, error) {
	c, err := Platform().NewConnection(platform.Answers{
		Name: in.Name, Grant: core.GrantRecord,
		Plain: map[string]string{
			"account": in.Mailbox, settingAsset: in.Name, settingProvider: providerGmail, settingCallback: in.Callback, "client_id": in.ClientID, settingAudience: in.Audience,
		},
		Secret: core.Secrets{core.SecretClientSecret: in.Secret},
	})
	if err != nil {
		return KeepOut{}, err
	}
	was, err := m.s.Connections.ByName(ctx, c.Name)
	switch {
	case core.CodeOf(err) == "connection.not-found":
		c, err = m.s.Connections.Add(ctx, c)
	case err != nil:
	case was.Platform != ID || !strings.EqualFold(was.Account, c.Account):
		err = &core.Error{Tried: "name-connection", On: c.Name, Code: "connection.name-taken", Class: core.Usage, Err: core.ErrExists}
	default:
		ev := core.Event{Verb: core.VerbChanged, Detail: map[string]string{"what": core.SecretClientSecret}}
		fresh := c
		c, err = m.s.Connections.Change(ctx, was.ID, ev, func(now *core.Connection) error {
			now.ClientID, now.Secrets = fresh.ClientID, now.Secrets.With(core.SecretClientSecret, in.Secret)
			return setAll(now, map[string]string{settingCallback: in.Callback, settingAudience: in.Audience})
		})
	}
	return KeepOut{Connection: c.ID, Name: c.Name, Secret: in.Secret}, err
}

// setAll sets settings and derives what follows; "" leaves one as it is.
func setAll(c *core.Connection, settings map[string]string) error {
	*c = c.Clone()
	if c.Settings == nil {
		c.Settings = map[string]string{}
	}
	for name, v := range settings {
		if v = strings.TrimSpace(v); v != "" {
			c.Settings[name] = v
		}
	}
	*c = settle(*c)
	return nil
}

// NoteIn is the input of webex.note_asset: what an admin saw or did in Webex
// Connect, just now.
type NoteIn struct {
	Connection string `name:"connection"`
	Generated  bool   `name:"generated,optional"` // Generate token filled all of its fields
	Forwarding string `name:"forwarding,optional"`
	Confirmed  bool   `name:"confirmed,optional"` // mail was seen to arrive by it
	Owner      string `name:"owner,optional"`
	Service    string `name:"service,optional"`
	Proof      string `name:"proof,optional"` // the connection that proves the mailbox
}

// NoteOut is the output of webex.note_asset.
type NoteOut struct {
	Name string    `name:"name"`
	Ends time.Time `name:"ends"` // of the asset's token, as far as is known; zero: nothing is
}

func (m *service) note(ctx context.Context, in NoteIn) (NoteOut, error) {
	c, err := m.own(ctx, in.Connection)
	if err != nil {
		return NoteOut{}, err
	}
	for _, address := range []string{in.Forwarding, in.Owner} {
		if address = strings.TrimSpace(address); address != "" {
			if err := checkAddress(address); err != nil {
				return NoteOut{}, err
			}
		}
	}
	said := map[string]string{settingForward: in.Forwarding, settingOwner: in.Owner, settingService: in.Service, settingProof: in.Proof}
	now := m.s.Clock.Now().UTC().Format(time.RFC3339)
	if in.Generated {
		said[settingGenerated] = now
	}
	if in.Confirmed {
		said[settingConfirmed] = now
	}
	c, err = m.s.Connections.Change(ctx, c.ID, core.Event{Verb: core.VerbChanged}, func(c *core.Connection) error { return setAll(c, said) })
	return NoteOut{Name: c.Name, Ends: c.EndsAt}, err
}

// ProveIn is the input of webex.prove_asset.
type ProveIn struct {
	Connection string `name:"connection"`
}

// ProveOut is the output of webex.prove_asset.
type ProveOut struct {
	Mailbox   string    `name:"mailbox"`
	Proof     string    `name:"proof"` // the name of the connection that proved it
	CheckedAt time.Time `name:"checked_at"`
	Unknown   int       `name:"unknown"` // how many things of its health are not as they should be, or not known
}

// prove checks the record, and counts what its health leaves open.
func (m *service) prove(ctx context.Context, in ProveIn) (ProveOut, error) {
	c, err := m.own(ctx, in.Connection)
	if err != nil {
		return ProveOut{}, err
	}
	if c, err = m.s.Checks(ctx, c.ID); err != nil {
		return ProveOut{}, err
	}
	if !c.Check.OK {
		return ProveOut{}, c.Refusal()
	}
	out := ProveOut{Mailbox: c.Account, Proof: c.Settings[settingProofName], CheckedAt: c.Check.At}
	for _, f := range health(c, m.s.Clock.Now()) {
		if f.Level >= platform.Warns {
			out.Unknown++
		}
	}
	return out, nil
}

func (m *service) own(ctx context.Context, name string) (core.Connection, error) {
	c, err := m.s.Connections.ByName(ctx, name)
	if err == nil && c.Platform != ID {
		err = &core.Error{Tried: "find-connection", On: c.Name, Code: "webex.not-webex", Class: core.Usage}
	}
	return c, err
}
