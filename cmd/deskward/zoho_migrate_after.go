package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/locale"
	"deskward/core/tokenbatch"
)

func (a *app) migrateStatusCommand() *cobra.Command {
	var csv bool
	c := a.command("zoho.migrate.status", &cobra.Command{Use: "status [BATCH]", Args: args(0, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		if len(given) == 0 {
			return a.listTokenBatches(c.Context())
		}
		return a.withBatch(c.Context(), given[0], func(s *tokenbatch.Service, b tokenbatch.Batch) error {
			_, rows, err := s.Rows(c.Context(), b.ID)
			if err != nil {
				return err
			}
			if !csv && !a.opt.json {
				a.tokenBatchHead(b)
			}
			return a.showTokenRows(b, rows, csv, false)
		})
	}
	c.Flags().BoolVar(&csv, "csv", false, a.flagText("migrate-csv"))
	return a.jsonFlag(c)
}

func (a *app) tokenBatchHead(b tokenbatch.Batch) {
	a.pairs([]pair{
		{"batch", b.ID},
		{"list", b.Name},
		{"variant", a.say.T("tokenbatch.variant." + string(b.Variant))},
		{"by", b.By},
		{"begun", stamp(b.Made)},
		{"confirmed", strings.TrimSpace(stamp(b.Confirmed) + " " + b.Reference)},
		{"worked-on", b.Busy},
	})
	if b.WaitsForSupport() {
		a.note("cmd.zoho.migrate.waits", tokenBatchParams(b))
	}
	a.plainLine("")
}

// listTokenBatches lists all batches.
func (a *app) listTokenBatches(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	all, err := s.tokenBatches().List(ctx)
	if err != nil {
		return err
	}
	if a.opt.json {
		return a.json(notNil(all))
	}
	if len(all) == 0 {
		a.line("cmd.zoho.migrate.none")
		return nil
	}
	rows := make([][]string, len(all))
	for i, b := range all {
		rows[i] = []string{b.Short(), b.Name, stamp(b.Made), fmt.Sprintf("%d/%d", b.Counts[tokenbatch.Done], b.Rows), strconv.Itoa(b.Dead), a.countsLine(b)}
	}
	a.table([]string{"id", "list", "begun", "done", "dead", "states"}, rows)
	return nil
}

func (a *app) migrateAskCommand() *cobra.Command {
	c := a.command("zoho.migrate.ask", &cobra.Command{Use: "ask BATCH", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.withBatch(c.Context(), given[0], func(s *tokenbatch.Service, b tokenbatch.Batch) error {
			b, err := s.Ask(c.Context(), b.ID, tokenbatch.RunOptions{}, a.sayAsked)
			if err != nil {
				return err
			}
			return a.afterAsking(c.Context(), s, b)
		})
	}
	return a.jsonFlag(c)
}

// sayAsked tells of one row what asking came to.
func (a *app) sayAsked(asked tokenbatch.Asked) {
	r := asked.Row
	key := "unclear"
	switch {
	case asked.Pulse == tokenbatch.Dead && !r.DeadAt.IsZero():
		key = "dead"
	case r.State == tokenbatch.Lost && r.DeadAt.IsZero() && asked.Pulse == tokenbatch.Dead:
		key = "lost"
	case asked.Pulse == tokenbatch.Alive && r.State == tokenbatch.Unknown:
		key = "cant-tell"
	case asked.Pulse == tokenbatch.Alive && r.State == tokenbatch.Waiting:
		key = "not-happened"
	case asked.Pulse == tokenbatch.Alive:
		return // they are told as a number
	}
	at := r.AskAgain()
	a.note("cmd.zoho.migrate.asked."+key, locale.Params{
		"line": r.Line, "name": core.CleanLine(r.Name), "at": stamp(at), "span": a.until(at), "code": core.CodeOf(asked.Err),
	})
}

// afterAsking shows where a batch stands. Unknown ones are no news here: the
// exit code says whether any are left.
func (a *app) afterAsking(ctx context.Context, s *tokenbatch.Service, b tokenbatch.Batch) error {
	_, rows, err := s.Rows(ctx, b.ID)
	if err != nil {
		return err
	}
	if a.opt.json {
		err = a.json(tokenBatchJSON{b, notNil(rows)})
	} else {
		a.plainLine(a.countsLine(b))
	}
	if err == nil && b.Counts[tokenbatch.Unknown] > 0 {
		err = b.Err()
	}
	return err
}

func (a *app) migrateSettleCommand() *cobra.Command {
	var happened, not bool
	c := a.command("zoho.migrate.settle", &cobra.Command{Use: "settle BATCH LINE --happened|--not-happened", Args: args(2, 2)})
	c.RunE = func(c *cobra.Command, given []string) error {
		line, err := strconv.Atoi(given[1])
		if happened == not || err != nil {
			return usageError("needs-flag", "--happened", map[string]string{"flag": "--happened | --not-happened", "command": "deskward zoho migrate settle BATCH LINE"}, nil)
		}
		return a.withBatch(c.Context(), given[0], func(s *tokenbatch.Service, b tokenbatch.Batch) error {
			r, err := s.Settle(c.Context(), b.ID, line, happened)
			if err != nil {
				return err
			}
			a.line("cmd.zoho.migrate.settled", locale.Params{"line": r.Line, "name": core.CleanLine(r.Name), "state": a.say.T("tokenbatch.state." + string(r.State)), "batch": b.Short()})
			return nil
		})
	}
	c.Flags().BoolVar(&happened, "happened", false, a.flagText("migrate-happened"))
	c.Flags().BoolVar(&not, "not-happened", false, a.flagText("migrate-not-happened"))
	return c
}

func (a *app) migrateProveCommand() *cobra.Command {
	c := a.command("zoho.migrate.prove", &cobra.Command{Use: "prove BATCH", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.withBatch(c.Context(), given[0], func(s *tokenbatch.Service, b tokenbatch.Batch) error {
			alive, last := 0, time.Time{}
			b, err := s.Prove(c.Context(), b.ID, tokenbatch.RunOptions{}, func(asked tokenbatch.Asked) {
				a.sayAsked(asked)
				if asked.Pulse == tokenbatch.Alive {
					if alive++; asked.Row.OldEnds.After(last) {
						last = asked.Row.OldEnds
					}
				}
			})
			if err != nil {
				return err
			}
			if alive > 0 {
				a.note("cmd.zoho.migrate.asked.alive", locale.Params{"count": alive, "at": stamp(last), "span": a.until(last)})
			}
			_, rows, err := s.Rows(c.Context(), b.ID)
			if err != nil {
				return err
			}
			if a.opt.json {
				err = a.json(tokenBatchJSON{b, notNil(rows)})
			} else {
				a.plainLine(a.countsLine(b))
			}
			if left := b.Counts[tokenbatch.Done] + b.Counts[tokenbatch.Lost] - b.Dead; err == nil && left > 0 {
				err = &core.Error{Tried: "prove-batch", On: b.Name, Code: "tokenbatch.some-alive", Params: map[string]string{"count": strconv.Itoa(left), "batch": b.Short()}}
			}
			return err
		})
	}
	return a.jsonFlag(c)
}

func (a *app) migrateSheetCommand() *cobra.Command {
	var csv bool
	c := a.command("zoho.migrate.sheet", &cobra.Command{Use: "sheet BATCH", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.withBatch(c.Context(), given[0], func(s *tokenbatch.Service, b tokenbatch.Batch) error {
			_, rows, err := s.Rows(c.Context(), b.ID)
			if err != nil {
				return err
			}
			return a.showSheet(tokenbatch.Sheet(rows), csv)
		})
	}
	c.Flags().BoolVar(&csv, "csv", false, a.flagText("migrate-csv"))
	return a.jsonFlag(c)
}

// showSheet prints what the vendor's support needs.
func (a *app) showSheet(entries []tokenbatch.Entry, csv bool) error {
	switch {
	case a.opt.json:
		return a.json(notNil(entries))
	case csv:
		return tokenbatch.WriteSheet(a.io.Out, entries)
	}
	for i, e := range entries {
		if i > 0 {
			a.plainLine("")
		}
		a.pairs([]pair{
			{"client-id", e.ClientID},
			{"region", e.Region},
			{"old-scopes", strings.Join(e.OldScopes, ",")},
			{"wanted-scopes", strings.Join(e.Scopes, ",")},
			{"organizations", strings.Join(e.Orgs, " ")},
			{"owners", strings.Join(e.Owners, " ")},
			{"tokens", strconv.Itoa(e.Tokens)},
			{"token-ends", strings.Join(e.TokenEnds, " ")},
		})
		if len(e.OldScopes) == 0 {
			a.note("cmd.zoho.migrate.no-old-scopes")
		}
	}
	return nil
}

func (a *app) migrateConfirmCommand() *cobra.Command {
	var reference string
	c := a.command("zoho.migrate.confirm", &cobra.Command{Use: "confirm BATCH", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.withBatch(c.Context(), given[0], func(s *tokenbatch.Service, b tokenbatch.Batch) error {
			b, err := s.Confirm(c.Context(), b.ID, reference)
			if err != nil {
				return err
			}
			a.line("cmd.zoho.migrate.confirmed", tokenBatchParams(b))
			return nil
		})
	}
	c.Flags().StringVar(&reference, "reference", "", a.flagText("migrate-reference"))
	return c
}

func (a *app) migrateRemoveCommand() *cobra.Command {
	var anyway bool
	c := a.command("zoho.migrate.remove", &cobra.Command{Use: "remove BATCH", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.withBatch(c.Context(), given[0], func(s *tokenbatch.Service, b tokenbatch.Batch) error {
			if err := s.Remove(c.Context(), b.ID, anyway); err != nil {
				return err
			}
			a.line("cmd.zoho.migrate.removed", tokenBatchParams(b))
			return nil
		})
	}
	c.Flags().BoolVar(&anyway, "anyway", false, a.flagText("migrate-anyway"))
	return c
}
