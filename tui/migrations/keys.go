package migrations

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core/action"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
)

func (s *step) paste(msg tea.PasteMsg) screen.Step {
	p, ok := s.prompt(locale.English)
	switch {
	case !ok || s.work.step != "" || s.proven != "":
	case s.typing && s.form != nil:
		s.form.Update(msg)
	case s.wantsWord(p):
		s.typing = true
		s.word.Update(msg)
	}
	return screen.Step{}
}

// wantsWord reports whether a word is to be typed before the step is done.
func (s *step) wantsWord(p guide.Prompt) bool {
	return p.Confirm != nil && p.Blocked == nil && s.work.step == ""
}

func (s *step) key(msg tea.KeyPressMsg) screen.Step {
	p, ok := s.prompt(locale.English)
	if !ok {
		return screen.Step{}
	}
	k := msg.String()
	switch {
	case s.work.step != "":
		return s.workKey(k)
	case s.proven != "" && k == "enter":
		s.proven = ""
		s.scroll = scroll{}
		s.typing = s.form != nil && p.Blocked == nil
		return screen.Step{}
	case s.typing && k == "esc":
		s.typing = false
		return screen.Step{}
	case s.typing && s.form != nil:
		return s.formKey(p, msg)
	case s.typing:
		return s.wordKey(p, msg)
	}
	if step, used := s.plainKey(p, k); used {
		return step
	}
	// The word's first letter begins it: no key of this screen is a capital.
	if s.wantsWord(p) && s.proven == "" && len(msg.Text) == 1 && strings.HasPrefix(p.Confirm.Word, msg.Text) {
		s.typing = true
		s.word.Update(msg)
	}
	return screen.Step{}
}

// workKey is for the time in which something runs.
func (s *step) workKey(k string) screen.Step {
	switch k {
	case "c":
		if s.work.stop != nil {
			s.work.stop()
			s.work.stop = nil
		}
	case "s":
		return screen.Step{Back: true, Say: screen.Notice{Text: "migrations.goes-on"}}
	}
	return screen.Step{}
}

func (s *step) formKey(p guide.Prompt, msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "pgup", "pgdown":
		s.scroll.key(msg.String())
		return screen.Step{}
	case "ctrl+g":
		return s.readExamples()
	}
	if s.filling != nil { // what is typed ahead meets the form as it will be
		s.filling = append(s.filling, msg)
		return screen.Step{}
	}
	if _, submit := s.form.Update(msg); !submit {
		return screen.Step{}
	}
	values := s.answers(p)
	return s.start(p.Step.ID, false, func(ctx context.Context, run guide.Run) (guide.Run, error) {
		return s.d.Runner.Answer(ctx, run, values)
	})
}

func (s *step) wordKey(p guide.Prompt, msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "pgup", "pgdown":
		s.scroll.key(msg.String())
	case "enter":
		return s.do(p)
	default:
		s.word.Update(msg)
	}
	return screen.Step{}
}

// plainKey is for the keys that work while nothing is typed.
func (s *step) plainKey(p guide.Prompt, k string) (screen.Step, bool) {
	switch k {
	case "enter":
		return s.goOn(p), true
	case "p":
		return screen.Step{Open: newSteps(s.d, s.run, s.before(p))}, true
	case "e":
		return screen.Step{Open: newSteps(s.d, s.run, s.lastEvidence())}, true
	case "s":
		return screen.Step{Back: true, Say: screen.Notice{Text: "migrations.stopped"}}, true
	case "r":
		return screen.Step{Open: newRehearsal(s.d, *s.run.Guide())}, true
	case "o":
		return screen.Step{Open: newReport(s.d, s.run)}, true
	case "x":
		return screen.Step{Open: s.abandoning()}, true
	case "y":
		return s.copy(), true
	case "v":
		return s.unwrapped(), true
	case "t":
		if s.canAdvance(p) {
			s.d.AdvanceClock(p.NotBefore.Sub(s.d.Clock.Now()) + time.Second)
			return s.read(), true
		}
	}
	if step, used := s.mendKey(p, k); used {
		return step, true
	}
	return screen.Step{}, s.scroll.key(k)
}

// mendKey is for a step that did not work, or of which nobody knows.
func (s *step) mendKey(p guide.Prompt, k string) (screen.Step, bool) {
	switch {
	case k == "f" && p.CanInstead:
		return s.start(p.Step.ID, false, s.d.Runner.Instead), true
	case k == "i" && p.CanInquire:
		return s.start(p.Step.ID, false, func(ctx context.Context, run guide.Run) (guide.Run, error) {
			run, _, err := s.d.Runner.Inquire(ctx, run)
			return run, err
		}), true
	case k == "h" && p.CanResolve:
		return screen.Step{Open: s.resolving(action.DidHappen)}, true
	case k == "n" && p.CanResolve:
		return screen.Step{Open: s.resolving(action.DidNotHappen)}, true
	}
	return screen.Step{}, false
}

// goOn does what enter means for the current step.
func (s *step) goOn(p guide.Prompt) screen.Step {
	switch {
	case s.form != nil && p.Blocked == nil:
		s.typing = true
		return screen.Step{}
	case p.Blocked != nil:
		return screen.Fail(p.Blocked)
	case p.Step.Kind == guide.Tell:
		return s.start(p.Step.ID, false, func(ctx context.Context, run guide.Run) (guide.Run, error) {
			return s.d.Runner.Answer(ctx, run, nil)
		})
	case p.Confirm != nil:
		s.typing = true
		return screen.Step{}
	}
	return s.do(p)
}

// do runs the step's action. A wrong word is the runner's to refuse, but it is
// said here, where the right one stands.
func (s *step) do(p guide.Prompt) screen.Step {
	word := strings.TrimSpace(s.word.Value())
	if p.Confirm != nil && word != p.Confirm.Word {
		return screen.Say("migrations.other-word", locale.Params{"word": p.Confirm.Word})
	}
	return s.start(p.Step.ID, !p.Step.Irreversible(), func(ctx context.Context, run guide.Run) (guide.Run, error) {
		return s.d.Runner.Do(ctx, run, word)
	})
}

func (s *step) canAdvance(p guide.Prompt) bool {
	return s.d.AdvanceClock != nil && p.NotBefore.After(s.d.Clock.Now())
}

// Keys of the step.
func (s *step) Keys() []screen.Key {
	p, ok := s.prompt(locale.English)
	key := screen.NewKey
	switch {
	case !ok:
		return nil
	case s.work.step != "":
		return []screen.Key{
			key("c", "migrations.key.cancel", "c").If(s.work.stop != nil, "migrations.cannot-cancel"),
			key("s", "migrations.key.leave", "s"),
		}
	case s.typing && s.form != nil:
		keys := []screen.Key{key("enter", "migrations.key.next", "enter")}
		if s.d.Examples != nil {
			keys = append(keys, key("ctrl+g", "migrations.key.examples", "ctrl+g"))
		}
		return append(keys,
			key("tab", "migrations.key.field", "tab"), key("esc", "migrations.key.other-keys", "esc"),
			key("ctrl+s", "migrations.key.send", "ctrl+s"))
	case s.typing:
		return []screen.Key{key("enter", "migrations.key.do", "enter"), key("esc", "migrations.key.other-keys", "esc")}
	}
	return s.plainKeys(p)
}

func (s *step) plainKeys(p guide.Prompt) []screen.Key {
	key := screen.NewKey
	var out []screen.Key
	if p.State == guide.Unknown {
		out = append(out,
			key("i", "migrations.key.inquire", "i").If(p.CanInquire, "migrations.cannot-inquire"),
			key("h", "migrations.key.happened", "h").If(p.CanResolve, "migrations.cannot-resolve"),
			key("n", "migrations.key.not-happened", "n").If(p.CanResolve, "migrations.cannot-resolve"))
	} else {
		out = append(out, key("enter", s.enterWord(p), "enter").If(s.proven != "" || p.Blocked == nil, "migrations.blocked"))
	}
	if s.canAdvance(p) {
		out = append(out, key("t", "migrations.key.advance", "t"))
	}
	if p.CanInstead {
		out = append(out, key("f", "migrations.key.instead", "f"))
	}
	rehearse := key("r", "migrations.key.rehearse", "r").If(s.d.Rehearse != nil, "migrations.no-sandbox")
	link := key("v", "migrations.key.unwrapped", "v").If(len(s.copyables()) > 0, "migrations.nothing-to-copy")
	return append(out,
		key("p", "migrations.key.previous", "p").If(s.before(p) != "", "migrations.no-previous"),
		key("s", "migrations.key.stop", "s"),
		key("e", "migrations.key.evidence", "e").If(s.lastEvidence() != "", "migrations.no-evidence"),
		key("y", "migrations.key.copy", "y").If(len(s.copyables()) > 0, "migrations.nothing-to-copy"),
		rehearse, link.Hide(),
		key("o", "migrations.key.report", "o").Hide(),
		key("x", "migrations.key.abandon", "x").Hide(),
		key("pgdn", "migrations.key.scroll", "pgdown", "pgup", "up", "down", "j").Hide(),
	)
}

// enterWord is what enter does now.
func (s *step) enterWord(p guide.Prompt) string {
	switch {
	case s.proven != "":
		return "migrations.key.go-on"
	case p.State == guide.Failed:
		return "migrations.key.again"
	case s.form != nil:
		return "migrations.key.type"
	case p.Step.Kind == guide.Tell:
		return "migrations.key.done"
	case p.Step.Kind == guide.Prove:
		return "migrations.key.prove"
	case p.Confirm != nil:
		return "migrations.key.confirm"
	}
	return "migrations.key.do"
}
