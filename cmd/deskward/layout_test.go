package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"deskward/core/platform/all"
)

// module is the root of this module, seen from this package's folder.
const module = "../.."

// listed is what `go list` says of one package.
type listed struct {
	ImportPath string
	Dir        string
	Doc        string
	Standard   bool
	GoFiles    []string
	Imports    []string // direct, without those of tests
	Deps       []string // all, direct and indirect
}

func listPackages(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Doc,Standard,GoFiles,Imports,Deps", "./...")
	cmd.Dir = module
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	all := map[string]listed{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// own reports whether a package is of this module.
func own(importPath string) bool {
	return importPath == "deskward" || strings.HasPrefix(importPath, "deskward/")
}

// within reports whether a package is one of the roots or below one.
func within(importPath string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return importPath == root || strings.HasPrefix(importPath, root+"/")
	})
}

// rule forbids packages to the packages at or below From.
type rule struct {
	from   []string
	except []string // packages below From that the rule spares
	never  []string // at or below; must exist, or be a module we depend on
	but    []string // of Never, allowed all the same
	direct bool     // looks at direct imports only
	why    string
}

func rules() []rule {
	return []rule{
		{
			from: []string{"deskward/core"}, never: []string{"deskward/tui", "deskward/store", "deskward/assets", "deskward/cmd"},
			why: "the domain knows neither its screens nor its storage",
		},
		{
			from: []string{"deskward/core"}, never: []string{
				"charm.land/bubbletea/v2", "charm.land/bubbles/v2", "charm.land/lipgloss/v2", "go.etcd.io/bbolt", "github.com/spf13/cobra",
			},
			why: "the domain draws nothing and keeps nothing",
		},
		{
			from: []string{"deskward/tui"}, never: []string{"deskward/store", "deskward/assets", "deskward/cmd", "go.etcd.io/bbolt"},
			why: "screens get what they show from cmd",
		},
		{
			from: []string{"deskward/tui"}, never: []string{"deskward/core/platform"}, but: []string{"deskward/core/platform"},
			why: "no screen knows one vendor more than another",
		},
		{
			from: []string{"deskward/store"}, never: []string{"deskward/tui", "deskward/assets", "deskward/cmd"},
			why: "the store implements the ports of core and nothing else",
		},
		{
			from: []string{"deskward/store"}, never: []string{
				"deskward/core/action", "deskward/core/advice", "deskward/core/consent", "deskward/core/guide", "deskward/core/locale",
				"deskward/core/platform", "deskward/core/sandbox", "deskward/core/transport",
			},
			why: "the store knows records, not what they are for",
		},
		{
			from: []string{"deskward/core", "deskward/tui", "deskward/store", "deskward/assets", "deskward/cmd"},
			except: []string{
				"deskward/core/guide", "deskward/core/advice",
				"deskward/cmd/deskward", // the endpoints file
			},
			never: []string{"go.yaml.in/yaml/v3"}, direct: true,
			why: "YAML is read where guides, advice and endpoints are",
		},
		{
			from: []string{"deskward/core/sandbox"}, never: []string{"deskward/core/platform", "deskward/core/consent"},
			why: "a double written with the client's code would share its mistakes",
		},
	}
}

func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for _, r := range rules() {
		for _, name := range slices.Concat(r.from, r.except, r.never, r.but) {
			if !exists(packages, name) {
				t.Errorf("the rule that %s names %s, which is gone", r.why, name)
			}
		}
		for _, p := range packages {
			if !within(p.ImportPath, r.from...) || slices.Contains(r.except, p.ImportPath) {
				continue
			}
			deps := p.Deps
			if r.direct {
				deps = p.Imports
			}
			for _, dep := range deps {
				if within(dep, r.never...) && !slices.Contains(r.but, dep) {
					t.Errorf("%s depends on %s, but %s", p.ImportPath, dep, r.why)
				}
			}
		}
	}
}

func exists(packages map[string]listed, name string) bool {
	for importPath := range packages {
		if within(importPath, name) {
			return true
		}
	}
	return false
}

func TestCoreItselfUsesTheStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	for name, allowed := range map[string][]string{"deskward/core": nil, "deskward/assets": nil} {
		p, ok := packages[name]
		if !ok {
			t.Errorf("%s is gone", name)
		}
		for _, dep := range p.Imports {
			if !packages[dep].Standard && !slices.Contains(allowed, dep) {
				t.Errorf("%s imports %s", name, dep)
			}
		}
	}
}

// sharedByScreens are the packages below tui that are no screen family.
func sharedByScreens() []string {
	return []string{"deskward/tui/screen", "deskward/tui/theme", "deskward/tui/widget", "deskward/tui/worklist", "deskward/tui/tuitest"}
}

func TestScreensDoNotImportEachOther(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	shared := sharedByScreens()
	families := 0
	for _, p := range packages {
		if path.Dir(p.ImportPath) != "deskward/tui" || slices.Contains(shared, p.ImportPath) {
			continue
		}
		families++
		for _, dep := range p.Imports {
			if within(dep, "deskward/tui") && !slices.Contains(shared, dep) {
				t.Errorf("%s imports %s", p.ImportPath, dep)
			}
		}
	}
	if families == 0 {
		t.Error("there is no screen family below tui")
	}
	for _, s := range shared {
		if !exists(packages, s) {
			t.Errorf("%s is gone", s)
		}
	}
}

func TestConcretePlatformsAreKnownToTheOneListOnly(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	notConcrete := []string{"deskward/core/platform/all", "deskward/core/platform/platformtest"}
	concrete := map[string]bool{}
	for name := range packages {
		if path.Dir(name) == "deskward/core/platform" && !slices.Contains(notConcrete, name) {
			concrete[name] = true
		}
	}
	known := map[string]bool{}
	for _, p := range all.Platforms() {
		known["deskward/core/platform/"+string(p.ID)] = true
	}
	for name := range concrete {
		if !known[name] {
			t.Errorf("%s is not in the list of package all", name)
		}
		id := path.Base(name)
		if !matches(t, "assets/advice/"+id+".yaml") && !matches(t, "assets/guides/"+id+"-*.yaml") {
			t.Errorf("%s has neither advice nor a guide", name)
		}
	}
	for name := range known {
		if !concrete[name] {
			t.Errorf("package all lists %s, which is gone", name)
		}
	}
	for _, p := range packages {
		for _, dep := range p.Imports {
			if own(p.ImportPath) && concrete[dep] && p.ImportPath != "deskward/core/platform/all" {
				t.Errorf("%s imports %s", p.ImportPath, dep)
			}
		}
	}
}

func matches(t *testing.T, pattern string) bool {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(module, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return len(found) > 0
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if own(p.ImportPath) && len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		switch base := path.Base(p.ImportPath); base {
		case "util", "utils", "common", "helper", "helpers", "misc":
			if own(p.ImportPath) {
				t.Errorf("%s: %q says nothing", p.ImportPath, base)
			}
		}
	}
}

// TestNothingHappensBeforeMainAndNothingGlobalChanges walks the source of all
// packages, tests left out: no init functions, and no package variable but
// those that nothing ever changes.
func TestNothingHappensBeforeMainAndNothingGlobalChanges(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if !own(p.ImportPath) {
			continue
		}
		for _, name := range p.GoFiles {
			checkGlobals(t, p.ImportPath, filepath.Join(p.Dir, name))
		}
	}
}

// excused are package variables that may change, each with its reason.
func excused() map[string]string {
	return map[string]string{
		"deskward/tui/tuitest.update": "the flag -update of tests: package flag wants flags registered before it parses",
	}
}

func checkGlobals(t *testing.T, importPath, file string) {
	t.Helper()
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range parsed.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == "init" && d.Recv == nil {
				t.Errorf("%s: func init", fset.Position(d.Pos()))
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			embedded := isEmbed(d.Doc)
			for _, spec := range d.Specs {
				v := spec.(*ast.ValueSpec)
				if embedded || isEmbed(v.Doc) || neverChanges(v) || excused()[importPath+"."+v.Names[0].Name] != "" {
					continue
				}
				t.Errorf("%s: package variable %s may change", fset.Position(v.Pos()), v.Names[0].Name)
			}
		}
	}
}

func isEmbed(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// neverChanges reports variables of kinds that are constants in all but the
// language: assertions that a type fits an interface, sentinel errors (of
// which errors.Is compares the identity), and what is compiled once of a
// literal (patterns, also those that are compiled on first use, and types).
func neverChanges(v *ast.ValueSpec) bool {
	if len(v.Names) == 1 && v.Names[0].Name == "_" {
		return true
	}
	for i, name := range v.Names {
		if i >= len(v.Values) {
			return false
		}
		switch x := v.Values[i].(type) {
		case *ast.UnaryExpr: // &core.Error{…}
			if lit, ok := x.X.(*ast.CompositeLit); !ok || !strings.HasSuffix(source(lit.Type), "Error") || !isSentinel(name.Name) {
				return false
			}
		case *ast.CallExpr:
			switch source(x.Fun) {
			case "errors.New", "fmt.Errorf":
				if !isSentinel(name.Name) {
					return false
				}
			case "regexp.MustCompile", "Pattern", "core.Pattern", "reflect.TypeFor":
			default:
				return false
			}
		default:
			return false
		}
	}
	return true
}

func isSentinel(name string) bool {
	return strings.HasPrefix(name, "err") || strings.HasPrefix(name, "Err")
}

// source writes a name, a selector or an instantiation as in the source.
func source(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return source(e.X) + "." + e.Sel.Name
	case *ast.IndexExpr:
		return source(e.X)
	}
	return ""
}

// TestTopLevelStaysAsItIs: what stands at the root of the project is settled.
func TestTopLevelStaysAsItIs(t *testing.T) {
	t.Parallel()
	want := []string{"README.md", "assets", "cmd", "core", "go.mod", "go.sum", "store", "tui"}
	entries, err := os.ReadDir(module)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !ignored(e) {
			got = append(got, e.Name())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("at the top level are %v, want %v", got, want)
	}
}

// ignored reports what a build leaves there (see .gitignore).
func ignored(e fs.DirEntry) bool {
	return e.Name() == "deskward" && !e.IsDir() || strings.HasSuffix(e.Name(), ".test") || strings.HasSuffix(e.Name(), ".prof") || strings.HasSuffix(e.Name(), ".out")
}
