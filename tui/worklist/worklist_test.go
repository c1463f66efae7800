package worklist_test

import (
	"fmt"
	"slices"
	"testing"

	"deskward/tui/worklist"
)

type row struct {
	line int
	bad  bool
	text string
}

func rows(all ...row) *worklist.Rows[row] {
	r := &worklist.Rows[row]{Line: func(r row) int { return r.line }, Look: func(r row) bool { return r.bad }}
	r.Set(all)
	return r
}

func shown(r *worklist.Rows[row]) (out []string) {
	for i := range r.Len() {
		mark := ""
		if one, _ := r.Selected(); one == r.At(i) {
			mark = "*"
		}
		out = append(out, fmt.Sprint(mark, r.At(i).line, r.At(i).text))
	}
	return out
}

func TestTheCursorStaysOnItsLineWhateverComesAndGoes(t *testing.T) {
	t.Parallel()
	r := rows(row{line: 2}, row{line: 5, bad: true})
	see := func(want ...string) {
		t.Helper()
		if got := shown(r); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	r.Put(row{line: 1}) // nobody has moved it: the first stays the first
	see("*1", "2", "5")
	r.Cursor.Selected = 1
	r.Put(row{line: 3, bad: true}, row{line: 0}, row{line: 2, text: " again"})
	see("0", "1", "*2 again", "3", "5")
	r.Cursor.Selected = 3
	r.Turn()
	see("*3", "5")
	r.Turn()
	see("0", "1", "2 again", "*3", "5")
	r.Set([]row{{line: 3, bad: true}})
	see("*3")
	r.Set(nil)
	if _, ok := r.Selected(); ok || r.Len() != 0 {
		t.Error("a row of none is selected")
	}
}

func TestTheFilterHidesWhatNobodyHasToLookAt(t *testing.T) {
	t.Parallel()
	r := rows(row{line: 1}, row{line: 2, bad: true}, row{line: 3})
	if k := r.Filter("few", "all"); k.Help().Desc != "few" || r.Few() {
		t.Error(k)
	}
	r.Turn()
	if got := shown(r); !slices.Equal(got, []string{"*2"}) || len(r.All()) != 3 {
		t.Errorf("%q of %d", got, len(r.All()))
	}
	r.Put(row{line: 2}) // looked at meanwhile
	if k := r.Filter("few", "all"); k.Help().Desc != "all" || r.Len() != 0 {
		t.Error(k, shown(r))
	}
}
