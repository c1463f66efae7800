package locale_test

import (
	"io/fs"
	"testing"

	"deskward/assets"
	"deskward/core/locale"
)

func TestLengthsOfTimeInFindingsAreInTheLanguageSpoken(t *testing.T) {
	t.Parallel()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[locale.Lang]map[string]string{
		locale.Japanese: {"4 min 59 s": "4 分 59 秒", "2 d 3 h": "2 日 3 時間", "7 min": "7 分", "255": "255", "4 minutes": "4 minutes", "5 s later": "5 s later", "": ""},
		locale.English:  {"4 min 59 s": "4 min 59 s", "255": "255"},
	} {
		p, err := locale.Load(files, lang)
		if err != nil {
			t.Fatal(err)
		}
		for in, out := range want {
			if got := p.Span(in); got != out {
				t.Errorf("%s: %q became %q, want %q", lang, in, got, out)
			}
			if got := p.SpanOr("by", in); got != out {
				t.Errorf("%s: by %q became %q", lang, in, got)
			}
		}
		if got := p.SpanOr("name", "5 min"); got != "5 min" {
			t.Errorf("%s: what a person wrote became %q", lang, got)
		}
	}
}
