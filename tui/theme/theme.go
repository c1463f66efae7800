// Package theme maps meanings to looks. A screen asks for Good or Muted and
// never for a colour, so light, dark, sixteen-colour and colourless terminals
// need no thought outside this package. Meaning is never in the colour alone:
// every state has a word or a Glyph beside it.
package theme

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// Palette are the colours behind the meanings, from the fixed part of the
// 256-colour table: over SSH each change of colour is sent, and these take
// half the bytes of 24-bit ones. Their contrast with the background they are
// made for is at least 4.5:1 (a test computes it).
type Palette struct {
	Muted, Good, Warn, Bad, Accent color.Color
}

// Dark is for light text on a dark background.
func Dark() Palette {
	return Palette{
		Muted:  lipgloss.Color("246"),
		Good:   lipgloss.Color("114"),
		Warn:   lipgloss.Color("179"),
		Bad:    lipgloss.Color("210"),
		Accent: lipgloss.Color("111"),
	}
}

// Light is for dark text on a light background.
func Light() Palette {
	return Palette{
		Muted:  lipgloss.Color("241"),
		Good:   lipgloss.Color("22"),
		Warn:   lipgloss.Color("94"),
		Bad:    lipgloss.Color("124"),
		Accent: lipgloss.Color("25"),
	}
}

// Glyphs are the few characters that are not words.
type Glyphs struct {
	Selected string // before the selected row
	Current  string // before the current step
	Rule     string // between list and detail
	Crumb    string // between the parts of the header
	Dot      string // between two facts on one line
	Bullet   string
	Cut      string // where text was cut
	Enter    string // the enter key in key lines
	Prompt   string
	OK       string
	Warn     string
	Bad      string
	Wait     string
	TieFirst string // rows that belong together: the first, one between, the last,
	TieNext  string
	TieLast  string
	TiePast  string // and a row between that does not
}

// Unicode are the glyphs for terminals that draw each one cell wide.
func Unicode() Glyphs {
	return Glyphs{
		Selected: "▌", Current: "▸", Rule: "│", Crumb: "›", Dot: "·", Bullet: "•", Cut: "…", Enter: "↵", Prompt: ">",
		OK: "ok", Warn: "!", Bad: "x", Wait: "…",
		TieFirst: "┌", TieNext: "├", TieLast: "└", TiePast: "│",
	}
}

// ASCII are for terminals that draw box and arrow characters double width
// (common with East Asian locales) or not at all.
func ASCII() Glyphs {
	return Glyphs{
		Selected: ">", Current: ">", Rule: "|", Crumb: ">", Dot: "-", Bullet: "-", Cut: "~", Enter: "enter", Prompt: ">",
		OK: "ok", Warn: "!", Bad: "x", Wait: "..",
		TieFirst: "+", TieNext: "+", TieLast: "+", TiePast: "|",
	}
}

// Theme is what screens draw with.
type Theme struct {
	Plain  lipgloss.Style
	Title  lipgloss.Style
	Muted  lipgloss.Style
	Good   lipgloss.Style
	Warn   lipgloss.Style
	Bad    lipgloss.Style
	Accent lipgloss.Style
	Key    lipgloss.Style
	Glyphs Glyphs
}

// New makes a theme for a dark or a light background.
func New(dark bool, g Glyphs) Theme {
	p := Light()
	if dark {
		p = Dark()
	}
	s := lipgloss.NewStyle()
	return Theme{
		Plain:  s,
		Title:  s.Bold(true),
		Muted:  s.Foreground(p.Muted),
		Good:   s.Foreground(p.Good),
		Warn:   s.Foreground(p.Warn),
		Bad:    s.Foreground(p.Bad).Bold(true),
		Accent: s.Foreground(p.Accent),
		Key:    s.Foreground(p.Accent),
		Glyphs: g,
	}
}
