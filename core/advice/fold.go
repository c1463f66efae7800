package advice

import (
	"encoding/base64"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxText is how much of a pasted text is read, in bytes. A page that says
// what is wrong says it well before that.
const MaxText = 128 << 10

// views returns a text in the readings in which its error may be written:
// as it is, without the tags of a page, decoded from an address, out of a
// JSON string in a log, and what a SASL challenge in it says; each folded.
// challenges are the decoded challenges, in order.
func views(text string) (folded, challenges []string) {
	text = strings.ToValidUTF8(text[:min(len(text), MaxText)], " ")
	challenges = decodeChallenges(text)
	readings := []string{text}
	add := func(s string) {
		for _, r := range readings {
			if r == s {
				return
			}
		}
		readings = append(readings, s)
	}
	add(html.UnescapeString(stripTags(text)))
	for _, r := range append([]string{}, readings...) {
		add(unescape(unescape(r)))
	}
	for _, r := range append([]string{}, readings...) {
		if strings.ContainsAny(r, "%+") {
			add(percentDecode(percentDecode(r)))
		}
	}
	for _, c := range challenges {
		add(c)
	}
	for _, r := range readings {
		folded = append(folded, fold(r))
	}
	return folded, challenges
}

// fold brings two spellings of the same words together: width and case, kinds
// of quotes, punctuation, line breaks and the blanks between Japanese words
// don't count. What is left are words of letters, digits, "_" and inner dots,
// parted by one blank each.
func fold(s string) string {
	s = strings.ToLower(norm.NFKC.String(s))
	out := make([]rune, 0, len(s))
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case unicode.Is(unicode.Cf, r): // zero width, byte order mark, bidi
			continue
		case isPrefix(runes, i): // u'...' and b'...', as Python writes a text
			r = ' '
		case r == '\'' && i > 0 && isPrefix(runes, i-1):
			r = ' '
		case isApostrophe(r) && i > 0 && i+1 < len(runes) && unicode.IsLetter(runes[i-1]) && unicode.IsLetter(runes[i+1]):
			continue // couldn't
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
		case r == '.' && i > 0 && i+1 < len(runes) && isWord(runes[i-1]) && isWord(runes[i+1]):
		default:
			r = ' '
		}
		if len(out) > 0 {
			last := out[len(out)-1]
			if r == ' ' && (last == ' ' || unspaced(last)) {
				continue
			}
			if last == ' ' && unspaced(r) {
				out = out[:len(out)-1]
			}
		} else if r == ' ' {
			continue
		}
		out = append(out, r)
	}
	return strings.TrimRight(string(out), " ")
}

// isPrefix reports the letter that Python writes before a quoted text.
func isPrefix(runes []rune, i int) bool {
	return (runes[i] == 'u' || runes[i] == 'b') && i+1 < len(runes) && runes[i+1] == '\'' && (i == 0 || !isWord(runes[i-1]) && !isApostrophe(runes[i-1]))
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == '`' }

func isWord(r rune) bool {
	return r == '_' || (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unspaced(r)
}

// unspaced reports letters of scripts that write no blanks between words.
func unspaced(r rune) bool {
	return r >= 0x2e80 && (r == 'ー' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana))
}

// stripTags leaves out the tags of HTML. Only what HTML knows is a tag: in
// <HttpError 403 …> the error itself stands between the brackets. What is not
// found ahead once is not looked for again, so that a text of nothing but
// beginnings takes no longer than another.
func stripTags(s string) string {
	if !strings.Contains(s, "<") {
		return s
	}
	var b strings.Builder
	closes := true                                  // there may be a ">" ahead
	ends := map[string]int{"script": 0, "style": 0} // where the next end of them is, at least; -1: nowhere
	for at := 0; ; {
		n := strings.IndexByte(s[at:], '<')
		if n < 0 {
			b.WriteString(s[at:])
			return b.String()
		}
		b.WriteString(s[at : at+n])
		at += n + 1
		name, end := tagName(s[at:]), -1
		if name != "" && closes {
			end = strings.IndexByte(s[at:], '>')
			closes = end >= 0
		}
		if end < 0 {
			b.WriteByte('<')
			continue
		}
		at += end + 1
		if from, raw := ends[name]; raw && from >= 0 {
			if from < at {
				ends[name] = endTag(s, at, name)
			}
			at = max(at, ends[name])
		}
		if !inlineTag(name) {
			b.WriteByte(' ')
		}
	}
}

// endTag is where the next end tag of a name begins, from at on; -1: nowhere.
func endTag(s string, at int, name string) int {
	for ; ; at += 2 {
		n := strings.Index(s[at:], "</")
		if n < 0 {
			return -1
		}
		at += n
		if rest := s[at+2:]; len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
			return at
		}
	}
}

func tagName(s string) string {
	s = strings.TrimPrefix(s, "/")
	if strings.HasPrefix(s, "!") {
		return "!"
	}
	n := 0
	for n < len(s) && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	name := strings.ToLower(s[:n])
	switch name {
	case "html", "head", "body", "title", "meta", "link", "script", "style", "noscript", "div", "p", "br", "hr", "table", "tbody", "thead", "tr", "td", "th",
		"ul", "ol", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "form", "input", "button", "label", "section", "header", "footer",
		"main", "nav", "article", "img", "svg", "path", "iframe", "details", "summary", "center", "font":
		return name
	}
	if inlineTag(name) {
		return name
	}
	return ""
}

func inlineTag(name string) bool {
	switch name {
	case "a", "b", "i", "u", "em", "strong", "span", "code", "small", "wbr", "tt":
		return true
	}
	return false
}

// unescape undoes the escapes of a string in JSON, Python or a log. What is no
// escape stays.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n', 'r', 't':
			b.WriteByte(' ')
		case '"', '\'', '/', '\\':
			b.WriteByte(s[i])
		case 'u', 'x':
			digits := map[byte]int{'u': 4, 'x': 2}[s[i]]
			if r, err := strconv.ParseUint(s[i+1:min(i+1+digits, len(s))], 16, 32); err == nil && i+digits < len(s) {
				b.WriteRune(rune(r))
				i += digits
				continue
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// percentDecode undoes the encoding of an address; a broken escape stays.
func percentDecode(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return strings.ToValidUTF8(plain, " ")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
			continue
		case s[i] == '%' && i+2 < len(s):
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), " ")
}

// decodeChallenges finds what a server of mail answers to XOAUTH2: a JSON
// object in base64.
func decodeChallenges(text string) []string {
	var out []string
	for _, run := range strings.FieldsFunc(text, func(r rune) bool { return !isBase64(r) }) {
		if len(run) < 16 || !strings.HasPrefix(run, "ey") {
			continue
		}
		raw, err := base64.StdEncoding.WithPadding(base64.NoPadding).DecodeString(strings.TrimRight(run, "="))
		if err != nil || len(raw) > 4096 || !utf8.Valid(raw) || raw[0] != '{' || raw[len(raw)-1] != '}' {
			continue
		}
		if strings.Contains(string(raw), `"alg"`) { // the head of a token and no challenge
			continue
		}
		out = append(out, string(raw))
		if len(out) == 8 {
			break
		}
	}
	return out
}

func isBase64(r rune) bool {
	return r == '+' || r == '/' || r == '=' || r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
