package visitortoken

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"deskward/core"
	"deskward/core/locale"
)

func printers(t testing.TB) map[locale.Lang]*locale.Printer {
	t.Helper()
	out := map[locale.Lang]*locale.Printer{}
	for _, l := range locale.Langs() {
		p, err := locale.Load(os.DirFS("../../assets/locales"), l)
		if err != nil {
			t.Fatal(err)
		}
		out[l] = p
	}
	return out
}

func TestEveryFindingHasItsTextsAndEveryTextItsFinding(t *testing.T) {
	t.Parallel()
	codes := Codes()
	if n := len(slices.Compact(slices.Sorted(slices.Values(codes)))); n != len(codes) {
		t.Errorf("%d codes, %d different ones", len(codes), n)
	}
	for l, p := range printers(t) {
		for _, code := range codes {
			for _, suffix := range []string{"", ".means", ".fix"} {
				if has, wants := p.Has("finding."+code+suffix), suffix == "" || !Good(code); has != wants {
					t.Errorf("%s: text finding.%s%s: there %v, wanted %v", l, code, suffix, has, wants)
				}
			}
		}
	}
	raw, err := os.ReadFile("../../assets/locales/visitortoken.en.json")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		key, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), `"finding.`), `": `)
		if !ok || !strings.Contains(line, `"finding.`) {
			continue
		}
		if code := strings.TrimSuffix(strings.TrimSuffix(key, ".means"), ".fix"); !slices.Contains(codes, code) {
			t.Errorf("finding.%s is a text of no finding", key)
		}
	}
}

// checkFinding holds what is true of every finding, whatever was inspected.
func checkFinding(t testing.TB, ps map[locale.Lang]*locale.Printer, codes []string, f Finding) {
	t.Helper()
	if !slices.Contains(codes, f.Code) {
		t.Errorf("%s is not listed", f.Code)
	}
	if Good(f.Code) != (f.Outcome == Passed) {
		t.Errorf("%s is %s", f.Code, f.Outcome)
	}
	params := locale.Params{}
	for k, v := range f.Params {
		params[k] = v
	}
	for l, p := range ps {
		for _, suffix := range []string{"", ".means", ".fix"} {
			if !p.Has("finding." + f.Code + suffix) {
				continue
			}
			text := p.T("finding."+f.Code+suffix, params)
			if strings.Contains(text, "<no value>") || strings.Contains(text, "[finding") {
				t.Errorf("%s: %s%s: %q with %v", l, f.Code, suffix, text, slices.Sorted(maps.Keys(f.Params)))
			}
		}
	}
}

func TestHeadlinesFitBesideTheirCodes(t *testing.T) {
	t.Parallel()
	params := locale.Params{
		"key": "web 2026", "kid": kidA, "account": "acme", "meant": "acme", "brand": "Europe", "by": "12 min 30 s", "in": "12 min 30 s",
		"life": "12 min 30 s", "limit": "7 min", "characters": "300", "bytes": "300", "right": "external_id", "name": "External_Id",
		"names": "sub, exp", "alg": "RS256", "prefix": "act_", "issuer": LoginIssuer, "project": project, "count": "4", "depth": "100",
		"size": "2000", "at": "2026-11-25", "claim": "iat",
	}
	const columns = 60
	for l, p := range printers(t) {
		for _, code := range Codes() {
			text := p.T("finding."+code, params)
			if w := uniseg.StringWidth(text); w > columns {
				t.Errorf("%s: %s has %d columns: %s", l, code, w, text)
			}
			if strings.Contains(text, "<no value>") {
				t.Errorf("%s: %s: %s", l, code, text)
			}
		}
	}
}

// hasErrorTexts is for codes that are put together at run time, which the test
// of all errors in assets does not see.
func hasErrorTexts(t testing.TB, ps map[locale.Lang]*locale.Printer, err error) {
	t.Helper()
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		t.Errorf("%v has no code", err)
		return
	}
	params := locale.Params{}
	for k, v := range e.Params {
		params[k] = v
	}
	for l, p := range ps {
		for _, key := range []string{"tried." + e.Tried, "error." + e.Code, "error." + e.Code + ".next"} {
			if text := p.T(key, params); !p.Has(key) || strings.Contains(text, "<no value>") {
				t.Errorf("%s: %s: %q with %v", l, key, text, e.Params)
			}
		}
	}
}
