package connections

import (
	"context"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// copyMenu lists what can be copied. A secret is written into the log before
// it leaves.
type copyMenu struct {
	f      *family
	scope  *screen.Scope
	sum    core.Summary
	conn   core.Connection
	menu   widget.Menu
	loaded bool
	err    error
}

// newCopyMenu offers the parts of a stored connection.
func newCopyMenu(f *family, s core.Summary) *copyMenu { return &copyMenu{f: f, sum: s} }

// newTextMenu offers texts that are no secrets.
func newTextMenu(f *family, items []widget.MenuItem) *copyMenu {
	return &copyMenu{f: f, menu: widget.Menu{Items: items}, loaded: true}
}

type leaving struct {
	item widget.MenuItem
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
			m.menu.Items = m.f.copyables(msg.conn)
		}
	case leaving:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return copied(msg.item.What, m.conn.Secrets[msg.item.Secret].Reveal())
	case tea.KeyPressMsg:
		if it, ok := m.menu.Update(msg); ok {
			return m.choose(it)
		}
	}
	return screen.Step{}
}

func copied(what, text string) screen.Step {
	return screen.Step{Back: true, Copy: screen.Copy{Text: text, What: what}}
}

func (m *copyMenu) choose(it widget.MenuItem) screen.Step {
	if it.Secret == "" {
		return copied(it.What, it.Text)
	}
	ev := core.Event{Verb: core.VerbCopied, Subject: m.conn.Subject(), Detail: map[string]string{"secret": it.Secret}}
	return screen.Step{Cmd: m.scope.Run(func(ctx context.Context) tea.Msg {
		return leaving{it, m.f.Events.Record(ctx, ev)}
	})}
}

// copyables are the parts of a connection that somebody may want elsewhere.
func (f *family) copyables(c core.Connection) []widget.MenuItem {
	var out []widget.MenuItem
	add := func(what, text string) {
		if text != "" {
			out = append(out, widget.MenuItem{What: "connections.copy." + what, Text: text})
		}
	}
	if sheet := f.Service.Sheet(c); len(sheet.Facts) > 0 {
		return sheetItems(c, sheet)
	}
	add("name", c.Name)
	add("account", c.Account)
	add("client-id", c.ClientID)
	add("scopes", strings.Join(c.Scopes, " "))
	if cfg, err := f.Service.Config(c); err == nil && c.Grant == core.GrantCode && !cfg.AnyRedirect {
		for _, uri := range cfg.Redirects() {
			add("redirect", uri)
			break // the one that is tried first
		}
	}
	add("id", c.ID)
	card := card{conn: c}
	for _, name := range card.secretNames() {
		out = append(out, widget.MenuItem{What: "connections.secret.name." + name, Text: c.Secrets[name].String(), Secret: name})
	}
	return out
}

// sheetItems are the values of a sheet in its own order, that of the vendor's
// form, with the secret where the form has it.
func sheetItems(c core.Connection, sheet platform.Sheet) []widget.MenuItem {
	var out []widget.MenuItem
	label := func(name string) string { return "setup." + string(c.Platform) + "." + name }
	secret := func(what, name string) {
		if s := c.Secrets[name]; !s.Empty() {
			out = append(out, widget.MenuItem{What: what, Text: s.String(), Secret: name})
		}
	}
	for _, fact := range sheet.Facts {
		out = append(out, widget.MenuItem{What: label(fact.Name), Text: fact.Value})
		if fact.Name == sheet.SecretAfter {
			secret(label(sheet.Secret), sheet.Secret)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Secrets)) {
		if name != sheet.Secret {
			secret("connections.secret.name."+name, name)
		}
	}
	return out
}

// Draw lists the texts; secrets are dots.
func (m *copyMenu) Draw(e screen.Env) screen.Frame {
	switch {
	case m.err != nil:
		return widget.Frame(widget.Problem(e, m.err, widget.Readable(e.Width)))
	case !m.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("connections.loading-one"))})
	}
	return widget.Frame(m.menu.Draw(e))
}

// Keys of the menu.
func (m *copyMenu) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "connections.key.copy-this", "enter").If(len(m.menu.Items) > 0, "connections.off.none"),
	}
}
