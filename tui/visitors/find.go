package visitors

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
	"deskward/tui/screen"
	"deskward/tui/widget"
)

// find is the section's root: one search line, the verdict, what each source
// answered, and what there is to do about it.
type find struct {
	f     *family
	scope *screen.Scope

	sources []lookup.Source
	loaded  bool
	ahead   bool  // asked for before the sources were known
	err     error // why the sources could not be read

	input  widget.Input
	typing bool
	fresh  bool             // typing began and nothing is changed: a text takes the place of what is there
	only   lookup.QueryKind // the one kind that the text is taken for; "": all it may be

	run    *running // nil: none is under way
	begun  int      // counts look-ups, so that what an earlier one tells late is dropped
	sample int      // which of the sandbox's people is next
	result lookup.Result
	some   bool // result is of a look-up
	broken bool // it was stopped before all had answered
	rows   []row
	cursor widget.List
	moved  bool         // the cursor was, since the look-up began
	pager  widget.Pager // of the findings
}

// running is a look-up under way.
type running struct {
	since map[string]time.Time // when a source, by its connection's id, was asked
	job   *screen.Job
}

// stop breaks the look-up off: its sources are told, and it then returns what
// was found.
func (r *running) stop() {
	if r != nil {
		r.job.Stop()
	}
}

type (
	sourcesRead struct {
		all []lookup.Source
		err error
	}
	answered struct {
		run    int
		answer lookup.Answer
		at     time.Time
	}
	ended struct {
		run    int
		result lookup.Result
		err    error // of remembering it
	}
	opened struct{ err error }
)

func newFind(f *family) *find { return &find{f: f, input: widget.NewInput(false)} }

// newFound shows what was found already; r looks it up again.
func newFound(f *family, r lookup.Result) *find {
	s := newFind(f)
	s.input.SetValue(typed(r.Query))
	s.result, s.some = r, true
	s.arrange()
	return s
}

// Title names the screen.
func (s *find) Title(e screen.Env) string { return e.T("visitors.title") }

// Init reads who can be asked.
func (s *find) Init(scope *screen.Scope) screen.Step {
	s.scope = scope
	return s.read()
}

// Resume reads it again, and looks up what was chosen in the history.
func (s *find) Resume() screen.Step {
	step := s.read()
	if q := s.f.next; q != "" {
		s.f.next, s.only = "", ""
		s.input.SetValue(q)
		return step.Then(s.look())
	}
	return step
}

func (s *find) read() screen.Step {
	return screen.Step{Cmd: s.scope.Run(func(ctx context.Context) tea.Msg {
		all, err := s.f.Sources(ctx)
		return sourcesRead{all, err}
	})}
}

// Capturing keeps letters for the search line.
func (s *find) Capturing() bool { return s.typing }

// query is what was typed, taken for what tab chose.
func (s *find) query() lookup.Query {
	q := lookup.Parse(s.input.Value())
	if s.only != "" && q.Is(s.only) {
		q.Kinds = []lookup.QueryKind{s.only}
	}
	return q
}

// Update takes keys, pastes and what the sources tell.
func (s *find) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case sourcesRead:
		s.err = msg.err
		if msg.err == nil {
			s.sources, s.loaded = msg.all, true
			if s.ahead {
				return s.look()
			}
		} else if s.loaded {
			return screen.Fail(msg.err)
		}
	case answered:
		if msg.run == s.begun && s.run != nil {
			s.take(msg)
		}
	case ended:
		if msg.run == s.begun {
			s.broken = s.run != nil && s.run.job.Stopped()
			s.run, s.result = nil, msg.result
			s.arrange()
			return screen.Fail(msg.err)
		}
	case opened:
		return screen.Fail(msg.err)
	case tea.PasteMsg:
		if s.empty() {
			return screen.Step{}
		}
		if !s.typing {
			s.edit()
		}
		s.change(msg)
	case tea.KeyPressMsg:
		switch {
		case msg.String() == "ctrl+g" && len(s.f.Samples) > 0 && !s.empty():
			return s.next()
		case s.typing:
			return s.typeKey(msg)
		}
		return s.key(msg)
	}
	return screen.Step{}
}

// empty reports that no connection can find people.
func (s *find) empty() bool { return s.loaded && len(s.sources) == 0 }

func (s *find) edit() {
	s.typing, s.fresh = true, true
	s.input.Focus()
}

// change gives a key or a paste to the line.
func (s *find) change(msg tea.Msg) {
	k, isKey := msg.(tea.KeyPressMsg)
	if s.fresh && (!isKey || k.Text != "") {
		s.input.SetValue("")
	}
	was := s.input.Value()
	s.input.Update(msg)
	if s.fresh = false; s.input.Value() != was {
		s.only = ""
	}
}

func (s *find) typeKey(msg tea.KeyPressMsg) screen.Step {
	switch msg.String() {
	case "esc":
		if s.run != nil {
			s.run.stop()
			return screen.Step{}
		}
		s.stopTyping()
	case "enter":
		return s.look()
	case "tab":
		s.turn()
	default:
		s.change(msg)
	}
	return screen.Step{}
}

func (s *find) stopTyping() {
	s.typing = false
	s.input.Blur()
}

// turn takes the text for the next of what it may be: all kinds, then each
// alone.
func (s *find) turn() bool {
	kinds := lookup.Parse(s.input.Value()).Kinds
	if len(kinds) < 2 {
		return false
	}
	// Without only the index is -1, and behind the last kind all are meant again.
	if i := slices.Index(kinds, s.only) + 1; i < len(kinds) {
		s.only = kinds[i]
	} else {
		s.only = ""
	}
	return true
}

// next looks up another of the sandbox's people.
func (s *find) next() screen.Step {
	s.input.SetValue(s.f.Samples[s.sample%len(s.f.Samples)])
	s.sample, s.only = s.sample+1, ""
	return s.look()
}

// look asks all sources.
func (s *find) look() screen.Step {
	q := s.query()
	s.ahead = q.Text != "" && !s.loaded
	if q.Text == "" || s.empty() {
		return screen.Step{}
	}
	if s.stopTyping(); s.ahead {
		return screen.Step{}
	}
	s.run.stop()
	s.begun++
	s.some, s.broken, s.moved, s.cursor, s.pager = true, false, false, widget.List{}, widget.Pager{}
	s.result = lookup.Result{Query: q}
	for _, src := range s.sources {
		s.result.Answers = append(s.result.Answers, lookup.Answer{Source: src.Name, SourceID: src.ID, Kind: src.Kind, State: lookup.Skipped})
	}
	s.arrange()
	run, sources, f := s.begun, s.sources, s.f
	job, cmd := s.scope.Job(func(asking context.Context, emit func(tea.Msg)) tea.Msg {
		r := f.Find(asking, q, sources, func(a lookup.Answer) { emit(answered{run, a, f.Clock.Now()}) })
		var err error
		if f.History != nil && asking.Err() == nil {
			err = f.History.Add(context.WithoutCancel(asking), q, r.Verdict.Outcome)
		}
		return ended{run, r, err}
	})
	s.run = &running{since: map[string]time.Time{}, job: job}
	return screen.Step{Cmd: cmd}
}

// take puts what a source tells where it belongs.
func (s *find) take(msg answered) {
	for i := range s.result.Answers {
		if s.result.Answers[i].SourceID == msg.answer.SourceID {
			s.result.Answers[i] = msg.answer
		}
	}
	if msg.answer.State == lookup.Asking {
		s.run.since[msg.answer.SourceID] = msg.at
	}
	s.result.Verdict = lookup.Judge(s.result)
	s.arrange()
}

// arrange makes the rows anew. The cursor stays on whom it was moved to, else
// on the first.
func (s *find) arrange() {
	was, had := s.selected()
	s.rows = rowsOf(s.result)
	if !s.moved || !had {
		s.cursor.Selected = 0
		return
	}
	found := -1
	for i, r := range s.rows {
		if r.answer.SourceID == was.answer.SourceID && (found < 0 || r.visitor.ID == was.visitor.ID) {
			found = i
		}
	}
	s.cursor.Selected = max(found, 0)
	s.cursor.Clamp(len(s.rows))
}

func (s *find) selected() (row, bool) {
	if s.cursor.Selected < 0 || s.cursor.Selected >= len(s.rows) {
		return row{}, false
	}
	return s.rows[s.cursor.Selected], true
}

// Trouble is why the selected source did not answer.
func (s *find) Trouble() error {
	r, _ := s.selected()
	return r.trouble()
}

func (s *find) key(msg tea.KeyPressMsg) screen.Step {
	r, some := s.selected()
	switch k := msg.String(); k {
	case "/":
		if !s.empty() {
			s.edit()
		}
	case "esc":
		s.run.stop()
	case "c":
		if s.empty() {
			return screen.Step{Section: "connections"}
		}
	case "tab":
		if s.turn() {
			return s.look()
		}
	case "r":
		if s.loaded {
			return s.look()
		}
		return s.read()
	case "h":
		if s.f.History != nil {
			return screen.Step{Open: &past{f: s.f}}
		}
	case "b":
		if s.f.Batches != nil {
			return screen.Step{Open: newBatchList(s.f)}
		}
	case "enter":
		if some {
			return screen.Step{Open: &detail{f: s.f, row: r, result: s.result}}
		}
	case "pgup", "pgdown":
		s.pager.Key(k)
	case "up", "down", "home", "end":
		s.moved = true
		s.cursor.Update(msg, len(s.rows))
	default:
		if some {
			return s.f.open(s.scope, k, r, s.result)
		}
	}
	return screen.Step{}
}

// Keys are those of the search, and of the selected person.
func (s *find) Keys() []screen.Key {
	if s.typing {
		keys := []screen.Key{
			screen.NewKey("enter", "visitors.key.look", "enter"),
			screen.NewKey("tab", "visitors.key.kind", "tab").If(len(lookup.Parse(s.input.Value()).Kinds) > 1, "visitors.off.one-kind"),
		}
		if s.run != nil {
			return append(keys, screen.NewKey("esc", "visitors.key.stop", "esc"))
		}
		return append(keys, screen.NewKey("esc", "visitors.key.typed", "esc"))
	}
	if s.empty() {
		return []screen.Key{
			screen.NewKey("c", "visitors.key.connections", "c"),
			screen.NewKey("h", "visitors.key.history", "h").If(s.f.History != nil, "visitors.off.no-history").Hide(),
		}
	}
	r, some := s.selected()
	var keys []screen.Key
	if s.run != nil {
		keys = append(keys, screen.NewKey("esc", "visitors.key.stop", "esc"))
	}
	if s.some {
		keys = append(keys, screen.NewKey("enter", "visitors.key.open", "enter").If(some, "visitors.off.nobody"))
		keys = append(keys, s.f.rowKeys(r, s.result)...)
	}
	keys = append(keys,
		screen.NewKey("/", "visitors.key.search", "/"),
		screen.NewKey("tab", "visitors.key.kind", "tab").If(len(lookup.Parse(s.input.Value()).Kinds) > 1, "visitors.off.one-kind").Hide(),
	)
	if len(s.f.Samples) > 0 {
		keys = append(keys, screen.NewKey("ctrl+g", "visitors.key.sample", "ctrl+g"))
	}
	return append(keys,
		screen.NewKey("r", "visitors.key.again", "r").If(s.input.Value() != "" || s.err != nil, "visitors.off.no-query").Hide(),
		screen.NewKey("h", "visitors.key.history", "h").If(s.f.History != nil, "visitors.off.no-history"),
		screen.NewKey("b", "visitors.key.batches", "b").If(s.f.Batches != nil, "visitors.off.no-batches"),
		screen.NewKey("↑/↓", "visitors.key.move", "up", "down", "home", "end").Hide(),
		screen.NewKey("pgdn", "visitors.key.scroll", "pgdown", "pgup").Hide(),
	)
}

// rowKeys act on one row, with the reason where one cannot work now.
func (f *family) rowKeys(r row, result lookup.Result) []screen.Key {
	who := r.visitor.ID != ""
	return []screen.Key{
		screen.NewKey("j", "visitors.key.json", "j").If(who, "visitors.off.nobody"),
		screen.NewKey("m", "visitors.key.mint", "m").If(f.Mint != nil, "visitors.off.no-mint").If(externalID(r, result) != "", "visitors.off.no-external"),
		screen.NewKey("o", "visitors.key.console", "o").If(strings.HasPrefix(r.visitor.Link, "https://"), "visitors.off.no-link"),
		screen.NewKey("y", "visitors.key.copy", "y"),
	}
}

// externalID is by which id the row's person is signed in.
func externalID(r row, result lookup.Result) string {
	if r.visitor.ID != "" && r.visitor.ExternalID != "" {
		return r.visitor.ExternalID
	}
	return result.Verdict.ExternalID
}

// open does what a key of rowKeys stands for.
func (f *family) open(scope *screen.Scope, k string, r row, result lookup.Result) screen.Step {
	switch k {
	case "j":
		return screen.Step{Open: newJSON(r)}
	case "m":
		p := Person{ExternalID: externalID(r, result), Name: r.visitor.Name, Email: r.visitor.Email()}
		for _, e := range r.visitor.Emails {
			p.EmailVerified = p.EmailVerified || e.Address == p.Email && e.Verified
		}
		return screen.Step{Open: f.Mint(p)}
	case "o":
		link := r.visitor.Link
		if f.Browser == nil {
			return screen.Step{Copy: screen.Copy{Text: link, What: "visitors.copy.link-instead"}}
		}
		return screen.Step{Cmd: scope.Run(func(ctx context.Context) tea.Msg {
			err := f.Browser.Open(ctx, link)
			if err != nil {
				err = &core.Error{Tried: "open-visitor", On: link, Code: "visitor.no-browser", Err: err}
			}
			return opened{err}
		})}
	case "y":
		return screen.Step{Open: newCopyMenu(r, result)}
	}
	return screen.Step{}
}

// cancelled reports whether a source failed only because the look-up was
// stopped.
func cancelled(err error) bool { return errors.Is(err, context.Canceled) }

// kindsText names the kinds of a query.
func kindsText(e screen.Env, kinds []lookup.QueryKind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = e.T("query.kind." + string(k))
	}
	return strings.Join(names, " "+e.Theme.Glyphs.Dot+" ")
}

// params are the values for the texts of a finding.
func params(f lookup.Finding) locale.Params {
	p := locale.Params{"id": "", "email": "", "owner": "", "expected": "", "name": "", "count": "", "ids": "", "code": "", "source": short(f.Source)}
	for k, v := range f.Params {
		p[k] = short(v)
	}
	return p
}

// short is a value within a sentence: whole it is in the record.
func short(s string) string { return widget.Cut(s, 64, "…") }
