package guide

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/locale"
)

// Load reads and checks all guides of a folder (*.yaml), sorted by id.
// Mistakes of all of them come back at once as Problems.
func Load(files fs.FS, terms Terms) ([]Guide, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	var (
		guides   []Guide
		problems Problems
	)
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read guide: %w", err)
		}
		g, err := Parse(name, data, terms)
		if more, ok := errors.AsType[Problems](err); ok {
			problems = append(problems, more...)
			continue
		}
		guides = append(guides, *g)
	}
	if problems != nil {
		return nil, problems
	}
	slices.SortFunc(guides, func(a, b Guide) int { return strings.Compare(a.ID, b.ID) })
	return guides, nil
}

// Parse reads and checks one guide. name is the file's name: it must be the
// guide's id and ".yaml". What is wrong comes back as Problems.
func Parse(name string, data []byte, terms Terms) (*Guide, error) {
	g, problems := read(name, data, terms)
	if len(problems) > 0 {
		return nil, problems
	}
	return g, nil
}

// read is Parse that gives what could be read besides the problems; nil when
// that is no guide at all.
func read(name string, data []byte, terms Terms) (*Guide, Problems) {
	r := &reader{file: name, terms: terms}
	g := r.document(data)
	if g != nil {
		r.check(g)
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
	return g, r.problems
}

// reader turns YAML nodes into a guide. It works on nodes, not by decoding
// into structs: that loses the lines, the unknown keys below a custom type,
// and all mistakes but the first.
type reader struct {
	file     string
	step     string
	terms    Terms
	problems Problems
	uses     []use
	at       int // index of the step being read
}

func (r *reader) fail(line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Step: r.step, Text: fmt.Sprintf(format, args...)})
}

func (r *reader) document(data []byte) *Guide {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		r.syntax(err)
		return nil
	}
	var second yaml.Node
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntax(err)
	default:
		r.fail(second.Line, "a second document: a file is one guide")
	}
	if len(doc.Content) != 1 {
		r.fail(1, "the file is empty")
		return nil
	}
	g := r.guide(doc.Content[0])
	if g != nil {
		g.source = string(data)
	}
	return g
}

// syntax reports what the YAML parser says, with its line taken from its text.
func (r *reader) syntax(err error) {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if errors.Is(err, io.EOF) {
		text = "the file is empty"
	}
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if no, after, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(no); err == nil {
				line, text = n, after
			}
		}
	}
	r.fail(line, "%s", core.CleanLine(text))
}

// mapping returns the values of a mapping by key; unknown, doubled and
// missing keys are reported. A key that begins with "!" is required.
func (r *reader) mapping(n *yaml.Node, what string, keys ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode || n.Anchor != "" {
		r.fail(n.Line, "%s is not a mapping", what)
		return nil
	}
	known := map[string]bool{}
	for _, k := range keys {
		known[strings.TrimPrefix(k, "!")] = true
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case !known[k.Value]:
			r.fail(k.Line, "%s has an unknown key %q", what, core.CleanLine(k.Value))
		case out[k.Value] != nil:
			r.fail(k.Line, "%s has %q twice", what, k.Value)
		default:
			out[k.Value] = v
		}
	}
	for _, k := range keys {
		if name, required := strings.CutPrefix(k, "!"); required && out[name] == nil {
			r.fail(n.Line, "%s has no %q", what, name)
		}
	}
	return out
}

// scalar returns a text; nil reads as "" (its absence was reported).
func (r *reader) scalar(n *yaml.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Anchor != "" {
		r.fail(n.Line, "%s is not a text", what)
		return ""
	}
	if strings.TrimSpace(n.Value) == "" || n.Tag == "!!null" {
		r.fail(n.Line, "%s is empty", what)
	}
	return n.Value
}

func (r *reader) truth(n *yaml.Node, what string) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		r.fail(n.Line, "%s is neither true nor false", what)
		return false
	}
	v, _ := strconv.ParseBool(n.Value)
	return v
}

func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode || n.Anchor != "" || len(n.Content) == 0 {
		r.fail(n.Line, "%s is not a list of at least one", what)
		return nil
	}
	return n.Content
}

// words reads a text that must be there in every language, and in which
// values may be used as how says.
func (r *reader) words(n *yaml.Node, what string, how usage) locale.Text {
	if n == nil {
		return nil
	}
	var keys []string
	for _, l := range locale.Langs() {
		keys = append(keys, "!"+string(l))
	}
	m := r.mapping(n, what, keys...)
	if m == nil {
		return nil
	}
	t := locale.Text{}
	for _, l := range locale.Langs() {
		if v := m[string(l)]; v != nil {
			t[l] = strings.TrimSpace(r.scalar(v, what+"."+string(l)))
			r.use(v, what+"."+string(l), how)
		}
	}
	r.sameValues(n.Line, what, t)
	return t
}

var idPattern = core.Pattern(`^[a-z][a-z0-9]*([_-][a-z0-9]+)*$`)

func (r *reader) id(n *yaml.Node, what string) string {
	s := r.scalar(n, what)
	if n != nil && s != "" && !idPattern().MatchString(s) {
		r.fail(n.Line, "%s %q is not made of lower-case letters, digits, - and _", what, core.CleanLine(s))
	}
	return s
}

func (r *reader) guide(n *yaml.Node) *Guide {
	m := r.mapping(n, "the guide", "!id", "!platform", "!title", "summary", "subject", "!steps")
	if m == nil {
		return nil
	}
	g := &Guide{
		ID: r.id(m["id"], "id"), Platform: core.PlatformID(r.id(m["platform"], "platform")),
		Title: r.words(m["title"], "title", inFixed), Summary: r.words(m["summary"], "summary", inFixed),
	}
	if want := strings.TrimSuffix(path.Base(r.file), ".yaml"); g.ID != "" && g.ID != want {
		r.fail(m["id"].Line, "the id is %q, the file is named %q", g.ID, want)
	}
	for i, s := range r.list(m["steps"], "steps") {
		r.at = i
		g.Steps = append(g.Steps, r.readStep(s))
	}
	r.step = ""
	if n := m["subject"]; n != nil && len(g.Steps) > 0 {
		g.Subject = r.scalar(n, "subject")
		r.use(n, "subject", inShows) // it is known when the last step is done
	}
	return g
}

func (r *reader) readStep(n *yaml.Node) Step {
	r.step = ""
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "id" {
				r.step = core.CleanLine(n.Content[i+1].Value)
			}
		}
	}
	m := r.mapping(n, "the step", "!id", "!title", "text", "link", "tell", "ask", "do", "prove", "with", "confirm", "shows", "after", "instead_of")
	s := Step{line: n.Line, ID: r.id(m["id"], "id"), Title: r.words(m["title"], "title", inFixed), Text: r.words(m["text"], "text", inText)}
	if m["link"] != nil {
		s.Link = r.scalar(m["link"], "link")
		r.use(m["link"], "link", inText)
	}
	if m["instead_of"] != nil {
		s.InsteadOf = r.scalar(m["instead_of"], "instead_of")
	}
	if m["shows"] != nil {
		s.Shows = r.words(m["shows"], "shows", inShows)
	}
	r.kind(&s, n, m)
	r.readAfter(&s, m["after"])
	for _, k := range []struct {
		key   string
		kinds []Kind
	}{{"with", []Kind{Do, Prove}}, {"shows", []Kind{Do, Prove}}, {"confirm", []Kind{Do}}, {"text", []Kind{Ask, Do, Prove}}} {
		if m[k.key] != nil && s.Kind != "" && !slices.Contains(k.kinds, s.Kind) {
			r.fail(m[k.key].Line, "%q does not belong to a %s step", k.key, s.Kind)
		}
	}
	return s
}

// kind finds which one of tell, ask, do and prove the step is, and reads it.
func (r *reader) kind(s *Step, n *yaml.Node, m map[string]*yaml.Node) {
	for _, k := range []Kind{Tell, Ask, Do, Prove} {
		v := m[string(k)]
		if v == nil {
			continue
		}
		if s.Kind != "" {
			r.fail(v.Line, "both %s and %s: a step is one of tell, ask, do, prove", s.Kind, k)
			continue
		}
		s.Kind = k
	}
	switch s.Kind {
	case "":
		r.fail(n.Line, "none of tell, ask, do, prove")
	case Tell:
		s.Text = r.words(m["tell"], "tell", inTell)
	case Ask:
		for _, f := range r.list(m["ask"], "ask") {
			s.Ask = append(s.Ask, r.field(f))
		}
	case Do, Prove:
		r.callOf(s, m)
	}
}

func (r *reader) callOf(s *Step, m map[string]*yaml.Node) {
	n := m[string(s.Kind)]
	name := r.scalar(n, string(s.Kind))
	i := slices.IndexFunc(r.terms.Actions, func(a action.Action) bool { return a.Name == name })
	if i >= 0 {
		s.Action = r.terms.Actions[i]
	} else if name != "" {
		r.fail(n.Line, "unknown action %q", core.CleanLine(name))
	}
	if m["with"] != nil {
		s.With = map[string]string{}
		names := make([]string, 0, len(m["with"].Content)/2)
		for j := 0; j+1 < len(m["with"].Content); j += 2 {
			names = append(names, m["with"].Content[j].Value)
		}
		for input, v := range r.mapping(m["with"], "with", names...) {
			s.With[input] = r.scalar(v, "input "+core.CleanLine(input))
			r.useInput(v, s.Action, input)
		}
	}
	if m["confirm"] != nil && s.Kind == Do {
		c := r.mapping(m["confirm"], "confirm", "!word", "!text")
		s.Confirm = &Confirm{Word: r.scalar(c["word"], "word"), Text: r.words(c["text"], "text", inText)}
	}
}

func (r *reader) readAfter(s *Step, n *yaml.Node) {
	if n == nil {
		return
	}
	text := r.scalar(n, "after")
	if strings.HasPrefix(text, "${") {
		s.AfterValue = text
		r.use(n, "after", inAfter)
		return
	}
	d, err := time.ParseDuration(text)
	if text != "" && (err != nil || d <= 0) {
		r.fail(n.Line, "after is %q, neither a time to wait (24h) nor a value", core.CleanLine(text))
	}
	s.After = d
}

func (r *reader) field(n *yaml.Node) Field {
	m := r.mapping(n, "the field", "!name", "!label", "hint", "secret", "optional", "multiline", "compact", "options", "options_from", "default", "pattern")
	f := Field{
		Name: r.id(m["name"], "name"), Label: r.words(m["label"], "label", inFixed), Hint: r.words(m["hint"], "hint", inText),
		Secret: r.truth(m["secret"], "secret"), Optional: r.truth(m["optional"], "optional"),
		Multiline: r.truth(m["multiline"], "multiline"), Compact: r.truth(m["compact"], "compact"),
	}
	if m["default"] != nil {
		f.Default = r.scalar(m["default"], "default")
		r.use(m["default"], "default", inText)
	}
	for _, o := range r.list(m["options"], "options") {
		c := r.mapping(o, "the option", "!value", "!label")
		f.Options = append(f.Options, Option{Value: r.scalar(c["value"], "value"), Label: r.words(c["label"], "label", inFixed)})
	}
	if m["options"] != nil && m["options_from"] != nil {
		r.fail(m["options_from"].Line, "field %q has options and options_from", f.Name)
	} else if m["options_from"] != nil {
		f.Options = r.listedOptions(m["options_from"])
	}
	if m["pattern"] != nil {
		f.Pattern = r.scalar(m["pattern"], "pattern")
		re, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		if err != nil {
			r.fail(m["pattern"].Line, "the pattern is no regular expression")
		}
		f.pattern = re
	}
	r.checkField(n.Line, f)
	return f
}
