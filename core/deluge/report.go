package deluge

import "strings"

// report makes the finding of a plan, and its scopes.
func (d *finder) report(p *plan) {
	if p.code == "" {
		d.mints(p)
		d.quotes(p.q)
		return
	}
	// A token of another vendor, in another vendor's request, is not ours.
	if p.reason == "foreign" && len(p.heads) == 0 {
		return
	}
	f := d.finding(p.code, Unsafe, p.q.node)
	f.Reason, f.Subject, f.Host = p.reason, p.subject, strings.ReplaceAll(p.address.host, string(hidden), "…")
	if p.with != nil {
		start, _ := d.r.span(p.with)
		f.With, _ = d.lines.at(start)
	}
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
		d.origins(p)
		if p.q.connection == nil {
			d.accounts(p, f.Line)
		}
		if !p.q.block && (p.q.flag == nil || d.r.bool(p.q.flag) != "false") {
			d.res.Findings = append(d.res.Findings, d.finding(CodeAnswer, Noted, p.q.node))
		}
	}
}

// mints tells of a request that makes an auth token by a password.
func (d *finder) mints(p *plan) {
	if p.mints() {
		f := d.finding(CodeMints, Unsafe, p.q.node)
		f.Reason, f.Host = CodeMints, p.address.host
		d.res.Findings = append(d.res.Findings, f)
	}
}

func (p *plan) mints() bool {
	return p.address.where == whereZoho && strings.HasPrefix(strings.ToLower(p.address.path), "/apiauthtoken/")
}

// account is what is known of the account that a rewritten request used.
type account struct {
	service, token string
	line           int
}

// accounts tells of a request whose token is not that of a request before it
// to the same service: one connection is one account, and which tokens are of
// one account can't be told.
func (d *finder) accounts(p *plan, line int) {
	is := account{p.address.service, "", line}
	for _, o := range p.origins {
		if is.token = d.identity(o); is.token != "" {
			break
		}
	}
	for _, was := range d.used {
		if was.service == is.service && was.token != is.token {
			f := d.finding(CodeAccounts, Noted, p.q.node)
			f.With = was.line
			d.res.Findings = append(d.res.Findings, f)
			break
		}
	}
	d.used = append(d.used, is)
}

func (d *finder) need(p *plan, line int) {
	for _, t := range p.urls {
		a := t.address
		call := strings.ReplaceAll(strings.ReplaceAll(p.method+" "+a.host+a.path, string(hidden), "{}"), "{}{}", "{}")
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
	if s := d.r.source(c.kids[0]); typographic(s) {
		f := d.finding(CodeQuotes, Noted, c)
		f.Subject, _ = d.r.literal(c.kids[0])
		d.res.Findings = append(d.res.Findings, f)
	}
}
