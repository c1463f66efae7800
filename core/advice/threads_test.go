package advice_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"deskward/core/locale"
)

// Texts that people pasted into public threads get the right advice first, or
// none: wrong advice is worse than none. Errors of other things get none.
func TestTextsOfPublicThreadsGetRightAdviceOrNone(t *testing.T) {
	t.Parallel()
	c, p := catalogue(t), locale.English
	type score struct{ all, right, none int }
	scores := map[string]*score{"built": {}, "held": {}, "met": {}, "other": {}, "later": {}, "fourth": {}}
	for _, name := range []string{"testdata/threads.txtar", "testdata/threads2.txtar", "testdata/threads3.txtar", "testdata/threads4.txtar"} {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.Files {
			part, thread, _ := strings.Cut(file.Name, " ")
			first, text, _ := strings.Cut(string(file.Data), "\n")
			want := strings.Fields(first)
			got := "unknown"
			a := c.ExplainText(text, p)
			if len(a.Candidates) > 0 {
				got = a.Candidates[0].Code
			}
			s := scores[part]
			s.all++
			switch {
			case slices.Contains(want, got):
				s.right++
			case got == "unknown":
				s.none++
				t.Logf("%s: nothing is known, %v is meant", thread, want)
			default:
				t.Errorf("%s: %s (by %q, %s), %v is meant", thread, got, a.Candidates[0].Evidence, a.Candidates[0].Confidence, want)
			}
		}
	}
	for part, s := range scores {
		t.Logf("%s: %d texts, %d right, %d without an answer", part, s.all, s.right, s.none)
		if s.none*10 > s.all {
			t.Errorf("%s: more than a tenth of the texts got no answer", part)
		}
	}
}
