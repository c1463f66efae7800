package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryCodeAndTryHasTexts reads the package's own sources: a code without
// a sentence would reach the admin as a code.
func TestEveryCodeAndTryHasTexts(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	sources = append(sources, filepath.Join("..", "core", "store.go"), filepath.Join("..", "core", "error.go"))
	code := regexp.MustCompile(`"(store\.[a-z-]+)"`)
	tried := regexp.MustCompile(`(?:fail\(|tried = )"([a-z-]+)"`)
	rekeyed := regexp.MustCompile(`rekey\(ctx, "([a-z-]+)"`)
	keys := map[string]bool{}
	for _, name := range sources {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range code.FindAllSubmatch(raw, -1) {
			for _, part := range []string{"", ".means", ".next"} {
				keys["error."+string(m[1])+part] = true
			}
		}
		for _, pattern := range []*regexp.Regexp{tried, rekeyed} {
			for _, m := range pattern.FindAllSubmatch(raw, -1) {
				keys["tried."+string(m[1])] = true
			}
		}
	}
	for _, lang := range []string{"en", "ja"} {
		raw, err := os.ReadFile(filepath.Join("..", "assets", "locales", "store."+lang+".json"))
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		for key := range keys {
			if texts[key] == "" {
				t.Errorf("%s: no text %s", lang, key)
			}
		}
		for key := range texts {
			if !keys[key] {
				t.Errorf("%s: text %s is for nothing", lang, key)
			}
		}
	}
}
