package lookup

import (
	"slices"
	"time"

	"deskward/core"
)

// takes reports whether a source has still to be asked by a lead: not where it
// was, where it failed, or where it has shown somebody who has that already.
func (w *work) takes(i int, l Lead) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.answers[i]
	if w.asked[i][Lead{Kind: l.Kind, Text: l.Text}] || len(w.asked[i]) >= maxLeads || a.State == Failed || a.State == Limited {
		return false
	}
	if l.From == "" {
		return a.State != Found || l.Kind == w.line.Query.Kinds[0] // the likeliest kind, and the first other that fits
	}
	return l.From != a.Source && !slices.ContainsFunc(a.Visitors, func(v core.Visitor) bool {
		switch l.Kind {
		case ByEmail:
			return hasEmail(v, l.Text)
		case ByExternalID:
			return sameID(v.Kind, v.ExternalID, l.Text) == same
		}
		return v.ID == l.Text
	})
}

// note writes down that a source is asked.
func (w *work) note(i int, l Lead) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[i][Lead{Kind: l.Kind, Text: l.Text}] = true
	w.answers[i].By = append(w.answers[i].By, l)
}

// put notes what a source answered. The vendor's own JSON is left out.
func (w *work) put(i int, by Lead, found []core.Visitor, err error, now, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &w.answers[i]
	for _, v := range found {
		if by.Kind.many() && len(found) > 1 {
			w.apart[v.ID] = true
		}
		if v.Raw = nil; !known(a.Visitors, v) {
			a.Visitors = append(a.Visitors, v)
		}
	}
	switch _, limited := core.RetryAfter(err); {
	case err != nil && limited && until.After(now):
		a.State, a.Err, a.Code, a.Until = Limited, err, core.CodeOf(err), until
	case err != nil:
		a.State, a.Err, a.Code = Failed, err, core.CodeOf(err)
	case len(a.Visitors) > 0:
		a.State = Found
	default:
		a.State = Nobody
	}
}

// follow returns what the people found lead to, at other sources.
func (w *work) follow() []Lead {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := slices.Clone(w.over)
	for _, a := range w.answers {
		for _, v := range a.Visitors {
			if !w.apart[v.ID] {
				out = append(out, leadsFrom(a.Source, v)...)
			}
		}
	}
	return out
}
