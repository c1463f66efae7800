package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"deskward/core/locale"
	"deskward/core/lookup"
)

func TestALookupThatTakesLongSaysWhomItWaitsFor(t *testing.T) {
	t.Parallel()
	say, err := loadTexts(locale.English)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		a := &app{io: streams{Err: &said}, say: say}
		told, stop := a.sayWaits()
		told(lookup.Answer{Source: "Login", SourceID: "1", State: lookup.Asking})
		told(lookup.Answer{Source: "Support", SourceID: "2", State: lookup.Asking})
		time.Sleep(waitEvery - time.Second)
		told(lookup.Answer{Source: "Login", SourceID: "1", State: lookup.Found})
		time.Sleep(2 * time.Second)
		told(lookup.Answer{Source: "Support", SourceID: "2", State: lookup.Limited, Until: time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC)})
		time.Sleep(waitEvery)
		stop()
		want := "Still waiting for Support\nStill waiting for Support (wants to be left alone until 2000-01-01 00:01:00Z)\n"
		if said.String() != want {
			t.Errorf("said %q, want %q", said.String(), want)
		}
	})
}

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
