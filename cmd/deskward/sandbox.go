package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"deskward/core"
	"deskward/core/sandbox"
	"deskward/core/transport"
)

func (a *app) sandboxCommand() *cobra.Command {
	var out, ca string
	c := a.command("sandbox", &cobra.Command{Use: "sandbox", Args: args(0, 0)})
	c.RunE = func(c *cobra.Command, _ []string) error { return a.runSandbox(c.Context(), out, ca) }
	c.Flags().StringVar(&out, "endpoints-out", "", a.flagText("endpoints-out"))
	c.Flags().StringVar(&ca, "ca-out", "", a.flagText("ca-out"))
	return c
}

// runSandbox serves the rehearsal services until it is interrupted.
func (a *app) runSandbox(ctx context.Context, endpointsOut, caOut string) error {
	sb, err := sandbox.Start(ctx, sandbox.Options{Clock: a.clock})
	if err != nil {
		return err
	}
	defer sb.Close() //nolint:errcheck // it ends here either way
	endpoints, err := yaml.Marshal(sb.Endpoints())
	if err != nil {
		return err
	}
	if caOut != "" {
		if err := writeWhole(caOut, sb.CA()); err != nil {
			return err
		}
	}
	if endpointsOut == "" {
		if _, err := a.io.Out.Write(endpoints); err != nil {
			return err
		}
	} else if err := writeWhole(endpointsOut, endpoints); err != nil {
		return err
	}
	a.sayServices(sb.Endpoints(), sb.ControlURL(), endpointsOut, caOut)
	<-ctx.Done()
	a.note("cmd.sandbox.ended")
	return nil
}

func (a *app) sayServices(endpoints transport.Endpoints, control, file, ca string) {
	a.note("cmd.sandbox.running")
	var rows [][]string
	for _, p := range slices.Sorted(maps.Keys(endpoints)) {
		for _, name := range slices.Sorted(maps.Keys(endpoints[p])) {
			rows = append(rows, []string{"  " + string(p) + "." + name, endpoints[p][name]})
		}
	}
	writeColumns(a.io.Err, append(rows, []string{"  control", control}))
	a.note("cmd.sandbox.values", localeParams("url", control+"/sandbox/state"))
	if file != "" {
		a.note("cmd.sandbox.use", localeParams("file", file))
	}
	if ca != "" {
		a.note("cmd.sandbox.use-ca", localeParams("file", ca))
	}
}

// writeWhole writes a file so that whoever waits for it never sees half of it.
func writeWhole(name string, data []byte) error {
	fail := func(err error) error {
		return &core.Error{Tried: "write-file", On: name, Code: "file.unwritable", Err: err}
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fail(err)
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return fail(err)
	}
	if err := tmp.Close(); err != nil {
		return fail(err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return fail(err)
	}
	return nil
}
