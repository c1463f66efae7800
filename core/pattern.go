package core

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression that is compiled when it is first asked
// for: together those of the program would cost every start a millisecond
// before the first frame. Like regexp.MustCompile it panics when expr is none.
func Pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
