package deluge

import (
	"path"
	"strings"
)

// Use is one place where a function names a connection.
type Use struct {
	Link   string `json:"link"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Task   string `json:"task,omitempty"` // the integration task; "": an invokeurl
	Quotes bool   `json:"typographic_quotes,omitempty"`

	start, end int // of the name, its quotes left out
}

// Connections lists the places where a file names a connection: in the
// connection entry of a block, directly or by a variable that holds nothing
// else, and as the last argument of an integration task.
func Connections(name, src string) []Use {
	return new(Rewriter).Connections(name, src)
}

// Connections is the function Connections.
func (w *Rewriter) Connections(name, src string) []Use {
	if !containsFold(src, "connection") && !containsFold(src, "zoho.") {
		return nil
	}
	var out []Use
	for _, part := range parts(name, src) {
		lines := lineIndex{src: src}
		d := newFinder(&w.reader, src[part.from:part.to], Options{})
		add := func(n *node, task string) {
			for _, t := range d.namesOf(n) {
				s, start := content(d.r.src, t)
				u := Use{Link: s, Task: task, start: part.from + start, end: part.from + start + len(s)}
				u.Quotes = typographic(d.r.src[t.Start:t.End])
				u.Line, u.Column = lines.at(part.from + t.Start)
				out = append(out, u)
			}
		}
		for _, p := range d.plans {
			if c := p.q.connection; c != nil {
				add(c.kids[0], "")
			}
		}
		for _, t := range d.f.tasks {
			args := t.node.kids[1:]
			if sig, known := signatureOf(t.path); service(t.path) && known && len(args) > 0 {
				s, _ := d.r.literal(args[len(args)-1])
				if len(args) > sig.args || sig.options && len(args) == sig.args && linkName(s) {
					add(args[len(args)-1], d.r.source(t.node.kids[0]))
				}
			}
		}
	}
	return distinct(out)
}

// distinct drops doubles: one variable may be the connection of many blocks.
func distinct(all []Use) []Use {
	seen := map[int]bool{}
	var out []Use
	for _, u := range all {
		if !seen[u.start] {
			seen[u.start] = true
			out = append(out, u)
		}
	}
	return out
}

// parts are the pieces of a file that hold functions.
func parts(name, src string) []span {
	if strings.EqualFold(path.Ext(name), ".md") {
		return fences(src)
	}
	return []span{{0, len(src)}}
}

// namesOf are the texts that an expression may be: itself, or what its
// variable is assigned.
func (d *finder) namesOf(n *node) []Token {
	ways, few := d.r.templates(n)
	if !few {
		return nil
	}
	var out []Token
	for _, t := range ways {
		p := t.root
		for p.start < 0 && len(p.kids) == 1 {
			p = p.kids[0]
		}
		if p.start >= 0 {
			out = append(out, d.r.token(p.node.from))
		}
	}
	return out
}

// Rename returns the edits that give a connection another link name wherever
// the file names it.
func Rename(name, src, from, to string) []Edit {
	var out []Edit
	for _, u := range Connections(name, src) {
		if u.Link == from {
			out = append(out, Edit{u.start, u.end, to})
		}
	}
	return tidy(out)
}

// Apply makes edits that lie in order and not in one another.
func Apply(src string, edits []Edit) string { return apply(src, edits) }

// Needs are the scopes of the requests and tasks of a file that name a
// connection; link "" means any. Need.Scope is "" where the scope of a call
// can't be told.
func Needs(name, src, link string) []Need { return new(Rewriter).Needs(name, src, link) }

// Needs is the function Needs.
func (w *Rewriter) Needs(name, src, link string) []Need {
	if !containsFold(src, "connection") {
		return nil
	}
	var out []Need
	for _, part := range parts(name, src) {
		d := newFinder(&w.reader, src[part.from:part.to], Options{})
		lines := lineIndex{src: src}
		for _, p := range d.plans {
			if p.q.connection == nil || !d.names(p.q.connection.kids[0], link) {
				continue
			}
			start, _ := d.r.span(p.q.node)
			line, _ := lines.at(part.from + start)
			d.need(p, line)
		}
		out = append(out, d.res.Scopes...)
	}
	return out
}

// names reports whether an expression may be the link name.
func (d *finder) names(n *node, link string) bool {
	for _, t := range d.namesOf(n) {
		if s, _ := content(d.r.src, t); link == "" || s == link {
			return true
		}
	}
	return false
}
