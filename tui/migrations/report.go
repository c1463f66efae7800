package migrations

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/guide"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// report shows what was done and proven, for the change ticket.
type report struct {
	d      Deps
	run    guide.Run
	scope  *screen.Scope
	scroll scroll
	// text is the report as it was last drawn, in the language it was drawn
	// in: what is on the screen is what is written and copied.
	text string
	path string // where it was written; "": nowhere yet
}

func newReport(d Deps, run guide.Run) *report { return &report{d: d, run: run} }

type written struct {
	path string
	err  error
}

// Title names the screen.
func (r *report) Title(e screen.Env) string { return e.T("migrations.report") }

// Init has nothing to read: the run is complete.
func (r *report) Init(s *screen.Scope) screen.Step {
	r.scope = s
	return screen.Step{}
}

// Update scrolls, copies and writes.
func (r *report) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case written:
		if msg.err != nil {
			return screen.Fail(&core.Error{Tried: "write-report", On: msg.path, Code: "report.not-written", Err: msg.err})
		}
		r.path = msg.path
	case tea.KeyPressMsg:
		switch msg.String() {
		case "w":
			return r.write()
		case "y":
			return screen.Step{Copy: screen.Copy{Text: r.text, What: "migrations.report"}}
		case "v":
			return screen.Step{Plain: r.text}
		case "e":
			return screen.Step{Open: newSteps(r.d, r.run, "")}
		}
		r.scroll.key(msg.String())
	}
	return screen.Step{}
}

// write makes a file that only its owner can read and that did not exist.
func (r *report) write() screen.Step {
	text, path := r.text, filepath.Join(r.d.Folder, r.fileName())
	return screen.Step{Cmd: r.scope.Run(func(context.Context) tea.Msg {
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		return written{path, writeNew(path, text)}
	})}
}

func writeNew(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil { // a sandbox's is not there yet
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close() //nolint:errcheck // the first error is the one to tell
		return err
	}
	return f.Close()
}

// fileName is made of the guide, the run's begin and its id: two runs never
// share one.
func (r *report) fileName() string {
	id := r.run.ID[:min(6, len(r.run.ID))]
	now := r.d.Clock.Now().UTC()
	return fmt.Sprintf("deskward-%s-%s-%s.md", r.run.GuideID, now.Format("20060102-150405"), id)
}

// Draw shows the verdict and the report as it will be written.
func (r *report) Draw(e screen.Env) screen.Frame {
	r.text = r.run.Report(e.Text)
	lines := r.verdict(e)
	if r.path != "" {
		lines = append(lines, widget.Indent(widget.Wrap(e.T("migrations.written", locale.Params{"path": r.path}), e.Width-3), "   ")...)
	}
	lines = append(lines, "")
	var body []string
	for _, l := range strings.Split(strings.TrimRight(r.text, "\n"), "\n") {
		part := widget.Wrap(l, e.Width)
		switch {
		case strings.HasPrefix(l, "#"):
			part = styledLines(part, e.Theme.Title)
		case strings.HasPrefix(l, "|"):
			part = []string{widget.Cut(l, e.Width, e.Theme.Glyphs.Cut)}
		}
		body = append(body, part...)
	}
	part, below := r.scroll.window(body, e.Height-len(lines))
	if below > 0 && len(part) > 2 {
		part, below = r.scroll.window(body, e.Height-len(lines)-1)
		part = append(part[:len(part):len(part)], e.Theme.Muted.Render(e.T("migrations.more-below", locale.Params{"n": below})))
	}
	return widget.Frame(append(lines, part...))
}

func (r *report) verdict(e screen.Env) []string {
	proven, all := 0, 0
	for _, v := range r.run.View(e.Text.Lang()) {
		if v.Step.Kind != guide.Prove {
			continue
		}
		if all++; v.State == guide.Done {
			proven++
		}
	}
	mark, style := e.Theme.Glyphs.OK, e.Theme.Good
	switch r.run.State {
	case guide.Complete:
	case guide.Abandoned:
		mark, style = e.Theme.Glyphs.Bad, e.Theme.Muted
	default:
		mark, style = e.Theme.Glyphs.Wait, e.Theme.Accent
	}
	said := e.T("migrations.report."+string(r.run.State), locale.Params{"proven": proven, "of": all})
	lines := widget.Wrap(said, e.Width-3)
	for i, l := range lines {
		lead := "   "
		if i == 0 {
			lead = widget.Pad(style.Render(mark), 3)
		}
		lines[i] = lead + l
	}
	return lines
}

// Keys of the report.
func (r *report) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("w", "migrations.key.write", "w"),
		screen.NewKey("y", "migrations.key.copy", "y"),
		screen.NewKey("v", "migrations.key.unwrapped", "v"),
		screen.NewKey("e", "migrations.key.evidence", "e"),
		screen.NewKey("j/k", "migrations.key.scroll", "j", "k", "up", "down", "pgdown", "pgup", "g", "G").Hide(),
	}
}
