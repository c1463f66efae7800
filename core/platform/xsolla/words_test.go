package xsolla_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"deskward/core/platform"
	"deskward/core/platform/xsolla"
)

// ownCodes are the codes in this package's source: every literal that begins
// with the platform and is no action.
func ownCodes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var actions, codes []string
	for _, a := range xsolla.Platform().Actions(platform.Services{}) {
		actions = append(actions, a.Name)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok {
				if s, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(s, "xsolla.") && s != "xsolla." && !slices.Contains(actions, s) {
					codes = append(codes, s)
				}
			}
			return true
		})
	}
	return codes
}

func TestEveryOwnErrorHasAdviceOrTextsAndNoTextIsLeftOver(t *testing.T) {
	t.Parallel()
	codes := ownCodes(t)
	if len(codes) < 20 {
		t.Fatalf("only %v", codes)
	}
	for _, lang := range []string{"en", "ja"} {
		raw, err := os.ReadFile("../../../assets/locales/xsolla." + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		for _, code := range codes {
			if slices.Contains(xsolla.AdviceKeys(), code) {
				continue
			}
			for _, part := range []string{"", ".means", ".next"} {
				if texts["error."+code+part] == "" {
					t.Errorf("%s has no error.%s%s", lang, code, part)
				}
			}
		}
		for k := range texts {
			code, ok := strings.CutPrefix(k, "error.")
			if code = strings.TrimSuffix(strings.TrimSuffix(code, ".means"), ".next"); ok && !slices.Contains(codes, code) {
				t.Errorf("%s has %s, which nothing says", lang, k)
			}
		}
	}
}
