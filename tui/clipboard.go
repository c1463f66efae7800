package tui

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core/locale"
	"deskward/tui/screen"
)

// osc52Cap is the longest text sent to the terminal's clipboard, in bytes
// before base64: hterm, kitty and tmux cut at 74,994 bytes of base64, and what
// is cut is not what was copied.
const osc52Cap = 74994 / 4 * 3

// screenChunk is how much GNU screen passes through in one device control string.
const screenChunk = 240

// osc52 is the sequence that asks the terminal to put text on the clipboard of
// the machine the admin sits at, wrapped for tmux or screen where they stand
// between.
func osc52(text string, getenv func(string) string) (string, bool) {
	if len(text) > osc52Cap {
		return "", false
	}
	seq := ansi.SetSystemClipboard(text)
	term := getenv("TERM")
	switch {
	case getenv("TMUX") != "" || strings.HasPrefix(term, "tmux"):
		return ansi.TmuxPassthrough(seq), true
	case strings.HasPrefix(term, "screen"):
		return ansi.ScreenPassthrough(seq, screenChunk), true
	}
	return seq, true
}

func (c *Console) copy(cp screen.Copy) tea.Cmd {
	if c.o.Native != nil {
		return func() tea.Msg {
			clear, err := c.o.Native(cp.Text)
			return copiedMsg{what: cp.What, native: true, clear: clear, err: err}
		}
	}
	seq, ok := osc52(cp.Text, c.o.Getenv)
	if !ok {
		c.notice = screen.Notice{Text: "copy.too-long"}
		return nil
	}
	return tea.Batch(tea.Raw(seq), func() tea.Msg { return copiedMsg{what: cp.What} })
}

// copied says what is known: a native clipboard was set; of the terminal's
// nobody hears whether it took the text.
func (c *Console) copied(msg copiedMsg) tea.Cmd {
	what := locale.Params{"what": c.printer.T(msg.what)}
	switch {
	case msg.err != nil:
		c.notice = screen.Notice{Text: "copy.failed", Params: what}
	case msg.native:
		c.notice = screen.Notice{Text: "copy.done", Params: what}
		c.clearing = msg.clear
		return tea.Tick(clearAfter, func(time.Time) tea.Msg { return clearMsg{msg.clear} })
	default:
		c.notice = screen.Notice{Text: "copy.sent", Params: what}
	}
	return nil
}

// plainText shows a text outside the full screen, where the terminal's own
// selection takes it without line breaks, until enter is pressed.
type plainText struct {
	text, hint string
	in         io.Reader
	out        io.Writer
}

func showPlain(text, hint string) tea.Cmd {
	return tea.Exec(&plainText{text: text, hint: hint}, func(error) tea.Msg { return nil })
}

// Run prints the text and waits for enter.
func (p *plainText) Run() error {
	fmt.Fprintf(p.out, "\r\n%s\r\n\r\n%s\r\n", strings.ReplaceAll(p.text, "\n", "\r\n"), p.hint)
	_, err := bufio.NewReader(p.in).ReadString('\n')
	if err == io.EOF {
		return nil
	}
	return err
}

// SetStdin is called by Bubble Tea.
func (p *plainText) SetStdin(r io.Reader) { p.in = r }

// SetStdout is called by Bubble Tea.
func (p *plainText) SetStdout(w io.Writer) { p.out = w }

// SetStderr is called by Bubble Tea.
func (p *plainText) SetStderr(io.Writer) {}
