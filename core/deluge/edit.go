package deluge

import (
	"slices"
	"sort"
	"strconv"
	"strings"
)

// editor collects edits. Comments are never part of what goes.
type editor struct {
	r       *reader
	edits   []Edit
	buried  map[*statement]bool
	hoisted []hoisting
	named   int // of the last name for one
}

// hoisting is a request that moves before its statement.
type hoisting struct {
	from, to int // the call
	before   int // where the statement begins
	name     string
	indent   string
}

func (e *editor) erase(from, to int) {
	if from >= to {
		return
	}
	at := from
	for i := e.r.codeAt(from); i < len(e.r.code) && int(e.r.code[i].start) < to; i++ {
		e.r.code[i].gone = true
	}
	for i := e.r.commentAt(from); i < len(e.r.comments) && e.r.comments[i].from < to; i++ {
		c := e.r.comments[i]
		if at < c.from {
			e.edits = append(e.edits, Edit{at, c.from, ""})
		}
		at = c.to
		// A comment to the end of the line keeps its line end.
		if strings.HasPrefix(e.r.src[c.from:], "//") {
			for at < to && (e.r.src[at] == '\r' || e.r.src[at] == '\n') {
				at++
			}
		}
	}
	if at < to {
		e.edits = append(e.edits, Edit{at, to, ""})
	}
}

// codeAt is the first code token that ends behind an offset.
func (r *reader) codeAt(offset int) int {
	return sort.Search(len(r.code), func(i int) bool { return int(r.code[i].end) > offset })
}

// commentAt is the first comment that ends behind an offset.
func (r *reader) commentAt(offset int) int {
	return sort.Search(len(r.comments), func(i int) bool { return r.comments[i].to > offset })
}

// line erases what stands from here to there, with the whole line when
// nothing else is on it.
func (e *editor) line(from, to int) {
	src := e.r.src
	start := from
	for start > 0 && (src[start-1] == ' ' || src[start-1] == '\t') {
		start--
	}
	end := to
	for end < len(src) && (src[end] == ' ' || src[end] == '\t') {
		end++
	}
	first := start == 0 || src[start-1] == '\n' || src[start-1] == '\r' || strings.HasSuffix(src[:start], "\ufeff")
	last := end == len(src) || src[end] == '\n' || src[end] == '\r'
	switch {
	case first && last && end < len(src):
		if strings.HasPrefix(src[end:], "\r\n") {
			end++
		}
		e.erase(start, end+1)
	case first:
		e.erase(from, end)
	case last:
		e.erase(start, to)
	default:
		e.erase(from, end)
	}
}

func (e *editor) statement(s *statement) {
	if e.buried == nil {
		e.buried = map[*statement]bool{}
	}
	e.buried[s] = true
	e.line(e.r.token(s.from).Start, e.r.token(s.to-1).End)
}

func (e *editor) entry(n *node) {
	from, to := e.r.span(n)
	e.line(from, to)
}

// pairs takes pairs out of a map literal, with the commas between.
func (e *editor) pairs(m *node, gone map[*node]bool) {
	for i := 0; i < len(m.kids); i++ {
		if !gone[m.kids[i]] {
			continue
		}
		j := i
		for j+1 < len(m.kids) && gone[m.kids[j+1]] {
			j++
		}
		from, _ := e.r.span(m.kids[i])
		_, to := e.r.span(m.kids[j])
		switch {
		case j+1 < len(m.kids):
			to, _ = e.r.span(m.kids[j+1])
		case i > 0:
			_, from = e.r.span(m.kids[i-1])
		}
		e.erase(from, to)
		i = j
	}
}

// cuts takes parts out of texts and sums.
func (e *editor) cuts(c *cuts) {
	for s := range c.added {
		e.statement(s)
	}
	for _, all := range c.bytes {
		for _, s := range all {
			e.edits = append(e.edits, Edit{s.from, s.to, ""})
		}
	}
	for n := range c.sums {
		left, right := n.kids[0], n.kids[1]
		ls, le := e.r.span(left)
		rs, re := e.r.span(right)
		if c.dropped[left] {
			e.erase(ls, rs)
		} else if c.dropped[right] {
			e.erase(le, re)
		}
	}
}

func (e *editor) coversCode(code int32) bool { return e.r.code[code].gone }

// covers reports whether a statement is gone already.
func (e *editor) covers(s *statement) bool { return e.coversCode(s.from) }

// unread reports whether a version was read and all that read it is gone. A
// version is also read through the joins that may be it, and those of nested
// loops may be each other.
func (e *editor) unread(v *version) bool {
	read := false
	for all, i := []*version{v}, 0; i < len(all); i++ {
		for u := all[i].uses; u != nil; u = u.next {
			// A += that is gone hands on what was there before it.
			if !e.coversCode(u.at.from) || u.into != nil && u.into.add == all[i] {
				return false
			}
			read = true
		}
		for _, w := range all[i].joins {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	return read
}

// newline is the line end in use around a place.
func (e *editor) newline(at int) string {
	if i := strings.LastIndexAny(e.r.src[:at], "\r\n"); i >= 0 {
		if e.r.src[i] == '\n' && i > 0 && e.r.src[i-1] == '\r' {
			return "\r\n"
		}
		return e.r.src[i : i+1]
	}
	if i := strings.IndexAny(e.r.src[at:], "\r\n"); i >= 0 {
		if strings.HasPrefix(e.r.src[at+i:], "\r\n") {
			return "\r\n"
		}
		return e.r.src[at+i : at+i+1]
	}
	return "\n"
}

// indent is the white space at the beginning of the line of a place.
func (e *editor) indent(at int) string {
	start := strings.LastIndexAny(e.r.src[:at], "\r\n") + 1
	start += strings.LastIndex(e.r.src[start:at], "\ufeff") + 1
	if strings.HasPrefix(e.r.src[max(start-1, 0):], "\ufeff") {
		start = max(start-1, 0) + len("\ufeff")
	}
	end := start
	for end < at && (e.r.src[end] == ' ' || e.r.src[end] == '\t') {
		end++
	}
	return e.r.src[start:end]
}

// joined returns the edits in order, deletions that lie in one another made
// one.
func (e *editor) joined() []Edit {
	all := tidy(e.edits)
	out := all[:0]
	for _, x := range all {
		if n := len(out) - 1; n >= 0 && x.Start < out[n].End && x.Text == "" && out[n].Text == "" {
			out[n].End = max(out[n].End, x.End)
			continue
		}
		out = append(out, x)
	}
	return out
}

// addEntry adds a key as the last one of an invokeurl block, written as the
// others are. gone, if any, is an entry that goes.
func (e *editor) addEntry(block, gone *node, key, value string) {
	last := block.kids[len(block.kids)-1]
	if last == gone {
		start, end := e.r.span(last)
		e.erase(start, end)
		colon := last.from
		for !e.r.isMark(colon, ':') {
			colon++
		}
		between := e.r.src[e.r.token(colon-1).End:e.r.token(colon+1).Start]
		if strings.ContainsAny(between, "\r\n/") {
			between = ": "
		}
		e.edits = append(e.edits, Edit{start, start, key + between + value})
		return
	}
	if gone != nil {
		e.entry(gone)
	}
	start, end := e.r.span(last)
	colon := last.from
	for !e.r.isMark(colon, ':') {
		colon++
	}
	before := e.r.src[e.r.token(colon-1).End:e.r.token(colon).Start]
	after := e.r.src[e.r.token(colon).End:e.r.token(colon+1).Start]
	if strings.ContainsAny(before+after, "\r\n/") {
		before, after = "", " "
	}
	between := " "
	if e.r.newLine(last.from) {
		between = e.newline(start) + e.indent(start)
	}
	e.edits = append(e.edits, Edit{end, end, between + key + before + ":" + after + value})
}

// convert makes an invokeurl block of a getUrl or postUrl.
func (e *editor) convert(d *finder, p *plan, headers *node) {
	q := p.q
	from, to := e.r.span(q.node)
	first, _ := e.r.span(q.url)
	stmt := e.r.token(q.by.from).Start
	nl, indent := e.newline(from), e.indent(stmt)
	inner := nl + indent + "\t"
	e.edits = append(e.edits, Edit{from, first, "invokeurl" + nl + indent + "[" + inner + "url: "})
	_, at := e.r.span(q.url)
	lead := inner + "type: " + p.method
	put := func(n *node, key string) {
		s, end := e.r.span(n)
		e.edits = append(e.edits, Edit{at, s, lead + inner + key + ": "})
		lead, at = "", end
	}
	if q.params != nil {
		put(q.params, "parameters")
	}
	if headers != nil {
		put(headers, "headers")
	}
	lead += inner + `connection: "` + d.o.Connection + `"`
	if q.flag != nil && e.r.bool(q.flag) == "false" {
		lead += inner + "detailed: true"
	}
	e.edits = append(e.edits, Edit{at, to, lead + nl + indent + "]"})
	if headers != q.headers && q.headers != nil {
		for i := q.headers.from; i < q.headers.to; i++ {
			e.r.code[i].gone = true
		}
	}
	if !d.whole(q) {
		e.hoisted = append(e.hoisted, hoisting{from, to, stmt, e.freshName(), indent})
	}
}

// freshName is a name that the text does not have.
func (e *editor) freshName() string {
	for {
		name := "zohoAnswer"
		if e.named++; e.named > 1 {
			name += strconv.Itoa(e.named)
		}
		if !strings.Contains(e.r.src, name) {
			return name
		}
	}
}

// hoist moves requests that stand inside a statement before it: invokeurl is
// only understood behind an equals sign.
func (e *editor) hoist() {
	for _, h := range e.hoisted {
		var inside []Edit
		e.edits = slices.DeleteFunc(e.edits, func(x Edit) bool {
			if x.Start >= h.from && x.End <= h.to {
				inside = append(inside, Edit{x.Start - h.from, x.End - h.from, x.Text})
				return true
			}
			return false
		})
		text := apply(e.r.src[h.from:h.to], tidy(inside))
		nl := e.newline(h.from)
		e.edits = append(e.edits,
			Edit{h.before, h.before, h.name + " = " + text + ";" + nl + h.indent},
			Edit{h.from, h.to, h.name})
	}
}
