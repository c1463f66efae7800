package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"deskward/core/platform"
	"deskward/core/tokenbatch"
	"deskward/tui/screen"
	"deskward/tui/tokens"
	"deskward/tui/widget"
)

// tokenDeps are what the screens of token lists work with.
func (d *desk) tokenDeps() tokens.Deps {
	s := d.session.Load()
	deps := tokens.Deps{
		Batches: s.tokenBatches(),
		ReadFile: func(_ context.Context, path string) ([]byte, error) {
			raw, err := readFile(d.homePath(path))
			if err != nil {
				return nil, inputError("read-tokens", path, err)
			}
			return raw, nil
		},
		Export: d.exportTokens, Sheet: d.exportSheet,
	}
	if d.sandbox != nil {
		deps.Example = d.exampleTokens
	}
	if p, err := platform.Find(s.platforms.Platforms, s.tokenBatches().Vendor.Platform()); err == nil {
		for _, r := range p.Regions {
			deps.Regions = append(deps.Regions, widget.Option{Value: r.ID, Label: func(e screen.Env) string { return e.T("region.zoho." + r.ID) }})
		}
	}
	return deps
}

// exampleTokens makes a table of auth tokens that exist in the sandbox, of two
// clients, and one that does not.
func (d *desk) exampleTokens() (string, error) {
	const tokens, clients = 12, 2
	all, err := d.sandbox.AddZohoAuthtokens(tokens, clients)
	if err != nil {
		return "", err
	}
	lines := []string{"name,authtoken,org_id,region,client_id,client_secret,scopes"}
	for i, t := range all {
		token := t.Authtoken
		if i == len(all)-1 {
			token = "sandbox-no-such-authtoken"
		}
		lines = append(lines, strings.Join([]string{t.Name, token, t.OrgID, t.Region, t.ClientID, t.ClientSecret, "Desk.tickets.READ Desk.basic.READ"}, ","))
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// exportTokens writes what came of a list, without secrets, as a table that
// spreadsheets read.
func (d *desk) exportTokens(_ context.Context, b tokenbatch.Batch, rows []tokenbatch.Row) (string, error) {
	return d.exportTable("tokens", b, func(buf *bytes.Buffer) error { return tokenbatch.WriteCSV(buf, rows) })
}

// exportSheet writes what Zoho's support asks for.
func (d *desk) exportSheet(ctx context.Context, id string) (string, error) {
	b, rows, err := d.session.Load().tokenBatches().Rows(ctx, id)
	if err != nil {
		return "", err
	}
	return d.exportTable("support", b, func(buf *bytes.Buffer) error { return tokenbatch.WriteSheet(buf, tokenbatch.Sheet(rows)) })
}

// exportTable writes a table beside the store. It begins with the mark of
// UTF-8, without which spreadsheets garble Japanese.
func (d *desk) exportTable(what string, b tokenbatch.Batch, write func(*bytes.Buffer) error) (string, error) {
	name := fmt.Sprintf("deskward-%s-%s-%s.csv", what, b.Short(), d.session.Load().clock.Now().UTC().Format("20060102-150405"))
	path := filepath.Join(d.privateFolder(), name)
	return path, writeNew(path, false, func() ([]byte, error) {
		buf := bytes.NewBufferString("\ufeff")
		err := write(buf)
		return buf.Bytes(), err
	})
}
