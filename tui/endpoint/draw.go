package endpoint

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"deskward/core"
	"deskward/core/locale"
	service "deskward/core/visitortoken/endpoint"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// Draw shows the form, or what is served and who asked.
func (v *view) Draw(e screen.Env) screen.Frame {
	switch {
	case v.menu != nil:
		return widget.Frame(v.menu.Draw(e))
	case v.srv != nil:
		return widget.Frame(v.drawLive(e))
	case v.form != nil:
		return v.drawForm(e)
	case v.err != nil:
		return widget.Frame(widget.Problem(e, v.err, widget.Readable(e.Width)))
	case !v.loaded:
		return widget.Frame([]string{e.Theme.Muted.Render(e.T("endpoint.reading"))})
	}
	w := widget.Readable(e.Width)
	lines := append(title(e, "endpoint.head"), widget.Wrap(e.T(v.lacks()), w)...)
	if !small(e) {
		lines = append(append(lines, ""), widget.Wrap(e.T("endpoint.what"), w)...)
	}
	return widget.Frame(lines)
}

// small reports whether there is room for the least only.
func small(e screen.Env) bool { return e.Height < 14 }

func title(e screen.Env, key string) []string {
	lines := widget.Wrap(e.T(key), e.Width)
	for i := range lines {
		lines[i] = e.Theme.Title.Render(lines[i])
	}
	return append(lines, "")
}

func (v *view) drawForm(e screen.Env) screen.Frame {
	w := widget.Readable(e.Width)
	lines := title(e, "endpoint.head")
	if v.ended != nil {
		p := locale.Params{"requests": e.Text.N("endpoint.requests", int(v.ended.requests)), "tokens": e.Text.N("endpoint.tokens", int(v.ended.tokens))}
		sign, key := e.Theme.Good.Render(e.Theme.Glyphs.OK), "endpoint.ended"
		if v.ended.broke {
			sign, key = e.Theme.Bad.Render(e.Theme.Glyphs.Bad), "endpoint.broke"
		}
		lines = append(append(lines[:len(lines)-1], widget.Marked(sign, e.T(key, p), w)...), "")
	} else if e.Height >= 16 {
		lines = append(append(lines, widget.Wrap(e.T("endpoint.what"), w)...), "")
	}
	var foot []string
	switch {
	case v.starting:
		foot = []string{"", e.Theme.Muted.Render(e.T("endpoint.starting"))}
	case v.err != nil:
		foot = append([]string{""}, widget.Problem(e, v.err, w)...)
	case e.Height >= 16:
		foot = append([]string{""}, muted(e, "endpoint.lives", w)...)
	}
	form, cursor := v.form.Draw(e, e.Width, max(e.Height-len(lines)-len(foot), 3))
	if cursor != nil {
		cursor.Y += len(lines)
	}
	f := widget.Frame(append(append(lines, form...), foot...))
	f.Cursor = cursor
	return f
}

func muted(e screen.Env, key string, width int) []string {
	lines := widget.Wrap(e.T(key), width)
	for i := range lines {
		lines[i] = e.Theme.Muted.Render(lines[i])
	}
	return lines
}

// drawLive shows what is served, then the requests with the newest first, then
// what came of the selected one.
func (v *view) drawLive(e screen.Env) []string {
	lines := v.served(e)
	room := e.Height - len(lines)
	switch {
	case v.reasons:
		return append(lines, v.page(e, v.why(e, widget.Readable(e.Width)), room)...)
	case len(v.seen) == 0:
		return append(lines, v.nobody(e)...)
	case e.Wide():
		left := e.Width * 3 / 5
		w := e.Width - left - 3
		right := widget.Head(append(append(v.about(e, w), ""), v.whyShort(e, w)...), room, w, e.Theme.Glyphs.Cut)
		return append(lines, widget.Columns(e, v.table(e, left-1, room), left, right, room)...)
	}
	about := v.about(e, e.Width)
	if room < 8 {
		about = nil
	} else if room < 12 {
		about = widget.Head(about, 2, e.Width, e.Theme.Glyphs.Cut)
	}
	rows := room
	if len(about) > 0 {
		rows -= len(about) + 1
	}
	table := v.table(e, e.Width, max(rows, 2))
	for len(about) > 0 && len(table) < rows {
		table = append(table, "")
	}
	lines = append(lines, table...)
	if len(about) > 0 {
		lines = append(append(lines, ""), about...)
	}
	return lines
}

// served says what runs: where, with which keys, for whom.
func (v *view) served(e screen.Env) []string {
	o := v.d.Host.Options()
	var lines []string
	if small(e) {
		lines = []string{widget.Cut(v.srv.URL(), e.Width, e.Theme.Glyphs.Cut)}
	} else {
		lines = title(e, "endpoint.runs")
		f := widget.NewFacts(e, e.Width, "endpoint.fact.", "address", "keys", "pages", "try", "tunnel")
		f.Put("address", core.CleanLine(v.srv.URL()))
		f.Put("keys", e.T("endpoint.keys", locale.Params{
			"login": core.CleanLine(o.LoginKey), "sign": core.CleanLine(o.ChatKey), "cookie": core.CleanLine(o.Cookie),
		}))
		pages := e.Theme.Warn.Render(e.Theme.Glyphs.Warn) + " " + e.T("endpoint.pages.none")
		if all := v.srv.Origins(); len(all) > 0 {
			pages = core.CleanLine(strings.Join(all, " "))
		}
		f.Put("pages", pages)
		if try := v.srv.TryURL(); try != "" {
			f.Put("try", core.CleanLine(try))
		}
		if line := v.tunnel(); line != "" {
			f.Put("tunnel", core.CleanLine(line))
		}
		lines = append(lines, f.Lines...)
		if lines = append(lines, ""); len(v.seen) == 0 || e.Height >= 30 {
			lines = append(append(lines, muted(e, "endpoint.lives", widget.Readable(e.Width))...), "")
		}
	}
	count := counted(e, v.sums)
	if v.stopping {
		count = e.T("endpoint.stopping")
	}
	return append(lines, e.Theme.Title.Render(widget.Cut(count, e.Width, e.Theme.Glyphs.Cut)))
}

// counted is "5 requests, 1 token, 4 refused".
func counted(e screen.Env, s sums) string {
	refused := uint64(0)
	for _, n := range s.refused {
		refused += n
	}
	return e.T("endpoint.count", locale.Params{
		"requests": e.Text.N("endpoint.requests", int(s.requests)), "tokens": e.Text.N("endpoint.tokens", int(s.tokens)), "refused": refused,
	})
}

// nobody says how the first request comes.
func (v *view) nobody(e screen.Env) []string {
	w := widget.Readable(e.Width)
	lines := append([]string{""}, widget.Wrap(e.T("endpoint.nobody"), w)...)
	lines = append(lines, "  "+e.Theme.Accent.Render(widget.Cut(v.fetch(), e.Width-2, e.Theme.Glyphs.Cut)))
	if !small(e) {
		lines = append(lines, widget.Wrap(e.T("endpoint.nobody.try"), w)...)
	}
	if v.d.Ask != nil {
		lines = append(lines, widget.Marked(e.Theme.Key.Render("g"), e.T("endpoint.nobody.ask"), w)...)
	}
	return lines
}

// fetch is how a page asks.
func (v *view) fetch() string {
	return fmt.Sprintf(`fetch(%q, {credentials: "include"})`, v.srv.URL())
}

func (v *view) table(e screen.Env, width, height int) []string {
	t := widget.Table{
		Columns: []widget.Column{
			{Title: widget.Key("endpoint.column.time"), Min: 9, Want: 9},
			{Title: widget.Key("endpoint.column.status"), Min: 6, Want: 6},
			{Title: widget.Key("endpoint.column.code"), Min: 6, Want: 6},
			{Title: widget.Key("endpoint.column.what"), Min: 9, Want: 15},
			{Title: widget.Key("endpoint.column.took"), Min: 8, Want: 8, Drop: 1},
			{Title: widget.Key("endpoint.column.origin"), Min: 12, Want: 30, Drop: 2},
		},
		Rows: len(v.seen), List: &v.cursor,
		Row: func(i int) []widget.Cell {
			r, _ := v.request(i)
			sign, style := mark(e, r)
			return []widget.Cell{
				{Text: r.At.UTC().Format("15:04:05Z")},
				{Text: widget.Pad(sign, 3) + fmt.Sprint(r.Status), Style: style},
				{Text: r.Code, Style: style},
				{Text: what(e, r)},
				{Text: took(e, r.Took), Style: e.Theme.Muted},
				{Text: r.Origin},
			}
		},
	}
	return t.Draw(e, width, height)
}

// token reports whether a request got one.
func token(r service.Request) bool {
	return r.Status == http.StatusOK && r.Code == "" && r.Path == service.Path
}

func mark(e screen.Env, r service.Request) (sign string, style lipgloss.Style) {
	switch {
	case r.Why != "":
		return e.Theme.Glyphs.Bad, e.Theme.Bad
	case token(r):
		return e.Theme.Glyphs.OK, e.Theme.Good
	}
	return "", e.Theme.Plain
}

// what is a request in a word or two: a token, why not, or what else was
// asked.
func what(e screen.Env, r service.Request) string {
	switch {
	case r.Why != "":
		return r.Why
	case token(r):
		return e.T("endpoint.token")
	case r.Method == http.MethodOptions:
		return e.T("endpoint.preflight")
	}
	return r.Path
}

func took(e screen.Env, d time.Duration) string {
	return e.T("endpoint.took", locale.Params{"ms": fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))})
}

// about is the selected request: what came of it, why, what to do.
func (v *view) about(e screen.Env, width int) []string {
	r, ok := v.request(v.cursor.Selected)
	if !ok {
		return nil
	}
	var lines []string
	switch {
	case r.Why != "":
		lines = reason(e, r.Why, r.Why, width)
	case token(r):
		lines = widget.Marked(e.Theme.Good.Render(e.Theme.Glyphs.OK), e.T("endpoint.about.token"), width)
	case r.Method == http.MethodOptions:
		lines = widget.Wrap(e.T("endpoint.about.preflight"), width)
	default:
		lines = widget.Wrap(e.T("endpoint.about.other"), width)
	}
	from := e.T("endpoint.about.from", locale.Params{
		"method": r.Method, "path": core.CleanLine(r.Path), "client": r.Client, "origin": cmp.Or(core.CleanLine(r.Origin), "–"), "took": took(e, r.Took),
	})
	return append(lines, e.Theme.Muted.Render(widget.Cut(from, width, e.Theme.Glyphs.Cut)))
}

// reason is why a request was refused and what to do, tail at the end of its
// first line where that has room.
func reason(e screen.Env, why, tail string, width int) []string {
	x := e.Explain(&core.Error{Code: why})
	// The log keeps no values for the words of an error, and here no flag is typed.
	head := widget.Named(e, x.Headline, "endpoint.why."+why)
	next := widget.Named(e, x.Next, "endpoint.why."+why+".next")
	lines := widget.Marked(e.Theme.Bad.Render(e.Theme.Glyphs.Bad), head, width)
	if next != "" {
		lines = append(lines, widget.Indent(widget.Marked(e.Theme.Accent.Render(e.Theme.Glyphs.Current), next, width-2), "  ")...)
	}
	return append(lines, "  "+e.Theme.Muted.Render(widget.Cut(tail, width-2, e.Theme.Glyphs.Cut)))
}

// why lists each reason for which requests were refused, the commonest first.
func (v *view) why(e screen.Env, width int) []string {
	if len(v.sums.refused) == 0 {
		return append([]string{""}, widget.Wrap(e.T("endpoint.none-refused"), width)...)
	}
	lines := []string{e.Theme.Title.Render(widget.Cut(e.T("endpoint.why"), width, e.Theme.Glyphs.Cut))}
	for _, r := range v.reasonsByCount() {
		tail := e.Text.N("endpoint.times", int(r.count)) + " " + e.Theme.Glyphs.Dot + " " + strings.TrimSpace(r.code+" "+r.why)
		lines = append(append(lines, ""), reason(e, r.why, tail, width)...)
	}
	return lines
}

// whyShort is why in a line each, for the side of the requests.
func (v *view) whyShort(e screen.Env, width int) []string {
	var lines []string
	for _, r := range v.reasonsByCount() {
		lines = append(lines, widget.Cut(fmt.Sprintf("%4d × %-6s %s", r.count, r.code, r.why), width, e.Theme.Glyphs.Cut))
	}
	return lines
}

// refusal is a reason, how often it stood in the way, and the code of the
// answer that pages got, where such a request is still kept.
type refusal struct {
	why, code string
	count     uint64
}

// reasonsByCount has the commonest first.
func (v *view) reasonsByCount() []refusal {
	codes := map[string]string{}
	for _, r := range v.seen {
		codes[r.Why] = r.Code
	}
	var out []refusal
	for why, n := range v.sums.refused {
		out = append(out, refusal{why, codes[why], n})
	}
	slices.SortFunc(out, func(a, b refusal) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.why, b.why))
	})
	return out
}

// page is the part of lines that is in sight.
func (v *view) page(e screen.Env, lines []string, height int) []string {
	from, to := v.pager.Window(len(lines), height, -1)
	out := slices.Clone(lines[from:to])
	if to < len(lines) && len(out) > 2 {
		out[len(out)-1] = e.Theme.Muted.Render(widget.Cut(e.T("endpoint.more", locale.Params{"n": len(lines) - to + 1}), e.Width, e.Theme.Glyphs.Cut))
	}
	return out
}

// copyables are what somebody needs elsewhere.
func (v *view) copyables() []widget.MenuItem {
	var items []widget.MenuItem
	add := func(what, text string) {
		if text != "" {
			items = append(items, widget.MenuItem{What: "endpoint.copy." + what, Text: text})
		}
	}
	add("address", v.srv.URL())
	add("try", v.srv.TryURL())
	add("fetch", v.fetch())
	add("tunnel", v.tunnel())
	add("command", v.command())
	add("requests", v.requestsText())
	return items
}

// command serves the same from a shell, for as long as that is wanted.
func (v *view) command() string {
	o := v.d.Host.Options()
	words := []string{"deskward", "serve", "token-endpoint", "--login-key", quoted(o.LoginKey), "--chat-key", quoted(o.ChatKey)}
	if o.Listen != service.DefaultListen {
		words = append(words, "--listen", quoted(o.Listen))
	}
	for _, origin := range v.srv.Origins() {
		words = append(words, "--origin", quoted(origin))
	}
	if o.Cookie != service.DefaultCookie {
		words = append(words, "--cookie", quoted(o.Cookie))
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell reads it back.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// requestsText is the log for a ticket, in the same words in every language.
func (v *view) requestsText() string {
	var b strings.Builder
	for _, r := range v.seen {
		fmt.Fprintf(&b, "%s %d %s %s", r.At.UTC().Format(time.RFC3339), r.Status, r.Method, r.Path)
		for _, more := range []string{r.Code, r.Why, r.Origin, r.Client} {
			if more != "" {
				b.WriteString(" " + more)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
