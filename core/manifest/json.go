package manifest

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value is a JSON value with its place in the text, so that one part can be
// changed and all others stay as they are written.
type value struct {
	start, end int
	members    []member // of an object
	items      []*value // of an array
}

// member is one key of an object.
type member struct {
	key        string
	start, end int // of the key, with its quotes
	value      *value
}

// badJSON says where a text stops being JSON.
type badJSON struct{ at int }

func (b badJSON) Error() string { return "not JSON at byte " + strconv.Itoa(b.at) }

const maxDepth = 200

// parse reads a whole text as one JSON value (RFC 8259). A byte order mark
// may stand before it.
func parse(src string) (*value, error) {
	p := &parser{src: src}
	if strings.HasPrefix(src, "\ufeff") {
		p.at = len("\ufeff")
	}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at != len(src) {
		return nil, badJSON{p.at}
	}
	return v, nil
}

type parser struct {
	src string
	at  int
}

func (p *parser) space() {
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) next() byte {
	p.space()
	if p.at < len(p.src) {
		return p.src[p.at]
	}
	return 0
}

func (p *parser) value(depth int) (*value, error) {
	if depth > maxDepth {
		return nil, badJSON{p.at}
	}
	c := p.next()
	v := &value{start: p.at}
	var err error
	switch c {
	case '{':
		err = p.object(v, depth)
	case '[':
		err = p.array(v, depth)
	case '"':
		_, err = p.text()
	default:
		for p.at < len(p.src) && strings.IndexByte(" \t\r\n,]}:", p.src[p.at]) < 0 {
			p.at++
		}
		if !json.Valid([]byte(p.src[v.start:p.at])) {
			err = badJSON{v.start}
		}
	}
	v.end = p.at
	return v, err
}

func (p *parser) object(v *value, depth int) error {
	p.at++
	if p.next() == '}' {
		p.at++
		return nil
	}
	for {
		if p.next() != '"' {
			return badJSON{p.at}
		}
		m := member{start: p.at}
		var err error
		if m.key, err = p.text(); err != nil {
			return err
		}
		m.end = p.at
		if p.next() != ':' {
			return badJSON{p.at}
		}
		p.at++
		if m.value, err = p.value(depth + 1); err != nil {
			return err
		}
		v.members = append(v.members, m)
		switch p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return nil
		default:
			return badJSON{p.at}
		}
	}
}

func (p *parser) array(v *value, depth int) error {
	p.at++
	if p.next() == ']' {
		p.at++
		return nil
	}
	for {
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
		switch p.next() {
		case ',':
			p.at++
		case ']':
			p.at++
			return nil
		default:
			return badJSON{p.at}
		}
	}
}

// text reads a string.
func (p *parser) text() (string, error) {
	start := p.at
	for p.at++; p.at < len(p.src); p.at++ {
		switch p.src[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			var s string
			if !utf8.ValidString(p.src[start:p.at]) || json.Unmarshal([]byte(p.src[start:p.at]), &s) != nil {
				return "", badJSON{start}
			}
			return s, nil
		}
	}
	p.at = min(p.at, len(p.src))
	return "", badJSON{start}
}

// get returns a member of an object; nil: there is none.
func (v *value) get(key string) *member {
	if v == nil {
		return nil
	}
	for i := range v.members {
		if v.members[i].key == key {
			return &v.members[i]
		}
	}
	return nil
}

// textOf is a member that is a string; ok says that it is one.
func (v *value) textOf(src, key string) (s string, ok bool) {
	m := v.get(key)
	if m == nil || src[m.value.start] != '"' {
		return "", false
	}
	return s, json.Unmarshal([]byte(src[m.value.start:m.value.end]), &s) == nil
}

func (v *value) kind(src string) byte {
	switch c := src[v.start]; c {
	case '{', '[', '"':
		return c
	case 't', 'f':
		return 'b'
	case 'n':
		return 'n'
	}
	return '0'
}
