package mailproof

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"deskward/core"
)

// Caps on what a server may send. RFC 5321 §4.5.3.1.5 allows 512 bytes a
// reply line; challenges are longer.
const (
	maxLine  = 8 << 10
	maxLines = 128
)

var (
	errTooLong = errors.New("the reply is longer than any mail server's")
	errNoReply = errors.New("not a reply of this protocol")
)

// Reply is what a server answered.
type Reply struct {
	Code int    // SMTP's three digits; 0 for IMAP
	Kind string // IMAP: OK, NO, BAD, BYE, PREAUTH, or + for a continuation
	Text string // cleaned; lines joined by line feeds
	raw  string // the first line's text, for challenges
}

// readLine reads a line without its end, no longer than maxLine.
func readLine(r *bufio.Reader) (string, error) {
	var b []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(b)+len(part) > maxLine {
			return "", errTooLong
		}
		b = append(b, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			if errors.Is(err, io.EOF) && len(b) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
	}
}

// readSMTP reads one reply of RFC 5321 §4.2.
func readSMTP(r *bufio.Reader) (Reply, error) {
	var (
		out   Reply
		lines []string
	)
	for range maxLines {
		line, err := readLine(r)
		if err != nil {
			return Reply{}, err
		}
		code, text, last, ok := smtpLine(line)
		if !ok || len(lines) > 0 && code != out.Code {
			return Reply{}, errNoReply
		}
		if len(lines) == 0 {
			out.Code, out.raw = code, text
		}
		lines = append(lines, core.CleanLine(text))
		if last {
			out.Text = strings.Join(lines, "\n")
			return out, nil
		}
	}
	return Reply{}, errTooLong
}

func smtpLine(line string) (code int, text string, last, ok bool) {
	if len(line) < 3 {
		return 0, "", false, false
	}
	code, err := strconv.Atoi(line[:3])
	if err != nil || code < 200 || code > 599 {
		return 0, "", false, false
	}
	if len(line) == 3 {
		return code, "", true, true
	}
	if line[3] != ' ' && line[3] != '-' {
		return 0, "", false, false
	}
	return code, line[4:], line[3] == ' ', true
}

// readIMAP reads up to the reply tagged tag, or a continuation, of RFC 9051
// §7; tag "" stands for the greeting. Untagged lines on the way go to seen.
func readIMAP(r *bufio.Reader, tag string, seen func(line string)) (Reply, error) {
	for range maxLines {
		line, err := readLine(r)
		if err != nil {
			return Reply{}, err
		}
		if text, ok := strings.CutPrefix(line, "+"); ok && tag != "" {
			text = strings.TrimPrefix(text, " ")
			return Reply{Kind: "+", Text: core.CleanLine(text), raw: text}, nil
		}
		first, rest, _ := strings.Cut(line, " ")
		kind, text, _ := strings.Cut(rest, " ")
		kind = strings.ToUpper(kind)
		reply := Reply{Kind: kind, Text: core.CleanLine(text), raw: text}
		switch {
		case first == "*" && (tag == "" || kind == "BYE"):
			if !imapStatus(kind) {
				return Reply{}, errNoReply
			}
			return reply, nil
		case first == "*":
			seen(rest)
		case first == tag && tag != "" && imapStatus(kind):
			return reply, nil
		default:
			return Reply{}, errNoReply
		}
	}
	return Reply{}, errTooLong
}

func imapStatus(kind string) bool {
	return kind == "OK" || kind == "NO" || kind == "BAD" || kind == "BYE" || kind == "PREAUTH"
}

// Challenge is what a server gives as reason before it refuses a token.
type Challenge struct {
	Status  string `json:"status,omitempty"`  // as of HTTP: "400", "401"
	Schemes string `json:"schemes,omitempty"` // "Bearer"
	Scope   string `json:"scope,omitempty"`   // the scope that the server wants; Exchange leaves it out
}

// ParseChallenge decodes a server's reason: base64 of a JSON object.
func ParseChallenge(raw string) (Challenge, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(raw))
	if err != nil {
		return Challenge{}, fmt.Errorf("decode the challenge: %w", err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return Challenge{}, errors.New("the challenge is not a JSON object")
	}
	field := func(name string) string {
		switch v := fields[name].(type) {
		case string:
			return core.CleanLine(v)
		case float64: // a status without quotes
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return ""
	}
	return Challenge{field("status"), field("schemes"), field("scope")}, nil
}
