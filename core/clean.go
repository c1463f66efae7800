package core

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// CleanLine makes a text from outside safe for one line of a terminal:
// control characters, escape sequences, line breaks, tabs, bidirectional
// overrides, invisible characters and invalid UTF-8 become visible or a
// blank, so they can neither move the cursor nor disguise what is shown.
// It is applied where vendor data enters (core/transport's decoders), for
// screens and commands alike.
func CleanLine(s string) string { return clean(s, false) }

// CleanText is CleanLine for text of several lines: line feeds stay, and
// CR LF becomes LF.
func CleanText(s string) string { return clean(strings.ReplaceAll(s, "\r\n", "\n"), true) }

func clean(s string, lines bool) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteRune('\uFFFD')
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case r < 0x20:
			b.WriteRune('\u2400' + r) // control pictures: ESC is shown as ␛
		case r == 0x7f:
			b.WriteRune('\u2421')
		case r >= 0x80 && r < 0xa0: // C1: CSI, OSC, DCS in one byte
			b.WriteRune('\uFFFD')
		case isDisguise(r):
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// IsToken reports whether a text has only what tokens may have (RFC 6749
// appendix A.12 and A.17). Tokens are printed for scripts, copied and sent in
// headers as they are, so that this is asked where a vendor gives one.
func IsToken(s string) bool { return isPlain(s) }

// CleanJSON makes encoded JSON safe for a terminal and loses nothing but bytes that
// are no UTF-8: what CleanText would replace, and encoding/json leaves as it is,
// becomes an escape of JSON. Such characters can only stand in its texts.
func CleanJSON(raw []byte) []byte {
	if isPlain(strings.ReplaceAll(string(raw), "\n", "")) {
		return raw
	}
	out := make([]byte, 0, len(raw)+len(raw)/8)
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		switch {
		case r == utf8.RuneError && size == 1: // encoding/json leaves it in a RawMessage, and alone it may be a C1 control
			out = append(out, `\ufffd`...)
		case r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' || isDisguise(r):
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		default:
			out = append(out, raw[:size]...)
		}
		raw = raw[size:]
	}
	return out
}

// isPlain is the fast path: printable ASCII needs no copy.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// isDisguise reports characters that change the order of others or are
// invisible. Zero-width joiner and variation selectors stay: emoji and
// Indic scripts need them, and widths are measured by grapheme.
func isDisguise(r rune) bool {
	switch {
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
		return true
	case r == 0x200b, r == 0x200e, r == 0x200f, r == 0x061c, r >= 0x2060 && r <= 0x2064, r >= 0x206a && r <= 0x206f, r == 0xfeff, r == 0x00ad:
		return true
	case r >= 0xfff9 && r <= 0xfffb, r >= 0x1d173 && r <= 0x1d17a, r == 0x180e, r == 0x034f: // annotations, notes, joiners of nothing
		return true
	case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0: // letters without ink
		return true
	case r >= 0xe0000 && r <= 0xe007f: // tags
		return true
	}
	return unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cs, r)
}
