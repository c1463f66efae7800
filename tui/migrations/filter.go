package migrations

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Capturing keeps letters for the filter.
func (r *root) Capturing() bool { return r.filtering }

// filterKey types into the filter; esc drops it, enter keeps it.
func (r *root) filterKey(msg tea.KeyPressMsg) {
	switch msg.String() {
	case "esc":
		r.input.SetValue("")
		r.filtering = false
		r.input.Blur()
	case "enter":
		r.filtering = false
		r.input.Blur()
		return
	case "up", "down", "pgup", "pgdown":
		r.cursor.Update(msg, r.rows())
		return
	default:
		r.input.Update(msg)
	}
	r.narrow()
}

// narrow applies the filter and keeps the cursor on what it was on, if that is
// in sight.
func (r *root) narrow() {
	was := r.idAt(r.cursor.Selected)
	r.choose()
	r.cursor.Selected = 0
	for i := range r.rows() {
		if r.idAt(i) == was {
			r.cursor.Selected = i
		}
	}
}

// choose lists the runs and guides of which every word of the filter is a part:
// of a name, of the guide's title in any language, or of its platform.
func (r *root) choose() {
	words := strings.Fields(strings.ToLower(r.input.Value()))
	fits := func(guideID string, more ...string) bool {
		more = append(more, guideID)
		for _, g := range r.d.Guides {
			if g.ID == guideID {
				more = append(more, string(g.Platform))
				for _, title := range g.Title {
					more = append(more, title)
				}
			}
		}
		text := strings.ToLower(strings.Join(more, "\x00"))
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	}
	r.underway, r.guides, r.over = nil, nil, nil
	for _, u := range r.all.underway {
		if fits(u.GuideID, u.Name) {
			r.underway = append(r.underway, u)
		}
	}
	for _, g := range r.d.Guides {
		if fits(g.ID) {
			r.guides = append(r.guides, g)
		}
	}
	for _, s := range r.all.over {
		if fits(s.GuideID, s.Name) {
			r.over = append(r.over, s)
		}
	}
}
