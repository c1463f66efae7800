package deluge

import "strings"

// version is a variable between two assignments: every name that is read is
// read in one version. Where ways meet (behind an if, in a loop) a version is
// any of several.
type version struct {
	name  string
	by    *statement // the assignment; nil: an argument, or unknown
	value *node      // what was assigned; nil: unknown
	add   *version   // of +=: what was there before
	any   []*version // any of these
	joins []*version // that may be this one
	uses  *use       // the first of them, in order
	last  *use
	item  bool     // of a loop
	root  *version // of versions that hold the same map (union-find)

	// Of a root: its versions, in order, and what they hold once it is asked.
	first, next *version
	object      *object
}

// role says how a name is used.
type role uint8

const (
	roleOther   role = iota // in a way that is not followed
	rolePut                 // m.put(…): in names the call
	roleGet                 // m.get("…") of a literal key
	roleFlows               // a part of the text that into holds, or another name for its map
	roleRequest             // the address, headers or parameters of a request, or part of it
	roleInfo                // only logged
)

// use is one place where a version is read.
type use struct {
	at      *node
	role    role
	in      *node    // the call
	into    *version // where it flows
	by      *statement
	request *request
	next    *use // of the same version
}

// use notes that a version is read.
func (f *flow) use(v *version, u use) {
	at := f.r.uses.add(u)
	if v.last == nil {
		v.uses = at
	} else {
		v.last.next = at
	}
	v.last = at
}

// request is one HTTP request.
type request struct {
	node                     *node
	by                       *statement
	block                    bool // invokeurl; otherwise getUrl or postUrl
	post                     bool
	method                   *node // these are a block's entries
	connection, headersEntry *node
	url                      *node
	headers                  *node
	params                   *node
	flag                     *node // getUrl's last argument
	nested                   bool  // else-if, or behind && or ||: nothing can be put before it
	odd                      bool  // arguments whose meaning can't be told
	plan                     *plan
}

// task is a call of another Zoho service: zoho.desk.create(…).
type task struct {
	node *node
	path string // "zoho.desk.create", in small letters
}

// flow follows the variables of a text.
type flow struct {
	r        *reader
	vars     map[string]*version
	versions []*version
	requests []*request
	tasks    []*task
	by       *statement
	nested   bool
}

func follow(r *reader, all []*statement) *flow {
	f := &flow{r: r, vars: map[string]*version{}, versions: r.versionList[:0]}
	f.list(all)
	r.versionList = f.versions
	return f
}

func (f *flow) list(all []*statement) (returned bool) {
	for _, s := range all {
		f.statement(s)
		returned = s.act == actReturn
	}
	return returned
}

func (f *flow) statement(s *statement) {
	f.by = s
	switch s.act {
	case actAssign:
		f.assign(s)
	case actExpression, actReturn:
		f.read(s.value, use{by: s})
	case actInfo:
		// What is only written into a log is no use of a token.
		for i := s.from; i < s.to; i++ {
			f.r.code[i].known = true
		}
		f.read(s.value, use{role: roleInfo, by: s})
	case actIf:
		f.branches(s)
	case actEach:
		f.loop(s)
	case actTry:
		f.try(s)
	case actBlock:
		f.list(s.blocks[0])
	case actDefine:
		outer := f.vars
		f.vars = map[string]*version{}
		f.list(s.blocks[0])
		f.vars = outer
	case actOpaque:
		f.opaque(s.from, s.to)
	}
}

func (f *flow) opaque(from, to int32) {
	for i := from; i < to; i++ {
		if f.r.kind(i) == Word && !f.r.isMark(i-1, '.') {
			f.use(f.current(f.r.text(i)), use{at: f.r.nodes.add(node{form: formName, from: i, to: i + 1}), by: f.by})
		}
	}
}

func (f *flow) assign(s *statement) {
	if s.target.form != formName {
		f.read(s.value, use{by: s})
		f.read(s.target, use{by: s})
		return
	}
	v := f.r.versions.add(version{name: f.r.text(s.target.from), by: s, value: s.value})
	if !s.plain {
		v.add = f.current(v.name)
		f.use(v.add, use{at: s.target, role: roleFlows, into: v, by: s})
	}
	f.read(s.value, use{role: roleFlows, into: v, by: s})
	f.versions = append(f.versions, v)
	f.vars[v.name] = v
}

// current is the version of a name that is read now.
func (f *flow) current(name string) *version {
	v := f.vars[name]
	if v == nil {
		v = f.unknown(name)
		f.vars[name] = v
	}
	return v
}

// copyVars is the state before a branch.
func (f *flow) copyVars() map[string]*version {
	out := make(map[string]*version, len(f.vars)+4)
	for k, v := range f.vars {
		out[k] = v
	}
	return out
}

// meet joins the states of ways that lead to the same place.
func (f *flow) meet(a, b map[string]*version) {
	for name, v := range a {
		if b[name] == nil && v.given() {
			a[name] = f.either(name, f.unknown(name), v)
		}
	}
	for name, v := range b {
		switch have := a[name]; {
		case have == v:
		case have != nil:
			a[name] = f.either(name, have, v)
		case v.given():
			a[name] = f.either(name, f.unknown(name), v)
		default:
			a[name] = v
		}
	}
	f.vars = a
}

// given reports a variable that is given something here. On another way, where
// it is not, it may be an argument.
func (v *version) given() bool { return v.by != nil || v.any != nil || v.item }

func (f *flow) unknown(name string) *version {
	v := f.r.versions.add(version{name: name})
	f.versions = append(f.versions, v)
	return v
}

func (f *flow) either(name string, of ...*version) *version {
	v := f.r.versions.add(version{name: name, any: of})
	f.versions = append(f.versions, v)
	return v
}

func (f *flow) branches(s *statement) {
	f.read(s.value, use{by: s})
	before := f.copyVars()
	thenEnds := f.list(s.blocks[0])
	then := f.vars
	f.vars = before
	nested := f.nested
	// An else-if has no braces around it: nothing fits before it.
	if len(s.blocks[1]) == 1 && s.blocks[1][0].act == actIf && !f.r.isMark(s.blocks[1][0].from-1, '{') {
		f.nested = true
		f.by = s.blocks[1][0]
		f.read(s.blocks[1][0].value, use{by: f.by})
		f.nested = nested
		f.elseIf(s.blocks[1][0], thenEnds, then)
		return
	}
	elseEnds := f.list(s.blocks[1])
	f.afterBranches(thenEnds, then, elseEnds)
}

// elseIf is branches for a statement whose condition has been read.
func (f *flow) elseIf(s *statement, ends bool, then map[string]*version) {
	value := s.value
	s.value = nil
	f.branches(s)
	s.value = value
	f.afterBranches(ends, then, false)
}

func (f *flow) afterBranches(thenEnds bool, then map[string]*version, elseEnds bool) {
	switch {
	case thenEnds:
	case elseEnds:
		f.vars = then
	default:
		f.meet(then, f.vars)
	}
}

// around reads a body that may be left or begun anew at any place: whatever
// it assigns may be seen at its beginning (again) and behind it.
func (f *flow) around(names map[string]bool, body func()) {
	joins := map[string]*version{}
	for name := range names {
		joins[name] = f.either(name, f.current(name))
		f.vars[name] = joins[name]
	}
	from := len(f.versions)
	body()
	for _, v := range f.versions[from:] {
		if j := joins[v.name]; j != nil && (v.by != nil || v.any != nil) {
			j.any = append(j.any, v)
		}
	}
	for name, j := range joins {
		f.vars[name] = j
	}
}

func (f *flow) loop(s *statement) {
	f.read(s.value, use{by: s})
	names := map[string]bool{}
	assigned(f.r, s.blocks[0], names)
	f.around(names, func() {
		v := f.r.versions.add(version{name: f.r.text(s.target.from), item: true})
		f.versions = append(f.versions, v)
		f.vars[v.name] = v
		f.list(s.blocks[0])
	})
}

func (f *flow) try(s *statement) {
	names := map[string]bool{}
	assigned(f.r, s.blocks[0], names)
	from := len(f.versions)
	before := f.copyVars()
	f.list(s.blocks[0])
	after := f.vars
	f.vars = before
	for name := range names {
		of := []*version{f.current(name)}
		for _, v := range f.versions[from:] {
			if v.name == name && v.by != nil {
				of = append(of, v)
			}
		}
		f.vars[name] = f.either(name, of...)
	}
	ends := f.list(s.blocks[1])
	if ends {
		f.vars = after
	} else {
		f.meet(after, f.vars)
	}
}

func assigned(r *reader, all []*statement, into map[string]bool) {
	for _, s := range all {
		if s.act == actAssign && s.target.form == formName {
			into[r.text(s.target.from)] = true
		}
		for _, b := range s.blocks {
			assigned(r, b, into)
		}
	}
}

// bool is "true", "false" or "".
func (r *reader) bool(n *node) string {
	switch s := strings.ToLower(r.source(n)); s {
	case "true", "false":
		return s
	}
	return ""
}

// typeOf is "bool", "map" or "", of what a variable certainly holds.
func (f *flow) typeOf(n *node) string {
	if f.r.bool(n) != "" {
		return "bool"
	}
	for range 8 {
		switch {
		case n.form == formMap, f.r.emptyMap(n):
			return "map"
		case n.form == formName && n.seen != nil && len(n.seen.any) == 0:
			v := n.seen
			for u := v.uses; u != nil; u = u.next {
				if u.role == rolePut {
					return "map"
				}
			}
			if v.value == nil {
				return ""
			}
			n = v.value
		default:
			return ""
		}
	}
	return ""
}

// emptyMap reports Map() and {}.
func (r *reader) emptyMap(n *node) bool {
	switch n.form {
	case formList:
		return len(n.kids) == 0 && r.isMark(n.from, '{')
	case formCall:
		return len(n.kids) == 1 && r.isWord(n.from, "map") && n.kids[0].form == formName
	}
	return false
}
