package visitors

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// batchNew takes a list: the path of a file, or the lines themselves as a
// paste. What was read of it is shown before anybody is asked.
type batchNew struct {
	f     *family
	scope *screen.Scope
	form  *widget.Form
	raw   string // pasted lines; "": a file is meant
	list  *lookup.List
	err   error // why nothing could be read
	busy  bool
}

const (
	fieldList   = "list"
	fieldColumn = "column"
)

type (
	listRead struct {
		list lookup.List
		err  error
	}
	batchBegun struct {
		batch lookup.Batch
		err   error
	}
)

func newBatch(f *family) *batchNew {
	return &batchNew{f: f, form: widget.NewForm(
		widget.Field{Name: fieldList, Label: widget.Key("visitors.batch.list"), Hint: widget.Key("visitors.batch.list.hint"), Optional: true, Empty: widget.Key("visitors.batch.list.empty")},
		widget.Field{Name: fieldColumn, Label: widget.Key("visitors.batch.column"), Hint: widget.Key("visitors.batch.column.hint"), Optional: true},
	)}
}

// Title names the screen.
func (n *batchNew) Title(e screen.Env) string { return e.T("visitors.batch.title") }

// Init begins.
func (n *batchNew) Init(s *screen.Scope) screen.Step {
	n.scope = s
	return screen.Step{}
}

// Capturing keeps letters for the form.
func (n *batchNew) Capturing() bool { return true }

// Update takes keys, a paste and what was read.
func (n *batchNew) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case listRead:
		n.busy, n.err, n.list = false, msg.err, nil
		if msg.err == nil {
			n.list = &msg.list
		}
	case batchBegun:
		if n.busy = false; msg.err != nil {
			return screen.Fail(msg.err)
		}
		return screen.Step{Replace: newBatchRun(n.f, msg.batch.ID, true)}
	case tea.PasteMsg:
		return n.paste(msg)
	case tea.KeyPressMsg:
		return n.key(msg)
	}
	return screen.Step{}
}

// paste takes several lines for the list itself, and one for a path.
func (n *batchNew) paste(msg tea.PasteMsg) screen.Step {
	if n.form.Focused() == fieldList && strings.ContainsAny(strings.TrimSpace(msg.Content), "\r\n") {
		n.raw = msg.Content
		n.form.Set(fieldList, "")
		n.readRaw()
		return screen.Step{}
	}
	n.change(msg)
	return screen.Step{}
}

func (n *batchNew) readRaw() {
	l, err := lookup.ReadList([]byte(n.raw), n.form.Value(fieldColumn))
	if n.list, n.err = nil, err; err == nil {
		n.list = &l
	}
}

// change gives a key or a paste to the form. A list that was read before is no
// longer the one that is meant.
func (n *batchNew) change(msg tea.Msg) (submit bool) {
	list, column := n.form.Value(fieldList), n.form.Value(fieldColumn)
	_, submit = n.form.Update(msg)
	if now := n.form.Value(fieldList); now != list {
		n.raw, n.list, n.err = "", nil, nil
	}
	if now := n.form.Value(fieldColumn); now != column {
		if n.list, n.err = nil, nil; n.raw != "" {
			n.readRaw()
		}
	}
	return submit
}

func (n *batchNew) key(msg tea.KeyPressMsg) screen.Step {
	switch {
	case msg.String() == "esc":
		return screen.Step{Back: true}
	case n.busy:
		return screen.Step{}
	case msg.String() == "enter" && n.list != nil && len(n.list.Lines) > 0:
		return n.begin()
	case msg.String() == "enter" && n.raw == "" && n.form.Value(fieldList) != "":
		return n.readFile()
	}
	n.change(msg)
	return screen.Step{}
}

func (n *batchNew) readFile() screen.Step {
	n.busy = true
	path, column, read := n.form.Value(fieldList), n.form.Value(fieldColumn), n.f.ReadList
	return screen.Step{Cmd: n.scope.Run(func(ctx context.Context) tea.Msg {
		l, err := read(ctx, path, column)
		return listRead{l, err}
	})}
}

// begin writes the list down and goes on to looking it up.
func (n *batchNew) begin() screen.Step {
	n.busy = true
	name, list, f := baseName(n.form.Value(fieldList)), *n.list, n.f
	return screen.Step{Cmd: n.scope.Run(func(ctx context.Context) tea.Msg {
		b, err := f.Batches.Begin(context.WithoutCancel(ctx), name, list, lookup.BeginOptions{})
		return batchBegun{b, err}
	})}
}

// baseName is the last part of a path, of this system or of Windows.
func baseName(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// Draw shows the form and, below it, what was read.
func (n *batchNew) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	below := n.read(e, w)
	room := max(3, e.Height-len(below)-1)
	lines, cursor := n.form.Draw(e, w, room)
	if len(below) > 0 {
		lines = append(append(lines, ""), below...)
	}
	f := widget.Frame(widget.Head(lines, e.Height, w, e.Theme.Glyphs.Cut))
	f.Cursor = cursor
	return f
}

// read says what is in the list, and what of it can't be used.
func (n *batchNew) read(e screen.Env, w int) []string {
	switch {
	case n.err != nil:
		return widget.Problem(e, n.err, w)
	case n.busy:
		return []string{e.Theme.Muted.Render(e.T("visitors.batch.reading"))}
	case n.list == nil:
		if e.Height < 14 {
			return nil
		}
		return widget.Wrap(keptWords(e), w)
	}
	l := *n.list
	var out []string
	for _, s := range widget.Wrap(e.Text.N("visitors.batch.read", len(l.Lines)), w) {
		out = append(out, e.Theme.Title.Render(s))
	}
	if l.Column != "" {
		out = append(out, widget.Wrap(e.T("visitors.batch.of-column", locale.Params{"column": short(l.Column)}), w)...)
	}
	if l.Twice+l.Blank > 0 {
		out = append(out, e.Theme.Muted.Render(widget.Cut(e.T("visitors.batch.left-out", locale.Params{"twice": l.Twice, "blank": l.Blank}), w, e.Theme.Glyphs.Cut)))
	}
	for i, b := range l.Bad {
		if i == maxBad {
			out = append(out, widget.Marked(" ", e.Text.N("visitors.batch.more-bad", len(l.Bad)-i), w)...)
			break
		}
		text := e.T("visitors.batch.bad", locale.Params{"line": b.Number, "why": e.T("batch.line." + b.Code)})
		out = append(out, widget.Marked(e.Theme.Warn.Render(widget.Pad(e.Theme.Glyphs.Warn, 2)), text, w)...)
	}
	return out
}

// maxBad is how many bad lines are named.
const maxBad = 4

// Keys of the form.
func (n *batchNew) Keys() []screen.Key {
	do := screen.NewKey("enter", "visitors.key.read-list", "enter").If(n.form.Value(fieldList) != "", "visitors.off.no-list")
	if n.list != nil {
		do = screen.NewKey("enter", "visitors.key.begin", "enter").If(len(n.list.Lines) > 0, "visitors.off.no-good-line")
	}
	return []screen.Key{do, screen.NewKey("tab", "visitors.key.field", "tab", "shift+tab"), screen.NewKey("esc", "visitors.key.leave", "esc")}
}
