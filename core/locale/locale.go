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

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
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

	mu     sync.Mutex // a bundle parses templates on first use and is not safe for that
	bundle *i18n.Bundle
	loc    *i18n.Localizer
	texts  map[string]text
}

// text is one sentence as its file has it. It is parsed when first spoken: a
// start of the program speaks a few dozen of more than a thousand.
type text struct {
	lang   Lang
	raw    json.RawMessage
	parsed bool
}

// Load reads the files of one language (and English, to fall back to) from a
// folder of message files.
func Load(files fs.FS, lang Lang) (*Printer, error) {
	p := &Printer{lang: lang, bundle: i18n.NewBundle(language.English), texts: make(map[string]text, 4096)}
	langs := []Lang{English}
	if lang != English {
		langs = append(langs, lang) // the later one stays
	}
	for _, l := range langs {
		if err := p.read(files, l); err != nil {
			return nil, err
		}
	}
	p.loc = i18n.NewLocalizer(p.bundle, string(lang), string(English))
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
	cfg := i18n.LocalizeConfig{MessageID: key}
	if len(params) > 0 {
		cfg.TemplateData = map[string]any(params[0])
	}
	return p.localize(key, &cfg)
}

// N is T for a sentence that depends on a number, which is its {{.Count}}.
func (p *Printer) N(key string, count int, params ...Params) string {
	data := map[string]any{"Count": count}
	if len(params) > 0 {
		for k, v := range params[0] {
			data[k] = v
		}
	}
	return p.localize(key, &i18n.LocalizeConfig{MessageID: key, PluralCount: count, TemplateData: data})
}

func (p *Printer) localize(key string, cfg *i18n.LocalizeConfig) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.parse(key) {
		return "[" + key + "]"
	}
	s, err := p.loc.Localize(cfg)
	if err != nil && s == "" {
		return "[" + key + "]"
	}
	return s
}

// parse gives the sentence of key to the bundle, once. A sentence is a text,
// or the plural forms of one by their CLDR names ("one", "other").
func (p *Printer) parse(key string) bool {
	t, ok := p.texts[key]
	if !ok || t.parsed {
		return ok
	}
	m := i18n.Message{ID: key}
	if err := json.Unmarshal(t.raw, &m.Other); err != nil {
		if json.Unmarshal(t.raw, &m) != nil {
			return false
		}
		m.ID = key
	}
	if p.bundle.AddMessages(language.Make(string(t.lang)), &m) != nil {
		return false
	}
	t.parsed, t.raw = true, nil
	p.texts[key] = t
	return true
}
