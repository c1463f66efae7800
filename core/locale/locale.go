// Package locale turns message keys into the sentences a person reads, in
// English and Japanese. The sentences are files of assets/locales
// (<subject>.<language>.json, flat keys with dots); a test there fails when a
// language lacks a key or when code names one that does not exist.
package locale

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"deskward/core/fill"
)

// Lang is a language deskward speaks.
type Lang string

// The languages.
const (
	English  Lang = "en"
	Japanese Lang = "ja"
)

// Langs lists the languages, the one that others fall back to first.
func Langs() []Lang { return []Lang{English, Japanese} }

// FromEnv chooses the language from LC_ALL, LC_MESSAGES and LANG, in that
// order, as POSIX says; English when none names one of ours.
func FromEnv(getenv func(string) string) Lang {
	if getenv == nil {
		getenv = os.Getenv
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if l, ok := Parse(v); ok {
				return l
			}
			return English
		}
	}
	return English
}

// Parse reads "ja", "ja_JP.UTF-8", "en-GB" and the like.
func Parse(s string) (Lang, bool) {
	s, _, _ = strings.Cut(s, ".")
	s, _, _ = strings.Cut(strings.ReplaceAll(s, "_", "-"), "-")
	for _, l := range Langs() {
		if strings.EqualFold(s, string(l)) {
			return l, true
		}
	}
	return English, false
}

// Params are the values of a sentence's {{.Name}} placeholders.
type Params map[string]any

// Text is one text in every language, as guides and advice write it:
// {en: …, ja: …}.
type Text map[Lang]string

// In returns the text in a language, or in English where that is missing.
func (t Text) In(l Lang) string {
	if s := t[l]; s != "" {
		return s
	}
	return t[English]
}

// Printer speaks one language. It may be used by several goroutines.
type Printer struct {
	lang Lang

	mu    sync.Mutex
	texts map[string]text
}

// text is one sentence as its file has it. It is parsed when first spoken: a
// start of the program speaks a few dozen of more than a thousand.
type text struct {
	lang  Lang
	raw   json.RawMessage
	forms map[string]*fill.Template // by the plural forms' CLDR names; nil: not parsed
}

// The plural forms that English and Japanese have.
const (
	one   = "one"
	other = "other"
)

// form is the plural form of a count in a language, by CLDR's rules for whole
// numbers: Japanese has one form only.
func (l Lang) form(count int) string {
	if l == English && (count == 1 || count == -1) {
		return one
	}
	return other
}

// Load reads the files of one language (and English, to fall back to) from a
// folder of message files.
func Load(files fs.FS, lang Lang) (*Printer, error) {
	p := &Printer{lang: lang, texts: make(map[string]text, 4096)}
	langs := []Lang{English}
	if lang != English {
		langs = append(langs, lang) // the later one stays
	}
	for _, l := range langs {
		if err := p.read(files, l); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// read notes where each sentence of one language stands. Its text is decoded
// when it is spoken: this runs before the first frame.
func (p *Printer) read(files fs.FS, l Lang) error {
	names, err := fs.Glob(files, "*."+string(l)+".json")
	if err != nil {
		return err
	}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read texts: %w", err)
		}
		err = members(raw, func(key string, value []byte) { p.texts[key] = text{lang: l, raw: value} })
		if err != nil {
			return fmt.Errorf("read texts %s: %w", name, err)
		}
	}
	return nil
}

// Lang returns the language spoken.
func (p *Printer) Lang() Lang { return p.lang }

// Has reports whether a key has a sentence.
func (p *Printer) Has(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.texts[key]
	return ok
}

// T returns the sentence of key. A key without one comes back between
// brackets, which a test looks for in every screen.
func (p *Printer) T(key string, params ...Params) string {
	var values fill.Values
	if len(params) > 0 {
		values = fill.Values(params[0])
	}
	return p.say(key, nil, values)
}

// N is T for a sentence that depends on a number, which is its {{.Count}}.
func (p *Printer) N(key string, count int, params ...Params) string {
	values := fill.Values{"Count": count}
	if len(params) > 0 {
		for k, v := range params[0] {
			values[k] = v
		}
	}
	return p.say(key, &count, values)
}

func (p *Printer) say(key string, count *int, values fill.Values) string {
	t, ok := p.parsed(key)
	if !ok {
		return "[" + key + "]"
	}
	form := other
	if count != nil {
		form = t.lang.form(*count)
	}
	sentence := t.forms[form]
	if sentence == nil { // the same for every count
		sentence = t.forms[other]
	}
	return sentence.Text(values)
}

// parsed returns the sentence of key, which it parses once. A sentence is a
// text, or the plural forms of one by their CLDR names, "other" among them.
func (p *Printer) parsed(key string) (text, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.texts[key]
	if !ok || t.forms != nil {
		return t, ok
	}
	forms := map[string]string{}
	var same string
	if json.Unmarshal(t.raw, &same) == nil {
		forms[other] = same
	} else if json.Unmarshal(t.raw, &forms) != nil {
		return t, false
	}
	if _, ok := forms[other]; !ok {
		return t, false
	}
	t.forms = make(map[string]*fill.Template, len(forms))
	for name, sentence := range forms {
		parsed, err := fill.Parse(sentence, nil)
		if err != nil {
			return t, false
		}
		t.forms[name] = parsed
	}
	t.raw = nil
	p.texts[key] = t
	return t, true
}
