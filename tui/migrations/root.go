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

const (
	// watched is for how many runs under way the list knows more than their
	// summary: it reads each.
	watched = 50
	// ended is how many runs that are over are listed.
	ended = 30
)

// root lists what is under way, what can be started and what is over.
type root struct {
	d          Deps
	scope      *screen.Scope
	drafts     drafts
	underway   []underway
	over       []guide.Summary
	rehearsals map[string]guide.Rehearsal
	loaded     bool
	err        error
	cursor     widget.List

	all       rootLoaded // what was read; the lists above are what the filter leaves of it
	guides    []guide.Guide
	input     widget.Input // the filter
	filtering bool         // letters go into it
}

// underway is a run and where its current step stands.
type underway struct {
	guide.Summary
	kind      guide.Kind
	state     guide.State
	notBefore time.Time
	title     locale.Text // of the step
	code      string      // why it failed, or why the run can't be read
}

// drafts keeps what was typed and not sent, by what it was typed for, until
// the store is locked.
type drafts map[string]*widget.Form

// New makes the section's root.
func New(d Deps) screen.Screen {
	return &root{d: d, drafts: drafts{}, guides: d.Guides, input: widget.NewInput(false)}
}

type rootLoaded struct {
	underway   []underway
	over       []guide.Summary
	rehearsals map[string]guide.Rehearsal
	err        error
}

// Title names the screen.
func (r *root) Title(e screen.Env) string { return e.T("section.migrations") }

// Init reads the runs.
func (r *root) Init(s *screen.Scope) screen.Step {
	r.scope = s
	return r.read()
}

// Resume reads them again.
func (r *root) Resume() screen.Step { return r.read() }

func (r *root) read() screen.Step {
	return screen.Step{Cmd: r.scope.Run(func(ctx context.Context) tea.Msg {
		if r.d.Broken != nil {
			return rootLoaded{err: r.d.Broken}
		}
		msg := rootLoaded{rehearsals: map[string]guide.Rehearsal{}}
		runs, err := r.d.Runner.Runs(ctx)
		if err != nil {
			return rootLoaded{err: err}
		}
		for _, s := range runs {
			switch {
			case !s.Ended.IsZero() && len(msg.over) < ended:
				msg.over = append(msg.over, s)
			case s.Ended.IsZero():
				msg.underway = append(msg.underway, r.look(ctx, s, len(msg.underway) < watched))
			}
		}
		for _, g := range r.d.Guides {
			note, ok, err := r.d.Runner.Rehearsed(ctx, g.ID)
			if err != nil {
				return rootLoaded{err: err}
			}
			if ok {
				msg.rehearsals[g.ID] = note
			}
		}
		return msg
	})}
}

// look reads where a run stands. One that cannot be read says why and leaves
// the others alone.
func (r *root) look(ctx context.Context, s guide.Summary, closely bool) underway {
	u := underway{Summary: s, state: guide.Open}
	if s.State == guide.Stuck {
		u.state = guide.Unknown
	}
	if !closely {
		return u
	}
	run, err := r.d.Runner.Get(ctx, s.ID)
	if err != nil {
		u.state, u.code = guide.Failed, core.CodeOf(err)
		return u
	}
	if p, ok := r.d.Runner.Prompt(run, locale.English); ok {
		u.kind, u.state, u.notBefore, u.title = p.Step.Kind, p.State, p.NotBefore, p.Step.Title
		u.Name, u.Summary.Step, u.Of = run.Name, p.Number, p.Of
		if p.Failure != nil {
			u.code = p.Failure.Code
		}
	}
	return u
}

// Update takes keys and what was read.
func (r *root) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case rootLoaded:
		return r.take(msg)
	case tea.PasteMsg:
		if r.filtering {
			r.input.Update(msg)
			r.narrow()
		}
	case tea.KeyPressMsg:
		if r.filtering {
			r.filterKey(msg)
			return screen.Step{}
		}
		switch msg.String() {
		case "enter":
			return r.open()
		case "esc":
			r.input.SetValue("")
			r.narrow()
		case "/":
			r.filtering = true
			r.input.Focus()
		case "r":
			if g, ok := r.guideAt(); ok {
				return screen.Step{Open: newRehearsal(r.d, g)}
			}
		case "d":
			if r.d.Functions != nil {
				return screen.Step{Open: r.d.Functions()}
			}
		case "t":
			if r.d.Tokens != nil {
				return screen.Step{Open: r.d.Tokens()}
			}
		default:
			r.cursor.Update(msg, r.rows())
		}
	}
	return screen.Step{}
}

// take keeps the cursor on the run or guide it was on. When a run of that guide
// has begun meanwhile, the cursor goes to the run: enter then takes it up, and
// does not start another.
func (r *root) take(msg rootLoaded) screen.Step {
	r.err = msg.err
	if msg.err != nil {
		if r.loaded {
			return screen.Fail(msg.err)
		}
		return screen.Step{}
	}
	was := ""
	if r.loaded {
		was = r.idAt(r.cursor.Selected)
		if g, ok := r.guideAt(); ok {
			was = r.begun(msg, g.ID)
		}
	}
	r.all, r.rehearsals, r.loaded = msg, msg.rehearsals, true
	r.choose()
	for i := range r.rows() {
		if was != "" && r.idAt(i) == was {
			r.cursor.Selected = i
		}
	}
	r.cursor.Clamp(r.rows())
	return screen.Step{}
}

// begun is the run of a guide that was not there when the list was read last;
// the guide itself, if there is none.
func (r *root) begun(msg rootLoaded, guideID string) string {
	known := map[string]bool{}
	for _, u := range r.all.underway {
		known[u.ID] = true
	}
	for _, u := range msg.underway {
		if u.GuideID == guideID && !known[u.ID] {
			return u.ID
		}
	}
	return guideID
}

// rows are the runs under way, the guides and the runs that are over, in this
// order.
func (r *root) rows() int {
	if !r.loaded {
		return 0
	}
	return len(r.underway) + len(r.guides) + len(r.over)
}

func (r *root) idAt(i int) string {
	if i < len(r.underway) {
		return r.underway[i].ID
	}
	if i -= len(r.underway); i < len(r.guides) {
		return r.guides[i].ID
	}
	if i -= len(r.guides); i < len(r.over) {
		return r.over[i].ID
	}
	return ""
}

// guideAt is the selected guide, if the cursor is on one.
func (r *root) guideAt() (guide.Guide, bool) {
	i := r.cursor.Selected - len(r.underway)
	if !r.loaded || i < 0 || i >= len(r.guides) {
		return guide.Guide{}, false
	}
	return r.guides[i], true
}

func (r *root) open() screen.Step {
	if g, ok := r.guideAt(); ok {
		return screen.Step{Open: newStart(r.d, r.drafts, g, r.rehearsals[g.ID])}
	}
	if id := r.idAt(r.cursor.Selected); id != "" && r.loaded {
		return screen.Step{Open: newRun(r.d, r.drafts, id)}
	}
	return screen.Step{}
}

// Keys of the list.
func (r *root) Keys() []screen.Key {
	if r.filtering {
		return []screen.Key{screen.NewKey("enter", "migrations.key.filter-done", "enter"), screen.NewKey("esc", "migrations.key.filter-off", "esc")}
	}
	_, onGuide := r.guideAt()
	open := "migrations.key.open"
	if onGuide {
		open = "migrations.key.start"
	}
	rehearse := screen.NewKey("r", "migrations.key.rehearse", "r").If(onGuide, "migrations.not-a-guide")
	if r.d.Rehearse == nil {
		rehearse = rehearse.If(false, "migrations.no-sandbox")
	}
	keys := []screen.Key{
		screen.NewKey("enter", open, "enter").If(r.rows() > 0, "migrations.no-guides"),
		rehearse,
	}
	if r.d.Functions != nil {
		keys = append(keys, screen.NewKey("d", "migrations.key.functions", "d"))
	}
	if r.d.Tokens != nil {
		keys = append(keys, screen.NewKey("t", "migrations.key.tokens", "t"))
	}
	return append(keys,
		screen.NewKey("/", "migrations.key.filter", "/"),
		screen.NewKey("j/k", "migrations.key.move", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide())
}
