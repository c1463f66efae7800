package deluge_test

import (
	"slices"
	"strings"
	"testing"

	"deskward/core/deluge"
)

// found returns the outcome of the finding with a code and a reason; "": there
// is none.
func found(r deluge.Result, code, reason string) deluge.Outcome {
	i := slices.IndexFunc(r.Findings, func(f deluge.Finding) bool { return f.Code == code && f.Reason == reason })
	if i < 0 {
		return ""
	}
	return r.Findings[i].Outcome
}

func only(t *testing.T, name string) function {
	t.Helper()
	all := corpus(t)
	i := slices.IndexFunc(all, func(f function) bool { return f.name == name })
	if i < 0 {
		t.Fatalf("no function %s", name)
	}
	return all[i]
}

func TestWhatOneConnectionCanNotDoIsLeftWithItsReason(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"field-token-by-branch":         {deluge.CodeHeader, "several"},
		"field-nested-if-else-both":     {deluge.CodePut, "several"},
		"field-loop-reassigns":          {deluge.CodePut, "several"},
		"b-branches":                    {deluge.CodePut, "several"},
		"field-put-in-one-branch":       {deluge.CodePut, "sometimes"},
		"field-url-token-in-one-branch": {deluge.CodeQuery, "sometimes"},
		"b-anew-in-branch":              {deluge.CodePut, "sometimes"},
		"argument-or-branch":            {deluge.CodeAlias, "sometimes"},
		"field-grows-in-branch-only":    {deluge.CodeQuery, "uneven"},
		"field-thisapp":                 {deluge.CodeHeader, "call"},
		"field-creator-json-text":       {deluge.CodeParameter, "text"},
	} {
		f := only(t, name)
		r := deluge.Rewrite(f.in, deluge.Options{Connection: link})
		if got := found(r, want[0], want[1]); got != deluge.Unsafe {
			t.Errorf("%s: %q", name, said(r))
		}
		if r.Apply(f.in) != f.in {
			t.Errorf("%s is changed:\n%s", name, r.Apply(f.in))
		}
	}
}

func TestWhereATokenCameFromIsSaid(t *testing.T) {
	t.Parallel()
	for name, reason := range map[string]string{
		"field-argument":             "caller",
		"field-guard":                "organization",
		"field-books-jp-encoded":     "organization",
		"field-if-null-then-default": "organization",
		"field-call-in-assignment":   "function",
		"field-config-host-direct":   "map",
	} {
		if r := deluge.Rewrite(only(t, name).in, deluge.Options{Connection: link}); found(r, deluge.CodeOrigin, reason) != deluge.Noted {
			t.Errorf("%s: %q", name, said(r))
		}
	}
}

func TestATokenInAMapThatStaysIsDotsInTheDiff(t *testing.T) {
	t.Parallel()
	const src = `c = {"key":"not-a-real-token-1234"};
r = invokeurl [ url: "https://desk.zoho.com/api/v1/tickets" type: GET headers: {"Authorization":"Zoho-authtoken " + c.get("key")} ];`
	if r := deluge.Rewrite(src, deluge.Options{Connection: link}); strings.Contains(r.Hide(r.Apply(src)), "not-a-real") {
		t.Error(r.Hide(r.Apply(src)))
	}
}

func TestOneConnectionIsNotGivenToTwoDataCentres(t *testing.T) {
	t.Parallel()
	f := only(t, "field-two-centres")
	r := deluge.Rewrite(f.in, deluge.Options{Connection: link})
	if found(r, deluge.CodeQuery, "centre") != deluge.Unsafe || strings.Count(r.Apply(f.in), link) != 1 {
		t.Error(said(r))
	}
}

func TestAnotherAccountOfAFunctionIsSaid(t *testing.T) {
	t.Parallel()
	if r := deluge.Rewrite(only(t, "field-try-and-retry").in, deluge.Options{Connection: link}); found(r, deluge.CodeAccounts, "") != deluge.Noted {
		t.Error(said(r))
	}
	// A token for each service is what Zoho gave out.
	const two = `a = getUrl("https://desk.zoho.com/api/v1/tickets?authtoken=" + deskToken,m,false);
b = getUrl("https://books.zoho.com/api/v3/items?authtoken=" + booksToken,m,false);`
	if r := deluge.Rewrite(two, deluge.Options{Connection: link}); found(r, deluge.CodeAccounts, "") != "" {
		t.Error(said(r))
	}
}

func TestTheAnswerIsNotedWhereItIsAskedForAsText(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]deluge.Outcome{"": deluge.Noted, ",true": deluge.Noted, ",false": ""} {
		src := `r = getUrl("https://desk.zoho.com/api/v1/tickets?authtoken=" + t` + flag + `);`
		if r := deluge.Rewrite(src, deluge.Options{Connection: link}); found(r, deluge.CodeAnswer, "") != want {
			t.Errorf("%s: %q", src, said(r))
		}
	}
}

func TestWordsAboutATokenAreNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"field-words-only", "field-encoded-value-and-text", "field-foreign-only", "g-comments-only", "i-lookalikes"} {
		f := only(t, name)
		if r := deluge.Rewrite(f.in, deluge.Options{Connection: link}); len(r.Findings)+len(r.Edits) > 0 {
			t.Errorf("%s: %q", name, said(r))
		}
	}
}

// The evaluator, which knows nothing of the rewriter, sees every request that
// still carries a token; each such function must say so.
func TestARequestThatKeepsItsTokenIsSaid(t *testing.T) {
	t.Parallel()
	kept := 0
	for _, f := range corpus(t) {
		if slices.Contains(proseful(), f.name) {
			continue
		}
		r := deluge.Rewrite(f.in, deluge.Options{Connection: link})
		for oracle := range 12 {
			m, err := execute(r.Apply(f.in), oracle)
			if err != nil {
				t.Fatal(f.name, err)
			}
			for _, q := range m.sent {
				if _, how := allowed(q); how != "token" {
					continue
				}
				kept++
				if !slices.ContainsFunc(r.Findings, func(x deluge.Finding) bool { return x.Outcome == deluge.Unsafe }) {
					t.Errorf("%s keeps a token in %s and says\n%s", f.name, describe(q), said(r))
				}
			}
		}
	}
	if kept < 100 {
		t.Errorf("only %d requests kept their tokens: the evaluator sees none", kept)
	}
}

func TestWhatLoopsInLoopsAssignIsFollowedToAnEnd(t *testing.T) {
	t.Parallel()
	f := only(t, "loops-in-loops")
	if r := deluge.Rewrite(f.in, deluge.Options{Connection: link}); strings.Contains(r.Apply(f.in), "tok") {
		t.Error(r.Apply(f.in))
	}
}

func TestATokenInAPartThatIsNotReadIsDots(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		`h = "{\"Authorization\":\"Zoho-authtoken not-a-real-token-1234\"}".toMap();`,
		`u = "https://desk.zoho.com/api/v1/tickets?authtoken=not-a-real-token-1234&orgId=1"; x.add(u);`,
		`b = '{"authtoken": "not-a-real-token-1234","scope":"crmapi"}'; x.add(b);`,
	} {
		r := deluge.Rewrite(src, deluge.Options{Connection: link})
		if found(r, deluge.CodeUnread, "unread") != deluge.Unsafe || strings.Contains(r.Hide(src), "not-a-real") {
			t.Errorf("%s\n%s\n%s", src, r.Hide(src), said(r))
		}
	}
}

// To follow each took a minute.
func TestAMapThatIsTakenAnewAThousandTimesIsLeft(t *testing.T) {
	t.Parallel()
	src := "h = Map();\n" + strings.Repeat(`if(a) { h = Map(); h.put("Authorization","Zoho-authtoken " + tok); }
r = getUrl("https://desk.zoho.com/api/v1/tickets",h,false);
`, 1000)
	if r := deluge.Rewrite(src, deluge.Options{Connection: link}); found(r, deluge.CodePut, "ways") != deluge.Unsafe || len(r.Edits) > 0 {
		t.Error(len(r.Findings), len(r.Edits))
	}
}

// At a place for each token, looking at every place for each byte of the literal
// takes hours for the largest file that is read.
func TestALiteralOfNothingButTokensIsRewrittenInOneGo(t *testing.T) {
	t.Parallel()
	const tokens = 40_000
	src := `r = getUrl("https://desk.zoho.com/api/v1/tickets?` + strings.Repeat("authtoken=0123456789abcdef&a=1&", tokens) + `z=1");`
	r := deluge.Rewrite(src, deluge.Options{Connection: link})
	if out := r.Apply(src); len(r.Edits) < tokens || strings.Contains(out, "authtoken") || strings.Count(out, "a=1&") != tokens {
		t.Errorf("%d edits leave %d bytes of %d", len(r.Edits), len(out), len(src))
	}
}
