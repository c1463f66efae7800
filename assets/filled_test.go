package assets_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"deskward/core/fill"
	"deskward/core/locale"
)

// TestEverySentenceIsFilledAsTextTemplateWouldFillIt: with all of its values,
// and with each of them empty.
func TestEverySentenceIsFilledAsTextTemplateWouldFillIt(t *testing.T) {
	t.Parallel()
	for _, l := range locale.Langs() {
		all := texts(t, l)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			forms := map[string]string{}
			if json.Unmarshal([]byte(all[key]), &forms) != nil {
				forms["other"] = all[key]
			}
			if _, ok := forms["other"]; !ok {
				t.Errorf("%s in %s: no plural form \"other\"", key, l)
			}
			for name, sentence := range forms {
				checkFilled(t, key+" "+name+" in "+string(l), sentence)
			}
		}
	}
}

func checkFilled(t *testing.T, name, sentence string) {
	t.Helper()
	mine, err := fill.Parse(sentence, nil)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	theirs, err := template.New("").Parse(sentence)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	values := fill.Values{}
	for _, m := range regexp.MustCompile(`\.([A-Za-z_]\w*)`).FindAllStringSubmatch(sentence, -1) {
		values[m[1]] = "<" + m[1] + " & co>"
	}
	compare := func(v fill.Values) {
		var want strings.Builder
		if err := theirs.Execute(&want, v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := mine.Text(v); got != want.String() {
			t.Errorf("%s with %v:\ngot  %s\nwant %s", name, v, got, want.String())
		}
	}
	compare(values)
	for value := range values {
		without := maps.Clone(values)
		without[value] = ""
		compare(without)
	}
}
