package keys

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// previewLeast is how many lines of the token stay in sight below the form.
const previewLeast = 3

// Draw shows the form with the token beside it where there is room, else
// below; or the signed token.
func (m *mint) Draw(e screen.Env) screen.Frame {
	if !m.token.Empty() {
		return m.drawToken(e)
	}
	var head []string
	if e.Height >= 14 {
		title := e.T("keys.mint.head."+string(m.sum.Kind), locale.Params{"name": core.CleanLine(m.sum.Name)})
		head = []string{e.Theme.Title.Render(widget.Cut(title, e.Width, e.Theme.Glyphs.Cut)), ""}
	}
	room := e.Height - len(head)
	if e.Wide() {
		left := e.Width / 2
		form, cur := m.form.Draw(e, left-2, room)
		right := m.preview(e, e.Width-left-3, room)
		lines := widget.Columns(e, form, left, right, max(len(form), len(right)))
		return withCursor(append(head, lines...), cur, len(head))
	}
	form, cur := m.form.Draw(e, e.Width, max(room-previewLeast-1, 3))
	lines := append(head, form...)
	lines = append(lines, "")
	return withCursor(append(lines, m.preview(e, e.Width, e.Height-len(lines))...), cur, len(head))
}

// withCursor is a frame whose cursor is below the first down lines.
func withCursor(lines []string, cur *tea.Cursor, down int) screen.Frame {
	if cur != nil {
		cur.Y += down
	}
	return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
}

// preview is the token as it will be signed and what Zendesk would say to it,
// as much as there is room for.
func (m *mint) preview(e screen.Env, width, height int) []string {
	lines := m.previewLines(e, width)
	from, to := m.pager.Window(len(lines), height, -1)
	out := lines[from:to]
	if to < len(lines) && len(out) > 1 {
		more := e.Theme.Muted.Render(e.T("keys.mint.more", locale.Params{"n": len(lines) - to + 1}))
		out = append(out[:len(out)-1:len(out)-1], more)
	}
	return out
}

func (m *mint) previewLines(e screen.Env, width int) []string {
	switch {
	case m.err != nil:
		return widget.Problem(e, m.err, width)
	case m.working:
		return []string{e.Theme.Muted.Render(e.T("keys.mint.working"))}
	case m.sum.Kind != core.KeyXsolla:
		return m.draftLines(e, width)
	case m.listed && len(m.signer) == 0:
		return widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T("keys.off.no-signer"), width)
	case m.login.err != nil:
		return m.loginRefused(e, width)
	case m.login.pasted.Empty():
		return muted(e, widget.Wrap(e.T("keys.mint.login-first"), width))
	case !m.login.known:
		return []string{e.Theme.Muted.Render(e.T("keys.mint.verifying"))}
	}
	return append(append(m.loginLines(e, width), ""), m.draftLines(e, width)...)
}

// loginLines say whose token was pasted.
func (m *mint) loginLines(e screen.Env, width int) []string {
	key, u := "keys.mint.verified", m.login.user
	if u.Email == "" {
		key += ".no-email"
	}
	return widget.Marked(e.Theme.Good.Render(e.Theme.Glyphs.OK), e.T(key, locale.Params{"id": core.CleanLine(u.Subject), "email": core.CleanLine(u.Email)}), width)
}

// loginRefused says why the token of Login makes no visitor: it is not
// genuine, or it is and its user has no e-mail address.
func (m *mint) loginRefused(e screen.Env, width int) []string {
	problem := widget.Problem(e, m.login.err, width)
	if m.login.user.Subject == "" {
		return problem
	}
	return append(append(m.loginLines(e, width), ""), problem...)
}

// draftLines are the verdict, the reasons, and the token itself.
func (m *mint) draftLines(e screen.Env, width int) []string {
	var lines []string
	failed, passed := 0, 0
	for _, f := range m.draft.Findings {
		switch f.Outcome {
		case visitortoken.Failed:
			failed++
		case visitortoken.Passed:
			passed++
		}
	}
	product := locale.Params{"kind": e.T("tokenkind." + string(m.draft.Kind))}
	switch {
	case m.draft.Kind == "":
		return nil
	case !m.begun:
		lines = muted(e, widget.Wrap(e.T("keys.mint.follows"), width))
	case failed > 0:
		lines = widget.Marked(e.Theme.Bad.Render(e.Theme.Glyphs.Bad), e.Text.N("keys.mint.refused", failed, product), width)
	default:
		lines = widget.Marked(e.Theme.Good.Render(e.Theme.Glyphs.OK), e.T("keys.mint.accepted", product), width)
	}
	token := append([]string{""}, tokenLines(e, m.draft, width)...)
	if !m.begun {
		return append(lines, token...)
	}
	var reasons []string
	for _, f := range m.draft.Findings {
		if f.Outcome != visitortoken.Passed {
			reasons = append(reasons, widget.Finding(e, f, width)...)
		}
	}
	if failed == 0 && reasons != nil {
		// Advice must not push what is going to be signed out of sight.
		return append(append(append(lines, token...), ""), reasons...)
	}
	if passed > 0 && failed > 0 {
		reasons = append(reasons, e.Theme.Muted.Render(e.Text.N("keys.mint.kept", passed)))
	}
	return append(append(lines, reasons...), token...)
}

// tokenLines are header and payload.
func tokenLines(e screen.Env, d visitortoken.Draft, width int) []string {
	var lines []string
	wide := max(ansi.StringWidth(e.T("keys.mint.header")), ansi.StringWidth(e.T("keys.mint.payload")))
	for _, part := range [][2]string{{"keys.mint.header", d.Header}, {"keys.mint.payload", d.Payload}} {
		label := widget.Pad(e.Theme.Muted.Render(e.T(part[0])), wide+2)
		for _, l := range widget.WrapJSON(part[1], max(width-wide-2, 8)) {
			lines = append(lines, label+l)
			label = strings.Repeat(" ", wide+2)
		}
	}
	return lines
}

// drawToken shows the signed token, and until when it is good.
func (m *mint) drawToken(e screen.Env) screen.Frame {
	w := e.Width
	life := m.draft.ExpiresAt.Sub(m.signedAt) + time.Second - 1 // the token's times have whole seconds
	p := locale.Params{"name": core.CleanLine(m.signedBy), "span": widget.Duration(e, life.Truncate(time.Second)), "at": m.draft.ExpiresAt.UTC().Format("15:04:05Z")}
	lines := widget.Marked(e.Theme.Good.Render(e.Theme.Glyphs.OK), e.T("keys.mint.signed", p), widget.Readable(w))
	lines = append(lines, "")
	lines = append(lines, widget.Wrap(m.token.Reveal(), w)...)
	lines = append(lines, "")
	lines = append(lines, tokenLines(e, m.draft, w)...)
	if e.Height >= 14 {
		lines = append(append(lines, ""), muted(e, widget.Wrap(e.T("keys.mint.bearer"), widget.Readable(w)))...)
	}
	from, to := m.pager.Window(len(lines), e.Height, -1)
	return widget.Frame(lines[from:to])
}
