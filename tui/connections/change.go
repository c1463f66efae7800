package connections

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/platform"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// kind is what a change does. Its texts are the locale texts
// connections.<kind>.….
type kind string

// The kinds.
const (
	rename kind = "rename"
	edit   kind = "edit"
	revoke kind = "revoke"
	remove kind = "remove"
	force  kind = "force" // refresh although nobody knows how the last one ended
)

// word is what must be typed before a change that cannot be undone; it is the
// same in every language, so that no input method is in the way.
func (k kind) word() string {
	switch k {
	case revoke:
		return "REVOKE"
	case force:
		return "TRY"
	}
	return ""
}

// change asks before it changes a connection, and does it.
type change struct {
	f       *family
	scope   *screen.Scope
	kind    kind
	card    card
	was     core.Connection // what an edit's form was filled with
	form    *widget.Form    // nil until the connection is read
	working bool
	err     error
	over    bool      // it was done
	again   bool      // somebody was faster; the connection was read again
	early   []tea.Msg // keys and pastes from before the form was there
}

func newRename(f *family, s core.Summary) *change { return newChange(f, s, rename) }
func newEdit(f *family, s core.Summary) *change   { return newChange(f, s, edit) }
func newRevoke(f *family, s core.Summary) *change { return newChange(f, s, revoke) }
func newRemove(f *family, s core.Summary) *change { return newChange(f, s, remove) }
func newForce(f *family, s core.Summary) *change  { return newChange(f, s, force) }

func newChange(f *family, s core.Summary, k kind) *change {
	return &change{f: f, kind: k, card: card{f: f, sum: s}}
}

// The fields of the forms.
const (
	fieldName  = "name"
	fieldFirst = "first"
	fieldWord  = "word"
)

const revokeFirst = "revoke"

type changed struct{ err error }

// Title says what is about to happen.
func (c *change) Title(e screen.Env) string { return e.T("connections." + string(c.kind) + ".title") }

// Init reads the connection at its present revision.
func (c *change) Init(s *screen.Scope) screen.Step {
	c.scope = s
	return c.read()
}

func (c *change) read() screen.Step {
	return screen.Step{Cmd: loadCard(c.f, c.scope, c.card.sum.ID)}
}

// Capturing keeps letters for the form.
func (c *change) Capturing() bool { return true }

// Trouble is why it could not be done.
func (c *change) Trouble() error {
	if c.working || c.again {
		return nil
	}
	return c.err
}

// Update handles keys and outcomes.
func (c *change) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case cardLoaded:
		c.working = false
		if msg.err != nil {
			c.err = msg.err
			return screen.Step{}
		}
		c.card.take(msg)
		switch {
		case c.kind == edit:
			c.takeEdit()
		case c.form == nil || c.kind == remove:
			c.form = widget.NewForm(c.fields()...)
		}
		return c.catchUp()
	case changed:
		return c.changed(msg.err)
	case tea.PasteMsg:
		c.feed(msg)
	case tea.KeyPressMsg:
		if msg.String() == "esc" {
			return screen.Step{Back: true}
		}
		if c.feed(msg) {
			return c.do()
		}
	}
	return screen.Step{}
}

// feed gives a key or paste to the form and reports whether it was submitted.
func (c *change) feed(msg tea.Msg) (submit bool) {
	if c.form == nil && c.err == nil {
		c.early = append(c.early, msg)
	}
	if c.form == nil || c.working {
		return false
	}
	_, submit = c.form.Update(msg)
	return submit
}

// catchUp gives the form what was typed before it was there.
func (c *change) catchUp() screen.Step {
	early := c.early
	c.early = nil
	for _, msg := range early {
		if c.feed(msg) {
			return c.do()
		}
	}
	return screen.Step{}
}

// Leave keeps a new name that was half typed.
func (c *change) Leave() screen.Step {
	if c.kind == rename && c.form != nil && !c.over {
		c.f.typed["rename "+c.card.sum.ID] = c.form.Value(fieldName)
	}
	if c.kind == edit && c.form != nil && !c.over && c.form.Touched() {
		c.f.edits[c.card.sum.ID] = half{c.form, c.was}
	}
	return screen.Step{}
}

func (c *change) fields() []widget.Field {
	switch c.kind {
	case rename:
		name := c.card.sum.Name
		if draft := c.f.typed["rename "+c.card.sum.ID]; draft != "" {
			name = draft
		}
		return []widget.Field{{Name: fieldName, Label: widget.Key("connections.rename.to"), Value: name}}
	case remove:
		name := widget.TypedWord(fieldWord, c.card.sum.Name)
		if !c.card.can.revoke || !c.card.sum.HasAccess && !c.card.sum.HasRefresh {
			return []widget.Field{name}
		}
		return []widget.Field{{
			Name: fieldFirst, Label: widget.Key("connections.remove.first"), Hint: widget.Key("connections.remove.first.hint"),
			Options: []widget.Option{{Value: "", Label: widget.Key("connections.remove.keep")}, {Value: revokeFirst, Label: widget.Key("connections.remove.revoke")}},
		}, name}
	}
	return []widget.Field{widget.TypedWord(fieldWord, c.kind.word())}
}

// do does it. What was begun is finished even if the screen is left.
func (c *change) do() screen.Step {
	c.working, c.err, c.again = true, nil, false
	f, k, id, rev := c.f, c.kind, c.card.sum.ID, c.card.sum.Rev
	name, first := c.form.Value(fieldName), c.form.Value(fieldFirst)
	was, answers := c.was, platform.Answers{}
	if k == edit {
		answers = f.edited(was, c.form)
	}
	return screen.Step{Cmd: c.scope.Run(func(ctx context.Context) tea.Msg {
		ctx = context.WithoutCancel(ctx)
		var err error
		switch k {
		case rename:
			_, err = f.Connections.Rename(ctx, id, rev, name)
		case edit:
			_, err = f.Service.Edit(ctx, was, answers)
		case revoke:
			_, err = f.Service.Revoke(ctx, id)
		case force:
			_, err = f.Consent.ForceRefresh(ctx, id)
		case remove:
			if first == revokeFirst {
				var c core.Connection
				if c, err = f.Service.Revoke(ctx, id); err != nil {
					return changed{err}
				}
				rev = c.Rev
			}
			err = f.Connections.Remove(ctx, id, rev)
		}
		return changed{err}
	})}
}

func (c *change) changed(err error) screen.Step {
	c.working, c.err = false, err
	switch {
	case core.CodeOf(err) == core.ErrConflict.Code:
		c.again, c.err, c.working = true, nil, true // until it has been read again
		return c.read()
	case err != nil && c.kind == edit:
		return screen.Step{} // what was typed is compared with what was read
	case err != nil:
		return c.read() // a revocation may have preceded what failed
	}
	c.over = true
	delete(c.f.typed, "rename "+c.card.sum.ID)
	if c.kind == remove {
		c.f.removed[c.card.sum.ID] = true
	}
	return screen.Say("connections."+string(c.kind)+".done", locale.Params{"name": c.card.sum.Name}).Then(screen.Step{Back: true, Changed: true})
}

// Draw says what will happen, what will not, and asks.
func (c *change) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	key := "connections." + string(c.kind)
	name := locale.Params{"name": c.card.sum.Name, "platform": c.f.platformName(c.card.sum.Platform)}
	lines := widget.Wrap(e.T(key+".head", name), w)
	for i := range lines {
		lines[i] = e.Theme.Title.Render(lines[i])
	}
	room := e.Height - len(lines)
	if what := widget.Wrap(e.T(key+".what", name), w); len(what)+6 <= room {
		lines = append(append(lines, ""), what...)
	}
	if c.kind != rename && c.kind != edit {
		for i, l := range widget.Wrap(e.T(key+".final", name), w-2) {
			sign := "  "
			if i == 0 {
				sign = e.Theme.Warn.Render(e.Theme.Glyphs.Warn) + " "
			}
			lines = append(lines, sign+l)
		}
	}
	if code := c.f.platforms[c.card.sum.Platform].NoRevoke; c.kind == remove && code != "" && e.Height >= 20 {
		lines = append(append(lines, ""), widget.Indent(widget.Wrap(e.T("error."+code+".means"), w-2), "  ")...)
	}
	lines = append(lines, "")
	if c.form == nil {
		if c.err != nil {
			return widget.Frame(append(lines, widget.Problem(e, c.err, w)...))
		}
		return widget.Frame(append(lines, e.Theme.Muted.Render(e.T("connections.loading-one"))))
	}
	form, cur := c.form.Draw(e, e.Width, max(3, e.Height-len(lines)-1))
	if cur != nil {
		cur.Y += len(lines)
	}
	lines = append(lines, form...)
	switch {
	case c.working:
		cur = nil
		lines = append(lines, "", e.Theme.Muted.Render(e.T(key+".doing", name)))
	case c.again:
		lines = append(lines, "")
		lines = append(lines, widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T("connections.again", name), w)...)
	case c.err != nil:
		lines = append(lines, "")
		lines = append(lines, widget.Problem(e, c.err, w)...)
	}
	return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
}

// Keys of the question.
func (c *change) Keys() []screen.Key {
	if c.kind == edit {
		return []screen.Key{
			screen.NewKey("enter", "connections.key.next", "enter"),
			screen.NewKey("ctrl+s", "connections.key.save", "ctrl+s").If(!c.working, "connections.off.busy"),
			screen.NewKey("esc", "connections.key.leave-form", "esc"),
		}
	}
	return []screen.Key{
		screen.NewKey("enter", "connections.key."+string(c.kind)+"-now", "enter").If(!c.working, "connections.off.busy"),
		screen.NewKey("esc", "key.back", "esc"),
	}
}
