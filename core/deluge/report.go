package deluge

import "strings"

// report makes the finding of a plan, and its scopes.
func (d *finder) report(p *plan) {
	if p.code == "" {
		d.quotes(p.q)
		return
	}
	// A token of another vendor, in another vendor's request, is not ours.
	if p.reason == "foreign" && len(p.heads) == 0 {
		return
	}
	f := d.finding(p.code, Unsafe, p.q.node)
	f.Reason, f.Subject, f.Host = p.reason, p.subject, strings.ReplaceAll(p.address.host, string(hidden), "…")
	switch {
	case d.accepted(p):
		f.Outcome = Rewritten
	case p.reason == "" && p.own:
		f.Outcome = Offered
	case p.own:
		f.Outcome = Noted
	case p.reason == "":
		f.Reason = "declined"
	case p.reason == "old-api":
		f.Code = CodeOldAPI
	case p.reason == "variable":
		f.Code = CodeVariable
	}
	d.res.Findings = append(d.res.Findings, f)
	d.res.secrets = append(d.res.secrets, p.secrets...)
	d.quotes(p.q)
	if d.accepted(p) {
		d.need(p, f.Line)
		if !p.q.block && p.q.flag == nil {
			d.res.Findings = append(d.res.Findings, d.finding(CodeAnswer, Noted, p.q.node))
		}
	}
}

func (d *finder) need(p *plan, line int) {
	for _, t := range p.urls {
		a := locate(t.text)
		call := p.method + " " + strings.ReplaceAll(strings.ReplaceAll(a.host+a.path, string(hidden), "{}"), "{}{}", "{}")
		scopes := needs(p.method, a)
		if len(scopes) == 0 {
			scopes = []string{""}
		}
		for _, s := range scopes {
			d.res.Scopes = append(d.res.Scopes, Need{s, line, call})
		}
	}
}

func (d *finder) finding(code string, o Outcome, n *node) Finding {
	start, _ := d.r.span(n)
	line, column := d.lines.at(start)
	return Finding{Code: code, Outcome: o, Line: line, Column: column, Offset: start}
}

// quotes tells of a connection's name between typographic quotes: Zoho looks
// for a connection that is called so.
func (d *finder) quotes(q *request) {
	c := q.connection
	if c == nil || d.r.kind(c.kids[0].from) != Text {
		return
	}
	if s := d.r.source(c.kids[0]); strings.Contains(s, openQuote) || strings.Contains(s, closeQuote) {
		f := d.finding(CodeQuotes, Noted, c)
		f.Subject, _ = d.r.literal(c.kids[0])
		d.res.Findings = append(d.res.Findings, f)
	}
}
