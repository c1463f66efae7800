package widget

import (
	"errors"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/tui/screen"
)

// Frame is a frame of lines, without a cursor.
func Frame(lines []string) screen.Frame { return screen.Frame{Text: strings.Join(lines, "\n")} }

// Readable is a width that the eye can follow from line to line.
func Readable(width int) int { return min(width, 84) }

// Paragraph wraps a text; "" gives no line.
func Paragraph(text string, width int) []string {
	if text == "" {
		return nil
	}
	return Wrap(text, width)
}

// Marked wraps a text behind a (styled) mark.
func Marked(sign, text string, width int) []string {
	pad := ansi.StringWidth(sign) + 1
	lines := Wrap(text, max(width-pad, 8))
	for i, l := range lines {
		if i == 0 {
			lines[i] = sign + " " + l
		} else {
			lines[i] = strings.Repeat(" ", pad) + l
		}
	}
	return lines
}

// Named returns the text of the first key that has one, else the fallback.
func Named(e screen.Env, fallback string, keys ...string) string {
	for _, k := range keys {
		if e.Text.Has(k) {
			return e.T(k)
		}
	}
	return fallback
}

// FirstNamed is Named for words that are wanted later.
func FirstNamed(fallback string, keys ...string) Words {
	return func(e screen.Env) string { return Named(e, fallback, keys...) }
}

// Reason is why something did not work, without what was tried: where that is
// plain to see, on the field or line it is about.
func Reason(err error) Words {
	return func(e screen.Env) string {
		x := e.Explain(Untried(err))
		return Sentences(x.Headline, x.Next)
	}
}

// Untried is err without what was tried.
func Untried(err error) error {
	known, ok := errors.AsType[*core.Error](err)
	if !ok {
		return err
	}
	short := *known
	short.Tried = ""
	return &short
}
