package widget

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/tui/screen"
)

// Column is one column of a table.
type Column struct {
	Title Words
	Min   int // narrowest useful width in cells
	Want  int // width that shows most values whole
	Drop  int // columns with the highest Drop go first when space is short; 0 stays
}

// Cell is one value, cleaned and cut when drawn.
type Cell struct {
	Text  string
	Style lipgloss.Style
}

// Table draws the rows in sight only, so ten thousand cost what twenty cost.
type Table struct {
	Columns []Column
	Rows    int
	Row     func(i int) []Cell
	List    *List
	// Group names what row i belongs to; where that changes, it stands above the
	// row. nil: the rows have no groups.
	Group func(i int) string
}

// Draw returns height lines: a heading and rows. The selected row has the
// theme's mark before it and a bold first column.
func (t Table) Draw(e screen.Env, width, height int) []string {
	titles := make([]string, len(t.Columns))
	for i := range t.Columns {
		titles[i] = t.Columns[i].Title(e)
	}
	widths := t.layout(titles, width-3)
	out := make([]string, 0, height)
	var head []string
	for i, title := range titles {
		if widths[i] > 0 {
			head = append(head, Pad(Cut(title, widths[i], e.Theme.Glyphs.Cut), widths[i]))
		}
	}
	out = append(out, "   "+e.Theme.Muted.Render(strings.TrimRight(strings.Join(head, "  "), " ")))
	if t.Group != nil {
		return append(out, t.groups(e, width, height-1, widths)...)
	}
	from, to := t.List.Window(t.Rows, height-1)
	for i := from; i < to; i++ {
		out = append(out, t.row(e, i, widths))
	}
	return out
}

// groups draws the rows in sight and the headings between them. A heading is
// kept in sight with the row below it.
func (t Table) groups(e screen.Env, width, height int, widths []int) []string {
	lines := make([]int, 0, t.Rows+4) // a row, or -1-row for the heading above it
	first, last, group := 0, 0, ""
	for i := range t.Rows {
		head := len(lines)
		if g := t.Group(i); i == 0 || g != group {
			group = g
			lines = append(lines, -1-i)
		}
		if i == t.List.Selected {
			first, last = head, len(lines)
		}
		lines = append(lines, i)
	}
	from, to := t.List.window(len(lines), height, first, last)
	var out []string
	for _, i := range lines[from:to] {
		if i >= 0 {
			out = append(out, t.row(e, i, widths))
			continue
		}
		out = append(out, " "+e.Theme.Muted.Render(Cut(t.Group(-1-i), width-1, e.Theme.Glyphs.Cut)))
	}
	return out
}

func (t Table) row(e screen.Env, i int, widths []int) string {
	var b strings.Builder
	selected := i == t.List.Selected
	if selected {
		b.WriteString(" " + e.Theme.Accent.Render(e.Theme.Glyphs.Selected) + " ")
	} else {
		b.WriteString("   ")
	}
	gap := ""
	for c, cell := range t.Row(i) {
		if widths[c] == 0 {
			continue
		}
		text := Cut(cell.Text, widths[c], e.Theme.Glyphs.Cut)
		b.WriteString(gap)
		style := cell.Style
		if selected && c == 0 {
			style = style.Bold(true)
		}
		b.WriteString(Pad(style.Render(text), widths[c]))
		gap = "  "
	}
	return strings.TrimRight(b.String(), " ")
}

// layout gives each column its width; 0 for a dropped one. A column wants to
// show its title whole.
func (t Table) layout(titles []string, width int) []int {
	shown := make([]bool, len(t.Columns))
	for i := range shown {
		shown[i] = true
	}
	least := func() int {
		n := 0
		for i, c := range t.Columns {
			if shown[i] {
				n += c.Min + 2
			}
		}
		return n - 2
	}
	for least() > width {
		worst := -1
		for i, c := range t.Columns {
			if shown[i] && c.Drop > 0 && (worst < 0 || c.Drop > t.Columns[worst].Drop) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		shown[worst] = false
	}
	widths := make([]int, len(t.Columns))
	spare := width - least()
	for i, c := range t.Columns {
		if shown[i] {
			widths[i] = c.Min
		}
	}
	// Hand out what is left in order, first up to what each wants, then to the last.
	last := 0
	for i, c := range t.Columns {
		if !shown[i] {
			continue
		}
		last = i
		if add := min(max(max(c.Want, ansi.StringWidth(titles[i]))-c.Min, 0), max(spare, 0)); add > 0 {
			widths[i] += add
			spare -= add
		}
	}
	if spare > 0 {
		widths[last] += spare
	} else if spare < 0 {
		widths[last] = max(1, widths[last]+spare)
	}
	return widths
}
