// Package worklist is what the screens of batches share: the shelf of batches
// that are kept, the rows of one with a cursor that stays on its line, and the
// frame in which they stand. What a batch is, what is done with it and every
// word of it are the screens' own.
package worklist

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Unread draws what stands in the place of what is not read yet, or could not
// be. ok is false once it is there.
func Unread(e screen.Env, err error, loaded bool, reading string) (f screen.Frame, ok bool) {
	switch {
	case loaded:
		return f, false
	case err != nil:
		return widget.Frame(widget.Problem(e, err, widget.Readable(e.Width))), true
	}
	return widget.Frame([]string{e.Theme.Muted.Render(e.T(reading))}), true
}

// State is how far a batch is, in its first lines.
func State(e screen.Env, text string) []string {
	var out []string
	for _, l := range widget.Wrap(text, e.Width) {
		out = append(out, e.Theme.Title.Render(l))
	}
	return out
}

// Sum is how many rows are in a state.
type Sum struct {
	Text  string
	Count int
	Style lipgloss.Style
}

// Sums are the sums of a batch that are not nothing, in one line; none where
// all are.
func Sums(e screen.Env, sums []Sum) []string {
	var out []string
	for _, s := range sums {
		if s.Count > 0 {
			out = append(out, s.Style.Render(fmt.Sprintf("%s %d", s.Text, s.Count)))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return []string{widget.CutStyled(strings.Join(out, "  "+e.Theme.Glyphs.Dot+"  "), e.Width, e.Theme.Glyphs.Cut)}
}

// Waits says what a batch waits for.
func Waits(e screen.Env, text string) []string {
	return widget.Marked(e.Theme.Warn.Render(widget.Pad(e.Theme.Glyphs.Wait, 2)), text, e.Width)
}

// Page is one batch on the screen.
type Page struct {
	Head   []string // how far it is, and what holds it up
	Rows   int      // that are shown
	Empty  string   // said where there are none
	Share  int      // of a wide screen that the rows have, in percent
	Table  func(e screen.Env, width, height int) []string
	Detail func(e screen.Env, width int) []string // of the selected row
}

// roomy is from how many lines on the head stands apart.
const roomy = 14

// Draw draws the page.
func (p Page) Draw(e screen.Env) screen.Frame {
	lines := p.Head
	if e.Height >= roomy {
		lines = append(lines, "")
	}
	if p.Rows == 0 {
		return widget.Frame(append(lines, widget.Wrap(p.Empty, widget.Readable(e.Width))...))
	}
	return widget.Frame(append(lines, widget.Beside(e, p.Share, p.Rows, e.Height-len(lines), p.Table, p.Detail)...))
}
