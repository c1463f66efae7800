package consent

import (
	"context"
	"net/url"
	"strings"
	"unicode"

	"deskward/core"
)

// MaxPaste is the longest answer taken, in bytes.
const MaxPaste = 16 << 10

// pasted is what a person's text turned out to be.
type pasted struct {
	params url.Values // of an address
	path   string     // of the address; "" when only a query or a code was pasted
}

// Answer takes an answer that the person pasted: the whole address from the
// browser's address bar (or as much of it as has the code), or the code alone.
// Blanks, line breaks and quotes around and within are dropped.
//
// A code alone carries no state; it is accepted where PKCE binds it to this
// attempt, since the token endpoint then refuses a code that was not made for
// our verifier. Where the platform has no PKCE or is not known to compare it, or
// where only iss tells which server answered, the whole address is asked for.
//
// What cannot be the answer fails with a code consent.paste-… and the attempt
// goes on.
func (s *Service) Answer(ctx context.Context, attemptID, text string) (Result, error) {
	rec, err := s.loadAttempt(ctx, attemptID)
	if err != nil {
		return Result{}, err
	}
	p, code := parsePaste(text)
	if code == "" {
		code = rec.fits(p)
	}
	if code == "consent.paste-error" {
		return Result{}, s.pastedError(ctx, rec, p)
	}
	if code != "" {
		return Result{}, &core.Error{Tried: "paste", On: rec.Name, Code: code, Class: core.Usage}
	}
	return s.take(ctx, rec, answer{params: p.params, bare: !rec.ours(p.params)})
}

// fits returns the code of what is wrong with a pasted answer, or "".
func (r attemptRecord) fits(p pasted) string {
	redirect, err := url.Parse(r.Redirect)
	if err != nil {
		return "consent.paste-malformed"
	}
	has := p.params.Has
	switch {
	case has("state") && !r.ours(p.params):
		return "consent.paste-other"
	case has("response_type") && has("redirect_uri") && !has("code"):
		return "consent.paste-question" // the address that was to be opened
	case has("access_token"):
		return "consent.paste-token"
	case !has("code") && !has("error"):
		return "consent.paste-no-code"
	case p.path != "" && p.path != redirect.Path:
		// The host is not compared: it is the person's own browser that
		// shows it, perhaps through a tunnel under another name. The path is
		// the platform's own, so an answer of another platform is told apart.
		return "consent.paste-other"
	case has("state"):
		return ""
	case has("error"):
		return "consent.paste-error"
	case r.Whole || r.IssRequired && !has("iss"):
		return "consent.paste-whole"
	}
	return ""
}

// pastedError tells a vendor's refusal that came without state. It does not
// end the attempt: nothing proves that it belongs to it.
func (s *Service) pastedError(ctx context.Context, rec attemptRecord, p pasted) error {
	c, err := s.Connections.Get(ctx, rec.ConnectionID)
	if err != nil {
		return err
	}
	cfg, err := s.Config(c)
	if err != nil {
		return err
	}
	cause := cfg.answerError(rec.Name, p.params)
	return &core.Error{Tried: "paste", On: rec.Name, Code: "consent.paste-error", Class: core.Refused, Params: map[string]string{"reason": core.CodeOf(cause)}, Err: cause}
}

// parsePaste reads what a person pasted. code is not "" when it cannot be an
// answer.
func parsePaste(text string) (p pasted, code string) {
	if len(text) > 4*MaxPaste {
		return p, "consent.paste-long"
	}
	text = strings.ReplaceAll(tidyPaste(text), "&amp;", "&") // copied out of a page's source
	switch {
	case text == "":
		return p, "consent.paste-empty"
	case len(text) > MaxPaste:
		return p, "consent.paste-long"
	}
	if !strings.Contains(text, "://") && !strings.ContainsAny(text, "?&") && !hasParam(text) {
		return bareCode(text)
	}
	address, fragment, _ := strings.Cut(text, "#")
	before, query, found := strings.Cut(address, "?")
	if !found && hasParam(address) {
		before, query = "", address
	}
	params, err := url.ParseQuery(strings.TrimPrefix(query, "&"))
	if err != nil || !once(params) {
		return p, "consent.paste-malformed"
	}
	if strings.Contains(fragment, "access_token=") {
		return p, "consent.paste-token"
	}
	p.params, p.path = params, pathOf(before)
	return p, ""
}

// tidyPaste drops what terminals, mail and chat add to a copied address:
// blanks and line breaks anywhere, invisible characters, quotes and brackets
// around it.
func tidyPaste(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
	return strings.Trim(text, "\"'`<>()[]“”‘’«»「」『』")
}

// hasParam reports whether a text without address begins like a query.
func hasParam(text string) bool {
	for _, name := range []string{"code=", "state=", "error=", "iss=", "location=", "accounts-server="} {
		if strings.HasPrefix(text, name) {
			return true
		}
	}
	return false
}

// pathOf returns the path of an address, with or without its scheme: browsers
// hide "http://" and some copy what they show.
func pathOf(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	i := strings.IndexByte(address, '/')
	if i < 0 {
		return ""
	}
	path, err := url.PathUnescape(address[i:])
	if err != nil {
		return address[i:]
	}
	return path
}

// bareCode reads a code alone: visible ASCII (RFC 6749 appendix A.11), still
// percent-encoded when it was cut out of an address.
func bareCode(text string) (p pasted, code string) {
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	const shortest = 6 // shorter than any code, longer than a slip of the hand
	if len(text) < shortest || strings.HasPrefix(text, "127.0.0.1:") || strings.HasPrefix(text, "localhost:") {
		return p, "consent.paste-no-code"
	}
	for _, r := range text {
		if r < 0x21 || r > 0x7e {
			return p, "consent.paste-no-code"
		}
	}
	return pasted{params: url.Values{"code": {text}}}, ""
}
