package worklist

import (
	"cmp"
	"slices"

	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Rows are the rows of a batch, in the order of its list, and those of them
// that are shown.
type Rows[R any] struct {
	Line   func(R) int  // in the list
	Look   func(R) bool // somebody has to look at it
	Cursor widget.List

	all   []R
	shown []int // of all
	few   bool  // only those that somebody has to look at are shown
}

// Set replaces all rows.
func (r *Rows[R]) Set(all []R) {
	was, had := r.Selected()
	r.all = slices.Clone(all) // Put changes them
	r.arrange(was, had && r.Cursor.Selected > 0)
}

// Put puts rows that are new or have changed where they belong.
func (r *Rows[R]) Put(rows ...R) {
	was, had := r.Selected()
	for _, one := range rows {
		i, there := slices.BinarySearchFunc(r.all, one, func(a, o R) int { return cmp.Compare(r.Line(a), r.Line(o)) })
		if there {
			r.all[i] = one
		} else {
			r.all = slices.Insert(r.all, i, one)
		}
	}
	r.arrange(was, had && r.Cursor.Selected > 0)
}

// Turn shows those alone that somebody has to look at, or all again.
func (r *Rows[R]) Turn() {
	was, had := r.Selected()
	r.few = !r.few
	r.arrange(was, had)
}

// GoTo moves the cursor to a line, where that is shown.
func (r *Rows[R]) GoTo(line int) {
	for n, i := range r.shown {
		if r.Line(r.all[i]) == line {
			r.Cursor.Selected = n
		}
	}
}

// arrange chooses the rows that are shown. With stay the cursor stays on the line
// where it was: who has not moved it from the first row sees what comes.
func (r *Rows[R]) arrange(was R, stay bool) {
	r.shown = r.shown[:0]
	for i, one := range r.all {
		if r.few && !r.Look(one) {
			continue
		}
		if stay && r.Line(one) == r.Line(was) {
			r.Cursor.Selected = len(r.shown)
		}
		r.shown = append(r.shown, i)
	}
	r.Cursor.Clamp(len(r.shown))
}

// All are all rows.
func (r *Rows[R]) All() []R { return r.all }

// Len is how many rows are shown.
func (r *Rows[R]) Len() int { return len(r.shown) }

// At is the i-th of those that are shown.
func (r *Rows[R]) At(i int) R { return r.all[r.shown[i]] }

// Few reports whether only those are shown that somebody has to look at.
func (r *Rows[R]) Few() bool { return r.few }

// Selected is the row on which the cursor stands.
func (r *Rows[R]) Selected() (one R, ok bool) {
	if r.Cursor.Selected >= len(r.shown) {
		return one, false
	}
	return r.At(r.Cursor.Selected), true
}

// Filter is the key that shows those alone that somebody has to look at, and
// then all again.
func (r *Rows[R]) Filter(few, all string) screen.Key {
	if r.few {
		few = all
	}
	return screen.NewKey("f", few, "f")
}

// Move are the keys of the cursor.
func Move(text string) screen.Key {
	return screen.NewKey("j/k", text, "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide()
}
