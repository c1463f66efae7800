package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"deskward/core"
	"deskward/core/deluge"
	"deskward/core/deluge/folder"
	"deskward/tui/widget"
)

type rewriteOptions struct {
	link                 string
	write, tokens, check bool
	ownOAuth, tasks      bool
}

func (a *app) zohoRewriteCommand() *cobra.Command {
	var o rewriteOptions
	c := a.command("zoho.rewrite", &cobra.Command{Use: "rewrite DIR --connection LINK", Args: args(1, 1)})
	c.RunE = func(c *cobra.Command, given []string) error { return a.zohoRewrite(c.Context(), given[0], o) }
	c.ValidArgsFunction = nil // a folder or a file
	f := c.Flags()
	f.StringVar(&o.link, "connection", "", a.flagText("rewrite-connection"))
	f.BoolVar(&o.write, "write", false, a.flagText("rewrite-write"))
	f.BoolVar(&o.tasks, "tasks", false, a.flagText("rewrite-tasks"))
	f.BoolVar(&o.ownOAuth, "own-oauth", false, a.flagText("rewrite-own-oauth"))
	f.BoolVar(&o.tokens, "show-tokens", false, a.flagText("rewrite-show-tokens"))
	f.BoolVar(&o.check, "check", false, a.flagText("rewrite-check"))
	return a.jsonFlag(c)
}

// rewrittenJSON is one file of a rewrite. Its field names are a contract.
type rewrittenJSON struct {
	Path     string           `json:"path"`
	Changed  bool             `json:"changed"`
	Written  bool             `json:"written"`
	Backup   string           `json:"backup,omitempty"`
	Findings []deluge.Finding `json:"findings"`
	Diff     string           `json:"diff,omitempty"`
	Error    string           `json:"error,omitempty"` // its code
}

// rewriteJSON is a whole rewrite. Its field names are a contract.
type rewriteJSON struct {
	Connection string          `json:"connection"`
	Files      []rewrittenJSON `json:"files"`
	Scopes     []string        `json:"scopes"`         // that the connection must have
	Unknown    []deluge.Need   `json:"unknown_scopes"` // calls whose scope is not known
	Rewritten  int             `json:"rewritten"`
	Unsafe     int             `json:"unsafe"`
	Offered    int             `json:"offered"`
}

// zohoRewrite prints the unified diff of the rewrite on standard output, and
// on standard error what a person must know. Exit code 1: a file could not be
// read or written; with --check also: a function still uses an auth token.
func (a *app) zohoRewrite(ctx context.Context, dir string, o rewriteOptions) error {
	if o.link == "" {
		return usageError("needs-flag", "--connection", map[string]string{"flag": "--connection", "command": "deskward zoho rewrite"}, nil)
	}
	if !deluge.ValidLink(o.link) {
		return usageError("link-name", core.CleanLine(o.link), nil, nil)
	}
	files, err := folder.Scan(ctx, dir, deluge.Options{Connection: o.link, OwnOAuth: o.ownOAuth, Tasks: o.tasks})
	if err != nil {
		return err
	}
	out := rewriteJSON{Connection: o.link, Files: []rewrittenJSON{}, Scopes: []string{}, Unknown: []deluge.Need{}}
	var problem error
	var needs [][]deluge.Need
	hidden := false
	for _, f := range files {
		one, err := a.rewriteFile(f, o, &out)
		if err != nil {
			problem = err
			a.report(err)
		}
		needs = append(needs, f.Result.Scopes)
		hidden = hidden || one.Changed && !o.tokens && f.Diff(f.After(), true) != f.Diff(f.After(), false)
		if len(one.Findings) > 0 || one.Error != "" {
			out.Files = append(out.Files, one)
		}
	}
	for _, n := range deluge.Merge(needs...) {
		if n.Scope == "" {
			out.Unknown = append(out.Unknown, n)
		} else {
			out.Scopes = append(out.Scopes, n.Scope)
		}
	}
	if err := a.rewriteDone(out, o, hidden); err != nil {
		return err
	}
	if problem != nil {
		return said{problem}
	}
	if left := out.Unsafe + boolInt(!o.write)*out.Rewritten; o.check && left > 0 {
		return said{&core.Error{Tried: "rewrite-functions", On: core.CleanLine(dir), Code: "function.tokens-left"}}
	}
	return nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (a *app) rewriteFile(f folder.File, o rewriteOptions, sum *rewriteJSON) (rewrittenJSON, error) {
	one := rewrittenJSON{Path: core.CleanLine(f.Name), Findings: f.Result.Findings}
	if one.Findings == nil {
		one.Findings = []deluge.Finding{}
	}
	if f.Err != nil {
		one.Error = core.CodeOf(f.Err)
		return one, f.Err
	}
	for _, x := range f.Result.Findings {
		switch x.Outcome {
		case deluge.Rewritten:
			sum.Rewritten++
		case deluge.Unsafe:
			sum.Unsafe++
		case deluge.Offered:
			sum.Offered++
		}
	}
	after := f.After()
	one.Changed = after != f.Source
	diff := f.Diff(after, !o.tokens)
	var err error
	if one.Changed && o.write {
		var backup string
		if backup, err = f.Write(after); err != nil {
			one.Error = core.CodeOf(err)
		} else {
			one.Written, one.Backup = true, core.CleanLine(filepath.Base(backup))
		}
	}
	if a.opt.json {
		one.Diff = diff
		return one, err
	}
	fmt.Fprint(a.io.Out, cleanLines(diff))
	for _, x := range f.Result.Findings {
		if x.Outcome != deluge.Rewritten {
			a.sayFunction(f.Name, x)
		}
	}
	if one.Written {
		a.note("cmd.zoho.rewrite.written", localeParams("name", one.Path, "backup", one.Backup))
	}
	return one, err
}

// sayFunction says on standard error what stands in one place of a function.
func (a *app) sayFunction(name string, x deluge.Finding) {
	mark := map[deluge.Outcome]string{deluge.Unsafe: "x ", deluge.Offered: "? ", deluge.Noted: "! "}[x.Outcome]
	params := localeParams("subject", core.CleanLine(x.Subject), "host", core.CleanLine(x.Host), "with", strconv.Itoa(x.With))
	var texts []string
	for _, key := range x.Texts() {
		texts = append(texts, a.say.T(key, params))
	}
	if key := "deluge." + x.Code + "." + string(x.Outcome); a.say.Has(key) {
		texts = append(texts, a.say.T(key, params))
	}
	text := widget.Sentences(texts...)
	fmt.Fprintf(a.io.Err, "%s %s:%d: %s  [deluge.%s]\n", mark, core.CleanLine(name), x.Line, text, x.Code)
}

// cleanLines makes what stands in foreign lines visible, and leaves their
// ends.
func cleanLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		// Tabs are indentation here.
		for i, part := range strings.Split(body, "\t") {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(core.CleanLine(part))
		}
		b.WriteString(line[len(body):])
	}
	return b.String()
}

func (a *app) rewriteDone(out rewriteJSON, o rewriteOptions, hidden bool) error {
	if a.opt.json {
		return a.json(out)
	}
	params := localeParams("rewritten", strconv.Itoa(out.Rewritten), "unsafe", strconv.Itoa(out.Unsafe), "offered", strconv.Itoa(out.Offered))
	a.note("cmd.zoho.rewrite.sum", params)
	if len(out.Scopes) > 0 {
		a.note("cmd.zoho.rewrite.scopes", localeParams("link", o.link, "scopes", strings.Join(out.Scopes, " ")))
	}
	if len(out.Unknown) > 0 {
		a.note("cmd.zoho.rewrite.unknown-scopes")
	}
	for _, n := range out.Unknown {
		fmt.Fprintln(a.io.Err, "  "+core.CleanLine(n.Call))
	}
	if hidden {
		a.note("cmd.zoho.rewrite.hidden")
	}
	if !o.write && out.Rewritten > 0 {
		a.note("cmd.zoho.rewrite.dry")
	}
	return nil
}
