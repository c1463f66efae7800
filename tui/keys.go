package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
)

// The shell's own keys, as data for footer, help and palette.
func shellKeys() (help, palette, back, quit, lock, lang screen.Key) {
	return screen.NewKey("?", "key.help", "?"),
		screen.NewKey(":", "key.palette", ":", "ctrl+p"),
		screen.NewKey("esc", "key.back", "esc"),
		screen.NewKey("q", "key.quit", "q", "ctrl+c"),
		screen.NewKey("ctrl+l", "key.lock", "ctrl+l"),
		screen.NewKey("L", "key.language", "L")
}

// aboutKey opens what is known of the error in sight. Where text is taken ! is
// a letter of it, and only aboutHere does: of the control keys it is one that
// neither edits a line (as ctrl+e does) nor belongs to tmux or screen.
func aboutKey() screen.Key { return screen.NewKey("!", "key.about", "!", aboutHere) }

// aboutTyping is aboutKey where text is taken.
func aboutTyping() screen.Key { return screen.NewKey(aboutHere, "key.about", aboutHere) }

const aboutHere = "ctrl+o"

// trouble is the error in sight of which more can be said: the notice's, else
// the screen's. What was typed wrong and a store that is locked are no riddles,
// nor is what deskward found itself.
func (c *Console) trouble() error {
	if c.o.About == nil || c.locked != nil {
		return nil
	}
	if c.riddle(c.notice.Err) {
		return c.notice.Err
	}
	if t, ok := c.top(); ok {
		if s, ok := t.screen.(screen.Troubled); ok {
			if err := s.Trouble(); c.riddle(err) {
				return err
			}
		}
	}
	return nil
}

func (c *Console) riddle(err error) bool {
	if err == nil {
		return false
	}
	switch core.ClassOf(err) {
	case core.Usage, core.Locked, core.Conflict:
		return false
	}
	return c.o.Explain(err, c.printer).More
}

// key routes a key press: ctrl+c, then what lies over the screen, then the
// screen if it is taking text, then the shell, then the screen.
func (c *Console) key(msg tea.KeyPressMsg) tea.Cmd {
	if msg.String() == "ctrl+c" {
		return c.askQuit()
	}
	c.quitAsked = false
	if c.overlay != nil {
		return c.overlay.update(c, msg)
	}
	if c.notice.Err != nil && msg.String() == "esc" {
		c.notice = screen.Notice{}
		return nil
	}
	riddle := c.trouble() // before the notice goes
	if c.notice.Err == nil || msg.String() == "enter" {
		c.notice = screen.Notice{}
	}
	if msg.String() == "ctrl+z" {
		return tea.Suspend
	}
	t, ok := c.top()
	if !ok {
		return nil
	}
	capturing, about := capturing(t.screen), aboutKey()
	if capturing {
		about = aboutTyping()
	}
	if riddle != nil && key.Matches(msg, about.Binding) {
		c.notice = screen.Notice{}
		return c.open(c.o.About(riddle))
	}
	if !capturing {
		if cmd, used := c.shellKey(msg); used {
			return cmd
		}
	}
	if k, off := disabled(t.screen, msg); off {
		c.notice = screen.Notice{Text: k.Reason}
		return nil
	}
	return c.apply(t.screen.Update(msg))
}

// capturing reports whether a screen is taking text.
func capturing(s screen.Screen) bool {
	cp, ok := s.(screen.Capturer)
	return ok && cp.Capturing()
}

// disabled finds a key of the screen that cannot work now.
func disabled(s screen.Screen, msg tea.KeyPressMsg) (screen.Key, bool) {
	for _, k := range s.Keys() {
		if k.Reason != "" && key.Matches(msg, k.Binding) {
			return k, true
		}
	}
	return screen.Key{}, false
}

func (c *Console) shellKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	help, palette, back, quit, lock, lang := shellKeys()
	switch {
	case key.Matches(msg, help.Binding):
		c.overlay = c.newHelp()
		return nil, true
	case key.Matches(msg, palette.Binding):
		c.overlay = c.newPalette()
		return nil, true
	case key.Matches(msg, lang.Binding):
		return c.switchLang(), true
	case c.locked != nil:
		return nil, false
	case key.Matches(msg, back.Binding) && len(*c.stack()) > 1:
		return c.back(), true
	case key.Matches(msg, lock.Binding):
		return c.lock(), true
	case key.Matches(msg, quit.Binding):
		return c.askQuit(), true
	}
	if s := msg.String(); len(s) == 1 && s[0] >= '1' && int(s[0]-'1') < len(c.o.Sections) {
		return c.goTo(int(s[0] - '1')), true
	}
	return nil, false
}

// askQuit quits, or asks to be told again while something runs or is half typed.
func (c *Console) askQuit() tea.Cmd {
	busy := c.work.Running() > 0
	if t, ok := c.top(); ok && c.locked == nil && capturing(t.screen) {
		busy = true
	}
	if busy && !c.quitAsked {
		c.quitAsked = true
		c.notice = screen.Notice{Text: "quit.again"}
		return nil
	}
	return tea.Quit
}

func (c *Console) switchLang() tea.Cmd {
	langs := locale.Langs()
	next := langs[0]
	for i, l := range langs {
		if l == c.printer.Lang() {
			next = langs[(i+1)%len(langs)]
		}
	}
	p, err := c.o.Printer(next)
	if err != nil {
		c.notice = screen.Notice{Err: err}
		return nil
	}
	c.printer = p
	return nil
}

// Press makes the message of a key written as Bubble Tea writes it: "a", "G",
// "enter", "ctrl+s", "shift+tab". Palette and tests press keys with it.
func Press(name string) tea.KeyPressMsg {
	var k tea.Key
	rest := name
	for {
		mod, tail, ok := strings.Cut(rest, "+")
		if !ok || tail == "" {
			break
		}
		switch mod {
		case "ctrl":
			k.Mod |= tea.ModCtrl
		case "shift":
			k.Mod |= tea.ModShift
		case "alt":
			k.Mod |= tea.ModAlt
		}
		rest = tail
	}
	if code, ok := namedKey(rest); ok {
		k.Code = code
		if rest == "space" && k.Mod == 0 {
			k.Text = " "
		}
		return tea.KeyPressMsg(k)
	}
	k.Code = []rune(rest)[0]
	if k.Mod == 0 {
		k.Text = rest
	}
	return tea.KeyPressMsg(k)
}

func namedKey(name string) (rune, bool) {
	switch name {
	case "enter":
		return tea.KeyEnter, true
	case "esc":
		return tea.KeyEscape, true
	case "tab":
		return tea.KeyTab, true
	case "space":
		return tea.KeySpace, true
	case "backspace":
		return tea.KeyBackspace, true
	case "up":
		return tea.KeyUp, true
	case "down":
		return tea.KeyDown, true
	case "left":
		return tea.KeyLeft, true
	case "right":
		return tea.KeyRight, true
	case "home":
		return tea.KeyHome, true
	case "end":
		return tea.KeyEnd, true
	case "pgup":
		return tea.KeyPgUp, true
	case "pgdown":
		return tea.KeyPgDown, true
	case "delete":
		return tea.KeyDelete, true
	}
	return 0, false
}
