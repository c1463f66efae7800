package migrations

import (
	"context"
	"maps"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core/action"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// confirm asks once more before the journal takes a person's word or a run
// ends. Its texts are <key>.title, <key>.head, <key>.text and <key>.yes.
type confirm struct {
	key     string
	params  locale.Params
	title   locale.Text // the step it is about: {{.title}}
	word    string      // to be typed; "": enter is enough
	said    string      // locale key of what is said when it is done
	do      func(context.Context) error
	scope   *screen.Scope
	input   widget.Input
	working bool
}

type confirmed struct{ err error }

func newConfirm(c confirm) *confirm {
	c.input = widget.NewInput(false)
	c.input.Focus()
	return &c
}

// abandoning asks before a run ends before its end.
func (s *step) abandoning() screen.Screen {
	run := s.run
	return newConfirm(confirm{
		key: "migrations.abandon", word: "ABANDON", params: locale.Params{"name": run.Name}, said: "migrations.abandoned",
		do: func(ctx context.Context) error {
			_, err := s.d.Runner.Abandon(ctx, run)
			return err
		},
	})
}

// resolving asks before the journal takes the admin's word for what became of
// an unknown step.
func (s *step) resolving(effect action.Effect) screen.Screen {
	key := "migrations.happened"
	if effect == action.DidNotHappen {
		key = "migrations.not-happened"
	}
	run := s.run
	return newConfirm(confirm{
		key: key, params: locale.Params{"vendor": string(run.Guide().Platform)}, said: "migrations.noted",
		do: func(ctx context.Context) error {
			_, err := s.d.Runner.Resolve(ctx, run, effect)
			return err
		},
	})
}

// reopening asks before an earlier step is opened again.
func reopening(d Deps, run guide.Run, v guide.StepView) screen.Screen {
	return newConfirm(confirm{
		key: "migrations.reopen", params: locale.Params{"n": v.Number}, title: v.Step.Title, said: "migrations.reopened",
		do: func(ctx context.Context) error {
			_, err := d.Runner.Back(ctx, run, v.Step.ID)
			return err
		},
	})
}

// Title names the question.
func (c *confirm) Title(e screen.Env) string { return e.T(c.key + ".title") }

// Init has nothing to read.
func (c *confirm) Init(s *screen.Scope) screen.Step {
	c.scope = s
	return screen.Step{}
}

// Capturing keeps letters for the word.
func (c *confirm) Capturing() bool { return c.word != "" }

// Update takes the word and the decision.
func (c *confirm) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case confirmed:
		c.working = false
		if msg.err != nil {
			return screen.Step{Back: true, Say: screen.Notice{Err: msg.err}}
		}
		return screen.Step{Back: true, Changed: true, Say: screen.Notice{Text: c.said, Params: c.params}}
	case tea.PasteMsg:
		c.input.Update(msg)
	case tea.KeyPressMsg:
		return c.press(msg)
	}
	return screen.Step{}
}

func (c *confirm) press(msg tea.KeyPressMsg) screen.Step {
	switch {
	case c.working:
		return screen.Step{}
	case msg.String() == "esc":
		return screen.Step{Back: true}
	case msg.String() != "enter":
		c.input.Update(msg)
		return screen.Step{}
	case strings.TrimSpace(c.input.Value()) != c.word && c.word != "":
		return screen.Say("migrations.other-word", locale.Params{"word": c.word})
	}
	c.working = true
	return screen.Step{Cmd: c.scope.Run(func(ctx context.Context) tea.Msg {
		return confirmed{c.do(context.WithoutCancel(ctx))}
	})}
}

// Draw shows the question.
func (c *confirm) Draw(e screen.Env) screen.Frame {
	width := min(e.Width, 76)
	params := maps.Clone(c.params)
	if params == nil {
		params = locale.Params{}
	}
	params["title"] = c.title.In(e.Text.Lang())
	lines := styledLines(widget.Wrap(e.T(c.key+".head", params), width), e.Theme.Title)
	lines = append(append(lines, ""), prose(e, e.T(c.key+".text", params), width)...)
	lines = append(lines, "")
	if c.word == "" {
		return widget.Frame(append(lines, styledLines(widget.Wrap(e.T(c.key+".yes", c.params), width), e.Theme.Accent)...))
	}
	ask := e.T("migrations.type-word", locale.Params{"word": c.word}) + " "
	text, col := c.input.Draw(e, max(4, e.Width-ansi.StringWidth(ask)))
	f := widget.Frame(append(lines, e.Theme.Accent.Render(ask)+text))
	if col >= 0 && !c.working {
		f.Cursor = tea.NewCursor(ansi.StringWidth(ask)+col, len(lines))
	}
	return f
}

// Keys of the question.
func (c *confirm) Keys() []screen.Key {
	keys := []screen.Key{screen.NewKey("enter", c.key+".key", "enter").If(!c.working, "migrations.saving-now")}
	if c.word != "" {
		keys = append(keys, screen.NewKey("esc", "key.back", "esc"))
	}
	return keys
}
