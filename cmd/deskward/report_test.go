package main

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"deskward/core"
)

// quiet is an environment with nothing in it but the language.
func quiet(lang string) environment {
	return environment{Clock: core.SystemClock{}, Getenv: func(name string) string {
		if name == "DESKWARD_LANG" {
			return lang
		}
		return ""
	}}
}

func TestEachClassOfErrorHasItsExitCode(t *testing.T) {
	t.Parallel()
	for class, want := range map[core.Class]int{core.Failed: 1, core.Usage: 2, core.Locked: 3, core.Refused: 4, core.Conflict: 5, core.Unknown: 6} {
		err := &core.Error{Code: "canary", Class: class}
		if got := exitCode(said{err}); got != want {
			t.Errorf("class %d: exit code %d, want %d", class, got, want)
		}
	}
	if got := exitCode(nil); got != 0 {
		t.Errorf("no error: exit code %d", got)
	}
	if got := exitCode(context.Canceled); got != 1 {
		t.Errorf("an interrupted command: exit code %d, want 1", got)
	}
}

func TestJoinedErrorsAreExplainedOneByOne(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	a, err := newApp(nil, streams{Out: &stderr, Err: &stderr}, quiet("en"))
	if err != nil {
		t.Fatal(err)
	}
	a.report(errors.Join(usageError("shell", "tcsh", nil, nil), errNoTerminal))
	for _, want := range []string{"[usage.shell]", "[input.no-terminal]"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%s is missing in\n%s", want, stderr.String())
		}
	}
}

func TestPanicTellsWhereAndNotWhat(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	func() {
		defer func() { reportPanic(&stderr, recover()) }()
		panic("canary-client-secret")
	}()
	if out := stderr.String(); strings.Contains(out, "canary") || !strings.Contains(out, "report_test.go:") {
		t.Errorf("the report is\n%s", out)
	}
}

func TestEveryCommandHasWordsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "ja"} {
		var out bytes.Buffer
		for _, line := range []string{"", "init", "connect", "connections check", "guides show", "runs start", "sandbox", "rehearse", "events", "deadlines", "doctor", "store backup", "store restore", "store members add", "completion"} {
			if code := run(append(strings.Fields(line), "--help"), streams{Out: &out, Err: &out}, quiet(lang)); code != 0 {
				t.Errorf("%s --help: exit code %d", line, code)
			}
		}
		if missing := regexp.MustCompile(`\[[a-z]+\.[a-z.-]+\]`).FindAllString(out.String(), -1); missing != nil {
			t.Errorf("%s: no words for %v", lang, missing)
		}
	}
}
