package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// The smallest terminal the console is made for, and the smallest it works in.
const (
	goodWidth, goodHeight   = 80, 24
	leastWidth, leastHeight = 40, 12
)

// examineTerminal says what the terminal can do, as far as the environment
// tells. It asks the terminal nothing: an answer would end up in a script's
// output.
func (d *diagnosis) examineTerminal() {
	env := d.a.env
	name := env.Getenv("TERM")
	if !isTerminal(d.a.io.Out) {
		d.add("info", "terminal.none", "term", name)
		return
	}
	if name == "" || name == "dumb" {
		d.add("warn", "terminal.dumb", "term", name)
	} else {
		d.add("ok", "terminal.name", "term", name, "colors", colorprofile.Detect(d.a.io.Out, os.Environ()).String())
	}
	if isUTF8(env) {
		d.add("ok", "terminal.utf8")
	} else {
		d.add("warn", "terminal.not-utf8")
	}
	d.examineSize()
	d.examineClipboard(name)
}

func (d *diagnosis) examineSize() {
	f, ok := d.a.io.Out.(*os.File)
	if !ok {
		return
	}
	w, h, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return
	}
	size := []string{"width", strconv.Itoa(w), "height", strconv.Itoa(h)}
	switch {
	case w < leastWidth || h < leastHeight:
		d.add("bad", "terminal.too-small", size...)
	case w < goodWidth || h < goodHeight:
		d.add("warn", "terminal.small", size...)
	default:
		d.add("ok", "terminal.size", size...)
	}
}

// examineClipboard guesses whether OSC 52 reaches a clipboard. Which
// terminals take it is known from their manuals; behind tmux and screen it
// depends on a setting that cannot be seen from here.
func (d *diagnosis) examineClipboard(name string) {
	env := d.a.env
	program := env.Getenv("TERM_PROGRAM")
	switch {
	case env.Getenv("TMUX") != "" || strings.HasPrefix(name, "tmux"):
		d.add("info", "clipboard.tmux")
	case env.Getenv("STY") != "" || strings.HasPrefix(name, "screen"):
		d.add("info", "clipboard.screen")
	case program == "Apple_Terminal" || env.Getenv("VTE_VERSION") != "" || name == "linux":
		// Terminal.app, GNOME Terminal and the Linux console ignore OSC 52.
		d.add("warn", "clipboard.unlikely", "term", strings.TrimSpace(name+" "+program))
	case takesClipboard(name, program, env.Getenv):
		d.add("ok", "clipboard.likely", "term", strings.TrimSpace(name+" "+program))
	default:
		d.add("info", "clipboard.unsure", "term", name)
	}
}

func takesClipboard(name, program string, getenv func(string) string) bool {
	for _, known := range []string{"kitty", "foot", "alacritty", "wezterm", "ghostty", "contour", "rio"} {
		if strings.Contains(name, known) || strings.EqualFold(program, known) {
			return true
		}
	}
	return program == "WezTerm" || program == "iTerm.app" || program == "vscode" || getenv("WT_SESSION") != "" || getenv("KITTY_WINDOW_ID") != ""
}

// isUTF8 reads the locale variables in the order POSIX gives them.
func isUTF8(env environment) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env.Getenv(name); v != "" {
			v = strings.ToUpper(strings.ReplaceAll(v, "-", ""))
			return strings.Contains(v, "UTF8")
		}
	}
	return false
}
