package tokens

import (
	"context"
	"errors"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"deskward/core/locale"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/widget"
	"deskward/tui/worklist"
)

// batch is one batch: how far it is, and what came of each token.
type batch struct {
	d     Deps
	scope *screen.Scope
	id    string
	at    int // the line that the cursor goes to once the rows are read; 0: none

	batch    tokenbatch.Batch
	rows     worklist.Rows[tokenbatch.Row]
	loaded   bool
	err      error
	work     *work // nil: nobody is asked
	progress tokenbatch.Progress
	stopped  []tokenbatch.StoppedClient // of the last run
	asking   *widget.Form               // the question over the rows, of what; nil: none
	what     question
}

// work is what runs: exchanging, asking about calls nobody saw the end of, or
// proving that old tokens are dead.
type work struct {
	kind  string // exchange, ask or prove: tokens.work.<kind>
	job   *screen.Job
	seen  int // answers of ask and prove
	of    int
	alive int // old tokens that still work
	blind int // that could not be asked about
}

// question is what stands over the rows.
type question int

const (
	askExchange question = iota + 1 // really send them?
	askConfirm                      // the support's answer
	askSettle                       // did the call take effect?
)

type (
	read struct {
		batch tokenbatch.Batch
		rows  []tokenbatch.Row
		err   error
	}
	went     struct{ progress tokenbatch.Progress }
	answered struct{ asked tokenbatch.Asked }
	finished struct {
		outcome tokenbatch.Outcome
		err     error
		halted  bool
	}
	saved struct {
		words string // locale key
		path  string
		err   error
	}
	changed struct{ err error }
)

func newBatch(d Deps, id string) *batch {
	return &batch{d: d, id: id, rows: worklist.Rows[tokenbatch.Row]{Line: func(r tokenbatch.Row) int { return r.Line }, Look: inTrouble}}
}

// Batch opens one batch, with the cursor on a line of its list.
func Batch(d Deps, id string, line int) screen.Screen {
	b := newBatch(d, id)
	b.at = line
	return b
}

// Title names the batch.
func (b *batch) Title(e screen.Env) string { return nameOf(e, b.batch) }

// Init reads what was done.
func (b *batch) Init(s *screen.Scope) screen.Step {
	b.scope = s
	return b.read()
}

func (b *batch) read() screen.Step {
	d, id := b.d, b.id
	return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
		batch, rows, err := d.Batches.Rows(ctx, id)
		return read{batch, rows, err}
	})}
}

// Capturing keeps letters for a question.
func (b *batch) Capturing() bool { return b.asking != nil }

// Ticking keeps the countdowns going.
func (b *batch) Ticking() bool { return b.work != nil }

// Trouble is why nothing is shown, why the selected token is not done, or why
// a client was not gone on with.
func (b *batch) Trouble() error {
	switch {
	case b.err != nil && !b.loaded:
		return b.err
	case b.asking != nil: // the question stands over the rows
		return nil
	}
	if r, ok := b.rows.Selected(); ok {
		if err := r.Err(); err != nil {
			return err
		}
	}
	if len(b.stopped) > 0 {
		return b.stopped[0].Err
	}
	return nil
}

// Leave says that what was begun can be taken up again.
func (b *batch) Leave() screen.Step {
	if b.work == nil {
		return screen.Step{}
	}
	return screen.Say("tokens.left")
}

// Update takes keys and what the batch tells.
func (b *batch) Update(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case read:
		return b.take(msg)
	case went:
		if b.work != nil {
			b.progress, b.batch = msg.progress, msg.progress.Batch
			b.rows.Put(msg.progress.Rows...)
		}
	case answered:
		if b.work != nil {
			b.count(msg.asked)
			b.rows.Put(msg.asked.Row)
		}
	case finished:
		return b.end(msg)
	case saved:
		if msg.err != nil {
			return screen.Fail(msg.err)
		}
		return screen.Say(msg.words, locale.Params{"path": msg.path})
	case changed:
		return b.read().Then(screen.Fail(msg.err)).Then(screen.Step{Changed: true})
	case tea.PasteMsg:
		if b.asking != nil {
			b.asking.Update(msg)
		}
	case tea.KeyPressMsg:
		if b.asking != nil {
			return b.answer(msg)
		}
		return b.key(msg)
	}
	return screen.Step{}
}

func (b *batch) take(msg read) screen.Step {
	if msg.err != nil && b.loaded {
		return screen.Fail(msg.err)
	}
	if b.err = msg.err; msg.err == nil {
		b.batch, b.loaded = msg.batch, true
		b.rows.Set(msg.rows)
		b.rows.GoTo(b.at)
		b.at = 0
	}
	return screen.Step{}
}

func (b *batch) count(a tokenbatch.Asked) {
	b.work.seen++
	switch a.Pulse {
	case tokenbatch.Alive:
		b.work.alive++
	case tokenbatch.Unclear:
		b.work.blind++
	}
}

// end says what a run came to, and reads everything again.
func (b *batch) end(msg finished) screen.Step {
	w := b.work
	b.work, b.stopped = nil, msg.outcome.Stopped
	b.progress = tokenbatch.Progress{}
	step := b.read().Then(screen.Step{Changed: true})
	switch {
	case msg.halted:
		return step
	case msg.err != nil:
		return step.Then(screen.Fail(msg.err))
	case w != nil && w.kind != exchanging:
		return step.Then(screen.Say("tokens.answered."+w.kind, locale.Params{"seen": w.seen, "dead": w.seen - w.alive - w.blind, "alive": w.alive, "blind": w.blind}))
	}
	return step
}

// inTrouble reports whether somebody has to look at a row.
func inTrouble(r tokenbatch.Row) bool {
	return r.State != tokenbatch.Done && r.State != tokenbatch.Waiting && r.State != tokenbatch.Begun
}

// The kinds of work.
const (
	exchanging = "exchange"
	askingOf   = "ask"
	proving    = "prove"
)

// start begins work of a kind, which stops when the screen is left or s is
// pressed.
func (b *batch) start(kind string, of int, o tokenbatch.RunOptions) screen.Step {
	d, id := b.d, b.id
	job, cmd := b.scope.Job(func(working context.Context, emit func(tea.Msg)) tea.Msg {
		var out finished
		heard := func(a tokenbatch.Asked) { emit(answered{a}) }
		switch kind {
		case exchanging:
			out.outcome, out.err = d.Batches.Run(working, id, o, func(p tokenbatch.Progress) { emit(went{p}) })
		case askingOf:
			_, out.err = d.Batches.Ask(working, id, o, heard)
		case proving:
			_, out.err = d.Batches.Prove(working, id, o, heard)
		}
		out.halted = errors.Is(out.err, context.Canceled)
		return out
	})
	b.work, b.stopped = &work{kind: kind, job: job, of: of}, nil
	return screen.Step{Cmd: cmd}
}

func (b *batch) key(msg tea.KeyPressMsg) screen.Step {
	k := msg.String()
	if i := slices.IndexFunc(b.Keys(), func(key screen.Key) bool { return slices.Contains(key.Keys(), k) && key.Reason == "" }); i < 0 {
		b.rows.Cursor.Update(msg, b.rows.Len())
		return screen.Step{}
	}
	switch k {
	case "s":
		b.work.job.Stop()
	case "r":
		if b.batch.Open() == b.batch.Rows-b.batch.Counts[tokenbatch.Held] {
			b.ask(askExchange, widget.TypedWord("sure", strconv.Itoa(b.batch.Open())))
			return screen.Step{}
		}
		return b.start(exchanging, b.batch.Open(), tokenbatch.RunOptions{})
	case "R":
		return b.start(exchanging, b.batch.Counts[tokenbatch.Refused], tokenbatch.RunOptions{Again: true})
	case "a":
		return b.start(askingOf, b.batch.Counts[tokenbatch.Unknown], tokenbatch.RunOptions{})
	case "p":
		return b.start(proving, b.unproven(), tokenbatch.RunOptions{})
	case "c":
		b.ask(askConfirm, widget.Field{Name: "reference", Label: widget.Key("tokens.ask.reference"), Hint: widget.Key("tokens.ask.reference.hint"), Optional: true})
	case "u":
		b.ask(askSettle, widget.Field{Name: "happened", Label: widget.Key("tokens.ask.happened"), Hint: widget.Key("tokens.ask.happened.hint"), Options: []widget.Option{
			{Value: "no", Label: widget.Key("tokens.ask.happened.no")}, {Value: "yes", Label: widget.Key("tokens.ask.happened.yes")},
		}})
	case "f":
		b.rows.Turn()
	case "w":
		return b.export()
	case "m":
		return b.sheet()
	default:
		b.rows.Cursor.Update(msg, b.rows.Len())
	}
	return screen.Step{}
}

func (b *batch) unproven() int { return b.batch.Counts[tokenbatch.Done] - b.batch.Dead }

func (b *batch) ask(q question, f widget.Field) { b.what, b.asking = q, widget.NewForm(f) }

// answer takes keys for a question.
func (b *batch) answer(msg tea.KeyPressMsg) screen.Step {
	if msg.String() == "esc" {
		b.asking = nil
		return screen.Step{}
	}
	form := b.asking
	_, submit := form.Update(msg)
	if !submit {
		return screen.Step{}
	}
	b.asking = nil
	d, id := b.d, b.id
	row, some := b.rows.Selected()
	switch b.what {
	case askExchange:
		return b.start(exchanging, b.batch.Open(), tokenbatch.RunOptions{})
	case askConfirm:
		reference := form.Value("reference")
		return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
			_, err := d.Batches.Confirm(context.WithoutCancel(ctx), id, reference)
			return changed{err}
		})}
	case askSettle:
		if happened := form.Value("happened") == "yes"; some {
			return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
				_, err := d.Batches.Settle(context.WithoutCancel(ctx), id, row.Line, happened)
				return changed{err}
			})}
		}
	}
	return screen.Step{}
}

func (b *batch) export() screen.Step {
	d, batch, rows := b.d, b.batch, slices.Clone(b.rows.All())
	return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
		path, err := d.Export(context.WithoutCancel(ctx), batch, rows)
		return saved{"tokens.exported", path, err}
	})}
}

func (b *batch) sheet() screen.Step {
	d, id := b.d, b.id
	return screen.Step{Cmd: b.scope.Run(func(ctx context.Context) tea.Msg {
		path, err := d.Sheet(context.WithoutCancel(ctx), id)
		return saved{"tokens.sheet-written", path, err}
	})}
}

// Keys of the batch: first what is to be done next.
func (b *batch) Keys() []screen.Key {
	if b.asking != nil {
		return []screen.Key{screen.NewKey("enter", "tokens.key.answer", "enter"), screen.NewKey("esc", "tokens.key.not-now", "esc")}
	}
	keys := b.next()
	row, some := b.rows.Selected()
	if some && row.State == tokenbatch.Unknown && b.work == nil {
		keys = append(keys, screen.NewKey("u", "tokens.key.settle", "u"))
	}
	return append(keys, b.rows.Filter("tokens.key.trouble", "tokens.key.every-row"),
		screen.NewKey("w", "tokens.key.export", "w").If(len(b.rows.All()) > 0, "tokens.off.no-row").If(b.d.Export != nil, "tokens.off.no-export"),
		worklist.Move("tokens.key.move"),
	)
}

func (b *batch) next() []screen.Key {
	if b.work != nil {
		return []screen.Key{screen.NewKey("s", "tokens.key.stop", "s")}
	}
	var keys []screen.Key
	n := b.batch.Counts
	if b.batch.WaitsForSupport() {
		keys = append(keys, screen.NewKey("m", "tokens.key.sheet", "m").If(b.d.Sheet != nil, "tokens.off.no-export"), screen.NewKey("c", "tokens.key.confirm", "c"))
	} else if b.batch.Open() > 0 {
		keys = append(keys, screen.NewKey("r", "tokens.key.exchange", "r"))
	}
	if n[tokenbatch.Unknown] > 0 {
		keys = append(keys, screen.NewKey("a", "tokens.key.ask", "a"))
	}
	if b.unproven() > 0 {
		keys = append(keys, screen.NewKey("p", "tokens.key.prove", "p"))
	}
	if n[tokenbatch.Refused] > 0 && b.batch.Open() == 0 {
		keys = append(keys, screen.NewKey("R", "tokens.key.again", "R"))
	}
	return keys
}
