package connections

import (
	"context"
	"sync"

	tea "charm.land/bubbletea/v2"

	"deskward/core"
	"deskward/core/locale"
	"deskward/tui/screen"
)

// atOnce is how many connections are checked at the same time: enough that
// one slow vendor holds nobody up, few enough for the limits of all of them.
const atOnce = 4

// checks is a check of many connections that runs.
type checks struct {
	of, answered       int
	good, bad, unasked int
	last               string // name of the one begun last
	firstErr           error  // why the first of the unasked could not be asked
	job                *screen.Job
}

// stop lets no further check begin and breaks off those that run.
func (c *checks) stop() { c.job.Stop() }

type (
	checkBegun struct{ id, name string }
	checkDone  struct {
		id   string
		conn core.Connection
		err  error
	}
	checksEnded struct{ stopped bool }
)

// checkAll checks every connection in sight that has something to check.
func (l *list) checkAll() screen.Step {
	if l.checks != nil {
		return screen.Step{}
	}
	var todo []core.Summary
	for _, i := range l.rows.shown {
		s := l.rows.rows[i].Summary
		if l.busy[s.ID] == "" && l.f.rowKeys(s, true, "")["check"].Reason == "" {
			todo = append(todo, s)
		}
	}
	if len(todo) == 0 {
		return screen.Say("connections.checks.none")
	}
	job, cmd := l.scope.Job(func(ctx context.Context, emit func(tea.Msg)) tea.Msg {
		return checksEnded{stopped: !checkEach(ctx, todo, l.f.Service.Check, emit)}
	})
	l.checks = &checks{of: len(todo), job: job}
	return screen.Step{Cmd: cmd}
}

// checkEach checks all of todo, atOnce at a time, and reports whether it got
// through before ctx ended.
func checkEach(ctx context.Context, todo []core.Summary, check func(context.Context, string) (core.Connection, error), emit func(tea.Msg)) bool {
	next := make(chan core.Summary)
	var workers sync.WaitGroup
	for range min(atOnce, len(todo)) {
		workers.Go(func() {
			for s := range next {
				emit(checkBegun{s.ID, s.Name})
				c, err := check(ctx, s.ID)
				emit(checkDone{s.ID, c, err})
			}
		})
	}
	all := true
	for _, s := range todo {
		// Without this look first, select may go on although ctx has ended.
		if ctx.Err() != nil {
			all = false
			break
		}
		select {
		case next <- s:
		case <-ctx.Done():
			all = false
		}
		if !all {
			break
		}
	}
	close(next)
	workers.Wait()
	return all && ctx.Err() == nil
}

func (l *list) checksMsg(msg tea.Msg) screen.Step {
	switch msg := msg.(type) {
	case checkBegun:
		l.busy[msg.id] = checking
		if l.checks != nil {
			l.checks.last = msg.name
		}
	case checkDone:
		delete(l.busy, msg.id)
		return l.checked(msg)
	case checksEnded:
		return l.checksEnded(msg)
	}
	return screen.Step{}
}

func (l *list) checked(msg checkDone) screen.Step {
	c := l.checks
	if c == nil {
		return screen.Step{}
	}
	c.answered++
	switch {
	case msg.err != nil:
		c.unasked++
		if c.firstErr == nil {
			c.firstErr = msg.err
		}
		return screen.Step{}
	case msg.conn.Check.OK:
		c.good++
	default:
		c.bad++
	}
	l.rows.update(l.f.row(msg.conn.Summary()))
	return l.moved()
}

func (l *list) checksEnded(msg checksEnded) screen.Step {
	c := l.checks
	l.checks = nil
	clear(l.busy)
	changed := screen.Step{Changed: true}
	counts := locale.Params{"good": c.good, "bad": c.bad, "unasked": c.unasked, "left": c.of - c.good - c.bad}
	switch {
	case msg.stopped:
		return screen.Say("connections.checks.stopped", counts).Then(changed)
	case c.unasked == c.of && c.firstErr != nil:
		return screen.Fail(c.firstErr).Then(changed) // the same for all: say why
	case c.unasked > 0:
		return screen.Say("connections.checks.some", counts).Then(changed)
	}
	return screen.Say("connections.checks.done", counts).Then(changed)
}
