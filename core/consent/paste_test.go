package consent_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"deskward/core"
	"deskward/core/consent"
)

// TestPastesOfTheAnswerAreUnderstood lists what people copy.
func TestPastesOfTheAnswerAreUnderstood(t *testing.T) {
	t.Parallel()
	cases := map[string]func(to *url.URL) string{
		"whole address":        func(to *url.URL) string { return to.String() },
		"without scheme":       func(to *url.URL) string { return strings.TrimPrefix(to.String(), "http://") },
		"path and query":       func(to *url.URL) string { return to.RequestURI() },
		"query with its mark":  func(to *url.URL) string { return "?" + to.RawQuery },
		"query alone":          func(to *url.URL) string { return to.RawQuery },
		"line breaks within":   func(to *url.URL) string { s := to.String(); return s[:30] + "\r\n  " + s[30:60] + "\n" + s[60:] + "\n" },
		"quoted":               func(to *url.URL) string { return ` "` + to.String() + "\" " },
		"japanese quotes":      func(to *url.URL) string { return "「" + to.String() + "」" },
		"angle brackets":       func(to *url.URL) string { return "<" + to.String() + ">" },
		"from a page's source": func(to *url.URL) string { return strings.ReplaceAll(to.String(), "&", "&amp;") },
		"invisible characters": func(to *url.URL) string { return "\ufeff" + to.String() + "\u200b" },
		"with a fragment":      func(to *url.URL) string { return to.String() + "#_=_" },
		"another name of here": func(to *url.URL) string { return strings.Replace(to.String(), "127.0.0.1", "localhost", 1) },
		"unknown parameters": func(to *url.URL) string {
			return to.String() + "&location=eu&session_state=" + strings.Repeat("x", 12000)
		},
		"code alone":            func(to *url.URL) string { return to.Query().Get("code") },
		"code parameter":        func(to *url.URL) string { return "code=" + to.Query().Get("code") },
		"code, percent-encoded": func(to *url.URL) string { return strings.ReplaceAll(to.Query().Get("code"), "-", "%2D") },
		"code, broken in two":   func(to *url.URL) string { c := to.Query().Get("code"); return c[:5] + "\n" + c[5:] },
		"cut before the state":  func(to *url.URL) string { return "http://" + to.Host + to.Path + "?code=" + to.Query().Get("code") },
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			a := b.begin(b.connection())
			if _, err := b.Answer(context.Background(), a.ID, text(b.vendor.agree(t, a.URL))); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestBadPasteGivesItsReasonAndTheFlowGoesOn: after each, the right answer
// still works.
func TestBadPasteGivesItsReasonAndTheFlowGoesOn(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, code string
		class      core.Class
		text       func(a consent.Attempt, to *url.URL) string
	}{
		{"nothing", "consent.paste-empty", core.Usage, func(consent.Attempt, *url.URL) string { return " \n" }},
		{"a novel", "consent.paste-long", core.Usage, func(consent.Attempt, *url.URL) string { return strings.Repeat("x", consent.MaxPaste+1) }},
		{"a library", "consent.paste-long", core.Usage, func(consent.Attempt, *url.URL) string { return strings.Repeat(" ", 5*consent.MaxPaste) }},
		{"a short word", "consent.paste-no-code", core.Usage, func(consent.Attempt, *url.URL) string { return "done" }},
		{"japanese", "consent.paste-no-code", core.Usage, func(consent.Attempt, *url.URL) string { return "許可しました。" }},
		{"a word", "consent.paste-refused", core.Refused, func(consent.Attempt, *url.URL) string { return "something-else" }},
		{"the vendor's page", "consent.paste-no-code", core.Usage, func(consent.Attempt, *url.URL) string { return "https://vendor.example/home?tab=1" }},
		{"address without query", "consent.paste-no-code", core.Usage, func(_ consent.Attempt, to *url.URL) string { return to.Host + to.Path }},
		{"the question", "consent.paste-question", core.Usage, func(a consent.Attempt, _ *url.URL) string { return a.URL }},
		{"answer to another question", "consent.paste-other", core.Usage, func(_ consent.Attempt, to *url.URL) string { return with(to, "state", "other") }},
		{"another platform's answer", "consent.paste-other", core.Usage, func(_ consent.Attempt, to *url.URL) string {
			return strings.Replace(to.String(), "/acme", "/zoho", 1)
		}},
		{"an implicit answer", "consent.paste-token", core.Usage, func(_ consent.Attempt, to *url.URL) string {
			return "http://" + to.Host + to.Path + "#access_token=canary-access&token_type=bearer"
		}},
		{"two codes", "consent.paste-malformed", core.Usage, func(_ consent.Attempt, to *url.URL) string { return to.String() + "&code=canary-b" }},
		{"bad escapes", "consent.paste-malformed", core.Usage, func(_ consent.Attempt, to *url.URL) string { return to.String() + "&x=%zz" }},
		{"an error without state", "consent.paste-error", core.Refused, func(_ consent.Attempt, to *url.URL) string {
			return "http://" + to.Host + to.Path + "?error=access_denied"
		}},
		{"a code of another verifier", "consent.paste-refused", core.Refused, func(a consent.Attempt, _ *url.URL) string { return "canary-foreign" }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			a := b.begin(b.connection())
			b.vendor.set(func(v *vendor) {
				v.codes["canary-foreign"] = url.Values{"code_challenge": {"of-somebody-else"}, "redirect_uri": {a.Redirect}}
			})
			to := b.vendor.agree(t, a.URL)
			_, err := b.Answer(context.Background(), a.ID, tc.text(a, to))
			want(t, err, tc.code, tc.class)
			if _, err := b.Answer(context.Background(), a.ID, to.String()); err != nil {
				t.Errorf("the right answer afterwards: %v", err)
			}
		})
	}
}

func with(u *url.URL, name, value string) string {
	v := *u
	q := v.Query()
	q.Set(name, value)
	v.RawQuery = q.Encode()
	return v.String()
}

func TestCodeAloneIsNotTakenWhereOnlyTheAddressIsSafe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*consent.Config){
		"no PKCE":         func(c *consent.Config) { c.NoPKCE = "refused by the vendor" },
		"PKCE unverified": func(c *consent.Config) { c.PKCEUnverified = "not documented" },
		"iss required":    func(c *consent.Config) { c.IssRequired = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			change(&b.cfg)
			a := b.begin(b.connection())
			to := b.vendor.agree(t, a.URL)
			_, err := b.Answer(context.Background(), a.ID, to.Query().Get("code"))
			want(t, err, "consent.paste-whole", core.Usage)
			if _, err := b.Answer(context.Background(), a.ID, to.String()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPastedRefusalNamesTheVendorsReason(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.begin(b.connection())
	_, err := b.Answer(context.Background(), a.ID, "not-the-code")
	e, _ := errors.AsType[*core.Error](err)
	if e == nil || e.Params["reason"] != "oauth.invalid_grant" {
		t.Errorf("error %v", err)
	}
}

func TestTunnelLineIsOneShellCommand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ user, host, want string }{
		{"mina", "jump01.acme.example", "ssh -L 48105:127.0.0.1:48105 mina@jump01.acme.example"},
		{"", "jump01", "ssh -L 48105:127.0.0.1:48105 jump01"},
		{"", "-oProxyCommand=x", "ssh -L 48105:127.0.0.1:48105 'oProxyCommand=x'"},
		{`ACME\mina`, "jump01", `ssh -L 48105:127.0.0.1:48105 'ACME\mina@jump01'`},
		{"a'b", "h; rm", `ssh -L 48105:127.0.0.1:48105 'a'\''b@h; rm'`},
	} {
		if got := consent.TunnelLine(48105, tc.user, tc.host); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}
