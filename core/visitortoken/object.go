package visitortoken

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"deskward/core"
)

// shape is what kind of JSON value stands somewhere.
type shape byte

const (
	absent shape = iota
	null
	boolean
	number
	text
	list
	nested
)

// value is a JSON value as it stands in a token.
type value struct {
	shape shape
	raw   string // as JSON
	says  string // of a text: what it says
}

type member struct {
	name string
	value
}

// object is a JSON object as it stands in a token: its members in their
// order, repeated ones too.
type object struct {
	raw     string
	members []member
}

var (
	errNotUTF8   = errors.New("not UTF-8")
	errNotObject = errors.New("not a JSON object")
)

// parseObject takes a JSON object apart. encoding/json checks the syntax, and
// it refuses what is nested deeper than 10,000; but it says nothing of members
// that are there twice, repairs bytes that are not UTF-8 and forgets how a
// number was written, so the members are cut out here.
func parseObject(raw []byte) (object, error) {
	o := object{raw: string(raw)}
	if !utf8.Valid(raw) {
		return o, errNotUTF8
	}
	if first := strings.TrimLeft(o.raw, blanks); first == "" || first[0] != '{' || !json.Valid(raw) {
		return o, errNotObject
	}
	return takeApart(o.raw), nil
}

// takeApart is parseObject for what is known to be a JSON object.
func takeApart(raw string) object {
	o := object{raw: raw, members: make([]member, 0, min(strings.Count(raw, ",")+1, 16))}
	s := scanner{raw: raw}
	s.next() // {
	for s.peek() != '}' {
		name := s.value()
		s.next() // :
		o.members = append(o.members, member{name.says, s.value()})
		if s.peek() == ',' {
			s.next()
		}
	}
	return o
}

const blanks = " \t\r\n" // RFC 8259 §2

// scanner walks over JSON that is known to be valid.
type scanner struct {
	raw string
	at  int
}

// peek returns the next byte that is not blank, without taking it.
func (s *scanner) peek() byte {
	for {
		switch b := s.raw[s.at]; b {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return b
		}
	}
}

func (s *scanner) next() byte {
	b := s.peek()
	s.at++
	return b
}

func (s *scanner) value() value {
	first := s.peek()
	from := s.at
	switch first {
	case '"':
		s.skipText()
	case '{', '[':
		s.skipNested()
	default:
		for s.at < len(s.raw) && strings.IndexByte(",]} \t\r\n", s.raw[s.at]) < 0 {
			s.at++
		}
	}
	v := value{raw: s.raw[from:s.at]}
	switch first {
	case '"':
		v.shape, v.says = text, unquote(v.raw)
	case '{':
		v.shape = nested
	case '[':
		v.shape = list
	case 'n':
		v.shape = null
	case 't', 'f':
		v.shape = boolean
	default:
		v.shape = number
	}
	return v
}

func (s *scanner) skipText() {
	if end := strings.IndexByte(s.raw[s.at+1:], '"'); strings.IndexByte(s.raw[s.at+1:s.at+1+end], '\\') < 0 {
		s.at += end + 2
		return
	}
	for s.at++; s.raw[s.at] != '"'; s.at++ {
		if s.raw[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

func (s *scanner) skipNested() {
	for depth := 0; ; {
		switch s.raw[s.at] {
		case '"':
			s.skipText()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			return
		}
	}
}

func unquote(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var out string
	if json.Unmarshal([]byte(raw), &out) != nil {
		return ""
	}
	return out
}

// quote writes a text as JSON as it is read best: without the escapes for
// HTML that encoding/json would add, and without its repair of what is not
// UTF-8, which parseObject then refuses.
func quote(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			if !utf8.ValidString(s) {
				break
			}
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			if enc.Encode(s) != nil { // a string always encodes
				return append(dst, `""`...)
			}
			return append(dst, bytes.TrimSpace(b.Bytes())...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// get returns a member, the last one of that name: RFC 7519 §4 lets a parser
// take that one or refuse the token, and JavaScript's and Go's take it.
func (o object) get(name string) value {
	for i := len(o.members) - 1; i >= 0; i-- {
		if o.members[i].name == name {
			return o.members[i].value
		}
	}
	return value{}
}

func (o object) has(name string) bool { return o.get(name).shape != absent }

// index says where a member stands, for the order of findings.
func (o object) index(name string) int {
	for i, m := range o.members {
		if m.name == name {
			return i
		}
	}
	return len(o.members)
}

// repeated returns the names that are there more than once.
func (o object) repeated() []string {
	var out []string
	if len(o.members) <= 16 { // all tokens that mean no harm: quicker than a map
		for i, m := range o.members {
			first := slices.IndexFunc(o.members, func(e member) bool { return e.name == m.name })
			if first < i && !slices.Contains(out, m.name) {
				out = append(out, m.name)
			}
		}
		return out
	}
	seen := make(map[string]int, len(o.members))
	for _, m := range o.members {
		if seen[m.name]++; seen[m.name] == 2 {
			out = append(out, m.name)
		}
	}
	return out
}

// depth is how deep objects and arrays are nested: 1 for a plain object.
func depth(raw string) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// controls reports whether a text has characters that no name, address or id
// has.
func controls(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// written is how a point in time is written.
type written byte

const (
	asSeconds  written = iota // an integer of a plausible size
	asFraction                // a number that is no integer, or not written as one
	asMillis                  // a number of milliseconds, by its size
	asText                    // a number, within quotes
	asOther
)

// millisFrom is where a number of seconds since 1970 would be in the year
// 5138, and one of milliseconds in 1973.
const millisFrom = 1e11

// instant reads a NumericDate (RFC 7519 §2) and says how it is written.
func (v value) instant() (time.Time, written) {
	digits := v.raw
	if v.shape == text {
		digits = strings.TrimSpace(v.says)
	} else if v.shape != number {
		return time.Time{}, asOther
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	how := asSeconds
	seconds := float64(n)
	if err != nil {
		if seconds, err = strconv.ParseFloat(digits, 64); err != nil || math.IsInf(seconds, 0) || math.IsNaN(seconds) {
			return time.Time{}, asOther
		}
		how = asFraction
	}
	if math.Abs(seconds) >= millisFrom {
		seconds, how = seconds/1000, asMillis
	}
	if v.shape == text {
		how = asText
	}
	// Far beyond what a time.Time prints with four digits, it is cut.
	seconds = min(max(seconds, -6e10), 2.5e11)
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), how
}

// span writes a length of time with the symbols every language knows: the two
// greatest units that say something.
func span(d time.Duration) string {
	d = d.Abs()
	units := []struct {
		d time.Duration
		s string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	var out []string
	for _, u := range units {
		if n := d / u.d; n > 0 {
			out = append(out, strconv.FormatInt(int64(n), 10)+" "+u.s)
			d -= n * u.d
		} else if len(out) > 0 {
			break
		}
		if len(out) == 2 {
			break
		}
	}
	if len(out) == 0 {
		return "0 s"
	}
	return strings.Join(out, " ")
}

// shown makes what stands in a token fit to be shown: cleaned and cut.
func shown(s string) string { return cut(s, 80) }

func cut(s string, runes int) string {
	whole := len(s) <= 4*runes // a character is four bytes at most
	if !whole {
		s = s[:4*runes] // what is cut in two is cleaned
	}
	s = core.CleanLine(s)
	if whole && utf8.RuneCountInString(s) <= runes {
		return s
	}
	r := []rune(s)
	return string(r[:min(len(r), runes-1)]) + "…"
}
