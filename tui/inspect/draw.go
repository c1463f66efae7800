package inspect

import (
	"encoding/json"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows what is waited for, or the verdict first, then the reasons, then
// the token's own words.
func (v *view) Draw(e screen.Env) screen.Frame {
	switch {
	case v.menu != nil:
		return widget.Frame(v.menu.Draw(e))
	case v.moment != nil:
		return v.drawMoment(e)
	case v.waiting():
		return v.drawWaiting(e)
	}
	head := []string{v.tokenLine(e), v.chosenLine(e), ""}
	if e.Height < 16 {
		head = head[:2]
	}
	body := v.body(e, e.Width)
	from, to := v.pager.Window(len(body), max(e.Height-len(head), 1), -1)
	lines := append(head, body[from:to]...)
	if to < len(body) && to-from > 3 {
		more := e.T("inspect.more", locale.Params{"n": len(body) - to + 1})
		lines[len(lines)-1] = e.Theme.Muted.Render(widget.Cut(more, e.Width, e.Theme.Glyphs.Cut))
	}
	return widget.Frame(lines)
}

func (v *view) drawWaiting(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	lines := []string{e.Theme.Title.Render(widget.Cut(e.T("inspect.head"), e.Width, e.Theme.Glyphs.Cut)), ""}
	lines = append(lines, widget.Wrap(e.T("inspect.paste"), w)...)
	lines = append(lines, "")
	text, column := v.input.Draw(e, e.Width-2)
	row := len(lines)
	lines = append(lines, e.Theme.Accent.Render(">")+" "+text, "")
	if e.Height >= 14 {
		for _, l := range widget.Wrap(e.T("inspect.kept"), w) {
			lines = append(lines, e.Theme.Muted.Render(l))
		}
	}
	f := widget.Frame(lines)
	if column >= 0 {
		f.Cursor = tea.NewCursor(column+2, row)
	}
	return f
}

func (v *view) drawMoment(e screen.Env) screen.Frame {
	lines := []string{e.Theme.Title.Render(e.T("inspect.moment.head")), ""}
	form, cursor := v.moment.Draw(e, e.Width, e.Height-len(lines))
	if cursor != nil {
		cursor.Y += len(lines)
	}
	f := widget.Frame(append(lines, form...))
	f.Cursor = cursor
	return f
}

// tokenLine is the beginning of the token, as far as the header reaches: that
// is no secret. What does not begin like a token may be one, and is dots.
func (v *view) tokenLine(e screen.Env) string {
	size := len(v.pasted.Reveal())
	shown := widget.Dots(e, v.pasted)
	const begins = "eyJ" // {" in base64; quotes and the like may stand before it
	_, behind, found := strings.Cut(v.pasted.Reveal()[:min(size, 4096)], begins)
	if header, _, dotted := strings.Cut(behind, "."); found && dotted {
		shown = begins + header
	}
	length := e.Text.N("inspect.length", size)
	if size > visitortoken.MaxToken {
		length = e.T("inspect.length.more", locale.Params{"n": visitortoken.MaxToken >> 10})
	}
	room := max(e.Width-ansi.StringWidth(length)-2, 8)
	return widget.Pad(e.Theme.Muted.Render(widget.Cut(core.CleanLine(shown)+e.Theme.Glyphs.Cut, room, e.Theme.Glyphs.Cut)), room) + "  " + e.Theme.Muted.Render(length)
}

// chosenLine says by what the token is judged: which key, as which kind, for
// when.
func (v *view) chosenLine(e screen.Env) string {
	parts := []string{e.T("inspect.any-key")}
	for _, k := range v.keys {
		if k.ID == v.only {
			parts[0] = e.T("inspect.only-key", locale.Params{"name": core.CleanLine(k.Name)})
		}
	}
	if as := kindsToTry()[v.as]; as != "" {
		parts = append(parts, e.T("inspect.as", locale.Params{"kind": e.T("tokenkind." + string(as))}))
	}
	if !v.at.IsZero() {
		parts = append(parts, e.T("inspect.at", locale.Params{"at": v.at.UTC().Format("2006-01-02 15:04:05Z")}))
	}
	return e.Theme.Muted.Render(widget.Cut(strings.Join(parts, " · "), e.Width, e.Theme.Glyphs.Cut))
}

func (v *view) body(e screen.Env, width int) []string {
	switch {
	case v.err != nil:
		return widget.Problem(e, v.err, width)
	case !v.judged:
		return []string{e.Theme.Muted.Render(e.T("inspect.judging"))}
	}
	r := v.report
	lines := verdict(e, r, width)
	for _, f := range r.Findings {
		if f.Outcome != visitortoken.Passed {
			lines = append(append(lines, ""), widget.Finding(e, f, min(width, 100))...)
		}
	}
	if kept := v.kept(e, min(width, 100)); len(kept) > 0 {
		lines = append(append(lines, ""), kept...)
	}
	return append(append(lines, ""), v.words(e, width)...)
}

// verdict is one sentence, and which key signed the token.
func verdict(e screen.Env, r visitortoken.Report, width int) []string {
	kind := locale.Params{"kind": e.T("tokenkind." + string(r.Kind))}
	var lines []string
	switch r.Verdict {
	case visitortoken.Refuse:
		lines = widget.Wrap(e.Text.N("inspect.refuse", count(r, visitortoken.Failed), kind), width)
	case visitortoken.Accept:
		lines = widget.Wrap(e.T("inspect.accept", kind), width)
	default:
		lines = widget.Wrap(e.T("inspect.cant-say", kind), width)
	}
	for i, l := range lines {
		lines[i] = e.Theme.Title.Render(l)
	}
	if r.KeyName != "" {
		lines = append(lines, widget.Wrap(e.T("inspect.signed-with", locale.Params{"name": core.CleanLine(r.KeyName)}), width)...)
	}
	return lines
}

func count(r visitortoken.Report, o visitortoken.Outcome) int {
	n := 0
	for _, f := range r.Findings {
		if f.Outcome == o {
			n++
		}
	}
	return n
}

// kept are the rules that the token keeps: in a few lines, or one by one.
func (v *view) kept(e screen.Env, width int) []string {
	var lines []string
	line := ""
	for _, f := range v.report.Findings {
		if f.Outcome != visitortoken.Passed {
			continue
		}
		sign, style := widget.FindingMark(e, f.Outcome)
		text := widget.FindingHead(e, f)
		if v.all {
			row := style.Render(sign) + " " + widget.Cut(text, max(width-ansi.StringWidth(f.Code)-6, 8), e.Theme.Glyphs.Cut)
			lines = append(lines, widget.Pad(row, max(width-ansi.StringWidth(f.Code), 0))+e.Theme.Muted.Render(widget.Cut(f.Code, width, e.Theme.Glyphs.Cut)))
			continue
		}
		part := style.Render(sign) + " " + widget.Cut(text, max(width-4, 8), e.Theme.Glyphs.Cut)
		if line != "" && ansi.StringWidth(line)+3+ansi.StringWidth(part) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += "   "
		}
		line += part
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// words are header and payload as they stand in the token, the names of the
// claims that fail marked.
func (v *view) words(e screen.Env, width int) []string {
	bad := map[string]bool{}
	for _, f := range v.report.Findings {
		if part, name, ok := strings.Cut(f.Where, "."); ok && f.Outcome == visitortoken.Failed {
			bad[part+"."+name] = true
		}
	}
	var lines []string
	labels := max(ansi.StringWidth(e.T("inspect.header")), ansi.StringWidth(e.T("inspect.payload"))) + 2
	for _, p := range []struct{ key, part, text string }{
		{"inspect.header", "header", v.report.Header}, {"inspect.payload", "payload", v.report.Payload},
	} {
		if p.text == "" {
			continue
		}
		label := widget.Pad(e.Theme.Muted.Render(e.T(p.key)), labels)
		for _, l := range widget.WrapJSON(p.text, max(width-labels, 8)) {
			for name := range bad {
				if member, ok := strings.CutPrefix(name, p.part+"."); ok {
					l = strings.Replace(l, `"`+member+`"`, e.Theme.Bad.Render(`"`+member+`"`), 1)
				}
			}
			lines = append(lines, label+l)
			label = strings.Repeat(" ", labels)
		}
	}
	return lines
}

// The texts that can be copied, by the locale key of their name.
const (
	copyReport  = "inspect.copy.report"
	copyCodes   = "inspect.copy.codes"
	copyJSON    = "inspect.copy.json"
	copyHeader  = "inspect.copy.header"
	copyPayload = "inspect.copy.payload"
)

// copyables never hold the token: it may be a live one.
func (v *view) copyables() []widget.MenuItem {
	r := v.report
	var codes []string
	for _, f := range r.Findings {
		if f.Outcome != visitortoken.Passed {
			codes = append(codes, f.Code)
		}
	}
	items := []widget.MenuItem{{What: copyReport, Text: "…"}}
	add := func(what, text string) {
		if text != "" {
			items = append(items, widget.MenuItem{What: what, Text: text})
		}
	}
	add(copyCodes, strings.Join(codes, " "))
	if raw, err := json.MarshalIndent(r, "", "  "); err == nil {
		add(copyJSON, string(raw))
	}
	add(copyHeader, r.Header)
	add(copyPayload, r.Payload)
	return items
}

// reportText is the report for a ticket or a mail to the developer.
func reportText(e screen.Env, r visitortoken.Report) string {
	var b strings.Builder
	say := func(lines []string) {
		for _, l := range lines {
			fmt.Fprintln(&b, ansi.Strip(l))
		}
	}
	const width = 100
	say(verdict(e, r, width))
	fmt.Fprintln(&b, e.T("inspect.at", locale.Params{"at": r.At.UTC().Format("2006-01-02 15:04:05Z")}))
	for _, f := range r.Findings {
		if f.Outcome != visitortoken.Passed {
			fmt.Fprintln(&b)
			say(widget.Finding(e, f, width))
		}
	}
	fmt.Fprintln(&b)
	fmt.Fprintln(&b, e.T("inspect.header")+"  "+r.Header)
	fmt.Fprintln(&b, e.T("inspect.payload")+"  "+r.Payload)
	return b.String()
}
