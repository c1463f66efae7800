package deluge

import (
	"slices"
	"strings"
)

// read notes the names in an expression. u says where the whole goes.
func (f *flow) read(n *node, u use) {
	if n == nil {
		return
	}
	switch n.form {
	case formName:
		v := f.current(f.r.text(n.from))
		n.seen = v
		u.at = n
		f.use(v, u)
	case formParen:
		f.read(n.kids[0], u)
	case formBinary:
		f.binary(n, u)
	case formCall:
		f.call(n, u)
	case formInvoke:
		f.block(n)
	case formOpaque:
		f.opaque(n.from, n.to)
	case formPair:
		if n.kids[0].form != formName { // a bare key is a name of its own
			f.read(n.kids[0], use{by: u.by})
		}
		f.read(n.kids[1], use{by: u.by})
	default:
		for _, kid := range n.kids {
			f.read(kid, use{by: u.by})
		}
	}
}

func (f *flow) binary(n *node, u use) {
	operator := f.r.text(n.kids[0].to)
	if operator != "+" && u.role != roleInfo {
		u = use{by: u.by}
	}
	f.read(n.kids[0], u)
	nested := f.nested
	f.nested = nested || operator == "&&" || operator == "||"
	f.read(n.kids[1], u)
	f.nested = nested
}

// call follows m.put and m.get, and notes requests and tasks.
func (f *flow) call(n *node, u use) {
	callee, args := n.kids[0], n.kids[1:]
	rest := use{by: u.by}
	if u.role == roleInfo {
		rest = u
	}
	switch callee.form {
	case formName:
		if name := f.r.text(callee.from); strings.EqualFold(name, "geturl") || strings.EqualFold(name, "posturl") {
			f.function(n, strings.EqualFold(name, "posturl"))
			return
		}
	case formMember:
		object, member := callee.kids[0], f.r.text(callee.to-1)
		switch {
		case object.form == formName && strings.EqualFold(member, "put") && len(args) == 2:
			f.read(object, use{role: rolePut, in: n, by: u.by})
		case object.form == formName && strings.EqualFold(member, "get") && len(args) == 1:
			f.read(object, use{role: roleGet, in: n, by: u.by})
		case strings.EqualFold(member, "tostring") && len(args) == 0:
			f.read(object, u)
		default:
			if path := f.r.path(callee); path != "" {
				f.tasks = append(f.tasks, f.r.tasks.add(task{n, path}))
			} else {
				f.read(object, rest)
			}
		}
	}
	for _, a := range args {
		f.read(a, rest)
	}
}

// path is zoho.b.c of names, in small letters; "": it is something else.
func (r *reader) path(n *node) string {
	if !r.isWord(n.from, "zoho") {
		return ""
	}
	for i := n.from; i < n.to; i++ {
		if r.kind(i) != Word && !r.isMark(i, '.') && r.kind(i) != Number {
			return ""
		}
	}
	if n.to-n.from > 12 {
		return ""
	}
	var b strings.Builder
	for i := n.from; i < n.to; i++ {
		b.WriteString(strings.ToLower(r.text(i)))
	}
	return b.String()
}

func (f *flow) block(n *node) {
	q := f.r.requests.add(request{node: n, by: f.by, block: true, nested: f.nested, odd: f.r.repeats(n)})
	sends := use{role: roleRequest, in: n, by: f.by, request: q}
	for _, e := range n.kids {
		u := use{by: f.by}
		switch f.r.entryKey(e) {
		case "url":
			q.url, u = e.kids[0], sends
		case "headers":
			q.headers, q.headersEntry, u = e.kids[0], e, sends
		case "type":
			q.method = e
		case "connection":
			q.connection = e
		case "parameters", "body":
			q.odd = q.odd || q.params != nil
			q.params, u = e.kids[0], sends
		}
		f.read(e.kids[0], u)
	}
	if q.method != nil {
		q.post = !strings.EqualFold(f.r.source(q.method.kids[0]), "get")
	}
	f.requests = append(f.requests, q)
}

// repeats reports a block with the same key twice: which one counts is not
// known.
func (r *reader) repeats(block *node) bool {
	for i, e := range block.kids {
		key := r.entryKey(e)
		if slices.ContainsFunc(block.kids[:i], func(before *node) bool { return r.entryKey(before) == key }) {
			return true
		}
	}
	return false
}

// function is getUrl(url[, headers][, simple]) or postUrl(url, body[,
// headers][, simple]).
func (f *flow) function(n *node, post bool) {
	q := f.r.requests.add(request{node: n, by: f.by, post: post, nested: f.nested})
	args := n.kids[1:]
	f.requests = append(f.requests, q)
	least := 1
	if post {
		least = 2
	}
	if len(args) < least || len(args) > least+2 {
		q.odd = true
		for _, a := range args {
			f.read(a, use{by: f.by})
		}
		return
	}
	u := use{role: roleRequest, in: n, by: f.by, request: q}
	q.url = args[0]
	if post {
		q.params = args[1]
	}
	for _, a := range args {
		f.read(a, u)
	}
	rest := args[least:]
	if len(rest) == 2 {
		q.headers, q.flag = rest[0], rest[1]
	} else if len(rest) == 1 {
		switch f.typeOf(rest[0]) {
		case "bool":
			q.flag = rest[0]
		case "map":
			q.headers = rest[0]
		default:
			q.odd, q.headers = true, rest[0]
		}
	}
	if q.flag != nil && f.r.bool(q.flag) == "" {
		q.odd = true
	}
}
