package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pictured is a screen in the README: a comment that names the golden it is,
// and the text block after it.
func pictured() *regexp.Regexp {
	return regexp.MustCompile("(?s)<!-- screen: ([^ ]+) -->\n```text\n(.*?)\n```")
}

// TestReadmeShowsTheScreensAsTheyAre holds the README's pictures to the golden
// screens of the tests. UPDATE_SCRIPTS=1 rewrites them.
func TestReadmeShowsTheScreensAsTheyAre(t *testing.T) {
	t.Parallel()
	const readme = "../../README.md"
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	now := pictured().ReplaceAllStringFunc(string(raw), func(block string) string {
		found++
		part := pictured().FindStringSubmatch(block)
		golden, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(part[1])))
		if err != nil {
			t.Error(err)
			return block
		}
		want := strings.TrimRight(string(golden), "\n")
		if want != part[2] && os.Getenv("UPDATE_SCRIPTS") == "" {
			t.Errorf("README shows another %s than the tests (UPDATE_SCRIPTS=1 rewrites it)", part[1])
		}
		return "<!-- screen: " + part[1] + " -->\n```text\n" + want + "\n```"
	})
	if found < 4 {
		t.Errorf("README shows %d screens, want one of each main screen", found)
	}
	if os.Getenv("UPDATE_SCRIPTS") != "" && now != string(raw) {
		if err := os.WriteFile(readme, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryPathTheReadmeNamesExists keeps its map true.
func TestEveryPathTheReadmeNamesExists(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	path := regexp.MustCompile("`((?:cmd|tui|core|store|assets|\\.ci)(?:/[a-z0-9_.-]+)*)`")
	for _, m := range path.FindAllStringSubmatch(string(raw), -1) {
		if _, err := os.Stat(filepath.Join("..", "..", m[1])); err != nil {
			t.Errorf("README names %s: %v", m[1], err)
		}
	}
}
