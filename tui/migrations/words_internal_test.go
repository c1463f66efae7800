package migrations

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/tui/screen"
	"deskward/tui/theme"
)

func TestMarksOfAGuidesTextAreDrawnAndNotShown(t *testing.T) {
	t.Parallel()
	strong := lipgloss.NewStyle().Bold(true)
	e := screen.Env{Theme: theme.Theme{Title: strong, Accent: lipgloss.NewStyle()}}
	lines := prose(e, "1. Choose **Forward a copy, and keep** it. `a ** b` is code.", 24)
	plain := ansi.Strip(strings.Join(lines, "\n"))
	if want := "1. Choose Forward a\n   copy, and keep it.\n   a ** b is code."; plain != want {
		t.Errorf("%q", plain)
	}
	if !strings.Contains(lines[0], strong.Render("Forward a")) || !strings.Contains(lines[1], strong.Render("copy, and keep")) {
		t.Errorf("%q", lines)
	}
}
