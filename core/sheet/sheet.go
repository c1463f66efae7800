// Package sheet reads tables as spreadsheets and admins write them (comma,
// semicolon or tab; UTF-8, UTF-16, Shift_JIS; quoted line breaks), line by line,
// so that a bad line costs no other, and makes cells that are safe to open in one.
package sheet

import (
	"encoding/csv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"deskward/core"
)

// maxSpan is over how many lines a quoted cell may go: a quote that is never
// closed takes no more of the table with it.
const maxSpan = 20

// Encoding is how a text was encoded.
type Encoding string

// The encodings that are told apart.
const (
	UTF8     Encoding = "utf-8"
	UTF16    Encoding = "utf-16"
	ShiftJIS Encoding = "shift_jis"
)

// Decode makes UTF-8 of what a file holds. ok is false where it is no text:
// that has NUL in it. What is no Japanese text either becomes marks of
// replacement, for the lines to be found bad one by one.
func Decode(raw []byte) (text string, e Encoding, ok bool) {
	text, e = string(raw), UTF8
	switch {
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		text, e = fromUTF16(raw), UTF16
	case utf8.Valid(raw):
		text = strings.TrimPrefix(text, "\ufeff")
	default:
		out, err := japanese.ShiftJIS.NewDecoder().Bytes(raw)
		if err != nil {
			return "", ShiftJIS, false
		}
		text, e = string(out), ShiftJIS
	}
	return text, e, !strings.ContainsRune(text, 0)
}

// fromUTF16 decodes what spreadsheets call "Unicode text". An odd byte at the
// end is dropped.
func fromUTF16(raw []byte) string {
	big := raw[0] == 0xfe
	units := make([]uint16, 0, len(raw)/2)
	for i := 2; i+1 < len(raw); i += 2 {
		low, high := raw[i], raw[i+1]
		if big {
			low, high = high, low
		}
		units = append(units, uint16(high)<<8|uint16(low))
	}
	return string(utf16.Decode(units))
}

// Lines parts a text at its line breaks, of whatever kind.
func Lines(text string) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
}

// Separator returns what separates the cells of a line: the likeliest of tab,
// comma and semicolon; 0 where there is none of them.
func Separator(line string) rune {
	var sep rune
	for _, r := range "\t,;" {
		if strings.Count(line, string(r)) > strings.Count(line, string(sep)) || sep == 0 && strings.ContainsRune(line, r) {
			sep = r
		}
	}
	return sep
}

// Row reads one row and says over how many lines it goes. ok is false when a
// quote in it is not closed: then one line is used up. Without a separator
// (0) the line is one cell as it stands.
func Row(lines []string, sep rune) (cells []string, used int, ok bool) {
	if sep == 0 {
		return lines[:1], 1, true
	}
	row, quotes := "", 0
	for n, l := range lines[:min(len(lines), maxSpan)] {
		if n > 0 {
			row += "\n"
		}
		row += l
		if quotes += strings.Count(l, `"`); quotes%2 == 0 {
			c := csv.NewReader(strings.NewReader(row))
			c.Comma, c.LazyQuotes, c.FieldsPerRecord, c.TrimLeadingSpace = sep, true, -1, sep != '\t'
			if cells, err := c.Read(); err == nil {
				return cells, n + 1, true
			}
			break
		}
	}
	return nil, 1, false
}

// Header makes the words of headers comparable: lower case, without blanks,
// hyphens and underscores.
func Header(cell string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "", "\u3000", "").Replace(strings.TrimSpace(cell)))
}

// Cell makes a text safe for a spreadsheet: nothing in it is a control
// character, and what a spreadsheet would take for a formula has an apostrophe
// before it (owasp.org/www-community/attacks/CSV_Injection; the wide forms are
// read as formulas by Japanese versions). A semicolon ends a cell, too, for
// LibreOffice as it comes and for Excel in half of Europe, so what follows one
// is a beginning like the text's own.
func Cell(s string) string {
	s = core.CleanLine(s)
	if !strings.ContainsAny(s, signs) {
		return s
	}
	var b strings.Builder
	beginning := true
	for _, r := range s {
		if beginning && strings.ContainsRune(signs, r) {
			b.WriteByte('\'')
		}
		beginning = r == ';' || beginning && strings.ContainsRune(" \u3000\u00a0\"", r)
		b.WriteRune(r)
	}
	return b.String()
}

// signs are what formulas begin with.
const signs = "=+-@＝＋－＠"
