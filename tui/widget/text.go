// Package widget draws the parts that screens are made of, from plain values:
// tables, forms, step lists, key lines, paragraphs. A widget does no I/O and
// knows no domain. Those that take keys (List, Input, Form) say whether they
// used them.
package widget

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
)

// Words is a text that is put into words when it is drawn, so that the
// language can change while it is on the screen.
type Words func(screen.Env) string

// Key returns the words of a locale key.
func Key(key string, params ...locale.Params) Words {
	return func(e screen.Env) string { return e.T(key, params...) }
}

// Text returns words that are the same in every language: names, codes.
func Text(s string) Words { return func(screen.Env) string { return s } }

// Cut shortens one line to a width in cells, with the theme's cut mark, and
// makes it safe to draw. Styled text may be passed to CutStyled.
func Cut(s string, width int, mark string) string {
	return CutStyled(core.CleanLine(s), width, mark)
}

// CutStyled is Cut for a line that already carries styles.
func CutStyled(s string, width int, mark string) string {
	if width <= 0 {
		return ""
	}
	if ansi.StringWidth(s) <= width {
		return s
	}
	return ansi.Truncate(s, width, mark)
}

// Pad fills a (styled) line with blanks up to a width in cells.
func Pad(s string, width int) string {
	if n := width - ansi.StringWidth(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// Wrap breaks text into lines of at most width cells: between words, and
// within runs that have no blanks (Japanese, URLs) anywhere.
func Wrap(text string, width int) []string {
	if width < 1 {
		return nil
	}
	var out []string
	for _, par := range strings.Split(core.CleanText(text), "\n") {
		for _, line := range strings.Split(ansi.Wrap(par, width, ""), "\n") {
			out = append(out, strings.TrimRight(line, " "))
		}
	}
	return keepTogether(out, width)
}

// keepTogether moves Japanese closing punctuation from the start of a line to
// the end of the one before (kinsoku), as long as two cells are left there.
func keepTogether(lines []string, width int) []string {
	for i := 1; i < len(lines); i++ {
		r := []rune(lines[i])
		if len(r) == 0 || !strings.ContainsRune("。、」）】』！？・", r[0]) || lines[i-1] == "" {
			continue
		}
		if ansi.StringWidth(lines[i-1])+2 <= width {
			lines[i-1] += string(r[0])
			lines[i] = string(r[1:])
			continue
		}
		// No room: take the last character of the line before along.
		prev := []rune(lines[i-1])
		if len(prev) > 1 && ansi.StringWidth(lines[i])+2 <= width {
			lines[i] = string(prev[len(prev)-1]) + lines[i]
			lines[i-1] = string(prev[:len(prev)-1])
		}
	}
	return lines
}

// Indent puts prefix before every line.
func Indent(lines []string, prefix string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		if l != "" {
			out[i] = prefix + l
		}
	}
	return out
}

// Columns puts two blocks side by side with the theme's rule between them,
// the left one left cells wide.
func Columns(e screen.Env, left []string, leftWidth int, right []string, height int) []string {
	rule := e.Theme.Muted.Render(e.Theme.Glyphs.Rule)
	out := make([]string, height)
	for i := range out {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		out[i] = Pad(CutStyled(l, leftWidth, e.Theme.Glyphs.Cut), leftWidth) + " " + rule
		if r != "" {
			out[i] += " " + r
		}
	}
	return out
}

// Until says how long from now t is, with a unit: "47 min", "21 h", "3 d". It
// is the same words for the past.
func Until(e screen.Env, t time.Time) string {
	d := t.Sub(e.Now)
	if d < 0 {
		d = -d
	}
	return Duration(e, d)
}

// Duration says a length of time in the largest unit that leaves one or two
// digits.
func Duration(e screen.Env, d time.Duration) string {
	switch {
	case d < time.Minute:
		return e.T("time.seconds", locale.Params{"n": int(d.Seconds())})
	case d < 2*time.Hour:
		return e.T("time.minutes", locale.Params{"n": int(d.Minutes())})
	case d < 48*time.Hour:
		return e.T("time.hours", locale.Params{"n": int(d.Hours())})
	}
	return e.T("time.days", locale.Params{"n": int(d.Hours() / 24)})
}

// Stamp is an absolute time in UTC, to the minute.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

// Clock is a countdown: 4:38.
func Clock(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	s := int((d + time.Second - 1) / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
