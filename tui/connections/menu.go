package connections

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// copyable is one text of a copy menu.
type copyable struct {
	what   string // locale key of its name
	text   string // "" for a secret until it is chosen
	secret string // its name among the connection's secrets
}

// copyMenu lists what can be copied. A secret is written into the log before
// it leaves.
type copyMenu struct {
	f      *family
	scope  *screen.Scope
	sum    core.Summary
	conn   core.Connection
	items  []copyable
	cursor widget.List
	loaded bool
	err    error
}

// newCopyMenu offers the parts of a stored connection.
func newCopyMenu(f *family, s core.Summary) *copyMenu { return &copyMenu{f: f, sum: s} }

// newTextMenu offers texts that are no secrets.
func newTextMenu(f *family, items []copyable) *copyMenu {
	return &copyMenu{f: f, items: items, loaded: true}
}

type leaving struct {
	item copyable
	err  error
}

// Title names the menu.
func (m *copyMenu) Title(e screen.Env) string { return e.T("connections.copy.title") }

// Init reads the connection.
func (m *copyMenu) Init(s *screen.Scope) screen.Step {
	m.scope = s
	if m.loaded {
		return screen.Step{}
	}
	return screen.Step{Cmd: loadCard(m.f, s, m.sum.ID)}
}

// Update handles keys and the connection's arrival.
func (m *copyMenu) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case cardLoaded:
		if m.err = msg.err; msg.err == nil {
			m.conn, m.loaded = msg.conn, true
			m.items = m.f.copyables(msg.conn)
		}
	case leaving:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return copied(msg.item.what, m.conn.Secrets[msg.item.secret].Reveal())
	case tea.KeyPressMsg:
		if msg.String() == "enter" && m.cursor.Selected < len(m.items) {
			return m.choose(m.items[m.cursor.Selected])
		}
		m.cursor.Update(msg, len(m.items))
	}
	return screen.Step{}
}

func copied(what, text string) screen.Step {
	return screen.Step{Back: true, Copy: screen.Copy{Text: text, What: what}}
}

func (m *copyMenu) choose(it copyable) screen.Step {
	if it.secret == "" {
		return copied(it.what, it.text)
	}
	ev := core.Event{Verb: core.VerbCopied, Subject: m.conn.Subject(), Detail: map[string]string{"secret": it.secret}}
	return screen.Step{Cmd: m.scope.Run(func(ctx context.Context) tea.Msg {
		return leaving{it, m.f.Events.Record(ctx, ev)}
	})}
}

// copyables are the parts of a connection that somebody may want elsewhere.
func (f *family) copyables(c core.Connection) []copyable {
	var out []copyable
	add := func(what, text string) {
		if text != "" {
			out = append(out, copyable{what: "connections.copy." + what, text: text})
		}
	}
	add("name", c.Name)
	add("account", c.Account)
	add("client-id", c.ClientID)
	add("scopes", strings.Join(c.Scopes, " "))
	if cfg, err := f.Service.Config(c); err == nil && c.Grant == core.GrantCode {
		for _, uri := range cfg.Redirects() {
			add("redirect", uri)
			break // the one that is tried first
		}
	}
	add("id", c.ID)
	card := card{conn: c}
	for _, name := range card.secretNames() {
		out = append(out, copyable{what: "connections.secret.name." + name, secret: name})
	}
	return out
}

// Draw lists the texts; secrets are dots.
func (m *copyMenu) Draw(e screen.Env) screen.Frame {
	lines := []string{e.Theme.Title.Render(e.T("connections.copy.head")), ""}
	switch {
	case m.err != nil:
		return frame(append(lines, explained(e, m.err, readable(e.Width))...))
	case !m.loaded:
		return frame(append(lines, e.Theme.Muted.Render(e.T("connections.loading-one"))))
	}
	var secrets bool
	wide := min(24, e.Width/2) // "クライアントシークレット" whole
	from, to := m.cursor.Window(len(m.items), max(1, e.Height-5))
	for i := from; i < to; i++ {
		it := m.items[i]
		sign, text := "  ", it.text
		if i == m.cursor.Selected {
			sign = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		if it.secret != "" {
			text, secrets = m.conn.Secrets[it.secret].String(), true
		}
		label := widget.Pad(widget.Cut(named(e, it.secret, it.what), wide, e.Theme.Glyphs.Cut), wide+2)
		lines = append(lines, sign+label+e.Theme.Muted.Render(widget.Cut(text, max(e.Width-wide-4, 6), e.Theme.Glyphs.Cut)))
	}
	if secrets {
		lines = append(lines, "")
		lines = append(lines, widget.Wrap(e.T("connections.copy.recorded"), readable(e.Width))...)
	}
	return frame(lines)
}

// Keys of the menu.
func (m *copyMenu) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "connections.key.copy-this", "enter").If(len(m.items) > 0, "connections.off.none"),
	}
}
