package deluge

import (
	"cmp"
	"slices"
)

// cut is one thing that is taken out of a source so that a text loses a part:
// bytes of a literal, an operand of +, or a += of which nothing is left. Where
// it lies in what a variable holds, that is noted as a cut of its own.
type cut struct {
	literal int  // where the literal's content begins
	bytes   span // empty: it is no cut of bytes
	operand *node
	sum     *node // whose operand that is
	added   *statement
	inside  *version
}

// cutter collects what must go so that texts lose some of their spans.
type cutter struct{ cuts []cut }

// take reports whether p can lose the spans.
func (c *cutter) take(p *piece, lose []span) bool {
	for _, s := range lose {
		if s.to <= p.from || s.from >= p.to {
			continue
		}
		if !c.takeOne(p, span{max(s.from, p.from), min(s.to, p.to)}) {
			return false
		}
	}
	return true
}

func (c *cutter) takeOne(p *piece, s span) bool {
	if p.added != nil && p.from == s.from && p.to == s.to {
		c.cuts = append(c.cuts, cut{added: p.added})
		return true
	}
	if p.start >= 0 {
		c.cuts = append(c.cuts, cut{literal: p.start, bytes: span{p.start + s.from - p.from, p.start + s.to - p.from}})
		return true
	}
	if p.sum {
		whole := 0
		for _, kid := range p.kids {
			if kid.from < kid.to && kid.from >= s.from && kid.to <= s.to {
				whole++
				c.cuts = append(c.cuts, cut{operand: kid.node, sum: p.node})
			} else if !c.take(kid, []span{s}) {
				return false
			}
		}
		return whole < 2
	}
	if len(p.kids) == 0 {
		return false
	}
	if p.inlined != nil {
		if p.node != nil && p.from == s.from && p.to == s.to {
			return false // the whole variable, and nothing to drop it from
		}
		c.cuts = append(c.cuts, cut{inside: p.inlined})
	}
	for _, kid := range p.kids {
		if !c.take(kid, []span{s}) {
			return false
		}
	}
	return true
}

// cuts are the cuts of several requests together.
type cuts struct {
	bytes   map[int][]span // by where the literal's content begins
	dropped map[*node]bool // operands
	sums    map[*node]bool
	added   map[*statement]bool
	inside  map[*version]bool
}

// set puts a key into a set that is only made when it has one: most cuts are
// of one kind.
func set[K comparable](m *map[K]bool, k K) {
	if *m == nil {
		*m = map[K]bool{}
	}
	(*m)[k] = true
}

func (c *cuts) add(all []cut) {
	for _, one := range all {
		switch {
		case one.operand != nil:
			set(&c.dropped, one.operand)
			set(&c.sums, one.sum)
		case one.added != nil:
			set(&c.added, one.added)
		case one.inside != nil:
			set(&c.inside, one.inside)
		default:
			c.addBytes(one.literal, one.bytes)
		}
	}
}

// addBytes keeps the spans of a literal in order: it may have thousands.
func (c *cuts) addBytes(literal int, s span) {
	all := c.bytes[literal]
	i, there := slices.BinarySearchFunc(all, s, func(a, b span) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	if there {
		return
	}
	if c.bytes == nil {
		c.bytes = map[int][]span{}
	}
	c.bytes[literal] = slices.Insert(all, i, s)
}

// none reports that nothing is taken out of any text.
func (c *cuts) none() bool { return len(c.bytes)+len(c.dropped)+len(c.added) == 0 }

// left appends what t's text is when everything in c is gone.
func (c *cuts) left(to []byte, t *template) []byte {
	if !c.touches(t.root) {
		return append(to, t.text...)
	}
	return c.write(to, t, t.root)
}

// touches reports whether anything of p is in c.
func (c *cuts) touches(p *piece) bool {
	switch {
	case p.node != nil && c.dropped[p.node], p.added != nil && c.added[p.added]:
		return true
	case p.start >= 0:
		return len(c.bytes[p.start]) > 0
	}
	return slices.ContainsFunc(p.kids, c.touches)
}

func (c *cuts) write(to []byte, t *template, p *piece) []byte {
	switch {
	case p.node != nil && c.dropped[p.node], p.added != nil && c.added[p.added]:
	case p.start >= 0:
		lose := c.bytes[p.start]
		if len(lose) == 0 {
			return append(to, t.text[p.from:p.to]...)
		}
		at := p.from
		for _, s := range lose { // in order; two requests may lose parts that overlap
			from, end := s.from-p.start+p.from, s.to-p.start+p.from
			if from > at {
				to = append(to, t.text[at:min(from, p.to)]...)
			}
			at = min(max(at, end), p.to)
		}
		to = append(to, t.text[at:p.to]...)
	case len(p.kids) == 0:
		return append(to, t.text[p.from:p.to]...)
	default:
		for _, kid := range p.kids {
			to = c.write(to, t, kid)
		}
	}
	return to
}

// without appends a text less some of its spans.
func without(to []byte, text string, lose []span) []byte {
	at := 0
	for _, s := range lose {
		to = append(to, text[at:s.from]...)
		at = s.to
	}
	return append(to, text[at:]...)
}
