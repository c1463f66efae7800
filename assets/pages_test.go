package assets_test

import (
	"encoding/json"
	"html"
	"html/template"
	"regexp"
	"strings"
	"testing"

	"deskward/assets"
	"deskward/core/consent"
	"deskward/core/fill"
	"deskward/core/visitortoken/endpoint"
)

const hostile = `"><script>alert(1)</script>'`

func page(t *testing.T, name string) *fill.Template {
	t.Helper()
	parsed, err := fill.ParseFile(assets.Pages, "pages/"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestLandingPageEscapesWhatItShowsAndLoadsNothing(t *testing.T) {
	t.Parallel()
	text := consent.PageData{Lang: "ja", Nonce: "n0nce", Heading: hostile, Lines: []string{hostile}, Close: hostile}.Fill(page(t, "consent.html"))
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

// TestPagesStandAsHTMLTemplateWouldFillThem: html/template knows the places of
// a page, and escapes otherwise in a script, a style or an address: no value
// stands there. It writes + as &#43;, for old UTF-7.
func TestPagesStandAsHTMLTemplateWouldFillThem(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"consent.html", "try.html"} {
		raw, err := assets.Pages.ReadFile("pages/" + name)
		if err != nil {
			t.Fatal(err)
		}
		values := fill.Values{
			"Lang": hostile, "Nonce": "n0nce", "OK": false, "Heading": hostile, "Lines": []string{hostile, "b"}, "Close": hostile,
			"Path": hostile, "Texts": hostile, "Text": fill.Values{},
		}
		for _, m := range regexp.MustCompile(`\.Text\.(\w+)`).FindAllStringSubmatch(string(raw), -1) {
			values["Text"].(fill.Values)[m[1]] = hostile + m[1]
		}
		var want strings.Builder
		if err := template.Must(template.New("").Parse(string(raw))).Execute(&want, values); err != nil {
			t.Fatal(err)
		}
		if got := page(t, name).HTML(values); got != strings.ReplaceAll(want.String(), "&#43;", "+") {
			t.Errorf("%s is\n%s\nby html/template\n%s", name, got, want.String())
		}
	}
}

// TestTheTryPageHasItsTextsInItsElementsAndAsDataOfItsScript: what the script
// reads is JSON, whatever the texts are.
func TestTheTryPageHasItsTextsInItsElementsAndAsDataOfItsScript(t *testing.T) {
	t.Parallel()
	d := endpoint.TryData{Nonce: "n0nce", Lang: "ja", Path: "/generate/token", Text: map[string]string{}}
	for _, key := range endpoint.TryTexts() {
		d.Text[key] = key + hostile
	}
	text, err := d.Fill(page(t, "try.html"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(text, "<script") != 1 || strings.Contains(text, "no value") {
		t.Errorf("not filled or not escaped: %s", text)
	}
	data := regexp.MustCompile(`data-path="/generate/token" data-texts="([^"]*)"`).FindStringSubmatch(text)
	if data == nil {
		t.Fatalf("no data in %s", text)
	}
	var texts map[string]string
	if err := json.Unmarshal([]byte(html.UnescapeString(data[1])), &texts); err != nil || texts["cookie-set"] != d.Text["cookie-set"] || len(texts) != len(d.Text) {
		t.Errorf("the script reads %v, %v", texts, err)
	}
}
