package advice

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// index finds which of all phrases are in a text. Phrases are found by their
// first word, so that a text is gone through once for all files together.
type index struct {
	byWord map[string][]string // phrases by their first word
	free   []string            // phrases that begin with a letter of an unspaced script
}

func newIndex(phrases []string) index {
	ix := index{byWord: map[string][]string{}}
	slices.Sort(phrases)
	for _, p := range slices.Compact(phrases) {
		if r, _ := utf8.DecodeRuneInString(p); unspaced(r) {
			ix.free = append(ix.free, p)
			continue
		}
		w := firstWord(p)
		ix.byWord[w] = append(ix.byWord[w], p)
	}
	return ix
}

// firstWord is what stands before the first blank, inner dot or unspaced
// letter.
func firstWord(s string) string {
	for i, r := range s {
		if r == ' ' || r == '.' || unspaced(r) {
			return s[:i]
		}
	}
	return s
}

// find returns the phrases that are in any of the folded texts, with how
// often.
func (ix index) find(texts []string) map[string]int {
	found := map[string]int{}
	for _, text := range texts {
		start := true // a word may begin here
		for i, r := range text {
			if start && r != ' ' && r != '.' {
				for _, p := range ix.byWord[firstWord(text[i:])] {
					if strings.HasPrefix(text[i:], p) && endsWord(text[i+len(p):], p) {
						found[p]++
					}
				}
			}
			start = r == ' ' || r == '.' || unspaced(r)
		}
		for _, p := range ix.free {
			if strings.Contains(text, p) {
				found[p]++
			}
		}
	}
	return found
}

// endsWord reports whether a phrase that is followed by rest ends there. A
// number goes on behind a dot (5.7.3 is not the beginning of 5.7.3.1), a name
// does not (google.auth of google.auth.exceptions).
func endsWord(rest, phrase string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	if rest == "" || r == ' ' || unspaced(r) {
		return true
	}
	last := phrase[len(phrase)-1]
	if last >= 0x80 {
		return true
	}
	return r == '.' && (last < '0' || last > '9')
}
