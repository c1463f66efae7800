package keys

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// copyMenu lists what can be copied of a key. The secret is asked for, and
// that it leaves recorded, when it is chosen.
type copyMenu struct {
	f      *family
	scope  *screen.Scope
	sum    core.KeySummary
	menu   widget.Menu
	loaded bool
	err    error
}

func newCopyMenu(f *family, s core.KeySummary) *copyMenu { return &copyMenu{f: f, sum: s} }

type leaving struct {
	item   widget.MenuItem
	secret core.Secret
	err    error
}

// Title names the menu.
func (m *copyMenu) Title(e screen.Env) string { return e.T("keys.copy.title") }

// Init reads the key.
func (m *copyMenu) Init(s *screen.Scope) screen.Step {
	m.scope = s
	return screen.Step{Cmd: m.f.load(s, m.sum.ID)}
}

// Update handles keys and the key's arrival.
func (m *copyMenu) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case keyLoaded:
		if step, ok := m.f.gone(msg.id, msg.err); ok {
			return step
		}
		if m.err = msg.err; msg.err == nil {
			m.loaded, m.menu.Items = true, copyables(msg)
		}
	case leaving:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return copied(msg.item.What, msg.secret.Reveal())
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
	return screen.Step{Cmd: m.scope.Run(func(ctx context.Context) tea.Msg {
		s, err := m.f.Keys.Reveal(ctx, m.sum.ID, core.VerbCopied, nil)
		return leaving{it, s, err}
	})}
}

// copyables are the parts of a key that somebody may want elsewhere. A secret
// that is hidden for ever is not among them.
func copyables(k keyLoaded) []widget.MenuItem {
	var out []widget.MenuItem
	add := func(what, text string) {
		if text != "" {
			out = append(out, widget.MenuItem{What: "keys.copy." + what, Text: text})
		}
	}
	add("name", k.key.Name)
	if k.key.Kind == core.KeyXsolla {
		add("project", k.key.Account)
	} else {
		add("account", k.key.Account)
	}
	add("kid", k.key.KID)
	add("list", k.key.KeyList)
	if k.secret != (core.Quality{}) && !k.sum.Hidden {
		out = append(out, widget.MenuItem{What: "keys.copy.secret", Text: core.NewSecret("x").String(), Secret: core.SecretSigning})
	}
	add("places", placesText(k.key.Deployments))
	add("id", k.key.ID)
	return out
}

// placesText lists places for a change ticket.
func placesText(all []core.Deployment) string {
	text := ""
	for _, d := range all {
		text += d.Where + "\t" + d.At.UTC().Format(time.RFC3339) + "\t" + d.By + "\n"
	}
	return text
}

// Draw lists the texts; the secret is dots.
func (m *copyMenu) Draw(e screen.Env) screen.Frame {
	switch {
	case m.err != nil:
		return widget.Frame(widget.Problem(e, m.err, widget.Readable(e.Width)))
	case !m.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("keys.loading-one"))})
	}
	return widget.Frame(m.menu.Draw(e))
}

// Keys of the menu.
func (m *copyMenu) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "keys.key.copy-this", "enter").If(len(m.menu.Items) > 0, "keys.off.loading"),
	}
}
