package advice

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"deskward/core"
	"deskward/core/locale"
)

// Words is an error as somebody would paste it: its codes, the vendor's own
// words and, for mail, the reason that the server gave. It is made of what an
// *core.Error shows anyway, so it holds no secret; of any other error there
// are no words.
func Words(err error) string {
	var lines []string
	seen := map[string]bool{"": true}
	add := func(s string) {
		if s = strings.TrimSpace(core.CleanText(s)); !seen[s] {
			seen[s] = true
			lines = append(lines, s)
		}
	}
	outer, _ := errors.AsType[*core.Error](err)
	for e := outer; e != nil; e = cause(e) {
		add(e.Code)
		add(e.Params["description"])
		if e.Params["status"] != "" && e.Params["scope"] != "" { // the challenge of a mail server
			raw, _ := json.Marshal(map[string]string{"status": e.Params["status"], "scope": e.Params["scope"]}) // texts only: it can't fail
			add(string(raw))
		}
	}
	return strings.Join(lines, "\n")
}

// ExplainPasted is ExplainText, and knows deskward's own codes too, which have
// their texts in the printer's language.
func (c *Catalogue) ExplainPasted(text string, p *locale.Printer) Answer {
	a := c.ExplainText(text, p.Lang())
	known := map[string]bool{}
	for _, code := range codesIn(text) {
		for _, code := range []string{code, "finding." + code} {
			if len(known) < mostCandidates && !known[code] && (p.Has("error."+code) || strings.HasPrefix(code, "finding.") && p.Has(code)) {
				known[code] = true
				a.add(len(known)-1, own(c.Code(code, p), strings.TrimPrefix(code, "finding.")))
			}
		}
	}
	return a
}

// ExplainError says of an error that deskward met what ExplainPasted says of
// its Words, with the error's own values in the texts.
func (c *Catalogue) ExplainError(err error, p *locale.Printer) Answer {
	a := c.ExplainPasted(Words(err), p)
	code := core.CodeOf(err)
	for i, x := range a.Candidates {
		if x.Confidence == Own && x.Code == code {
			a.Candidates[i] = own(c.Explain(err, p), code)
		}
	}
	return a
}

func own(x Explanation, code string) Candidate {
	prefix, _, _ := strings.Cut(code, ".")
	return Candidate{
		Code: code, System: prefix, Means: cmp.Or(strings.TrimSpace(x.Headline+"\n"+x.Means), code), Fix: x.Next, Link: x.Link,
		Confidence: Own, Evidence: []string{code},
	}
}

// add puts a meaning where it belongs, and leaves out what is too much.
func (a *Answer) add(at int, x Candidate) {
	list := append([]Candidate{}, a.Candidates[:at]...)
	list = append(append(list, x), a.Candidates[at:]...)
	a.Candidates = list[:min(len(list), mostCandidates)]
}

// codesIn are the words of a text that have the shape of a code: small letters
// and digits in parts, by dots.
func codesIn(text string) []string {
	text = text[:min(len(text), MaxText)]
	var out []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}) {
		if w = strings.Trim(w, ".-_"); strings.Contains(w, ".") && len(w) <= 64 {
			out = append(out, w)
		}
	}
	return out
}
