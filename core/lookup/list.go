package lookup

import (
	"slices"
	"strconv"
	"strings"

	"deskward/core"
	"deskward/core/sheet"
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

// maxLines is how many people one batch looks up.
const maxLines = 20_000

// ReadList reads a list of people: one a line, or a table with separators
// (comma, semicolon, tab) of which one column counts. column names that one by
// its header; "": it is the first one whose header is a known word, else the
// first. UTF-8, UTF-16 with its mark, and Shift_JIS are read.
//
// It fails where nothing can be read at all: with code batch.not-text,
// batch.no-column, batch.empty or batch.too-many. A single line that can't be
// used is in Bad, and the others are good.
func ReadList(raw []byte, column string) (List, error) {
	text, _, ok := sheet.Decode(raw)
	if !ok {
		return List{}, listError("batch.not-text", nil)
	}
	lines := sheet.Lines(text)
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

// kindOfHeader is what the cells below a header are, in the words that exports
// of the platforms and admins use. ok is false for other headers.
func kindOfHeader(cell string) (k QueryKind, ok bool) {
	switch sheet.Header(cell) {
	case "externalid", "外部id":
		return ByExternalID, true
	case "email", "mail", "emailaddress", "メール", "メールアドレス":
		return ByEmail, true
	case "loginid", "loginuserid", "sub":
		return ByLoginID, true
	case "visitorid", "chatvisitorid", "訪問者id":
		return ByChatID, true
	case "phone", "phonenumber", "tel", "telephone", "mobile", "mobilephone", "電話", "電話番号", "携帯電話", "携帯電話番号", "携帯番号":
		return ByPhone, true
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
	sep = sheet.Separator(first)
	cells, _, _ := sheet.Row([]string{first}, sep)
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
		cells, used, ok := sheet.Row(lines[i:], sep)
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
	phone, isPhone := ReadPhone(q.Text)
	switch {
	case kind == "" || len(q.Kinds) < 2:
	case q.Is(kind), kind == ByPhone && isPhone: // a spreadsheet may have taken the first 0
		q.Kinds = []QueryKind{kind}
	case kind != ByPhone:
		q.Kinds = append([]QueryKind{kind}, q.Kinds...) // the column may be wrong about it
	}
	key := string(q.Kinds[0]) + ":" + q.Text
	switch {
	case q.Kinds[0] == ByEmail:
		key = strings.ToLower(key)
	case q.Kinds[0] == ByPhone && isPhone:
		key = string(ByPhone) + ":" + phone.String()
	}
	if r.seen[key] {
		r.out.Twice++
		return
	}
	r.seen[key] = true
	r.out.Lines = append(r.out.Lines, Line{Number: number, Query: q})
}
