package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/deluge/folder"
	"deskward/core/manifest"
)

type manifestOptions struct {
	connection string
	write      bool
}

func (a *app) zohoManifestCommand() *cobra.Command {
	var o manifestOptions
	c := a.command("zoho.manifest", &cobra.Command{Use: "manifest FILE --connection-json FILE", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.zohoManifest(c.Context(), given[0], o) }
	c.ValidArgsFunction = nil // a file
	c.Flags().StringVar(&o.connection, "connection-json", "", a.flagText("manifest-connection"))
	c.Flags().BoolVar(&o.write, "write", false, a.flagText("manifest-write"))
	return a.jsonFlag(c)
}

// manifestJSON is what was done to a manifest. Its field names are a
// contract.
type manifestJSON struct {
	Path    string             `json:"path"`
	Link    string             `json:"link"`
	Changed bool               `json:"changed"`
	Written bool               `json:"written"`
	Backup  string             `json:"backup,omitempty"`
	Rules   []manifest.Rule    `json:"rules"`
	Before  []manifest.Problem `json:"problems_before"`
	After   []manifest.Problem `json:"problems_after"`
	Diff    string             `json:"diff,omitempty"`
}

// zohoManifest prints on standard output how the manifest changes, and on
// standard error by which rules. Exit code 4: the vendor's validator would
// still refuse the manifest, for reasons that were there before.
func (a *app) zohoManifest(_ context.Context, name string, o manifestOptions) error {
	if o.connection == "" {
		return usageError("needs-flag", "--connection-json", map[string]string{"flag": "--connection-json", "command": "deskward zoho manifest"}, nil)
	}
	file, err := folder.Open(name)
	if err != nil {
		return err
	}
	raw, err := readFile(o.connection)
	if err != nil {
		return inputError("read-connection-json", o.connection, err)
	}
	p, err := manifest.Place(file.Source, string(raw))
	if err != nil {
		return err
	}
	out := manifestJSON{
		Path: core.CleanLine(name), Link: core.CleanLine(p.Link), Changed: p.Text != file.Source, Rules: p.Rules,
		Before: notNil(p.Before), After: notNil(p.After), Diff: file.Diff(p.Text, false),
	}
	if o.write && out.Changed {
		backup, err := file.Write(p.Text)
		if err != nil {
			return err
		}
		out.Written, out.Backup = true, core.CleanLine(filepath.Base(backup))
	}
	if a.opt.json {
		err = a.json(out)
	} else {
		a.sayManifest(out, o)
	}
	if err == nil && len(p.After) > 0 {
		return said{&core.Error{Tried: "place-connection", On: core.CleanLine(name), Code: "manifest.refused", Class: core.Refused}}
	}
	return err
}

func (a *app) sayManifest(out manifestJSON, o manifestOptions) {
	fmt.Fprint(a.io.Out, cleanLines(out.Diff))
	for _, r := range out.Rules {
		fmt.Fprintln(a.io.Err, "   "+a.say.T("manifest.rule."+r.Code, localeParams("value", r.Value)))
	}
	a.note("cmd.zoho.manifest.before", localeParams("n", fmt.Sprint(len(out.Before))))
	a.note("cmd.zoho.manifest.after", localeParams("n", fmt.Sprint(len(out.After))))
	for _, p := range out.After {
		fmt.Fprintf(a.io.Err, "x  %s  [manifest.%s]\n", a.say.T("manifest.problem."+p.Code, localeParams("value", p.Value)), p.Code)
	}
	switch {
	case out.Written:
		a.note("cmd.zoho.manifest.written", localeParams("name", out.Path, "backup", out.Backup))
	case out.Changed && !o.write:
		a.note("cmd.zoho.manifest.dry")
	}
}
