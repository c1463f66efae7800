package migrations

import (
	"fmt"
	"net/url"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

func styledLines(lines []string, s lipgloss.Style) []string {
	for i := range lines {
		if lines[i] != "" {
			lines[i] = s.Render(lines[i])
		}
	}
	return lines
}

var numbered = core.Pattern(`^([0-9]+\.|-) +`)

// prose draws a guide's text: paragraphs are filled, the parts of a list hang,
// and `code` stands out.
func prose(e screen.Env, text string, width int) []string {
	var out []string
	for _, par := range paragraphs(text) {
		lead := ""
		if m := numbered().FindString(par); m != "" {
			lead, par = m, par[len(m):]
			if strings.HasPrefix(m, "-") {
				lead = e.Theme.Glyphs.Bullet + " "
			}
		}
		hang := strings.Repeat(" ", ansi.StringWidth(lead))
		lines := inCode(e, widget.Wrap(par, max(width-len(hang), 8)))
		for i, l := range lines {
			if i == 0 {
				l = lead + l
			} else if l != "" {
				l = hang + l
			}
			out = append(out, l)
		}
	}
	return out
}

// paragraphs joins lines that were only broken in the file. An empty one is a
// blank line between two paragraphs.
func paragraphs(text string) []string {
	var out []string
	if strings.TrimSpace(text) == "" {
		return nil
	}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line = strings.TrimSpace(line)
		last := len(out) - 1
		if line != "" && last >= 0 && out[last] != "" && !numbered().MatchString(line) {
			out[last] += " " + line
			continue
		}
		out = append(out, line)
	}
	return out
}

// inCode takes the backquotes out and gives what stood between them the
// accent, and likewise makes strong what stands between two asterisks each,
// over line ends too.
func inCode(e screen.Env, lines []string) []string {
	code, strong := false, false
	for i, line := range lines {
		var b strings.Builder
		for j, part := range strings.Split(line, "`") {
			if j > 0 {
				code = !code
			}
			if code {
				b.WriteString(styledPart(e.Theme.Accent, part))
				continue
			}
			for k, piece := range strings.Split(part, "**") {
				if k > 0 {
					strong = !strong
				}
				if strong {
					piece = styledPart(e.Theme.Title, piece)
				}
				b.WriteString(piece)
			}
		}
		lines[i] = b.String()
	}
	return lines
}

func styledPart(style lipgloss.Style, part string) string {
	if part == "" {
		return ""
	}
	return style.Render(part)
}

// alert draws a sentence that must be seen first.
func alert(e screen.Env, text string, width int) []string {
	lines := styledLines(widget.Wrap(text, width-2), e.Theme.Title)
	for i := range lines {
		lead := "  "
		if i == 0 {
			lead = widget.Pad(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), 2)
		}
		lines[i] = lead + lines[i]
	}
	return lines
}

var codeSpan = core.Pattern("`([^`]+)`")

// callLines draws the calls of a piece of evidence: what was asked of whom,
// what it answered, when.
func callLines(e screen.Env, calls []core.Call, width int) []string {
	var out []string
	for _, c := range calls {
		where := c.URL
		if u, err := url.Parse(c.URL); err == nil && u.Host != "" {
			where = u.Host + u.Path
		}
		status := e.T("migrations.no-answer")
		if c.Status != 0 {
			status = fmt.Sprint(c.Status)
		}
		tail := "  " + status
		out = append(out,
			widget.Cut(c.Method+" "+where, max(width-ansi.StringWidth(tail), 8), e.Theme.Glyphs.Cut)+tail,
			e.Theme.Muted.Render(c.At.UTC().Format("2006-01-02 15:04:05Z")))
	}
	return out
}

// stepMark is the mark of a step in a list.
func stepMark(e screen.Env, s guide.State, current bool) string {
	g := e.Theme.Glyphs
	mark, style := "  ", e.Theme.Plain
	switch s {
	case guide.Done:
		mark, style = g.OK, e.Theme.Good
	case guide.Failed:
		mark, style = g.Bad, e.Theme.Bad
	case guide.Unknown, guide.Lost:
		mark, style = g.Warn, e.Theme.Warn
	case guide.Running:
		mark, style = g.Wait, e.Theme.Accent
	case guide.GaveWay, guide.PassedOver:
		mark, style = "-", e.Theme.Muted
	case guide.Open:
		if current {
			mark, style = g.Current, e.Theme.Accent
		}
	}
	return widget.Pad(style.Render(mark), 2)
}

// rehearsedWords says whether and when a guide was rehearsed.
func rehearsedWords(e screen.Env, n guide.Rehearsal, known bool) string {
	switch {
	case !known:
		return e.T("guide.rehearsed.never")
	case n.Passed && n.At.UTC().Format("2006-01-02") == e.Now.UTC().Format("2006-01-02"):
		return e.T("guide.rehearsed.passed-today")
	}
	return e.T("guide.rehearsed."+passed(n), locale.Params{"at": n.At.UTC().Format("2006-01-02 15:04")})
}
