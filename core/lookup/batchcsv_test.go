package lookup_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/lookup"
)

func TestCellsOfTheTableAreNoFormulasAndHoldNoControlCharacters(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "  =1", "＝1", "－1", "\t=1", "\r=1", "a\x1b]0;x\x07", "a\nb", "=cmd|' /C calc'!A0"} {
		r := lookup.Row{Line: 1, Result: lookup.Result{
			Query: lookup.Query{Text: evil},
			Answers: []lookup.Answer{{Source: evil, Visitors: []core.Visitor{
				{ID: evil, ExternalID: evil, Name: evil, Emails: []core.VisitorEmail{{Address: evil}}},
			}}},
			Verdict: lookup.Verdict{Outcome: lookup.Linked, ExternalID: evil, Unseen: []string{evil}, Untraced: []string{evil}},
		}}
		var b strings.Builder
		if err := lookup.WriteCSV(&b, []lookup.Row{r}, []lookup.Line{{Number: 2, Query: lookup.Query{Text: evil}}}); err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(all) != 3 || len(all[1]) != len(all[0]) {
			t.Fatalf("%q: %v %v", evil, all, err)
		}
		for _, row := range all[1:] {
			for _, c := range row {
				if strings.IndexAny(strings.TrimSpace(c), "=+-@＝＋－＠") == 0 || strings.ContainsAny(c, "\x1b\x07\r\n\t") {
					t.Errorf("%q became the cell %q", evil, c)
				}
			}
		}
	}
}
