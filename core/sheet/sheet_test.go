package sheet_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"deskward/core/sheet"
)

func TestNoProgramReadsAFormulaInACell(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "",
		"Käthe Müller":                   "Käthe Müller",
		"kaethe@example.com":             "kaethe@example.com",
		"=1+1":                           "'=1+1",
		"  @SUM(A1)":                     "  '@SUM(A1)",
		"＝1":                             "'＝1",
		"\u00a0-2":                       "\u00a0'-2",
		"\t=1":                           " '=1",
		"Doe;=HYPERLINK(A1)":             "Doe;'=HYPERLINK(A1)", // in LibreOffice, and in Excel where commas are decimal
		`Doe; "=cmd|' /C calc'!A0"`:      `Doe; "'=cmd|' /C calc'!A0"`,
		"a;;+49 30 1":                    "a;;'+49 30 1",
		"zen-eu; zen-us":                 "zen-eu; zen-us",
		"b\r\n=2":                        "b  =2", // one cell still
		strings.Repeat(";", 3) + "\x1b=": ";;;\u241b=",
	} {
		if got := sheet.Cell(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzNoProgramReadsAFormulaInACell reads a line as LibreOffice does that takes
// commas and semicolons, and as Excel does where semicolons alone part cells.
func FuzzNoProgramReadsAFormulaInACell(f *testing.F) {
	for _, s := range []string{"=1", `a;"=1"`, `";=1`, "a,;\t=1", `""";-1`, "a\";\"\"=2;b"} {
		f.Add(s, "next")
		f.Add("before", s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var line bytes.Buffer
		w := csv.NewWriter(&line)
		if err := w.Write([]string{"1", sheet.Cell(a), sheet.Cell(b)}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		for _, cut := range []string{";", ",;"} {
			for _, cell := range split(strings.TrimSuffix(line.String(), "\n"), cut) {
				if strings.IndexAny(strings.TrimLeft(cell, " \u3000\u00a0"), "=+-@＝＋－＠") == 0 {
					t.Fatalf("cut at %q, %q has the formula %q", cut, line.String(), cell)
				}
			}
		}
	})
}

// split parts a line at any of the separators. Quotes count at the beginning of
// a cell only, and two of them are one.
func split(line, separators string) []string {
	var out []string
	var cell strings.Builder
	quoted, first := false, true
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case quoted && r == '"' && i+1 < len(runes) && runes[i+1] == '"':
			cell.WriteRune(r)
			i++
		case quoted && r == '"':
			quoted = false
		case !quoted && first && r == '"':
			quoted = true
		case !quoted && strings.ContainsRune(separators, r):
			out = append(out, cell.String())
			cell.Reset()
			first = true
			continue
		default:
			cell.WriteRune(r)
		}
		first = false
	}
	return append(out, cell.String())
}
