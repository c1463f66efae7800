package activity

import (
	"maps"
	"slices"
	"strings"

	"deskward/core"
	"deskward/core/locale"
)

// matches is which events the filter lets through. It is worked out while
// drawing, where the language is known, and only for what is new since: an
// event is looked at once as long as the words stay or grow.
type matches struct {
	query string
	lang  locale.Lang
	seen  int   // how many events were looked at
	index []int // of those that matched
}

// haystack is what the filter looks at besides the verb's words: names, codes
// and times, in lower case.
func haystack(e core.Event) string {
	parts := []string{
		e.Subject.Name, e.Subject.ID, e.Actor.User, e.Actor.Host, string(e.Verb), e.Code,
		e.At.UTC().Format("2006-01-02 15:04"),
	}
	parts = append(parts, slices.Sorted(maps.Values(e.Detail))...)
	return strings.ToLower(strings.Join(parts, "\n"))
}

// update brings the matches up to date with the filter and the events.
func (m *matches) update(p *locale.Printer, query string, events []core.Event, hay []string) {
	query = strings.ToLower(strings.TrimSpace(query))
	words := strings.Fields(query)
	if query == "" {
		*m = matches{}
		return
	}
	verbs := map[core.Verb]string{}
	match := func(i int) bool {
		verb := events[i].Verb
		said, ok := verbs[verb]
		if !ok {
			said = strings.ToLower(p.Event(core.Event{Verb: verb, Subject: core.Subject{Name: " "}}))
			verbs[verb] = said
		}
		return !slices.ContainsFunc(words, func(w string) bool {
			return !strings.Contains(hay[i], w) && !strings.Contains(said, w)
		})
	}
	switch {
	case m.query == "" || m.lang != p.Lang() || m.seen > len(events) || !strings.HasPrefix(query, m.query):
		*m = matches{}
	case query != m.query:
		m.index = slices.DeleteFunc(m.index, func(i int) bool { return !match(i) })
	}
	for i := m.seen; i < len(events); i++ {
		if match(i) {
			m.index = append(m.index, i)
		}
	}
	m.query, m.lang, m.seen = query, p.Lang(), len(events)
}

// rows is how many events are shown.
func (l *log) rows() int {
	if l.filter.Value() == "" {
		return len(l.events)
	}
	return len(l.shown.index)
}

// row is the i-th event shown.
func (l *log) row(i int) core.Event {
	if l.filter.Value() != "" {
		i = l.shown.index[i]
	}
	return l.events[i]
}
