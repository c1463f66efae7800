package visitors

import (
	tea "charm.land/bubbletea/v2"

	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// copyMenu lists what can be copied of a row and of the look-up.
type copyMenu struct {
	result lookup.Result
	menu   widget.Menu
}

const whatVerdict = "visitors.copy.verdict"

func newCopyMenu(r row, result lookup.Result) *copyMenu {
	m := &copyMenu{result: result}
	add := func(what, text string) {
		if text != "" {
			m.menu.Items = append(m.menu.Items, widget.MenuItem{What: what, Text: text})
		}
	}
	add("visitors.copy.external", externalID(r, result))
	add("visitors.copy.email", r.visitor.Email())
	add("visitors.copy.id", r.visitor.ID)
	add("visitors.copy.name", r.visitor.Name)
	add("visitors.copy.link", r.visitor.Link)
	add(whatVerdict, string(result.Verdict.Outcome))
	for i, it := range m.menu.Items {
		if it.What == whatVerdict {
			m.menu.Items[i].Shown = func(e screen.Env) string { return verdictWords(e, result.Verdict) }
		}
	}
	if r.visitor.ID != "" {
		add("visitors.copy.json", indented(r.visitor))
	}
	add("visitors.copy.all", resultJSON(result))
	return m
}

// Title names the menu.
func (m *copyMenu) Title(e screen.Env) string { return e.T("visitors.copy.title") }

// Init does nothing.
func (m *copyMenu) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Update moves, or copies what enter chose.
func (m *copyMenu) Update(msg tea.Msg) screen.Step {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return screen.Step{}
	}
	it, chosen := m.menu.Update(k)
	if !chosen {
		return screen.Step{}
	}
	c := screen.Copy{Text: it.Text, What: it.What}
	if it.What == whatVerdict {
		c = screen.Copy{Words: func(e screen.Env) string { return verdictText(e, m.result) }, What: it.What}
	}
	return screen.Step{Back: true, Copy: c}
}

// verdictText is the verdict with its reasons, for a ticket.
func verdictText(e screen.Env, r lookup.Result) string {
	text := r.Query.Text + "\n" + verdictWords(e, r.Verdict) + "\n"
	for _, f := range r.Verdict.Findings {
		p, key := params(f), "lookup."+f.Code
		text += "\n- " + e.T(key, p) + " [" + f.Code + "]\n"
		if f.Level != lookup.Good {
			text += "  " + e.T(key+".means", p) + "\n  " + e.T(key+".fix", p) + "\n"
		}
	}
	return text
}

// Draw lists the texts.
func (m *copyMenu) Draw(e screen.Env) screen.Frame { return widget.Frame(m.menu.Draw(e)) }

// Keys of the menu.
func (m *copyMenu) Keys() []screen.Key {
	return []screen.Key{screen.NewKey("enter", "visitors.key.copy-this", "enter")}
}
