package rewrite

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/deluge"
	"deskward/core/deluge/folder"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// links are the connections that the functions of a folder name, where they do,
// and another link name for one of them.
type links struct {
	d     Deps
	root  string
	scope *screen.Scope

	busy   bool
	loaded bool
	err    error
	files  []folder.File
	all    []link
	cursor widget.List

	form    *widget.Form // asks for the new name; nil: not now
	to      string       // the new name that is being shown; "": none
	changes []change     // what it changes, file by file
	pager   widget.Pager

	changed bool // files were written
}

// link is one connection as functions name it.
type link struct {
	name   string
	places []place
	files  int
}

// change is a file that a new name changes.
type change struct {
	at    int // of the file
	text  string
	lines []diffLine
}

// place is where a function names a connection.
type place struct {
	file string
	line int
	task string
}

type linksRead struct {
	files []folder.File
	err   error
}

// newLinks reads the folder by itself: what was read before may have been
// rewritten since.
func newLinks(d Deps, root string) *links { return &links{d: d, root: root} }

// Title names the screen.
func (v *links) Title(e screen.Env) string { return e.T("rewrite.links") }

// Init reads the functions.
func (v *links) Init(s *screen.Scope) screen.Step {
	v.scope = s
	return v.read()
}

func (v *links) read() screen.Step {
	v.busy = true
	d, root := v.d, v.root
	return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg {
		files, err := d.Scan(ctx, root, deluge.Options{})
		return linksRead{files, err}
	})}
}

// Capturing keeps letters for the new name, and esc for the question.
func (v *links) Capturing() bool { return v.form != nil || v.to != "" }

// Update handles keys and what was read and written.
func (v *links) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case linksRead:
		v.busy, v.err = false, msg.err
		if msg.err != nil && v.loaded {
			return screen.Fail(msg.err)
		}
		if msg.err == nil {
			v.loaded, v.files, v.all = true, msg.files, linksOf(msg.files)
			v.cursor.Clamp(len(v.all))
		}
	case wrote:
		step := v.read()
		if err := msg.first(); err != nil {
			return step.Then(screen.Fail(err))
		}
		return step.Then(screen.Say("rewrite.links.wrote", locale.Params{"n": len(msg.backups)}))
	case tea.PasteMsg:
		if v.form != nil {
			v.form.Update(msg)
		}
	case tea.KeyPressMsg:
		switch {
		case v.busy:
		case v.form != nil:
			return v.formKey(msg)
		case v.to != "":
			return v.askKey(msg.String())
		default:
			return v.key(msg)
		}
	}
	return screen.Step{}
}

// linksOf are the connections that files name, by name.
func linksOf(files []folder.File) []link {
	by := map[string]*link{}
	for _, f := range files {
		seen := map[string]bool{}
		for _, u := range f.Uses {
			l := by[u.Link]
			if l == nil {
				l = &link{name: u.Link}
				by[u.Link] = l
			}
			l.places = append(l.places, place{f.Name, u.Line, u.Task})
			if !seen[u.Link] {
				seen[u.Link] = true
				l.files++
			}
		}
	}
	var out []link
	for _, l := range by {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b link) int { return strings.Compare(a.name, b.name) })
	return out
}

func (v *links) selected() (link, bool) {
	if v.cursor.Selected >= len(v.all) {
		return link{}, false
	}
	return v.all[v.cursor.Selected], true
}

func (v *links) key(msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "R":
		if l, ok := v.selected(); ok {
			v.form = widget.NewForm(widget.Field{Name: "to", Label: widget.Key("rewrite.links.to"), Hint: widget.Key("rewrite.link.hint"), Check: newName(l.name)})
		}
	case "r":
		return v.read()
	default:
		v.cursor.Update(msg, len(v.all))
	}
	return screen.Step{}
}

// newName refuses what is no link name, and the one there is.
func newName(old string) func(string) widget.Words {
	return func(s string) widget.Words {
		switch {
		case !deluge.ValidLink(s):
			return widget.Key("rewrite.link.wrong")
		case s == old:
			return widget.Key("rewrite.links.same")
		}
		return nil
	}
}

func (v *links) formKey(msg tea.KeyPressMsg) screen.Step {
	if msg.String() == "esc" {
		v.form = nil
		return screen.Step{}
	}
	if _, submit := v.form.Update(msg); submit {
		v.to, v.form, v.pager = v.form.Value("to"), nil, widget.Pager{}
		v.changes = v.rename()
	}
	return screen.Step{}
}

// askKey shows the difference until it is answered.
func (v *links) askKey(k string) screen.Step {
	switch k {
	case "y":
		return v.write()
	case "esc", "n":
		v.to = ""
	default:
		v.pager.Key(k)
	}
	return screen.Step{}
}

// taken reports whether functions name a connection of the new name already.
func (v *links) taken() bool {
	return slices.ContainsFunc(v.all, func(l link) bool { return l.name == v.to })
}

// rename is what the new name changes in the files that name the connection.
func (v *links) rename() []change {
	var out []change
	l, _ := v.selected()
	for i, f := range v.files {
		if f.Err != nil || !slices.ContainsFunc(f.Uses, func(u deluge.Use) bool { return u.Link == l.name }) {
			continue
		}
		if edits := deluge.Rename(f.Name, f.Source, l.name, v.to); len(edits) > 0 {
			text := deluge.Apply(f.Source, edits)
			out = append(out, change{i, text, diffLines(f, text)})
		}
	}
	return out
}

// write replaces the files. It is not broken off halfway through.
func (v *links) write() screen.Step {
	after := map[int]string{}
	for _, c := range v.changes {
		after[c.at] = c.text
	}
	// Who leaves before the answer is there has changed files all the same.
	v.to, v.busy, v.changed = "", true, true
	return screen.Step{Cmd: writing(v.scope, v.files, after)}
}

// writing replaces files by what they are to be, each with a backup.
func writing(s *screen.Scope, files []folder.File, after map[int]string) tea.Cmd {
	files = slices.Clone(files)
	return s.Run(func(context.Context) tea.Msg {
		out := wrote{map[int]string{}, map[int]error{}}
		for i, f := range files {
			text, ok := after[i]
			if !ok {
				continue
			}
			if backup, err := f.Write(text); err != nil {
				out.failed[i] = err
			} else {
				out.backups[i] = core.CleanLine(backup)
			}
		}
		return out
	})
}

// Keys that work now.
func (v *links) Keys() []screen.Key {
	switch {
	case v.form != nil:
		return []screen.Key{screen.NewKey("enter", "rewrite.key.show", "enter"), screen.NewKey("esc", "rewrite.key.no", "esc")}
	case v.to != "":
		return []screen.Key{
			screen.NewKey("y", "rewrite.key.yes", "y"), screen.NewKey("esc", "rewrite.key.no", "esc", "n"),
			screen.NewKey("j/k", "rewrite.key.scroll", "j", "k", "up", "down", "pgup", "pgdown", "g", "G"),
		}
	}
	return []screen.Key{
		screen.NewKey("R", "rewrite.key.rename", "R").If(len(v.all) > 0, "rewrite.off.no-link"),
		screen.NewKey("r", "rewrite.key.again", "r"),
		screen.NewKey("j/k", "rewrite.key.move", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
}
