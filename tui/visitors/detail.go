package visitors

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// detail is one row whole: every field, the addresses, by what the source was
// asked, and the calls that were made.
type detail struct {
	f      *family
	scope  *screen.Scope
	row    row
	result lookup.Result
	pager  widget.Pager
}

// Title names the source.
func (d *detail) Title(screen.Env) string { return short(d.row.answer.Source) }

// Init begins.
func (d *detail) Init(s *screen.Scope) screen.Step {
	d.scope = s
	return screen.Step{}
}

// Update takes keys.
func (d *detail) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case opened:
		return screen.Fail(msg.err)
	case tea.KeyPressMsg:
		switch k := msg.String(); k {
		case "j", "m", "o", "y":
			return d.f.open(d.scope, k, d.row, d.result)
		default:
			d.pager.Key(k)
		}
	}
	return screen.Step{}
}

// Trouble is why the source did not answer.
func (d *detail) Trouble() error { return d.row.trouble() }

// trouble is why a row's source did not answer; nil where it did, or was
// stopped.
func (r row) trouble() error {
	if r.visitor.ID != "" || cancelled(r.answer.Err) {
		return nil
	}
	return r.answer.Err
}

// Draw shows the record, in part where it is long.
func (d *detail) Draw(e screen.Env) screen.Frame {
	lines := record(e, d.row, d.result, widget.Readable(e.Width))
	from, to := d.pager.Window(len(lines), e.Height, -1)
	return widget.Frame(lines[from:to])
}

// Keys act on the record.
func (d *detail) Keys() []screen.Key {
	return append(d.f.rowKeys(d.row, d.result), screen.NewKey("↑/↓", "visitors.key.scroll", "up", "down", "pgup", "pgdown", "home", "end").Hide())
}

// record is what is known of a row.
func record(e screen.Env, r row, result lookup.Result, width int) []string {
	v, a := r.visitor, r.answer
	lines := []string{e.Theme.Title.Render(widget.Cut(a.Source, width, e.Theme.Glyphs.Cut))}
	sub := e.T("visitor.kind." + string(a.Kind))
	lines = append(lines, e.Theme.Muted.Render(widget.Cut(sub, width, e.Theme.Glyphs.Cut)), "")
	names := []string{"name", "email", "id", "external", "phone", "role", "brand", "signed-in", "blocked", "support", "chat", "created", "seen", "link", "by", "calls"}
	f := widget.NewFacts(e, width, "visitors.fact.", names...)
	switch {
	case v.ID == "" && a.Err != nil && !cancelled(a.Err):
		f.Lines = append(f.Lines, widget.Problem(e, a.Err, width)...)
	case v.ID == "":
		key := "lookup.state." + string(a.State) + ".long"
		if cancelled(a.Err) {
			key = "visitors.stopped.row"
		}
		said := widget.Named(e, "", key)
		if a.Behind != "" {
			said = e.T("lookup.state.behind.long", locale.Params{"source": short(a.Behind)})
		}
		f.Lines = append(f.Lines, widget.Wrap(said, width)...)
	}
	person(e, f, v)
	for _, b := range r.bad {
		f.Gap()
		f.Lines = append(f.Lines, drawFinding(e, b, width)...)
	}
	asking(e, f, a)
	return append(lines, f.Lines...)
}

// person are the facts of a record.
func person(e screen.Env, f *widget.Facts, v core.Visitor) {
	add := func(name, value string) {
		if value = strings.TrimSpace(core.CleanLine(value)); value != "" {
			f.Add(name, value)
		}
	}
	add("name", v.Name)
	for i, m := range v.Emails {
		key := "visitors.email.unverified"
		if m.Verified {
			key = "visitors.email.verified"
		}
		styled := emailMark(e, m) + " " + core.CleanLine(m.Address)
		if !f.Narrow() {
			styled += "  " + e.Theme.Muted.Render(e.T(key))
		}
		put(f, i == 0, "email", styled)
		if f.Narrow() && !m.Verified {
			put(f, false, "email", "   "+e.Theme.Muted.Render(e.T(key)))
		}
	}
	add("id", v.ID)
	add("external", v.ExternalID)
	add("phone", v.Phone)
	add("role", v.Role)
	add("brand", v.Brand)
	if v.Authenticated != nil {
		add("signed-in", e.T(fmt.Sprintf("visitors.signed-in.%t", *v.Authenticated)))
	}
	if v.Blocked {
		add("blocked", e.T("visitors.blocked"))
	}
	add("support", v.SupportID)
	add("chat", v.ChatID)
	add("created", moment(e, v.CreatedAt))
	add("seen", moment(e, v.SeenAt))
	add("link", v.Link)
}

// asking says by what a source was asked, and with which calls.
func asking(e screen.Env, f *widget.Facts, a lookup.Answer) {
	f.Gap()
	for i, l := range a.By {
		text := e.T("query.kind."+string(l.Kind)) + "  " + short(l.Text)
		if l.From != "" {
			text = e.T("visitors.lead", locale.Params{"what": text, "from": short(l.From)})
		}
		if f.Narrow() {
			for n, line := range widget.Wrap(core.CleanLine(text), max(f.Room(), 10)) {
				put(f, i == 0 && n == 0, "by", line)
			}
			continue
		}
		put(f, i == 0, "by", core.CleanLine(text))
	}
	for i, c := range a.Calls {
		status := fmt.Sprint(c.Status)
		if c.Status == 0 {
			status = e.T("visitors.no-answer")
		}
		address := core.CleanLine(c.URL)
		if f.Narrow() { // the end of an address tells more than its host
			status += " "
			room := f.Room() - ansi.StringWidth(status)
			put(f, i == 0, "calls", status+ansi.TruncateLeft(address, max(ansi.StringWidth(address)-room+1, 0), e.Theme.Glyphs.Cut))
			continue
		}
		put(f, i == 0, "calls", fmt.Sprintf("%s %s  %s  %s", core.CleanLine(c.Method), address, status, c.Took.Round(time.Millisecond)))
	}
}

func put(f *widget.Facts, first bool, name, text string) {
	if first {
		f.Put(name, text)
		return
	}
	f.More(text)
}

func emailMark(e screen.Env, m core.VisitorEmail) string {
	if m.Verified {
		return e.Theme.Good.Render(e.Theme.Glyphs.OK)
	}
	return e.Theme.Warn.Render(widget.Pad(e.Theme.Glyphs.Warn, 2))
}

func moment(e screen.Env, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return widget.Ago(e, t) + " (" + widget.Stamp(t) + ")"
}
