package deluge

import (
	"slices"
	"strings"
)

// form says what a node of an expression is.
type form uint8

const (
	formLiteral form = iota // a text, a number, a date
	formName
	formCall   // kids: what is called, then the arguments
	formMember // kids: the object; the member is the last token
	formBinary // kids: two
	formUnary
	formParen
	formPair   // kids: key, value
	formMap    // kids: pairs, at least one
	formList   // kids: items, maybe none
	formEntry  // key of an invokeurl block; kids: the value
	formInvoke // kids: entries
	formOpaque // in brackets, not understood
)

// node is a piece of an expression. from and to are places among the code
// tokens, to exclusive.
type node struct {
	form     form
	from, to int32
	kids     []*node
	seen     *version // of a name: what it holds when it is read here
}

// codeToken is a token that is neither space nor comment. A text has one for
// every four bytes or so, so they are kept small.
type codeToken struct {
	start, end uint32 // bytes
	match      int32  // of an opening bracket, its closing one's place; -1
	kind       Kind
	mark       byte // of a Mark of one byte, that byte
	known      bool // a text that was looked at, or is only logged
	gone       bool // in a part that an edit takes out
}

// reader parses code tokens.
type reader struct {
	src      string
	code     []codeToken
	comments []span
	at       int32
	depth    int

	// What is read is cut from slabs. Lists grow on a stack while their length
	// isn't known.
	nodes          slab[node]
	nodeLists      slab[*node]
	nodeStack      []*node
	statements     slab[statement]
	statementLists slab[*statement]
	statementStack []*statement
	versions       slab[version]
	pieces         slab[piece]
	pieceLists     slab[*piece]
	templateSlab   slab[template]
	templateLists  slab[*template]
	uses           slab[use]
	requests       slab[request]
	tasks          slab[task]
	objects        slab[object]
	plans          slab[plan]
	entries        slab[entry]
	entryLists     slab[*entry]
	cutLists       slab[cut]
	cutStack       []cut
	findings       []Finding
	edits          []Edit
	lineStarts     []int
	planList       []*plan
	versionList    []*version
	open           []int32 // brackets
	buffer         []byte  // for texts that are put together
	builder        builder
	was, is        []byte // a text as it should become, and as it does
}

// maxDepth is how deep brackets may be nested; beyond, they are opaque.
const maxDepth = 200

// read makes the reader ready for a text, in the memory of the one before.
func (r *reader) read(src string) {
	r.nodes.reset()
	r.nodeLists.reset()
	r.statements.reset()
	r.statementLists.reset()
	r.versions.reset()
	r.pieces.reset()
	r.pieceLists.reset()
	r.templateSlab.reset()
	r.templateLists.reset()
	r.uses.reset()
	r.requests.reset()
	r.tasks.reset()
	r.objects.reset()
	r.plans.reset()
	r.cutLists.reset()
	clear(r.findings)
	clear(r.edits)
	r.entries.reset()
	r.entryLists.reset()
	r.src, r.at, r.depth = src, 0, 0
	r.code, r.comments = slices.Grow(r.code[:0], len(src)/4+16), r.comments[:0]
	for at := 0; at < len(src); {
		k, end := scan(src, at)
		switch k {
		case Space:
		case Comment:
			r.comments = append(r.comments, span{at, end})
		default:
			t := codeToken{start: uint32(at), end: uint32(end), match: -1, kind: k}
			if k == Mark && end == at+1 {
				t.mark = src[at]
			}
			r.code = append(r.code, t)
		}
		at = end
	}
	r.pair()
}

// pair finds the brackets that belong together.
func (r *reader) pair() {
	open := r.open[:0]
	for i := range r.code {
		switch c := r.code[i].mark; c {
		case '(', '[', '{':
			open = append(open, int32(i))
		case ')', ']', '}':
			// A few unclosed ones in between are prose; more are nonsense, and
			// looking through all of them would take for ever.
			for n := len(open) - 1; n >= max(0, len(open)-8); n-- {
				if closes(r.code[open[n]].mark, c) {
					r.code[open[n]].match = int32(i)
					open = open[:n]
					break
				}
			}
		}
	}
	r.open = open
}

func closes(open, c byte) bool {
	return open == '(' && c == ')' || open == '[' && c == ']' || open == '{' && c == '}'
}

func (r *reader) token(code int32) Token {
	t := &r.code[code]
	return Token{t.kind, int(t.start), int(t.end)}
}

func (r *reader) text(code int32) string {
	t := &r.code[code]
	return r.src[t.start:t.end]
}

// match is the place of the bracket that closes the one here; -1: none.
func (r *reader) match(code int32) int32 { return r.code[code].match }

func (r *reader) done() bool { return int(r.at) >= len(r.code) }

// mark reports whether the next code token is this operator or bracket.
func (r *reader) mark(c byte) bool { return r.isMark(r.at, c) }

func (r *reader) isMark(code int32, c byte) bool {
	return code >= 0 && int(code) < len(r.code) && r.code[code].mark == c
}

func (r *reader) isWord(code int32, lower string) bool {
	if code < 0 || int(code) >= len(r.code) {
		return false
	}
	t := &r.code[code]
	return t.kind == Word && int(t.end-t.start) == len(lower) && strings.EqualFold(r.src[t.start:t.end], lower)
}

func (r *reader) kind(code int32) Kind {
	if code < 0 || int(code) >= len(r.code) {
		return Space
	}
	return r.code[code].kind
}

func (r *reader) make(f form, from int32, kids ...*node) *node {
	return r.nodes.add(node{form: f, from: from, to: r.at, kids: r.nodeLists.list(kids)})
}

// makeOf is make of the nodes that were put on the stack since it had this
// height.
func (r *reader) makeOf(f form, from int32, height int) *node {
	n := r.make(f, from, r.nodeStack[height:]...)
	r.nodeStack = r.nodeStack[:height]
	return n
}

// span is the node's place in the text.
func (r *reader) span(n *node) (start, end int) {
	return int(r.code[n.from].start), int(r.code[n.to-1].end)
}

func (r *reader) source(n *node) string {
	start, end := r.span(n)
	return r.src[start:end]
}

// literal returns the content of a text.
func (r *reader) literal(n *node) (string, bool) {
	for n.form == formParen {
		n = n.kids[0]
	}
	if n.form != formLiteral || r.kind(n.from) != Text && r.kind(n.from) != Quoted {
		return "", false
	}
	s, _ := content(r.src, r.token(n.from))
	return s, true
}

// operator returns the binding strength of the next operator; 0 none.
func (r *reader) operator() int {
	if r.done() || r.code[r.at].kind != Mark {
		return 0
	}
	switch r.code[r.at].mark {
	case '<', '>':
		return 3
	case '+', '-':
		return 4
	case '*', '/', '%':
		return 5
	case 0:
	default:
		return 0
	}
	switch r.text(r.at) {
	case "||":
		return 1
	case "&&":
		return 2
	case "==", "!=", "<=", ">=":
		return 3
	}
	return 0
}

// expression reads operators of at least the given strength; nil: here is
// none.
func (r *reader) expression(least int) *node {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxDepth {
		return nil
	}
	from := r.at
	left := r.unary()
	if left == nil {
		return nil
	}
	for {
		strength := r.operator()
		if strength == 0 || strength < least {
			return left
		}
		operator := r.at
		r.at++
		right := r.expression(strength + 1)
		if right == nil {
			r.at = operator
			return left
		}
		left = r.make(formBinary, from, left, right)
	}
}

func (r *reader) unary() *node {
	if r.mark('!') || r.mark('-') {
		from := r.at
		r.at++
		kid := r.unary()
		if kid == nil {
			r.at = from
			return nil
		}
		return r.make(formUnary, from, kid)
	}
	return r.postfix()
}

func (r *reader) postfix() *node {
	from := r.at
	n := r.primary()
	if n == nil {
		return nil
	}
	for {
		switch {
		case r.mark('.') && (r.kind(r.at+1) == Word || r.kind(r.at+1) == Number):
			r.at += 2
			n = r.make(formMember, from, n)
		case r.mark('(') && r.match(r.at) > 0 && (n.form == formName || n.form == formMember):
			height := len(r.nodeStack)
			r.nodeStack = append(r.nodeStack, n)
			if !r.list(')') {
				r.nodeStack = r.nodeStack[:height]
				return n
			}
			n = r.makeOf(formCall, from, height)
		case r.mark('[') && r.match(r.at) > 0 && (n.form == formName || n.form == formMember || n.form == formCall):
			r.at = r.match(r.at) + 1
			n = r.make(formOpaque, from, n)
		default:
			return n
		}
	}
}

func (r *reader) primary() *node {
	from := r.at
	if r.done() {
		return nil
	}
	switch r.code[r.at].kind {
	case Text, Quoted, Number:
		r.at++
		return r.make(formLiteral, from)
	case Word:
		if (r.isWord(from, "invokeurl") || r.isWord(from, "invokeapi")) && r.isMark(from+1, '[') && r.match(from+1) > 0 {
			return r.invoke()
		}
		r.at++
		return r.make(formName, from)
	}
	end := r.match(from)
	if end <= 0 {
		return nil
	}
	switch {
	case r.mark('('):
		r.at++
		if kid := r.expression(1); kid != nil && r.at == end {
			r.at++
			return r.make(formParen, from, kid)
		}
	case r.mark('{'):
		if n := r.braces(); n != nil {
			return n
		}
	case r.mark('['):
		height := len(r.nodeStack)
		if r.list(']') {
			return r.makeOf(formList, from, height)
		}
		r.nodeStack = r.nodeStack[:height]
	}
	r.at = end + 1
	return r.make(formOpaque, from)
}

// list reads expressions between commas, from the opening bracket to the
// closing one, onto the stack. On failure the place is the opening bracket's
// again.
func (r *reader) list(closing byte) bool {
	from, end := r.at, r.match(r.at)
	r.at++
	for !r.mark(closing) || r.at != end {
		kid := r.expression(1)
		if kid == nil || !r.mark(',') && r.at != end {
			r.at = from
			return false
		}
		r.nodeStack = append(r.nodeStack, kid)
		if r.mark(',') {
			r.at++
		}
	}
	r.at++
	return true
}

// braces reads a map or a list; nil: it is neither, or half of each.
func (r *reader) braces() *node {
	from, end := r.at, r.match(r.at)
	r.at++
	f, pairs, height := formList, 0, len(r.nodeStack)
	fail := func() *node {
		r.at, r.nodeStack = from, r.nodeStack[:height]
		return nil
	}
	for r.at < end {
		start := r.at
		kid := r.expression(1)
		if kid == nil {
			return fail()
		}
		if r.mark(':') {
			f = formMap
			pairs++
			r.at++
			value := r.expression(1)
			if value == nil {
				return fail()
			}
			kid = r.make(formPair, start, kid, value)
		}
		r.nodeStack = append(r.nodeStack, kid)
		if r.mark(',') {
			r.at++
		} else if r.at != end {
			return fail()
		}
	}
	if r.at != end || f == formMap && pairs < len(r.nodeStack)-height {
		return fail()
	}
	r.at++
	return r.makeOf(f, from, height)
}

// invoke reads an invokeurl block. Its entries follow one another without
// commas; a key is a word, or two with a hyphen, before a colon.
func (r *reader) invoke() *node {
	from, end := r.at, r.match(r.at+1)
	r.at += 2
	height := len(r.nodeStack)
	for r.at < end {
		start, colon := r.at, r.entryColon()
		if colon < 0 {
			r.at, r.nodeStack = end+1, r.nodeStack[:height]
			return r.make(formOpaque, from)
		}
		r.at = colon + 1
		value := r.expression(1)
		if value == nil || r.at > end {
			r.at, r.nodeStack = end+1, r.nodeStack[:height]
			return r.make(formOpaque, from)
		}
		r.nodeStack = append(r.nodeStack, r.make(formEntry, start, value))
		if r.mark(',') || r.mark(';') { // nobody's grammar, but it is written
			r.at++
		}
	}
	r.at = end + 1
	return r.makeOf(formInvoke, from, height)
}

// entryColon returns the colon behind the key that stands here; -1: none.
func (r *reader) entryColon() int32 {
	if r.kind(r.at) != Word {
		return -1
	}
	i := r.at + 1
	for r.isMark(i, '-') && r.kind(i+1) == Word {
		i += 2
	}
	if r.isMark(i, ':') {
		return i
	}
	return -1
}

// entryKey is the key of an entry, in small letters.
func (r *reader) entryKey(n *node) string {
	if r.isMark(n.from+1, ':') {
		return strings.ToLower(r.text(n.from))
	}
	var b strings.Builder
	for i := n.from; !r.isMark(i, ':'); i++ {
		b.WriteString(strings.ToLower(r.text(i)))
	}
	return b.String()
}
