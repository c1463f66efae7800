package widget

import (
	tea "charm.land/bubbletea/v2"

	"deskward/tui/screen"
)

// MenuItem is one text of a Menu.
type MenuItem struct {
	What   string // locale key of its name
	Text   string // dots for a secret, until it is chosen
	Secret string // the secret's name: that it leaves is written into the log first; "": none
	Shown  Words  // what the list shows in place of Text; nil: Text
}

// Menu is what can be copied, for a screen that asks which.
type Menu struct {
	Items []MenuItem
	list  List
}

// Update moves the cursor, or returns the item that enter chose.
func (m *Menu) Update(msg tea.KeyPressMsg) (chosen MenuItem, ok bool) {
	if i := m.list.Selected; msg.String() == "enter" && i < len(m.Items) {
		return m.Items[i], true
	}
	m.list.Update(msg, len(m.Items))
	return MenuItem{}, false
}

// Draw lists the texts below a heading.
func (m *Menu) Draw(e screen.Env) []string {
	lines := []string{e.Theme.Title.Render(e.T("copy.head")), ""}
	secrets := false
	wide := min(24, e.Width/2) // "クライアントシークレット" whole
	from, to := m.list.Window(len(m.Items), max(1, e.Height-5))
	for i := from; i < to; i++ {
		it, sign := m.Items[i], "  "
		if i == m.list.Selected {
			sign = e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " "
		}
		secrets = secrets || it.Secret != ""
		label := Pad(Cut(Named(e, it.Secret, it.What), wide, e.Theme.Glyphs.Cut), wide+2)
		shown := it.Text
		if it.Shown != nil {
			shown = it.Shown(e)
		}
		lines = append(lines, sign+label+e.Theme.Muted.Render(Cut(shown, max(e.Width-wide-4, 6), e.Theme.Glyphs.Cut)))
	}
	if secrets {
		lines = append(lines, "")
		lines = append(lines, Wrap(e.T("copy.recorded"), Readable(e.Width))...)
	}
	return lines
}
