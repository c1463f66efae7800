package visitortoken

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode"

	"deskward/core"
)

// jwtShape finds a token in a longer text: two parts that begin as a JSON
// object does in base64, and whatever follows the second dot.
var jwtShape = core.Pattern(`ey[A-Za-z0-9_-]{2,}\.ey[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)?`)

// tidied is a paste without what was pasted along.
type tidied struct {
	token string
	notes []string // codes token.paste.*, in the order in which things came off
	// answers says that the paste was a JSON answer {"jwt": …}, as Zendesk's
	// Support SDK wants it from a company's own server.
	answers bool
	others  bool // there are more tokens in the paste
}

func (t *tidied) note(code string) {
	for _, n := range t.notes {
		if n == code {
			return
		}
	}
	t.notes = append(t.notes, code)
}

// layers is how many things are taken off, one around the other: quotes around
// a JSON answer that was quoted itself.
const layers = 6

// tidy takes off what pastes put around a token. White space at the ends is
// nothing to speak of; all else is noted, because a program that sends it along
// is refused.
func tidy(pasted string) tidied {
	var t tidied
	s := strings.Map(func(r rune) rune {
		if isInvisible(r) {
			t.note("token.paste.invisible")
			return -1
		}
		return r
	}, pasted)
	for range layers {
		s = strings.TrimSpace(s)
		inner, code := t.unwrap(s)
		if code == "" {
			break
		}
		t.note(code)
		s = inner
	}
	if joined := strings.Join(strings.Fields(s), ""); joined != s && strings.HasPrefix(joined, "ey") && isTokenish(joined) && !hasSeveral(s) {
		t.note("token.paste.breaks")
		s = joined
	}
	if !isTokenish(s) {
		// Two are enough to know that there is more than one.
		if found := jwtShape().FindAllString(s, 2); len(found) > 0 {
			t.note("token.paste.surroundings")
			s, t.others = found[0], len(found) > 1
		}
	}
	t.token = s
	return t
}

// hasSeveral reports whether blanks part whole tokens and not one token.
func hasSeveral(s string) bool {
	n := 0
	for field := range strings.FieldsSeq(s) {
		if strings.Count(field, ".") == 2 && strings.HasPrefix(field, "ey") {
			n++
		}
	}
	return n > 1
}

// unwrap takes one layer off and says which; "" where there is none.
func (t *tidied) unwrap(s string) (inner, code string) {
	if s == "" || isTokenish(s) && !hasPrefixFold(s, "bearer") {
		return s, ""
	}
	if rest, ok := cutHeader(s); ok {
		return rest, "token.paste.bearer"
	}
	if s[0] == '{' {
		if token, ok := t.ofJSON(s); ok {
			return token, "token.paste.json"
		}
		return s, ""
	}
	if rest := strings.Trim(s, "\"'`<>,;“”„‘’「」«»"); rest != s {
		return rest, "token.paste.quotes"
	}
	if token, ok := ofAddress(s); ok {
		return token, "token.paste.url"
	}
	return s, ""
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// cutHeader takes off "Authorization:" and "Bearer".
func cutHeader(s string) (string, bool) {
	rest := s
	if hasPrefixFold(rest, "authorization:") {
		rest = strings.TrimSpace(rest[len("authorization:"):])
	}
	if hasPrefixFold(rest, "bearer") {
		if after := rest[len("bearer"):]; after != "" && strings.ContainsRune(" \t\r\n:", rune(after[0])) {
			rest = strings.TrimLeft(after, " \t\r\n:")
		}
	}
	return rest, rest != s
}

// ofJSON takes the token out of an answer of JSON.
func (t *tidied) ofJSON(s string) (string, bool) {
	var answer map[string]json.RawMessage
	if json.Unmarshal([]byte(s), &answer) != nil {
		return "", false
	}
	for _, name := range []string{"token", "jwt", "access_token", "id_token"} {
		var token string
		if json.Unmarshal(answer[name], &token) == nil && token != "" {
			t.answers = name == "jwt"
			return token, true
		}
	}
	return "", false
}

// inAddress finds the token in an address, in what is left of one, and in a
// cookie.
var inAddress = core.Pattern(`(?:^|[?&#;\s])(?:token|jwt|access_token|id_token)=([^&#;\s]+)`)

func ofAddress(s string) (string, bool) {
	m := inAddress().FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	if plain, err := url.QueryUnescape(m[1]); err == nil && strings.Contains(m[1], "%") {
		return plain, true
	}
	return m[1], true
}

// isTokenish reports whether a text is of parts in base64 of any kind, with
// dots between.
func isTokenish(s string) bool {
	dots := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			dots++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '+', c == '/', c == '=':
		default:
			return false
		}
	}
	return dots > 0
}

// isInvisible: what nobody sees and editors, chats and web pages put in.
func isInvisible(r rune) bool {
	switch {
	case r == '\u00ad', r == '\ufeff', r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u2069':
		return true
	case r == '\t' || r == '\n' || r == '\r':
		return false
	}
	return unicode.IsControl(r)
}
