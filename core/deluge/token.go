package deluge

import (
	"strings"
	"unicode/utf8"
)

// The quotes that word processors and Japanese input methods put in place of
// ". Zoho's own sample functions have the first two around connection names,
// one or both. Each is three bytes long.
const (
	openQuote  = "\u201c"
	closeQuote = "\u201d"
	wideQuote  = "\uff02"
)

// typographic reports a quote that is not the straight one.
func typographic(s string) bool {
	return strings.Contains(s, openQuote) || strings.Contains(s, closeQuote) || strings.Contains(s, wideQuote)
}

// closesText reports a quote that ends a text that was opened by one that is
// not straight.
func closesText(s string) bool {
	return strings.HasPrefix(s, openQuote) || strings.HasPrefix(s, closeQuote) || strings.HasPrefix(s, wideQuote)
}

// Tokenize cuts a text into tokens. It never fails: what has no meaning is a
// Mark or Broken.
func Tokenize(src string) []Token {
	// A token is two to four bytes long in real functions, spaces counted.
	out := make([]Token, 0, len(src)/3+16)
	for at := 0; at < len(src); {
		k, end := scan(src, at)
		out = append(out, Token{k, at, end})
		at = end
	}
	return out
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// scan returns the kind and the end of the token at a place.
func scan(src string, at int) (Kind, int) {
	switch c := src[at]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
		return Space, scanSpace(src, at)
	case digit(c):
		return scanNumber(src, at)
	case wordByte(c):
		return Word, scanWord(src, at)
	case c == '"':
		return scanText(src, at)
	case c == '\'':
		return scanQuoted(src, at)
	case c == '/':
		return scanSlash(src, at)
	case c >= utf8.RuneSelf:
		return scanWide(src, at)
	case at+1 < len(src) && src[at+1] == '=' && (c == '=' || c == '!' || c == '<' || c == '>' || c == '+' || c == '-' || c == '*' || c == '%'):
		return Mark, at + 2
	case at+1 < len(src) && src[at+1] == c && (c == '&' || c == '|'):
		return Mark, at + 2
	}
	return Mark, at + 1
}

func scanSpace(src string, at int) int {
	for at < len(src) && (src[at] == ' ' || src[at] >= '\t' && src[at] <= '\r') {
		at++
	}
	return at
}

func scanWord(src string, at int) int {
	for at < len(src) {
		if wordByte(src[at]) {
			at++
			continue
		}
		if src[at] < utf8.RuneSelf {
			break
		}
		r, n := utf8.DecodeRuneInString(src[at:])
		if !letter(r) {
			break
		}
		at += n
	}
	return at
}

// letter reports runes beyond ASCII that are part of a name: everything but
// spaces, quotes and the byte order mark. Functions have Japanese names.
func letter(r rune) bool {
	switch r {
	case '\u00a0', '\u3000', '\ufeff', '\u2028', '\u2029', '\u201c', '\u201d', '\u2018', '\u2019', '\uff02':
		return false
	}
	return true
}

func scanNumber(src string, at int) (Kind, int) {
	end := at
	for end < len(src) && digit(src[end]) {
		end++
	}
	if end+1 < len(src) && src[end] == '.' && digit(src[end+1]) {
		for end++; end < len(src) && digit(src[end]); end++ {
		}
		return Number, end
	}
	if wider := scanWord(src, end); wider > end {
		return Word, wider // 2nd
	}
	return Number, end
}

// scanText ends at the next quote that no backslash precedes. A text that was
// opened straight and would run over the end of its line ends at a closing
// typographic quote in that line.
func scanText(src string, at int) (Kind, int) {
	for i := at + 1; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\\':
			i++
		case c == '"':
			return Text, i + 1
		case c == '\n' || c == '\r':
			if j := strings.LastIndex(src[at:i], closeQuote); j > 0 {
				return Text, at + j + len(closeQuote)
			}
			return scanLongText(src, at, i)
		}
	}
	return Broken, lineEnd(src, at)
}

// scanLongText is the rest of a text that has line ends in it, as messages of
// mails have.
func scanLongText(src string, at, i int) (Kind, int) {
	for ; i < len(src); i++ {
		if src[i] == '\\' {
			i++
		} else if src[i] == '"' {
			return Text, i + 1
		}
	}
	return Broken, lineEnd(src, at)
}

func scanQuoted(src string, at int) (Kind, int) {
	for i := at + 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '\'':
			return Quoted, i + 1
		case '\n', '\r':
			return Mark, at + 1 // an apostrophe in prose
		}
	}
	return Mark, at + 1
}

func scanSlash(src string, at int) (Kind, int) {
	if strings.HasPrefix(src[at:], "//") {
		return Comment, lineEnd(src, at)
	}
	if strings.HasPrefix(src[at:], "/*") {
		if n := strings.Index(src[at+2:], "*/"); n >= 0 {
			return Comment, at + 2 + n + 2
		}
		return Broken, len(src)
	}
	return Mark, at + 1
}

// scanWide is what begins with a byte beyond ASCII.
func scanWide(src string, at int) (Kind, int) {
	r, n := utf8.DecodeRuneInString(src[at:])
	switch {
	case r == '\u201c' || r == '\u201d' || r == '\uff02':
		for i := at + n; i < len(src); i++ {
			switch {
			case src[i] == '\\':
				i++
			case src[i] == '"':
				return Text, i + 1
			case closesText(src[i:]):
				return Text, i + len(closeQuote)
			case src[i] == '\n' || src[i] == '\r':
				return Mark, at + n
			}
		}
		return Mark, at + n
	case !letter(r):
		if r == '\u2018' || r == '\u2019' {
			return Mark, at + n
		}
		return Space, at + n
	}
	return Word, scanWord(src, at)
}

// lineEnd is where the line ends, its line end left out.
func lineEnd(src string, at int) int {
	for at < len(src) && src[at] != '\n' && src[at] != '\r' {
		at++
	}
	return at
}

// content is what stands between a text's quotes, as written, and where it
// begins.
func content(src string, t Token) (text string, start int) {
	start, end := t.Start+1, t.End-1
	if src[t.Start] >= utf8.RuneSelf {
		start = t.Start + len(openQuote)
	}
	if src[t.End-1] >= utf8.RuneSelf {
		end = t.End - len(closeQuote)
	}
	return src[start:end], start
}
