package advice

import (
	"strings"
	"testing"
)

func TestTheTagsOfAPageAreLeftOutAndNothingElse(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"no page":                              "no page",
		"a<b>bold</b>c":                        "aboldc",
		"a<br>b<p>c":                           "a b c",
		"<HttpError 403 \"no\">":               "<HttpError 403 \"no\">",
		"1 < 2 and <p":                         "1 < 2 and <p",
		"<script>x<p>y</script>z":              "  z",
		"<SCRIPT>x</Script >z<style>y</STYLE>": "  z  ",
		"<script>never ends <p>x":              " never ends  x",
		"<style>a</script></style>b":           "  b",
		"</script><script>a</script>b":         "   b",
		"<":                                    "<",
	} {
		if got := stripTags(page); got != want && strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
}

// At millions of beginnings, looking over the rest at each takes days.
func TestAPageOfNothingButBeginningsIsReadOnce(t *testing.T) {
	t.Parallel()
	const size = 16 << 20
	for _, one := range []string{"<script>", "<STYLE>", "<p", "<script></p>", "<x", "</", "<style></script>"} {
		long := strings.Repeat(one, size/len(one))
		if got := stripTags(long); len(got) > len(long) {
			t.Errorf("%q: %d bytes of %d", one, len(got), len(long))
		}
	}
}
