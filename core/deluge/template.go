package deluge

import (
	"slices"
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
	root    *piece
	text    string
	lost    []span  // of a request's text: what is to be taken out of it
	address address // of an address: where it leads
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
	b := &r.builder
	*b = builder{r: r, text: r.buffer[:0], open: b.open[:0]}
	if root := b.piece(n); b.ask == nil {
		r.buffer = b.text
		all = r.templateLists.take(1)
		all[0] = r.templateSlab.add(template{root: root, text: string(b.text)})
		return all, true
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
			all = append(all, r.templateSlab.add(template{root: root, text: string(b.text)}))
		}
		if len(todo)+len(all) > maxTemplates {
			return all, false
		}
	}
	r.buffer = buffer
	return all, true
}

func (r *reader) one(p *piece) []*piece {
	out := r.pieceLists.take(1)
	out[0] = p
	return out
}

func (r *reader) two(p, q *piece) []*piece {
	out := r.pieceLists.take(2)
	out[0], out[1] = p, q
	return out
}

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
		p.kids = b.r.one(b.piece(n.kids[0]))
	case n.form == formBinary && b.r.text(n.kids[0].to) == "+":
		p.sum = true
		left := b.piece(n.kids[0])
		p.kids = b.r.two(left, b.piece(n.kids[1]))
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
		p.kids = b.r.one(b.piece(n.kids[0].kids[0]))
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
		return b.r.one(b.piece(v.value))
	}
	before := b.r.pieces.add(piece{from: len(b.text), start: -1, inlined: v.add})
	before.kids = b.inline(v.add)
	before.to = len(b.text)
	p := b.piece(v.value)
	p.added = v.by
	return b.r.two(before, p)
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
