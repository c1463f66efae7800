package guide

import (
	"slices"
	"strings"

	"deskward/core/action"
)

// check reports what is wrong with a guide that could be read.
func (r *reader) check(g *Guide) {
	seen := map[string]bool{}
	for i, s := range g.Steps {
		r.step = s.ID
		if s.ID != "" && seen[s.ID] {
			r.fail(s.line, "the id is used twice")
		}
		seen[s.ID] = true
		r.checkCall(s)
		r.checkStandIn(g, i)
		r.checkLink(s)
		r.checkNames(s)
	}
	for _, u := range r.uses {
		r.step = u.step
		r.checkUse(g, u)
	}
	r.step = ""
}

// checkCall compares a step with its action.
func (r *reader) checkCall(s Step) {
	if s.Action.Name == "" {
		return
	}
	known := map[string]bool{}
	for _, f := range s.Action.In {
		known[f.Name] = true
		if _, given := s.With[f.Name]; !given && !f.Optional {
			r.fail(s.line, "%s needs the input %q", s.Action.Name, f.Name)
		}
	}
	for _, name := range sortedKeys(s.With) {
		if !known[name] {
			r.fail(s.line, "%s has no input %q", s.Action.Name, name)
		}
	}
	switch {
	case s.Kind == Prove && s.Action.Risk != action.Reads:
		r.fail(s.line, "%s changes something: prove is for checks", s.Action.Name)
	case s.Irreversible() && s.Confirm == nil:
		r.fail(s.line, "%s cannot be undone and has no confirm", s.Action.Name)
	}
}

// checkStandIn holds the rules of instead_of: see the package comment.
func (r *reader) checkStandIn(g *Guide, i int) {
	s := g.Steps[i]
	if s.InsteadOf == "" {
		return
	}
	j := slices.IndexFunc(g.Steps, func(o Step) bool { return o.ID == s.InsteadOf })
	switch {
	case j < 0:
		r.fail(s.line, "stands in for an unknown step %q", s.InsteadOf)
	case j >= i:
		r.fail(s.line, "stands in for %q, which is not before it", s.InsteadOf)
	case g.Steps[j].Kind != Do || g.Steps[j].InsteadOf != "":
		r.fail(s.line, "stands in for %q, which is no do step of its own", s.InsteadOf)
	case slices.ContainsFunc(g.Steps[j+1:i], func(o Step) bool { return o.InsteadOf != s.InsteadOf }):
		r.fail(s.line, "stands in for %q, but not directly behind it", s.InsteadOf)
	}
}

func (r *reader) checkLink(s Step) {
	if s.Link == "" {
		return
	}
	if _, sole := soleValue(s.Link); !sole && !strings.HasPrefix(s.Link, "https://") {
		r.fail(s.line, "the link is neither https nor one value")
	}
}

// checkNames reports fields of an ask step with one name.
func (r *reader) checkNames(s Step) {
	seen := map[string]bool{}
	for _, f := range s.Ask {
		if seen[f.Name] {
			r.fail(s.line, "two fields are named %q", f.Name)
		}
		seen[f.Name] = true
	}
}

func (r *reader) checkField(line int, f Field) {
	switch {
	case f.Secret && (f.Options != nil || f.Default != ""):
		r.fail(line, "field %q is secret and has a default or options", f.Name)
	case f.Options != nil && (f.Pattern != "" || f.Multiline):
		r.fail(line, "field %q has options and a pattern or lines", f.Name)
	}
	if f.Default == "" || strings.Contains(f.Default, "${") {
		return
	}
	if f.reason(f.Default) != "" {
		r.fail(line, "the default of field %q would not be accepted", f.Name)
	}
}

// checkUse reports values that are not there, not yet there, or do not belong
// where they are used.
func (r *reader) checkUse(g *Guide, u use) {
	found, malformed := valuesIn(u.text)
	if malformed {
		r.fail(u.line, "%s has a ${ that is not ${step.output}", u.what)
	}
	if u.how == inSecret {
		if _, sole := soleValue(u.text); !sole {
			r.fail(u.line, "%s is secret: it takes one secret value and nothing else", u.what)
			return
		}
	}
	if u.how == inAfter {
		if _, sole := soleValue(u.text); !sole {
			r.fail(u.line, "after takes one value and nothing else")
			return
		}
	}
	for _, v := range found {
		if u.how == inFixed {
			r.fail(u.line, "%s is shown before there are values: %s", u.what, v)
			continue
		}
		if f, ok := r.source(g, u, v); ok {
			r.checkFlow(u, v, f)
			if u.how == inTell && f.Secret && strings.Count(u.text, v.String()) != strings.Count(u.text, "`"+v.String()+"`") {
				r.fail(u.line, "%s has the secret %s not alone between backticks", u.what, v)
			}
		}
	}
}

// source finds the output a value names, as seen from the step that uses it.
func (r *reader) source(g *Guide, u use, v value) (action.Field, bool) {
	j := slices.IndexFunc(g.Steps, func(s Step) bool { return s.ID == v.step })
	if j < 0 {
		r.fail(u.line, "%s uses %s: there is no step %q", u.what, v, v.step)
		return action.Field{}, false
	}
	from, user := g.Steps[j], g.Steps[u.at]
	f, ok := from.outputs()[v.output]
	own := u.how == inShows && j == u.at
	switch {
	case from.Action.Name == "" && (from.Kind == Do || from.Kind == Prove):
		return action.Field{}, false // its unknown action was reported
	case !ok:
		r.fail(u.line, "%s uses %s: that step gives no %q", u.what, v, v.output)
	case j > u.at:
		r.fail(u.line, "%s uses %s: that step comes later", u.what, v)
	case j == u.at && !own:
		r.fail(u.line, "%s uses %s of its own step", u.what, v)
	case user.InsteadOf == v.step:
		r.fail(u.line, "%s uses %s: it stands in for that step", u.what, v)
	case from.InsteadOf != "" && from.InsteadOf != user.InsteadOf:
		r.fail(u.line, "%s uses %s: that step may be passed over; use ${%s.%s}", u.what, v, from.InsteadOf, v.output)
	default:
		if !own {
			r.checkReplaced(g, u, v, f)
		}
		return f, true
	}
	return action.Field{}, false
}

// checkReplaced reports a value of a step that others may stand in for, when
// the last of them does not give it.
func (r *reader) checkReplaced(g *Guide, u use, v value, f action.Field) {
	standIns := g.standIns(v.step)
	if len(standIns) == 0 {
		return
	}
	last := standIns[len(standIns)-1]
	if o, ok := last.outputs()[v.output]; !ok || o.Secret != f.Secret || o.Time != f.Time {
		r.fail(u.line, "%s uses %s: %q, which may stand in for that step, gives no such %q", u.what, v, last.ID, v.output)
	}
}

// checkFlow keeps secrets out of plain text, and plain text out of secrets.
func (r *reader) checkFlow(u use, v value, f action.Field) {
	switch {
	case u.how == inSecret && !f.Secret:
		r.fail(u.line, "%s is secret, but %s is not", u.what, v)
	case u.how != inSecret && u.how != inTell && f.Secret:
		r.fail(u.line, "%s would show the secret %s", u.what, v)
	case u.how == inAfter && !f.Time:
		r.fail(u.line, "after uses %s, which is no time", v)
	}
}
