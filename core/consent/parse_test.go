package consent

import (
	"strings"
	"testing"
)

func FuzzParsePaste(f *testing.F) {
	for _, s := range []string{
		"", "code", "http://127.0.0.1:48105/callback/zoho?code=1000.abc&location=eu&accounts-server=https%3A%2F%2Faccounts.zoho.eu&state=s",
		"4%2F0AbCd", "?code=a&code=b", "code=%zz", "http://[::1%25]:1/?code=x", "#access_token=x", "://?", "state=a&code=", "state=&code", "&&&", "「code=abcdef」", "a?b?c#d#e",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, code := parsePaste(text)
		if code != "" {
			if p.params != nil || !strings.HasPrefix(code, "consent.paste-") {
				t.Errorf("%q: %q with %v", text, code, p)
			}
			return
		}
		if !once(p.params) {
			t.Errorf("%q: a parameter comes twice in %v", text, p.params)
		}
		rec := attemptRecord{Attempt: Attempt{Redirect: "http://127.0.0.1:48105/callback/zoho"}}
		if p.params.Has("state") && rec.fits(p) == "" {
			t.Errorf("%q: a foreign state fits", text)
		}
	})
}
