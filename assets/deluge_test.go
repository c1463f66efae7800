package assets_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"deskward/core/deluge"
	"deskward/core/locale"
)

func TestEveryFindingInAFunctionHasItsSentences(t *testing.T) {
	names, err := filepath.Glob("../core/deluge/testdata/corpus/*.txtar")
	if err != nil || len(names) < 100 {
		t.Fatal(len(names), err)
	}
	reasons := map[string]bool{}
	for _, l := range locale.Langs() {
		have := texts(t, l)
		for _, name := range names {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range a.Files {
				if part.Name != "in" {
					continue
				}
				for _, f := range deluge.Rewrite(string(part.Data), deluge.Options{Connection: "c"}).Findings {
					reasons[f.Reason] = true
					for _, key := range f.Texts() {
						if strings.TrimSpace(have[key]) == "" {
							t.Errorf("%s: no %s in %s", name, key, l)
						}
					}
				}
			}
		}
	}
	if len(reasons) < 20 {
		t.Errorf("the functions meet only %d reasons: %v", len(reasons), reasons)
	}
}
