package xsolla

import (
	"net/url"
	"strings"
	"unicode"

	"deskward/core"
)

// Callback is what the address says to which a sign-in leads: one of token
// and code.
type Callback struct {
	Token core.Secret // JWT variant
	Code  core.Secret // OAuth 2.0 variant
	state string
}

// jwtShape is a token pasted without an address: three parts of base64url.
var jwtShape = core.Pattern(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// ReadCallback reads the address to which a sign-in led, as a program got it
// or a person pasted it: a whole address, its query, or a bare token. state is
// the one that was sent, "" where none was; an answer to the OAuth 2.0 variant
// must carry it (RFC 6749 §10.12). It fails with
//
//   - xsolla.callback-refused when it carries an error,
//   - xsolla.second-factor when a code of a second factor is asked for,
//   - xsolla.callback-state when it answers another sign-in,
//   - xsolla.callback-empty when neither token nor code is in it.
func ReadCallback(address core.Secret, state string) (Callback, error) {
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1 // a terminal breaks what it is long
		}
		return r
	}, address.Reveal())
	text = strings.Trim(text, "\"'`<>")
	bad := func(code string) (Callback, error) {
		return Callback{}, &core.Error{Tried: "read-callback", Code: code, Class: core.Usage}
	}
	if state == "" && jwtShape().MatchString(text) {
		return Callback{Token: core.NewSecret(text)}, nil
	}
	q, ok := parameters(text)
	if !ok {
		return bad("xsolla.callback-empty")
	}
	c := Callback{Token: core.NewSecret(q.Get("token")), Code: core.NewSecret(q.Get("code")), state: q.Get("state")}
	switch {
	case state != "" && !core.NewSecret(state).Equal(core.NewSecret(c.state)):
		return bad("xsolla.callback-state")
	case q.Has("error") || q.Has("error_code"):
		return bad("xsolla.callback-refused")
	case c.Token.Empty() && c.Code.Empty() && q.Get("challenge_id") != "":
		return bad("xsolla.second-factor")
	case c.Token.Empty() == c.Code.Empty(), // neither, or both
		!core.IsToken(q.Get("token")), !core.IsToken(q.Get("code")):
		return bad("xsolla.callback-empty")
	}
	return c, nil
}

// parameters returns those of an address' query and fragment; false when one
// comes twice, as RFC 6749 §3.1 forbids.
func parameters(text string) (url.Values, bool) {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[i+1:]
	}
	q, err := url.ParseQuery(strings.NewReplacer("#", "&", "?", "&").Replace(text))
	if err != nil {
		return nil, false
	}
	for _, v := range q {
		if len(v) > 1 {
			return nil, false
		}
	}
	return q, true
}
