package migrations

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// step is the screen of a run: the step it is at.
type step struct {
	d      Deps
	drafts drafts
	scope  *screen.Scope
	id     string

	run       guide.Run
	loaded    bool
	err       error // of the first reading
	rehearsal guide.Rehearsal

	form    *widget.Form      // of an ask step
	word    widget.Input      // of a step that wants confirmation
	filling []tea.KeyPressMsg // keys typed while the sandbox's values are fetched; nil: none are
	typing  bool              // form or word takes the keys
	scroll  scroll

	work   work
	failed error  // why the current step's last try failed, while this screen saw it
	proven string // id of the step that has just been done and whose outcome is on the screen
	copied place  // what was copied last
}

// work is what this screen has asked the runner to do and waits for.
type work struct {
	step  string // "": none
	since time.Time
	stop  context.CancelFunc // nil: past the point of no return
}

func newRun(d Deps, kept drafts, id string) *step {
	return &step{d: d, drafts: kept, id: id, word: widget.NewInput(false)}
}

type (
	// runRead is the run as stored.
	runRead struct {
		run guide.Run
		err error
	}
	// moved is the run after something was done with it.
	moved struct {
		run  guide.Run
		step string // the step it was done to
		err  error
	}
)

// Title is the guide's, and the run's name.
func (s *step) Title(e screen.Env) string {
	if !s.loaded {
		return e.T("migrations.run")
	}
	title := s.run.Guide().Title.In(e.Text.Lang())
	if s.run.Name != "" {
		return s.run.Name + " " + e.Theme.Glyphs.Dot + " " + title
	}
	return title
}

// Init reads the run.
func (s *step) Init(scope *screen.Scope) screen.Step {
	s.scope = scope
	return s.read()
}

// Resume reads the run again: the screen above may have taken it further.
func (s *step) Resume() screen.Step { return s.read() }

func (s *step) read() screen.Step {
	return screen.Step{Cmd: s.scope.Run(func(ctx context.Context) tea.Msg {
		run, err := s.d.Runner.Get(ctx, s.id)
		return runRead{run, err}
	})}
}

// Capturing keeps letters for the form or the word.
func (s *step) Capturing() bool { return s.typing }

// nearly is how long before its time a waiting step is counted down.
const nearly = 2 * time.Minute

// Trouble is why the current step's last try failed, or why it is not known
// what came of it.
func (s *step) Trouble() error {
	p, ok := s.prompt(locale.English)
	if !ok || s.work.step != "" || s.proven != "" {
		return s.err
	}
	if p.State == guide.Failed || s.failed != nil {
		return s.why(p)
	}
	return nil
}

// Ticking is for what changes without a key: a step that another session is
// at, and the last minutes before one can be done.
func (s *step) Ticking() bool {
	p, ok := s.prompt(locale.English)
	if !ok || s.work.step != "" {
		return false
	}
	now := s.d.Clock.Now()
	waits := p.NotBefore.After(now) && p.NotBefore.Sub(now) < nearly
	return waits || p.State == guide.Running || p.State == guide.Unknown && p.Until.After(now)
}

// prompt is what the current step wants; false when there is none.
func (s *step) prompt(lang locale.Lang) (guide.Prompt, bool) {
	if !s.loaded {
		return guide.Prompt{}, false
	}
	return s.d.Runner.Prompt(s.run, lang)
}

// Update takes keys and what came of work.
func (s *step) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case runRead:
		return s.take(msg)
	case rehearsalRead:
		if msg.err == nil {
			s.rehearsal = msg.note
		}
	case moved:
		return s.moved(msg)
	case examples:
		return s.fillIn(msg)
	case screen.TickMsg:
		if p, ok := s.prompt(locale.English); ok && s.work.step == "" && p.State == guide.Running {
			return s.read()
		}
	case tea.PasteMsg:
		return s.paste(msg)
	case tea.KeyPressMsg:
		return s.key(msg)
	}
	return screen.Step{}
}

func (s *step) take(msg runRead) screen.Step {
	if msg.err != nil {
		if s.loaded {
			return screen.Fail(msg.err)
		}
		s.err = msg.err
		return screen.Step{}
	}
	first := !s.loaded
	if first || msg.run.Rev != s.run.Rev || msg.run.State != s.run.State {
		s.set(msg.run)
	}
	out := screen.Step{}
	if !s.run.Ended.IsZero() {
		return out.Then(screen.Step{Replace: newReport(s.d, s.run)})
	}
	return out.Then(screen.Step{Cmd: readRehearsal(s.d, s.scope, s.run.GuideID)})
}

// set takes a run as it is now and prepares what its current step needs.
func (s *step) set(run guide.Run) {
	before, _ := s.prompt(locale.English)
	s.run, s.loaded, s.err = run, true, nil
	s.failed = nil
	p, ok := s.prompt(locale.English)
	if !ok {
		s.form, s.typing = nil, false
		return
	}
	if before.Step.ID != p.Step.ID {
		s.scroll = scroll{}
	}
	s.word = widget.NewInput(false)
	s.word.Focus()
	s.form = nil
	if p.Step.Kind == guide.Ask {
		s.form = s.drafted(p)
	}
	s.typing = s.form != nil && s.proven == "" && p.Blocked == nil
}

// work runs something of the runner's. What it begins is finished even when
// the screen is left: the result is in the journal. Only what can be repeated
// can be stopped.
func (s *step) start(id string, stoppable bool, do func(context.Context, guide.Run) (guide.Run, error)) screen.Step {
	s.work = work{step: id, since: s.d.Clock.Now()}
	s.typing, s.failed, s.proven = false, nil, ""
	run := s.run
	stop := make(chan struct{})
	if stoppable {
		s.work.stop = func() { close(stop) }
	}
	return screen.Step{Cmd: s.scope.Run(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		go func() {
			select {
			case <-stop:
				cancel()
			case <-ctx.Done():
			}
		}()
		next, err := do(ctx, run)
		return moved{run: next, step: id, err: err}
	})}
}

// moved takes what came of work: the run as it is now, and the error of an
// action beside it. Where somebody else was faster the run is read again.
func (s *step) moved(msg moved) screen.Step {
	s.work = work{}
	same := msg.run.Rev == s.run.Rev
	switch {
	case core.ClassOf(msg.err) == core.Conflict:
		return screen.Fail(msg.err).Then(s.read())
	case msg.err != nil && same && s.wrongAnswer(msg.err):
		return screen.Step{}
	case msg.err != nil && same:
		s.typing = s.form != nil
		return screen.Fail(msg.err)
	case same:
		return screen.Say("migrations.cannot-tell")
	}
	done, _ := s.run.Guide().Step(msg.step)
	if msg.run.StateOf(msg.step) == guide.Done {
		delete(s.drafts, s.draftKey(msg.step))
		if done.Kind == guide.Do || done.Kind == guide.Prove {
			s.proven = done.ID
		}
	}
	s.set(msg.run)
	s.failed = msg.err
	if !s.run.Ended.IsZero() {
		return screen.Step{Replace: newReport(s.d, s.run), Say: screen.Notice{Text: "migrations.ended-now"}, Changed: true}
	}
	return screen.Step{Changed: true}
}

// scroll is how far the middle part of the screen is scrolled. most is the
// farthest that had a use at the last Draw: a cache for the keys.
type scroll struct{ top, most int }

func (s *scroll) key(k string) bool {
	switch k {
	case "down", "j":
		s.top++
	case "up", "k":
		s.top--
	case "pgdown", "ctrl+f", "ctrl+d":
		s.top += 8
	case "pgup", "ctrl+b", "ctrl+u":
		s.top -= 8
	case "home", "g":
		s.top = 0
	case "end", "G":
		s.top = s.most
	default:
		return false
	}
	s.top = max(0, min(s.top, s.most))
	return true
}

// window is the part of lines in sight, and how many are below it.
func (s *scroll) window(lines []string, height int) (part []string, below int) {
	height = max(height, 0)
	s.most = max(0, len(lines)-height)
	top := min(s.top, s.most)
	end := min(len(lines), top+height)
	return lines[top:end], len(lines) - end
}
