package mailproof

import (
	"strings"

	"deskward/core"
)

// gram is how many characters in a row a reply must have of what was sent to
// repeat it: fewer are in many a sentence by chance.
const gram = 12

// withoutToken is a reply without what it repeats of ours. Servers that do not
// know a command quote it ("500 5.3.3 Unrecognized command 'AUTH XOAUTH2 …'"),
// and a reply goes on to screens, scripts and tickets.
func (a *attempted) withoutToken(r Reply) Reply {
	r.Text = a.hide(r.Text)
	return r
}

// hide makes dots of every run of characters that has a piece of the token in
// it, or of the message that carries it, however much was cut off and whether
// its case was kept.
func (a *attempted) hide(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := len(text)
		ours := inToken(rune(text[0]))
		if end := strings.IndexFunc(text, func(r rune) bool { return inToken(r) != ours }); end > 0 {
			n = end
		}
		if run := text[:n]; ours && a.repeats(run) {
			b.WriteString(core.NewSecret(run).String())
		} else {
			b.WriteString(run)
		}
		text = text[n:]
	}
	return b.String()
}

func (a *attempted) repeats(run string) bool {
	token := strings.ToLower(a.Token.Reveal())
	if a.grams == nil {
		a.grams = map[string]bool{}
		for _, sent := range []string{token, strings.ToLower(a.initial())} {
			for i := range len(sent) - gram + 1 {
				a.grams[sent[i:i+gram]] = true
			}
		}
	}
	run = strings.ToLower(run)
	for i := range len(run) - gram + 1 {
		if a.grams[run[i:i+gram]] {
			return true
		}
	}
	return strings.Contains(run, token)
}

// inToken reports what tokens (RFC 6750 §2.1) and base64 are made of.
func inToken(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~+/=", r)
}
