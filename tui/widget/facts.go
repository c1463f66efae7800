package widget

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"deskward/core/locale"
	"deskward/tui/screen"
)

// Facts collects lines of the form "Label    value", values wrapped and
// aligned. The labels are the locale texts <prefix><name>.
type Facts struct {
	Lines  []string
	e      screen.Env
	prefix string
	width  int
	indent int
}

// NewFacts makes an empty collection for labels of these names.
func NewFacts(e screen.Env, width int, prefix string, names ...string) *Facts {
	f := &Facts{e: e, width: width, prefix: prefix}
	for _, n := range names {
		f.indent = max(f.indent, ansi.StringWidth(e.T(prefix+n)))
	}
	f.indent = min(f.indent, 14) + 2
	return f
}

// Room is how wide a value may be.
func (f *Facts) Room() int { return f.width - f.indent }

// Narrow reports that values have too little room for an absolute time beside
// the relative one: at the side of a list. A screen of its own has it.
func (f *Facts) Narrow() bool { return f.Room() < 40 }

// Dated is a text with the absolute time t as {{.at}}, or the text <key>.short
// without it.
func (f *Facts) Dated(key string, p locale.Params, t time.Time) string {
	if f.Narrow() {
		return f.e.T(key+".short", p)
	}
	p["at"] = Stamp(t)
	return f.e.T(key, p)
}

// Gap puts an empty line unless there is one.
func (f *Facts) Gap() {
	if n := len(f.Lines); n > 0 && f.Lines[n-1] != "" {
		f.Lines = append(f.Lines, "")
	}
}

// Label is a fact's label, to be put before its first line.
func (f *Facts) Label(name string) string {
	return Pad(f.e.Theme.Muted.Render(Cut(f.e.T(f.prefix+name), f.indent-1, f.e.Theme.Glyphs.Cut)), f.indent)
}

// Add puts a fact; the first value stands beside its label.
func (f *Facts) Add(name string, values ...string) {
	label := f.Label(name)
	for _, v := range values {
		for _, l := range Wrap(v, max(f.Room(), 10)) {
			f.Lines = append(f.Lines, label+l)
			label = strings.Repeat(" ", f.indent)
		}
	}
}

// Put puts a fact whose one value is styled; it is cut, not wrapped.
func (f *Facts) Put(name, styled string) {
	f.Lines = append(f.Lines, f.Label(name)+CutStyled(styled, f.Room(), f.e.Theme.Glyphs.Cut))
}

// More puts a styled line below the last value; it is cut, not wrapped.
func (f *Facts) More(styled string) {
	f.Lines = append(f.Lines, strings.Repeat(" ", f.indent)+CutStyled(styled, f.Room(), f.e.Theme.Glyphs.Cut))
}
