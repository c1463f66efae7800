package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"deskward/tui/screen"
)

// KeyLine is the footer: the keys that work now, as many as fit; help and
// palette always do.
func KeyLine(e screen.Env, keys []screen.Key, always []screen.Key, width int) string {
	one := func(k screen.Key) string {
		return e.Theme.Key.Render(Shown(e, k)) + " " + e.T(k.Help().Desc)
	}
	tail := ""
	for _, k := range always {
		tail += "   " + one(k)
	}
	var b strings.Builder
	used := ansi.StringWidth(tail)
	for _, k := range keys {
		if k.Hidden || k.Reason != "" {
			continue
		}
		s := one(k)
		w := ansi.StringWidth(s) + 3
		if used+w > width+2 {
			break
		}
		used += w
		if b.Len() > 0 {
			b.WriteString("   ")
		}
		b.WriteString(s)
	}
	if b.Len() == 0 {
		return CutStyled(strings.TrimLeft(tail, " "), width, e.Theme.Glyphs.Cut)
	}
	return CutStyled(b.String()+tail, width, e.Theme.Glyphs.Cut)
}

// Shown is how a key is written on the screen.
func Shown(e screen.Env, k screen.Key) string {
	if s := k.Help().Key; s != "enter" {
		return s
	}
	return e.Theme.Glyphs.Enter
}
