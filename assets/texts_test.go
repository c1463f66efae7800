package assets_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"deskward/core/advice"
	"deskward/core/locale"
)

// texts reads all locale files of one language, and reports keys that two of
// them have.
func texts(t *testing.T, l locale.Lang) map[string]string {
	t.Helper()
	names, err := filepath.Glob("locales/*." + string(l) + ".json")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	out, from := map[string]string{}, map[string]string{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for k, v := range m {
			if from[k] != "" {
				t.Errorf("%s is in %s and in %s", k, from[k], name)
			}
			from[k] = name
			switch v := v.(type) {
			case string:
				out[k] = v
			default: // plural forms
				raw, _ := json.Marshal(v)
				out[k] = string(raw)
			}
		}
	}
	return out
}

func TestEveryTextIsInEveryLanguageWithTheSameValues(t *testing.T) {
	t.Parallel()
	value := regexp.MustCompile(`\.[A-Za-z_]\w*`)
	braces := regexp.MustCompile(`\{\{[^}]*\}\}`)
	used := func(text string) map[string]bool {
		out := map[string]bool{}
		for _, b := range braces.FindAllString(text, -1) {
			for _, v := range value.FindAllString(b, -1) {
				out[v] = true
			}
		}
		return out
	}
	english := texts(t, locale.English)
	for _, l := range locale.Langs()[1:] {
		other := texts(t, l)
		for _, k := range slices.Sorted(maps.Keys(english)) {
			switch o, ok := other[k]; {
			case !ok:
				t.Errorf("%s is missing in %s", k, l)
			case (strings.TrimSpace(o) == "") != (strings.TrimSpace(english[k]) == ""):
				t.Errorf("%s is empty in one language", k)
			case !maps.Equal(used(english[k]), used(o)):
				t.Errorf("%s uses %v in English and %v in %s", k, used(english[k]), used(o), l)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(other)) {
			if _, ok := english[k]; !ok {
				t.Errorf("%s is missing in %s", k, locale.English)
			}
		}
	}
}

func TestEveryErrorAPersonCanMeetIsExplained(t *testing.T) {
	t.Parallel()
	catalogue, err := advice.Load(os.DirFS("advice"))
	if err != nil {
		t.Fatal(err)
	}
	english := texts(t, locale.English)
	named := namedErrors(t)
	for _, code := range slices.Sorted(maps.Keys(named["Code"])) {
		_, advised := catalogue.Lookup(code, "")
		text, ok := english["error."+code]
		switch {
		case strings.HasSuffix(code, ".") || strings.HasSuffix(code, "-"): // completed at run time
		case !advised && !ok:
			t.Errorf("%s: the code %q has neither texts nor advice", named["Code"][code], code)
		case ok && english["error."+code+".next"] == "":
			t.Errorf("%q (%s) says not what to do next", code, text)
		}
	}
	for _, tried := range slices.Sorted(maps.Keys(named["Tried"])) {
		if _, ok := english["tried."+tried]; !ok {
			t.Errorf("%s: what was tried, %q, has no words", named["Tried"][tried], tried)
		}
	}
}

// namedErrors returns the literal Code and Tried fields of all core.Error
// literals outside of tests, with one place of each.
func namedErrors(t *testing.T) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{"Code": {}, "Tried": {}}
	set := token.NewFileSet()
	for _, root := range []string{"../core", "../store", "../tui", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok || !isError(lit.Type) {
					return true
				}
				for _, e := range lit.Elts {
					kv, ok := e.(*ast.KeyValueExpr)
					if !ok {
						continue
					}
					key, _ := kv.Key.(*ast.Ident)
					if value, ok := literal(kv.Value); ok && key != nil && out[key.Name] != nil {
						out[key.Name][value] = set.Position(kv.Pos()).String()
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out["Code"]) < 50 {
		t.Fatalf("only %d codes were found", len(out["Code"]))
	}
	return out
}

// isError reports whether a literal's type is core.Error, as core itself or
// another package writes it.
func isError(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "Error"
	case *ast.SelectorExpr:
		pkg, _ := x.X.(*ast.Ident)
		return pkg != nil && pkg.Name == "core" && x.Sel.Name == "Error"
	}
	return false
}

// literal returns a string constant, or the beginning of a concatenation
// that starts with one.
func literal(x ast.Expr) (string, bool) {
	switch x := x.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		return literal(x.X)
	}
	return "", false
}

// The texts tried.* stand in the middle of a sentence: "Could not …".
func TestWhatWasTriedReadsInTheMiddleOfASentence(t *testing.T) {
	t.Parallel()
	for k, text := range texts(t, locale.English) {
		if !strings.HasPrefix(k, "tried.") {
			continue
		}
		first, _, _ := strings.Cut(text, " ")
		if first != strings.ToLower(first) || strings.HasSuffix(first, "ing") && first != "bring" || strings.HasSuffix(text, ".") {
			t.Errorf("%s: could not %q", k, text)
		}
	}
}
