package deluge_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"deskward/core/deluge"
)

// function is one case of the corpus: what it is about, the function, what
// becomes of it and what is said of it.
type function struct {
	path, name, why, in, want, findings string
}

var update = flag.Bool("update", false, "rewrite the expectations of the corpus")

const link = "deskoperation"

func corpus(t testing.TB) []function {
	t.Helper()
	names, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(names) < 40 {
		t.Fatal(len(names), err)
	}
	var out []function
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := function{path: name, name: strings.TrimSuffix(filepath.Base(name), ".txtar"), why: strings.TrimSpace(string(a.Comment))}
		for _, part := range a.Files {
			switch part.Name {
			case "in":
				f.in = string(part.Data)
			case "want":
				f.want = string(part.Data)
			case "findings":
				f.findings = string(part.Data)
			}
		}
		if f.want == "" {
			f.want = f.in
		}
		out = append(out, f)
	}
	return out
}

func said(r deluge.Result) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%d:%d %s %s", f.Line, f.Column, f.Code, f.Outcome)
		for _, x := range []string{f.Reason, f.Subject, f.Host} {
			if x != "" {
				b.WriteString(" " + x)
			}
		}
		if f.With > 0 {
			fmt.Fprintf(&b, " with %d", f.With)
		}
		b.WriteByte('\n')
	}
	for _, n := range r.Scopes {
		fmt.Fprintf(&b, "scope %s for %s\n", n.Scope, n.Call)
	}
	return b.String()
}

func TestEachFunctionOfTheCorpusBecomesWhatItShould(t *testing.T) {
	t.Parallel()
	for _, f := range corpus(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r := deluge.Rewrite(f.in, deluge.Options{Connection: link})
			got := r.Apply(f.in)
			if *update {
				text := f.why + "\n-- in --\n" + f.in
				if got != f.in {
					text += "-- want --\n" + got
				}
				if err := os.WriteFile(f.path, []byte(text+"-- findings --\n"+said(r)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(f.want, got); d != "" {
				t.Errorf("%s:\n%s", f.why, d)
			}
			if d := cmp.Diff(f.findings, said(r)); d != "" {
				t.Errorf("%s:\n%s", f.why, d)
			}
		})
	}
}
