package keys

import (
	"slices"
	"strings"

	"deskward/core"
)

// term is one condition of a filter.
type term struct {
	field string // "", "kind", "state" or "account"
	value string // lower case
}

// parseFilter reads a filter as typed: words, and field:value. All must hold.
// A field without a value yet is left out, so that the list does not empty
// while it is being typed; an unknown field is a word like any other.
func parseFilter(text string) []term {
	var out []term
	for _, w := range strings.Fields(strings.ToLower(text)) {
		field, value, ok := strings.Cut(w, ":")
		switch {
		case !ok || !slices.Contains([]string{"kind", "state", "account"}, field):
			out = append(out, term{value: w})
		case value != "":
			out = append(out, term{field: field, value: value})
		}
	}
	return out
}

// matches reports whether all terms hold for k.
func matches(k core.KeySummary, terms []term) bool {
	for _, t := range terms {
		ok := false
		switch t.field {
		case "kind":
			ok = strings.HasPrefix(string(k.Kind), t.value)
		case "state":
			ok = strings.HasPrefix(k.State(), t.value) ||
				k.Hidden && strings.HasPrefix("hidden", t.value) || k.Weak && strings.HasPrefix(core.KeyWeak, t.value)
		case "account":
			ok = strings.HasPrefix(strings.ToLower(k.Account), t.value)
		default:
			words := strings.Join([]string{k.Name, string(k.Kind), k.Account, k.Brand, k.KID, k.Prefix}, "\x00")
			ok = strings.Contains(strings.ToLower(words), t.value)
		}
		if !ok {
			return false
		}
	}
	return true
}
