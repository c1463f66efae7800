package main

import (
	"slices"
	"strings"
	"testing"
)

func TestAPhoneNumberThatTheShellCutAtItsBlanksIsOneQuery(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"+81|90-1234-5678":            {"+81 90-1234-5678"},
		"+1|513|555|7611|usr_1":       {"+1 513 555 7611", "usr_1"},
		"usr_1|+81|90|1234|5678":      {"usr_1", "+81 90 1234 5678"},
		"+819012345678|100001":        {"+819012345678", "100001"}, // whole already
		"+81 90-1234-5678|100001":     {"+81 90-1234-5678", "100001"},
		"100001|100002|100003":        {"100001", "100002", "100003"},
		"+81|usr_1":                   {"+81", "usr_1"},
		"+81|3|1234|5678|mina@a.test": {"+81 3 1234 5678", "mina@a.test"},
	} {
		if got := wholePhones(strings.Split(typed, "|")); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}
