package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/platform"
)

func (a *app) connectionsSetupCommand() *cobra.Command {
	c := a.command("connections.setup", &cobra.Command{Use: "setup NAME [ADDRESS]", Args: args(1, 2)})
	c.RunE = func(c *cobra.Command, given []string) error {
		of := ""
		if len(given) > 1 {
			of = given[1]
		}
		return a.connectionsSetup(c.Context(), given[0], of)
	}
	return a.jsonFlag(c)
}

// setupJSON is what was read and found. Its field names are a contract.
type setupJSON struct {
	Connection string `json:"connection"`
	Of         string `json:"of,omitempty"`
	platform.Setup
	Calls []core.Call `json:"calls"`
}

// connectionsSetup reads and judges how that is set up which a connection
// serves. The first finding that stops it is the command's error.
func (a *app) connectionsSetup(ctx context.Context, name, of string) error {
	s, err := a.session(ctx)
	if err != nil {
		return err
	}
	c, err := s.connections.ByName(ctx, name)
	if err != nil {
		return err
	}
	var calls core.CallRecorder
	setup, err := s.platforms.ReadSetup(core.WithCallRecorder(ctx, &calls), c, of)
	if err != nil {
		return err
	}
	var worst error
	findings := make([]error, len(setup.Findings))
	for i, f := range setup.Findings {
		findings[i] = f.Err(c.Name)
		if f.Stops && worst == nil {
			worst = said{findings[i]}
		}
	}
	if a.opt.json {
		if err := a.json(setupJSON{c.Name, of, setup, calls.Calls()}); err != nil {
			return err
		}
		return worst
	}
	var rows [][]string
	for _, f := range setup.Facts {
		value := core.CleanLine(f.Value)
		switch f.Value {
		case "true":
			value = a.say.T("connections.setup.yes")
		case "false":
			value = a.say.T("connections.setup.no")
		}
		rows = append(rows, []string{a.say.T("setup." + string(c.Platform) + "." + f.Name), value})
	}
	writeColumns(a.io.Out, rows)
	for _, call := range calls.Calls() {
		a.callLine(call)
	}
	for i, f := range setup.Findings {
		mark := "!"
		if f.Stops {
			mark = "x"
		}
		fmt.Fprintln(a.io.Out)
		for _, line := range a.explanationLines(a.explanation(findings[i])) {
			fmt.Fprintln(a.io.Out, mark+"   "+strings.TrimPrefix(line, "deskward: "))
			mark = " "
		}
	}
	if len(findings) == 0 {
		a.plainLine(a.say.T("cmd.connections.setup.sound"))
	}
	return worst
}
