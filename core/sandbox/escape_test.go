package sandbox

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"deskward/core/fill"
)

// pageTexts are the constant texts of all pages: what fill.Must is called with.
func pageTexts(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	set := token.NewFileSet()
	for _, name := range files {
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || f.Sel.Name != "Must" {
				return true
			}
			if of, ok := f.X.(*ast.Ident); ok && of.Name == "fill" {
				out[set.Position(call.Pos()).String()] = constant(t, call.Args[0])
			}
			return true
		})
	}
	if len(out) < 5 {
		t.Fatalf("only %d pages were found", len(out))
	}
	return out
}

func constant(t *testing.T, e ast.Expr) string {
	t.Helper()
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return constant(t, e.X) + constant(t, e.Y)
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	case *ast.Ident:
		if text, ok := map[string]string{"pageStyle": pageStyle, "problemMark": problemMark}[e.Name]; ok {
			return text
		}
	}
	t.Fatalf("a page is made of more than constants: %T", e)
	return ""
}

// TestValuesOfThePagesStandInTextAndInQuotedAttributesOnly asks html/template,
// which knows where in a page a value stands and escapes it accordingly. An
// address of a form is the double's own path.
func TestValuesOfThePagesStandInTextAndInQuotedAttributesOnly(t *testing.T) {
	t.Parallel()
	plain := map[string]bool{"htmlescaper": true, "attrescaper": true, "rcdataescaper": true}
	action := regexp.MustCompile(`action="\{\{\.Action[^}]*\}\}"`)
	escaper := regexp.MustCompile(`_html_template_(\w+)`)
	for where, text := range pageTexts(t) {
		if _, err := fill.Parse(text, nil); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		page := template.Must(template.New("").Parse(text))
		var wrong *template.Error
		if err := page.Execute(io.Discard, nil); errors.As(err, &wrong) {
			t.Errorf("%s: %v", where, err)
		}
		for _, m := range escaper.FindAllStringSubmatch(action.ReplaceAllString(page.Tree.Root.String(), ""), -1) {
			if !plain[m[1]] {
				t.Errorf("%s: a value is escaped by %s", where, m[1])
			}
		}
	}
}
