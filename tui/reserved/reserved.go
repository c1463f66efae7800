// Package reserved is a section whose work is not built yet: it says so, and
// what can be done meanwhile.
package reserved

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Place is a reserved section. Its texts are the locale keys
// reserved.<ID>.head and reserved.<ID>.text.
type Place struct {
	ID    string
	Label string // locale key of the title
}

// Title names the section.
func (p Place) Title(e screen.Env) string { return e.T(p.Label) }

// Init does nothing.
func (p Place) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Update does nothing.
func (p Place) Update(tea.Msg) screen.Step { return screen.Step{} }

// Draw says plainly that this is not there yet.
func (p Place) Draw(e screen.Env) screen.Frame {
	lines := []string{""}
	for _, l := range widget.Wrap(e.T("reserved."+p.ID+".head"), e.Width) {
		lines = append(lines, e.Theme.Title.Render(l))
	}
	lines = append(lines, "")
	lines = append(lines, widget.Wrap(e.T("reserved."+p.ID+".text"), min(e.Width, 76))...)
	return screen.Frame{Text: strings.Join(lines, "\n")}
}

// Keys has none.
func (p Place) Keys() []screen.Key { return nil }
