package assets_test

import (
	"bytes"
	"html/template"
	"strings"
	"testing"

	"deskward/assets"
	"deskward/core/consent"
)

func TestLandingPageEscapesWhatItShowsAndLoadsNothing(t *testing.T) {
	t.Parallel()
	page, err := template.ParseFS(assets.Pages, "pages/consent.html")
	if err != nil {
		t.Fatal(err)
	}
	const hostile = `"><script>alert(1)</script>`
	var out bytes.Buffer
	err = page.Execute(&out, consent.PageData{Lang: "ja", Nonce: "n0nce", Heading: hostile, Lines: []string{hostile}, Close: hostile})
	if err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.Contains(text, "<script") {
		t.Errorf("not escaped: %s", text)
	}
	for _, loads := range []string{"src=", "href=", "@import", "url("} {
		if strings.Contains(text, loads) {
			t.Errorf("the page loads something: %s", loads)
		}
	}
	for _, want := range []string{`lang="ja"`, `nonce="n0nce"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
}
