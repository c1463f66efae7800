package main

import (
	"context"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/tokenbatch"
	"deskward/tui/widget"
)

func (a *app) deadlinesCommand() *cobra.Command {
	var every bool
	c := a.command("deadlines", &cobra.Command{Use: "deadlines", Args: noSubcommand})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.listDeadlines(c.Context(), every) }
	c.Flags().BoolVar(&every, "all", false, a.flagText("deadlines-all"))
	c.AddCommand(a.deadlineDismissCommand(), a.deadlineRestoreCommand())
	return a.jsonFlag(c)
}

func (a *app) deadlineDismissCommand() *cobra.Command {
	var reason string
	c := a.command("deadlines.dismiss", &cobra.Command{Use: "dismiss ID [--reason TEXT]", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.markDeadline(c.Context(), given[0], "cmd.deadlines.dismissed", func(ctx context.Context, s *session, id string) (core.Deadline, error) {
			return s.deadlines.Dismiss(ctx, id, reason)
		})
	}
	c.Flags().StringVar(&reason, "reason", "", a.flagText("deadlines-reason"))
	return a.jsonFlag(c)
}

func (a *app) deadlineRestoreCommand() *cobra.Command {
	c := a.command("deadlines.restore", &cobra.Command{Use: "restore ID", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.markDeadline(c.Context(), given[0], "cmd.deadlines.restored", func(ctx context.Context, s *session, id string) (core.Deadline, error) {
			return s.deadlines.Restore(ctx, id)
		})
	}
	return a.jsonFlag(c)
}

// shownID is how much of a deadline's id is printed: enough to tell a few
// thousand apart. Any beginning that only one has is taken.
const shownID = 8

// markDeadline finds a deadline by the beginning of its id and changes what is
// said of it.
func (a *app) markDeadline(ctx context.Context, id, said string, do func(context.Context, *session, string) (core.Deadline, error)) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	all, err := s.deadlines.All(ctx)
	if err != nil {
		return err
	}
	whole := id
	switch found := core.WithID(all, func(d core.Deadline) string { return d.ID }, id); len(found) {
	case 0:
	case 1:
		whole = found[0].ID
	default:
		return &core.Error{Tried: "find-deadline", On: core.CleanLine(id), Code: "deadline.several", Class: core.Usage}
	}
	d, err := do(ctx, s, whole)
	if err != nil {
		return err
	}
	if a.opt.json {
		return a.json(d)
	}
	a.line(said, localeParams("name", core.CleanLine(d.Subject.Name), "what", a.deadline(d)))
	return nil
}

// listDeadlines lists what ends, soonest first; with every, what was dismissed
// as well.
func (a *app) listDeadlines(ctx context.Context, every bool) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	list := s.deadlines.List
	if every {
		list = s.deadlines.All
	}
	all, err := list(ctx)
	if err != nil {
		return err
	}
	if a.opt.json {
		return a.json(notNil(all))
	}
	if len(all) == 0 {
		a.line("cmd.deadlines.none")
		return nil
	}
	rows := make([][]string, len(all))
	for i, d := range all {
		what := a.deadline(d)
		if g := d.Dismissed; g != nil {
			what = a.say.T("cmd.deadlines.was-dismissed", localeParams("what", what, "reason", core.CleanLine(g.Reason)))
		}
		rows[i] = []string{d.ID[:min(shownID, len(d.ID))], stamp(d.At), a.until(d.At), d.Subject.Name, what}
	}
	a.table([]string{"id", "time", "in", "subject", "what"}, rows)
	return nil
}

func (a *app) deadline(d core.Deadline) string {
	key := "deadline." + d.Code
	if !a.say.Has(key) {
		key = "deadline.other"
	}
	if past := key + ".past"; d.At.Before(a.clock.Now()) && a.say.Has(past) {
		key = past
	}
	params := localeParams("name", d.Subject.Name, "at", stamp(d.At), "code", d.Code)
	for k, v := range d.Detail {
		params[k] = core.CleanLine(v)
	}
	what := a.say.T(key, params)
	if d.Detail[tokenbatch.DetailBatch] == "" {
		return what
	}
	of := "deadlines.of-list"
	if d.Detail[tokenbatch.DetailList] == "" {
		of = "deadlines.of-pasted"
	}
	return widget.Sentences(what, a.say.T(of, params))
}
