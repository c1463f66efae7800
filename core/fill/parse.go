package fill

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
)

// The blanks that {{- and -}} take away, as text/template has them.
const blanks = " \t\r\n"

// Parse reads a template; with functions, where it calls any. The error names
// the line.
func Parse(text string, with Functions) (*Template, error) {
	p := parser{rest: text, functions: with, line: 1}
	parts, end, err := p.parts("")
	if err == nil && end != "" {
		err = fmt.Errorf("{{%s}} ends nothing", end)
	}
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line, err)
	}
	return &Template{parts}, nil
}

// ParseFile is Parse for a file.
func ParseFile(files fs.FS, name string, with Functions) (*Template, error) {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	t, err := Parse(string(raw), with)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// Must is Parse for a text that is a constant of the program.
func Must(text string) *Template {
	t, err := Parse(text, nil)
	if err != nil {
		panic(err)
	}
	return t
}

type parser struct {
	rest      string
	line      int
	trim      bool // the blanks that come next
	functions Functions
}

// parts reads up to the {{else}} or {{end}} of what it is within ("": of
// nothing, up to the end), which it returns.
func (p *parser) parts(within string) (parts []part, end string, err error) {
	for {
		text, tag, more, err := p.next()
		if err != nil {
			return nil, "", err
		}
		if text != "" {
			parts = append(parts, part{kind: literal, text: text})
		}
		if !more {
			if within != "" {
				return nil, "", fmt.Errorf("{{%s}} has no {{end}}", within)
			}
			return parts, "", nil
		}
		words, err := split(tag)
		if err != nil {
			return nil, "", err
		}
		if words[0] == "else" || words[0] == "end" {
			if len(words) > 1 {
				return nil, "", fmt.Errorf("{{%s}} is not understood", tag)
			}
			return parts, words[0], nil
		}
		one, err := p.action(words)
		if err != nil {
			return nil, "", fmt.Errorf("{{%s}}: %w", tag, err)
		}
		parts = append(parts, one)
	}
}

// next returns the text before the next tag, and what stands in the tag.
func (p *parser) next() (text, tag string, more bool, err error) {
	text, p.rest, more = strings.Cut(p.rest, "{{")
	p.line += strings.Count(text, "\n")
	if p.trim {
		text, p.trim = strings.TrimLeft(text, blanks), false
	}
	if !more {
		return text, "", false, nil
	}
	end := tagEnd(p.rest)
	if end < 0 {
		return "", "", false, fmt.Errorf("{{%.20s… is not closed", p.rest)
	}
	tag, p.rest = p.rest[:end], p.rest[end+len("}}"):]
	if after, ok := strings.CutPrefix(tag, "-"); ok && after != "" && strings.Contains(blanks, after[:1]) {
		tag, text = after, strings.TrimRight(text, blanks)
	}
	if before, ok := strings.CutSuffix(tag, "-"); ok && before != "" && strings.Contains(blanks, before[len(before)-1:]) {
		tag, p.trim = before, true
	}
	return text, strings.Trim(tag, blanks), true, nil
}

// tagEnd returns where the }} of a tag stands, or -1. A quoted text may have
// one.
func tagEnd(s string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "}}"):
			return i
		case s[i] == '\n':
			return -1
		case s[i] == '"':
			quoted, err := strconv.QuotedPrefix(s[i:])
			if err != nil {
				return -1
			}
			i += len(quoted) - 1
		}
	}
	return -1
}

// split returns the words of a tag: at least one.
func split(tag string) (words []string, err error) {
	for rest := strings.TrimLeft(tag, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		n := strings.IndexAny(rest, " \t")
		if rest[0] == '"' {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("{{%s}}: a quote is not closed", tag)
			}
			n = len(quoted)
			if n < len(rest) && !strings.Contains(" \t", rest[n:n+1]) {
				return nil, fmt.Errorf("{{%s}}: no blank after a quote", tag)
			}
		}
		if n < 0 {
			n = len(rest)
		}
		words, rest = append(words, rest[:n]), rest[n:]
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("{{%s}} is empty", tag)
	}
	return words, nil
}

func (p *parser) action(words []string) (part, error) {
	switch words[0] {
	case "if":
		return p.block(part{kind: condition}, words)
	case "range":
		return p.block(part{kind: list}, words)
	}
	if len(words) == 1 && strings.IndexByte(".$\"", words[0][0]) >= 0 {
		args, err := arguments(words)
		return part{kind: value, args: args}, err
	}
	do, ok := p.functions[words[0]]
	if !ok {
		return part{}, fmt.Errorf("there is no function %s", words[0])
	}
	args, err := arguments(words[1:])
	return part{kind: call, do: do, args: args}, err
}

// block reads an if or a range up to its end.
func (p *parser) block(b part, words []string) (part, error) {
	args, want := words[1:], 1
	if b.kind == condition && len(args) > 0 {
		switch args[0] {
		case "not":
			args, b.not = args[1:], true
		case "eq":
			args, want = args[1:], 2
		}
	}
	if len(args) != want {
		return b, fmt.Errorf("%d arguments, not %d", len(args), want)
	}
	var err error
	if b.args, err = arguments(args); err != nil {
		return b, err
	}
	var end string
	if b.then, end, err = p.parts(words[0]); err == nil && end == "else" {
		b.otherwise, end, err = p.parts(words[0])
		if err == nil && end == "else" {
			err = fmt.Errorf("two {{else}}")
		}
	}
	return b, err
}

func arguments(words []string) ([]argument, error) {
	all := make([]argument, 0, len(words))
	for _, word := range words {
		if text, err := strconv.Unquote(word); err == nil && word[0] == '"' {
			all = append(all, argument{quoted: true, text: text})
			continue
		}
		path, root := strings.CutPrefix(word, "$")
		a := argument{root: root}
		switch {
		case path == "" && root, path == "." && !root:
		case strings.HasPrefix(path, "."):
			a.path = strings.Split(path[1:], ".")
		default:
			return nil, fmt.Errorf("%s is no value", word)
		}
		for _, name := range a.path {
			if !isName(name) {
				return nil, fmt.Errorf("%s is no value", word)
			}
		}
		all = append(all, a)
	}
	return all, nil
}

func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}
