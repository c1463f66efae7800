package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/lookup"
)

// batchFlags are those of visitor find that make it a batch.
type batchFlags struct {
	file, column, resume string
	again, csv, tickets  bool
}

func (f batchFlags) wanted() bool { return f.file != "" || f.resume != "" }

func (f *batchFlags) add(a *app, c *cobra.Command) {
	c.Flags().StringVar(&f.file, "from-file", "", a.flagText("visitor-file"))
	c.Flags().StringVar(&f.column, "column", "", a.flagText("visitor-column"))
	c.Flags().StringVar(&f.resume, "resume", "", a.flagText("visitor-resume"))
	c.Flags().BoolVar(&f.again, "again", false, a.flagText("visitor-again"))
	c.Flags().BoolVar(&f.tickets, "over-tickets", false, a.flagText("visitor-tickets"))
	c.Flags().BoolVar(&f.csv, "csv", false, a.flagText("visitor-csv"))
}

// batches is the service over this session's store.
func (s *session) batches() *lookup.Batches {
	return &lookup.Batches{Store: s.store, Events: s.events, Clock: s.clock}
}

// readList reads a list of people from a file, or from standard input to its
// end.
func (a *app) readList(ctx context.Context, name, column string) (lookup.List, error) {
	raw, err := a.listBytes(ctx, name)
	if err != nil {
		return lookup.List{}, inputError("read-queries", name, err)
	}
	l, err := lookup.ReadList(raw, column)
	if e, ok := errors.AsType[*core.Error](err); ok {
		e.On = name
	}
	return l, err
}

func (a *app) listBytes(ctx context.Context, name string) ([]byte, error) {
	if name != "-" {
		return readFile(name)
	}
	var b strings.Builder
	for {
		line, err := a.readLine(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return []byte(b.String()), nil
		case err != nil:
			return nil, err
		case b.Len()+len(line) > maxInputFile:
			return nil, errTooLarge
		}
		b.WriteString(line + "\n")
	}
}

// visitorBatch looks a list up, or goes on with one. What is needed to go on
// after an interruption is kept sealed in the store, and erased as soon as all
// that was asked has been answered and printed.
func (a *app) visitorBatch(ctx context.Context, f batchFlags, in []string) error {
	var list lookup.List
	var err error
	if f.file != "" {
		if list, err = a.readList(ctx, f.file, f.column); err != nil {
			return err
		}
	}
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	sources, err := s.sourcesNamed(ctx, in)
	if err != nil {
		return err
	}
	batches := s.batches()
	batch, err := a.openBatch(ctx, batches, f, list, sources, in)
	if err != nil {
		return err
	}
	for _, b := range list.Bad {
		a.note("cmd.visitor.bad-line", locale.Params{"line": b.Number, "why": a.say.T("batch.line." + b.Code)})
	}
	run, err := batches.Run(ctx, batch.ID, sources, lookup.RunOptions{Again: f.again, Tickets: f.tickets}, a.batchProgress(ctx))
	if ctx.Err() != nil {
		a.note("cmd.visitor.batch-stopped", batchParams(run))
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	_, rows, left, err := batches.Rows(ctx, run.ID)
	if err != nil {
		return err
	}
	if err := a.showRows(f, run, rows, left); err != nil {
		return err
	}
	if run.Untraced > 0 {
		p := a.ticketParams(run.Untraced, run, sources)
		p["count"] = run.Untraced
		a.note("cmd.visitor.not-over-tickets", p)
	}
	if run.Unseen > 0 {
		a.note("cmd.visitor.batch-unseen", batchParams(run))
	} else if err := batches.Remove(ctx, run.ID); err != nil {
		return err
	}
	complete := len(list.Bad) == 0 && !slices.ContainsFunc(rows, func(r lookup.Row) bool { return !foundAll(r.Result) })
	if len(rows) == 0 || !complete {
		return said{&core.Error{Tried: "look-up-visitor", Code: "visitor.not-found"}}
	}
	return nil
}

// openBatch finds the batch to go on with, or writes a new one down.
func (a *app) openBatch(ctx context.Context, batches *lookup.Batches, f batchFlags, list lookup.List, sources []lookup.Source, in []string) (lookup.Batch, error) {
	if f.resume != "" {
		b, err := batches.Find(ctx, f.resume)
		if err == nil && f.tickets {
			err = a.sayTickets(b.Rows-b.Done+b.Untraced, b, sources)
		}
		return b, err
	}
	o := lookup.BeginOptions{Tickets: f.tickets}
	if len(in) > 0 {
		o.Ask = sources
	}
	if f.tickets {
		if err := a.sayTickets(len(list.Lines), lookup.Batch{}, sources); err != nil {
			return lookup.Batch{}, err
		}
	}
	name := filepath.Base(f.file)
	if f.file == "-" {
		name = "stdin"
	}
	b, err := batches.Begin(ctx, name, list, o)
	if err == nil {
		a.note("cmd.visitor.batch-begun", batchParams(b))
	}
	return b, err
}

// sayTickets says what the way over tickets of so many people costs, before
// anybody is asked. It fails where that way leads nowhere.
func (a *app) sayTickets(people int, b lookup.Batch, sources []lookup.Source) error {
	if _, ok := lookup.TicketCalls(people, b.Of(sources)); !ok {
		return &core.Error{Tried: "look-up-batch", Code: "batch.no-tickets", Class: core.Usage}
	}
	a.note("cmd.visitor.tickets", a.ticketParams(people, b, sources))
	return nil
}

func (a *app) ticketParams(people int, b lookup.Batch, sources []lookup.Source) locale.Params {
	c, _ := lookup.TicketCalls(people, b.Of(sources))
	return locale.Params{"people": people, "least": c.Least, "most": c.Most}
}

// shownBatch is how much of a batch's id is printed; any beginning that only
// one has is taken.
const shownBatch = 8

func batchParams(b lookup.Batch) locale.Params {
	id := b.ID[:min(shownBatch, len(b.ID))]
	return locale.Params{
		"id": id, "rows": b.Rows, "done": b.Done, "unseen": b.Unseen, "until": stamp(b.KeptUntil()),
		"days": int(lookup.BatchKeep / (24 * time.Hour)),
	}
}

// progressEvery is how often a batch says on standard error how far it is.
const progressEvery = 2 * time.Second

// batchProgress tells how far a batch is. A vendor that limits is named at once:
// nothing else may be told for as long as it does.
func (a *app) batchProgress(ctx context.Context) func(lookup.Progress) {
	last := time.Now()
	return func(p lookup.Progress) {
		if now := time.Now(); ctx.Err() != nil || p.Asked >= p.Of || len(p.Rows) > 0 && now.Sub(last) < progressEvery {
			return
		} else {
			last = now
		}
		if p.Rate > 0 {
			a.note("cmd.visitor.progress", locale.Params{
				"asked": p.Asked, "of": p.Of, "rate": fmt.Sprintf("%.1f", p.Rate), "left": a.span(a.clock.Now().Add(p.Left)),
			})
		}
		for _, name := range slices.Sorted(maps.Keys(p.Resting)) {
			a.note("cmd.visitor.resting", locale.Params{"source": core.CleanLine(name), "until": stamp(p.Resting[name])})
		}
	}
}

// showRows prints what came of a batch.
func (a *app) showRows(f batchFlags, b lookup.Batch, rows []lookup.Row, left []lookup.Line) error {
	switch {
	case a.opt.json:
		return a.json(notNil(rows))
	case f.csv:
		return lookup.WriteCSV(a.io.Out, rows, left)
	}
	out := make([][]string, len(rows))
	counts := map[lookup.Outcome]int{}
	for i, r := range rows {
		counts[r.Verdict.Outcome]++
		who := r.Person()
		var missing []string
		for _, one := range r.Answers {
			for _, code := range compact(one.Code, one.BridgeCode) {
				missing = append(missing, one.Source+" ["+code+"]")
			}
		}
		out[i] = []string{
			fmt.Sprint(r.Line), r.Query.Text, a.say.T("visitors.outcome." + string(r.Verdict.Outcome)), r.Verdict.ExternalID,
			strings.Join(compact(who.Name, who.Email()), " · "), strings.Join(missing, ", "),
		}
	}
	if len(out) > 0 {
		a.table([]string{"line", "query", "verdict", "external-id", "person", "not-seen"}, out)
	}
	var sums []string
	for _, o := range lookup.Outcomes() {
		if counts[o] > 0 {
			sums = append(sums, fmt.Sprintf("%s %d", a.say.T("visitors.outcome."+string(o)), counts[o]))
		}
	}
	if len(sums) > 0 {
		a.plainLine("")
		a.plainLine(strings.Join(sums, " · "))
		a.plainLine(a.asked(b))
	}
	return nil
}

// asked says whom a batch asks, and whether over tickets.
func (a *app) asked(b lookup.Batch) string {
	names := a.say.T("cmd.visitor.all")
	if len(b.Asks) > 0 {
		names = core.CleanLine(strings.Join(b.Asks, ", "))
	}
	key := "cmd.visitor.asked"
	if b.Tickets {
		key = "cmd.visitor.asked-tickets"
	}
	return a.say.T(key, locale.Params{"sources": names})
}

func (a *app) visitorBatchesCommand() *cobra.Command {
	c := a.command("visitor.batches", &cobra.Command{Use: "batches", Args: noSubcommand})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.listBatches(c.Context()) }
	remove := a.command("visitor.batches.remove", &cobra.Command{Use: "remove ID", Args: args(1, 1)})
	remove.RunE = func(c *cobra.Command, given []string) error { return a.removeBatch(c.Context(), given[0]) }
	c.AddCommand(remove)
	return a.jsonFlag(c)
}

// listBatches lists the batches that are kept.
func (a *app) listBatches(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	all, err := s.batches().List(ctx)
	if err != nil {
		return err
	}
	if a.opt.json {
		return a.json(notNil(all))
	}
	if len(all) == 0 {
		a.line("cmd.visitor.no-batches")
		return nil
	}
	rows := make([][]string, len(all))
	for i, b := range all {
		rows[i] = []string{b.ID[:min(shownBatch, len(b.ID))], b.Name, b.By, fmt.Sprintf("%d/%d", b.Done, b.Rows), fmt.Sprint(b.Unseen), stamp(b.KeptUntil()), strings.Join(b.Asks, ", ")}
	}
	a.table([]string{"id", "list", "by", "done", "not-seen", "kept-until", "asks"}, rows)
	return nil
}

func (a *app) removeBatch(ctx context.Context, id string) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	b, err := s.batches().Find(ctx, id)
	if err != nil {
		return err
	}
	if err := s.batches().Remove(ctx, b.ID); err != nil {
		return err
	}
	a.line("cmd.visitor.batch-removed", batchParams(b))
	return nil
}
