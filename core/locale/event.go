package locale

import (
	"maps"
	"slices"

	"deskward/core"
)

// Event returns an event as a sentence: what happened to what, and behind it
// the code where it failed. Who and when are not in it.
//
// The sentence is the text verb.<Verb>; where the event has a detail for which
// there is a text verb.<Verb>.<detail>.<value> or verb.<Verb>.<detail>, it is
// that one. Its values are name (of the subject), code and all details.
func (p *Printer) Event(e core.Event) string {
	params := Params{"name": subjectName(e), "code": core.CleanLine(e.Code)}
	for k, v := range e.Detail {
		params[k] = core.CleanLine(v)
	}
	sentence := p.T(p.eventKey(e), params)
	if e.Code == "" {
		return sentence
	}
	return p.T("verb.because", Params{"sentence": sentence, "code": core.CleanLine(e.Code)})
}

func (p *Printer) eventKey(e core.Event) string {
	key := "verb." + string(e.Verb)
	for _, detail := range slices.Sorted(maps.Keys(e.Detail)) {
		for _, k := range []string{key + "." + detail + "." + e.Detail[detail], key + "." + detail} {
			if p.Has(k) {
				return k
			}
		}
	}
	return key
}

// subjectName is what the admin calls the event's subject.
func subjectName(e core.Event) string {
	for _, s := range []string{e.Subject.Name, e.Detail["guide"], e.Subject.ID} {
		if s != "" {
			return core.CleanLine(s)
		}
	}
	return "–"
}
