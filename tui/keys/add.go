package keys

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/visitortoken"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// add asks for a new key. What it asks follows from its kind; leaving it keeps
// what was typed.
type add struct {
	f        *family
	scope    *screen.Scope
	form     *widget.Form
	proposed string // the name that stands in the form unless the admin typed one
	working  bool
	err      error // shown below the form
	trouble  error // why saving failed: err, or what stands beside a field
	kept     bool  // reopened with what was typed before
}

// addScreen opens the form, with what was typed before if it was left.
func (f *family) addScreen() *add {
	if f.draft != nil {
		f.draft.kept = true
		return f.draft
	}
	return newAdd(f)
}

func newAdd(f *family) *add {
	a := &add{f: f, form: widget.NewForm()}
	a.ask(core.KeyMessaging, core.AlgHS256)
	return a
}

type added struct {
	key core.SigningKey
	err error
}

// Title names the form.
func (a *add) Title(e screen.Env) string { return e.T("keys.add.title") }

// Init begins.
func (a *add) Init(s *screen.Scope) screen.Step {
	a.scope, a.working = s, false
	return screen.Step{}
}

// Capturing keeps letters for the form.
func (a *add) Capturing() bool { return true }

// Trouble is why the list of keys could not be had, or the key not be saved.
func (a *add) Trouble() error { return a.trouble }

// Update handles keys and the outcome of saving.
func (a *add) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case added:
		return a.added(msg)
	case tea.PasteMsg:
		if !a.working {
			a.form.Update(msg)
			a.propose()
		}
	case tea.KeyPressMsg:
		return a.key(msg)
	}
	return screen.Step{}
}

func (a *add) key(msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "esc":
		return screen.Step{Back: true}
	case "ctrl+g":
		return a.fillIn()
	case "ctrl+x":
		a.f.draft = nil
		return screen.Step{Replace: newAdd(a.f)}
	}
	if a.working {
		return screen.Step{}
	}
	was := a.form.Focused()
	value := a.form.Value(was)
	changed, submit := a.form.Update(msg)
	if a.form.Value(was) != value { // what stood beside the field is gone
		a.trouble = a.err
	}
	if changed && was == fieldKind {
		a.form.Set(fieldSecret, "") // one kind's secret is never taken for another's
	}
	if changed && (was == fieldKind || was == fieldAlg) {
		a.ask(a.kind(), a.form.Value(fieldAlg))
	}
	if was != fieldName {
		a.propose()
	}
	if submit {
		return a.save()
	}
	return screen.Step{}
}

// fillIn types what exists in the sandbox.
func (a *add) fillIn() screen.Step {
	if a.f.Sandbox == nil || a.working {
		return screen.Step{}
	}
	values := a.f.Sandbox(a.kind(), a.form.Value(fieldAlg))
	for name, v := range values {
		a.form.Set(name, v)
	}
	a.propose()
	if values == nil {
		return screen.Say("keys.add.no-values")
	}
	return screen.Step{}
}

// Leave keeps what was typed.
func (a *add) Leave() screen.Step {
	if !a.form.Touched() {
		a.f.draft = nil
		return screen.Step{}
	}
	a.f.draft = a
	return screen.Say("keys.add.left")
}

func (a *add) kind() core.KeyKind { return core.KeyKind(a.form.Value(fieldKind)) }

// propose puts a free name into the form, unless the admin typed another.
func (a *add) propose() {
	if v := a.form.Value(fieldName); v != "" && v != a.proposed {
		return
	}
	base := string(a.kind())
	if account := core.Subdomain(a.form.Value(fieldAccount)); a.kind() != core.KeyXsolla && account != "" {
		base = account + " " + base
	}
	a.proposed = a.f.freeName(base)
	a.form.Set(fieldName, a.proposed)
}

// newKey is what was typed.
func (a *add) newKey() core.NewKey {
	n := core.NewKey{Typed: true, Prefix: a.form.Value(fieldPrefix)}
	n.Kind, n.Name, n.Account = a.kind(), a.form.Value(fieldName), a.form.Value(fieldAccount)+a.form.Value(fieldProject) // one is asked for
	n.Brand, n.KID, n.Alg = a.form.Value(fieldBrand), a.form.Value(fieldKID), core.AlgHS256
	n.MadeAt, _ = time.Parse(time.DateOnly, a.form.Value(fieldMade)) // its check has passed
	if n.Kind == core.KeyXsolla && a.form.Value(fieldAlg) == core.AlgRS256 {
		n.Alg, n.KeyList = core.AlgRS256, a.form.Value(fieldList)
		return n
	}
	n.Secrets = core.Secrets{core.SecretSigning: a.form.Secret(fieldSecret)}
	return n
}

func (a *add) save() screen.Step {
	a.working, a.err, a.trouble = true, nil, nil
	n, f := a.newKey(), a.f
	return screen.Step{Cmd: a.scope.Run(func(ctx context.Context) tea.Msg {
		if n.Alg == core.AlgRS256 {
			if n.KeyList == "" && f.FetchKeyList != nil {
				list, err := f.FetchKeyList(ctx, n.Account)
				if err != nil {
					return added{err: err}
				}
				n.KeyList = list
			}
			if _, err := visitortoken.ParseKeyList([]byte(n.KeyList)); err != nil && n.KeyList != "" {
				return added{err: err}
			}
			n.KeyListAt = f.Clock.Now()
		}
		k, err := f.Keys.Add(context.WithoutCancel(ctx), n)
		k.Secrets = nil
		return added{k, err}
	})}
}

func (a *add) added(msg added) screen.Step {
	a.working, a.trouble = false, msg.err
	if msg.err != nil {
		field := fieldOf(core.CodeOf(msg.err))
		if field == "" && a.form.Value(fieldAlg) == core.AlgRS256 {
			field = fieldList
		}
		if field == "" {
			a.err = msg.err
			return screen.Step{}
		}
		a.form.FocusOn(field, widget.Reason(msg.err))
		return screen.Step{}
	}
	a.f.draft = nil
	said := "keys.added"
	if msg.key.Weak {
		said = "keys.added.weak"
	}
	step := screen.Say(said, locale.Params{"name": core.CleanLine(msg.key.Name)}).Then(screen.Step{Changed: true})
	step.Replace = newDetail(a.f, msg.key.Summary())
	return step
}

// Draw shows the form below what it is for.
func (a *add) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	var head, foot []string
	if e.Height >= 14 {
		head = append(head, e.Theme.Title.Render(e.T("keys.add.head")))
		if a.kept {
			head = append(head, e.Theme.Muted.Render(e.T("keys.add.kept")))
		}
		head = append(head, "")
	}
	switch {
	case a.working:
		foot = append(foot, "", e.Theme.Muted.Render(e.T("keys.add.working")))
	case a.err != nil:
		foot = append(append(foot, ""), widget.Problem(e, a.err, w)...)
	case e.Height >= 18:
		foot = append(append(foot, ""), widget.Wrap(e.T("keys.add.sealed"), w)...)
		foot = muted(e, foot)
	}
	form, cur := a.form.Draw(e, e.Width, max(e.Height-len(head)-len(foot), 5))
	if cur != nil {
		cur.Y += len(head)
	}
	return screen.Frame{Text: strings.Join(append(append(head, form...), foot...), "\n"), Cursor: cur}
}

// Keys of the form.
func (a *add) Keys() []screen.Key {
	keys := []screen.Key{screen.NewKey("enter", "keys.key.next", "enter")}
	if a.f.Sandbox != nil {
		keys = append(keys, screen.NewKey("ctrl+g", "keys.key.fill", "ctrl+g"))
	}
	return append(keys,
		screen.NewKey("ctrl+s", "keys.key.save", "ctrl+s").If(!a.working, "keys.off.busy"),
		screen.NewKey("esc", "keys.key.leave-form", "esc"),
		screen.NewKey("ctrl+x", "keys.key.clear", "ctrl+x"),
	)
}
