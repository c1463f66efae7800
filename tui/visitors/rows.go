package visitors

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// row is one line of the result: a person at a source, or a source that shows
// none.
type row struct {
	answer  lookup.Answer
	visitor core.Visitor     // zero: there is none
	bad     []lookup.Finding // what is wrong with it
	tied    bool             // it has the person's external id
	only    bool             // no other record has, nor was that id what was looked for
}

// rowsOf lists what the sources answered, in their order.
func rowsOf(r lookup.Result) []row {
	var out []row
	for _, a := range r.Answers {
		var bad []lookup.Finding
		for _, f := range r.Verdict.Findings {
			if f.Level == lookup.Bad && f.Source == a.Source {
				bad = append(bad, f)
			}
		}
		if len(a.Visitors) == 0 {
			out = append(out, row{answer: a})
			continue
		}
		for _, v := range a.Visitors {
			one := row{answer: a, visitor: v, tied: v.ExternalID != "" && v.ExternalID == r.Verdict.ExternalID}
			for _, f := range bad {
				if owner := f.Params["owner"]; owner == "" || owner == v.ExternalID {
					one.bad = append(one.bad, f)
				}
			}
			out = append(out, one)
		}
		if unsettled(a) { // what was found stays, and what is awaited is said below it
			out = append(out, row{answer: a})
		}
	}
	first := slices.IndexFunc(out, isTied)
	if first >= 0 && !slices.ContainsFunc(out[first+1:], isTied) {
		out[first].only = r.Query.Text != r.Verdict.ExternalID
	}
	return out
}

func isTied(r row) bool { return r.tied }

// unsettled reports a source that may have more to tell.
func unsettled(a lookup.Answer) bool {
	return a.State == lookup.Asking || a.State == lookup.Limited || a.State == lookup.Failed
}

// mark is the sign of a row's state.
func mark(e screen.Env, r row) (string, lipgloss.Style) {
	g := e.Theme.Glyphs
	switch {
	case r.visitor.ID != "" && len(r.bad) > 0:
		return g.Warn, e.Theme.Warn
	case r.visitor.ID != "":
		return g.OK, e.Theme.Good
	case r.answer.State == lookup.Asking || r.answer.State == lookup.Limited:
		return g.Wait, e.Theme.Muted
	case r.answer.State == lookup.Failed:
		return g.Bad, e.Theme.Bad
	}
	return g.Dot, e.Theme.Muted
}

// tie is the line drawn between the rows that have the person's external id.
func tie(e screen.Env, rows []row, i int) string {
	first := slices.IndexFunc(rows, func(r row) bool { return r.tied })
	last := first
	for n, r := range rows {
		if r.tied {
			last = n
		}
	}
	g := e.Theme.Glyphs
	switch {
	case first == last || i < first || i > last:
		return " "
	case i == first:
		return g.TieFirst
	case i == last:
		return g.TieLast
	case rows[i].tied:
		return g.TieNext
	}
	return g.TiePast
}

// who names a row's person: a Login user by the address, others by the name.
func who(r row) string {
	v := r.visitor
	names := []string{v.Name, v.Email(), v.ID}
	if v.Kind == core.VisitorLogin {
		names = []string{v.Email(), v.Name, v.ID}
	}
	for _, n := range names {
		if strings.TrimSpace(n) != "" {
			return n
		}
	}
	return ""
}

// link says what ties a row's person to the one looked up.
func link(e screen.Env, r row, verdict lookup.Verdict) string {
	v, id := r.visitor, verdict.ExternalID
	var words []string
	if v.Blocked {
		words = append(words, e.T("visitors.link.blocked"))
	}
	if v.Authenticated != nil {
		if *v.Authenticated {
			words = append(words, e.T("visitors.link.authenticated"))
		} else {
			words = append(words, e.T("visitors.link.anonymous"))
		}
	}
	switch {
	case slices.ContainsFunc(r.bad, func(f lookup.Finding) bool { return f.Params["owner"] != "" }):
		words = append([]string{e.T("visitors.link.taken", locale.Params{"id": short(v.ExternalID)})}, words...)
	case r.tied && v.Kind == core.VisitorLogin:
		key := "visitors.link.sub-only"
		if slices.ContainsFunc(verdict.Findings, func(f lookup.Finding) bool { return f.Code == "login.sub-matches" }) {
			key = "visitors.link.sub"
		}
		words = append(words, e.T(key))
	case r.tied && !r.only: // one record alone matches nothing
		words = append(words, e.T("visitors.link.same"))
	case v.ExternalID == "":
		words = append(words, e.T("visitors.link.none"))
	case id == "":
		words = append(words, short(v.ExternalID))
	default:
		words = append(words, e.T("visitors.link.other", locale.Params{"id": short(v.ExternalID)}))
	}
	return strings.Join(words, " "+e.Theme.Glyphs.Dot+" ")
}

// state is what a source without a person says: what is awaited and for how
// long, until when it is left alone, or why there is nobody.
func (s *find) state(e screen.Env, r row) string {
	a := r.answer
	switch {
	case a.State == lookup.Asking && s.run != nil:
		p := locale.Params{"time": "", "by": byText(e, a.By)}
		if since, ok := s.run.since[a.SourceID]; ok {
			p["time"] = widget.Until(e, since)
		}
		return e.T("lookup.state.asking", p)
	case a.State == lookup.Limited:
		return e.T("lookup.state.limited", locale.Params{"time": widget.Clock(a.Until.Sub(e.Now))})
	case a.State == lookup.Failed && cancelled(a.Err):
		return e.T("visitors.stopped.row")
	case a.State == lookup.Failed && a.Err != nil:
		return why(e, a.Err)
	case a.State == lookup.Skipped && s.run != nil:
		return e.T("visitors.row.later")
	case a.State == lookup.Found: // counted by its people
		return ""
	case a.Behind != "":
		return e.T("lookup.state.behind", locale.Params{"source": short(a.Behind)})
	}
	return e.T("lookup.state." + string(a.State))
}

// why is an error in one line: what a vendor's own means says more than that
// the vendor could not do it.
func why(e screen.Env, err error) string {
	x := e.Explain(widget.Untried(err))
	if x.More && x.Means != "" {
		return x.Means
	}
	return x.Headline
}

// byText names by what a source was asked last.
func byText(e screen.Env, by []lookup.Lead) string {
	if len(by) == 0 {
		return ""
	}
	return e.T("query.kind." + string(by[len(by)-1].Kind))
}
