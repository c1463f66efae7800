// Package deluge reads Zoho's scripting language far enough to find every
// request that authenticates by an auth token, and rewrites it to use a
// connection, as Zoho's own migration page shows: the token leaves the
// request, `connection:"link name"` enters it, and getUrl and postUrl, which
// know no connections, become invokeurl.
//
// There is no grammar of Deluge by Zoho. This one is read off its help pages
// and public functions, and it tolerates what it does not know: such a part
// is never changed, and what depends on it is reported instead.
//
// The rewriter edits the text where it must and nowhere else. An edit is made
// only when it can be shown that nothing but rewritten requests see it; all
// else is a finding with its line and its reason.
package deluge

import (
	"slices"
	"strings"
)

// Token is one piece of a text. The tokens of a text, one behind the other,
// are the text.
type Token struct {
	Kind       Kind
	Start, End int // bytes
}

// Kind says what a token is.
type Kind uint8

// The kinds.
const (
	Space   Kind = iota // blanks, line ends, a byte order mark
	Comment             // // to the end of the line, or /* … */
	Text                // "…", also between typographic quotes
	Quoted              // '…': a date, or a text
	Number              //
	Word                // names and keywords
	Mark                // operators and brackets
	Broken              // an opening quote or comment without its end
)

// Outcome says what becomes of a finding.
type Outcome string

// The outcomes.
const (
	Rewritten Outcome = "rewritten" // an auth token is used, and the rewrite removes it
	Unsafe    Outcome = "unsafe"    // an auth token is used, and a person must remove it
	Offered   Outcome = "offered"   // may be rewritten when asked for
	Noted     Outcome = "noted"     // worth a look after the rewrite
)

// Finding is one place where a function depends on an auth token, or that
// wants a look. Texts names what there is to say about it.
type Finding struct {
	Code    string  `json:"code"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"` // why not: text deluge.reason.<Reason>
	Line    int     `json:"line"`             // from 1
	Column  int     `json:"column"`           // characters, from 1
	Offset  int     `json:"offset"`           // byte, from 0
	With    int     `json:"with,omitempty"`   // the line that stands in the way
	Subject string  `json:"subject,omitempty"`
	Host    string  `json:"host,omitempty"`
}

// The codes of findings.
const (
	CodeHeader      = "header"       // A: an Authorization entry in a map literal
	CodePut         = "put"          // B: map.put("Authorization", …)
	CodeQuery       = "query"        // C: authtoken= in the address
	CodeAlias       = "alias"        // D: through another name of the same map
	CodeParameter   = "parameter"    // E: authtoken among the parameters
	CodeOldAPI      = "old-api"      // F: an API that is gone
	CodeOwnOAuth    = "own-oauth"    // H: an OAuth token fetched by the function
	CodeTask        = "task"         // an integration task without a connection
	CodeVariable    = "variable"     // zoho.authtoken
	CodeUnread      = "unread"       // an auth token in a part that is not understood
	CodeLeftover    = "leftover"     // the token is still used elsewhere
	CodeOrigin      = "origin"       // where the token came from, which still has it
	CodeAccounts    = "accounts"     // another token than a request before, for the same service
	CodeMints       = "mints"        // a request that makes an auth token
	CodeAnswer      = "answer"       // getUrl gave text, invokeurl may give a map
	CodeQuotes      = "quotes"       // typographic quotes around a connection's name
	CodeKeptConnect = "kept-connect" // the request had another connection already
)

// Texts are the keys of the sentences about a finding: what it is, and why it
// is not rewritten or what to do about it. They take subject, host and with.
func (f Finding) Texts() []string {
	keys := []string{"deluge." + f.Code}
	switch {
	case f.Reason == "":
	case f.Reason == "shared" && f.With > 0:
		keys = append(keys, "deluge.reason.shared.line")
	default:
		keys = append(keys, "deluge.reason."+f.Reason)
	}
	return keys
}

// Options say what to rewrite.
type Options struct {
	Connection string // the link name of the connection that takes the token's place
	OwnOAuth   bool   // also requests with an OAuth token fetched by hand
	Tasks      bool   // also integration tasks without a connection

	// Decline and Also are findings, by their Offset, that a person decided
	// about: not to be rewritten, or to be rewritten though only offered.
	Decline, Also []int
}

// Edit replaces the bytes Start to End by Text.
type Edit struct {
	Start, End int
	Text       string
}

// Result is what was found in one text, and the edits.
type Result struct {
	Findings []Finding
	Edits    []Edit // in order, none overlapping
	Scopes   []Need // of the requests rewritten
	secrets  []string
}

// Apply makes the edits.
func (r Result) Apply(src string) string { return apply(src, r.Edits) }

func apply(src string, edits []Edit) string {
	if len(edits) == 0 {
		return src
	}
	var b strings.Builder
	b.Grow(len(src) + 64*len(edits))
	at := 0
	for _, e := range edits {
		b.WriteString(src[at:e.Start])
		b.WriteString(e.Text)
		at = e.End
	}
	b.WriteString(src[at:])
	return b.String()
}

// Hide puts dots in place of the auth tokens that stand in a text, so that it
// can be shown.
func (r Result) Hide(text string) string {
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, "••••••••")
	}
	return hideHex(text)
}

// hideHex hides 32 hexadecimal digits that stand alone: an auth token's form.
func hideHex(text string) string {
	const size = 32
	var b strings.Builder
	from := 0
	for i := 0; i < len(text); {
		if !wordByte(text[i]) {
			i++
			continue
		}
		end, hex := i, true
		for end < len(text) && wordByte(text[end]) {
			hex = hex && isHex(text[end])
			end++
		}
		if hex && end-i == size {
			b.WriteString(text[from:i] + "••••••••")
			from = end
		}
		i = end
	}
	return b.String() + text[from:]
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// tidy sorts edits and drops doubles.
func tidy(edits []Edit) []Edit {
	slices.SortStableFunc(edits, func(a, b Edit) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return a.End - b.End
	})
	return slices.Compact(edits)
}
