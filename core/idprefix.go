package core

import (
	"slices"
	"strings"
)

// WithID returns those of all whose id begins with beginning, whatever its
// case: an admin types a few letters of what a list shows. A whole id is that
// one alone, though others begin with it. Nothing begins with nothing.
func WithID[T any](all []T, id func(T) string, beginning string) []T {
	beginning = strings.ToLower(strings.TrimSpace(beginning))
	if beginning == "" {
		return nil
	}
	var out []T
	for _, one := range all {
		switch is := strings.ToLower(id(one)); {
		case is == beginning:
			return []T{one}
		case strings.HasPrefix(is, beginning):
			out = append(out, one)
		}
	}
	return slices.Clip(out)
}
