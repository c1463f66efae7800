package manifest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// edit replaces the bytes start to end.
type edit struct {
	start, end int
	text       string
}

// editor changes a manifest in the way in which it is written.
type editor struct {
	src   string
	doc   *value
	edits []edit
	rules []Rule

	newline string // "" when the file is one line
	indent  string // of one level
	colon   string // between key and value
	gone    []*value
}

// style finds out how the file is written, by its first member.
func (e *editor) style() {
	e.colon, e.indent = ":", "\t"
	if len(e.doc.members) == 0 {
		e.newline, e.colon = "\n", ": "
		return
	}
	first := e.doc.members[0]
	lead := e.src[e.doc.start+1 : first.start]
	if i := strings.LastIndexAny(lead, "\r\n"); i >= 0 {
		e.newline = "\n"
		if strings.Contains(lead, "\r\n") {
			e.newline = "\r\n"
		} else if lead[i] == '\r' {
			e.newline = "\r"
		}
		e.indent = lead[i+1:]
	}
	e.colon = e.src[first.end:first.value.start]
	if strings.ContainsAny(e.colon, "\r\n") {
		e.colon = ": "
	}
}

// line begins a new line of a depth, in a file that has lines.
func (e *editor) line(depth int) string {
	if e.newline == "" {
		return ""
	}
	return e.newline + strings.Repeat(e.indent, depth)
}

func (e *editor) comma() string {
	if e.newline == "" && strings.HasSuffix(e.colon, " ") {
		return ", "
	}
	return ","
}

// write writes an object as the file is written, its values as they are in
// their own text but for white space.
func (e *editor) write(v *value, text string, before []string, depth int) string {
	members := before
	for _, m := range v.members {
		members = append(members, text[m.start:m.end]+e.colon+compact(text[m.value.start:m.value.end]))
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteString(e.comma())
		}
		b.WriteString(e.line(depth+1) + m)
	}
	b.WriteString(e.line(depth) + "}")
	return b.String()
}

func (e *editor) array(item string) string { return "[" + e.line(2) + item + e.line(1) + "]" }

// compact takes white space out of a value: lists of scopes are short.
func compact(raw string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(raw)) != nil {
		return raw
	}
	return b.String()
}

// same reports whether two texts are the same value, in the same order.
func same(a, b string) bool { return compact(a) == compact(b) }

func (e *editor) replace(v *value, text string) {
	e.edits = append(e.edits, edit{v.start, v.end, text})
}

// insert adds a member to the manifest, before another one or at its end.
func (e *editor) insert(key, text string, before *member) {
	m := `"` + key + `"` + e.colon + text
	if before != nil {
		gap := e.comma()
		if e.newline != "" {
			gap = "," + e.line(1)
		}
		e.edits = append(e.edits, edit{before.start, before.start, m + gap})
		return
	}
	if n := len(e.doc.members); n > 0 {
		end := e.doc.members[n-1].value.end
		e.edits = append(e.edits, edit{end, end, e.comma() + e.line(1) + m})
		return
	}
	// The first and only edits of an empty object lie at its two ends.
	if len(e.edits) > 0 {
		e.edits[0].text += "," + e.line(1) + m
		return
	}
	e.edits = append(e.edits, edit{e.doc.start + 1, e.doc.start + 1, e.line(1) + m}, edit{e.doc.start + 1, e.doc.end - 1, e.line(0)})
}

// append adds an item to an array.
func (e *editor) append(v *value, text string) {
	if n := len(v.items); n > 0 {
		end := v.items[n-1].end
		e.edits = append(e.edits, edit{end, end, e.comma() + e.line(2) + text})
		return
	}
	e.edits = append(e.edits, edit{v.start, v.end, e.array(text)})
}

// remove takes an item out of an array; apply joins neighbours.
func (e *editor) remove(v, it *value) {
	if !slices.Contains(e.gone, it) {
		e.gone = append(e.gone, it)
	}
	i := slices.Index(v.items, it)
	from, to := it.start, it.end
	kept := func(o *value) bool { return !slices.Contains(e.gone, o) }
	switch {
	case i+1 < len(v.items):
		to = v.items[i+1].start
	case slices.ContainsFunc(v.items[:i], kept):
		last := i - 1
		for !kept(v.items[last]) {
			last--
		}
		from = v.items[last].end
	default:
		from, to = v.start+1, v.end-1
	}
	e.edits = append(e.edits, edit{from, to, ""})
}

func (e *editor) apply() string {
	slices.SortStableFunc(e.edits, func(a, b edit) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for _, x := range e.edits {
		if x.start > at {
			b.WriteString(e.src[at:x.start])
			at = x.start
		}
		b.WriteString(x.text)
		at = max(at, x.end)
	}
	b.WriteString(e.src[at:])
	return b.String()
}
