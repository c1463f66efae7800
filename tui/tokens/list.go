package tokens

import (
	"context"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// list takes a table of tokens: the path of a file, or its lines as a paste.
// What was read of it, and what it would come to, is shown before anything is
// written down, and nobody is called.
type list struct {
	d     Deps
	scope *screen.Scope
	form  *widget.Form
	raw   []byte // of the file, or as pasted; nil: nothing was read yet
	read  *tokenbatch.List
	plan  tokenbatch.Plan
	bad   []tokenbatch.BadLine // of reading and planning, by line
	err   error                // why nothing could be read
	busy  bool
	pager widget.Pager
}

// The fields of the form.
const (
	fieldFile    = "file"
	fieldVariant = "variant"
	fieldColumns = "columns"
	fieldClient  = "client"
	fieldSecret  = "secret"
	fieldRegion  = "region"
	fieldOrg     = "org"
	fieldScopes  = "scopes"
	fieldRate    = "rate"
)

type (
	planned struct {
		raw  []byte
		list tokenbatch.List
		plan tokenbatch.Plan
		bad  []tokenbatch.BadLine
		err  error
	}
	begun struct {
		batch tokenbatch.Batch
		bad   []tokenbatch.BadLine
		err   error
	}
)

func newList(d Deps) *list {
	optional := func(name string) widget.Field {
		key := "tokens.ask." + name
		return widget.Field{Name: name, Label: widget.Key(key), Hint: widget.Key(key + ".hint"), Optional: true}
	}
	file := optional(fieldFile)
	n := &list{d: d}
	file.Empty = func(e screen.Env) string {
		if n.raw == nil {
			return e.T("tokens.ask.file.empty")
		}
		lines := strings.Count(strings.TrimRight(string(n.raw), "\r\n"), "\n") + 1
		return e.T("tokens.ask.file.pasted", locale.Params{"n": strconv.Itoa(lines)})
	}
	variant := optional(fieldVariant)
	for _, v := range tokenbatch.Variants() {
		variant.Options = append(variant.Options, widget.Option{Value: string(v), Label: widget.Key("tokens.variant." + string(v))})
	}
	secret := optional(fieldSecret)
	secret.Secret = true
	region := optional(fieldRegion)
	region.Options = append([]widget.Option{{Value: "", Label: widget.Key("tokens.region.of-list")}}, d.Regions...)
	columns := optional(fieldColumns)
	columns.Check = func(text string) widget.Words {
		_, wrong := columnsOf(text)
		return wrong
	}
	rate := optional(fieldRate)
	rate.Check = func(text string) widget.Words {
		if _, _, err := tokenbatch.ParseRate(text); err != nil {
			return widget.Reason(err)
		}
		return nil
	}
	n.form = widget.NewForm(file, variant, optional(fieldClient), secret, region, optional(fieldOrg), optional(fieldScopes), columns, rate)
	return n
}

// columnsOf reads what the admin says of headers, "Token=authtoken, Org=org_id",
// or says what is wrong with it.
func columnsOf(text string) (map[string]tokenbatch.Field, widget.Words) {
	out := map[string]tokenbatch.Field{}
	for pair := range strings.SplitSeq(text, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		header, name, _ := strings.Cut(pair, "=")
		f := tokenbatch.Field(strings.ToLower(strings.TrimSpace(name)))
		if strings.TrimSpace(header) == "" || !slices.Contains(tokenbatch.Fields(), f) {
			return nil, widget.Key("tokens.ask.columns.wrong", locale.Params{"part": core.CleanLine(pair), "fields": fieldNames()})
		}
		out[strings.TrimSpace(header)] = f
	}
	return out, nil
}

func fieldNames() string {
	var names []string
	for _, f := range tokenbatch.Fields() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// Title names the screen.
func (n *list) Title(e screen.Env) string { return e.T("tokens.new") }

// Init begins.
func (n *list) Init(s *screen.Scope) screen.Step {
	n.scope = s
	return screen.Step{}
}

// Capturing keeps letters for the form.
func (n *list) Capturing() bool { return true }

// Trouble is why the list could not be read.
func (n *list) Trouble() error { return n.err }

// Update takes keys, a paste and what was read.
func (n *list) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case planned:
		n.busy, n.err, n.read = false, msg.err, nil
		if msg.err == nil {
			n.raw, n.read, n.plan, n.bad, n.pager = msg.raw, &msg.list, msg.plan, msg.bad, widget.Pager{}
		}
	case begun:
		if n.busy = false; msg.err != nil {
			return screen.Fail(msg.err)
		}
		return screen.Step{Replace: newBatch(n.d, msg.batch.ID), Changed: true}
	case tea.PasteMsg:
		return n.Paste(msg)
	case tea.KeyPressMsg:
		return n.key(msg)
	}
	return screen.Step{}
}

// Paste takes several lines for the table itself, and one for a value.
func (n *list) Paste(msg tea.PasteMsg) screen.Step {
	if n.form.Focused() == fieldFile && strings.ContainsAny(strings.TrimSpace(msg.Content), "\r\n") {
		n.form.Set(fieldFile, "")
		n.raw, n.read, n.err = []byte(msg.Content), nil, nil
		if n.scope == nil { // pasted into the list of batches: Init comes first
			return screen.Step{}
		}
		return n.look()
	}
	n.change(msg)
	return screen.Step{}
}

// change gives a key or a paste to the form. What was read before is then no
// longer what is meant.
func (n *list) change(msg tea.Msg) {
	path, all := n.form.Value(fieldFile), n.values()
	n.form.Update(msg)
	if n.values() != all {
		n.read, n.err = nil, nil
	}
	if n.form.Value(fieldFile) != path {
		n.raw = nil
	}
}

// values are all answers of the form, to see that one changed.
func (n *list) values() (out [9]string) {
	for i, f := range []string{fieldFile, fieldVariant, fieldClient, fieldSecret, fieldRegion, fieldOrg, fieldScopes, fieldColumns, fieldRate} {
		out[i] = n.form.Value(f)
	}
	return out
}

func (n *list) key(msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "esc":
		return screen.Step{Back: true}
	case "pgup", "pgdown":
		n.pager.Key(msg.String())
		return screen.Step{}
	case "ctrl+s":
		return n.submit()
	case "ctrl+g":
		if n.d.Example == nil || n.busy {
			return screen.Step{}
		}
		table, err := n.d.Example()
		if err != nil {
			return screen.Fail(err)
		}
		n.form.Set(fieldFile, "")
		n.raw, n.read, n.err = []byte(table), nil, nil
		return n.look()
	case "enter":
		if n.form.Focused() == fieldFile && n.form.Value(fieldFile) != "" && n.read == nil {
			return n.submit()
		}
	}
	n.change(msg)
	return screen.Step{}
}

// submit reads what is given and, once that is seen, writes it down.
func (n *list) submit() screen.Step {
	switch {
	case n.busy:
	case n.read != nil && n.good() > 0:
		return n.begin()
	case n.given():
		return n.look()
	}
	return screen.Step{}
}

// given reports whether there is something to read.
func (n *list) given() bool { return n.form.Value(fieldFile) != "" || n.raw != nil }

// good is how many lines would be written down.
func (n *list) good() int { return len(n.plan.Lines) + len(n.plan.Held) }

// look reads the table and makes a plan of it.
func (n *list) look() screen.Step {
	columns, wrong := columnsOf(n.form.Value(fieldColumns))
	if wrong != nil {
		n.form.FocusOn(fieldColumns, wrong)
		return screen.Step{}
	}
	v := tokenbatch.Variant(n.form.Value(fieldVariant))
	o := tokenbatch.ReadOptions{Variant: v, Map: columns, Defaults: tokenbatch.Defaults{
		Region: n.form.Value(fieldRegion), OrgID: n.form.Value(fieldOrg), ClientID: n.form.Value(fieldClient),
		Scopes: strings.FieldsFunc(n.form.Value(fieldScopes), func(r rune) bool { return r == ',' || r == ' ' }), ClientSecret: n.form.Secret(fieldSecret),
	}}
	var po tokenbatch.PlanOptions
	if text := n.form.Value(fieldRate); text != "" {
		var err error
		if po.Rate, po.RateOff, err = tokenbatch.ParseRate(text); err != nil {
			n.form.FocusOn(fieldRate, widget.Reason(err))
			return screen.Step{}
		}
	}
	n.busy = true
	d, path, raw := n.d, n.form.Value(fieldFile), n.raw
	return screen.Step{Cmd: n.scope.Run(func(ctx context.Context) tea.Msg {
		out := planned{raw: raw}
		if path != "" {
			if out.raw, out.err = d.ReadFile(ctx, path); out.err != nil {
				return planned{err: out.err}
			}
		}
		if out.list, out.err = d.Batches.Read(out.raw, o); out.err != nil {
			return planned{err: out.err}
		}
		var more []tokenbatch.BadLine
		out.plan, more, out.err = d.Batches.Plan(ctx, baseName(path), v, out.list, po)
		out.bad = append(append(out.bad, out.list.Bad...), more...)
		return out
	})}
}

// begin writes the plan down. Nothing is sent by that.
func (n *list) begin() screen.Step {
	n.busy = true
	d, plan := n.d, n.plan
	return screen.Step{Cmd: n.scope.Run(func(ctx context.Context) tea.Msg {
		b, bad, err := d.Batches.Begin(context.WithoutCancel(ctx), plan)
		return begun{b, bad, err}
	})}
}

// baseName is the last part of a path, of this system or of Windows.
func baseName(path string) string {
	return core.CleanLine(path[strings.LastIndexAny(path, `/\`)+1:])
}

// Keys of the form.
func (n *list) Keys() []screen.Key {
	do := screen.NewKey("ctrl+s", "tokens.key.look", "ctrl+s", "enter").If(n.given(), "tokens.off.no-list")
	if n.read != nil {
		do = screen.NewKey("ctrl+s", "tokens.key.write-down", "ctrl+s").If(n.good() > 0, "tokens.off.no-good-line")
	}
	keys := []screen.Key{
		do.If(!n.busy, "tokens.off.busy"),
		screen.NewKey("tab", "tokens.key.field", "tab", "shift+tab"),
		screen.NewKey("pgdn", "tokens.key.scroll", "pgdown", "pgup").Hide(),
		screen.NewKey("esc", "tokens.key.leave", "esc"),
	}
	if n.d.Example != nil {
		keys = slices.Insert(keys, 1, screen.NewKey("ctrl+g", "keys.key.fill", "ctrl+g"))
	}
	return keys
}
