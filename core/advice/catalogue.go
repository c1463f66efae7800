package advice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"deskward/core/locale"
)

// Entry is what one vendor error means.
type Entry struct {
	Code   string      `yaml:"code"`   // as in core.Error.Code: "zoho.invalid_code"
	When   []string    `yaml:"when"`   // the values of core.Error.Tried it is for; nil: any
	Where  string      `yaml:"where"`  // where the vendor says it, for the reader of the file
	At     string      `yaml:"at"`     // where it is met: browser, callback, token, api or sasl; "": in several places
	Means  locale.Text `yaml:"means"`  // what it means
	Fix    locale.Text `yaml:"fix"`    // what to do
	Link   string      `yaml:"link"`   // a page that says more; "": none
	Sure   *bool       `yaml:"sure"`   // documented by the vendor or seen by several, not guessed
	Source string      `yaml:"source"` // what it rests on

	// How a pasted text shows that it is this one: any of the alternatives, of
	// which each wants all of its phrases. What Match says counts beside a sign
	// of the system only, what Alone says by itself. Unless are phrases with
	// which it is something else. An entry with neither is found by its code.
	Match  []phrases `yaml:"match"`
	Alone  []phrases `yaml:"alone"`
	Unless []string  `yaml:"unless"`
	Needs  []string  `yaml:"needs"` // one of these must be in the text too
}

// phrases is one alternative: a phrase, or a list of which all must be there.
type phrases []string

// UnmarshalYAML reads a text or a list of texts.
func (p *phrases) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*p = phrases{n.Value}
		return nil
	}
	return n.Decode((*[]string)(p))
}

// sign says by which phrases a system's texts are known.
type sign struct {
	System string   `yaml:"system"`
	Signs  []string `yaml:"signs"`
}

// TriedExplain is what entries for pasted texts have in When: what deskward's
// own calls run into is said in other words, and may be another thing.
const TriedExplain = "explain"

// signsFile holds the signs of all systems; every other file holds entries.
const signsFile = "signs.yaml"

// Catalogue is all advice.
type Catalogue struct {
	entries map[string][]Entry
	rules   []rule              // how entries are found in a pasted text, in the order of files and entries
	signs   map[string][]string // by which a system is known, folded
	index   index               // of all phrases of rules and signs
}

// Load reads all advice files (*.yaml) of a folder and reports everything that
// is wrong with them at once.
func Load(files fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{entries: map[string][]Entry{}, signs: map[string][]string{}}
	var problems []error
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read advice: %w", err)
		}
		if name == signsFile {
			if err := c.readSigns(data); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
			}
			continue
		}
		entries, err := parse[Entry](data)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		for _, e := range entries {
			if err := c.add(e); err != nil {
				problems = append(problems, fmt.Errorf("%s: %q: %w", name, e.Code, err))
			}
		}
	}
	if problems != nil {
		return nil, errors.Join(problems...)
	}
	c.buildIndex()
	return c, nil
}

func parse[T any](data []byte) ([]T, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var out []T
	if err := dec.Decode(&out); err != nil {
		return nil, err
	}
	if err := dec.Decode(&out); !errors.Is(err, io.EOF) {
		return nil, errors.New("a second document")
	}
	return out, nil
}

func (c *Catalogue) add(e Entry) error {
	var problems []error
	if e.Code == "" || e.Where == "" || e.Source == "" || e.Sure == nil {
		problems = append(problems, errors.New("code, where, source or sure is missing"))
	}
	if e.Link != "" && !strings.HasPrefix(e.Link, "https://") {
		problems = append(problems, errors.New("the link is not https"))
	}
	switch e.At {
	case "", "browser", "callback", "token", "api", "sasl":
	default:
		problems = append(problems, fmt.Errorf("%q is no place where errors are met", e.At))
	}
	for name, t := range map[string]locale.Text{"means": e.Means, "fix": e.Fix} {
		if !slices.Equal(slices.Sorted(maps.Keys(t)), slices.Sorted(slices.Values(locale.Langs()))) {
			problems = append(problems, fmt.Errorf("%s is not in every language", name))
		}
		for l, s := range t {
			if strings.TrimSpace(s) == "" {
				problems = append(problems, fmt.Errorf("%s.%s is empty", name, l))
			}
		}
	}
	for _, other := range c.entries[e.Code] {
		if len(other.When) == 0 && len(e.When) == 0 || slices.ContainsFunc(e.When, func(w string) bool { return slices.Contains(other.When, w) }) {
			problems = append(problems, errors.New("a second entry for the same"))
		}
	}
	c.entries[e.Code] = append(c.entries[e.Code], e)
	r, err := newRule(e)
	if err != nil {
		problems = append(problems, err)
	}
	c.rules = append(c.rules, r)
	return errors.Join(problems...)
}

// Codes returns all codes there is advice for, sorted.
func (c *Catalogue) Codes() []string { return slices.Sorted(maps.Keys(c.entries)) }

// Lookup returns the entry of a code for what was tried, else the one for
// anything tried.
func (c *Catalogue) Lookup(code, tried string) (Entry, bool) {
	var general *Entry
	for i, e := range c.entries[code] {
		if slices.Contains(e.When, tried) {
			return e, true
		}
		if len(e.When) == 0 {
			general = &c.entries[code][i]
		}
	}
	if general == nil {
		return Entry{}, false
	}
	return *general, true
}

func (c *Catalogue) readSigns(data []byte) error {
	list, err := parse[sign](data)
	for _, s := range list {
		for _, phrase := range s.Signs {
			c.signs[s.System] = append(c.signs[s.System], fold(phrase))
		}
	}
	return err
}

// newRule folds an entry's phrases. An entry without any is found by the
// vendor's code, if that is a word nobody writes by chance; each is found by
// the code it has here, as screens and log show it.
func newRule(e Entry) (rule, error) {
	r := rule{entry: e}
	var name string
	r.system, name, _ = strings.Cut(e.Code, ".")
	if e.Match == nil && e.Alone == nil && (strings.Contains(name, "_") || strings.ContainsAny(name, "0123456789")) && !strings.Contains(name, ".") {
		e.Match = []phrases{{name}}
	}
	r.code = fold(e.Code)
	var err error
	foldAll := func(list []string) (out []string) {
		for _, p := range list {
			f := fold(p)
			if len(f) < 3 {
				err = fmt.Errorf("the phrase %q is too short to tell anything", p)
			}
			out = append(out, f)
		}
		return out
	}
	for _, p := range e.Match {
		r.match = append(r.match, foldAll(p))
	}
	for _, p := range e.Alone {
		r.alone = append(r.alone, foldAll(p))
	}
	r.unless, r.needs = foldAll(e.Unless), foldAll(e.Needs)
	return r, err
}

// buildIndex puts the phrases of all files into one index. Of the entries of
// one code, the one for pasted texts is told, else the general one.
func (c *Catalogue) buildIndex() {
	c.rules = slices.DeleteFunc(c.rules, func(r rule) bool {
		best, ok := c.Lookup(r.entry.Code, TriedExplain)
		return !ok || !slices.Equal(best.When, r.entry.When)
	})
	var all []string
	for _, r := range c.rules {
		for _, list := range slices.Concat(r.match, r.alone, [][]string{r.unless, r.needs, {r.code}}) {
			all = append(all, list...)
		}
	}
	for _, s := range c.signs {
		all = append(all, s...)
	}
	c.index = newIndex(all)
}

// Systems returns the systems that signs or advice know, sorted.
func (c *Catalogue) Systems() []string {
	seen := map[string]bool{}
	for _, r := range c.rules {
		seen[r.system] = true
	}
	for s := range c.signs {
		seen[s] = true
	}
	return slices.Sorted(maps.Keys(seen))
}
