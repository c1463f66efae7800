package migrations

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// start shows what a guide will do and asks what to call the run.
type start struct {
	d         Deps
	scope     *screen.Scope
	drafts    drafts
	guide     guide.Guide
	rehearsal guide.Rehearsal
	form      *widget.Form
	working   bool
}

// Begin is the screen that starts a guide, for other sections to open: name is
// proposed for the run. An unknown guide gives nil.
func Begin(d Deps, guideID, name string) screen.Screen {
	for _, g := range d.Guides {
		if g.ID == guideID {
			s := newStart(d, drafts{}, g, guide.Rehearsal{})
			s.form.Set("name", name)
			return s
		}
	}
	return nil
}

func newStart(d Deps, kept drafts, g guide.Guide, rehearsal guide.Rehearsal) *start {
	form := kept["start/"+g.ID]
	if form == nil {
		form = widget.NewForm(widget.Field{
			Name: "name", Label: widget.Key("migrations.name"), Hint: widget.Key("migrations.name.hint"),
			Optional: g.Subject != "",
		})
		kept["start/"+g.ID] = form
	}
	return &start{d: d, drafts: kept, guide: g, rehearsal: rehearsal, form: form}
}

type started struct {
	run guide.Run
	err error
}

// Title names the guide.
func (s *start) Title(e screen.Env) string { return s.guide.Title.In(e.Text.Lang()) }

// Init reads how the guide was last rehearsed.
func (s *start) Init(scope *screen.Scope) screen.Step {
	s.scope = scope
	return screen.Step{Cmd: readRehearsal(s.d, scope, s.guide.ID)}
}

// Capturing keeps letters for the name.
func (s *start) Capturing() bool { return true }

// Update takes the name and starts.
func (s *start) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case started:
		s.working = false
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		delete(s.drafts, "start/"+s.guide.ID)
		return screen.Step{Replace: newRun(s.d, s.drafts, msg.run.ID), Changed: true}
	case rehearsalRead:
		if msg.err == nil {
			s.rehearsal = msg.note
		}
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc":
			return screen.Step{Back: true}
		case "ctrl+r":
			if s.d.Rehearse != nil {
				return screen.Step{Open: newRehearsal(s.d, s.guide)}
			}
			return screen.Step{}
		}
		return s.edit(msg)
	case tea.PasteMsg:
		return s.edit(msg)
	}
	return screen.Step{}
}

func (s *start) edit(msg tea.Msg) screen.Step {
	if s.working {
		return screen.Step{}
	}
	if _, submit := s.form.Update(msg); !submit {
		return screen.Step{}
	}
	s.working = true
	name := s.form.Value("name")
	return screen.Step{Cmd: s.scope.Run(func(ctx context.Context) tea.Msg {
		run, err := s.d.Runner.Start(context.WithoutCancel(ctx), s.guide.ID, name)
		return started{run, err}
	})}
}

// Resume reads whether the guide was rehearsed meanwhile.
func (s *start) Resume() screen.Step {
	return screen.Step{Cmd: readRehearsal(s.d, s.scope, s.guide.ID)}
}

// rehearsalRead tells how a guide was last rehearsed.
type rehearsalRead struct {
	note guide.Rehearsal
	err  error
}

func readRehearsal(d Deps, s *screen.Scope, guideID string) tea.Cmd {
	return s.Run(func(ctx context.Context) tea.Msg {
		note, _, err := d.Runner.Rehearsed(ctx, guideID)
		return rehearsalRead{note, err}
	})
}

// Draw shows the guide's steps and the question.
func (s *start) Draw(e screen.Env) screen.Frame {
	lang := e.Text.Lang()
	lines := widget.Wrap(s.guide.Summary.In(lang), min(e.Width, 90))
	lines = append(lines, "")
	lines = append(lines, widget.Wrap(stepFacts(e, s.guide), e.Width)...)
	lines = append(lines, styledLines(widget.Wrap(rehearsedWords(e, s.rehearsal, s.rehearsal.GuideID != ""), e.Width), e.Theme.Muted)...)
	lines = append(lines, "")
	form, cur := s.form.Draw(e, e.Width, max(3, e.Height/3))
	room := e.Height - len(lines) - len(form) - 1
	if room >= 3 {
		lines = append(lines, s.steps(e, room)...)
		lines = append(lines, "")
	}
	lines = lines[max(0, len(lines)+len(form)-e.Height):]
	if cur != nil {
		cur.Y += len(lines)
	}
	f := widget.Frame(append(lines, form...))
	if f.Cursor = cur; s.working {
		f.Cursor = nil
	}
	return f
}

// steps lists what will come, in at most height lines, and marks what works
// once.
func (s *start) steps(e screen.Env, height int) []string {
	var out []string
	for _, st := range s.guide.Steps {
		if st.InsteadOf != "" {
			continue
		}
		tag := ""
		if st.Irreversible() {
			tag = "  " + e.Theme.Warn.Render(e.Theme.Glyphs.Warn+" "+e.T("migrations.works-once"))
		}
		title := widget.Cut(st.Title.In(e.Text.Lang()), max(8, e.Width-5-ansi.StringWidth(tag)), e.Theme.Glyphs.Cut)
		out = append(out, fmt.Sprintf("%3d  %s%s", len(out)+1, title, tag))
	}
	if len(out) > height {
		more := len(out) - height + 1
		out = append(out[:height-1], e.Theme.Muted.Render("     "+e.T("migrations.more", locale.Params{"n": more})))
	}
	return out
}

// Keys of the screen.
func (s *start) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "migrations.key.start", "enter"),
		screen.NewKey("ctrl+r", "migrations.key.rehearse", "ctrl+r").If(s.d.Rehearse != nil, "migrations.no-sandbox"),
		screen.NewKey("esc", "key.back", "esc"),
	}
}
