package fill_test

import (
	htmltemplate "html/template"
	"regexp"
	"strings"
	"testing"
	texttemplate "text/template"

	"deskward/core/fill"
)

// functions are those that the templates here call, for both sides.
func functions() fill.Functions {
	return fill.Functions{
		"join":  func(args ...string) string { return strings.Join(args, "|") },
		"shout": func(args ...string) string { return strings.ToUpper(strings.Join(args, "")) + "!" },
	}
}

func values() fill.Values {
	return fill.Values{
		"name": "Mina <&> \"'", "empty": "", "yes": true, "no": false, "count": 3, "none": 0,
		"list": []string{"a", "<b>"}, "nothing": []string{}, "part": fill.Values{"of": fill.Values{"it": "deep"}},
		"rows": []fill.Values{{"id": "1", "list": []string{"x"}}, {"id": "2"}},
	}
}

func byTextTemplate(text string) (string, error) {
	t, err := texttemplate.New("").Funcs(texttemplate.FuncMap{"join": functions()["join"], "shout": functions()["shout"]}).Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Execute(&out, values())
	return out.String(), err
}

// accepted are templates of every form that package fill knows.
func accepted() []string {
	return []string{
		"", "plain", "a } b }} c", "{{.name}}", "{{ .name }}", "x {{.part.of.it}} y {{$.name}}", "{{.gone}}", `{{"a }} \" b"}}`,
		"{{.count}} {{.yes}} {{.list}}", "{{.}}{{$}}",
		"{{if .name}}a{{end}}{{if .empty}}b{{else}}c{{end}}{{if not .no}}d{{end}}{{if .none}}e{{end}}{{if .count}}f{{end}}{{if .nothing}}g{{end}}{{if .list}}h{{end}}",
		"{{if .gone}}a{{else}}b{{end}}{{if not .gone}}c{{end}}{{if .part}}d{{end}}",
		`{{if eq .empty ""}}a{{end}}{{if eq .name "b"}}b{{else}}{{if .yes}}c{{end}}{{end}}`,
		"{{range .list}}<{{.}} {{$.count}}>{{end}}{{range .nothing}}a{{else}}none{{end}}{{range .rows}}{{.id}}{{range .list}}{{.}}{{end}};{{end}}",
		"a \n\t{{- .name -}} \r\n b {{- if .yes}} c {{- end }} d", "{{join}} {{join .name}} {{join \"a\" .empty $.name}}{{range .rows}}{{shout .id \"b\"}}{{end}}",
	}
}

func TestTextsAreFilledAsTextTemplateFillsThem(t *testing.T) {
	t.Parallel()
	for _, text := range accepted() {
		filled, err := fill.Parse(text, functions())
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want, err := byTextTemplate(text)
		if err != nil {
			t.Errorf("text/template takes no %s: %v", text, err)
		}
		if got := filled.Text(values()); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestWhatIsNotUnderstoodIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\n{{":                            "line 2: {{… is not closed",
		"{{.a\n}}":                         "line 1: {{.a\n}}… is not closed",
		"\n\n{{.a":                         "line 3: {{.a… is not closed",
		"{{}}":                             "line 1: {{}} is empty",
		"{{end}}":                          "line 1: {{end}} ends nothing",
		"{{else}}":                         "line 1: {{else}} ends nothing",
		"{{if .a}}":                        "line 1: {{if .a}}: {{if}} has no {{end}}",
		"{{range .a}}x{{else}}":            "line 1: {{range .a}}: {{range}} has no {{end}}",
		"{{if .a}}{{else}}{{else}}{{end}}": "line 1: {{if .a}}: two {{else}}",
		"{{else if .a}}":                   "line 1: {{else if .a}} is not understood",
		"{{if}}{{end}}":                    "line 1: {{if}}: 0 arguments, not 1",
		"{{if eq .a}}{{end}}":              "line 1: {{if eq .a}}: 1 arguments, not 2",
		"{{if not}}{{end}}":                "line 1: {{if not}}: 0 arguments, not 1",
		"{{.a | print}}":                   "line 1: {{.a | print}}: there is no function .a",
		"{{print .a}}":                     "line 1: {{print .a}}: there is no function print",
		"{{join a}}":                       "line 1: {{join a}}: a is no value",
		"{{.a-b}}":                         "line 1: {{.a-b}}: .a-b is no value",
		"{{.1}}":                           "line 1: {{.1}}: .1 is no value",
		"{{$a}}":                           "line 1: {{$a}}: $a is no value",
		"{{$.}}":                           "line 1: {{$.}}: $. is no value",
		"{{.a..b}}":                        "line 1: {{.a..b}}: .a..b is no value",
		`{{"a"b}}`:                         `line 1: {{"a"b}}: no blank after a quote`,
	} {
		_, err := fill.Parse(text, functions())
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestPagesAreEscapedAsHTMLTemplateEscapesThem holds for the two places where
// values may stand. html/template also writes + as &#43;, for old UTF-7.
func TestPagesAreEscapedAsHTMLTemplateEscapesThem(t *testing.T) {
	t.Parallel()
	const page = `<p title="{{.v}}">{{.v}}{{range .vs}}<b data-v="{{.}}">{{.}}</b>{{end}}{{if .v}}{{shout .v}}{{end}}</p>`
	filled, err := fill.Parse(page, functions())
	if err != nil {
		t.Fatal(err)
	}
	oracle := htmltemplate.Must(htmltemplate.New("").Funcs(htmltemplate.FuncMap{"shout": functions()["shout"]}).Parse(page))
	for _, hostile := range []string{"", "plain", `"><script>alert(1)</script>`, `' onload='x`, "&amp; & <", "日本語 <b>", "a+b{{.v}}"} {
		v := fill.Values{"v": hostile, "vs": []string{hostile, hostile}}
		var out strings.Builder
		if err := oracle.Execute(&out, v); err != nil {
			t.Fatal(err)
		}
		if got, want := filled.HTML(v), strings.ReplaceAll(out.String(), "&#43;", "+"); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", hostile, got, want)
		}
	}
}

// FuzzWhatIsTakenMeansWhatItMeansToTextTemplate: everything that Parse takes,
// text/template takes, and fills alike.
func FuzzWhatIsTakenMeansWhatItMeansToTextTemplate(f *testing.F) {
	for _, text := range accepted() {
		f.Add(text)
	}
	// Ranges over what is no list, and <no value> told from a text: package
	// fill has neither, text/template has both.
	other := regexp.MustCompile(`range\s+(\$|\.(count|none|part|rows)?(\s|-|\}|\.))|<no value>`)
	f.Fuzz(func(t *testing.T, text string) {
		filled, err := fill.Parse(text, functions())
		if err != nil || other.MatchString(text) {
			return
		}
		got := filled.Text(values())
		want, err := byTextTemplate(text)
		switch {
		case err == nil && got != want:
			t.Errorf("%q:\ngot  %q\nwant %q", text, got, want)
		case err != nil && !strings.Contains(err.Error(), "executing"):
			t.Errorf("%q: text/template does not take it: %v", text, err)
		}
	})
}
