package deluge_test

import (
	"slices"
	"strings"
	"testing"

	"deskward/core/deluge"
)

// proseful are the cases that are not Deluge from end to end, which the
// strict evaluator does not read.
func proseful() []string { return []string{"a-two-blocks", "missing-semicolon"} }

func TestARewrittenFunctionSendsTheSameRequests(t *testing.T) {
	t.Parallel()
	moved := 0
	for _, f := range corpus(t) {
		if slices.Contains(proseful(), f.name) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			r := deluge.Rewrite(f.in, deluge.Options{Connection: link})
			moved += sameMeaning(t, f.in, r.Apply(f.in))
		})
	}
	if moved < 200 {
		t.Errorf("only %d requests moved to the connection: the evaluator sees nothing", moved)
	}
}

func TestTheEvaluatorSeesADifference(t *testing.T) {
	t.Parallel()
	before := `h = {"Authorization":"Zoho-authtoken x","orgId":"1"}; r = invokeurl [ url: "https://desk.zoho.com/a?b=1" type: GET headers: h ];`
	for _, after := range []string{
		`h = {}; r = invokeurl [ url: "https://desk.zoho.com/a?b=1" type: GET headers: h connection: "deskoperation" ];`,
		`h = {"orgId":"1"}; r = invokeurl [ url: "https://desk.zoho.com/a" type: GET headers: h connection: "deskoperation" ];`,
		`h = {"orgId":"1"}; r = invokeurl [ url: "https://desk.zoho.com/a?b=1" type: POST headers: h connection: "deskoperation" ];`,
		`h = {"orgId":"1"}; r = invokeurl [ url: "https://desk.zoho.com/a?b=1" type: GET headers: h ];`,
	} {
		a, errA := execute(before, 0)
		b, errB := execute(after, 0)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		x, was := allowed(a.sent[0])
		y, is := allowed(b.sent[0])
		if describe(x) == describe(y) && was == "token" && is == "connection "+link {
			t.Errorf("no difference is seen in %s", after)
		}
	}
}

// endings are the ways in which the lines of a file may end.
func endings() map[string]func(string) string {
	return map[string]func(string) string{
		"crlf": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"mixed": func(s string) string {
			var b strings.Builder
			for i, line := range strings.SplitAfter(s, "\n") {
				if i%3 == 1 {
					line = strings.ReplaceAll(line, "\n", "\r\n")
				}
				b.WriteString(line)
			}
			return b.String()
		},
		"bom": func(s string) string { return "\ufeff" + s },
		"no last line end": func(s string) string {
			return strings.TrimRight(s, "\n")
		},
	}
}

func TestLineEndsAndByteOrderMarksStay(t *testing.T) {
	t.Parallel()
	for _, f := range corpus(t) {
		for name, change := range endings() {
			in := change(f.in)
			r := deluge.Rewrite(in, deluge.Options{Connection: link})
			got := r.Apply(in)
			plain := func(s string) string {
				return strings.TrimRight(strings.ReplaceAll(strings.TrimPrefix(s, "\ufeff"), "\r\n", "\n"), "\n")
			}
			if want := strings.TrimRight(f.want, "\n"); plain(got) != want {
				t.Errorf("%s, %s:\n%s\nwant\n%s", f.name, name, plain(got), want)
			}
			switch name {
			case "crlf":
				if strings.Count(got, "\n") != strings.Count(got, "\r\n") {
					t.Errorf("%s: bare line feeds:\n%q", f.name, got)
				}
			case "bom":
				if !strings.HasPrefix(got, "\ufeff") {
					t.Errorf("%s: the byte order mark is gone", f.name)
				}
			}
		}
	}
}

func TestRewritingTwiceChangesNothingMore(t *testing.T) {
	t.Parallel()
	for _, f := range corpus(t) {
		for _, o := range []deluge.Options{{Connection: link}, {Connection: link, OwnOAuth: true, Tasks: true}} {
			once := deluge.Rewrite(f.in, o).Apply(f.in)
			r := deluge.Rewrite(once, o)
			if len(r.Edits) != 0 {
				t.Errorf("%s: a second time gives\n%s", f.name, r.Apply(once))
			}
			for _, x := range r.Findings {
				if x.Outcome == deluge.Rewritten {
					t.Errorf("%s: still to be rewritten: %+v", f.name, x)
				}
			}
		}
	}
}

func TestWhatIsNotEditedStaysByteForByte(t *testing.T) {
	t.Parallel()
	for _, f := range corpus(t) {
		r := deluge.Rewrite(f.in, deluge.Options{Connection: link})
		for _, c := range comments(f.in) {
			if !strings.Contains(r.Apply(f.in), c) {
				t.Errorf("%s: the comment %q is gone", f.name, c)
			}
		}
		if len(r.Edits) == 0 && r.Apply(f.in) != f.in {
			t.Errorf("%s changed without an edit", f.name)
		}
	}
}

func comments(src string) []string {
	var out []string
	for _, t := range deluge.Tokenize(src) {
		if t.Kind == deluge.Comment {
			out = append(out, src[t.Start:t.End])
		}
	}
	return out
}

func FuzzTokensAreTheText(f *testing.F) {
	for _, x := range corpus(f) {
		f.Add(x.in)
	}
	f.Add("\"a\\")
	f.Add("“a\"b” 'c\n/* d")
	f.Add("\xff\xfe\x00\u3000\u2028//")
	f.Fuzz(func(t *testing.T, src string) {
		var b strings.Builder
		at := 0
		for _, tok := range deluge.Tokenize(src) {
			if tok.Start != at || tok.End <= tok.Start {
				t.Fatalf("token %+v at %d", tok, at)
			}
			at = tok.End
			b.WriteString(src[tok.Start:tok.End])
		}
		if b.String() != src {
			t.Fatal("the tokens are not the text")
		}
	})
}

func FuzzARewriteIsDoneAfterOneTime(f *testing.F) {
	for _, x := range corpus(f) {
		f.Add(x.in)
	}
	f.Fuzz(func(t *testing.T, src string) {
		o := deluge.Options{Connection: link, OwnOAuth: true, Tasks: true}
		r := deluge.RewriteFile("f.dg", src, o)
		at := 0
		for _, e := range r.Edits {
			if e.Start < at || e.End < e.Start || e.End > len(src) {
				t.Fatalf("edits in one another: %+v", r.Edits)
			}
			at = e.End
		}
		once := r.Apply(src)
		if again := deluge.RewriteFile("f.dg", once, o); len(again.Edits) != 0 {
			t.Fatalf("a second time gives\n%s\nafter\n%s", again.Apply(once), once)
		}
		for _, c := range comments(src) {
			if !strings.Contains(once, c) {
				t.Fatalf("the comment %q is gone from\n%s", c, once)
			}
		}
	})
}
