package zoho

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const assets = "../../../assets"

// ownCodes reads the codes that this package gives its errors from its source.
func ownCodes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			kv, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, _ := kv.Key.(*ast.Ident)
			lit, _ := kv.Value.(*ast.BasicLit)
			if key == nil || lit == nil || key.Name != "Code" {
				return true
			}
			if code, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(code, "zoho.") {
				codes = append(codes, code)
			}
			return true
		})
	}
	return codes
}

func texts(t *testing.T, lang string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(assets, "locales", "zoho."+lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]string
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every code that a person can meet is explained: the vendor's by advice, our
// own by texts.
func TestEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(assets, "advice", "zoho.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	advised := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^- code: (\S+)`).FindAllSubmatch(raw, -1) {
		advised[string(m[1])] = true
	}
	for _, code := range AdviceKeys() {
		if !advised[code] {
			t.Errorf("no advice on %s", code)
		}
	}
	for _, lang := range []string{"en", "ja"} {
		words := texts(t, lang)
		for _, code := range ownCodes(t) {
			if advised[code] {
				continue
			}
			key := "error." + code
			if code == "zoho.old-token-ends" {
				key = "deadline." + code
			}
			for _, k := range []string{key, key + ".means", key + ".next"} {
				if words[k] == "" && (k == key || strings.HasPrefix(key, "error.")) {
					t.Errorf("%s has no text %s", lang, k)
				}
			}
		}
		for _, u := range Uses() {
			if words["use.zoho."+string(u)] == "" {
				t.Errorf("%s has no words for the use %s", lang, u)
			}
		}
	}
}

// A sentence that names a value in one language names it in the other too.
func TestLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	en, ja := texts(t, "en"), texts(t, "ja")
	values := func(s string) []string {
		found := regexp.MustCompile(`\{\{\.\w+\}\}`).FindAllString(s, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for key, text := range en {
		if other, ok := ja[key]; !ok || other == "" {
			t.Errorf("Japanese has no %s", key)
		} else if !slices.Equal(values(text), values(other)) {
			t.Errorf("%s: %v and %v", key, values(text), values(other))
		}
	}
	if len(en) != len(ja) {
		t.Errorf("%d texts in English, %d in Japanese", len(en), len(ja))
	}
}
