package theme

import (
	"image/color"
	"math"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// luminance is the relative luminance of WCAG 2.2.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	lin := func(v uint32) float64 {
		x := float64(v) / 0xffff
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(r) + 0.7152*lin(g) + 0.0722*lin(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func TestEveryColourHasContrastOfFourAndAHalf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p           Palette
		backgrounds []color.Color
	}{
		"dark":  {Dark(), []color.Color{color.Black, color.RGBA{0x1e, 0x1e, 0x2e, 0xff}, color.RGBA{0x00, 0x2b, 0x36, 0xff}}},
		"light": {Light(), []color.Color{color.White, color.RGBA{0xfd, 0xf6, 0xe3, 0xff}}},
	} {
		for meaning, fg := range map[string]color.Color{"muted": c.p.Muted, "good": c.p.Good, "warn": c.p.Warn, "bad": c.p.Bad, "accent": c.p.Accent} {
			for _, bg := range c.backgrounds {
				if got := contrast(fg, bg); got < 4.5 {
					t.Errorf("%s %s on %v: contrast %.2f, want at least 4.5", name, meaning, bg, got)
				}
			}
		}
	}
}

func TestASCIIGlyphsAreASCII(t *testing.T) {
	t.Parallel()
	g := ASCII()
	for _, s := range []string{g.Selected, g.Current, g.Rule, g.Crumb, g.Dot, g.Bullet, g.Cut, g.Enter, g.Prompt, g.OK, g.Warn, g.Bad, g.Wait} {
		for _, r := range s {
			if r > 0x7e {
				t.Errorf("glyph %q is not ASCII", s)
			}
		}
	}
	u := Unicode()
	for _, s := range []string{u.Selected, u.Current, u.Rule, u.Crumb, u.Dot, u.Bullet, u.Cut, u.Enter} {
		if ansi.StringWidth(s) != 1 {
			t.Errorf("glyph %q is not one cell wide", s)
		}
	}
}
