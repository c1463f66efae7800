package visitors

import (
	"bytes"
	"encoding/json"
	"slices"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// rawJSON is the vendor's own answer about one person.
type rawJSON struct {
	source string
	text   string
	pager  widget.Pager
}

func newJSON(r row) *rawJSON { return &rawJSON{source: r.answer.Source, text: indented(r.visitor)} }

// indented is what the vendor said of a visitor, or what was made of it where
// that was not kept; safe to draw.
func indented(v core.Visitor) string {
	raw := []byte(v.Raw)
	if len(raw) == 0 {
		raw, _ = json.Marshal(v) // of texts, times and booleans: it cannot fail
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return core.CleanText(string(raw)) // as it came
	}
	return core.CleanText(b.String())
}

// resultJSON is a look-up whole, as commands print it.
func resultJSON(r lookup.Result) string {
	r.Answers = slices.Clone(r.Answers)
	for i, a := range r.Answers {
		vs := slices.Clone(a.Visitors)
		for n := range vs {
			if !json.Valid(vs[n].Raw) { // else nothing could be written
				vs[n].Raw = nil
			}
		}
		r.Answers[i].Visitors = vs
	}
	raw, _ := json.MarshalIndent(r, "", "  ") // of texts, times and valid JSON: it cannot fail
	return core.CleanText(string(raw))
}

// Title names the screen.
func (j *rawJSON) Title(screen.Env) string { return "JSON: " + short(j.source) }

// Init does nothing.
func (j *rawJSON) Init(*screen.Scope) screen.Step { return screen.Step{} }

// Update scrolls and copies.
func (j *rawJSON) Update(msg tea.Msg) screen.Step {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "y":
			return screen.Step{Copy: screen.Copy{Text: j.text, What: "visitors.copy.json"}}
		case "v":
			return screen.Step{Plain: j.text}
		default:
			j.pager.Key(k.String())
		}
	}
	return screen.Step{}
}

// Draw shows the lines in sight, long ones wrapped.
func (j *rawJSON) Draw(e screen.Env) screen.Frame {
	lines := widget.Wrap(j.text, e.Width)
	from, to := j.pager.Window(len(lines), e.Height, -1)
	return widget.Frame(lines[from:to])
}

// Keys of the screen.
func (j *rawJSON) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("↑/↓", "visitors.key.scroll", "up", "down", "j", "k", "pgup", "pgdown", "g", "G", "home", "end"),
		screen.NewKey("y", "visitors.key.copy", "y"),
		screen.NewKey("v", "visitors.key.plain", "v"),
	}
}
