package guide

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"deskward/core"
	"deskward/core/action"
	"deskward/core/locale"
)

// value is one ${step.output}.
type value struct{ step, output string }

func (v value) String() string { return "${" + v.step + "." + v.output + "}" }

const valueExpr = `\$\{([a-z][a-z0-9_-]*)\.([a-z][a-z0-9_-]*)\}`

var (
	valuePattern = core.Pattern(valueExpr)
	wholeValue   = core.Pattern(`^` + valueExpr + `$`)
)

// valuesIn returns the values a text uses, and whether it has a "${" that is
// none of them.
func valuesIn(text string) (found []value, malformed bool) {
	for _, m := range valuePattern().FindAllStringSubmatch(text, -1) {
		found = append(found, value{m[1], m[2]})
	}
	return found, strings.Contains(valuePattern().ReplaceAllString(text, ""), "${")
}

// soleValue returns the value that a text consists of, if it is just one.
func soleValue(text string) (value, bool) {
	m := wholeValue().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return value{}, false
	}
	return value{m[1], m[2]}, true
}

// fill replaces each value in text by what get gives for it.
func fill(text string, get func(value) string) string {
	return valuePattern().ReplaceAllStringFunc(text, func(s string) string {
		m := valuePattern().FindStringSubmatch(s)
		return get(value{m[1], m[2]})
	})
}

// usage is where a text stands, which decides what values it may use.
type usage int

const (
	inFixed  usage = iota // none: shown before there are any
	inText                // plain values of earlier steps
	inTell                // those, and secrets, each alone as code: dots, and to be copied
	inShows               // those, and the step's own outputs
	inAfter               // one time of an earlier step
	inPlain               // a plain input of an action
	inSecret              // a secret input: one secret of an earlier step and nothing else
)

// use is one text with values, to be checked when all steps are known.
type use struct {
	at   int // index of the step
	step string
	line int
	what string
	text string
	how  usage
}

func (r *reader) use(n *yaml.Node, what string, how usage) {
	if n.Kind == yaml.ScalarNode {
		r.uses = append(r.uses, use{r.at, r.step, n.Line, what, n.Value, how})
	}
}

func (r *reader) useInput(n *yaml.Node, a action.Action, input string) {
	how := inPlain
	for _, f := range a.In {
		if f.Name == input && f.Secret {
			how = inSecret
		}
	}
	r.use(n, "input "+input, how)
}

// sameValues reports a text whose languages use different values: a
// translation that was not kept up.
func (r *reader) sameValues(line int, what string, t locale.Text) {
	var first map[value]bool
	for _, l := range locale.Langs() {
		if t[l] == "" {
			continue
		}
		set := map[value]bool{}
		found, _ := valuesIn(t[l])
		for _, v := range found {
			set[v] = true
		}
		if first == nil {
			first = set
		} else if !maps.Equal(first, set) {
			r.fail(line, "%s uses other values in %s than in %s", what, l, locale.Langs()[0])
			return
		}
	}
}

// outputs returns what a step gives, by name.
func (s Step) outputs() map[string]action.Field {
	out := map[string]action.Field{}
	switch s.Kind {
	case Ask:
		for _, f := range s.Ask {
			out[f.Name] = action.Field{Name: f.Name, Secret: f.Secret, Optional: f.Optional}
		}
	case Do, Prove:
		for _, f := range s.Action.Out {
			out[f.Name] = f
		}
	}
	return out
}

// dependents returns the steps that use the step's values, directly or
// through others, by id.
func (g *Guide) dependents(step string) map[string]bool {
	out := map[string]bool{}
	sources := map[string]bool{step: true}
	for _, s := range g.Steps {
		if s.InsteadOf != "" && out[s.InsteadOf] {
			out[s.ID], sources[s.ID] = true, true
		}
		for _, v := range s.uses() {
			if sources[v.step] {
				out[s.ID], sources[s.ID] = true, true
			}
		}
		// Whoever uses the replaced step may get the value of its stand-in.
		if out[s.ID] && s.InsteadOf != "" {
			sources[s.InsteadOf] = true
		}
	}
	return out
}

// uses returns the values the step needs to be done, as opposed to those it
// only shows.
func (s Step) uses() []value {
	var out []value
	for _, text := range append(slices.Sorted(maps.Values(s.With)), s.AfterValue) {
		found, _ := valuesIn(text)
		out = append(out, found...)
	}
	return out
}
