package deluge

import "strings"

func (d *finder) headers(p *plan) {
	entries, o := d.held(p.q.headers)
	for _, e := range entries {
		if len(p.heads) > 0 && o.crowded() { // it is refused anyway
			return
		}
		if !strings.EqualFold(strings.TrimSpace(e.key), "authorization") {
			continue
		}
		if token, own := d.credential(p, e.value); token {
			if p.heads == nil {
				p.heads = p.headRoom[:0]
			}
			p.heads = append(p.heads, e)
			p.own = p.own || own
			p.code, p.subject = d.headerCode(p, e, own), e.holder
		}
	}
}

func (d *finder) headerCode(p *plan, e *entry, own bool) string {
	switch {
	case own:
		return CodeOwnOAuth
	case e.pair != nil && p.q.headers.form == formMap:
		return CodeHeader
	case e.pair == nil && p.q.headers.form == formName && d.r.source(p.q.headers) == e.holder:
		return CodePut
	case e.pair != nil && p.q.headers.form == formName && p.q.headers.seen.value == e.owner:
		return CodeHeader
	}
	return CodeAlias
}

// credential reports whether the value of an Authorization header is an auth
// token, or an OAuth token that the function fetched itself.
func (d *finder) credential(p *plan, value *node) (token, own bool) {
	ways, few := d.r.templates(value)
	other := !few
	for _, t := range ways {
		name, secret, _ := strings.Cut(strings.TrimLeft(t.text, " "), " ")
		switch {
		case strings.EqualFold(name, "Zoho-authtoken"):
			token = true
			p.from(t, span{len(t.text) - len(strings.TrimLeft(secret, " ")), len(strings.TrimRight(t.text, " "))})
		case strings.EqualFold(name, "Zoho-oauthtoken"):
			token, own = true, true
		default:
			other = true
			continue
		}
		d.note(t.root)
	}
	p.partial = p.partial || token && other
	return token, own
}

// shortest is how long a text must be to be hidden as a token: what is
// shorter is a placeholder, or stands all over the function.
const shortest = 8

// from notes where the token of a request stands in a text.
func (p *plan) from(t *template, at span) {
	if at.from >= at.to {
		return
	}
	if p.origins == nil {
		p.origins = p.originRoom[:0]
	}
	p.origins = append(p.origins, origin{t, at})
	if secret := t.text[at.from:at.to]; len(secret) >= shortest && !strings.Contains(secret, string(hidden)) {
		p.secrets = append(p.secrets, secret)
	}
}

// note remembers the texts that a template is made of.
func (d *finder) note(p *piece) {
	if p.start >= 0 {
		d.r.code[p.node.from].known = true
	}
	for _, kid := range p.kids {
		d.note(kid)
	}
}

func (d *finder) parameters(p *plan) {
	if p.q.params == nil {
		return
	}
	entries, _ := d.held(p.q.params)
	for _, e := range entries {
		if strings.EqualFold(e.key, "authtoken") {
			p.fields = append(p.fields, e)
			d.noteKey(e)
			ways, _ := d.r.templates(e.value)
			for _, t := range ways {
				p.from(t, span{0, len(t.text)})
			}
		}
	}
	if len(p.fields) > 0 {
		for _, e := range entries {
			if strings.EqualFold(e.key, "scope") && d.legacyScope(e.value) {
				p.fields = append(p.fields, e)
			}
		}
		p.code, p.subject = CodeParameter, p.fields[0].holder
	}
	if len(entries) == 0 {
		p.bodies, _ = d.r.templates(p.q.params)
		for _, t := range p.bodies {
			d.note(t.root)
		}
	}
}

func (d *finder) noteKey(e *entry) {
	// Before the value are the comma or colon, and before it the key.
	if at := e.value.from - 2; at >= 0 {
		d.r.code[at].known = true
	}
}

func (d *finder) legacyScope(n *node) bool {
	ways, few := d.r.templates(n)
	for _, t := range ways {
		if !legacyScope(t.text) {
			return false
		}
	}
	return few
}

// query looks for a token in the address and in a body that is a text.
func (d *finder) query(p *plan) {
	look := func(all []*template, form bool, code string) {
		for _, t := range all {
			lose, values, shape := pairsOf(t.text, form)
			if !shape && p.reason == "" {
				p.reason = "shape"
			}
			if len(lose) > 0 || !shape {
				p.code = code
				t.lost = lose
			}
			for _, v := range values {
				p.from(t, v)
			}
			if form && inJSON(t.text) {
				p.code, p.text = code, true
			}
		}
	}
	look(p.bodies, true, CodeParameter)
	look(p.urls, false, CodeQuery)
}
