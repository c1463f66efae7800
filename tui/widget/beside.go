package widget

import "deskward/tui/screen"

// Beside draws a table of n rows and what is to be said of the selected one in
// height lines: side by side on a wide screen, where the table has share percent
// of the width; else one below the other. Too low for both, the rows say what
// they can.
func Beside(e screen.Env, share, n, height int, table func(e screen.Env, width, height int) []string, detail func(e screen.Env, width int) []string) []string {
	if e.Wide() {
		left := e.Width * share / 100
		return Columns(e, table(e, left, height), left, detail(e, e.Width-left-3), height)
	}
	below := detail(e, e.Width)
	rows := max(2, min(n+1, max(height-len(below)-1, height/2)))
	const low = 8
	if height < low {
		rows, below = min(height, n+1), nil
	}
	lines := table(e, e.Width, rows)
	if left := height - len(lines) - 1; left > 0 && len(below) > 0 {
		lines = append(append(lines, ""), Head(below, left, e.Width, e.Theme.Glyphs.Cut)...)
	}
	return lines
}
