package connections

import (
	"slices"
	"strings"
	"time"

	"deskward/core"
)

// row is a connection of the list with what the filter looks at, lower-cased
// once at load: typing compares ten thousand of them per letter.
type row struct {
	core.Summary
	words string // name, platform and account, for free words
	name  string // of the platform, as shown
}

func (f *family) row(s core.Summary) row {
	name := f.platformName(s.Platform)
	return row{Summary: s, name: name, words: strings.ToLower(strings.Join([]string{s.Name, name, string(s.Platform), s.Account, s.Region}, "\x00"))}
}

// term is one condition of a filter.
type term struct {
	field string // "", "platform", "state", "region" or "grant"
	value string // lower case
}

// fields are the names that may stand before a colon.
func fields() []string { return []string{"platform", "state", "region", "grant"} }

// parseFilter reads a filter as typed: words, and field:value. All must hold.
// A field without a value yet is left out, so that the list does not empty
// while it is being typed; an unknown field is a word like any other.
func parseFilter(text string) []term {
	var out []term
	for _, w := range strings.Fields(strings.ToLower(text)) {
		field, value, ok := strings.Cut(w, ":")
		switch {
		case !ok || !slices.Contains(fields(), field):
			out = append(out, term{value: w})
		case value != "":
			out = append(out, term{field: field, value: value})
		}
	}
	return out
}

// refines reports whether every row that terms let pass is among those that
// old let pass, so that only those need to be looked at.
func refines(terms, old []term) bool {
	if len(terms) < len(old) {
		return false
	}
	for i, o := range old {
		if terms[i].field != o.field || !strings.HasPrefix(terms[i].value, o.value) {
			return false
		}
	}
	return true
}

// matches reports whether all terms hold for r.
func (r *row) matches(terms []term, now time.Time) bool {
	for _, t := range terms {
		switch t.field {
		case "platform":
			if !strings.HasPrefix(string(r.Platform), t.value) && !strings.HasPrefix(strings.ToLower(r.name), t.value) {
				return false
			}
		case "state":
			s := r.State(now)
			if !strings.HasPrefix(healthWord(s.Health), t.value) && !strings.HasPrefix(s.Code, t.value) {
				return false
			}
		case "region":
			if !strings.HasPrefix(strings.ToLower(r.Region), t.value) {
				return false
			}
		case "grant":
			if !strings.HasPrefix(string(r.Grant), t.value) {
				return false
			}
		default:
			if !strings.Contains(r.words, t.value) {
				return false
			}
		}
	}
	return true
}

// healthWord is a health as it is typed behind "state:" and as the commands
// print it in JSON.
func healthWord(h core.Health) string {
	switch h {
	case core.HealthGood:
		return "good"
	case core.HealthWaiting:
		return "waiting"
	case core.HealthWarn:
		return "warn"
	case core.HealthBad:
		return "bad"
	}
	return "unknown"
}

// filtered is a list of rows and which of them a filter lets pass.
type filtered struct {
	rows  []row
	shown []int // indexes of rows
	terms []term
}

// set replaces the rows and applies the present filter to them.
func (l *filtered) set(rows []row, now time.Time) {
	l.rows, l.shown = rows, nil
	l.narrow(nil, l.terms, now)
}

// apply changes the filter.
func (l *filtered) apply(text string, now time.Time) {
	terms := parseFilter(text)
	from := l.shown
	if !refines(terms, l.terms) {
		from = nil
	}
	l.narrow(from, terms, now)
}

func (l *filtered) narrow(from []int, terms []term, now time.Time) {
	l.terms = terms
	if from == nil {
		l.shown = make([]int, 0, len(l.rows))
		for i := range l.rows {
			if l.rows[i].matches(terms, now) {
				l.shown = append(l.shown, i)
			}
		}
		return
	}
	kept := from[:0:len(from)]
	for _, i := range from {
		if l.rows[i].matches(terms, now) {
			kept = append(kept, i)
		}
	}
	l.shown = kept
}

// update puts a newer summary in the place of the one with the same id. It
// stays in sight even if the filter would now leave it out: a row must not
// vanish under the hand that has just checked it.
func (l *filtered) update(r row) {
	for i := range l.rows {
		if l.rows[i].ID == r.ID {
			l.rows[i] = r
			return
		}
	}
}

// place returns where in the shown rows the connection is, or -1.
func (l *filtered) place(id string) int {
	return slices.IndexFunc(l.shown, func(i int) bool { return l.rows[i].ID == id })
}
