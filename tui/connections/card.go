package connections

import (
	"context"
	"maps"
	"slices"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// cardEvents is how many events of a connection are shown.
const cardEvents = 8

// card is what is known of one connection. It begins with the summary and is
// completed when the record has been read.
type card struct {
	f      *family
	sum    core.Summary
	conn   core.Connection
	loaded bool
	can    capabilities
	events []core.Event
	heir   string // name of the connection that took over
	sheet  platform.Sheet
	err    error

	probes []platform.ScopeProbe
	shown  widget.Reveal // in the detail screen only
	chosen int           // which secret, in the order of secretNames
	active bool          // secrets can be chosen and shown here
}

// capabilities are what the platform's client can do for the connection.
type capabilities struct{ check, probe, revoke, setup bool }

// capable reads the capabilities of a client.
func capable(client any) capabilities {
	_, check := client.(platform.Checker)
	_, probe := client.(platform.ScopeProber)
	_, revoke := client.(platform.Revoker)
	_, setup := client.(platform.SetupReader)
	return capabilities{check, probe, revoke, setup}
}

// capabilitiesOf are none when the platform is not known.
func (f *family) capabilitiesOf(c core.Connection) capabilities {
	client, err := f.Service.Dial(c)
	if err != nil {
		return capabilities{}
	}
	return capable(client)
}

type cardLoaded struct {
	id     string
	conn   core.Connection
	can    capabilities
	events []core.Event
	heir   string
	err    error
}

// loadCard reads a connection and its events.
func loadCard(f *family, s *screen.Scope, id string) tea.Cmd {
	return s.Run(func(ctx context.Context) tea.Msg {
		msg := cardLoaded{id: id}
		if msg.conn, msg.err = f.Connections.Get(ctx, id); msg.err != nil {
			return msg
		}
		msg.can = f.capabilitiesOf(msg.conn)
		if by := msg.conn.ReplacedBy; by != "" {
			heir, err := f.Connections.Get(ctx, by)
			if msg.heir = heir.Name; err != nil {
				msg.heir = by // it was removed since
			}
		}
		msg.events, msg.err = f.Events.Recent(ctx, cardEvents, id)
		return msg
	})
}

func (c *card) take(msg cardLoaded) {
	if c.err = msg.err; msg.err != nil {
		return
	}
	if c.conn.Secrets != nil && !sameSecrets(c.conn.Secrets, msg.conn.Secrets) {
		c.shown = widget.Reveal{} // what is on the screen is not the secret any more
	}
	c.conn, c.can, c.events, c.heir, c.loaded = msg.conn, msg.can, msg.events, msg.heir, true
	c.sum, c.sheet = msg.conn.Summary(), c.f.Service.Sheet(msg.conn)
	c.chosen = max(0, min(c.chosen, len(c.secretNames())-1))
}

func sameSecrets(a, b core.Secrets) bool { return maps.EqualFunc(a, b, core.Secret.Equal) }

// trouble is the error that the card shows: why the connection was refused, or
// could not be read. It is known once the record is there.
func (c *card) trouble() error {
	if c.err != nil || !c.loaded {
		return c.err
	}
	if st := c.sum.State(c.f.Clock.Now()); st.Code != "refused" {
		return nil
	}
	return c.conn.Refusal()
}

// secretNames are the names of the stored secrets, the client's first.
func (c *card) secretNames() []string {
	names := slices.Sorted(maps.Keys(c.conn.Secrets))
	if i := slices.Index(names, core.SecretClientSecret); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, core.SecretClientSecret)
	}
	return names
}

// missing are the scopes that were asked for and not granted; nil when the
// vendor did not say what it granted.
func (c *card) missing() []string {
	var out []string
	for _, s := range c.conn.Scopes {
		if len(c.conn.Granted) > 0 && !slices.Contains(c.conn.Granted, s) {
			out = append(out, s)
		}
	}
	return out
}

// probe returns what probing said of a scope, as long as there is still a
// token of which it was true.
func (c *card) probe(scope string) (platform.ScopeProbe, bool) {
	if !c.sum.HasAccess && !c.sum.HasRefresh {
		return platform.ScopeProbe{}, false
	}
	i := slices.IndexFunc(c.probes, func(p platform.ScopeProbe) bool { return p.Scope == scope })
	if i < 0 {
		return platform.ScopeProbe{}, false
	}
	return c.probes[i], true
}
