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
	"github.com/rivo/uniseg"

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

// Wrap breaks text into lines of at most width cells where Unicode allows a
// break (UAX #14: between words, between Japanese characters but not before
// 。 or after 「), and anywhere in a run that is longer than a line, such as a
// URL.
func Wrap(text string, width int) []string {
	if width < 1 {
		return nil
	}
	var out []string
	for _, par := range strings.Split(core.CleanText(text), "\n") {
		out = append(out, wrapParagraph(par, width)...)
	}
	return out
}

func wrapParagraph(par string, width int) []string {
	var out []string
	line, used := "", 0
	flush := func() {
		out = append(out, strings.TrimRight(line, " "))
		line, used = "", 0
	}
	state := -1
	for rest := par; rest != ""; {
		var seg string
		seg, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		w := ansi.StringWidth(strings.TrimRight(seg, " "))
		switch {
		case used+w <= width:
		case used > 0:
			flush()
		default: // signs without width, which a segment may be made of
			seg, line = line+seg, ""
		}
		if w > width { // no break in it is allowed, so any will do
			text := strings.TrimRight(seg, " ")
			whole, tail := slice(text, width)
			out, seg = append(out, whole...), tail+seg[len(text):]
		}
		line += seg
		used = ansi.StringWidth(line)
	}
	if line != "" || len(out) == 0 {
		flush()
	}
	return out
}

// slice cuts text between characters into pieces of at most width cells, or of
// one character that is wider. rest is what is no whole piece. It passes over
// the text once: what a server sent may be one run of a megabyte.
func slice(text string, width int) (pieces []string, rest string) {
	from, used, state := 0, 0, -1
	for at, left := 0, text; left != ""; {
		var char string
		char, left, _, state = uniseg.FirstGraphemeClusterInString(left, state)
		w := ansi.StringWidth(char)
		if used+w > width && at > from {
			pieces = append(pieces, text[from:at])
			from, used = at, 0
		}
		at, used = at+len(char), used+w
	}
	return pieces, text[from:]
}

// Head is the first n of lines that are width cells wide, with the cut mark
// where the rest was left out: a sentence that stops must not read as its end.
func Head(lines []string, n, width int, mark string) []string {
	if len(lines) <= n {
		return lines
	}
	out := append([]string(nil), lines[:n]...)
	out[n-1] = CutStyled(out[n-1], width-ansi.StringWidth(mark), "") + mark
	return out
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

// Sentences puts sentences one after the other, with a blank between them where
// the language has one.
func Sentences(all ...string) string {
	out := ""
	for _, s := range all {
		if out != "" && s != "" && !strings.HasSuffix(out, "。") {
			out += " "
		}
		out += s
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

// Ago says how long ago t was: "47 min ago". Less than a minute is "just now",
// so that an idle screen does not change each second.
func Ago(e screen.Env, t time.Time) string {
	if e.Now.Sub(t) < time.Minute {
		return e.T("time.now")
	}
	return e.T("time.ago", locale.Params{"time": Until(e, t)})
}

// Age is Ago without the word, for a column whose head says it.
func Age(e screen.Env, t time.Time) string {
	if e.Now.Sub(t) < time.Minute {
		return e.T("time.now")
	}
	return Until(e, t)
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
