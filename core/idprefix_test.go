package core_test

import (
	"slices"
	"testing"

	"deskward/core"
)

func TestAnIDIsMeantByItsBeginningAndAWholeOneByItself(t *testing.T) {
	t.Parallel()
	all := []string{"ab12", "ab1234", "abff", "cd00"}
	for typed, want := range map[string][]string{
		"":       nil,
		"  ":     nil,
		"ab":     {"ab12", "ab1234", "abff"},
		" AB1 ":  {"ab12", "ab1234"},
		"ab12":   {"ab12"}, // whole, though another begins with it
		"ab123":  {"ab1234"},
		"cd00":   {"cd00"},
		"cd0000": nil,
	} {
		if got := core.WithID(all, func(s string) string { return s }, typed); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
