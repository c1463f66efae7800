package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
)

func (a *app) migrateResumeCommand() *cobra.Command {
	var f migrateFlags
	c := a.command("zoho.migrate.resume", &cobra.Command{Use: "resume BATCH", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		if err := f.check(a); err != nil {
			return err
		}
		return a.withBatch(c.Context(), given[0], func(s *tokenbatch.Service, b tokenbatch.Batch) error {
			n := b.Open()
			if f.again {
				n += b.Counts[tokenbatch.Refused]
			}
			if f.overLimit {
				n += b.Counts[tokenbatch.Held]
			}
			if !b.WaitsForSupport() {
				if err := a.confirmExchange(c.Context(), n, f); err != nil {
					return err
				}
			}
			return a.runBatch(c.Context(), s, b, f)
		})
	}
	a.runFlags(c, &f)
	c.Flags().BoolVar(&f.again, "again", false, a.flagText("migrate-again"))
	return c
}

// withBatch does something with the batch that a beginning of an id means.
func (a *app) withBatch(ctx context.Context, id string, do func(*tokenbatch.Service, tokenbatch.Batch) error) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	batches := s.tokenBatches()
	b, err := batches.Find(ctx, id)
	if err != nil {
		return err
	}
	return do(batches, b)
}

// runBatch exchanges what is left of a batch, tells how far it is, and shows
// what came of it.
func (a *app) runBatch(ctx context.Context, batches *tokenbatch.Service, b tokenbatch.Batch, f migrateFlags) error {
	out, err := batches.Run(ctx, b.ID, f.options(), a.migrateProgress(ctx, b))
	if out.Batch.ID == "" {
		return err
	}
	switch core.CodeOf(err) {
	case "lease.held", "tokenbatch.unconfirmed":
		return err
	}
	_, rows, readErr := batches.Rows(context.WithoutCancel(ctx), b.ID)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	if ctx.Err() != nil {
		a.note("cmd.zoho.migrate.stopped", tokenBatchParams(out.Batch))
		return context.Cause(ctx)
	}
	if showErr := a.showTokenRows(out.Batch, rows, f.csv, true); showErr != nil {
		return showErr
	}
	for _, c := range out.Stopped {
		a.report(c.Err)
	}
	if err != nil {
		a.note("cmd.zoho.migrate.stopped", tokenBatchParams(out.Batch))
		return err
	}
	a.noteEnds(rows)
	return out.Batch.Err()
}

// noteEnds says by when what uses the old tokens has to be moved.
func (a *app) noteEnds(rows []tokenbatch.Row) {
	var first time.Time
	for _, r := range rows {
		if r.State == tokenbatch.Done && r.DeadAt.IsZero() && (first.IsZero() || r.OldEnds.Before(first)) {
			first = r.OldEnds
		}
	}
	if !first.IsZero() {
		a.note("cmd.zoho.migrate.ends", locale.Params{"at": stamp(first), "span": a.until(first)})
	}
}

// migrateProgress tells how far a batch is: every progressEvery, and when it
// begins to wait.
func (a *app) migrateProgress(ctx context.Context, b tokenbatch.Batch) func(tokenbatch.Progress) {
	var last, paused time.Time
	resting := map[string]time.Time{}
	return func(p tokenbatch.Progress) {
		if ctx.Err() != nil {
			return
		}
		for _, r := range p.Rows {
			if r.State == tokenbatch.Unknown || r.State == tokenbatch.Refused {
				a.note("cmd.zoho.migrate.row", locale.Params{
					"line": r.Line, "name": core.CleanLine(r.Name), "state": a.say.T("tokenbatch.state." + string(r.State)), "code": r.Code,
				})
			}
		}
		for id, until := range p.Resting {
			if !resting[id].Equal(until) {
				resting[id] = until
				a.note("cmd.zoho.migrate.resting", locale.Params{"client": core.CleanLine(id), "until": stamp(until)})
			}
		}
		if p.Of == 0 || p.Ended == p.Of {
			return
		}
		params := locale.Params{
			"ended": p.Ended, "of": p.Of, "rate": fmt.Sprintf("%.1f", p.Rate), "left": a.spanOf(p.Left), "batch": b.Short(), "next": a.span(p.Next),
		}
		now := time.Now()
		if p.Next.Sub(a.clock.Now()) > progressEvery && !p.Next.Equal(paused) {
			paused, last = p.Next, now
			a.note("cmd.zoho.migrate.pause", params)
			return
		}
		if now.Sub(last) < progressEvery || p.Ended == 0 {
			return
		}
		last = now
		a.note("cmd.zoho.migrate.progress", params)
	}
}

// tokenBatchJSON is a batch with its rows. Its field names are a contract.
type tokenBatchJSON struct {
	tokenbatch.Batch
	Tokens []tokenbatch.Row `json:"tokens"`
}

// showTokenRows prints what came of a batch. Of those that are done a person
// is told the number; all of them are in --csv and --json, or with all set.
func (a *app) showTokenRows(b tokenbatch.Batch, rows []tokenbatch.Row, csv, brief bool) error {
	switch {
	case a.opt.json:
		return a.json(tokenBatchJSON{b, notNil(rows)})
	case csv:
		return tokenbatch.WriteCSV(a.io.Out, rows)
	}
	var out [][]string
	for _, r := range rows {
		if brief && (r.State == tokenbatch.Done || r.State == tokenbatch.Waiting) {
			continue
		}
		out = append(out, []string{strconv.Itoa(r.Line), r.Name, tail(r.TokenEnd), a.say.T("tokenbatch.state." + string(r.State)), a.rowNote(r)})
	}
	if len(out) > 0 {
		a.table([]string{"line", "name", "token", "state", "note"}, out)
		a.plainLine("")
	}
	a.plainLine(a.countsLine(b))
	a.explainCodes(rows)
	return nil
}

func tail(end string) string {
	if end == "" {
		return ""
	}
	return "…" + end
}

// rowNote is what a person wants to know of a row beside its state.
func (a *app) rowNote(r tokenbatch.Row) string {
	switch {
	case !r.DeadAt.IsZero():
		return a.say.T("tokenbatch.note.dead", localeParams("at", stamp(r.DeadAt)))
	case r.State == tokenbatch.Done:
		return a.say.T("tokenbatch.note.ends", localeParams("at", stamp(r.OldEnds)))
	case r.State == tokenbatch.Unknown:
		return a.say.T("tokenbatch.note.ask", localeParams("code", r.Code, "at", stamp(r.AskAgain())))
	case r.Code != "":
		return "[" + r.Code + "]"
	}
	return ""
}

func (a *app) countsLine(b tokenbatch.Batch) string {
	var sums []string
	for _, s := range tokenbatch.States() {
		if n := b.Counts[s]; n > 0 {
			sums = append(sums, fmt.Sprintf("%s %d", a.say.T("tokenbatch.state."+string(s)), n))
		}
	}
	if b.Dead > 0 {
		sums = append(sums, a.say.T("tokenbatch.dead", localeParams("count", strconv.Itoa(b.Dead))))
	}
	return strings.Join(sums, " · ")
}

// explainCodes says once what each code of the rows means.
func (a *app) explainCodes(rows []tokenbatch.Row) {
	var seen []string
	for _, r := range rows {
		err := r.Err()
		if err == nil || slices.Contains(seen, r.Code) {
			continue
		}
		seen = append(seen, r.Code)
		a.report(err)
	}
}
