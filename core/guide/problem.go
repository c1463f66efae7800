package guide

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a guide.
type Problem struct {
	File string
	Line int
	Step string // "" when it is not about a step
	Text string
}

// String returns "file:line: step "x": …".
func (p Problem) String() string {
	if p.Step == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return fmt.Sprintf("%s:%d: step %q: %s", p.File, p.Line, p.Step, p.Text)
}

// Problems are all mistakes of one or more guides, in the order of their lines.
type Problems []Problem

// Error returns the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}
