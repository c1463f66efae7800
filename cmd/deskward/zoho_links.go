package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/deluge"
	"deskward/core/deluge/folder"
)

func (a *app) zohoLinksCommand() *cobra.Command {
	return a.group("zoho.links", "links", a.zohoLinksListCommand(), a.zohoLinksRenameCommand())
}

func (a *app) zohoLinksListCommand() *cobra.Command {
	c := a.command("zoho.links.list", &cobra.Command{Use: "list DIR [LINK]", Args: args(1, 2)})
	c.ValidArgsFunction = nil // a folder or a file
	c.RunE = func(c *cobra.Command, given []string) error { return a.zohoLinks(c.Context(), given) }
	return a.jsonFlag(c)
}

// linkJSON is one place that names a connection. Its field names are a
// contract.
type linkJSON struct {
	Path string `json:"path"`
	deluge.Use
}

// zohoLinks lists every place where a function names a connection.
func (a *app) zohoLinks(ctx context.Context, given []string) error {
	files, err := folder.Scan(ctx, given[0], deluge.Options{})
	if err != nil {
		return err
	}
	all := []linkJSON{}
	var rows [][]string
	var problem error
	for _, f := range files {
		if f.Err != nil {
			problem = f.Err
			a.report(f.Err)
		}
		for _, u := range f.Uses {
			if len(given) == 2 && u.Link != given[1] {
				continue
			}
			all = append(all, linkJSON{core.CleanLine(f.Name), u})
			rows = append(rows, []string{u.Link, fmt.Sprintf("%s:%d", f.Name, u.Line), u.Task})
		}
	}
	switch {
	case a.opt.json:
		err = a.json(all)
	case len(rows) == 0:
		a.note("cmd.zoho.links.none")
	default:
		a.table([]string{"link", "place", "task"}, rows)
	}
	if err == nil && problem != nil {
		return said{problem}
	}
	return err
}

func (a *app) zohoLinksRenameCommand() *cobra.Command {
	var write bool
	c := a.command("zoho.links.rename", &cobra.Command{Use: "rename DIR OLD NEW", Args: args(3, 3)})
	c.ValidArgsFunction = nil // a folder or a file
	c.RunE = func(c *cobra.Command, given []string) error {
		return a.zohoRename(c.Context(), given[0], given[1], given[2], write)
	}
	c.Flags().BoolVar(&write, "write", false, a.flagText("rewrite-write"))
	return c
}

// zohoRename gives a connection another link name in every function that
// names it, as a diff or for good.
func (a *app) zohoRename(ctx context.Context, dir, from, to string, write bool) error {
	if !deluge.ValidLink(to) {
		return usageError("link-name", core.CleanLine(to), nil, nil)
	}
	files, err := folder.Scan(ctx, dir, deluge.Options{})
	if err != nil {
		return err
	}
	places, changed := 0, 0
	var problem error
	for _, f := range files {
		edits := deluge.Rename(f.Name, f.Source, from, to)
		if f.Err != nil {
			problem = f.Err
			a.report(f.Err)
		}
		if len(edits) == 0 {
			continue
		}
		places, changed = places+len(edits), changed+1
		after := deluge.Apply(f.Source, edits)
		fmt.Fprint(a.io.Out, cleanLines(f.Diff(after, true)))
		if !write {
			continue
		}
		backup, err := f.Write(after)
		if err != nil {
			problem = err
			a.report(err)
			continue
		}
		a.note("cmd.zoho.rewrite.written", localeParams("name", core.CleanLine(f.Name), "backup", core.CleanLine(filepath.Base(backup))))
	}
	a.note("cmd.zoho.links.renamed", localeParams("places", strconv.Itoa(places), "files", strconv.Itoa(changed)))
	if !write && places > 0 {
		a.note("cmd.zoho.rewrite.dry")
	}
	if problem != nil {
		return said{problem}
	}
	return nil
}
