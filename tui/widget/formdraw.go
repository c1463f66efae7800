package widget

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/tui/screen"
)

// Draw returns the form's lines, at most height of them with the focused
// field in sight, and the cursor relative to them.
func (f *Form) Draw(e screen.Env, width, height int) ([]string, *tea.Cursor) {
	label := 0
	for _, s := range f.fields {
		label = max(label, ansi.StringWidth(s.Label(e)))
	}
	label = min(label, LabelWidth(width)) + 2
	var lines []string
	var cursor *tea.Cursor
	from, to := 0, 0
	for i, s := range f.fields {
		start := len(lines)
		block, col, row := s.draw(e, i == f.focus, label, width)
		if i == f.focus {
			from, to = start, start+len(block)
			if col >= 0 {
				cursor = tea.NewCursor(col, start+row)
			}
		}
		lines = append(lines, block...)
	}
	top := 0
	if len(lines) > height {
		top = max(0, min(to-height+1, from))
		top = min(top, len(lines)-height)
		lines = lines[top : top+height]
	}
	if cursor != nil {
		cursor.Y -= top
	}
	return lines, cursor
}

// draw returns the block of one field and where in it the cursor stands.
func (s *fieldState) draw(e screen.Env, focused bool, label, width int) (lines []string, col, row int) {
	mark := "  "
	if focused {
		mark = e.Theme.Accent.Render(e.Theme.Glyphs.Current) + " "
	}
	name := Cut(s.Label(e), label-2, e.Theme.Glyphs.Cut)
	if focused {
		name = e.Theme.Title.Render(name)
	}
	head := mark + Pad(name, label)
	col = -1
	if whole := s.Label(e); focused && (ansi.StringWidth(whole) > label-2 || s.choiceWidth(e) > width-label-2) {
		// A label that would be cut, or would have an option cut, stands above the answer while it is asked.
		for _, l := range Wrap(whole, width-2) {
			lines = append(lines, mark+e.Theme.Title.Render(l))
			mark = "  "
		}
		head, label = "    ", 2
		row = len(lines)
	}
	switch {
	case s.Many:
		lines = append(lines, head)
		lines = append(lines, s.drawMany(e, focused, width)...)
	case s.Options != nil:
		lines = append(lines, head+s.drawChoice(e, focused, width-label-2))
	default:
		text, c := s.input.Draw(e, width-label-2)
		if s.input.Value() == "" && !focused {
			text = s.emptyWords(e)
		}
		lines = append(lines, head+text)
		if focused && c >= 0 {
			col = label + 2 + c
		}
	}
	if s.wrong != nil {
		sign := e.Theme.Bad.Render(e.Theme.Glyphs.Bad)
		for _, l := range Wrap(s.wrong(e), width-6) {
			lines = append(lines, "    "+sign+" "+l)
			sign = " "
		}
	}
	if focused && s.Hint != nil {
		if hint := s.Hint(e); hint != "" {
			for _, l := range Wrap(hint, width-4) {
				lines = append(lines, "    "+e.Theme.Muted.Render(l))
			}
		}
	}
	return lines, col, row
}

// emptyWords stand in a field without an answer.
func (s *fieldState) emptyWords(e screen.Env) string {
	switch {
	case s.Empty != nil:
		return e.Theme.Muted.Render(s.Empty(e))
	case s.Optional:
		return e.Theme.Muted.Render(e.T("form.optional"))
	}
	return ""
}

// choiceWidth is what the chosen option of a choice needs to be read whole.
func (s *fieldState) choiceWidth(e screen.Env) int {
	if s.Many || len(s.Options) < 2 {
		return 0
	}
	return ansi.StringWidth("<  > "+s.Options[s.choice].Label(e)) + ansi.StringWidth(e.T("form.choose", map[string]any{"n": s.choice + 1, "of": len(s.Options)}))
}

func (s *fieldState) drawChoice(e screen.Env, focused bool, width int) string {
	text := s.Options[s.choice].Label(e)
	if len(s.Options) == 1 {
		return Cut(text, width, e.Theme.Glyphs.Cut)
	}
	if !focused {
		return Cut(text, width, e.Theme.Glyphs.Cut)
	}
	tail := " " + e.Theme.Muted.Render(e.T("form.choose", map[string]any{"n": s.choice + 1, "of": len(s.Options)}))
	return CutStyled(e.Theme.Accent.Render("< ")+Cut(text, max(width-ansi.StringWidth(tail)-4, 8), e.Theme.Glyphs.Cut)+e.Theme.Accent.Render(" >")+tail, width, e.Theme.Glyphs.Cut)
}

// manyRows is how many options of a checklist are in sight at once.
const manyRows = 7

func (s *fieldState) drawMany(e screen.Env, focused bool, width int) []string {
	rows := len(s.Options)
	if !focused {
		on := 0
		for _, o := range s.Options {
			if s.on[o.Value] {
				on++
			}
		}
		return []string{"    " + e.Theme.Muted.Render(e.T("form.chosen", map[string]any{"n": on, "of": rows}))}
	}
	var out []string
	from, to := s.list.Window(rows, min(rows, manyRows))
	for i := from; i < to; i++ {
		o := s.Options[i]
		box := "[ ]"
		if s.on[o.Value] {
			box = "[x]"
		}
		mark := " "
		if i == s.list.Selected {
			mark = e.Theme.Accent.Render(e.Theme.Glyphs.Selected)
		}
		text := o.Label(e)
		if o.Muted {
			text = e.Theme.Muted.Render(text)
		}
		out = append(out, strings.TrimRight("   "+mark+box+" "+CutStyled(text, width-8, e.Theme.Glyphs.Cut), " "))
	}
	if to < rows {
		out = append(out, "       "+e.Theme.Muted.Render(e.T("form.more", map[string]any{"n": rows - to})))
	}
	return out
}

// LabelWidth is how wide a column of labels may be beside their values in
// width cells. Where there is room for both, "クライアントシークレット" stays whole.
func LabelWidth(width int) int {
	if width >= 44 {
		return max(width*2/5, 24)
	}
	return width * 2 / 5
}
