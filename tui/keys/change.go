package keys

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// kind is what a change does. Its texts are the locale texts keys.<kind>.….
type kind string

// The kinds.
const (
	rename  kind = "rename"
	replace kind = "replace" // the secret
	hide    kind = "hide"    // the secret, for ever
	retire  kind = "retire"  // the vendor no longer has it
	remove  kind = "remove"
)

// The fields of the forms.
const (
	fieldName   = "name"
	fieldSecret = "secret"
	fieldWord   = "word"
)

// change asks before it changes a key, and does it.
type change struct {
	f       *family
	scope   *screen.Scope
	kind    kind
	sum     core.KeySummary
	form    *widget.Form // nil until the key is read
	working bool
	err     error
	over    bool      // it was done
	again   bool      // somebody was faster; the key was read again
	early   []tea.Msg // keys and pastes from before the form was there
}

func newChange(f *family, s core.KeySummary, k kind) *change { return &change{f: f, kind: k, sum: s} }

type changed struct{ err error }

// Title says what is about to happen.
func (c *change) Title(e screen.Env) string { return e.T("keys." + string(c.kind) + ".title") }

// Init reads the key at its present revision.
func (c *change) Init(s *screen.Scope) screen.Step {
	c.scope = s
	return c.read()
}

func (c *change) read() screen.Step { return screen.Step{Cmd: c.f.load(c.scope, c.sum.ID)} }

// Capturing keeps letters for the form.
func (c *change) Capturing() bool { return true }

// Update handles keys and outcomes.
func (c *change) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case keyLoaded:
		c.working = false
		if step, ok := c.f.gone(msg.id, msg.err); ok {
			return step
		}
		if msg.err != nil {
			c.err = msg.err
			return screen.Step{}
		}
		c.sum = msg.sum
		if c.form == nil || c.kind == remove && c.again {
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
		c.f.typed["rename "+c.sum.ID] = c.form.Value(fieldName)
	}
	return screen.Step{}
}

func (c *change) fields() []widget.Field {
	switch c.kind {
	case rename:
		name := c.sum.Name
		if draft := c.f.typed["rename "+c.sum.ID]; draft != "" {
			name = draft
		}
		return []widget.Field{{Name: fieldName, Label: widget.Key("keys.rename.to"), Value: name}}
	case replace:
		return []widget.Field{
			{Name: fieldSecret, Label: widget.Key("keys.replace.secret"), Secret: true, Hint: widget.Key("keys.replace.secret.hint")},
			widget.TypedWord(fieldWord, "REPLACE"),
		}
	case hide:
		return []widget.Field{widget.TypedWord(fieldWord, "HIDE")}
	case retire:
		return []widget.Field{widget.TypedWord(fieldWord, "RETIRE")}
	}
	return []widget.Field{widget.TypedWord(fieldWord, c.sum.Name)}
}

// do does it. What was begun is finished even if the screen is left.
func (c *change) do() screen.Step {
	c.working, c.err, c.again = true, nil, false
	keys, k, id, rev := c.f.Keys, c.kind, c.sum.ID, c.sum.Rev
	name, secret := c.form.Value(fieldName), c.form.Secret(fieldSecret)
	return screen.Step{Cmd: c.scope.Run(func(ctx context.Context) tea.Msg {
		ctx = context.WithoutCancel(ctx)
		var err error
		switch k {
		case rename:
			_, err = keys.Rename(ctx, id, rev, name)
		case replace:
			n := core.NewKey{Typed: true}
			n.Secrets = core.Secrets{core.SecretSigning: secret}
			_, err = keys.ReplaceSecret(ctx, id, n)
		case hide:
			_, err = keys.Hide(ctx, id)
		case retire:
			_, err = keys.Retire(ctx, id)
		case remove:
			err = keys.Remove(ctx, id, rev)
		}
		return changed{err}
	})}
}

func (c *change) changed(err error) screen.Step {
	c.working = false
	switch {
	case core.CodeOf(err) == core.ErrConflict.Code:
		c.again, c.working = true, true // until it has been read again
		return c.read()
	case err != nil:
		if step, ok := c.f.gone(c.sum.ID, err); ok {
			return step
		}
		if field := fieldOf(core.CodeOf(err)); field == fieldName || field == fieldSecret {
			c.form.FocusOn(field, widget.Reason(err))
			return screen.Step{}
		}
		c.err = err
		return screen.Step{}
	}
	c.over = true
	delete(c.f.typed, "rename "+c.sum.ID)
	if c.kind == remove {
		c.f.removed[c.sum.ID] = true
	}
	return screen.Say("keys."+string(c.kind)+".done", locale.Params{"name": c.sum.Name}).Then(screen.Step{Back: true, Changed: true})
}

// Draw says what will happen, what will not, and asks.
func (c *change) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	key := "keys." + string(c.kind)
	name := locale.Params{"name": core.CleanLine(c.sum.Name), "vendor": e.T("key.kind." + string(c.sum.Kind))}
	lines := widget.Wrap(e.T(key+".head", name), w)
	for i := range lines {
		lines[i] = e.Theme.Title.Render(lines[i])
	}
	var final []string
	if c.kind != rename {
		final = widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T(key+".final", name), w)
	}
	if what := widget.Wrap(e.T(key+".what", name), w); len(lines)+len(what)+len(final)+5 <= e.Height {
		lines = append(append(append(lines, ""), what...), "")
	}
	lines = append(lines, final...)
	lines = append(lines, "")
	if c.form == nil {
		if c.err != nil {
			return widget.Frame(append(lines, widget.Problem(e, c.err, w)...))
		}
		return widget.Frame(append(lines, e.Theme.Muted.Render(e.T("keys.loading-one"))))
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
		lines = append(lines, widget.Marked(e.Theme.Warn.Render(e.Theme.Glyphs.Warn), e.T("keys.again", name), w)...)
	case c.err != nil:
		lines = append(lines, "")
		lines = append(lines, widget.Problem(e, c.err, w)...)
	}
	return screen.Frame{Text: strings.Join(lines, "\n"), Cursor: cur}
}

// Keys of the question.
func (c *change) Keys() []screen.Key {
	return []screen.Key{
		screen.NewKey("enter", "keys.key."+string(c.kind)+"-now", "enter").If(!c.working, "keys.off.busy"),
		screen.NewKey("esc", "key.back", "esc"),
	}
}
