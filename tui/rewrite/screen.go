// Package rewrite is the screen on which the Deluge functions of a folder
// move from auth tokens to a connection: what was found, why something can't
// be rewritten, the difference, and the decision about each request.
//
// Auth tokens in the functions are drawn as dots.
package rewrite

import (
	"context"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core/deluge"
	"deskward/core/deluge/folder"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Deps are what the screen needs.
type Deps struct {
	// Scan finds the functions: folder.Scan.
	Scan func(ctx context.Context, root string, o deluge.Options) ([]folder.File, error)
	// Folder is what the form begins with; "" nothing.
	Folder string
}

// view asks for folder and connection, then shows what was found.
type view struct {
	d     Deps
	scope *screen.Scope
	form  *widget.Form

	busy    bool
	asking  bool // whether to write
	scanned bool
	root    string // of what was read
	link    string
	links   *links // opened last; nil: none was
	files   []folder.File
	options map[int]deluge.Options // of a file, where a person decided
	rows    []row
	cursor  widget.List
	pager   widget.Pager
	written map[int]string // of a file, its backup
	failed  map[int]error
}

// row is one finding of a file; finding -1: the file could not be read.
type row struct{ file, finding int }

// New makes the screen.
func New(d Deps) screen.Screen {
	return &view{d: d, form: widget.NewForm(
		widget.Field{Name: "folder", Label: widget.Key("rewrite.folder"), Hint: widget.Key("rewrite.folder.hint"), Value: d.Folder},
		widget.Field{Name: "link", Label: widget.Key("rewrite.link"), Hint: widget.Key("rewrite.link.hint"), Check: func(s string) widget.Words {
			if !deluge.ValidLink(s) {
				return widget.Key("rewrite.link.wrong")
			}
			return nil
		}},
	)}
}

type (
	found struct {
		files []folder.File
		err   error
	}
	wrote struct {
		backups map[int]string
		failed  map[int]error
	}
)

// first is what went wrong with the first file that was not written.
func (w wrote) first() error {
	if len(w.failed) == 0 {
		return nil
	}
	return w.failed[slices.Min(slices.Collect(maps.Keys(w.failed)))]
}

// Title names the screen.
func (v *view) Title(e screen.Env) string { return e.T("rewrite.title") }

// Init does nothing: there is no folder yet.
func (v *view) Init(s *screen.Scope) screen.Step {
	v.scope = s
	return screen.Step{}
}

// Capturing keeps letters while the form is filled in.
func (v *view) Capturing() bool { return !v.scanned || v.asking }

// Update handles keys and what was found and written.
func (v *view) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case found:
		v.busy = false
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		v.take(msg.files)
	case wrote:
		v.busy, v.written, v.failed = false, msg.backups, msg.failed
		if err := msg.first(); err != nil {
			return screen.Fail(err)
		}
		return screen.Say("rewrite.wrote", locale.Params{"n": len(msg.backups)})
	case tea.KeyPressMsg:
		return v.key(msg)
	default:
		if !v.scanned {
			v.form.Update(msg)
		}
	}
	return screen.Step{}
}

func (v *view) take(files []folder.File) {
	v.scanned, v.files, v.options = true, files, map[int]deluge.Options{}
	v.written, v.failed = nil, nil
	v.index()
	v.cursor.Selected = 0
}

// index lists the findings of all files anew.
func (v *view) index() {
	v.rows = nil
	for i, f := range v.files {
		if f.Err != nil {
			v.rows = append(v.rows, row{i, -1})
		}
		for j := range f.Result.Findings {
			v.rows = append(v.rows, row{i, j})
		}
	}
	v.cursor.Clamp(len(v.rows))
}

func (v *view) key(msg tea.KeyPressMsg) screen.Step {
	k := msg.String()
	switch {
	case v.busy:
		if k == "esc" {
			return screen.Step{Back: true}
		}
		return screen.Step{}
	case !v.scanned:
		return v.formKey(msg)
	case v.asking:
		v.asking = false
		if k == "y" {
			return v.write()
		}
		return screen.Step{}
	}
	switch k {
	case "space", " ":
		v.toggle()
	case "w":
		v.asking = v.changes() > 0 && v.written == nil
	case "f":
		v.scanned = false
	case "n":
		v.next()
	case "y":
		if scopes, calls := v.needs(); len(scopes)+len(calls) > 0 {
			text := strings.Join(append([]string{strings.Join(scopes, ",")}, calls...), "\n")
			return screen.Step{Copy: screen.Copy{Text: text, What: "rewrite.copy.scopes"}}
		}
	case "l":
		v.links = newLinks(v.d, v.root)
		return screen.Step{Open: v.links}
	case "ctrl+d", "ctrl+u":
		v.pager.Key(map[string]string{"ctrl+d": "pgdown", "ctrl+u": "pgup"}[k])
	default:
		if v.cursor.Update(msg, len(v.rows)) {
			v.pager.Follow = true
		}
	}
	return screen.Step{}
}

func (v *view) formKey(msg tea.KeyPressMsg) screen.Step {
	if msg.String() == "esc" {
		return screen.Step{Back: true}
	}
	if _, submit := v.form.Update(msg); !submit {
		return screen.Step{}
	}
	v.link, v.root = v.form.Value("link"), strings.TrimSpace(v.form.Value("folder"))
	return v.scan()
}

// Resume reads the functions again when links were renamed in them.
func (v *view) Resume() screen.Step {
	if v.links == nil || !v.links.changed {
		return screen.Step{}
	}
	v.links = nil
	return v.scan()
}

func (v *view) scan() screen.Step {
	v.busy = true
	root, link := v.root, v.link
	return screen.Step{Cmd: v.scope.Run(func(ctx context.Context) tea.Msg {
		files, err := v.d.Scan(ctx, root, deluge.Options{Connection: link})
		return found{files, err}
	})}
}

// selected is the finding under the cursor.
func (v *view) selected() (folder.File, deluge.Finding, bool) {
	if v.cursor.Selected >= len(v.rows) {
		return folder.File{}, deluge.Finding{}, false
	}
	r := v.rows[v.cursor.Selected]
	if r.finding < 0 {
		return v.files[r.file], deluge.Finding{}, false
	}
	return v.files[r.file], v.files[r.file].Result.Findings[r.finding], true
}

// byHand counts what a person must change.
func (v *view) byHand() int {
	n := 0
	for _, r := range v.rows {
		if v.isByHand(r) {
			n++
		}
	}
	return n
}

func (v *view) isByHand(r row) bool {
	if r.finding < 0 {
		return true
	}
	x := v.files[r.file].Result.Findings[r.finding]
	return x.Outcome == deluge.Unsafe && x.Reason != "declined"
}

// next goes to the next row that a person must see to, from the last one to
// the first.
func (v *view) next() {
	for i := 1; i <= len(v.rows); i++ {
		if at := (v.cursor.Selected + i) % len(v.rows); v.isByHand(v.rows[at]) {
			v.cursor.Selected, v.pager.Follow = at, true
			return
		}
	}
}

// decidable reports whether a person may switch a finding.
func decidable(x deluge.Finding) bool {
	return x.Outcome == deluge.Rewritten || x.Outcome == deluge.Offered || x.Reason == "declined"
}

// toggle takes a request out of the rewrite, or into it. Everything that
// depends on it is worked out anew.
func (v *view) toggle() {
	_, x, ok := v.selected()
	if !ok || !decidable(x) || v.written != nil {
		return
	}
	i := v.rows[v.cursor.Selected].file
	o, has := v.options[i]
	if !has {
		o = deluge.Options{Connection: v.link}
	}
	drop := func(list []int) []int {
		return slices.DeleteFunc(slices.Clone(list), func(at int) bool { return at == x.Offset })
	}
	declined, also := slices.Contains(o.Decline, x.Offset), slices.Contains(o.Also, x.Offset)
	o.Decline, o.Also = drop(o.Decline), drop(o.Also)
	switch {
	case x.Outcome == deluge.Offered:
		o.Also = append(o.Also, x.Offset)
	case x.Outcome == deluge.Rewritten && !also && !declined:
		o.Decline = append(o.Decline, x.Offset)
	}
	v.options[i] = o
	v.files[i] = v.files[i].Again(o)
	v.index()
	for n, r := range v.rows {
		if r.file == i && r.finding >= 0 && v.files[i].Result.Findings[r.finding].Offset == x.Offset && v.files[i].Result.Findings[r.finding].Code == x.Code {
			v.cursor.Selected = n
		}
	}
}

// changes counts the files that would be written.
func (v *view) changes() int {
	n := 0
	for _, f := range v.files {
		if len(f.Result.Edits) > 0 {
			n++
		}
	}
	return n
}

// write replaces the files. It is not broken off halfway through.
func (v *view) write() screen.Step {
	v.busy = true
	after := map[int]string{}
	for i, f := range v.files {
		if len(f.Result.Edits) > 0 {
			after[i] = f.After()
		}
	}
	return screen.Step{Cmd: writing(v.scope, v.files, after)}
}

// Keys that work now.
func (v *view) Keys() []screen.Key {
	switch {
	case !v.scanned:
		return []screen.Key{screen.NewKey("enter", "rewrite.key.look", "enter"), screen.NewKey("esc", "rewrite.key.leave", "esc")}
	case v.asking:
		return []screen.Key{screen.NewKey("y", "rewrite.key.yes", "y"), screen.NewKey("esc", "rewrite.key.no", "esc")}
	}
	_, x, ok := v.selected()
	scopes, calls := v.needs()
	write := screen.NewKey("w", "rewrite.key.write", "w").If(v.changes() > 0, "rewrite.off.nothing")
	if v.written != nil {
		write = write.If(false, "rewrite.off.written")
	}
	return []screen.Key{
		screen.NewKey("space", "rewrite.key.toggle", "space", " ").If(ok && decidable(x) && v.written == nil, "rewrite.off.toggle"),
		write,
		screen.NewKey("n", "rewrite.key.next", "n").If(v.byHand() > 0, "rewrite.off.next"),
		screen.NewKey("y", "rewrite.key.scopes", "y").If(len(scopes)+len(calls) > 0, "rewrite.off.scopes"),
		screen.NewKey("l", "rewrite.key.links", "l"),
		screen.NewKey("f", "rewrite.key.folder", "f"),
		screen.NewKey("ctrl+d", "rewrite.key.scroll", "ctrl+d", "ctrl+u"),
		screen.NewKey("j/k", "rewrite.key.move", "j", "k", "up", "down", "pgup", "pgdown", "g", "G").Hide(),
	}
}
