package deluge

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// entry is one key of a map: a pair of a literal, or a put.
type entry struct {
	key    string
	value  *node
	pair   *node // in the map literal owner; nil: a put
	owner  *node
	put    *statement // the statement that is the put
	on     *version   // that is put into, or is given the literal; nil: a literal in the request
	holder string     // the name whose put it is
}

// object is one map, under all the names that it has.
type object struct {
	versions []*version
	entries  []*entry
	unknown  bool // it also holds what can't be seen
}

// plan is what is to be done about one request.
type plan struct {
	q       *request
	code    string
	subject string
	address address
	heads   []*entry // to be removed from the headers
	fields  []*entry // to be removed from the parameters
	urls    []*template
	bodies  []*template
	cuts    []cut
	reason  string // why it can't be rewritten; "": it can
	with    *node  // what stands in the way, where it can be named
	own     bool
	text    bool // it is in a text of JSON
	partial bool // the Authorization header may hold something else
	origins []origin
	secrets []string
	method  string

	// Room for what a request has usually.
	headRoom   [1]*entry
	originRoom [2]origin
}

// finder holds everything that is known of one text.
type finder struct {
	r     *reader
	f     *flow
	all   []*statement
	o     Options
	plans []*plan // of every request, also of those that need nothing
	lines lineIndex
	used  []account // by the requests that are rewritten
	res   Result
}

// Rewriter rewrites one text after the other in the same memory, which is
// several times faster for a folder of them. The zero Rewriter is ready; it is
// not for more than one goroutine at a time.
type Rewriter struct{ reader reader }

// Rewrite finds the uses of auth tokens in a text and the edits that replace
// them by the connection.
func Rewrite(src string, o Options) Result { return new(Rewriter).Rewrite(src, o) }

// Rewrite is the function Rewrite.
func (w *Rewriter) Rewrite(src string, o Options) Result {
	if !worthReading(src) {
		return Result{}
	}
	d := newFinder(&w.reader, src, o)
	d.emit(d.decide())
	d.sweep()
	d.sort()
	w.reader.lineStarts = d.lines.starts
	return d.res
}

// worthReading is a quick look whether anything here can concern a token: the
// word itself, a task of another service, or a typographic quote. Most
// functions of a folder have none of them and are not parsed.
func worthReading(src string) bool {
	return containsFold(src, "authtoken") || typographic(src) || hasTask(src)
}

// hasTask reports zoho.<service>. that is not the middle of a host's name.
func hasTask(src string) bool {
	const word = "zoho."
	for at := 0; ; {
		n := strings.IndexByte(src[at:], '.')
		if n < 0 {
			return false
		}
		at += n + 1
		start := at - len(word)
		if start < 0 || !strings.EqualFold(src[start:at], word) || start > 0 && (wordByte(src[start-1]) || strings.IndexByte("./-", src[start-1]) >= 0) {
			continue
		}
		end := scanWord(src, at)
		if service(word + strings.ToLower(src[at:end]) + ".") {
			return true
		}
	}
}

// containsFold is strings.Contains without regard to case; lower is in small
// letters.
func containsFold(s, lower string) bool {
	// By its last byte, and in one go: looking for either case of the first one
	// with IndexByte reads to the end again and again where one is rare.
	last := lower[len(lower)-1]
	for i := len(lower) - 1; i < len(s); i++ {
		if s[i]|0x20 == last|0x20 && strings.EqualFold(s[i+1-len(lower):i+1], lower) {
			return true
		}
	}
	return false
}

func newFinder(r *reader, src string, o Options) *finder {
	r.read(src)
	d := &finder{r: r, o: o, lines: lineIndex{src: src, starts: r.lineStarts[:0]}, plans: r.planList[:0]}
	d.all = r.body(int32(len(r.code)))
	d.f = follow(r, d.all)
	d.join()
	for _, q := range d.f.requests {
		p := d.plan(q)
		d.plans = append(d.plans, p)
		q.plan = p
	}
	r.planList = d.plans
	d.centres()
	return d
}

// join puts the versions together that may hold the same map.
func (d *finder) join() {
	var all func(v *version, depth int)
	all = func(v *version, depth int) {
		for _, a := range v.any {
			if find(a) != find(v) && depth < maxDepth {
				union(v, a)
				all(a, depth+1)
			}
		}
	}
	for _, v := range d.f.versions {
		for _, a := range v.any {
			if !slices.Contains(a.joins, v) {
				a.joins = append(a.joins, v)
			}
		}
	}
	for _, v := range d.f.versions {
		if v.uses != nil {
			all(v, 0)
		}
		if v.value != nil && v.value.form == formName && v.value.seen != nil {
			union(v, v.value.seen)
		}
	}
	for _, v := range slices.Backward(d.f.versions) {
		root := find(v)
		v.next, root.first = root.first, v
	}
}

// object is the map that a version holds.
func (d *finder) object(v *version) *object {
	root := find(v)
	if root.object == nil {
		root.object = d.r.objects.add(object{})
		for v := root.first; v != nil; v = v.next {
			root.object.versions = append(root.object.versions, v)
			d.contents(root.object, v)
		}
	}
	return root.object
}

func find(v *version) *version {
	for v.root != nil {
		if v.root.root != nil {
			v.root = v.root.root
		}
		v = v.root
	}
	return v
}

func union(a, b *version) {
	if a, b = find(a), find(b); a != b {
		b.root = a
	}
}

func (d *finder) contents(o *object, v *version) {
	switch {
	case v.any != nil:
	case v.value == nil:
		o.unknown = o.unknown || v.uses != nil
	case v.value.form == formMap:
		pairs := d.pairs(v.value)
		for _, e := range pairs {
			e.on = v
		}
		o.entries = append(o.entries, pairs...)
	case v.value.form == formName, d.r.emptyMap(v.value):
	default:
		o.unknown = true
	}
	for u := v.uses; u != nil; u = u.next {
		if u.role != rolePut {
			continue
		}
		key, _ := d.r.literal(u.in.kids[1])
		e := d.r.entries.add(entry{key: key, value: u.in.kids[2], holder: v.name, on: v})
		if u.by.act == actExpression && u.by.value == u.in {
			e.put = u.by
		}
		o.entries = append(o.entries, e)
	}
}

func (d *finder) pairs(m *node) []*entry {
	out := d.r.entryLists.take(len(m.kids))
	for i, p := range m.kids {
		key, ok := d.r.literal(p.kids[0])
		if !ok && p.kids[0].form == formName {
			key = d.r.source(p.kids[0])
		}
		out[i] = d.r.entries.add(entry{key: key, value: p.kids[1], pair: p, owner: m})
	}
	return out
}

// held returns what a slot of a request holds: the entries of its map. n may
// be a map, a name, or either with toString().
func (d *finder) held(n *node) (entries []*entry, o *object) {
	if n == nil {
		return nil, nil
	}
	for n.form == formParen {
		n = n.kids[0]
	}
	if n.form == formCall && len(n.kids) == 1 && n.kids[0].form == formMember && d.r.isWord(n.kids[0].to-1, "tostring") {
		n = n.kids[0].kids[0]
	}
	switch {
	case n.form == formMap:
		return d.pairs(n), nil
	case n.form == formName && n.seen != nil:
		o := d.object(n.seen)
		return o.entries, o
	}
	return nil, nil
}

func (d *finder) plan(q *request) *plan {
	p := d.r.plans.add(plan{q: q, method: d.method(q)})
	var few bool
	p.urls, few = d.r.templates(q.url)
	if !few {
		p.reason = "ways"
	}
	for _, t := range p.urls {
		d.note(t.root)
	}
	p.address = d.common(p.urls)
	d.headers(p)
	d.parameters(p)
	d.query(p)
	if p.address.where == whereForeign {
		d.another(p)
		p.reason = "foreign"
	}
	if p.code == "" {
		return p
	}
	if p.reason == "" {
		p.reason = d.refusal(p)
	}
	return p
}

// texts are those of a request that may lose a token.
func (p *plan) texts() []*template {
	return append(p.urls[:len(p.urls):len(p.urls)], p.bodies...)
}

// entries are those of its maps that go.
func (p *plan) entries() []*entry {
	return append(p.heads[:len(p.heads):len(p.heads)], p.fields...)
}

// another remembers all keys of a request to another vendor as looked at: an
// authtoken among them is that vendor's.
func (d *finder) another(p *plan) {
	for i := p.q.node.from; i < p.q.node.to; i++ {
		if s, _ := d.r.literal(&node{form: formLiteral, from: i}); strings.EqualFold(s, "authtoken") {
			d.r.code[i].known = true
		}
	}
	for _, slot := range []*node{p.q.headers, p.q.params} {
		entries, _ := d.held(slot)
		for _, e := range entries {
			d.noteKey(e)
		}
	}
}

func (d *finder) method(q *request) string {
	if !q.block {
		if q.post {
			return "POST"
		}
		return "GET"
	}
	if t := q.method; t != nil {
		if s, ok := d.r.literal(t.kids[0]); ok {
			return strings.ToUpper(s)
		}
		return strings.ToUpper(d.r.source(t.kids[0]))
	}
	return "GET"
}

// common is what is known of an address in all of its ways.
func (d *finder) common(all []*template) address {
	var out address
	for i, t := range all {
		t.address = locate(t.text)
		a := t.address
		if i > 0 && (a.where != out.where || a.service != out.service) {
			if a.where == out.where {
				out.service = ""
				continue
			}
			return address{}
		}
		if i == 0 || a.oldAPI() {
			out = a
		}
	}
	return out
}

// refusal says why a request that uses a token is not rewritten.
func (d *finder) refusal(p *plan) string {
	q := p.q
	for _, e := range p.entries() {
		if e.pair == nil && e.put == nil {
			return "inside"
		}
		if d.r.containsPath(e.value, "zoho.authtoken") {
			return "variable"
		}
		if !d.harmless(e.value) {
			return "call"
		}
	}
	switch a := p.address; {
	case a.where == whereForeign:
		return "foreign"
	case a.where == whereUnknown:
		return "address"
	case a.oldAPI():
		return "old-api"
	case q.odd:
		return "arguments"
	case p.text:
		return "text"
	case d.crowded(p):
		return "ways"
	case d.sometimes(p):
		return "sometimes"
	case d.several(p):
		return "several"
	case !q.block:
		if why := d.convertible(q); why != "" {
			return why
		}
	}
	c := cutter{d.r.cutStack[:0]}
	for _, t := range p.texts() {
		if !c.take(t.root, t.lost) {
			return "shape"
		}
	}
	d.r.cutStack, p.cuts = c.cuts, d.r.cutLists.list(c.cuts)
	return ""
}

// containsPath reports whether a.b stands in an expression.
func (r *reader) containsPath(n *node, path string) bool {
	a, b, _ := strings.Cut(path, ".")
	for i := n.from; i+2 < n.to; i++ {
		if r.isWord(i, a) && r.isMark(i+1, '.') && r.isWord(i+2, b) {
			return true
		}
	}
	return false
}

// convertible says why a getUrl or postUrl can't become an invokeurl; "": it
// can.
func (d *finder) convertible(q *request) string {
	start, end := d.r.span(q.node)
	if i := d.r.commentAt(start); i < len(d.r.comments) && d.r.comments[i].from < end {
		return "comment"
	}
	if d.whole(q) {
		return ""
	}
	if q.nested || q.by.act == actOpaque || d.beside(q) {
		return "nested"
	}
	return ""
}

// whole reports a request that is all that is assigned.
func (d *finder) whole(q *request) bool {
	return q.by.act == actAssign && q.by.value == q.node
}

// beside reports whether a statement does other things whose order would
// change if the request went before it.
func (d *finder) beside(q *request) bool {
	for _, other := range d.f.requests {
		if other != q && other.by == q.by {
			return true
		}
	}
	for _, t := range d.f.tasks {
		if t.node.from >= q.by.from && t.node.to <= q.by.to && q.by.act != actIf && q.by.act != actEach {
			return true
		}
	}
	return false
}

// lineIndex finds lines and columns.
type lineIndex struct {
	src    string
	starts []int
}

func (l *lineIndex) at(offset int) (line, column int) {
	if len(l.starts) == 0 {
		l.starts = append(l.starts, 0)
		for i := 0; i < len(l.src); i++ {
			if l.src[i] == '\n' || l.src[i] == '\r' && (i+1 == len(l.src) || l.src[i+1] != '\n') {
				l.starts = append(l.starts, i+1)
			}
		}
	}
	low, high := 0, len(l.starts)
	for low+1 < high {
		if mid := (low + high) / 2; l.starts[mid] <= offset {
			low = mid
		} else {
			high = mid
		}
	}
	return low + 1, utf8.RuneCountInString(l.src[l.starts[low]:offset]) + 1
}
