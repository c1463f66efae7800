package visitors

import (
	"testing"

	"deskward/core"
	"deskward/core/lookup"
)

func TestOneRecordAloneMatchesNothing(t *testing.T) {
	t.Parallel()
	lin := core.Visitor{Kind: core.VisitorSupport, ID: "9001", ExternalID: "usr_77"}
	result := func(text string, visitors ...core.Visitor) lookup.Result {
		r := lookup.Result{Query: lookup.Parse(text)}
		for _, v := range visitors {
			r.Answers = append(r.Answers, lookup.Answer{Source: string(v.Kind), Kind: v.Kind, State: lookup.Found, Visitors: []core.Visitor{v}})
		}
		r.Verdict = lookup.Judge(r)
		return r
	}
	chat := core.Visitor{Kind: core.VisitorChat, ID: "1.a", ExternalID: "usr_77"}
	for _, tc := range []struct {
		what   string
		result lookup.Result
		only   bool
	}{
		{"one record, by its address", result("lin@acme.example", lin), true},
		{"one record, by its external id", result("usr_77", lin), false},
		{"two records", result("lin@acme.example", lin, chat), false},
	} {
		if got := rowsOf(tc.result); got[0].only != tc.only {
			t.Errorf("%s: %+v", tc.what, got[0])
		}
	}
}
