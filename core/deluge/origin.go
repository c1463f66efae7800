package deluge

import "slices"

// origin is one way in which a request gets its token: a part of a text that
// is put together.
type origin struct {
	of *template
	at span
}

// identity tells one token from another: as it is written where it can be
// seen, and by the expression that gives it where not. "" is a way round a
// loop, which leads to what the others give.
func (d *finder) identity(o origin) string {
	is, round := "", false
	o.leaves(o.of.root, func(p *piece) {
		round = round || p.inlined != nil && p.inlined.any != nil
		if text := o.of.text[max(p.from, o.at.from):min(p.to, o.at.to)]; text != string(hidden) {
			is += text
		} else if n := p.source(); n != nil {
			is += d.r.source(n)
		}
	})
	if round {
		return ""
	}
	return is
}

// leaves calls back for each piece of the token that is not put together of
// others.
func (o origin) leaves(p *piece, tell func(*piece)) {
	switch {
	case p.to <= o.at.from || p.from >= o.at.to:
	case len(p.kids) == 0:
		tell(p)
	default:
		for _, kid := range p.kids {
			o.leaves(kid, tell)
		}
	}
}

// source is the expression behind a piece: of a variable, what it was given;
// nil where nothing is known of it.
func (p *piece) source() *node {
	if p.inlined != nil && p.inlined.value != nil {
		return p.inlined.value
	}
	return p.node
}

// several reports whether a request may be sent with one of several tokens,
// or to one of several data centres. A connection is one account in one data
// centre, so it can't take the place of both.
func (d *finder) several(p *plan) bool {
	first := ""
	for _, o := range p.origins {
		chosen := false
		o.leaves(o.of.root, func(p *piece) { chosen = chosen || d.chosen(p) })
		if chosen {
			return true
		}
		if len(p.origins) == 1 {
			break
		}
		switch is := d.identity(o); {
		case is == "", is == "null": // a variable before it is filled
		case first == "":
			first = is
		case is != first:
			return true
		}
	}
	centre := ""
	for _, t := range p.urls {
		switch is := t.address.centre(); {
		case is == "":
		case centre == "":
			centre = is
		case is != centre:
			return true
		}
	}
	return false
}

// centres refuses requests to other data centres than one goes to that has the
// connection, or will: it can't serve both.
func (d *finder) centres() {
	var home *plan
	for _, p := range d.plans {
		if c := p.q.connection; c != nil && p.address.centre() != "" && d.names(c.kids[0], d.o.Connection) {
			home = p
			break
		}
	}
	for _, p := range d.plans {
		switch centre := p.address.centre(); {
		case p.code == "" || p.reason != "" || p.q.connection != nil || centre == "":
		case home == nil:
			home = p
		case home.address.centre() != centre:
			p.reason, p.with = "centre", home.q.node
		}
	}
}

// chosen reports a token that is taken out of many: the item of a loop, or
// what a map holds under a key that is not written out.
func (d *finder) chosen(p *piece) bool {
	if p.inlined != nil && p.inlined.item {
		return true
	}
	n := p.source()
	if n == nil || !d.r.calls(n, "get") || len(n.kids) != 2 {
		return false
	}
	_, literal := d.r.literal(n.kids[1])
	return !literal
}

// calls reports x.member(…).
func (r *reader) calls(n *node, member string) bool {
	return n.form == formCall && n.kids[0].form == formMember && r.isWord(n.kids[0].to-1, member)
}

// maxVersions is how often one map may be assigned in a function: to follow
// what has more would take for ever.
const maxVersions = 100

func (o *object) crowded() bool { return o != nil && len(o.versions) > maxVersions }

// crowded reports a request whose maps come about in too many ways.
func (d *finder) crowded(p *plan) bool {
	_, heads := d.held(p.q.headers)
	_, fields := d.held(p.q.params)
	return heads.crowded() || fields.crowded()
}

// sometimes reports whether a request may be sent without a token: where a
// branch puts it into the headers, say. With a connection it never is.
func (d *finder) sometimes(p *plan) bool {
	if p.partial {
		return true
	}
	return !d.always(p, p.heads, p.q.headers) && !d.always(p, p.fields, p.q.params) && !p.inAll(p.urls) && !p.inAll(p.bodies)
}

func (p *plan) inAll(ways []*template) bool {
	return len(ways) > 0 && !slices.ContainsFunc(ways, func(t *template) bool { return len(t.lost) == 0 })
}

// always reports whether one of the entries is in the map whenever the
// request is sent, whichever map that is.
func (d *finder) always(p *plan, entries []*entry, slot *node) bool {
	if len(entries) == 0 {
		return false
	}
	if entries[0].on == nil {
		return true
	}
	_, o := d.held(slot)
	for _, made := range o.made() {
		steps := map[*statement]bool{}
		names := o.names(made)
		for _, e := range entries {
			switch {
			case !slices.Contains(names, e.on):
			case e.put == nil:
				steps[e.on.by] = true
			case made.by == nil || made.by.from < e.put.from:
				steps[e.put] = true
			}
		}
		if !taken(d.all, p.q.node.from, steps) {
			return false
		}
	}
	return true
}

// made are the versions of an object in which a map begins: all but those that
// are other versions under a new name.
func (o *object) made() []*version {
	var out []*version
	for _, v := range o.versions {
		if v.any == nil && (v.value == nil || v.value.form != formName) {
			out = append(out, v)
		}
	}
	return out
}

// names are the versions that may be the map that was made in one.
func (o *object) names(made *version) []*version {
	out := []*version{made}
	for grown := true; grown; {
		grown = false
		for _, v := range o.versions {
			if slices.Contains(out, v) {
				continue
			}
			alias := v.value != nil && v.value.form == formName && v.any == nil && slices.Contains(out, v.value.seen)
			if alias || slices.ContainsFunc(v.any, func(a *version) bool { return slices.Contains(out, a) }) {
				out, grown = append(out, v), true
			}
		}
	}
	return out
}

// taken reports whether every way to a place goes over one of the steps.
func taken(all []*statement, place int32, steps map[*statement]bool) bool {
	for _, s := range all {
		switch {
		case s.from > place:
			return false
		case place < s.to:
			return slices.ContainsFunc(s.blocks, func(b []*statement) bool {
				return len(b) > 0 && b[0].from <= place && place < b[len(b)-1].to && taken(b, place, steps)
			})
		case s.takes(steps):
			return true
		}
	}
	return false
}

// takes reports whether one of the steps has been taken wherever the function
// goes on behind the statement.
func (s *statement) takes(steps map[*statement]bool) bool {
	through := func(b []*statement) bool {
		return slices.ContainsFunc(b, func(s *statement) bool { return s.takes(steps) || s.act == actReturn })
	}
	switch s.act {
	case actIf:
		return through(s.blocks[0]) && through(s.blocks[1])
	case actTry, actBlock:
		return slices.ContainsFunc(s.blocks[0], func(s *statement) bool { return s.takes(steps) })
	}
	return steps[s]
}

// origins tells where the tokens of a rewritten request came from, when that
// still has them: an argument, a variable of the organization, another
// function, a map.
func (d *finder) origins(p *plan) {
	for _, o := range p.origins {
		o.leaves(o.of.root, func(leaf *piece) {
			if o.of.text[leaf.from:leaf.to] == string(hidden) {
				d.origin(leaf)
			}
		})
	}
}

func (d *finder) origin(leaf *piece) {
	n := leaf.source()
	for range maxInline {
		if n == nil {
			return
		}
		switch {
		case n.form == formName:
			v := n.seen
			if v != nil && v.value != nil {
				n = v.value
				continue
			}
			if v != nil && v.by == nil && v.any == nil && !v.item {
				d.came("caller", n, d.r.source(n))
			}
		case d.r.calls(n, "getorgvariable"):
			d.came("organization", n, d.variable(n))
		case d.r.calls(n, "get") && len(n.kids) == 2 && n.kids[0].kids[0].form == formName:
			if at := d.inMap(n); at != nil {
				d.came("map", at, d.r.source(n.kids[0].kids[0]))
				return
			}
			n = n.kids[0].kids[0] // what gave the map gave the token
			continue
		case n.form == formCall && n.kids[0].form == formName && pure(d.r.source(n.kids[0])) && len(n.kids) > 1:
			n = n.kids[1]
			continue
		case n.form == formCall && n.kids[0].form == formMember && pure(d.r.text(n.kids[0].to-1)):
			n = n.kids[0].kids[0]
			continue
		case n.form == formInvoke:
			d.came("function", n, d.r.text(n.from))
		case n.form == formCall && !d.minted(n):
			d.came("function", n, d.r.source(n.kids[0]))
		}
		return
	}
}

// variable is the name of a variable of the organization.
func (d *finder) variable(call *node) string {
	if len(call.kids) == 2 {
		if name, ok := d.r.literal(call.kids[1]); ok {
			return name
		}
	}
	return d.r.source(call.kids[0])
}

// inMap is the pair or put that gives a map what m.get("key") asks for; nil:
// it can't be seen.
func (d *finder) inMap(get *node) *node {
	key, ok := d.r.literal(get.kids[1])
	entries, _ := d.held(get.kids[0].kids[0])
	for _, e := range entries {
		if ok && e.key == key {
			if text, ok := d.r.literal(e.value); ok && len(text) >= shortest {
				d.res.secrets = append(d.res.secrets, text)
			}
			return e.value
		}
	}
	return nil
}

// minted reports a request that is told of already: it makes auth tokens.
func (d *finder) minted(n *node) bool {
	return slices.ContainsFunc(d.plans, func(p *plan) bool { return p.q.node == n && p.mints() })
}

func (d *finder) came(reason string, n *node, subject string) {
	same := func(f Finding) bool { return f.Code == CodeOrigin && f.Reason == reason && f.Subject == subject }
	if slices.ContainsFunc(d.res.Findings, same) {
		return
	}
	f := d.finding(CodeOrigin, Noted, n)
	f.Reason, f.Subject = reason, subject
	d.res.Findings = append(d.res.Findings, f)
}
