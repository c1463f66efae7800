package advice_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"deskward/assets"
	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
)

func words(t testing.TB, l locale.Lang) *locale.Printer {
	t.Helper()
	files, err := fs.Sub(assets.Locales, "locales")
	if err != nil {
		t.Fatal(err)
	}
	p, err := locale.Load(files, l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryCodeOfTheCatalogueIsExplainedByItsName(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, code := range c.Codes() {
		if _, ok := c.Lookup(code, advice.TriedExplain); !ok {
			continue // it has a meaning only beside what was tried
		}
		a := c.ExplainText("the log says "+code+" at 10:41", locale.English)
		if len(a.Candidates) == 0 || !strings.EqualFold(a.Candidates[0].Code, code) || a.Candidates[0].Confidence == advice.Possible {
			t.Errorf("%s: %+v", code, a.Candidates)
		}
	}
}

func TestACodeOfOurOwnIsExplainedFirst(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for text, want := range map[string]string{
		"deskward said mail.hung, and then nothing.": "mail.hung",
		"store.locked":                        "store.locked",
		"code: finding.messaging.kid.missing": "messaging.kid.missing",
	} {
		for _, l := range locale.Langs() {
			p := words(t, l)
			a := c.ExplainPasted(text, p)
			if len(a.Candidates) == 0 || a.Candidates[0].Code != want || a.Candidates[0].Confidence != advice.Own || a.Candidates[0].Means == "" {
				t.Errorf("%s: %+v", text, a.Candidates)
			}
		}
	}
	for _, text := range []string{"", "some.where", "error", "see help.example.com/mail"} {
		if a := c.ExplainPasted(text, words(t, locale.English)); len(a.Candidates) > 0 {
			t.Errorf("%q: %+v", text, a.Candidates)
		}
	}
}

func TestAnErrorThatWasMetIsExplainedWithItsValuesAndTheVendorsWords(t *testing.T) {
	t.Parallel()
	c, p := catalogue(t), words(t, locale.English)
	inner := &core.Error{Tried: "refresh", Code: "google.invalid_grant", Class: core.Refused, Params: map[string]string{"description": "Token has been expired or revoked."}}
	err := &core.Error{Tried: "check", On: "Support", Code: "google.invalid_grant", Class: core.Refused, Err: inner, Params: inner.Params}
	if got := advice.Words(err); got != "google.invalid_grant\nToken has been expired or revoked." {
		t.Errorf("%q", got)
	}
	a := c.ExplainError(err, p)
	if len(a.Candidates) == 0 || a.Candidates[0].System != "google" || a.Candidates[0].Confidence != advice.Certain {
		t.Errorf("%+v", a.Candidates)
	}
	cut := &core.Error{
		Tried: "prove-mail", On: "smtp://127.0.0.1:587", Code: "mail.certificate-name", Params: map[string]string{"host": "127.0.0.1", "port": "587", "user": "a@b.example"},
		Err: errors.New("a cause whose text may hold anything"),
	}
	a = c.ExplainError(cut, p)
	if len(a.Candidates) == 0 || a.Candidates[0].Code != "mail.certificate-name" || strings.Contains(a.Candidates[0].Means, "–") || strings.Contains(a.Text, "cause") {
		t.Errorf("%+v", a)
	}
	mail := &core.Error{Code: "mail.not-accepted", Params: map[string]string{"status": "400", "scope": "https://mail.google.com/", "description": "535 5.7.8 Username and Password not accepted."}}
	if got := advice.Words(mail); !strings.Contains(got, `"status":"400"`) || !strings.Contains(got, "535 5.7.8") {
		t.Errorf("%q", got)
	}
	if got := advice.Words(errors.New("token abc")); got != "" {
		t.Errorf("%q", got)
	}
}

func TestWhatTheVendorSaidGoesBeforeTheCodeThatSumsItUp(t *testing.T) {
	t.Parallel()
	err := &core.Error{Code: "salesforce.invalid_grant", Class: core.Refused, Params: map[string]string{"description": "no client credentials user enabled"}}
	a := catalogue(t).ExplainError(err, words(t, locale.English))
	if len(a.Candidates) != 2 || a.Candidates[0].Code == "salesforce.invalid_grant" || a.Candidates[1].Code != "salesforce.invalid_grant" {
		t.Errorf("%+v", a.Candidates)
	}
}

func FuzzExplainPasted(f *testing.F) {
	c, p := catalogue(f), words(f, locale.Japanese)
	for _, seed := range []string{"mail.hung", "finding.messaging.kid.missing", "a.b.c..d", "store.locked google.invalid_grant net.timeout mail.busy zoho.invalid_code", "..-._", "日本.語"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := c.ExplainPasted(text, p)
		if len(a.Candidates) > 4 {
			t.Errorf("%d meanings", len(a.Candidates))
		}
		seen := map[string]bool{}
		for _, x := range a.Candidates {
			if x.Code == "" || x.Means == "" || seen[x.Code+x.Confidence] {
				t.Errorf("%+v", x)
			}
			seen[x.Code+x.Confidence] = true
			if x.Confidence == advice.Own && !strings.Contains(text, x.Code) {
				t.Errorf("%s is not in %q", x.Code, text)
			}
		}
	})
}
