package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/store"
)

func (a *app) storeCommand() *cobra.Command {
	return a.group("store", "store", a.storeVerifyCommand(), a.storeBackupCommand(), a.storeRestoreCommand(), a.storeMembersCommand())
}

func (a *app) storeVerifyCommand() *cobra.Command {
	c := a.command("store.verify", &cobra.Command{Use: "verify", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.storeVerify(c.Context()) }
	return a.jsonFlag(c)
}

// storeVerify opens every record and walks the log's chain.
func (a *app) storeVerify(ctx context.Context) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	report, err := s.file.Verify(ctx)
	if err != nil {
		return err
	}
	events, last, chainErr := s.events.Verify(ctx)
	if a.opt.json {
		err = a.json(struct {
			Path string `json:"path"`
			store.Report
			Events    uint64 `json:"events"`
			LastHash  string `json:"last_hash"`
			ChainCode string `json:"chain_code,omitempty"`
		}{s.file.Path(), report, events, last, core.CodeOf(chainErr)})
	} else {
		a.showVerified(s.file, report, events, last)
	}
	if err := cmp.Or(err, chainErr); err != nil {
		return err
	}
	if n := len(report.Problems); n > 0 {
		return &core.Error{Tried: "store-verify", On: s.file.Path(), Code: "store.problems", Params: map[string]string{"count": fmt.Sprint(n)}}
	}
	return nil
}

func (a *app) showVerified(file *store.File, report store.Report, events uint64, last string) {
	total := 0
	for _, n := range report.Records {
		total += n
	}
	a.pairs([]pair{
		{"store", file.Path()},
		{"protected", a.protection(file.Protection())},
		{"size", fmt.Sprintf("%d B", report.Bytes)},
		{"records", fmt.Sprint(total)},
		{"events", fmt.Sprint(events)},
		{"last-hash", last},
	})
	var rows [][]string
	for _, kind := range slices.Sorted(maps.Keys(report.Records)) {
		rows = append(rows, []string{"  " + string(kind), fmt.Sprint(report.Records[kind])})
	}
	writeColumns(a.io.Out, rows)
	for _, p := range report.Problems {
		fmt.Fprintln(a.io.Out, core.CleanLine(strings.Join([]string{"x", string(p.Kind), p.ID, p.Err}, " ")))
	}
}
