package deluge

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// decide settles which requests are rewritten: those of which every part
// that must change is seen by rewritten requests alone. Each one that is
// refused may make others impossible, so this goes on until nothing changes.
//
// It returns what goes from the texts.
func (d *finder) decide() *cuts {
	for {
		changed := false
		all := &cuts{}
		for _, p := range d.plans {
			if d.accepted(p) {
				all.add(p.cuts)
			}
		}
		for _, seen := range []func(*plan) *node{d.mapsSeen, d.textsSeen} {
			for _, p := range d.plans {
				if !d.accepted(p) {
					continue
				}
				if by := seen(p); by != nil {
					p.reason, p.with, changed = "shared", by, true
				}
			}
		}
		if all.none() && !changed {
			return all
		}
		for _, p := range d.plans {
			for _, t := range p.texts() {
				if d.becomes(t, all, d.accepted(p)) {
					continue
				}
				if d.accepted(p) {
					p.reason, changed = "shared", true
					var own cuts
					if own.add(p.cuts); !d.becomes(t, &own, true) {
						p.reason = "uneven"
					}
				} else {
					of := p.q.node
					if p.with != nil {
						of = p.with
					}
					changed = d.refuseTouching(t, of) || changed
				}
			}
		}
		if !changed {
			return all
		}
	}
}

// becomes reports whether the cuts take from a text what it is to lose and
// nothing else; nothing at all where the request stays.
func (d *finder) becomes(t *template, all *cuts, loses bool) bool {
	if !loses {
		return !all.touches(t.root)
	}
	r := d.r
	r.was, r.is = without(r.was[:0], t.text, t.lost), all.left(r.is[:0], t)
	return bytes.Equal(r.was, r.is)
}

// refuseTouching refuses the rewritten requests whose cuts are seen in t,
// which must stay because of a request, or of what stands in its way.
func (d *finder) refuseTouching(t *template, of *node) (changed bool) {
	for _, p := range d.plans {
		if !d.accepted(p) {
			continue
		}
		var own cuts
		if own.add(p.cuts); own.touches(t.root) {
			p.reason, p.with, changed = "shared", of, true
		}
	}
	return changed
}

// accepted reports whether a request is to be rewritten.
func (d *finder) accepted(p *plan) bool {
	at := d.offset(p)
	return p.code != "" && p.reason == "" && (!p.own || d.o.OwnOAuth || slices.Contains(d.o.Also, at)) && !slices.Contains(d.o.Decline, at)
}

func (d *finder) offset(p *plan) int { return d.r.token(p.q.node.from).Start }

// mapsSeen is what else sees the maps that p loses entries of; nil: nothing
// but requests that are rewritten.
func (d *finder) mapsSeen(p *plan) *node {
	if _, heads := d.held(p.q.headers); heads != nil && len(p.heads) > 0 {
		if by := d.mapSeen(heads, func(o *plan) bool { return len(o.heads) > 0 }); by != nil {
			return by
		}
	}
	if _, fields := d.held(p.q.params); fields != nil && len(p.fields) > 0 {
		return d.mapSeen(fields, func(o *plan) bool { return len(o.fields) > 0 })
	}
	return nil
}

func (d *finder) mapSeen(o *object, loses func(*plan) bool) *node {
	for _, v := range o.versions {
		for u := v.uses; u != nil; u = u.next {
			if !d.sees(v, u, loses) {
				continue
			}
			if u.request != nil && u.request.plan != nil && u.request.plan.with != nil {
				return u.request.plan.with // what stands in that request's way
			}
			return u.at
		}
	}
	return nil
}

// sees reports a use of a map that the rewrite would change.
func (d *finder) sees(v *version, u *use, loses func(*plan) bool) bool {
	switch u.role {
	case rolePut, roleInfo:
		return false
	case roleGet:
		key, ok := d.r.literal(u.in.kids[1])
		return !ok || strings.EqualFold(key, "authorization") || strings.EqualFold(key, "authtoken") || strings.EqualFold(key, "scope")
	case roleFlows:
		return find(u.into) != find(v)
	case roleRequest:
		p := u.request.plan
		return p == nil || !d.accepted(p) || !loses(p)
	}
	return true
}

// textsSeen is what else than a request reads the variables in which p's cuts
// lie; nil: nothing.
func (d *finder) textsSeen(p *plan) *node {
	for _, c := range p.cuts {
		if c.inside == nil {
			continue
		}
		if by := textSeen(c.inside, map[*version]bool{}); by != nil {
			return by
		}
	}
	return nil
}

func textSeen(v *version, asked map[*version]bool) *node {
	if asked[v] {
		return nil
	}
	asked[v] = true
	for u := v.uses; u != nil; u = u.next {
		switch u.role {
		case roleInfo, roleRequest:
		case roleFlows:
			if by := textSeen(u.into, asked); by != nil {
				return by
			}
		default:
			return u.at
		}
	}
	for _, w := range v.joins {
		if by := textSeen(w, asked); by != nil {
			return by
		}
	}
	return nil
}

// emit makes the edits and findings of all plans.
func (d *finder) emit(all *cuts) {
	e := &editor{r: d.r, edits: d.r.edits[:0]}
	d.res.Findings = d.r.findings[:0]
	puts, pairs, maps := map[*statement]bool{}, map[*node]bool{}, map[*node]bool{}
	for _, p := range d.plans {
		d.report(p)
		if !d.accepted(p) {
			continue
		}
		for _, en := range p.entries() {
			if en.put != nil {
				puts[en.put] = true
			} else {
				pairs[en.pair], maps[en.owner] = true, true
			}
		}
	}
	dead := d.deadHeaders(puts, pairs)
	for s := range puts {
		e.statement(s)
	}
	for m := range maps {
		if !dead.maps[m] {
			e.pairs(m, pairs)
		}
	}
	e.cuts(all)
	for _, p := range d.plans {
		if d.accepted(p) {
			d.connect(e, p, dead.slots[p])
		}
	}
	for s := range dead.definitions {
		e.statement(s)
	}
	d.tasks(e)
	d.buryVariables(e, all)
	e.hoist()
	d.res.Edits = slices.Clone(e.joined())
	d.r.edits = e.edits
	if !d.stands() {
		d.giveUp()
	}
	d.res.Scopes = Merge(d.res.Scopes)
}

// dead is what is empty when its entries are gone.
type dead struct {
	maps        map[*node]bool      // literals that go with their place
	slots       map[*plan]bool      // requests that lose their headers altogether
	definitions map[*statement]bool // assignments of header maps
}

// deadHeaders finds header maps that would be empty: they go altogether, with
// the variable that holds nothing else.
func (d *finder) deadHeaders(puts map[*statement]bool, pairs map[*node]bool) dead {
	out := dead{map[*node]bool{}, map[*plan]bool{}, map[*statement]bool{}}
	for _, p := range d.plans {
		if !d.accepted(p) || len(p.heads) == 0 {
			continue
		}
		entries, o := d.held(p.q.headers)
		left := 0
		for _, en := range entries {
			if (en.put == nil || !puts[en.put]) && (en.pair == nil || !pairs[en.pair]) {
				left++
			}
		}
		if left > 0 {
			continue
		}
		if o == nil {
			out.slots[p] = true
			out.maps[p.q.headers] = true
			continue
		}
		if o.unknown || !onlySlots(o) {
			continue
		}
		out.slots[p] = true
		for _, v := range o.versions {
			if v.by != nil {
				out.definitions[v.by] = true
				if v.value.form == formMap {
					out.maps[v.value] = true
				}
			}
		}
	}
	return out
}

// onlySlots reports whether a map is only filled, named anew and sent.
func onlySlots(o *object) bool {
	for _, v := range o.versions {
		for u := v.uses; u != nil; u = u.next {
			if u.role != rolePut && u.role != roleRequest && u.role != roleFlows {
				return false
			}
		}
	}
	return true
}

// connect puts the connection into a request.
func (d *finder) connect(e *editor, p *plan, noHeaders bool) {
	if p.q.block {
		var gone *node
		if noHeaders {
			gone = p.q.headersEntry
		}
		if c := p.q.connection; c == nil {
			e.addEntry(p.q.node, gone, "connection", `"`+d.o.Connection+`"`)
		} else {
			if gone != nil {
				e.entry(gone)
			}
			f := d.finding(CodeKeptConnect, Noted, c)
			f.Subject, _ = d.r.literal(c.kids[0])
			d.res.Findings = append(d.res.Findings, f)
		}
		return
	}
	headers := p.q.headers
	if noHeaders {
		headers = nil
	}
	e.convert(d, p, headers)
}

// buryVariables deletes assignments of what nobody reads any more: the token
// itself, first of all. Only what has been read in parts that are gone, and
// whose value is no call that does something.
func (d *finder) buryVariables(e *editor, lost *cuts) {
	for again := true; again; {
		again = false
		for _, v := range d.f.versions {
			if v.by == nil || v.uses == nil && len(v.joins) == 0 || e.buried[v.by] || !d.harmless(v.value) || e.covers(v.by) || !e.unread(v) {
				continue
			}
			e.statement(v.by)
			e.buried[v.by] = true
			again = true
		}
	}
	d.leftovers(e, lost)
}

// pure reports functions, built in or of a text or a map, that do nothing but
// give a value.
func pure(name string) bool {
	switch strings.ToLower(name) {
	case "get", "getorgvariable", "tostring", "trim", "ifnull", "encodeurl", "tolowercase", "touppercase", "tomap", "getjson",
		"getprefix", "getsuffix", "substring", "subtext", "replaceall", "remove", "concat", "tolist", "tojsonlist", "isnull", "isempty":
		return true
	}
	return false
}

// harmless reports a value whose reading does nothing: a literal, a name, a
// sum, a variable of the organization.
func (d *finder) harmless(n *node) bool {
	switch n.form {
	case formLiteral, formName:
		return true
	case formParen:
		return d.harmless(n.kids[0])
	case formBinary:
		return d.harmless(n.kids[0]) && d.harmless(n.kids[1])
	case formMember:
		return d.harmless(n.kids[0])
	case formCall:
		if d.r.emptyMap(n) {
			return true
		}
		if !pure(d.r.text(n.kids[0].to - 1)) {
			return false
		}
		for _, a := range n.kids[1:] {
			if !d.harmless(a) {
				return false
			}
		}
		return d.harmless(n.kids[0])
	}
	return false
}

// leftovers tells of tokens that left a request and are still read elsewhere.
func (d *finder) leftovers(e *editor, lost *cuts) {
	told := map[*node]bool{}
	tell := func(n *node) {
		for ; n != nil && n.form == formBinary; n = n.kids[1] {
		}
		// What held more than the token has lost it.
		if n == nil || n.form != formName || n.seen == nil || lost.inside[n.seen] {
			return
		}
		for u := n.seen.uses; u != nil; u = u.next {
			if told[u.at] || e.coversCode(u.at.from) {
				continue
			}
			told[u.at] = true
			f := d.finding(CodeLeftover, Noted, u.at)
			f.Subject = n.seen.name
			d.res.Findings = append(d.res.Findings, f)
		}
	}
	for _, p := range d.plans {
		if !d.accepted(p) || p.own {
			continue
		}
		for _, en := range p.heads {
			tell(en.value)
		}
		for _, en := range p.fields {
			if strings.EqualFold(en.key, "authtoken") {
				tell(en.value)
			}
		}
		for _, c := range p.cuts {
			if c.operand != nil && c.operand.form == formName {
				tell(c.operand)
			}
		}
	}
}

func (d *finder) sort() {
	slices.SortStableFunc(d.res.Findings, func(a, b Finding) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column, cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject))
	})
	d.r.findings = d.res.Findings
	d.res.Findings = slices.Clone(slices.Compact(d.res.Findings))
}

// stands reports whether the edits leave a text that reads as before: no
// quote or bracket is left open that was closed, and no edit is in another.
func (d *finder) stands() bool {
	at := 0
	for _, e := range d.res.Edits {
		if e.Start < at || e.End < e.Start {
			return false
		}
		at = e.End
	}
	if len(d.res.Edits) == 0 {
		return true
	}
	return balanceOf(d.res.Apply(d.r.src)) == d.r.balance()
}

// balance is how many more brackets of each kind are opened than closed, and
// what has no end.
type balance struct{ round, square, curly, broken int }

func balanceOf(src string) (b balance) {
	for at := 0; at < len(src); {
		k, end := scan(src, at)
		switch {
		case k == Broken:
			b.broken++
		case k == Mark && end == at+1:
			b.count(src[at])
		}
		at = end
	}
	return b
}

// balance is the text's own.
func (r *reader) balance() (b balance) {
	for i := range r.code {
		if t := &r.code[i]; t.kind == Broken {
			b.broken++
		} else {
			b.count(t.mark)
		}
	}
	return b
}

func (b *balance) count(mark byte) {
	switch mark {
	case '(':
		b.round++
	case ')':
		b.round--
	case '[':
		b.square++
	case ']':
		b.square--
	case '{':
		b.curly++
	case '}':
		b.curly--
	}
}

// giveUp leaves everything as it is and says so.
func (d *finder) giveUp() {
	d.res.Edits = nil
	for i := range d.r.code {
		d.r.code[i].gone = false
	}
	for i, f := range d.res.Findings {
		if f.Outcome == Rewritten {
			d.res.Findings[i].Outcome, d.res.Findings[i].Reason = Unsafe, "tangled"
		}
	}
}
