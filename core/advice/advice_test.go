package advice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
)

func catalogue(t testing.TB) *advice.Catalogue {
	t.Helper()
	c, err := advice.Load(os.DirFS("../../assets/advice"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func printer(t *testing.T, l locale.Lang) *locale.Printer {
	t.Helper()
	p, err := locale.Load(os.DirFS("../../assets/locales"), l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExplanationSaysWhatFailedWhyAndWhatNext(t *testing.T) {
	t.Parallel()
	c, p := catalogue(t), printer(t, locale.English)
	for _, x := range []struct {
		name                  string
		err                   error
		headline, means, next string
		code                  string
		sure                  bool
	}{
		{
			"a vendor's refusal", &core.Error{Tried: "check", On: "Acme", Code: "zoho.SCOPE_MISMATCH", Class: core.Refused},
			"Could not check Acme: Zoho Desk refused.", "lacks a scope", "consent again", "zoho.SCOPE_MISMATCH", true,
		},
		{
			"the same code means something else at a refresh", &core.Error{Tried: "refresh", On: "Acme", Code: "zoho.invalid_code", Class: core.Refused},
			"renew the access token", "refresh token", "Consent again", "zoho.invalid_code", true,
		},
		{
			"a meaning that is not documented", &core.Error{Tried: "refresh", Code: "zoho.general_error", Class: core.Refused},
			"Zoho Desk refused.", "not documented", "data centre", "zoho.general_error", false,
		},
		{
			"an unknown outcome", &core.Error{Tried: "authtooauth", On: "Acme", Code: "zoho.authtooauth.unknown", Class: core.Unknown},
			"It is not known whether Zoho Desk did it.", "no answer arrived", "Do not repeat it", "zoho.authtooauth.unknown", false,
		},
		{
			"one of deskward's own", &core.Error{Tried: "call", On: "desk.zoho.eu", Code: "net.dns", Params: map[string]string{"host": "desk.zoho.eu"}, Err: io.EOF},
			"Could not call desk.zoho.eu: The name desk.zoho.eu can't be resolved.", "Nothing was sent", "VPN", "net.dns", true,
		},
		{
			"a wrapped one", fmt.Errorf("while drawing: %w", core.ErrConflict),
			"Somebody else changed it in the meantime.", "not saved", "do your change again", "conflict", true,
		},
		{
			"a code without texts whose cause has some",
			&core.Error{Tried: "check", On: "Acme", Code: "nobody.described-this", Err: &core.Error{Code: "net.proxy", Params: map[string]string{"host": "h"}}},
			"Could not check Acme: The proxy", "Nothing was sent", "HTTPS_PROXY", "net.proxy", true,
		},
		{
			"a code nobody described", &core.Error{Tried: "check", On: "Acme", Code: "oauth.weather", Class: core.Refused},
			"Could not check Acme: The server refused.", "no description", "documentation", "oauth.weather", false,
		},
		{"a value that is missing", &core.Error{Code: "net.refused"}, "Nothing answers at –.", "Nothing was sent", "Check", "net.refused", true},
		{"an error from elsewhere", errors.New("canary-secret"), "did not expect", "", "doctor", "", false},
		{"a cancelled context", fmt.Errorf("x: %w", context.Canceled), "It was cancelled.", "", "Begin again", "net.cancelled", true},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			got := c.Explain(x.err, p)
			for _, part := range [][2]string{{got.Headline, x.headline}, {got.Means, x.means}, {got.Next, x.next}} {
				if !strings.Contains(part[0], part[1]) {
					t.Errorf("%q does not say %q", part[0], part[1])
				}
			}
			if got.Code != x.code || got.Sure != x.sure {
				t.Errorf("code %q, sure %v", got.Code, got.Sure)
			}
			if all := fmt.Sprint(got); strings.Contains(all, "canary") || strings.Contains(all, "no value") || strings.Contains(all, "[") {
				t.Errorf("explained as %s", all)
			}
		})
	}
	if got := c.Explain(nil, p); got != (advice.Explanation{}) {
		t.Errorf("no error was explained: %+v", got)
	}
}

func TestAThingWithoutANameLeavesNoGapInTheSentence(t *testing.T) {
	t.Parallel()
	for lang, want := range map[locale.Lang]string{
		locale.English:  "Could not read the client's file: ",
		locale.Japanese: "クライアントのファイルの読み取り",
	} {
		got := catalogue(t).Explain(&core.Error{Tried: "read-client", Code: "google.file-malformed"}, printer(t, lang)).Headline
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", lang, got)
		}
	}
	// What was typed is in sight: that it could not be read is no news.
	got := catalogue(t).Explain(&core.Error{Tried: "read-input", Code: "salesforce.bad-address"}, printer(t, locale.English)).Headline
	if got != "That is not an e-mail address." {
		t.Errorf("%q", got)
	}
}

func TestVendorsWordsAreMadeSafeToDraw(t *testing.T) {
	t.Parallel()
	err := &core.Error{Tried: "refresh", On: "A\x1b[2J", Code: "oauth.invalid_grant", Class: core.Refused, Params: map[string]string{"description": "gone\x1b]0;x\a"}}
	got := catalogue(t).Explain(err, printer(t, locale.Japanese))
	if strings.ContainsAny(got.Vendor+got.Headline, "\x1b\a") || !strings.Contains(got.Vendor, "gone") {
		t.Errorf("%q %q", got.Vendor, got.Headline)
	}
	if !strings.Contains(got.Headline, "失敗しました") {
		t.Errorf("not Japanese: %q", got.Headline)
	}
}

func TestEveryMistakeOfAnAdviceFileIsReported(t *testing.T) {
	t.Parallel()
	const good = "- code: a.b\n  where: x\n  means: {en: a, ja: b}\n  fix: {en: a, ja: b}\n  sure: yes\n  source: y\n"
	for name, c := range map[string]struct{ file, want string }{
		"nothing wrong":     {good, ""},
		"a missing word":    {strings.Replace(good, ", ja: b", "", 1), "means is not in every language"},
		"an empty word":     {strings.Replace(good, "ja: b", `ja: " "`, 1), "means.ja is empty"},
		"another language":  {strings.Replace(good, "ja: b", "ja: b, fr: c", 1), "means is not in every language"},
		"no source":         {strings.Replace(good, "  source: y\n", "", 1), "source or sure is missing"},
		"not said how sure": {strings.Replace(good, "  sure: yes\n", "", 1), "source or sure is missing"},
		"an unknown key":    {good + "  colour: red\n", "colour"},
		"the same twice":    {good + good, "a second entry"},
		"a second document": {good + "---\n" + good, "a second document"},
		"a link in clear":   {good + "  link: http://x.example\n", "not https"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := advice.Load(fstest.MapFS{"x.yaml": {Data: []byte(c.file)}})
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
