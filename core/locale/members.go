package locale

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

var errNotFlat = errors.New("not a JSON object of texts")

// members calls add with each key of a JSON object and its undecoded value.
// It only finds where values end: encoding/json would check every letter of
// a few hundred kilobytes, of which a start of the program speaks some dozen
// sentences. What add gets may so be invalid JSON and shows when decoded.
func members(raw []byte, add func(key string, value []byte)) error {
	in := bytes.TrimSpace(raw)
	if len(in) < 2 || in[0] != '{' {
		return errNotFlat
	}
	in = trim(in[1:])
	for len(in) > 0 && in[0] != '}' {
		end := valueEnd(in)
		if in[0] != '"' || end < 0 {
			return errNotFlat
		}
		key := string(in[1 : end-1])
		if bytes.IndexByte(in[:end], '\\') >= 0 || !utf8.Valid(in[:end]) {
			if err := json.Unmarshal(in[:end], &key); err != nil {
				return err
			}
		}
		in = trim(in[end:])
		if len(in) == 0 || in[0] != ':' {
			return errNotFlat
		}
		in = trim(in[1:])
		if end = valueEnd(in); end < 0 {
			return errNotFlat
		}
		add(key, in[:end])
		if in = trim(in[end:]); len(in) > 0 && in[0] == ',' {
			in = trim(in[1:])
		}
	}
	if len(in) != 1 {
		return errNotFlat
	}
	return nil
}

// trim cuts the blanks of JSON in front.
func trim(in []byte) []byte {
	for i, c := range in {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return in[i:]
		}
	}
	return nil
}

// valueEnd returns where the string or the object at the beginning of in
// ends, or -1.
func valueEnd(in []byte) int {
	for depth, i := 0, 0; i < len(in); i++ {
		switch in[i] {
		case '"':
			n := stringEnd(in[i+1:])
			if n < 0 {
				return -1
			}
			i += n
		case '{':
			depth++
			continue
		case '}':
			depth--
		default:
			if depth > 0 {
				continue
			}
			return -1
		}
		if depth == 0 {
			return i + 1
		}
	}
	return -1
}

// stringEnd returns the length of a string after its opening quote, the
// closing one included, or -1.
func stringEnd(in []byte) int {
	for i := 0; i < len(in); {
		n := bytes.IndexByte(in[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		escapes := 0
		for j := i - 1; j >= 0 && in[j] == '\\'; j-- {
			escapes++
		}
		i++
		if escapes%2 == 0 {
			return i
		}
	}
	return -1
}
