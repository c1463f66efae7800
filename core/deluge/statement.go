package deluge

// act says what a statement does.
type act uint8

const (
	actAssign act = iota // target = value
	actExpression
	actReturn
	actInfo
	actIf     // value: the condition; blocks: then, else
	actEach   // target in value; blocks: the body
	actTry    // blocks: the body, the catch
	actBlock  // blocks: one
	actDefine // a function's head and body
	actOpaque // not understood
)

// statement is one step of a function. from and to are places among the code
// tokens, to exclusive; its semicolon is inside.
type statement struct {
	act      act
	from, to int32
	target   *node
	value    *node
	plain    bool // an assignment by = and no other operator
	blocks   [][]*statement
}

// body reads the statements until the code token end.
func (r *reader) body(end int32) []*statement {
	r.depth++
	defer func() { r.depth-- }()
	height := len(r.statementStack)
	for r.at < end {
		if r.mark(';') {
			r.at++
			continue
		}
		before := r.at
		s := r.statement(end)
		if r.at <= before { // never without progress
			r.at = before + 1
		}
		s.from, s.to = before, min(r.at, end)
		r.at = s.to
		r.statementStack = append(r.statementStack, s)
	}
	out := r.statementLists.list(r.statementStack[height:])
	r.statementStack = r.statementStack[:height]
	return out
}

func (r *reader) statement(end int32) *statement {
	if r.depth > maxDepth {
		return r.opaque(end)
	}
	switch {
	case r.isWord(r.at, "if") && r.isMark(r.at+1, '('):
		return r.ifStatement(end)
	case r.isWord(r.at, "else"):
		r.at++
		return r.statement(end)
	case r.isWord(r.at, "for") && r.isWord(r.at+1, "each"):
		return r.eachStatement(end)
	case r.isWord(r.at, "try") && r.isMark(r.at+1, '{'):
		return r.tryStatement(end)
	case r.mark('{') && r.match(r.at) > 0:
		return r.statements.add(statement{act: actBlock, blocks: [][]*statement{r.block()}})
	case r.isWord(r.at, "return") || r.isWord(r.at, "info"):
		a := actReturn
		if r.isWord(r.at, "info") {
			a = actInfo
		}
		if r.isMark(r.at+1, '=') || r.isMark(r.at+1, '.') {
			break // a variable of that name
		}
		r.at++
		if r.mark(';') {
			return r.ended(r.statements.add(statement{act: a}))
		}
		if v := r.expression(1); v != nil {
			return r.ended(r.statements.add(statement{act: a, value: v}))
		}
		return r.opaque(end)
	}
	if body := r.functionBody(end); body >= 0 {
		r.at = body
		return r.statements.add(statement{act: actDefine, blocks: [][]*statement{r.block()}})
	}
	return r.simple(end)
}

// ended takes the semicolon along.
func (r *reader) ended(s *statement) *statement {
	if r.mark(';') {
		r.at++
	}
	return s
}

// block reads the statements between the braces that begin here.
func (r *reader) block() []*statement {
	end := r.match(r.at)
	r.at++
	out := r.body(end)
	r.at = end + 1
	return out
}

func (r *reader) ifStatement(end int32) *statement {
	from := r.at
	r.at++
	s := r.statements.add(statement{act: actIf, value: r.condition()})
	if s.value == nil || !r.mark('{') || r.match(r.at) < 0 {
		r.at = from
		return r.opaque(end)
	}
	s.blocks = [][]*statement{r.block(), nil}
	if !r.isWord(r.at, "else") || r.at >= end {
		return s
	}
	r.at++
	switch {
	case r.mark('{') && r.match(r.at) > 0:
		s.blocks[1] = r.block()
	case r.isWord(r.at, "if"):
		start := r.at
		other := r.ifStatement(end)
		other.from, other.to = start, r.at
		s.blocks[1] = []*statement{other}
	}
	return s
}

// condition reads what stands between parentheses.
func (r *reader) condition() *node {
	if r.done() || r.match(r.at) < 0 {
		return nil
	}
	from, end := r.at, r.match(r.at)
	r.at++
	v := r.expression(1)
	if v == nil || r.at != end {
		r.at = end
		v = r.make(formOpaque, from)
		v.to = end + 1
	}
	r.at = end + 1
	return v
}

func (r *reader) eachStatement(end int32) *statement {
	from := r.at
	r.at += 2
	if r.isWord(r.at, "index") && !r.isWord(r.at+1, "in") {
		r.at++
	}
	s := r.statements.add(statement{act: actEach})
	if r.kind(r.at) == Word {
		name := r.at
		r.at++
		s.target = r.make(formName, name)
	}
	if s.target != nil && r.isWord(r.at, "in") {
		r.at++
		s.value = r.expression(1)
	}
	if s.value == nil || !r.mark('{') || r.match(r.at) < 0 {
		r.at = from
		return r.opaque(end)
	}
	s.blocks = [][]*statement{r.block()}
	return s
}

func (r *reader) tryStatement(int32) *statement {
	r.at++
	s := r.statements.add(statement{act: actTry, blocks: [][]*statement{r.block(), nil}})
	if !r.isWord(r.at, "catch") {
		return s
	}
	brace := r.at + 1
	if r.isMark(brace, '(') && r.match(brace) > 0 {
		brace = r.match(brace) + 1
	}
	if r.isMark(brace, '{') && r.match(brace) > 0 {
		r.at = brace
		s.blocks[1] = r.block()
	}
	return s
}

// functionBody returns the brace that opens a function's body, when a head
// begins here: `void automation.Name(int id)`; -1 otherwise.
func (r *reader) functionBody(end int32) int32 {
	i := r.at
	for words := 0; r.kind(i) == Word || r.isMark(i, '.') && words > 0; i++ {
		words++
	}
	if i == r.at || !r.isMark(i, '(') || r.match(i) < 0 {
		return -1
	}
	if i = r.match(i) + 1; i < end && r.isMark(i, '{') && r.match(i) > 0 {
		return i
	}
	return -1
}

// simple reads an assignment or an expression.
func (r *reader) simple(end int32) *statement {
	from := r.at
	left := r.expression(1)
	if left == nil || r.at > end {
		r.at = from
		return r.opaque(end)
	}
	s := r.statements.add(statement{act: actExpression, value: left})
	if r.kind(r.at) == Mark && r.at < end {
		switch r.text(r.at) {
		case "=", "+=", "-=", "*=", "%=":
			s.act, s.target, s.plain = actAssign, left, r.mark('=')
			r.at++
			if s.value = r.expression(1); s.value == nil || r.at > end {
				r.at = from
				return r.opaque(end)
			}
		}
	}
	// A statement ends by a semicolon; where that is forgotten, by the line.
	if r.at < end && !r.mark(';') && !r.newLine(r.at) {
		r.at = from
		return r.opaque(end)
	}
	return r.ended(s)
}

// newLine reports whether a code token is the first of its line.
func (r *reader) newLine(code int32) bool {
	if code == 0 || int(code) >= len(r.code) {
		return true
	}
	a, b := r.code[code-1].end, r.code[code].start
	for ; a < b; a++ {
		if r.src[a] == '\n' || r.src[a] == '\r' {
			return true
		}
	}
	return false
}

// opaque skips to the end of the statement or the line, whole brackets at a
// time: prose that stands before a function has no semicolons.
func (r *reader) opaque(end int32) *statement {
	from := r.at
	for r.at < end && (r.at == from || !r.newLine(r.at)) {
		if r.mark(';') {
			r.at++
			break
		}
		if m := r.match(r.at); m > 0 && m < end {
			r.at = m
		}
		r.at++
	}
	return r.statements.add(statement{act: actOpaque})
}
