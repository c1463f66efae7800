package main

import (
	"context"

	"github.com/spf13/cobra"

	"deskward/core"
)

func (a *app) deadlinesCommand() *cobra.Command {
	c := a.command("deadlines", &cobra.Command{Use: "deadlines", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.listDeadlines(c.Context()) }
	return a.jsonFlag(c)
}

// listDeadlines lists what ends, soonest first.
func (a *app) listDeadlines(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	all, err := s.deadlines.List(ctx)
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
		rows[i] = []string{stamp(d.At), a.until(d.At), d.Subject.Name, a.deadline(d)}
	}
	a.table([]string{"time", "in", "subject", "what"}, rows)
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
		params[k] = v
	}
	return a.say.T(key, params)
}
