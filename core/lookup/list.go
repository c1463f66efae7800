package lookup

import (
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"deskward/core"
)

// Line is one person to look up, as a line of a list says.
type Line struct {
	Number int   `json:"line"` // in the list, the first is 1
	Query  Query `json:"query"`
}

// BadLine is a line that can't be looked up. Why is the text batch.<Code>.
type BadLine struct {
	Number int    `json:"line"`
	Code   string `json:"code"` // "too-long", "control", "quote", "break", "short"
}

// List is what a file or a paste asks for.
type List struct {
	Lines  []Line
	Bad    []BadLine
	Blank  int    // lines without anything
	Twice  int    // lines that ask for what an earlier one asks for
	Column string // the header of the column that was read; "": there is no header
}

const (
	// maxLines is how many people one batch looks up.
	maxLines = 20_000
	// maxSpan is over how many lines a quoted cell may go: a quote that is
	// never closed takes no more of the list with it.
	maxSpan = 20
)

// ReadList reads a list of people: one a line, or a table with separators
// (comma, semicolon, tab) of which one column counts. column names that one by
// its header; "": it is the first one whose header is a known word, else the
// first. UTF-8, UTF-16 with its mark, and Shift_JIS are read.
//
// It fails where nothing can be read at all: with code batch.not-text,
// batch.no-column, batch.empty or batch.too-many. A single line that can't be
// used is in Bad, and the others are good.
func ReadList(raw []byte, column string) (List, error) {
	text, ok := decode(raw)
	if !ok {
		return List{}, listError("batch.not-text", nil)
	}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	r := &listReader{seen: map[string]bool{}}
	if sep, header := tableOf(lines, column); sep != 0 {
		if err := r.table(lines, sep, header, column); err != nil {
			return List{}, err
		}
	} else {
		for i, l := range lines {
			if i < len(lines)-1 || strings.TrimSpace(l) != "" { // the last line break begins no line
				r.add(i+1, l, "")
			}
		}
	}
	switch n := len(r.out.Lines); {
	case n == 0 && len(r.out.Bad) == 0:
		return List{}, listError("batch.empty", nil)
	case n > maxLines:
		return List{}, listError("batch.too-many", map[string]string{"count": strconv.Itoa(n), "most": strconv.Itoa(maxLines)})
	}
	return r.out, nil
}

func listError(code string, params map[string]string) error {
	return &core.Error{Tried: "read-queries", Code: code, Class: core.Usage, Params: params}
}

// decode makes UTF-8 of what a file holds. What is no text has NUL in it.
func decode(raw []byte) (string, bool) {
	text := string(raw)
	switch {
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		text = fromUTF16(raw)
	case utf8.Valid(raw):
		text = strings.TrimPrefix(text, "\ufeff")
	default:
		// What is no Japanese text either becomes marks of replacement, and is
		// found to be bad line by line.
		out, err := japanese.ShiftJIS.NewDecoder().Bytes(raw)
		if err != nil {
			return "", false
		}
		text = string(out)
	}
	return text, !strings.ContainsRune(text, 0)
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

// kindOfHeader is what the cells below a header are, in the words that exports
// of the platforms and admins use. ok is false for other headers.
func kindOfHeader(cell string) (k QueryKind, ok bool) {
	word := strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "", "\u3000", "").Replace(strings.TrimSpace(cell)))
	switch word {
	case "externalid", "外部id":
		return ByExternalID, true
	case "email", "mail", "emailaddress", "メール", "メールアドレス":
		return ByEmail, true
	case "loginid", "loginuserid", "sub":
		return ByLoginID, true
	case "visitorid", "chatvisitorid", "訪問者id":
		return ByChatID, true
	case "username", "ユーザー名":
		return ByUsername, true
	case "id", "userid", "ユーザーid", "利用者id":
		return "", true // of whichever platform
	}
	return "", false
}

// tableOf tells a table from plain lines: its separator, 0 where there is
// none, and whether its first line is a header. An id may hold a comma, so
// without a tab or a named column it takes a header that is known.
func tableOf(lines []string, column string) (sep rune, header bool) {
	first := firstOf(lines)
	for _, r := range "\t,;" {
		if strings.Count(first, string(r)) > strings.Count(first, string(sep)) || sep == 0 && strings.ContainsRune(first, r) {
			sep = r
		}
	}
	cells, _, _ := record([]string{first}, sep)
	known := slices.ContainsFunc(cells, func(c string) bool { _, ok := kindOfHeader(c); return ok })
	switch {
	case column != "" || known:
		if sep == 0 {
			sep = ',' // one column
		}
		return sep, true
	case sep == '\t':
		return sep, false
	}
	return 0, false
}

func firstOf(lines []string) string {
	for _, l := range lines {
		if strings.TrimSpace(l) != "" {
			return l
		}
	}
	return ""
}

// listReader collects the lines.
type listReader struct {
	out  List
	seen map[string]bool
}

// table reads the rows of a table.
func (r *listReader) table(lines []string, sep rune, header bool, column string) error {
	at, kind := 0, QueryKind("")
	for i := 0; i < len(lines); {
		if strings.TrimSpace(lines[i]) == "" {
			if i < len(lines)-1 { // the last line break begins no line
				r.out.Blank++
			}
			i++
			continue
		}
		cells, used, ok := record(lines[i:], sep)
		number := i + 1
		i += used
		if header {
			header = false
			if at = columnOf(cells, column); at < 0 {
				return listError("batch.no-column", map[string]string{"column": core.CleanLine(column), "known": core.CleanLine(strings.Join(cells, ", "))})
			}
			r.out.Column = core.CleanLine(strings.TrimSpace(cells[at]))
			kind, _ = kindOfHeader(cells[at])
			continue
		}
		switch {
		case !ok:
			r.bad(number, "quote")
		case at >= len(cells):
			r.bad(number, "short")
		default:
			r.add(number, cells[at], kind)
		}
	}
	return nil
}

// columnOf finds the column that counts; -1: there is none of that name.
func columnOf(header []string, column string) int {
	if column != "" {
		return slices.IndexFunc(header, func(c string) bool { return strings.EqualFold(strings.TrimSpace(c), strings.TrimSpace(column)) })
	}
	return max(0, slices.IndexFunc(header, func(c string) bool { _, ok := kindOfHeader(c); return ok }))
}

// record reads one row and says over how many lines it goes. ok is false when
// a quote in it is not closed: then one line is used up.
func record(lines []string, sep rune) (cells []string, used int, ok bool) {
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

func (r *listReader) bad(number int, code string) {
	r.out.Bad = append(r.out.Bad, BadLine{number, code})
}

// add takes one text as a query. kind is what its column says it is; "": it is
// told from the text.
func (r *listReader) add(number int, text string, kind QueryKind) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		r.out.Blank++
		return
	case len(text) > maxQuery:
		r.bad(number, "too-long")
		return
	case strings.ContainsAny(text, "\n"):
		r.bad(number, "break")
		return
	case core.CleanLine(text) != text:
		r.bad(number, "control")
		return
	}
	q := Parse(text)
	if q.Text == "" { // quotes alone
		r.out.Blank++
		return
	}
	if kind != "" && q.Is(kind) && len(q.Kinds) > 1 {
		q.Kinds = []QueryKind{kind}
	} else if kind != "" && len(q.Kinds) > 1 {
		q.Kinds = append([]QueryKind{kind}, q.Kinds...) // the column may be wrong about it
	}
	key := string(q.Kinds[0]) + ":" + q.Text
	if q.Kinds[0] == ByEmail {
		key = strings.ToLower(key)
	}
	if r.seen[key] {
		r.out.Twice++
		return
	}
	r.seen[key] = true
	r.out.Lines = append(r.out.Lines, Line{Number: number, Query: q})
}
