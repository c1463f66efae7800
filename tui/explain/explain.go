// Package explain is the screen that says what a pasted error means: of a
// browser's page, an address, an answer of an API, a mail server or a log.
//
// The text may hold secrets: it is kept in memory while the screen is open,
// and what of it is drawn or copied has gone through advice.Redact.
package explain

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/advice"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Deps are what the screen needs.
type Deps struct {
	// Explain says what a text means, in a language.
	Explain func(text string, lang locale.Lang) (advice.Answer, error)
	// Text is explained at once; "": the admin is asked for one.
	Text string
}

// view is the one screen: it waits for a text, then shows what it means.
type view struct {
	d       Deps
	scope   *screen.Scope
	input   widget.Input
	typed   bool // a text was given
	waiting bool // for the answer
	round   int
	answers map[locale.Lang]advice.Answer // the language may be switched while they are read
	err     error
	pager   widget.Pager
	menu    *widget.Menu // what to copy; nil: not now
}

type explained struct {
	round   int
	answers map[locale.Lang]advice.Answer
	err     error
}

// New makes the screen.
func New(d Deps) screen.Screen {
	v := &view{d: d, input: widget.NewInput(false)}
	v.input.Focus()
	return v
}

// Title names the screen.
func (v *view) Title(e screen.Env) string { return e.T("explain.title") }

// Init explains the text that was given, if any.
func (v *view) Init(s *screen.Scope) screen.Step {
	v.scope = s
	return v.take(v.d.Text)
}

// Leave forgets the text.
func (v *view) Leave() screen.Step {
	v.forget()
	return screen.Step{}
}

func (v *view) forget() {
	v.typed, v.waiting, v.answers, v.err, v.pager, v.menu = false, false, nil, nil, widget.Pager{}, nil
	v.round++
	v.input.SetValue("")
	v.input.Focus()
}

// Capturing keeps letters while a text is typed, and esc for the menu.
func (v *view) Capturing() bool { return !v.typed || v.menu != nil }

// Update handles keys, pastes and what was found out.
func (v *view) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case explained:
		if msg.round == v.round {
			v.waiting, v.answers, v.err = false, msg.answers, msg.err
		}
	case tea.PasteMsg:
		return v.take(msg.Content)
	case tea.KeyPressMsg:
		return v.key(msg)
	}
	return screen.Step{}
}

// take explains a text. Pastes come whole: what is pasted while something is
// typed takes its place.
func (v *view) take(text string) screen.Step {
	if strings.TrimSpace(text) == "" {
		return screen.Step{}
	}
	v.forget()
	v.input.Blur()
	v.typed, v.waiting = true, true
	round := v.round
	return screen.Step{Cmd: v.scope.Run(func(context.Context) tea.Msg {
		out := explained{round: round, answers: map[locale.Lang]advice.Answer{}}
		for _, l := range locale.Langs() {
			if out.answers[l], out.err = v.d.Explain(text, l); out.err != nil {
				break
			}
		}
		return out
	})}
}

func (v *view) key(msg tea.KeyPressMsg) screen.Step {
	switch k := msg.String(); {
	case v.menu != nil:
		return v.menuKey(msg)
	case !v.typed && k == "esc":
		return screen.Step{Back: true}
	case !v.typed && k == "enter":
		return v.take(v.input.Value())
	case !v.typed:
		v.input.Update(msg)
	case k == "p":
		v.forget()
	case k == "y" && v.answers != nil:
		v.menu = &widget.Menu{Items: v.copyables()}
	default:
		v.pager.Key(k)
	}
	return screen.Step{}
}

// The texts that can be copied, by the locale key of their name.
const (
	copyAnswer = "explain.copy.answer"
	copyLink   = "explain.copy.link"
	copyCode   = "explain.copy.code"
)

func (v *view) copyables() []widget.MenuItem {
	items := []widget.MenuItem{{What: copyAnswer, Text: "…"}}
	for _, x := range v.answers[locale.English].Candidates { // codes and links are the same in every language
		items = append(items, widget.MenuItem{What: copyCode, Text: x.Code})
		if x.Link != "" {
			items = append(items, widget.MenuItem{What: copyLink, Text: x.Link})
		}
	}
	return items
}

func (v *view) menuKey(msg tea.KeyPressMsg) screen.Step {
	if msg.String() == "esc" {
		v.menu = nil
		return screen.Step{}
	}
	it, ok := v.menu.Update(msg)
	if !ok {
		return screen.Step{}
	}
	v.menu = nil
	if it.What == copyAnswer {
		answers := v.answers
		return screen.Step{Copy: screen.Copy{What: it.What, Words: func(e screen.Env) string {
			return ansi.Strip(strings.Join(body(e, answers[e.Text.Lang()], 100), "\n"))
		}}}
	}
	return screen.Step{Copy: screen.Copy{Text: it.Text, What: it.What}}
}

// Keys that work now.
func (v *view) Keys() []screen.Key {
	switch {
	case v.menu != nil:
		return []screen.Key{screen.NewKey("enter", "explain.key.choose", "enter"), screen.NewKey("esc", "explain.key.cancel", "esc")}
	case !v.typed:
		return []screen.Key{screen.NewKey("enter", "explain.key.explain", "enter"), screen.NewKey("esc", "explain.key.leave", "esc")}
	}
	return []screen.Key{
		screen.NewKey("p", "explain.key.another", "p"),
		screen.NewKey("y", "explain.key.copy", "y").If(v.answers != nil, "explain.off.waiting"),
		screen.NewKey("j/k", "explain.key.scroll", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
}

// Draw shows what is waited for, or the likeliest meaning first.
func (v *view) Draw(e screen.Env) screen.Frame {
	switch {
	case v.menu != nil:
		return widget.Frame(v.menu.Draw(e))
	case !v.typed:
		return v.drawWaiting(e)
	}
	var lines []string
	switch {
	case v.err != nil:
		lines = widget.Problem(e, v.err, e.Width)
	case v.waiting:
		lines = []string{e.Theme.Muted.Render(e.T("explain.waiting"))}
	default:
		lines = body(e, v.answers[e.Text.Lang()], widget.Readable(e.Width))
	}
	from, to := v.pager.Window(len(lines), max(e.Height, 1), -1)
	shown := append([]string{}, lines[from:to]...)
	if to < len(lines) && to-from > 3 {
		more := e.T("explain.more", locale.Params{"n": len(lines) - to + 1})
		shown[len(shown)-1] = e.Theme.Muted.Render(widget.Cut(more, e.Width, e.Theme.Glyphs.Cut))
	}
	return widget.Frame(shown)
}

func (v *view) drawWaiting(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	lines := []string{e.Theme.Title.Render(widget.Cut(e.T("explain.head"), e.Width, e.Theme.Glyphs.Cut)), ""}
	lines = append(lines, widget.Wrap(e.T("explain.paste"), w)...)
	lines = append(lines, "")
	text, column := v.input.Draw(e, e.Width-2)
	row := len(lines)
	lines = append(lines, e.Theme.Accent.Render(">")+" "+text, "")
	if e.Height >= 14 {
		for _, l := range widget.Wrap(e.T("explain.kept"), w) {
			lines = append(lines, e.Theme.Muted.Render(l))
		}
	}
	f := widget.Frame(lines)
	if column >= 0 {
		f.Cursor = tea.NewCursor(column+2, row)
	}
	return f
}

// body is the answer: each meaning with its parts, or what to collect.
func body(e screen.Env, a advice.Answer, width int) []string {
	var lines []string
	if n := len(a.Candidates); n > 1 {
		lines = append(lines, e.Theme.Title.Render(e.Text.N("explain.several", n)), "")
	}
	for i, x := range a.Candidates {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, meaning(e, x, width)...)
	}
	for _, ch := range a.Challenges {
		lines = append(lines, "")
		for _, l := range widget.Wrap(e.T("explain.challenge", locale.Params{"text": ch}), width) {
			lines = append(lines, e.Theme.Muted.Render(l))
		}
	}
	if len(a.Candidates) == 0 {
		lines = append(lines, unknown(e, a, width)...)
	}
	if a.Text != "" {
		lines = append(lines, "", e.Theme.Muted.Render(e.T("explain.read")))
		for _, l := range widget.Wrap(core.CleanText(a.Text), width-2) {
			lines = append(lines, "  "+e.Theme.Muted.Render(l))
		}
	}
	return lines
}

func meaning(e screen.Env, x advice.Candidate, width int) []string {
	sign, style := e.Theme.Glyphs.OK, e.Theme.Good
	if x.Confidence != advice.Certain && x.Confidence != advice.Own {
		sign, style = e.Theme.Glyphs.Warn, e.Theme.Warn
	}
	head := e.T(x.Says(), locale.Params{"system": e.T("explain.system." + x.System)})
	lines := widget.Marked(style.Render(sign), head, width)
	facts := widget.NewFacts(e, width-2, "explain.label.", "where", "means", "fix", "link", "evidence")
	if x.Place != "" {
		facts.Add("where", e.T("explain.at."+x.Place))
	}
	facts.Add("means", x.Means)
	facts.Add("fix", x.Fix)
	if x.Link != "" {
		facts.Add("link", x.Link)
	}
	because := strings.Join(x.Evidence, " · ")
	if because != x.Code {
		because += "  (" + x.Code + ")"
	}
	facts.Add("evidence", because)
	return append(lines, widget.Indent(facts.Lines, "  ")...)
}

func unknown(e screen.Env, a advice.Answer, width int) []string {
	lines := widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T("explain.unknown"), width)
	if len(a.Systems) > 0 {
		names := make([]string, len(a.Systems))
		for i, s := range a.Systems {
			names[i] = strings.TrimSpace(e.T("explain.system." + s))
		}
		lines = append(lines, widget.Wrap(e.T("explain.seen", locale.Params{"systems": strings.Join(names, ", ")}), width)...)
	}
	lines = append(append(lines, ""), widget.Wrap(e.T("explain.collect"), width)...)
	for _, what := range []string{"page", "address", "answer", "challenge", "log"} {
		lines = append(lines, widget.Marked(e.Theme.Glyphs.Bullet, e.T("explain.collect."+what), width)...)
	}
	return lines
}
