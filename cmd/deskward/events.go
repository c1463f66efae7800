package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
)

func (a *app) eventsCommand() *cobra.Command {
	var limit int
	var of string
	var verify bool
	c := a.command("events", &cobra.Command{Use: "events", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error {
		if verify {
			return a.eventsVerify(c.Context())
		}
		return a.events(c.Context(), limit, of)
	}
	c.Flags().IntVar(&limit, "limit", 100, a.flagText("limit"))
	c.Flags().StringVar(&of, "of", "", a.flagText("of"))
	c.Flags().BoolVar(&verify, "verify", false, a.flagText("verify"))
	return a.jsonFlag(c)
}

// events lists the newest events first.
func (a *app) events(ctx context.Context, limit int, of string) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	id := of
	if of != "" {
		if c, err := s.connections.ByName(ctx, of); err == nil {
			id = c.ID
		} else if k, err := s.keys.ByName(ctx, of); err == nil {
			id = k.ID
		} else if run, err := s.findRun(ctx, of); err == nil {
			id = run
		}
	}
	all, err := s.events.Recent(ctx, max(limit, 0), id)
	if err != nil {
		return err
	}
	if a.opt.json {
		return a.json(notNil(all))
	}
	rows := make([][]string, len(all))
	for i, e := range all {
		rows[i] = []string{fmt.Sprint(e.Seq), stamp(e.At), e.Actor.String(), a.say.Event(e), details(e.Detail)}
	}
	a.table([]string{"number", "time", "by", "event", "detail"}, rows)
	return nil
}

func details(m map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+m[k])
	}
	return strings.Join(parts, " ")
}

// eventsVerify walks the chain and says its last hash, to be noted elsewhere.
func (a *app) eventsVerify(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	n, last, err := s.events.Verify(ctx)
	if a.opt.json {
		if err := a.json(struct {
			OK       bool   `json:"ok"`
			Events   uint64 `json:"events"`
			LastHash string `json:"last_hash"`
			Code     string `json:"code,omitempty"`
		}{err == nil, n, last, core.CodeOf(err)}); err != nil {
			return err
		}
	}
	if err == nil && !a.opt.json {
		a.line("cmd.events.verified", localeParams("count", fmt.Sprint(n), "hash", last))
	}
	return err
}
