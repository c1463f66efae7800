package guide

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/locale"
)

// Terms is what guides may name besides their own steps.
type Terms struct {
	Actions []action.Action
	Lists   []action.List
	// Text gives the words of a list's choice by their key. It is not asked
	// before they are shown: a program that shows none reads no texts for them.
	Text func(lang locale.Lang, key string) string
}

// Words are a text in the language asked for; a locale.Text is one.
type Words interface{ In(locale.Lang) string }

// listed are the words of a choice that comes from a list.
type listed struct {
	key  string
	text func(locale.Lang, string) string
}

func (w listed) In(lang locale.Lang) string {
	if w.text == nil {
		return w.key
	}
	return w.text(lang, w.key)
}

// listedOptions returns the options of the list that options_from names.
func (r *reader) listedOptions(n *yaml.Node) []Option {
	name := r.scalar(n, "options_from")
	i := slices.IndexFunc(r.terms.Lists, func(l action.List) bool { return l.Name == name })
	if i < 0 {
		r.unknownList(n.Line, name)
		return nil
	}
	var out []Option
	for _, c := range r.terms.Lists[i].Choices {
		out = append(out, Option{Value: c.Value, Label: listed{c.Text, r.terms.Text}})
	}
	if out == nil {
		r.fail(n.Line, "the list %q has no choices", name)
	}
	return out
}

// unknownList reports a name that is no list, with those that are: there are few.
func (r *reader) unknownList(line int, name string) {
	var known []string
	for _, l := range r.terms.Lists {
		known = append(known, l.Name)
	}
	slices.Sort(known)
	switch {
	case name == "": // that was reported
	case known == nil:
		r.fail(line, "unknown list %q: no platform has lists", core.CleanLine(name))
	default:
		r.fail(line, "unknown list %q: there is %s", core.CleanLine(name), strings.Join(known, ", "))
	}
}
