package widget

import (
	tea "charm.land/bubbletea/v2"
)

// List is the cursor of anything with rows: which one is selected and which
// is the first on the screen.
type List struct {
	Selected int
	top      int
	// page is how many rows the last Draw had room for. It is a cache for the
	// paging keys and for scrolling by one line; no other state is set in Draw.
	page int
}

// Update moves the cursor among n rows: arrows, vim keys, paging. It reports
// whether the key was one of these.
func (l *List) Update(msg tea.KeyPressMsg, n int) bool {
	page := max(l.page-1, 1)
	switch msg.String() {
	case "up", "k", "ctrl+p":
		l.Selected--
	case "down", "j", "ctrl+n":
		l.Selected++
	case "pgup", "ctrl+b":
		l.Selected -= page
	case "pgdown", "ctrl+f":
		l.Selected += page
	case "ctrl+u":
		l.Selected -= page / 2
	case "ctrl+d":
		l.Selected += page / 2
	case "home", "g":
		l.Selected = 0
	case "end", "G":
		l.Selected = n - 1
	default:
		return false
	}
	l.Clamp(n)
	return true
}

// Clamp keeps the cursor within n rows.
func (l *List) Clamp(n int) {
	l.Selected = max(0, min(l.Selected, n-1))
}

// Window returns the first and the last+1 row to draw when there is room for
// height of n rows. It scrolls as little as keeps the selected row in sight.
func (l *List) Window(n, height int) (from, to int) {
	sel := max(0, min(l.Selected, n-1))
	return l.window(n, height, sel, sel)
}

// window is Window of n lines, those from first to last being the ones to keep
// in sight.
func (l *List) window(n, height, first, last int) (from, to int) {
	l.page = height
	if height <= 0 {
		return 0, 0
	}
	if first < l.top {
		l.top = first
	}
	if last >= l.top+height {
		l.top = last - height + 1
	}
	l.top = max(0, min(l.top, n-height))
	return l.top, min(n, l.top+height)
}
