package deluge

import "strings"

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

// reader parses code tokens: those that are neither space nor comment.
type reader struct {
	src   string
	all   []Token
	code  []int32 // places of code tokens in all
	match []int32 // of an opening bracket's code token, its closing one; -1
	at    int32
	slab  []node
	depth int
}

// maxDepth is how deep brackets may be nested; beyond, they are opaque.
const maxDepth = 200

func newReader(src string) *reader {
	r := &reader{src: src, all: Tokenize(src)}
	r.code = make([]int32, 0, len(r.all)*2/3+1)
	for i, t := range r.all {
		if t.Kind != Space && t.Kind != Comment {
			r.code = append(r.code, int32(i))
		}
	}
	r.pair()
	return r
}

// pair finds the brackets that belong together.
func (r *reader) pair() {
	r.match = make([]int32, len(r.code))
	var open []int32
	for i := range r.code {
		r.match[i] = -1
		t := r.token(int32(i))
		if t.Kind != Mark || t.End-t.Start != 1 {
			continue
		}
		switch c := r.src[t.Start]; c {
		case '(', '[', '{':
			open = append(open, int32(i))
		case ')', ']', '}':
			// A few unclosed ones in between are prose; more are nonsense, and
			// looking through all of them would take for ever.
			for n := len(open) - 1; n >= max(0, len(open)-8); n-- {
				if closes(r.src[r.token(open[n]).Start], c) {
					r.match[open[n]] = int32(i)
					open = open[:n]
					break
				}
			}
		}
	}
}

func closes(open, c byte) bool {
	return open == '(' && c == ')' || open == '[' && c == ']' || open == '{' && c == '}'
}

func (r *reader) token(code int32) Token { return r.all[r.code[code]] }

func (r *reader) text(code int32) string {
	t := r.token(code)
	return r.src[t.Start:t.End]
}

func (r *reader) done() bool { return int(r.at) >= len(r.code) }

// mark reports whether the next code token is this operator or bracket.
func (r *reader) mark(s string) bool { return r.isMark(r.at, s) }

func (r *reader) isMark(code int32, s string) bool {
	if code < 0 || int(code) >= len(r.code) {
		return false
	}
	t := r.token(code)
	return t.Kind == Mark && r.src[t.Start:t.End] == s
}

func (r *reader) isWord(code int32, lower string) bool {
	if code < 0 || int(code) >= len(r.code) {
		return false
	}
	t := r.token(code)
	return t.Kind == Word && t.End-t.Start == len(lower) && strings.EqualFold(r.src[t.Start:t.End], lower)
}

func (r *reader) kind(code int32) Kind {
	if code < 0 || int(code) >= len(r.code) {
		return Space
	}
	return r.token(code).Kind
}

func (r *reader) make(f form, from int32, kids ...*node) *node {
	if len(r.slab) == cap(r.slab) {
		r.slab = make([]node, 0, 256)
	}
	r.slab = append(r.slab, node{form: f, from: from, to: r.at, kids: kids})
	return &r.slab[len(r.slab)-1]
}

// span is the node's place in the text.
func (r *reader) span(n *node) (start, end int) {
	return r.token(n.from).Start, r.token(n.to - 1).End
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
	if r.done() || r.token(r.at).Kind != Mark {
		return 0
	}
	switch r.text(r.at) {
	case "||":
		return 1
	case "&&":
		return 2
	case "==", "!=", "<", ">", "<=", ">=":
		return 3
	case "+", "-":
		return 4
	case "*", "/", "%":
		return 5
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
	if r.mark("!") || r.mark("-") {
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
		case r.mark(".") && (r.kind(r.at+1) == Word || r.kind(r.at+1) == Number):
			r.at += 2
			n = r.make(formMember, from, n)
		case r.mark("(") && r.match[r.at] > 0 && (n.form == formName || n.form == formMember):
			kids, ok := r.list(")")
			if !ok {
				return n
			}
			n = r.make(formCall, from, append([]*node{n}, kids...)...)
		case r.mark("[") && r.match[r.at] > 0 && (n.form == formName || n.form == formMember || n.form == formCall):
			r.at = r.match[r.at] + 1
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
	switch r.token(r.at).Kind {
	case Text, Quoted, Number:
		r.at++
		return r.make(formLiteral, from)
	case Word:
		if (r.isWord(from, "invokeurl") || r.isWord(from, "invokeapi")) && r.isMark(from+1, "[") && r.match[from+1] > 0 {
			return r.invoke()
		}
		r.at++
		return r.make(formName, from)
	}
	end := r.match[from]
	if end <= 0 {
		return nil
	}
	switch {
	case r.mark("("):
		r.at++
		if kid := r.expression(1); kid != nil && r.at == end {
			r.at++
			return r.make(formParen, from, kid)
		}
	case r.mark("{"):
		if n := r.braces(); n != nil {
			return n
		}
	case r.mark("["):
		if kids, ok := r.list("]"); ok {
			return r.make(formList, from, kids...)
		}
	}
	r.at = end + 1
	return r.make(formOpaque, from)
}

// list reads expressions between commas, from the opening bracket to the
// closing one. On failure the place is the opening bracket's again.
func (r *reader) list(closing string) ([]*node, bool) {
	from, end := r.at, r.match[r.at]
	r.at++
	var out []*node
	for !r.mark(closing) || r.at != end {
		kid := r.expression(1)
		if kid == nil || !r.mark(",") && r.at != end {
			r.at = from
			return nil, false
		}
		out = append(out, kid)
		if r.mark(",") {
			r.at++
		}
	}
	r.at++
	return out, true
}

// braces reads a map or a list; nil: it is neither, or half of each.
func (r *reader) braces() *node {
	from, end := r.at, r.match[r.at]
	r.at++
	f := formList
	var kids []*node
	pairs := 0
	for r.at < end {
		start := r.at
		kid := r.expression(1)
		if kid == nil {
			r.at = from
			return nil
		}
		if r.mark(":") {
			f = formMap
			pairs++
			r.at++
			value := r.expression(1)
			if value == nil {
				r.at = from
				return nil
			}
			kid = r.make(formPair, start, kid, value)
		}
		kids = append(kids, kid)
		if r.mark(",") {
			r.at++
		} else if r.at != end {
			r.at = from
			return nil
		}
	}
	if r.at != end || f == formMap && pairs < len(kids) {
		r.at = from
		return nil
	}
	r.at++
	return r.make(f, from, kids...)
}

// invoke reads an invokeurl block. Its entries follow one another without
// commas; a key is a word, or two with a hyphen, before a colon.
func (r *reader) invoke() *node {
	from, end := r.at, r.match[r.at+1]
	r.at += 2
	var kids []*node
	for r.at < end {
		start, colon := r.at, r.entryColon()
		if colon < 0 {
			r.at = end + 1
			return r.make(formOpaque, from)
		}
		r.at = colon + 1
		value := r.expression(1)
		if value == nil || r.at > end {
			r.at = end + 1
			return r.make(formOpaque, from)
		}
		kids = append(kids, r.make(formEntry, start, value))
		if r.mark(",") || r.mark(";") { // nobody's grammar, but it is written
			r.at++
		}
	}
	r.at = end + 1
	return r.make(formInvoke, from, kids...)
}

// entryColon returns the colon behind the key that stands here; -1: none.
func (r *reader) entryColon() int32 {
	if r.kind(r.at) != Word {
		return -1
	}
	i := r.at + 1
	for r.isMark(i, "-") && r.kind(i+1) == Word {
		i += 2
	}
	if r.isMark(i, ":") {
		return i
	}
	return -1
}

// entryKey is the key of an entry, in small letters.
func (r *reader) entryKey(n *node) string {
	var b strings.Builder
	for i := n.from; !r.isMark(i, ":"); i++ {
		b.WriteString(strings.ToLower(r.text(i)))
	}
	return b.String()
}
