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
	Means  locale.Text `yaml:"means"`  // what it means
	Fix    locale.Text `yaml:"fix"`    // what to do
	Link   string      `yaml:"link"`   // a page that says more; "": none
	Sure   *bool       `yaml:"sure"`   // documented by the vendor or seen by several, not guessed
	Source string      `yaml:"source"` // what it rests on
}

// Catalogue is all advice.
type Catalogue struct{ entries map[string][]Entry }

// Load reads all advice files (*.yaml) of a folder and reports everything that
// is wrong with them at once.
func Load(files fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{entries: map[string][]Entry{}}
	var problems []error
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read advice: %w", err)
		}
		entries, err := parse(data)
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
	return c, nil
}

func parse(data []byte) ([]Entry, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var out []Entry
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
