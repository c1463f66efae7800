package deluge

import "strings"

// sweep tells of auth tokens in places that were not understood, so that
// nothing is passed over in silence. Comments are not looked at.
func (d *finder) sweep() {
	for i := range d.r.code {
		code := int32(i)
		t := d.r.token(code)
		switch t.Kind {
		case Text, Quoted:
			if d.r.code[i].known || d.r.code[i].gone {
				continue
			}
			s, _ := content(d.r.src, t)
			if !containsFold(s, "authtoken") {
				continue
			}
			if tokenText(s) || strings.EqualFold(s, "authtoken") && d.isKey(code) {
				d.place(CodeUnread, Unsafe, "unread", t.Start)
				d.hideIn(s)
			}
		case Word:
			if d.r.isWord(code, "zoho") && d.r.isMark(code+1, '.') && d.r.isWord(code+2, "authtoken") && !d.inPlan(code) {
				d.place(CodeVariable, Unsafe, "variable", t.Start)
			}
		case Broken:
			if s := d.r.src[t.Start:t.End]; containsFold(s, "authtoken") {
				d.place(CodeUnread, Unsafe, "broken", t.Start)
			}
		}
	}
}

// hideIn hides the tokens that are written out in a text.
func (d *finder) hideIn(s string) {
	for {
		n := strings.Index(strings.ToLower(s), "authtoken")
		if n < 0 {
			return
		}
		s = strings.TrimLeft(s[n+len("authtoken"):], "=: \\\"")
		end := strings.IndexAny(s, "&\\\" ")
		if end < 0 {
			end = len(s)
		}
		if end >= shortest {
			d.res.secrets = append(d.res.secrets, s[:end])
		}
	}
}

// tokenText reports texts that give a token to Zoho.
func tokenText(s string) bool {
	s = strings.ToLower(s)
	return strings.HasPrefix(strings.TrimLeft(s, " "), "zoho-authtoken") || strings.Contains(s, `zoho-authtoken `) ||
		assigns(s) && !strings.Contains(s, "<") && !prose(s) || inJSON(s)
}

// prose reports words about an address: it has a blank before authtoken=, or
// in the value behind it. An address has none.
func prose(s string) bool {
	before, value, _ := strings.Cut(s, "authtoken=")
	value, _, _ = strings.Cut(value, "&")
	return len(value) != 32 && value != "" && strings.ContainsAny(strings.TrimSpace(before), " \n") || strings.Contains(strings.TrimSpace(value), " ")
}

// isKey reports a text that is the key of a pair or of a put.
func (d *finder) isKey(code int32) bool {
	if d.r.isMark(code+1, ':') {
		return true
	}
	return d.r.isMark(code-1, '(') && d.r.isWord(code-2, "put") && d.r.isMark(code+1, ',')
}

// inPlan reports whether a request that is reported already holds a token.
func (d *finder) inPlan(code int32) bool {
	for _, p := range d.plans {
		if p.reason != "variable" {
			continue
		}
		for _, e := range p.entries() {
			if code >= e.value.from && code < e.value.to {
				return true
			}
		}
	}
	return false
}

func (d *finder) place(code string, o Outcome, reason string, offset int) {
	line, column := d.lines.at(offset)
	d.res.Findings = append(d.res.Findings, Finding{Code: code, Outcome: o, Reason: reason, Line: line, Column: column, Offset: offset})
}
