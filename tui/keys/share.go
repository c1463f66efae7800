package keys

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/keyshare"
	"deskward/core/locale"
	"deskward/core/snippet"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// share seals a key for a developer and writes it to a file.
type share struct {
	f       *family
	scope   *screen.Scope
	sum     core.KeySummary
	form    *widget.Form
	working bool
	err     error
	done    *shared // nil: not yet
}

// The fields of the form.
const (
	fieldWho     = "who"     // one of Deps.Recipients, or "": pasted
	fieldTo      = "to"      // a public key
	fieldContent = "content" // bundle, or "": the key alone
	fieldCode    = "code"    // which snippets
)

const bundle = "bundle"

func newShare(f *family, s core.KeySummary) *share {
	h := &share{f: f, sum: s, form: widget.NewForm()}
	h.ask()
	return h
}

type shared struct {
	path string
	text string // armored: it may be seen by anybody
	with string // the recipients' names
	to   []keyshare.Recipient
	err  error
}

// Title names the screen.
func (h *share) Title(e screen.Env) string { return e.T("keys.share.title") }

// Init begins.
func (h *share) Init(s *screen.Scope) screen.Step {
	h.scope = s
	return screen.Step{}
}

// Capturing keeps letters for the form.
func (h *share) Capturing() bool { return h.done == nil }

// Leave keeps the recipient that was pasted.
func (h *share) Leave() screen.Step {
	if _, err := keyshare.ParseRecipients(h.form.Value(fieldTo)); h.done == nil && err == nil { // else it may be a private key
		h.f.typed["share "+h.sum.ID] = h.form.Value(fieldTo)
	}
	return screen.Step{}
}

func (h *share) ask() {
	var fields []widget.Field
	if len(h.f.Recipients) > 0 {
		who := widget.Field{Name: fieldWho, Label: widget.Key("keys.share.who"), Hint: widget.Key("keys.share.who.hint"), Options: []widget.Option{{Value: "", Label: widget.Key("keys.share.paste")}}}
		for _, r := range h.f.Recipients {
			who.Options = append(who.Options, widget.Option{Value: r.Line, Label: widget.Text(r.Path)})
		}
		fields = append(fields, who)
	}
	if h.form.Value(fieldWho) == "" {
		fields = append(fields, widget.Field{
			Name: fieldTo, Label: widget.Key("keys.share.to"), Hint: widget.Key("keys.share.to.hint"), Value: h.f.typed["share "+h.sum.ID],
			Check: problem(func(v string) error {
				_, err := keyshare.ParseRecipients(v)
				return err
			}),
		})
	}
	kinds := snippet.For(h.sum.Kind)
	if len(kinds) == 0 {
		h.form.SetFields(fields...)
		return
	}
	fields = append(fields, widget.Field{
		Name: fieldContent, Label: widget.Key("keys.share.content"), Hint: widget.Key("keys.share.content.hint"), Value: bundle,
		Options: []widget.Option{{Value: bundle, Label: widget.Key("keys.share.bundle")}, {Value: "", Label: widget.Key("keys.share.alone")}},
	})
	if first := h.form.Focused() == ""; first || h.form.Value(fieldContent) == bundle {
		code := widget.Field{Name: fieldCode, Label: widget.Key("keys.share.code"), Hint: widget.Key("keys.share.code.hint"), Many: true, Optional: true, Value: string(kinds[0])}
		for _, k := range kinds {
			code.Options = append(code.Options, widget.Option{Value: string(k), Label: widget.Key("snippet.kind." + string(k))})
		}
		fields = append(fields, code)
	}
	h.form.SetFields(fields...)
}

// Update handles keys and the outcome.
func (h *share) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case shared:
		return h.sealed(msg)
	case tea.PasteMsg:
		if h.done == nil && !h.working {
			h.form.Update(msg)
		}
	case tea.KeyPressMsg:
		return h.key(msg)
	}
	return screen.Step{}
}

func (h *share) sealed(msg shared) screen.Step {
	h.working = false
	switch {
	case msg.text != "":
		h.done, h.err = &msg, msg.err // what was sealed can be copied even where no file could be written
		delete(h.f.typed, "share "+h.sum.ID)
		return screen.Step{Changed: true}
	case strings.HasPrefix(core.CodeOf(msg.err), "keyshare.recipient"):
		h.form.FocusOn(fieldTo, widget.Reason(msg.err))
	default:
		h.err = msg.err
	}
	return screen.Step{}
}

func (h *share) key(msg tea.KeyPressMsg) screen.Step {
	k := msg.String()
	if h.done != nil {
		switch k {
		case "y":
			return screen.Step{Copy: screen.Copy{Text: h.done.text, What: "keys.share.text"}}
		case "l":
			return screen.Step{Copy: screen.Copy{Text: h.line(), What: "keys.share.line"}}
		case "v":
			return screen.Step{Plain: h.done.text}
		case "d":
			return screen.Step{Replace: newPlaces(h.f, h.sum)}
		}
		return screen.Step{}
	}
	if k == "esc" {
		return screen.Step{Back: true}
	}
	if h.working {
		return screen.Step{}
	}
	was := h.form.Focused()
	changed, submit := h.form.Update(msg)
	if changed && (was == fieldWho || was == fieldContent) {
		h.ask()
	}
	if submit {
		return h.seal()
	}
	return screen.Step{}
}

// seal has the key sealed, which records it, and then writes the file.
func (h *share) seal() screen.Step {
	h.working, h.err = true, nil
	to := h.form.Value(fieldWho)
	if to == "" {
		to = h.form.Value(fieldTo)
	}
	r := keyshare.Request{KeyID: h.sum.ID, To: []string{to}, Say: h.f.Say()}
	if h.form.Value(fieldContent) == bundle {
		for _, k := range strings.Fields(h.form.Value(fieldCode)) {
			r.Bundle = append(r.Bundle, snippet.Kind(k))
		}
	}
	f := h.f
	return screen.Step{Cmd: h.scope.Run(func(ctx context.Context) tea.Msg {
		s, err := f.Share(context.WithoutCancel(ctx), r)
		if err != nil {
			return shared{err: err}
		}
		path, err := writeNew(f.Folder, s.FileName, s.Data)
		return shared{path: path, text: string(s.Data), with: s.With(), to: s.To, err: err}
	})}
}

// writeNew writes a file that only its owner reads. One of that name that is
// there already stays: the new one gets a number.
func writeNew(folder, name string, data []byte) (string, error) {
	fail := func(path string, err error) (string, error) {
		return "", &core.Error{Tried: "write-file", On: path, Code: "file.unwritable", Err: err}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fail(folder, err)
	}
	stem, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
	for n := 1; ; n++ {
		path := filepath.Join(folder, name)
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if os.IsExist(err) && n < 1000 {
			name = stem + "-" + strconv.Itoa(n+1) + ext
			continue
		}
		if err != nil {
			return fail(path, err)
		}
		_, err = file.Write(data)
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			_ = os.Remove(path) // half a file helps nobody
			return fail(path, err)
		}
		return path, nil
	}
}

// line is what the developer types to open the file.
func (h *share) line() string {
	identity := "~/.ssh/id_ed25519"
	switch to := h.done.to[0].Key; {
	case strings.HasPrefix(to, "ssh-rsa"):
		identity = "~/.ssh/id_rsa"
	case strings.HasPrefix(to, "age1"):
		identity = "key.txt"
	}
	return "age -d -i " + identity + " " + filepath.Base(h.done.path)
}

// Draw shows the form, or what was made and how it is opened.
func (h *share) Draw(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	if h.done != nil {
		return h.drawDone(e, w)
	}
	title := e.T("keys.share.head", locale.Params{"name": core.CleanLine(h.sum.Name)})
	lines := []string{e.Theme.Title.Render(widget.Cut(title, e.Width, e.Theme.Glyphs.Cut)), ""}
	if e.Height >= 16 {
		lines = append(lines, widget.Wrap(e.T("keys.share.what"), w)...)
		lines = append(lines, "")
	}
	var foot []string
	switch {
	case h.working:
		foot = []string{"", e.Theme.Muted.Render(e.T("keys.share.working"))}
	case h.err != nil:
		foot = append([]string{""}, widget.Problem(e, h.err, w)...)
	}
	form, cur := h.form.Draw(e, e.Width, max(e.Height-len(lines)-len(foot), 4))
	down := len(lines)
	return withCursor(append(append(lines, form...), foot...), cur, down)
}

func (h *share) drawDone(e screen.Env, w int) screen.Frame {
	p := locale.Params{"name": core.CleanLine(h.sum.Name), "to": h.done.with}
	lines := widget.Marked(e.Theme.Good.Render(e.Theme.Glyphs.OK), e.T("keys.share.done", p), w)
	section := func(key, value string) {
		if e.Height >= 14 {
			lines = append(lines, "")
		}
		lines = append(lines, e.T(key))
		lines = append(lines, widget.Indent(widget.Wrap(value, w-2), "  ")...)
	}
	if h.err != nil {
		lines = append(append(lines, ""), widget.Problem(e, h.err, w)...)
	} else {
		section("keys.share.file", h.done.path)
	}
	section("keys.share.opens", h.line())
	if e.Height >= 14 {
		lines = append(append(lines, ""), widget.Wrap(e.T("keys.share.send"), w)...)
	}
	return widget.Frame(lines)
}

// Keys of the form, or of what was made.
func (h *share) Keys() []screen.Key {
	if h.done != nil {
		return []screen.Key{
			screen.NewKey("y", "keys.key.copy-sealed", "y"),
			screen.NewKey("l", "keys.key.copy-line", "l"),
			screen.NewKey("d", "keys.key.deploy", "d"),
			screen.NewKey("v", "keys.key.unwrapped", "v"),
		}
	}
	return []screen.Key{
		screen.NewKey("enter", "keys.key.next", "enter"),
		screen.NewKey("ctrl+s", "keys.key.share-now", "ctrl+s").If(!h.working, "keys.off.busy"),
		screen.NewKey("esc", "key.back", "esc"),
	}
}
