package deluge

import "strings"

// pairsOf cuts the pairs authtoken=… and scope=… of Zoho out of a query or a
// form. form says that the text is one from its beginning; otherwise its
// query begins behind the first question mark. shape is false where the value
// of the token can't be told from what follows it.
func pairsOf(text string, form bool) (lose, values []span, shape bool) {
	if !containsFold(text, "authtoken=") {
		return nil, nil, true
	}
	at := 0
	known := form
	if q := strings.IndexByte(text, '?'); q >= 0 && !form {
		at, known = q+1, true
	}
	end := len(text)
	if h := strings.IndexByte(text[at:], '#'); h >= 0 {
		end = at + h
	}
	type pair struct {
		span
		drop bool
	}
	var all []pair
	token, odd := false, false
	for from := at; from <= end; {
		to := end
		if n := strings.IndexByte(text[from:end], '&'); n >= 0 {
			to = from + n
		}
		p := pair{span: span{from, to}}
		key, value, _ := strings.Cut(text[from:to], "=")
		first := len(all) == 0 && !known
		switch {
		case strings.EqualFold(key, "authtoken") && !first:
			p.drop, token = true, true
			values = append(values, span{to - len(value), to})
			odd = odd || strings.Count(value, string(hidden)) > 1
		case strings.EqualFold(key, "scope") && !first && legacyScope(value):
			p.drop = true
		case assigns(text[from:to]):
			odd, token = true, true // behind something that can't be seen
		}
		all = append(all, p)
		from = to + 1
	}
	if !token {
		return nil, nil, true
	}
	for i := 0; i < len(all); i++ {
		if !all[i].drop {
			continue
		}
		j := i
		for j+1 < len(all) && all[j+1].drop {
			j++
		}
		s := span{all[i].from, all[j].to}
		if j+1 < len(all) {
			s.to++
		} else if s.from > at || !form {
			s.from--
		}
		lose = append(lose, span{max(s.from, 0), s.to})
		i = j
	}
	return lose, values, !odd
}

// assigns reports authtoken= in a text, where that is no end of a longer name.
func assigns(text string) bool {
	const key = "authtoken="
	for lower := strings.ToLower(text); ; {
		n := strings.Index(lower, key)
		if n < 0 {
			return false
		}
		if n == 0 || !wordByte(lower[n-1]) {
			return true
		}
		lower = lower[n+len(key):]
	}
}

// inJSON reports a text of JSON with the key authtoken, its quotes escaped or
// not.
func inJSON(text string) bool {
	for lower := strings.ToLower(text); ; {
		_, after, found := strings.Cut(lower, `"authtoken`)
		if !found {
			return false
		}
		if rest := strings.TrimPrefix(after, `\`); strings.HasPrefix(rest, `"`) && strings.HasPrefix(strings.TrimLeft(rest[1:], " \t"), ":") {
			return true
		}
		lower = after
	}
}

// legacyScope reports the scopes that auth tokens had: crmapi,
// ZohoSupport/supportapi.
func legacyScope(value string) bool {
	value = strings.ToLower(value)
	return strings.HasSuffix(value, "api") && !strings.ContainsAny(value, ". "+string(hidden))
}
