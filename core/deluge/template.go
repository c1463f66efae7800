package deluge

import (
	"slices"
	"strings"
)

// piece is a part of a text that is put together: a literal, a variable with
// what it holds, a sum, or something that can't be seen into.
type piece struct {
	node     *node // nil: what was in a variable before +=
	from, to int   // its place in the flattened text
	start    int   // of a literal: the byte its content begins at; -1 no literal
	kids     []*piece
	sum      bool       // kids are the two sides of +
	inlined  *version   // a variable whose content the kids are
	added    *statement // the += that added it
}

// template is one way in which a text may be put together. What can't be
// seen into is one NUL in its text.
type template struct {
	root *piece
	text string
}

const (
	hidden = '\x00'
	// maxTemplates is how many ways of putting one text together are looked
	// at: what has more is not rewritten.
	maxTemplates = 24
	maxInline    = 40
)

// templates returns every way in which n may come about; ok is false where
// there are too many.
func (r *reader) templates(n *node) (all []*template, ok bool) {
	if n == nil {
		return nil, true
	}
	// Nearly always there is one way.
	b := &builder{r: r, text: r.buffer[:0]}
	if root := b.piece(n); b.ask == nil {
		r.buffer = b.text
		return r.templateLists.list([]*template{r.templateSlab.add(template{root, string(b.text)})}), true
	}
	buffer := b.text
	todo := []map[*version]int{nil}
	for len(todo) > 0 {
		choice := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		b := &builder{r: r, choice: choice, text: buffer[:0]}
		root := b.piece(n)
		buffer = b.text
		if b.ask != nil {
			for i := range b.ask.any {
				next := map[*version]int{b.ask: i}
				for k, v := range choice {
					next[k] = v
				}
				todo = append(todo, next)
			}
		} else {
			all = append(all, r.templateSlab.add(template{root, string(b.text)}))
		}
		if len(todo)+len(all) > maxTemplates {
			return all, false
		}
	}
	r.buffer = buffer
	return all, true
}

func (r *reader) listed(all ...*piece) []*piece { return r.pieceLists.list(all) }

type builder struct {
	r      *reader
	text   []byte
	choice map[*version]int
	open   []*version // those that are being put in
	ask    *version   // a version of which it is not chosen yet what it is
}

func (b *builder) piece(n *node) *piece {
	p := b.r.pieces.add(piece{node: n, from: len(b.text), start: -1})
	switch {
	case n.form == formParen:
		p.kids = b.r.listed(b.piece(n.kids[0]))
	case n.form == formBinary && b.r.text(n.kids[0].to) == "+":
		p.sum = true
		left := b.piece(n.kids[0])
		p.kids = b.r.listed(left, b.piece(n.kids[1]))
	case n.form == formLiteral:
		if k := b.r.kind(n.from); k == Text || k == Quoted {
			s, start := content(b.r.src, b.r.token(n.from))
			p.start = start
			b.text = append(b.text, s...)
		} else {
			b.text = append(b.text, b.r.source(n)...)
		}
	case n.form == formName && n.seen != nil:
		p.inlined = n.seen
		p.kids = b.inline(n.seen)
	case n.form == formCall && len(n.kids) == 1 && n.kids[0].form == formMember && b.r.isWord(n.kids[0].to-1, "tostring"):
		p.kids = b.r.listed(b.piece(n.kids[0].kids[0]))
	default:
		b.text = append(b.text, hidden)
	}
	p.to = len(b.text)
	return p
}

// inline puts the content of a variable in its place.
func (b *builder) inline(v *version) []*piece {
	if v.any != nil {
		i, chosen := b.choice[v]
		switch {
		case slices.Contains(b.open, v): // it is made of itself, round a loop
			b.text = append(b.text, hidden)
			return nil
		case !chosen:
			b.ask = v
			return nil
		}
		b.open = append(b.open, v)
		defer func() { b.open = b.open[:len(b.open)-1] }()
		return b.inline(v.any[i])
	}
	if slices.Contains(b.open, v) || len(b.open) > maxInline || v.value == nil || !b.textual(v.value) {
		b.text = append(b.text, hidden)
		return nil
	}
	b.open = append(b.open, v)
	defer func() { b.open = b.open[:len(b.open)-1] }()
	if v.add == nil {
		return b.r.listed(b.piece(v.value))
	}
	before := b.r.pieces.add(piece{from: len(b.text), start: -1, inlined: v.add})
	before.kids = b.inline(v.add)
	before.to = len(b.text)
	p := b.piece(v.value)
	p.added = v.by
	return b.r.listed(before, p)
}

func (b *builder) textual(n *node) bool {
	switch n.form {
	case formLiteral, formParen, formName:
		return true
	case formBinary:
		return b.r.text(n.kids[0].to) == "+"
	case formCall:
		return len(n.kids) == 1 && n.kids[0].form == formMember && b.r.isWord(n.kids[0].to-1, "tostring")
	}
	return false
}

// span is a part of a flattened text, or of the source.
type span struct{ from, to int }

// cuts is what is taken out of a source so that texts lose a part: bytes of
// literals, and whole operands.
type cuts struct {
	bytes   map[int][]span      // by where the literal's content begins
	dropped map[*node]bool      // an operand of +, named by its node
	sums    map[*node]bool      // whose operands are dropped
	added   map[*statement]bool // a += of which nothing is left
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

// take adds what must go so that p loses the spans; it reports whether that
// can be done.
func (c *cuts) take(p *piece, lose []span) bool {
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

func (c *cuts) takeOne(p *piece, s span) bool {
	if p.added != nil && p.from == s.from && p.to == s.to {
		set(&c.added, p.added)
		return true
	}
	if p.start >= 0 {
		c.cut(p.start, span{p.start + s.from - p.from, p.start + s.to - p.from})
		return true
	}
	if p.sum {
		whole := 0
		for _, kid := range p.kids {
			if kid.from < kid.to && kid.from >= s.from && kid.to <= s.to {
				whole++
				set(&c.dropped, kid.node)
				set(&c.sums, p.node)
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
		set(&c.inside, p.inlined)
	}
	for _, kid := range p.kids {
		if !c.take(kid, []span{s}) {
			return false
		}
	}
	return true
}

// left is what t's text is when everything in c is gone.
func (c *cuts) left(t *template) string {
	if !c.touches(t.root) {
		return t.text
	}
	var b strings.Builder
	b.Grow(len(t.text))
	c.write(&b, t, t.root)
	return b.String()
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

func (c *cuts) write(b *strings.Builder, t *template, p *piece) {
	switch {
	case p.node != nil && c.dropped[p.node], p.added != nil && c.added[p.added]:
	case p.start >= 0:
		lose := c.bytes[p.start]
		if len(lose) == 0 {
			b.WriteString(t.text[p.from:p.to])
			return
		}
		for i := p.from; i < p.to; i++ {
			if !inAny(lose, p.start+i-p.from) {
				b.WriteByte(t.text[i])
			}
		}
	case len(p.kids) == 0:
		b.WriteString(t.text[p.from:p.to])
	default:
		for _, kid := range p.kids {
			c.write(b, t, kid)
		}
	}
}

func inAny(all []span, at int) bool {
	for _, s := range all {
		if at >= s.from && at < s.to {
			return true
		}
	}
	return false
}

func (c *cuts) cut(literal int, s span) {
	if c.bytes == nil {
		c.bytes = map[int][]span{}
	}
	if !slices.Contains(c.bytes[literal], s) {
		c.bytes[literal] = append(c.bytes[literal], s)
	}
}

// none reports that nothing is taken out of any text.
func (c *cuts) none() bool { return len(c.bytes)+len(c.dropped)+len(c.added) == 0 }

func (c *cuts) merge(o *cuts) {
	for literal, all := range o.bytes {
		for _, s := range all {
			c.cut(literal, s)
		}
	}
	for k := range o.dropped {
		set(&c.dropped, k)
	}
	for k := range o.sums {
		set(&c.sums, k)
	}
	for k := range o.added {
		set(&c.added, k)
	}
	for k := range o.inside {
		set(&c.inside, k)
	}
}

// without returns a text less some of its spans.
func without(text string, lose []span) string {
	var b strings.Builder
	at := 0
	for _, s := range lose {
		b.WriteString(text[at:s.from])
		at = s.to
	}
	return b.String() + text[at:]
}

// pairsOf cuts the pairs authtoken=… and scope=… of Zoho out of a query or a
// form. form says that the text is one from its beginning; otherwise its
// query begins behind the first question mark. shape is false where the value
// of the token can't be told from what follows it.
func pairsOf(text string, form bool) (lose, values []span, shape bool) {
	at := 0
	known := form
	if q := strings.IndexByte(text, '?'); q >= 0 && !form {
		at, known = q+1, true
	}
	end := len(text)
	if h := strings.IndexByte(text[at:], '#'); h >= 0 {
		end = at + h
	}
	type pair struct {
		span
		drop bool
	}
	var all []pair
	token, odd := false, false
	for from := at; from <= end; {
		to := end
		if n := strings.IndexByte(text[from:end], '&'); n >= 0 {
			to = from + n
		}
		p := pair{span: span{from, to}}
		key, value, _ := strings.Cut(text[from:to], "=")
		first := len(all) == 0 && !known
		switch {
		case strings.EqualFold(key, "authtoken") && !first:
			p.drop, token = true, true
			values = append(values, span{to - len(value), to})
			odd = odd || strings.Count(value, string(hidden)) > 1
		case strings.EqualFold(key, "scope") && !first && legacyScope(value):
			p.drop = true
		case assigns(text[from:to]):
			odd, token = true, true // behind something that can't be seen
		}
		all = append(all, p)
		from = to + 1
	}
	if !token {
		return nil, nil, true
	}
	for i := 0; i < len(all); i++ {
		if !all[i].drop {
			continue
		}
		j := i
		for j+1 < len(all) && all[j+1].drop {
			j++
		}
		s := span{all[i].from, all[j].to}
		if j+1 < len(all) {
			s.to++
		} else if s.from > at || !form {
			s.from--
		}
		lose = append(lose, span{max(s.from, 0), s.to})
		i = j
	}
	return lose, values, !odd
}

// assigns reports authtoken= in a text, where that is no end of a longer name.
func assigns(text string) bool {
	const key = "authtoken="
	for lower := strings.ToLower(text); ; {
		n := strings.Index(lower, key)
		if n < 0 {
			return false
		}
		if n == 0 || !wordByte(lower[n-1]) {
			return true
		}
		lower = lower[n+len(key):]
	}
}

// inJSON reports a text of JSON with the key authtoken, its quotes escaped or
// not.
func inJSON(text string) bool {
	for lower := strings.ToLower(text); ; {
		_, after, found := strings.Cut(lower, `"authtoken`)
		if !found {
			return false
		}
		if rest := strings.TrimPrefix(after, `\`); strings.HasPrefix(rest, `"`) && strings.HasPrefix(strings.TrimLeft(rest[1:], " \t"), ":") {
			return true
		}
		lower = after
	}
}

// legacyScope reports the scopes that auth tokens had: crmapi,
// ZohoSupport/supportapi.
func legacyScope(value string) bool {
	value = strings.ToLower(value)
	return strings.HasSuffix(value, "api") && !strings.ContainsAny(value, ". "+string(hidden))
}
