// Package fill fills texts with values: sentences, code for developers, web
// pages. What it reads is a part of the language of text/template, with the
// same meaning; tests hold it against that package and against html/template.
//
// It exists because those look methods up by name. A program that does may
// call any method of any type it knows, so that the linker keeps them all:
// 2.6 MB of deskward, a tenth. They also cost the first sentence a millisecond.
//
// The part is
//
//	{{.name}} {{.name.of.a.part}} {{.}}     a value; $ instead of . is the whole
//	{{f "text" .name}}                      what a function makes of its arguments
//	{{if .a}} {{if not .a}} {{if eq .a "b"}} … {{else}} … {{end}}
//	{{range .list}} … {{end}}               . is the element within
//
// and {{- and -}}, which take the blanks beside them away.
package fill

import (
	"fmt"
	"html"
	"strings"
)

// Values are what a template is filled with, by name: texts, numbers,
// booleans, Values, []string and []Values. A number, a list or a text that is
// empty is false.
type Values map[string]any

// Functions are what a template can call, by name.
type Functions map[string]func(arguments ...string) string

// Template is a parsed text. It never changes.
type Template struct{ parts []part }

// Text fills the template and changes no value.
func (t *Template) Text(v Values) string { return t.fill(v, nil) }

// HTML fills a web page. Values are escaped so that they are text, between
// tags and in quoted attributes; they must stand nowhere else, least of all in
// a script, a style or an address that is followed.
func (t *Template) HTML(v Values) string { return t.fill(v, html.EscapeString) }

func (t *Template) fill(v Values, escape func(string) string) string {
	if len(t.parts) == 1 && t.parts[0].kind == literal {
		return t.parts[0].text
	}
	w := writing{root: v, escape: escape}
	w.all(t.parts, v)
	return w.String()
}

type kind int

const (
	literal   kind = iota
	value          // args[0]
	call           // do of args
	condition      // if args[0] is true (or, with two, if they are equal), then; else otherwise
	list           // then for every element of args[0]
)

// part is a piece of a template.
type part struct {
	kind      kind
	text      string // of a literal
	args      []argument
	do        func(...string) string
	not       bool // of a condition
	then      []part
	otherwise []part
}

// argument is a quoted text, or where a value stands.
type argument struct {
	text   string
	quoted bool
	root   bool // from $, else from .
	path   []string
}

// writing is one filling of a template.
type writing struct {
	strings.Builder
	root   Values
	escape func(string) string // nil: none
}

func (w *writing) all(parts []part, dot any) {
	for _, p := range parts {
		w.part(p, dot)
	}
}

func (w *writing) part(p part, dot any) {
	switch p.kind {
	case literal:
		w.WriteString(p.text)
	case value:
		w.put(shown(w.get(p.args[0], dot)))
	case call:
		args := make([]string, len(p.args))
		for i, a := range p.args {
			args[i] = shown(w.get(a, dot))
		}
		w.put(p.do(args...))
	case condition:
		holds := truth(w.get(p.args[0], dot))
		if len(p.args) > 1 {
			holds = shown(w.get(p.args[0], dot)) == shown(w.get(p.args[1], dot))
		}
		if holds != p.not {
			w.all(p.then, dot)
		} else {
			w.all(p.otherwise, dot)
		}
	case list:
		all := elements(w.get(p.args[0], dot))
		for _, e := range all {
			w.all(p.then, e)
		}
		if len(all) == 0 {
			w.all(p.otherwise, dot)
		}
	}
}

func (w *writing) put(s string) {
	if w.escape != nil {
		s = w.escape(s)
	}
	w.WriteString(s)
}

// get returns the value of an argument; nil where there is none.
func (w *writing) get(a argument, dot any) any {
	if a.quoted {
		return a.text
	}
	v := dot
	if a.root {
		v = w.root
	}
	for _, name := range a.path {
		within, _ := v.(Values)
		v = within[name]
	}
	return v
}

func shown(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "<no value>"
	}
	return fmt.Sprint(v)
}

func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case int:
		return v != 0
	case Values:
		return len(v) > 0
	}
	return len(elements(v)) > 0
}

func elements(v any) []any {
	var all []any
	switch v := v.(type) {
	case []string:
		for _, e := range v {
			all = append(all, e)
		}
	case []Values:
		for _, e := range v {
			all = append(all, e)
		}
	}
	return all
}
