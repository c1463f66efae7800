package visitors

import (
	"context"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

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

	sources []lookup.Source // that can be asked; nil: they are not known yet
}

const (
	fieldList    = "list"
	fieldColumn  = "column"
	fieldAsk     = "ask"
	fieldTickets = "tickets"
	overTickets  = "yes"
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
	n := &batchNew{f: f, form: widget.NewForm()}
	n.form.SetFields(n.fields()...)
	return n
}

// fields are the questions that there is something to answer to.
func (n *batchNew) fields() []widget.Field {
	out := []widget.Field{
		{Name: fieldList, Label: widget.Key("visitors.batch.list"), Hint: widget.Key("visitors.batch.list.hint"), Optional: true, Empty: n.emptyWords},
		{Name: fieldColumn, Label: widget.Key("visitors.batch.column"), Hint: widget.Key("visitors.batch.column.hint"), Optional: true},
	}
	if len(n.sources) > 1 {
		ask := widget.Field{Name: fieldAsk, Label: widget.Key("visitors.batch.ask"), Hint: widget.Key("visitors.batch.ask.hint"), Many: true, Optional: true}
		wide := 0
		for _, src := range n.sources {
			wide = max(wide, ansi.StringWidth(short(src.Name)))
		}
		for i, src := range n.sources {
			ask.Options = append(ask.Options, widget.Option{Value: strconv.Itoa(i), Label: sourceWords(src, wide)})
			ask.Value += strconv.Itoa(i) + " "
		}
		out = append(out, ask)
	}
	if c, ok := lookup.TicketCalls(1, n.chosen()); ok {
		out = append(out, widget.Field{
			Name: fieldTickets, Label: widget.Key("visitors.batch.tickets"), Hint: widget.Key("visitors.batch.tickets.hint", locale.Params{"least": c.Least, "most": c.Most}), Optional: true,
			Options: []widget.Option{{Value: "", Label: widget.Key("visitors.batch.tickets.no")}, {Value: overTickets, Label: widget.Key("visitors.batch.tickets.yes")}},
		})
	}
	return out
}

// emptyWords stand in the field of the path when that is not asked: a paste
// takes its place.
func (n *batchNew) emptyWords(e screen.Env) string {
	if n.raw == "" {
		return e.T("visitors.batch.list.none")
	}
	return e.T("visitors.batch.list.empty")
}

// sourceWords name a connection in so many cells, and whom it finds.
func sourceWords(src lookup.Source, wide int) widget.Words {
	return func(e screen.Env) string {
		return widget.Pad(short(src.Name), wide) + "  " + e.Theme.Muted.Render(e.T("visitor.kind."+string(src.Kind)))
	}
}

// chosen are the connections that the batch is to ask.
func (n *batchNew) chosen() []lookup.Source {
	if len(n.sources) < 2 {
		return n.sources
	}
	var out []lookup.Source
	for _, at := range strings.Fields(n.form.Value(fieldAsk)) {
		if i, err := strconv.Atoi(at); err == nil && i < len(n.sources) {
			out = append(out, n.sources[i])
		}
	}
	return out
}

// Title names the screen.
func (n *batchNew) Title(e screen.Env) string { return e.T("visitors.batch.title") }

// Init begins.
func (n *batchNew) Init(s *screen.Scope) screen.Step {
	n.scope = s
	f := n.f
	return screen.Step{Cmd: s.Run(func(ctx context.Context) tea.Msg {
		all, err := f.Sources(ctx)
		return sourcesRead{all, err}
	})}
}

// Capturing keeps letters for the form.
func (n *batchNew) Capturing() bool { return true }

// Update takes keys, a paste and what was read.
func (n *batchNew) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case sourcesRead:
		n.sources = msg.all
		n.form.SetFields(n.fields()...)
		n.form.SetFields(n.fields()...) // tickets are asked about for those that are chosen now
		return screen.Fail(msg.err)
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
		return n.Paste(msg)
	case tea.KeyPressMsg:
		return n.key(msg)
	}
	return screen.Step{}
}

// Paste takes several lines for the list itself, and one for a path.
func (n *batchNew) Paste(msg tea.PasteMsg) screen.Step {
	if strings.ContainsAny(strings.TrimSpace(msg.Content), "\r\n") {
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
func (n *batchNew) change(msg tea.Msg) {
	list, column := n.form.Value(fieldList), n.form.Value(fieldColumn)
	if changed, _ := n.form.Update(msg); changed {
		n.form.SetFields(n.fields()...)
	}
	if now := n.form.Value(fieldList); now != list {
		n.raw, n.list, n.err = "", nil, nil
	}
	if now := n.form.Value(fieldColumn); now != column {
		if n.list, n.err = nil, nil; n.raw != "" {
			n.readRaw()
		}
	}
}

func (n *batchNew) key(msg tea.KeyPressMsg) screen.Step {
	switch {
	case msg.String() == "esc":
		return screen.Step{Back: true}
	case n.busy:
		return screen.Step{}
	case msg.String() == "enter" && n.list != nil && len(n.list.Lines) > 0:
		if n.sources != nil && len(n.chosen()) == 0 {
			return screen.Step{}
		}
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
	o := lookup.BeginOptions{Tickets: n.form.Value(fieldTickets) == overTickets}
	if on := n.chosen(); len(on) < len(n.sources) { // else those that there are whenever it is gone on with
		o.Ask = on
	}
	return screen.Step{Cmd: n.scope.Run(func(ctx context.Context) tea.Msg {
		b, err := f.Batches.Begin(context.WithoutCancel(ctx), name, list, o)
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
	out = append(out, n.cost(e, w)...)
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

// cost says how many calls it makes to go over tickets, or what is not seen
// without.
func (n *batchNew) cost(e screen.Env, w int) []string {
	c, ok := lookup.TicketCalls(len(n.list.Lines), n.chosen())
	switch {
	case !ok:
		return nil
	case n.form.Value(fieldTickets) == overTickets:
		return widget.Marked(e.Theme.Warn.Render(widget.Pad(e.Theme.Glyphs.Warn, 2)), e.T("visitors.batch.cost", locale.Params{"least": c.Least, "most": c.Most}), w)
	}
	var out []string
	for _, l := range widget.Wrap(e.T("visitors.batch.no-tickets"), w) {
		out = append(out, e.Theme.Muted.Render(l))
	}
	return out
}

// maxBad is how many bad lines are named.
const maxBad = 4

// Keys of the form.
func (n *batchNew) Keys() []screen.Key {
	do := screen.NewKey("enter", "visitors.key.read-list", "enter").If(n.form.Value(fieldList) != "", "visitors.off.no-list")
	if n.list != nil {
		do = screen.NewKey("enter", "visitors.key.begin", "enter").If(len(n.list.Lines) > 0, "visitors.off.no-good-line").If(n.sources == nil || len(n.chosen()) > 0, "visitors.off.none-asked")
	}
	keys := []screen.Key{do, screen.NewKey("tab", "visitors.key.field", "tab", "shift+tab")}
	if at := n.form.Focused(); at == fieldAsk || at == fieldTickets {
		keys = append(keys, screen.NewKey("space", "visitors.key.choose", "space"))
	}
	return append(keys, screen.NewKey("esc", "visitors.key.leave", "esc"))
}
